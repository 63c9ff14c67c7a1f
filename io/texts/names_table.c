/* One column of a table as names or labels: see names_table.h. */
#include "names_table.h"
#include "csv.h"
#include "table_sample.h"

#include "io/files/file_view.h"
#include "io/files/packed.h"
#include "io/files/utf8.h"
#include "io/files/whole_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The first column and the wanted one, record by record, the heading's among them. */
typedef struct names_table {
    const char *path;
    nmfi_csv_scan scan;
    nmfi_table_sample sample;
    int corner;     /* 1: the heading has no cell above the first column (R) */
    int64_t wanted; /* the column, from 0 */
    char **key, **value;
    int64_t count, capacity;
    int latin1;
    nmf_error *error;
} names_table;

static int is_named_csv(const char *path)
{
    size_t end;
    (void)nmfi_packing_named(path, &end);
    return end > 4 && strncasecmp(path + end - 4, ".csv", 4) == 0;
}

/* All records have as many cells, two at least; the first may lack the corner. */
static int is_even(const nmfi_table_sample *sample)
{
    int even = sample->records > 0 && sample->columns > 1 && !sample->damaged;
    for (int64_t i = 0; i < sample->records && even; i++) {
        const int64_t cells = sample->first[i + 1] - sample->first[i];
        even = cells == sample->columns || (i == 0 && cells == sample->columns - 1);
    }
    return even;
}

/* Blanks divide words too: only quotes show that they divide cells. */
static int all_quoted(const nmfi_table_sample *sample)
{
    int quoted = 1;
    for (int64_t i = 0; i < sample->first[sample->records]; i++) {
        quoted = quoted && (sample->cells[i].quoted ||
                            nmfi_cell_kind_of(&sample->cells[i], '.') == NMFI_CELL_NUMBER);
    }
    return quoted && sample->records > 0 && sample->cells[sample->first[1] - 1].quoted;
}

/* What divides the cells; 0: it is no table. `told`: the caller says that it is one. */
static char find_delimiter(names_table *t, int told)
{
    const struct {
        char sign;
        int possible;
    } candidates[] = {{'\t', 1},
                      {',', told || is_named_csv(t->path)},
                      {';', told || is_named_csv(t->path)},
                      {' ', 1}};
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        if (!candidates[i].possible) {
            continue;
        }
        t->scan.delimiter = candidates[i].sign;
        nmfi_table_sample_free(&t->sample);
        if (!nmfi_table_sample_take(&t->scan, &t->sample)) {
            return 0;
        }
        if (is_even(&t->sample) && (candidates[i].sign != ' ' || all_quoted(&t->sample))) {
            return candidates[i].sign;
        }
    }
    return 0;
}

/* --- which column ------------------------------------------------------------------------------ */

static int64_t column_called(const names_table *t, const char *heading)
{
    for (int64_t c = t->corner; c < t->sample.columns; c++) {
        const nmfi_csv_cell *cell = nmfi_table_sample_cell(&t->sample, 0, c - t->corner);
        if (cell != NULL && cell->length == strlen(heading) &&
            memcmp(cell->text, heading, cell->length) == 0) {
            return c;
        }
    }
    return -1;
}

static nmf_status choose_column(names_table *t, const char *column, nmf_names which)
{
    t->corner = t->sample.first[1] == t->sample.columns - 1;
    if (column == NULL && which == NMF_LABELS && t->sample.columns > 2) {
        return nmf_fail(t->error, NMF_ERROR_ARGUMENT,
                        "%s: is a table of %" PRId64
                        " columns; %s:COLUMN (its heading, or its number from 1) says which has "
                        "the labels",
                        t->path, t->sample.columns, t->path);
    }
    if (column == NULL) {
        t->wanted = which == NMF_LABELS;
        return NMF_OK;
    }
    t->wanted = column_called(t, column);
    if (t->wanted < 0) {
        char *end;
        const long number = strtol(column, &end, 10);
        t->wanted = column[0] != '\0' && *end == '\0' ? number - 1 : -1;
    }
    return t->wanted >= 0 && t->wanted < t->sample.columns
               ? NMF_OK
               : nmf_fail(t->error, NMF_ERROR_ARGUMENT,
                          "%s: has no column '%s'; it has %" PRId64 " columns, counted from 1",
                          t->path, column, t->sample.columns);
}

/* --- reading ----------------------------------------------------------------------------------- */

static int keep(names_table *t, const nmfi_csv_cell *key, const nmfi_csv_cell *value)
{
    if (t->count == t->capacity) {
        const int64_t capacity = 2 * t->capacity + 256;
        char **keys = realloc(t->key, (size_t)capacity * sizeof *keys);
        t->key = keys != NULL ? keys : t->key;
        char **values = realloc(t->value, (size_t)capacity * sizeof *values);
        t->value = values != NULL ? values : t->value;
        if (keys == NULL || values == NULL) {
            return 0;
        }
        t->capacity = capacity;
    }
    t->key[t->count] = nmfi_csv_string(key, &t->latin1);
    t->value[t->count] = nmfi_csv_string(value, &t->latin1);
    t->count++;
    return t->key[t->count - 1] != NULL && t->value[t->count - 1] != NULL;
}

static nmf_status fail_record(const names_table *t, const nmfi_csv_cell *cell, int64_t cells)
{
    int64_t line, column;
    nmfi_csv_place(&t->scan, cell->place, &line, &column);
    return nmf_fail(t->error, NMF_ERROR_FORMAT,
                    "%s:%" PRId64 ":%" PRId64 ": this row does not have %" PRId64
                    " cells, as most rows have, but %" PRId64 " or more",
                    t->path, line, column, t->sample.columns, cells);
}

static nmf_status read_records(names_table *t)
{
    for (int64_t record = 0;; record++) {
        nmfi_csv_cell cell = {NULL, 0, NULL, 0, 0}, key = cell, value = cell;
        int64_t column = record == 0 ? t->corner : 0;
        for (; !cell.last; column++) {
            const nmfi_csv_result result = nmfi_csv_next(&t->scan, &cell);
            if (result == NMFI_CSV_END) {
                return NMF_OK;
            }
            if (result == NMFI_CSV_DAMAGED || column == t->sample.columns) {
                return fail_record(t, &cell, column);
            }
            key = column == 0 ? cell : key;
            value = column == t->wanted ? cell : value;
        }
        if (column != t->sample.columns) {
            return fail_record(t, &cell, column);
        }
        if (!keep(t, &key, &value)) {
            return nmf_fail(t->error, NMF_ERROR_MEMORY, "%s: out of memory", t->path);
        }
    }
}

/* --- matching by the samples' names -------------------------------------------------------------- */

typedef struct place {
    const char *key;
    int64_t record;
} place;

static int compare(const void *a, const void *b)
{
    return strcmp(((const place *)a)->key, ((const place *)b)->key);
}

/* Record i of the table belongs to sample i: the numbers that programs write where there are no names. */
static int are_counted(const names_table *t, int64_t rows)
{
    const int64_t before = t->count - rows;
    int counted = before == 0 || before == 1;
    for (int64_t i = before; i < t->count && counted; i++) {
        char *end;
        const long long number = strtoll(t->key[i], &end, 10);
        counted = t->key[i][0] != '\0' && *end == '\0' &&
                  (number == i - before || number == i - before + 1);
    }
    return counted;
}

/* Fills `list` with the values of the samples by their names; *found: how many of them have one. */
static nmf_status match(const names_table *t, const nmf_matrix *matrix, const char **list,
                        int64_t *found)
{
    const int64_t rows = nmf_matrix_rows(matrix);
    const char *missing = NULL;
    place *places = malloc(((size_t)t->count + 1) * sizeof *places);
    nmf_status status = NMF_OK;
    *found = 0;
    if (places == NULL) {
        return nmf_fail(t->error, NMF_ERROR_MEMORY, "%s: out of memory", t->path);
    }
    for (int64_t i = 0; i < t->count; i++) {
        places[i] = (place){t->key[i], i};
    }
    qsort(places, (size_t)t->count, sizeof *places, compare);
    for (int64_t i = 0; i < rows && status == NMF_OK; i++) {
        const place wanted = {nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, i), 0};
        const place *at = bsearch(&wanted, places, (size_t)t->count, sizeof *places, compare);
        if (at == NULL) {
            missing = missing != NULL ? missing : wanted.key;
            continue;
        }
        ++*found;
        list[i] = t->value[at->record];
        const int twice = (at > places && compare(at - 1, at) == 0) ||
                          (at + 1 < places + t->count && compare(at, at + 1) == 0);
        if (twice) {
            status = nmf_fail(t->error, NMF_ERROR_SHAPE, "%s: '%.80s' stands there twice", t->path,
                              wanted.key);
        }
    }
    free(places);
    if (status == NMF_OK && *found > 0 && missing != NULL) {
        status =
            nmf_fail(t->error, NMF_ERROR_SHAPE,
                     "%s: has nothing for %" PRId64 " of the %" PRId64 " samples, such as '%.80s'",
                     t->path, rows - *found, rows, missing);
    }
    return status;
}

/* The values in their order, behind a heading where there is one record more. */
static nmf_status in_order(const names_table *t, int64_t wanted, const char **list)
{
    const int64_t before = t->count - wanted;
    if (before != 0 && before != 1) {
        return nmf_fail(t->error, NMF_ERROR_SHAPE,
                        "%s: has %" PRId64 " records; %" PRId64 " are needed", t->path, t->count,
                        wanted);
    }
    for (int64_t i = 0; i < wanted; i++) {
        list[i] = t->value[i + before];
    }
    return NMF_OK;
}

static nmf_status set_names(const names_table *t, nmf_matrix *matrix, nmf_names which,
                            const nmfi_read_request *request)
{
    const int64_t wanted =
        which == NMF_FEATURE_NAMES ? nmf_matrix_columns(matrix) : nmf_matrix_rows(matrix);
    const char **list = calloc((size_t)wanted + 1, sizeof *list);
    const int named = which == NMF_LABELS && nmf_matrix_has_names(matrix, NMF_SAMPLE_NAMES);
    int64_t found = 0;
    if (list == NULL) {
        return nmf_fail(t->error, NMF_ERROR_MEMORY, "%s: out of memory", t->path);
    }
    nmf_status status = named && t->wanted > 0 ? match(t, matrix, list, &found) : NMF_OK;
    if (status == NMF_OK && found == 0) {
        status = in_order(t, wanted, list);
        if (status == NMF_OK && named && t->wanted > 0 && !are_counted(t, wanted)) {
            nmfi_note(request,
                      "%s: its first column has none of the samples' names: labels are taken in "
                      "their order",
                      t->path);
        }
    }
    if (status == NMF_OK) {
        status = nmf_matrix_set_names(matrix, which, list, t->error);
    }
    free(list);
    return status;
}

static void close_table(names_table *t)
{
    for (int64_t i = 0; i < t->count; i++) {
        free(t->key[i]);
        free(t->value[i]);
    }
    free(t->key);
    free(t->value);
    nmfi_table_sample_free(&t->sample);
}

nmf_status nmfi_names_from_table(const char *path, const char *column, nmf_matrix *matrix,
                                 nmf_names which, const nmfi_read_request *request, int *taken,
                                 nmf_error *error)
{
    nmfi_whole_text text;
    names_table t = {.path = path, .error = error};
    *taken = 0;
    nmf_status status = nmfi_whole_text_open(path, nmfi_machine_memory() / 8, &text, error);
    if (status != NMF_OK) {
        return status;
    }
    const size_t mark = nmfi_utf8_mark(text.bytes, text.count);
    const char *begin = text.bytes + mark;
    t.scan = (nmfi_csv_scan){.begin = begin, .at = begin, .end = text.bytes + text.count};
    t.scan.delimiter = find_delimiter(&t, column != NULL);
    /* Of names in lines with tabs the first cell is the name: vocabularies and genes come so. */
    const int is_list = which != NMF_LABELS && column == NULL && t.scan.delimiter == '\t';
    if (t.scan.delimiter == 0 && column != NULL) {
        status =
            nmf_fail(error, NMF_ERROR_ARGUMENT,
                     "%s: is no table of several columns, so it has no column '%s'", path, column);
    } else if (t.scan.delimiter != 0 && !is_list) {
        *taken = 1;
        status = choose_column(&t, column, which);
        if (status == NMF_OK) {
            status = read_records(&t);
        }
        if (status == NMF_OK) {
            status = set_names(&t, matrix, which, request);
        }
        if (status == NMF_OK && t.latin1) {
            nmfi_note(request, "%s: is not UTF-8; its letters are taken as Latin-1 (Windows-1252)",
                      path);
        }
    }
    close_table(&t);
    nmfi_whole_text_close(&text);
    return status;
}
