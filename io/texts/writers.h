/* The writers of this room: tables and lists of entries. Every one writes through atomic_file.h. */
#ifndef NMFI_IO_TEXTS_WRITERS_H
#define NMFI_IO_TEXTS_WRITERS_H

#include <nmfkit/matrix.h>

nmf_status nmfi_write_csv(const nmf_matrix *matrix, const char *path, nmf_error *error);
nmf_status nmfi_write_tsv(const nmf_matrix *matrix, const char *path, nmf_error *error);
nmf_status nmfi_write_mtx(const nmf_matrix *matrix, const char *path, nmf_error *error);

#endif
