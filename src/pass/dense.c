/* The backend of a dense X, whose rows come in blocks that fit the cache: its visits, by rules on products and by rules
 * that need rows, and its scan. */
#include "pass/backend.h"
#include "pass/exchange.h"

#include <string.h>

/* --- rows -------------------------------------------------------------------------------------- */

/* For each thread: a block of rows as stored, where the source does not lend. */
typedef struct dense_state {
    char *gathered;
    int64_t gathered_bytes;
} dense_state;

static void layout(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int accumulates)
{
    dense_state state, *const kept = nmfi_take(arena, 1, sizeof *kept);
    const int64_t bytes = pass->kernels->element_bytes, k = pass->k;
    const int64_t block_rows = pass->block_tiles * pass->rows.lanes;
    /* P of a block, or of a tile of columns; the row of the reconstruction that the loss
     * compares. */
    const int64_t p_entries = k * (block_rows > NMFI_LANES_MAX ? block_rows : NMFI_LANES_MAX);
    pass->products_bytes = p_entries * bytes;
    pass->scratch_bytes = nmfi_rule_scratch_bytes(pass) + pass->columns.ld * bytes;
    state.gathered_bytes = pass->source.buffer_bytes(&pass->source, block_rows);
    state.gathered = nmfi_take(arena, threads, (size_t)state.gathered_bytes);
    nmfi_sums_layout_Q(pass, arena, threads, accumulates ? 1 : 0);
    if (kept) *kept = state;
    pass->state = kept;
}

nmf_status nmfi_dense_rows(const nmfi_pass *pass, int64_t first, int64_t count, int64_t thread,
                           nmfi_block *block, nmf_error *error)
{
    const dense_state *state = pass->state;
    if (nmfi_stop_now(pass->stop)) return nmfi_fail_stopped(error);
    return pass->source.read(&pass->source, first, count,
                             nmfi_of_thread(state->gathered, state->gathered_bytes, thread), block,
                             error);
}

/* Row r of those that are here, in T: what one row adds to sums of its own, times 1. */
static nmf_status take_row(const nmfi_pass *pass, int64_t r, void *to, nmf_error *error)
{
    const double number = 1.0;
    double one; /* of T */
    nmfi_block block;
    pass->kernels->from_f64(&number, &one, 1);
    const nmf_status status = nmfi_dense_rows(pass, r, 1, 0, &block, error);
    if (status != NMF_OK) return status;
    pass->kernels->accumulate[block.dtype](&block.X, &one, 1, 1, to, pass->columns.ld);
    nmfi_to_scale(pass, to, pass->columns.count);
    return NMF_OK;
}

nmf_status nmfi_pass_take_rows(nmfi_pass *pass, int64_t first, int64_t k, void *to,
                               nmf_error *error)
{
    const nmfi_partition *rows = &pass->rows;
    const int64_t line = pass->columns.ld * pass->kernels->element_bytes;
    nmf_status status = NMF_OK;
    memset(to, 0, (size_t)(k * line));
    for (int64_t j = 0; j < k && status == NMF_OK; j++) {
        const int64_t r = first + j - rows->first_row;
        if (r >= 0 && r < rows->count) status = take_row(pass, r, (char *)to + j * line, error);
    }
    status = nmfi_comm_status(rows->comm, status, error);
    if (status == NMF_OK && rows->comm) nmfi_rows_share_some(rows, first, k, to, line);
    return status;
}

/* --- rules on products ------------------------------------------------------------------------- */

typedef struct visit_job {
    nmfi_pass *pass;
    const nmfi_visit *visit;
} visit_job;

/* The tiles of a visit. A few components leave the time of a pass to the memory: then a block is
 * one tile, small enough to lie in the core's own cache with all that comes by, since its second
 * reading is to cost nothing. That depends on the shape alone: where HALS stops, a tile decides. */
static nmfi_partition tiles_of_visit(const nmfi_pass *pass, int64_t k)
{
    enum { FEW = 4, SMALL = 1 << 18 };
    const int64_t row_bytes = pass->source.columns * (int64_t)nmf_dtype_bytes(pass->source.dtype);
    nmfi_partition partition = pass->rows;
    while (k <= FEW && partition.lanes > NMFI_LANES_MIN && partition.lanes * row_bytes > SMALL)
        partition.lanes /= 2;
    return partition;
}

/* Rows of X in some columns only. */
static nmfi_rows columns_of(const nmfi_block *block, int64_t first, int64_t columns)
{
    nmfi_rows X = block->X;
    X.data = (const char *)X.data + first * (int64_t)nmf_dtype_bytes(block->dtype);
    X.columns = columns;
    return X;
}

static void improve_block(const nmfi_pass *pass, const nmfi_visit *visit, const nmfi_block *block,
                          int64_t first, int64_t end, const nmfi_leaf *leaf)
{
    const nmfi_kernels *kernels = pass->kernels;
    char *const P = nmfi_of_thread(pass->products, pass->products_bytes, leaf->thread);
    const int64_t ldp = end - first;
    const nmfi_partition tiles = tiles_of_visit(pass, visit->k);
    memset(P, 0, (size_t)(visit->k * ldp * kernels->element_bytes));
    const nmfi_rows X = visit->fixed_columns > 0
                            ? columns_of(block, visit->fixed_first, visit->fixed_columns)
                            : block->X;
    kernels->products[block->dtype](&X, nmfi_factor_at(pass, visit->fixed, visit->fixed_first),
                                    pass->columns.ld, visit->k, P, ldp);
    nmfi_to_scale(pass, P, visit->k * ldp);
    nmfi_improve_tiles(pass, visit->rule, &tiles, first / tiles.lanes, end / tiles.lanes, P, ldp,
                       leaf);
}

/* X'R of the block, or of the visit's columns of it. */
static void add_products(const nmfi_pass *pass, const nmfi_visit *visit, const nmfi_block *block,
                         const void *updated, const nmfi_leaf *leaf)
{
    const nmfi_rows X = columns_of(block, visit->first_column, visit->columns);
    pass->kernels->accumulate[block->dtype](&X, updated, pass->rows.ld, visit->k, leaf->Q[0],
                                            nmfi_sums_ld(pass, visit->columns));
}

/* Rows [first, end), whole tiles of one slot, padded behind the last row of X. */
static nmf_status visit_block(const visit_job *job, int64_t first, int64_t end,
                              const nmfi_leaf *leaf, nmf_error *error)
{
    const nmfi_pass *pass = job->pass;
    const nmfi_visit *visit = job->visit;
    const void *updated = nmfi_factor_at(pass, visit->updated, first);
    nmfi_block block;
    const nmf_status status = nmfi_dense_rows(
        pass, first, nmfi_lesser(end, pass->rows.count) - first, leaf->thread, &block, error);
    if (status != NMF_OK) return status;
    if (visit->rule) improve_block(pass, visit, &block, first, end, leaf);
    if (visit->sums == NMFI_SUMS_OF_PRODUCTS) add_products(pass, visit, &block, updated, leaf);
    if (visit->loss)
        pass->kernels->distance[block.dtype](
            &block.X, updated, pass->rows.ld, visit->fixed, pass->columns.ld, visit->k,
            nmfi_of_thread(pass->scratch, pass->scratch_bytes, leaf->thread), pass->scale,
            &leaf->sums->value[NMFI_SUM_LOSS]);
    return NMF_OK;
}

static int wants_gram(const nmfi_pass *pass, const nmfi_visit *visit)
{
    return visit->sums == NMFI_SUMS_OF_GRAM ||
           (visit->sums == NMFI_SUMS_OF_PRODUCTS && visit->columns == pass->columns.count);
}

static nmf_status visit_slot(void *context, const nmfi_leaf *leaf, nmf_error *error)
{
    const visit_job *job = context;
    const nmfi_pass *pass = job->pass;
    const int64_t whole = pass->rows.lanes, part = tiles_of_visit(pass, job->visit->k).lanes;
    const int64_t rows = part < whole ? part : pass->block_tiles * whole;
    const int64_t end = nmfi_partition_slot_begin(&pass->rows, leaf->index + 1) * whole;
    const int64_t last = nmfi_lesser(end, pass->rows.count);
    nmf_status status = NMF_OK;
    int64_t r = nmfi_partition_slot_begin(&pass->rows, leaf->index) * whole;
    for (; r < last && status == NMF_OK; r += rows)
        status = visit_block(job, r, nmfi_lesser(r + rows, end), leaf, error);
    if (status == NMF_OK && wants_gram(pass, job->visit))
        nmfi_gram_tiles(pass, job->visit->updated, &pass->rows, job->visit->k, leaf);
    return status;
}

static nmf_status visit_rows(nmfi_pass *pass, const nmfi_visit *visit, nmf_error *error)
{
    visit_job job = {pass, visit};
    const nmfi_adding adding =
        nmfi_visited_slots(pass, visit, visit->sums == NMFI_SUMS_OF_PRODUCTS, visit_slot, &job);
    nmfi_count_visit(pass, visit);
    return nmfi_sums_add_up(pass, pass->row_sums, &adding, error);
}

/* --- rules that need rows ---------------------------------------------------------------------- */

/* Each tile of the row factor has its own rows of X at hand. What a rule adds up goes into the same slots as in any
 * visit. */
typedef struct tiles_job {
    nmfi_pass *pass;
    const nmfi_visit *visit;
} tiles_job;

/* Rows [first, end), which are read together. */
static nmf_status improve_rows(const tiles_job *job, int64_t first, int64_t end,
                               const nmfi_leaf *leaf, nmf_error *error)
{
    const nmfi_pass *pass = job->pass;
    const nmfi_rule *rule = job->visit->rule;
    const int64_t lanes = pass->rows.lanes;
    nmfi_block block;
    const nmf_status status =
        nmfi_dense_rows(pass, first, end - first, leaf->thread, &block, error);
    if (status != NMF_OK) return status;
    const int64_t row_bytes = block.X.row_stride * (int64_t)nmf_dtype_bytes(block.dtype);
    for (int64_t row = first; row < end; row += lanes) {
        const char *const data = (const char *)block.X.data + (row - first) * row_bytes;
        const int64_t rows = nmfi_lesser(lanes, end - row);
        nmfi_tile tile = {.first = row,
                          .rows = rows,
                          .lanes = lanes,
                          .scratch =
                              nmfi_of_thread(pass->workspace, pass->workspace_bytes, leaf->thread),
                          .sums = leaf->sums,
                          .stop = pass->stop,
                          .X = {data, block.X.row_stride, rows, block.X.columns},
                          .dtype = block.dtype};
        nmfi_lend_sums(pass, leaf, &tile);
        rule->improve(rule->context, &tile);
    }
    return NMF_OK;
}

static nmf_status improve_rows_of_slot(void *context, const nmfi_leaf *leaf, nmf_error *error)
{
    const tiles_job *job = context;
    const nmfi_pass *pass = job->pass;
    const int64_t rows = pass->block_tiles * pass->rows.lanes;
    const int64_t end = nmfi_partition_first_row(&pass->rows, leaf->index + 1);
    nmf_status status = NMF_OK;
    int64_t r = nmfi_partition_first_row(&pass->rows, leaf->index);
    for (; r < end && status == NMF_OK; r += rows)
        status = improve_rows(job, r, nmfi_lesser(r + rows, end), leaf, error);
    return status;
}

static nmf_status visit_tiles(nmfi_pass *pass, const nmfi_visit *visit, nmf_error *error)
{
    tiles_job job = {pass, visit};
    const nmfi_adding adding =
        nmfi_visited_slots(pass, visit, visit->sums, improve_rows_of_slot, &job);
    nmfi_count_visit(pass, visit);
    return nmfi_sums_add_up(pass, pass->row_sums, &adding, error);
}

/* --- scan -------------------------------------------------------------------------------------- */

typedef struct scan_job {
    nmfi_pass *pass;
    int signed_ok;
} scan_job;

static nmf_status scan_slot(void *context, const nmfi_leaf *leaf, nmf_error *error)
{
    const scan_job *job = context;
    const nmfi_pass *pass = job->pass;
    nmfi_slot_scan *const slot = &pass->scans[leaf->index];
    const int64_t rows = pass->block_tiles * pass->rows.lanes;
    const int64_t end = nmfi_partition_first_row(&pass->rows, leaf->index + 1);
    *slot = nmfi_scan_nothing();
    for (int64_t r = nmfi_partition_first_row(&pass->rows, leaf->index); r < end; r += rows) {
        nmfi_block block;
        const nmf_status status =
            nmfi_dense_rows(pass, r, nmfi_lesser(rows, end - r), leaf->thread, &block, error);
        if (status != NMF_OK) return status;
        const int64_t bad = slot->scan.bad;
        pass->kernels->scan[block.dtype](&block.X, job->signed_ok, pass->scale, &slot->scan);
        if (pass->digests)
            slot->digest += nmfi_fingerprint_part(&pass->source, &block, pass->rows.first_row + r);
        if (slot->scan.bad > bad)
            nmfi_find_bad_entry(&block, pass->rows.first_row + r, pass->source.is_transposed,
                                job->signed_ok, &slot->bad);
    }
    return NMF_OK;
}

static nmf_status scan_rows(nmfi_pass *pass, int signed_ok, nmfi_scan *scan, nmf_error *error)
{
    scan_job job = {pass, signed_ok};
    const nmfi_adding adding = nmfi_own_slots(pass, scan_slot, &job);
    const nmf_status status = nmfi_sums_add_up(pass, pass->row_sums, &adding, error);
    if (status != NMF_OK) return status;
    if (pass->rows.comm) nmfi_slots_share(&pass->rows, pass->scans, 1, sizeof *pass->scans);
    pass->digest = 0;
    for (int64_t s = 0; s < pass->rows.slots; s++) pass->digest += pass->scans[s].digest;
    return nmfi_scan_total(pass->scans, pass->rows.slots, scan, error);
}

const nmfi_backend nmfi_backend_dense = {.layout = layout,
                                         .scan = scan_rows,
                                         .visit = visit_rows,
                                         .visit_tiles = visit_tiles,
                                         .columns = nmfi_columns_from_sums};
