/* See bounded_tile.h. */
#include "rule/bounded_tile.h"

#include "rule/bounded_row.h"

#include <float.h>

void nmfi_bound_hals(const nmfi_kernels *kernels, const nmfi_allowed *allowed, int64_t ld,
                     const nmfi_tile *tile, nmfi_hals *hals)
{
    const int64_t at = tile->first * kernels->element_bytes;
    if (!allowed->lower) return;
    hals->lower = (const char *)allowed->lower + at;
    hals->upper = (const char *)allowed->upper + at;
    hals->ldb = ld;
}

void nmfi_clamp_tile(const nmfi_kernels *kernels, const nmfi_allowed *allowed,
                     const nmfi_tile *tile, const nmfi_hals *hals)
{
    if (!allowed->lower) return;
    kernels->clamp(hals->x, hals->ldx, hals->lower, hals->upper, hals->ldb, hals->k, tile->rows,
                   allowed->sum);
}

static double entry(const nmfi_kernels *kernels, const void *array, int64_t at)
{
    return kernels->element_bytes == 4 ? (double)((const float *)array)[at]
                                       : ((const double *)array)[at];
}

/* One lane in f64: x, its products less l1, its bounds. */
typedef struct lane_numbers {
    double *x, *p, *g, *pg;
    nmfi_row_bounds bounds;
    void *rest;
} lane_numbers;

static lane_numbers take_lane(const nmfi_kernels *kernels, const nmfi_hals *hals, double sum,
                              int64_t lane, double *work)
{
    const int64_t k = hals->k;
    double *lower = work + 4 * k, *upper = work + 5 * k;
    const lane_numbers taken = {
        work, work + k, work + 2 * k, work + 3 * k, {lower, upper, sum, k}, work + 6 * k};
    for (int64_t j = 0; j < k; j++) {
        taken.x[j] = entry(kernels, hals->x, j * hals->ldx + lane);
        taken.p[j] = entry(kernels, hals->p, j * hals->ldp + lane) - hals->l1;
        lower[j] = entry(kernels, hals->lower, j * hals->ldb + lane);
        upper[j] = entry(kernels, hals->upper, j * hals->ldb + lane);
    }
    return taken;
}

/* g = Gx - p; 1/2 x'Gx - p'x. */
static double value_at(const lane_numbers *of, const double *gram)
{
    const int64_t k = of->bounds.k;
    double value = 0;
    for (int64_t j = 0; j < k; j++) {
        of->g[j] = -of->p[j];
        for (int64_t l = 0; l < k; l++) of->g[j] += gram[j * k + l] * of->x[l];
        value += 0.5 * of->x[j] * (of->g[j] - of->p[j]);
    }
    return value;
}

double nmfi_solve_lane(const nmfi_kernels *kernels, const nmfi_hals *hals, const double *gram,
                       double sum, int64_t lane, double *work)
{
    const lane_numbers of = take_lane(kernels, hals, sum, lane, work);
    const double before = value_at(&of, gram);
    nmfi_row_solve(&of.bounds, gram, of.p, DBL_EPSILON, of.x, of.rest);
    for (int64_t j = 0; j < hals->k; j++)
        kernels->from_f64(of.x + j,
                          (char *)hals->x + (j * hals->ldx + lane) * kernels->element_bytes, 1);
    return before - value_at(&of, gram);
}

double nmfi_measure_tile(const nmfi_kernels *kernels, const nmfi_allowed *allowed,
                         const nmfi_tile *tile, const nmfi_hals *hals, const double *gram,
                         double *work)
{
    nmfi_sums *sums = tile->sums;
    double value = 0;
    if (!(allowed->sum > 0)) return kernels->measure(hals, sums->pg2, sums->ref2);
    for (int64_t lane = 0; lane < tile->rows; lane++) {
        const lane_numbers of = take_lane(kernels, hals, allowed->sum, lane, work);
        value += value_at(&of, gram);
        nmfi_row_project_gradient(&of.bounds, of.x, of.g, of.pg);
        for (int64_t j = 0; j < hals->k; j++) {
            const double product = of.p[j] + hals->l1;
            sums->pg2[j] += of.pg[j] * of.pg[j];
            sums->ref2[j] += product * product;
        }
    }
    return value;
}
