/* HDF5 files as the readers of .h5ad and .h5 see them: groups, lists and tables of numbers, lists
 * of names. Nothing is believed: sizes are held against what is stored before memory is asked for,
 * data in other files (external or virtual) is not followed, and HDF5's own messages are kept off
 * the terminal while a file is open. */
#ifndef NMFI_IO_HDF5_FILE_H
#define NMFI_IO_HDF5_FILE_H

#include "io/arrays/raw_array.h"

typedef struct nmfi_hdf5 nmfi_hdf5;

/* Errors: FORMAT, MEMORY. */
nmf_status nmfi_hdf5_open(const char *path, nmfi_hdf5 **file, nmf_error *error);
void nmfi_hdf5_close(nmfi_hdf5 *file); /* NULL is fine */

const char *nmfi_hdf5_path(const nmfi_hdf5 *file);

typedef enum nmfi_hdf5_kind {
    NMFI_HDF5_NOTHING = 0,
    NMFI_HDF5_GROUP = 1,
    NMFI_HDF5_DATASET = 2
} nmfi_hdf5_kind;

/* What `name` ("a/b") is, below `group` ("" for the file itself). */
nmfi_hdf5_kind nmfi_hdf5_look(const nmfi_hdf5 *file, const char *group, const char *name);

/* The names in a group ("": the file's root), "a, b, c", cut at `bytes`. */
void nmfi_hdf5_list(const nmfi_hdf5 *file, const char *group, char *text, size_t bytes);

/* Name number `index` (from 0) in the file's root, cut at `bytes`; 0 behind the last one. */
int nmfi_hdf5_name(const nmfi_hdf5 *file, int64_t index, char *name, size_t bytes);

/* What dataset `name` holds, by its own word: nothing is read or checked. */
typedef struct nmfi_hdf5_about {
    int dimensions;   /* -1: no dataset; may be above 3, then `shape` has the first ones */
    int64_t shape[3]; /* as stored, 1 behind the last */
    char kind;        /* 'f', 'i', 'u', 'b' as in nmfi_raw_array; 'c' complex; 0: something else */
    int item_bytes;
} nmfi_hdf5_about;
void nmfi_hdf5_describe(const nmfi_hdf5 *file, const char *name, nmfi_hdf5_about *about);

/* How many groups in the root have a member `child`, and the name of the first of them. */
int nmfi_hdf5_groups_with(const nmfi_hdf5 *file, const char *child, char *name, size_t bytes);

/* An attribute of group or dataset `name`: a text, cut at `bytes`, or `count` integers. Return 1,
 * or 0 where there is none of that kind. */
int nmfi_hdf5_text_attribute(const nmfi_hdf5 *file, const char *name, const char *attribute,
                             char *text, size_t bytes);
int nmfi_hdf5_whole_attribute(const nmfi_hdf5 *file, const char *name, const char *attribute,
                              int64_t *values, int64_t count);

/* How the numbers of a dataset are wanted: as they are stored, or as signed integers. */
typedef enum nmfi_hdf5_as {
    NMFI_HDF5_AS_STORED = 0,
    NMFI_HDF5_AS_INT32 = 4, /* what does not fit becomes the nearest that does */
    NMFI_HDF5_AS_INT64 = 8
} nmfi_hdf5_as;

typedef struct nmfi_hdf5_numbers {
    int dimensions;        /* 1 to 3 */
    int64_t shape[3];      /* 1 behind the last */
    nmfi_raw_array values; /* in C order, in the host's byte order */
    unsigned char *memory; /* that they lie in; free() it */
} nmfi_hdf5_numbers;

/* Dataset `name` below `group`. Errors: FORMAT (missing, no numbers, damaged, or promising more
 * than is stored), UNSUPPORTED (a compression that this HDF5 lacks), MEMORY. */
nmf_status nmfi_hdf5_read(const nmfi_hdf5 *file, const char *group, const char *name,
                          nmfi_hdf5_as as, nmfi_hdf5_numbers *numbers, nmf_error *error);

/* Gives `matrix` the names in `name` below `group`: texts, numbers, truth values, or anndata's groups of texts
 * (categories with codes; values with a mask). What is of another kind is left alone. Errors:
 * FORMAT, SHAPE (not one for each row or column), MEMORY. hdf5_names.c. */
nmf_status nmfi_hdf5_names(const nmfi_hdf5 *file, const char *group, const char *name,
                           nmf_matrix *matrix, nmf_names which, nmf_error *error);

/* The same of the index of `table` (obs, var): a column that the attribute _index names, or the usual ones. */
nmf_status nmfi_hdf5_index(const nmfi_hdf5 *file, const char *table, nmf_matrix *matrix,
                           nmf_names which, nmf_error *error);

#endif
