/* Whether a table begins with a header: see table_look.h. */
#include "table_look.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* 1 for what people write above a column of names. */
int nmfi_look_names_an_index(const nmfi_csv_cell *cell)
{
    static const char *const words[] = {
        "id",       "ids",       "index",      "idx",     "name",     "names",     "sample",
        "samples",  "gene",      "genes",      "cell",    "cells",    "barcode",   "barcodes",
        "feature",  "features",  "entrez",     "probe",   "probes",   "taxon",     "otu",
        "#otu id",  "otu id",    "asv",        "doc",     "document", "row",       "rowname",
        "rownames", "row.names", "patient",    "subject", "spectrum", "accession", "locus",
        "symbol",   "key",       "unnamed: 0", "protein", "peptide",  "species",   "station",
        "site",     "user",      "item",       "word",    "term",     "ensembl",   "country",
        "region",   "state",     "city",       "date",    "day",      "month",     "year",
        "week",     "time",      "hour"};
    const size_t length = cell->length;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (length == strlen(words[i]) && strncasecmp(cell->text, words[i], length) == 0) {
            return 1;
        }
    }
    /* gene_id, "OTU ID", GeneID, sample.id */
    if (length < 3 || strncasecmp(cell->text + length - 2, "id", 2) != 0) {
        return 0;
    }
    const char before = cell->text[length - 3];
    return strchr("_. -", before) != NULL || cell->text[length - 2] == 'I';
}

/* 1 if the first record's numbers from column `first` on are a scale, such as wavelengths above
 * intensities: evenly spaced, in small steps, and beyond every other number; and not every other
 * record is evenly spaced too. */
static int is_scale(const nmfi_look *l, int64_t first)
{
    const int64_t columns = l->sample.first[1];
    const double start = nmfi_look_value(l, 0, first),
                 step = nmfi_look_value(l, 0, first + 1) - start;
    double lowest = start, highest = 0.0;
    int even_records = 0;
    if (columns - first < 3 || !(fabs(step) > 0.0) || fabs(step) > start / 4.0) {
        return 0;
    }
    for (int64_t i = 0; i < l->sample.records; i++) {
        const double own_step = nmfi_look_value(l, i, first + 1) - nmfi_look_value(l, i, first);
        int even = 1;
        for (int64_t c = first; c < columns; c++) {
            const double here = nmfi_look_value(l, i, c);
            even = even && (c == first || fabs(here - nmfi_look_value(l, i, c - 1) - own_step) <=
                                              0.02 * fabs(own_step));
            lowest = i == 0 ? fmin(lowest, here) : lowest;
            highest = i > 0 ? fmax(highest, fabs(here)) : highest;
        }
        if (i == 0 && !even) {
            return 0;
        }
        even_records += even;
    }
    return lowest > highest && even_records < l->sample.records;
}

static int first_record_is_quoted_alone(const nmfi_look *l)
{
    const int64_t columns = l->sample.first[1];
    int rest = 0;
    for (int64_t c = 0; c < columns; c++) {
        if (!nmfi_look_cell(l, 0, c)->quoted) {
            return 0;
        }
        rest += l->sample.records > 1 && c < l->sample.columns && !l->column[c].quoted;
    }
    return rest == columns || (columns > 1 && rest >= columns - 1);
}

/* The columns are looked at from record 1 on. */
int nmfi_look_find_header(nmfi_look *l)
{
    nmfi_table *t = l->table;
    const int64_t columns = l->sample.columns, cells = l->sample.first[1];
    const nmfi_column_look *column = l->column;
    int64_t texts = 0, text_above_numbers = 0, quoted = 0;
    for (int64_t c = 0; c < cells; c++) {
        const int text = nmfi_look_kind(l, 0, c) == NMFI_CELL_TEXT;
        texts += text;
        quoted += nmfi_look_cell(l, 0, c)->quoted;
        text_above_numbers += text && c < columns && column[c].texts == 0;
    }
    if (l->sample.records > 1 && cells == columns - 1) {
        return texts > 0 || quoted > 0 || nmfi_look_could_be_names(&column[0]) ||
               l->sample.records > 2;
    }
    if (l->sample.records == 1) { /* a name and numbers, or nothing but a header */
        return texts > (nmfi_look_kind(l, 0, 0) == NMFI_CELL_TEXT && cells > 1);
    }
    if (text_above_numbers > 0 || first_record_is_quoted_alone(l)) {
        return 1;
    }
    if (nmfi_look_kind(l, 0, 0) == NMFI_CELL_MISSING && nmfi_look_cell(l, 0, 0)->length == 0 &&
        cells > 1) {
        return 1; /* the empty corner of pandas and R */
    }
    if (texts > 0 && nmfi_look_could_be_names(&column[0])) {
        if (texts > 1 && texts == cells) { /* nothing but text */
            return 1;
        }
        const int named = nmfi_look_names_an_index(nmfi_look_cell(l, 0, 0)),
                  spaced = is_scale(l, 1);
        if (!named && !spaced) {
            const nmfi_csv_cell *cell = nmfi_look_cell(l, 0, 0);
            nmfi_note(t->request,
                      "%s: has no header: '%.*s' is taken as a sample's name (--header yes: as one "
                      "of the header)",
                      t->request->path, (int)(cell->length < 40 ? cell->length : 40), cell->text);
        }
        return named || spaced;
    }
    if (texts == 0 && l->sample.columns >= 5 && is_scale(l, 0)) {
        nmfi_note(t->request,
                  "%s: the evenly spaced numbers of its first record are taken as names of the "
                  "columns (--header no: as a sample)",
                  t->request->path);
        return 1;
    }
    return texts > 1;
}
