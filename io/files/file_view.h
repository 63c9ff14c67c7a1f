/* What a regular file holds, in memory, read only: read (and unpacked, packed.h), or mapped where it is too large
 * for that. */
#ifndef NMFI_IO_FILE_VIEW_H
#define NMFI_IO_FILE_VIEW_H

#include "plugin.h"

#include <nmfkit/status.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nmfi_file_view {
    const unsigned char *bytes; /* 64-byte aligned; never NULL */
    size_t count;
    int mapped;
} nmfi_file_view;

/* Errors: FILE (missing, unreadable, not a regular file, changed while it was read), FORMAT (damaged packed data),
 * MEMORY. */
nmf_status nmfi_file_view_open(const char *path, nmfi_file_view **view, nmf_error *error);

/* Takes a nmfi_file_view *, or NULL; void so that it can be the release of nmf_matrix_adopt. */
void nmfi_file_view_close(void *view);

/* Memory for file content, aligned so that numbers behind a header of 16 k bytes are aligned too.
 * NULL where there is none; free() it. */
NMFI_FOR_PLUGINS unsigned char *nmfi_file_memory(size_t count);

/* nmf_memory_bytes. */
NMFI_FOR_PLUGINS uint64_t nmfi_machine_memory(void);

#endif
