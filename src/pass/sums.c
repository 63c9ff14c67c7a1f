/* Sums, rules and Gram matrices on tiles (backend.h). */
#include "pass/backend.h"

#include <float.h>
#include <string.h>

void nmfi_pass_clear_sums(const nmfi_pass *pass, nmfi_sums *sums)
{
    memset(sums->value, 0, sizeof sums->value);
    const int64_t each =
        pass->k * pass->k + 2 * pass->k; /* gram, pg2 and ref2 lie together (plan.c) */
    memset(sums->gram, 0, (size_t)each * sizeof(double));
}

static void add_sums(const nmfi_pass *pass, nmfi_sums *to, const nmfi_sums *from)
{
    for (int i = 0; i < NMFI_SUM_COUNT; i++) to->value[i] += from->value[i];
    const int64_t each = pass->k * pass->k + 2 * pass->k;
    for (int64_t i = 0; i < each; i++) to->gram[i] += from->gram[i];
}

void nmfi_pass_total_sums(nmfi_pass *pass, const nmfi_sums *slots, int64_t count)
{
    nmfi_pass_clear_sums(pass, &pass->total);
    for (int64_t s = 0; s < count; s++) add_sums(pass, &pass->total, &slots[s]);
}

nmfi_scan nmfi_scan_nothing(void)
{
    const nmfi_scan scan = {.lowest = DBL_MAX, .highest = -DBL_MAX};
    return scan;
}

void nmfi_add_scan(nmfi_scan *total, const nmfi_scan *part)
{
    total->sum += part->sum;
    total->sum_of_squares += part->sum_of_squares;
    total->lowest = part->lowest < total->lowest ? part->lowest : total->lowest;
    total->highest = part->highest > total->highest ? part->highest : total->highest;
    total->bad += part->bad;
}

void nmfi_to_scale(const nmfi_pass *pass, void *products, int64_t count)
{
    if (pass->scale != 1.0) pass->kernels->scale(products, count, pass->scale);
}

void nmfi_improve_tiles(const nmfi_pass *pass, const nmfi_rule *rule,
                        const nmfi_partition *partition, int64_t begin, int64_t end, const char *P,
                        int64_t ldp, int64_t thread, nmfi_sums *sums)
{
    for (int64_t t = begin; t < end; t++) {
        const int64_t first = t * partition->lanes;
        const nmfi_tile tile = {.first = first,
                                .rows = nmfi_lesser(partition->lanes, partition->count - first),
                                .lanes = partition->lanes,
                                .P = P +
                                     (t - begin) * partition->lanes * pass->kernels->element_bytes,
                                .ldp = ldp,
                                .scratch = pass->scratch + thread * pass->scratch_bytes,
                                .sums = sums};
        rule->improve(rule->context, &tile);
    }
}

void nmfi_gram_tiles(const nmfi_pass *pass, const void *factor, const nmfi_partition *partition,
                     int64_t begin, int64_t end, int64_t k, nmfi_sums *sums)
{
    const void *at = nmfi_factor_at(pass, factor, begin * partition->lanes);
    const int64_t count = (end - begin) * partition->lanes;
    pass->kernels->gram(at, partition->ld, k, count, sums->gram);
    sums->value[NMFI_SUM_ENTRIES] += pass->kernels->sum(at, partition->ld, k, count);
}
