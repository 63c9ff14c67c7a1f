/* Writes a matrix whose rows are pictures as one file each. */
#ifndef NMFI_IO_WRITE_PICTURES_H
#define NMFI_IO_WRITE_PICTURES_H

#include <nmfkit/matrix.h>

/* One 8-bit grey PNG for each row into the directory `path`, which is made if it is missing. u8
 * pixels are written as they are; other types are scaled from the matrix's smallest..largest entry
 * to 0..255. Files are named after the samples, or by number. Errors: SHAPE (no image shape), FILE;
 * on failure the pictures of this call are removed again. */
nmf_status nmfi_write_pictures(const nmf_matrix *matrix, const char *path, nmf_error *error);

#endif
