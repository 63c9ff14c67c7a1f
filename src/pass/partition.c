/* How a side is divided into slots and tiles: by its length only, since results hang on it. */
#include "pass/pass.h"

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static int64_t tiles_of(int64_t rows, int64_t lanes)
{
    return (rows + lanes - 1) / lanes;
}

static int64_t stride_of(int64_t tiles, int64_t lanes)
{
    const int64_t ld = tiles * lanes;
    /* Trap: components a multiple of 4096 bytes apart would share a few sets of the first-level
     * cache. */
    return ld / NMFI_LANES_MIN % 2 == 0 ? ld + NMFI_LANES_MIN : ld;
}

nmfi_partition nmfi_partition_make(int64_t count)
{
    nmfi_partition partition = {.count = count, .all = count};
    /* Small tiles share small problems out evenly; large ones use the vectors best. */
    partition.lanes = count >= 2048 ? NMFI_LANES_MAX : count >= 1024 ? 32 : NMFI_LANES_MIN;
    partition.tiles = tiles_of(count, partition.lanes);
    partition.ld = stride_of(partition.tiles, partition.lanes);
    /* At least 4 slots, so that a few threads have work; about 1024 rows each, so that adding slots
     * up costs little, and some 4096, the longest chain of f32 additions, where there are many. No
     * slot is empty. */
    const int64_t few = clamp(count / 1024, 4, 32);
    const int64_t wanted = few < count / 4096 ? count / 4096 : few;
    partition.slots = 1;
    while (partition.slots * 2 <= wanted && partition.slots * 2 <= partition.tiles)
        partition.slots *= 2;
    partition.own_slots = partition.slots;
    return partition;
}

void nmfi_partition_refine(nmfi_partition *partition, int64_t wanted)
{
    while (partition->slots < wanted && partition->slots * 2 <= partition->tiles)
        partition->slots *= 2;
    partition->own_slots = partition->slots;
}

/* Before slot `slot`, of all tiles. */
static int64_t tiles_before(const nmfi_partition *partition, int64_t slot)
{
    return slot * tiles_of(partition->all, partition->lanes) / partition->slots;
}

/* The first row of a tile, of all tiles. */
static int64_t row_of(const nmfi_partition *partition, int64_t tile)
{
    const int64_t row = tile * partition->lanes;
    return row < partition->all ? row : partition->all;
}

nmfi_partition nmfi_partition_of_rank(int64_t all, const nmf_comm *comm, int64_t rank)
{
    nmfi_partition partition = nmfi_partition_make(all);
    if (!comm) return partition;
    partition.comm = comm;
    partition.first_slot = rank * partition.slots / comm->size;
    partition.own_slots = (rank + 1) * partition.slots / comm->size - partition.first_slot;
    const int64_t begin = tiles_before(&partition, partition.first_slot);
    const int64_t end = tiles_before(&partition, partition.first_slot + partition.own_slots);
    partition.first_row = row_of(&partition, begin);
    partition.count = row_of(&partition, end) - partition.first_row;
    partition.tiles = end - begin;
    partition.ld = stride_of(partition.tiles, partition.lanes);
    return partition;
}

nmfi_partition nmfi_partition_spread(int64_t all, const nmf_comm *comm)
{
    return nmfi_partition_of_rank(all, comm, nmfi_comm_rank(comm));
}

int64_t nmfi_partition_owner(const nmfi_partition *partition, int64_t slot)
{
    const nmf_comm *comm = partition->comm;
    int64_t low = 0, high = nmfi_comm_size(comm) - 1; /* the first whose slots end behind it */
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if ((middle + 1) * partition->slots / comm->size > slot)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

int64_t nmfi_partition_slot_begin(const nmfi_partition *partition, int64_t slot)
{
    return tiles_before(partition, slot) - tiles_before(partition, partition->first_slot);
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

void nmf_comm_rows(int64_t samples, int64_t rank, int64_t size, int64_t *first, int64_t *count)
{
    const nmf_comm shape = {.rank = rank, .size = size};
    const nmfi_partition rows = nmfi_partition_of_rank(samples, &shape, rank);
    *first = rows.first_row;
    *count = rows.count;
}
