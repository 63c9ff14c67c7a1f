/* What a regular file holds, in memory, read only: read (and unpacked, packed.h); where it is too large for that it is
 * copied into a scratch file (spill.h), which is mapped. The file itself is not: who cuts it short must not end this
 * process. */
#ifndef NMFI_IO_FILE_VIEW_H
#define NMFI_IO_FILE_VIEW_H

#include "plugin.h"

#include <nmfkit/status.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nmfi_file_view {
    const unsigned char *bytes; /* 64-byte aligned; never NULL */
    size_t count;
    int mapped; /* of a scratch file */
} nmfi_file_view;

/* Errors: FILE (missing, unreadable, not a regular file, changed while it was read), FORMAT (damaged packed data),
 * MEMORY. */
nmf_status nmfi_file_view_open(const char *path, nmfi_file_view **view, nmf_error *error);

/* The same; `most`: bytes that are held in memory, else three quarters of what there is. */
nmf_status nmfi_file_view_open_within(const char *path, uint64_t most, nmfi_file_view **view,
                                      nmf_error *error);

/* Of a view that is mapped the bytes before `until` need not stay in this process's memory. */
void nmfi_file_view_let_go(const nmfi_file_view *view, const void *until);

/* Takes a nmfi_file_view *, or NULL; void so that it can be the release of nmf_matrix_adopt. */
void nmfi_file_view_close(void *view);

/* Memory for file content, aligned so that numbers behind a header of 16 k bytes are aligned too.
 * NULL where there is none; free() it. */
NMFI_FOR_PLUGINS unsigned char *nmfi_file_memory(size_t count);

/* nmf_memory_bytes. */
NMFI_FOR_PLUGINS uint64_t nmfi_machine_memory(void);

#endif
