/* Compressed sparse arrays as a file has them (CSR or CSC), and their way into an nmf_matrix: the
 * file's own arrays where a matrix can look at them, whole numbers in the smallest type that holds
 * them all. */
#ifndef NMFI_IO_SPARSE_PARTS_H
#define NMFI_IO_SPARSE_PARTS_H

#include "raw_array.h"

typedef struct nmfi_sparse_parts {
    int64_t rows, columns;
    int by_columns; /* CSC */
    int64_t stored;
    int64_t *pointers; /* (by_columns ? columns : rows) + 1 */
    const void *indices;
    int index_bytes;       /* 4, 8: signed, in the host's byte order */
    nmfi_raw_array values; /* data, kind, item_bytes, big_endian are read; data may be changed */
    int integral;    /* the values are whole numbers, whatever their kind: store them as such */
    void *memory[4]; /* malloc'ed blocks that all this lies in; NULL where not used */
} nmfi_sparse_parts;

/* There must be `stored` indices and values, and as many pointers as the shape says; what they say
 * is checked here. Takes the memory over, on failure too. `path` is for messages. Errors: FORMAT
 * (the first wrong pointer or index is named), MEMORY. */
NMFI_FOR_PLUGINS nmf_status nmfi_sparse_parts_matrix(nmfi_sparse_parts *arrays, const char *path,
                                                     nmf_matrix **matrix, nmf_error *error);

NMFI_FOR_PLUGINS void nmfi_sparse_parts_free(nmfi_sparse_parts *arrays);

/* The type that values of a kind take in a matrix, given the smallest and largest of whole ones (0 where
 * there is none smaller, larger); and whether they are stored in it. */
nmf_dtype nmfi_sparse_dtype(const nmfi_raw_array *kind, double lowest, double highest);
int nmfi_sparse_is_as_kept(const nmfi_raw_array *values, nmf_dtype dtype);

/* 1 if positions of `count` rows (or columns) fit into this machine's memory, whatever else is in
 * the file; else 0 and the sentence. Files may declare any number of empty rows in a few bytes. */
int nmfi_side_fits(int64_t count, const char *what, const char *path, nmf_error *error);

#endif
