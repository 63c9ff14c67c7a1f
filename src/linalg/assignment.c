/* Kuhn's Hungarian method with potentials (Jonker & Volgenant 1987): one shortest augmenting path
 * for each row. */
#include "linalg/assignment.h"

#include <math.h>

/* Rows and columns are numbered from 1 here; 0 is the start of every path. */
typedef struct paths {
    const double *gains;
    int64_t rows, columns;
    double *of_row, *of_column; /* potentials */
    double *distance;           /* of the columns from the path so far */
    int64_t *partner;           /* of each column, 0: free */
    int64_t *before;            /* the column before each one on its shortest path */
    int64_t *done;
} paths;

int64_t nmfi_assignment_work_bytes(int64_t rows, int64_t columns)
{
    return (rows + 1 + 5 * (columns + 1)) * (int64_t)sizeof(double);
}

/* The next column of the path: the nearest that is not on it. */
static int64_t next_column(const paths *p, int64_t column)
{
    const int64_t row = p->partner[column];
    double least = HUGE_VAL;
    int64_t next = 0;
    for (int64_t j = 1; j <= p->columns; j++) {
        if (p->done[j]) continue;
        const double cost = -p->gains[(row - 1) * p->columns + j - 1];
        const double through = cost - p->of_row[row] - p->of_column[j];
        if (through < p->distance[j]) {
            p->distance[j] = through;
            p->before[j] = column;
        }
        if (p->distance[j] < least) {
            least = p->distance[j];
            next = j;
        }
    }
    for (int64_t j = 0; j <= p->columns; j++) {
        if (p->done[j]) {
            p->of_row[p->partner[j]] += least;
            p->of_column[j] -= least;
        } else {
            p->distance[j] -= least;
        }
    }
    return next;
}

static void give_partner(const paths *p, int64_t row)
{
    int64_t column = 0;
    p->partner[0] = row;
    for (int64_t j = 0; j <= p->columns; j++) {
        p->distance[j] = HUGE_VAL;
        p->done[j] = 0;
    }
    do {
        p->done[column] = 1;
        column = next_column(p, column);
    } while (p->partner[column] != 0);
    while (column != 0) {
        const int64_t earlier = p->before[column];
        p->partner[column] = p->partner[earlier];
        column = earlier;
    }
}

void nmfi_assign(const double *gains, int64_t rows, int64_t columns, int64_t *column_of, void *work)
{
    paths p = {.gains = gains, .rows = rows, .columns = columns};
    p.of_row = work;
    p.of_column = p.of_row + rows + 1;
    p.distance = p.of_column + columns + 1;
    p.partner = (int64_t *)(void *)(p.distance + columns + 1);
    p.before = p.partner + columns + 1;
    p.done = p.before + columns + 1;
    for (int64_t i = 0; i <= rows; i++) p.of_row[i] = 0;
    for (int64_t j = 0; j <= columns; j++) {
        p.of_column[j] = 0;
        p.partner[j] = p.before[j] = 0;
    }
    for (int64_t row = 1; row <= rows; row++) give_partner(&p, row);
    for (int64_t j = 1; j <= columns; j++)
        if (p.partner[j] > 0) column_of[p.partner[j] - 1] = j - 1;
}
