/* The visit of tiles: each tile of the row factor with its own rows of X at hand. What a rule
 * adds up goes into the same slots as in any visit, so the result has the same bits for any
 * number of threads and any block size. */
#include "pass/backend.h"

#include <string.h>

void nmfi_pass_layout_workspace(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int64_t bytes,
                                int dense_rows)
{
    pass->backend->layout_tiles(pass, arena, threads, dense_rows);
    pass->workspace_bytes = (bytes + NMFI_ALIGNMENT - 1) / NMFI_ALIGNMENT * NMFI_ALIGNMENT;
    pass->workspace = nmfi_take(arena, threads, (size_t)pass->workspace_bytes);
}

typedef struct tiles_job {
    nmfi_pass *pass;
    const nmfi_tiles_visit *visit;
} tiles_job;

/* Tiles [begin, end), whose rows are fetched together. */
static void improve_block(const tiles_job *job, int64_t slot, int64_t begin, int64_t end,
                          int64_t thread)
{
    nmfi_pass *pass = job->pass;
    const nmfi_rule *rule = job->visit->rule;
    const nmfi_partition *partition = &pass->rows;
    const int64_t first = begin * partition->lanes,
                  last = nmfi_lesser(end * partition->lanes, partition->count);
    int64_t row_stride;
    const char *data = pass->source.fetch(&pass->source, first, last - first,
                                          pass->gather + thread * pass->gather_bytes, &row_stride);
    const int64_t row_bytes = row_stride * (int64_t)nmf_dtype_bytes(pass->source.dtype);
    for (int64_t t = begin; t < end; t++) {
        const int64_t row = t * partition->lanes,
                      rows = nmfi_lesser(partition->lanes, partition->count - row);
        nmfi_tile tile = {
            .first = row,
            .rows = rows,
            .lanes = partition->lanes,
            .scratch = pass->workspace + thread * pass->workspace_bytes,
            .sums = &pass->slot_sums[slot],
            .X = {data + (row - first) * row_bytes, row_stride, rows, pass->source.columns},
            .dtype = pass->source.dtype};
        nmfi_lend_tile_sums(pass, job->visit, slot, &tile);
        rule->improve(rule->context, &tile);
    }
}

static void improve_slot(void *context, int64_t slot, int64_t thread)
{
    const tiles_job *job = context;
    nmfi_pass *pass = job->pass;
    const int64_t end = nmfi_partition_slot_begin(&pass->rows, slot + 1);
    nmfi_pass_clear_sums(pass, &pass->slot_sums[slot]);
    nmfi_clear_tile_sums(pass, job->visit, slot);
    for (int64_t t = nmfi_partition_slot_begin(&pass->rows, slot); t < end; t += pass->block_tiles)
        improve_block(job, slot, t, nmfi_lesser(t + pass->block_tiles, end), thread);
}

void nmfi_tiles_dense(nmfi_pass *pass, const nmfi_tiles_visit *visit)
{
    tiles_job job = {pass, visit};
    nmfi_team_run(pass->team, pass->rows.slots, improve_slot, &job);
    nmfi_pass_total_sums(pass, pass->slot_sums, pass->rows.slots);
    pass->passes++;
}

void nmfi_pass_visit_tiles(nmfi_pass *pass, const nmfi_tiles_visit *visit)
{
    pass->backend->tiles(pass, visit);
}

int64_t nmfi_pass_most_entries(const nmfi_pass *pass)
{
    return pass->backend->most_entries(pass);
}

typedef struct copy_job {
    nmfi_pass *pass;
    char *to;
} copy_job;

static void copy_tile(void *context, int64_t tile, int64_t thread)
{
    (void)thread;
    const copy_job *job = context;
    const nmfi_source *source = &job->pass->source;
    const nmfi_partition *partition = &job->pass->rows;
    const int64_t first = tile * partition->lanes,
                  rows = nmfi_lesser(partition->lanes, partition->count - first);
    const int64_t bytes = source->columns * (int64_t)nmf_dtype_bytes(source->dtype);
    char *to = job->to + first * bytes;
    int64_t row_stride;
    const char *from = source->fetch(source, first, rows, to, &row_stride);
    if (from == to) return; /* gathered where it belongs */
    for (int64_t r = 0; r < rows; r++)
        memcpy(to + r * bytes, from + r * row_stride * (int64_t)nmf_dtype_bytes(source->dtype),
               (size_t)bytes);
}

void nmfi_pass_copy_rows(nmfi_pass *pass, void *to)
{
    copy_job job = {pass, to};
    nmfi_team_run(pass->team, pass->rows.tiles, copy_tile, &job);
    pass->passes++;
}
