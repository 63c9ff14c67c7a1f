/* What the methods for D(X || WH) share: divergence, mu and jmm. Each factor's half step visits X
 * along that factor: the pass as X is stored, and the transposed one, over a copy of X the other way
 * round in its storage type where X does not lend its rows both ways. */
#ifndef NMFI_FIT_DIVERGENCE_H
#define NMFI_FIT_DIVERGENCE_H

#include "fit/method.h"
#include "fit/metric.h"

#include "pass/holes.h"

typedef struct nmfi_divergence {
    int multiplies; /* the method's updates need no rows with the zeros of X filled in for beta 1 */
    /* Joint updates read X as it is stored. Where it is dense there is no copy, and the transposed
     * pass only gathers rows for the last visit, where W is not along the pass. */
    int joint;
    void *copy;         /* of X for the transposed pass; NULL where there is none */
    void *marginals[2]; /* X's sums along W and along H: T, the partitions' ld */
    void *sums[2];      /* they, in the fit's own type */
    void *sums_f32[2];  /* and in f32, where it begins in that */
    nmfi_metric metric;
    void *gram_alone; /* k x k, T: beside the metric's, without a penalty */
    /* downdated.c: what is missing, its memory; the factor that is held fixed, by rows. */
    nmfi_holes holes;
    void *hole_memory, *packed;
} nmfi_divergence;

/* progress.rule: for beta 1 the metric or scd; for beta 2 with few entries missing, downdated, with
 * more of them filled, with weights that differ shared; else each row's own Newton steps. */
enum {
    NMFI_RULE_METRIC = 0,
    NMFI_RULE_SCD = 1,
    NMFI_RULE_FILLED = 2,
    NMFI_RULE_DOWNDATED = 3,
    NMFI_RULE_SHARED = 4
};

/* divergence_open.c. */
void nmfi_divergence_plan(nmfi_fit *fit, void *state);
void nmfi_divergence_layout(nmfi_fit *fit, void *state, nmfi_arena *arena);
void nmfi_divergence_change_kernels(nmfi_fit *fit, void *state);
nmf_status nmfi_divergence_prepare(nmfi_fit *fit, void *state, nmf_error *error);
/* Nothing but the last visit reads X the other way. */
static inline int nmfi_reads_one_way(const nmfi_fit *fit, const nmfi_divergence *d)
{
    const nmfi_pass *pass = &fit->work.pass;
    return d->joint && (nmfi_pass_most_entries(pass) == 0 || nmfi_pass_scatters(pass));
}
/* Errors: DATA, with the first entry that beta <= 0 cannot take. */
nmf_status nmfi_name_zero(const nmf_matrix *X, double beta, nmf_error *error);

/* divergence_half_step.c. One factor improved with the other held fixed. */
typedef struct nmfi_divergence_half {
    double momentum;
    int measure_only; /* at the incumbents: nothing moves */
    int as_sklearn;   /* multiplicative, with scikit-learn's guards to the letter */
    int monotone;     /* proven to descend, at the price of shorter steps */
    int measure_start, measure_result;
} nmfi_divergence_half;
nmf_status nmfi_divergence_half_step(nmfi_fit *fit, nmfi_divergence *d, int of_W,
                                     nmfi_divergence_half half, nmf_error *error);
/* downdated.c: both half steps on products, each row with its own Gram matrix. */
void nmfi_downdated_layout(nmfi_fit *fit, nmfi_divergence *d, nmfi_arena *arena);
void nmfi_downdated_prepare(nmfi_fit *fit, nmfi_divergence *d);
nmf_status nmfi_downdated_step(nmfi_fit *fit, nmfi_divergence *d, nmfi_step_wish wish,
                               nmfi_measured *pair, nmf_error *error);
nmf_status nmfi_downdated_restart(nmfi_fit *fit, nmfi_divergence *d, nmf_error *error);

/* The rows of W for the incumbent H, each to its end, into W.ahead; measured there. */
nmf_status nmfi_divergence_solve_W(nmfi_fit *fit, nmfi_divergence *d, nmf_error *error);

/* A visit along a factor of a rule with that step, which learns the weights where there are some. */
nmf_status nmfi_divergence_visit_along(nmfi_fit *fit, const nmfi_factor *factor,
                                       const nmfi_divergence_step *step, nmfi_rule rule,
                                       int dense_rows, nmf_error *error);

/* divergence_ends.c. A start made fit for multiplication: no zeros, and the model has the sums of X.
 * One that the caller gave stays as it is where that is the better one, which passes over X tell. */
nmf_status nmfi_divergence_make_positive(nmfi_fit *fit, nmfi_divergence *d, nmf_error *error);

/* D and the penalties, of what W's and H's last half steps measured. */
double nmfi_divergence_loss(const nmfi_fit *fit);
nmfi_loss_scale nmfi_scale_of_divergence(const nmfi_fit *fit, const void *state, double loss);

/* method_jmm.c. Both factors' sums at the incumbents, from one reading where X is read one way. */
nmf_status nmfi_jmm_measure(nmfi_fit *fit, nmfi_divergence *d, int of_W, nmf_error *error);

/* The last visit: each row of W solved for the final H, exactly as transform does it, unless it is
 * left as it is; the loss and the KKT residual at the pair that is returned. `measure` looks at the
 * incumbents, W or H or both. */
typedef nmf_status nmfi_measure(nmfi_fit *fit, nmfi_divergence *d, int of_W, nmf_error *error);
nmf_status nmfi_divergence_finish(nmfi_fit *fit, nmfi_divergence *d, nmfi_measure *measure,
                                  int solves, nmf_error *error);

#endif
