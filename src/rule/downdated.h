/* HALS where each row misses some entries of X, few beside those that it sees (rule_downdated.c). */
#ifndef NMFI_RULE_DOWNDATED_H
#define NMFI_RULE_DOWNDATED_H

#include "data/holes.h"
#include "rule/rule.h"

typedef struct nmfi_downdated_rule {
    const nmfi_hals_rule *hals; /* the step; its Gram matrix as if all entries were seen */
    const nmfi_hole_lines
        *holes;    /* of the factor's rows, filled in with values on the pass's scale */
    const void *F; /* the other factor by rows, zeros up to the stride */
    int64_t stride;
    double l2; /* which the Gram matrix has */
    /* X beside it, T: entry (i, c) at i row_stride + c column_stride, times `scale`. */
    const void *X;
    int64_t columns, row_stride, column_stride;
    double scale;
} nmfi_downdated_rule;
nmfi_rule nmfi_rule_downdated(const nmfi_downdated_rule *context);
int64_t nmfi_downdated_stride(int64_t k);
/* What it works in, in a tile's scratch. */
int64_t nmfi_downdated_scratch_bytes(int64_t k, int64_t bytes);

#endif
