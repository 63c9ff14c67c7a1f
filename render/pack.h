/* Matrices inside a page: rows rounded to whole numbers of 8 or 16 bits with a scale each, all entries
 * or, where that is shorter, those that are not 0. */
#ifndef NMFI_RENDER_PACK_H
#define NMFI_RENDER_PACK_H

#include "buffer.h"

typedef struct nmfi_packed_rows {
    int64_t rows, columns;
    /* Writes row `row` (columns entries; NaN: there is none) into `out`; asked for each row twice. */
    nmf_status (*copy)(const void *context, int64_t row, double *out, nmf_error *error);
    const void *context;
} nmfi_packed_rows;

/* Adds {"rows", "columns", "bytes": 1|2, "scales", "values", and of sparse ones "pointers",
 * "indices", "index_bytes"}: entry = value * scale of its row, little-endian base64. Where some entry
 * is below 0, "lows" has a number for each row that is added to its entries. Where there are holes,
 * "seen" has a bit for each entry, 0 for a hole: the lowest bit of a byte first, each row begins a byte.
 * Whole numbers up to 65535 are exact, others are off by at most 1/131070 of their row's range. */
nmf_status nmfi_pack_rows(const nmfi_packed_rows *rows, nmfi_buffer *buffer, nmf_error *error);

#endif
