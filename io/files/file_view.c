/* Files in memory: read whole where they are small, mapped where a second copy in memory would cost
 * something (the page cache already holds one, and mapping costs nothing until a row is
 * visited). */
#include "file_view.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* From this size on a file is mapped. Trap: a mapped file that another program cuts short ends this
 * process with SIGBUS at the next access, and no check can prevent it. Reading is immune, so
 * everything that a copy of costs little (0.02 s for this much) is read. */
#define MAP_FROM_BYTES ((size_t)64 << 20)

#define ALIGNMENT 64

unsigned char *nmfi_file_memory(size_t count)
{
    if (count > SIZE_MAX - 2 * ALIGNMENT) {
        return NULL;
    }
    return aligned_alloc(ALIGNMENT, (count / ALIGNMENT + 1) * ALIGNMENT);
}

uint64_t nmfi_machine_memory(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;
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
            return nmf_fail(error, NMF_ERROR_FILE,
                            "%s: became shorter while it was read: %zu of %zu bytes", path, done,
                            view->count);
        }
        done += (size_t)got;
    }
    return NMF_OK;
}

static nmf_status map_all(int descriptor, const char *path, nmfi_file_view *view, nmf_error *error)
{
    void *bytes = mmap(NULL, view->count, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (bytes == MAP_FAILED) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be mapped: %s", path, strerror(errno));
    }
    view->bytes = bytes;
    view->mapped = 1;
    return NMF_OK;
}

static nmf_status fill(int descriptor, const char *path, nmfi_file_view *view, nmf_error *error)
{
    struct stat info;
    if (fstat(descriptor, &info) != 0) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read: %s", path, strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: is not a regular file", path);
    }
    view->count = (size_t)info.st_size;
    return view->count >= MAP_FROM_BYTES ? map_all(descriptor, path, view, error)
                                         : read_all(descriptor, path, view, error);
}

nmf_status nmfi_file_view_open(const char *path, nmfi_file_view **view, nmf_error *error)
{
    *view = NULL;
    /* O_NONBLOCK: opening a pipe that nobody writes to must not wait; it has no effect on files. */
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be opened: %s", path, strerror(errno));
    }
    nmfi_file_view *made = calloc(1, sizeof *made);
    const nmf_status status = made != NULL ? fill(descriptor, path, made, error)
                                           : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    close(descriptor);
    if (status != NMF_OK) {
        nmfi_file_view_close(made);
        return status;
    }
    *view = made;
    return NMF_OK;
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
