/* See groups.h. */
#include "fit/groups.h"

#include <string.h>

/* As many as keep what an update of the other factor costs, some k^2 for each of its rows, small beside the
 * products of a group. */
static int64_t groups_for(int64_t rows, int64_t k, int64_t most)
{
    int64_t count = 1;
    while (count < most && rows / (2 * count) >= 3 * k) count *= 2;
    return count;
}

void nmfi_groups_plan(nmfi_fit *fit, nmfi_groups *groups, int64_t most, int64_t each)
{
    enum { SLOTS_OF_A_GROUP = 4 }; /* for threads to share */
    nmfi_pass *pass = &fit->work.pass;
    groups->along = fit->W.along_rows ? &fit->W : &fit->H;
    groups->across = fit->W.along_rows ? &fit->H : &fit->W;
    groups->count = groups_for(pass->rows.count, fit->k, most);
    groups->sums_of_each = each;
    /* Trap: sums over H must have the bits that a transform's have, so its slots stay what they are. */
    if (fit->W.along_rows) nmfi_partition_refine(&pass->rows, groups->count * SLOTS_OF_A_GROUP);
    if (groups->count > pass->rows.slots) groups->count = pass->rows.slots;
    groups->along->partition = pass->rows;
    pass->visits_parts = 1;
}

void nmfi_groups_layout(nmfi_fit *fit, nmfi_groups *groups, nmfi_arena *arena)
{
    const int64_t bytes = fit->work.kernels->element_bytes;
    const size_t factor =
        nmfi_product(fit->k, (int64_t)nmfi_product(groups->across->partition.ld, bytes));
    groups->shares = nmfi_take(arena, groups->count, factor);
    groups->total = nmfi_take(arena, 1, factor);
    groups->sums = nmfi_take(arena, groups->count * groups->sums_of_each, sizeof(double));
}

void nmfi_groups_forget(nmfi_groups *groups)
{
    groups->known = 0;
}

void nmfi_groups_keep(const nmfi_fit *fit, nmfi_groups *groups, nmfi_pieces *pieces)
{
    nmfi_add_piece(pieces, &groups->known, sizeof groups->known);
    nmfi_add_piece(pieces, groups->shares,
                   (size_t)groups->count * nmfi_factor_bytes(fit, groups->across));
    nmfi_add_piece(pieces, groups->sums,
                   (size_t)(groups->count * groups->sums_of_each) * sizeof(double));
}

nmfi_visit nmfi_groups_visit(const nmfi_fit *fit, const nmfi_groups *groups, int64_t group)
{
    const int64_t slots = fit->work.pass.rows.slots / groups->count;
    return (nmfi_visit){.first_slot = group * slots, .slots = slots, .k = fit->k};
}

void nmfi_groups_row_sums(const nmfi_fit *fit, const nmfi_groups *groups, int64_t group,
                          const void *factor, double *sums)
{
    const nmfi_visit visit = nmfi_groups_visit(fit, groups, group);
    nmfi_factor_sums_of_slots(fit->work.kernels, &fit->work.pass.rows, fit->k, factor,
                              visit.first_slot, visit.slots, sums);
}

nmfi_shares nmfi_groups_shares(const nmfi_fit *fit, nmfi_groups *groups, int64_t group)
{
    if (groups->known <= group) groups->known = group + 1;
    return (nmfi_shares){.kernels = fit->work.kernels,
                         .k = fit->k,
                         .ld = groups->across->partition.ld,
                         .shares = groups->shares,
                         .known = groups->known,
                         .newest = group,
                         .total = groups->total};
}

void nmfi_groups_add_up(const nmfi_groups *groups, int64_t count, double *total)
{
    memcpy(total, groups->sums, (size_t)count * sizeof *total);
    for (int64_t g = 1; g < groups->known; g++)
        for (int64_t i = 0; i < count; i++) total[i] += nmfi_groups_sums(groups, g)[i];
}
