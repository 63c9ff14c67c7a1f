/* Writes .npz archives as numpy.savez does: stored members of fixed date, so that equal data gives
 * equal files. */
#ifndef NMFI_IO_NPZ_WRITER_H
#define NMFI_IO_NPZ_WRITER_H

#include <nmfkit/matrix.h>

typedef struct nmfi_npz_writer nmfi_npz_writer;

/* The file appears at `path` only when finished. Errors: FILE, MEMORY. */
nmf_status nmfi_npz_create(const char *path, nmfi_npz_writer **writer, nmf_error *error);

/* Adds a packed row-major array of f64 ('f', 8), i64 ('i', 8) or another kind of npy.h as `name`;
 * columns -1: one dimension; rows -1 too: none, a single item. Errors: FILE, MEMORY. */
nmf_status nmfi_npz_add_array(nmfi_npz_writer *writer, const char *name, char kind,
                              int64_t item_bytes, int64_t rows, int64_t columns, const void *data,
                              nmf_error *error);
nmf_status nmfi_npz_add_matrix(nmfi_npz_writer *writer, const char *name, const nmf_matrix *matrix,
                               nmf_error *error);
/* A sparse matrix, as scipy.sparse.save_npz lays it out: csr or csc, whichever it is stored as. */
nmf_status nmfi_npz_add_sparse(nmfi_npz_writer *writer, const nmf_matrix *matrix, nmf_error *error);
/* Only where the matrix has such names, or an image shape. */
nmf_status nmfi_npz_add_names(nmfi_npz_writer *writer, const char *name, const nmf_matrix *matrix,
                              nmf_names which, nmf_error *error);
nmf_status nmfi_npz_add_image_shape(nmfi_npz_writer *writer, const nmf_matrix *matrix,
                                    nmf_error *error);
/* A member that is no array. */
nmf_status nmfi_npz_add_text(nmfi_npz_writer *writer, const char *name, const char *text,
                             nmf_error *error);

/* Ends the file (if `status` is NMF_OK, else gives up) and frees `writer`. Returns the first
 * failure. */
nmf_status nmfi_npz_finish(nmfi_npz_writer *writer, nmf_status status, nmf_error *error);

#endif
