/* MATLAB files: what read_mat.c shares with the two formats, MAT 5 (v5 to v7, read by mat5.c) and
 * HDF5 (v7.3, read by mat73.c). */
#ifndef NMFI_IO_MAT_H
#define NMFI_IO_MAT_H

#include "raw_array.h"
#include "sparse_parts.h"

#include "io/files/reader.h"

/* The classes that are told apart; 8 to 15 are int8, uint8 ... uint64. */
enum {
    NMFI_MAT_CELL = 1,
    NMFI_MAT_STRUCT = 2,
    NMFI_MAT_OBJECT = 3,
    NMFI_MAT_CHAR = 4,
    NMFI_MAT_DOUBLE = 6,
    NMFI_MAT_SINGLE = 7,
    NMFI_MAT_INT8 = 8,
    NMFI_MAT_UINT8 = 9,
    NMFI_MAT_UINT64 = 15
};

typedef struct nmfi_mat_variable {
    char name[64]; /* MATLAB allows 63 characters */
    int matlab_class;
    int is_complex, is_sparse, is_logical;
    int rank;
    int64_t sizes[3]; /* the first three */
    size_t place;     /* mat5.c: where its element begins in the file */
} nmfi_mat_variable;

typedef struct nmfi_mat_list {
    nmfi_mat_variable *variables;
    int64_t count, capacity;
} nmfi_mat_list;

/* Appends a copy. Errors: MEMORY. */
NMFI_FOR_PLUGINS nmf_status nmfi_mat_list_add(nmfi_mat_list *list,
                                              const nmfi_mat_variable *variable, nmf_error *error);

/* The variable that the request means: the one named, else the only matrix of numbers; a vector
 * only where it is all there is. Says which one, and which vectors beside it may be labels. Errors:
 * ARGUMENT with the names, UNSUPPORTED, SHAPE. */
NMFI_FOR_PLUGINS nmf_status nmfi_mat_choose(const nmfi_mat_list *list,
                                            const nmfi_read_request *request, int64_t *index,
                                            nmf_error *error);

/* The chosen variable's entries, stored at `data` in MATLAB's order: the first index varies
 * fastest, and of three indices the last one counts pictures. */
NMFI_FOR_PLUGINS nmfi_raw_array nmfi_mat_describe(const nmfi_mat_variable *variable,
                                                  const unsigned char *data, char kind,
                                                  int item_bytes, int big_endian);

/* A sparse variable from its parts: row numbers, column pointers and values, `stored` of them that
 * count. Takes the memory of `parts` over, on failure too. Errors: FORMAT, MEMORY. */
NMFI_FOR_PLUGINS nmf_status nmfi_mat_sparse(const nmfi_mat_variable *variable,
                                            nmfi_sparse_parts *parts, const char *path,
                                            nmf_matrix **matrix, nmf_error *error);

/* Reads a MAT 5 file from memory, which is taken over as nmf_matrix_adopt does. */
nmf_status nmfi_mat5_matrix(const unsigned char *bytes, size_t count,
                            const nmfi_read_request *request, void (*release)(void *context),
                            void *context, nmf_matrix **matrix, nmf_error *error);

#endif
