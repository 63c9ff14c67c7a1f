/* Exact PCA by the Gram matrix of the smaller side, in f64: with C = X - 1 mean' and s = min(m, n),
 * the eigenpairs of C C' (or C'C) are sigma^2 and one side's singular vectors; the other side's
 * follow by one product. Cost: s^2 max(m, n) flops and a copy of X in f64. */
#include "pca/pca.h"

#include "base/memory.h"
#include "base/options.h"
#include "data/matrix.h"
#include "linalg/linalg.h"
#include "pass/pass.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The centred copy, component-major along the smaller side: C[j * ld + i], small x large. */
typedef struct centred {
    double *C;
    int64_t small, large, ld;
    int by_samples; /* 1: the small side is the samples */
} centred;

/* The copy, and the sums of the columns in mean; DATA if an entry is not finite. */
static nmf_status copy_summed(nmfi_pca_state *state, const centred *c, double *row,
                              nmf_error *error)
{
    const int64_t sample_stride = c->by_samples ? c->ld : 1;
    const int64_t feature_stride = c->by_samples ? 1 : c->ld;
    int finite = 1;
    for (int64_t i = 0; i < state->m; i++) {
        if (nmfi_stop_now(&state->stop)) return NMF_ERROR_INTERRUPTED; /* who called says it */
        const nmf_status status = nmf_matrix_copy_rows(state->X, i, 1, NMF_F64, row, error);
        if (status != NMF_OK) return status;
        for (int64_t f = 0; f < state->n; f++) {
            c->C[i * sample_stride + f * feature_stride] = row[f];
            state->mean[f] += row[f];
            finite &= isfinite(row[f]) != 0;
        }
    }
    return finite ? NMF_OK : nmfi_matrix_check_entries(state->X, 1, error);
}

static nmf_status copy_centred(nmfi_pca_state *state, const centred *c, nmf_error *error)
{
    const int64_t m = state->m, n = state->n;
    double *row = malloc((size_t)n * sizeof *row);
    if (!row)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a row of %lld", (long long)n);
    memset(state->mean, 0, (size_t)n * sizeof *state->mean);
    const nmf_status status = copy_summed(state, c, row, error);
    free(row);
    for (int64_t f = 0; f < n; f++) state->mean[f] /= (double)m;
    for (int64_t j = 0; j < c->small; j++)
        for (int64_t i = 0; i < c->large; i++) {
            double *entry = &c->C[j * c->ld + i];
            *entry -= state->mean[c->by_samples ? i : j];
            state->total += *entry * *entry;
        }
    state->passes++;
    return status;
}

/* sigma and the small side's vectors, small x k in `vectors`. */
static nmf_status eigenpairs(nmfi_pca_state *state, const centred *c, nmfi_pass *pass, double *gram,
                             double *vectors, nmf_error *error)
{
    const nmfi_column_visit visit = {.k = c->small, .updated = c->C};
    nmfi_pass_columns(pass, &visit);
    if (nmfi_stop_said(&state->stop)) return NMF_ERROR_INTERRUPTED;
    memcpy(gram, pass->total.gram, (size_t)(c->small * c->small) * sizeof *gram);
    const nmf_status status = nmfi_eigen(gram, c->small, state->k, state->sigma, vectors, error);
    if (status != NMF_OK) return status;
    for (int64_t j = 0; j < state->k; j++)
        state->sigma[j] = sqrt(state->sigma[j] > 0 ? state->sigma[j] : 0.0);
    return NMF_OK;
}

/* The other side: component j = C' e_j / sigma_j. Directions without variance stay zero. */
static void other_side(const nmfi_pca_state *state, const centred *c, const nmfi_kernels *kernels,
                       const double *vectors)
{
    double *small_out = c->by_samples ? state->U : state->V;
    double *large_out = c->by_samples ? state->V : state->U;
    for (int64_t j = 0; j < state->k; j++) {
        for (int64_t i = 0; i < c->small; i++)
            small_out[j * c->small + i] = vectors[i * state->k + j];
        double *out = large_out + j * c->large;
        kernels->model_row(vectors + j, state->k, c->C, c->ld, c->small, c->large, out);
        const double sigma = state->sigma[j];
        kernels->scale(out, c->large, sigma > 1e-12 * state->sigma[0] ? 1.0 / sigma : 0.0);
    }
}

nmf_status nmfi_pca_exact(nmfi_pca_state *state, nmf_error *error)
{
    const nmfi_kernels *kernels = nmfi_kernels_for(NMF_F64, NULL);
    centred c = {.by_samples = state->m <= state->n};
    c.small = c.by_samples ? state->m : state->n;
    c.large = c.by_samples ? state->n : state->m;
    const nmf_dense shape = {.dtype = NMF_F64, .rows = c.small, .columns = c.large};
    const nmfi_source copy = nmfi_source_dense(&shape); /* its columns are all that is visited */
    nmfi_pass pass = {.team = state->team, .stop = &state->stop};
    nmfi_arena arena = {0};
    double *gram = NULL, *vectors = NULL;
    nmfi_pass_plan(&pass, &copy, kernels, c.small, state->options.block_rows);
    c.ld = pass.columns.ld;
    for (int round = 0; round < 2; round++) { /* measure, then take */
        nmfi_pass_layout(&pass, &arena, nmfi_team_threads(state->team), 0);
        c.C = nmfi_take(&arena, c.small, nmfi_product(c.ld, sizeof(double)));
        gram = nmfi_take(&arena, c.small, nmfi_product(c.small, sizeof(double)));
        vectors = nmfi_take(&arena, c.small, nmfi_product(state->k, sizeof(double)));
        if (round == 1) break;
        nmf_status status = nmfi_within_limit(arena.used + nmfi_pca_result_bytes(state),
                                              nmfi_memory_limit_of(&state->options), error);
        if (status == NMF_OK) status = nmfi_arena_allocate(&arena, NMFI_NO_LIMIT, error);
        if (status != NMF_OK) return status;
    }
    nmf_status status = copy_centred(state, &c, error);
    if (status == NMF_OK) status = eigenpairs(state, &c, &pass, gram, vectors, error);
    if (status == NMF_OK) other_side(state, &c, kernels, vectors);
    nmfi_release(arena.base);
    return status;
}
