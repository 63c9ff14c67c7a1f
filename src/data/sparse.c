/* Compressed lines: the structure checked once, places found by bisection. */
#include "data/sparse.h"

#include <stdlib.h>
#include <string.h>

int64_t nmfi_sparse_find(const nmf_sparse *s, int64_t line, int64_t index)
{
    int64_t low = s->pointers[line], high = s->pointers[line + 1];
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (nmfi_sparse_index(s, middle) < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

nmf_sparse nmfi_sparse_transposed(const nmf_sparse *s)
{
    nmf_sparse transposed = *s;
    transposed.rows = s->columns;
    transposed.columns = s->rows;
    transposed.by_columns = !s->by_columns;
    return transposed;
}

static nmf_status check_description(const nmf_sparse *s, nmf_error *error)
{
    if (!s) return nmf_fail(error, NMF_ERROR_ARGUMENT, "the matrix description is NULL");
    if (nmf_dtype_bytes(s->dtype) == 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "dtype %d is not one of uint8, uint16, float32, float64, int32",
                        (int)s->dtype);
    if (s->index_bytes != 4 && s->index_bytes != 8)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "index_bytes = %d: must be 4 or 8",
                        s->index_bytes);
    if (s->by_columns != 0 && s->by_columns != 1)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "by_columns = %d: must be 0 or 1",
                        s->by_columns);
    if (s->rows < 0 || s->columns < 0)
        return nmf_fail(error, NMF_ERROR_SHAPE, "shape %lld x %lld: sizes must be >= 0",
                        (long long)s->rows, (long long)s->columns);
    if (s->rows > PTRDIFF_MAX / 16 || s->columns > PTRDIFF_MAX / 16)
        return nmf_fail(error, NMF_ERROR_SHAPE, "shape %lld x %lld: the number of rows overflows",
                        (long long)s->rows, (long long)s->columns);
    if (!s->pointers) return nmf_fail(error, NMF_ERROR_ARGUMENT, "the pointers are NULL");
    if ((uintptr_t)s->pointers % sizeof *s->pointers != 0 ||
        (uintptr_t)s->indices % (size_t)s->index_bytes != 0 ||
        (uintptr_t)s->values % nmf_dtype_bytes(s->dtype) != 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "the arrays at %p, %p and %p are not aligned to their types",
                        (const void *)s->pointers, s->indices, s->values);
    return NMF_OK;
}

static nmf_status check_pointers(const nmf_sparse *s, nmf_error *error)
{
    const int64_t lines = nmfi_sparse_lines(s);
    if (s->pointers[0] != 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "pointers[0] = %lld: must be 0",
                        (long long)s->pointers[0]);
    for (int64_t i = 0; i < lines; i++)
        if (s->pointers[i + 1] < s->pointers[i])
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "pointers[%lld] = %lld: must not be below pointers[%lld] = %lld",
                            (long long)i + 1, (long long)s->pointers[i + 1], (long long)i,
                            (long long)s->pointers[i]);
    const int64_t stored = s->pointers[lines];
    if (stored > PTRDIFF_MAX / 16)
        return nmf_fail(error, NMF_ERROR_SHAPE, "%lld stored entries: their number overflows",
                        (long long)stored);
    return NMF_OK;
}

nmf_status nmfi_sparse_check_shape(const nmf_sparse *s, nmf_error *error)
{
    const nmf_status status = check_description(s, error);
    return status == NMF_OK ? check_pointers(s, error) : status;
}

/* How often an index is above the one before it, whatever lines they are in, and whether one is not
 * in [0, last]. Every fit of sparse data waits for this: differences and their sign bits, in spans
 * of a constant length, which compilers turn into vectors. */
enum { SPAN = 512 };

#define COUNT_RISES(INDEX, UNSIGNED) \
    static inline __attribute__((always_inline)) \
    UNSIGNED rises_in_##INDEX(const INDEX *indices, int count, UNSIGNED last, UNSIGNED *outside) \
    { \
        UNSIGNED rises = 0, beyond = 0; \
        for (int i = 0; i < count; i++) { \
            const UNSIGNED before = (UNSIGNED)indices[i - 1], index = (UNSIGNED)indices[i]; \
            beyond |= index | (last - index); \
            rises += (before - index) >> (8 * sizeof(UNSIGNED) - 1); \
        } \
        *outside |= beyond; \
        return rises; \
    } \
    static int64_t count_rises_##INDEX(const INDEX *indices, int64_t count, UNSIGNED last, \
                                       int *outside) \
    { \
        *outside = 0; \
        if (count == 0) return 0; \
        UNSIGNED beyond = (UNSIGNED)indices[0] | (last - (UNSIGNED)indices[0]); \
        int64_t rises = 0, e = 1; \
        for (; e + SPAN <= count; e += SPAN) \
            rises += (int64_t)rises_in_##INDEX(indices + e, SPAN, last, &beyond); \
        rises += (int64_t)rises_in_##INDEX(indices + e, (int)(count - e), last, &beyond); \
        *outside = (int)(beyond >> (8 * sizeof(UNSIGNED) - 1)); \
        return rises; \
    }
COUNT_RISES(int32_t, uint32_t)
COUNT_RISES(int64_t, uint64_t)
#undef COUNT_RISES

/* Whether each line's indices ascend: every entry but the first of its line is above the one before
 * it. */
static int look_at_indices(const nmf_sparse *s, int *outside)
{
    const int64_t lines = nmfi_sparse_lines(s), stored = nmfi_sparse_stored(s);
    const int64_t last = nmfi_sparse_minor(s) - 1;
    int64_t rises =
        s->index_bytes == 4
            ? count_rises_int32_t(s->indices, stored,
                                  (uint32_t)(last < INT32_MAX ? last : INT32_MAX), outside)
            : count_rises_int64_t(s->indices, stored, (uint64_t)last, outside);
    int64_t followers = stored;
    for (int64_t line = 0; line < lines; line++) {
        const int64_t first = s->pointers[line];
        if (first == s->pointers[line + 1]) continue;
        followers--;
        rises -= first > 0 && nmfi_sparse_index(s, first) > nmfi_sparse_index(s, first - 1);
    }
    return rises == followers;
}

static nmf_status name_bad_index(const nmf_sparse *s, nmf_error *error)
{
    const int64_t minor = nmfi_sparse_minor(s);
    int64_t e = 0, line = 0;
    while (nmfi_sparse_index(s, e) >= 0 && nmfi_sparse_index(s, e) < minor) e++;
    while (s->pointers[line + 1] <= e) line++;
    return nmf_fail(error, NMF_ERROR_ARGUMENT,
                    "indices[%lld] = %lld, in %s %lld: must be 0 to %lld", (long long)e,
                    (long long)nmfi_sparse_index(s, e), s->by_columns ? "column" : "row",
                    (long long)line, (long long)minor - 1);
}

/* Whether an index comes twice in a line: each remembers the last line that had it. Every fit of
 * unsorted rows waits for this, so the marks are narrow, to stay in the nearest cache. Lines are
 * numbered from 1; before the numbers would come again, all are forgotten. */
#define FIND_REPEATS(INDEX) \
    static int repeats_in_##INDEX(const nmf_sparse *s, int64_t minor, uint32_t *seen) \
    { \
        const int64_t lines = nmfi_sparse_lines(s); \
        const INDEX *const indices = s->indices; \
        uint32_t mark = 0; \
        int found = 0; \
        for (int64_t line = 0; line < lines; line++) { \
            if (mark == UINT32_MAX) memset(seen, 0, (size_t)minor * sizeof *seen); \
            mark = mark == UINT32_MAX ? 1 : mark + 1; \
            const int64_t end = s->pointers[line + 1]; \
            for (int64_t e = s->pointers[line]; e < end; e++) { \
                uint32_t *const last = &seen[indices[e]]; \
                found |= *last == mark; \
                *last = mark; \
            } \
        } \
        return found; \
    }
FIND_REPEATS(int32_t)
FIND_REPEATS(int64_t)
#undef FIND_REPEATS

static nmf_status look_for_repeats(const nmf_sparse *s, int *repeats, nmf_error *error)
{
    const int64_t minor = nmfi_sparse_minor(s);
    uint32_t *const seen = calloc((size_t)minor, sizeof *seen);
    if (!seen)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld numbers, one for each %s",
                        (long long)minor, s->by_columns ? "row" : "column");
    *repeats = s->index_bytes == 4 ? repeats_in_int32_t(s, minor, seen)
                                   : repeats_in_int64_t(s, minor, seen);
    free(seen);
    return NMF_OK;
}

nmf_status nmfi_sparse_check(const nmf_sparse *s, nmfi_sparse_order *order, nmf_error *error)
{
    nmf_status status = nmfi_sparse_check_shape(s, error);
    if (status != NMF_OK) return status;
    if (nmfi_sparse_stored(s) > 0 && (!s->indices || !s->values))
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "the %s of %lld stored entries are NULL",
                        s->indices ? "values" : "indices", (long long)nmfi_sparse_stored(s));
    int outside = 0, repeats = 0;
    const int ascends = look_at_indices(s, &outside);
    if (outside) return name_bad_index(s, error);
    if (!ascends) status = look_for_repeats(s, &repeats, error);
    *order = (nmfi_sparse_order){ascends, !repeats};
    return status;
}
