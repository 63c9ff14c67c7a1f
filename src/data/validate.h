/* Entries that cannot be factorized: found in a block, and named. */
#ifndef NMFI_DATA_VALIDATE_H
#define NMFI_DATA_VALIDATE_H

#include "data/source.h"

/* NaN, infinite, or negative where that is not allowed. */
typedef struct nmfi_bad_entry {
    int64_t sample, feature; /* sample -1: there is none */
    double value;
} nmfi_bad_entry;

/* In the order of the samples, and none last. */
int nmfi_bad_entry_before(const nmfi_bad_entry *a, const nmfi_bad_entry *b);

/* `first` becomes the first bad entry of a block of rows, or of lines [begin, end), where that comes
 * before it; the row counted as 0 there is number first_row; `transposed`: the rows are features. */
void nmfi_find_bad_entry(const nmfi_block *block, int64_t first_row, int transposed, int signed_ok,
                         nmfi_bad_entry *first);
void nmfi_find_bad_stored(const nmf_sparse *s, int64_t begin, int64_t end, int64_t first_row,
                          int transposed, int signed_ok, nmfi_bad_entry *first);

/* The failure that names it. */
nmf_status nmfi_bad_entry_name(const nmfi_bad_entry *bad, nmf_error *error);

#endif
