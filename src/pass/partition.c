/* How a side is divided into slots and tiles: by its length only, since results hang on it. */
#include "pass/pass.h"

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

nmfi_partition nmfi_partition_make(int64_t count)
{
    nmfi_partition partition = {.count = count};
    /* Small tiles share small problems out evenly; large ones use the vectors best. */
    partition.lanes = count >= 2048 ? NMFI_LANES_MAX : count >= 1024 ? 32 : NMFI_LANES_MIN;
    partition.tiles = (count + partition.lanes - 1) / partition.lanes;
    partition.ld = partition.tiles * partition.lanes;
    /* Trap: components a multiple of 4096 bytes apart would share a few sets of the first-level
     * cache. */
    if (partition.ld / NMFI_LANES_MIN % 2 == 0) partition.ld += NMFI_LANES_MIN;
    /* At least 4 slots, so that a few threads have work; about 1024 rows each, so that adding slots
     * up costs little, and some 4096, the longest chain of f32 additions, where there are many. No
     * slot is empty. */
    const int64_t few = clamp(count / 1024, 4, 32);
    const int64_t wanted = few < count / 4096 ? count / 4096 : few;
    partition.slots = 1;
    while (partition.slots * 2 <= wanted && partition.slots * 2 <= partition.tiles)
        partition.slots *= 2;
    return partition;
}

int64_t nmfi_partition_slot_begin(const nmfi_partition *partition, int64_t slot)
{
    return slot * partition->tiles / partition->slots;
}

int64_t nmfi_partition_first_row(const nmfi_partition *partition, int64_t slot)
{
    const int64_t row = nmfi_partition_slot_begin(partition, slot) * partition->lanes;
    return row < partition->count ? row : partition->count;
}

nmf_status nmfi_pass_countable(const nmfi_source *source, int64_t k, nmf_error *error)
{
    /* Sides are rounded up to tiles, 4096 threads with up to some 64 nodes of 8-byte entries each
     * (sums.c). */
    const double sides = (double)source->rows + (double)source->columns + 4096.0 + (double)k;
    if ((double)k * sides * 8.0 * 4096.0 < 0x1p60 && sides * 4096.0 * 64.0 * 8.0 < 0x1p60)
        return NMF_OK;
    return nmf_fail(error, NMF_ERROR_MEMORY,
                    "the working memory for %lld components of %lld x %lld entries overflows",
                    (long long)k, (long long)source->rows, (long long)source->columns);
}
