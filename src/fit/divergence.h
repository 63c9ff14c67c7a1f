/* The state of a fit of a divergence D(X || WH), beside what every fit has (problem.h). */
#ifndef NMFI_FIT_DIVERGENCE_H
#define NMFI_FIT_DIVERGENCE_H

#include "fit/metric.h"
#include "pass/pass.h"

#include <nmfkit/options.h>

struct nmfi_problem;

/* Each factor's half step visits X along that factor: the pass as X is stored, and `transposed`,
 * over a copy of X the other way round in its storage type. */
typedef struct nmfi_divergence {
    int wanted; /* 0: the Frobenius loss with its own solvers */
    double beta;
    int scd; /* steps are coordinate descent, not in the shared metric */
    /* Joint updates (jmm.c): X is read as it is stored. Where it is dense there is no copy, and
     * `transposed` only gathers rows for the last visit, where W is not along the pass. */
    int jmm;
    nmfi_pass transposed;
    void *
        copy; /* of X for `transposed`; NULL where X lends its rows both ways, or updates are joint */
    void *marginals[2]; /* X's sums along W and along H: T, the cuts' ld */
    nmfi_metric metric;
    double rank_one; /* D(X || r c' / sum) */
} nmfi_divergence;

/* The exponent of the loss, and the loss by its own name: beta = 1 is kl. */
double nmfi_beta(const nmf_options *options);
void nmfi_name_loss(nmf_options *options);
/* Errors: DATA, with the first entry that beta <= 0 cannot take. */
nmf_status nmfi_name_zero(const nmf_matrix *X, double beta, nmf_error *error);
int nmfi_picks_scd(const struct nmfi_problem *problem);
/* Errors: ARGUMENT where the solver does not minimize the loss. */
nmf_status nmfi_divergence_check(const nmf_options *options, nmf_error *error);

/* Joint updates of a dense X: nothing but the last visit reads it the other way. */
int nmfi_reads_one_way(const struct nmfi_problem *problem);

/* divergence_open.c: called by problem.c where each of these is done for every fit. */
void nmfi_divergence_plan(struct nmfi_problem *problem, const nmfi_source *stored);
void nmfi_divergence_layout(struct nmfi_problem *problem);
nmf_status nmfi_divergence_read(struct nmfi_problem *problem, const nmf_matrix *X, double lowest,
                                nmf_error *error);

/* divergence_steps.c: one iteration from (W.y, H.y), whose loss it returns; the start made usable;
 * what is measured at the pair as it is. */
typedef struct nmfi_divergence_half {
    double extrapolation;
    int measure_only; /* only measures, at W.y and H.y */
    int as_sklearn;   /* scikit-learn's guards to the letter */
    int monotone;     /* proven to descend, at the price of shorter steps */
    int measure_start, measure_result;
} nmfi_divergence_half;
void nmfi_divergence_half_step(struct nmfi_problem *problem, int of_W, nmfi_divergence_half half);
typedef struct nmfi_divergence_ahead {
    double W, H;  /* how far each is extrapolated */
    int monotone; /* where nothing is thrown away any more */
} nmfi_divergence_ahead;
double nmfi_divergence_alternate(struct nmfi_problem *problem, nmfi_divergence_ahead ahead);
/* A start made fit for multiplication: no zeros, and the model has the sums of X. One that the caller gave
 * stays as it is where that is the better one, which passes over X tell. */
void nmfi_divergence_make_positive(struct nmfi_problem *problem);
/* Scales of W and H far apart are brought together, which changes no product. */
void nmfi_divergence_rebalance_scales(const struct nmfi_problem *problem);
/* The rows of W for H.y, each to its end, into W.spare; measured there. */
void nmfi_divergence_solve_W(struct nmfi_problem *problem);

/* jmm.c: one joint iteration from the point ahead of the incumbent, (W.latest, H.y), whose loss
 * it returns: the new pair in the spares, to be accepted or rejected like any other (problem.h), and
 * the next point ahead. Or only measures, at (W.y, H.y). */
double nmfi_jmm_iteration(struct nmfi_problem *problem, double extrapolation);
void nmfi_jmm_measure(struct nmfi_problem *problem);
/* How many sums tiles add up for the column factor; 0 where it has a visit of its own. */
int nmfi_jmm_sums(const struct nmfi_problem *problem);

/* The drivers: scikit-learn's rule (mu.c), the last visit (divergence_finish.c). */
void nmfi_iterate_mu(struct nmfi_problem *problem);
void nmfi_divergence_finish(struct nmfi_problem *problem);

#endif
