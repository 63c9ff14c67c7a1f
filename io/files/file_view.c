/* Files in memory: see file_view.h. */
#include "file_view.h"

#include "packed.h"
#include "spill.h"

#include <errno.h>
#include <fcntl.h>
#include <nmfkit/fit.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALIGNMENT 64
#define FIRST_BYTES ((size_t)1 << 20)
#define LARGE ((size_t)8 << 20)
#define LARGE_PAGE ((size_t)2 << 20)

unsigned char *nmfi_file_memory(size_t count)
{
    if (count > SIZE_MAX - 2 * LARGE_PAGE) {
        return NULL;
    }
    if (count < LARGE) {
        return aligned_alloc(ALIGNMENT, (count / ALIGNMENT + 1) * ALIGNMENT);
    }
    /* Large pages, where the system grants them: filling small ones for the first time takes longer than reading. */
    unsigned char *memory = aligned_alloc(LARGE_PAGE, (count / LARGE_PAGE + 1) * LARGE_PAGE);
    if (memory != NULL) {
        (void)madvise(memory, (count / LARGE_PAGE + 1) * LARGE_PAGE, MADV_HUGEPAGE);
    }
    return memory;
}

uint64_t nmfi_machine_memory(void)
{
    return (uint64_t)nmf_memory_bytes();
}

static nmf_status fail_shorter(const char *path, size_t done, size_t count, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_FILE, "%s: became shorter while it was read: %zu of %zu bytes",
                    path, done, count);
}

static nmf_status read_all(int descriptor, const char *path, nmfi_file_view *view, nmf_error *error)
{
    unsigned char *bytes = nmfi_file_memory(view->count);
    if (bytes == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for its %zu bytes", path,
                        view->count);
    }
    view->bytes = bytes;
    size_t done = 0;
    while (done < view->count) {
        const ssize_t got = read(descriptor, bytes + done, view->count - done);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read: %s", path, strerror(errno));
        }
        if (got == 0) {
            return fail_shorter(path, done, view->count, error);
        }
        done += (size_t)got;
    }
    return NMF_OK;
}

/* Trap: a mapped file that another program cuts short, or a network file system loses, ends this process with
 * SIGBUS at the next access, and no check can prevent it. So it is a copy that is mapped. */
static nmf_status map_copy(nmfi_spill *copy, nmfi_file_view *view, nmf_error *error)
{
    const void *bytes = NULL;
    const nmf_status status = nmfi_spill_map(copy, &bytes, error);
    if (status != NMF_OK) {
        return status;
    }
    view->bytes = bytes;
    view->count = (size_t)nmfi_spill_bytes(copy);
    view->mapped = 1;
    return NMF_OK;
}

/* What was unpacked so far goes into a scratch file, and all that follows. */
static nmf_status unpack_apart(const char *path, nmfi_unpacker *unpacker, nmfi_file_view *view,
                               size_t capacity, nmf_error *error)
{
    unsigned char *const buffer = (unsigned char *)(uintptr_t)view->bytes;
    nmfi_spill *copy = NULL;
    size_t got = view->count;
    nmf_status status = nmfi_spill_open(path, &copy, error);
    while (status == NMF_OK && got > 0) {
        status = nmfi_spill_add(copy, buffer, got, error);
        if (status == NMF_OK) {
            status = nmfi_unpacker_read(unpacker, buffer, capacity, &got, error);
        }
    }
    free(buffer);
    view->bytes = NULL;
    if (status == NMF_OK) {
        status = map_copy(copy, view, error);
    }
    nmfi_spill_close(copy);
    return status;
}

/* Room for twice as much. */
static nmf_status grow(const char *path, nmfi_file_view *view, size_t *capacity, nmf_error *error)
{
    const size_t wanted = *capacity > 0 ? 2 * *capacity : FIRST_BYTES;
    unsigned char *grown = nmfi_file_memory(wanted);
    if (grown == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY,
                        "%s: unpacks to more than %zu bytes, for which there is no memory", path,
                        *capacity);
    }
    memcpy(grown, view->bytes != NULL ? view->bytes : grown, view->count);
    free((void *)(uintptr_t)view->bytes);
    view->bytes = grown;
    *capacity = wanted;
    return NMF_OK;
}

/* The file, unpacked where it is packed: in memory up to `most` bytes. */
static nmf_status unpack_all(const char *path, uint64_t most, nmfi_file_view *view,
                             nmf_error *error)
{
    nmfi_unpacker *unpacker;
    size_t capacity = 0, got = 1;
    nmf_status status = nmfi_unpacker_open(path, &unpacker, error);
    view->count = 0;
    while (status == NMF_OK && got > 0) {
        if (view->count == capacity && capacity >= FIRST_BYTES && capacity > most / 2) {
            status = unpack_apart(path, unpacker, view, capacity, error);
            break;
        }
        if (view->count == capacity) {
            status = grow(path, view, &capacity, error);
        }
        if (status == NMF_OK) {
            status =
                nmfi_unpacker_read(unpacker, (unsigned char *)(uintptr_t)view->bytes + view->count,
                                   capacity - view->count, &got, error);
            view->count += got;
        }
    }
    nmfi_unpacker_close(unpacker);
    return status;
}

static int is_packed(int descriptor)
{
    unsigned char head[8];
    ssize_t got;
    do {
        got = pread(descriptor, head, sizeof head, 0);
    } while (got < 0 && errno == EINTR);
    return got > 0 && nmfi_packing_of(head, (size_t)got) != NMFI_UNPACKED;
}

static nmf_status fill(int descriptor, const char *path, uint64_t most, nmfi_file_view *view,
                       nmf_error *error)
{
    struct stat info;
    if (fstat(descriptor, &info) != 0) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: is not a regular file", path);
    }
    const size_t count = (size_t)info.st_size;
    if (is_packed(descriptor)) {
        return unpack_all(path, most, view, error);
    }
    if (count > most) {
        const nmf_status status = unpack_all(path, most, view, error);
        return status != NMF_OK || view->count >= count
                   ? status
                   : fail_shorter(path, view->count, count, error);
    }
    view->count = count;
    return read_all(descriptor, path, view, error);
}

nmf_status nmfi_file_view_open(const char *path, nmfi_file_view **view, nmf_error *error)
{
    return nmfi_file_view_open_within(path, nmfi_machine_memory() / 4 * 3, view, error);
}

nmf_status nmfi_file_view_open_within(const char *path, uint64_t most, nmfi_file_view **view,
                                      nmf_error *error)
{
    *view = NULL;
    /* O_NONBLOCK: opening a pipe that nobody writes to must not wait; it has no effect on files. */
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be opened: %s", path, strerror(errno));
    }
    nmfi_file_view *made = calloc(1, sizeof *made);
    const nmf_status status = made != NULL ? fill(descriptor, path, most, made, error)
                                           : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    close(descriptor);
    if (status != NMF_OK) {
        nmfi_file_view_close(made);
        return status;
    }
    *view = made;
    return NMF_OK;
}

void nmfi_file_view_let_go(const nmfi_file_view *view, const void *until)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)view->bytes;
    const uintptr_t end = (uintptr_t)until / page * page;
    if (view->mapped && end > begin) {
        (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
}

void nmfi_file_view_close(void *view)
{
    nmfi_file_view *old = view;
    if (old == NULL) {
        return;
    }
    if (old->mapped) {
        (void)munmap((void *)(uintptr_t)old->bytes, old->count);
    } else {
        free((void *)(uintptr_t)old->bytes);
    }
    free(old);
}
