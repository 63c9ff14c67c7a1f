/* What the tests of known parts, bounds and entries below 0 share: data of a rank, the losses and solvers that take
 * them, and the slopes of a loss by differences. */
#ifndef TESTS_PROPERTY_CONSTRAINED_H
#define TESTS_PROPERTY_CONSTRAINED_H

#include "support.h"

enum { M = 60, N = 45, K = 4, KNOWN = 2 };

typedef struct drawn {
    double x[M * N], W[M * K], H[K * N];
} drawn;

/* Rows of W sum to one where that is asked for. */
void draw(drawn *of, int sums_to_one, uint64_t seed);

enum { LOSSES = 9 };
extern const struct constrained_loss {
    const char *name;
    nmf_loss loss;
    double beta;
    nmf_solver solver;
} losses[LOSSES];
nmf_options options_for(int64_t loss);
/* Whether steps lead to a minimum, not just downhill. */
int converges(int64_t loss);

/* The slope of the loss along an entry of W (i, c), or of H (c, j), by central differences; `size`: of what it
 * is made. */
typedef struct slopes {
    double W[M * K], H[K * N], W_size, H_size;
} slopes;
void find_slopes(const double *x, const double *weights, const nmf_model_content *model,
                 double beta, slopes *of);
/* What of a slope counts between bounds. */
double counted(double slope, double x, double low, double high);

/* No constraint yet. */
nmf_constraints constraints(void);
void expect_fall(const nmf_model_content *content, const char *name);
/* A fit fails with `status`, in a sentence with these words. */
void refused(const nmf_matrix *X, const nmf_options *options, nmf_status status, const char *words);

#endif
