/* Incremental HALS for the Frobenius loss, where readings of X are dear: groups of rows are visited one after
 * the other; when a group's rows of the one factor are improved, so is the other factor, from the sums of all
 * groups, each as it was visited last (groups.h). Those sums are exact for the pair of the moment, so in a plain
 * step every one of the updates lowers the loss, and where nothing moves HALS has come to rest too. In the first
 * reading the sums are those of the rows that were seen. With momentum what a row adds is that of a point ahead of
 * its result, in the direction it came from since the reading before, and the other factor is relaxed beyond its
 * results: most of the sums it follows are older than it is. The names are those of an X whose rows are
 * samples; where features lie side by side H and W change places. */
#include "fit/groups.h"
#include "fit/loss.h"
#include "fit/method_hals.h"

#include <string.h>

typedef struct incremental {
    nmfi_groups groups;
    int waits;          /* the other factor is not improved before all groups are known */
    double momentum;    /* of the rows in this step */
    double beyond;      /* the other factor goes on by this part of what a group moved it by */
    double *gram;       /* k x k: of the rows of all groups */
    double *pg2, *ref2; /* k: of the same, where the reading met them */
    double value[NMFI_SUM_COUNT];
} incremental;

static void plan(nmfi_fit *fit, void *state)
{
    incremental *s = state;
    nmfi_groups_plan(fit, &s->groups, 32, fit->k * fit->k);
    nmfi_hals_plan(fit, state);
}

static void layout(nmfi_fit *fit, void *state, nmfi_arena *arena)
{
    incremental *s = state;
    nmfi_hals_layout(fit, state, arena);
    nmfi_groups_layout(fit, &s->groups, arena);
    s->gram = nmfi_take(arena, fit->k * fit->k, sizeof(double));
    s->pg2 = nmfi_take(arena, fit->k, sizeof(double));
    s->ref2 = nmfi_take(arena, fit->k, sizeof(double));
}

static nmf_status begin(nmfi_fit *fit, void *state, nmf_error *error)
{
    incremental *s = state;
    (void)error;
    nmfi_groups_forget(&s->groups);
    /* The start that a caller gave is not thrown away for what the first rows say alone. */
    s->waits = fit->progress.init == NMF_INIT_CUSTOM;
    return NMF_OK;
}

/* The next reading makes them anew before the other factor moves. */
static void forget_sums(incremental *s)
{
    nmfi_groups_forget(&s->groups);
    s->waits = 1;
}

/* What the visit of a group adds to the sums of the reading; its Gram matrix stays with the group. */
static void add_sums(const nmfi_fit *fit, incremental *s, int64_t group)
{
    const nmfi_sums *total = &fit->work.pass.total;
    const int64_t k = fit->k;
    for (int i = 0; i < NMFI_SUM_COUNT; i++) s->value[i] += total->value[i];
    for (int64_t j = 0; j < k; j++) {
        s->pg2[j] += total->pg2[j];
        s->ref2[j] += total->ref2[j];
    }
    memcpy(nmfi_groups_sums(&s->groups, group), total->gram, (size_t)(k * k) * sizeof(double));
}

/* The group's rows, for the other factor as it is now. */
static nmf_status improve_rows(nmfi_fit *fit, incremental *s, int64_t group, nmf_error *error)
{
    nmfi_factor *along = s->groups.along;
    const nmfi_factor *across = s->groups.across;
    nmfi_set_gram(fit, across->gram, along);
    nmfi_hals_rule hals = nmfi_hals_of(fit, along, along->incumbent, along->plain);
    hals.momentum = s->momentum;
    hals.sweeps = nmfi_inner_sweeps(fit);
    hals.measure_start = 1;
    const nmfi_rule rule = nmfi_rule_hals(&hals);
    nmfi_visit visit = nmfi_groups_visit(fit, &s->groups, group);
    visit.fixed = across->ahead;
    visit.rule = &rule;
    visit.updated = along->ahead;
    visit.sums = NMFI_SUMS_OF_PRODUCTS;
    const nmf_status status = nmfi_pass_visit(&fit->work.pass, &visit, error);
    if (status == NMF_OK) add_sums(fit, s, group);
    return status;
}

/* The other factor, by the sums of all groups that are known. */
static void improve_columns(nmfi_fit *fit, incremental *s, int64_t group, int is_last)
{
    enum { SWEEPS = 4 }; /* of many in a reading */
    nmfi_factor *across = s->groups.across;
    nmfi_shares_rule shares = {.shares = nmfi_groups_shares(fit, &s->groups, group)};
    nmfi_groups_add_up(&s->groups, fit->k * fit->k, s->gram);
    nmfi_set_gram(fit, s->gram, across);
    nmfi_hals_rule hals = nmfi_hals_of(fit, across, across->ahead, across->plain);
    hals.sweeps = s->waits && !is_last ? 0 : SWEEPS;
    hals.momentum = s->waits || is_last ? 0.0 : s->beyond;
    hals.measure_result = is_last;
    const nmfi_rule inner = nmfi_rule_hals(&hals);
    shares.inner = &inner;
    const nmfi_rule rule = nmfi_rule_shares(&shares);
    const nmfi_column_visit visit = {.k = fit->k,
                                     .rule = &rule,
                                     .fixed = s->groups.along->ahead,
                                     .updated = across->ahead,
                                     .sums = NMFI_SUMS_OF_PRODUCTS,
                                     .written = {across->plain, across->ahead}};
    const double decrease = across->value[NMFI_SUM_DECREASE];
    nmfi_pass_columns(&fit->work.pass, &visit);
    nmfi_keep_sums(fit, &fit->work.pass, across);
    across->value[NMFI_SUM_DECREASE] += decrease;
    if (is_last) nmfi_keep_gradients(fit, &fit->work.pass, across);
}

static void begin_sums(nmfi_fit *fit, incremental *s)
{
    memset(s->value, 0, sizeof s->value);
    memset(s->pg2, 0, (size_t)fit->k * sizeof(double));
    memset(s->ref2, 0, (size_t)fit->k * sizeof(double));
    s->groups.across->value[NMFI_SUM_DECREASE] = 0;
}

static void end_sums(nmfi_fit *fit, incremental *s)
{
    nmfi_factor *along = s->groups.along;
    memcpy(along->value, s->value, sizeof s->value);
    memcpy(along->gram, s->gram, (size_t)(fit->k * fit->k) * sizeof(double));
    memcpy(along->pg2, s->pg2, (size_t)fit->k * sizeof(double));
    memcpy(along->ref2, s->ref2, (size_t)fit->k * sizeof(double));
}

static nmf_status step(nmfi_fit *fit, void *state, nmfi_step_wish wish, nmfi_measured *pair,
                       nmf_error *error)
{
    /* Tried on words (AP, k = 20, sixteen starts): .5 to 1 of the wish for the rows, 0 to 1 for the other factor. */
    static const double of_rows = 0.8, of_columns = 0.5;
    incremental *s = state;
    const int64_t count = s->groups.count;
    /* From incumbents that were come back to: what groups added was of the pair that was thrown away. */
    if (wish.plain && s->groups.known > 0) forget_sums(s);
    /* Of all rows, or of all that the other factor moves by. */
    const int complete = s->groups.known == count || s->waits;
    s->momentum = wish.plain ? 0.0 : of_rows * wish.momentum;
    s->beyond = s->momentum > 0 || !complete ? of_columns : 0.0;
    begin_sums(fit, s);
    for (int64_t g = 0; g < count; g++) {
        const nmf_status status = improve_rows(fit, s, g, error);
        if (status != NMF_OK) return status;
        improve_columns(fit, s, g, g + 1 == count);
    }
    s->waits = 0;
    end_sums(fit, s);
    const nmfi_factor *along = s->groups.along, *across = s->groups.across;
    pair->loss =
        0.5 * fit->facts.norm2 + across->value[NMFI_SUM_OBJECTIVE] + nmfi_penalty(along, fit->k);
    /* A step from points ahead has gained against those only. */
    pair->gain = complete && s->momentum == 0
                     ? along->value[NMFI_SUM_DECREASE] + across->value[NMFI_SUM_DECREASE]
                     : 0;
    return NMF_OK;
}

/* The pair that was measured. */
static void accept(nmfi_fit *fit, void *state)
{
    const incremental *s = state;
    (void)fit;
    nmfi_take_ahead(s->groups.along);
    nmfi_take_plain(s->groups.across);
}

/* The Gram matrix of the other factor. */
static nmf_status restart(nmfi_fit *fit, void *state, nmf_error *error)
{
    const incremental *s = state;
    nmfi_factor *across = s->groups.across;
    const nmfi_column_visit gram = {.k = fit->k, .updated = across->ahead};
    (void)error;
    nmfi_pass_columns(&fit->work.pass, &gram);
    nmfi_keep_sums(fit, &fit->work.pass, across);
    return NMF_OK;
}

static void keep(nmfi_fit *fit, void *state, nmfi_pieces *pieces)
{
    incremental *s = state;
    nmfi_groups_keep(fit, &s->groups, pieces);
    nmfi_add_piece(pieces, &s->waits, sizeof s->waits);
}

static int revive(nmfi_fit *fit, void *state, int64_t draw)
{
    (void)state;
    return nmfi_revive(fit, draw);
}

/* Rows are solved anew and scales change: what groups added is of the past. */
static nmf_status finish(nmfi_fit *fit, void *state, nmf_error *error)
{
    incremental *s = state;
    forget_sums(s);
    return nmfi_hals_finish(fit, 1, error);
}

extern const nmfi_method nmfi_method_incremental;
const nmfi_method nmfi_method_incremental = {.name = "incremental",
                                             .state_bytes = sizeof(incremental),
                                             .reads_lines = 1,
                                             .plan = plan,
                                             .layout = layout,
                                             .begin = begin,
                                             .step = step,
                                             .accept = accept,
                                             .restart = restart,
                                             .keep = keep,
                                             .revive = revive,
                                             .scale = nmfi_scale_of_products,
                                             .finish = finish};
