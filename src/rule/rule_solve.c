/* The solving rule: each row of a tile to its own end. HALS sweeps do most rows; the few that crawl
 * are finished exactly by block principal pivoting in f64. A row's answer never depends on its
 * neighbours. */
#include "rule/bounded_tile.h"
#include "rule/rule.h"

#include <float.h>
#include <string.h>

/* A sweep is 2k^2 flops a row in vectors, pivoting several times k^3 / 3 one after the other: past
 * this many sweeps it is cheaper. Twice as many digits take twice as many sweeps. */
static int64_t most_sweeps(const nmfi_solve_rule *rule)
{
    return (rule->kernels->element_bytes == 4 ? 1 : 2) * (100 + 5 * rule->k);
}

/* Lane `lane` of the tile, exactly. The scratch has room for it behind the tile (tiles.c). */
static void finish_lane(const nmfi_solve_rule *rule, const nmfi_hals *hals, int64_t lane,
                        double *work)
{
    const int64_t k = rule->k, bytes = rule->kernels->element_bytes;
    double *x = work, *p = work + k;
    if (hals->lower) {
        nmfi_solve_lane(rule->kernels, hals, rule->gram_f64, rule->allowed.sum, lane, work);
        return;
    }
    for (int64_t j = 0; j < k; j++) {
        rule->kernels->to_f64((const char *)hals->x + (j * hals->ldx + lane) * bytes, x + j, 1);
        rule->kernels->to_f64((const char *)hals->p + (j * hals->ldp + lane) * bytes, p + j, 1);
        p[j] -= rule->l1;
    }
    nmfi_pivot(rule->gram_f64, p, k, bytes == 4 ? FLT_EPSILON : DBL_EPSILON, x, work + 2 * k);
    for (int64_t j = 0; j < k; j++)
        rule->kernels->from_f64(x + j, (char *)hals->x + (j * hals->ldx + lane) * bytes, 1);
}

static int is_told_to_stop(void *stop)
{
    return nmfi_stop_now(stop) != NMFI_GO_ON;
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_solve_rule *rule = context;
    const int64_t bytes = rule->kernels->element_bytes;
    const int64_t tile_bytes = rule->k * NMFI_LANES_MAX * bytes;
    nmfi_hals hals = nmfi_hals_on(tile, rule->k, rule->gram, rule->inverse, rule->l1);
    hals.older = (char *)tile->scratch + tile_bytes;
    hals.ahead = (char *)tile->scratch + 2 * tile_bytes;
    hals.sweeps = most_sweeps(rule);
    hals.accuracy = rule->accuracy;
    if (tile->stop) {
        hals.enough = is_told_to_stop;
        hals.context = tile->stop;
    }
    nmfi_bound_hals(rule->kernels, &rule->allowed, rule->ld, tile, &hals);
    memset(hals.x, 0, (size_t)(rule->k * tile->lanes * bytes));
    nmfi_clamp_tile(rule->kernels, &rule->allowed, tile, &hals);
    /* No coordinate moves alone where a row has a sum. */
    const uint64_t moving = rule->allowed.sum > 0 ? ~UINT64_C(0) : rule->kernels->solve(&hals);
    double *work = (double *)((char *)tile->scratch + 3 * tile_bytes);
    for (int64_t lane = 0; lane < tile->rows; lane++)
        if ((moving >> lane & 1) && !nmfi_stop_now(tile->stop))
            finish_lane(rule, &hals, lane, work);
    (void)nmfi_measure_tile(rule->kernels, &rule->allowed, tile, &hals, rule->gram_f64, work);
    for (int64_t j = 0; j < rule->k; j++)
        memcpy((char *)rule->result + (j * rule->ld + tile->first) * bytes,
               (const char *)hals.x + j * hals.ldx * bytes, (size_t)(tile->rows * bytes));
}

nmfi_rule nmfi_rule_solve(const nmfi_solve_rule *context)
{
    const nmfi_rule rule = {.improve = improve, .context = context, .needs = NMFI_NEEDS_PRODUCTS};
    return rule;
}

/* Rows are done when what moves them, beside their products, is no more than rounding. */
nmfi_solve_rule nmfi_solving(const nmfi_kernels *kernels, int64_t k, int64_t ld, const void *gram,
                             const void *inverse, const double *gram_f64, double l1,
                             nmfi_allowed allowed, void *result)
{
    const double accuracy = 16 * (kernels->element_bytes == 4 ? (double)FLT_EPSILON : DBL_EPSILON);
    const nmfi_solve_rule rule = {kernels,  k,  ld,       gram,   inverse,
                                  gram_f64, l1, accuracy, result, allowed};
    return rule;
}
