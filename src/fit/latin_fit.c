/* The loop of a fit to what a fold leaves: starts, extrapolation, when to stop (latin_fit.h). */
#include "fit/latin_fit.h"

#include "base/rng.h"

#include <math.h>
#include <string.h>

/* --- starts ---------------------------------------------------------------------------------- */

/* Uniform numbers times what the fold leaves of the line's mean, so that the model has the mean of X. A
 * number belongs to its row or column of X, wherever the groups put it. */
static void start_factor(const nmfi_latin_fit *fit, nmfi_latin_factor *factor, uint64_t seed)
{
    const nmfi_latin *latin = fit->plan->latin;
    const nmfi_kernels *kernels = fit->plan->kernels;
    const uint32_t stream = factor->side == 0 ? NMFI_STREAM_W : NMFI_STREAM_H;
    const nmfi_latin_margins *margin = &latin->margin[factor->side];
    const double mean = latin->sum[fit->fold] / latin->weight[fit->fold] * fit->scale;
    const double scale = sqrt(4 * mean / (double)fit->k) / mean * fit->scale;
    for (int64_t i = 0; i < factor->count; i++) {
        const double weight = margin->weight[fit->fold * factor->count + i];
        const double sum = margin->sum[fit->fold * factor->count + i];
        const double share = weight > 0 ? scale * sum / weight : 0;
        for (int64_t j = 0; j < fit->k; j++) {
            const double value =
                share * nmfi_uniform(seed, stream, (uint32_t)j, (uint64_t)factor->groups->at[i]);
            kernels->from_f64(&value, nmfi_latin_at(fit, factor->y, j * factor->ld + i), 1);
        }
    }
}

static size_t factor_bytes(const nmfi_latin_fit *fit, const nmfi_latin_factor *factor)
{
    return (size_t)(fit->k * factor->ld * fit->plan->kernels->element_bytes);
}

static void copy(const nmfi_latin_fit *fit, const nmfi_latin_factor *factor, void *to,
                 const void *from)
{
    memcpy(to, from, factor_bytes(fit, factor));
}

static void swap(void **a, void **b)
{
    void *const kept = *a;
    *a = *b;
    *b = kept;
}

/* --- the loop -------------------------------------------------------------------------------- */

static double half_step(nmfi_latin_fit *fit, nmfi_latin_factor *U, nmfi_latin_factor *O,
                        double extrapolation, int measure)
{
    const double beta = fit->plan->beta;
    nmfi_latin_half *const step = fit->plan->latin->is_weighted ? nmfi_latin_weighted
                                  : beta == 2                   ? nmfi_latin_frobenius
                                  : fit->in_metric              ? nmfi_latin_metric
                                  : beta == 1                   ? nmfi_latin_entries
                                                                : nmfi_latin_panels;
    return step(fit, U, O, extrapolation, measure);
}

/* How far ahead the next iteration looks (Ang & Gillis 2019). */
typedef struct momentum {
    double beta, most, last;
    int plain; /* the next iteration is not extrapolated: the one before was taken back */
} momentum;

/* The squares of what the fold leaves, in the fit's scale. */
static double squares_left(const nmfi_latin_fit *fit)
{
    return fit->scale * fit->scale * fit->plan->latin->squares[fit->fold];
}

/* From (W.y, H.y): W.y and H.now have the loss that is returned. */
static double iterate_once(nmfi_latin_fit *fit, const momentum *ahead, int64_t iteration)
{
    const double beta = ahead->plain || iteration < 2 ? 0 : ahead->beta;
    half_step(fit, &fit->W, &fit->H, beta, 0);
    swap(&fit->W.now, &fit->W.before);
    const double loss = half_step(fit, &fit->H, &fit->W, iteration < 1 ? 0 : ahead->beta, 1);
    const int of_products = fit->plan->beta == 2 && !fit->plan->latin->is_weighted;
    return of_products ? fmax(0, loss + 0.5 * squares_left(fit)) : loss;
}

static void accept(nmfi_latin_fit *fit, momentum *ahead)
{
    copy(fit, &fit->W, fit->W.best, fit->W.y);
    copy(fit, &fit->H, fit->H.best, fit->H.now);
    swap(&fit->H.now, &fit->H.before);
    ahead->plain = 0;
    ahead->last = ahead->beta;
    ahead->beta = fmin(ahead->most, 1.02 * ahead->beta);
    ahead->most = fmin(1, 1.01 * ahead->most);
}

static void reject(nmfi_latin_fit *fit, momentum *ahead)
{
    nmfi_latin_factor *const both[] = {&fit->W, &fit->H};
    for (int i = 0; i < 2; i++) {
        copy(fit, both[i], both[i]->y, both[i]->best);
        copy(fit, both[i], both[i]->before, both[i]->best);
    }
    ahead->most = ahead->last;
    ahead->beta /= 1.5;
    ahead->plain = 1;
}

/* What no fit can tell from none: the rounding of the loss, a difference of sums of squares. */
static double negligible(const nmfi_latin_fit *fit)
{
    const double rounding = fit->plan->kernels->element_bytes == 4 ? 1e-7 : 1e-15;
    const double size = fit->plan->beta == 2 ? 0.5 * squares_left(fit)
                                             : fit->scale * fit->plan->latin->sum[fit->fold];
    return rounding * size;
}

/* What a component of no meaning takes from the loss, relatively, where there are entries to tell it from one that
 * has some. */
static double worth_of_noise(const nmfi_latin_fit *fit)
{
    static const double most = 0.05;
    const double lines = (double)(fit->W.count + fit->H.count);
    const double left = fit->plan->latin->entries[fit->fold] - (double)fit->k * lines;
    return left > lines / most ? lines / left : most;
}

/* From (W.y, H.y), `most` iterations at most, until as many as a window do not lower the loss by `enough`,
 * relatively. */
static void iterate(nmfi_latin_fit *fit, int64_t most, double enough)
{
    enum { WINDOW = 10 };
    momentum ahead = {.beta = 0.5, .most = 1, .last = 0.5, .plain = 1};
    double history[WINDOW];
    int failed = 0;
    fit->converged = 0;
    fit->loss = HUGE_VAL;
    copy(fit, &fit->W, fit->W.before, fit->W.y);
    copy(fit, &fit->H, fit->H.before, fit->H.y);
    copy(fit, &fit->W, fit->W.best, fit->W.y);
    copy(fit, &fit->H, fit->H.best, fit->H.y);
    for (int64_t i = 0; i < most && failed < 3; i++) {
        if (fit->plan->stop && fit->plan->stop(fit->plan->stop_context)) {
            fit->stopped = 1;
            return;
        }
        const double loss = iterate_once(fit, &ahead, i);
        const int was_plain = ahead.plain;
        fit->iterations++;
        if (loss > fit->loss) {
            failed = was_plain ? failed + 1 : failed; /* a plain step rises by rounding only */
            reject(fit, &ahead);
        } else {
            fit->loss = loss;
            accept(fit, &ahead);
        }
        const double earlier = i >= WINDOW ? history[i % WINDOW] : HUGE_VAL;
        history[i % WINDOW] = fit->loss;
        fit->converged = earlier - fit->loss <= enough * fit->loss ||
                         fit->loss <= negligible(fit) || failed == 3;
        if (fit->converged) return;
    }
}

/* The start that goes deepest in a few iterations, in (W.y, H.y). */
static void choose_start(nmfi_latin_fit *fit, uint64_t seed)
{
    enum { TRIAL = 20 };
    double least = HUGE_VAL;
    for (int64_t s = 0; s < fit->plan->starts && !fit->stopped; s++) {
        const uint64_t own = seed + (uint64_t)s * UINT64_C(0xD1B54A32D192ED03);
        start_factor(fit, &fit->W, own);
        start_factor(fit, &fit->H, own);
        if (fit->plan->starts == 1) return;
        iterate(fit, TRIAL, 0);
        if (fit->loss >= least) continue;
        least = fit->loss;
        copy(fit, &fit->W, fit->W.kept, fit->W.best);
        copy(fit, &fit->H, fit->H.kept, fit->H.best);
    }
    copy(fit, &fit->W, fit->W.y, fit->W.kept);
    copy(fit, &fit->H, fit->H.y, fit->H.kept);
}

/* A power of two, so that nothing is rounded, near 1 / the mean of what the fold leaves. */
static double choose_scale(const nmfi_latin_fit *fit)
{
    const nmfi_latin *latin = fit->plan->latin;
    const double weight = latin->weight[fit->fold];
    const double mean = weight > 0 ? latin->sum[fit->fold] / weight : 0;
    return mean > 0 && mean < HUGE_VAL ? ldexp(1, -(int)lround(log2(mean))) : 1;
}

/* The metric holds where entries are not far from what the margins say; beyond, each row's own curvature
 * is needed (defaults.c has the same limit). What the fold leaves decides. */
static void choose_method(nmfi_latin_fit *fit)
{
    static const double far = 0.3;
    const nmfi_latin *latin = fit->plan->latin;
    fit->in_metric = fit->plan->beta == 1 && !latin->is_sparse && !latin->is_weighted &&
                     latin->side[1].data != NULL &&
                     latin->off_margins[fit->fold] <= far * latin->sum[fit->fold];
    for (int side = 0; fit->in_metric && side < 2; side++) {
        const int64_t count = latin->group[side].count;
        for (int64_t i = 0; i < count; i++) {
            const double sum = fit->scale * latin->margin[side].sum[fit->fold * count + i];
            fit->plan->kernels->from_f64(&sum, nmfi_latin_at(fit, fit->row_sums[side], i), 1);
        }
    }
}

/* Nothing yet; 0: nothing is left, and the model is 0. */
static int open_fit(nmfi_latin_fit *fit, int64_t k, int64_t fold)
{
    fit->k = k;
    fit->fold = fold;
    fit->iterations = 0;
    fit->stopped = 0;
    fit->scale = choose_scale(fit);
    nmfi_latin_factor *const both[] = {&fit->W, &fit->H};
    for (int i = 0; i < 2; i++) { /* what an earlier rank left between components */
        void *const arrays[] = {both[i]->y, both[i]->now, both[i]->before, both[i]->best,
                                both[i]->kept};
        for (int a = 0; a < 5; a++) memset(arrays[a], 0, factor_bytes(fit, both[i]));
    }
    choose_method(fit);
    if (fit->plan->latin->sum[fold] > 0) return 1;
    fit->loss = 0;
    fit->converged = 1;
    return 0;
}

/* To the end that `enough` means, from (W.y, H.y). */
static void go_on(nmfi_latin_fit *fit, double enough)
{
    iterate(fit, fit->plan->max_iter, enough);
    copy(fit, &fit->W, fit->W.y, fit->W.best);
    copy(fit, &fit->H, fit->H.y, fit->H.best);
}

/* Where the part has `per_number` entries (of a sparse X: stored ones) for each number of the factors. */
static int part_is_enough(const nmfi_latin_fit *fit)
{
    static const double per_number = 6;
    const nmfi_latin *part = fit->plan->part;
    if (!part || !(part->sum[fit->fold] > 0)) return 0;
    const double lines = (double)(part->group[0].count + part->group[1].count);
    const double entries = part->is_sparse ? (double)part->stored : part->entries[fit->fold];
    return entries >= per_number * (double)fit->k * lines;
}

/* The factor along the side that was cut: its members in the part have theirs, the others the mean of these
 * in proportion to what the fold leaves of them. */
static void spread_from_part(nmfi_latin_fit *fit, nmfi_latin_factor *U,
                             const nmfi_latin_factor *part)
{
    const nmfi_latin *latin = fit->plan->latin;
    const nmfi_latin_margins *margin = &latin->margin[U->side];
    const nmfi_kernels *kernels = fit->plan->kernels;
    const double ratio = fit->scale / fit->beginning->scale;
    const double mean = latin->sum[fit->fold] / latin->weight[fit->fold];
    for (int64_t j = 0; j < fit->k; j++) {
        const double of_part =
            kernels->sum(nmfi_latin_at(fit, part->best, j * part->ld), part->ld, 1, part->count) /
            (double)part->count;
        for (int64_t g = 0; g < U->groups->folds; g++)
            for (int64_t i = U->groups->begin[g]; i < U->groups->begin[g + 1]; i++) {
                const int64_t there = part->groups->begin[g] + i - U->groups->begin[g];
                const int64_t at = fit->fold * U->count + i;
                double value = margin->weight[at] > 0 ? margin->sum[at] / margin->weight[at] : 0;
                value *= of_part / mean;
                if (there < part->groups->begin[g + 1])
                    kernels->to_f64(nmfi_latin_at(fit, part->best, j * part->ld + there), &value,
                                    1);
                value *= ratio;
                kernels->from_f64(&value, nmfi_latin_at(fit, U->y, j * U->ld + i), 1);
            }
    }
}

/* (W.y, H.y) from a fit to the part that has gone on until what it gains is what noise would give: then the
 * lines that it has not seen are fitted to what it has found. */
static void begin_in_part(nmfi_latin_fit *fit, uint64_t seed)
{
    enum { ALONE = 3 };
    nmfi_latin_fit *begun = fit->beginning;
    fit->part_plan = *fit->plan;
    fit->part_plan.latin = fit->plan->part;
    fit->part_plan.part = NULL;
    begun->plan = &fit->part_plan;
    if (open_fit(begun, fit->k, fit->fold)) {
        choose_start(begun, seed);
        if (!begun->stopped) go_on(begun, worth_of_noise(begun));
    }
    fit->stopped = begun->stopped;
    fit->iterations += begun->iterations;
    const int side = nmfi_latin_longer(fit->plan->latin);
    nmfi_latin_factor *U = side == 0 ? &fit->W : &fit->H, *O = side == 0 ? &fit->H : &fit->W;
    copy(fit, O, O->y, side == 0 ? begun->H.best : begun->W.best);
    spread_from_part(fit, U, side == 0 ? &begun->W : &begun->H);
    copy(fit, U, U->before, U->y);
    if (side == 1 && fit->plan->beta == 2) nmfi_latin_add_up(fit);
    for (int i = 0; i < ALONE && !fit->stopped; i++) half_step(fit, U, O, 0, 0);
}

void nmfi_latin_fit_run(nmfi_latin_fit *fit, int64_t k, int64_t fold, uint64_t seed)
{
    /* Fits of other ranks and folds start elsewhere. */
    const uint64_t own =
        seed + UINT64_C(0x9E3779B97F4A7C15) * (uint64_t)(1 + fold + k * fit->plan->latin->folds);
    if (!open_fit(fit, k, fold)) return;
    if (part_is_enough(fit))
        begin_in_part(fit, own);
    else
        choose_start(fit, own);
    if (fit->stopped) return;
    const double enough = fit->plan->tol * worth_of_noise(fit);
    go_on(fit, enough);
    if (!fit->in_metric || fit->stopped) return;
    fit->in_metric = 0; /* steps in a shared metric get near; each row's own go to the end */
    go_on(fit, enough);
}

double nmfi_latin_fit_loss(const nmfi_latin_fit *fit)
{
    return fit->loss / pow(fit->scale, fit->plan->beta);
}

void nmfi_latin_fit_components(const nmfi_latin_fit *fit, double *components)
{
    const nmfi_latin_factor *H = &fit->H;
    for (int64_t j = 0; j < fit->k; j++)
        for (int64_t i = 0; i < H->count; i++)
            fit->plan->kernels->to_f64(nmfi_latin_at(fit, H->best, j * H->ld + i),
                                       components + j * H->count + H->groups->at[i], 1);
}
