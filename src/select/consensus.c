/* nmf_consensus: replicates side by side, and what they agree on (<nmfkit/select.h>). */
#include "select/cluster.h"
#include "select/perturb.h"
#include "select/rank_result.h"
#include "select/refit.h"
#include "select/select.h"
#include "select/stability.h"

#include "base/clock.h"
#include "base/comm.h"
#include "base/memory.h"
#include "base/threads.h"
#include "data/matrix.h"
#include "fit/fit.h"
#include "kernel/kernel.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct nmf_consensus_result {
    nmf_consensus_content content;
    nmf_model *model;
    nmf_matrix *spectra;
    nmfi_arena arena;
    /* What content shows, writable. */
    double *density, *median, *low, *high, *silhouettes, *stability, *scores, *of_shares;
    int64_t *cluster, *members;
};

typedef struct consensus {
    const nmf_matrix *X;
    const nmf_options *options;
    const nmf_consensus_options *wishes;
    nmf_consensus_result *result;
    const nmf_comm *turns; /* the processes that take turns; NULL: one */
    double began;
    /* The replicates. */
    nmfi_team *team;
    nmf_status *status; /* of each */
    nmf_error *errors;
    int64_t *complete, *unconverged;
    atomic_int stop;
    atomic_int_fast64_t next, done;
    int64_t dtype;
    double *products; /* replicates k x replicates k: of unit rows */
} consensus;

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

static void work(void *context, int64_t worker, int64_t thread)
{
    consensus *c = context;
    asker who = {c, thread};
    (void)worker;
    for (;;) {
        const int64_t i = (int64_t)atomic_fetch_add(&c->next, 1);
        nmf_model *model = NULL;
        if (i >= c->result->content.replicates) return;
        if (!nmfi_turn_is_mine(c->turns, i)) continue;
        if (ask(NULL, &who)) return;
        c->status[i] = fit_replicate(c, i, &who, &model);
        if (c->status[i] == NMF_OK) keep_spectra(c, i, nmf_model_view(model));
        nmf_model_free(model);
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
        const nmf_status taken = nmfi_arena_allocate(&arena, 0, error);
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

/* --- the model ---------------------------------------------------------------------------------- */

static double at(const nmf_matrix *M, int64_t i, int64_t j)
{
    return nmf_matrix_at(M, i, j);
}

static void put(nmf_matrix *M, int64_t i, int64_t j, double value)
{
    const int64_t place = i * nmf_matrix_columns(M) + j;
    if (nmf_matrix_dtype(M) == NMF_F64)
        ((double *)nmf_matrix_writable(M))[place] = value;
    else
        ((float *)nmf_matrix_writable(M))[place] = (float)value;
}

/* Each sample's usages divided by their sum. */
static void normalize_rows(nmf_matrix *W)
{
    const int64_t k = nmf_matrix_columns(W);
    for (int64_t i = 0; i < nmf_matrix_rows(W); i++) {
        double sum = 0;
        for (int64_t j = 0; j < k; j++) sum += at(W, i, j);
        for (int64_t j = 0; sum > 0 && j < k; j++) put(W, i, j, at(W, i, j) / sum);
    }
}

static void permute_rows(double *rows, int64_t n, const int64_t *order, int64_t k, double *work)
{
    memcpy(work, rows, (size_t)(k * n) * sizeof *work);
    for (int64_t j = 0; j < k; j++)
        memcpy(rows + j * n, work + order[j] * n, (size_t)n * sizeof *work);
}

/* Components in the order of their share in the usages. */
static void order_components(consensus *c, nmf_matrix *W, int64_t *order, double *shares,
                             double *work)
{
    nmf_consensus_result *r = c->result;
    const int64_t k = r->content.k, n = r->content.features, m = r->content.samples;
    for (int64_t j = 0; j < k; j++) shares[j] = 0;
    for (int64_t i = 0; i < m; i++) {
        double sum = 0;
        for (int64_t j = 0; j < k; j++) sum += at(W, i, j);
        for (int64_t j = 0; sum > 0 && j < k; j++) shares[j] += at(W, i, j) / sum;
    }
    for (int64_t j = 0; j < k; j++) {
        int64_t place = j;
        for (; place > 0 && shares[order[place - 1]] < shares[j]; place--)
            order[place] = order[place - 1];
        order[place] = j;
    }
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < k; j++) work[j] = at(W, i, order[j]);
        for (int64_t j = 0; j < k; j++) put(W, i, j, work[j]);
    }
    double *const of_features[] = {r->median, r->low, r->high};
    double *const single[] = {r->silhouettes, r->stability};
    for (int a = 0; a < 3; a++) permute_rows(of_features[a], n, order, k, work);
    for (int a = 0; a < 2; a++) permute_rows(single[a], 1, order, k, work);
    for (int64_t i = 0; i < r->content.replicates * k; i++)
        for (int64_t j = 0; j < k; j++)
            if (r->cluster[i] == order[j]) {
                r->cluster[i] = j;
                break;
            }
    for (int64_t j = 0; j < k; j++) {
        r->members[j] = 0;
        for (int64_t i = 0; i < r->content.replicates * k; i++) r->members[j] += r->cluster[i] == j;
    }
}

/* Solves G x = b for each of n right-hand sides (k x n, in place), G symmetric positive definite, k x k and
 * destroyed: Gaussian elimination; a component that the others explain gets 0. */
static void solve_normal_equations(double *G, double *b, int64_t k, int64_t n)
{
    for (int64_t p = 0; p < k; p++) {
        const double pivot = G[p * k + p];
        for (int64_t i = 0; i < k; i++) {
            if (i == p || !(fabs(pivot) > 0)) continue;
            const double by = G[i * k + p] / pivot;
            for (int64_t j = p; j < k; j++) G[i * k + j] -= by * G[p * k + j];
            for (int64_t f = 0; f < n; f++) b[i * n + f] -= by * b[p * n + f];
        }
    }
    for (int64_t p = 0; p < k; p++)
        for (int64_t f = 0; f < n; f++)
            b[p * n + f] = fabs(G[p * k + p]) > 0 ? b[p * n + f] / G[p * k + p] : 0;
}

/* Scores: ordinary least squares of each feature's z-scores (over samples, population deviation) on the
 * usages, without a constant. `work`: 3 features + k^2 numbers. */
static nmf_status take_scores(consensus *c, const nmf_matrix *W, double *work, nmf_error *error)
{
    nmf_consensus_result *r = c->result;
    const int64_t k = r->content.k, n = r->content.features, m = r->content.samples;
    double *const x = work, *const mean = x + n, *const square = mean + n, *const G = square + n;
    double usage_sum[4096];
    if (k > 4096)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "k = %lld: scores need k <= 4096", (long long)k);
    memset(mean, 0, (size_t)(2 * n + k * k) * sizeof *work);
    memset(usage_sum, 0, sizeof usage_sum);
    for (int64_t i = 0; i < m; i++) {
        const nmf_status status = nmf_matrix_copy_rows(c->X, i, 1, NMF_F64, x, error);
        if (status != NMF_OK) return status;
        for (int64_t f = 0; f < n; f++) {
            mean[f] += x[f] / (double)m;
            square[f] += x[f] * x[f] / (double)m;
        }
        for (int64_t j = 0; j < k; j++) {
            const double w = at(W, i, j);
            usage_sum[j] += w;
            for (int64_t l = 0; l < k; l++) G[j * k + l] += w * at(W, i, l);
            for (int64_t f = 0; f < n; f++) r->scores[j * n + f] += w * x[f];
        }
    }
    for (int64_t f = 0; f < n; f++) {
        const double variance = square[f] - mean[f] * mean[f];
        const double deviation = variance > 1e-12 * square[f] ? sqrt(variance) : 0;
        for (int64_t j = 0; j < k; j++)
            r->scores[j * n + f] =
                deviation > 0 ? (r->scores[j * n + f] - usage_sum[j] * mean[f]) / deviation : 0;
    }
    solve_normal_equations(G, r->scores, k, n);
    return NMF_OK;
}

/* Median spectra as a matrix of the fits' type. */
static nmf_status spectra_matrix(consensus *c, nmf_matrix **spectra, nmf_error *error)
{
    const nmf_consensus_content *content = &c->result->content;
    const nmf_status status =
        nmf_matrix_new((nmf_dtype)c->dtype, content->k, content->features, spectra, error);
    if (status != NMF_OK) return status;
    for (int64_t j = 0; j < content->k; j++)
        for (int64_t f = 0; f < content->features; f++)
            put(*spectra, j, f, c->result->median[j * content->features + f]);
    return NMF_OK;
}

/* What the replicates have for each entry of H: their quantiles, which belong to rows of sum 1, for the sums
 * of H's own rows. */
static nmf_status note_stability(consensus *c, const nmf_matrix *H, nmf_error *error)
{
    nmf_consensus_result *r = c->result;
    const int64_t k = r->content.k, n = r->content.features;
    double *low = nmfi_allocate(nmfi_product(2 * k * n, sizeof *low));
    if (!low) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the bounds of H");
    double *const high = low + k * n;
    for (int64_t j = 0; j < k; j++) {
        double sum = 0;
        for (int64_t f = 0; f < n; f++) sum += at(H, j, f);
        for (int64_t f = 0; f < n; f++) {
            low[j * n + f] = sum * r->low[j * n + f];
            high[j * n + f] = sum * r->high[j * n + f];
        }
    }
    const nmf_status status = nmf_model_set_stability(r->model, r->stability, low, high, error);
    nmfi_release(low);
    return status;
}

static nmf_status make_model(consensus *c, nmf_matrix *W, nmf_matrix *H, double *work,
                             nmf_error *error)
{
    nmf_consensus_result *r = c->result;
    const double beta = nmfi_rank_beta(c->options);
    double loss, reference;
    nmfi_measure_fit(c->X, W, H, beta, &loss, &reference, work);
    r->content.loss = loss;
    r->content.relative_error =
        reference > 0 ? (beta == 2 ? sqrt(loss / reference) : loss / reference) : 0;
    nmf_model_content content = {.struct_bytes = sizeof content,
                                 .kind = NMF_MODEL_NMF,
                                 .loss_kind = c->options->loss,
                                 .options = *c->options,
                                 .W = W,
                                 .H = H,
                                 .samples = r->content.samples,
                                 .features = r->content.features,
                                 .k = r->content.k,
                                 .seconds = nmfi_seconds() - c->began,
                                 .loss = loss,
                                 .error = sqrt(2 * loss),
                                 .relative_error = r->content.relative_error,
                                 .kkt = NAN,
                                 .threads = nmfi_team_threads(c->team),
                                 .stopped = r->content.stopped,
                                 .winning_seed = (uint64_t)c->options->seed};
    content.options.start_W = content.options.start_H = NULL;
    content.options.progress = NULL;
    content.precision = c->dtype == NMF_F64 ? NMF_PRECISION_F64 : NMF_PRECISION_F32;
    snprintf(content.init, sizeof content.init, "consensus");
    snprintf(content.kernel, sizeof content.kernel, "%s",
             nmfi_kernels_for((nmf_dtype)c->dtype, NULL)->name);
    const nmf_status status = nmf_model_new(&content, &r->model, error);
    return status == NMF_OK ? note_stability(c, H, error) : status;
}

/* What follows from usages as shares of their sample: spectra and scores. W becomes those shares. */
static nmf_status use_shares(consensus *c, nmf_matrix *W, double *work, nmf_error *error)
{
    const nmf_consensus_content *content = &c->result->content;
    nmf_matrix *H = NULL;
    normalize_rows(W);
    nmf_status status = take_scores(c, W, work, error);
    if (status == NMF_OK) status = nmfi_refit_spectra(c->X, W, c->options, &H, error);
    if (status == NMF_OK)
        status = nmf_matrix_copy_rows(H, 0, content->k, NMF_F64, c->result->of_shares, error);
    nmf_matrix_free(H);
    return status;
}

/* Usages in the medians, spectra in the usages, usages in the spectra. */
static nmf_status refit(consensus *c, double *work, int64_t *order, double *shares,
                        nmf_error *error)
{
    nmf_matrix *medians = NULL, *W = NULL, *H = NULL, *last = NULL;
    nmf_status status = spectra_matrix(c, &medians, error);
    if (status == NMF_OK) status = nmfi_refit_usages(c->X, medians, c->options, &W, error);
    if (status == NMF_OK) {
        order_components(c, W, order, shares, work);
        status = nmfi_refit_spectra(c->X, W, c->options, &H, error);
    }
    if (status == NMF_OK) status = use_shares(c, W, work, error);
    if (status == NMF_OK) status = nmfi_refit_usages(c->X, H, c->options, &last, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_rows(last, c->X, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_columns(H, c->X, error);
    if (status == NMF_OK) status = make_model(c, last, H, work, error);
    nmf_matrix_free(medians);
    nmf_matrix_free(W);
    nmf_matrix_free(H);
    nmf_matrix_free(last);
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
                nmfi_arena_allocate(&arena, c->options->memory_limit_bytes, error);
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
    if (status == NMF_OK) status = refit(c, work, order, shares, error);
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
    nmf_status status = nmfi_arena_allocate(&r->arena, 0, error);
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
    for (int pass = 0; pass < 2; pass++) {
        c->status = nmfi_take(&arena, count, sizeof *c->status);
        c->errors = nmfi_take(&arena, count, sizeof *c->errors);
        c->complete = nmfi_take(&arena, count, sizeof *c->complete);
        c->unconverged = nmfi_take(&arena, count, sizeof *c->unconverged);
        if (pass == 0 && nmfi_arena_allocate(&arena, 0, error) != NMF_OK) return NMF_ERROR_MEMORY;
    }
    const int64_t threads = nmfi_team_threads(c->team);
    nmfi_team_run(c->team, threads < count ? threads : count, work, c);
    tell_all(c);
    const nmf_status status = close_up(c, error);
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
