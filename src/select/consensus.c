/* nmf_consensus: replicates side by side, and what they agree on (<nmfkit/select.h>). */
#include "select/consensus.h"
#include "select/cluster.h"
#include "select/perturb.h"
#include "select/select.h"
#include "select/stability.h"

#include "base/comm.h"
#include "base/options.h"
#include "base/stop.h"
#include "data/matrix.h"
#include "fit/fit.h"

#include <stdlib.h>
#include <string.h>

/* --- replicates -------------------------------------------------------------------------------- */

typedef struct asker {
    consensus *c;
    int64_t thread;
} asker;

static int ask(const nmf_trace_point *point, void *context)
{
    const asker *a = context;
    consensus *c = a->c;
    (void)point;
    if (atomic_load(&c->stop)) return 1;
    if (a->thread != 0) return 0;
    const double seconds = nmfi_seconds() - c->began;
    if (c->options->time_limit_seconds > 0 && seconds > c->options->time_limit_seconds)
        atomic_store(&c->stop, NMF_STOPPED_TIME_LIMIT);
    if (c->wishes->progress) {
        const nmf_rank_progress progress = {c->options->k, (int64_t)atomic_load(&c->done),
                                            c->result->content.replicates, seconds};
        if (c->wishes->progress(&progress, c->wishes->progress_context))
            atomic_store(&c->stop, NMF_STOPPED_INTERRUPTED);
    }
    return atomic_load(&c->stop) != 0;
}

static nmf_status fit_replicate(consensus *c, int64_t i, asker *who, nmf_model **model)
{
    nmf_matrix *drawn = NULL;
    nmf_options options = *c->options;
    options.seed = c->options->seed + i;
    options.init = NMF_INIT_RANDOM;
    options.threads = 1;
    options.start_W = options.start_H = NULL;
    options.time_limit_seconds = 0;
    options.progress = ask;
    options.progress_context = who;
    options.checkpoints = NULL;
    nmf_status status = NMF_OK;
    if (c->wishes->perturbation != NMF_PERTURBATION_STARTS)
        status = nmfi_perturb(c->X, c->wishes->perturbation, (uint64_t)c->options->seed, i, &drawn,
                              &c->errors[i]);
    if (status == NMF_OK)
        status = nmfi_fit_model(drawn ? drawn : c->X, &options, model, &c->errors[i]);
    nmf_matrix_free(drawn);
    return status;
}

/* The rows of H into the table of spectra. */
static void keep_spectra(consensus *c, int64_t i, const nmf_model_content *model)
{
    const int64_t k = model->k, n = model->features;
    double *to = (double *)nmf_matrix_writable(c->result->spectra) + i * k * n;
    nmf_error ignored = {NMF_OK, ""};
    const nmf_status status = nmf_matrix_copy_rows(model->H, 0, k, NMF_F64, to, &ignored);
    (void)status; /* all rows are inside */
    c->unconverged[i] = model->stopped == NMF_STOPPED_MAX_ITER;
    c->complete[i] = model->stopped != NMF_STOPPED_INTERRUPTED;
}

static int ask_of_fold(void *context)
{
    return ask(NULL, context);
}

/* Replicate i without a fold. */
static void fit_without_fold(consensus *c, int64_t worker, int64_t i, asker *who)
{
    const nmf_consensus_content *content = &c->result->content;
    double *to =
        (double *)nmf_matrix_writable(c->result->spectra) + i * content->k * content->features;
    c->complete[i] = nmfi_fold_replicates_fit(&c->folds, worker, i, (uint64_t)c->options->seed,
                                              ask_of_fold, who, to, &c->unconverged[i]);
}

/* Replicate i of all of X, or of other data. */
static void fit_whole(consensus *c, int64_t i, asker *who)
{
    nmf_model *model = NULL;
    c->status[i] = fit_replicate(c, i, who, &model);
    if (c->status[i] == NMF_OK) keep_spectra(c, i, nmf_model_view(model));
    if (c->status[i] == NMF_ERROR_INTERRUPTED && atomic_load(&c->stop))
        c->status[i] = NMF_OK; /* before it had a result: incomplete like those that had one */
    nmf_model_free(model);
}

static void work(void *context, int64_t worker, int64_t thread)
{
    consensus *c = context;
    asker who = {c, thread};
    for (;;) {
        const int64_t i = (int64_t)atomic_fetch_add(&c->next, 1);
        if (i >= c->result->content.replicates) return;
        if (!nmfi_turn_is_mine(c->turns, i)) continue;
        if (ask(NULL, &who)) return;
        if (c->wishes->perturbation == NMF_PERTURBATION_FOLDS)
            fit_without_fold(c, worker, i, &who);
        else
            fit_whole(c, i, &who);
        atomic_fetch_add(&c->done, 1);
    }
}

/* What each process's replicates came to, for all. */
static void tell_all(consensus *c)
{
    const nmf_consensus_content *content = &c->result->content;
    const int64_t numbers = content->k * content->features;
    double *const spectra = nmf_matrix_writable(c->result->spectra);
    for (int64_t i = 0; c->turns && i < content->replicates; i++) {
        nmfi_turn_tell(c->turns, i, &c->status[i], sizeof c->status[i]);
        nmfi_turn_tell(c->turns, i, &c->errors[i], sizeof c->errors[i]);
        nmfi_turn_tell(c->turns, i, &c->complete[i], sizeof c->complete[i]);
        nmfi_turn_tell(c->turns, i, &c->unconverged[i], sizeof c->unconverged[i]);
        nmfi_turn_tell(c->turns, i, spectra + i * numbers, (size_t)numbers * sizeof *spectra);
    }
    atomic_store(&c->stop, (int)nmfi_comm_most(c->turns, atomic_load(&c->stop)));
}

/* The replicates that were stopped are left out: those after them close up. */
static nmf_status close_up(consensus *c, nmf_error *error)
{
    nmf_consensus_content *content = &c->result->content;
    const int64_t numbers = content->k * content->features;
    double *spectra = nmf_matrix_writable(c->result->spectra);
    int64_t kept = 0;
    for (int64_t i = 0; i < content->replicates; i++) {
        if (c->status[i] != NMF_OK) {
            if (error) *error = c->errors[i];
            return c->status[i];
        }
        if (!c->complete[i]) continue;
        memmove(spectra + kept * numbers, spectra + i * numbers, (size_t)numbers * sizeof *spectra);
        content->unconverged += c->unconverged[i];
        kept++;
    }
    content->replicates = kept;
    content->stopped = (nmf_stopped)atomic_load(&c->stop);
    return kept >= 2
               ? NMF_OK
               : nmf_fail(error, NMF_ERROR_INTERRUPTED, "stopped before two replicates were known");
}

/* --- what they agree on ------------------------------------------------------------------------- */

/* Rows of the products in parallel. */
typedef struct product_job {
    const double *rows;
    int64_t count, columns;
    double *products;
} product_job;

static void multiply_row(void *context, int64_t item, int64_t thread)
{
    const product_job *job = context;
    const int64_t a = job->count - 1 - item; /* long rows first */
    (void)thread;
    for (int64_t b = 0; b <= a; b++) {
        double sum[4] = {0, 0, 0, 0};
        const double *x = job->rows + a * job->columns, *y = job->rows + b * job->columns;
        int64_t j = 0;
        for (; j + 4 <= job->columns; j += 4)
            for (int i = 0; i < 4; i++) sum[i] += x[j + i] * y[j + i];
        for (; j < job->columns; j++) sum[0] += x[j] * y[j];
        job->products[a * job->count + b] = job->products[b * job->count + a] =
            (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
}

static nmf_status filter_and_cluster(consensus *c, const double *distances, double *work,
                                     nmf_error *error)
{
    enum { STARTS = 10 };
    nmf_consensus_result *r = c->result;
    nmf_consensus_content *content = &r->content;
    const int64_t count = content->replicates * content->k;
    const int64_t neighbours = (int64_t)(content->neighborhood * (double)content->replicates);
    double inertia;
    nmfi_local_density(distances, count, neighbours > 0 ? neighbours : 1, work, r->density);
    content->kept = 0;
    for (int64_t i = 0; i < count; i++) {
        r->cluster[i] = r->density[i] < content->density_threshold ? 0 : -1;
        content->kept += r->cluster[i] == 0;
    }
    if (content->kept < content->k)
        return nmf_fail(error, NMF_ERROR_DATA,
                        "%lld of %lld components of the replicates lie within %g of their "
                        "neighbours: too few for k = %lld; raise the density threshold",
                        (long long)content->kept, (long long)count, content->density_threshold,
                        (long long)content->k);
    return nmfi_cluster(c->products, count, content->k, STARTS, (uint64_t)c->options->seed,
                        r->cluster, &inertia, error);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* NumPy's default: linear between the two nearest. */
static double quantile(const double *sorted, int64_t count, double q)
{
    const double at = q * (double)(count - 1);
    const int64_t below = (int64_t)at;
    const double share = at - (double)below;
    return below + 1 < count ? sorted[below] * (1 - share) + sorted[below + 1] * share
                             : sorted[count - 1];
}

/* Medians and quantiles of each cluster's unit rows, in the unit that gives the median a sum of 1. */
static void take_medians(consensus *c, const double *unit, double *work)
{
    nmf_consensus_result *r = c->result;
    const int64_t k = r->content.k, n = r->content.features, count = r->content.replicates * k;
    for (int64_t j = 0; j < k; j++) {
        double sum = 0;
        r->members[j] = 0;
        for (int64_t i = 0; i < count; i++) r->members[j] += r->cluster[i] == j;
        for (int64_t f = 0; f < n; f++) {
            int64_t found = 0;
            for (int64_t i = 0; i < count; i++)
                if (r->cluster[i] == j) work[found++] = unit[i * n + f];
            qsort(work, (size_t)found, sizeof *work, ascending);
            r->median[j * n + f] = quantile(work, found, 0.5);
            r->low[j * n + f] = quantile(work, found, 0.05);
            r->high[j * n + f] = quantile(work, found, 0.95);
            sum += r->median[j * n + f];
        }
        for (int64_t f = 0; sum > 0 && f < n; f++) {
            r->median[j * n + f] /= sum;
            r->low[j * n + f] /= sum;
            r->high[j * n + f] /= sum;
        }
    }
}

static void take_silhouettes(consensus *c, const double *distances, double *each, double *work)
{
    nmf_consensus_result *r = c->result;
    const int64_t k = r->content.k, count = r->content.replicates * k;
    nmfi_silhouettes(distances, r->cluster, count, k, work, each);
    r->content.silhouette = 0;
    for (int64_t j = 0; j < k; j++) r->silhouettes[j] = 0;
    for (int64_t i = 0; i < count; i++) {
        if (r->cluster[i] < 0) continue;
        r->silhouettes[r->cluster[i]] += each[i] / (double)r->members[r->cluster[i]];
        r->content.silhouette += each[i] / (double)r->content.kept;
    }
}

/* Stability over all replicates, matched one to one; a cluster gets that of the matched component that
 * most of its members were matched to. */
static nmf_status take_stability(consensus *c, nmf_error *error)
{
    nmf_consensus_result *r = c->result;
    const int64_t k = r->content.k, fits = r->content.replicates, count = fits * k;
    nmfi_arena arena = {0};
    int64_t *matched = NULL, *votes = NULL;
    double *silhouette = NULL, *cosine = NULL;
    for (int pass = 0; pass < 2; pass++) {
        matched = nmfi_take(&arena, count, sizeof *matched);
        votes = nmfi_take(&arena, k, sizeof *votes);
        silhouette = nmfi_take(&arena, k, sizeof *silhouette);
        cosine = nmfi_take(&arena, k, sizeof *cosine);
        if (pass == 1) break;
        const nmf_status taken = nmfi_arena_allocate(&arena, NMFI_NO_LIMIT, error);
        if (nmfi_comm_status(c->turns, taken, error) == NMF_OK) continue;
        nmfi_release(arena.base);
        return NMF_ERROR_MEMORY;
    }
    nmfi_stability found = {.cluster = matched, .silhouette = silhouette, .cosine = cosine};
    const nmf_status status = nmfi_match_components(c->products, fits, k, &found, error);
    for (int64_t j = 0; status == NMF_OK && j < k; j++) {
        int64_t most = 0;
        for (int64_t l = 0; l < k; l++) votes[l] = 0;
        for (int64_t i = 0; i < count; i++)
            if (r->cluster[i] == j) votes[matched[i]]++;
        for (int64_t l = 1; l < k; l++)
            if (votes[l] > votes[most]) most = l;
        r->stability[j] = silhouette[most];
    }
    r->content.worst_stability = found.worst;
    r->content.mean_stability = found.mean;
    nmfi_release(arena.base);
    return status;
}

static nmf_status agree(consensus *c, nmf_error *error)
{
    nmf_consensus_result *r = c->result;
    const int64_t k = r->content.k, n = r->content.features, m = r->content.samples;
    const int64_t count = r->content.replicates * k;
    nmfi_arena arena = {0};
    double *unit = NULL, *distances = NULL, *work = NULL, *each = NULL, *shares = NULL;
    int64_t *order = NULL;
    for (int pass = 0; pass < 2; pass++) {
        unit = nmfi_take(&arena, count, nmfi_product(n, sizeof(double)));
        c->products = nmfi_take(&arena, count, nmfi_product(count, sizeof(double)));
        distances = nmfi_take(&arena, count, nmfi_product(count, sizeof(double)));
        work = nmfi_take(&arena, count + m + (3 + k) * n + k * k + 2 * k, sizeof(double));
        each = nmfi_take(&arena, count, sizeof(double));
        shares = nmfi_take(&arena, k, sizeof(double));
        order = nmfi_take(&arena, k, sizeof(int64_t));
        if (pass == 0) {
            const nmf_status status =
                nmfi_arena_allocate(&arena, nmfi_memory_limit_of(c->options), error);
            if (status != NMF_OK) return status;
        }
    }
    memcpy(unit, nmf_matrix_writable(r->spectra), (size_t)(count * n) * sizeof *unit);
    nmfi_unit_rows(unit, count, n);
    product_job job = {unit, count, n, c->products};
    nmfi_team_run(c->team, count, multiply_row, &job);
    nmfi_distances(c->products, count, distances);
    nmf_status status = filter_and_cluster(c, distances, work, error);
    if (status == NMF_OK) {
        take_medians(c, unit, work);
        take_silhouettes(c, distances, each, work);
        status = take_stability(c, error);
    }
    if (status == NMF_OK) status = nmfi_consensus_refit(c, work, order, shares, error);
    nmfi_release(arena.base);
    return status;
}

/* --- beginning and end ------------------------------------------------------------------------- */

static void lay_out_result(nmf_consensus_result *r, nmfi_arena *arena)
{
    const int64_t k = r->content.k, n = r->content.features, count = r->content.replicates * k;
    double **const tables[] = {&r->median, &r->low, &r->high, &r->scores, &r->of_shares};
    r->density = nmfi_take(arena, count, sizeof(double));
    r->cluster = nmfi_take(arena, count, sizeof(int64_t));
    r->members = nmfi_take(arena, k, sizeof(int64_t));
    r->silhouettes = nmfi_take(arena, k, sizeof(double));
    r->stability = nmfi_take(arena, k, sizeof(double));
    for (int i = 0; i < 5; i++) *tables[i] = nmfi_take(arena, k, nmfi_product(n, sizeof(double)));
}

static nmf_status open_result(consensus *c, nmf_error *error)
{
    nmf_consensus_result *r = c->result = nmfi_allocate(sizeof *r);
    if (!r) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a consensus");
    r->content = (nmf_consensus_content){.struct_bytes = sizeof r->content,
                                         .samples = nmf_matrix_rows(c->X),
                                         .features = nmf_matrix_columns(c->X),
                                         .k = c->options->k,
                                         .replicates = c->wishes->replicates,
                                         .perturbation = c->wishes->perturbation,
                                         .density_threshold = c->wishes->density_threshold,
                                         .neighborhood = c->wishes->neighborhood};
    lay_out_result(r, &r->arena);
    nmf_status status = nmfi_arena_allocate(&r->arena, NMFI_NO_LIMIT, error);
    if (status != NMF_OK) return status;
    lay_out_result(r, &r->arena);
    if (__builtin_mul_overflow(r->content.replicates, r->content.k, &r->content.kept))
        return nmf_fail(error, NMF_ERROR_MEMORY, "too many replicates");
    return nmf_matrix_new(NMF_F64, r->content.kept, r->content.features, &r->spectra, error);
}

static nmf_status run_replicates(consensus *c, nmf_error *error)
{
    const int64_t count = c->result->content.replicates;
    nmfi_arena arena = {0};
    nmf_status status = NMF_OK;
    for (int pass = 0; pass < 2; pass++) {
        c->status = nmfi_take(&arena, count, sizeof *c->status);
        c->errors = nmfi_take(&arena, count, sizeof *c->errors);
        c->complete = nmfi_take(&arena, count, sizeof *c->complete);
        c->unconverged = nmfi_take(&arena, count, sizeof *c->unconverged);
        if (pass == 0)
            status = nmfi_comm_status(c->turns, nmfi_arena_allocate(&arena, NMFI_NO_LIMIT, error),
                                      error);
        if (status != NMF_OK) {
            nmfi_release(arena.base);
            return status;
        }
    }
    const int64_t threads = nmfi_team_threads(c->team);
    const int without_folds = c->wishes->perturbation == NMF_PERTURBATION_FOLDS;
    if (without_folds)
        status = nmfi_comm_status(
            c->turns, nmfi_fold_replicates_open(&c->folds, c->X, c->options, threads, error),
            error);
    if (status == NMF_OK) {
        nmfi_team_run(c->team, threads < count ? threads : count, work, c);
        tell_all(c);
        status = close_up(c, error);
    }
    if (without_folds) nmfi_fold_replicates_close(&c->folds);
    nmfi_release(arena.base);
    return status;
}

static void show(nmf_consensus_result *r)
{
    nmf_consensus_content *content = &r->content;
    content->model = r->model;
    content->spectra = r->spectra;
    content->density = r->density;
    content->cluster = r->cluster;
    content->median = r->median;
    content->low = r->low;
    content->high = r->high;
    content->members = r->members;
    content->silhouettes = r->silhouettes;
    content->stability = r->stability;
    content->scores = r->scores;
    content->spectra_of_shares = r->of_shares;
}

nmf_status nmfi_consensus(const nmf_matrix *X, const nmf_options *options,
                          const nmf_consensus_options *wishes, nmf_consensus_result **result,
                          nmf_error *error)
{
    consensus c = {.X = X,
                   .options = options,
                   .wishes = wishes,
                   .turns = nmfi_comm_shared(),
                   .began = nmfi_seconds()};
    const int f64 = options->precision == NMF_PRECISION_F64 ||
                    (options->precision == NMF_PRECISION_AUTO && nmf_matrix_dtype(X) == NMF_F64);
    c.dtype = f64 ? NMF_F64 : NMF_F32;
    nmf_status status = open_result(&c, error);
    if (status == NMF_OK) status = nmfi_team_start(options->threads, &c.team, error);
    status = nmfi_comm_status(c.turns, status, error);
    if (status == NMF_OK) status = run_replicates(&c, error);
    if (status == NMF_OK) status = agree(&c, error);
    nmfi_team_stop(c.team);
    if (status != NMF_OK) {
        nmf_consensus_free(c.result);
        return status;
    }
    show(c.result);
    c.result->content.seconds = nmfi_seconds() - c.began;
    *result = c.result;
    return NMF_OK;
}

const nmf_consensus_content *nmf_consensus_view(const nmf_consensus_result *result)
{
    return &result->content;
}

void nmf_consensus_free(nmf_consensus_result *result)
{
    if (!result) return;
    nmf_model_free(result->model);
    nmf_matrix_free(result->spectra);
    nmfi_release(result->arena.base);
    nmfi_release(result);
}
