/* Listed entries that are more than memory has room for (triplets.h): they go into a scratch file as they come; then
 * those of some lines at a time are brought into order, in memory, and go into two lists on disk, columns and values,
 * of which a matrix of compressed rows reads (disk_lines.h). Where they do not come line by line, what is distributed
 * first: each entry goes to the part of a second file that its lines have. */
#include "disk_lines.h"
#include "triplets.h"

#include "io/files/on_disk.h"
#include "io/files/spill.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 4096           /* entries read or written at a time */
#define MANY_LINES (1 << 20) /* without entries that are taken without a word */

typedef struct entry {
    int32_t line, place; /* a row and its column; where columns are the lines the other way round */
    double value;
} entry;

struct nmfi_triplets_apart {
    nmfi_spill *file;
    int64_t count;
    int32_t last;
    int in_order; /* lines never fell */
};

int64_t nmfi_triplets_apart_count(const nmfi_triplets_apart *apart)
{
    return apart != NULL ? apart->count : 0;
}

void nmfi_triplets_apart_free(nmfi_triplets_apart *apart)
{
    if (apart != NULL) {
        nmfi_spill_close(apart->file);
        free(apart);
    }
}

static nmf_status out_of_memory(const nmfi_triplets *t, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for %" PRId64 " entries",
                    t->request->path, t->count + nmfi_triplets_apart_count(t->apart));
}

/* --- as they come ------------------------------------------------------------------------------ */

static nmf_status open_apart(nmfi_triplets *t, nmf_error *error)
{
    nmfi_triplets_apart *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return out_of_memory(t, error);
    }
    made->in_order = 1;
    const nmf_status status = nmfi_spill_open(t->request->path, &made->file, error);
    if (status != NMF_OK) {
        free(made);
        return status;
    }
    t->apart = made;
    return NMF_OK;
}

/* Memory for a block is enough from now on. */
static void shrink(nmfi_triplets *t)
{
    if (t->capacity <= BLOCK) {
        return;
    }
    int32_t *row = realloc(t->row, BLOCK * sizeof *row);
    t->row = row != NULL ? row : t->row;
    int32_t *column = realloc(t->column, BLOCK * sizeof *column);
    t->column = column != NULL ? column : t->column;
    double *value = realloc(t->value, BLOCK * sizeof *value);
    t->value = value != NULL ? value : t->value;
    t->capacity = BLOCK;
}

nmf_status nmfi_triplets_set_apart(nmfi_triplets *t, nmf_error *error)
{
    entry block[BLOCK];
    nmf_status status = t->apart == NULL ? open_apart(t, error) : NMF_OK;
    for (int64_t i = 0; i < t->count && status == NMF_OK; i += BLOCK) {
        const int64_t some = t->count - i < BLOCK ? t->count - i : BLOCK;
        for (int64_t e = 0; e < some; e++) {
            const int32_t row = t->row[i + e], column = t->column[i + e];
            block[e] = (entry){t->by_columns ? column : row, t->by_columns ? row : column,
                               t->value[i + e]};
            t->apart->in_order = t->apart->in_order && block[e].line >= t->apart->last;
            t->apart->last = block[e].line;
        }
        status = nmfi_spill_add(t->apart->file, block, (size_t)some * sizeof *block, error);
        t->apart->count += status == NMF_OK ? some : 0;
    }
    t->count = 0;
    shrink(t);
    return status;
}

/* --- line by line ------------------------------------------------------------------------------ */

typedef struct sorting {
    const nmfi_triplets *t;
    int64_t lines, count, most; /* most: entries in memory, but for a longer line */
    int64_t *begin;             /* lines + 1: where each line begins */
    int integral;
    nmfi_spill *from, *indices, *values;
    int64_t kept; /* entries in the lists */
    nmf_error *error;
} sorting;

static nmf_status read_entries(const sorting *s, int64_t first, int64_t count, entry *entries)
{
    return nmfi_spill_read(s->from, (uint64_t)first * sizeof *entries, entries,
                           (size_t)count * sizeof *entries, s->error);
}

/* One reading: what each line has. Columns that count from elsewhere are lines from 0 then. */
static nmf_status count_lines(sorting *s)
{
    entry block[BLOCK];
    s->begin = calloc((size_t)s->lines + 1, sizeof *s->begin);
    nmf_status status = s->begin != NULL ? NMF_OK : out_of_memory(s->t, s->error);
    for (int64_t i = 0; i < s->count && status == NMF_OK; i += BLOCK) {
        const int64_t some = s->count - i < BLOCK ? s->count - i : BLOCK;
        status = read_entries(s, i, some, block);
        for (int64_t e = 0; e < some && status == NMF_OK; e++) {
            s->begin[block[e].line + 1]++;
        }
    }
    for (int64_t i = 0; i < s->lines && status == NMF_OK; i++) {
        s->begin[i + 1] += s->begin[i];
    }
    return status;
}

/* The first line behind those from `line` on that are handled together. */
static int64_t part_end(const sorting *s, int64_t line)
{
    int64_t low = line + 1, high = s->lines;
    while (low < high) {
        const int64_t middle = low + (high - low + 1) / 2;
        if (s->begin[middle] - s->begin[line] <= s->most) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

/* A part of the lines while entries are distributed: where its next ones go, and those that wait for that. */
typedef struct part {
    int64_t first_line, at;
    int count;
    entry waiting[256];
} part;

static int64_t count_parts(const sorting *s)
{
    int64_t parts = 0;
    for (int64_t line = 0; line < s->lines; line = part_end(s, line)) {
        parts++;
    }
    return parts;
}

static part *part_of(part *parts, int64_t count, int32_t line)
{
    int64_t low = 0, high = count - 1;
    while (low < high) {
        const int64_t middle = low + (high - low + 1) / 2;
        if (parts[middle].first_line <= line) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return &parts[low];
}

static nmf_status put_waiting(const sorting *s, nmfi_spill *to, part *p)
{
    const nmf_status status = nmfi_spill_put(to, (uint64_t)p->at * sizeof(entry), p->waiting,
                                             (size_t)p->count * sizeof(entry), s->error);
    p->at += p->count;
    p->count = 0;
    return status;
}

static nmf_status distribute_to(const sorting *s, nmfi_spill *to, part *parts, int64_t count)
{
    entry block[BLOCK];
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < s->count && status == NMF_OK; i += BLOCK) {
        const int64_t some = s->count - i < BLOCK ? s->count - i : BLOCK;
        status = read_entries(s, i, some, block);
        for (int64_t e = 0; e < some && status == NMF_OK; e++) {
            part *const p = part_of(parts, count, block[e].line);
            p->waiting[p->count++] = block[e];
            if (p->count == (int)(sizeof p->waiting / sizeof p->waiting[0])) {
                status = put_waiting(s, to, p);
            }
        }
    }
    for (int64_t i = 0; i < count && status == NMF_OK; i++) {
        status = put_waiting(s, to, &parts[i]);
    }
    return status;
}

/* Entries of the same part in the order in which they came, so equal ones are added in that order. */
static nmf_status distribute(sorting *s)
{
    const int64_t count = count_parts(s);
    part *parts = calloc((size_t)count + 1, sizeof *parts);
    nmfi_spill *to = NULL;
    nmf_status status = parts != NULL ? nmfi_spill_open(s->t->request->path, &to, s->error)
                                      : out_of_memory(s->t, s->error);
    int64_t line = 0;
    for (int64_t i = 0; i < count && status == NMF_OK; i++) {
        parts[i].first_line = line;
        parts[i].at = s->begin[line];
        line = part_end(s, line);
    }
    if (status == NMF_OK) {
        status = distribute_to(s, to, parts, count);
    }
    free(parts);
    if (status != NMF_OK) {
        nmfi_spill_close(to);
        return status;
    }
    nmfi_spill_close(s->from);
    s->from = to;
    return NMF_OK;
}

/* An entry of a line, and how many came before it. */
typedef struct numbered {
    int32_t place;
    int32_t number;
    double value;
} numbered;

static int compare_places(const void *a, const void *b)
{
    const numbered *x = a, *y = b;
    return x->place != y->place ? (x->place > y->place) - (x->place < y->place)
                                : (x->number > y->number) - (x->number < y->number);
}

static int is_ascending(const numbered *line, int64_t count)
{
    for (int64_t i = 1; i < count; i++) {
        if (line[i].place < line[i - 1].place) {
            return 0;
        }
    }
    return 1;
}

/* Entries of one place become their sum; returns how many places there are. */
static int64_t add_equal(numbered *line, int64_t count)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < count; i++) {
        if (kept > 0 && line[kept - 1].place == line[i].place) {
            line[kept - 1].value += line[i].value;
        } else {
            line[kept++] = line[i];
        }
    }
    return kept;
}

static nmf_status write_line(sorting *s, const numbered *line, int64_t count)
{
    int32_t indices[BLOCK];
    double reals[BLOCK];
    int64_t wholes[BLOCK];
    const int32_t first = s->t->by_columns ? 0 : s->t->first_column;
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < count && status == NMF_OK; i += BLOCK) {
        const int64_t some = count - i < BLOCK ? count - i : BLOCK;
        for (int64_t e = 0; e < some; e++) {
            indices[e] = line[i + e].place - first;
            reals[e] = line[i + e].value;
            wholes[e] = s->integral ? (int64_t)line[i + e].value : 0;
        }
        const void *const values = s->integral ? (const void *)wholes : reals;
        status = nmfi_spill_add(s->indices, indices, (size_t)some * sizeof *indices, s->error);
        if (status == NMF_OK) {
            status = nmfi_spill_add(s->values, values, (size_t)some * sizeof *reals, s->error);
        }
    }
    s->kept += count;
    return status;
}

/* Lines [first, end), whose entries are in memory: brought into order line by line. begin[line] becomes where the line
 * begins in the lists. */
static nmf_status order_part(sorting *s, int64_t first, int64_t end, const entry *entries,
                             numbered *sorted, int64_t *place)
{
    const int64_t offset = s->begin[first], count = s->begin[end] - offset;
    nmf_status status = NMF_OK;
    for (int64_t line = first; line < end; line++) {
        place[line - first] = s->begin[line] - offset;
    }
    for (int64_t i = 0; i < count; i++) {
        const int64_t line = entries[i].line - first;
        const int64_t to = place[line]++;
        sorted[to] =
            (numbered){entries[i].place, (int32_t)(to - (s->begin[entries[i].line] - offset)),
                       entries[i].value};
    }
    int64_t from = s->begin[first];
    for (int64_t line = first; line < end && status == NMF_OK; line++) {
        numbered *const at = sorted + (from - offset);
        const int64_t has = (line + 1 < end ? s->begin[line + 1] : offset + count) - from;
        from += has;
        if (!is_ascending(at, has)) {
            qsort(at, (size_t)has, sizeof *at, compare_places);
        }
        s->begin[line] = s->kept;
        status = write_line(s, at, add_equal(at, has));
    }
    return status;
}

static nmf_status order_lines(sorting *s)
{
    nmf_status status = NMF_OK;
    int64_t first = 0;
    while (first < s->lines && status == NMF_OK) {
        const int64_t end = part_end(s, first), count = s->begin[end] - s->begin[first];
        entry *entries = malloc((size_t)(count + 1) * sizeof *entries);
        numbered *sorted = malloc((size_t)(count + 1) * sizeof *sorted);
        int64_t *place = malloc((size_t)(end - first) * sizeof *place);
        status = entries != NULL && sorted != NULL && place != NULL
                     ? read_entries(s, s->begin[first], count, entries)
                     : out_of_memory(s->t, s->error);
        if (status == NMF_OK) {
            status = order_part(s, first, end, entries, sorted, place);
        }
        free(entries);
        free(sorted);
        free(place);
        first = end;
    }
    s->begin[s->lines] = s->kept;
    return status;
}

/* --- the matrix -------------------------------------------------------------------------------- */

/* Takes the spill over, on failure too. */
static nmf_status make_list(const sorting *s, nmfi_spill **spill, char kind, int item_bytes,
                            nmfi_disk_list *made)
{
    const nmfi_read_request *request = s->t->request;
    const nmfi_raw_array numbers = {
        .kind = kind, .item_bytes = item_bytes, .big_endian = NMFI_HOST_BIG_ENDIAN};
    nmfi_disk_file *file;
    nmfi_spill *const taken = *spill;
    *spill = NULL;
    const nmf_status status = nmfi_spill_file(taken, request->options->watch,
                                              request->options->watch_context, &file, s->error);
    return status == NMF_OK
               ? nmfi_disk_list_in(file, 0, s->kept, &numbers, request->path, made, s->error)
               : status;
}

static nmf_status make_matrix(sorting *s, int64_t places, nmf_matrix **matrix)
{
    nmfi_disk_list indices, values;
    nmf_status status = make_list(s, &s->indices, 'i', sizeof(int32_t), &indices);
    if (status != NMF_OK) {
        return status;
    }
    status = make_list(s, &s->values, s->integral ? 'i' : 'f', sizeof(double), &values);
    if (status != NMF_OK) {
        indices.release(indices.context);
        return status;
    }
    int64_t *const pointers = s->begin;
    s->begin = NULL;
    status = nmfi_disk_lines_matrix(s->lines, places, pointers, &indices, &values,
                                    s->t->request->path, matrix, s->error);
    if (status == NMF_OK && s->t->by_columns) {
        nmf_matrix_transpose(*matrix);
    }
    return status;
}

static nmf_status sort_apart(sorting *s, int64_t places, int in_order, nmf_matrix **matrix)
{
    const char *const path = s->t->request->path;
    nmf_status status = count_lines(s);
    if (status == NMF_OK && !in_order) {
        status = distribute(s);
    }
    if (status == NMF_OK) {
        status = nmfi_spill_open(path, &s->indices, s->error);
    }
    if (status == NMF_OK) {
        status = nmfi_spill_open(path, &s->values, s->error);
    }
    if (status == NMF_OK) {
        status = order_lines(s);
    }
    if (status == NMF_OK) {
        nmfi_say_set_aside(s->t->request,
                           nmfi_spill_bytes(s->indices) + nmfi_spill_bytes(s->values));
        status = make_matrix(s, places, matrix);
    }
    return status;
}

nmf_status nmfi_triplets_matrix_apart(nmfi_triplets *t, int64_t rows, int64_t columns, int integral,
                                      nmf_matrix **matrix, nmf_error *error)
{
    nmf_status status = nmfi_triplets_set_apart(t, error);
    sorting s = {.t = t,
                 .lines = t->by_columns ? columns : rows,
                 .count = t->apart->count,
                 .most = (int64_t)(nmfi_bytes_in_memory(t->request) / 4 / sizeof(entry)),
                 .integral = integral,
                 .error = error};
    *matrix = NULL;
    if (status != NMF_OK) {
        return status;
    }
    if (s.lines / 16 > s.count + MANY_LINES) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s: declares %" PRId64 " x %" PRId64 " values, but has only %" PRId64
                        " entries: nearly all rows or columns would be empty",
                        t->request->path, rows, columns, s.count);
    }
    s.most = s.most > BLOCK ? s.most : BLOCK;
    s.from = t->apart->file;
    t->apart->file = NULL;
    status = sort_apart(&s, t->by_columns ? rows : columns, t->apart->in_order, matrix);
    nmfi_spill_close(s.from);
    nmfi_spill_close(s.indices);
    nmfi_spill_close(s.values);
    free(s.begin);
    return status;
}
