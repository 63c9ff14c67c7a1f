/* What nmf_io_read does to a matrix after reading it: transpose, names, image shape and order,
 * shuffle. */
#ifndef NMFI_IO_ARRANGE_H
#define NMFI_IO_ARRANGE_H

#include <nmfkit/io.h>

/* Replaces *matrix where it must be copied; on failure it is freed and *matrix is NULL.
 * Errors: SHAPE, ARGUMENT, MEMORY. */
nmf_status nmfi_arrange(const char *path, const nmf_io_read_options *options, nmf_matrix **matrix,
                        nmf_error *error);

#endif
