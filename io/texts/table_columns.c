/* Which columns of a table are names and which are left out: see table_look.h. */
#include "other_numbers.h"
#include "table_look.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

nmf_status nmfi_look_take_index(nmfi_look *l, const char *wanted)
{
    nmfi_table *t = l->table;
    char *end;
    if (strcasecmp(wanted, "none") == 0) {
        return NMF_OK;
    }
    for (int64_t c = 0; c < t->columns && t->header; c++) {
        const nmfi_csv_cell *cell = nmfi_look_heading(l, c);
        if (cell != NULL && cell->length == strlen(wanted) &&
            memcmp(cell->text, wanted, cell->length) == 0) {
            t->kind[c] = NMFI_COLUMN_NAME;
            return NMF_OK;
        }
    }
    const long number = strtol(wanted, &end, 10);
    if (*end != '\0' || wanted[0] == '\0' || number < 1 || number > t->columns) {
        return nmf_fail(t->error, NMF_ERROR_ARGUMENT,
                        "%s: has no column '%s'; it has %" PRId64 " columns, counted from 1",
                        t->request->path, wanted, t->columns);
    }
    t->kind[number - 1] = NMFI_COLUMN_NAME;
    return NMF_OK;
}

/* The leading columns of text: the first one that tells the records apart, else all of them. */
static void take_text_columns(nmfi_look *l, int64_t leading)
{
    nmfi_table *t = l->table;
    for (int64_t c = 0; c < leading; c++) {
        if (c < 4 && l->column[c].distinct) {
            for (int64_t other = 0; other < leading; other++) {
                t->kind[other] = other == c ? NMFI_COLUMN_NAME : NMFI_COLUMN_LEFT_OUT;
            }
            return;
        }
    }
    for (int64_t c = 0; c < leading; c++) {
        t->kind[c] = NMFI_COLUMN_NAME;
    }
}

/* Whole numbers below a word that names an index, or below the only word of the header. */
static void look_for_numeric_index(nmfi_look *l)
{
    nmfi_table *t = l->table;
    const nmfi_column_look *first = &l->column[0];
    const nmfi_csv_cell *above = nmfi_look_heading(l, 0);
    if (above == NULL || t->columns < 2 || !first->integral || first->numbers == 0 ||
        first->texts > 0 || !first->distinct || l->sample.records - l->data < 2) {
        return;
    }
    int64_t texts = 0;
    for (int64_t c = 0; c < t->columns; c++) {
        texts += nmfi_look_kind(l, 0, c) == NMFI_CELL_TEXT;
    }
    const int only_word = nmfi_look_kind(l, 0, 0) == NMFI_CELL_TEXT && texts == 1;
    if (nmfi_look_names_an_index(above) || only_word) {
        t->kind[0] = NMFI_COLUMN_NAME;
        nmfi_note(t->request,
                  "%s: the numbers in its first column, '%.*s', are taken as names of the samples "
                  "(--index none: as a feature)",
                  t->request->path, (int)(above->length < 40 ? above->length : 40), above->text);
    }
}

void nmfi_look_find_names(nmfi_look *l)
{
    nmfi_table *t = l->table;
    const nmfi_csv_cell *corner = nmfi_look_heading(l, 0);
    int64_t leading = 0;
    while (leading < t->columns && (nmfi_look_is_text(&l->column[leading]) ||
                                    (leading == 0 && nmfi_look_could_be_names(&l->column[0])))) {
        leading++;
    }
    int quoted_alone = l->column[0].quoted && t->columns > 1;
    for (int64_t c = 1; c < t->columns; c++) {
        quoted_alone = quoted_alone && !l->column[c].quoted;
    }
    if (t->corner || (t->header && corner != NULL && corner->length == 0)) {
        t->kind[0] = NMFI_COLUMN_NAME;
    } else if (leading > 0) {
        take_text_columns(l, leading);
    } else if (quoted_alone) {
        t->kind[0] = NMFI_COLUMN_NAME;
    } else {
        look_for_numeric_index(l);
    }
}

/* A column that would be names, or be left out, though all of it is numbers in another writing. */
nmf_status nmfi_look_refuse_other_numbers(const nmfi_look *l)
{
    const nmfi_table *t = l->table;
    for (int64_t c = 0; c < t->columns; c++) {
        const nmfi_csv_cell *first = NULL, *above = nmfi_look_heading(l, c);
        if (above != NULL && nmfi_look_names_an_index(above)) {
            continue; /* it says itself that these are names */
        }
        for (int64_t i = l->data; i < l->sample.records && nmfi_look_is_text(&l->column[c]); i++) {
            const nmfi_csv_cell *cell = nmfi_look_cell(l, i, c); /* NULL: the record is shorter */
            if (cell == NULL || nmfi_look_kind(l, i, c) != NMFI_CELL_TEXT) {
                continue;
            }
            if (!nmfi_is_number_otherwise(cell->text, cell->length)) {
                first = NULL;
                break;
            }
            first = first != NULL ? first : cell;
        }
        if (first != NULL) {
            return nmfi_table_fail(
                t, first,
                "is a number with separators of thousands, a decimal comma, a percent sign, a "
                "currency or Fortran's D, as all of its column: write it plainly (--decimal , "
                "where "
                "it is the comma; --index where these are names)");
        }
    }
    return NMF_OK;
}

/* --- columns that are neither ---------------------------------------------------------------- */

/* featureCounts: Geneid, Chr, Start, End, Strand and Length stand before the counts. */
static void leave_out_feature_counts(nmfi_look *l)
{
    static const char *const words[] = {"Geneid", "Chr", "Start", "End", "Strand", "Length"};
    nmfi_table *t = l->table;
    for (int64_t c = 0; c < 6; c++) {
        const nmfi_csv_cell *cell = t->columns > 6 ? nmfi_look_heading(l, c) : NULL;
        if (cell == NULL || cell->length != strlen(words[c]) ||
            memcmp(cell->text, words[c], cell->length) != 0) {
            return;
        }
    }
    for (int64_t c = 0; c < 6; c++) {
        t->kind[c] = c == 0 ? NMFI_COLUMN_NAME : NMFI_COLUMN_LEFT_OUT;
    }
}

/* A column of nothing but text among numbers, or of nothing at all: no number of it is lost. */
static void leave_out_text(nmfi_look *l)
{
    nmfi_table *t = l->table;
    const int64_t records = l->sample.records - l->data;
    for (int64_t c = 0; c < t->columns; c++) {
        const nmfi_column_look *look = &l->column[c];
        const nmfi_csv_cell *above = nmfi_look_heading(l, c);
        const int empty = look->missing == records && above != NULL && above->length == 0;
        const int annotation = t->header && records > 1 && nmfi_look_is_text(look);
        if (t->kind[c] == NMFI_COLUMN_NUMBER && (empty || annotation)) {
            t->kind[c] = NMFI_COLUMN_LEFT_OUT;
        }
    }
}

static void tell_left_out(const nmfi_look *l)
{
    const nmfi_table *t = l->table;
    char names[400];
    size_t used = 0;
    int64_t count = 0;
    names[0] = '\0';
    for (int64_t c = 0; c < t->columns; c++) {
        const nmfi_csv_cell *above = nmfi_look_heading(l, c);
        if (t->kind[c] != NMFI_COLUMN_LEFT_OUT || (above != NULL && above->length == 0)) {
            continue;
        }
        count++;
        if (above != NULL && used + 50 < sizeof names) {
            const int more =
                snprintf(names + used, sizeof names - used, "%s'%.*s'", used > 0 ? ", " : "",
                         (int)(above->length < 40 ? above->length : 40), above->text);
            used += more > 0 ? (size_t)more : 0;
        }
    }
    if (count > 0) {
        nmfi_note(t->request,
                  "%s: left out %" PRId64 " column%s that %s not the samples' numbers: %s",
                  t->request->path, count, count > 1 ? "s" : "", count > 1 ? "are" : "is", names);
    }
}

void nmfi_look_leave_out(nmfi_look *l)
{
    leave_out_feature_counts(l);
    leave_out_text(l);
    tell_left_out(l);
}
