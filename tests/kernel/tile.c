/* See tile.h. */
#include "tile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

tile_problem tile_make(int64_t k, int64_t lanes, double l1, int64_t dead)
{
    tile_problem t = {.k = k, .lanes = lanes, .ldx = lanes, .ldp = lanes + 16, .l1 = l1};
    t.contraction = 0.5;
    t.G = kernel_doubles(k * k);
    t.p = kernel_factor(k, lanes, t.ldp, -2, 6);
    t.x = kernel_factor(k, lanes, t.ldx, -1, 2);
    for (int64_t i = 0; i < k * t.ldx; i++) t.x[i] = t.x[i] > 0 ? t.x[i] : 0; /* a third */
    for (int64_t j = 0; j < k; j++)
        for (int64_t l = 0; l < j; l++) t.G[j * k + l] = t.G[l * k + j] = kernel_uniform(0, 1);
    for (int64_t j = 0; j < k; j++) {
        double beside = 1;
        for (int64_t l = 0; l < k; l++) beside += l == j ? 0 : t.G[j * k + l];
        t.G[j * k + j] = (double)(float)(2.001 * beside);
    }
    if (dead < 0) return t;
    for (int64_t l = 0; l < k; l++) t.G[dead * k + l] = t.G[l * k + dead] = 0;
    for (int64_t lane = 0; lane < lanes; lane++) t.p[dead * t.ldp + lane] = 0;
    return t;
}

void tile_free(tile_problem *problem)
{
    kernel_free(problem->G);
    kernel_free(problem->p);
    kernel_free(problem->x);
}

nmfi_hals tile_open(const nmfi_kernels *table, const tile_problem *problem)
{
    const int64_t k = problem->k;
    double *inverse = kernel_doubles(k);
    for (int64_t j = 0; j < k; j++)
        inverse[j] = problem->G[j * k + j] > 0 ? 1 / problem->G[j * k + j] : 0;
    const nmfi_hals tile = {.x = kernel_block(table, problem->x, k * problem->ldx),
                            .ldx = problem->ldx,
                            .older = kernel_block(table, problem->x, k * problem->ldx),
                            .ahead = kernel_block(table, problem->x, k * problem->ldx),
                            .p = kernel_block(table, problem->p, k * problem->ldp),
                            .ldp = problem->ldp,
                            .gram = kernel_block(table, problem->G, k * k),
                            .inverse = kernel_block(table, inverse, k),
                            .l1 = problem->l1,
                            .k = k,
                            .lanes = problem->lanes,
                            .sweeps = 1};
    kernel_free(inverse);
    return tile;
}

void tile_close(nmfi_hals *tile)
{
    kernel_free(tile->x);
    kernel_free(tile->older);
    kernel_free(tile->ahead);
    kernel_free(tile->p);
    kernel_free(tile->gram);
    kernel_free(tile->inverse);
}

double tile_residual(const tile_problem *problem, const double *x, int64_t j, int64_t lane,
                     double *magnitude)
{
    const double p = problem->p[j * problem->ldp + lane];
    double r = p - problem->l1;
    *magnitude = fabs(p) + problem->l1;
    for (int64_t l = 0; l < problem->k; l++) {
        const double term = problem->G[j * problem->k + l] * x[l * problem->ldx + lane];
        r -= term;
        *magnitude += fabs(term);
    }
    return r;
}

double tile_objective(const tile_problem *problem, const double *x, int64_t lane)
{
    double objective = 0;
    for (int64_t j = 0; j < problem->k; j++) {
        double magnitude;
        const double r = tile_residual(problem, x, j, lane, &magnitude);
        const double p = problem->p[j * problem->ldp + lane];
        objective -=
            0.5 * x[j * problem->ldx + lane] * (p - problem->l1 + r); /* G x = p - l1 - r */
    }
    return objective;
}

double *tile_result(const nmfi_kernels *table, const nmfi_hals *tile)
{
    double *x = kernel_doubles(tile->k * tile->ldx);
    for (int64_t i = 0; i < tile->k * tile->ldx; i++) x[i] = kernel_get(table, tile->x, i);
    return x;
}
