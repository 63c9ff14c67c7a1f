/* Squares or the Kullback-Leibler divergence for whole numbers (loss_by_data.h). */
#include "select/loss_by_data.h"

#include "data/matrix.h"
#include "data/sparse.h"
#include "data/value.h"

#include <math.h>

static int all_whole(nmf_dtype dtype, const void *values, int64_t first, int64_t stride,
                     int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        const double x = nmfi_value(dtype, values, first + i * stride);
        if (x != floor(x)) return 0;
    }
    return 1;
}

int nmfi_are_whole_numbers(const nmf_matrix *X)
{
    const nmf_dtype dtype = nmf_matrix_dtype(X);
    if (dtype == NMF_U8 || dtype == NMF_U16 || dtype == NMF_I32) return 1;
    if (nmf_matrix_is_sparse(X))
        return all_whole(dtype, nmf_matrix_sparse(X).values, 0, 1, nmf_matrix_stored(X));
    const nmf_dense d = nmf_matrix_dense(X);
    for (int64_t i = 0; i < d.rows; i++)
        if (!all_whole(dtype, d.data, i * d.row_stride, d.column_stride, d.columns)) return 0;
    return 1;
}

/* log(x + 1/6) of the entries that fold 0 holds out: their sum. */
static double sum_of_logs(const nmfi_latin *latin)
{
    static const double beside = 1.0 / 6;
    const nmfi_latin_side *s = &latin->side[0];
    double sum = 0;
    for (int64_t a = 0; a < latin->folds; a++) {
        const nmfi_latin_run run = nmfi_latin_run_of(latin, 0, a, 0, 1);
        for (int64_t line = latin->group[0].begin[a]; line < latin->group[0].begin[a + 1]; line++) {
            const int64_t *bounds =
                s->bounds ? s->bounds + line * (latin->places + 1) + run.place : NULL;
            const int64_t first = bounds ? bounds[0] : line * s->stride + run.offset;
            const int64_t count = bounds ? bounds[1] - first : run.count;
            for (int64_t e = first; e < first + count; e++)
                sum += log(nmfi_value(latin->dtype, bounds ? s->values : s->data, e) + beside);
            sum += (double)(run.count - count) * log(beside);
        }
    }
    return sum;
}

/* What a pilot fit loses on what fold 0 holds out; below 0: it was stopped. */
static nmf_status lose(const nmfi_latin_plan *plan, double beta, uint64_t seed,
                       nmfi_memory_limit limit, double *loss, nmf_error *error)
{
    const int64_t rows = plan->latin->group[0].count;
    nmfi_latin_plan pilot = *plan;
    nmfi_latin_fit fit = {.plan = NULL};
    nmfi_arena arena = {0};
    double *losses = NULL;
    pilot.beta = beta;
    for (int pass = 0; pass < 2; pass++) {
        nmfi_latin_fit_layout(&fit, &pilot, &arena);
        losses = nmfi_take(&arena, rows, sizeof *losses);
        if (pass == 1) break;
        const nmf_status status = nmfi_arena_allocate(&arena, limit, error);
        if (status != NMF_OK) return status;
    }
    nmfi_latin_fit_run(&fit, pilot.most_k, 0, seed);
    *loss = -1;
    if (!fit.stopped) {
        nmfi_latin_fit_losses(&fit, losses);
        *loss = 0;
        for (int64_t i = 0; i < rows; i++) *loss += losses[i];
    }
    nmfi_release(arena.base);
    return NMF_OK;
}

nmf_status nmfi_loss_by_data(const nmfi_latin_plan *plan, int64_t k, uint64_t seed,
                             nmfi_memory_limit limit, int *counts, nmf_error *error)
{
    static const double negligible = 1e-6; /* of the squares that are held out */
    const nmfi_latin *latin = plan->latin;
    const double held_out =
        (double)latin->group[0].count * (double)latin->group[1].count - latin->entries[0];
    nmfi_latin_plan pilot = *plan;
    double squares = 0, divergence = 0;
    *counts = 0;
    pilot.most_k = k;
    nmf_status status = lose(&pilot, 2, seed, limit, &squares, error);
    if (status == NMF_OK) status = lose(&pilot, 1, seed, limit, &divergence, error);
    if (status != NMF_OK || held_out < 1 || divergence <= 0) return status;
    if (2 * squares <= negligible * (latin->whole_squares - latin->squares[0])) return status;
    *counts = log(2 * divergence / held_out) + sum_of_logs(latin) / held_out <
              log(2 * squares / held_out);
    return NMF_OK;
}
