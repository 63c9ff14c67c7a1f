/* The dense source: lends rows whose columns lie side by side, gathers them otherwise. */
#include "data/source.h"

#include <string.h>

static int64_t no_buffer(const nmfi_source *source, int64_t rows)
{
    (void)source, (void)rows;
    return 0;
}

static nmf_status lend(const nmfi_source *source, int64_t first, int64_t count, void *buffer,
                       nmfi_block *block, nmf_error *error)
{
    (void)buffer, (void)error;
    const nmf_dense *d = &source->dense;
    const int64_t offset = first * d->row_stride * (int64_t)nmf_dtype_bytes(d->dtype);
    const nmfi_rows rows = {(const char *)d->data + offset, d->row_stride, count, d->columns};
    *block = (nmfi_block){.X = rows, .dtype = d->dtype};
    return NMF_OK;
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

static int64_t gathered_bytes(const nmfi_source *source, int64_t rows)
{
    return rows * source->columns * (int64_t)nmf_dtype_bytes(source->dtype);
}

static nmf_status gather(const nmfi_source *source, int64_t first, int64_t count, void *buffer,
                         nmfi_block *block, nmf_error *error)
{
    (void)error;
    const nmf_dense *d = &source->dense;
    const int64_t bytes = (int64_t)nmf_dtype_bytes(d->dtype);
    const void *from = (const char *)d->data + first * d->row_stride * bytes;
    switch (bytes) {
    case 1: gather_uint8_t(from, d, count, buffer); break;
    case 2: gather_uint16_t(from, d, count, buffer); break;
    case 4: gather_uint32_t(from, d, count, buffer); break;
    default: gather_uint64_t(from, d, count, buffer); break;
    }
    *block = (nmfi_block){.X = {buffer, d->columns, count, d->columns}, .dtype = d->dtype};
    return NMF_OK;
}

nmfi_source nmfi_source_dense(const nmf_dense *dense)
{
    const int lends = dense->column_stride == 1 || dense->columns == 1;
    const nmfi_source source = {.rows = dense->rows,
                                .columns = dense->columns,
                                .stored = dense->rows * dense->columns,
                                .dtype = dense->dtype,
                                .in_memory = 1,
                                .by_columns = dense->column_stride != 1 && dense->row_stride == 1 &&
                                              dense->columns > 1,
                                .can_transpose = dense->row_stride == 1 || dense->rows == 1,
                                .buffer_bytes = lends ? no_buffer : gathered_bytes,
                                .read = lends ? lend : gather,
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

nmfi_source nmfi_source_packed(nmf_dtype dtype, const void *data, int64_t rows, int64_t columns)
{
    const nmf_dense dense = {data, dtype, rows, columns, columns, 1};
    return nmfi_source_dense(&dense);
}

#define TRANSPOSE(type) \
    static void transpose_##type(const nmfi_rows *X, type *to, int64_t stride) \
    { \
        const type *from = X->data; \
        for (int64_t j = 0; j < X->columns; j++) \
            for (int64_t i = 0; i < X->rows; i++) \
                to[j * stride + i] = from[i * X->row_stride + j]; \
    }
TRANSPOSE(uint8_t)
TRANSPOSE(uint16_t)
TRANSPOSE(uint32_t)
TRANSPOSE(uint64_t)

void nmfi_block_transpose(const nmfi_block *block, int64_t first, void *to, int64_t stride)
{
    const size_t bytes = nmf_dtype_bytes(block->dtype);
    void *const at = (char *)to + (size_t)first * bytes;
    switch (bytes) {
    case 1: transpose_uint8_t(&block->X, at, stride); break;
    case 2: transpose_uint16_t(&block->X, at, stride); break;
    case 4: transpose_uint32_t(&block->X, at, stride); break;
    default: transpose_uint64_t(&block->X, at, stride); break;
    }
}
