/* The Cholesky factorization of a Gram matrix, by hand: it goes on where LAPACK's stops, at components
 * that depend on others. */
#include "linalg/linalg.h"

#include <math.h>

double nmfi_cholesky_turn(const double *gram, int64_t r, double *L, double *rotation)
{
    static const double dependent = 1e-12; /* of the component's squared norm */
    double least = 1.0;
    for (int64_t i = 0; i < r; i++)
        for (int64_t j = 0; j <= i; j++) {
            double sum = gram[i * r + j];
            for (int64_t l = 0; l < j; l++) sum -= L[i * r + l] * L[j * r + l];
            if (i != j)
                L[i * r + j] = L[j * r + j] > 0 ? sum / L[j * r + j] : 0.0;
            else
                L[i * r + i] = sum > dependent * gram[i * r + i] ? sqrt(sum) : 0.0;
            if (i == j && sum < least * gram[i * r + i]) least = sum / gram[i * r + i];
        }
    for (int64_t i = r - 1; i >= 0; i--) { /* rows of L^-T, the last one first */
        double *row = rotation + i * r;
        for (int64_t j = 0; j < r; j++) row[j] = i == j && L[i * r + i] > 0 ? 1.0 : 0.0;
        for (int64_t l = i + 1; l < r; l++)
            for (int64_t j = l; j < r; j++) row[j] -= L[l * r + i] * rotation[l * r + j];
        for (int64_t j = i; j < r; j++) row[j] = L[i * r + i] > 0 ? row[j] / L[i * r + i] : 0.0;
    }
    return least;
}
