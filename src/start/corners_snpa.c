/* Successive non-negative projections: of the corners so far the nearest mixture to each row, shares at or above 0 that
 * sum to one, or to one at most; the row that is farthest from its own is the next corner. The nearest mixture of more
 * corners is no farther, so a row whose distance was small before need not be looked at again. Source: Gillis 2014,
 * "Successive nonnegative projection algorithm for robust nonnegative blind source separation". */
#include "rule/bounded_row.h"
#include "rule/rule.h"
#include "start/corners.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Shares at most one are shares that sum to one of a corner at 0 besides: it is the first. */
typedef struct projecting {
    nmfi_corner_search *search;
    int64_t corners; /* so far, that one included */
    double *C;       /* k + 1 x k */
    double *gram;    /* corners x corners */
    double *p, *x, *lower, *upper;
    void *work;
    double *bound; /* rows: squared distance to a mixture of some of the corners */
} projecting;

static double farthest_at_most(const projecting *of, int64_t *row)
{
    double most = -1;
    for (int64_t i = 0; i < of->search->Y.count; i++)
        if (of->bound[i] > most) {
            most = of->bound[i];
            *row = i;
        }
    return most;
}

static double measure(projecting *of, int64_t i)
{
    const int64_t k = of->search->k, count = of->corners;
    const nmfi_row_bounds bounds = {of->lower, of->upper, 1, count};
    double square = 0;
    memset(of->p, 0, (size_t)count * sizeof *of->p);
    for (int64_t l = 0; l < k; l++) {
        const double y = nmfi_corner_entry(of->search, l, i);
        square += y * y;
        for (int64_t c = 0; c < count; c++) of->p[c] += of->C[c * k + l] * y;
    }
    for (int64_t c = 0; c < count; c++) of->x[c] = c == 0;
    nmfi_row_solve(&bounds, of->gram, of->p, DBL_EPSILON, of->x, of->work);
    for (int64_t c = 0; c < count; c++) {
        double half = -of->p[c];
        for (int64_t d = 0; d < count; d++) half += 0.5 * of->gram[c * count + d] * of->x[d];
        square += 2 * of->x[c] * half;
    }
    return of->bound[i] = fmax(square, 0);
}

/* The farthest row from its mixture. One that can be the farthest comes first, so that few others have to be looked
 * at. */
static int64_t farthest(projecting *of, double *distance)
{
    int64_t best = 0;
    (void)farthest_at_most(of, &best);
    *distance = measure(of, best);
    for (int64_t i = 0; i < of->search->Y.count; i++) {
        if (of->bound[i] < *distance || i == best) continue;
        const double square = measure(of, i);
        if (square < *distance || (square == *distance && i > best)) continue;
        *distance = square;
        best = i;
    }
    return best;
}

static void add(projecting *of, int64_t row)
{
    const int64_t k = of->search->k, last = of->corners++;
    for (int64_t l = 0; l < k; l++) of->C[last * k + l] = nmfi_corner_entry(of->search, l, row);
    for (int64_t c = 0; c < of->corners; c++)
        for (int64_t d = 0; d < of->corners; d++) {
            double sum = 0;
            for (int64_t l = 0; l < k; l++) sum += of->C[c * k + l] * of->C[d * k + l];
            of->gram[c * of->corners + d] = sum;
        }
    of->lower[last] = 0;
    of->upper[last] = HUGE_VAL;
}

static void find(projecting *of)
{
    nmfi_corner_search *s = of->search;
    double first = 0, distance = 0;
    if (!s->sums) { /* a corner at 0 */
        of->corners = 1;
        of->lower[0] = of->gram[0] = 0;
        of->upper[0] = HUGE_VAL;
        memset(of->C, 0, (size_t)s->k * sizeof *of->C);
    }
    for (s->found = 0; s->found < s->k; s->found++) {
        /* The longest row is a corner of any simplex. */
        const int64_t row = s->found > 0 ? farthest(of, &distance) : 0;
        int64_t corner = row;
        if (s->found == 0) {
            distance = farthest_at_most(of, &corner);
            first = distance;
        }
        if (!(distance > nmfi_no_corner * first)) return;
        s->corners[s->found] = corner;
        add(of, corner);
        /* Mixtures that sum to one may be farther away than 0 is. */
        for (int64_t i = 0; i < s->Y.count && s->sums && s->found == 0; i++)
            of->bound[i] = HUGE_VAL;
    }
}

nmf_status nmfi_corners_snpa(nmfi_corner_search *search, nmf_error *error)
{
    const size_t k = (size_t)search->k, rows = (size_t)search->Y.count;
    const size_t numbers = (k + 1) * (k + (k + 1) + 4) + rows;
    double *room = malloc(numbers * sizeof *room + (size_t)nmfi_pivot_work_bytes(search->k + 1));
    if (!room) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu numbers", numbers);
    projecting of = {.search = search, .C = room};
    of.gram = of.C + (k + 1) * k;
    of.p = of.gram + (k + 1) * (k + 1);
    of.x = of.p + k + 1;
    of.lower = of.x + k + 1;
    of.upper = of.lower + k + 1;
    of.bound = of.upper + k + 1;
    of.work = of.bound + rows;
    for (int64_t i = 0; i < search->Y.count; i++) {
        of.bound[i] = 0;
        for (int64_t l = 0; l < search->k; l++) {
            const double y = nmfi_corner_entry(search, l, i);
            of.bound[i] += y * y;
        }
    }
    find(&of);
    free(room);
    return NMF_OK;
}
