/* A fit to what a Latin-block fold leaves of X (data/latin.h), in one thread: many run side by side.
 *
 * All rows of a group lack the same columns, so they share one Gram matrix (Frobenius) or the same sums
 * of the other factor (Kullback-Leibler), and their runs of X have no hole: an exact masked iteration
 * costs what a plain one does. Steps are those of the plain methods: HALS, coordinate descent or
 * the shared metric for Kullback-Leibler, multiplicative updates for other betas; each extrapolated, and taken back where the
 * loss has risen (Ang & Gillis 2019).
 *
 * Nothing that is computed from held-out entries reaches a fit: starts and scale come from the margins
 * of what the fold leaves. Where X holds many entries for each number of the factors, a fit begins in a part of the
 * longer side's lines, where iterations cost less, and ends in all of them. */
#ifndef NMFI_FIT_LATIN_FIT_H
#define NMFI_FIT_LATIN_FIT_H

#include "data/latin.h"
#include "kernel/kernel.h"

/* How fits are made; shared by all threads. */
typedef struct nmfi_latin_plan {
    const nmfi_latin *latin;
    const nmfi_latin *part; /* where fits begin (nmfi_latin_open_part); NULL: in all of X */
    const nmfi_kernels *kernels;
    double beta; /* 2: half the squared distance */
    int64_t most_k, starts, max_iter;
    /* A fit is done when ten iterations lower its loss by less than `tol` times what one more component of no
     * meaning would: of N entries and p free numbers, (rows + columns) / (N - p) of it (Wilks 1938). */
    double tol;
    /* Asked once an iteration; non-zero: enough. May be NULL. */
    int (*stop)(void *context);
    void *stop_context;
} nmfi_latin_plan;

/* One factor, component-major in the order of its groups: W (side 0) or H (side 1), of X times scale. */
typedef struct nmfi_latin_factor {
    int side;
    const nmfi_groups *groups;
    int64_t count, ld;
    void *y, *now, *before, *best, *kept; /* k x ld each */
    void *around; /* dense X, other losses: going round twice, k x ld_around */
    int64_t ld_around;
    void *packed;  /* sparse X: count x stride */
    double *grams; /* Frobenius: of each group, folds x k x k; else sums, folds x k */
    void *sums;    /* Frobenius and dense X: what the rows of X have added up for H, k x ld */
} nmfi_latin_factor;

typedef struct nmfi_latin_fit {
    const nmfi_latin_plan *plan;
    nmfi_latin_factor W, H;
    int64_t k, fold, iterations;
    double scale, loss; /* the loss of (W.best, H.best) on what the fold leaves, in that scale */
    int stopped;        /* because the caller asked */
    int converged;      /* the last iterations gained nothing that matters */
    /* Work. */
    void *tile[4], *products; /* k x NMFI_LANES_MAX; tile[3]: packed products of sparse lines */
    void *gram, *ridged, *inverse;
    double *shared, *ignored;
    void *entries, *model, *ratio, *power, *beside; /* panels along a line */
    int64_t panel_ld;
    int32_t *active;
    double *held; /* 5 x columns: of held-out entries */
    /* Of rules from src/rule (latin_metric.c, latin_weighted.c): Kullback-Leibler and dense X, or weights. */
    int in_metric;
    double *metrics, *seen_sums, *unused;
    void *weight, *weighted, *window, *workspace, *row_sums[2];
    /* Where there is a part. */
    struct nmfi_latin_fit *beginning;
    nmfi_latin_plan part_plan;
} nmfi_latin_fit;

void nmfi_latin_fit_layout(nmfi_latin_fit *fit, const nmfi_latin_plan *plan, nmfi_arena *arena);

/* Fits k components without `fold`, from random starts. */
void nmfi_latin_fit_run(nmfi_latin_fit *fit, int64_t k, int64_t fold, uint64_t seed);

/* losses[i], the divergence of row i's held-out entries (rows in the order of their groups) from
 * predictions that leave neither the range of their row nor that of their column; where beta < 2, mixed
 * with a hundredth of the product of the margins. In the caller's unit; after nmfi_latin_fit_run. */
void nmfi_latin_fit_losses(nmfi_latin_fit *fit, double *losses);

/* The components, k x columns of X in its order, in the scale of the fit. */
void nmfi_latin_fit_components(const nmfi_latin_fit *fit, double *components);

/* The loss in the caller's unit. */
double nmfi_latin_fit_loss(const nmfi_latin_fit *fit);

/* --- between the files of the fit ------------------------------------------------------------- */

enum { NMFI_LATIN_BLOCK = NMFI_LANES_MAX, NMFI_LATIN_STRIP = NMFI_LANES_MIN };

/* A half step of U with O fixed at O.y: from U.y to U.now, and U.y = now + beta (now - before). The sum
 * of what measuring each line gave, where `measure` (of U.now). */
typedef double nmfi_latin_half(nmfi_latin_fit *fit, nmfi_latin_factor *U, nmfi_latin_factor *O,
                               double extrapolation, int measure);
nmfi_latin_half nmfi_latin_frobenius, nmfi_latin_entries, nmfi_latin_metric, nmfi_latin_panels,
    nmfi_latin_weighted;
/* Frobenius and dense X: the products of H's members with W.y, as a half step of W leaves them. */
void nmfi_latin_add_up(nmfi_latin_fit *fit);
/* The stride of a copy of what a run sees of `count` members: whole vectors, and one more. */
static inline int64_t nmfi_latin_window_ld(int64_t count)
{
    return (count + 2 * NMFI_LANES_MAX - 1) / NMFI_LANES_MAX * NMFI_LANES_MAX;
}

static inline void *nmfi_latin_at(const nmfi_latin_fit *fit, const void *array, int64_t element)
{
    return (char *)(uintptr_t)array + element * fit->plan->kernels->element_bytes;
}

/* O.around or O.packed from O.y. */
void nmfi_latin_refresh(nmfi_latin_fit *fit, nmfi_latin_factor *O);
/* The columns of O that the run sees, zeros behind, into fit->window. */
void nmfi_latin_copy_window(nmfi_latin_fit *fit, const nmfi_latin_factor *O,
                            const nmfi_latin_run *run);
/* O's component sums over what lines of `group` see, into `shared`: k; after nmfi_latin_group_sums. */
void nmfi_latin_group_sums(nmfi_latin_fit *fit, nmfi_latin_factor *O);
void nmfi_latin_share_sums(nmfi_latin_fit *fit, const nmfi_latin_factor *O, int64_t group);
/* `count` members from `first` on leave a tile (k x lanes) for now, and go ahead; `positive`: no entry
 * may vanish by that. */
void nmfi_latin_store(const nmfi_latin_fit *fit, nmfi_latin_factor *U, int64_t first, int64_t count,
                      const void *tile, int64_t lanes, double extrapolation, int positive);
void nmfi_latin_load(const nmfi_latin_fit *fit, const nmfi_latin_factor *U, int64_t first,
                     int64_t count, void *tile, int64_t lanes);
/* Rows of X for dense lines [line, line + count) of group `group`. */
nmfi_rows nmfi_latin_rows(const nmfi_latin_fit *fit, int side, int64_t line, int64_t count,
                          const nmfi_latin_run *run);
/* A sparse line's run as lines of one: pointers into `bounds` of two. */
nmfi_lines nmfi_latin_line(const nmfi_latin_fit *fit, int side, int64_t line,
                           const nmfi_latin_run *run, int64_t bounds[2]);

#endif
