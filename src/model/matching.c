/* The best one-to-one matching of rows and columns: Kuhn's Hungarian method with potentials, one
 * shortest augmenting path for each row, so that the cost is rows^2 x columns; the shorter side is
 * made the rows. Source: Kuhn 1955; Jonker & Volgenant 1987. See <nmfkit/shares.h>. */
#include <nmfkit/shares.h>

#include <math.h>
#include <stdlib.h>

/* Gains of row i and column j: gain[i * row_step + j * column_step]. rows <= columns. */
typedef struct table {
    const double *gain;
    int64_t rows, columns, row_step, column_step;
} table;

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
        const double cost = -t->gain[(row - 1) * t->row_step + (j - 1) * t->column_step];
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

/* partner_of_column[j]: the row of column j, or -1. Returns 0 when memory is out. */
static int match(const table *t, int64_t *partner_of_column)
{
    const size_t rows = (size_t)t->rows + 1, columns = (size_t)t->columns + 1;
    const matching m = {calloc(rows, sizeof(double)),     calloc(columns, sizeof(double)),
                        calloc(columns, sizeof(double)),  calloc(columns, sizeof(int64_t)),
                        calloc(columns, sizeof(int64_t)), calloc(columns, 1)};
    const int good = m.of_row && m.of_column && m.distance && m.partner && m.before && m.done;
    for (int64_t row = 1; good && row <= t->rows; row++) match_row(t, &m, row);
    for (int64_t j = 1; good && j <= t->columns; j++) partner_of_column[j - 1] = m.partner[j] - 1;
    free(m.of_row);
    free(m.of_column);
    free(m.distance);
    free(m.partner);
    free(m.before);
    free(m.done);
    return good;
}

static nmf_status check(const double *gain, int64_t rows, int64_t columns, const int64_t *partner,
                        nmf_error *error)
{
    if (!gain || !partner || rows < 1 || columns < 1)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "matching needs gains of at least 1 x 1 and a place for partners, not %lld "
                        "x %lld",
                        (long long)rows, (long long)columns);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            if (!isfinite(gain[i * columns + j]))
                return nmf_fail(error, NMF_ERROR_ARGUMENT, "gain[%lld,%lld] = %g: must be finite",
                                (long long)i, (long long)j, gain[i * columns + j]);
    return NMF_OK;
}

nmf_status nmf_best_matching(const double *gain, int64_t rows, int64_t columns, int64_t *partner,
                             nmf_error *error)
{
    nmf_status status = check(gain, rows, columns, partner, error);
    if (status != NMF_OK) return status;
    const int turned = rows > columns;
    const table t = {gain, turned ? columns : rows, turned ? rows : columns, turned ? 1 : columns,
                     turned ? columns : 1};
    int64_t *of_column = calloc((size_t)t.columns, sizeof *of_column);
    if (!of_column || !match(&t, of_column)) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a matching of %lld x %lld",
                          (long long)rows, (long long)columns);
    } else if (turned) {
        for (int64_t i = 0; i < rows; i++) partner[i] = of_column[i];
    } else {
        for (int64_t j = 0; j < columns; j++)
            if (of_column[j] >= 0) partner[of_column[j]] = j;
    }
    free(of_column);
    return status;
}
