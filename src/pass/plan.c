/* How a problem is cut into slots, tiles and blocks, and how much memory a pass works in. Cuts
 * depend on the shape only; blocks and threads may be chosen freely since they change no result. */
#include "base/cpu.h"
#include "pass/backend.h"

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
     * up costs little; at most 32, or one for each 4096 rows, the longest chain of f32
     * additions. */
    int64_t wanted = clamp(count / 1024, 4, 32);
    if (wanted < count / 4096) wanted = clamp(count / 4096, 32, 64);
    int64_t slots = 1;
    while (slots * 2 <= wanted) slots *= 2;
    partition.slots = clamp(slots, 1, partition.tiles > 0 ? partition.tiles : 1);
    return partition;
}

int64_t nmfi_partition_slot_begin(const nmfi_partition *partition, int64_t slot)
{
    return slot * partition->tiles / partition->slots;
}

nmf_status nmfi_pass_countable(const nmfi_source *source, int64_t k, nmf_error *error)
{
    /* Sides are rounded up to tiles, there are up to 64 slots and 4096 threads of 8-byte
     * entries. */
    const double sides = (double)source->rows + (double)source->columns + 4096.0 + (double)k;
    if ((double)k * sides * 8.0 * 4096.0 < 0x1p60 && sides * 4096.0 * 64.0 * 8.0 < 0x1p60)
        return NMF_OK;
    return nmf_fail(error, NMF_ERROR_MEMORY,
                    "the working memory for %lld components of %lld x %lld entries overflows",
                    (long long)k, (long long)source->rows, (long long)source->columns);
}

int nmfi_pass_widens(const nmfi_pass *pass, int64_t k)
{
    /* Every group of components converts anew: from the second on it is cheaper to convert the
     * block once. */
    return pass->source.dtype <= NMF_U16 && k > pass->kernels->group;
}

void nmfi_pass_plan(nmfi_pass *pass, const nmfi_source *source, const nmfi_kernels *kernels,
                    int64_t k, int64_t block_rows)
{
    static const struct nmfi_backend *const backends[] = {
        [NMFI_SOURCE_DENSE] = &nmfi_backend_dense, [NMFI_SOURCE_SPARSE] = &nmfi_backend_sparse};
    pass->source = *source;
    pass->backend = backends[source->kind];
    pass->kernels = kernels;
    pass->rows = nmfi_partition_make(source->rows);
    pass->columns = nmfi_partition_make(source->columns);
    pass->k = k;
    pass->scale = 1.0;
    const int widens = nmfi_pass_widens(pass, k);
    if (block_rows == 0) {
        /* Half the core's own cache: the block is read twice, for P and for Q. */
        const int64_t stored = (int64_t)nmf_dtype_bytes(source->dtype);
        const int64_t wide = widens ? kernels->element_bytes : stored;
        const int64_t row_bytes = source->columns * (wide > stored ? wide : stored);
        block_rows = nmfi_cache_bytes() / 2 / (row_bytes > 0 ? row_bytes : 1);
    }
    /* Small integers come from memory so quickly that what each block costs beside its rows, another
     * visit of H and of its slot's Q, is the larger part. */
    pass->block_tiles = clamp(block_rows / pass->rows.lanes, widens ? 2 : 1, 64);
}

static void layout_sums(nmfi_pass *pass, nmfi_arena *arena)
{
    const int64_t k = pass->k, count = pass->rows.slots + pass->columns.slots + 1;
    const int64_t each = k * k + 2 * k;
    pass->slot_sums = nmfi_take(arena, count, sizeof *pass->slot_sums);
    pass->sums_memory = nmfi_take(arena, count * each, sizeof(double));
    if (!arena->base) return;
    for (int64_t s = 0; s < count; s++) {
        nmfi_sums *sums = s < count - 1 ? &pass->slot_sums[s] : &pass->total;
        sums->gram = pass->sums_memory + s * each;
        sums->pg2 = sums->gram + k * k;
        sums->ref2 = sums->pg2 + k;
    }
}

int64_t nmfi_rule_scratch_bytes(const nmfi_pass *pass)
{
    return 3 * pass->k * NMFI_LANES_MAX * pass->kernels->element_bytes +
           2 * pass->k * (int64_t)sizeof(double) + nmfi_pivot_work_bytes(pass->k);
}

void nmfi_pass_layout(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int accumulates)
{
    pass->backend->layout(pass, arena, threads, accumulates);
    pass->scratch = nmfi_take(arena, threads, (size_t)pass->scratch_bytes);
    layout_sums(pass, arena);
}
