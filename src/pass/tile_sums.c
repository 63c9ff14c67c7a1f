/* What a visit of tiles adds up for the column factor: as in any visit, each slot of rows has sums
 * of its own, added in slot order, so the result has the same bits for any number of threads and
 * any block size. Here it is the rule that adds, whatever it made of the tile's rows of X; where X
 * is sparse only tiles of whole rows can, since entries alone name columns all over the sums. */
#include "pass/backend.h"

#include <assert.h>
#include <string.h>

static int64_t sum_bytes(const nmfi_pass *pass, int64_t k)
{
    return k * pass->columns.ld * pass->kernels->element_bytes;
}

static void *slot_sum(const nmfi_pass *pass, int sum, int64_t slot, int64_t k)
{
    return (char *)pass->tile_sums[sum] + slot * sum_bytes(pass, k);
}

void nmfi_pass_layout_tile_sums(nmfi_pass *pass, nmfi_arena *arena, int64_t sums)
{
    const size_t each = nmfi_product(pass->k * pass->columns.ld, pass->kernels->element_bytes);
    for (int64_t s = 0; s < sums; s++)
        pass->tile_sums[s] =
            s == 0 && pass->has_Q ? pass->slot_Q : nmfi_take(arena, pass->rows.slots, each);
}

void nmfi_clear_tile_sums(const nmfi_pass *pass, const nmfi_tiles_visit *visit, int64_t slot)
{
    assert(!(visit->sums && visit->entries_only && pass->backend == &nmfi_backend_sparse));
    for (int s = 0; s < visit->sums; s++)
        memset(slot_sum(pass, s, slot, visit->k), 0, (size_t)sum_bytes(pass, visit->k));
}

void nmfi_lend_tile_sums(const nmfi_pass *pass, const nmfi_tiles_visit *visit, int64_t slot,
                         nmfi_tile *tile)
{
    for (int s = 0; s < visit->sums; s++) tile->Q[s] = slot_sum(pass, s, slot, visit->k);
    tile->ldq = pass->columns.ld;
}

typedef struct columns_job {
    nmfi_pass *pass;
    int64_t k;
    int sums;
    const nmfi_rule *rule;
} columns_job;

static void improve_slot(void *context, int64_t slot, int64_t thread)
{
    const columns_job *job = context;
    nmfi_pass *pass = job->pass;
    const nmfi_partition *partition = &pass->columns;
    nmfi_sums *sums = &pass->slot_sums[pass->rows.slots + slot];
    char *const P[NMFI_TILE_SUMS] = {pass->products + thread * pass->products_bytes,
                                     pass->workspace + thread * pass->workspace_bytes};
    const int64_t end = nmfi_partition_slot_begin(partition, slot + 1);
    nmfi_pass_clear_sums(pass, sums);
    for (int64_t t = nmfi_partition_slot_begin(partition, slot); t < end; t++) {
        const int64_t first = t * partition->lanes;
        for (int s = 0; s < job->sums; s++)
            pass->kernels->sum_slots(nmfi_factor_at(pass, pass->tile_sums[s], first), partition->ld,
                                     job->k, partition->lanes, pass->rows.slots, P[s]);
        const nmfi_tile tile = {.first = first,
                                .rows = nmfi_lesser(partition->lanes, partition->count - first),
                                .lanes = partition->lanes,
                                .P = P[0],
                                .ldp = partition->lanes,
                                .P2 = job->sums > 1 ? P[1] : NULL,
                                .scratch = pass->scratch + thread * pass->scratch_bytes,
                                .sums = sums};
        job->rule->improve(job->rule->context, &tile);
    }
}

void nmfi_pass_tile_columns(nmfi_pass *pass, int64_t k, int sums, const nmfi_rule *rule)
{
    columns_job job = {pass, k, sums, rule};
    assert(pass->workspace_bytes >= k * NMFI_LANES_MAX * pass->kernels->element_bytes);
    nmfi_team_run(pass->team, pass->columns.slots, improve_slot, &job);
    nmfi_pass_total_sums(pass, pass->slot_sums + pass->rows.slots, pass->columns.slots);
}
