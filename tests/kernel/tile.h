/* A tile of non-negative least squares problems, in f64 for the reference and in T for a table. */
#ifndef TESTS_KERNEL_TILE_H
#define TESTS_KERNEL_TILE_H

#include "support.h"

typedef struct tile_problem {
    int64_t k, lanes, ldx, ldp;
    double *G, *p, *x; /* k x k; k x ldp; k x ldx, the start */
    double l1;
    double contraction; /* largest sum of |G_jl| over l != j, against G_jj */
} tile_problem;

/* G is symmetric and twice as heavy on its diagonal as beside it, so a sweep halves the distance to
 * the solution at least. Component `dead` (-1: none) has neither products nor a place in G. */
tile_problem tile_make(int64_t k, int64_t lanes, double l1, int64_t dead);
void tile_free(tile_problem *problem);

/* The same in T, ready for the hals, solve and measure kernels. */
nmfi_hals tile_open(const nmfi_kernels *table, const tile_problem *problem);
void tile_close(nmfi_hals *tile);

/* r = p - l1 - G x of one coordinate in f64; the magnitude is |p| + l1 + |G| |x|. */
double tile_residual(const tile_problem *problem, const double *x, int64_t j, int64_t lane,
                     double *magnitude);

/* 1/2 x'Gx - (p - l1)'x of one lane. */
double tile_objective(const tile_problem *problem, const double *x, int64_t lane);

double *tile_result(const nmfi_kernels *table, const nmfi_hals *tile); /* x as f64; free() it */

#endif
