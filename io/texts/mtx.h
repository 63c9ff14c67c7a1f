/* MatrixMarket text (Boisvert, Pozo & Remington, NISTIR 5935, 1996), as read_mtx.c and the folders
 * of cell counts read it. */
#ifndef NMFI_IO_MTX_H
#define NMFI_IO_MTX_H

#include "cell_files.h"

#include "io/files/text_window.h"

#include <nmfkit/matrix.h>

typedef enum nmfi_mtx_field { NMFI_MTX_REAL, NMFI_MTX_INTEGER, NMFI_MTX_PATTERN } nmfi_mtx_field;

/* A file half read. `at` is where the next line begins in the window that ends at `end`. */
typedef struct nmfi_mtx {
    nmfi_text_reader *text;
    const nmfi_read_request *request;
    const nmfi_cell_files *files;
    const char *at, *end;
    int coordinate, symmetric;
    nmfi_mtx_field values;
    int64_t rows, columns, entries;
    nmf_error *error;
} nmfi_mtx;

/* Reads the banner and the sizes, and checks them; r->text and r->error are set before. Errors:
 * FORMAT as path:line, SHAPE, UNSUPPORTED, MEMORY. */
nmf_status nmfi_mtx_header(nmfi_mtx *r);

/* To the next line that is neither blank nor a comment; at == end behind the last line. */
nmf_status nmfi_mtx_next_line(nmfi_mtx *r);

/* The matrix in `text`: coordinate (sparse) or array (dense); real, integer or pattern; general or
 * symmetric, whose other half is filled in. Where it stays on disk `files`, unless NULL, say which of its sides the
 * samples are. `request` NULL: it is made in memory, however large it is. Errors: FORMAT as path:line, UNSUPPORTED,
 * MEMORY, FILE (of a scratch file). */
nmf_status nmfi_mtx_matrix(nmfi_text_reader *text, const nmfi_read_request *request,
                           const nmfi_cell_files *files, nmf_matrix **matrix, nmf_error *error);

#endif
