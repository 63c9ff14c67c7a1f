/* Steps of a Frobenius fit where few entries are missing: those of hals (half_step.c), with a pass that reads X once for
 * both factors, but that each row has a Gram matrix of its own (rule_downdated.c). What is missing is filled in with
 * means in the X that passes read, and taken out of their products again. */
#include "fit/divergence.h"

#include "fit/defaults.h"
#include "fit/half_step.h"
#include "pass/factor.h"
#include "rule/downdated.h"

#include <float.h>
#include <math.h>

void nmfi_downdated_layout(nmfi_fit *fit, nmfi_divergence *d, nmfi_arena *arena)
{
    if (!nmfi_prefers_downdated(fit)) return;
    const int64_t W = fit->W.partition.all, H = fit->H.partition.all;
    const size_t row =
        nmfi_product(nmfi_downdated_stride(fit->k), fit->work.kernels->element_bytes);
    d->hole_memory = nmfi_take(arena, 1, nmfi_holes_bytes(&fit->work.observed));
    d->packed = nmfi_take(arena, W > H ? W : H, row); /* all rows, whoever has them */
}

void nmfi_downdated_prepare(nmfi_fit *fit, nmfi_divergence *d)
{
    const nmfi_kernels *kernels = fit->work.kernels;
    const nmfi_observed *observed = &fit->work.observed;
    if (!nmfi_prefers_downdated(fit)) return;
    d->holes = nmfi_holes_list(observed, d->copy, d->hole_memory);
    kernels->scale(d->holes.of_rows.values, observed->missing_here, fit->facts.scale);
    kernels->scale(d->holes.of_columns.values, observed->missing_across, fit->facts.scale);
}

/* All rows of the factor that is held, one after the other. */
static void pack(nmfi_fit *fit, const nmfi_divergence *d, const nmfi_factor *factor,
                 const nmfi_factor *other, const void *fixed)
{
    const nmfi_pass *along = nmfi_pass_along(fit, factor);
    const void *const whole = nmfi_factor_whole(along, &other->partition, fit->k, fixed);
    const int64_t ld =
        nmfi_factor_is_spread(&other->partition) ? along->columns.ld : other->partition.ld;
    fit->work.kernels->pack(whole, ld, fit->k, other->partition.all, d->packed,
                            nmfi_downdated_stride(fit->k));
}

/* Where the rule finds X: by rows; by columns those that are here, where there is a copy of them. */
static void point_at_X(const nmfi_fit *fit, const nmfi_divergence *d, int of_W,
                       nmfi_downdated_rule *rule)
{
    const int64_t n = fit->facts.n;
    const int copied = !of_W && d->copy;
    rule->X = copied ? d->copy : nmf_matrix_dense(fit->work.observed.filled).data;
    rule->row_stride = copied ? rule->columns : of_W ? n : 1;
    rule->column_stride = of_W || copied ? 1 : n;
    rule->first = of_W ? 0 : fit->work.pass.own_columns.first_row;
}

static nmf_status improve(nmfi_fit *fit, void *state, nmfi_factor *factor, const void *fixed,
                          const nmfi_rule *rule, const void *updated, int measured,
                          nmf_error *error)
{
    const nmfi_divergence *d = state;
    const nmfi_factor *other = factor->is_W ? &fit->H : &fit->W;
    if (!rule) return nmfi_improve_on_X(fit, NULL, factor, fixed, NULL, updated, measured, error);
    pack(fit, d, factor, other, fixed);
    nmfi_downdated_rule own = {.hals = rule->context,
                               .holes = factor->is_W ? &d->holes.of_rows : &d->holes.of_columns,
                               .F = d->packed,
                               .stride = nmfi_downdated_stride(fit->k),
                               .l2 = factor->l2,
                               .columns = other->partition.all,
                               .scale = fit->facts.scale};
    point_at_X(fit, d, factor->is_W, &own);
    const nmfi_rule downdated = nmfi_rule_downdated(&own);
    return nmfi_improve_on_X(fit, NULL, factor, fixed, &downdated, updated, measured, error);
}

/* The loss is a difference of sums as large as ||X||^2: near an exact fit it is that of rounding, and a step that sums
 * up what is left of each entry is wanted. */
static int is_near_exact(const nmfi_fit *fit, double loss)
{
    const double epsilon = fit->choice.precision == NMF_PRECISION_F32 ? FLT_EPSILON : DBL_EPSILON;
    const double digits = fit->choice.precision == NMF_PRECISION_F32 ? 1e3 : 1e7;
    return loss < digits * epsilon * fit->facts.norm2;
}

nmf_status nmfi_downdated_step(nmfi_fit *fit, nmfi_divergence *d, nmfi_step_wish wish,
                               nmfi_measured *pair, nmf_error *error)
{
    const nmfi_improver by = {improve, d};
    const nmf_status status = nmfi_step_on_products(fit, by, fit->facts.norm2, wish, pair, error);
    if (status != NMF_OK || !is_near_exact(fit, pair->loss)) return status;
    /* Back to the incumbents, whose loss is to be found anew, and on by the other rule. */
    fit->progress.rule = NMFI_RULE_METRIC;
    fit->place.descent.loss = DBL_MAX;
    fit->place.descent.plain = 0;
    *pair = (nmfi_measured){HUGE_VAL, 0};
    return NMF_OK;
}

nmf_status nmfi_downdated_restart(nmfi_fit *fit, nmfi_divergence *d, nmf_error *error)
{
    const nmfi_improver by = {improve, d};
    return nmfi_restart_on_products(fit, by, error);
}
