/* The source contract: rows of X, lent where they lie or read into a buffer; or the lines of a
 * sparse X.
 *
 * A pass asks for rows [first, first + count), columns side by side, and neither knows nor cares
 * where they come from; it may be told that they cannot be had. Storage type is not compute type:
 * rows come in the type they are stored in. */
#ifndef NMFI_DATA_SOURCE_H
#define NMFI_DATA_SOURCE_H

#include "kernel/kernel.h"

#include <nmfkit/matrix.h>

/* Some rows of X, as they are stored. */
typedef struct nmfi_block {
    nmfi_rows X;
    nmf_dtype dtype;
} nmfi_block;

typedef enum nmfi_source_kind { NMFI_SOURCE_DENSE, NMFI_SOURCE_SPARSE } nmfi_source_kind;

typedef struct nmfi_source nmfi_source;
struct nmfi_source {
    nmfi_source_kind kind;
    int64_t rows, columns;
    int64_t stored; /* entries: all, or those that a sparse X has */
    nmf_dtype dtype;
    int by_columns;    /* 1: its transpose is read more easily */
    int can_transpose; /* 1: its transpose is read without a copy */
    int is_transposed; /* 1: its rows are features */
    /* Bytes of the buffer that so many rows need: 0 where they are lent. */
    int64_t (*buffer_bytes)(const nmfi_source *source, int64_t rows);
    /* The `count` rows from `first` on, lent or in `buffer`. Thread-safe for distinct buffers. Errors:
     * its own, named as it names them. */
    nmf_status (*read)(const nmfi_source *source, int64_t first, int64_t count, void *buffer,
                       nmfi_block *block, nmf_error *error);
    nmf_dense dense; /* what the dense source reads */
    nmf_sparse
        sparse;  /* what the sparse source has: it is visited by its lines, not read by rows */
    int ascends; /* the indices of each of its lines do */
};

nmfi_source nmfi_source_of(const nmf_matrix *matrix);

/* Rows of a dense view, whatever its strides. */
nmfi_source nmfi_source_dense(const nmf_dense *dense);

/* The same matrix with samples and features changed over: no data moves. */
nmfi_source nmfi_source_transposed(const nmfi_source *source);
nmf_dense nmfi_transposed(const nmf_dense *dense);

#endif
