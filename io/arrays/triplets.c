/* Listed entries become compressed arrays: see triplets.h. Files that programs write are sorted one
 * way or the other; then nothing moves, and one of the two index arrays becomes the pointers. */
#include "triplets.h"
#include "sparse_parts.h"

#include "io/files/on_disk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 4096
#define MANY_SIDES (1 << 20) /* rows or columns without entries that are taken without a word */

static nmf_status out_of_memory(int64_t count, const char *path, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for %" PRId64 " entries", path,
                    count);
}

/* The most entries that may be in memory. */
static int64_t most_entries(const nmfi_triplets *triplets)
{
    const uint64_t entry = 2 * sizeof(int32_t) + sizeof(double);
    const uint64_t most =
        triplets->request != NULL ? nmfi_bytes_in_memory(triplets->request) / entry : UINT64_MAX;
    const uint64_t possible = PTRDIFF_MAX / sizeof(double);
    return (int64_t)(most < FIRST_CAPACITY ? FIRST_CAPACITY : most < possible ? most : possible);
}

nmf_status nmfi_triplets_grow(nmfi_triplets *triplets, const char *path, nmf_error *error)
{
    const int64_t most = most_entries(triplets);
    const int64_t doubled = triplets->capacity > 0 ? 2 * triplets->capacity : FIRST_CAPACITY;
    const int64_t wanted = doubled < most ? doubled : most;
    if (triplets->apart != NULL || (triplets->request != NULL && triplets->count >= most)) {
        return nmfi_triplets_set_apart(triplets, error);
    }
    if (wanted <= triplets->count) {
        return out_of_memory(triplets->count, path, error);
    }
    int32_t *row = realloc(triplets->row, (size_t)wanted * sizeof *row);
    triplets->row = row != NULL ? row : triplets->row;
    int32_t *column = realloc(triplets->column, (size_t)wanted * sizeof *column);
    triplets->column = column != NULL ? column : triplets->column;
    double *value = realloc(triplets->value, (size_t)wanted * sizeof *value);
    triplets->value = value != NULL ? value : triplets->value;
    if (row == NULL || column == NULL || value == NULL) {
        return out_of_memory(wanted, path, error);
    }
    triplets->capacity = wanted;
    return NMF_OK;
}

void nmfi_triplets_free(nmfi_triplets *triplets)
{
    free(triplets->row);
    free(triplets->column);
    free(triplets->value);
    nmfi_triplets_apart_free(triplets->apart);
    memset(triplets, 0, sizeof *triplets);
}

int64_t nmfi_triplets_count(const nmfi_triplets *triplets)
{
    return triplets->count + nmfi_triplets_apart_count(triplets->apart);
}

/* 1 if entries of the same row (or column) stand together, rows in ascending order. */
static int is_grouped(const int32_t *major, int64_t count)
{
    for (int64_t i = 1; i < count; i++) {
        if (major[i] < major[i - 1]) {
            return 0;
        }
    }
    return 1;
}

/* How many entries each row has, as the positions where each begins. */
static int64_t *count_pointers(const int32_t *major, int64_t count, int64_t majors)
{
    int64_t *pointers = calloc((size_t)majors + 1, sizeof *pointers);
    for (int64_t i = 0; pointers != NULL && i < count; i++) {
        pointers[major[i] + 1]++;
    }
    for (int64_t i = 0; pointers != NULL && i < majors; i++) {
        pointers[i + 1] += pointers[i];
    }
    return pointers;
}

/* A stable counting sort by rows, or by columns. Returns 0 when memory is out. */
static int sort_by(nmfi_triplets *t, int by_columns, int64_t majors)
{
    int64_t *place = count_pointers(by_columns ? t->column : t->row, t->count, majors);
    nmfi_triplets sorted = {.count = t->count, .capacity = t->count};
    const size_t room = (size_t)t->count;
    sorted.row = malloc(room * sizeof *sorted.row);
    sorted.column = malloc(room * sizeof *sorted.column);
    sorted.value = malloc(room * sizeof *sorted.value);
    const int good =
        place != NULL && sorted.row != NULL && sorted.column != NULL && sorted.value != NULL;
    for (int64_t i = 0; good && i < t->count; i++) {
        const int64_t to = place[by_columns ? t->column[i] : t->row[i]]++;
        sorted.row[to] = t->row[i];
        sorted.column[to] = t->column[i];
        sorted.value[to] = t->value[i];
    }
    free(place);
    nmfi_triplets_free(good ? t : &sorted);
    if (good) {
        *t = sorted;
    }
    return good;
}

/* Gives back the room that doubling left over; failure leaves it as it was. */
static void *fit(void *memory, int64_t count, size_t bytes)
{
    void *fitting = realloc(memory, (size_t)(count > 0 ? count : 1) * bytes);
    return fitting != NULL ? fitting : memory;
}

nmf_status nmfi_triplets_matrix(nmfi_triplets *triplets, int64_t rows, int64_t columns,
                                int integral, const char *path, nmf_matrix **matrix,
                                nmf_error *error)
{
    *matrix = NULL;
    nmfi_triplets *t = triplets;
    if (t->apart != NULL) {
        const nmf_status status =
            nmfi_triplets_matrix_apart(t, rows, columns, integral, matrix, error);
        nmfi_triplets_free(t);
        return status;
    }
    for (int64_t i = 0; t->first_column != 0 && i < t->count; i++) {
        t->column[i] -= t->first_column;
    }
    /* Each row (or column) of the orientation costs a pointer, empty or not: where a file declares
     * many more than it has entries, the shorter side is taken. */
    const int64_t longer = rows > columns ? rows : columns;
    const int is_empty = longer / 16 > t->count + MANY_SIDES;
    const int by_columns = is_empty
                               ? columns < rows
                               : !is_grouped(t->row, t->count) && is_grouped(t->column, t->count);
    const int64_t majors = by_columns ? columns : rows;
    nmf_status status = NMF_OK;
    if (is_empty && majors / 16 > t->count + MANY_SIDES) {
        status = nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                          "%s: declares %" PRId64 " x %" PRId64 " values, but has only %" PRId64
                          " entries: nearly all rows and columns would be empty",
                          path, rows, columns, t->count);
    } else if (!is_grouped(by_columns ? t->column : t->row, t->count) &&
               !sort_by(t, by_columns, majors)) {
        status = out_of_memory(t->count, path, error);
    }
    int64_t *pointers = NULL;
    if (status == NMF_OK) {
        pointers = count_pointers(by_columns ? t->column : t->row, t->count, majors);
        status = pointers != NULL ? NMF_OK : out_of_memory(t->count, path, error);
    }
    if (status != NMF_OK) {
        nmfi_triplets_free(t);
        return status;
    }
    int32_t **minor = by_columns ? &t->row : &t->column;
    *minor = fit(*minor, t->count, sizeof **minor);
    t->value = fit(t->value, t->count, sizeof *t->value);
    nmfi_sparse_parts arrays = {.rows = rows,
                                .columns = columns,
                                .by_columns = by_columns,
                                .stored = t->count,
                                .pointers = pointers,
                                .indices = *minor,
                                .index_bytes = sizeof **minor,
                                .values = {.data = (const unsigned char *)t->value,
                                           .kind = 'f',
                                           .item_bytes = 8,
                                           .big_endian = NMFI_HOST_BIG_ENDIAN},
                                .integral = integral,
                                .memory = {pointers, *minor, t->value, NULL}};
    *minor = NULL;
    t->value = NULL;
    nmfi_triplets_free(t);
    return nmfi_sparse_parts_matrix(&arrays, path, matrix, error);
}
