/* Choosing (choose.h). Which method minimizes which loss is the table here. */
#include "fit/choose.h"

#include "base/options.h"
#include "fit/constraints.h"
#include "fit/defaults.h"
#include "fit/method.h"
#include "pass/factor.h"

#include <stdio.h>

extern const nmfi_method nmfi_method_hals, nmfi_method_cd, nmfi_method_divergence, nmfi_method_mu,
    nmfi_method_jmm, nmfi_method_incremental, nmfi_method_incremental_kl, nmfi_method_sketch;

/* --- losses and methods ------------------------------------------------------------------------ */

/* The loss by its own name: beta = 1 is kl. */
static void name_loss(nmf_options *options)
{
    if (options->loss != NMF_LOSS_BETA) return;
    if (options->beta == 2) options->loss = NMF_LOSS_FROBENIUS;
    if (options->beta == 1) options->loss = NMF_LOSS_KL;
    if (options->beta == 0) options->loss = NMF_LOSS_IS;
}

/* By nmf_solver; what a solver minimizes beside the Frobenius loss. */
static const struct {
    const nmfi_method *frobenius, *divergence;
    int kl_only;
    const nmfi_method *weighted; /* any loss, where entries have weights */
} methods[] = {
    [NMF_SOLVER_AUTO] = {&nmfi_method_hals, &nmfi_method_divergence, 0, &nmfi_method_divergence},
    [NMF_SOLVER_HALS] = {&nmfi_method_hals, NULL, 0, NULL},
    [NMF_SOLVER_CD] = {&nmfi_method_cd, NULL, 0, NULL},
    [NMF_SOLVER_MU] = {&nmfi_method_mu, &nmfi_method_mu, 0, NULL},
    [NMF_SOLVER_SCD] = {NULL, &nmfi_method_divergence, 1, &nmfi_method_divergence},
    [NMF_SOLVER_JMM] = {&nmfi_method_jmm, &nmfi_method_jmm, 0, NULL},
    [NMF_SOLVER_INCREMENTAL] = {&nmfi_method_incremental, &nmfi_method_incremental_kl, 1, NULL},
};

/* Where a reading of X is dear, what is left open becomes a method that makes the most of each, and wants no
 * copy of X. A sketch makes more yet, of what is dense and has the Frobenius loss. */
static void choose_for_readings(nmfi_fit *fit)
{
    const nmfi_source *source = &fit->work.source;
    nmf_options *o = &fit->choice.options;
    if (source->in_memory || nmfi_source_is_shared(source)) return;
    if (o->solver != NMF_SOLVER_AUTO) return;
    if (fit->choice.weighted || o->volume > 0) return;
    const int is_kl = o->loss == NMF_LOSS_KL, is_frobenius = o->loss == NMF_LOSS_FROBENIUS;
    if (is_frobenius && !source->is_sparse) return;
    if (!is_frobenius && nmfi_is_constrained(fit)) return; /* those methods take none */
    o->solver = is_kl || is_frobenius ? NMF_SOLVER_INCREMENTAL : NMF_SOLVER_JMM;
}

/* Lines that are read have no other side: the methods for them do without. */
static nmf_status choose_for_lines(nmfi_fit *fit, nmf_error *error)
{
    static const char *const losses[] = {NMF_LOSS_NAMES}, *const solvers[] = {NMF_SOLVER_NAMES};
    nmf_options *o = &fit->choice.options;
    const int by_itself = o->solver == NMF_SOLVER_AUTO;
    const int is_incremental = o->solver == NMF_SOLVER_INCREMENTAL;
    if (fit->choice.weighted)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "a sparse X that is not in memory takes no weights and no missing entries");
    if (o->loss == NMF_LOSS_KL && (by_itself || o->solver == NMF_SOLVER_JMM)) {
        o->solver = NMF_SOLVER_JMM;
        return NMF_OK;
    }
    if (o->loss == NMF_LOSS_KL && is_incremental) return NMF_OK;
    if (o->loss == NMF_LOSS_FROBENIUS &&
        (by_itself || is_incremental || o->solver == NMF_SOLVER_HALS))
        return NMF_OK;
    return nmf_fail(
        error, NMF_ERROR_UNSUPPORTED,
        "a sparse X that is not in memory is fitted by frobenius with solver auto, "
        "incremental or hals and by kl with auto, incremental or jmm, not by %s with %s",
        losses[o->loss], solvers[o->solver]);
}

static int minimizes(size_t solver, nmf_loss loss)
{
    if (loss == NMF_LOSS_FROBENIUS) return methods[solver].frobenius != NULL;
    return methods[solver].divergence != NULL && (!methods[solver].kl_only || loss == NMF_LOSS_KL);
}

/* The solvers that minimize the loss: "auto, mu, scd or jmm". */
static void list_solvers(nmf_loss loss, char *list, size_t bytes)
{
    static const char *const solvers[] = {NMF_SOLVER_NAMES};
    size_t left = 0, used = 0;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) left += minimizes(i, loss) != 0;
    list[0] = '\0';
    for (size_t i = 0; i < sizeof methods / sizeof *methods && used < bytes; i++) {
        if (!minimizes(i, loss)) continue;
        left--;
        used += (size_t)snprintf(list + used, bytes - used, "%s%s", solvers[i],
                                 left > 1    ? ", "
                                 : left == 1 ? " or "
                                             : "");
    }
}

static nmf_status choose_method(nmfi_fit *fit, nmf_error *error)
{
    choose_for_readings(fit);
    if (nmfi_reads_lines(&fit->work.source)) {
        const nmf_status status = choose_for_lines(fit, error);
        if (status != NMF_OK) return status;
    }
    static const char *const losses[] = {NMF_LOSS_NAMES}, *const solvers[] = {NMF_SOLVER_NAMES};
    const nmf_options *o = &fit->choice.options;
    const int frobenius = o->loss == NMF_LOSS_FROBENIUS;
    fit->on_X.method = frobenius ? methods[o->solver].frobenius : methods[o->solver].divergence;
    if (methods[o->solver].kl_only && !frobenius && o->loss != NMF_LOSS_KL) fit->on_X.method = NULL;
    fit->choice.only_begins = fit->on_X.method != &nmfi_method_hals &&
                              fit->on_X.method != &nmfi_method_cd &&
                              fit->on_X.method != &nmfi_method_incremental;
    fit->choice.momentum = o->solver == NMF_SOLVER_AUTO || o->solver == NMF_SOLVER_SCD ||
                           o->solver == NMF_SOLVER_JMM ||
                           fit->on_X.method == &nmfi_method_incremental;
    fit->choice.scd = o->solver == NMF_SOLVER_SCD                              ? NMFI_SCD_ALWAYS
                      : o->solver == NMF_SOLVER_AUTO && o->loss == NMF_LOSS_KL ? NMFI_SCD_BY_DATA
                                                                               : NMFI_SCD_NEVER;
    if (methods[o->solver].kl_only && o->loss != NMF_LOSS_KL && !fit->on_X.method)
        return nmf_fail(
            error, NMF_ERROR_ARGUMENT,
            "solver = %s minimizes the kl loss%s only; loss %s needs another", solvers[o->solver],
            methods[o->solver].frobenius ? " and the frobenius loss" : "", losses[o->loss]);
    if ((o->solver == NMF_SOLVER_JMM || fit->on_X.method == &nmfi_method_incremental_kl) &&
        nmfi_is_constrained(fit))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "solver = %s takes no known parts, bounds or sums%s; auto does",
                        solvers[o->solver],
                        o->solver == NMF_SOLVER_JMM ? "" : " under the kl loss");
    if (o->solver == NMF_SOLVER_INCREMENTAL && nmfi_source_is_shared(&fit->work.source))
        return nmf_fail(
            error, NMF_ERROR_UNSUPPORTED,
            "solver = incremental visits rows one group after the other, so several processes "
            "have nothing to share; auto does");
    if (o->negatives == NMF_NEGATIVES_ALLOW &&
        (!frobenius || o->solver == NMF_SOLVER_MU || o->solver == NMF_SOLVER_JMM))
        return nmf_fail(
            error, NMF_ERROR_ARGUMENT,
            "negatives = allow: only the frobenius loss takes entries below 0, with solver "
            "auto, hals or cd; loss %s with solver %s does not",
            losses[o->loss], solvers[o->solver]);
    if ((o->solver == NMF_SOLVER_MU || o->solver == NMF_SOLVER_SCD) && fit->W.limits.sums_to_one)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "solver = %s brings no row to a sum; simplex = W needs auto",
                        solvers[o->solver]);
    if (fit->choice.weighted) {
        /* Rows with other entries have no metric in common. */
        if (o->loss == NMF_LOSS_KL) fit->choice.scd = NMFI_SCD_ALWAYS;
        fit->on_X.method = methods[o->solver].weighted;
        if (fit->on_X.method) return NMF_OK;
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "solver = %s takes no weights and no missing entries; auto does",
                        solvers[o->solver]);
    }
    if (fit->on_X.method) return NMF_OK;
    char others[64];
    list_solvers(o->loss, others, sizeof others);
    return nmf_fail(error, NMF_ERROR_ARGUMENT,
                    "solver = %s minimizes the frobenius loss only; loss %s needs %s",
                    solvers[o->solver], losses[o->loss], others);
}

/* --- sketch ------------------------------------------------------------------------------------ */

/* The nearest number of whole vectors that holds `least`, or just enough halves. */
static int64_t round_to_vectors(int64_t rank, int64_t least)
{
    const int64_t lanes = NMFI_LANES_MIN, half = lanes / 2;
    const int64_t nearest = (rank + half) / lanes * lanes;
    return nearest >= least ? nearest : (least + half - 1) / half * half;
}

/* All of it beforehand: there is nothing to learn but W. */
static int knows_H(const nmfi_fit *fit)
{
    return fit->H.limits.binds && nmfi_limits_fix_all(&fit->H.limits);
}

static int64_t sketch_rank(const nmfi_fit *fit)
{
    const nmf_options *o = &fit->choice.options;
    const double m = (double)fit->facts.m, n = (double)fit->facts.n;
    const int64_t least = fit->facts.m < fit->facts.n ? fit->facts.m : fit->facts.n;
    /* A sketch knows no weights; where all of H is known there is nothing to learn. */
    if (o->solver != NMF_SOLVER_AUTO || o->sketch == 0 || fit->choice.weighted) return 0;
    if (knows_H(fit)) return 0;
    if (o->sketch > 0) return o->sketch > least ? least : o->sketch > fit->k ? o->sketch : fit->k;
    /* Who gives a start is to go on from it: in a sketch its loss is another one. */
    if (!nmfi_defaults_for(&fit->work.source).sketches || o->init == NMF_INIT_CUSTOM) return 0;
    /* For a divergence the sketch only begins: a coarser one begins as well and is quicker. */
    const int64_t halves = fit->choice.only_begins ? 5 : 7;
    const int64_t rank = round_to_vectors(halves * fit->k / 2, fit->k + 16);
    return rank < least && m * n / (m + n) >= 2.0 * (double)rank ? rank : 0;
}

/* One sketch serves the start and the fit in it. */
static void choose_sketch(nmfi_fit *fit)
{
    const int64_t m = fit->facts.m, n = fit->facts.n, least = m < n ? m : n;
    fit->choice.sketch_rank = sketch_rank(fit);
    if (fit->choice.sketch_rank > 0) fit->in_sketch.method = &nmfi_method_sketch;
    fit->work.sketch.rank = fit->k < least ? fit->k : least;
    if (fit->choice.sketch_rank > 0)
        fit->work.sketch.width = fit->choice.sketch_rank;
    else if (nmfi_start_triplets(fit->choice.options.init, fit->k) > 0 || fit->volume.wanted)
        fit->work.sketch.width = nmfi_sketch_width(fit->k, m, n);
    fit->work.sketch.small_side = 0;
    if (fit->in_sketch.method && nmfi_sketch_most_passes(fit) > 2)
        nmfi_sketch_choose_gram(&fit->work.sketch, &fit->work.source);
}

/* --- starts ------------------------------------------------------------------------------------ */

static nmf_status check_custom_start(const nmfi_fit *fit, nmf_error *error)
{
    const nmf_matrix *W = fit->choice.options.start_W, *H = fit->choice.options.start_H;
    if (!W || !H)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "init custom needs both start_W and start_H");
    const int64_t m = fit->facts.m, n = fit->facts.n, k = fit->k;
    if (nmf_matrix_rows(W) != m || nmf_matrix_columns(W) != k)
        return nmf_fail(error, NMF_ERROR_SHAPE, "start_W is %lld x %lld; it must be %lld x %lld",
                        (long long)nmf_matrix_rows(W), (long long)nmf_matrix_columns(W),
                        (long long)m, (long long)k);
    if (nmf_matrix_rows(H) != k || nmf_matrix_columns(H) != n)
        return nmf_fail(error, NMF_ERROR_SHAPE, "start_H is %lld x %lld; it must be %lld x %lld",
                        (long long)nmf_matrix_rows(H), (long long)nmf_matrix_columns(H),
                        (long long)k, (long long)n);
    return NMF_OK;
}

/* W / c and H c for an ever larger c: the same product, and ever less of a penalty on W alone. The solvers that follow
 * scikit-learn take that as scikit-learn does. */
static nmf_status check_penalties(const nmfi_fit *fit, nmf_error *error)
{
    const nmf_options *o = &fit->choice.options;
    const double alpha_H = o->alpha_H < 0 ? o->alpha_W : o->alpha_H;
    const int of_W = o->alpha_W > 0, of_H = alpha_H > 0;
    if (of_W == of_H || o->solver == NMF_SOLVER_CD || o->solver == NMF_SOLVER_MU) return NMF_OK;
    if (nmfi_is_constrained(fit)) return NMF_OK; /* which may hold the scales */
    return nmf_fail(
        error, NMF_ERROR_ARGUMENT,
        "alpha_%c = %g and alpha_%c = 0: a penalty on one factor alone has no minimum, since "
        "W and H can share W H ever more unevenly; penalize both, or neither",
        of_W ? 'W' : 'H', of_W ? o->alpha_W : alpha_H, of_W ? 'H' : 'W');
}

static nmf_status choose_start(nmfi_fit *fit, nmf_error *error)
{
    nmf_options *o = &fit->choice.options;
    const int64_t least = fit->facts.m < fit->facts.n ? fit->facts.m : fit->facts.n;
    fit->choice.starts = o->starts;
    /* A start from triplets, or several, would read an X whose reading is dear as often as the fit does. */
    const int lines = nmfi_reads_lines(&fit->work.source) || o->solver == NMF_SOLVER_INCREMENTAL;
    fit->choice.several_starts = o->init == NMF_INIT_AUTO && o->starts == 1 && !lines &&
                                 o->solver == NMF_SOLVER_AUTO &&
                                 (!fit->choice.only_begins || o->loss == NMF_LOSS_KL);
    if (knows_H(fit) && o->init != NMF_INIT_CUSTOM) {
        o->init = NMF_INIT_RANDOM; /* where W begins is all the same */
        fit->choice.starts = 1;
        fit->choice.several_starts = 0;
    }
    if (fit->volume.wanted && o->init == NMF_INIT_AUTO && o->k <= least) {
        o->init = NMF_INIT_SNPA; /* whose corners it makes better */
        fit->choice.several_starts = 0;
    }
    /* Several starts are of use only where they differ. */
    const int begins_well = fit->on_X.method == &nmfi_method_incremental_kl; /* for four readings */
    if (o->init == NMF_INIT_AUTO)
        o->init =
            o->k <= least && o->starts == 1 && !fit->choice.stored_only && (!lines || begins_well)
                ? NMF_INIT_NNDSVDA
                : NMF_INIT_RANDOM;
    if (o->init == NMF_INIT_CUSTOM) return check_custom_start(fit, error);
    if (nmfi_start_triplets(o->init, o->k) > least) {
        static const char *const names[] = {NMF_INIT_NAMES};
        return nmf_fail(
            error, NMF_ERROR_ARGUMENT,
            o->init == NMF_INIT_LRC
                ? "components = %lld: init %s gives at most 2 min(samples, features) - 1 = %lld"
                : "components = %lld: init %s gives at most min(samples, features) = %lld",
            (long long)o->k, names[o->init],
            (long long)(o->init == NMF_INIT_LRC ? 2 * least - 1 : least));
    }
    return NMF_OK;
}

static nmf_status refuse_volume(const nmfi_fit *fit, const char *why, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "volume = %g: %s", fit->choice.options.volume, why);
}

/* Whether the volume of H is wanted small: as was said, or by itself where rows of W sum to one and pure samples are
 * looked for. */
static nmf_status choose_volume(nmfi_fit *fit, nmf_error *error)
{
    const nmf_options *o = &fit->choice.options;
    const int wanted = o->volume > 0;
    const int sums = o->simplex == NMF_SIMPLEX_W;
    const int pure = o->init == NMF_INIT_SPA || o->init == NMF_INIT_SNPA;
    const int solver = o->solver == NMF_SOLVER_AUTO || o->solver == NMF_SOLVER_HALS;
    fit->volume.wanted = 0;
    if (o->volume == 0 || (!wanted && !pure)) return NMF_OK;
    if (!sums || o->loss != NMF_LOSS_FROBENIUS || !solver || fit->choice.weighted) {
        if (!wanted) return NMF_OK;
        return refuse_volume(
            fit,
            !sums ? "the volume of H has a least value above 0 only where rows of W have "
                    "a sum, so it "
                    "goes together with simplex = W"
            : fit->choice.weighted ? "it goes together with no weights and no missing entries"
                                   : "it is for the frobenius loss, with solver auto or hals",
            error);
    }
    fit->volume.wanted = !knows_H(fit);
    return NMF_OK;
}

/* What is known stays what it is, to the bit. */
static int knows_f64(const nmfi_fit *fit)
{
    const nmf_matrix *W = fit->W.limits.known, *H = fit->H.limits.known;
    return (W && nmf_matrix_dtype(W) == NMF_F64) || (H && nmf_matrix_dtype(H) == NMF_F64);
}

nmf_status nmfi_choose(nmfi_fit *fit, const nmf_options *options, nmf_error *error)
{
    nmfi_choice *choice = &fit->choice;
    choice->options = *options;
    name_loss(&choice->options);
    choice->beta = nmfi_beta(&choice->options);
    choice->precision = options->precision != NMF_PRECISION_AUTO              ? options->precision
                        : fit->work.source.dtype == NMF_F64 || knows_f64(fit) ? NMF_PRECISION_F64
                                                                              : NMF_PRECISION_F32;
    nmf_status status = choose_method(fit, error);
    if (status == NMF_OK) status = check_penalties(fit, error);
    if (status == NMF_OK) status = choose_volume(fit, error);
    if (status == NMF_OK) status = choose_start(fit, error);
    if (status != NMF_OK) return status;
    choose_sketch(fit);
    nmfi_choose_several_starts(fit);
    return NMF_OK;
}

nmf_options nmfi_options_as_used(const nmfi_fit *fit)
{
    nmf_options options = fit->choice.options;
    options.init = fit->progress.init;
    if (nmfi_prefers_scd(fit)) options.solver = NMF_SOLVER_SCD;
    return options;
}
