/* Long tables, one entry a line: sample, feature, value. Names are the texts of the cells, numbered
 * in the order in which they first occur; an entry that is listed twice is the sum. */
#include "table.h"

#include "io/arrays/triplets.h"
#include "io/files/number.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Texts and their numbers: a table of 2^n places, open addressing. */
typedef struct name_book {
    char **name;
    int64_t count, capacity;
    int32_t *place; /* number + 1; 0: free */
    size_t places;
} name_book;

static uint64_t hash_of(const char *text)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * 1099511628211u;
    }
    return hash ^ hash >> 29;
}

static size_t find_place(const name_book *book, const char *name)
{
    size_t at = hash_of(name) & (book->places - 1);
    while (book->place[at] != 0 && strcmp(book->name[book->place[at] - 1], name) != 0) {
        at = (at + 1) & (book->places - 1);
    }
    return at;
}

static int grow(name_book *book)
{
    const int64_t capacity = book->capacity > 0 ? 2 * book->capacity : 1024;
    if (capacity > NMFI_LARGEST_SIDE) {
        return 0;
    }
    char **name = realloc(book->name, (size_t)capacity * sizeof *name);
    book->name = name != NULL ? name : book->name;
    int32_t *place = calloc(2 * (size_t)capacity, sizeof *place);
    if (name == NULL || place == NULL) {
        free(place);
        return 0;
    }
    free(book->place);
    book->place = place;
    book->places = 2 * (size_t)capacity;
    book->capacity = capacity;
    for (int64_t i = 0; i < book->count; i++) {
        book->place[find_place(book, book->name[i])] = (int32_t)(i + 1);
    }
    return 1;
}

/* The number of `name`, which is taken over; -1 when memory is out. */
static int32_t number_of(name_book *book, char *name)
{
    if (name == NULL || (book->count == book->capacity && !grow(book))) {
        free(name);
        return -1;
    }
    const size_t at = find_place(book, name);
    if (book->place[at] == 0) {
        book->name[book->count++] = name;
        book->place[at] = (int32_t)book->count;
    } else {
        free(name);
    }
    return book->place[at] - 1;
}

static void close_book(name_book *book)
{
    for (int64_t i = 0; i < book->count; i++) {
        free(book->name[i]);
    }
    free(book->name);
    free(book->place);
}

typedef struct entries {
    nmfi_table *table;
    name_book samples, features;
    nmfi_triplets triplets;
    int whole;
} entries;

static nmf_status take_entry(entries *e, const nmfi_csv_cell cells[3])
{
    nmfi_table *t = e->table;
    double value;
    if (nmfi_number_parse(cells[2].text, cells[2].length, t->decimal, &value) != NMFI_NUMBER) {
        return nmfi_table_fail(t, &cells[2], "is not a number");
    }
    const int32_t sample = number_of(&e->samples, nmfi_csv_string(&cells[0], &t->latin1));
    const int32_t feature = number_of(&e->features, nmfi_csv_string(&cells[1], &t->latin1));
    if (sample < 0 || feature < 0) {
        return nmf_fail(t->error, NMF_ERROR_MEMORY, "%s: out of memory after %" PRId64 " entries",
                        t->request->path, nmfi_triplets_count(&e->triplets));
    }
    e->whole = e->whole && value >= 0.0 && value <= 0x1p53 && value == (double)(int64_t)value;
    return nmfi_triplets_add(&e->triplets, sample, feature, value, t->request->path, t->error);
}

/* One record of three cells; *more = 0 behind the last one. */
static nmf_status read_record(entries *e, int *more)
{
    nmfi_table *t = e->table;
    nmfi_csv_cell cells[3];
    for (int i = 0; i < 3; i++) {
        const nmfi_csv_result result = nmfi_csv_next(&t->scan, &cells[i]);
        *more = result == NMFI_CSV_CELL;
        if (result == NMFI_CSV_DAMAGED) {
            return nmfi_table_fail_quote(t, &cells[i]);
        }
        if (!*more) {
            return NMF_OK;
        }
        if (cells[i].last != (i == 2)) {
            return nmfi_table_fail(t, &cells[i], "ends a row that has not three cells");
        }
    }
    return take_entry(e, cells);
}

static int compare_places(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* How many entries stand where another one stands; 0 when memory is out, as nothing hangs on it. */
static int64_t count_repeats(const entries *e)
{
    int64_t repeats = 0;
    int64_t *place = malloc(((size_t)e->triplets.count + 1) * sizeof *place);
    for (int64_t i = 0; place != NULL && i < e->triplets.count; i++) {
        place[i] = e->triplets.row[i] * e->features.count + e->triplets.column[i];
    }
    if (place != NULL) {
        qsort(place, (size_t)e->triplets.count, sizeof *place, compare_places);
    }
    for (int64_t i = 1; place != NULL && i < e->triplets.count; i++) {
        repeats += place[i] == place[i - 1];
    }
    free(place);
    return repeats;
}

static nmf_status make_matrix(entries *e, nmf_matrix **matrix)
{
    nmfi_table *t = e->table;
    const int64_t listed = nmfi_triplets_count(&e->triplets);
    const int is_apart = e->triplets.apart != NULL;
    int64_t repeats = is_apart ? 0 : count_repeats(e);
    nmf_status status = nmfi_triplets_matrix(&e->triplets, e->samples.count, e->features.count,
                                             e->whole, t->request->path, matrix, t->error);
    if (status == NMF_OK && is_apart) {
        repeats = listed - nmf_matrix_stored(*matrix);
    }
    if (status == NMF_OK && repeats > 0) {
        nmfi_note(t->request,
                  "%s: %" PRId64 " entries stand where another one stands; they were added up",
                  t->request->path, repeats);
    }
    if (status == NMF_OK) {
        status = nmf_matrix_set_names(*matrix, NMF_SAMPLE_NAMES,
                                      (const char *const *)e->samples.name, t->error);
    }
    if (status == NMF_OK) {
        status = nmf_matrix_set_names(*matrix, NMF_FEATURE_NAMES,
                                      (const char *const *)e->features.name, t->error);
    }
    if (status != NMF_OK) {
        nmf_matrix_free(*matrix);
        *matrix = NULL;
    }
    return status;
}

nmf_status nmfi_table_read_long(nmfi_table *table, nmf_matrix **matrix)
{
    entries e = {.table = table, .triplets = {.request = table->request}, .whole = 1};
    int more = 1;
    nmf_status status = NMF_OK;
    if (table->header) {
        (void)nmfi_csv_skip_record(&table->scan);
    }
    while (status == NMF_OK && more) {
        nmfi_table_let_go(table);
        status = read_record(&e, &more);
    }
    if (status == NMF_OK && nmfi_triplets_count(&e.triplets) == 0) {
        status =
            nmf_fail(table->error, NMF_ERROR_FORMAT, "%s: has no entries", table->request->path);
    }
    if (status == NMF_OK) {
        status = make_matrix(&e, matrix);
    }
    nmfi_triplets_free(&e.triplets);
    close_book(&e.samples);
    close_book(&e.features);
    return status;
}
