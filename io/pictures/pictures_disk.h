/* Pictures that stay in their files: one is opened, and decoded, whenever its row is wanted. */
#ifndef NMFI_IO_PICTURES_DISK_H
#define NMFI_IO_PICTURES_DISK_H

#include "find_pictures.h"

#include "io/files/reader.h"

/* All are looked at once: each can be decoded, and is of the first one's size; the matrix is 16-bit where any of
 * them is. *width is in pixels. What becomes of a file later is found when its row is read. Errors: as decoders',
 * SHAPE, FILE, MEMORY. */
nmf_status nmfi_pictures_on_disk(const nmfi_read_request *request, const nmfi_found_pictures *found,
                                 nmf_matrix **matrix, int64_t *width, nmf_error *error);

#endif
