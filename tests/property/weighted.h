/* What the tests of weights and of missing entries share: a matrix of a rank with weights, and the weighted loss by its
 * definition. */
#ifndef TESTS_PROPERTY_WEIGHTED_H
#define TESTS_PROPERTY_WEIGHTED_H

#include "support.h"

enum { M = 60, N = 45, K = 4 };

typedef struct weighted {
    double x[M * N], w[M * N];
    nmf_matrix *X;
} weighted;

/* A matrix of rank K, a little noise, weights: 0 for what is missing, else 1 or any. */
void draw_weighted(weighted *of, double share, int real_weights, uint64_t seed);
/* X from x with the weights w; `drop_weighted` frees both. */
void take_weights(weighted *of, nmf_dtype dtype);
void drop_weighted(weighted *of);

enum { LOSSES = 4 };
extern const struct weighted_loss {
    const char *name;
    nmf_loss loss;
    double beta;
} weighted_losses[LOSSES];
/* Without the penalty of few entries. */
nmf_options weighted_options(int64_t loss);

double model_at(const nmf_model_content *model, int64_t i, int64_t j);
double loss_of(const weighted *of, const nmf_model_content *model, double beta);

#endif
