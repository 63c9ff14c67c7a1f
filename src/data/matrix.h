/* What is inside an nmf_matrix. Only data/ looks. */
#ifndef NMFI_DATA_MATRIX_H
#define NMFI_DATA_MATRIX_H

#include "base/comm.h"

#include <nmfkit/matrix.h>

typedef struct nmfi_name_list {
    char **names; /* count strings in one block, NULL where there are none */
    int64_t count;
} nmfi_name_list;

/* Which rows (and of a sparse matrix also which columns) one of several processes has. */
typedef struct nmfi_share {
    const nmf_comm *comm; /* NULL: all of them */
    int64_t first, rows, all_rows;
    int64_t first_column, columns;
    int wants_columns;  /* of a sparse one in memory: their lines too */
    int loads;          /* rows that a function reads are read once, into memory */
    int64_t all_stored; /* entries of the whole */
} nmfi_share;

struct nmf_matrix {
    nmf_dense dense;   /* of a sparse matrix: shape and dtype, data NULL */
    nmf_sparse sparse; /* pointers NULL where the matrix is dense */
    int ascends;       /* of a sparse one: each line's indices do */
    nmf_reader reader; /* read NULL where rows come from memory; else `dense` is the shape alone */
    int reads_transposed; /* 1: what it reads are the columns */
    void *owned; /* what the matrix allocated itself: dense.data, the sparse arrays, or NULL */
    void (*release)(void *context);
    void *context;
    int64_t image_height, image_width;
    nmfi_name_list names[3]; /* indexed by nmf_names */
    nmf_matrix *weights;     /* its own; NULL where every entry counts once */
    nmf_missing missing;
    nmfi_share share;
    int is_spread;     /* nmfkit/spread.h */
    nmf_sparse across; /* of a sparse part: the columns that are here, compressed; all rows */
    nmf_matrix *across_memory;
    void *across_block;
};

/* A new matrix of what `share` names of `whole`, which must outlive it; without names. Errors: MEMORY,
 * UNSUPPORTED. */
nmf_status nmfi_matrix_part(const nmf_matrix *whole, const nmfi_share *share, nmf_matrix **part,
                            nmf_error *error);

/* The first entry in row order that is NaN or infinite (or, unless signed_ok, negative) named, or
 * OK. Errors: DATA. */
nmf_status nmfi_matrix_check_entries(const nmf_matrix *matrix, int signed_ok, nmf_error *error);

/* From now on nmf_spread_is says so. */
void nmfi_matrix_note_spread(nmf_matrix *matrix);

void nmfi_names_free(nmfi_name_list *list);

/* Refuses `other` (called `whose` in the sentence), whose rows or columns are paired with X's by position, where
 * both have names and these differ. Errors: SHAPE. */
nmf_status nmfi_compare_names(const nmf_matrix *X, const nmf_matrix *other, nmf_names which,
                              const char *whose, nmf_error *error);

/* OK, or UNSUPPORTED where the rows come from a function and `what` wants them in memory. */
nmf_status nmfi_matrix_check_in_memory(const nmf_matrix *matrix, const char *what,
                                       nmf_error *error);

/* Copies names, labels and image shape that still fit (same rows, same columns) from one to the
 * other. */
nmf_status nmfi_matrix_inherit_rows(nmf_matrix *to, const nmf_matrix *from, nmf_error *error);
nmf_status nmfi_matrix_inherit_columns(nmf_matrix *to, const nmf_matrix *from, nmf_error *error);

#endif
