/* In which order components come: by what they add to W H, the sum of its entries, sum_i w_ij sum_l h_jl, largest
 * first (the shares of <nmfkit/shares.h>). What a fit finds does not say which component is the first, and the order
 * that its start happens to have hangs on rounding: on the kernels, on how X is stored. Components whose sizes are
 * nearly the same, as those of equal parts are, come by where in the features they lie, sum_l l h_jl / sum_l h_jl. */
#include "fit/constraints.h"
#include "fit/state.h"

#include "pass/factor.h"

#include <math.h>
#include <string.h>

/* Where fits end moves sizes by about tol. */
static const double nearly = 2e-3;

/* How many components, the first ones, a matrix that was given says something about; one line of bounds is for all. */
static int64_t told_of(const nmfi_limits *limits, const nmf_matrix *said, int64_t of_all)
{
    const int64_t count = !said          ? 0
                          : limits->is_W ? nmf_matrix_columns(said)
                                         : nmf_matrix_rows(said);
    return count > of_all ? count : 0;
}

/* Whoever gave a start, or numbers for some components, knows these by their places: the first that is free. */
static int64_t first_free(const nmfi_fit *fit)
{
    const nmfi_limits *limits[] = {&fit->W.limits, &fit->H.limits};
    int64_t first = fit->choice.options.init == NMF_INIT_CUSTOM ? fit->k : 0;
    for (int f = 0; f < 2; f++) {
        const nmfi_limits *l = limits[f];
        const int64_t known = told_of(l, l->known, 0), low = told_of(l, l->lower, 1),
                      high = told_of(l, l->upper, 1);
        const int64_t bounded = low > high ? low : high, told = known > bounded ? known : bounded;
        first = told > first ? told : first;
    }
    return first;
}

/* --- where they lie ---------------------------------------------------------------------------- */

/* sum_l l h_jl over the rows of a slot, of component `first` and those behind it. */
static void moments_of_slot(const void *context, int64_t slot, int64_t first, int64_t count,
                            double *moments)
{
    enum { ROWS = 256 };
    const nmfi_fit *fit = context;
    const nmfi_factor *H = &fit->H;
    const nmfi_kernels *kernels = fit->work.kernels;
    const int64_t bytes = kernels->element_bytes;
    const int64_t begin = nmfi_partition_first_row(&H->partition, slot);
    const int64_t end = nmfi_partition_first_row(&H->partition, slot + 1);
    double entries[ROWS];
    for (int64_t j = 0; j < count; j++) {
        const char *h = nmfi_factor_component(kernels, &H->partition, H->incumbent, first + j);
        moments[j] = 0;
        for (int64_t row = begin; row < end; row += ROWS) {
            const int64_t rows = end - row < ROWS ? end - row : ROWS;
            kernels->to_f64(h + row * bytes, entries, rows);
            for (int64_t i = 0; i < rows; i++)
                moments[j] += (double)(H->partition.first_row + row + i) * entries[i];
        }
    }
}

/* --- sorting ----------------------------------------------------------------------------------- */

static int comes_first(const double *sizes, const double *places, int64_t a, int64_t b)
{
    if (places && places[a] != places[b]) return places[a] < places[b];
    if (!places && sizes[a] != sizes[b]) return sizes[a] > sizes[b];
    return a < b;
}

/* By places, or, where that is NULL, by sizes. k is small, and the order is nearly right more often than not. */
static void sort(int64_t *order, int64_t count, const double *sizes, const double *places)
{
    for (int64_t i = 1; i < count; i++) {
        const int64_t moved = order[i];
        int64_t at = i;
        for (; at > 0 && comes_first(sizes, places, moved, order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = moved;
    }
}

static void measure(nmfi_fit *fit)
{
    nmfi_work *work = &fit->work;
    const nmfi_factor *W = &fit->W, *H = &fit->H;
    double *const sizes = work->squares, *const of_H = work->squares + fit->k;
    nmfi_factor_sums(work->kernels, &W->partition, fit->k, W->incumbent, sizes);
    nmfi_factor_sums(work->kernels, &H->partition, fit->k, H->incumbent, of_H);
    nmfi_slots_add_up(&H->partition, moments_of_slot, fit, fit->k, work->places);
    for (int64_t j = 0; j < fit->k; j++) {
        sizes[j] *= of_H[j];
        work->places[j] = of_H[j] > 0 ? work->places[j] / of_H[j] : INFINITY;
    }
}

/* order[j]: which component is to come at j, from `free` on; 0 if each is there already. */
static int find_order(nmfi_fit *fit, int64_t free)
{
    const double *sizes = fit->work.squares, *places = fit->work.places;
    int64_t *const order = fit->work.order;
    for (int64_t j = 0; j < fit->k; j++) order[j] = j;
    sort(order + free, fit->k - free, sizes, NULL);
    for (int64_t first = free, end; first < fit->k; first = end) {
        for (end = first + 1; end < fit->k; end++)
            if (sizes[order[end]] < (1 - nearly) * sizes[order[end - 1]]) break;
        sort(order + first, end - first, sizes, places);
    }
    int64_t j = free;
    while (j < fit->k && order[j] == j) j++;
    return j < fit->k;
}

/* --- moving ------------------------------------------------------------------------------------ */

static void swap_bytes(char *a, char *b, int64_t bytes)
{
    enum { AT_ONCE = 4096 };
    char kept[AT_ONCE];
    for (int64_t i = 0; i < bytes; i += AT_ONCE) {
        const size_t some = (size_t)(bytes - i < AT_ONCE ? bytes - i : AT_ONCE);
        memcpy(kept, a + i, some);
        memcpy(a + i, b + i, some);
        memcpy(b + i, kept, some);
    }
}

static void swap_numbers(double *numbers, int64_t a, int64_t b)
{
    const double kept = numbers[a];
    numbers[a] = numbers[b];
    numbers[b] = kept;
}

/* Everything that is kept of a component between two descents. */
static void swap_components(nmfi_fit *fit, nmfi_factor *factor, int64_t a, int64_t b)
{
    const int64_t component = factor->partition.ld * fit->work.kernels->element_bytes;
    char *const entries = factor->incumbent;
    swap_bytes(entries + a * component, entries + b * component, component);
    swap_numbers(factor->toward, a, b);
    swap_numbers(factor->mean, a, b);
    if (fit->work.pass.spilled) nmfi_scratch_touched(fit->work.pass.spilled, 2 * (size_t)component);
}

int nmfi_sort_components(nmfi_fit *fit)
{
    const int64_t *const order = fit->work.order, free = first_free(fit);
    if (free + 1 >= fit->k) return 0;
    measure(fit);
    if (!find_order(fit, free)) return 0;
    for (int64_t j = free; j < fit->k; j++) {
        int64_t from = order[j];
        while (from < j) from = order[from]; /* where it went when its own place was filled */
        if (from == j) continue;
        swap_components(fit, &fit->W, j, from);
        swap_components(fit, &fit->H, j, from);
    }
    return 1;
}
