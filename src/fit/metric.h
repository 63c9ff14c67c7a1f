/* What a half step of a divergence is prepared with, whether a fit or a transform takes it. */
#ifndef NMFI_FIT_METRIC_H
#define NMFI_FIT_METRIC_H

#include "pass/pass.h"
#include "rule/divergence.h"

/* The other factor's sums, and the metric that follows from it (rule_metric.c). */
typedef struct nmfi_metric {
    const nmfi_kernels *kernels;
    int64_t k;
    double *F_sums;         /* k: of the components of the factor that is held fixed */
    double *component_sums; /* k: of those of the factor that is improved */
    void *weight;           /* ld of the longer factor */
    void *weighted;         /* k times that */
    void *gram, *inverse;   /* k x k and k, T */
    double *gram_f64;
    double sum; /* of the model's entries */
} nmfi_metric;

/* Everything but gram, inverse and gram_f64, which a fit has already. */
void nmfi_metric_layout(nmfi_metric *metric, nmfi_arena *arena, int64_t longer_ld);

/* The components' sums of a factor, k numbers. */
void nmfi_component_sums(const nmfi_metric *metric, const void *factor,
                         const nmfi_partition *partition, double *sums);
/* The model's sums along `factor`, sum_j other_sums_j factor_j, into T. */
void nmfi_model_sums(const nmfi_metric *metric, const void *factor, const nmfi_partition *partition,
                     const double *other_sums, void *sums);
/* X's sums along the rows of a pass, into T; works in metric->weight. */
nmf_status nmfi_row_sums_of_X(const nmfi_metric *metric, nmfi_pass *pass, void *sums,
                              nmf_error *error) NMF_MUST_CHECK;
/* Along its rows and its columns, from one reading of a pass that accumulates; works in
 * metric->weighted too. */
nmf_status nmfi_both_sums(const nmfi_metric *metric, nmfi_pass *pass, void *row_sums,
                          void *column_sums, nmf_error *error) NMF_MUST_CHECK;

/* gram = F diag(1 / c) F' + l2, c = sum_j component_sums_j F_j, from F_sums and component_sums as they are;
 * F is the column factor of `pass`. */
void nmfi_metric_make(nmfi_metric *metric, nmfi_pass *pass, const void *F, double l2);

/* gram = F diag(c) F' + l2, c given for the columns of `pass`, times `factor`. */
void nmfi_metric_weigh(nmfi_metric *metric, nmfi_pass *pass, const void *F, const double *c,
                       double factor, double l2);

/* A step's numbers that do not depend on the factors, with the guards of our own solvers. */
nmfi_divergence_step nmfi_step_bare(const nmfi_kernels *kernels, double beta, double scale,
                                    int64_t k);
/* One visit of a step's rule. The Kullback-Leibler divergence needs no zeros of X, unless the
 * rule is quicker with whole rows. */
nmf_status nmfi_divergence_visit(nmfi_pass *pass, const nmfi_divergence_step *step, nmfi_rule rule,
                                 int dense_rows, nmf_error *error) NMF_MUST_CHECK;
/* The same where entries have weights: rows of the pass x columns of weight^(1 / beta), or NULL where X is
 * sparse and what it stores is what was observed; `stored` has the weights of that then, NULL: all count once. */
nmf_status nmfi_weighted_visit(nmfi_pass *pass, const nmfi_divergence_step *step, nmfi_rule rule,
                               const void *u, const nmf_sparse *stored,
                               nmf_error *error) NMF_MUST_CHECK;
/* The workspace that the rules of such visits work in; `dense_rows`: some of them want dense_rows rows. */
int64_t nmfi_divergence_workspace_bytes(const nmfi_pass *pass, double beta, int dense_rows);

/* How a row is settled: one place for the fit's last visit and for transform. The metric is made
 * from F alone, so that no row depends on another. */
nmfi_solve_divergence_rule nmfi_solving_divergence(nmfi_metric *metric, nmfi_pass *pass,
                                                   nmfi_divergence_step step, const void *row_sums);
/* The exponent that makes the multiplicative update descend: Fevotte & Idier 2011. */
double nmfi_mu_gamma(double beta);
/* And that of the joint update, which descends with penalties too (rule_jmm.c). */
double nmfi_jmm_gamma(double beta, double l2);

#endif
