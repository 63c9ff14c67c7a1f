/* The values of MatrixMarket text: see mtx.h. Entries are read by a loop that looks at
 * every character once; only values that are not short whole numbers go to the general parser. */
#include "mtx.h"

#include "io/arrays/disk_array.h"
#include "io/arrays/raw_array.h"
#include "io/arrays/triplets.h"
#include "io/files/number.h"
#include "io/files/on_disk.h"
#include "io/files/spill.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static nmf_status fail_promise(const nmfi_mtx *r, int64_t promised)
{
    return nmf_fail(r->error, NMF_ERROR_FORMAT,
                    "%s: promises %" PRId64 " entries, more than its bytes can hold (%" PRId64 ")",
                    nmfi_text_reader_path(r->text), promised, nmfi_text_reader_most_bytes(r->text));
}

/* A value at `*at`, which moves behind it. */
static nmf_status take_value(const nmfi_mtx *r, const char **at, double *value)
{
    const char *begin = nmfi_skip_blanks(*at);
    uint64_t whole;
    const char *end = nmfi_scan_whole(begin, &whole);
    if (end > begin && end - begin <= 15 && (unsigned char)*end <= ' ') {
        *value = (double)whole;
        *at = end;
        return NMF_OK;
    }
    end = nmfi_skip_word(begin);
    *at = end;
    switch (nmfi_number_parse(begin, (size_t)(end - begin), '.', value)) {
    case NMFI_NUMBER: break;
    case NMFI_NUMBER_OVERFLOW:
        return nmfi_text_reader_fail(r->text, begin, "is beyond the largest number, 1.797e308",
                                     r->error);
    case NMFI_NUMBER_NONE:
        return nmfi_text_reader_fail(r->text, begin, "is not a number", r->error);
    }
    /* Trap: a non-whole "integer" would be cut off where it is stored as one. */
    if (r->values == NMFI_MTX_INTEGER &&
        !(*value > -0x1p53 && *value < 0x1p53 && *value == (double)(int64_t)*value)) {
        return nmfi_text_reader_fail(
            r->text, begin, "is not an integer below 2^53, as the file promises", r->error);
    }
    return NMF_OK;
}

static nmf_status fail_index(const nmfi_mtx *r, const char *place, const char *what, int64_t most)
{
    char text[96];
    snprintf(text, sizeof text, "is not a %s from 1 to %" PRId64, what, most);
    return nmfi_text_reader_fail(r->text, place, text, r->error);
}

/* A row or column number at *at, which moves behind it and the blanks that follow. */
static inline const char *take_index(const char *at, int64_t most, int32_t *index)
{
    uint64_t number;
    const char *begin = nmfi_skip_blanks(at);
    const char *end = nmfi_scan_whole(begin, &number);
    *index = number - 1 < (uint64_t)most && end > begin ? (int32_t)(number - 1) : -1;
    return end;
}

static nmf_status take_entry(nmfi_mtx *r, nmfi_triplets *entries)
{
    int32_t row, column;
    double value = 1.0;
    const char *path = nmfi_text_reader_path(r->text);
    const char *at = take_index(r->at, r->rows, &row);
    if (row < 0 || (*at != ' ' && *at != '\t')) {
        return fail_index(r, nmfi_skip_blanks(r->at), "row", r->rows);
    }
    const char *second = at;
    at = take_index(at, r->columns, &column);
    if (column < 0 || (unsigned char)*at > ' ') {
        return fail_index(r, nmfi_skip_blanks(second), "column", r->columns);
    }
    nmf_status status = r->values == NMFI_MTX_PATTERN ? NMF_OK : take_value(r, &at, &value);
    at = nmfi_skip_blanks(at);
    if (status == NMF_OK && *at != '\n') {
        status = nmfi_text_reader_fail(r->text, at, "is more than an entry's numbers", r->error);
    }
    r->at = at + 1;
    if (status == NMF_OK) {
        status = nmfi_triplets_add(entries, row, column, value, path, r->error);
    }
    if (status == NMF_OK && r->symmetric && row != column) {
        status = nmfi_triplets_add(entries, column, row, value, path, r->error);
    }
    return status;
}

static nmf_status fail_count(const nmfi_mtx *r, int64_t found, int64_t promised)
{
    return nmf_fail(r->error, NMF_ERROR_FORMAT, "%s: ends after %" PRId64 " of %" PRId64 " entries",
                    nmfi_text_reader_path(r->text), found, promised);
}

/* What follows the last entry may only be blank lines and comments. */
static nmf_status expect_end(nmfi_mtx *r)
{
    nmf_status status = nmfi_mtx_next_line(r);
    if (status == NMF_OK && r->at != r->end) {
        status = nmfi_text_reader_fail(r->text, nmfi_skip_blanks(r->at),
                                       "follows the last entry that the header promises", r->error);
    }
    return status;
}

/* Will the columns be the samples? */
static nmf_status find_samples(const nmfi_mtx *r, int *columns_are)
{
    int cells_are_rows = 1;
    nmf_status status = NMF_OK;
    if (r->files != NULL) {
        status = nmfi_cell_files_rows(r->files, r->rows, r->columns, &cells_are_rows, r->error);
    }
    *columns_are = !cells_are_rows;
    if (r->request != NULL && r->request->options->transpose) {
        *columns_are = !*columns_are;
    }
    return status;
}

static nmf_status read_coordinates(nmfi_mtx *r, nmf_matrix **matrix)
{
    nmfi_triplets entries = {.request = r->request};
    const char *path = nmfi_text_reader_path(r->text);
    if (r->entries >
        nmfi_text_reader_most_bytes(r->text) / 3) { /* "1 1" and a line end, at least */
        return fail_promise(r, r->entries);
    }
    nmf_status status = find_samples(r, &entries.by_columns);
    int64_t found = 0;
    while (status == NMF_OK && found < r->entries) {
        status = nmfi_mtx_next_line(r);
        if (status == NMF_OK && r->at == r->end) {
            status = fail_count(r, found, r->entries);
        }
        if (status == NMF_OK) {
            status = take_entry(r, &entries);
            found++;
        }
    }
    if (status == NMF_OK) {
        status = expect_end(r);
    }
    if (status != NMF_OK) {
        nmfi_triplets_free(&entries);
        return status;
    }
    return nmfi_triplets_matrix(&entries, r->rows, r->columns, r->values != NMFI_MTX_REAL, path,
                                matrix, r->error);
}

/* Whole numbers as such. */
static void make_whole(const nmfi_mtx *r, double *values, int64_t count)
{
    for (int64_t i = 0; r->values == NMFI_MTX_INTEGER && i < count; i++) {
        const int64_t value = (int64_t)values[i];
        memcpy(&values[i], &value, sizeof value);
    }
}

/* Dense values, column by column; of a symmetric matrix the lower triangle. `apart`, unless NULL, takes each column,
 * for which there is room alone. */
static nmf_status read_values(nmfi_mtx *r, double *values, nmfi_spill *apart)
{
    for (int64_t at = 0; at < r->columns; at++) {
        const int64_t column = apart != NULL ? 0 : at;
        for (int64_t row = r->symmetric ? column : 0; row < r->rows; row++) {
            nmf_status status = nmfi_mtx_next_line(r);
            if (status == NMF_OK && r->at == r->end) {
                status = fail_count(r, at * r->rows + row, r->rows * r->columns);
            }
            if (status != NMF_OK) {
                return status;
            }
            const char *text = r->at;
            status = take_value(r, &text, &values[column * r->rows + row]);
            text = nmfi_skip_blanks(text);
            if (status == NMF_OK && *text != '\n') {
                status = nmfi_text_reader_fail(r->text, text, "is more than one value", r->error);
            }
            if (status != NMF_OK) {
                return status;
            }
            r->at = text + 1;
            if (r->symmetric) {
                values[row * r->rows + column] = values[column * r->rows + row];
            }
        }
        if (apart != NULL) {
            make_whole(r, values, r->rows);
            const nmf_status status =
                nmfi_spill_add(apart, values, (size_t)r->rows * sizeof *values, r->error);
            if (status != NMF_OK) {
                return status;
            }
        }
    }
    return expect_end(r);
}

static nmfi_raw_array raw_of(const nmfi_mtx *r, const double *values)
{
    return (nmfi_raw_array){.data = (const unsigned char *)values,
                            .kind = r->values == NMFI_MTX_INTEGER ? 'i' : 'f',
                            .item_bytes = 8,
                            .big_endian = NMFI_HOST_BIG_ENDIAN,
                            .rows = r->rows,
                            .height = 1,
                            .width = r->columns,
                            .row_stride = 1,
                            .width_stride = r->rows};
}

/* In a scratch file, where memory has no room for it. */
static nmf_status read_array_apart(nmfi_mtx *r, nmf_matrix **matrix)
{
    const nmf_io_read_options *options = r->request->options;
    const nmfi_raw_array raw = raw_of(r, NULL);
    nmfi_spill *apart = NULL;
    nmfi_disk_file *file;
    double *values = malloc((size_t)r->rows * sizeof *values);
    nmf_status status = values != NULL ? nmfi_spill_open(r->request->path, &apart, r->error)
                                       : nmf_fail(r->error, NMF_ERROR_MEMORY,
                                                  "%s: out of memory for %" PRId64 " rows",
                                                  nmfi_text_reader_path(r->text), r->rows);
    if (status == NMF_OK) {
        status = read_values(r, values, apart);
    }
    free(values);
    if (status != NMF_OK) {
        nmfi_spill_close(apart);
        return status;
    }
    nmfi_say_set_aside(r->request, nmfi_spill_bytes(apart));
    status = nmfi_spill_file(apart, options->watch, options->watch_context, &file, r->error);
    return status == NMF_OK ? nmfi_disk_array_matrix(file, 0, &raw, matrix, r->error) : status;
}

static nmf_status read_array(nmfi_mtx *r, nmf_matrix **matrix)
{
    size_t bytes;
    const int64_t stored = r->symmetric ? (r->rows + 1) / 2 : r->rows;
    if (!nmfi_array_bytes(1, r->rows, r->columns, 8, &bytes) ||
        stored > nmfi_text_reader_most_bytes(r->text) / r->columns) {
        return fail_promise(r, stored);
    }
    if (r->request != NULL && !r->symmetric && bytes > nmfi_bytes_in_memory(r->request)) {
        return read_array_apart(r, matrix);
    }
    double *values = malloc(bytes);
    if (values == NULL) {
        return nmf_fail(r->error, NMF_ERROR_MEMORY, "%s: out of memory for %zu bytes",
                        nmfi_text_reader_path(r->text), bytes);
    }
    const nmf_status status = read_values(r, values, NULL);
    if (status != NMF_OK) {
        free(values);
        return status;
    }
    make_whole(r, values, r->rows * r->columns);
    const nmfi_raw_array raw = raw_of(r, values);
    return nmfi_raw_to_matrix(&raw, free, values, matrix, r->error);
}

nmf_status nmfi_mtx_matrix(nmfi_text_reader *text, const nmfi_read_request *request,
                           const nmfi_cell_files *files, nmf_matrix **matrix, nmf_error *error)
{
    nmfi_mtx r = {.text = text, .request = request, .files = files, .error = error};
    nmfi_c_locale locale;
    *matrix = NULL;
    if (!nmfi_c_locale_enter(&locale)) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    nmf_status status = nmfi_mtx_header(&r);
    if (status == NMF_OK) {
        status = r.coordinate ? read_coordinates(&r, matrix) : read_array(&r, matrix);
    }
    nmfi_c_locale_leave(&locale);
    return status;
}
