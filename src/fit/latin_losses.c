/* What a fit loses on its held-out entries (latin_fit.h). A component that lives in what a group of
 * rows cannot see may predict anything there: predictions are held within the range of their row and of
 * their column. Where beta < 2 a prediction of nothing would lose everything: a hundredth of the product
 * of the margins is mixed in, each margin with one entry of the mean more than it has. */
#include "fit/latin_fit.h"

#include "data/value.h"

#include <math.h>
#include <string.h>

#define MIXED 0.01

/* Of what the fold leaves. */
static double overall_mean(const nmfi_latin_fit *fit)
{
    const nmfi_latin *latin = fit->plan->latin;
    const double weight = latin->weight[fit->fold];
    return weight > 0 ? latin->sum[fit->fold] / weight : 0;
}

/* The mean of a line of what the fold leaves, with one entry of the overall mean beside its own. */
static double line_mean(const nmfi_latin_fit *fit, int side, int64_t i)
{
    const nmfi_latin *latin = fit->plan->latin;
    const int64_t at = fit->fold * latin->group[side].count + i;
    return (latin->margin[side].sum[at] + overall_mean(fit)) / (latin->margin[side].weight[at] + 1);
}

/* D(x || v) in f64. */
static double divergence(double x, double v, double beta)
{
    if (beta == 2) return 0.5 * (x - v) * (x - v);
    if (beta == 1) return x > 0 ? x * log(x / v) - x + v : v;
    if (beta == 0) return x / v - log(x / v) - 1;
    return (pow(x, beta) - beta * x * pow(v, beta - 1) + (beta - 1) * pow(v, beta)) /
           (beta * (beta - 1));
}

/* A group's held-out columns, and a row's entries and model there; all in fit->held. */
typedef struct held_out {
    nmfi_latin_run run;
    double *column_means, *column_largest, *x, *model, *weight;
} held_out;

/* Means and largest entries of the columns that rows of `group` do not see. */
static held_out open_group(const nmfi_latin_fit *fit, int64_t group)
{
    const nmfi_latin *latin = fit->plan->latin;
    const int64_t columns = latin->group[1].count;
    const held_out held = {nmfi_latin_run_of(latin, 0, group, fit->fold, 1),
                           fit->held,
                           fit->held + columns,
                           fit->held + 2 * columns,
                           fit->held + 3 * columns,
                           fit->held + 4 * columns};
    for (int64_t c = 0; c < held.run.count; c++) {
        held.column_means[c] = line_mean(fit, 1, held.run.first + c);
        held.column_largest[c] = latin->margin[1].largest[fit->fold * columns + held.run.first + c];
    }
    return held;
}

/* The entries of a held-out run, zeros included. */
static void read_entries(const nmfi_latin_fit *fit, int64_t row, const held_out *held)
{
    const nmfi_latin *latin = fit->plan->latin;
    const nmfi_latin_side *s = &latin->side[0];
    const nmfi_latin_run *run = &held->run;
    if (!latin->is_sparse) {
        for (int64_t c = 0; c < run->count; c++) {
            const int64_t at = row * s->stride + run->offset + c;
            held->x[c] = nmfi_value(latin->dtype, s->data, at);
            held->weight[c] = nmfi_latin_weight(latin, 0, at);
        }
        return;
    }
    int64_t bounds[2];
    (void)nmfi_latin_line(fit, 0, row, run, bounds);
    for (int64_t c = 0; c < run->count; c++) {
        held->x[c] = 0;
        held->weight[c] = 1;
    }
    for (int64_t e = bounds[0]; e < bounds[1]; e++)
        held->x[s->indices[e] - run->first] = nmfi_value(latin->dtype, s->values, e);
}

static double lose(const nmfi_latin_fit *fit, const held_out *held, int64_t row)
{
    const nmfi_latin *latin = fit->plan->latin;
    const double beta = fit->plan->beta;
    const double mean = overall_mean(fit);
    const double largest = latin->margin[0].largest[fit->fold * latin->group[0].count + row];
    const double share = mean > 0 ? MIXED * line_mean(fit, 0, row) / mean : 0;
    double loss = 0;
    for (int64_t c = 0; c < held->run.count; c++) {
        if (!(held->weight[c] > 0)) continue;
        double v = fmin(held->model[c] / fit->scale, fmin(largest, held->column_largest[c]));
        if (beta < 2) v = (1 - MIXED) * v + share * held->column_means[c];
        loss += held->weight[c] * divergence(held->x[c], v, beta);
    }
    return loss;
}

void nmfi_latin_fit_losses(nmfi_latin_fit *fit, double *losses)
{
    const nmfi_latin *latin = fit->plan->latin;
    const nmfi_kernels *kernels = fit->plan->kernels;
    const nmfi_groups *rows = &latin->group[0];
    for (int64_t a = 0; a < latin->folds; a++) {
        const held_out held = open_group(fit, a);
        for (int64_t first = rows->begin[a]; first < rows->begin[a + 1];
             first += NMFI_LATIN_STRIP) {
            const int64_t left = rows->begin[a + 1] - first;
            const int64_t count = left < NMFI_LATIN_STRIP ? left : NMFI_LATIN_STRIP;
            nmfi_latin_load(fit, &fit->W, first, count, fit->tile[0], NMFI_LATIN_STRIP);
            kernels->model(fit->tile[0], NMFI_LATIN_STRIP, count,
                           nmfi_latin_at(fit, fit->H.y, held.run.first), fit->H.ld, fit->k,
                           held.run.count, fit->model, fit->panel_ld);
            for (int64_t i = 0; i < count; i++) {
                read_entries(fit, first + i, &held);
                kernels->to_f64(nmfi_latin_at(fit, fit->model, i * fit->panel_ld), held.model,
                                held.run.count);
                losses[first + i] = lose(fit, &held, first + i);
            }
        }
    }
}
