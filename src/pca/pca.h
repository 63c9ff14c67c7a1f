/* PCA: the state its two solvers fill (pca_exact.c, pca_randomized.c) and pca.c turns into a
 * model. */
#ifndef NMFI_PCA_PCA_H
#define NMFI_PCA_PCA_H

#include "base/memory.h"
#include "base/stop.h"
#include "base/threads.h"
#include "fit/defaults.h"
#include "kernel/kernel.h"

#include <nmfkit/model.h>

typedef struct nmfi_pca_state {
    nmf_options options;
    const nmf_matrix *X;
    nmfi_source source;
    nmfi_defaults defaults;
    int64_t m, n, k;
    int64_t rows; /* of the m samples those that are here */
    nmfi_team *team;
    nmfi_stop stop;
    double began;
    const nmfi_kernels *kernels; /* of the wanted precision */
    const nmfi_kernels
        *kernels_inside; /* of the arithmetic: the same, or f64 where that would lose too much */
    /* Results, f64, packed. */
    double *mean;  /* n */
    double *sigma; /* k */
    double *U, *V; /* k x rows, k x n: singular vectors of X - 1 mean', component-major */
    double total;  /* sum of all squared entries of X - 1 mean' */
    int64_t passes;
} nmfi_pca_state;

/* Bytes of what is left when the solver is done: these results and the model made of them. */
static inline size_t nmfi_pca_result_bytes(const nmfi_pca_state *state)
{
    const size_t factors = nmfi_product(state->k, state->m + state->n);
    const size_t once = (size_t)(state->n + state->k) * sizeof(double);
    return 2 * once + factors * (sizeof(double) + (size_t)state->kernels->element_bytes);
}

nmf_status nmfi_pca_exact(nmfi_pca_state *state, nmf_error *error);
nmf_status nmfi_pca_randomized(nmfi_pca_state *state, nmf_error *error);

/* X must be finite; options are checked by the api floor. */
/* Whether the exact solver will take it, which wants all of X. */
int nmfi_pca_is_exact(const nmf_matrix *X, const nmf_options *options);
nmf_status nmfi_pca(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                    nmf_error *error);

#endif
