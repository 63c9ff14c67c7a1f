/* The contract of pass.h: plans, memory, and whose function a visit is. */
#include "base/machine.h"
#include "pass/backend.h"
#include "pass/exchange.h"

#include <assert.h>
#include <string.h>

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

void nmfi_pass_plan(nmfi_pass *pass, const nmfi_source *source, const nmfi_kernels *kernels,
                    int64_t k, int64_t block_rows)
{
    pass->source = *source;
    /* Where several processes have the rows of a sparse X, sums of nodes travel and not a factor's rows. */
    const int by_lines = !source->in_memory || (source->comm && pass->adds_up);
    pass->backend = !source->is_sparse ? &nmfi_backend_dense
                    : by_lines         ? &nmfi_backend_lines
                                       : &nmfi_backend_sparse;
    pass->kernels = kernels;
    pass->rows =
        nmfi_partition_spread(source->comm ? source->all_rows : source->rows, source->comm);
    assert(pass->rows.count == source->rows);
    pass->columns = nmfi_partition_make(source->columns);
    pass->own_columns = nmfi_partition_spread(source->columns, source->comm);
    pass->k = k;
    pass->scale = 1.0;
    if (block_rows == 0) {
        /* Half the core's own cache: the block is read twice, for P and for Q. */
        const int64_t stored = (int64_t)nmf_dtype_bytes(source->dtype);
        const int64_t row_bytes = source->columns * stored;
        block_rows = nmfi_cache_bytes() / 2 / (row_bytes > 0 ? row_bytes : 1);
        if (block_rows < source->least_rows) block_rows = source->least_rows;
    }
    pass->block_tiles = clamp(block_rows / pass->rows.lanes, 1, 64);
}

void nmfi_pass_layout(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int accumulates)
{
    const int64_t k = pass->k;
    pass->Qs = 0;
    pass->scan_count = pass->rows.slots;
    const size_t of_rows = nmfi_sums_numbers_bytes(pass, threads, pass->rows.slots, &pass->rows);
    const size_t of_columns =
        nmfi_sums_numbers_bytes(pass, threads, pass->columns.slots, &pass->own_columns);
    double *const of_nodes = nmfi_take(arena, 1, of_rows > of_columns ? of_rows : of_columns);
    pass->row_sums =
        nmfi_sums_layout(pass, arena, threads, pass->rows.slots, &pass->rows, of_nodes);
    pass->column_sums =
        nmfi_sums_layout(pass, arena, threads, pass->columns.slots, &pass->own_columns, of_nodes);
    pass->backend->layout(pass, arena, threads, accumulates);
    pass->products = nmfi_take(arena, threads, (size_t)pass->products_bytes);
    pass->scratch = nmfi_take(arena, threads, (size_t)pass->scratch_bytes);
    pass->scans = nmfi_take(arena, pass->scan_count, sizeof *pass->scans);
    if (pass->rows.comm) {
        const nmfi_partition across = nmfi_partition_spread(pass->columns.count, pass->rows.comm);
        const int64_t rows = nmfi_most_rows_of_a_rank(&pass->rows);
        const int64_t columns = nmfi_most_rows_of_a_rank(&across);
        pass->wire = nmfi_take(
            arena, k, nmfi_product(rows > columns ? rows : columns, pass->kernels->element_bytes));
    }
    double *const numbers = nmfi_take(arena, k * k + 2 * k, sizeof *numbers);
    if (!arena->base) return;
    pass->total.gram = numbers;
    pass->total.pg2 = numbers + k * k;
    pass->total.ref2 = pass->total.pg2 + k;
}

void nmfi_pass_layout_workspace(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int64_t bytes,
                                int dense_rows)
{
    if (pass->backend->layout_tiles) pass->backend->layout_tiles(pass, arena, threads, dense_rows);
    pass->workspace_bytes = (bytes + NMFI_ALIGNMENT - 1) / NMFI_ALIGNMENT * NMFI_ALIGNMENT;
    pass->workspace = nmfi_take(arena, threads, (size_t)pass->workspace_bytes);
}

void nmfi_pass_layout_tile_sums(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int64_t sums)
{
    nmfi_sums_layout_Q(pass, arena, threads, sums);
}

void nmfi_pass_transposed(nmfi_pass *transposed, nmfi_pass *pass, int tiles)
{
    transposed->shared = pass;
    pass->is_shared = 1;
    pass->whole_lines = tiles;
}

nmfi_source nmfi_pass_source_across(const nmfi_pass *pass, int copies, const void *copy)
{
    const nmf_comm *comm = pass->rows.comm;
    const nmfi_partition own = nmfi_partition_spread(pass->columns.count, comm);
    nmfi_source across = nmfi_source_transposed(&pass->source);
    if (copies) across = nmfi_source_packed(across.dtype, copy, own.count, pass->rows.all);
    if (!comm) return across;
    across.comm = comm;
    across.all_rows = own.all;
    across.first_row = own.first_row;
    return across;
}

nmfi_source nmfi_pass_source_along(const nmfi_pass *pass, nmf_dtype dtype, const void *copy)
{
    nmfi_source along = nmfi_source_packed(dtype, copy, pass->source.rows, pass->source.columns);
    along.comm = pass->source.comm;
    along.all_rows = pass->source.all_rows;
    along.first_row = pass->source.first_row;
    return along;
}

void nmfi_pass_prepare(nmfi_pass *pass)
{
    if (pass->backend->prepare) pass->backend->prepare(pass);
}

nmf_status nmfi_pass_scan(nmfi_pass *pass, int signed_ok, nmfi_scan *scan, nmf_error *error)
{
    pass->passes++;
    return pass->backend->scan(pass, signed_ok, scan, error);
}

/* The visit with its slots counted. */
static nmfi_visit all_of(const nmfi_pass *pass, const nmfi_visit *visit)
{
    nmfi_visit all = *visit;
    if (all.first_slot < pass->rows.first_slot) all.first_slot = pass->rows.first_slot;
    if (all.slots == 0) all.slots = pass->rows.first_slot + pass->rows.own_slots - all.first_slot;
    if (all.columns == 0) all.columns = pass->columns.count;
    return all;
}

nmf_status nmfi_pass_visit(nmfi_pass *pass, const nmfi_visit *visit, nmf_error *error)
{
    const nmfi_visit all = all_of(pass, visit);
    const int needs_rows = all.rule && (all.rule->needs & NMFI_NEEDS_ROWS);
    const nmf_status status =
        (needs_rows ? pass->backend->visit_tiles : pass->backend->visit)(pass, &all, error);
    /* A rule may have left its last rows as they were. */
    return status == NMF_OK && nmfi_stop_said(pass->stop) ? nmfi_fail_stopped(error) : status;
}

void nmfi_pass_join(nmfi_pass *pass, const nmfi_pass *other, int64_t k)
{
    nmfi_sums_join(pass, other, k);
}

void nmfi_pass_columns(nmfi_pass *pass, const nmfi_column_visit *visit)
{
    pass->backend->columns(pass, visit);
}

int64_t nmfi_pass_most_entries(const nmfi_pass *pass)
{
    return pass->backend->most_entries ? pass->backend->most_entries(pass) : 0;
}

int nmfi_pass_scatters(const nmfi_pass *pass)
{
    return pass->backend->scatters;
}

/* --- factors ----------------------------------------------------------------------------------- */

/* Of each component 32 KB, in f32: worth a reading of its own. */
enum { TILES_WANTED = 128 };

typedef struct combine_job {
    nmfi_pass *pass;
    int64_t k;
    const void *rotation;
    void *factor;
    const nmfi_partition *partition;
    int64_t first; /* tile */
} combine_job;

static void combine_tile(void *context, int64_t tile, int64_t thread)
{
    const combine_job *job = context;
    const nmfi_kernels *kernels = job->pass->kernels;
    const nmfi_partition *partition = job->partition;
    const int64_t bytes = kernels->element_bytes, lanes = partition->lanes;
    char *made = nmfi_of_thread(job->pass->scratch, job->pass->scratch_bytes, thread);
    char *at = nmfi_factor_at(job->pass, job->factor, (job->first + tile) * lanes);
    /* The tile as rows of a small X: made = rotation X. */
    const nmfi_rows components = {at, partition->ld, job->k, lanes};
    memset(made, 0, (size_t)(job->k * lanes * bytes));
    kernels->accumulate[bytes == 4 ? NMF_F32 : NMF_F64](&components, job->rotation, job->k, job->k,
                                                        made, lanes);
    for (int64_t j = 0; j < job->k; j++)
        memcpy(at + j * partition->ld * bytes, made + j * lanes * bytes, (size_t)(lanes * bytes));
}

void nmfi_pass_combine(nmfi_pass *pass, int64_t k, const void *rotation, void *factor,
                       const nmfi_partition *partition)
{
    combine_job job = {pass, k, rotation, factor, partition, 0};
    const int64_t bytes = pass->kernels->element_bytes, line = partition->ld * bytes;
    /* All at once, but of a factor in a scratch file, of which the next tiles are asked for while these are made. */
    const int64_t some = pass->spilled && pass->spilled->base ? TILES_WANTED : partition->tiles;
    const size_t piece = (size_t)(some * partition->lanes * bytes);
    for (; job.first < partition->tiles; job.first += some) {
        const int64_t next = job.first + some;
        if (next < partition->tiles)
            nmfi_scratch_want(pass->spilled, nmfi_factor_at(pass, factor, next * partition->lanes),
                              k, (size_t)line, piece);
        nmfi_team_run(pass->team, nmfi_lesser(some, partition->tiles - job.first), combine_tile,
                      &job);
        if (pass->spilled) nmfi_scratch_touched(pass->spilled, (size_t)k * piece);
    }
}
