/* The visit of tiles (pass.h) where X is sparse. A rule that needs no zeros gets a tile for each
 * line: the line's entries side by side, and the rows of the column factor that they name turned
 * into components beside them. Others get tiles of whole rows, zeros filled in, in the type of
 * the arithmetic. */
#include "pass/backend.h"

#include <string.h>

/* Entries of a line are padded to whole vectors. */
static int64_t padded(int64_t count)
{
    return (count + NMFI_LANES_MIN - 1) / NMFI_LANES_MIN * NMFI_LANES_MIN;
}

int64_t nmfi_most_entries_sparse(const nmfi_pass *pass)
{
    /* A bound that the given lines cannot pass, since the longest of the others is not known
     * yet. */
    const int64_t stored = nmfi_sparse_stored(&pass->source.sparse);
    /* Trap: improve_line sets components that much further apart than a full line has entries. */
    return padded(nmfi_lesser(pass->columns.count, stored)) + NMFI_LANES_MIN;
}

void nmfi_layout_tiles_sparse(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int dense_rows)
{
    const int64_t bytes = pass->kernels->element_bytes;
    const int64_t line = (pass->k + 1) * nmfi_most_entries_sparse(pass) * bytes;
    const int64_t rows = dense_rows ? pass->rows.lanes * pass->columns.ld * bytes : 0;
    pass->gather_bytes = line > rows ? line : rows;
    pass->gather = nmfi_take(arena, threads, (size_t)pass->gather_bytes);
}

typedef struct tiles_job {
    nmfi_pass *pass;
    const nmfi_tiles_visit *visit;
    const nmfi_sparse_side *side;
    nmfi_lines lines;
    int64_t slots;
} tiles_job;

static nmf_dtype arithmetic(const nmfi_pass *pass)
{
    return pass->kernels->element_bytes == 4 ? NMF_F32 : NMF_F64;
}

static void improve_line(const tiles_job *job, int64_t line, int64_t thread, nmfi_sums *sums)
{
    const nmfi_pass *pass = job->pass;
    const nmfi_kernels *kernels = pass->kernels;
    const nmf_sparse *s = &job->side->lines;
    char *entries = pass->gather + thread * pass->gather_bytes;
    /* As short as the line is: a short line's components stay in the first-level cache. */
    const int64_t ldf = padded(s->pointers[line + 1] - s->pointers[line]) + NMFI_LANES_MIN;
    char *beside = entries + ldf * kernels->element_bytes;
    nmfi_tile tile = {.first = line,
                      .rows = 1,
                      .lanes = NMFI_LANES_MIN,
                      .scratch = pass->workspace + thread * pass->workspace_bytes,
                      .sums = sums,
                      .X = {entries, ldf, 1, 0},
                      .dtype = arithmetic(pass),
                      .F = beside,
                      .ldf = ldf};
    tile.X.columns = kernels->gather_row[s->dtype][s->index_bytes == 8](
        &job->lines, line, pass->sides.packed, nmfi_packed_stride(job->visit->k), job->visit->k,
        beside, ldf, entries);
    job->visit->rule->improve(job->visit->rule->context, &tile);
}

/* How many lines from `line` on have no entry. */
static int64_t empty_lines(const nmf_sparse *s, int64_t line, int64_t end)
{
    int64_t after = line;
    while (after < end && s->pointers[after + 1] == s->pointers[line]) after++;
    return after - line;
}

/* A run of shares, so that slots have about as many entries each. */
static void improve_lines(void *context, int64_t slot, int64_t thread)
{
    const tiles_job *job = context;
    nmfi_sums *sums = &job->pass->slot_sums[slot];
    const nmfi_sparse_side *side = job->side;
    const int64_t end = side->bounds[side->shares * (slot + 1) / job->slots];
    const nmfi_rule *rule = job->visit->rule;
    nmfi_pass_clear_sums(job->pass, sums);
    int64_t line = side->bounds[side->shares * slot / job->slots];
    while (line < end) {
        const int64_t empty = rule->nothing ? empty_lines(&side->lines, line, end) : 0;
        if (empty > 0)
            rule->nothing(rule->context, line, empty);
        else
            improve_line(job, line, thread, sums);
        line += empty > 0 ? empty : 1;
    }
}

static void improve_rows(void *context, int64_t slot, int64_t thread)
{
    const tiles_job *job = context;
    const nmfi_pass *pass = job->pass;
    const nmf_sparse *s = &job->side->lines;
    const nmfi_partition *partition = &pass->rows;
    const int64_t end = nmfi_partition_slot_begin(partition, slot + 1),
                  columns = pass->columns.count;
    char *rows = pass->gather + thread * pass->gather_bytes;
    nmfi_pass_clear_sums(pass, &pass->slot_sums[slot]);
    nmfi_clear_tile_sums(pass, job->visit, slot);
    for (int64_t t = nmfi_partition_slot_begin(partition, slot); t < end; t++) {
        const int64_t first = t * partition->lanes,
                      count = nmfi_lesser(partition->lanes, partition->count - first);
        nmfi_tile tile = {.first = first,
                          .rows = count,
                          .lanes = partition->lanes,
                          .scratch = pass->workspace + thread * pass->workspace_bytes,
                          .sums = &pass->slot_sums[slot],
                          .X = {rows, pass->columns.ld, count, columns},
                          .dtype = arithmetic(pass)};
        pass->kernels->densify[s->dtype][s->index_bytes == 8](&job->lines, first, first + count,
                                                              columns, rows, pass->columns.ld);
        nmfi_lend_tile_sums(pass, job->visit, slot, &tile);
        job->visit->rule->improve(job->visit->rule->context, &tile);
    }
}

void nmfi_tiles_sparse(nmfi_pass *pass, const nmfi_tiles_visit *visit)
{
    tiles_job job = {pass, visit, nmfi_side_of(pass, 0), {0}, pass->rows.slots};
    const nmf_sparse *s = &job.side->lines;
    job.lines = (nmfi_lines){s->pointers, s->indices, s->values};
    if (visit->entries_only) {
        job.slots += pass->columns.slots; /* more of them share the work more evenly */
        nmfi_pack_factor(pass, 1, visit->F, visit->k, pass->sides.packed);
    }
    nmfi_team_run(pass->team, job.slots, visit->entries_only ? improve_lines : improve_rows, &job);
    nmfi_pass_total_sums(pass, pass->slot_sums, job.slots);
    pass->passes++;
}
