/* Steps of a Frobenius fit where few entries are missing: those of hals (half_step.c), with a pass that reads X once for
 * both factors, but that each row has a Gram matrix of its own (rule_downdated.c). What is missing is filled in with
 * means in the X that passes read, and taken out of their products again. */
#include "fit/divergence.h"

#include "fit/defaults.h"
#include "fit/half_step.h"
#include "rule/downdated.h"

#include <float.h>
#include <math.h>

void nmfi_downdated_layout(nmfi_fit *fit, nmfi_divergence *d, nmfi_arena *arena)
{
    const int64_t W = fit->W.partition.ld, H = fit->H.partition.ld;
    const size_t row =
        nmfi_product(nmfi_downdated_stride(fit->k), fit->work.kernels->element_bytes);
    if (!nmfi_prefers_downdated(fit)) return;
    d->hole_memory = nmfi_take(arena, 1, nmfi_holes_bytes(&fit->work.observed));
    d->packed = nmfi_take(arena, W > H ? W : H, row);
}

void nmfi_downdated_prepare(nmfi_fit *fit, nmfi_divergence *d)
{
    const nmfi_kernels *kernels = fit->work.kernels;
    const int64_t holes = fit->work.observed.missing;
    if (!nmfi_prefers_downdated(fit)) return;
    d->holes = nmfi_holes_list(&fit->work.observed, d->hole_memory);
    kernels->scale(d->holes.of_rows.values, holes, fit->facts.scale);
    kernels->scale(d->holes.of_columns.values, holes, fit->facts.scale);
}

static nmf_status improve(nmfi_fit *fit, void *state, nmfi_factor *factor, const void *fixed,
                          const nmfi_rule *rule, const void *updated, int measured,
                          nmf_error *error)
{
    const nmfi_divergence *d = state;
    const nmfi_kernels *kernels = fit->work.kernels;
    const nmfi_factor *other = factor->is_W ? &fit->H : &fit->W;
    const int64_t stride = nmfi_downdated_stride(fit->k), n = fit->facts.n;
    if (!rule) return nmfi_improve_on_X(fit, NULL, factor, fixed, NULL, updated, measured, error);
    kernels->pack(fixed, other->partition.ld, fit->k, other->partition.count, d->packed, stride);
    const nmfi_downdated_rule own = {.hals = rule->context,
                                     .holes =
                                         factor->is_W ? &d->holes.of_rows : &d->holes.of_columns,
                                     .F = d->packed,
                                     .stride = stride,
                                     .l2 = factor->l2,
                                     .X = nmf_matrix_dense(fit->work.observed.filled).data,
                                     .columns = other->partition.count,
                                     .row_stride = factor->is_W ? n : 1,
                                     .column_stride = factor->is_W ? 1 : n,
                                     .scale = fit->facts.scale};
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
