/* How a table is laid out: see table.h. What decides, in this order, for each question:
 *   delimiter  the option; what divides the first 200 records most evenly, into most numbers
 *   decimal    the option; the comma where cells are no numbers without it
 *   header     the option; one cell less than the records (R); text above numbers; quotes that only it
 *              has; an empty corner (pandas); above names of samples, what looks like names: a known
 *              word, or evenly spaced numbers (wavelengths)
 *   names      the option; R's and pandas' index; the leading columns of text, as few as tell the
 *              records apart; distinct whole numbers below a word such as "id"
 *   left out   other columns of text, the annotation of featureCounts and .gct, empty columns */
#include "table_look.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static nmf_status out_of_memory(const nmfi_table *t)
{
    return nmf_fail(t->error, NMF_ERROR_MEMORY, "%s: out of memory", t->request->path);
}

/* --- the caller's words ------------------------------------------------------------------------ */

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

/* --- long tables ------------------------------------------------------------------------------- */

/* Two columns of names in which names come again, no two pairs alike, and a number. */
static int looks_long(const nmfi_look *l)
{
    const nmfi_table *t = l->table;
    return t->columns == 3 && l->sample.records - l->data > 2 && nmfi_look_is_text(&l->column[0]) &&
           nmfi_look_is_text(&l->column[1]) && l->column[2].numbers > 0 &&
           l->column[2].texts == 0 && !l->column[0].distinct && !l->column[1].distinct &&
           nmfi_look_distinct(l, 0, 2);
}

static nmf_status make_long(nmfi_look *l)
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

/* --- .gct -------------------------------------------------------------------------------------- */

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

static nmf_status lay_out_gct(nmfi_look *l, int64_t annotations)
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

/* --- beginnings -------------------------------------------------------------------------------- */

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

static nmf_status look(nmfi_look *l)
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
    return l->column != NULL && t->kind != NULL ? nmfi_look_find_decimal(l) : out_of_memory(t);
}

static int is_numbered(const nmfi_look *l)
{
    const nmfi_table *t = l->table;
    int64_t count = 0;
    for (int64_t c = 0; c < t->columns; c++) {
        const nmfi_csv_cell *cell = nmfi_look_heading(l, c);
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

static nmf_status count_kinds(nmfi_look *l)
{
    nmfi_table *t = l->table;
    t->numbers = t->names = 0;
    for (int64_t c = 0; c < t->columns; c++) {
        t->numbers += t->kind[c] == NMFI_COLUMN_NUMBER;
        t->names += t->kind[c] == NMFI_COLUMN_NAME;
    }
    if (t->corner && t->kind[0] == NMFI_COLUMN_NUMBER) { /* nothing stands above it */
        return nmf_fail(
            t->error, NMF_ERROR_ARGUMENT,
            "%s: its header has one cell less than its rows, so the first column has the "
            "names: leave --index out",
            t->request->path);
    }
    t->numbered = t->header && is_numbered(l);
    return t->numbers > 0 ? NMF_OK
                          : nmf_fail(t->error, NMF_ERROR_FORMAT, "%s: has no column of numbers",
                                     t->request->path);
}

static nmf_status decide_header(nmfi_look *l, const char *comment)
{
    nmfi_table *t = l->table;
    l->data = l->sample.records > 1;
    nmfi_look_at_columns(l);
    switch (l->options->header) {
    case NMF_IO_HEADER_YES: t->header = 1; break;
    case NMF_IO_HEADER_NO: t->header = 0; break;
    default: t->header = nmfi_look_find_header(l);
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
    nmfi_look_at_columns(l);
    return NMF_OK;
}

static nmf_status lay_out(nmfi_look *l)
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
        status = nmfi_look_take_index(l, l->options->index);
    } else if (status == NMF_OK) {
        status = nmfi_look_refuse_other_numbers(l);
        nmfi_look_find_names(l);
    }
    if (status == NMF_OK) {
        nmfi_look_leave_out(l);
        status = count_kinds(l);
    }
    return status;
}

nmf_status nmfi_table_layout(const char *text, size_t length, nmfi_table *table)
{
    nmfi_look l = {.table = table, .options = table->request->options};
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
