/* How a table is laid out: see table.h. What decides, in this order, for each question:
 *   delimiter  the option; what divides the first 200 records most evenly, into most numbers
 *   decimal    the option; the comma where cells are no numbers without it
 *   header     the option; one cell less than the records (R); text above numbers; quotes that only it
 *              has; an empty corner (pandas); above names of samples, what looks like names: a known
 *              word, or evenly spaced numbers (wavelengths)
 *   names      the option; R's and pandas' index; the leading columns of text, as few as tell the
 *              records apart; distinct whole numbers below a word such as "id"
 *   left out   other columns of text, the annotation of featureCounts and .gct, empty columns */
#include "other_numbers.h"
#include "table.h"

#include "table_sample.h"

#include "io/files/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What a column's cells are, the header's aside. */
typedef struct column_look {
    int64_t numbers, texts, missing;
    int quoted;   /* all of them */
    int distinct; /* no two alike */
    int integral; /* whole numbers, all of them */
} column_look;

typedef struct looking {
    nmfi_table *table;
    const nmf_io_read_options *options;
    nmfi_table_sample sample;
    column_look *column;
    int64_t data; /* the first record that is no header */
} looking;

nmf_status nmfi_table_fail(const nmfi_table *t, const nmfi_csv_cell *cell, const char *what)
{
    int64_t line, column;
    nmfi_csv_place(&t->scan, cell->place, &line, &column);
    int shown = 0;
    while (shown < 40 && (size_t)shown < cell->length && (unsigned char)cell->text[shown] >= ' ') {
        shown++;
    }
    while (shown == 40 && ((unsigned char)cell->text[shown - 1] & 0xC0) == 0x80) {
        shown--; /* not the middle of a UTF-8 character */
    }
    return nmf_fail(t->error, NMF_ERROR_FORMAT, "%s:%" PRId64 ":%" PRId64 ": '%.*s' %s",
                    t->request->path, line, column, shown, cell->text, what);
}

nmf_status nmfi_table_fail_quote(const nmfi_table *t, const nmfi_csv_cell *cell)
{
    return nmfi_table_fail(t, cell, "begins with a quote that does not end where the cell does");
}

static nmf_status out_of_memory(const nmfi_table *t)
{
    return nmf_fail(t->error, NMF_ERROR_MEMORY, "%s: out of memory", t->request->path);
}

/* --- the caller's words ---------------------------------------------------------------------- */

static nmf_status delimiter_of_option(nmfi_table *t, const char *text)
{
    static const struct {
        const char *word;
        char sign;
    } words[] = {{"tab", '\t'}, {"\\t", '\t'}, {"space", ' '}, {"comma", ','}, {"semicolon", ';'}};
    t->scan.delimiter = text[0];
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(text, words[i].word) == 0) {
            t->scan.delimiter = words[i].sign;
            return NMF_OK;
        }
    }
    return text[0] != '\0' && text[1] == '\0' && strchr("\"\n\r", text[0]) == NULL
               ? NMF_OK
               : nmf_fail(t->error, NMF_ERROR_ARGUMENT,
                          "'%s' is no delimiter: one character, tab or space is", text);
}

/* --- the sample ------------------------------------------------------------------------------ */

static const nmfi_csv_cell *cell_at(const looking *l, int64_t record, int64_t column)
{
    return nmfi_table_sample_cell(&l->sample, record, column);
}

static nmfi_cell_kind kind_at(const looking *l, int64_t record, int64_t column)
{
    const nmfi_csv_cell *cell = cell_at(l, record, column);
    return cell != NULL ? nmfi_cell_kind_of(cell, l->table->decimal) : NMFI_CELL_MISSING;
}

static double value_at(const looking *l, int64_t record, int64_t column)
{
    const nmfi_csv_cell *cell = cell_at(l, record, column);
    double value = NAN;
    if (cell != NULL &&
        nmfi_number_parse(cell->text, cell->length, l->table->decimal, &value) != NMFI_NUMBER) {
        value = NAN;
    }
    return value;
}

static int same_text(const nmfi_csv_cell *a, const nmfi_csv_cell *b)
{
    return a != NULL && b != NULL && a->length == b->length &&
           memcmp(a->text, b->text, a->length) == 0;
}

/* 1 if records i and j have the same texts in the columns from `first` to before `end`. */
static int same_names(const looking *l, int64_t i, int64_t j, int64_t first, int64_t end)
{
    for (int64_t column = first; column < end; column++) {
        if (!same_text(cell_at(l, i, column), cell_at(l, j, column))) {
            return 0;
        }
    }
    return 1;
}

static int are_distinct(const looking *l, int64_t first, int64_t end)
{
    for (int64_t i = l->data; i < l->sample.records; i++) {
        for (int64_t j = l->data; j < i; j++) {
            if (same_names(l, i, j, first, end)) {
                return 0;
            }
        }
    }
    return 1;
}

static void look_at_columns(looking *l)
{
    for (int64_t c = 0; c < l->sample.columns; c++) {
        column_look *look = &l->column[c];
        *look = (column_look){.quoted = 1, .integral = 1};
        for (int64_t i = l->data; i < l->sample.records; i++) {
            const nmfi_csv_cell *cell = cell_at(l, i, c);
            const nmfi_cell_kind kind = kind_at(l, i, c);
            look->numbers += kind == NMFI_CELL_NUMBER;
            look->texts += kind == NMFI_CELL_TEXT;
            look->missing += kind == NMFI_CELL_MISSING;
            look->quoted = look->quoted && cell != NULL && cell->quoted;
            if (kind == NMFI_CELL_NUMBER) {
                const double value = value_at(l, i, c);
                look->integral = look->integral && value == floor(value);
            }
        }
        look->distinct = c < 4 && are_distinct(l, c, c + 1); /* only leading ones are asked */
    }
}

static int is_text(const column_look *look)
{
    return look->texts > 0 && look->numbers == 0;
}

/* Of names some may look like numbers; of numbers, none like names. */
static int could_be_names(const column_look *look)
{
    return look->texts > look->numbers;
}

/* "1,234": a number with a decimal comma, or one of four digits with a comma between. */
static int could_be_thousands(const nmfi_csv_cell *cell)
{
    size_t digits = 0, groups = 0;
    for (size_t i = 0; i < cell->length; i++) {
        const char c = cell->text[i];
        if (c == ',') {
            if (digits == 0 || digits > 3 || (groups > 0 && digits != 3)) {
                return 0;
            }
            groups++;
            digits = 0;
        } else if (c >= '0' && c <= '9') {
            digits++;
        } else {
            return 0;
        }
    }
    return groups > 0 && digits == 3 && cell->text[0] != '0';
}

/* Where cells are divided by something else the comma is free to be the decimal sign, and is where
 * cells are numbers only with it. */
static nmf_status find_decimal(looking *l)
{
    nmfi_table *t = l->table;
    const char *wanted = l->options->decimal;
    t->decimal = '.';
    if (wanted != NULL) {
        if (strcmp(wanted, ".") != 0 && strcmp(wanted, ",") != 0) {
            return nmf_fail(t->error, NMF_ERROR_ARGUMENT, "'%s' is no decimal sign: '.' or ',' is",
                            wanted);
        }
        t->decimal = wanted[0];
        return NMF_OK;
    }
    if (t->scan.delimiter == ',') {
        return NMF_OK;
    }
    int64_t commas = 0, thousands = 0, points = 0;
    const nmfi_csv_cell *doubtful = NULL;
    for (int64_t i = 0; i < l->sample.first[l->sample.records]; i++) {
        const nmfi_csv_cell *cell = &l->sample.cells[i];
        const int needs_comma = nmfi_cell_kind_of(cell, '.') == NMFI_CELL_TEXT &&
                                nmfi_cell_kind_of(cell, ',') == NMFI_CELL_NUMBER;
        commas += needs_comma;
        points += memchr(cell->text, '.', cell->length) != NULL &&
                  nmfi_cell_kind_of(cell, '.') == NMFI_CELL_NUMBER;
        if (needs_comma && could_be_thousands(cell)) {
            thousands++;
            doubtful = cell;
        }
    }
    if (commas == 0 || points > 0) {
        return NMF_OK;
    }
    if (thousands == commas && t->scan.delimiter != ';') {
        return nmfi_table_fail(t, doubtful,
                               "may be a decimal number or one in thousands: --decimal , says the "
                               "first; take the commas out where it is the second");
    }
    t->decimal = ',';
    return NMF_OK;
}

/* --- header ---------------------------------------------------------------------------------- */

/* 1 for what people write above a column of names. */
static int names_an_index(const nmfi_csv_cell *cell)
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
static int is_scale(const looking *l, int64_t first)
{
    const int64_t columns = l->sample.first[1];
    const double start = value_at(l, 0, first), step = value_at(l, 0, first + 1) - start;
    double lowest = start, highest = 0.0;
    int even_records = 0;
    if (columns - first < 3 || !(fabs(step) > 0.0) || fabs(step) > start / 4.0) {
        return 0;
    }
    for (int64_t i = 0; i < l->sample.records; i++) {
        const double own_step = value_at(l, i, first + 1) - value_at(l, i, first);
        int even = 1;
        for (int64_t c = first; c < columns; c++) {
            const double here = value_at(l, i, c);
            even = even && (c == first ||
                            fabs(here - value_at(l, i, c - 1) - own_step) <= 0.02 * fabs(own_step));
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

static int first_record_is_quoted_alone(const looking *l)
{
    const int64_t columns = l->sample.first[1];
    int rest = 0;
    for (int64_t c = 0; c < columns; c++) {
        if (!cell_at(l, 0, c)->quoted) {
            return 0;
        }
        rest += l->sample.records > 1 && c < l->sample.columns && !l->column[c].quoted;
    }
    return rest == columns || (columns > 1 && rest >= columns - 1);
}

/* The columns are looked at from record 1 on. */
static int find_header(looking *l)
{
    nmfi_table *t = l->table;
    const int64_t columns = l->sample.columns, cells = l->sample.first[1];
    const column_look *column = l->column;
    int64_t texts = 0, text_above_numbers = 0, quoted = 0;
    for (int64_t c = 0; c < cells; c++) {
        const int text = kind_at(l, 0, c) == NMFI_CELL_TEXT;
        texts += text;
        quoted += cell_at(l, 0, c)->quoted;
        text_above_numbers += text && c < columns && column[c].texts == 0;
    }
    if (l->sample.records > 1 && cells == columns - 1) {
        return texts > 0 || quoted > 0 || could_be_names(&column[0]) || l->sample.records > 2;
    }
    if (l->sample.records == 1) { /* a name and numbers, or nothing but a header */
        return texts > (kind_at(l, 0, 0) == NMFI_CELL_TEXT && cells > 1);
    }
    if (text_above_numbers > 0 || first_record_is_quoted_alone(l)) {
        return 1;
    }
    if (kind_at(l, 0, 0) == NMFI_CELL_MISSING && cell_at(l, 0, 0)->length == 0 && cells > 1) {
        return 1; /* the empty corner of pandas and R */
    }
    if (texts > 0 && could_be_names(&column[0])) {
        if (texts > 1 && texts == cells) { /* nothing but text */
            return 1;
        }
        const int named = names_an_index(cell_at(l, 0, 0)), spaced = is_scale(l, 1);
        if (!named && !spaced) {
            const nmfi_csv_cell *cell = cell_at(l, 0, 0);
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

/* --- names ----------------------------------------------------------------------------------- */

static const nmfi_csv_cell *heading(const looking *l, int64_t column)
{
    return l->table->header ? cell_at(l, 0, column - l->table->corner) : NULL;
}

static nmf_status index_of_option(looking *l, const char *wanted)
{
    nmfi_table *t = l->table;
    char *end;
    if (strcasecmp(wanted, "none") == 0) {
        return NMF_OK;
    }
    for (int64_t c = 0; c < t->columns && t->header; c++) {
        const nmfi_csv_cell *cell = heading(l, c);
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
static void take_text_columns(looking *l, int64_t leading)
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
static void look_for_numeric_index(looking *l)
{
    nmfi_table *t = l->table;
    const column_look *first = &l->column[0];
    const nmfi_csv_cell *above = heading(l, 0);
    if (above == NULL || t->columns < 2 || !first->integral || first->numbers == 0 ||
        first->texts > 0 || !first->distinct || l->sample.records - l->data < 2) {
        return;
    }
    int64_t texts = 0;
    for (int64_t c = 0; c < t->columns; c++) {
        texts += kind_at(l, 0, c) == NMFI_CELL_TEXT;
    }
    const int only_word = kind_at(l, 0, 0) == NMFI_CELL_TEXT && texts == 1;
    if (names_an_index(above) || only_word) {
        t->kind[0] = NMFI_COLUMN_NAME;
        nmfi_note(t->request,
                  "%s: the numbers in its first column, '%.*s', are taken as names of the samples "
                  "(--index none: as a feature)",
                  t->request->path, (int)(above->length < 40 ? above->length : 40), above->text);
    }
}

static void find_names(looking *l)
{
    nmfi_table *t = l->table;
    const nmfi_csv_cell *corner = heading(l, 0);
    int64_t leading = 0;
    while (leading < t->columns &&
           (is_text(&l->column[leading]) || (leading == 0 && could_be_names(&l->column[0])))) {
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
static nmf_status refuse_other_numbers(const looking *l)
{
    const nmfi_table *t = l->table;
    for (int64_t c = 0; c < t->columns; c++) {
        const nmfi_csv_cell *first = NULL;
        for (int64_t i = l->data; i < l->sample.records && is_text(&l->column[c]); i++) {
            const nmfi_csv_cell *cell = cell_at(l, i, c); /* NULL: the record is shorter */
            if (cell == NULL || kind_at(l, i, c) != NMFI_CELL_TEXT) {
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
                "is a number with separators of thousands, a percent sign or a currency, as all of "
                "its column: take them out (--index: where they are names)");
        }
    }
    return NMF_OK;
}

/* --- columns that are neither ---------------------------------------------------------------- */

/* featureCounts: Geneid, Chr, Start, End, Strand and Length stand before the counts. */
static void leave_out_feature_counts(looking *l)
{
    static const char *const words[] = {"Geneid", "Chr", "Start", "End", "Strand", "Length"};
    nmfi_table *t = l->table;
    for (int64_t c = 0; c < 6; c++) {
        const nmfi_csv_cell *cell = t->columns > 6 ? heading(l, c) : NULL;
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
static void leave_out_text(looking *l)
{
    nmfi_table *t = l->table;
    const int64_t records = l->sample.records - l->data;
    for (int64_t c = 0; c < t->columns; c++) {
        const column_look *look = &l->column[c];
        const nmfi_csv_cell *above = heading(l, c);
        const int empty = look->missing == records && above != NULL && above->length == 0;
        const int annotation = t->header && records > 1 && is_text(look);
        if (t->kind[c] == NMFI_COLUMN_NUMBER && (empty || annotation)) {
            t->kind[c] = NMFI_COLUMN_LEFT_OUT;
        }
    }
}

static void tell_left_out(const looking *l)
{
    const nmfi_table *t = l->table;
    char names[400];
    size_t used = 0;
    int64_t count = 0;
    names[0] = '\0';
    for (int64_t c = 0; c < t->columns; c++) {
        const nmfi_csv_cell *above = heading(l, c);
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

/* --- long tables ----------------------------------------------------------------------------- */

/* Two columns of names in which names come again, no two pairs alike, and a number. */
static int looks_long(const looking *l)
{
    const nmfi_table *t = l->table;
    return t->columns == 3 && l->sample.records - l->data > 2 && is_text(&l->column[0]) &&
           is_text(&l->column[1]) && l->column[2].numbers > 0 && l->column[2].texts == 0 &&
           !l->column[0].distinct && !l->column[1].distinct && are_distinct(l, 0, 2);
}

static nmf_status make_long(looking *l)
{
    nmfi_table *t = l->table;
    if (t->columns != 3) {
        return nmf_fail(t->error, NMF_ERROR_FORMAT,
                        "%s: a long table has three columns (sample, feature, value), not %" PRId64,
                        t->request->path, t->columns);
    }
    t->is_long = 1;
    t->kind[0] = t->kind[1] = NMFI_COLUMN_NAME;
    t->kind[2] = NMFI_COLUMN_NUMBER;
    return NMF_OK;
}

/* --- .gct ------------------------------------------------------------------------------------ */

/* GenePattern's tables: "#1.2", then the numbers of rows and columns; "#1.3" also those of
 * annotation columns and annotation records. */
static int take_gct(nmfi_table *t, int64_t *annotations)
{
    const char *at = t->scan.begin;
    const size_t length = (size_t)(t->scan.end - at);
    if (length < 8 || (memcmp(at, "#1.2", 4) != 0 && memcmp(at, "#1.3", 4) != 0)) {
        return 0;
    }
    long long sizes[4] = {0, 0, 1, 0};
    char line[128];
    const char *second = memchr(at, '\n', length);
    const char *third =
        second != NULL ? memchr(second + 1, '\n', (size_t)(t->scan.end - second - 1)) : NULL;
    if (third == NULL || third - second >= (ptrdiff_t)sizeof line) {
        return 0;
    }
    memcpy(line, second + 1, (size_t)(third - second - 1));
    line[third - second - 1] = '\0';
    const int count =
        sscanf(line, "%lld %lld %lld %lld", &sizes[0], &sizes[1], &sizes[2], &sizes[3]);
    if (count < 2) {
        return 0;
    }
    *annotations = at[3] == '3' ? sizes[2] : 1;
    t->skip = at[3] == '3' ? sizes[3] : 0;
    t->scan.at = third + 1;
    t->scan.delimiter = '\t';
    return 1;
}

static nmf_status lay_out_gct(looking *l, int64_t annotations)
{
    nmfi_table *t = l->table;
    if (annotations < 0 || annotations + 2 > t->columns || t->skip < 0) {
        return nmf_fail(t->error, NMF_ERROR_FORMAT,
                        "%s: promises %" PRId64 " columns of annotation, but has %" PRId64
                        " columns in all",
                        t->request->path, annotations, t->columns);
    }
    t->header = 1;
    for (int64_t c = 0; c <= annotations; c++) {
        t->kind[c] = c == 0 ? NMFI_COLUMN_NAME : NMFI_COLUMN_LEFT_OUT;
    }
    return NMF_OK;
}

/* --- beginnings ------------------------------------------------------------------------------ */

static const char *line_end(const char *at, const char *end)
{
    while (at < end && *at != '\n' && *at != '\r') {
        at++;
    }
    return at;
}

/* Over leading lines that begin with '#'; the last of them, which may be the header. */
static const char *skip_comments(nmfi_table *t)
{
    const char *last = NULL;
    nmfi_csv_scan *scan = &t->scan;
    for (;;) {
        const char *at = scan->at;
        while (at < scan->end && (*at == '\n' || *at == '\r')) {
            at++;
        }
        if (at == scan->end || *at != '#') {
            return last;
        }
        last = at;
        scan->at = line_end(at, scan->end);
    }
}

/* "#OTU ID<tab>a<tab>b" and numpy.savetxt's "# a,b" are headers: as many cells as the records have,
 * not all numbers. Where blanks divide cells, prose would do as well. */
static int comment_is_header(const nmfi_table *t, const char *comment, int64_t columns)
{
    nmfi_csv_scan scan = t->scan;
    if (comment == NULL || scan.delimiter == ' ' || scan.delimiter == '\n' || columns < 2) {
        return 0;
    }
    scan.at = comment + 1;
    scan.end = line_end(comment, scan.end);
    return nmfi_csv_skip_record(&scan) == columns;
}

static nmf_status look(looking *l)
{
    nmfi_table *t = l->table;
    if (!nmfi_table_sample_take(&t->scan, &l->sample)) {
        return out_of_memory(t);
    }
    if (l->sample.records < 2 && l->sample.damaged) {
        return nmfi_table_fail_quote(t, &l->sample.wrong);
    }
    if (l->sample.records == 0) {
        return nmf_fail(t->error, NMF_ERROR_FORMAT, "%s: has no values", t->request->path);
    }
    t->columns = l->sample.columns;
    free(l->column);
    free(t->kind);
    l->column = calloc((size_t)t->columns + 1, sizeof *l->column);
    t->kind = calloc((size_t)t->columns + 1, 1);
    return l->column != NULL && t->kind != NULL ? find_decimal(l) : out_of_memory(t);
}

static int is_numbered(const looking *l)
{
    const nmfi_table *t = l->table;
    int64_t count = 0;
    for (int64_t c = 0; c < t->columns; c++) {
        const nmfi_csv_cell *cell = heading(l, c);
        char number[24];
        if (t->kind[c] != NMFI_COLUMN_NUMBER) {
            continue;
        }
        const int digits = snprintf(number, sizeof number, "%" PRId64, count++);
        if (cell == NULL || cell->length != (size_t)digits ||
            memcmp(cell->text, number, cell->length) != 0) {
            return 0;
        }
    }
    return 1;
}

static nmf_status count_kinds(looking *l)
{
    nmfi_table *t = l->table;
    t->numbers = t->names = 0;
    for (int64_t c = 0; c < t->columns; c++) {
        t->numbers += t->kind[c] == NMFI_COLUMN_NUMBER;
        t->names += t->kind[c] == NMFI_COLUMN_NAME;
    }
    if (t->corner && t->kind[0] == NMFI_COLUMN_NUMBER) { /* nothing stands above it */
        return nmf_fail(t->error, NMF_ERROR_ARGUMENT,
                        "%s: its header has one cell less than its rows, so the first column has the "
                        "names: leave --index out",
                        t->request->path);
    }
    t->numbered = t->header && is_numbered(l);
    return t->numbers > 0 ? NMF_OK
                          : nmf_fail(t->error, NMF_ERROR_FORMAT, "%s: has no column of numbers",
                                     t->request->path);
}

static nmf_status decide_header(looking *l, const char *comment)
{
    nmfi_table *t = l->table;
    l->data = l->sample.records > 1;
    look_at_columns(l);
    switch (l->options->header) {
    case NMF_IO_HEADER_YES: t->header = 1; break;
    case NMF_IO_HEADER_NO: t->header = 0; break;
    default: t->header = find_header(l);
    }
    if (!t->header && l->options->header == NMF_IO_HEADER_AUTO &&
        comment_is_header(t, comment, t->columns)) {
        t->header = 1;
        t->scan.at = comment + 1;
        nmfi_table_sample_free(&l->sample);
        const nmf_status status = look(l);
        if (status != NMF_OK) {
            return status;
        }
    }
    if (t->header && l->sample.records == 1) {
        return nmf_fail(t->error, NMF_ERROR_FORMAT, "%s: has a header but no rows",
                        t->request->path);
    }
    t->corner = t->header && l->sample.first[1] == t->columns - 1;
    l->data = t->header;
    look_at_columns(l);
    return NMF_OK;
}

static nmf_status lay_out(looking *l)
{
    nmfi_table *t = l->table;
    int64_t annotations = 0;
    const char *comment = NULL;
    const int is_gct = take_gct(t, &annotations);
    nmf_status status = NMF_OK;
    if (!is_gct && l->options->comment == NULL) {
        comment = skip_comments(t);
    }
    if (l->options->delimiter != NULL) {
        status = delimiter_of_option(t, l->options->delimiter);
    } else if (!is_gct) {
        t->scan.delimiter = nmfi_table_find_delimiter(&t->scan);
    }
    if (status == NMF_OK) {
        status = look(l);
    }
    if (status == NMF_OK) {
        status = decide_header(l, comment);
    }
    if (status == NMF_OK && is_gct) {
        status = lay_out_gct(l, annotations);
        return status == NMF_OK ? count_kinds(l) : status;
    }
    if (status == NMF_OK && (l->options->is_long || (l->options->index == NULL && looks_long(l)))) {
        status = make_long(l);
        if (status == NMF_OK && !l->options->is_long) {
            nmfi_note(t->request,
                      "%s: is read as a long table, one entry a line: sample, feature, value "
                      "(--index COLUMN: as an ordinary one)",
                      t->request->path);
        }
        return status;
    }
    if (status == NMF_OK && l->options->index != NULL) {
        status = index_of_option(l, l->options->index);
    } else if (status == NMF_OK) {
        status = refuse_other_numbers(l);
        find_names(l);
    }
    if (status == NMF_OK) {
        leave_out_feature_counts(l);
        leave_out_text(l);
        tell_left_out(l);
        status = count_kinds(l);
    }
    return status;
}

nmf_status nmfi_table_layout(const char *text, size_t length, nmfi_table *table)
{
    looking l = {.table = table, .options = table->request->options};
    table->scan = (nmfi_csv_scan){.begin = text,
                                  .at = text,
                                  .end = text + length,
                                  .comment = l.options->comment,
                                  .delimiter = '\n'};
    const nmf_status status = lay_out(&l);
    nmfi_table_sample_free(&l.sample);
    free(l.column);
    return status;
}
