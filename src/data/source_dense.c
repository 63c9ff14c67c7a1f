/* The dense source: lends rows whose columns lie side by side, gathers them otherwise. */
#include "data/source.h"

#include <string.h>

static const void *lend(const nmfi_source *source, int64_t first, int64_t count, void *buffer,
                        int64_t *row_stride)
{
    (void)count;
    (void)buffer;
    *row_stride = source->dense.row_stride;
    const int64_t offset = first * source->dense.row_stride;
    return (const char *)source->dense.data + offset * (int64_t)nmf_dtype_bytes(source->dtype);
}

/* Copies count x columns elements of one type; the inner loop runs along the smaller stride of
 * X. */
#define GATHER(type) \
    static void gather_##type(const type *from, const nmf_dense *d, int64_t count, type *to) \
    { \
        if (d->row_stride == 1) \
            for (int64_t j = 0; j < d->columns; j++) \
                for (int64_t i = 0; i < count; i++) \
                    to[i * d->columns + j] = from[i + j * d->column_stride]; \
        else \
            for (int64_t i = 0; i < count; i++) \
                for (int64_t j = 0; j < d->columns; j++) \
                    to[i * d->columns + j] = from[i * d->row_stride + j * d->column_stride]; \
    }
GATHER(uint8_t)
GATHER(uint16_t)
GATHER(uint32_t) /* f32 and f64 travel as their bits */
GATHER(uint64_t)

static const void *fill(const nmfi_source *source, int64_t first, int64_t count, void *buffer,
                        int64_t *row_stride)
{
    const nmf_dense *d = &source->dense;
    const int64_t bytes = (int64_t)nmf_dtype_bytes(d->dtype);
    const void *from = (const char *)d->data + first * d->row_stride * bytes;
    switch (bytes) {
    case 1: gather_uint8_t(from, d, count, buffer); break;
    case 2: gather_uint16_t(from, d, count, buffer); break;
    case 4: gather_uint32_t(from, d, count, buffer); break;
    default: gather_uint64_t(from, d, count, buffer); break;
    }
    *row_stride = d->columns;
    return buffer;
}

nmfi_source nmfi_source_dense(const nmf_dense *dense)
{
    const int lends = dense->column_stride == 1 || dense->columns == 1;
    const nmfi_source source = {.kind = NMFI_SOURCE_DENSE,
                                .rows = dense->rows,
                                .columns = dense->columns,
                                .stored = dense->rows * dense->columns,
                                .dtype = dense->dtype,
                                .by_columns = dense->column_stride != 1 && dense->row_stride == 1 &&
                                              dense->columns > 1,
                                .can_transpose = dense->row_stride == 1 || dense->rows == 1,
                                .lends = lends,
                                .fetch = lends ? lend : fill,
                                .dense = *dense};
    return source;
}

nmf_dense nmfi_transposed(const nmf_dense *dense)
{
    nmf_dense transposed = *dense;
    transposed.rows = dense->columns;
    transposed.columns = dense->rows;
    transposed.row_stride = dense->column_stride;
    transposed.column_stride = dense->row_stride;
    return transposed;
}
