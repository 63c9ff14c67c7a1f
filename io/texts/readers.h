/* The readers of this room: tables, lists of entries, and folders of them. */
#ifndef NMFI_IO_TEXTS_READERS_H
#define NMFI_IO_TEXTS_READERS_H

#include "io/files/reader.h"

extern const nmfi_reader nmfi_reader_csv, nmfi_reader_mtx, nmfi_reader_docword,
    nmfi_reader_svmlight, nmfi_reader_ldac;

/* A folder with cellranger's matrix.mtx, barcodes and features: read_cell_folder.c. */
int nmfi_is_cell_folder(const char *path);
nmf_status nmfi_read_cell_folder(const nmfi_read_request *request, nmf_matrix **matrix,
                                 nmf_error *error);

#endif
