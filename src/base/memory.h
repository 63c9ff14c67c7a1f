/* Memory: overflow-checked sizes, aligned blocks, and the arena from which a fit takes everything
 * it needs before its first pass.
 *
 * An arena is used twice by the same layout function: first with base NULL, when taking only adds
 * up the bytes, then with one block of that size, when the same takes return pointers into it. So
 * the byte count of a plan is known before anything is allocated, and there is one thing to
 * free. */
#ifndef NMFI_BASE_MEMORY_H
#define NMFI_BASE_MEMORY_H

#include "base/scratch.h"

#include <nmfkit/status.h>
#include <stddef.h>
#include <stdint.h>

#define NMFI_ALIGNMENT 64 /* a cache line and the widest vector */

/* a * b, or SIZE_MAX where that overflows (which no allocation satisfies). Negative is overflow. */
size_t nmfi_product(int64_t a, int64_t b);

/* Zeroed, aligned to NMFI_ALIGNMENT; NULL if memory is out or bytes is SIZE_MAX. Free:
 * nmfi_release. */
void *nmfi_allocate(size_t bytes);
void nmfi_release(void *block);

typedef struct nmfi_arena {
    char *base;
    size_t used; /* SIZE_MAX once a size overflowed */
    int spills;  /* 1: long arrays lie in a scratch file */
    size_t long_used;
    nmfi_scratch scratch;
} nmfi_arena;

/* The next `count` elements of `bytes` each, aligned; NULL while the arena only measures. */
void *nmfi_take(nmfi_arena *arena, int64_t count, size_t bytes);

/* The same of arrays that are as long as a side of X and used from one end to the other: where the arena
 * spills they lie in its scratch file, unless they are small. */
void *nmfi_take_long(nmfi_arena *arena, int64_t count, size_t bytes);

/* Gives the measured arena its block, zeroed, and its scratch file. Errors: MEMORY, with the bytes wanted
 * and the limit (limit 0: none); FILE. */
nmf_status nmfi_arena_allocate(nmfi_arena *arena, int64_t limit_bytes, nmf_error *error);
void nmfi_arena_free(nmfi_arena *arena);

/* For who needs more than one arena: MEMORY, with both numbers, where `needed` is more than the limit. */
nmf_status nmfi_within_limit(size_t needed, int64_t limit_bytes, nmf_error *error);

#endif
