/* Entry-wise looks at a dense matrix: one value, rows converted, the fingerprint. Loops over X that
 * must be fast are kernels; these serve readers, writers and messages. */
#include "data/matrix.h"

#include <float.h>
#include <math.h>
#include <string.h>

static double entry(const nmf_dense *d, int64_t row, int64_t column)
{
    const int64_t at = row * d->row_stride + column * d->column_stride;
    switch (d->dtype) {
    case NMF_U8: return ((const uint8_t *)d->data)[at];
    case NMF_U16: return ((const uint16_t *)d->data)[at];
    case NMF_F32: return (double)((const float *)d->data)[at];
    case NMF_F64: return ((const double *)d->data)[at];
    }
    return 0.0;
}

double nmf_matrix_at(const nmf_matrix *matrix, int64_t row, int64_t column)
{
    return entry(&matrix->dense, row, column);
}

static double clamp(double value, double highest)
{
    return value >= highest ? highest : value > 0.0 ? value : 0.0; /* NaN becomes 0 */
}

static void store(nmf_dtype dtype, void *out, int64_t at, double value)
{
    switch (dtype) {
    case NMF_U8: ((uint8_t *)out)[at] = (uint8_t)clamp(value, 255.0); break;
    case NMF_U16: ((uint16_t *)out)[at] = (uint16_t)clamp(value, 65535.0); break;
    case NMF_F32: /* NaN and infinities stay what they are */
        ((float *)out)[at] = isfinite(value) && fabs(value) > (double)FLT_MAX
                                 ? (value < 0 ? -FLT_MAX : FLT_MAX)
                                 : (float)value;
        break;
    case NMF_F64: ((double *)out)[at] = value; break;
    }
}

nmf_status nmf_matrix_copy_rows(const nmf_matrix *matrix, int64_t first, int64_t count,
                                nmf_dtype dtype, void *out, nmf_error *error)
{
    const nmf_dense *d = &matrix->dense;
    if (nmf_dtype_bytes(dtype) == 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "dtype %d is not one of uint8, uint16, float32, float64", (int)dtype);
    if (first < 0 || count < 0 || first > d->rows || count > d->rows - first)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%lld rows from row %lld on are not all in 0 to %lld", (long long)count,
                        (long long)first, (long long)d->rows - 1);
    const size_t bytes = nmf_dtype_bytes(d->dtype);
    for (int64_t i = 0; i < count; i++) {
        const int64_t row = first + i;
        if (dtype == d->dtype && d->column_stride == 1) {
            const char *from = (const char *)d->data + row * d->row_stride * (int64_t)bytes;
            if (d->columns > 0)
                memcpy((char *)out + (size_t)(i * d->columns) * bytes, from,
                       (size_t)d->columns * bytes);
            continue;
        }
        for (int64_t j = 0; j < d->columns; j++)
            store(dtype, out, i * d->columns + j, entry(d, row, j));
    }
    return NMF_OK;
}

static uint64_t mix(uint64_t digest, uint64_t word)
{
    return (digest ^ word) * UINT64_C(0x100000001B3);
}

uint64_t nmf_matrix_fingerprint(const nmf_matrix *matrix)
{
    const nmf_dense *d = &matrix->dense;
    uint64_t digest = UINT64_C(0xCBF29CE484222325);
    digest = mix(mix(mix(digest, (uint64_t)d->rows), (uint64_t)d->columns), (uint64_t)d->dtype);
    const size_t bytes = nmf_dtype_bytes(d->dtype);
    uint64_t word = 0;
    size_t filled = 0;
    const int64_t rows = d->columns > 0 ? d->rows : 0; /* 10^18 rows of nothing take no time */
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < d->columns; j++) {
            const int64_t at = i * d->row_stride + j * d->column_stride;
            memcpy((char *)&word + filled, (const char *)d->data + at * (int64_t)bytes, bytes);
            filled += bytes;
            if (filled < sizeof word) continue;
            digest = mix(digest, word);
            digest ^= digest >> 32; /* FNV alone never brings high bits down */
            filled = 0;
            word = 0;
        }
    return filled ? mix(digest, word) : digest;
}
