/* Matrices inside a page: non-negative rows rounded to whole numbers of 8 or 16 bits with a scale
 * each, all entries or, where that is shorter, those that are not 0. */
#ifndef NMFI_RENDER_PACK_H
#define NMFI_RENDER_PACK_H

#include "buffer.h"

typedef struct nmfi_packed_rows {
    int64_t rows, columns;
    /* Writes row `row` (columns entries >= 0) into `out`; asked for each row twice. */
    nmf_status (*copy)(const void *context, int64_t row, double *out, nmf_error *error);
    const void *context;
} nmfi_packed_rows;

/* Adds {"rows", "columns", "bytes": 1|2, "scales", "values", and of sparse ones "pointers",
 * "indices", "index_bytes"}: entry = value * scale of its row, little-endian base64. Whole numbers
 * up to 65535 are exact, others are off by at most 1/131070 of their row's largest entry. */
nmf_status nmfi_pack_rows(const nmfi_packed_rows *rows, nmfi_buffer *buffer, nmf_error *error);

#endif
