/* Losses by their exponent, penalties, scales, the residual: what every part of fit/ asks about them. */
#ifndef NMFI_FIT_LOSS_H
#define NMFI_FIT_LOSS_H

#include "fit/state.h"

/* Unit roundoff of a precision, times 2. */
double nmfi_epsilon(nmf_precision precision);
double nmfi_epsilon_of(const nmfi_kernels *kernels);

/* Penalties for scaled X, whose factors are sqrt(scale) times the caller's and whose objective is
 * scale^beta times his. */
typedef struct nmfi_penalties {
    double W_l1, W_l2, H_l1, H_l2;
} nmfi_penalties;
nmfi_penalties nmfi_penalties_of(const nmf_options *options, int64_t m, int64_t n, double scale,
                                 double beta);
/* Of one factor, whose sums are those of the pair that is meant. */
double nmfi_penalty(const nmfi_factor *factor, int64_t k);
/* The same at the incumbent, whatever was last summed up. */
double nmfi_penalty_of_incumbent(const nmfi_fit *fit, const nmfi_factor *factor);
/* The Gram matrix a rule works with: l2 goes onto the diagonal of gram_f64; gram is the same in T,
 * and inverse its inverted diagonal. A component that is all zero cannot lower the loss: 0 leaves
 * what multiplies it as it is, and where that pays a penalty l1, a large number takes it to 0. */
void nmfi_gram_for_rule(const nmfi_kernels *kernels, int64_t k, double l1, double l2,
                        double *gram_f64, void *gram, void *inverse);

/* Nothing holds the scales of W and H: w_j c and h_j / c are as good for any c > 0. */
int nmfi_scales_are_free(const nmfi_fit *fit);

/* In the caller's unit, from the loss of scaled X. */
double nmfi_loss_for_user(const nmfi_fit *fit, double loss);
double nmfi_error_for_user(const nmfi_fit *fit, double error);
/* The Frobenius error beside ||X||; another loss beside that of the rank-one fit, which explains
 * nothing but X's sums. */
double nmfi_relative_error(const nmfi_fit *fit);

/* The balanced, scale-free KKT residual of what was last measured. */
double nmfi_kkt(const nmfi_fit *fit);

#endif
