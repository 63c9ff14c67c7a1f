/* The visit of a sparse X whose lines are read, along its rows only: there is no other side. Products gather,
 * as where lines are in memory (sparse.c); what the column factor needs is scattered, each entry adding to
 * the row of the sums that it names. These lie packed, row by row, in memory of the thread, begin at zero
 * for each slot and go into the tree of sums when it ends. */
#include "data/sparse.h"
#include "pass/exchange.h"
#include "pass/sparse_lines.h"

#include <string.h>

enum { BLOCK_ENTRIES = 1 << 17, BLOCK_TILES = 16 };

/* Of one thread. */
typedef struct thread_memory {
    nmfi_line_buffer read;
    char *P, *R;                /* block rows x stride: products, rows of the row factor */
    char *sums[NMFI_TILE_SUMS]; /* columns x stride */
    /* Of a line, for rules that need rows: its entries and F beside them, its share of the sums; that
     * row by row. */
    char *entries, *beside, *share[NMFI_TILE_SUMS], *rows;
} thread_memory;

typedef struct lines_state {
    char *packed;         /* the column factor, columns x stride */
    double *gram;         /* k x k: of it, in f64 */
    int64_t most_entries; /* of a block */
    int64_t line_entries; /* of a line, padded */
    int tile_sums;
    thread_memory *threads;
} lines_state;

static int64_t row_bytes(const nmfi_pass *pass, int64_t k)
{
    return nmfi_packed_stride(k) * pass->kernels->element_bytes;
}

/* --- memory ------------------------------------------------------------------------------------ */

static int64_t entries_of_tiles(const nmfi_pass *pass, int64_t begin, int64_t end)
{
    const int64_t *pointers = nmfi_source_lines(&pass->source)->pointers;
    const int64_t first = begin * pass->rows.lanes;
    const int64_t last = nmfi_lesser(end * pass->rows.lanes, pass->rows.count);
    return first < last ? pointers[last] - pointers[first] : 0;
}

static int64_t most_of_a_tile(const nmfi_pass *pass)
{
    int64_t most = 0;
    for (int64_t t = 0; t < pass->rows.tiles; t++) {
        const int64_t entries = entries_of_tiles(pass, t, t + 1);
        most = entries > most ? entries : most;
    }
    return most;
}

static int64_t longest_line(const nmfi_pass *pass)
{
    const int64_t *pointers = nmfi_source_lines(&pass->source)->pointers;
    int64_t most = 0;
    for (int64_t i = 0; i < pass->rows.count; i++)
        if (pointers[i + 1] - pointers[i] > most) most = pointers[i + 1] - pointers[i];
    return most;
}

static int64_t padded(int64_t count)
{
    return (count + NMFI_LANES_MIN - 1) / NMFI_LANES_MIN * NMFI_LANES_MIN + NMFI_LANES_MIN;
}

static void layout(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int accumulates)
{
    lines_state state = {.line_entries = padded(longest_line(pass))};
    const nmf_sparse *lines = nmfi_source_lines(&pass->source);
    const int64_t rows = BLOCK_TILES * pass->rows.lanes, k = pass->k;
    const int64_t f64_tile = k * (NMFI_LANES_MAX + k) * (int64_t)sizeof(double);
    const int64_t scratch = nmfi_rule_scratch_bytes(pass), most = most_of_a_tile(pass);
    const size_t bytes = (size_t)row_bytes(pass, k);
    lines_state *const kept = nmfi_take(arena, 1, sizeof *kept);
    pass->scratch_bytes = scratch > f64_tile ? scratch : f64_tile;
    pass->products_bytes = k * NMFI_LANES_MAX * pass->kernels->element_bytes;
    state.most_entries = most > BLOCK_ENTRIES ? most : BLOCK_ENTRIES;
    state.packed = nmfi_take(arena, pass->columns.count, bytes);
    state.gram = nmfi_take(arena, k * k, sizeof *state.gram);
    state.threads = nmfi_take(arena, threads, sizeof *state.threads);
    for (int64_t t = 0; t < threads; t++) {
        thread_memory own = {.P = nmfi_take(arena, rows, bytes),
                             .R = nmfi_take(arena, rows, bytes)};
        own.read.pointers = nmfi_take(arena, rows + 1, sizeof *own.read.pointers);
        own.read.indices = nmfi_take(arena, state.most_entries, (size_t)lines->index_bytes);
        own.read.values = nmfi_take(arena, state.most_entries, nmf_dtype_bytes(lines->dtype));
        if (accumulates) own.sums[0] = nmfi_take(arena, pass->columns.count, bytes);
        if (state.threads) state.threads[t] = own;
    }
    nmfi_sums_layout_Q(pass, arena, threads, accumulates ? 1 : 0);
    if (kept) *kept = state;
    pass->state = kept;
}

static void layout_tiles(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int dense_rows)
{
    lines_state *const state = pass->state;
    const int64_t line = state ? state->line_entries : padded(longest_line(pass)), k = pass->k;
    const size_t component = nmfi_product(line, pass->kernels->element_bytes);
    (void)dense_rows; /* rules that want zeros are refused */
    for (int64_t t = 0; t < threads; t++) {
        thread_memory own = {0};
        own.entries = nmfi_take(arena, 1, component);
        own.beside = nmfi_take(arena, k, component);
        own.rows = nmfi_take(arena, line, (size_t)row_bytes(pass, k));
        for (int s = 0; s < NMFI_TILE_SUMS; s++) {
            own.share[s] = nmfi_take(arena, k, component);
            own.sums[s] = nmfi_take(arena, pass->columns.count, (size_t)row_bytes(pass, k));
        }
        if (!state) continue;
        thread_memory *const kept = &state->threads[t];
        own.read = kept->read;
        own.P = kept->P;
        own.R = kept->R;
        *kept = own;
    }
}

/* --- a slot in blocks -------------------------------------------------------------------------- */

typedef struct visit_job {
    nmfi_pass *pass;
    lines_state *state;
    const nmfi_visit *visit;
    int Qs;
} visit_job;

typedef struct rows_read {
    int64_t first, count; /* rows, from a tile on */
    nmfi_lines lines;
} rows_read;

/* Tiles from `begin` on whose entries fit a block: one at least. */
static int64_t block_end(const visit_job *job, int64_t begin, int64_t end)
{
    int64_t last = begin + 1;
    while (last < end && last - begin < BLOCK_TILES &&
           entries_of_tiles(job->pass, begin, last + 1) <= job->state->most_entries)
        last++;
    return last;
}

static nmf_status read_tiles(const visit_job *job, int64_t begin, int64_t end,
                             const thread_memory *own, rows_read *read, nmf_error *error)
{
    const nmfi_pass *pass = job->pass;
    read->first = begin * pass->rows.lanes;
    read->count = nmfi_lesser(end * pass->rows.lanes, pass->rows.count) - read->first;
    return nmfi_lines_read(&pass->source, read->first, read->count, &own->read, &read->lines,
                           error);
}

typedef void block_task(const visit_job *job, const rows_read *read, thread_memory *own,
                        const nmfi_leaf *leaf);

static nmf_status read_slot(const visit_job *job, const nmfi_leaf *leaf, block_task *task,
                            nmf_error *error)
{
    const nmfi_pass *pass = job->pass;
    thread_memory *const own = &job->state->threads[leaf->thread];
    const int64_t end = nmfi_partition_slot_begin(&pass->rows, leaf->index + 1);
    int64_t begin = nmfi_partition_slot_begin(&pass->rows, leaf->index);
    while (begin < end) {
        const int64_t last = block_end(job, begin, end);
        rows_read read;
        const nmf_status status = read_tiles(job, begin, last, own, &read, error);
        if (status != NMF_OK) return status;
        task(job, &read, own, leaf);
        begin = last;
    }
    return NMF_OK;
}

static void clear_sums(const visit_job *job, const nmfi_leaf *leaf)
{
    const thread_memory *own = &job->state->threads[leaf->thread];
    const int64_t all = job->pass->columns.count * row_bytes(job->pass, job->visit->k);
    for (int s = 0; s < job->Qs; s++) memset(own->sums[s], 0, (size_t)all);
}

static void keep_sums(const visit_job *job, const nmfi_leaf *leaf)
{
    const nmfi_pass *pass = job->pass;
    const thread_memory *own = &job->state->threads[leaf->thread];
    for (int s = 0; s < job->Qs; s++)
        pass->kernels->unpack(own->sums[s], nmfi_packed_stride(job->visit->k), job->visit->k,
                              pass->columns.count, leaf->Q[s], pass->columns.ld);
}

/* --- products ---------------------------------------------------------------------------------- */

static void improve_tiles(const visit_job *job, const rows_read *read, const thread_memory *own,
                          const nmfi_leaf *leaf)
{
    const nmfi_pass *pass = job->pass;
    const nmfi_kernels *kernels = pass->kernels;
    const int64_t k = job->visit->k, lanes = pass->rows.lanes, stride = nmfi_packed_stride(k);
    char *const P = nmfi_of_thread(pass->products, pass->products_bytes, leaf->thread);
    for (int64_t row = 0; row < read->count; row += lanes) {
        const int64_t count = nmfi_lesser(lanes, read->count - row);
        const int64_t tile = (read->first + row) / lanes;
        if (count < lanes) memset(P, 0, (size_t)(k * lanes * kernels->element_bytes));
        kernels->unpack(own->P + row * row_bytes(pass, k), stride, k, count, P, lanes);
        nmfi_to_scale(pass, P, k * lanes);
        nmfi_improve_tiles(pass, job->visit->rule, &pass->rows, tile, tile + 1, P, lanes, leaf);
    }
}

static void visit_block(const visit_job *job, const rows_read *read, thread_memory *own,
                        const nmfi_leaf *leaf)
{
    const nmfi_pass *pass = job->pass;
    const nmfi_visit *visit = job->visit;
    const nmfi_kernels *kernels = pass->kernels;
    const nmf_sparse *s = nmfi_source_lines(&pass->source);
    const int64_t stride = nmfi_packed_stride(visit->k);
    const int wide = s->index_bytes == 8;
    if (visit->rule) {
        kernels->gather[s->dtype][wide](&read->lines, 0, read->count, job->state->packed, stride,
                                        own->P, 0);
        improve_tiles(job, read, own, leaf);
    }
    if (!job->Qs && !visit->loss) return;
    kernels->pack(nmfi_factor_at(pass, visit->updated, read->first), pass->rows.ld, visit->k,
                  read->count, own->R, stride);
    if (job->Qs)
        kernels->scatter[s->dtype][wide](&read->lines, 0, read->count, own->R, stride,
                                         own->sums[0]);
    if (visit->loss)
        leaf->sums->value[NMFI_SUM_LOSS] += kernels->residual[s->dtype][wide](
            &read->lines, 0, read->count, own->R, job->state->packed, stride, pass->scale);
}

static nmf_status visit_slot(void *context, const nmfi_leaf *leaf, nmf_error *error)
{
    const visit_job *job = context;
    const nmfi_pass *pass = job->pass;
    const nmfi_visit *visit = job->visit;
    clear_sums(job, leaf);
    const nmf_status status = read_slot(job, leaf, visit_block, error);
    if (status != NMF_OK) return status;
    keep_sums(job, leaf);
    if (visit->sums) nmfi_gram_tiles(pass, visit->updated, &pass->rows, visit->k, leaf);
    if (visit->loss)
        leaf->sums->value[NMFI_SUM_LOSS] +=
            nmfi_squares_of_model(pass, visit->updated, visit->k, job->state->gram, leaf);
    return NMF_OK;
}

static nmf_status visit_rows(nmfi_pass *pass, const nmfi_visit *visit, nmf_error *error)
{
    lines_state *const state = pass->state;
    visit_job job = {pass, state, visit, visit->sums == NMFI_SUMS_OF_PRODUCTS};
    const nmfi_adding adding = nmfi_visited_slots(pass, visit, job.Qs, visit_slot, &job);
    if (visit->loss) nmfi_exact_gram_of_columns(pass, visit->fixed, visit->k, state->gram);
    if (visit->fixed) nmfi_pack_factor(pass, NMFI_COLUMNS, visit->fixed, visit->k, state->packed);
    nmfi_count_visit(pass, visit);
    const nmf_status status = nmfi_sums_add_up(pass, pass->row_sums, &adding, error);
    if (pass->total.value[NMFI_SUM_LOSS] < 0) pass->total.value[NMFI_SUM_LOSS] = 0; /* rounding's */
    return status;
}

/* --- rows -------------------------------------------------------------------------------------- */

/* What the rule added to the line's share goes to the rows of the sums that its entries name. */
static void scatter_share(const visit_job *job, const rows_read *read, int64_t line,
                          const thread_memory *own, int64_t ldf)
{
    const nmfi_pass *pass = job->pass;
    const nmfi_kernels *kernels = pass->kernels;
    const nmf_sparse *s = nmfi_source_lines(&pass->source);
    const int64_t begin = read->lines.pointers[line];
    const int64_t count = read->lines.pointers[line + 1] - begin, k = job->visit->k;
    const int64_t stride = nmfi_packed_stride(k), bytes = row_bytes(pass, k);
    const nmf_sparse some = {.indices = read->lines.indices, .index_bytes = s->index_bytes};
    for (int q = 0; q < job->Qs; q++) {
        kernels->pack(own->share[q], ldf, k, count, own->rows, stride);
        for (int64_t e = 0; e < count; e++)
            kernels->add(own->sums[q] + nmfi_sparse_index(&some, begin + e) * bytes,
                         own->rows + e * bytes, stride);
    }
}

static void improve_line(const visit_job *job, const rows_read *read, int64_t line,
                         thread_memory *own, const nmfi_leaf *leaf)
{
    const nmfi_pass *pass = job->pass;
    const nmfi_kernels *kernels = pass->kernels;
    const nmf_sparse *s = nmfi_source_lines(&pass->source);
    const int64_t count = read->lines.pointers[line + 1] - read->lines.pointers[line];
    const int64_t ldf = padded(count), k = job->visit->k; /* short lines stay in the cache */
    nmfi_tile tile = {.first = read->first + line,
                      .rows = 1,
                      .lanes = NMFI_LANES_MIN,
                      .scratch =
                          nmfi_of_thread(pass->workspace, pass->workspace_bytes, leaf->thread),
                      .sums = leaf->sums,
                      .X = {own->entries, ldf, 1, 0},
                      .dtype = kernels->element_bytes == 4 ? NMF_F32 : NMF_F64,
                      .F = own->beside,
                      .ldf = ldf,
                      .ldq = ldf};
    for (int q = 0; q < job->Qs; q++) {
        memset(own->share[q], 0, (size_t)(k * ldf * kernels->element_bytes));
        tile.Q[q] = own->share[q];
    }
    tile.X.columns = kernels->gather_row[s->dtype][s->index_bytes == 8](
        &read->lines, line, job->state->packed, nmfi_packed_stride(k), k, own->beside, ldf,
        own->entries);
    job->visit->rule->improve(job->visit->rule->context, &tile);
    if (job->Qs) scatter_share(job, read, line, own, ldf);
}

static int64_t empty_lines(const rows_read *read, int64_t line)
{
    int64_t after = line;
    while (after < read->count && read->lines.pointers[after + 1] == read->lines.pointers[line])
        after++;
    return after - line;
}

static void improve_lines(const visit_job *job, const rows_read *read, thread_memory *own,
                          const nmfi_leaf *leaf)
{
    const nmfi_rule *rule = job->visit->rule;
    for (int64_t line = 0; line < read->count;) {
        const int64_t empty = rule->nothing ? empty_lines(read, line) : 0;
        if (empty > 0)
            rule->nothing(rule->context, read->first + line, empty);
        else
            improve_line(job, read, line, own, leaf);
        line += empty > 0 ? empty : 1;
    }
}

static nmf_status improve_slot(void *context, const nmfi_leaf *leaf, nmf_error *error)
{
    const visit_job *job = context;
    clear_sums(job, leaf);
    const nmf_status status = read_slot(job, leaf, improve_lines, error);
    if (status == NMF_OK) keep_sums(job, leaf);
    return status;
}

static nmf_status visit_tiles(nmfi_pass *pass, const nmfi_visit *visit, nmf_error *error)
{
    lines_state *const state = pass->state;
    visit_job job = {pass, state, visit, visit->sums};
    const nmfi_adding adding = nmfi_visited_slots(pass, visit, visit->sums, improve_slot, &job);
    if (visit->rule->needs & NMFI_NEEDS_ZEROS)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "this loss and solver want the zeros of X, which is read from disk by what "
                        "it stores: kl with solver jmm, or frobenius, do without");
    nmfi_pack_factor(pass, NMFI_COLUMNS, visit->fixed, visit->k, state->packed);
    nmfi_count_visit(pass, visit);
    return nmfi_sums_add_up(pass, pass->row_sums, &adding, error);
}

static int64_t most_entries(const nmfi_pass *pass)
{
    return padded(longest_line(pass));
}

/* --- scan -------------------------------------------------------------------------------------- */

typedef struct scan_job {
    visit_job visit;
    int signed_ok;
} scan_job;

static void scan_block(const visit_job *job, const rows_read *read, thread_memory *own,
                       const nmfi_leaf *leaf)
{
    const nmfi_pass *pass = job->pass;
    const scan_job *scan = (const scan_job *)(const void *)job;
    nmfi_slot_scan *const slot = &pass->scans[leaf->index];
    const int64_t stored = read->lines.pointers[read->count], bad = slot->scan.bad;
    const nmfi_rows values = {.data = read->lines.values, .rows = stored > 0, .columns = stored};
    nmf_sparse some = *nmfi_source_lines(&pass->source);
    some.pointers = read->lines.pointers;
    some.indices = read->lines.indices;
    some.values = read->lines.values;
    some.rows = read->count;
    (void)own;
    pass->kernels->scan[some.dtype](&values, scan->signed_ok, pass->scale, &slot->scan);
    if (slot->scan.bad > bad)
        nmfi_find_bad_stored(&some, 0, read->count, pass->rows.first_row + read->first,
                             pass->source.is_transposed, scan->signed_ok, &slot->bad);
    if (pass->digests)
        slot->digest += nmfi_fingerprint_of_lines(&some, pass->rows.first_row + read->first);
}

static nmf_status scan_slot(void *context, const nmfi_leaf *leaf, nmf_error *error)
{
    const scan_job *job = context;
    job->visit.pass->scans[leaf->index] = nmfi_scan_nothing();
    return read_slot(&job->visit, leaf, scan_block, error);
}

static nmf_status scan_lines(nmfi_pass *pass, int signed_ok, nmfi_scan *scan, nmf_error *error)
{
    scan_job job = {{pass, pass->state, NULL, 0}, signed_ok};
    const int64_t slots = pass->rows.slots;
    const nmfi_adding adding = nmfi_own_slots(pass, scan_slot, &job);
    nmf_status status = nmfi_sums_add_up(pass, pass->row_sums, &adding, error);
    if (status != NMF_OK) return status;
    if (pass->rows.comm) nmfi_slots_share(&pass->rows, pass->scans, 1, sizeof *pass->scans);
    pass->digest = 0;
    for (int64_t s = 0; s < slots; s++) pass->digest += pass->scans[s].digest;
    status = nmfi_scan_total(pass->scans, slots, scan, error);
    nmfi_scan_unstored(pass, scan);
    return status;
}

const nmfi_backend nmfi_backend_lines = {.layout = layout,
                                         .layout_tiles = layout_tiles,
                                         .scan = scan_lines,
                                         .visit = visit_rows,
                                         .visit_tiles = visit_tiles,
                                         .columns = nmfi_columns_from_sums,
                                         .most_entries = most_entries,
                                         .scatters = 1};
