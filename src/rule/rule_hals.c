/* The HALS rule: one half step on a tile, and the point to start from next time. */
#include "rule/bounded_tile.h"
#include "rule/rule.h"

#include <string.h>

static void copy_tile(const nmfi_hals_rule *rule, const void *from, int64_t ld_from, void *to,
                      int64_t ld_to, int64_t lanes)
{
    const int64_t bytes = rule->kernels->element_bytes;
    for (int64_t j = 0; j < rule->k; j++)
        memcpy((char *)to + j * ld_to * bytes, (const char *)from + j * ld_from * bytes,
               (size_t)(lanes * bytes));
}

nmfi_hals nmfi_hals_on(const nmfi_tile *tile, int64_t k, const void *gram, const void *inverse,
                       double l1)
{
    const nmfi_hals hals = {.x = tile->scratch,
                            .ldx = tile->lanes,
                            .p = tile->P,
                            .ldp = tile->ldp,
                            .gram = gram,
                            .inverse = inverse,
                            .l1 = l1,
                            .k = k,
                            .lanes = tile->lanes};
    return hals;
}

/* Behind the tile's arrays. */
static double *work_of(const nmfi_hals_rule *rule, const nmfi_tile *tile)
{
    return (double *)((char *)tile->scratch +
                      3 * rule->k * NMFI_LANES_MAX * rule->kernels->element_bytes);
}

/* No coordinate moves alone where a row has a sum: each row to its own end. What that gains is the difference
 * of two values of the objective. */
static void solve_lanes(const nmfi_hals_rule *rule, const nmfi_tile *tile, nmfi_hals *hals)
{
    for (int64_t lane = 0; lane < tile->rows; lane++)
        hals->decrease += nmfi_solve_lane(rule->kernels, hals, rule->gram_f64, rule->allowed.sum,
                                          lane, work_of(rule, tile));
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_hals_rule *rule = context;
    const nmfi_kernels *kernels = rule->kernels;
    const int64_t at = tile->first * kernels->element_bytes;
    nmfi_sums *sums = tile->sums;
    nmfi_hals hals = nmfi_hals_on(tile, rule->k, rule->gram, rule->inverse, rule->l1);
    hals.sweeps = rule->sweeps;
    hals.accuracy = rule->accuracy;
    nmfi_bound_hals(kernels, &rule->allowed, rule->ld, tile, &hals);

    copy_tile(rule, (const char *)rule->start + at, rule->ld, hals.x, hals.ldx, tile->lanes);
    if (rule->measure_start)
        (void)nmfi_measure_tile(kernels, &rule->allowed, tile, &hals, rule->gram_f64,
                                work_of(rule, tile));
    if (rule->allowed.sum > 0)
        solve_lanes(rule, tile, &hals);
    else
        kernels->hals(&hals);
    if (rule->measure_result)
        sums->value[NMFI_SUM_OBJECTIVE] += nmfi_measure_tile(kernels, &rule->allowed, tile, &hals,
                                                             rule->gram_f64, work_of(rule, tile));
    sums->value[NMFI_SUM_DECREASE] += hals.decrease;
    sums->value[NMFI_SUM_VIOLATION] += hals.violation;

    /* Trap: ahead before result, since result may be where older lies. */
    kernels->extrapolate((char *)rule->ahead + at, rule->ld, hals.x, hals.ldx,
                         (const char *)rule->older + at, rule->ld, rule->k, tile->lanes,
                         rule->momentum);
    if (rule->allowed.lower)
        kernels->clamp((char *)rule->ahead + at, rule->ld, hals.lower, hals.upper, hals.ldb,
                       rule->k, tile->rows, rule->allowed.sum);
    copy_tile(rule, hals.x, hals.ldx, (char *)rule->result + at, rule->ld, tile->lanes);
}

nmfi_rule nmfi_rule_hals(const nmfi_hals_rule *context)
{
    const nmfi_rule rule = {.improve = improve, .context = context, .needs = NMFI_NEEDS_PRODUCTS};
    return rule;
}
