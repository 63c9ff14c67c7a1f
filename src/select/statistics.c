/* Paired standard errors, the bootstrap and the set (statistics.h). */
#include "select/statistics.h"

#include "base/memory.h"
#include "base/rng.h"

#include <math.h>

/* sqrt(count) times the standard deviation of `values`: the standard error of their sum. */
static double error_of_sum(const double *values, int64_t count)
{
    double mean = 0, squares = 0;
    if (count < 2) return 0;
    for (int64_t i = 0; i < count; i++) mean += values[i] / (double)count;
    for (int64_t i = 0; i < count; i++) squares += (values[i] - mean) * (values[i] - mean);
    return sqrt((double)count * squares / (double)(count - 1));
}

/* The share within +-t, a finite sum for whole degrees of freedom. */
static double student_share(double t, int64_t freedom)
{
    const double angle = atan(t / sqrt((double)freedom));
    const double s = sin(angle), c2 = cos(angle) * cos(angle);
    const int odd = freedom % 2 == 1;
    double term = odd ? cos(angle) : 1, sum = freedom > 1 ? term : 0;
    for (int64_t i = odd ? 3 : 2; i <= freedom - 2; i += 2) {
        term *= c2 * (double)(i - 1) / (double)i;
        sum += term;
    }
    return odd ? 2 / acos(-1.0) * (angle + s * sum) : s * sum;
}

double nmfi_student(double level, int64_t freedom)
{
    double low = 0, high = 1;
    while (student_share(high, freedom) < level) high *= 2;
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (low + high);
        if (student_share(middle, freedom) < level)
            low = middle;
        else
            high = middle;
    }
    return high;
}

double nmfi_share_of_set(int64_t folds)
{
    if (folds < 2) return 0.05;
    const double both_sides = 0.9, spread = (double)folds / (double)(folds - 1);
    return 0.5 * erfc(nmfi_student(both_sides, folds - 1) * sqrt(0.5 * spread));
}

/* `sums` holds rows + folds numbers. */
static void compare_pair(nmfi_candidate *candidate, const double *best, int64_t folds, int64_t rows,
                         double *sums)
{
    const double *const losses = candidate->losses;
    double *const of_rows = sums, *const of_folds = sums + rows;
    for (int64_t i = 0; i < rows; i++) of_rows[i] = 0;
    for (int64_t r = 0; r < folds; r++) {
        of_folds[r] = 0;
        for (int64_t i = 0; i < rows; i++) {
            const double d = losses[r * rows + i] - best[r * rows + i];
            of_rows[i] += d;
            of_folds[r] += d;
        }
    }
    const double rows_error = error_of_sum(of_rows, rows);
    const double folds_error = error_of_sum(of_folds, folds);
    candidate->standard_error = fmax(rows_error, folds_error);
}

static double total(const double *losses, int64_t count)
{
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += losses[i];
    return sum;
}

/* The first whose loss is the smallest, or as good as. */
static int64_t winner(const double *losses, int64_t count, double tie)
{
    double least = HUGE_VAL;
    for (int64_t c = 0; c < count; c++) least = fmin(least, losses[c]);
    for (int64_t c = 0; c < count; c++)
        if (losses[c] <= least + tie) return c;
    return 0;
}

/* How often each row and fold is drawn. */
static void draw_weights(uint64_t seed, int64_t draw, int64_t folds, int64_t rows, double *row,
                         double *fold)
{
    const uint64_t first = (uint64_t)draw * (uint64_t)(rows + folds);
    for (int64_t i = 0; i < rows; i++) row[i] = 0;
    for (int64_t r = 0; r < folds; r++) fold[r] = 0;
    for (int64_t i = 0; i < rows; i++)
        row[nmfi_below(seed, NMFI_STREAM_BOOTSTRAP, 0, first + (uint64_t)i, (uint64_t)rows)]++;
    for (int64_t r = 0; r < folds; r++)
        fold[nmfi_below(seed, NMFI_STREAM_BOOTSTRAP, 0, first + (uint64_t)(rows + r),
                        (uint64_t)folds)]++;
}

static double weighted(const double *losses, int64_t folds, int64_t rows, const double *row,
                       const double *fold)
{
    double sum = 0;
    for (int64_t r = 0; r < folds; r++) {
        double of_fold = 0;
        if (fold[r] == 0) continue;
        for (int64_t i = 0; i < rows; i++) of_fold += row[i] * losses[r * rows + i];
        sum += fold[r] * of_fold;
    }
    return sum;
}

/* `work` holds rows + folds + count numbers. */
static void bootstrap(nmfi_candidate *candidates, int64_t count, int64_t folds, int64_t rows,
                      double tie, int64_t draws, uint64_t seed, double *work)
{
    double *const row = work, *const fold = row + rows, *const losses = fold + folds;
    for (int64_t c = 0; c < count; c++) candidates[c].p_best = 0;
    for (int64_t d = 0; d < draws; d++) {
        draw_weights(seed, d, folds, rows, row, fold);
        for (int64_t c = 0; c < count; c++)
            losses[c] = weighted(candidates[c].losses, folds, rows, row, fold);
        candidates[winner(losses, count, tie)].p_best += 1 / (double)draws;
    }
}

nmf_status nmfi_compare(nmfi_candidate *candidates, int64_t count, int64_t folds, int64_t rows,
                        double tie, int64_t draws, uint64_t seed, nmfi_verdict *verdict,
                        nmf_error *error)
{
    double *const work =
        nmfi_allocate(nmfi_product(rows + folds + 2 * count, (int64_t)sizeof(double)));
    if (!work) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory to compare ranks");
    double *const totals = work + rows + folds + count;
    const double share = nmfi_share_of_set(folds);
    for (int64_t c = 0; c < count; c++)
        totals[c] = candidates[c].loss = total(candidates[c].losses, folds * rows);
    const int64_t best = winner(totals, count, tie);
    bootstrap(candidates, count, folds, rows, tie, draws, seed, work);
    verdict->best = verdict->predicts = best;
    for (int64_t c = count - 1; c >= 0; c--) {
        nmfi_candidate *candidate = &candidates[c];
        candidate->difference = totals[c] - totals[best];
        compare_pair(candidate, candidates[best].losses, folds, rows, work);
        const double slack = candidate->difference - tie;
        if (c < best && slack <= candidate->standard_error) verdict->predicts = c;
        /* A larger rank that is equal, as where there is no noise, is no candidate beside the best. */
        candidate->in_set = c == best || (slack > 0 && candidate->p_best >= share);
    }
    nmfi_release(work);
    return NMF_OK;
}
