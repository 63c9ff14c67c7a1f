/* The source contract: rows of X, lent where they lie or read into a buffer; or the lines of a
 * sparse X.
 *
 * A pass asks for rows [first, first + count), columns side by side, and neither knows nor cares
 * where they come from; it may be told that they cannot be had. Storage type is not compute type:
 * rows come in the type they are stored in. */
#ifndef NMFI_DATA_SOURCE_H
#define NMFI_DATA_SOURCE_H

#include "base/comm.h"
#include "kernel/kernel.h"

#include <nmfkit/matrix.h>

/* Some rows of X, as they are stored, and how much each entry counts. */
typedef struct nmfi_block {
    nmfi_rows X;
    nmf_dtype dtype;
    nmfi_rows weights; /* data NULL: each counts 1 */
    nmf_dtype weights_dtype;
} nmfi_block;

typedef struct nmfi_source nmfi_source;
struct nmfi_source {
    int64_t rows, columns;
    int64_t stored; /* entries: all, or those that a sparse X has */
    /* Where the rows are shared out among processes: theirs in all, and before the first of these. */
    const nmf_comm *comm; /* NULL: these are all */
    int64_t all_rows, first_row;
    nmf_sparse across; /* then, of a sparse X: the columns whose lines are here */
    nmf_dtype dtype;
    int is_sparse;      /* 1: it is visited by its lines, not read by rows */
    int has_weights;    /* 1: blocks come with weights */
    int in_memory;      /* 1: a second pass costs no more than memory does */
    int by_columns;     /* 1: its transpose is read more easily */
    int can_transpose;  /* 1: its transpose is read without a copy */
    int is_transposed;  /* 1: its rows are features */
    int reads_across;   /* 1: a function reads it against the way its rows lie */
    int64_t least_rows; /* rows that are read no faster when fewer: 0, any number */
    /* Bytes of the buffer that so many rows need: 0 where they are lent. */
    int64_t (*buffer_bytes)(const nmfi_source *source, int64_t rows);
    /* The `count` rows from `first` on, lent or in `buffer`. Thread-safe for distinct buffers. Errors:
     * its own, named as it names them. */
    nmf_status (*read)(const nmfi_source *source, int64_t first, int64_t count, void *buffer,
                       nmfi_block *block, nmf_error *error);
    /* What the sources of this folder read; nobody else looks. */
    nmf_dense dense;
    nmf_sparse sparse;
    int ascends; /* the indices of each line of a sparse one do */
    const nmf_reader *reader;
};

nmfi_source nmfi_source_of(const nmf_matrix *matrix);

/* Rows of a dense view, whatever its strides; of a packed array; that a function reads. */
nmfi_source nmfi_source_dense(const nmf_dense *dense);
nmfi_source nmfi_source_packed(nmf_dtype dtype, const void *data, int64_t rows, int64_t columns);
nmfi_source nmfi_source_rows(const nmf_reader *reader);
nmfi_source nmfi_source_rows_across(const nmfi_source *source); /* its transpose */

/* Rows in all, whoever has them. */
static inline int64_t nmfi_source_all_rows(const nmfi_source *source)
{
    return source->comm ? source->all_rows : source->rows;
}

/* The lines of a sparse source; NULL of others. Those that are not in memory have only their pointers, and
 * are read some rows at a time into a buffer with room for their entries and for count + 1 pointers, which
 * begin at 0. source_lines.c. Errors: the reader's, DATA (indices outside, or that do not ascend). */
const nmf_sparse *nmfi_source_lines(const nmfi_source *source);
nmfi_source nmfi_source_read_lines(const nmf_reader *reader);
/* One that is in memory, to be read like that too: its lines are then lent. */
nmfi_source nmfi_source_as_lines(const nmfi_source *source);
static inline int nmfi_reads_lines(const nmfi_source *source)
{
    return source->is_sparse && !source->in_memory;
}
typedef struct nmfi_line_buffer {
    int64_t *pointers;
    void *indices, *values;
} nmfi_line_buffer;
nmf_status nmfi_lines_readable(const nmfi_source *source,
                               nmf_error *error); /* by rows: else UNSUPPORTED */
nmf_status nmfi_lines_read(const nmfi_source *source, int64_t first, int64_t count,
                           const nmfi_line_buffer *buffer, nmfi_lines *lines, nmf_error *error);

/* The same matrix with samples and features changed over: no data moves. Where can_transpose is 0 it
 * is read row by row at great cost, or not at all (read fails): nmfi_pass_copy_transposed is the
 * way. */
nmfi_source nmfi_source_transposed(const nmfi_source *source);
nmf_dense nmfi_transposed(const nmf_dense *dense);

/* What rows [first, ...) of a matrix of so many columns add to its fingerprint (nmf_matrix_fingerprint), a
 * sum of its entries' parts; and the fingerprint, from the sum of all. entries.c. */
uint64_t nmfi_fingerprint_part(const nmfi_source *source, const nmfi_block *block, int64_t first);
uint64_t nmfi_fingerprint_of_lines(const nmf_sparse *lines, int64_t first);
uint64_t nmfi_fingerprint_of(int64_t samples, int64_t features, nmf_dtype dtype, uint64_t sum);
/* What some rows and columns of a matrix in memory add to it. */
typedef struct nmfi_window {
    int64_t first_row, rows, first_column, columns;
} nmfi_window;
uint64_t nmfi_fingerprint_of_window(const nmf_matrix *matrix, const nmfi_window *window);

/* Row i of the block becomes column first + i of `to`, whose rows are `stride` elements apart. */
void nmfi_block_transpose(const nmfi_block *block, int64_t first, void *to, int64_t stride);

#endif
