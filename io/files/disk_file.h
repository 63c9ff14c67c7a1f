/* A regular file that stays on disk and is read in place, by any thread at any offset. It is held against
 * what it was when it was opened: cut short or written to meanwhile, it is an error in a sentence, which
 * a mapped file would end the process for. What follows a reading is fetched ahead by the system. */
#ifndef NMFI_IO_DISK_FILE_H
#define NMFI_IO_DISK_FILE_H

#include "plugin.h"

#include <nmfkit/status.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nmfi_disk_file nmfi_disk_file;

/* watch(bytes, context): called after each reading with the bytes read of the file so far, from the
 * thread that read; may be NULL. Errors: FILE, MEMORY. */
NMFI_FOR_PLUGINS nmf_status nmfi_disk_file_open(const char *path,
                                                void (*watch)(int64_t bytes, void *context),
                                                void *context, nmfi_disk_file **file,
                                                nmf_error *error);
/* The same of an open descriptor, which is taken over, on failure too; `path` is for messages. */
nmf_status nmfi_disk_file_adopt(int descriptor, const char *path,
                                void (*watch)(int64_t bytes, void *context), void *context,
                                nmfi_disk_file **file, nmf_error *error);
NMFI_FOR_PLUGINS void nmfi_disk_file_close(void *file); /* nmfi_disk_file *, or NULL */

NMFI_FOR_PLUGINS const char *nmfi_disk_file_path(const nmfi_disk_file *file);
NMFI_FOR_PLUGINS uint64_t nmfi_disk_file_bytes(const nmfi_disk_file *file); /* as it was opened */

/* Bytes [offset, offset + count), all of them. Errors: FILE (it ends before, changed, or the system's
 * reason). */
NMFI_FOR_PLUGINS nmf_status nmfi_disk_file_read(nmfi_disk_file *file, uint64_t offset, void *bytes,
                                                size_t count, nmf_error *error);

/* Somebody else read so many bytes of it: counted, and OK where it is still what was opened. Errors: FILE. */
NMFI_FOR_PLUGINS nmf_status nmfi_disk_file_unchanged(nmfi_disk_file *file, size_t bytes,
                                                     nmf_error *error);

#endif
