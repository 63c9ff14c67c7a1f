/* Names of samples and features from text files of their own, one line each: vocabularies,
 * barcodes, lists of genes, labels. */
#ifndef NMFI_IO_NAMES_BESIDE_H
#define NMFI_IO_NAMES_BESIDE_H

#include "io/files/reader.h"

/* Gives `matrix` the names in the file at `path`, plain or gzipped: of each line the tab-separated
 * cell number `cell` (from 0), or the last one where there are fewer; or, where it is an .npy file,
 * its texts or numbers; or those that "FILE.h5ad:PATH", "FILE.mat:NAME", "FILE.npz:NAME" or
 * "FILE.csv:COLUMN" name. A byte-order mark is no part of a name, Latin-1 becomes UTF-8, and a first
 * line that can only be a header is left out, which the request's caller (NULL: nobody) hears.
 * Errors: FILE, FORMAT, SHAPE (not one
 * line for each row or column), MEMORY. */
nmf_status nmfi_names_from_file(const char *path, int cell, nmf_matrix *matrix, nmf_names which,
                                const nmfi_read_request *request, nmf_error *error);

/* The same for a file that the caller named, which may also be a table (names_table.h). */
nmf_status nmfi_names_told(const char *path, nmf_matrix *matrix, nmf_names which,
                           const nmfi_read_request *request, nmf_error *error);

/* Which part of each line is the name. */
typedef struct nmfi_name_column {
    int column;     /* from 0; the last one where there are fewer */
    int exact;      /* 1: nothing ("") where there are fewer */
    char divider;   /* between the columns */
    int headings;   /* lines before the first name */
    const char *of; /* what the names are of, for messages; NULL: as `which` says */
} nmfi_name_column;

/* The names in one column of a text file, plain or gzipped. Names that are all empty are none.
 * Errors as above. */
nmf_status nmfi_names_from_column(const char *path, const nmfi_name_column *column,
                                  nmf_matrix *matrix, nmf_names which,
                                  const nmfi_read_request *request, nmf_error *error);

/* The same for the file `name`, or `name`.gz, in the directory of the file `beside`. One that is
 * missing is fine, and so is one that has another number of lines: it belongs to something else. */
nmf_status nmfi_names_beside(const char *beside, const char *name, nmf_matrix *matrix,
                             nmf_names which, const nmfi_read_request *request, nmf_error *error);

/* The path of `name` in the directory of the file `beside` ("a/x.mtx" -> "a/NAME"); free() it. */
char *nmfi_path_beside(const char *beside, const char *name);

/* 1 if there is a regular file at `path`. */
int nmfi_is_file(const char *path);

#endif
