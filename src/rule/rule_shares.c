/* The rule of shares: a tile's products are those of one group of rows; they take the place of what this group
 * had before, and the rule inside improves the tile by the sum over all groups. Shares are kept, not differences
 * added up: the sum is exact, and has the same bits however often groups were seen. */
#include "rule/rule.h"

#include <string.h>

static char *at(const nmfi_shares *s, const void *array, const nmfi_tile *tile, int64_t j)
{
    return (char *)(uintptr_t)array + (j * s->ld + tile->first) * s->kernels->element_bytes;
}

static const void *share(const nmfi_shares *s, int64_t group)
{
    return s->shares + group * s->k * s->ld * s->kernels->element_bytes;
}

void nmfi_shares_keep(const nmfi_shares *s, const nmfi_tile *tile, int64_t j, const void *newest)
{
    memcpy(at(s, share(s, s->newest), tile, j), newest,
           (size_t)(tile->lanes * s->kernels->element_bytes));
}

void nmfi_shares_total(const nmfi_shares *s, const nmfi_tile *tile, int64_t j)
{
    char *const total = at(s, s->total, tile, j);
    memcpy(total, at(s, share(s, 0), tile, j), (size_t)(tile->lanes * s->kernels->element_bytes));
    for (int64_t g = 1; g < s->known; g++)
        s->kernels->add(total, at(s, share(s, g), tile, j), tile->lanes);
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_shares_rule *rule = context;
    const nmfi_shares *s = &rule->shares;
    nmfi_tile all = *tile;
    for (int64_t j = 0; j < s->k; j++) {
        nmfi_shares_keep(s, tile, j,
                         (const char *)tile->P + j * tile->ldp * s->kernels->element_bytes);
        nmfi_shares_total(s, tile, j);
    }
    all.P = at(s, s->total, tile, 0);
    all.ldp = s->ld;
    rule->inner->improve(rule->inner->context, &all);
}

nmfi_rule nmfi_rule_shares(const nmfi_shares_rule *context)
{
    const nmfi_rule rule = {.improve = improve, .context = context, .needs = NMFI_NEEDS_PRODUCTS};
    return rule;
}
