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

/* Of whole's groups on its longer side: at least one member each. */
typedef struct nmfi_latin_part {
    const nmfi_latin *whole;
    double share;
} nmfi_latin_part;

static int64_t members_of_part(const nmfi_latin_part *part, int side, int64_t g)
{
    const nmfi_groups *groups = &part->whole->group[side];
    const int64_t size = groups->begin[g + 1] - groups->begin[g];
    const int64_t some = (int64_t)ceil(part->share * (double)size);
    return side != nmfi_latin_longer(part->whole) || some > size ? size : some;
}

/* The part's members stand in its X in the order of their groups, on its longer side. */
static void deal_part(nmfi_groups *groups, const nmfi_latin_part *part, int side)
{
    const nmfi_groups *whole = &part->whole->group[side];
    const int is_cut = side == nmfi_latin_longer(part->whole);
    groups->begin[0] = 0;
    for (int64_t g = 0; g < groups->folds; g++)
        groups->begin[g + 1] = groups->begin[g] + members_of_part(part, side, g);
    for (int64_t i = 0; i < groups->count; i++) {
        groups->at[i] = is_cut ? i : whole->at[i];
        groups->place[groups->at[i]] = i;
    }
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

static nmfi_latin_run run_of_places(const nmfi_latin *latin, int side, int64_t group, int64_t place,
                                    int64_t places)
{
    const nmfi_groups *across = &latin->group[1 - side];
    const int64_t first = first_group(latin, group);
    const int64_t from = begin_round(across, first + place);
    const nmfi_latin_run run = {.offset = from - begin_round(across, first),
                                .count = begin_round(across, first + place + places) - from,
                                .first = from % across->count,
                                .place = place,
                                .places = places};
    return run;
}

nmfi_latin_run nmfi_latin_run_of(const nmfi_latin *latin, int side, int64_t group, int64_t fold,
                                 int held)
{
    if (!held) return run_of_places(latin, side, group, fold, latin->folds - 1);
    return run_of_places(latin, side, group, fold > 0 ? fold - 1 : latin->folds - 1, 1);
}

/* --- memory ---------------------------------------------------------------------------------- */

static void take_side(nmfi_latin *latin, int side, int64_t stored)
{
    nmfi_latin_side *s = &latin->side[side];
    const int64_t lines = latin->group[side].count;
    const size_t bytes = nmf_dtype_bytes(latin->dtype);
    if (!latin->is_sparse) {
        s->data = nmfi_take(&latin->arena, lines, nmfi_product(s->stride, (int64_t)bytes));
        if (latin->is_weighted)
            s->u = nmfi_take(&latin->arena, lines, nmfi_product(s->stride, (int64_t)bytes));
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
        nmfi_latin_margins *margin = &latin->margin[side];
        margin->sum = nmfi_take(&latin->arena, latin->repeats * count, sizeof(double));
        margin->weight = nmfi_take(&latin->arena, latin->repeats * count, sizeof(double));
        margin->largest = nmfi_take(&latin->arena, latin->repeats * count, sizeof(double));
    }
    latin->sum = nmfi_take(&latin->arena, latin->repeats, sizeof(double));
    latin->squares = nmfi_take(&latin->arena, latin->repeats, sizeof(double));
    latin->entries = nmfi_take(&latin->arena, latin->repeats, sizeof(double));
    latin->weight = nmfi_take(&latin->arena, latin->repeats, sizeof(double));
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
    const void *u; /* beside `dense`, row after row */
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
    char *const u = s->u ? (char *)s->u + (size_t)(line * s->stride) * bytes : NULL;
    for (int64_t i = 0; i < count; i++) {
        const int64_t at =
            stored_at(&X->dense, side, number, across->at[(begin + i) % across->count]);
        copy_element(to, i, X->dense.data, at, bytes);
        if (u) copy_element(u, i, X->u, at, bytes);
    }
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

double nmfi_latin_weight(const nmfi_latin *latin, int side, int64_t at)
{
    if (!latin->is_weighted) return 1;
    const double u = nmfi_value(latin->dtype, latin->side[side].u, at);
    return u > 0 ? pow(u, latin->beta) : 0;
}

static void add_entry(const nmfi_latin *latin, int64_t fold, int64_t row, int64_t column, double x,
                      double w)
{
    if (!(w > 0)) return;
    double *const row_sum = latin->margin[0].sum + fold * latin->group[0].count + row;
    double *const row_most = latin->margin[0].largest + fold * latin->group[0].count + row;
    double *const column_sum = latin->margin[1].sum + fold * latin->group[1].count + column;
    double *const column_most = latin->margin[1].largest + fold * latin->group[1].count + column;
    *row_sum += w * x;
    *column_sum += w * x;
    *row_most = fmax(*row_most, x);
    *column_most = fmax(*column_most, x);
    latin->sum[fold] += w * x;
    latin->squares[fold] += w * x * x;
}

/* The weights that a line has left in its run. */
static void add_weights(const nmfi_latin *latin, int64_t fold, int64_t line,
                        const nmfi_latin_run *run)
{
    const nmfi_latin_side *s = &latin->side[0];
    double *const of_row = latin->margin[0].weight + fold * latin->group[0].count + line;
    double *const of_columns = latin->margin[1].weight + fold * latin->group[1].count;
    for (int64_t i = 0; i < run->count; i++) {
        const double w = nmfi_latin_weight(latin, 0, line * s->stride + run->offset + i);
        of_columns[(run->first + i) % s->across->count] += w;
        *of_row += w;
        latin->entries[fold] += w > 0;
        latin->weight[fold] += w;
    }
}

/* The same where each entry counts once. */
static void count_entries(const nmfi_latin *latin, int64_t fold)
{
    for (int side = 0; side < 2; side++) {
        const nmfi_groups *along = &latin->group[side];
        for (int64_t a = 0; a < latin->folds; a++) {
            const int64_t seen = nmfi_latin_run_of(latin, side, a, fold, 0).count;
            for (int64_t line = along->begin[a]; line < along->begin[a + 1]; line++) {
                latin->margin[side].weight[fold * along->count + line] = (double)seen;
                if (side == 0) latin->entries[fold] += (double)seen;
            }
        }
    }
    latin->weight[fold] = latin->entries[fold];
}

static void add_line(const nmfi_latin *latin, int64_t fold, int64_t line, int64_t a)
{
    const nmfi_latin_side *s = &latin->side[0];
    const nmfi_latin_run run = nmfi_latin_run_of(latin, 0, a, fold, 0);
    if (latin->is_weighted) add_weights(latin, fold, line, &run);
    if (latin->is_sparse) {
        const int64_t *const bounds = s->bounds + line * (latin->places + 1) + run.place;
        for (int64_t e = bounds[0]; e < bounds[run.places]; e++)
            add_entry(latin, fold, line, s->indices[e], nmfi_value(latin->dtype, s->values, e), 1);
        return;
    }
    for (int64_t i = 0; i < run.count; i++) {
        const int64_t at = line * s->stride + run.offset + i;
        add_entry(latin, fold, line, (run.first + i) % s->across->count,
                  nmfi_value(latin->dtype, s->data, at), nmfi_latin_weight(latin, 0, at));
    }
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
        const double w = bounds ? 1 : nmfi_latin_weight(latin, 0, e);
        latin->whole_sum += w * x;
        latin->whole_squares += w * x * x;
    }
}

static void add_margins(nmfi_latin *latin)
{
    for (int64_t line = 0; line < latin->group[0].count; line++) add_whole(latin, line);
    for (int64_t fold = 0; fold < latin->repeats; fold++) {
        if (!latin->is_weighted) count_entries(latin, fold);
        for (int64_t a = 0; a < latin->folds; a++)
            for (int64_t line = latin->group[0].begin[a]; line < latin->group[0].begin[a + 1];
                 line++)
                add_line(latin, fold, line, a);
    }
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

static nmf_status fill_all(nmfi_latin *latin, const nmf_matrix *X, const void *u, int both,
                           nmf_error *error)
{
    const nmf_sparse sparse = nmf_matrix_sparse(X);
    for (int side = 0; side <= both; side++) {
        reader from = {.dense = nmf_matrix_dense(X), .is_sparse = nmf_matrix_is_sparse(X), .u = u};
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
    const int measures = both && !latin->is_sparse && !latin->is_weighted;
    for (int64_t fold = 0; measures && fold < latin->repeats; fold++) measure_margins(latin, fold);
    return NMF_OK;
}

nmf_status nmfi_latin_open(nmfi_latin *latin, const nmf_matrix *X, const nmfi_latin_wishes *wishes,
                           nmf_error *error)
{
    const int64_t folds = wishes->folds, repeats = wishes->repeats;
    const int both = wishes->both, dense = wishes->dense;
    const int64_t counts[2] = {nmf_matrix_rows(X), nmf_matrix_columns(X)};
    const uint32_t streams[2] = {NMFI_STREAM_ROW_GROUPS, NMFI_STREAM_COLUMN_GROUPS};
    memset(latin, 0, sizeof *latin);
    latin->folds = folds;
    latin->repeats = repeats;
    latin->places = folds + (repeats > 2 ? repeats : 2) - 2;
    latin->is_weighted = wishes->u != NULL;
    latin->beta = wishes->beta;
    latin->is_sparse = nmf_matrix_is_sparse(X) && !dense;
    latin->dtype = nmf_matrix_dtype(X);
    latin->stored = nmf_matrix_stored(X);
    if (nmf_matrix_is_sparse(X) && dense && latin->dtype == NMF_I32) latin->dtype = NMF_F64;
    if (latin->is_sparse && (counts[0] > INT32_MAX || counts[1] > INT32_MAX))
        return nmf_fail(error, NMF_ERROR_MEMORY, "a side of more than 2^31 - 1 cannot be dealt");
    for (int side = 0; side < 2; side++)
        latin->group[side] = (nmfi_groups){.count = counts[side], .folds = folds};
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1) {
            const nmf_status status = nmfi_arena_allocate(&latin->arena, wishes->limit, error);
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
        if (wishes->part)
            deal_part(&latin->group[side], wishes->part, side);
        else
            deal(&latin->group[side], wishes->seed, streams[side]);
        latin->side[side].along = &latin->group[side];
        latin->side[side].across = &latin->group[1 - side];
    }
    const nmf_status status = fill_all(latin, X, wishes->u, both, error);
    if (status != NMF_OK) nmfi_latin_close(latin);
    return status;
}

nmf_status nmfi_latin_open_part(nmfi_latin *part, const nmfi_latin *whole, const nmf_matrix *X,
                                double share, const nmfi_latin_wishes *wishes, nmf_error *error)
{
    const nmfi_latin_part of = {whole, share};
    const int side = nmfi_latin_longer(whole);
    const nmfi_groups *groups = &whole->group[side];
    nmfi_latin_wishes own = *wishes;
    nmf_matrix *some = NULL;
    int64_t count = 0, *chosen = nmfi_allocate(nmfi_product(groups->count, sizeof *chosen));
    if (!chosen) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a part of the data");
    for (int64_t g = 0; g < groups->folds; g++)
        for (int64_t i = 0; i < members_of_part(&of, side, g); i++)
            chosen[count++] = groups->at[groups->begin[g] + i];
    nmf_status status = side == 0 ? nmf_matrix_select(X, chosen, count, &some, error)
                                  : nmf_matrix_select_columns(X, chosen, count, &some, error);
    own.part = &of;
    if (status == NMF_OK) status = nmfi_latin_open(part, some, &own, error);
    nmf_matrix_free(some);
    nmfi_release(chosen);
    return status;
}

void nmfi_latin_close(nmfi_latin *latin)
{
    nmfi_release(latin->arena.base);
    memset(latin, 0, sizeof *latin);
}
