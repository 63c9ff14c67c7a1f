/* Writes a text as a file that appears whole or not at all. */
#include "atomic_file.h"

#include <errno.h>
#include <nmfkit/io.h>
#include <stdio.h>
#include <string.h>

nmf_status nmf_io_write_text(const char *path, const char *text, nmf_error *error)
{
    nmfi_atomic_file *file;
    if (path == NULL || path[0] == '\0' || text == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "writing a text needs a path and the text");
    }
    const nmf_status status = nmfi_atomic_open(path, &file, error);
    if (status != NMF_OK) {
        return status;
    }
    const size_t bytes = strlen(text);
    if (fwrite(text, 1, bytes, nmfi_atomic_stream(file)) != bytes) {
        const int reason = errno;
        nmfi_atomic_abort(file);
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be written: %s", path, strerror(reason));
    }
    return nmfi_atomic_commit(file, error);
}
