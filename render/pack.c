/* See pack.h. */
#include "pack.h"

#include <math.h>
#include <stdlib.h>

#define LEVELS 65535.0

typedef struct packing {
    const nmfi_packed_rows *from;
    double *row, *scales;
    double *lows;   /* what is added to the entries of a row: 0, or its lowest below that */
    int64_t filled; /* entries that are not rounded to 0 */
    int bytes;      /* of a value */
    int has_lows, has_holes;
} packing;

static double scale_of(packing *p, int64_t i, int *fits_a_byte)
{
    double largest = 0.0, lowest = 0.0;
    int whole = 1;
    for (int64_t j = 0; j < p->from->columns; j++) {
        const double entry = p->row[j];
        p->has_holes = p->has_holes || isnan(entry);
        largest = fmax(largest, entry); /* which leaves NaN out */
        lowest = fmin(lowest, entry);
        whole = whole && (isnan(entry) || entry == floor(entry));
    }
    p->lows[i] = lowest;
    p->has_lows = p->has_lows || lowest < 0.0;
    const double range = largest - lowest;
    whole = whole && range <= LEVELS;
    *fits_a_byte = *fits_a_byte && whole && range <= 255.0;
    return whole ? 1.0 : range / LEVELS;
}

/* A hole's is 0. */
static int64_t level_of(const packing *p, int64_t i, int64_t j)
{
    const double above = p->row[j] - p->lows[i], scale = p->scales[i];
    return scale > 0.0 && above > 0.0 ? (int64_t)floor(fmin(above / scale, LEVELS) + 0.5) : 0;
}

static nmf_status measure(packing *p, nmf_error *error)
{
    int fits_a_byte = 1;
    for (int64_t i = 0; i < p->from->rows; i++) {
        const nmf_status status = p->from->copy(p->from->context, i, p->row, error);
        if (status != NMF_OK) {
            return status;
        }
        p->scales[i] = scale_of(p, i, &fits_a_byte);
        for (int64_t j = 0; j < p->from->columns; j++) {
            p->filled += level_of(p, i, j) > 0;
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

/* The row's bits, 1 for an entry that is there. */
static void add_seen(const packing *p, nmfi_buffer *seen)
{
    for (int64_t j = 0; j < p->from->columns; j += 8) {
        unsigned byte = 0;
        for (int64_t bit = 0; bit < 8 && j + bit < p->from->columns; bit++) {
            byte |= (unsigned)!isnan(p->row[j + bit]) << bit;
        }
        add_little_endian(seen, byte, 1);
    }
}

static nmf_status write(packing *p, int sparse, nmfi_buffer *buffer, nmf_error *error)
{
    nmfi_buffer values = {NULL, 0, 0, 0}, indices = {NULL, 0, 0, 0}, seen = {NULL, 0, 0, 0};
    const int index_bytes = p->from->columns <= 65536 ? 2 : 4;
    int64_t entries = 0;
    nmf_status status = NMF_OK;
    nmfi_buffer_text(buffer, sparse ? ",\"pointers\":[0" : "");
    for (int64_t i = 0; i < p->from->rows && status == NMF_OK; i++) {
        status = p->from->copy(p->from->context, i, p->row, error);
        for (int64_t j = 0; j < p->from->columns && status == NMF_OK; j++) {
            const int64_t level = level_of(p, i, j);
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
        if (p->has_holes) {
            add_seen(p, &seen);
        }
    }
    if (sparse) {
        nmfi_buffer_format(buffer, "],\"index_bytes\":%d,\"indices\":", index_bytes);
        nmfi_buffer_base64(buffer, indices.text, indices.used);
    }
    nmfi_buffer_text(buffer, ",\"values\":");
    nmfi_buffer_base64(buffer, values.text, values.used);
    if (p->has_holes) {
        nmfi_buffer_text(buffer, ",\"seen\":");
        nmfi_buffer_base64(buffer, seen.text, seen.used);
    }
    buffer->failed = buffer->failed || values.failed || indices.failed || seen.failed;
    free(values.text);
    free(indices.text);
    free(seen.text);
    return status;
}

static void add_numbers(const char *name, const double *numbers, int64_t count, nmfi_buffer *buffer)
{
    nmfi_buffer_format(buffer, ",\"%s\":[", name);
    for (int64_t i = 0; i < count; i++) {
        nmfi_buffer_text(buffer, i > 0 ? "," : "");
        nmfi_buffer_number(buffer, numbers[i]);
    }
    nmfi_buffer_text(buffer, "]");
}

nmf_status nmfi_pack_rows(const nmfi_packed_rows *rows, nmfi_buffer *buffer, nmf_error *error)
{
    packing p = {.from = rows};
    p.row = calloc((size_t)rows->columns + 1, sizeof *p.row);
    p.scales = calloc((size_t)rows->rows + 1, sizeof *p.scales);
    p.lows = calloc((size_t)rows->rows + 1, sizeof *p.lows);
    nmf_status status =
        p.row != NULL && p.scales != NULL && p.lows != NULL
            ? measure(&p, error)
            : nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld rows", (long long)rows->rows);
    if (status == NMF_OK) {
        nmfi_buffer_format(buffer, "{\"rows\":%lld,\"columns\":%lld,\"bytes\":%d",
                           (long long)rows->rows, (long long)rows->columns, p.bytes);
        add_numbers("scales", p.scales, rows->rows, buffer);
        if (p.has_lows) {
            add_numbers("lows", p.lows, rows->rows, buffer);
        }
        const int with_index = p.bytes + (rows->columns <= 65536 ? 2 : 4);
        const double all = (double)rows->rows * (double)rows->columns * p.bytes;
        /* What is not stored is 0, and where something is below that, 0 is not the lowest. */
        const int sparse = !p.has_lows && (double)p.filled * with_index < all;
        status = write(&p, sparse, buffer, error);
        nmfi_buffer_text(buffer, "}");
    }
    free(p.row);
    free(p.scales);
    free(p.lows);
    return status;
}
