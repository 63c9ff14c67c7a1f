/* The values of MatrixMarket text: see mtx.h. Entries are read by a loop that looks at
 * every character once; only values that are not short whole numbers go to the general parser. */
#include "mtx.h"

#include "io/arrays/raw_array.h"
#include "io/arrays/triplets.h"
#include "io/files/number.h"

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

static nmf_status read_coordinates(nmfi_mtx *r, nmf_matrix **matrix)
{
    nmfi_triplets entries = {NULL, NULL, NULL, 0, 0};
    const char *path = nmfi_text_reader_path(r->text);
    if (r->entries >
        nmfi_text_reader_most_bytes(r->text) / 3) { /* "1 1" and a line end, at least */
        return fail_promise(r, r->entries);
    }
    nmf_status status = NMF_OK;
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

/* Dense values, column by column; of a symmetric matrix the lower triangle. */
static nmf_status read_values(nmfi_mtx *r, double *values)
{
    for (int64_t column = 0; column < r->columns; column++) {
        for (int64_t row = r->symmetric ? column : 0; row < r->rows; row++) {
            nmf_status status = nmfi_mtx_next_line(r);
            if (status == NMF_OK && r->at == r->end) {
                status = fail_count(r, column * r->rows + row, r->rows * r->columns);
            }
            if (status != NMF_OK) {
                return status;
            }
            const char *at = r->at;
            status = take_value(r, &at, &values[column * r->rows + row]);
            at = nmfi_skip_blanks(at);
            if (status == NMF_OK && *at != '\n') {
                status = nmfi_text_reader_fail(r->text, at, "is more than one value", r->error);
            }
            if (status != NMF_OK) {
                return status;
            }
            r->at = at + 1;
            if (r->symmetric) {
                values[row * r->rows + column] = values[column * r->rows + row];
            }
        }
    }
    return expect_end(r);
}

static nmf_status read_array(nmfi_mtx *r, nmf_matrix **matrix)
{
    size_t bytes;
    const int64_t stored = r->symmetric ? (r->rows + 1) / 2 : r->rows;
    if (!nmfi_array_bytes(1, r->rows, r->columns, 8, &bytes) ||
        stored > nmfi_text_reader_most_bytes(r->text) / r->columns) {
        return fail_promise(r, stored);
    }
    double *values = malloc(bytes);
    if (values == NULL) {
        return nmf_fail(r->error, NMF_ERROR_MEMORY, "%s: out of memory for %zu bytes",
                        nmfi_text_reader_path(r->text), bytes);
    }
    const nmf_status status = read_values(r, values);
    if (status != NMF_OK) {
        free(values);
        return status;
    }
    const int integral = r->values == NMFI_MTX_INTEGER;
    for (int64_t i = 0; integral && i < r->rows * r->columns; i++) {
        const int64_t value = (int64_t)values[i];
        memcpy(&values[i], &value, sizeof value);
    }
    const nmfi_raw_array raw = {.data = (const unsigned char *)values,
                                .kind = integral ? 'i' : 'f',
                                .item_bytes = 8,
                                .big_endian = NMFI_HOST_BIG_ENDIAN,
                                .rows = r->rows,
                                .height = 1,
                                .width = r->columns,
                                .row_stride = 1,
                                .width_stride = r->rows};
    return nmfi_raw_to_matrix(&raw, free, values, matrix, r->error);
}

nmf_status nmfi_mtx_matrix(nmfi_text_reader *text, nmf_matrix **matrix, nmf_error *error)
{
    nmfi_mtx r = {.text = text, .error = error};
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
