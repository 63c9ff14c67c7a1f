/* SHA-256 of files. */
#ifndef NMFI_IO_SHA256_H
#define NMFI_IO_SHA256_H

#include "plugin.h"

#define NMFI_SHA256_TEXT_BYTES 65 /* 64 lower-case hex digits and the end */

/* The checksum of the file at `path`. Errors: FILE (cannot be read), MEMORY. */
NMFI_FOR_PLUGINS nmf_status nmfi_sha256_file(const char *path, char text[NMFI_SHA256_TEXT_BYTES],
                                             nmf_error *error);

#endif
