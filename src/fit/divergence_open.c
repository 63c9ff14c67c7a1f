/* Opening a problem whose loss is a divergence: the exponent, X the other way round, what the
 * smallest entries allow, and the divergence of the rank-one fit that relative errors are
 * measured by. */
#include "fit/problem.h"
#include "rule/divergence.h"

#include <math.h>
#include <string.h>

double nmfi_beta(const nmf_options *options)
{
    switch (options->loss) {
    case NMF_LOSS_FROBENIUS: return 2;
    case NMF_LOSS_KL: return 1;
    case NMF_LOSS_IS: return 0;
    case NMF_LOSS_BETA: break;
    }
    return options->beta;
}

void nmfi_name_loss(nmf_options *options)
{
    if (options->loss != NMF_LOSS_BETA) return;
    if (options->beta == 2) options->loss = NMF_LOSS_FROBENIUS;
    if (options->beta == 1) options->loss = NMF_LOSS_KL;
    if (options->beta == 0) options->loss = NMF_LOSS_IS;
}

int nmfi_picks_scd(const nmfi_problem *problem)
{
    const nmf_options *o = &problem->options;
    if (o->solver != NMF_SOLVER_AUTO || nmfi_beta(o) != 1) return o->solver == NMF_SOLVER_SCD;
    const double sum = problem->mean * (double)problem->m * (double)problem->n;
    const double off = problem->divergence.rank_one;
    const nmfi_defaults *usual = &problem->defaults;
    return usual->scd || (off > usual->scd_above * sum && off < usual->scd_below * sum);
}

nmf_status nmfi_divergence_check(const nmf_options *options, nmf_error *error)
{
    static const char *const losses[] = {NMF_LOSS_NAMES}, *const solvers[] = {NMF_SOLVER_NAMES};
    if (options->solver == NMF_SOLVER_AUTO || options->solver == NMF_SOLVER_MU ||
        options->solver == NMF_SOLVER_JMM)
        return NMF_OK;
    if (options->solver == NMF_SOLVER_SCD)
        return options->loss == NMF_LOSS_KL
                   ? NMF_OK
                   : nmf_fail(error, NMF_ERROR_ARGUMENT,
                              "solver = scd minimizes the kl loss only; loss %s needs another",
                              losses[options->loss]);
    if (options->loss == NMF_LOSS_FROBENIUS) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_ARGUMENT,
                    "solver = %s minimizes the frobenius loss only; loss %s needs auto, mu or jmm",
                    solvers[options->solver], losses[options->loss]);
}

int nmfi_reads_one_way(const nmfi_problem *problem)
{
    return problem->divergence.jmm && nmfi_pass_most_entries(&problem->pass) == 0;
}

/* There is a pass along the factor that does not run along the rows of X as it is stored. */
static int goes_across(const nmfi_problem *problem)
{
    return !nmfi_reads_one_way(problem) || !problem->W.along_rows;
}

/* There is a copy of X for it. */
static int copies(const nmfi_problem *problem, const nmfi_source *stored)
{
    return !stored->can_transpose && !nmfi_reads_one_way(problem);
}

void nmfi_divergence_plan(nmfi_problem *problem, const nmfi_source *stored)
{
    nmfi_source transposed = nmfi_source_transposed(stored);
    if (!goes_across(problem)) return;
    if (copies(problem, stored)) { /* rows packed */
        nmf_dense packed = transposed.dense;
        packed.row_stride = packed.columns;
        packed.column_stride = 1;
        transposed = nmfi_source_dense(&packed);
    }
    nmfi_pass_plan(&problem->divergence.transposed, &transposed, problem->kernels, problem->k,
                   problem->options.block_rows);
    nmfi_pass_transposed(&problem->divergence.transposed, &problem->pass, 1);
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

void nmfi_divergence_layout(nmfi_problem *problem)
{
    nmfi_divergence *d = &problem->divergence;
    nmfi_arena *arena = &problem->arena;
    const int64_t k = problem->k, bytes = problem->kernels->element_bytes;
    const int64_t threads = nmfi_team_threads(problem->team);
    nmfi_pass *const sides[] = {&problem->pass, &d->transposed};
    const int side_count = goes_across(problem) ? 2 : 1;
    if (side_count > 1) nmfi_pass_layout(&d->transposed, arena, threads, 0);
    /* Steps in the metric want whole rows; coordinates and the updates of beta 1 none. */
    const int multiplies = d->jmm || problem->options.solver == NMF_SOLVER_MU;
    const int dense_rows = d->beta != 1 || !(d->scd || multiplies);
    for (int side = 0; side < side_count; side++)
        nmfi_pass_layout_workspace(
            sides[side], arena, threads,
            nmfi_divergence_workspace_bytes(sides[side], d->beta, dense_rows), dense_rows);
    if (d->jmm) nmfi_pass_layout_tile_sums(&problem->pass, arena, threads, nmfi_jmm_sums(problem));
    const nmfi_source *as_stored = &problem->pass.source;
    d->copy = NULL;
    if (copies(problem, as_stored)) {
        const size_t row =
            nmfi_product(as_stored->rows, (int64_t)nmf_dtype_bytes(as_stored->dtype));
        d->copy = nmfi_take(arena, as_stored->columns, row);
        d->transposed.source.dense.data = d->copy;
    }
    d->marginals[0] = nmfi_take(arena, problem->W.partition.ld, (size_t)bytes);
    d->marginals[1] = nmfi_take(arena, problem->H.partition.ld, (size_t)bytes);
    d->metric.kernels = problem->kernels;
    d->metric.k = k;
    nmfi_metric_layout(&d->metric, arena, longer(problem->W.partition.ld, problem->H.partition.ld));
    d->metric.gram = problem->gram;
    d->metric.inverse = problem->inverse;
    d->metric.gram_f64 = problem->gram_f64;
}

/* The entry that a negative power cannot take, by name. */
nmf_status nmfi_name_zero(const nmf_matrix *X, double beta, nmf_error *error)
{
    for (int64_t i = 0; i < nmf_matrix_rows(X); i++)
        for (int64_t j = 0; j < nmf_matrix_columns(X); j++)
            if (!(nmf_matrix_at(X, i, j) > 0))
                return nmf_fail(error, NMF_ERROR_DATA,
                                "X[%lld,%lld] = 0: with beta = %g, entries must be > 0; add a "
                                "small number to X or choose a positive beta",
                                (long long)i, (long long)j, beta);
    return nmf_fail(error, NMF_ERROR_DATA, "X changed while it was read");
}

/* D(X || r c' / sum): what one component explains without any fit; for the Kullback-Leibler
 * divergence nothing of rank one is better. */
static nmf_status rank_one(nmfi_problem *problem, double *divergence, nmf_error *error)
{
    nmfi_divergence *d = &problem->divergence;
    const nmfi_kernels *kernels = problem->kernels;
    nmfi_factor *W = &problem->W, *H = &problem->H;
    memcpy(W->y, d->marginals[0], (size_t)(W->partition.ld * kernels->element_bytes));
    memcpy(H->y, d->marginals[1], (size_t)(H->partition.ld * kernels->element_bytes));
    const double sum = kernels->sum(W->y, W->partition.ld, 1, problem->m);
    kernels->scale(W->y, problem->m, 1 / sqrt(sum));
    kernels->scale(H->y, problem->n, 1 / sqrt(sum));
    const int along_W = W->along_rows || !nmfi_reads_one_way(problem);
    const nmfi_factor *along = along_W ? W : H, *other = along_W ? H : W;
    const double other_sum = kernels->sum(other->y, other->partition.ld, 1, other->partition.count);
    nmfi_mu_rule looking = {.step = nmfi_step_bare(kernels, d->beta, problem->scale, 1),
                            .measure_only = 1};
    looking.step.F = other->y;
    looking.step.ldf = other->partition.ld;
    looking.step.F_sums = &other_sum;
    looking.step.start = looking.step.older = looking.step.ahead = looking.step.result = along->y;
    looking.step.ld = along->partition.ld;
    looking.step.measure_result = 1;
    const nmfi_rule rule = nmfi_rule_mu(&looking);
    nmfi_pass *pass = nmfi_pass_along(problem, along);
    const nmf_status status = nmfi_divergence_visit(pass, &looking.step, rule, 0, error);
    memset(W->y, 0, nmfi_factor_bytes(problem, W));
    memset(H->y, 0, nmfi_factor_bytes(problem, H));
    *divergence = pass->total.value[NMFI_SUM_LOSS];
    return status;
}

static nmf_status read_marginals(nmfi_problem *problem, nmf_error *error)
{
    nmfi_divergence *d = &problem->divergence;
    const int W_along_rows = problem->W.along_rows;
    if (nmfi_reads_one_way(problem))
        return nmfi_both_sums(&d->metric, &problem->pass, d->marginals[!W_along_rows],
                              d->marginals[W_along_rows], error);
    const nmf_status status = nmfi_row_sums_of_X(&d->metric, nmfi_pass_along(problem, &problem->W),
                                                 d->marginals[0], error);
    if (status != NMF_OK) return status;
    return nmfi_row_sums_of_X(&d->metric, nmfi_pass_along(problem, &problem->H), d->marginals[1],
                              error);
}

/* How unevenly a marginal is spread: the mean of its squares over the square of its mean. */
static double unevenness(const nmfi_kernels *kernels, const void *marginal,
                         const nmfi_partition *partition)
{
    double squares = 0;
    const double sum = kernels->sum(marginal, partition->ld, 1, partition->count);
    kernels->squares(marginal, partition->ld, 1, partition->count, &squares, 1);
    return squares * (double)partition->count / (sum * sum);
}

/* The Frobenius loss weighs all entries alike, divergences by 1 / (r_i c_j). Where rows and
 * columns weigh about the same, a fit in the sketch by the one is a good start for the other;
 * where a few carry the rest (spectra), it leads into a corner of its own. */
static int frobenius_leads_astray(const nmfi_problem *problem)
{
    const nmfi_divergence *d = &problem->divergence;
    return unevenness(problem->kernels, d->marginals[0], &problem->W.partition) *
               unevenness(problem->kernels, d->marginals[1], &problem->H.partition) >
           2.0;
}

nmf_status nmfi_divergence_read(nmfi_problem *problem, const nmf_matrix *X, double lowest,
                                nmf_error *error)
{
    nmfi_divergence *d = &problem->divergence;
    if (d->beta <= 0 && !(lowest > 0)) return nmfi_name_zero(X, d->beta, error);
    d->transposed.scale = problem->scale;
    if (d->copy) {
        nmfi_pass transposed = d->transposed;
        const nmf_dense seen = nmfi_transposed(&problem->pass.source.dense);
        transposed.source = nmfi_source_dense(&seen);
        const nmf_status status = nmfi_pass_copy_rows(&transposed, d->copy, error);
        if (status != NMF_OK) return status;
        d->transposed.passes++;
    }
    nmf_status status = read_marginals(problem, error);
    if (status == NMF_OK) status = rank_one(problem, &d->rank_one, error);
    if (status != NMF_OK) return status;
    d->scd = nmfi_picks_scd(problem);
    if (d->scd) problem->options.solver = NMF_SOLVER_SCD; /* so that the model says it */
    if (frobenius_leads_astray(problem)) problem->sketched.rank = 0;
    return NMF_OK;
}
