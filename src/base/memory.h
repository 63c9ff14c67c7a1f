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

/* How much memory there may be, and how much of it X and the like take already. `bytes` 0: no limit. */
typedef struct nmfi_memory_limit {
    int64_t bytes, taken;
} nmfi_memory_limit;
#define NMFI_NO_LIMIT ((nmfi_memory_limit){0, 0})

/* The same with so many bytes more taken. */
nmfi_memory_limit nmfi_limit_beside(nmfi_memory_limit limit, size_t bytes);
/* Whether so many bytes more are too many. */
int nmfi_exceeds(nmfi_memory_limit limit, size_t bytes);
/* MEMORY: `what`, such as "the fit", needs so many bytes, and others were taken; the limit is this. */
nmf_status nmfi_fail_limit(nmfi_memory_limit limit, const char *what, size_t bytes,
                           nmf_error *error);

/* Gives the measured arena its block, zeroed, and its scratch file. Errors: MEMORY, with the bytes wanted
 * and the limit; FILE. */
nmf_status nmfi_arena_allocate(nmfi_arena *arena, nmfi_memory_limit limit, nmf_error *error);
void nmfi_arena_free(nmfi_arena *arena);

/* For who needs more than one arena: MEMORY, with these numbers, where `needed` is more than the limit leaves. */
nmf_status nmfi_within_limit(size_t needed, nmfi_memory_limit limit, nmf_error *error);

#endif
