/* Working memory that does not fit: a file on disk, mapped, that has no name and so is gone with the
 * process, however that ends. The system moves its pages between memory and disk as they are used.
 *
 * It lies in the directory that NMFKIT_SCRATCH names, else TMPDIR, else /var/tmp. Its space is had at once:
 * a full disk is an error in a sentence, before anything is computed. */
#ifndef NMFI_BASE_SCRATCH_H
#define NMFI_BASE_SCRATCH_H

#include <nmfkit/status.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nmfi_scratch {
    char *base; /* zeroed; NULL: there is none */
    size_t bytes;
    size_t budget; /* bytes of it that may lie in memory; 0: any */
    int descriptor;
    atomic_size_t touched;
} nmfi_scratch;

/* Errors: FILE (the directory, or no space), MEMORY (no addresses for it). */
nmf_status nmfi_scratch_open(nmfi_scratch *scratch, size_t bytes, size_t budget, nmf_error *error);
void nmfi_scratch_close(nmfi_scratch *scratch);

/* Some bytes of it were used. Now and then what lies in memory is let go, to the disk if it changed: no
 * entry changes. Thread-safe, and beside threads that use it. NULL is fine. */
void nmfi_scratch_touched(nmfi_scratch *scratch, size_t bytes);

/* `count` pieces of `bytes` each, `stride` bytes apart, will be used soon: the disk begins to give them, each in one
 * reading, where a touch would bring a page and wait for it. Pieces that lie elsewhere are none of its business, nor
 * what may all lie in memory. Thread-safe; no entry changes. NULL is fine. */
void nmfi_scratch_want(const nmfi_scratch *scratch, const void *first, int64_t count, size_t stride,
                       size_t bytes);

#endif
