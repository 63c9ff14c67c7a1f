/* The contract between nmf_io_write (write.c) and the writers, one file each. Adding a format is a
 * new write_*.c and one row in the table of write.c. Every writer writes through atomic_file.h. */
#ifndef NMFI_IO_WRITE_H
#define NMFI_IO_WRITE_H

#include <nmfkit/matrix.h>
#include <stdio.h>

nmf_status nmfi_write_npy(const nmf_matrix *matrix, const char *path, nmf_error *error);
nmf_status nmfi_write_npz(const nmf_matrix *matrix, const char *path, nmf_error *error);
nmf_status nmfi_write_csv(const nmf_matrix *matrix, const char *path, nmf_error *error);
nmf_status nmfi_write_tsv(const nmf_matrix *matrix, const char *path, nmf_error *error);
nmf_status nmfi_write_mat(const nmf_matrix *matrix, const char *path, nmf_error *error);

nmf_status nmfi_write_mtx(const nmf_matrix *matrix, const char *path, nmf_error *error);
nmf_status nmfi_write_mtx_gz(const nmf_matrix *matrix, const char *path, nmf_error *error);

/* One 8-bit grey PNG for each row into the directory `path`, which is made if it is missing. u8
 * pixels are written as they are; other types are scaled from the matrix's smallest..largest entry
 * to 0..255. Files are named after the samples, or by number. Errors: SHAPE (no image shape), FILE;
 * on failure the pictures of this call are removed again. */
nmf_status nmfi_write_pictures(const nmf_matrix *matrix, const char *path, nmf_error *error);

/* Opens `path` atomically, lets `body` write the matrix to the stream, commits; or removes
 * everything. */
nmf_status nmfi_write_whole(const nmf_matrix *matrix, const char *path,
                            nmf_status (*body)(const nmf_matrix *matrix, FILE *stream,
                                               const char *path, nmf_error *error),
                            nmf_error *error);

/* The entries as they are, row-major, without a header. */
nmf_status nmfi_write_entries(const nmf_matrix *matrix, FILE *stream, const char *path,
                              nmf_error *error);

#endif
