/* The list of pictures that paths stand for: which files, what they are called, and how they are
 * labelled. */
#ifndef NMFI_IO_FIND_PICTURES_H
#define NMFI_IO_FIND_PICTURES_H

#include "io/files/reader.h"

#include <stdint.h>

typedef struct nmfi_found_picture {
    char *path;  /* to open */
    char *name;  /* relative to the directory it was found in: "s1/10.pgm" */
    char *label; /* the folder part of the name, "s1"; "" where there is none */
} nmfi_found_picture;

typedef struct nmfi_found_pictures {
    nmfi_found_picture *items;
    int64_t count, room;
} nmfi_found_pictures; /* all zero: empty */

/* Appends one picture file; the strings are copied. */
nmf_status nmfi_add_picture(nmfi_found_pictures *found, const char *path, const char *name,
                            const char *label, nmf_error *error);

/* Appends the picture files (by extension) in `directory` and below, in natural order. Hidden and
 * other files are left out; symbolic links are followed, but no directory is entered twice, so that
 * loops end. Names and labels are relative to the directory, behind `prefix` and `label` ("" for
 * none). Errors: FILE (a directory that cannot be read), MEMORY. */
nmf_status nmfi_find_pictures(nmfi_found_pictures *found, const char *directory, const char *prefix,
                              const char *label, nmf_error *error);

/* How many files of other kinds and folders lie in the directory itself, and the names of the first of them, cut at `bytes`. */
int nmfi_list_other_files(const char *directory, char *names, size_t bytes);

/* Reads them into one matrix (read_pictures.c), or leaves them on disk; there must be one at least. */
nmf_status nmfi_read_found(const nmfi_read_request *request, const nmfi_found_pictures *found,
                           nmf_matrix **matrix, nmf_error *error);

void nmfi_found_clear(nmfi_found_pictures *found);

/* 1 if the path has the extension of a picture format that we read. */
int nmfi_is_picture_path(const char *path);

/* directory/name, or name where directory is ""; new, NULL when memory is out. */
char *nmfi_join_path(const char *directory, const char *name);

#endif
