/* Compressed rows and columns (nmf_sparse): looking into them, and turning one into the other.
 *
 * A line is what is compressed: a row of a CSR matrix, a column of a CSC one; indices run across
 * the lines. In a matrix no line has an index twice; whether they ascend is known of it. */
#ifndef NMFI_DATA_SPARSE_H
#define NMFI_DATA_SPARSE_H

#include "base/memory.h"
#include "base/threads.h"

#include <nmfkit/matrix.h>

static inline int64_t nmfi_sparse_lines(const nmf_sparse *s)
{
    return s->by_columns ? s->columns : s->rows;
}

static inline int64_t nmfi_sparse_minor(const nmf_sparse *s)
{
    return s->by_columns ? s->rows : s->columns;
}

static inline int64_t nmfi_sparse_stored(const nmf_sparse *s)
{
    return s->pointers[nmfi_sparse_lines(s)];
}

static inline int64_t nmfi_sparse_index(const nmf_sparse *s, int64_t entry)
{
    return s->index_bytes == 4 ? ((const int32_t *)s->indices)[entry]
                               : ((const int64_t *)s->indices)[entry];
}

/* The first entry of an ascending line whose index is not below `index`; the line's end if there is
 * none. */
int64_t nmfi_sparse_find(const nmf_sparse *s, int64_t line, int64_t index);

/* Samples and features changed over: CSR becomes CSC. No data moves. */
nmf_sparse nmfi_sparse_transposed(const nmf_sparse *s);

/* Arrays of a sparse matrix that is being made. */
typedef struct nmfi_sparse_arrays {
    int64_t *pointers;
    void *indices, *values;
    int index_bytes;
    /* Not all indices: it comes in blocks of this many that follow one another, each with all
     * lines: line i of block b begins at pointers[b * lines + i]. */
    int64_t block_span, blocks;
} nmfi_sparse_arrays;

/* Room for `lines` lines with `stored` entries and indices below `minor`, in the smaller index
 * type, in blocks of `block_span` indices (0: in one). Where they are several, there are at most as
 * many lines in all of them as entries. Called twice, as arenas are. */
void nmfi_sparse_take(nmfi_sparse_arrays *arrays, nmfi_arena *arena, int64_t lines, int64_t minor,
                      int64_t stored, nmf_dtype dtype, int64_t block_span);

/* The same matrix compressed along the other side, into `arrays` (made for it by nmfi_sparse_take).
 * Entries of a new line come in the order of the old lines, so they ascend. With a team (NULL: in
 * this thread) each line's indices must ascend. The result is the same for any team. */
nmf_sparse nmfi_sparse_transpose(const nmf_sparse *from, const nmfi_sparse_arrays *arrays,
                                 nmfi_team *team);

/* The same in this thread, in a new *block that nmfi_release frees. Errors: MEMORY. */
nmf_status nmfi_sparse_transpose_alone(const nmf_sparse *from, nmf_sparse *transposed, void **block,
                                       nmf_error *error);

/* Structure checked (matrix.h), and what it says about each line's indices. */
typedef struct nmfi_sparse_order {
    int ascends;  /* without repeats */
    int distinct; /* no repeats, in whatever order */
} nmfi_sparse_order;
nmf_status nmfi_sparse_check_shape(const nmf_sparse *s, nmf_error *error); /* without the entries */
nmf_status nmfi_sparse_check(const nmf_sparse *s, nmfi_sparse_order *order, nmf_error *error);

/* The same matrix with each line sorted and entries at the same place summed, in a new *block that
 * nmfi_release frees. Errors: MEMORY. */
nmf_status nmfi_sparse_tidy(const nmf_sparse *from, nmf_sparse *tidy, void **block,
                            nmf_error *error);

#endif
