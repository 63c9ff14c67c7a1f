/* Latin-block folds: the groups, and the copy of X that goes round them (latin.h). */
#include "data/latin.h"

#include "base/rng.h"
#include "data/sparse.h"
#include "data/value.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* --- groups ---------------------------------------------------------------------------------- */

/* A random order of the members, dealt out like cards; then put together group by group. */
static void deal(nmfi_groups *groups, uint64_t seed, uint32_t stream)
{
    int64_t *const order = groups->place; /* until places are known */
    for (int64_t i = 0; i < groups->count; i++) order[i] = i;
    for (int64_t i = groups->count - 1; i > 0; i--) {
        const int64_t other = (int64_t)nmfi_below(seed, stream, 0, (uint64_t)i, (uint64_t)i + 1);
        const int64_t kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
    int64_t to = 0;
    for (int64_t g = 0; g < groups->folds; g++) {
        groups->begin[g] = to;
        for (int64_t i = g; i < groups->count; i += groups->folds) groups->at[to++] = order[i];
    }
    groups->begin[groups->folds] = to;
    for (int64_t i = 0; i < groups->count; i++) groups->place[groups->at[i]] = i;
}

/* Where group g of a row of groups that goes round begins, in members. */
static int64_t begin_round(const nmfi_groups *groups, int64_t g)
{
    return g / groups->folds * groups->count + groups->begin[g % groups->folds];
}

/* The group at place 0 of a line of group a. */
static int64_t first_group(const nmfi_latin *latin, int64_t a)
{
    return (1 - a + latin->folds) % latin->folds;
}

nmfi_latin_run nmfi_latin_run_of(const nmfi_latin *latin, int side, int64_t group, int64_t fold,
                                 int held)
{
    const nmfi_groups *across = &latin->group[1 - side];
    const int64_t first = first_group(latin, group);
    const int64_t place = !held ? fold : fold > 0 ? fold - 1 : latin->folds - 1;
    const int64_t places = held ? 1 : latin->folds - 1;
    const int64_t from = begin_round(across, first + place);
    const nmfi_latin_run run = {.offset = from - begin_round(across, first),
                                .count = begin_round(across, first + place + places) - from,
                                .first = from % across->count,
                                .place = place,
                                .places = places};
    return run;
}

/* --- memory ---------------------------------------------------------------------------------- */

static void take_side(nmfi_latin *latin, int side, int64_t stored)
{
    nmfi_latin_side *s = &latin->side[side];
    const int64_t lines = latin->group[side].count;
    const size_t bytes = nmf_dtype_bytes(latin->dtype);
    if (!latin->is_sparse) {
        s->data = nmfi_take(&latin->arena, lines, nmfi_product(s->stride, (int64_t)bytes));
        return;
    }
    s->bounds = nmfi_take(&latin->arena, lines, nmfi_product(latin->places + 1, sizeof(int64_t)));
    s->indices = nmfi_take(&latin->arena, stored, sizeof(int32_t));
    s->values = nmfi_take(&latin->arena, stored, bytes);
}

static void take_margins(nmfi_latin *latin)
{
    for (int side = 0; side < 2; side++) {
        const int64_t count = latin->group[side].count;
        latin->margin[side].sum = nmfi_take(&latin->arena, latin->repeats * count, sizeof(double));
        latin->margin[side].largest =
            nmfi_take(&latin->arena, latin->repeats * count, sizeof(double));
    }
    latin->sum = nmfi_take(&latin->arena, latin->repeats, sizeof(double));
    latin->squares = nmfi_take(&latin->arena, latin->repeats, sizeof(double));
    latin->entries = nmfi_take(&latin->arena, latin->repeats, sizeof(double));
    latin->off_margins = nmfi_take(&latin->arena, latin->repeats, sizeof(double));
}

static void take_groups(nmfi_groups *groups, nmfi_arena *arena)
{
    groups->at = nmfi_take(arena, groups->count, sizeof(int64_t));
    groups->place = nmfi_take(arena, groups->count, sizeof(int64_t));
    groups->begin = nmfi_take(arena, groups->folds + 1, sizeof(int64_t));
}

/* --- the copy -------------------------------------------------------------------------------- */

/* Entries of X in any storage, one row (or column) after the other. */
typedef struct reader {
    nmf_dense dense;
    nmf_sparse sparse; /* by lines of the side that is copied */
    int is_sparse;
} reader;

static int64_t stored_at(const nmf_dense *d, int side, int64_t line, int64_t across)
{
    return side == 0 ? line * d->row_stride + across * d->column_stride
                     : across * d->row_stride + line * d->column_stride;
}

static void copy_element(void *to, int64_t at, const void *from, int64_t i, size_t bytes)
{
    switch (bytes) {
    case 1: ((uint8_t *)to)[at] = ((const uint8_t *)from)[i]; return;
    case 2: ((uint16_t *)to)[at] = ((const uint16_t *)from)[i]; return;
    case 4: memcpy((char *)to + 4 * at, (const char *)from + 4 * i, 4); return;
    default: memcpy((char *)to + 8 * at, (const char *)from + 8 * i, 8);
    }
}

/* A dense line of group a, going round the members across. */
static void fill_dense(const nmfi_latin *latin, int side, const reader *X, int64_t line, int64_t a)
{
    const nmfi_latin_side *s = &latin->side[side];
    const nmfi_groups *across = s->across;
    const size_t bytes = nmf_dtype_bytes(latin->dtype);
    char *const to = (char *)s->data + (size_t)(line * s->stride) * bytes;
    const int64_t first = first_group(latin, a), number = s->along->at[line];
    const int64_t begin = begin_round(across, first);
    const int64_t count = begin_round(across, first + latin->places) - begin;
    if (X->is_sparse) { /* zeros are there already */
        for (int64_t e = X->sparse.pointers[number]; e < X->sparse.pointers[number + 1]; e++) {
            const int64_t member = across->place[nmfi_sparse_index(&X->sparse, e)];
            int64_t at = (member - begin % across->count + across->count) % across->count;
            for (; at < count; at += across->count)
                nmfi_set_value(latin->dtype, to, at,
                               nmfi_value(X->sparse.dtype, X->sparse.values, e));
        }
        return;
    }
    for (int64_t i = 0; i < count; i++)
        copy_element(to, i, X->dense.data,
                     stored_at(&X->dense, side, number, across->at[(begin + i) % across->count]),
                     bytes);
}

/* The first place of a line of group a where members of group b stand; it comes again `folds` later. */
static int64_t place_of(const nmfi_latin *latin, int64_t a, int64_t b)
{
    return (a + b - 1 + latin->folds) % latin->folds;
}

static int64_t group_of(const nmfi_groups *groups, int64_t member)
{
    int64_t low = 0, high = groups->folds;
    while (high - low > 1) {
        const int64_t middle = (low + high) / 2;
        if (groups->begin[middle] <= member)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Counts a sparse line's entries place by place, from `total` on; returns where the next line begins. */
static int64_t count_line(const nmfi_latin *latin, int side, const nmf_sparse *X, int64_t line,
                          int64_t a, int64_t total)
{
    const nmfi_latin_side *s = &latin->side[side];
    int64_t *const bounds = s->bounds + line * (latin->places + 1);
    const int64_t number = s->along->at[line];
    for (int64_t p = 0; p <= latin->places; p++) bounds[p] = 0;
    for (int64_t e = X->pointers[number]; e < X->pointers[number + 1]; e++) {
        const int64_t b = group_of(s->across, s->across->place[nmfi_sparse_index(X, e)]);
        for (int64_t p = place_of(latin, a, b); p < latin->places; p += latin->folds) bounds[p]++;
    }
    for (int64_t p = 0; p <= latin->places; p++) {
        const int64_t count = bounds[p];
        bounds[p] = total;
        total += count;
    }
    return total;
}

static void fill_sparse(const nmfi_latin *latin, int side, const nmf_sparse *X, int64_t line,
                        int64_t a)
{
    const nmfi_latin_side *s = &latin->side[side];
    int64_t *const bounds = s->bounds + line * (latin->places + 1);
    const int64_t number = s->along->at[line];
    for (int64_t e = X->pointers[number]; e < X->pointers[number + 1]; e++) {
        const int64_t member = s->across->place[nmfi_sparse_index(X, e)];
        const int64_t b = group_of(s->across, member);
        for (int64_t p = place_of(latin, a, b); p < latin->places; p += latin->folds) {
            const int64_t to = bounds[p]++;
            s->indices[to] = (int32_t)member;
            copy_element(s->values, to, X->values, e, nmf_dtype_bytes(latin->dtype));
        }
    }
    for (int64_t p = latin->places; p > 0; p--) bounds[p] = bounds[p - 1];
    bounds[0] = line > 0 ? s->bounds[line * (latin->places + 1) - 1] : 0;
}

static void fill_side(nmfi_latin *latin, int side, const reader *X)
{
    const nmfi_groups *along = &latin->group[side];
    int64_t total = 0;
    for (int pass = 0; pass < (latin->is_sparse ? 2 : 1); pass++)
        for (int64_t a = 0; a < latin->folds; a++)
            for (int64_t line = along->begin[a]; line < along->begin[a + 1]; line++) {
                if (!latin->is_sparse)
                    fill_dense(latin, side, X, line, a);
                else if (pass == 0)
                    total = count_line(latin, side, &X->sparse, line, a, total);
                else
                    fill_sparse(latin, side, &X->sparse, line, a);
            }
}

/* --- margins --------------------------------------------------------------------------------- */

static void add_entry(const nmfi_latin *latin, int64_t fold, int64_t row, int64_t column, double x)
{
    double *const row_sum = latin->margin[0].sum + fold * latin->group[0].count + row;
    double *const row_most = latin->margin[0].largest + fold * latin->group[0].count + row;
    double *const column_sum = latin->margin[1].sum + fold * latin->group[1].count + column;
    double *const column_most = latin->margin[1].largest + fold * latin->group[1].count + column;
    *row_sum += x;
    *column_sum += x;
    *row_most = fmax(*row_most, x);
    *column_most = fmax(*column_most, x);
    latin->sum[fold] += x;
    latin->squares[fold] += x * x;
}

static void add_line(const nmfi_latin *latin, int64_t fold, int64_t line, int64_t a)
{
    const nmfi_latin_side *s = &latin->side[0];
    const nmfi_latin_run run = nmfi_latin_run_of(latin, 0, a, fold, 0);
    latin->entries[fold] += (double)run.count;
    if (latin->is_sparse) {
        const int64_t *const bounds = s->bounds + line * (latin->places + 1) + run.place;
        for (int64_t e = bounds[0]; e < bounds[run.places]; e++)
            add_entry(latin, fold, line, s->indices[e], nmfi_value(latin->dtype, s->values, e));
        return;
    }
    for (int64_t i = 0; i < run.count; i++)
        add_entry(latin, fold, line, (run.first + i) % s->across->count,
                  nmfi_value(latin->dtype, s->data, line * s->stride + run.offset + i));
}

/* All of a line: its first `folds` places. */
static void add_whole(nmfi_latin *latin, int64_t line)
{
    const nmfi_latin_side *s = &latin->side[0];
    const int64_t *bounds = s->bounds ? s->bounds + line * (latin->places + 1) : NULL;
    const int64_t first = bounds ? bounds[0] : line * s->stride;
    const int64_t end = bounds ? bounds[latin->folds] : first + s->across->count;
    for (int64_t e = first; e < end; e++) {
        const double x = nmfi_value(latin->dtype, bounds ? s->values : s->data, e);
        latin->whole_sum += x;
        latin->whole_squares += x * x;
    }
}

static void add_margins(nmfi_latin *latin)
{
    for (int64_t line = 0; line < latin->group[0].count; line++) add_whole(latin, line);
    for (int64_t fold = 0; fold < latin->repeats; fold++)
        for (int64_t a = 0; a < latin->folds; a++)
            for (int64_t line = latin->group[0].begin[a]; line < latin->group[0].begin[a + 1];
                 line++)
                add_line(latin, fold, line, a);
}

/* D(X || r c' / s) over what the fold leaves. A line's margin lacks its share of the fold, and so does s: r c
 * / s lacks it once, an entry not at all. */
static void measure_margins(nmfi_latin *latin, int64_t fold)
{
    const nmfi_latin_side *s = &latin->side[0];
    const double *const rows = latin->margin[0].sum + fold * latin->group[0].count;
    const double *const columns = latin->margin[1].sum + fold * latin->group[1].count;
    const double share = 1 - 1 / (double)latin->folds; /* of a line that is left */
    double total = 0;
    for (int64_t a = 0; a < latin->folds; a++) {
        const nmfi_latin_run run = nmfi_latin_run_of(latin, 0, a, fold, 0);
        for (int64_t line = latin->group[0].begin[a]; line < latin->group[0].begin[a + 1]; line++)
            for (int64_t i = 0; i < run.count; i++) {
                const double x =
                    nmfi_value(latin->dtype, s->data, line * s->stride + run.offset + i);
                const double v = rows[line] * columns[(run.first + i) % s->across->count] /
                                 (latin->sum[fold] * share);
                total += x > 0 ? x * log(x / v) - x + v : v;
            }
    }
    latin->off_margins[fold] = total;
}

/* --- opening --------------------------------------------------------------------------------- */

/* The entries that a copy of one side has room for, repeated ones included: a bound. */
static int64_t room_for(const nmfi_latin *latin, int64_t stored)
{
    return latin->places > latin->folds ? 2 * stored : stored;
}

static void plan(nmfi_latin *latin, const nmf_matrix *X, int both)
{
    const int64_t stored = room_for(latin, nmf_matrix_stored(X));
    for (int side = 0; side < 2; side++) take_groups(&latin->group[side], &latin->arena);
    take_margins(latin);
    for (int side = 0; side <= both; side++) take_side(latin, side, stored);
}

static nmf_status fill_all(nmfi_latin *latin, const nmf_matrix *X, int both, nmf_error *error)
{
    const nmf_sparse sparse = nmf_matrix_sparse(X);
    for (int side = 0; side <= both; side++) {
        reader from = {.dense = nmf_matrix_dense(X), .is_sparse = nmf_matrix_is_sparse(X)};
        void *block = NULL;
        if (from.is_sparse) {
            from.sparse = sparse;
            if (sparse.by_columns != side) {
                const nmf_status status =
                    nmfi_sparse_transpose_alone(&sparse, &from.sparse, &block, error);
                if (status != NMF_OK) return status;
            }
        }
        fill_side(latin, side, &from);
        nmfi_release(block);
    }
    add_margins(latin);
    for (int64_t fold = 0; both && !latin->is_sparse && fold < latin->repeats; fold++)
        measure_margins(latin, fold);
    return NMF_OK;
}

nmf_status nmfi_latin_open(nmfi_latin *latin, const nmf_matrix *X, int64_t folds, int64_t repeats,
                           uint64_t seed, int both, int dense, int64_t limit_bytes,
                           nmf_error *error)
{
    const int64_t counts[2] = {nmf_matrix_rows(X), nmf_matrix_columns(X)};
    const uint32_t streams[2] = {NMFI_STREAM_ROW_GROUPS, NMFI_STREAM_COLUMN_GROUPS};
    memset(latin, 0, sizeof *latin);
    latin->folds = folds;
    latin->repeats = repeats;
    latin->places = folds + (repeats > 2 ? repeats : 2) - 2;
    latin->is_sparse = nmf_matrix_is_sparse(X) && !dense;
    latin->dtype = nmf_matrix_dtype(X);
    if (nmf_matrix_is_sparse(X) && dense && latin->dtype == NMF_I32) latin->dtype = NMF_F64;
    if (latin->is_sparse && (counts[0] > INT32_MAX || counts[1] > INT32_MAX))
        return nmf_fail(error, NMF_ERROR_MEMORY, "a side of more than 2^31 - 1 cannot be dealt");
    for (int side = 0; side < 2; side++)
        latin->group[side] = (nmfi_groups){.count = counts[side], .folds = folds};
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1) {
            const nmf_status status = nmfi_arena_allocate(&latin->arena, limit_bytes, error);
            if (status != NMF_OK) return status;
        }
        if (pass == 0) /* strides follow from the sizes of groups alone */
            for (int side = 0; side < 2; side++)
                latin->side[side].stride =
                    counts[1 - side] +
                    (latin->places - folds) * ((counts[1 - side] + folds - 1) / folds);
        plan(latin, X, both);
    }
    for (int side = 0; side < 2; side++) {
        deal(&latin->group[side], seed, streams[side]);
        latin->side[side].along = &latin->group[side];
        latin->side[side].across = &latin->group[1 - side];
    }
    const nmf_status status = fill_all(latin, X, both, error);
    if (status != NMF_OK) nmfi_latin_close(latin);
    return status;
}

void nmfi_latin_close(nmfi_latin *latin)
{
    nmfi_release(latin->arena.base);
    memset(latin, 0, sizeof *latin);
}
