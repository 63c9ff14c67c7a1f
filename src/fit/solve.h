/* How precisely a row of W is solved, one place for the fit's last visit and for transform. */
#ifndef NMFI_FIT_SOLVE_H
#define NMFI_FIT_SOLVE_H

#include "rule/rule.h"

#include <float.h>

/* Rows are done when what moves them, beside their products, is no more than rounding. */
static inline nmfi_solve_rule nmfi_solving(const nmfi_kernels *kernels, int64_t k, int64_t ld,
                                           const void *gram, const void *inverse,
                                           const double *gram_f64, double l1, void *result)
{
    const double accuracy = 16 * (kernels->element_bytes == 4 ? (double)FLT_EPSILON : DBL_EPSILON);
    const nmfi_solve_rule rule = {kernels, k, ld, gram, inverse, gram_f64, l1, accuracy, result};
    return rule;
}

#endif
