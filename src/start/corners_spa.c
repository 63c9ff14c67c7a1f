/* Successive projections: take the longest row of what is left, take away from all rows their part along it, k times.
 * The farthest point of a simplex is a corner of it; where shares sum to one rows are counted from the first corner, so
 * that it is the farthest from the flat through those before that is taken. Source: Araujo et al. 2001; Gillis &
 * Vavasis 2014 (why it stands noise). */
#include "start/corners.h"

#include <math.h>

static void put(const nmfi_corner_search *s, int64_t l, int64_t i, double value)
{
    s->kernels->from_f64(&value, (char *)s->Y.data + (l * s->Y.ld + i) * s->kernels->element_bytes,
                         1);
}

static int64_t longest(const nmfi_corner_search *s, double *square)
{
    int64_t best = 0;
    *square = 0;
    for (int64_t i = 0; i < s->Y.count; i++) {
        double sum = 0;
        for (int64_t l = 0; l < s->k; l++) {
            const double y = nmfi_corner_entry(s, l, i);
            sum += y * y;
        }
        if (!(sum > *square)) continue; /* the first of equals */
        *square = sum;
        best = i;
    }
    return best;
}

/* Every row less `share` of row `corner`, that one last; share < 0: its part along that row. */
static void take_away(const nmfi_corner_search *s, int64_t corner, double square, double share)
{
    for (int64_t step = 0; step <= s->Y.count; step++) {
        const int64_t i = step < s->Y.count ? step : corner;
        double along = 0;
        if (step == corner) continue;
        for (int64_t l = 0; l < s->k && share < 0; l++)
            along += nmfi_corner_entry(s, l, i) * nmfi_corner_entry(s, l, corner) / square;
        const double part = share < 0 ? along : share;
        for (int64_t l = 0; l < s->k; l++)
            put(s, l, i, nmfi_corner_entry(s, l, i) - part * nmfi_corner_entry(s, l, corner));
    }
}

void nmfi_corners_spa(nmfi_corner_search *s)
{
    double first = 0, square;
    for (s->found = 0; s->found < s->k; s->found++) {
        const int64_t corner = longest(s, &square);
        if (s->found == 0) first = square;
        if (!(square > nmfi_no_corner * first)) return;
        s->corners[s->found] = corner;
        take_away(s, corner, square, s->sums && s->found == 0 ? 1 : -1);
    }
}
