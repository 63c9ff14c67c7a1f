/* The model of a consensus: X refitted in the median spectra, in cNMF's order of steps (Kotliar et al. 2019),
 * with z-scores of the features regressed on the usages. */
#include "select/consensus.h"
#include "select/rank_result.h"
#include "select/refit.h"
#include "select/select.h"

#include "base/options.h"
#include "base/stop.h"
#include "data/matrix.h"
#include "kernel/kernel.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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
    const double beta = nmfi_beta(c->options);
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

nmf_status nmfi_consensus_refit(consensus *c, double *work, int64_t *order, double *shares,
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
