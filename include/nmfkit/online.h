/* nmf_online: parts learned from rows that come one after the other and are seen once, however many:
 * from a pipe, an instrument, a file larger than memory.
 *
 *     nmf_online_open(features, &options, &how, &online, &error);
 *     while (there are rows) nmf_online_push(online, rows, &error);
 *     nmf_online_model(online, &model, &error);
 *
 * docs/streams.md has a whole program. Not thread-safe for one object; distinct ones are independent. */
#ifndef NMFKIT_ONLINE_H
#define NMFKIT_ONLINE_H

#include <nmfkit/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct nmf_online nmf_online;

typedef struct nmf_online_options {
    size_t struct_bytes;
    /* After so many rows what was learned from a row counts half; 0: all rows count alike, however long
     * ago they came. */
    double half_life_rows;
    /* So many rows are learned from together, and the first start with a fit of their own; 0: decided
     * by k and features. */
    int64_t block_rows, first_rows;
} nmf_online_options;

static inline nmf_online_options nmf_online_options_init(void)
{
    nmf_online_options defaults = {sizeof(nmf_online_options), 0.0, 0, 0};
    return defaults;
}
#define NMF_ONLINE_OPTIONS_INIT nmf_online_options_init()

/* What the rows that were learned from said. The losses are those of rows that H did not know yet. */
typedef struct nmf_online_state {
    size_t struct_bytes;
    int64_t rows, learned; /* pushed, and those among them that H knows */
    int64_t blocks;
    double loss; /* of the last block before it was learned from: 1/2 ||x - w H||^2 a row; NaN: none
                            * was measured yet */
    double relative_error; /* ||X - W H|| / ||X|| of that block */
    double mean_loss;      /* of all such blocks, a row */
} nmf_online_state;

/* Minimizes sum_i c_i (1/2 ||x_i - w_i H||^2) + penalties over H >= 0 and w_i >= 0, c_i what is left of row
 * i's weight. For each block of rows: W solved for H as it is; Q <- d Q + W'X and S <- d S + W'W, d = 2^(-rows /
 * half_life); H then minimizes 1/2 tr(S H H') - tr(Q H') by sweeps (rule_hals.c); W once more, its share
 * of Q and S replaced. Memory: 4 k x features, and a block of rows.
 *
 * Blocks are cut from the rows as they come, so that the result depends on their order, but not on how many are
 * pushed at a time, nor on threads. The first rows (first_rows) are fitted by themselves, as nmf_fit does
 * with these options; until then nothing is learned.
 *
 * Of options k, init, seed, alpha_W, alpha_H, l1_ratio, precision (auto: f64 for f64 rows, else f32), start_H (with init
 * custom: no fit of the first rows; start_W is not asked for), threads and memory_limit_bytes count.
 * Errors: ARGUMENT (also losses other than frobenius), SHAPE, MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_online_open(int64_t features, const nmf_options *options,
                                                  const nmf_online_options *how,
                                                  nmf_online **online, nmf_error *error);

/* Learns from these rows, dense or sparse, any number; those that do not fill a block wait for the next
 * ones in a copy. After an error the object is as it was before the block that failed. Errors: SHAPE (other
 * columns), DATA (a NaN, infinite or negative entry, by its number among all rows), MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_online_push(nmf_online *online, const nmf_matrix *rows,
                                                  nmf_error *error);

NMF_API nmf_online_state nmf_online_view(const nmf_online *online);

/* What was learned so far, from the rows that wait too: these go on waiting. The model has a W of no rows
 * (samples 0); it transforms, and is saved and read like any other; its loss is mean_loss, its names those of the first rows that had some.
 * Errors: DATA (no rows yet, or all zero), MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_online_model(nmf_online *online, nmf_model **model,
                                                   nmf_error *error);

NMF_API void nmf_online_free(nmf_online *online); /* NULL is fine */

/* One epoch over rows that stay at hand, all of them in X, each time the same: learned from block by block
 * like rows that are pushed, but what a row added in the epoch before is taken out of the sums first, so
 * that these are exact for W as it is (incremental coordinate descent). W is samples x k, packed row by row, of
 * type `dtype` (f32 or f64: that of the arithmetic, so options.precision should say which) and the
 * caller's: out of the first epoch, into the second and so on. half_life_rows does not count. The losses are those of each block before it was learned from in
 * this epoch. Nothing may be pushed beside it. Errors: as nmf_online_push, and ARGUMENT (W NULL or of another type). */
NMF_API NMF_MUST_CHECK nmf_status nmf_online_epoch(nmf_online *online, const nmf_matrix *X,
                                                   nmf_dtype dtype, void *W, nmf_error *error);

/* scikit-learn's MiniBatchNMF, rule for rule: multiplicative steps of W and of H for each batch, in f64, for every
 * loss, where H goes by running sums of numerators and denominators (formulas: online_mu.c). For
 * parity with it: nmf_online learns faster. */
typedef struct nmf_minibatch nmf_minibatch;
typedef struct nmf_minibatch_how {
    size_t struct_bytes;
    double rho; /* what earlier batches count beside this one: forget_factor^(batch / samples) */
    int64_t
        solve_iterations; /* 0: one step of W from W as it is; else W anew, by at most so many */
    double solve_tol;     /* and until it changes less than this, relatively */
    int keeps_H;          /* 1: only W moves; 2: nothing does, and the cost is that of W and H */
} nmf_minibatch_how;

typedef struct nmf_minibatch_said {
    double cost;   /* D(X || W H) and penalties for a row, after W's step and before H's */
    double change; /* ||H - H before|| / ||H|| */
} nmf_minibatch_said;

/* From this H (k x features). Of options the loss, beta, alpha_W, alpha_H, l1_ratio and threads count.
 * Errors: ARGUMENT, SHAPE, MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_minibatch_open(const nmf_matrix *H,
                                                     const nmf_options *options,
                                                     nmf_minibatch **made, nmf_error *error);
/* One batch. W is rows x k doubles, row by row, the caller's: in and out; NULL where it is made anew and not
 * wanted. Errors: ARGUMENT, SHAPE, DATA, MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_minibatch_step(nmf_minibatch *batch, const nmf_matrix *X,
                                                     double *W, const nmf_minibatch_how *how,
                                                     nmf_minibatch_said *said, nmf_error *error);
/* H as it is: k x features doubles, row by row, the caller's. */
NMF_API void nmf_minibatch_components(const nmf_minibatch *batch, double *H);
NMF_API void nmf_minibatch_free(nmf_minibatch *batch); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
