/* A sparse matrix whose lines are not sorted, or have several entries at one place, made tidy:
 * transposed twice, which sorts, then entries at the same place summed in the order they were
 * stored. */
#include "data/sparse.h"
#include "data/value.h"

/* The end of the run of entries that share the place of entry e, in a line that ends at `end`. */
static int64_t run_end(const nmf_sparse *s, int64_t e, int64_t end)
{
    const int64_t index = nmfi_sparse_index(s, e);
    do {
        e++;
    } while (e < end && nmfi_sparse_index(s, e) == index);
    return e;
}

static double run_sum(const nmf_sparse *s, int64_t begin, int64_t end)
{
    double sum = 0;
    for (int64_t e = begin; e < end; e++) sum += nmfi_value(s->dtype, s->values, e);
    return sum;
}

static int holds(nmf_dtype dtype, double value)
{
    switch (dtype) {
    case NMF_U8: return value <= 255.0;
    case NMF_U16: return value <= 65535.0;
    case NMF_I32: return value >= (double)INT32_MIN && value <= (double)INT32_MAX;
    default: return 1;
    }
}

/* The dtype that holds every sum: the matrix's own, else i32, else f64. */
static nmf_dtype dtype_of_sums(const nmf_sparse *s)
{
    nmf_dtype dtype = s->dtype;
    const int64_t lines = nmfi_sparse_lines(s);
    for (int64_t line = 0; line < lines; line++)
        for (int64_t e = s->pointers[line], next; e < s->pointers[line + 1]; e = next) {
            next = run_end(s, e, s->pointers[line + 1]);
            if (next == e + 1) continue;
            const double sum = run_sum(s, e, next);
            if (!holds(dtype, sum)) dtype = holds(NMF_I32, sum) ? NMF_I32 : NMF_F64;
        }
    return dtype;
}

static void set_index(const nmfi_sparse_arrays *arrays, int64_t at, int64_t index)
{
    if (arrays->index_bytes == 4)
        ((int32_t *)arrays->indices)[at] = (int32_t)index;
    else
        ((int64_t *)arrays->indices)[at] = index;
}

/* Sums runs of sorted lines. */
static nmf_sparse sum_runs(const nmf_sparse *s, const nmfi_sparse_arrays *to, nmf_dtype dtype)
{
    const int64_t lines = nmfi_sparse_lines(s);
    int64_t at = 0;
    to->pointers[0] = 0;
    for (int64_t line = 0; line < lines; line++) {
        for (int64_t e = s->pointers[line], next; e < s->pointers[line + 1]; e = next, at++) {
            next = run_end(s, e, s->pointers[line + 1]);
            set_index(to, at, nmfi_sparse_index(s, e));
            nmfi_set_value(dtype, to->values, at, run_sum(s, e, next));
        }
        to->pointers[line + 1] = at;
    }
    nmf_sparse summed = *s;
    summed.dtype = dtype;
    summed.pointers = to->pointers;
    summed.indices = to->indices;
    summed.index_bytes = to->index_bytes;
    summed.values = to->values;
    return summed;
}

/* Sums where there is something to sum; `sorted` and its block are given up then. */
static nmf_status sum_repeats(nmf_sparse *sorted, void **block, nmf_error *error)
{
    const int64_t lines = nmfi_sparse_lines(sorted), minor = nmfi_sparse_minor(sorted);
    int64_t distinct = 0;
    for (int64_t line = 0; line < lines; line++)
        for (int64_t e = sorted->pointers[line]; e < sorted->pointers[line + 1]; distinct++)
            e = run_end(sorted, e, sorted->pointers[line + 1]);
    if (distinct == nmfi_sparse_stored(sorted)) return NMF_OK;
    const nmf_dtype dtype = dtype_of_sums(sorted);
    nmfi_sparse_arrays arrays;
    nmfi_arena arena = {0};
    nmfi_sparse_take(&arrays, &arena, lines, minor, distinct, dtype, 0);
    const nmf_status status = nmfi_arena_allocate(&arena, NMFI_NO_LIMIT, error);
    if (status != NMF_OK) return status;
    nmfi_sparse_take(&arrays, &arena, lines, minor, distinct, dtype, 0);
    *sorted = sum_runs(sorted, &arrays, dtype);
    nmfi_release(*block);
    *block = arena.base;
    return NMF_OK;
}

nmf_status nmfi_sparse_tidy(const nmf_sparse *from, nmf_sparse *tidy, void **block,
                            nmf_error *error)
{
    nmf_sparse transposed;
    void *transposed_block = NULL;
    *block = NULL;
    nmf_status status = nmfi_sparse_transpose_alone(from, &transposed, &transposed_block, error);
    if (status == NMF_OK) status = nmfi_sparse_transpose_alone(&transposed, tidy, block, error);
    nmfi_release(transposed_block);
    if (status == NMF_OK) status = sum_repeats(tidy, block, error);
    if (status == NMF_OK) return NMF_OK;
    nmfi_release(*block);
    *block = NULL;
    return status;
}
