/* Joint majorization-minimization for any beta: both factors from one majorizer of D at the pair
 * (x~, f~) that X was read with. With V = x~ f~, R = X V^(beta - 2), S = V^(beta - 1), x = x~ u and
 * f = f~ e, Jensen's inequality with weights x~ f~ / V on D's convex part and the tangent of its
 * concave one (Fevotte & Idier 2011) give for each product of entries, but for a constant
 *
 *   R x~ f~ (u e)^p / -p + S x~ f~ (u e)^q / q,      p = min(beta - 1, 1), q = max(beta, 1)
 *
 * (-log(u e) where p = 0). Its minimum over u at e = 1 is u^(q - p) = (R f~') / (S f~'); over e at
 * that u it asks for sums of R by a = x~ u^p and of S by b = x~ u^q, made here while R and S are in
 * the cache. An L1 penalty is not above x~ (u^q - 1) / q + x~, an L2 penalty likewise where q >= 2;
 * else everything that grows is bounded by a square. So D with its penalties never rises.
 * Source: Marmin, Goulart & Fevotte 2023. */
#include "rule/divergence.h"

#include <string.h>

static void multiply(const nmfi_jmm_rule *rule, const nmfi_strip *strip)
{
    const nmfi_divergence_step *step = &rule->step;
    if (step->beta == 1 && step->l2 > 0) { /* the exact minimum */
        double multiplied[NMFI_LANES_MAX];
        for (int64_t i = 0; i < strip->lanes; i++) multiplied[i] = -1;
        step->kernels->strip_take_step(strip, strip->x, multiplied);
    } else {
        step->kernels->strip_multiply(strip, rule->gamma, rule->no_den, 0);
    }
}

/* The strip moves, and tells the other factor's sums by how much. */
static void move(const nmfi_jmm_rule *rule, nmfi_strip_work *work)
{
    const nmfi_divergence_step *step = &rule->step;
    const int64_t all = step->k * work->lanes * step->kernels->element_bytes;
    const void *a = work->older, *b = work->older; /* x~: u^0 for beta 1, and where u is 1 */
    memcpy(work->older, work->strip.x, (size_t)all);
    if (rule->moved_sums) nmfi_strip_fill(work, rule->moved_sums);
    if (!rule->measure_only) {
        multiply(rule, &work->strip);
        if (step->beta != 1) {
            step->kernels->strip_jmm_weights(&work->strip, work->older, step->beta, work->z,
                                             work->p);
            a = work->z;
            b = work->p;
        }
    }
    nmfi_strip_add_up(work, work->R, a, 0);
    nmfi_strip_add_up(work, work->S, b, 1);
}

static void improve_strip(const void *context, nmfi_strip_work *work)
{
    const nmfi_jmm_rule *rule = context;
    nmfi_strip_ratios(work);
    if (rule->step.measure_result)
        work->tile->sums->value[NMFI_SUM_LOSS] += nmfi_strip_divergence(work);
    move(rule, work);
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_jmm_rule *rule = context;
    nmfi_strips(&rule->step, tile, improve_strip, rule);
}

static void improve_columns(const void *context, const nmfi_tile *tile)
{
    const nmfi_jmm_rule *rule = context;
    nmfi_strip_work work;
    nmfi_strip_of_products(&work, &rule->step, tile);
    if (!tile->P2) nmfi_strip_fill(&work, rule->step.F_sums);
    nmfi_strip_measure(&work);
    if (!tile->P2 && rule->moved_sums) nmfi_strip_fill(&work, rule->moved_sums);
    if (!rule->measure_only) multiply(rule, &work.strip);
    nmfi_strip_end(&work);
}

/* Empty rows of a sparse X are asked for: what they add to D where they start is not nothing. */
nmfi_rule nmfi_rule_jmm(const nmfi_jmm_rule *context)
{
    const nmfi_rule rule = {
        .improve = improve, .context = context, .needs = NMFI_NEEDS_ROWS | NMFI_NEEDS_ZEROS};
    return rule;
}

nmfi_rule nmfi_rule_jmm_columns(const nmfi_jmm_rule *context)
{
    const nmfi_rule rule = {
        .improve = improve_columns, .context = context, .needs = NMFI_NEEDS_PRODUCTS};
    return rule;
}
