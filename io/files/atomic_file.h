/* Files appear whole or not at all: written to a temporary name in the same directory, flushed,
 * synced, renamed over the target, the directory synced; on any failure the temporary file is
 * removed. */
#ifndef NMFI_IO_ATOMIC_FILE_H
#define NMFI_IO_ATOMIC_FILE_H

#include "plugin.h"

#include <nmfkit/status.h>
#include <stdio.h>

typedef struct nmfi_atomic_file nmfi_atomic_file;

/* Opens a temporary file for `path` (through a symbolic link: for what it points to). What goes to
 * /dev/stdout and other non-regular targets is spooled in TMPDIR and copied there by the commit. Where the name ends
 * in .gz, .xz or .zst the stream packs what is written to it. */
NMFI_FOR_PLUGINS nmf_status nmfi_atomic_open(const char *path, nmfi_atomic_file **file,
                                             nmf_error *error);

/* The stream to write to (read/write, binary), and the temporary file's name for libraries that
 * want one; a library that replaces or writes the file by name must have closed it before
 * commit. */
NMFI_FOR_PLUGINS FILE *nmfi_atomic_stream(nmfi_atomic_file *file);
const char *nmfi_atomic_name(const nmfi_atomic_file *file);

/* Flush, sync, rename; frees `file` in any case. Errors: FILE with the system's reason ("No space
 * left"). */
NMFI_FOR_PLUGINS nmf_status nmfi_atomic_commit(nmfi_atomic_file *file, nmf_error *error);

/* Gives up: removes the temporary file. NULL is fine. */
NMFI_FOR_PLUGINS void nmfi_atomic_abort(nmfi_atomic_file *file);

#endif
