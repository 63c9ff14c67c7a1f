/* One row's problem where its entries have bounds, and perhaps a sum:
 *
 *   min 1/2 x'Gx - p'x   over   lower <= x <= upper,   and sum x = s where s > 0.
 *
 * The same answers serve fits, transforms and rows whose entries have weights. In f64; k numbers each. */
#ifndef NMFI_RULE_BOUNDED_ROW_H
#define NMFI_RULE_BOUNDED_ROW_H

#include <stdint.h>

typedef struct nmfi_row_bounds {
    const double *lower, *upper; /* equal where an entry is fixed */
    double sum;                  /* 0: any */
    int64_t k;
} nmfi_row_bounds;

/* What of the gradient at an allowed x counts, into pg: -pg is the projection of -g on the directions that
 * stay allowed. 0 at the solution. */
void nmfi_row_project_gradient(const nmfi_row_bounds *bounds, const double *x, const double *g,
                               double *pg);

/* x: in, an allowed row (kernel `clamp`); out, the solution. `rounding` is that of the arithmetic, `work`
 * has room for nmfi_pivot_work_bytes(k) (rule.h), aligned for double. */
void nmfi_row_solve(const nmfi_row_bounds *bounds, const double *gram, const double *p,
                    double rounding, double *x, void *work);

#endif
