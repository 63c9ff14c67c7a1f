/* The first records of a table: see table_sample.h. */
#include "table_sample.h"

#include "io/files/number.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_RECORDS 200
#define MOST_CELLS 200000

nmfi_cell_kind nmfi_cell_kind_of(const nmfi_csv_cell *cell, char decimal)
{
    static const char *const missing[] = {"NA",   "N/A",  "NaN", "null", "none",
                                          "NULL", "None", "-",   "#N/A", "<NA>"};
    double value;
    if (cell->length == 0) {
        return NMFI_CELL_MISSING;
    }
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        if (cell->length == strlen(missing[i]) &&
            strncasecmp(cell->text, missing[i], cell->length) == 0) {
            return NMFI_CELL_MISSING;
        }
    }
    return nmfi_number_parse(cell->text, cell->length, decimal, &value) != NMFI_NUMBER_NONE
               ? NMFI_CELL_NUMBER
               : NMFI_CELL_TEXT;
}

/* The number of cells that most records but the first one have: the first of equals. */
static int64_t most_frequent(const nmfi_table_sample *sample)
{
    int64_t best = 0, best_votes = 0;
    for (int64_t i = sample->records > 1; i < sample->records; i++) {
        const int64_t cells = sample->first[i + 1] - sample->first[i];
        int64_t votes = 0;
        for (int64_t j = sample->records > 1; j < sample->records; j++) {
            votes += sample->first[j + 1] - sample->first[j] == cells;
        }
        if (votes > best_votes) {
            best = cells;
            best_votes = votes;
        }
    }
    return best;
}

int nmfi_table_sample_take(const nmfi_csv_scan *start, nmfi_table_sample *sample)
{
    nmfi_csv_scan scan = *start;
    int64_t count = 0, capacity = 0;
    nmfi_csv_result result = NMFI_CSV_CELL;
    memset(sample, 0, sizeof *sample);
    sample->first = calloc(MOST_RECORDS + 1, sizeof *sample->first);
    while (sample->first != NULL && sample->records < MOST_RECORDS &&
           (sample->records < 3 || count < MOST_CELLS)) {
        nmfi_csv_cell cell = {NULL, 0, NULL, 0, 0};
        while (!cell.last && (result = nmfi_csv_next(&scan, &cell)) == NMFI_CSV_CELL) {
            if (count == capacity) {
                capacity = 2 * capacity + 256;
                nmfi_csv_cell *grown =
                    realloc(sample->cells, (size_t)capacity * sizeof *sample->cells);
                if (grown == NULL) {
                    nmfi_table_sample_free(sample);
                    return 0;
                }
                sample->cells = grown;
            }
            sample->cells[count++] = cell;
        }
        if (result != NMFI_CSV_CELL) {
            sample->damaged = result == NMFI_CSV_DAMAGED;
            sample->wrong = cell;
            break;
        }
        sample->first[++sample->records] = count;
    }
    if (sample->first == NULL) {
        return 0;
    }
    sample->columns = most_frequent(sample);
    return 1;
}

void nmfi_table_sample_free(nmfi_table_sample *sample)
{
    free(sample->cells);
    free(sample->first);
    memset(sample, 0, sizeof *sample);
}

const nmfi_csv_cell *nmfi_table_sample_cell(const nmfi_table_sample *sample, int64_t record,
                                            int64_t column)
{
    const int64_t begin = sample->first[record];
    return column >= 0 && column < sample->first[record + 1] - begin
               ? &sample->cells[begin + column]
               : NULL;
}

/* How well a delimiter divides: the share of records with the usual number of cells (the first may
 * have one less, as R's do), half the share of numbers among cells that may be some, and a little
 * for a first record like the others. 0: it divides nothing. */
static double score(const nmfi_csv_scan *start, char delimiter)
{
    nmfi_csv_scan scan = *start;
    nmfi_table_sample sample;
    scan.delimiter = delimiter;
    if (!nmfi_table_sample_take(&scan, &sample)) {
        return 0.0;
    }
    const int64_t columns = sample.columns;
    int64_t even = 0, numbers = 0, others = 0;
    for (int64_t i = 0; i < sample.records; i++) {
        const int64_t cells = sample.first[i + 1] - sample.first[i];
        even += cells == columns || (i == 0 && cells == columns - 1);
        for (int64_t j = i > 0 || sample.records == 1 ? sample.records > 1 : cells; j < cells;
             j++) {
            const nmfi_cell_kind kind = nmfi_cell_kind_of(&sample.cells[sample.first[i] + j], ',');
            numbers += kind == NMFI_CELL_NUMBER;
            others += kind == NMFI_CELL_TEXT;
        }
    }
    const int64_t records = sample.records;
    const int like_others = records > 0 && sample.first[1] == columns;
    nmfi_table_sample_free(&sample);
    if (records == 0 || columns < 2) {
        return 0.0;
    }
    return (double)even / (double)records + 0.1 * like_others +
           (numbers > 0 ? 0.5 * (double)numbers / (double)(numbers + others) : 0.0);
}

char nmfi_table_find_delimiter(const nmfi_csv_scan *start)
{
    static const char candidates[] = {'\t', ';', ',', ' ', '|'};
    char best = '\n';
    double best_score = 0.0;
    for (size_t i = 0; i < sizeof candidates; i++) {
        const double here = score(start, candidates[i]);
        if (here > best_score + 1e-9) {
            best = candidates[i];
            best_score = here;
        }
    }
    return best;
}
