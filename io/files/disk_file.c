/* Files that stay on disk: see disk_file.h. */
#include "disk_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <nmfkit/fit.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How far ahead of a reading the system is asked to fetch: some milliseconds of a fast disk, so that it
 * works while what was read is computed with. */
#define AHEAD_BYTES ((uint64_t)8 << 20)
#define LEAST_AHEAD 65536 /* smaller readings are of pieces, whose neighbours nobody wants next */

struct nmfi_disk_file {
    char *path;
    int descriptor;
    struct stat opened;
    int outgrows; /* the memory there is: what was read is gone by the time it is read again */
    atomic_int_fast64_t done;
    void (*watch)(int64_t bytes, void *context);
    void *context;
};

/* Of an open descriptor, or of one that could not be had for `reason`. */
static nmf_status begin(nmfi_disk_file *file, const char *path, int reason, nmf_error *error)
{
    file->path = strdup(path);
    if (file->path == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    if (file->descriptor < 0) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be opened: %s", path, strerror(reason));
    }
    if (fstat(file->descriptor, &file->opened) != 0) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    }
    if (!S_ISREG(file->opened.st_mode)) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: is not a regular file", path);
    }
    file->outgrows = file->opened.st_size > nmf_memory_bytes();
    (void)posix_fadvise(file->descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
    return NMF_OK;
}

nmf_status nmfi_disk_file_open(const char *path, void (*watch)(int64_t bytes, void *context),
                               void *context, nmfi_disk_file **file, nmf_error *error)
{
    /* O_NONBLOCK: opening a pipe that nobody writes to must not wait; it has no effect on files. */
    return nmfi_disk_file_adopt(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), path, watch, context,
                                file, error);
}

nmf_status nmfi_disk_file_adopt(int descriptor, const char *path,
                                void (*watch)(int64_t bytes, void *context), void *context,
                                nmfi_disk_file **file, nmf_error *error)
{
    const int reason = errno;
    *file = NULL;
    nmfi_disk_file *made = calloc(1, sizeof *made);
    if (made == NULL) {
        if (descriptor >= 0) {
            close(descriptor);
        }
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    made->descriptor = descriptor;
    made->watch = watch;
    made->context = context;
    const nmf_status status = begin(made, path, reason, error);
    if (status != NMF_OK) {
        nmfi_disk_file_close(made);
        return status;
    }
    *file = made;
    return NMF_OK;
}

void nmfi_disk_file_close(void *file)
{
    nmfi_disk_file *old = file;
    if (old == NULL) {
        return;
    }
    if (old->descriptor >= 0) {
        close(old->descriptor);
    }
    free(old->path);
    free(old);
}

const char *nmfi_disk_file_path(const nmfi_disk_file *file)
{
    return file->path;
}

uint64_t nmfi_disk_file_bytes(const nmfi_disk_file *file)
{
    return (uint64_t)file->opened.st_size;
}

/* Is it still what was opened? A file system's clock may be coarse: a change that is followed by a
 * reading at once can go unseen, one that takes a while cannot. */
static nmf_status check_unchanged(const nmfi_disk_file *file, nmf_error *error)
{
    struct stat now;
    const struct stat *then = &file->opened;
    if (fstat(file->descriptor, &now) != 0) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read: %s", file->path,
                        strerror(errno));
    }
    if (now.st_size < then->st_size) {
        return nmf_fail(error, NMF_ERROR_FILE,
                        "%s: was cut short while it was read, from %" PRId64 " to %" PRId64
                        " bytes",
                        file->path, (int64_t)then->st_size, (int64_t)now.st_size);
    }
    if (now.st_size != then->st_size || now.st_mtim.tv_sec != then->st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != then->st_mtim.tv_nsec) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: was written to while it was read", file->path);
    }
    return NMF_OK;
}

/* What comes next is fetched; of a file that memory cannot hold, what was read makes room at once, which else were taken from
 * what is soon used again: pages of a scratch file. */
static void advise(const nmfi_disk_file *file, uint64_t offset, size_t count)
{
    if (count < LEAST_AHEAD) {
        return;
    }
    if (offset + count + AHEAD_BYTES < nmfi_disk_file_bytes(file)) {
        (void)posix_fadvise(file->descriptor, (off_t)(offset + count + AHEAD_BYTES), (off_t)count,
                            POSIX_FADV_WILLNEED);
    }
    if (file->outgrows) {
        (void)posix_fadvise(file->descriptor, (off_t)offset, (off_t)count, POSIX_FADV_DONTNEED);
    }
}

nmf_status nmfi_disk_file_read(nmfi_disk_file *file, uint64_t offset, void *bytes, size_t count,
                               nmf_error *error)
{
    size_t done = 0;
    while (done < count) {
        const ssize_t got =
            pread(file->descriptor, (char *)bytes + done, count - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return nmf_fail(error, NMF_ERROR_FILE, "%s: byte %" PRIu64 " cannot be read: %s",
                            file->path, offset + done, strerror(errno));
        }
        if (got == 0) {
            const nmf_status status = check_unchanged(file, error);
            return status != NMF_OK
                       ? status
                       : nmf_fail(error, NMF_ERROR_FILE,
                                  "%s: ends at byte %" PRIu64 ", but %zu bytes are wanted there",
                                  file->path, offset + done, count - done);
        }
        done += (size_t)got;
    }
    advise(file, offset, count);
    return nmfi_disk_file_unchanged(file, count, error);
}

nmf_status nmfi_disk_file_unchanged(nmfi_disk_file *file, size_t bytes, nmf_error *error)
{
    const int64_t more = (int64_t)bytes;
    if (file->watch != NULL) {
        file->watch(atomic_fetch_add(&file->done, more) + more, file->context);
    }
    return check_unchanged(file, error);
}
