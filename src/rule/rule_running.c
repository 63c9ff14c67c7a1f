/* The rule of running sums: a tile's products are added to those of rows that were seen before, which
 * count for less the longer ago that was, and the rule inside improves the tile by all of them. */
#include "rule/rule.h"

#include <string.h>

/* total <- decay total + sign (products - share): component j of the tile. */
static void run_on(const nmfi_running_rule *rule, const nmfi_tile *tile, int64_t j)
{
    const nmfi_kernels *kernels = rule->kernels;
    const int64_t bytes = kernels->element_bytes, at = (j * rule->ld + tile->first) * bytes;
    const void *const products = (const char *)tile->P + j * tile->ldp * bytes;
    char *const total = (char *)rule->total + at, *const share = (char *)rule->share + at;
    const double sign = rule->takes_out ? -1 : 1;
    kernels->scale(total, tile->lanes, sign * rule->decay);
    if (rule->replaces) { /* what this visit's rows added when they were seen just now */
        kernels->scale(share, tile->lanes, -1);
        kernels->add(total, share, tile->lanes);
    }
    kernels->add(total, products, tile->lanes);
    if (rule->takes_out) kernels->scale(total, tile->lanes, -1);
    if (rule->share) memcpy(share, products, (size_t)(tile->lanes * bytes));
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_running_rule *rule = context;
    nmfi_tile all = *tile;
    for (int64_t j = 0; j < rule->k; j++) run_on(rule, tile, j);
    if (!rule->inner) return;
    all.P = (const char *)rule->total + tile->first * rule->kernels->element_bytes;
    all.ldp = rule->ld;
    rule->inner->improve(rule->inner->context, &all);
}

nmfi_rule nmfi_rule_running(const nmfi_running_rule *context)
{
    const nmfi_rule rule = {.improve = improve, .context = context, .needs = NMFI_NEEDS_PRODUCTS};
    return rule;
}
