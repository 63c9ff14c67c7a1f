/* The visit of a dense X, and the update of the column factor that follows it. */
#include "pass/backend.h"

#include <string.h>

typedef struct visit_job {
    nmfi_pass *pass;
    const nmfi_visit *visit;
} visit_job;

static void *slot_Q(const nmfi_pass *pass, int64_t slot, int64_t k)
{
    return (char *)pass->slot_Q + slot * k * pass->columns.ld * pass->kernels->element_bytes;
}

/* The tiles of a visit. A few components leave the time of a pass to the memory: then a block is
 * one tile, small enough to lie in the core's own cache with all that comes by, since its second
 * reading is to cost nothing. That depends on the shape alone: where HALS stops, a tile decides. */
static nmfi_partition visit_tiles(const nmfi_pass *pass, int64_t k)
{
    enum { FEW = 4, SMALL = 1 << 18 };
    const int64_t row_bytes = pass->source.columns * (int64_t)nmf_dtype_bytes(pass->source.dtype);
    nmfi_partition partition = pass->rows;
    while (k <= FEW && partition.lanes > NMFI_LANES_MIN && partition.lanes * row_bytes > SMALL)
        partition.lanes /= 2;
    return partition;
}

/* Rows [first, end), whole tiles of one slot, padded behind the last row of X. */
static void visit_block(nmfi_pass *pass, const nmfi_visit *visit, int64_t slot, int64_t first,
                        int64_t end, int64_t thread)
{
    const nmfi_kernels *kernels = pass->kernels;
    nmf_dtype dtype = pass->source.dtype;
    nmfi_sums *sums = &pass->slot_sums[slot];
    nmfi_rows block = {.rows = nmfi_lesser(end, pass->rows.count) - first,
                       .columns = pass->source.columns};
    block.data = pass->source.fetch(&pass->source, first, block.rows,
                                    pass->gather + thread * pass->gather_bytes, &block.row_stride);
    if (nmfi_pass_widens(pass, visit->k)) {
        char *wide = pass->widened + thread * pass->widened_bytes;
        kernels->widen[dtype](&block, wide, pass->columns.ld);
        block.data = wide;
        block.row_stride = pass->columns.ld;
        dtype = kernels->element_bytes == 4 ? NMF_F32 : NMF_F64;
    }
    if (visit->rule) {
        char *P = pass->products + thread * pass->products_bytes;
        const int64_t ldp = end - first;
        const nmfi_partition tiles = visit_tiles(pass, visit->k);
        memset(P, 0, (size_t)(visit->k * ldp * kernels->element_bytes));
        kernels->products[dtype](&block, visit->C, pass->columns.ld, visit->k, P, ldp);
        nmfi_to_scale(pass, P, visit->k * ldp);
        nmfi_improve_tiles(pass, visit->rule, &tiles, first / tiles.lanes, end / tiles.lanes, P,
                           ldp, thread, sums);
    }
    if (visit->accumulate)
        kernels->accumulate[dtype](&block, nmfi_factor_at(pass, visit->R, first), pass->rows.ld,
                                   visit->k, slot_Q(pass, slot, visit->k), pass->columns.ld);
    if (visit->distance)
        kernels->distance[dtype](&block, nmfi_factor_at(pass, visit->R, first), pass->rows.ld,
                                 visit->C, pass->columns.ld, visit->k,
                                 pass->scratch + thread * pass->scratch_bytes, pass->scale,
                                 &sums->value[NMFI_SUM_LOSS]);
}

static void visit_slot(void *context, int64_t slot, int64_t thread)
{
    const visit_job *job = context;
    nmfi_pass *pass = job->pass;
    const int64_t begin = nmfi_partition_slot_begin(&pass->rows, slot);
    const int64_t end = nmfi_partition_slot_begin(&pass->rows, slot + 1);
    nmfi_pass_clear_sums(pass, &pass->slot_sums[slot]);
    if (job->visit->accumulate)
        memset(slot_Q(pass, slot, job->visit->k), 0,
               (size_t)(job->visit->k * pass->columns.ld * pass->kernels->element_bytes));
    const int64_t whole = pass->rows.lanes, part = visit_tiles(pass, job->visit->k).lanes;
    const int64_t rows = part < whole ? part : pass->block_tiles * whole;
    const int64_t last = nmfi_lesser(end * whole, pass->rows.count);
    for (int64_t r = begin * whole; r < last; r += rows)
        visit_block(pass, job->visit, slot, r, nmfi_lesser(r + rows, end * whole), thread);
    if (job->visit->accumulate)
        nmfi_gram_tiles(pass, job->visit->R, &pass->rows, begin, end, job->visit->k,
                        &pass->slot_sums[slot]);
}

static void visit_dense(nmfi_pass *pass, const nmfi_visit *visit)
{
    visit_job job = {pass, visit};
    nmfi_team_run(pass->team, pass->rows.slots, visit_slot, &job);
    nmfi_pass_total_sums(pass, pass->slot_sums, pass->rows.slots);
    pass->passes++;
}

typedef struct columns_job {
    nmfi_pass *pass;
    int64_t k;
    const nmfi_rule *rule;
    const void *C_for_gram;
} columns_job;

static void update_column_slot(void *context, int64_t slot, int64_t thread)
{
    const columns_job *job = context;
    nmfi_pass *pass = job->pass;
    const nmfi_partition *partition = &pass->columns;
    const nmfi_kernels *kernels = pass->kernels;
    nmfi_sums *sums = &pass->slot_sums[pass->rows.slots + slot];
    char *P = pass->products + thread * pass->products_bytes;
    const int64_t begin = nmfi_partition_slot_begin(partition, slot);
    const int64_t end = nmfi_partition_slot_begin(partition, slot + 1);
    nmfi_pass_clear_sums(pass, sums);
    for (int64_t t = begin; t < end && job->rule; t++) {
        kernels->sum_slots(nmfi_factor_at(pass, pass->slot_Q, t * partition->lanes), partition->ld,
                           job->k, partition->lanes, pass->rows.slots, P);
        nmfi_to_scale(pass, P, job->k * partition->lanes);
        nmfi_improve_tiles(pass, job->rule, partition, t, t + 1, P, partition->lanes, thread, sums);
    }
    if (job->C_for_gram)
        nmfi_gram_tiles(pass, job->C_for_gram, partition, begin, end, job->k, sums);
}

static void columns_dense(nmfi_pass *pass, int64_t k, const nmfi_rule *rule, const void *C_for_gram)
{
    columns_job job = {pass, k, rule, C_for_gram};
    nmfi_team_run(pass->team, pass->columns.slots, update_column_slot, &job);
    nmfi_pass_total_sums(pass, pass->slot_sums + pass->rows.slots, pass->columns.slots);
}

typedef struct combine_job {
    nmfi_pass *pass;
    int64_t k;
    const void *rotation;
    void *factor;
    const nmfi_partition *partition;
} combine_job;

static void combine_tile(void *context, int64_t tile, int64_t thread)
{
    const combine_job *job = context;
    const nmfi_kernels *kernels = job->pass->kernels;
    const nmfi_partition *partition = job->partition;
    const int64_t bytes = kernels->element_bytes, first = tile * partition->lanes;
    char *made = job->pass->scratch + thread * job->pass->scratch_bytes;
    char *at = nmfi_factor_at(job->pass, job->factor, first);
    /* The tile as rows of a small X: made = rotation X. */
    const nmfi_rows components = {at, partition->ld, job->k, partition->lanes};
    memset(made, 0, (size_t)(job->k * partition->lanes * bytes));
    kernels->accumulate[bytes == 4 ? NMF_F32 : NMF_F64](&components, job->rotation, job->k, job->k,
                                                        made, partition->lanes);
    for (int64_t j = 0; j < job->k; j++)
        memcpy(at + j * partition->ld * bytes, made + j * partition->lanes * bytes,
               (size_t)(partition->lanes * bytes));
}

void nmfi_pass_combine(nmfi_pass *pass, int64_t k, const void *rotation, void *factor,
                       const nmfi_partition *partition)
{
    combine_job job = {pass, k, rotation, factor, partition};
    nmfi_team_run(pass->team, partition->tiles, combine_tile, &job);
}

typedef struct scan_job {
    nmfi_pass *pass;
    int signed_ok;
    nmfi_scan slots[64];
} scan_job;

static void scan_slot(void *context, int64_t slot, int64_t thread)
{
    scan_job *job = context;
    nmfi_pass *pass = job->pass;
    nmfi_scan *scan = &job->slots[slot];
    const int64_t end = nmfi_partition_slot_begin(&pass->rows, slot + 1);
    *scan = nmfi_scan_nothing();
    for (int64_t t = nmfi_partition_slot_begin(&pass->rows, slot); t < end;
         t += pass->block_tiles) {
        const int64_t first = t * pass->rows.lanes;
        const int64_t last = nmfi_lesser(nmfi_lesser(t + pass->block_tiles, end) * pass->rows.lanes,
                                         pass->rows.count);
        nmfi_rows block = {.rows = last - first, .columns = pass->source.columns};
        block.data =
            pass->source.fetch(&pass->source, first, block.rows,
                               pass->gather + thread * pass->gather_bytes, &block.row_stride);
        pass->kernels->scan[pass->source.dtype](&block, job->signed_ok, pass->scale, scan);
    }
}

static nmfi_scan scan_dense(nmfi_pass *pass, int signed_ok)
{
    scan_job job = {.pass = pass, .signed_ok = signed_ok};
    nmfi_team_run(pass->team, pass->rows.slots, scan_slot, &job);
    nmfi_scan total = nmfi_scan_nothing();
    for (int64_t s = 0; s < pass->rows.slots; s++) nmfi_add_scan(&total, &job.slots[s]);
    pass->passes++;
    return total;
}

static void layout_dense(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int accumulates)
{
    const int64_t bytes = pass->kernels->element_bytes, k = pass->k;
    const int64_t block_rows = pass->block_tiles * pass->rows.lanes;
    const int64_t stored = (int64_t)nmf_dtype_bytes(pass->source.dtype);
    /* P of a block, or of a tile of columns; the row of the reconstruction that `distance`
     * compares. */
    const int64_t p_entries = k * (block_rows > NMFI_LANES_MAX ? block_rows : NMFI_LANES_MAX);
    pass->products_bytes = p_entries * bytes;
    pass->scratch_bytes = nmfi_rule_scratch_bytes(pass) + pass->columns.ld * bytes;
    pass->gather_bytes = pass->source.lends ? 0 : block_rows * pass->source.columns * stored;
    pass->widened_bytes = nmfi_pass_widens(pass, k) ? block_rows * pass->columns.ld * bytes : 0;
    pass->widened = nmfi_take(arena, threads, (size_t)pass->widened_bytes);
    pass->has_Q = accumulates;
    pass->slot_Q = nmfi_take(arena, accumulates ? pass->rows.slots : 0,
                             nmfi_product(k * pass->columns.ld, bytes));
    pass->products = nmfi_take(arena, threads, (size_t)pass->products_bytes);
    pass->gather = nmfi_take(arena, threads, (size_t)pass->gather_bytes);
}

static void layout_no_tiles(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int dense_rows)
{
    (void)pass, (void)arena, (void)threads,
        (void)dense_rows; /* rows are lent or gathered as always */
}

static int64_t most_entries_dense(const nmfi_pass *pass)
{
    (void)pass;
    return 0;
}

static void transposed_dense(nmfi_pass *transposed, nmfi_pass *pass, int tiles)
{
    (void)transposed, (void)pass, (void)tiles; /* it reads X by itself */
}

const struct nmfi_backend nmfi_backend_dense = {.layout_tiles = layout_no_tiles,
                                                .tiles = nmfi_tiles_dense,
                                                .most_entries = most_entries_dense,
                                                .transposed = transposed_dense,

                                                .layout = layout_dense,
                                                .visit = visit_dense,
                                                .columns = columns_dense,
                                                .scan = scan_dense};

void nmfi_pass_visit(nmfi_pass *pass, const nmfi_visit *visit)
{
    pass->backend->visit(pass, visit);
}

void nmfi_pass_columns(nmfi_pass *pass, int64_t k, const nmfi_rule *rule, const void *C_for_gram)
{
    pass->backend->columns(pass, k, rule, C_for_gram);
}

nmfi_scan nmfi_pass_scan(nmfi_pass *pass, int signed_ok)
{
    return pass->backend->scan(pass, signed_ok);
}

void nmfi_pass_transposed(nmfi_pass *transposed, nmfi_pass *pass, int tiles)
{
    pass->backend->transposed(transposed, pass, tiles);
}
