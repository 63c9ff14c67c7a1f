/* See pack.h. */
#include "pack.h"

#include <math.h>
#include <stdlib.h>

#define LEVELS 65535.0

typedef struct packing {
    const nmfi_packed_rows *from;
    double *row, *scales;
    int64_t filled; /* entries that are not rounded to 0 */
    int bytes;      /* of a value */
} packing;

static double scale_of(const double *row, int64_t count, int *fits_a_byte)
{
    double largest = 0.0;
    int whole = 1;
    for (int64_t j = 0; j < count; j++) {
        largest = fmax(largest, row[j]);
        whole = whole && row[j] == floor(row[j]);
    }
    whole = whole && largest <= LEVELS;
    *fits_a_byte = *fits_a_byte && whole && largest <= 255.0;
    return whole ? 1.0 : largest / LEVELS;
}

static int64_t level_of(double entry, double scale)
{
    return scale > 0.0 && entry > 0.0 ? (int64_t)floor(fmin(entry / scale, LEVELS) + 0.5) : 0;
}

static nmf_status measure(packing *p, nmf_error *error)
{
    int fits_a_byte = 1;
    for (int64_t i = 0; i < p->from->rows; i++) {
        const nmf_status status = p->from->copy(p->from->context, i, p->row, error);
        if (status != NMF_OK) {
            return status;
        }
        p->scales[i] = scale_of(p->row, p->from->columns, &fits_a_byte);
        for (int64_t j = 0; j < p->from->columns; j++) {
            p->filled += level_of(p->row[j], p->scales[i]) > 0;
        }
    }
    p->bytes = fits_a_byte ? 1 : 2;
    return NMF_OK;
}

static void add_little_endian(nmfi_buffer *bytes, int64_t value, int count)
{
    for (int i = 0; i < count; i++) {
        const char byte = (char)(value >> (8 * i) & 255);
        nmfi_buffer_add(bytes, &byte, 1);
    }
}

static nmf_status write(packing *p, int sparse, nmfi_buffer *buffer, nmf_error *error)
{
    nmfi_buffer values = {NULL, 0, 0, 0}, indices = {NULL, 0, 0, 0};
    const int index_bytes = p->from->columns <= 65536 ? 2 : 4;
    int64_t entries = 0;
    nmf_status status = NMF_OK;
    nmfi_buffer_text(buffer, sparse ? ",\"pointers\":[0" : "");
    for (int64_t i = 0; i < p->from->rows && status == NMF_OK; i++) {
        status = p->from->copy(p->from->context, i, p->row, error);
        for (int64_t j = 0; j < p->from->columns && status == NMF_OK; j++) {
            const int64_t level = level_of(p->row[j], p->scales[i]);
            if (level > 0 || !sparse) {
                add_little_endian(&values, level, p->bytes);
                entries++;
                if (sparse) {
                    add_little_endian(&indices, j, index_bytes);
                }
            }
        }
        if (sparse) {
            nmfi_buffer_format(buffer, ",%lld", (long long)entries);
        }
    }
    if (sparse) {
        nmfi_buffer_format(buffer, "],\"index_bytes\":%d,\"indices\":", index_bytes);
        nmfi_buffer_base64(buffer, indices.text, indices.used);
    }
    nmfi_buffer_text(buffer, ",\"values\":");
    nmfi_buffer_base64(buffer, values.text, values.used);
    buffer->failed = buffer->failed || values.failed || indices.failed;
    free(values.text);
    free(indices.text);
    return status;
}

nmf_status nmfi_pack_rows(const nmfi_packed_rows *rows, nmfi_buffer *buffer, nmf_error *error)
{
    packing p = {.from = rows};
    p.row = calloc((size_t)rows->columns + 1, sizeof *p.row);
    p.scales = calloc((size_t)rows->rows + 1, sizeof *p.scales);
    nmf_status status =
        p.row != NULL && p.scales != NULL
            ? measure(&p, error)
            : nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld rows", (long long)rows->rows);
    if (status == NMF_OK) {
        nmfi_buffer_format(buffer, "{\"rows\":%lld,\"columns\":%lld,\"bytes\":%d,\"scales\":[",
                           (long long)rows->rows, (long long)rows->columns, p.bytes);
        for (int64_t i = 0; i < rows->rows; i++) {
            nmfi_buffer_text(buffer, i > 0 ? "," : "");
            nmfi_buffer_number(buffer, p.scales[i]);
        }
        nmfi_buffer_text(buffer, "]");
        const int with_index = p.bytes + (rows->columns <= 65536 ? 2 : 4);
        const double all = (double)rows->rows * (double)rows->columns * p.bytes;
        status = write(&p, (double)p.filled * with_index < all, buffer, error);
        nmfi_buffer_text(buffer, "}");
    }
    free(p.row);
    free(p.scales);
    return status;
}
