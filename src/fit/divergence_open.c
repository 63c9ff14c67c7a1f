/* Opening a fit whose loss is a divergence: X the other way round, what the smallest entries allow,
 * and the divergence of the rank-one fit that relative errors are measured by. */
#include "fit/divergence.h"

#include "fit/defaults.h"
#include "fit/shrink.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* There is a pass along the factor that does not run along the rows of X as it is stored. */
static int goes_across(const nmfi_fit *fit, const nmfi_divergence *d)
{
    return !nmfi_reads_one_way(fit, d) || !fit->W.along_rows;
}

/* There is a copy of X for it. */
static int copies(const nmfi_fit *fit, const nmfi_divergence *d)
{
    return !fit->work.pass.source.can_transpose && !nmfi_reads_one_way(fit, d);
}

void nmfi_divergence_plan(nmfi_fit *fit, void *state)
{
    const nmfi_divergence *d = state;
    fit->work.pass.own_grams = nmfi_prefers_downdated(fit);
    fit->work.accumulates = nmfi_reads_one_way(fit, d) || nmfi_prefers_downdated(fit);
    if (!goes_across(fit, d)) return;
    const nmfi_source transposed = nmfi_pass_source_across(&fit->work.pass, copies(fit, d), NULL);
    nmfi_pass_plan(&fit->work.transposed, &transposed, fit->work.kernels, fit->k,
                   fit->choice.options.block_rows);
    nmfi_pass_transposed(&fit->work.transposed, &fit->work.pass, 1);
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t workspace_bytes(const nmfi_fit *fit, const nmfi_pass *pass, int dense_rows)
{
    const int64_t bytes = fit->work.kernels->element_bytes;
    const int64_t strips = nmfi_divergence_workspace_bytes(pass, fit->choice.beta, dense_rows);
    const int64_t rows = nmfi_weighted_workspace_bytes(fit->k, pass->columns.count, bytes);
    return fit->choice.weighted && rows > strips ? rows : strips;
}

static void layout_marginals(const nmfi_fit *fit, nmfi_divergence *d, nmfi_arena *arena)
{
    const nmfi_factor *const factors[] = {&fit->W, &fit->H};
    const int64_t bytes = fit->work.kernels->element_bytes;
    for (int i = 0; i < 2; i++) {
        d->marginals[i] = d->sums[i] = nmfi_take(arena, factors[i]->partition.ld, (size_t)bytes);
        if (bytes > (int64_t)sizeof(float))
            d->sums_f32[i] = nmfi_take(arena, factors[i]->partition.ld, sizeof(float));
    }
}

void nmfi_divergence_change_kernels(nmfi_fit *fit, void *state)
{
    nmfi_divergence *d = state;
    const nmfi_factor *const factors[] = {&fit->W, &fit->H};
    const nmfi_kernels *kernels = d->metric.kernels = fit->work.kernels;
    const int single = kernels->element_bytes == sizeof(float);
    for (int i = 0; i < 2; i++) {
        if (single) kernels->from_f64(d->sums[i], d->sums_f32[i], factors[i]->partition.ld);
        d->marginals[i] = single ? d->sums_f32[i] : d->sums[i];
    }
}

void nmfi_divergence_layout(nmfi_fit *fit, void *state, nmfi_arena *arena)
{
    nmfi_divergence *d = state;
    nmfi_work *work = &fit->work;
    const double beta = fit->choice.beta;
    const int64_t k = fit->k, bytes = work->kernels->element_bytes;
    const int64_t threads = nmfi_team_threads(work->team);
    nmfi_pass *const passes[] = {&work->pass, &work->transposed};
    const int count = goes_across(fit, d) ? 2 : 1;
    if (count > 1) nmfi_pass_layout(&work->transposed, arena, threads, 0);
    /* Steps in the metric want dense rows; coordinates and the updates of beta 1 none. */
    const int dense_rows = beta != 1 || !(nmfi_prefers_scd(fit) || d->multiplies);
    for (int i = 0; i < count; i++)
        nmfi_pass_layout_workspace(passes[i], arena, threads,
                                   workspace_bytes(fit, passes[i], dense_rows), dense_rows);
    d->copy = NULL;
    if (copies(fit, d)) {
        const nmfi_source *across = &work->transposed.source;
        const size_t row = nmfi_product(across->columns, (int64_t)nmf_dtype_bytes(across->dtype));
        d->copy = nmfi_take(arena, across->rows, row);
        work->transposed.source = nmfi_pass_source_across(&work->pass, 1, d->copy);
    }
    if (count > 1) nmfi_factor_layout_whole(&work->transposed, arena);
    layout_marginals(fit, d, arena);
    d->metric.kernels = work->kernels;
    d->metric.k = k;
    nmfi_metric_layout(&d->metric, arena,
                       longer(longer(fit->W.partition.ld, fit->H.partition.ld),
                              count > 1 ? work->transposed.columns.ld : 0));
    if (fit->choice.weighted) d->gram_alone = nmfi_take(arena, k * k, (size_t)bytes);
    nmfi_downdated_layout(fit, d, arena);
    d->metric.gram = work->gram;
    d->metric.inverse = work->inverse;
    d->metric.gram_f64 = work->gram_f64;
}

/* The entry that a negative power cannot take, by name. */
nmf_status nmfi_name_zero(const nmf_matrix *X, double beta, nmf_error *error)
{
    const int64_t columns = nmf_matrix_columns(X);
    const nmfi_source source = nmfi_source_of(X);
    double *row = malloc((size_t)columns * sizeof *row + 1);
    nmf_status status =
        row ? NMF_OK
            : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a row of %lld", (long long)columns);
    for (int64_t i = 0; i < nmf_matrix_rows(X) && status == NMF_OK; i++) {
        status = nmf_matrix_copy_rows(X, i, 1, NMF_F64, row, error);
        for (int64_t j = 0; j < columns && status == NMF_OK; j++)
            if (!(row[j] > 0))
                status = nmf_fail(error, NMF_ERROR_DATA,
                                  "X[%lld,%lld] = 0: with beta = %g, entries must be > 0; add a "
                                  "small number to X or choose a positive beta",
                                  (long long)(source.first_row + i), (long long)j, beta);
    }
    free(row);
    status = nmfi_source_agree(&source, status, error);
    return status != NMF_OK ? status
                            : nmf_fail(error, NMF_ERROR_DATA, "X changed while it was read");
}

/* D(X || r c' / sum): what one component explains without any fit; for the Kullback-Leibler
 * divergence nothing of rank one is better. */
static nmf_status measure_baseline(nmfi_fit *fit, const nmfi_divergence *d, nmf_error *error)
{
    const nmfi_kernels *kernels = fit->work.kernels;
    nmfi_factor *W = &fit->W, *H = &fit->H;
    if (fit->facts.lowest < 0) { /* rows may have no sums that a factor could have */
        fit->facts.baseline = 0.5 * fit->facts.norm2;
        return NMF_OK;
    }
    memcpy(W->incumbent, d->marginals[0], (size_t)(W->partition.ld * kernels->element_bytes));
    memcpy(H->incumbent, d->marginals[1], (size_t)(H->partition.ld * kernels->element_bytes));
    double sum, other_sum;
    nmfi_factor_sums(kernels, &W->partition, 1, W->incumbent, &sum);
    kernels->scale(W->incumbent, W->partition.count, 1 / sqrt(sum));
    kernels->scale(H->incumbent, fit->facts.n, 1 / sqrt(sum));
    const int along_W = W->along_rows || !nmfi_reads_one_way(fit, d);
    const nmfi_factor *along = along_W ? W : H, *other = along_W ? H : W;
    nmfi_factor_sums(kernels, &other->partition, 1, other->incumbent, &other_sum);
    nmfi_mu_rule measuring = {
        .step = nmfi_step_bare(kernels, fit->choice.beta, fit->facts.scale, 1), .measure_only = 1};
    measuring.step.F = other->incumbent;
    measuring.step.ldf = other->partition.ld;
    measuring.step.F_sums = &other_sum;
    measuring.step.start = measuring.step.older = measuring.step.ahead = measuring.step.result =
        along->incumbent;
    measuring.step.ld = along->partition.ld;
    measuring.step.measure_result = 1;
    const nmfi_rule rule = nmfi_rule_mu(&measuring);
    nmfi_pass *pass = nmfi_pass_along(fit, along);
    const nmf_status status =
        nmfi_divergence_visit_along(fit, along, &measuring.step, rule, 0, error);
    memset(W->incumbent, 0, nmfi_factor_bytes(fit, W));
    memset(H->incumbent, 0, nmfi_factor_bytes(fit, H));
    fit->facts.baseline = pass->total.value[NMFI_SUM_LOSS];
    return status;
}

static nmf_status read_marginals(nmfi_fit *fit, const nmfi_divergence *d, nmf_error *error)
{
    nmfi_pass *along_W = nmfi_pass_along(fit, &fit->W), *along_H = nmfi_pass_along(fit, &fit->H);
    const int W_along_rows = fit->W.along_rows;
    if (nmfi_reads_one_way(fit, d))
        return nmfi_both_sums(&d->metric, &fit->work.pass, d->marginals[!W_along_rows],
                              d->marginals[W_along_rows], error);
    nmf_status status = nmfi_row_sums_of_X(&d->metric, along_W, d->marginals[0], error);
    if (status != NMF_OK) return status;
    void *const of_H = nmfi_factor_visited(along_H, &fit->H.partition, d->marginals[1]);
    status = nmfi_row_sums_of_X(&d->metric, along_H, of_H, error);
    nmfi_factor_complete(along_H, &fit->H.partition, 1, d->marginals[1]);
    return status;
}

/* How unevenly a marginal is spread: the mean of its squares over the square of its mean. */
static double unevenness(const nmfi_kernels *kernels, const void *marginal,
                         const nmfi_partition *partition)
{
    double squares, sum;
    nmfi_factor_sums(kernels, partition, 1, marginal, &sum);
    nmfi_factor_squares(kernels, partition, 1, marginal, &squares);
    return squares * (double)partition->all / (sum * sum);
}

/* The Frobenius loss weighs all entries alike, divergences by 1 / (r_i c_j). Where rows and
 * columns weigh about the same, a fit in the sketch by the one is a good start for the other;
 * where a few carry the rest (spectra), it leads into a corner of its own. */
static int frobenius_leads_astray(const nmfi_fit *fit, const nmfi_divergence *d)
{
    return unevenness(fit->work.kernels, d->marginals[0], &fit->W.partition) *
               unevenness(fit->work.kernels, d->marginals[1], &fit->H.partition) >
           2.0;
}

/* X the other way round, where it does not lend its rows both ways. */
static nmf_status copy_X(nmfi_fit *fit, const nmfi_divergence *d, nmf_error *error)
{
    if (!d->copy) return NMF_OK;
    return nmfi_pass_copy_transposed(&fit->work.pass, d->copy, error);
}

nmf_status nmfi_divergence_prepare(nmfi_fit *fit, void *state, nmf_error *error)
{
    nmfi_divergence *d = state;
    if (fit->choice.beta <= 0 && !(fit->facts.lowest > 0))
        return nmfi_name_zero(fit->X, fit->choice.beta, error);
    nmf_status status = copy_X(fit, d, error);
    if (status == NMF_OK) status = read_marginals(fit, d, error);
    if (status == NMF_OK) status = measure_baseline(fit, d, error);
    if (status == NMF_OK) status = nmfi_shrink_open(fit, error);
    if (status != NMF_OK) return status;
    nmfi_downdated_prepare(fit, d);
    if (frobenius_leads_astray(fit, d)) nmfi_drop_sketch(fit);
    return NMF_OK;
}
