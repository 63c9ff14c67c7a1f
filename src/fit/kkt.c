/* The KKT residual that fits stop by. It is free of scales: gradients are measured after balancing
 * ||w_j|| = ||h_j|| (a rescaling that changes no product WH) and against the products X H' and X'W
 * they are differences of, so that neither X's units nor the start matter:
 *
 *   kkt^2 = sum_j (|PG_W|_j^2 / c_j^2 + |PG_H|_j^2 c_j^2)
 *           / sum_j (|X H'|_j^2 / c_j^2 + |X'W|_j^2 c_j^2),
 *   c_j^2 = ||h_j|| / ||w_j||, PG = gradient where the entry is positive, else its negative
 * part. */
#include "fit/loss.h"

#include <math.h>

double nmfi_kkt(const nmfi_fit *fit)
{
    const nmfi_factor *W = &fit->W, *H = &fit->H;
    const int balance =
        nmfi_scales_are_free(fit); /* penalties fix the scales: nothing to balance */
    double residual = 0, reference = 0;
    for (int64_t j = 0; j < fit->k; j++) {
        const double w = W->gram[j * fit->k + j], h = H->gram[j * fit->k + j];
        const double c2 = balance && w > 0 && h > 0 ? sqrt(h / w) : 1.0;
        residual += W->pg2[j] / c2 + H->pg2[j] * c2;
        reference += W->ref2[j] / c2 + H->ref2[j] * c2;
    }
    return reference > 0 ? sqrt(residual / reference) : 0.0;
}
