/* What the entries of a factor may be, from what the caller said (nmfkit/constraints.h) to the arrays that rules
 * read (nmfi_allowed): fit and transform alike. */
#ifndef NMFI_FIT_LIMITS_H
#define NMFI_FIT_LIMITS_H

#include "kernel/kernel.h"
#include "pass/pass.h"
#include "rule/rule.h"

#include <nmfkit/options.h>

/* Of one factor, borrowed. The factor's matrix is rows x columns: W samples x k, H k x features. */
typedef struct nmfi_limits {
    const char *name; /* "W", "H" */
    int is_W;
    int64_t rows, columns;
    const nmf_matrix *known, *keep; /* its first columns (W) or rows (H); NULL */
    const nmf_matrix *lower, *upper;
    double low, high; /* of every entry */
    int sums_to_one;  /* rows; of W only: rows of H are brought there by their scale */
    int binds;        /* there is one: not every entry may be anything from 0 up */
} nmfi_limits;

/* What follows is for limits that bind: of others there is nothing to check, to lay out or to fill in. */

/* Whether no entry may move. */
int nmfi_limits_fix_all(const nmfi_limits *limits);

/* Errors: SHAPE; DATA (an entry that is not allowed, a bound below another, sums that cannot be had; the first
 * is named). */
nmf_status nmfi_limits_check(const nmfi_limits *limits, nmf_error *error);

/* Memory of nmfi_limits_fill, from an arena. */
nmfi_allowed nmfi_limits_layout(nmfi_arena *arena, int64_t k, const nmfi_partition *along,
                                int64_t bytes);
/* Of the rows (columns of H) that `along` has. Times `root`, by which the factor is scaled; padding is 0 and
 * infinity. `held`, unless NULL: k, 1 where the component's scale is not free. Returns whether every entry
 * is fixed. */
int nmfi_limits_fill(const nmfi_limits *limits, const nmfi_kernels *kernels, int64_t k,
                     const nmfi_partition *along, double root, nmfi_allowed *allowed,
                     unsigned char *held);

#endif
