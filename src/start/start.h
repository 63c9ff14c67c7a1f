/* Where factors start: each start is a file that fills W and H from what a pass tells about X.
 * Factors are component-major (kernel.h). The entries of a start are on the factors' scale,
 * sqrt(mean(X) / k), so that 0..255 data and 0..1 data lead to the same factors up to scale. */
#ifndef NMFI_START_START_H
#define NMFI_START_START_H

#include "pass/pass.h"

#include <nmfkit/options.h>

/* A truncated SVD by passes: X (less its column means) ~ U diag(sigma) V', U along the pass's rows,
 * V along its columns. Each iteration is one reading, V <- orth(X'(X V)), and its Rayleigh-Ritz
 * values tell when to stop. */
typedef struct nmfi_sketch {
    int64_t rank;        /* triplets wanted */
    int64_t width;       /* rank + oversampling: components carried */
    double accuracy;     /* stop when the wanted sigma^2 are that near, relatively; 0: never */
    int64_t most_passes; /* and at the latest then */
    int64_t seed;
    const double *mean; /* columns numbers, or NULL for no centring */
    /* Results. Arrays are width x ld; the first `rank` components are the triplets. */
    double *sigma;
    void *U, *V;
    /* width x columns.ld: X'U, so that X ~ U B'; NULL where it is not wanted. It lies behind the triplets of V,
     * where those that are no results were. */
    void *B;
    /* Work. */
    double *small, *values, *offset, *changes;
    void *rotation; /* width x width, T */
    /* The length of X's smaller side where the sketch is made from its Gram matrix (sketch_gram.c), and what it is
     * made in; else 0. */
    int64_t small_side;
    struct nmfi_gram_work *gram;
} nmfi_sketch;

/* rank + 10, at most the smaller side. */
int64_t nmfi_sketch_width(int64_t rank, int64_t rows, int64_t columns);
/* All but U, V and B; then these. */
void nmfi_sketch_layout(nmfi_sketch *sketch, const nmfi_pass *pass, nmfi_arena *arena);
void nmfi_sketch_layout_results(nmfi_sketch *sketch, const nmfi_pass *pass, nmfi_arena *arena,
                                int wants_B);
/* The Gram matrix of a dense X's smaller side costs as much as one or two of the six readings that a sketch to fit in
 * takes, where that side is short; then they are readings of the Gram matrix. By shapes alone: sets small_side.
 * Then the memory, where B is wanted. */
void nmfi_sketch_choose_gram(nmfi_sketch *sketch, const nmfi_source *source);
void nmfi_sketch_layout_gram(nmfi_sketch *sketch, const nmfi_pass *pass, nmfi_arena *arena,
                             int64_t threads);
/* Errors: NUMERICAL, MEMORY. Source: Halko, Martinsson & Tropp 2011. */
nmf_status nmfi_sketch_run(nmfi_sketch *sketch, nmfi_pass *pass, nmf_error *error);
/* The same where small_side is set. */
nmf_status nmfi_sketch_run_by_gram(nmfi_sketch *sketch, nmfi_pass *pass, nmf_error *error);
/* As many visits more, of a sketch that has run and has B. */
nmf_status nmfi_sketch_go_on(nmfi_sketch *sketch, nmfi_pass *pass, nmf_error *error);

/* One factor to be filled: component-major, k x ld, `count` real entries in each component. Random numbers
 * go by the row's place among all rows that `partition` has, wherever these are. */
typedef struct nmfi_start_factor {
    void *data;
    int64_t count, ld;
    const nmfi_partition *partition;
} nmfi_start_factor;

/* |N(0,1)| sqrt(mean / k) (scikit-learn's definition; our random numbers). */
void nmfi_start_random(const nmfi_kernels *kernels, nmfi_start_factor W, nmfi_start_factor H,
                       int64_t k, double mean, int64_t seed);
/* Component j of one factor alone. */
void nmfi_random_component(const nmfi_kernels *kernels, nmfi_start_factor factor, int64_t k,
                           int64_t j, double scale, int64_t seed, uint32_t stream);

/* NNDSVD from singular triplets (U for W, V for H); zeros are then filled as `init` says: kept
 * (nndsvd), the factors' scale (nndsvda), or |N(0,1)| / 100 of it (nndsvdar). Where X has no such
 * triplet, its rank being lower, the component is random: alike, several would stay alike. Source:
 * Boutsidis & Gallopoulos 2008. */
void nmfi_start_nndsvd(const nmfi_kernels *kernels, nmfi_start_factor W, nmfi_start_factor H,
                       int64_t k, const void *U, const void *V, const double *sigma, double mean,
                       nmf_init init, int64_t seed);

/* NNSVD-LRC, from nmfi_lrc_triplets(k) singular triplets; zeros stay zero, but where a part is
 * nothing else the component is random. Source: Syed, Qazi & Gillis 2019. */
int64_t nmfi_lrc_triplets(int64_t k);
void nmfi_start_lrc(const nmfi_kernels *kernels, nmfi_start_factor W, nmfi_start_factor H,
                    int64_t k, const void *U, const void *V, const double *sigma, double mean,
                    int64_t seed);

/* H from the samples that are most themselves, W even; from k triplets (spa.c). Errors: MEMORY. */
typedef struct nmfi_pure_start {
    nmf_init init; /* spa, snpa */
    int64_t k;
    int sums; /* rows of W sum to one */
    const void *U, *V;
    const double *sigma;
    double scale; /* what a row of W sums to, that H has the unit of X then */
    double mean;
    int64_t seed;
} nmfi_pure_start;
nmf_status nmfi_start_pure(const nmfi_kernels *kernels, nmfi_start_factor W, nmfi_start_factor H,
                           const nmfi_pure_start *start, nmf_error *error) NMF_MUST_CHECK;

/* The caller's own W (samples x k) and H (k x features), each times `scale`. Unless they are wanted as given, what
 * is far beyond all ordinary sizes is brought back to them. */
nmf_status nmfi_start_custom(const nmfi_kernels *kernels, nmfi_start_factor W, nmfi_start_factor H,
                             int64_t k, const nmf_matrix *start_W, const nmf_matrix *start_H,
                             double scale, int as_given, nmf_error *error);

#endif
