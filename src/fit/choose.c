/* Choosing (choose.h). Which method minimizes which loss is the table here. */
#include "fit/choose.h"

#include "fit/method.h"

#include <math.h>

extern const nmfi_method nmfi_method_hals, nmfi_method_cd, nmfi_method_divergence, nmfi_method_mu,
    nmfi_method_jmm, nmfi_method_sketch;

/* Coordinate descent looks at each row's own curvature, sum F F' x / v^2; the metric that all rows
 * share at what it is expected to be, sum F F' / v. Where entries are mostly zero, or far from what
 * rows and columns say by themselves (counts: D of that, 2 D / sum, is their mean squared relative
 * distance), expectation is a poor guide, and dear since it looks at zeros too. Between pictures
 * (0.06 to 0.12) and counts, spectra and expressions (0.3 and more) there is a wide gap. */
static nmfi_defaults sparse(const nmfi_source *source)
{
    static const double few = 0.3, far = 0.2;
    const double entries = (double)source->rows * (double)source->columns;
    const nmfi_defaults defaults = {
        .sketches = 0, /* the spectrum is flat: a sketch would leave out most of it */
        .scd = (double)source->stored < few * entries,
        .scd_above = far / 2,
        .scd_below = INFINITY,
        .exact_bytes = -INFINITY, /* nothing is made dense unless that is asked for */
        .copy_bytes = 4e9,        /* others are told before their machine starts to swap */
    };
    return defaults;
}

/* Where rows are dense the metric is cheaper and holds longer: notes and signatures (0.26 of the
 * sum) are still its own, genes (0.32), cells (0.35) and digits (0.38) are not. What is mostly zeros
 * is further still; from the start that it usually has, coordinates end in a corner there (swimmer),
 * and the fit itself finds out which is better. */
static const nmfi_defaults dense = {
    .sketches = 1,
    .scd_above = 0.3,
    .scd_below = 0.6,
    .exact_bytes = 512e6,
    .copy_bytes = INFINITY,
};

nmfi_defaults nmfi_defaults_for(const nmfi_source *source)
{
    return source->kind == NMFI_SOURCE_SPARSE ? sparse(source) : dense;
}

/* --- losses and methods ------------------------------------------------------------------------ */

double nmfi_beta(const nmf_options *options)
{
    switch (options->loss) {
    case NMF_LOSS_FROBENIUS: return 2;
    case NMF_LOSS_KL: return 1;
    case NMF_LOSS_IS: return 0;
    case NMF_LOSS_BETA: break;
    }
    return options->beta;
}

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
};

static nmf_status choose_method(nmfi_fit *fit, nmf_error *error)
{
    static const char *const losses[] = {NMF_LOSS_NAMES}, *const solvers[] = {NMF_SOLVER_NAMES};
    const nmf_options *o = &fit->choice.options;
    const int frobenius = o->loss == NMF_LOSS_FROBENIUS;
    fit->on_X.method = frobenius ? methods[o->solver].frobenius : methods[o->solver].divergence;
    fit->choice.only_begins =
        fit->on_X.method != &nmfi_method_hals && fit->on_X.method != &nmfi_method_cd;
    fit->choice.momentum =
        o->solver == NMF_SOLVER_AUTO || o->solver == NMF_SOLVER_SCD || o->solver == NMF_SOLVER_JMM;
    if (methods[o->solver].kl_only && o->loss != NMF_LOSS_KL)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "solver = %s minimizes the kl loss only; loss %s needs another",
                        solvers[o->solver], losses[o->loss]);
    if (fit->choice.weighted) {
        fit->on_X.method = methods[o->solver].weighted;
        if (fit->on_X.method) return NMF_OK;
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "solver = %s takes no weights and no missing entries; auto does",
                        solvers[o->solver]);
    }
    if (fit->on_X.method) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_ARGUMENT,
                    "solver = %s minimizes the frobenius loss only; loss %s needs auto, mu or jmm",
                    solvers[o->solver], losses[o->loss]);
}

int nmfi_prefers_scd(const nmfi_fit *fit)
{
    const nmf_solver solver = fit->choice.options.solver;
    if (solver != NMF_SOLVER_AUTO || fit->choice.beta != 1) return solver == NMF_SOLVER_SCD;
    if (fit->choice.weighted) return 1; /* rows with other entries have no metric in common */
    const double sum = fit->facts.mean * (double)fit->facts.m * (double)fit->facts.n;
    const double off = fit->facts.baseline;
    const nmfi_defaults usual = nmfi_defaults_for(&fit->work.source);
    return usual.scd || (off > usual.scd_above * sum && off < usual.scd_below * sum);
}

/* What is filled in holds a step back by its share; with weights that differ the smallest are as missing
 * (measured: as many iterations as exact rows up to 30 % missing, 20 times as many at 90 %). */
int nmfi_prefers_filled(const nmfi_fit *fit)
{
    static const double most = 0.5;
    const nmfi_observed *observed = &fit->work.observed;
    const double entries = (double)fit->facts.m * (double)fit->facts.n;
    return fit->choice.weighted && fit->choice.beta == 2 && observed->filled && observed->is_mask &&
           (double)observed->missing <= most * entries;
}

void nmfi_choose_scd(nmfi_fit *fit)
{
    fit->choice.options.solver = NMF_SOLVER_SCD;
}

/* --- sketch ------------------------------------------------------------------------------------ */

/* The nearest number of whole vectors that holds `least`, or just enough halves. */
static int64_t round_to_vectors(int64_t rank, int64_t least)
{
    const int64_t lanes = NMFI_LANES_MIN, half = lanes / 2;
    const int64_t nearest = (rank + half) / lanes * lanes;
    return nearest >= least ? nearest : (least + half - 1) / half * half;
}

static int64_t sketch_rank(const nmfi_fit *fit)
{
    const nmf_options *o = &fit->choice.options;
    const double m = (double)fit->facts.m, n = (double)fit->facts.n;
    const int64_t least = fit->facts.m < fit->facts.n ? fit->facts.m : fit->facts.n;
    /* A sketch knows no weights. */
    if (o->solver != NMF_SOLVER_AUTO || o->sketch == 0 || fit->choice.weighted) return 0;
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
    else if (nmfi_start_triplets(fit->choice.options.init, fit->k) > 0)
        fit->work.sketch.width = nmfi_sketch_width(fit->k, m, n);
}

/* --- starts ------------------------------------------------------------------------------------ */

int64_t nmfi_start_triplets(nmf_init init, int64_t k)
{
    if (init == NMF_INIT_LRC) return nmfi_lrc_triplets(k);
    const int nndsvd =
        init == NMF_INIT_NNDSVD || init == NMF_INIT_NNDSVDA || init == NMF_INIT_NNDSVDAR;
    return nndsvd ? k : 0;
}

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

static nmf_status choose_start(nmfi_fit *fit, nmf_error *error)
{
    nmf_options *o = &fit->choice.options;
    const int64_t least = fit->facts.m < fit->facts.n ? fit->facts.m : fit->facts.n;
    fit->choice.starts = o->starts;
    fit->choice.several_starts = o->init == NMF_INIT_AUTO && o->starts == 1;
    /* Several starts are of use only where they differ. */
    if (o->init == NMF_INIT_AUTO)
        o->init = o->k <= least && o->starts == 1 && !fit->choice.stored_only ? NMF_INIT_NNDSVDA
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

/* Flops of an iteration: products, and sweeps over the rows of the factors. */
static double work(const nmfi_fit *fit)
{
    const double rows = (double)fit->facts.m + (double)fit->facts.n, k = (double)fit->k;
    const double rank = (double)fit->choice.sketch_rank;
    return 4 * k * (rank > 0 ? rows * rank : (double)fit->facts.stored) + 16 * rows * k * k;
}

/* Several starts where X is small and init is auto: each leads to the minimum of its valley, and
 * there going down one more costs less than what a deeper one is worth. */
static void choose_several_starts(nmfi_fit *fit)
{
    /* A start takes about a hundred iterations: some ten milliseconds at most. Few components leave
     * few valleys. */
    static const double most_entries = 1e6, most_work = 2e7;
    enum { STARTS = 4, FEW = 5 };
    nmfi_choice *choice = &fit->choice;
    if (!choice->several_starts) return;
    choice->several_starts = fit->k > FEW && !choice->only_begins &&
                             choice->options.solver == NMF_SOLVER_AUTO &&
                             (double)fit->facts.stored <= most_entries && work(fit) <= most_work;
    choice->starts = choice->several_starts ? STARTS : 1;
}

void nmfi_drop_sketch(nmfi_fit *fit)
{
    fit->choice.sketch_rank = 0;
    fit->in_sketch.method = NULL;
    choose_several_starts(fit);
}

nmf_status nmfi_choose(nmfi_fit *fit, const nmf_options *options, nmf_error *error)
{
    nmfi_choice *choice = &fit->choice;
    choice->options = *options;
    name_loss(&choice->options);
    choice->beta = nmfi_beta(&choice->options);
    choice->precision = options->precision != NMF_PRECISION_AUTO ? options->precision
                        : fit->work.source.dtype == NMF_F64      ? NMF_PRECISION_F64
                                                                 : NMF_PRECISION_F32;
    nmf_status status = choose_method(fit, error);
    if (status == NMF_OK) status = choose_start(fit, error);
    if (status != NMF_OK) return status;
    choose_sketch(fit);
    choose_several_starts(fit);
    return NMF_OK;
}
