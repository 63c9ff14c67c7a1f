/* MATLAB files: what read_mat.c shares with the two formats, MAT 5 (v5 to v7, read by mat5.c) and
 * HDF5 (v7.3, read through matio by mat73.c). */
#ifndef NMFI_IO_MAT_H
#define NMFI_IO_MAT_H

#include "raw_array.h"

typedef struct nmfi_mat_variable {
    char name[64];    /* MATLAB allows 63 characters */
    int matlab_class; /* 6 double, 7 single, 8 to 15 int8, uint8 ... uint64, else no numbers */
    int is_complex;
    int rank;
    int64_t sizes[3]; /* the first three */
    size_t place;     /* mat5.c: where its element begins in the file */
} nmfi_mat_variable;

typedef struct nmfi_mat_list {
    nmfi_mat_variable *variables;
    int64_t count, capacity;
} nmfi_mat_list;

/* Appends a copy. Errors: MEMORY. */
nmf_status nmfi_mat_list_add(nmfi_mat_list *list, const nmfi_mat_variable *variable,
                             nmf_error *error);

/* The variable that "path" (member NULL) or "path:member" means: the one named, else the only
 * matrix of numbers, not counting vectors where there is something larger. Errors: ARGUMENT with
 * the names, UNSUPPORTED, SHAPE. */
nmf_status nmfi_mat_choose(const nmfi_mat_list *list, const char *path, const char *member,
                           int64_t *index, nmf_error *error);

/* The chosen variable's entries, stored at `data` in MATLAB's order: the first index varies
 * fastest, and of three indices the last one counts pictures. */
nmfi_raw_array nmfi_mat_describe(const nmfi_mat_variable *variable, const unsigned char *data,
                                 char kind, int item_bytes, int big_endian);

/* Reads a MAT 5 file from memory, which is taken over as nmf_matrix_adopt does. */
nmf_status nmfi_mat5_matrix(const unsigned char *bytes, size_t count, const char *path,
                            const char *member, void (*release)(void *context), void *context,
                            nmf_matrix **matrix, nmf_error *error);

nmf_status nmfi_mat73_read(const char *path, const char *member, nmf_matrix **matrix,
                           nmf_error *error);

#endif
