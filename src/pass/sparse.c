/* The visit of a sparse X: P = X F' gathers, for each line, the packed rows of F that its entries
 * name. Both factors' products come about this way, each from the lines along it, where a single
 * orientation would scatter into memory that no cache holds. Rules then see tiles as they do where X
 * is dense. */
#include "pass/exchange.h"
#include "pass/sparse_lines.h"

#include <string.h>

/* --- memory ------------------------------------------------------------------------------------ */

static void layout(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int accumulates)
{
    nmfi_sparse_state state = {.has_other = 0}, *const kept = nmfi_take(arena, 1, sizeof *kept);
    const int64_t bytes = pass->kernels->element_bytes, k = pass->k;
    const size_t row_bytes = nmfi_product(nmfi_packed_stride(k), bytes);
    const int64_t rows = pass->rows.count, columns = pass->own_columns.count;
    const int64_t longer = rows > columns ? rows : columns;
    const int64_t longest =
        pass->rows.all > pass->columns.count ? pass->rows.all : pass->columns.count;
    const int64_t scratch = nmfi_rule_scratch_bytes(pass);
    const int64_t f64_tile = k * (NMFI_LANES_MAX + k) * (int64_t)sizeof(double);
    pass->scratch_bytes = scratch > f64_tile ? scratch : f64_tile;
    pass->products_bytes = k * NMFI_LANES_MAX * bytes;
    pass->scan_count = nmfi_most_shares(pass);
    state.packed = nmfi_take(arena, longest, row_bytes);
    state.products = nmfi_take(arena, accumulates ? longer : rows, row_bytes);
    state.gram = nmfi_take(arena, k * k, sizeof(double));
    const int64_t shares = nmfi_most_shares(pass);
    double *const numbers =
        nmfi_take(arena, 1, nmfi_sums_numbers_bytes(pass, threads, shares, &pass->rows));
    state.share_sums = nmfi_sums_layout(pass, arena, threads, shares, &pass->rows, numbers);
    nmfi_sides_layout(pass, &state, arena, accumulates);
    if (kept) *kept = state;
    pass->state = kept;
}

/* --- products and rules ------------------------------------------------------------------------ */

/* One half: the factor along side `which`, with the other one packed. */
typedef struct half_job {
    nmfi_pass *pass;
    nmfi_sparse_state *state;
    int which;
    nmfi_side side;
    const nmfi_partition *partition; /* of the factor, which is all here along the columns */
    int64_t skipped;                 /* rows of it before the first line that is here */
    int64_t k;
    int64_t first_share, shares, runs; /* gathered: shares one by one, or in runs */
    const nmfi_rule *rule;             /* NULL: no products */
    const void *updated;               /* NULL: no Gram matrix */
    int loss;
} half_job;

static void gather_run(void *context, int64_t run, int64_t thread)
{
    (void)thread;
    const half_job *job = context;
    const nmfi_pass *pass = job->pass;
    const nmf_sparse *s = &job->side.lines;
    const int64_t *bounds = job->side.bounds + job->first_share;
    const int64_t begin = bounds[job->shares * run / job->runs];
    const int64_t end = bounds[job->shares * (run + 1) / job->runs];
    const int64_t stride = nmfi_packed_stride(job->k);
    char *P = (char *)job->state->products + begin * stride * pass->kernels->element_bytes;
    for (int64_t b = 0; b < job->side.blocks && begin < end; b++) {
        if (nmfi_stop_now(pass->stop)) return; /* who called finds out likewise */
        const nmfi_lines lines = nmfi_lines_of(&job->side, b);
        pass->kernels->gather[s->dtype][s->index_bytes == 8](&lines, begin, end, job->state->packed,
                                                             stride, P, b > 0);
    }
}

static void improve_tile(const half_job *job, int64_t tile, const nmfi_leaf *leaf)
{
    const nmfi_pass *pass = job->pass;
    const nmfi_kernels *kernels = pass->kernels;
    const int64_t first = tile * job->partition->lanes, lanes = job->partition->lanes;
    const int64_t count = nmfi_lesser(lanes, job->partition->count - first);
    const int64_t stride = nmfi_packed_stride(job->k);
    char *P = nmfi_of_thread(pass->products, pass->products_bytes, leaf->thread);
    if (count < lanes) memset(P, 0, (size_t)(job->k * lanes * kernels->element_bytes));
    kernels->unpack((const char *)job->state->products +
                        (first - job->skipped) * stride * kernels->element_bytes,
                    stride, job->k, count, P, lanes);
    nmfi_to_scale(pass, P, job->k * lanes);
    nmfi_improve_tiles(pass, job->rule, job->partition, tile, tile + 1, P, lanes, leaf);
}

/* ||X - R'C||^2 of a slot = sum over stored entries of (x - v)^2 - v^2, plus <RR', CC'>, all in f64:
 * what the entries that are not stored add, sum v^2, is all of ||R'C||^2 less the stored ones'
 * part. */
static double slot_loss(const half_job *job, const nmfi_leaf *leaf)
{
    const nmfi_pass *pass = job->pass;
    const nmf_sparse *s = &job->side.lines;
    const int64_t begin = nmfi_partition_first_row(&pass->rows, leaf->index), k = job->k;
    const int64_t end = nmfi_partition_first_row(&pass->rows, leaf->index + 1);
    const int64_t stride = nmfi_packed_stride(k);
    double sum = 0;
    nmfi_pack_slot(pass, &pass->rows, job->updated, k, leaf->index, job->state->products);
    for (int64_t b = 0; b < job->side.blocks; b++) {
        const nmfi_lines lines = nmfi_lines_of(&job->side, b);
        sum += pass->kernels->residual[s->dtype][s->index_bytes == 8](
            &lines, begin, end, job->state->products, job->state->packed, stride, pass->scale);
    }
    return sum + nmfi_squares_of_model(pass, job->updated, k, job->state->gram, leaf);
}

static nmf_status improve_slot(void *context, const nmfi_leaf *leaf, nmf_error *error)
{
    const half_job *job = context;
    const int64_t end = nmfi_partition_slot_begin(job->partition, leaf->index + 1);
    int64_t t = nmfi_partition_slot_begin(job->partition, leaf->index);
    for (; t < end && job->rule; t++) {
        if (nmfi_stop_now(job->pass->stop)) return nmfi_fail_stopped(error);
        improve_tile(job, t, leaf);
    }
    if (job->updated) nmfi_gram_tiles(job->pass, job->updated, job->partition, job->k, leaf);
    if (job->loss) leaf->sums->value[NMFI_SUM_LOSS] = slot_loss(job, leaf);
    return NMF_OK;
}

static nmf_status run_half(half_job *job, const nmfi_partition *lines, const void *fixed,
                           int64_t first_slot, int64_t slots, nmf_error *error)
{
    nmfi_pass *pass = job->pass;
    job->state = pass->state;
    job->partition = job->which == NMFI_ROWS ? &pass->rows : &pass->columns;
    job->skipped = job->which == NMFI_ROWS ? 0 : lines->first_row;
    job->side = nmfi_side_of(pass, job->which);
    if (job->rule || job->loss)
        nmfi_pack_factor(pass, !job->which, fixed, job->k, job->state->packed);
    if (job->rule) {
        const int64_t each = job->side.shares / job->partition->slots;
        job->first_share = first_slot * each;
        job->shares = slots * each;
        /* A block is fetched into the cache once for each run: as few as keep all threads busy. */
        const int64_t few = job->side.blocks > 1 ? 4 * nmfi_team_threads(pass->team) : INT64_MAX;
        job->runs = nmfi_lesser(job->shares, few);
        nmfi_team_run(pass->team, job->runs, gather_run, job);
        pass->passes++;
    }
    const nmfi_adding adding = {.side = lines,
                                .leaves = lines->slots,
                                .first = first_slot,
                                .count = slots,
                                .k = job->k,
                                .task = improve_slot,
                                .context = job};
    return nmfi_sums_add_up(pass, job->which == NMFI_ROWS ? pass->row_sums : pass->column_sums,
                            &adding, error);
}

static nmf_status visit_rows(nmfi_pass *pass, const nmfi_visit *visit, nmf_error *error)
{
    half_job job = {.pass = pass,
                    .which = NMFI_ROWS,
                    .k = visit->k,
                    .rule = visit->rule,
                    .updated = visit->sums || visit->loss ? visit->updated : NULL,
                    .loss = visit->loss};
    if (visit->loss)
        nmfi_exact_gram_of_columns(pass, visit->fixed, visit->k,
                                   ((nmfi_sparse_state *)pass->state)->gram);
    const nmf_status status =
        run_half(&job, &pass->rows, visit->fixed, visit->first_slot, visit->slots, error);
    if (pass->total.value[NMFI_SUM_LOSS] < 0) pass->total.value[NMFI_SUM_LOSS] = 0; /* rounding's */
    return status;
}

static void columns(nmfi_pass *pass, const nmfi_column_visit *visit)
{
    const nmfi_partition *lines = visit->rule ? &pass->own_columns : &pass->columns;
    half_job job = {.pass = pass,
                    .which = NMFI_COLUMNS,
                    .k = visit->k,
                    .rule = visit->rule,
                    .updated = visit->updated};
    if (visit->sums > 0)
        nmfi_columns_from_sums(pass, visit);
    else /* told to stop, or no failure */
        (void)run_half(&job, lines, visit->fixed, lines->first_slot, lines->own_slots, NULL);
    if (lines->comm && visit->sums <= 0) nmfi_columns_share(pass, visit);
}

/* --- scan -------------------------------------------------------------------------------------- */

typedef struct scan_job {
    const nmfi_pass *pass;
    nmfi_side side;
    int signed_ok;
} scan_job;

static nmf_status scan_share(void *context, const nmfi_leaf *leaf, nmf_error *error)
{
    const scan_job *job = context;
    const nmfi_pass *pass = job->pass;
    if (nmfi_stop_now(pass->stop)) return nmfi_fail_stopped(error);
    const nmf_sparse *s = &job->side.lines;
    const int64_t *bounds = job->side.bounds + leaf->index;
    const int64_t begin = s->pointers[bounds[0]], end = s->pointers[bounds[1]];
    const char *values = s->values;
    const nmfi_rows stored = {.data = values + begin * (int64_t)nmf_dtype_bytes(s->dtype),
                              .rows = begin < end,
                              .columns = end - begin};
    nmfi_slot_scan *const share = &pass->scans[leaf->index];
    *share = nmfi_scan_nothing();
    pass->kernels->scan[s->dtype](&stored, job->signed_ok, pass->scale, &share->scan);
    if (share->scan.bad > 0)
        nmfi_find_bad_stored(s, bounds[0], bounds[1], pass->rows.first_row,
                             pass->source.is_transposed, job->signed_ok, &share->bad);
    return NMF_OK;
}

static nmf_status scan_lines(nmfi_pass *pass, int signed_ok, nmfi_scan *scan, nmf_error *error)
{
    const nmfi_sparse_state *state = pass->state;
    const int given = nmfi_source_lines(&pass->source)->by_columns ? NMFI_COLUMNS : NMFI_ROWS;
    scan_job job = {pass, nmfi_side_of(pass, given), signed_ok};
    const int64_t shares = job.side.shares;
    const nmfi_partition *lines = nmfi_partition_of(pass, given);
    const int64_t each = shares / lines->slots;
    const nmfi_adding adding = {.side = lines,
                                .leaves = shares,
                                .first = each * lines->first_slot,
                                .count = each * lines->own_slots,
                                .task = scan_share,
                                .context = &job};
    nmf_status status = nmfi_sums_add_up(pass, state->share_sums, &adding, error);
    if (status != NMF_OK) return status;
    if (lines->comm) nmfi_slots_share(lines, pass->scans, each, sizeof *pass->scans);
    status = nmfi_scan_total(pass->scans, shares, scan, error);
    nmfi_scan_unstored(pass, scan);
    return status;
}

const nmfi_backend nmfi_backend_sparse = {.layout = layout,
                                          .layout_tiles = nmfi_sparse_layout_tiles,
                                          .prepare = nmfi_sides_prepare,
                                          .scan = scan_lines,
                                          .visit = visit_rows,
                                          .visit_tiles = nmfi_sparse_tiles,
                                          .columns = columns,
                                          .most_entries = nmfi_sparse_most_entries};
