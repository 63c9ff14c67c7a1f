/* Where a stored (uncompressed) member of a zip archive lies in its file, so that it can be read in place:
 * libzip reads members from their beginning on only. Source: PKWARE's APPNOTE.TXT, sections 4.3 and 4.5. */
#ifndef NMFI_IO_ZIP_PLACE_H
#define NMFI_IO_ZIP_PLACE_H

#include "io/files/disk_file.h"

typedef struct nmfi_zip_place {
    int stored;             /* 0: it is compressed, and the rest says nothing */
    uint64_t offset, bytes; /* of its content in the file */
} nmfi_zip_place;

/* Errors: FORMAT (no such member, or an archive that contradicts itself), FILE, MEMORY. */
nmf_status nmfi_zip_find_place(nmfi_disk_file *file, const char *member, nmfi_zip_place *place,
                               nmf_error *error);

#endif
