/* HALS where each row misses some entries of X, few beside those that it sees (rule_downdated.c). */
#ifndef NMFI_RULE_DOWNDATED_H
#define NMFI_RULE_DOWNDATED_H

#include "rule/rule.h"

/* Entries that were not observed, line by line, with what is filled in for them. */
typedef struct nmfi_hole_lines {
    int64_t *pointers; /* lines + 1: line i has entries [pointers[i], pointers[i + 1]) */
    int32_t *indices;  /* ascending in each line */
    void *values;      /* T */
} nmfi_hole_lines;

typedef struct nmfi_downdated_rule {
    const nmfi_hals_rule *hals; /* the step; its Gram matrix as if all entries were seen */
    /* Of the factor's rows from `first` on, filled in with values on the pass's scale. */
    const nmfi_hole_lines *holes;
    int64_t first;
    const void *F; /* the other factor by rows, zeros up to the stride */
    int64_t stride;
    double l2; /* which the Gram matrix has */
    /* X beside it, T: entry (first + i, c) at i row_stride + c column_stride, times `scale`. */
    const void *X;
    int64_t columns, row_stride, column_stride;
    double scale;
} nmfi_downdated_rule;
nmfi_rule nmfi_rule_downdated(const nmfi_downdated_rule *context);
int64_t nmfi_downdated_stride(int64_t k);
/* What it works in, in a tile's scratch. */
int64_t nmfi_downdated_scratch_bytes(int64_t k, int64_t bytes);

#endif
