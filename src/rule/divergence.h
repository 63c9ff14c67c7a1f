/* Rules for D(X || WH): a half step on a tile of one factor, with the tile's rows of X at hand.
 * A tile is improved strip by strip: the model V of its rows, the ratios R = X V^(beta - 2), S =
 * V^(beta - 1), and num = R F', den = S F', whose difference is the gradient. For beta 1 zeros
 * of X need not be seen: S is 1, and what they add is known from the sums of F. Only strip.c
 * knows of that. */
#ifndef NMFI_RULE_DIVERGENCE_H
#define NMFI_RULE_DIVERGENCE_H

#include "rule/bounded_row.h"
#include "rule/rule.h"

enum nmfi_counted { NMFI_COUNTS_RESULT, NMFI_COUNTS_AHEAD, NMFI_COUNTS_START };

/* What every rule knows. Factors are k x ld, those of scaled X. */
typedef struct nmfi_divergence_step {
    const nmfi_kernels *kernels;
    double beta, scale;
    double least, instead, ignored; /* nmfi_ratio */
    int64_t k, ld;
    const void *F; /* the other factor, k x ldf */
    int64_t ldf;
    const double *F_sums; /* k: of its components */
    double l1, l2;
    double shrink; /* 1/2 shrink |x - toward|^2, of which l2 has the square; rule_least_squares.c */
    const double *toward; /* k */
    nmfi_allowed allowed;
    const void *start, *older; /* where the tile starts; the result of the step before */
    void *ahead, *result;      /* `ahead` may be `start`, `result` may be `older` */
    double extrapolation;      /* ahead = result + extrapolation (result - older) */
    int measure_start;         /* the KKT sums there */
    int measure_result;        /* D there, into NMFI_SUM_LOSS */
    enum nmfi_counted counts;  /* what entries and squares are added up of */
} nmfi_divergence_step;

/* Numbers of each lane. */
enum nmfi_lane {
    NMFI_LANE_STEP, /* of d, in units of the whole step; negative: multiplicative (strip_take_step) */
    NMFI_LANE_SLOPE,  /* g'd */
    NMFI_LANE_SQUARE, /* d'd */
    NMFI_LANE_CURVATURE,
    NMFI_LANE_RESIDUAL, /* squared projected gradient, and squared num */
    NMFI_LANE_REFERENCE,
    NMFI_LANE_VALUE,
    NMFI_LANE_COUNT
};

/* One strip being worked on. Arrays of the strip are k x lanes with stride strip.ld, panels rows x
 * columns with stride ldv. */
typedef struct nmfi_strip_work {
    const nmfi_divergence_step *step;
    const nmfi_tile *tile;
    int64_t first, rows, lanes; /* of the tile; `rows` of the lanes are real */
    int measures;               /* the KKT sums of the next ratios are wanted */
    nmfi_rows X;
    nmfi_strip strip;
    void *num, *den;
    void *lower, *upper; /* of x; strip.lower is NULL where there are no bounds */
    void *z, *p;         /* for the rule */
    void *older, *ahead; /* what the kernel `solve` works in */
    void *V, *R, *S;     /* after the ratios R's panel is free for the rule */
    int64_t ldv;
    const void *F; /* the other factor beside X's columns, k x ldf */
    int64_t ldf;
    const double *F_sums; /* k: what S F' is for beta 1 */
    double *lane[NMFI_LANE_COUNT];
    double *small; /* k x k, 8 k and what nmfi_pivot works in */
} nmfi_strip_work;

/* Lanes worked on together: fewer where rows are long, so that panels stay in the core's cache. */
int64_t nmfi_strip_lanes(int64_t lanes, int64_t columns_ld, int64_t bytes);
int64_t nmfi_strip_workspace_bytes(int64_t k, int64_t columns_ld, int64_t bytes);
int64_t nmfi_strip_line_bytes(int64_t k, int64_t entries, int64_t bytes); /* tiles of one row */
int64_t nmfi_strip_lines_bytes(int64_t k, int64_t entries, int64_t bytes); /* several such */

/* strip.c. Begin copies the start to strip.x, end writes strip.x where the result belongs. */
void nmfi_strip_begin(nmfi_strip_work *work, const nmfi_divergence_step *step,
                      const nmfi_tile *tile, int64_t first);
nmfi_strip_work nmfi_strip_row(const nmfi_strip_work *work, int64_t row); /* a strip of one */
/* A tile that has products instead of rows of X, P for num and P2 for den, as one strip. */
void nmfi_strip_of_products(nmfi_strip_work *work, const nmfi_divergence_step *step,
                            const nmfi_tile *tile);
void nmfi_strip_end(nmfi_strip_work *work);
/* A tile that has rows of X, strip by strip: each begun, improved and ended. */
typedef void nmfi_improve_strip(const void *rule, nmfi_strip_work *work);
void nmfi_strips(const nmfi_divergence_step *step, const nmfi_tile *tile,
                 nmfi_improve_strip *improve, const void *rule);
void nmfi_strip_clear(const nmfi_strip_work *work, void *array); /* k x lanes zeros */
void nmfi_strip_clamp(const nmfi_strip_work *work, void *array); /* the nearest that is allowed */

/* Rows without entries, where beta is 1: nothing holds them, so they are 0, and add 0 to every sum. Or the
 * allowed row that is nearest to 0. */
void nmfi_strip_nothing(const nmfi_divergence_step *step, int64_t first, int64_t count);
/* One row of which nothing was observed: the same, where it moves at all, and what penalties ask of it. */
void nmfi_strip_unseen(const nmfi_divergence_step *step, int64_t row, nmfi_sums *sums);

void nmfi_strip_ratios(nmfi_strip_work *work); /* V, R, S, num, den at x */
/* For beta 1, where S is full of ones: every row of den is the sums of the other factor. */
void nmfi_strip_fill(const nmfi_strip_work *work, const double *sums);
/* The tile's sum number `sum` += weights panel, weights k x lanes. */
void nmfi_strip_add_up(const nmfi_strip_work *work, const void *panel, const void *weights,
                       int sum);
void nmfi_strip_measure(const nmfi_strip_work *work); /* the KKT sums, from num and den */
void nmfi_strip_model(nmfi_strip_work *work, const void *x, void *panel); /* x'F */
double nmfi_strip_divergence(nmfi_strip_work *work);                      /* of the rows from V */
/* U = z'F in R's panel, and the curvatures along it at `steps`. */
void nmfi_strip_direction(nmfi_strip_work *work, const double *steps, double *growth);
/* The divergence at V + diag(steps) U, of whole rows. */
double nmfi_strip_divergence_along(nmfi_strip_work *work, const double *steps);
/* How much slopes along the rows of panel U grow until a step: kernel `curvature`. */
void nmfi_strip_curvatures(nmfi_strip_work *work, const void *U, const double *steps,
                           double *growth);
/* Of a strip of one: H = F diag(w) F', w = (of_R R + of_S S) / v; R is used up. */
void nmfi_strip_hessian(nmfi_strip_work *work, double of_R, double of_S, double *H);

/* Rows whose entries have weights, and entries that were not observed (rule_weighted.c): each of
 * the tile's rows is handed to `inner`, a rule of this header with the same step, as a tile of its
 * own. X is in T. */
typedef struct nmfi_weighted_rule {
    const nmfi_divergence_step *step;
    nmfi_rule inner;
    /* Rows of the factor x columns, T: weight^(1 / beta), 0: not observed. NULL: X is sparse and what
     * it stores is what was observed. */
    const void *u;
    int64_t ldu, columns;
    const nmf_sparse *stored; /* then: weight^(1 / beta) of what each row stores, T; NULL: all count once */
} nmfi_weighted_rule;
nmfi_rule nmfi_rule_weighted(const nmfi_weighted_rule *context);
int64_t nmfi_weighted_workspace_bytes(int64_t k, int64_t columns, int64_t bytes);

/* The Frobenius loss where entries are missing, few beside those that are not (rule_filled.c). X and u as
 * above, u 0 or 1. */
typedef struct nmfi_filled_rule {
    nmfi_divergence_step step;
    const void *gram, *inverse; /* of F, T, with the L2 penalty, as the kernel `hals` wants them */
    const void *gram_alone;     /* without it */
    const void *u;
    int64_t ldu;
    double accuracy;
    int64_t sweeps;
} nmfi_filled_rule;
nmfi_rule nmfi_rule_filled(const nmfi_filled_rule *context);

/* The Frobenius loss of entries with weights, by a step in a metric that all rows share (rule_shared.c). X and u as
 * above. */
typedef struct nmfi_shared_rule {
    nmfi_divergence_step step;
    const void *gram,
        *inverse; /* F diag(c) F', T, c_j the mean weight of column j beside that of all */
    const void *u;
    int64_t ldu;
    const double *row_means; /* the mean weight of each row of the factor */
    double accuracy;
    int64_t sweeps;
} nmfi_shared_rule;
nmfi_rule nmfi_rule_shared(const nmfi_shared_rule *context);

/* The Frobenius loss of rows that each see entries of their own: inner rule of the weighted one
 * (rule_least_squares.c). */
typedef struct nmfi_least_squares_rule {
    nmfi_divergence_step step;
    double accuracy; /* as of nmfi_hals */
    int64_t sweeps;
    int exact; /* each row to its own end, from 0 */
} nmfi_least_squares_rule;
nmfi_rule nmfi_rule_least_squares(const nmfi_least_squares_rule *context);

/* Sequential coordinate descent for the Kullback-Leibler divergence (rule_scd.c). */
typedef struct nmfi_scd_rule {
    nmfi_divergence_step step;
    double accuracy; /* nmfi_scd */
    int64_t sweeps;
    int monotone; /* no step raises the divergence */
    /* At the result: R x' into the first of the tile's sums, which num of the other factor is there. */
    int adds;
} nmfi_scd_rule;
nmfi_rule nmfi_rule_scd(const nmfi_scd_rule *context);

/* Multiplicative update (rule_mu.c). */
typedef struct nmfi_mu_rule {
    nmfi_divergence_step step;
    /* Only measures, at the start; unless scikit-learn's guards are wanted (least 0), rows without
     * entries are 0 there. */
    int measure_only;
    double gamma, no_den, cut;
} nmfi_mu_rule;
nmfi_rule nmfi_rule_mu(const nmfi_mu_rule *context);

/* The joint update for any beta (rule_jmm.c). */
typedef struct nmfi_jmm_rule {
    nmfi_divergence_step step;
    int measure_only; /* only measures, and adds up what that needs of the other factor */
    double gamma, no_den;
    /* Beta 1, for the factor that moves last: the sums that den has once the other one has moved.
     * NULL: it has not. */
    const double *moved_sums;
} nmfi_jmm_rule;
nmfi_rule nmfi_rule_jmm(const nmfi_jmm_rule *context);         /* tiles with rows of X */
nmfi_rule nmfi_rule_jmm_columns(const nmfi_jmm_rule *context); /* with what those added up */

/* The factor along the columns, from what groups of rows explain by its components (rule_counts.c). */
typedef struct nmfi_counts_rule {
    nmfi_shares shares; /* of expected counts */
    double l1, l2;
    const double *sums;  /* k: of the row factor's components, over all groups that are known */
    void *x;             /* k x ld, T: the factor */
    void *num;           /* k x ld, T: what groups added in this reading; their own is added */
    const double *means; /* k: of the entries of x */
    double power;        /* 1: to the minimum of the bound; more: beyond */
    int stays;           /* x is not moved */
    int measures;        /* the KKT sums, from num */
} nmfi_counts_rule;
nmfi_rule nmfi_rule_counts(const nmfi_counts_rule *context);
/* Before a reading, by what the last one asked for in all, of `count` columns. Factors that lead towards 0 never come
 * there, and lead nowhere from it: what is small and still falls becomes 0, and what is 0 and would rise becomes small. */
void nmfi_counts_settle(const nmfi_counts_rule *context, int64_t count);

/* A step in a shared metric, for the Kullback-Leibler divergence (rule_metric.c). */
typedef struct nmfi_metric_rule {
    nmfi_divergence_step step;
    const void *gram, *inverse; /* M and its inverted diagonal, T */
    double sum;                 /* of the model's entries */
    const void *row_sums;       /* X's, along the factor, T */
    double accuracy;            /* of the quadratic model's minimum: nmfi_hals */
    int64_t sweeps;
    int each_row; /* whose steps must not depend on their neighbours */
    double
        slope_tolerance; /* slopes may become that part of what they were, upwards; 0: never lands too
                        far */
} nmfi_metric_rule;
nmfi_rule nmfi_rule_metric(const nmfi_metric_rule *context);
/* Only the direction, into z, and how far to go along it, into NMFI_LANE_STEP; after the ratios. */
void nmfi_metric_direct(const nmfi_metric_rule *rule, nmfi_strip_work *work);

/* The next trial of a search along a step, after t where the slope is `there`, having been `slope`
 * < 0 at its beginning: where the secant puts the minimum. A slope out of all proportion is a wall,
 * a model entry that vanishes: first the point shortly before it. */
double nmfi_shorter_step(int trial, double t, double slope, double there);

/* Newton steps of one row (row_newton.c), in f64; k numbers each. */
typedef struct nmfi_row {
    const nmfi_divergence_step *step;
    nmfi_strip_work work; /* a strip of one */
    double residual,
        reference;          /* squared projected gradient and squared num, as it was last seen */
    nmfi_row_bounds bounds; /* lower NULL: 0 and infinity */
    double *hessian, *x, *g, *num, *p, *z, *pg;
    void *pivoting;
    /* The curvature of model entries that all but vanish, which is beyond all others, is left out of account: where it
     * hides those, nothing moves. */
    int blunt;
} nmfi_row;
nmfi_row nmfi_row_open(const nmfi_strip_work *work, int64_t i);
/* x, the gradient there, residual and reference; after the ratios. */
void nmfi_row_measure(nmfi_row *row);
/* From there; 0 where nothing lower is found, and x stays. Uses the ratios up. `slope_tolerance` that of
 * nmfi_metric_rule. */
int nmfi_row_step(nmfi_row *row, double slope_tolerance);
void nmfi_row_multiply(nmfi_row *row, double gamma); /* the multiplicative update instead */

/* Such a step for each row, for any beta (rule_newton.c). */
typedef struct nmfi_newton_rule {
    nmfi_divergence_step step;
    double gamma;           /* of the multiplicative update that takes its place */
    double slope_tolerance; /* nmfi_metric_rule, where D is convex */
} nmfi_newton_rule;
nmfi_rule nmfi_rule_newton(const nmfi_newton_rule *context);

/* Each row to its own end (rule_solve_divergence.c). */
typedef struct nmfi_solve_divergence_rule {
    nmfi_metric_rule metric;
    double gamma, no_den; /* of the multiplicative steps for other betas */
    double accuracy;      /* the row's projected gradient beside its products */
} nmfi_solve_divergence_rule;
nmfi_rule nmfi_rule_solve_divergence(const nmfi_solve_divergence_rule *context);

#endif
