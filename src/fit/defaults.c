/* What is done where the caller leaves it open and the data decide (defaults.h). */
#include "fit/defaults.h"

#include <math.h>

/* Coordinate descent looks at each row's own curvature, sum F F' x / v^2; the metric that all rows
 * share at what it is expected to be, sum F F' / v. Where entries are mostly zero, or far from what
 * rows and columns say by themselves (counts: D of that, 2 D / sum, is their mean squared relative
 * distance), expectation is a poor guide, and dear since it looks at zeros too. Between pictures
 * (0.06 to 0.12) and counts, spectra and expressions (0.3 and more) there is a wide gap. */
static nmfi_defaults sparse(const nmfi_source *source)
{
    static const double few = 0.3, far = 0.2;
    const double entries = (double)nmfi_source_all_rows(source) * (double)source->columns;
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
    return source->is_sparse ? sparse(source) : dense;
}

int64_t nmfi_start_triplets(nmf_init init, int64_t k)
{
    if (init == NMF_INIT_LRC) return nmfi_lrc_triplets(k);
    const int nndsvd = init == NMF_INIT_NNDSVD || init == NMF_INIT_NNDSVDA ||
                       init == NMF_INIT_NNDSVDAR || init == NMF_INIT_SPA || init == NMF_INIT_SNPA;
    return nndsvd ? k : 0;
}

int nmfi_prefers_scd(const nmfi_fit *fit)
{
    const nmfi_choice *choice = &fit->choice;
    if (choice->scd != NMFI_SCD_BY_DATA) return choice->scd == NMFI_SCD_ALWAYS;
    const double sum = fit->facts.mean * (double)fit->facts.m * (double)fit->facts.n;
    const double off = fit->facts.baseline;
    const nmfi_defaults usual = nmfi_defaults_for(&fit->work.source);
    return usual.scd || (off > usual.scd_above * sum && off < usual.scd_below * sum);
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
void nmfi_choose_several_starts(nmfi_fit *fit)
{
    /* A start takes about a hundred iterations: some ten milliseconds at most. Few components leave
     * few valleys. */
    static const double most_entries = 1e6, most_work = 2e7;
    /* Under a divergence an iteration costs more, and how deep a start leads shows at its end only: where a fit takes
     * milliseconds all the same. */
    static const double most_followed = 2e5;
    enum { STARTS = 4, FEW = 5 };
    nmfi_choice *choice = &fit->choice;
    if (!choice->several_starts) return;
    if (choice->only_begins) {
        choice->follows = choice->several_starts =
            fit->k > 1 &&
            (double)fit->facts.m * (double)fit->facts.n * (double)fit->k <= most_followed;
        choice->starts = choice->several_starts ? STARTS : 1;
        return;
    }
    choice->several_starts =
        fit->k > FEW && (double)fit->facts.stored <= most_entries && work(fit) <= most_work;
    choice->starts = choice->several_starts ? STARTS : 1;
}

/* The start decides which minimum the fit falls into: it is the SVD's, not the seed's, once the
 * triplets have come to rest. Where the fit converges in the sketch that takes a few passes, of
 * which its iterations on X make up for some; a loose tol, which leaves those out, asks for one
 * power iteration. A fit that goes on otherwise needs only a beginning. */
int64_t nmfi_sketch_most_passes(const nmfi_fit *fit)
{
    static const double loose = 1e-3;
    const int begins = fit->choice.only_begins;
    if (!fit->in_sketch.method) return begins ? 4 : 16;
    return begins || fit->choice.options.tol > loose ? 2 : 6;
}

void nmfi_drop_sketch(nmfi_fit *fit)
{
    fit->choice.sketch_rank = 0;
    fit->in_sketch.method = NULL;
    nmfi_choose_several_starts(fit);
}

/* For each missing entry and side k^2 / 2 multiply-adds in short vectors, where a plain step has 2 k for each entry of X
 * and one that fills in 5 k; and rows to which that is no approximation take fewer steps. */
int nmfi_prefers_downdated(const nmfi_fit *fit)
{
    static const double most = 0.3, most_by_component = 3.2;
    enum { MANY = 128 }; /* components: a thread's scratch has 16 k^2 numbers */
    const nmfi_observed *observed = &fit->work.observed;
    const double share = (double)observed->missing / ((double)fit->facts.m * (double)fit->facts.n);
    return fit->choice.weighted && fit->choice.beta == 2 &&
           fit->choice.options.solver == NMF_SOLVER_AUTO && observed->filled && observed->is_mask &&
           !fit->W.limits.sums_to_one && !(fit->choice.options.shrink > 0) && fit->k <= MANY &&
           share <= most && share * (double)fit->k <= most_by_component;
}

/* A row's own Gram matrix costs k / 2 products, a step in the metric of mean weights three; with few entries observed
 * there are few to make it of. */
int nmfi_prefers_shared(const nmfi_fit *fit)
{
    static const double least = 0.5;
    const nmfi_observed *observed = &fit->work.observed;
    const double seen =
        1 - (double)observed->missing / ((double)fit->facts.m * (double)fit->facts.n);
    return fit->choice.weighted && fit->choice.beta == 2 && observed->filled &&
           !observed->is_mask && !fit->W.limits.sums_to_one && !(fit->W.shrink > 0) &&
           seen >= least;
}

/* What is filled in holds a step back by its share; with weights that differ the smallest are as missing
 * (measured: as many iterations as exact rows up to 30 % missing, 20 times as many at 90 %). */
int nmfi_prefers_filled(const nmfi_fit *fit)
{
    static const double most = 0.5;
    const nmfi_observed *observed = &fit->work.observed;
    const double entries = (double)fit->facts.m * (double)fit->facts.n;
    if (fit->W.limits.sums_to_one || fit->W.shrink > 0)
        return 0; /* coordinates of such a row do not move alone */
    return fit->choice.weighted && fit->choice.beta == 2 && observed->filled && observed->is_mask &&
           (double)observed->missing <= most * entries;
}
