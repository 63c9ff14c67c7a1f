/* Opening a fit: which way X is read, all the memory, the team, the reading that validates X. */
#include "fit/choose.h"
#include "fit/constraints.h"
#include "fit/loss.h"
#include "fit/method.h"
#include "fit/single.h"
#include "fit/volume.h"

#include "base/machine.h"
#include "base/options.h"
#include "base/stop.h"
#include "data/matrix.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Components a pass must carry: k, or the sketch's width. */
static int64_t pass_width(const nmfi_fit *fit)
{
    return fit->work.sketch.width > fit->k ? fit->work.sketch.width : fit->k;
}

/* A factor; of both the longer one may lie in a scratch file. */
static void *take_factor(nmfi_fit *fit, const nmfi_factor *factor)
{
    const int is_longer = factor->is_W == (fit->facts.m >= fit->facts.n);
    const size_t component = nmfi_product(factor->partition.ld, fit->work.kernels->element_bytes);
    return (is_longer ? nmfi_take_long : nmfi_take)(&fit->work.arena, fit->k, component);
}

static void layout_factor(nmfi_fit *fit, nmfi_factor *factor)
{
    nmfi_arena *arena = &fit->work.arena;
    const int64_t k = fit->k;
    factor->incumbent = take_factor(fit, factor);
    if (fit->choice.starts > 1) factor->kept = take_factor(fit, factor);
    factor->gram = nmfi_take(arena, k * k, sizeof(double));
    factor->pg2 = nmfi_take(arena, k, sizeof(double));
    factor->ref2 = nmfi_take(arena, k, sizeof(double));
}

/* What iterations work in; they begin with the incumbents. */
static void layout_steps(nmfi_fit *fit)
{
    nmfi_factor *const factors[] = {&fit->W, &fit->H};
    for (int f = 0; f < 2; f++) {
        factors[f]->plain = take_factor(fit, factors[f]);
        factors[f]->ahead = take_factor(fit, factors[f]);
    }
}

static void layout_sketch(nmfi_fit *fit)
{
    nmfi_work *work = &fit->work;
    if (work->sketch.width > 0)
        nmfi_sketch_layout_results(&work->sketch, &work->pass, &work->arena,
                                   fit->in_sketch.method != NULL);
}

static void layout_rows_of_sketch(nmfi_fit *fit)
{
    if (fit->in_sketch.method) nmfi_sketch_layout_rows(fit, &fit->work.arena);
}

static size_t greater(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The arrays that take most, where visits of the sketch are of spans of columns:
 *
 *     while it is made     sums of a span | U, V, B
 *     then                 its rows       | U, V, B, of which the start is made
 *     in its iterations    its rows                 | plain, ahead
 *     in those on X        sums of all columns      | plain, ahead
 *
 * With one start no line is come to again, and all lie in the same place. */
static void layout_in_turn(nmfi_fit *fit)
{
    nmfi_work *work = &fit->work;
    nmfi_arena *arena = &work->arena;
    const int64_t threads = nmfi_team_threads(work->team), columns = work->pass.columns.count;
    const size_t place = arena->used;
    nmfi_pass_layout_sums(&work->pass, arena, threads, pass_width(fit), work->pass.span);
    const size_t behind_span = arena->used;
    arena->used = place;
    layout_rows_of_sketch(fit);
    const size_t behind_rows = arena->used;
    arena->used = greater(behind_span, behind_rows);
    layout_sketch(fit);
    const size_t behind_sketch = arena->used;
    arena->used = place;
    nmfi_pass_layout_sums(&work->pass, arena, threads, fit->k, columns);
    arena->used = greater(arena->used, behind_rows);
    layout_steps(fit);
    arena->used = greater(arena->used, behind_sketch);
}

/* The same side by side. */
static void layout_all(nmfi_fit *fit)
{
    nmfi_work *work = &fit->work;
    nmfi_arena *arena = &work->arena;
    const int64_t threads = nmfi_team_threads(work->team);
    if (work->pass.span > 0) {
        const size_t place = arena->used;
        nmfi_pass_layout_sums(&work->pass, arena, threads, pass_width(fit), work->pass.span);
        const size_t behind_span = arena->used;
        arena->used = place;
        nmfi_pass_layout_sums(&work->pass, arena, threads, fit->k, work->pass.columns.count);
        arena->used = greater(arena->used, behind_span);
    }
    layout_steps(fit);
    layout_sketch(fit);
    layout_rows_of_sketch(fit);
}

static void layout_stage(nmfi_fit *fit, nmfi_stage stage)
{
    if (stage.method) stage.method->layout(fit, stage.state, &fit->work.arena);
}

static void layout(nmfi_fit *fit)
{
    nmfi_work *work = &fit->work;
    nmfi_arena *arena = &work->arena;
    const int64_t k = fit->k, bytes = work->kernels->element_bytes;
    const int accumulates = work->accumulates || work->sketch.width > 0;
    const int keeps = fit->choice.starts > 1, in_spans = work->pass.span > 0;
    nmfi_pass_layout(&work->pass, arena, nmfi_team_threads(work->team), accumulates && !in_spans);
    layout_factor(fit, &fit->W);
    layout_factor(fit, &fit->H);
    (in_spans && !keeps ? layout_in_turn : layout_all)(fit);
    nmfi_constraints_layout(fit, &fit->W, arena);
    nmfi_constraints_layout(fit, &fit->H, arena);
    if (fit->volume.wanted) nmfi_volume_layout(fit, arena);
    if (work->sketch.width > 0) nmfi_sketch_layout(&work->sketch, &work->pass, arena);
    if (work->sketch.small_side > 0)
        nmfi_sketch_layout_gram(&work->sketch, &work->pass, arena, nmfi_team_threads(work->team));
    work->gram = nmfi_take(arena, k * k, (size_t)bytes);
    work->inverse = nmfi_take(arena, k, (size_t)bytes);
    work->gram_f64 = nmfi_take(arena, k * k, sizeof(double));
    work->squares = nmfi_take(arena, k, 2 * sizeof(double));
    work->places = nmfi_take(arena, k, sizeof(double));
    work->order = nmfi_take(arena, k, sizeof(int64_t));
    layout_stage(fit, fit->in_sketch);
    layout_stage(fit, fit->on_X);
    if (fit->choice.precision == NMF_PRECISION_F64) nmfi_single_layout(fit, arena);
    work->trace = nmfi_take(arena, work->trace_capacity, sizeof *work->trace);
    if (!keeps) return;
    work->kept_trace = nmfi_take(arena, work->trace_capacity, sizeof *work->kept_trace);
    work->start_losses = nmfi_take(arena, fit->choice.starts, sizeof *work->start_losses);
}

static void plan(nmfi_fit *fit)
{
    nmfi_work *work = &fit->work;
    /* X is read the way it is stored: where features lie side by side only across samples, its
     * transpose is factored, H' W' ~ X', and nobody outside notices. */
    const int by_features = work->source.by_columns;
    const nmfi_source stored = by_features ? nmfi_source_transposed(&work->source) : work->source;
    const nmfi_method *method = fit->on_X.method;
    work->pass.adds_up = method->adds_up && method->adds_up(fit);
    nmfi_pass_plan(&work->pass, &stored, work->kernels, pass_width(fit),
                   fit->choice.options.block_rows);
    fit->W.is_W = 1;
    fit->W.along_rows = !by_features;
    fit->H.along_rows = by_features;
    fit->W.partition = by_features ? work->pass.columns : work->pass.rows;
    fit->H.partition = by_features ? work->pass.rows : work->pass.columns;
    if (fit->in_sketch.method && fit->in_sketch.method->plan)
        fit->in_sketch.method->plan(fit, fit->in_sketch.state);
    fit->on_X.method->plan(fit, fit->on_X.state);
    if (work->sketch.width > 0) nmfi_pass_spans(&work->pass, nmfi_team_threads(work->team));
}

/* The power of 4 that brings the mean near 1: its square root is a power of 2, so that nothing is
 * rounded, and data in any unit lead to the same bits. */
static void choose_scale(nmfi_fit *fit, double mean)
{
    const int most = fit->choice.precision == NMF_PRECISION_F32 ? 126 : 1022;
    int exponent;
    (void)frexp(mean, &exponent);
    exponent += exponent & 1;
    exponent = exponent > most ? most : exponent < -most ? -most : exponent;
    fit->facts.scale = ldexp(1.0, -exponent);
    fit->work.pass.scale = fit->work.transposed.scale = fit->facts.scale;
}

/* Who wants the fingerprint later would have to read all of X for it: from disk, or as nobody has it. */
static int digests(const nmfi_fit *fit)
{
    const nmfi_source *X = &fit->work.source;
    const int is_apart = nmfi_source_is_shared(X) && !X->is_sparse && !fit->work.observed.filled;
    return !X->in_memory || is_apart;
}

static nmf_status read_X(nmfi_fit *fit, nmf_error *error)
{
    nmfi_facts *facts = &fit->facts;
    const double entries = (double)facts->m * (double)facts->n;
    const int signed_ok = fit->choice.options.negatives == NMF_NEGATIVES_ALLOW;
    nmfi_scan scan;
    fit->work.pass.digests = digests(fit);
    nmf_status status = nmfi_pass_scan(&fit->work.pass, signed_ok, &scan, error);
    if (status != NMF_OK) return status;
    if (fit->work.pass.digests)
        facts->fingerprint =
            nmfi_fingerprint_of(facts->m, facts->n, fit->work.source.dtype, fit->work.pass.digest);
    fit->work.pass.digests = 0;
    if (scan.highest <= 0)
        return nmf_fail(error, NMF_ERROR_DATA,
                        scan.lowest < 0 ? "X has no entry above 0: there is nothing to factorize"
                                        : "X is all zero: there is nothing to factorize");
    choose_scale(fit, scan.lowest < 0      ? sqrt(scan.sum_of_squares / entries)
                      : isfinite(scan.sum) ? scan.sum / entries
                                           : scan.highest);
    const double scale = facts->scale;
    if (scan.sum_of_squares > DBL_MIN / DBL_EPSILON && scan.sum_of_squares <= DBL_MAX) {
        scan.sum *= scale;
        scan.sum_of_squares *= scale * scale;
        scan.lowest *= scale;
        scan.highest *= scale;
    } else { /* squares left the range of f64: once more, scaled */
        status = nmfi_pass_scan(&fit->work.pass, signed_ok, &scan, error);
        if (status != NMF_OK) return status;
    }
    /* What positive entries are like, where some are not. */
    facts->mean = scan.lowest < 0 ? sqrt(scan.sum_of_squares / entries) : scan.sum / entries;
    facts->norm2 = fit->choice.weighted && !fit->choice.stored_only
                       ? fit->work.observed.weighted_squares * scale * scale
                   : fit->work.stored.u ? fit->work.stored.weighted_squares * scale * scale
                                        : scan.sum_of_squares;
    facts->lowest = scan.lowest;
    facts->highest = scan.highest;
    const nmfi_penalties penalties =
        nmfi_penalties_of(&fit->choice.options, facts->m, facts->n, scale, fit->choice.beta);
    fit->W.l1 = penalties.W_l1;
    fit->W.l2 = penalties.W_l2;
    fit->H.l1 = penalties.H_l1;
    fit->H.l2 = penalties.H_l2;
    nmfi_constraints_fill(fit);
    const nmfi_stage on_X = fit->on_X;
    return on_X.method->prepare ? on_X.method->prepare(fit, on_X.state, error) : NMF_OK;
}

/* Where a whole iteration takes microseconds, waking a second thread takes longer. */
static int64_t worthwhile_threads(const nmfi_fit *fit)
{
    const double products = (double)fit->facts.m * (double)fit->facts.n * (double)fit->k;
    const int64_t threads = fit->choice.options.threads;
    return threads == 0 && products < 5e5 ? 1 : threads;
}

static nmf_status take_state(nmfi_stage *stage, nmf_error *error)
{
    if (!stage->method || stage->method->state_bytes == 0) return NMF_OK;
    stage->state = calloc(1, stage->method->state_bytes);
    return stage->state ? NMF_OK
                        : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes wanted",
                                   stage->method->state_bytes);
}

/* --- memory ------------------------------------------------------------------------------------ */

/* How much is done without for the sake of a limit, in the order in which it costs time; no result hangs
 * on it. */
typedef struct economy {
    int lean;        /* fewer sums of slots at a time */
    int spills;      /* arrays as long as a side lie in a scratch file */
    int64_t threads; /* as in options */
} economy;

static int save_more(const nmfi_fit *fit, economy *e)
{
    const int64_t threads = nmfi_team_threads(fit->work.team);
    if (!e->lean)
        e->lean = 1;
    else if (!e->spills)
        e->spills = 1;
    else if (threads > 1)
        e->threads = threads / 2;
    else
        return 0;
    return 1;
}

/* Beside the arena: the factors of the model, the longer one in a scratch file too where the fit spills. */
static size_t result_bytes(const nmfi_fit *fit)
{
    const int64_t bytes = fit->work.kernels->element_bytes;
    const size_t W = nmfi_product(fit->k * fit->W.partition.count, bytes);
    const size_t H = nmfi_product(fit->k * fit->H.partition.count, bytes);
    return !fit->work.arena.spills ? W + H : W < H ? W : H;
}

/* Of a scratch file some lies in memory, or every touch would wait for the disk. */
static size_t resident_bytes(const nmfi_arena *arena)
{
    enum { LEAST = 4 << 20 };
    return arena->long_used < LEAST ? arena->long_used : LEAST;
}

static size_t wanted_bytes(const nmfi_fit *fit)
{
    const nmfi_arena *arena = &fit->work.arena;
    return arena->used + resident_bytes(arena) + result_bytes(fit);
}

/* The team, and what plan and layout then want. */
static nmf_status measure(nmfi_fit *fit, const economy *e, nmf_error *error)
{
    nmfi_work *work = &fit->work;
    nmfi_team_stop(work->team);
    work->team = NULL;
    const nmf_status status = nmfi_team_start(e->threads, &work->team, error);
    if (status != NMF_OK) return status;
    work->arena = (nmfi_arena){.spills = e->spills};
    work->pass.lean = work->transposed.lean = e->lean;
    plan(fit);
    layout(fit);
    return NMF_OK;
}

/* As little as it takes. X that was left out of memory is not joined there by factors as large: then a
 * share of what there is is a limit too. */
static nmfi_memory_limit limit_of(const nmfi_fit *fit)
{
    nmfi_memory_limit limit = nmfi_memory_limit_of(&fit->choice.options);
    if (limit.bytes == 0 && !fit->work.source.in_memory) limit.bytes = nmfi_memory_bytes() / 4 * 3;
    return limit;
}

static nmf_status take_memory(nmfi_fit *fit, nmf_error *error)
{
    nmfi_work *work = &fit->work;
    const nmfi_memory_limit limit = limit_of(fit);
    economy e = {.threads = worthwhile_threads(fit)};
    nmf_status status;
    do {
        status = measure(fit, &e, error);
        if (status != NMF_OK) return status;
    } while (nmfi_exceeds(limit, wanted_bytes(fit)) && save_more(fit, &e));
    const size_t wanted = wanted_bytes(fit);
    if (nmfi_exceeds(limit, wanted) && work->arena.used <= PTRDIFF_MAX)
        return nmfi_fail_limit(limit, "the fit", wanted, error);
    const size_t beside = wanted - work->arena.used - resident_bytes(&work->arena);
    status = nmfi_arena_allocate(&work->arena, nmfi_limit_beside(limit, beside), error);
    if (status == NMF_OK) layout(fit);
    return status;
}

/* Memory, from the plan; then X is read. */
static nmf_status open_team(nmfi_fit *fit, nmf_error *error)
{
    nmfi_work *work = &fit->work;
    nmf_status status = take_state(&fit->in_sketch, error);
    if (status == NMF_OK) status = take_state(&fit->on_X, error);
    if (status == NMF_OK) status = take_memory(fit, error);
    status = nmfi_source_agree(&work->source, status, error);
    if (status != NMF_OK) return status;
    work->pass.team = work->transposed.team = work->team;
    work->pass.stop = work->transposed.stop = &work->stop;
    if (work->arena.spills) work->pass.spilled = work->transposed.spilled = &work->arena.scratch;
    nmfi_pass_prepare(&work->pass);
    if (fit->choice.options.checkpoints) status = nmfi_checkpoint_open(fit, error);
    return status == NMF_OK ? read_X(fit, error) : status;
}

/* What is chosen depends on whether any entry counts otherwise than the rest. */
static nmf_status choose(nmfi_fit *fit, const nmf_options *options, nmf_error *error)
{
    fit->choice.weighted = nmfi_matrix_is_weighted(fit->X);
    fit->choice.stored_only = nmf_matrix_missing(fit->X) == NMF_MISSING_UNSTORED;
    nmf_status status = fit->choice.weighted ? nmfi_weights_check_stored(fit->X, error) : NMF_OK;
    if (status == NMF_OK) status = nmfi_choose(fit, options, error);
    if (status == NMF_OK && fit->choice.stored_only) return nmfi_weigh_stored(fit, error);
    if (status != NMF_OK || !fit->choice.weighted) return status;
    status = nmfi_weigh(fit, error);
    if (status != NMF_OK || fit->work.observed.filled) return status;
    fit->choice = (nmfi_choice){0}; /* every one counts once: the fit of X itself */
    return nmfi_choose(fit, options, error);
}

/* What was made of X and of what is known. */
static void close_X(nmfi_fit *fit)
{
    if (nmfi_matrix_is_weighted(fit->X)) nmfi_weights_close(fit);
    nmfi_constraints_close(fit);
}

nmf_status nmfi_open(nmfi_fit *fit, const nmfi_method *method, const nmf_matrix *X,
                     const nmf_options *options, nmf_error *error)
{
    nmfi_work *work = &fit->work;
    memset(fit, 0, sizeof *fit);
    work->began_seconds = nmfi_seconds();
    fit->X = X;
    fit->k = options->k;
    work->source = nmfi_source_of(X);
    fit->facts.m = nmfi_source_all_rows(&work->source);
    fit->facts.n = work->source.columns;
    fit->facts.stored = work->source.stored;
    if (fit->facts.m == 0 || fit->facts.n == 0)
        return nmf_fail(error, NMF_ERROR_DATA, "X is empty: %lld samples x %lld features",
                        (long long)fit->facts.m, (long long)fit->facts.n);
    nmf_status status = work->source.in_memory ? NMF_OK : nmfi_lines_readable(&work->source, error);
    if (status == NMF_OK) status = nmfi_constraints_open(fit, options, error);
    if (status == NMF_OK) status = choose(fit, options, error);
    if (method) fit->on_X.method = method;
    if (status == NMF_OK && fit->on_X.method->reads_lines && work->source.is_sparse) {
        work->source = nmfi_source_as_lines(&work->source);
        status = nmfi_lines_readable(&work->source, error);
    }
    if (status == NMF_OK) status = nmfi_pass_countable(&work->source, pass_width(fit), error);
    if (status != NMF_OK) {
        close_X(fit);
        return status;
    }
    work->kernels =
        nmfi_kernels_for(fit->choice.precision == NMF_PRECISION_F64 ? NMF_F64 : NMF_F32, NULL);
    work->trace_capacity = options->max_iter < 100000 ? options->max_iter + 8 : 100008;
    nmfi_watch(fit);
    status = open_team(fit, error);
    if (nmfi_was_stopped(fit, status)) status = nmfi_fail_without_result(fit, error);
    if (status != NMF_OK) nmfi_close(fit);
    return status;
}

void nmfi_close(nmfi_fit *fit)
{
    nmfi_team_stop(fit->work.team);
    nmfi_arena_free(&fit->work.arena);
    close_X(fit);
    free(fit->in_sketch.state);
    free(fit->on_X.state);
    fit->work.team = NULL;
    fit->in_sketch.state = fit->on_X.state = NULL;
}
