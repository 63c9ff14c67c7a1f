/* Compressed lines: the structure checked once, places found by bisection. */
#include "data/sparse.h"

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
    nmf_sparse turned = *s;
    turned.rows = s->columns;
    turned.columns = s->rows;
    turned.by_columns = !s->by_columns;
    return turned;
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
    if (stored > 0 && (!s->indices || !s->values))
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "the %s of %lld stored entries are NULL",
                        s->indices ? "values" : "indices", (long long)stored);
    return NMF_OK;
}

/* The first entry whose index is not in [0, across), or -1. */
static int64_t look_at_indices(const nmf_sparse *s, int *sorted)
{
    const int64_t lines = nmfi_sparse_lines(s), across = nmfi_sparse_across(s);
    *sorted = 1;
    for (int64_t i = 0; i < lines; i++) {
        int64_t before = -1;
        for (int64_t e = s->pointers[i]; e < s->pointers[i + 1]; e++) {
            const int64_t index = nmfi_sparse_index(s, e);
            if (index < 0 || index >= across) return e;
            if (index <= before) *sorted = 0;
            before = index;
        }
    }
    return -1;
}

nmf_status nmfi_sparse_check(const nmf_sparse *s, int *sorted, nmf_error *error)
{
    nmf_status status = check_description(s, error);
    if (status == NMF_OK) status = check_pointers(s, error);
    if (status != NMF_OK) return status;
    const int64_t bad = look_at_indices(s, sorted);
    if (bad < 0) return NMF_OK;
    int64_t line = 0;
    while (s->pointers[line + 1] <= bad) line++;
    return nmf_fail(error, NMF_ERROR_ARGUMENT,
                    "indices[%lld] = %lld, in %s %lld: must be 0 to %lld", (long long)bad,
                    (long long)nmfi_sparse_index(s, bad), s->by_columns ? "column" : "row",
                    (long long)line, (long long)nmfi_sparse_across(s) - 1);
}
