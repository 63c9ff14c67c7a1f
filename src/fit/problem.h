/* The working state of one fit, and the steps its driver names. */
#ifndef NMFI_FIT_PROBLEM_H
#define NMFI_FIT_PROBLEM_H

#include "fit/defaults.h"
#include "fit/divergence.h"
#include "pass/pass.h"
#include "start/start.h"

#include <nmfkit/model.h>

/* W or H. Arrays are k x partition.ld, component-major, of the compute type.
 *
 * Three arrays serve the extrapolated alternation. W leads: a half step reads y, writes the point
 * ahead into spare and keeps its plain result in latest; accepting swaps y and spare, so y is the
 * incumbent. H follows: a half step reads y and writes the point ahead over it, its plain result
 * into spare; accepting swaps latest and spare, so latest is the incumbent. The incumbent pair
 * (W.y, H.latest) is the one whose loss was evaluated. */
typedef struct nmfi_factor {
    nmfi_partition partition;
    int is_W;       /* 1: W, 0: H */
    int along_rows; /* 1: it runs along the pass's rows, so the pass updates it */
    double l1, l2;  /* its penalties, already scaled */
    void *y, *latest, *spare;
    void *kept;                   /* the best of several starts; NULL for one */
    double *gram;                 /* k x k, of y */
    double *pg2, *ref2;           /* k: last measured projected gradients, and their scale */
    double value[NMFI_SUM_COUNT]; /* what the last half step added up */
} nmfi_factor;

/* X ~ U B with U of m x r orthonormal columns: most iterations need no reading of X. Each factor
 * has a pass of its own over the narrow matrix along it (U along one, B' along the other, rows
 * packed), and what one accumulates is the column factor of the other's pass: X H' = U (B H'), X'W
 * = B'(U'W). */
typedef struct nmfi_sketched {
    int64_t rank; /* 0: none */
    int active;   /* half steps go through the sketch */
    double norm2; /* ||U B||_F^2 */
    nmfi_pass W_pass, H_pass;
    void *W_rows, *H_rows; /* the narrow matrices: samples x stride, features x stride */
    void *to_W, *to_H;     /* k x ld of the narrow side */
} nmfi_sketched;

typedef struct nmfi_problem {
    nmf_options options; /* checked */
    const nmfi_kernels *kernels;
    nmf_precision precision;
    nmfi_source source; /* X as given: samples x features */
    nmfi_defaults defaults;
    int64_t m, n, k;
    int64_t starts;     /* tried; the best is finished */
    int several_starts; /* they are ours, not the caller's */
    nmfi_team *team;
    nmfi_arena arena;
    nmfi_pass pass; /* along the way X is stored */
    /* The same by samples, where X lies by features: for the last visit. */
    nmfi_pass by_samples;
    nmfi_sketch sketch; /* for starts and fits that need one, else width 0 */
    nmfi_sketched sketched;
    nmfi_divergence divergence;
    nmfi_factor W, H;
    /* The Gram matrix a half step works with, as the kernels want it. */
    void *gram, *inverse;
    double *gram_f64;
    /* What is known about X. */
    /* Power of 4: everything below and all factors are those of scaled X, whose mean is near 1. */
    double scale;
    double norm2, mean; /* ||X||_F^2, mean entry */
    /* Progress of the current start. */
    double began_seconds;
    nmf_trace_point *trace, *kept_trace;
    int64_t trace_count, trace_room, iterations, sketch_iterations, seed;
    nmf_stopped stopped;
    double loss, error, kkt;
    /* The first visit that failed: iterations end, and nothing they left is of use. */
    nmf_status status;
    nmf_error failure;
} nmfi_problem;

/* What a visit returned, kept where it is the first failure; where its sentence goes. */
static inline void nmfi_note(nmfi_problem *problem, nmf_status status)
{
    if (problem->status == NMF_OK) problem->status = status;
}
static inline nmf_error *nmfi_failure(nmfi_problem *problem)
{
    return problem->status == NMF_OK ? &problem->failure : NULL;
}

static inline size_t nmfi_factor_bytes(const nmfi_problem *problem, const nmfi_factor *factor)
{
    return (size_t)(problem->k * factor->partition.ld * problem->kernels->element_bytes);
}

/* problem.c: shapes, memory, team; the reading that validates X. */
nmf_status nmfi_problem_open(nmfi_problem *problem, const nmf_matrix *X, const nmf_options *options,
                             nmf_error *error);
void nmfi_problem_close(nmfi_problem *problem);
nmf_status nmfi_problem_sketch(nmfi_problem *problem, nmf_error *error); /* where one is needed */

/* starts.c: which starts there are (several where X is small and init is auto); number
 * s of them; the best. */
typedef struct nmfi_outcome {
    double loss, kkt;
    int64_t seed, iterations, sketch_iterations, trace_count;
    nmf_stopped stopped;
    nmf_init init;
    int scd;
} nmfi_outcome;
int64_t nmfi_start_triplets(const nmf_options *options); /* singular triplets that the init needs */
/* Errors: ARGUMENT, SHAPE. */
nmf_status nmfi_choose_start(nmfi_problem *problem, nmf_error *error);
void nmfi_choose_several_starts(
    nmfi_problem *problem);                      /* once it is known whether there is a sketch */
void nmfi_problem_rewind(nmfi_problem *problem); /* forgets the progress of the start before */
nmf_status nmfi_problem_start(nmfi_problem *problem, int64_t s, nmf_error *error);
void nmfi_keep_start(nmfi_problem *problem, nmfi_outcome *best);
void nmfi_restore_start(nmfi_problem *problem, const nmfi_outcome *best);
int nmfi_exact(const nmfi_problem *problem); /* WH is X but for rounding: no start is better */

/* steps.c: the half steps and what they measure. `momentum` extrapolates y past the result. */
nmfi_pass *nmfi_pass_along(nmfi_problem *problem, const nmfi_factor *factor); /* divergences */
typedef struct nmfi_half {
    int64_t sweeps;
    double momentum;
    int measure_start, measure_result;
} nmfi_half;
void nmfi_prepare(nmfi_problem *problem); /* before the first half step from the y of W and H */
void nmfi_half_step(nmfi_problem *problem, nmfi_factor *factor, const nmfi_factor *other,
                    nmfi_half half);
void nmfi_accept(nmfi_problem *problem);
void nmfi_reject(nmfi_problem *problem); /* back to the incumbent */
void nmfi_set_gram(nmfi_problem *problem, const double *gram, double l2);
void nmfi_keep_sums(const nmfi_problem *problem, const nmfi_pass *pass, nmfi_factor *factor);
void nmfi_keep_gradients(const nmfi_problem *problem, const nmfi_pass *pass, nmfi_factor *factor);
double nmfi_penalty(const nmfi_factor *factor, int64_t k); /* at y */

/* sketched.c: whether it pays; its memory; the narrow matrices, from the sketch. */
int64_t nmfi_sketched_rank(const nmfi_problem *problem);
/* A flat spectrum: what the sketch leaves out is as good as what it holds, and a fit that converges
 * in it settles on what it happens to hold. (A divergence's fit only begins there.) */
int nmfi_sketched_misses(const nmfi_problem *problem);
void nmfi_sketched_layout(nmfi_problem *problem, nmfi_arena *arena);
void nmfi_sketched_build(nmfi_problem *problem);
/* A visit of the narrow matrix along `factor`; then what it accumulated becomes the other's column
 * factor. */
nmfi_pass *nmfi_sketched_visit(nmfi_problem *problem, const nmfi_factor *factor,
                               const nmfi_rule *rule, const void *R);
void nmfi_sketched_link(nmfi_problem *problem, const nmfi_factor *factor);

/* stop.c: the balanced, scale-free KKT residual of what was last measured, and one more line of the
 * trace, which is 1 if the caller's callback or a limit says stop (`stopped` then says which). */
double nmfi_kkt(const nmfi_problem *problem);
double nmfi_loss_for_user(const nmfi_problem *problem, double loss); /* from the loss of scaled X */
int nmfi_trace(nmfi_problem *problem, double loss, double kkt);
int nmfi_poll(nmfi_problem *problem); /* the same between iterations whose loss on X is not known */
void nmfi_correct_trace(nmfi_problem *problem); /* its last line: of the pair that is returned */
int64_t nmfi_passes(const nmfi_problem *problem);

/* revive.c: the first component that adds nothing to WH, made able to again; the loss stays what it
 * is. 1 if there was one. `draw` tells its random numbers from those of other times. */
int nmfi_revive(nmfi_problem *problem, int64_t draw);

/* The drivers: iterate.c (extrapolated HALS), cd.c (scikit-learn's rule), finish.c (the last
 * visit). */
void nmfi_iterate(nmfi_problem *problem, double tol); /* from the y of W and the latest of H */
void nmfi_iterate_sketched(
    nmfi_problem *problem); /* the same in the sketch, until it has given what it can */
void nmfi_iterate_cd(nmfi_problem *problem);
void nmfi_finish(nmfi_problem *problem);

/* result.c: the model from the finished problem. */
nmf_status nmfi_result(const nmfi_problem *problem, const nmf_matrix *X, nmf_model **model,
                       nmf_error *error);

/* fit.c: all of it. */
nmf_status nmfi_fit(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                    nmf_error *error);

#endif
