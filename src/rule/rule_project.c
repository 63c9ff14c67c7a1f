/* The projection rule: a tile's rows are its products, less an offset for each component (implicit
 * centring: (x - mean)'v = x'v - mean'v). */
#include "rule/rule.h"

#include <string.h>

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_project_rule *rule = context;
    const int64_t bytes = rule->kernels->element_bytes;
    for (int64_t j = 0; j < rule->k; j++) {
        char *to = (char *)rule->result + (j * rule->ld + tile->first) * bytes;
        const char *from = (const char *)tile->P + j * tile->ldp * bytes;
        memcpy(to, from, (size_t)(tile->rows * bytes));
        if (rule->offset) rule->kernels->add_constant(to, tile->rows, -rule->offset[j]);
    }
}

nmfi_rule nmfi_rule_project(const nmfi_project_rule *context)
{
    const nmfi_rule rule = {.improve = improve, .context = context, .needs = NMFI_NEEDS_PRODUCTS};
    return rule;
}
