/* One row's non-negative least squares problem, exactly: find the set F of free coordinates with
 * x_F = G_FF^-1 p_F >= 0 and gradient y = G x - p >= 0 elsewhere, by exchanging all coordinates that violate
 * either at once, with the single-exchange fallback that makes it finite.
 * Source: Kim & Park 2011 (block principal pivoting); Judice & Pires 1994 (the fallback). */
#include "rule/rule.h"

#include <math.h>
#include <string.h>

int64_t nmfi_pivot_work(int64_t k)
{
    return k * k + 4 * k;
}

/* Solves G_FF s = p_F by Cholesky; L is nf x nf. A pivot that vanishes (dependent components) leaves its
 * coordinate at zero, which is a solution of the consistent system. */
static void solve_free(const double *gram, const double *p, int64_t k, const double *set, int64_t nf,
                       double *L, double *s)
{
    for (int64_t i = 0; i < nf; i++) {
        const int64_t fi = (int64_t)set[i];
        for (int64_t j = 0; j <= i; j++) {
            double sum = gram[fi * k + (int64_t)set[j]];
            for (int64_t l = 0; l < j; l++) sum -= L[i * nf + l] * L[j * nf + l];
            if (i != j) L[i * nf + j] = L[j * nf + j] > 0 ? sum / L[j * nf + j] : 0.0;
            else L[i * nf + i] = sum > 1e-14 * gram[fi * k + fi] ? sqrt(sum) : 0.0;
        }
    }
    for (int64_t i = 0; i < nf; i++) {
        double sum = p[(int64_t)set[i]];
        for (int64_t l = 0; l < i; l++) sum -= L[i * nf + l] * s[l];
        s[i] = L[i * nf + i] > 0 ? sum / L[i * nf + i] : 0.0;
    }
    for (int64_t i = nf - 1; i >= 0; i--) {
        double sum = s[i];
        for (int64_t l = i + 1; l < nf; l++) sum -= L[l * nf + i] * s[l];
        s[i] = L[i * nf + i] > 0 ? sum / L[i * nf + i] : 0.0;
    }
}

/* x on the free set and the gradient off it; counts the coordinates that violate their sign. */
static int64_t evaluate(const double *gram, const double *p, int64_t k, const double *set, int64_t nf,
                        const double *s, const double *is_free, double *value)
{
    int64_t violations = 0;
    for (int64_t i = 0; i < nf; i++) value[(int64_t)set[i]] = s[i];
    for (int64_t j = 0; j < k; j++) {
        if (is_free[j] != 0) {
            violations += value[j] < 0;
            continue;
        }
        double gradient = -p[j];
        for (int64_t i = 0; i < nf; i++) gradient += gram[j * k + (int64_t)set[i]] * s[i];
        const double rounding = 1e-13 * fabs(p[j]);
        value[j] = gradient < -rounding && gram[j * k + j] > 0 ? gradient : 0.0;
        violations += value[j] < 0;
    }
    return violations;
}

void nmfi_pivot(const double *gram, const double *p, int64_t k, double *x, double *work)
{
    double *L = work, *set = L + k * k, *s = set + k, *is_free = s + k, *value = is_free + k;
    int64_t fewest = k + 1, patience = 3, nf = 0;
    for (int64_t j = 0; j < k; j++) is_free[j] = x[j] > 0;
    for (int64_t round = 0; round < 10 * k + 50; round++) {
        nf = 0;
        for (int64_t j = 0; j < k; j++)
            if (is_free[j] != 0) set[nf++] = (double)j;
        solve_free(gram, p, k, set, nf, L, s);
        const int64_t violations = evaluate(gram, p, k, set, nf, s, is_free, value);
        if (violations == 0) break;
        const int all = violations < fewest || patience > 0;
        if (violations < fewest) {
            fewest = violations;
            patience = 3;
        } else {
            patience--;
        }
        for (int64_t j = k - 1; j >= 0; j--)
            if (value[j] < 0) {
                is_free[j] = is_free[j] != 0 ? 0.0 : 1.0;
                if (!all) break; /* the last one only: this cannot cycle */
            }
    }
    for (int64_t j = 0; j < k; j++) x[j] = is_free[j] != 0 && value[j] > 0 ? value[j] : 0.0;
}
