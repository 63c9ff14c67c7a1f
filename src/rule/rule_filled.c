/* Half steps of the Frobenius loss where some entries are missing: they are filled in with the model's
 * own, v = x'F, and HALS takes the row towards the products that it then has,
 *     p = (M (x - v)) F' + F F' x,
 * one Gram matrix for all rows. The filled loss is that of what was observed where the step begins and
 * nowhere below it, so lowering it lowers that too (Dempster, Laird & Rubin 1977). Few entries missing:
 * as many iterations as with each row's own Gram matrix, at the price of two products. */
#include "rule/divergence.h"

/* V becomes M (x - v); the squares of what it then holds. */
static double residual(const nmfi_filled_rule *rule, const nmfi_strip_work *work)
{
    const nmfi_kernels *kernels = rule->step.kernels;
    const int64_t bytes = kernels->element_bytes;
    double sum = 0;
    for (int64_t i = 0; i < work->rows; i++) {
        const int64_t row = work->tile->first + work->first + i;
        sum += kernels->weighted_residual(
            (const char *)work->X.data + i * work->X.row_stride * bytes,
            (const char *)rule->u + row * rule->ldu * bytes, work->X.columns, rule->step.scale,
            (char *)work->V + i * work->ldv * bytes);
    }
    return sum;
}

/* p = V F' + G x, G with the L2 penalty and so less that of x. */
static void products(const nmfi_filled_rule *rule, const nmfi_strip_work *work)
{
    const nmfi_divergence_step *step = &rule->step;
    const nmfi_kernels *kernels = step->kernels;
    const nmf_dtype type = kernels->element_bytes == 4 ? NMF_F32 : NMF_F64;
    const nmfi_rows panel = {work->V, work->ldv, work->rows, work->X.columns};
    const nmfi_rows x = {work->strip.x, work->strip.ld, step->k, work->lanes};
    nmfi_strip_clear(work, work->p);
    kernels->products[type](&panel, work->F, work->ldf, step->k, work->p, work->strip.ld);
    kernels->accumulate[type](&x, rule->gram_alone, step->k, step->k, work->p, work->strip.ld);
}

static void improve_strip(const void *context, nmfi_strip_work *work)
{
    const nmfi_filled_rule *rule = context;
    const nmfi_divergence_step *step = &rule->step;
    const nmfi_kernels *kernels = step->kernels;
    nmfi_sums *sums = work->tile->sums;
    nmfi_strip_model(work, work->strip.x, work->V);
    (void)residual(rule, work);
    products(rule, work);
    nmfi_hals hals = {.x = work->strip.x,
                      .ldx = work->strip.ld,
                      .p = work->p,
                      .ldp = work->strip.ld,
                      .gram = rule->gram,
                      .inverse = rule->inverse,
                      .l1 = step->l1,
                      .k = step->k,
                      .lanes = work->lanes,
                      .lower = work->strip.lower,
                      .upper = work->strip.upper,
                      .ldb = work->strip.ld,
                      .sweeps = rule->sweeps,
                      .accuracy = rule->accuracy};
    if (step->measure_start) (void)kernels->measure(&hals, sums->pg2, sums->ref2);
    kernels->hals(&hals);
    if (!step->measure_result) return;
    nmfi_strip_model(work, work->strip.x, work->V);
    sums->value[NMFI_SUM_LOSS] += 0.5 * residual(rule, work);
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_filled_rule *rule = context;
    nmfi_strips(&rule->step, tile, improve_strip, rule);
}

nmfi_rule nmfi_rule_filled(const nmfi_filled_rule *context)
{
    const nmfi_rule rule = {
        .improve = improve, .context = context, .needs = NMFI_NEEDS_ROWS | NMFI_NEEDS_ZEROS};
    return rule;
}
