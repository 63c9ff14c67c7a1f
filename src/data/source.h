/* The source contract: rows of X, lent where they lie or filled into a buffer.
 *
 * A pass asks for rows [first, first + count), columns side by side, and neither knows nor cares
 * where they come from. Storage type is not compute type: rows come in the type they are stored
 * in. */
#ifndef NMFI_DATA_SOURCE_H
#define NMFI_DATA_SOURCE_H

#include <nmfkit/matrix.h>

typedef struct nmfi_source nmfi_source;
struct nmfi_source {
    int64_t rows, columns;
    nmf_dtype dtype;
    int lends; /* 1: rows() returns the caller's own memory and needs no buffer */
    /* The first of `count` rows, `*row_stride` elements apart. `buffer` holds count * columns
     * elements and is used only where the source does not lend. Thread-safe for distinct
     * buffers. */
    const void *(*fetch)(const nmfi_source *source, int64_t first, int64_t count, void *buffer,
                         int64_t *row_stride);
    nmf_dense dense; /* what the dense source reads */
};

/* Rows of a dense view, whatever its strides. */
nmfi_source nmfi_source_dense(const nmf_dense *dense);

/* The same matrix with samples and features changed over: no data moves. */
nmf_dense nmfi_transposed(const nmf_dense *dense);

#endif
