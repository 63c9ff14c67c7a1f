/* The fit: open; sketch; for each start begin, converge in the sketch, iterate on X; keep the best
 * start; polish and finish; result. */
#include "fit/fit.h"

#include "fit/constraints.h"
#include "fit/defaults.h"
#include "fit/loss.h"
#include "fit/method.h"
#include "fit/result.h"
#include "fit/scaled.h"
#include "fit/single.h"
#include "fit/volume.h"

#include "base/stop.h"
#include "model/model.h"

#include <math.h>
#include <stdlib.h>

/* --- the sketch -------------------------------------------------------------------------------- */

static void choose_passes(const nmfi_fit *fit, nmfi_sketch *sketch)
{
    const int in_sketch = fit->in_sketch.method != NULL, begins = fit->choice.only_begins;
    sketch->accuracy = begins ? 0 : in_sketch ? 1e-6 : 1e-4;
    sketch->most_passes = nmfi_sketch_most_passes(fit);
}

static nmf_status run_sketch(nmfi_fit *fit, nmf_error *error)
{
    nmfi_sketch *sketch = &fit->work.sketch;
    if (fit->keeper.resumes && nmfi_goes_on_without_sketch(fit)) {
        if (fit->in_sketch.method && fit->place.sketch_rank == 0) nmfi_drop_sketch(fit);
        return NMF_OK;
    }
    if (sketch->width == 0) return NMF_OK;
    choose_passes(fit, sketch);
    sketch->seed = fit->choice.options.seed;
    nmfi_go_on(fit, NMFI_UNTIL_SKETCHED);
    nmf_status status = (sketch->small_side > 0 ? nmfi_sketch_run_by_gram
                                                : nmfi_sketch_run)(sketch, &fit->work.pass, error);
    status = nmfi_unless_stopped(fit, status, error);
    if (status != NMF_OK || !fit->in_sketch.method) return status;
    if (!nmfi_sketch_misses(fit))
        return fit->in_sketch.method->prepare(fit, fit->in_sketch.state, error);
    /* The whole fit on X; its start deserves a better sketch. */
    nmfi_drop_sketch(fit);
    if (nmfi_start_triplets(fit->choice.options.init, fit->k) == 0) return NMF_OK;
    status = nmfi_sketch_go_on(sketch, &fit->work.pass, error);
    return nmfi_unless_stopped(fit, status, error);
}

/* One reading with the sketch's width, at a rate that no processor of today exceeds by much, would take a good part of
 * the time there is. */
static int sketch_takes_too_long(const nmfi_fit *fit)
{
    static const double rate = 5e10, part = 0.25; /* flops a second of a thread */
    const double limit = fit->choice.options.time_limit_seconds;
    const double width = (double)fit->work.sketch.width,
                 threads = (double)nmfi_team_threads(fit->work.team);
    const double flops = 4 * (double)fit->facts.stored * width;
    return limit > 0 && !nmfi_source_is_shared(&fit->work.source) &&
           flops / (rate * threads) > part * limit;
}

/* Where the time limit leaves none for a sketch, what needs none. */
static nmf_status sketch_while_there_is_time(nmfi_fit *fit, nmf_error *error)
{
    const int skips = sketch_takes_too_long(fit);
    nmf_status status = skips ? NMF_OK : run_sketch(fit, error);
    const int left =
        status == NMF_ERROR_INTERRUPTED && nmfi_stop_said(&fit->work.stop) == NMFI_STOP_TIME;
    if (skips || left) {
        nmfi_drop_sketch(fit);
        if (nmfi_start_triplets(fit->choice.options.init, fit->k) > 0)
            fit->choice.options.init = NMF_INIT_RANDOM;
        status = NMF_OK;
    }
    if (status == NMF_OK) nmfi_go_on(fit, NMFI_UNTIL_MEASURED);
    return status;
}

static nmf_status converge_in_sketch(nmfi_fit *fit, nmf_error *error)
{
    /* An iteration here is worth it as long as the loss still moves; another fit only begins. */
    const double moving = fit->choice.only_begins ? 1e-4 : 3e-6;
    nmfi_sketch_enter(fit);
    const nmf_status status =
        nmfi_iterate_in_sketch(fit, fit->in_sketch, nmfi_sketch_left_out(fit), moving, error);
    nmfi_sketch_leave(fit);
    return status;
}

/* --- starts ------------------------------------------------------------------------------------ */

/* The first iterations, whose loss tells the starts apart. */
static nmf_status iterate_for(nmfi_fit *fit, int64_t iterations, nmf_error *error)
{
    nmf_options *o = &fit->choice.options;
    const int64_t most = o->max_iter;
    if (most > iterations) o->max_iter = iterations;
    const nmf_status status = nmfi_iterate(fit, fit->on_X, o->tol, error);
    o->max_iter = most;
    return status;
}

/* The start, and what it comes to in the sketch. */
static nmf_status begin_start(nmfi_fit *fit, int64_t s, nmf_error *error)
{
    const nmfi_stage on_X = fit->on_X;
    nmf_status status = NMF_OK;
    if (!fit->keeper.resumes) {
        nmfi_rewind(fit);
        fit->place = (nmfi_place){.start = s, .phase = NMFI_IN_SKETCH, .best = fit->place.best};
        if (fit->choice.begins_single) nmfi_single_begin(fit);
        status = nmfi_make_start(fit, s, error);
        nmfi_clamp_factors(fit);
    }
    if (status == NMF_OK && fit->in_sketch.method) status = converge_in_sketch(fit, error);
    fit->place.phase = NMFI_STARTING;
    if (status != NMF_OK || !on_X.method->begin) return status;
    return on_X.method->begin(fit, on_X.state, error);
}

/* In f32 as far as that leads, if the fit begins so. */
static nmf_status iterate_on_X(nmfi_fit *fit, nmf_error *error)
{
    const double tol = fit->choice.options.tol;
    if (fit->place.single) {
        const nmf_status status = nmfi_iterate(fit, fit->on_X, tol, error);
        nmfi_single_end(fit);
        if (status != NMF_OK || nmfi_iterated(fit, fit->on_X, tol)) return status;
    }
    return nmfi_iterate(fit, fit->on_X, tol, error);
}

static nmf_status follow(nmfi_fit *fit, int64_t s, nmf_error *error)
{
    const nmfi_method *method = fit->on_X.method;
    const int follows = fit->choice.follows;
    const int tries = fit->choice.starts > 1 && method->trial_iterations > 0 && !follows;
    const int has_begun = fit->keeper.resumes && fit->place.phase > NMFI_IN_SKETCH;
    nmf_status status = has_begun ? NMF_OK : begin_start(fit, s, error);
    if (status != NMF_OK) return status;
    if (method->iterate) {
        status = method->iterate(fit, fit->on_X.state, error);
        return nmfi_was_stopped(fit, status) ? NMF_OK : status;
    }
    if (fit->H.all_fixed) return NMF_OK; /* the last visit solves every row of W */
    if (tries) return iterate_for(fit, method->trial_iterations, error);
    if (fit->in_sketch.method && !follows) return NMF_OK;
    return iterate_on_X(fit, error);
}

/* What came of it is of the fit's own type, whatever it was made in. */
static nmf_status run_start(nmfi_fit *fit, int64_t s, nmf_error *error)
{
    const nmf_status status = follow(fit, s, error);
    if (fit->place.single) nmfi_single_end(fit);
    return status;
}

static int is_exact(const nmfi_fit *fit)
{
    const nmfi_stage on_X = fit->on_X;
    const double loss = fit->progress.loss;
    return loss <= on_X.method->scale(fit, on_X.state, loss).nothing;
}

/* By more than what rounding, and where iterations happened to end, make of the same minimum: which
 * start wins must not hang on the kernels, or on how X is stored. */
static int is_better(const nmfi_fit *fit, double loss, double best)
{
    /* What one that is not the first must gain: that the last visit would give it too is not worth it. */
    const double slack = fit->choice.follows ? 1e-3 : 1e-5;
    const nmfi_stage on_X = fit->on_X;
    const double rounding = on_X.method->scale(fit, on_X.state, best).rounding;
    return loss < best - fmax(slack * best, rounding);
}

/* --- starts that take turns -------------------------------------------------------------------- */

static int is_mine(const nmfi_fit *fit, int64_t s)
{
    return fit->turns->is_mine(fit->turns->context, s);
}

static void tell(const nmfi_fit *fit, int64_t s, void *data, size_t bytes)
{
    fit->turns->tell(fit->turns->context, s, data, bytes);
}

static nmf_status agree(const nmfi_fit *fit, nmf_status status, nmf_error *error)
{
    return fit->turns->agree(fit->turns->context, status, error);
}

/* What came of a start. */
typedef struct outcome {
    double loss;
    int done, is_last; /* is_last: it is exact, or the fit was told to stop */
} outcome;

static nmf_status follow_start(nmfi_fit *fit, int64_t s, outcome *came, nmf_error *error)
{
    const nmf_status status = run_start(fit, s, error);
    if (status == NMF_OK)
        *came = (outcome){fit->progress.loss, 1, nmfi_told_to_stop(fit) || is_exact(fit)};
    return status;
}

/* Those whose turn it is here; *kept is the one whose factors are. */
static nmf_status follow_own_starts(nmfi_fit *fit, outcome *came, int64_t *kept, nmf_error *error)
{
    *kept = -1;
    for (int64_t s = 0; s < fit->choice.starts; s++) {
        if (!is_mine(fit, s)) continue;
        const nmf_status status = follow_start(fit, s, &came[s], error);
        if (nmfi_was_stopped(fit, status)) return NMF_OK; /* it has no result, but others may */
        if (status != NMF_OK) return status;
        if (*kept < 0 || is_better(fit, came[s].loss, came[*kept].loss)) {
            nmfi_keep_start(fit, &fit->place.best);
            *kept = s;
        }
        if (came[s].is_last) break;
    }
    return NMF_OK;
}

/* The start that wins where one follows the other. */
static int64_t winner_of(const nmfi_fit *fit, const outcome *came)
{
    int64_t best = -1;
    for (int64_t s = 0; s < fit->choice.starts; s++) {
        if (!came[s].done) continue;
        if (best < 0 || is_better(fit, came[s].loss, came[best].loss)) best = s;
        if (came[s].is_last) break;
    }
    return best;
}

/* The factors, progress and trace of start `s`, from the process that made it to all others. */
static void tell_start(nmfi_fit *fit, int64_t s)
{
    nmfi_progress *best = &fit->place.best;
    tell(fit, s, best, sizeof *best);
    tell(fit, s, fit->W.kept, nmfi_factor_bytes(fit, &fit->W));
    tell(fit, s, fit->H.kept, nmfi_factor_bytes(fit, &fit->H));
    tell(fit, s, fit->work.kept_trace, (size_t)best->trace_count * sizeof *fit->work.kept_trace);
}

static nmf_status run_in_turns(nmfi_fit *fit, outcome *came, nmf_error *error)
{
    int64_t kept;
    nmf_status status = agree(fit, follow_own_starts(fit, came, &kept, error), error);
    if (status != NMF_OK) return status;
    for (int64_t s = 0; s < fit->choice.starts; s++) {
        tell(fit, s, &came[s], sizeof came[s]);
        fit->work.start_losses[s] = came[s].done ? came[s].loss : (double)NAN;
    }
    const int64_t winner = winner_of(fit, came);
    if (winner < 0) return nmfi_fail_stopped(error);
    /* A start may win that was not enough better than one before it to be kept here: once more. */
    if (is_mine(fit, winner) && kept != winner) {
        status = follow_start(fit, winner, &came[winner], error);
        if (status == NMF_OK) nmfi_keep_start(fit, &fit->place.best);
    }
    status = agree(fit, status, error);
    if (status != NMF_OK) return status;
    tell_start(fit, winner);
    nmfi_restore_start(fit, &fit->place.best);
    return NMF_OK;
}

static nmf_status take_turns(nmfi_fit *fit, nmf_error *error)
{
    outcome *came = calloc((size_t)fit->choice.starts, sizeof *came);
    nmf_status status = came ? NMF_OK : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: starts");
    status = agree(fit, status, error);
    if (status == NMF_OK) status = run_in_turns(fit, came, error);
    free(came);
    return status;
}

/* --- starts one after the other ---------------------------------------------------------------- */

static nmf_status run_starts(nmfi_fit *fit, nmf_error *error)
{
    if (fit->choice.starts == 1) return run_start(fit, 0, error);
    if (fit->turns) return take_turns(fit, error);
    nmfi_progress *best = &fit->place.best;
    if (!fit->keeper.resumes)
        for (int64_t s = 0; s < fit->choice.starts; s++) fit->work.start_losses[s] = (double)NAN;
    for (int64_t s = fit->place.start; s < fit->choice.starts; s++) {
        const nmf_status status = run_start(fit, s, error);
        const int stopped = nmfi_was_stopped(fit, status); /* it has no result, but others may */
        if (status != NMF_OK && !(stopped && s > 0)) return status;
        if (!stopped) fit->work.start_losses[s] = fit->progress.loss;
        if (s == 0 || (!stopped && is_better(fit, fit->progress.loss, best->loss)))
            nmfi_keep_start(fit, best);
        if (nmfi_told_to_stop(fit)) best->stopped = fit->progress.stopped;
        if (nmfi_told_to_stop(fit) || is_exact(fit)) break;
    }
    nmfi_restore_start(fit, best);
    return NMF_OK;
}

/* --- the end ----------------------------------------------------------------------------------- */

/* The last visit left something to do: a residual that is not yet below tol, rows in deeper valleys than
 * they were in, or a loss that stands where the residual does not yet allow it to. */
static int goes_on(const nmfi_fit *fit, double before)
{
    const nmfi_progress *progress = &fit->progress;
    const double tol = fit->choice.options.tol;
    if (progress->stopped == NMF_STOPPED_CONVERGED) return progress->kkt > tol;
    if (progress->stopped != NMF_STOPPED_STALLED) return 0;
    const nmfi_method *method = fit->on_X.method;
    return (method->deepens && before - progress->loss > tol * before) ||
           (method->flat > 0 && progress->kkt > tol * method->flat);
}

/* The last visit could not be made: what the iterations measured stands. */
static void keep_measured(nmfi_fit *fit)
{
    nmfi_progress *progress = &fit->progress;
    const double penalties = nmfi_penalty_of_incumbent(fit, &fit->W) +
                             nmfi_penalty_of_incumbent(fit, &fit->H) +
                             (fit->volume.wanted ? nmfi_volume_at(fit, fit->H.incumbent) : 0);
    const double divergence = progress->loss - penalties;
    progress->error = sqrt(2 * (divergence < 0 ? 0 : divergence)); /* Trap: fmax would hide a NaN */
}

static nmf_status finish(nmfi_fit *fit, nmf_error *error)
{
    const nmfi_method *method = fit->on_X.method;
    nmfi_go_on(fit, NMFI_UNTIL_FINISHED);
    nmf_status status = method->finish(fit, fit->on_X.state, error);
    status = nmfi_unless_stopped(fit, status, error);
    if (!nmfi_was_stopped(fit, status) || !fit->progress.measured) return status;
    keep_measured(fit);
    return NMF_OK;
}

/* Rows of W are solved in the order that they are returned in, as transform will solve them. */
static nmf_status finish_in_order(nmfi_fit *fit, nmf_error *error)
{
    (void)nmfi_sort_components(fit);
    return finish(fit, error);
}

/* Iterations go by residuals measured on the way; the last visit measures the returned pair itself.
 * The fit goes on from there where that is worth it, more strictly. */
static nmf_status polish(nmfi_fit *fit, nmf_error *error)
{
    enum { ROUNDS = 4 };
    const nmfi_method *method = fit->on_X.method;
    nmfi_place *place = &fit->place;
    const int tried =
        method->trial_iterations > 0 && fit->choice.starts > 1 && !fit->choice.follows;
    if (!fit->keeper.resumes) {
        place->phase = NMFI_POLISHING;
        place->tol = fit->choice.options.tol;
    }
    for (; place->round < ROUNDS; place->round++, place->tol *= 0.3) {
        const int iterates = !fit->H.all_fixed && (place->round > 0 || tried ||
                                                   (fit->in_sketch.method && !fit->choice.follows));
        nmf_status status = NMF_OK;
        const int may = fit->progress.iterations < fit->choice.options.max_iter;
        if (iterates && may && !nmfi_told_to_stop(fit)) {
            nmfi_go_on(fit, fit->progress.measured ? NMFI_UNTIL_LIMIT : NMFI_UNTIL_MEASURED);
            status = nmfi_iterate(fit, fit->on_X, place->tol, error);
        }
        const double before = fit->progress.loss;
        if (status == NMF_OK) status = finish_in_order(fit, error);
        if (status != NMF_OK) return status;
        if (fit->H.all_fixed || !goes_on(fit, before)) break;
    }
    return NMF_OK;
}

/* The verdict is about the pair that is returned. */
static void judge(nmfi_fit *fit)
{
    nmfi_progress *progress = &fit->progress;
    const double tol = fit->choice.options.tol;
    if (progress->stopped == NMF_STOPPED_CONVERGED && progress->kkt > tol)
        progress->stopped = NMF_STOPPED_STALLED;
    const int to_its_end =
        progress->stopped == NMF_STOPPED_STALLED || progress->stopped == NMF_STOPPED_MAX_ITER;
    if (to_its_end && progress->kkt <= tol) progress->stopped = NMF_STOPPED_CONVERGED;
    if (progress->stopped == NMF_STOPPED_STALLED && progress->kkt <= tol * fit->on_X.method->flat)
        progress->stopped = NMF_STOPPED_CONVERGED;
}

/* Whatever rounding, or an X that changed while it was read, made of the fit. */
static nmf_status check_finite(const nmfi_fit *fit, nmf_error *error)
{
    const nmfi_progress *progress = &fit->progress;
    /* An infinite residual, of an enormous penalty, claims nothing. */
    if (isfinite(progress->loss) && isfinite(progress->error) && !isnan(progress->kkt))
        return NMF_OK;
    return nmf_fail(
        error, NMF_ERROR_NUMERICAL,
        "the fit left the range of its arithmetic (loss %g, residual %g): use precision "
        "f64, another start or smaller penalties, or bring X nearer to 1",
        progress->loss, progress->kkt);
}

static nmf_status run(nmfi_fit *fit, nmf_error *error)
{
    const nmfi_method *method = fit->on_X.method;
    const int is_f64 = fit->choice.precision == NMF_PRECISION_F64;
    nmf_status status = is_f64 ? nmfi_single_open(fit, error) : NMF_OK;
    if (status == NMF_OK) status = sketch_while_there_is_time(fit, error);
    if (status == NMF_OK && fit->keeper.resumes) status = nmfi_checkpoint_load(fit, error);
    if (fit->choice.begins_single) nmfi_single_use(fit, fit->place.single != 0);
    if (status == NMF_OK && fit->volume.wanted) status = nmfi_volume_open(fit, error);
    if (status == NMF_OK && fit->place.phase < NMFI_POLISHING) status = run_starts(fit, error);
    /* Only the best start gets to read X again. */
    if (status == NMF_OK) status = method->iterate ? finish(fit, error) : polish(fit, error);
    if (nmfi_was_stopped(fit, status)) return nmfi_fail_without_result(fit, error);
    if (status == NMF_OK) status = check_finite(fit, error);
    if (status == NMF_OK && !method->iterate) judge(fit);
    return status;
}

static nmf_status fit_in_turns(const nmfi_turns *turns, const nmfi_method *method,
                               const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                               nmf_error *error)
{
    nmfi_fit fit;
    const nmf_status opened = nmfi_open(&fit, method, X, options, error);
    nmf_status status = turns ? turns->agree(turns->context, opened, error) : opened;
    fit.turns = turns;
    if (status == NMF_OK) status = run(&fit, error);
    if (status == NMF_OK) status = nmfi_result(&fit, model, error);
    if (opened == NMF_OK) nmfi_close(&fit);
    /* What the caller waited, until the memory was given back. */
    if (status == NMF_OK) (*model)->content.seconds = nmfi_seconds() - fit.work.began_seconds;
    return status;
}

/* Of X itself, or of what its weights make of it. */
static nmf_status fit_as_weighted(const nmfi_turns *turns, const nmfi_method *method,
                                  const nmf_matrix *X, const nmf_options *options,
                                  nmf_model **model, nmf_error *error)
{
    nmfi_scaled_fit scaled;
    if (!nmf_matrix_has_weights(X)) return fit_in_turns(turns, method, X, options, model, error);
    nmf_status status = nmfi_scaled_open(X, options, &scaled, error);
    if (status != NMF_OK) return status;
    const int is_scaled = scaled.by.scaled != NULL;
    status = fit_in_turns(turns, method, is_scaled ? scaled.by.scaled : X,
                          is_scaled ? &scaled.options : options, model, error);
    if (status == NMF_OK && is_scaled) {
        status = nmfi_scaled_finish(&scaled, *model, error);
        if (status != NMF_OK) {
            nmf_model_free(*model);
            *model = NULL;
        }
    }
    nmfi_scaled_close(&scaled);
    return status;
}

nmf_status nmfi_fit_model(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                          nmf_error *error)
{
    return nmfi_fit_by(NULL, X, options, model, error);
}

nmf_status nmfi_fit_by(const nmfi_method *method, const nmf_matrix *X, const nmf_options *options,
                       nmf_model **model, nmf_error *error)
{
    return fit_as_weighted(NULL, method, X, options, model, error);
}

nmf_status nmfi_fit_in_turns(const nmfi_turns *turns, const nmf_matrix *X,
                             const nmf_options *options, nmf_model **model, nmf_error *error)
{
    return fit_as_weighted(turns, NULL, X, options, model, error);
}
