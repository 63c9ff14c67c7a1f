/* An .npz file: a zip archive of .npy members. Opened from a file or from memory; what a member
 * declares is checked before anything is allocated for it. */
#ifndef NMFI_IO_NPZ_ARCHIVE_H
#define NMFI_IO_NPZ_ARCHIVE_H

#include "npy.h"

#include "io/files/reader.h"

typedef struct nmfi_npz nmfi_npz;

/* Errors: FILE, FORMAT (no zip archive, or a damaged one). */
nmf_status nmfi_npz_open(const char *path, nmfi_npz **npz, nmf_error *error);
/* `bytes` must outlive the archive; `path` is for messages. */
nmf_status nmfi_npz_open_memory(const void *bytes, size_t count, const char *path, nmfi_npz **npz,
                                nmf_error *error);
void nmfi_npz_close(nmfi_npz *npz); /* NULL is fine */

/* Members in the archive's order. */
int64_t nmfi_npz_count(const nmfi_npz *npz);
const char *nmfi_npz_name(const nmfi_npz *npz, int64_t index);

/* The number of member `name` or `name`.npy, or -1. */
int64_t nmfi_npz_find(const nmfi_npz *npz, const char *name);

/* A member's bytes (free() them; one 0 byte stands behind them), checksum verified. A member named
 * .npy is refused unless its header promises exactly the bytes the archive declares.
 * Errors: FORMAT, UNSUPPORTED (encrypted, or a compression NumPy does not use), MEMORY. */
nmf_status nmfi_npz_bytes(nmfi_npz *npz, int64_t index, unsigned char **bytes, size_t *count,
                          nmf_error *error);

/* The member as a matrix. Errors as nmfi_npz_bytes and nmfi_npy_matrix. */
nmf_status nmfi_npz_matrix(nmfi_npz *npz, int64_t index, nmfi_npy_use use, nmf_matrix **matrix,
                           nmf_error *error);

/* The array that the request's member, or no member, means, with names and shape. Where it stays on disk
 * the archive may be closed. read_npz.c. */
nmf_status nmfi_npz_read(nmfi_npz *npz, const nmfi_read_request *request, nmf_matrix **matrix,
                         nmf_error *error);

/* Gives `matrix` the names in member `name`; a missing member is fine. Errors: SHAPE (they are not
 * names of these rows or columns), and those of nmfi_npz_bytes. */
nmf_status nmfi_npz_attach_names(nmfi_npz *npz, const char *name, nmf_matrix *matrix,
                                 nmf_names which, nmf_error *error);

/* Gives `matrix` the shape in member "image_shape" (two integers); a missing member is fine.
 * Errors: SHAPE (not the shape of these rows), and those of nmfi_npz_bytes. */
nmf_status nmfi_npz_attach_image_shape(nmfi_npz *npz, nmf_matrix *matrix, nmf_error *error);

/* "file.npz:member" for messages, cut at `bytes`. */
void nmfi_npz_label(const nmfi_npz *npz, int64_t index, char *label, size_t bytes);

#endif
