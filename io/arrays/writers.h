/* The writers of this room: files of arrays. Every one writes through atomic_file.h. */
#ifndef NMFI_IO_ARRAYS_WRITERS_H
#define NMFI_IO_ARRAYS_WRITERS_H

#include <nmfkit/matrix.h>

nmf_status nmfi_write_npy(const nmf_matrix *matrix, const char *path, nmf_error *error);
nmf_status nmfi_write_npz(const nmf_matrix *matrix, const char *path, nmf_error *error);
nmf_status nmfi_write_mat(const nmf_matrix *matrix, const char *path, nmf_error *error);

#endif
