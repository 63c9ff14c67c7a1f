/* Aligned blocks and the measuring arena of memory.h. */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

size_t nmfi_product(int64_t a, int64_t b)
{
    size_t product;
    if (a < 0 || b < 0 || __builtin_mul_overflow((size_t)a, (size_t)b, &product)) return SIZE_MAX;
    return product;
}

static size_t round_up(size_t bytes)
{
    const size_t mask = NMFI_ALIGNMENT - 1;
    return bytes > SIZE_MAX - mask ? SIZE_MAX : (bytes + mask) & ~mask;
}

/* Asks for large pages: they are had by one fault where 512 would be needed, and reading along them
 * seldom waits for an address to be translated. A system that has none goes on with small ones. */
static void prefer_large_pages(char *block, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    enum { LARGE = 1 << 22 }; /* twice a page of x86: however it lies, it holds one */
    const long page = sysconf(_SC_PAGESIZE);
    if (bytes < LARGE || page <= 0) return;
    const size_t skipped = (size_t)page - (uintptr_t)block % (size_t)page;
    (void)madvise(block + skipped, (bytes - skipped) / (size_t)page * (size_t)page, MADV_HUGEPAGE);
#else
    (void)block, (void)bytes;
#endif
}

/* calloc's large blocks are fresh pages, which are zero already and cost nothing until the thread that
 * uses them touches them. What it returned stands before the block. */
void *nmfi_allocate(size_t bytes)
{
    const size_t rounded = round_up(bytes ? bytes : 1);
    if (rounded > PTRDIFF_MAX - NMFI_ALIGNMENT) return NULL;
    char *whole = calloc(1, rounded + NMFI_ALIGNMENT);
    if (!whole) return NULL;
    prefer_large_pages(whole, rounded);
    char *block = whole + NMFI_ALIGNMENT - (uintptr_t)whole % NMFI_ALIGNMENT;
    memcpy(block - sizeof whole, &whole, sizeof whole);
    return block;
}

void nmfi_release(void *block)
{
    void *whole = NULL;
    if (block) memcpy(&whole, (char *)block - sizeof whole, sizeof whole);
    free(whole);
}

void *nmfi_take(nmfi_arena *arena, int64_t count, size_t bytes)
{
    const size_t wanted = round_up(nmfi_product(count, (int64_t)bytes));
    void *block = arena->base ? arena->base + arena->used : NULL;
    if (__builtin_add_overflow(arena->used, wanted, &arena->used)) arena->used = SIZE_MAX;
    return block;
}

/* Sums of sizes that may be beyond any number. */
static size_t plus(size_t a, size_t b)
{
    size_t sum;
    return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

nmfi_memory_limit nmfi_limit_beside(nmfi_memory_limit limit, size_t bytes)
{
    const size_t taken = plus((size_t)limit.taken, bytes);
    limit.taken = taken > INT64_MAX ? INT64_MAX : (int64_t)taken;
    return limit;
}

int nmfi_exceeds(nmfi_memory_limit limit, size_t bytes)
{
    return limit.bytes > 0 && plus((size_t)limit.taken, bytes) > (size_t)limit.bytes;
}

nmf_status nmfi_fail_limit(nmfi_memory_limit limit, const char *what, size_t bytes,
                           nmf_error *error)
{
    if (limit.taken == 0)
        return nmf_fail(error, NMF_ERROR_MEMORY,
                        "%s needs %zu bytes of memory at least; the limit is %lld", what, bytes,
                        (long long)limit.bytes);
    return nmf_fail(
        error, NMF_ERROR_MEMORY,
        "%s needs %zu bytes of memory at least, beside %lld that the data take; the limit is %lld",
        what, bytes, (long long)limit.taken, (long long)limit.bytes);
}

nmf_status nmfi_within_limit(size_t needed, nmfi_memory_limit limit, nmf_error *error)
{
    if (needed > PTRDIFF_MAX)
        return nmf_fail(error, NMF_ERROR_MEMORY, "the working memory's size overflows");
    return nmfi_exceeds(limit, needed) ? nmfi_fail_limit(limit, "the fit", needed, error) : NMF_OK;
}

void *nmfi_take_long(nmfi_arena *arena, int64_t count, size_t bytes)
{
    enum { SMALL = 1 << 18 };
    const size_t wanted = round_up(nmfi_product(count, (int64_t)bytes));
    if (!arena->spills || wanted < SMALL) return nmfi_take(arena, count, bytes);
    void *block = arena->scratch.base ? arena->scratch.base + arena->long_used : NULL;
    if (__builtin_add_overflow(arena->long_used, wanted, &arena->long_used))
        arena->long_used = SIZE_MAX;
    return block;
}

nmf_status nmfi_arena_allocate(nmfi_arena *arena, nmfi_memory_limit limit, nmf_error *error)
{
    if (arena->long_used > PTRDIFF_MAX)
        return nmf_fail(error, NMF_ERROR_MEMORY, "the working memory's size overflows");
    nmf_status status = nmfi_within_limit(arena->used, limit, error);
    if (status != NMF_OK) return status;
    arena->base = nmfi_allocate(arena->used);
    if (!arena->base)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes of working memory",
                        arena->used);
    if (arena->long_used > 0) {
        const size_t left = limit.bytes > 0 ? (size_t)(limit.bytes - limit.taken) - arena->used : 0;
        status = nmfi_scratch_open(&arena->scratch, arena->long_used, left, error);
        if (status != NMF_OK) return status;
    }
    arena->used = arena->long_used = 0;
    return NMF_OK;
}

void nmfi_arena_free(nmfi_arena *arena)
{
    nmfi_release(arena->base);
    if (arena->spills) nmfi_scratch_close(&arena->scratch);
    arena->base = NULL;
}
