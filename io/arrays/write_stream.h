/* What writers of one stream share: a file that appears whole or not at all, and a matrix's
 * entries without a header. */
#ifndef NMFI_IO_WRITE_STREAM_H
#define NMFI_IO_WRITE_STREAM_H

#include <nmfkit/matrix.h>
#include <stdio.h>

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
