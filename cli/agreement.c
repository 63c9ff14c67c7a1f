/* Agreement of two partitions from their table of counts. The matching is Kuhn's Hungarian method
 * with potentials (Jonker & Volgenant 1987): one shortest augmenting path for each row, so that the
 * cost is rows^2 x columns; the shorter side is made the rows. */
#include "agreement.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* counts[i * columns + j]: samples in row group i and column group j. rows <= columns. */
typedef struct table {
    int64_t rows, columns, samples;
    double *counts, *of_rows, *of_columns;
} table;

static void free_table(table *t)
{
    free(t->counts);
    free(t->of_rows);
    free(t->of_columns);
}

static int fill_table(const int64_t *first, const int64_t *second, table *t)
{
    const size_t rows = (size_t)t->rows, columns = (size_t)t->columns;
    t->counts =
        rows <= SIZE_MAX / sizeof(double) / columns ? calloc(rows * columns, sizeof(double)) : NULL;
    t->of_rows = calloc(rows, sizeof(double));
    t->of_columns = calloc(columns, sizeof(double));
    if (t->counts == NULL || t->of_rows == NULL || t->of_columns == NULL) return 0;
    for (int64_t s = 0; s < t->samples; s++) {
        t->counts[first[s] * t->columns + second[s]]++;
        t->of_rows[first[s]]++;
        t->of_columns[second[s]]++;
    }
    return 1;
}

static double entropy(const double *sizes, int64_t count, double samples)
{
    double sum = 0.0;
    for (int64_t i = 0; i < count; i++)
        if (sizes[i] > 0.0) sum -= sizes[i] / samples * log(sizes[i] / samples);
    return sum;
}

static int64_t groups_in_use(const double *sizes, int64_t count)
{
    int64_t used = 0;
    for (int64_t i = 0; i < count; i++) used += sizes[i] > 0.0;
    return used;
}

static double mutual_information(const table *t)
{
    const double samples = (double)t->samples;
    if (groups_in_use(t->of_rows, t->rows) == 1 && groups_in_use(t->of_columns, t->columns) == 1)
        return 1.0; /* nothing to tell apart, and so no disagreement */
    double shared = 0.0;
    for (int64_t i = 0; i < t->rows; i++)
        for (int64_t j = 0; j < t->columns; j++) {
            const double count = t->counts[i * t->columns + j];
            if (count > 0.0)
                shared +=
                    count / samples * log(count * samples / (t->of_rows[i] * t->of_columns[j]));
        }
    const double mean =
        0.5 * (entropy(t->of_rows, t->rows, samples) + entropy(t->of_columns, t->columns, samples));
    return shared <= 0.0 || mean <= 0.0 ? 0.0 : shared / mean;
}

static double pairs(double count)
{
    return 0.5 * count * (count - 1.0);
}

static double rand_index(const table *t)
{
    double together = 0.0, in_rows = 0.0, in_columns = 0.0;
    for (int64_t i = 0; i < t->rows * t->columns; i++) together += pairs(t->counts[i]);
    for (int64_t i = 0; i < t->rows; i++) in_rows += pairs(t->of_rows[i]);
    for (int64_t j = 0; j < t->columns; j++) in_columns += pairs(t->of_columns[j]);
    const double all = pairs((double)t->samples);
    const double chance = all > 0.0 ? in_rows * in_columns / all : 0.0;
    const double most = 0.5 * (in_rows + in_columns);
    return most == chance ? 1.0 : (together - chance) / (most - chance);
}

/* --- matching -------------------------------------------------------------------------------- */

/* Rows and columns are numbered from 1 here; 0 is the start of every path. */
typedef struct matching {
    double *of_row, *of_column; /* potentials */
    double *distance;           /* of the columns from the path so far */
    int64_t *partner;           /* of each column, 0: free */
    int64_t *before;            /* the column before each one on its shortest path */
    char *done;
} matching;

/* The next column of the path: the nearest that is not on it. */
static int64_t step(const table *t, const matching *m, int64_t column)
{
    const int64_t row = m->partner[column];
    double least = HUGE_VAL;
    int64_t next = 0;
    for (int64_t j = 1; j <= t->columns; j++) {
        if (m->done[j]) continue;
        const double cost = -t->counts[(row - 1) * t->columns + j - 1];
        const double through = cost - m->of_row[row] - m->of_column[j];
        if (through < m->distance[j]) {
            m->distance[j] = through;
            m->before[j] = column;
        }
        if (m->distance[j] < least) {
            least = m->distance[j];
            next = j;
        }
    }
    for (int64_t j = 0; j <= t->columns; j++) {
        if (m->done[j]) {
            m->of_row[m->partner[j]] += least;
            m->of_column[j] -= least;
        } else {
            m->distance[j] -= least;
        }
    }
    return next;
}

static void match_row(const table *t, const matching *m, int64_t row)
{
    int64_t column = 0;
    m->partner[0] = row;
    for (int64_t j = 0; j <= t->columns; j++) {
        m->distance[j] = HUGE_VAL;
        m->done[j] = 0;
    }
    do {
        m->done[column] = 1;
        column = step(t, m, column);
    } while (m->partner[column] != 0);
    while (column != 0) {
        const int64_t earlier = m->before[column];
        m->partner[column] = m->partner[earlier];
        column = earlier;
    }
}

static int best_matching(const table *t, double *matched)
{
    const size_t rows = (size_t)t->rows + 1, columns = (size_t)t->columns + 1;
    const matching m = {calloc(rows, sizeof(double)),     calloc(columns, sizeof(double)),
                        calloc(columns, sizeof(double)),  calloc(columns, sizeof(int64_t)),
                        calloc(columns, sizeof(int64_t)), calloc(columns, 1)};
    const int good = m.of_row != NULL && m.of_column != NULL && m.distance != NULL &&
                     m.partner != NULL && m.before != NULL && m.done != NULL;
    for (int64_t row = 1; good && row <= t->rows; row++) match_row(t, &m, row);
    *matched = 0.0;
    for (int64_t j = 1; good && j <= t->columns; j++)
        if (m.partner[j] > 0) *matched += t->counts[(m.partner[j] - 1) * t->columns + j - 1];
    free(m.of_row);
    free(m.of_column);
    free(m.distance);
    free(m.partner);
    free(m.before);
    free(m.done);
    return good;
}

nmf_status cli_agree(const int64_t *first, const int64_t *second, int64_t samples, int64_t classes,
                     int64_t groups, cli_agreement *agreement, nmf_error *error)
{
    const int turned = classes > groups;
    table t = {.rows = turned ? groups : classes,
               .columns = turned ? classes : groups,
               .samples = samples};
    double matched = 0.0;
    const int good = fill_table(turned ? second : first, turned ? first : second, &t) &&
                     best_matching(&t, &matched);
    if (good) {
        agreement->nmi = mutual_information(&t);
        agreement->ari = rand_index(&t);
        agreement->accuracy = matched / (double)samples;
        agreement->classes = classes;
        agreement->groups = groups;
    }
    free_table(&t);
    return good ? NMF_OK
                : nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a table of %lld x %lld groups",
                           (long long)classes, (long long)groups);
}
