/* What a block of rows teaches (online_state.h): it is a pass of its own. W is solved for H, and the update of H goes
 * by the running sums (rule_running.c) instead of this visit's. Kin: Mairal, Bach, Ponce & Sapiro 2010, "Online
 * learning for matrix factorization and sparse coding"; incremental EM (Neal & Hinton 1998) where rows are seen
 * again. */
#include "fit/online_state.h"

#include "fit/choose.h"
#include "fit/loss.h"
#include "fit/result.h"

#include "base/stop.h"
#include "data/matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sweeps over H after a block, and how often the block's W is made again for the H that it led to. */
enum { SWEEPS = 8, AGAIN = 1 };

static void layout_block(const nmf_online *o, nmfi_online_block *b)
{
    const size_t line = nmfi_product(b->pass.rows.ld, o->kernels->element_bytes);
    nmfi_pass_layout(&b->pass, &b->arena, nmfi_team_threads(o->team), 1);
    b->W = nmfi_take(&b->arena, o->k, line);
    b->spare = nmfi_take(&b->arena, o->k, line);
}

nmf_status nmfi_online_open_block(const nmf_online *o, const nmf_matrix *X, nmfi_online_block *b,
                                  nmf_error *error)
{
    const nmfi_source source = nmfi_source_of(X);
    memset(b, 0, sizeof *b);
    nmfi_pass_plan(&b->pass, &source, o->kernels, o->k, 0);
    layout_block(o, b);
    const nmf_status status = nmfi_arena_allocate(&b->arena, NMFI_NO_LIMIT, error);
    if (status != NMF_OK) {
        b->arena.base = NULL;
        return status;
    }
    layout_block(o, b);
    b->pass.team = o->team;
    b->pass.scale = o->scale;
    nmfi_pass_prepare(&b->pass);
    return NMF_OK;
}

void nmfi_online_close_block(nmfi_online_block *b)
{
    nmfi_release(b->arena.base);
}

static nmfi_penalties penalties(const nmf_online *o)
{
    const double rows = o->now.count;
    return nmfi_penalties_of(&o->options, (int64_t)ceil(rows), o->n, o->scale, 2);
}

/* W's rows for H as it is, from where they are, if anywhere. Their squared distance, where `distance` is
 * wanted. */
static nmf_status improve_W(nmf_online *o, nmfi_online_block *b, double *distance, nmf_error *error)
{
    const nmfi_penalties p = penalties(o);
    const int64_t k = o->k, ld = b->pass.rows.ld;
    const nmfi_column_visit gram = {.k = k, .updated = o->now.H};
    nmfi_pass_columns(&b->pass, &gram);
    memcpy(o->gram_f64, b->pass.total.gram, (size_t)(k * k) * sizeof(double));
    nmfi_gram_for_rule(o->kernels, k, p.W_l1, p.W_l2, o->gram_f64, o->gram, o->inverse);
    nmfi_solve_rule solving = nmfi_solving(o->kernels, k, ld, o->gram, o->inverse, o->gram_f64,
                                           p.W_l1, (nmfi_allowed){.lower = NULL}, b->W);
    solving.accuracy = 1e-3; /* what is left is small beside what the next H changes */
    const nmfi_hals_rule moving = {.kernels = o->kernels,
                                   .k = k,
                                   .ld = ld,
                                   .gram = o->gram,
                                   .inverse = o->inverse,
                                   .l1 = p.W_l1,
                                   .accuracy = 0.03,
                                   .sweeps = 16,
                                   .start = b->W,
                                   .older = b->W,
                                   .ahead = b->spare,
                                   .result = b->W};
    const nmfi_rule rule = b->has_W ? nmfi_rule_hals(&moving) : nmfi_rule_solve(&solving);
    const nmfi_visit visit = {.k = k,
                              .fixed = o->now.H,
                              .rule = &rule,
                              .updated = b->W,
                              .sums = NMFI_SUMS_OF_PRODUCTS,
                              .loss = distance != NULL};
    const nmf_status status = nmfi_pass_visit(&b->pass, &visit, error);
    b->has_W = 1;
    if (status == NMF_OK && distance) *distance = b->pass.total.value[NMFI_SUM_LOSS];
    return status;
}

/* H from the running sums with what this visit adds. `replaces`: the same rows were there just now. */
static void improve_H(nmf_online *o, nmfi_online_block *b, double decay, int replaces)
{
    const int64_t k = o->k;
    nmfi_online_sums *now = &o->now;
    for (int64_t i = 0; i < k * k; i++) {
        now->S[i] = decay * now->S[i] + b->pass.total.gram[i] - (replaces ? o->share_S[i] : 0);
        o->share_S[i] = b->pass.total.gram[i];
    }
    if (!replaces) now->count = decay * now->count + (double)b->pass.rows.count;
    const nmfi_penalties p = penalties(o);
    memcpy(o->gram_f64, now->S, (size_t)(k * k) * sizeof(double));
    nmfi_gram_for_rule(o->kernels, k, p.H_l1, p.H_l2, o->gram_f64, o->gram, o->inverse);
    const nmfi_hals_rule hals = {.kernels = o->kernels,
                                 .k = k,
                                 .ld = o->columns.ld,
                                 .gram = o->gram,
                                 .inverse = o->inverse,
                                 .l1 = p.H_l1,
                                 .accuracy = 0.03,
                                 .sweeps = SWEEPS,
                                 .start = now->H,
                                 .older = now->H,
                                 .ahead = o->spare,
                                 .result = now->H};
    const nmfi_rule inner = nmfi_rule_hals(&hals);
    const nmfi_running_rule running = {.kernels = o->kernels,
                                       .k = k,
                                       .ld = o->columns.ld,
                                       .total = now->Q,
                                       .decay = decay,
                                       .share = o->share,
                                       .replaces = replaces,
                                       .inner = &inner};
    const nmfi_rule rule = nmfi_rule_running(&running);
    const nmfi_column_visit visit = {
        .k = k, .rule = &rule, .fixed = b->W, .sums = NMFI_SUMS_OF_PRODUCTS};
    nmfi_pass_columns(&b->pass, &visit);
}

/* What these rows have added when they were seen the last time, with the W of then. */
static nmf_status take_out(nmf_online *o, nmfi_online_block *b, nmf_error *error)
{
    const nmfi_visit adding = {.k = o->k, .updated = b->W, .sums = NMFI_SUMS_OF_PRODUCTS};
    const nmf_status status = nmfi_pass_visit(&b->pass, &adding, error);
    if (status != NMF_OK) return status;
    const nmfi_running_rule running = {.kernels = o->kernels,
                                       .k = o->k,
                                       .ld = o->columns.ld,
                                       .total = o->now.Q,
                                       .decay = 1,
                                       .share = o->share,
                                       .takes_out = 1};
    const nmfi_rule rule = nmfi_rule_running(&running);
    const nmfi_column_visit visit = {
        .k = o->k, .rule = &rule, .fixed = b->W, .sums = NMFI_SUMS_OF_PRODUCTS};
    for (int64_t i = 0; i < o->k * o->k; i++) o->now.S[i] -= b->pass.total.gram[i];
    o->now.count -= (double)b->pass.rows.count;
    nmfi_pass_columns(&b->pass, &visit);
    return NMF_OK;
}

static nmf_status note(nmf_online *o, nmf_error *error)
{
    enum { MOST = 100000 };
    const int64_t at = o->state.blocks - 1;
    if (at >= MOST) return NMF_OK;
    if (at >= o->trace_room) {
        const int64_t room = o->trace_room > 0 ? 2 * o->trace_room : 64;
        nmf_trace_point *more = realloc(o->trace, (size_t)room * sizeof *more);
        if (!more) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory for the trace");
        o->trace = more;
        o->trace_room = room;
    }
    o->trace[at] = (nmf_trace_point){o->state.blocks, 1, nmfi_seconds() - o->began_seconds,
                                     o->state.loss, NAN};
    return NMF_OK;
}

/* What rows that H did not know were to it. */
static nmf_status measure(nmf_online *o, const nmfi_online_block *b, double distance, double norm2,
                          nmf_error *error)
{
    const double rows = (double)b->pass.rows.count, root = sqrt(o->scale);
    const double loss = 0.5 * distance / root / root / root / root;
    o->state.loss = loss / rows;
    o->state.relative_error = norm2 > 0 ? sqrt(distance / norm2) : 0;
    o->loss_sum += loss;
    o->rows_measured += rows;
    o->state.mean_loss = o->loss_sum / o->rows_measured;
    o->state.blocks++;
    return note(o, error);
}

nmf_status nmfi_online_learn(nmf_online *o, nmfi_online_block *b, int measures, int known,
                             nmf_error *error)
{
    const double half_life = o->how.half_life_rows;
    const double decay =
        half_life > 0 && !known ? exp2(-(double)b->pass.rows.count / half_life) : 1;
    double distance = 0;
    nmfi_scan scan = {0};
    nmf_status status = nmfi_pass_scan(&b->pass, 0, &scan, error);
    if (status == NMF_OK && known) status = take_out(o, b, error);
    if (status == NMF_OK) status = improve_W(o, b, measures ? &distance : NULL, error);
    if (status == NMF_OK && measures) status = measure(o, b, distance, scan.sum_of_squares, error);
    if (status == NMF_OK) improve_H(o, b, decay, 0);
    for (int again = 0; again < AGAIN && status == NMF_OK; again++) {
        status = improve_W(o, b, NULL, error);
        if (status == NMF_OK) improve_H(o, b, 1, 1);
    }
    return status;
}
