/* The visit of a sparse X by rules that need rows. A rule that needs no zeros gets a tile for each
 * line: the line's entries side by side, and the rows of the column factor that they name turned
 * into components beside them. Others get tiles of whole rows, zeros filled in, in the type of
 * the arithmetic. */
#include "pass/sparse_lines.h"

#include <assert.h>

/* Entries of a line are padded to whole vectors. */
static int64_t padded(int64_t count)
{
    return (count + NMFI_LANES_MIN - 1) / NMFI_LANES_MIN * NMFI_LANES_MIN;
}

int64_t nmfi_sparse_most_entries(const nmfi_pass *pass)
{
    /* A bound that the given lines cannot pass, since the longest of the others is not known
     * yet. */
    const int64_t stored = nmfi_sparse_stored(nmfi_source_lines(&pass->source));
    /* Trap: improve_line sets components that much further apart than a full line has entries. */
    return padded(nmfi_lesser(pass->columns.count, stored)) + NMFI_LANES_MIN;
}

void nmfi_sparse_layout_tiles(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int dense_rows)
{
    nmfi_sparse_state *const state = pass->state;
    const int64_t bytes = pass->kernels->element_bytes;
    const int64_t most_entries = nmfi_sparse_most_entries(pass);
    const int64_t together = nmfi_lesser(most_entries * NMFI_LINES_TOGETHER, NMFI_ENTRIES_TOGETHER);
    const int64_t line =
        (pass->k + 1) * (most_entries > together ? most_entries : together) * bytes;
    const int64_t rows = dense_rows ? pass->rows.lanes * pass->columns.ld * bytes : 0;
    const int64_t most = line > rows ? line : rows;
    char *const gathered = nmfi_take(arena, threads, (size_t)most);
    if (!gathered) return;
    state->gathered = gathered;
    state->gathered_bytes = most;
}

typedef struct tiles_job {
    const nmfi_pass *pass;
    const nmfi_sparse_state *state;
    const nmfi_visit *visit;
    nmfi_side side;
    nmfi_lines lines;
} tiles_job;

static nmf_dtype arithmetic(const nmfi_pass *pass)
{
    return pass->kernels->element_bytes == 4 ? NMF_F32 : NMF_F64;
}

static char *gathered_by(const tiles_job *job, const nmfi_leaf *leaf)
{
    return nmfi_of_thread(job->state->gathered, job->state->gathered_bytes, leaf->thread);
}

static char *workspace_of(const tiles_job *job, const nmfi_leaf *leaf)
{
    return nmfi_of_thread(job->pass->workspace, job->pass->workspace_bytes, leaf->thread);
}

/* How far apart components of a line lie: as short as it is, so that a short line's stay in the first-level cache. */
static int64_t width_of(const nmf_sparse *s, int64_t line)
{
    return padded(s->pointers[line + 1] - s->pointers[line]) + NMFI_LANES_MIN;
}

/* Gathers a line into `entries`. */
static nmfi_tile tile_of(const tiles_job *job, int64_t line, char *entries, const nmfi_leaf *leaf)
{
    const nmfi_pass *pass = job->pass;
    const nmfi_kernels *kernels = pass->kernels;
    const nmf_sparse *s = &job->side.lines;
    const int64_t ldf = width_of(s, line);
    char *beside = entries + ldf * kernels->element_bytes;
    nmfi_tile tile = {.first = line,
                      .rows = 1,
                      .lanes = NMFI_LANES_MIN,
                      .scratch = workspace_of(job, leaf),
                      .sums = leaf->sums,
                      .stop = pass->stop,
                      .X = {entries, ldf, 1, 0},
                      .dtype = arithmetic(pass),
                      .F = beside,
                      .ldf = ldf};
    tile.X.columns = kernels->gather_row[s->dtype][s->index_bytes == 8](
        &job->lines, line, job->state->packed, nmfi_packed_stride(job->visit->k), job->visit->k,
        beside, ldf, entries);
    return tile;
}

/* How many lines from `line` on come together: none of them is empty but perhaps the first. */
static int64_t lines_together(const tiles_job *job, int64_t line, int64_t end)
{
    const nmf_sparse *s = &job->side.lines;
    int64_t count = 1, width = width_of(s, line);
    if (!job->visit->rule->improve_lines) return 1;
    for (; count < NMFI_LINES_TOGETHER && line + count < end; count++) {
        width += width_of(s, line + count);
        if (width > NMFI_ENTRIES_TOGETHER ||
            s->pointers[line + count] == s->pointers[line + count + 1])
            break;
    }
    return count;
}

static void improve_lines(const tiles_job *job, int64_t line, int64_t count, const nmfi_leaf *leaf)
{
    const nmfi_rule *rule = job->visit->rule;
    nmfi_tile tiles[NMFI_LINES_TOGETHER];
    char *entries = gathered_by(job, leaf);
    for (int64_t i = 0; i < count; i++) {
        tiles[i] = tile_of(job, line + i, entries, leaf);
        entries += (job->visit->k + 1) * tiles[i].ldf * job->pass->kernels->element_bytes;
    }
    if (count == 1)
        rule->improve(rule->context, tiles);
    else
        rule->improve_lines(rule->context, tiles, count);
}

/* How many lines from `line` on have no entry. */
static int64_t empty_lines(const nmf_sparse *s, int64_t line, int64_t end)
{
    int64_t after = line;
    while (after < end && s->pointers[after + 1] == s->pointers[line]) after++;
    return after - line;
}

static nmf_status improve_share(void *context, const nmfi_leaf *leaf, nmf_error *error)
{
    enum { UNLOOKED = 1 << 18 }; /* products of a line, about: some tens of microseconds */
    const tiles_job *job = context;
    const nmfi_rule *rule = job->visit->rule;
    const int64_t *pointers = job->side.lines.pointers;
    const int64_t end = job->side.bounds[leaf->index + 1];
    int64_t line = job->side.bounds[leaf->index], work = UNLOOKED;
    while (line < end) {
        if (work >= UNLOOKED && nmfi_stop_now(job->pass->stop)) return nmfi_fail_stopped(error);
        if (work >= UNLOOKED) work = 0;
        const int64_t empty = rule->nothing ? empty_lines(&job->side.lines, line, end) : 0;
        const int64_t count = empty > 0 ? empty : lines_together(job, line, end);
        work += (pointers[line + count] - pointers[line] + 16 * count) * job->visit->k;
        if (empty > 0)
            rule->nothing(rule->context, line, empty);
        else
            improve_lines(job, line, count, leaf);
        line += count;
    }
    return NMF_OK;
}

static void improve_rows(const tiles_job *job, int64_t first, int64_t end, const nmfi_leaf *leaf)
{
    const nmfi_pass *pass = job->pass;
    const nmf_sparse *s = &job->side.lines;
    const int64_t columns = pass->columns.count, ld = pass->columns.ld;
    char *rows = gathered_by(job, leaf);
    nmfi_tile tile = {.first = first,
                      .rows = end - first,
                      .lanes = pass->rows.lanes,
                      .scratch = workspace_of(job, leaf),
                      .sums = leaf->sums,
                      .stop = pass->stop,
                      .X = {rows, ld, end - first, columns},
                      .dtype = arithmetic(pass)};
    pass->kernels->densify[s->dtype][s->index_bytes == 8](&job->lines, first, end, columns, rows,
                                                          ld);
    nmfi_lend_sums(pass, leaf, &tile);
    job->visit->rule->improve(job->visit->rule->context, &tile);
}

static nmf_status improve_slot(void *context, const nmfi_leaf *leaf, nmf_error *error)
{
    const tiles_job *job = context;
    const nmfi_partition *partition = &job->pass->rows;
    const int64_t end = nmfi_partition_first_row(partition, leaf->index + 1);
    int64_t row = nmfi_partition_first_row(partition, leaf->index);
    for (; row < end; row += partition->lanes) {
        if (nmfi_stop_now(job->pass->stop)) return nmfi_fail_stopped(error);
        improve_rows(job, row, nmfi_lesser(row + partition->lanes, end), leaf);
    }
    return NMF_OK;
}

nmf_status nmfi_sparse_tiles(nmfi_pass *pass, const nmfi_visit *visit, nmf_error *error)
{
    nmfi_sparse_state *state = pass->state;
    tiles_job job = {pass, state, visit, nmfi_side_of(pass, NMFI_ROWS), {0}};
    const int by_rows = (visit->rule->needs & NMFI_NEEDS_ZEROS) != 0;
    const int64_t each = by_rows ? 1 : job.side.shares / pass->rows.slots;
    const nmfi_adding adding = {.side = &pass->rows,
                                .leaves = each * pass->rows.slots,
                                .first = each * visit->first_slot,
                                .count = each * visit->slots,
                                .k = visit->k,
                                .Qs = visit->sums,
                                .ldq = pass->columns.ld,
                                .task = by_rows ? improve_slot : improve_share,
                                .context = &job};
    job.lines = nmfi_lines_of(&job.side, 0);
    assert(by_rows || visit->sums == 0); /* entries alone name columns all over the sums */
    if (!by_rows) nmfi_pack_factor(pass, NMFI_COLUMNS, visit->fixed, visit->k, state->packed);
    pass->passes++;
    return nmfi_sums_add_up(pass, by_rows ? pass->row_sums : state->share_sums, &adding, error);
}
