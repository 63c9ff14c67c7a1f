/* nmf_matrix: a samples x features matrix, dense or sparse, around memory of the caller's or its
 * own.
 *
 * Storage type is not compute type: images and counts stay u8/u16 in memory and are converted in
 * the kernels' registers. A matrix may carry the shape of the picture each row (or, for
 * component matrices, each row too) is, and names for rows and columns. Every function of the
 * library takes both kinds unless it says otherwise; a sparse matrix is never made dense. */
#ifndef NMFKIT_MATRIX_H
#define NMFKIT_MATRIX_H

#include <nmfkit/status.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum nmf_dtype {
    NMF_U8 = 0,
    NMF_U16 = 1,
    NMF_F32 = 2,
    NMF_F64 = 3,
    NMF_I32 = 4 /* in sparse matrices only */
} nmf_dtype;

typedef struct nmf_matrix nmf_matrix;

/* Where entry (i, j) lies: element number i*row_stride + j*column_stride of `data`.
 * Strides count elements, not bytes, and may be any value, 0 and negative included. */
typedef struct nmf_dense {
    const void *data;
    nmf_dtype dtype;
    int64_t rows, columns;
    int64_t row_stride, column_stride;
} nmf_dense;

/* Compressed rows (CSR) or columns (CSC): the entries of row i (of column i where by_columns) are
 * number pointers[i] to pointers[i + 1] - 1 of `values` and `indices`, and an index is the entry's
 * column (its row). What is not stored is 0. */
typedef struct nmf_sparse {
    const void *values; /* pointers[rows] (or [columns]) elements of dtype */
    nmf_dtype dtype;
    int64_t rows, columns;
    const int64_t *pointers; /* rows + 1 (by_columns: columns + 1) */
    const void *indices;     /* as many as values */
    int index_bytes;         /* 4: int32_t, 8: int64_t */
    int by_columns;          /* 0: CSR, 1: CSC */
} nmf_sparse;

/* What of a matrix was not observed: nothing; its NaN; of a sparse one all that is not stored (stored
 * zeros were observed). */
typedef enum nmf_missing {
    NMF_MISSING_NONE = 0,
    NMF_MISSING_NAN = 1,
    NMF_MISSING_UNSTORED = 2
} nmf_missing;

typedef enum nmf_names { NMF_SAMPLE_NAMES = 0, NMF_FEATURE_NAMES = 1, NMF_LABELS = 2 } nmf_names;

/* Bytes of one element (1, 2, 4, 8, 4) and the NumPy name of the type ("uint8", ..., "int32"). */
NMF_API size_t nmf_dtype_bytes(nmf_dtype dtype);
NMF_API const char *nmf_dtype_name(nmf_dtype dtype);

/* Wraps `dense` without copying: its memory must outlive *matrix, and is never written or freed.
 * Errors: ARGUMENT (NULL data with entries, unknown dtype), SHAPE (negative sizes, or a size whose
 * bytes overflow). An empty shape is accepted here and refused by what cannot use it. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_borrow(const nmf_dense *dense, nmf_matrix **matrix,
                                                    nmf_error *error);

/* The same, but takes the memory over: release(context) is called once, by nmf_matrix_free, or
 * here before returning if this call fails. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_adopt(const nmf_dense *dense,
                                                   void (*release)(void *context), void *context,
                                                   nmf_matrix **matrix, nmf_error *error);

/* A new zeroed row-major matrix that owns its (64-byte aligned) memory. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_new(nmf_dtype dtype, int64_t rows, int64_t columns,
                                                 nmf_matrix **matrix, nmf_error *error);

/* Wraps `sparse`. Its structure is checked here, once: pointers that begin at 0 and never fall,
 * indices inside. Where no row has an index twice (in compressed columns: where each column's indices
 * ascend) nothing is copied and the memory must outlive *matrix; otherwise the matrix keeps a copy of
 * its own, sorted, entries at the same place summed (in a wider dtype where a sum needs one: i32, else
 * f64). The order within a row decides the order of sums, so the last bits. Entries that are stored and
 * 0 are fine. Cost: one look at the structure. Errors: ARGUMENT (a NULL array, unknown dtype or
 * index_bytes; the first bad pointer or index is named), SHAPE (negative or overflowing sizes),
 * MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_borrow_sparse(const nmf_sparse *sparse,
                                                           nmf_matrix **matrix, nmf_error *error);

/* The same, but takes the memory over: release(context) is called once, by nmf_matrix_free, or
 * here before returning if this call fails or keeps a copy of its own. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_adopt_sparse(const nmf_sparse *sparse,
                                                          void (*release)(void *context),
                                                          void *context, nmf_matrix **matrix,
                                                          nmf_error *error);

/* A dense matrix whose rows a function gives whenever they are asked for, as they lie on disk or as it
 * makes them: the matrix itself takes no memory. `read` writes rows [first, first + count) packed into
 * `rows` (count * columns elements of dtype) and returns NMF_OK; or another status, with a sentence in
 * error->message that the call that wanted the rows then fails with. The same rows must be the same each
 * time. It is called from several threads at once, each with memory of its own. */
typedef struct nmf_row_reader {
    nmf_dtype dtype; /* not i32 */
    int64_t rows, columns;
    nmf_status (*read)(void *context, int64_t first, int64_t count, void *rows, nmf_error *error);
    void *context;
} nmf_row_reader;

/* A matrix around a copy of *reader. Fits read it some rows at a time and keep no copy, but for
 * solvers mu and scd of a loss that is not the Frobenius one, which keep a transposed one. Its transpose (nmf_matrix_transpose)
 * is not read: what needs it fails with UNSUPPORTED, as does what wants a layout in memory; nmf_matrix_at
 * is then NaN. Errors: ARGUMENT (NULL, unknown dtype), SHAPE, MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_from_rows(const nmf_row_reader *reader,
                                                       nmf_matrix **matrix, nmf_error *error);

/* The same for whoever has more to say than rows: zero (NMF_READER_INIT) is what is not said. */
typedef struct nmf_reader {
    size_t struct_bytes; /* sizeof(nmf_reader), set by NMF_READER_INIT */
    nmf_dtype dtype;     /* not i32, but of a sparse matrix */
    int64_t rows, columns;
    void *context;
    void (*release)(
        void *context); /* called once: when the matrix is freed, or could not be made */
    /* As in nmf_row_reader. */
    nmf_status (*read)(void *context, int64_t first, int64_t count, void *rows, nmf_error *error);
    /* Columns [first, first + count) one after the other, `rows` elements each: with it the transpose is
     * read too. Best by the thousand where each column lies apart. */
    nmf_status (*read_across)(void *context, int64_t first, int64_t count, void *columns,
                              nmf_error *error);
    /* Instead of both, compressed rows: where each row begins among the stored entries, rows + 1 numbers that
     * live as long as the context, and the function that reads entries [first, first + count): their columns
     * (int32_t or int64_t, by index_bytes), which ascend in each row, and their values. */
    const int64_t *pointers;
    int index_bytes;
    nmf_status (*read_entries)(void *context, int64_t first, int64_t count, void *indices,
                               void *values, nmf_error *error);
} nmf_reader;

static inline nmf_reader nmf_reader_init(void)
{
    const nmf_reader reader = {
        sizeof(nmf_reader), NMF_U8, 0, 0, NULL, NULL, NULL, NULL, NULL, 0, NULL};
    return reader;
}
#define NMF_READER_INIT nmf_reader_init()

/* A matrix around a copy of *reader, whose context it takes over. Errors as nmf_matrix_from_rows. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_from_reader(const nmf_reader *reader,
                                                         nmf_matrix **matrix, nmf_error *error);

/* Rows [first, first + count) as a matrix of their own, with the feature names and the image shape: nothing
 * is copied but those (of compressed rows, the pointers), so `matrix` must outlive it. Weights and what is
 * missing do not come along. Errors: ARGUMENT (rows outside), UNSUPPORTED (compressed columns), MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_range(const nmf_matrix *matrix, int64_t first,
                                                   int64_t count, nmf_matrix **range,
                                                   nmf_error *error);

/* 1 where the entries lie in memory, 0 where a function reads them. */
NMF_API int nmf_matrix_is_in_memory(const nmf_matrix *matrix);

NMF_API void nmf_matrix_free(nmf_matrix *matrix); /* NULL is fine */

/* Whether the matrix is sparse, and its layout (all zero for a dense one); the arrays stay valid as
 * long as the matrix. nmf_matrix_stored: the entries it keeps, rows * columns where dense. */
NMF_API int nmf_matrix_is_sparse(const nmf_matrix *matrix);
NMF_API nmf_sparse nmf_matrix_sparse(const nmf_matrix *matrix);
NMF_API int64_t nmf_matrix_stored(const nmf_matrix *matrix);

/* Stored entry number `at`, from 0 to nmf_matrix_stored - 1, as a double: of a sparse matrix in the
 * order of its arrays, of a dense one row by row. For looking at all of them, in no time a piece. */
NMF_API double nmf_matrix_stored_at(const nmf_matrix *matrix, int64_t at);

/* The layout; `data` stays valid as long as the matrix. Trap: of a sparse matrix, and of one whose
 * rows a function gives, it is only the shape and dtype, with `data` NULL. nmf_matrix_writable is
 * non-NULL only for matrices made by
 * nmf_matrix_new and the functions that say they return such a one. */
NMF_API nmf_dense nmf_matrix_dense(const nmf_matrix *matrix);
NMF_API void *nmf_matrix_writable(nmf_matrix *matrix);
NMF_API int64_t nmf_matrix_rows(const nmf_matrix *matrix);
NMF_API int64_t nmf_matrix_columns(const nmf_matrix *matrix);
NMF_API nmf_dtype nmf_matrix_dtype(const nmf_matrix *matrix);

/* Entry (row, column) as a double; both must be inside. For inspection, not for loops over X: it
 * searches where the matrix is sparse. */
NMF_API double nmf_matrix_at(const nmf_matrix *matrix, int64_t row, int64_t column);

/* Writes rows [first, first + count) as a packed row-major block of `dtype` (not i32) into `out`
 * (count * columns elements, owned by the caller), zeros included where the matrix is sparse.
 * Values that do not fit are converted as C does after clamping to the type's range. Errors:
 * ARGUMENT if the rows are not all inside. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_copy_rows(const nmf_matrix *matrix, int64_t first,
                                                       int64_t count, nmf_dtype dtype, void *out,
                                                       nmf_error *error);

/* The `count` entries of row `row` that are largest in size (|entry|), largest first, equal ones in
 * column order: their columns and entries go to `columns` and `entries` (count of each, the
 * caller's), and how many there are without the zeros to *found. The top words of a topic. Errors:
 * ARGUMENT (a row outside, count < 1), MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_top(const nmf_matrix *matrix, int64_t row,
                                                 int64_t count, int64_t *columns, double *entries,
                                                 int64_t *found, nmf_error *error);

/* Turns samples into features and features into samples, in place and without moving data: strides
 * (CSR and CSC) and names change places, the image shape and the labels are dropped. */
NMF_API void nmf_matrix_transpose(nmf_matrix *matrix);

/* A packed row-major copy (CSR where the matrix is sparse), in the same dtype, of the `count` rows
 * whose numbers are in `rows` (repeats allowed), with their names, labels and the image shape.
 * Errors: ARGUMENT (a row outside, named), MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_select(const nmf_matrix *matrix, const int64_t *rows,
                                                    int64_t count, nmf_matrix **selected,
                                                    nmf_error *error);

/* The same of columns, each of which may be taken once; -1 gives a column of zeros. With the row
 * names, and the picked features' names where none is -1; rows of a sparse one ascend; with the
 * weights, which are 1 where a column is -1. Errors:
 * ARGUMENT (a column outside, or twice), MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_select_columns(const nmf_matrix *matrix,
                                                            const int64_t *columns, int64_t count,
                                                            nmf_matrix **selected,
                                                            nmf_error *error);

/* Names of rows (SAMPLE_NAMES, LABELS: rows strings) or of columns (FEATURE_NAMES: columns
 * strings). The strings (UTF-8) are copied; `names` NULL removes them. nmf_matrix_name gives the
 * string or NULL where there are none; it belongs to the matrix. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_set_names(nmf_matrix *matrix, nmf_names which,
                                                       const char *const *names, nmf_error *error);
NMF_API const char *nmf_matrix_name(const nmf_matrix *matrix, nmf_names which, int64_t index);
NMF_API int nmf_matrix_has_names(const nmf_matrix *matrix, nmf_names which);

/* Gives `to` copies of the names of this kind that `from` has; nothing happens where it has none.
 * Errors: ARGUMENT, SHAPE (not as many rows or columns), MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_copy_names(const nmf_matrix *from, nmf_matrix *to,
                                                        nmf_names which, nmf_error *error);

/* Says that every row is a picture of height x width pixels, row by row from the top left.
 * Errors: SHAPE if height * width is not the number of columns. Both are 0 where unknown. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_set_image_shape(nmf_matrix *matrix, int64_t height,
                                                             int64_t width, nmf_error *error);
NMF_API int64_t nmf_matrix_image_height(const nmf_matrix *matrix);
NMF_API int64_t nmf_matrix_image_width(const nmf_matrix *matrix);

/* How much each entry counts: nmf_fit and nmf_transform then minimize sum_ij w_ij d(x_ij, (WH)_ij), and
 * what has weight 0 was not observed and is never read. `weights` is of the shape of `matrix`, of
 * any dtype, >= 0, finite; dense where that is dense. A sparse one's is sparse too and stores the same
 * entries in the same order, with a weight for each, and goes together with NMF_MISSING_UNSTORED. The
 * matrix takes it over, unless this fails, and frees it with itself or when others are set. Where a function
 * gives the rows of dense ones (nmf_matrix_from_reader) they are read here, once, into memory. NULL: every
 * entry counts once. With a beta-divergence whose beta <= 0 weights are 0 or 1. Errors: ARGUMENT (a dense
 * one for a sparse matrix or the other way round; other entries; compressed along the other side), SHAPE (also
 * where both have names of samples or features, and others or in another order),
 * DATA (the first weight that is negative or not finite, named), UNSUPPORTED (sparse and not in memory), MEMORY, and what that
 * function says. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_set_weights(nmf_matrix *matrix, nmf_matrix *weights,
                                                         nmf_error *error);
/* Says what was not observed. NMF_MISSING_NAN goes together with weights. Errors: ARGUMENT (an unknown
 * word; NMF_MISSING_UNSTORED for a dense matrix). */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_set_missing(nmf_matrix *matrix, nmf_missing missing,
                                                         nmf_error *error);
NMF_API nmf_missing nmf_matrix_missing(const nmf_matrix *matrix);
NMF_API int nmf_matrix_has_weights(const nmf_matrix *matrix);

/* How much each entry of rows [first, first + count) counts, row-major into `out` (count * columns
 * doubles, the caller's): its weight, 1 where there are none, 0 where it was not observed. Cost: one look
 * at the rows; of compressed columns at all that is stored. Errors: ARGUMENT (rows outside), UNSUPPORTED
 * (NMF_MISSING_UNSTORED of rows that a function gives), MEMORY. Thread-safe. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_copy_weights(const nmf_matrix *matrix, int64_t first,
                                                          int64_t count, double *out,
                                                          nmf_error *error);

/* One reading of the data: is it something NMF can factorize? Errors: DATA for NaN, infinite or
 * negative entries (the first in row order is named, with its value), for an empty matrix and for
 * one that is all zero. Every fit does this itself. Cost: one pass at memory speed. */
NMF_API NMF_MUST_CHECK nmf_status nmf_matrix_validate(const nmf_matrix *matrix, nmf_error *error);

/* A 64-bit digest of shape, dtype and entries that are not 0 (a sum of hashes of place and
 * value, so the same for any strides, dense or sparse, CSR or CSC): tells whether a model was
 * made from this data. One pass. Not cryptographic. */
NMF_API uint64_t nmf_matrix_fingerprint(const nmf_matrix *matrix);

#ifdef __cplusplus
}
#endif
#endif
