/* See scratch.h. */
#define _GNU_SOURCE /* O_TMPFILE, mkostemp */
#include "base/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <nmfkit/fit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char *directory(void)
{
    static const char *const variables[] = {"NMFKIT_SCRATCH", "TMPDIR"};
    for (int i = 0; i < 2; i++) {
        const char *const named = getenv(variables[i]);
        if (named && *named) return named;
    }
    return "/var/tmp";
}

/* Where the file system knows no file without a name, one whose name goes at once. */
int nmf_scratch_file(const char **where)
{
    const char *const place = *where = directory();
#ifdef O_TMPFILE
    const int descriptor = open(place, O_TMPFILE | O_RDWR | O_CLOEXEC | O_EXCL, 0600);
    if (descriptor >= 0) return descriptor;
#endif
    char name[4096];
    const int length = snprintf(name, sizeof name, "%s/nmfkit-scratch-XXXXXX", place);
    if (length < 0 || (size_t)length >= sizeof name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    const int named = mkostemp(name, O_CLOEXEC);
    if (named >= 0) (void)unlink(name);
    return named;
}

static nmf_status fail(const char *where, size_t bytes, int reason, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_FILE,
                    "a scratch file of %zu bytes cannot be made in %s: %s; NMFKIT_SCRATCH names "
                    "another directory",
                    bytes, where, strerror(reason));
}

/* Whether a page that is missing brings megabytes around it, since the disk is set to read so far ahead. A block of rows
 * touches as many places as there are components, in several arrays: what comes with them would be more than there is memory
 * for, and each would push out the others'. */
static int reads_far_ahead(int descriptor)
{
    static const char *const places[] = {"", "../"}; /* of a disk, of a partition */
    enum { FAR_KB = 512 };
    struct stat status;
    long kilobytes = 0;
    if (fstat(descriptor, &status) != 0) return 0;
    for (int i = 0; i < 2 && kilobytes == 0; i++) {
        char path[96];
        snprintf(path, sizeof path, "/sys/dev/block/%u:%u/%squeue/read_ahead_kb",
                 major(status.st_dev), minor(status.st_dev), places[i]);
        FILE *const file = fopen(path, "re");
        if (file && fscanf(file, "%ld", &kilobytes) != 1) kilobytes = 0;
        if (file) fclose(file);
    }
    return kilobytes > FAR_KB;
}

nmf_status nmfi_scratch_open(nmfi_scratch *scratch, size_t bytes, size_t budget, nmf_error *error)
{
    const char *where;
    memset(scratch, 0, sizeof *scratch);
    const int descriptor = nmf_scratch_file(&where);
    if (descriptor < 0) return fail(where, bytes, errno, error);
    /* Trap: a file that only has the length gets its space when pages are written back, and where there
     * is none then the process ends with SIGBUS. */
    const int reason = posix_fallocate(descriptor, 0, (off_t)bytes);
    const int far = reads_far_ahead(descriptor);
    void *base = MAP_FAILED;
    if (reason == 0) base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (base == MAP_FAILED) {
        (void)close(descriptor);
        if (reason != 0) return fail(where, bytes, reason, error);
        return nmf_fail(error, NMF_ERROR_MEMORY, "no addresses for a scratch file of %zu bytes",
                        bytes);
    }
    if (far) (void)madvise(base, bytes, MADV_RANDOM);
    scratch->base = base;
    scratch->bytes = bytes;
    scratch->budget = budget;
    scratch->descriptor = descriptor;
    return NMF_OK;
}

void nmfi_scratch_close(nmfi_scratch *scratch)
{
    if (!scratch->base) return;
    (void)munmap(scratch->base, scratch->bytes);
    (void)close(scratch->descriptor);
    scratch->base = NULL;
}

void nmfi_scratch_touched(nmfi_scratch *scratch, size_t bytes)
{
    if (!scratch || !scratch->base || scratch->budget == 0) return;
    const size_t touched = atomic_fetch_add(&scratch->touched, bytes) + bytes;
    if (touched < scratch->budget) return;
    atomic_store(&scratch->touched, 0);
    /* Of a shared mapping this takes the pages out of the process, not what is in them. */
    (void)madvise(scratch->base, scratch->bytes, MADV_DONTNEED);
#ifdef SYNC_FILE_RANGE_WRITE
    /* What changed goes to the disk while others compute: where there is no room left for what is read next, whoever reads
     * it would wait for each page of it. */
    (void)sync_file_range(scratch->descriptor, 0, 0, SYNC_FILE_RANGE_WRITE);
#endif
}

void nmfi_scratch_want(const nmfi_scratch *scratch, const void *first, int64_t count, size_t stride,
                       size_t bytes)
{
    enum { PIECE = 1 << 17 }; /* the system may take no more of one wish than it reads ahead */
    if (!scratch || !scratch->base || scratch->bytes <= scratch->budget) return;
    const uintptr_t base = (uintptr_t)scratch->base, page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int64_t i = 0; i < count; i++) {
        const uintptr_t at = (uintptr_t)first + (size_t)i * stride;
        if (at < base || at - base >= scratch->bytes) return;
        const size_t left = scratch->bytes - (at - base);
        const uintptr_t end = at + (bytes < left ? bytes : left);
        for (uintptr_t p = at / page * page; p < end; p += PIECE)
            (void)madvise((void *)p, end - p < PIECE ? end - p : PIECE, MADV_WILLNEED);
    }
}
