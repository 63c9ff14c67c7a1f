/* See spill.h. */
#include "spill.h"

#include <errno.h>
#include <inttypes.h>
#include <nmfkit/fit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define BUFFER_BYTES 65536

struct nmfi_spill {
    int descriptor;
    char *path;
    char *where;    /* the directory it lies in */
    uint64_t bytes; /* in the file */
    size_t waiting; /* behind them, still in the buffer */
    unsigned char buffer[BUFFER_BYTES];
};

static nmf_status fail(const nmfi_spill *spill, const char *what, int reason, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_FILE,
                    "%s: is too large for the memory it may have, and its scratch file in %s "
                    "cannot be %s: %s; NMFKIT_SCRATCH names another directory",
                    spill->path, spill->where, what, strerror(reason));
}

nmf_status nmfi_spill_open(const char *path, nmfi_spill **spill, nmf_error *error)
{
    *spill = NULL;
    nmfi_spill *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    }
    const char *where;
    made->descriptor = nmf_scratch_file(&where);
    const int reason = errno;
    made->path = strdup(path);
    made->where = strdup(where);
    nmf_status status = NMF_OK;
    if (made->path == NULL || made->where == NULL) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    } else if (made->descriptor < 0) {
        status = fail(made, "made", reason, error);
    }
    if (status != NMF_OK) {
        nmfi_spill_close(made);
        return status;
    }
    *spill = made;
    return NMF_OK;
}

void nmfi_spill_close(nmfi_spill *spill)
{
    if (spill == NULL) {
        return;
    }
    if (spill->descriptor >= 0) {
        close(spill->descriptor);
    }
    free(spill->path);
    free(spill->where);
    free(spill);
}

static nmf_status put(nmfi_spill *spill, uint64_t offset, const void *bytes, size_t count,
                      nmf_error *error)
{
    const char *const from = bytes;
    size_t done = 0;
    while (done < count) {
        const ssize_t written =
            pwrite(spill->descriptor, from + done, count - done, (off_t)(offset + done));
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return fail(spill, "written to", written < 0 ? errno : ENOSPC, error);
        }
        done += (size_t)written;
    }
    spill->bytes = offset + count > spill->bytes ? offset + count : spill->bytes;
    return NMF_OK;
}

static nmf_status flush(nmfi_spill *spill, nmf_error *error)
{
    const size_t count = spill->waiting;
    spill->waiting = 0;
    return count > 0 ? put(spill, spill->bytes, spill->buffer, count, error) : NMF_OK;
}

nmf_status nmfi_spill_add(nmfi_spill *spill, const void *bytes, size_t count, nmf_error *error)
{
    nmf_status status = NMF_OK;
    if (count > BUFFER_BYTES - spill->waiting) {
        status = flush(spill, error);
    }
    if (status != NMF_OK || count == 0) {
        return status;
    }
    if (count > BUFFER_BYTES) {
        return put(spill, spill->bytes, bytes, count, error);
    }
    memcpy(spill->buffer + spill->waiting, bytes, count);
    spill->waiting += count;
    return NMF_OK;
}

nmf_status nmfi_spill_put(nmfi_spill *spill, uint64_t offset, const void *bytes, size_t count,
                          nmf_error *error)
{
    const nmf_status status = flush(spill, error);
    return status == NMF_OK ? put(spill, offset, bytes, count, error) : status;
}

uint64_t nmfi_spill_bytes(const nmfi_spill *spill)
{
    return spill->bytes + spill->waiting;
}

nmf_status nmfi_spill_read(nmfi_spill *spill, uint64_t offset, void *bytes, size_t count,
                           nmf_error *error)
{
    size_t done = 0;
    const nmf_status status = flush(spill, error);
    if (status != NMF_OK) {
        return status;
    }
    while (done < count) {
        const ssize_t got =
            pread(spill->descriptor, (char *)bytes + done, count - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return fail(spill, "read", got < 0 ? errno : EIO, error);
        }
        done += (size_t)got;
    }
    return NMF_OK;
}

nmf_status nmfi_spill_map(nmfi_spill *spill, const void **bytes, nmf_error *error)
{
    const nmf_status status = flush(spill, error);
    if (status != NMF_OK) {
        return status;
    }
    void *const mapped =
        mmap(NULL, (size_t)spill->bytes, PROT_READ, MAP_SHARED, spill->descriptor, 0);
    if (mapped == MAP_FAILED) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: no addresses for %" PRIu64 " bytes: %s",
                        spill->path, spill->bytes, strerror(errno));
    }
    *bytes = mapped;
    return NMF_OK;
}

nmf_status nmfi_spill_file(nmfi_spill *spill, void (*watch)(int64_t bytes, void *context),
                           void *context, nmfi_disk_file **file, nmf_error *error)
{
    nmf_status status = flush(spill, error);
    *file = NULL;
    if (status == NMF_OK) {
        const int descriptor = spill->descriptor;
        spill->descriptor = -1;
        status = nmfi_disk_file_adopt(descriptor, spill->path, watch, context, file, error);
    }
    nmfi_spill_close(spill);
    return status;
}
