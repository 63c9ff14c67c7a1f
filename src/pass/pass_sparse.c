/* The visit of a sparse X: P = X F' gathers, for each line, the packed rows of F that its entries
 * name. Both factors' products come about this way, each from the lines along it, where a single
 * orientation would scatter into memory that no cache holds.
 *
 * Work is shared out by entries: shares are runs of lines that depend on the pointers only, and a
 * line is never divided. Rules then see tiles as they do where X is dense. */
#include "pass/backend.h"

#include <math.h>
#include <string.h>

enum { ROWS, COLUMNS };

/* --- blocks --------------------------------------------------------------------------------- */

/* Where the factor that a line gathers from is too large for the core's cache, the side that is
 * built here comes in blocks of so many of its rows that they fit, dense_rows chains of the sums so that
 * no bit changes. 0: in one. */
static int64_t block_span(const nmfi_pass *pass)
{
    enum {
        BLOCK_BYTES = 1 << 20, /* most cores have this much, or twice */
        SEGMENT = 8            /* entries of a line in a block: fewer are not worth its beginning */
    };
    const nmf_sparse *given = &pass->source.sparse;
    const int64_t row_bytes = nmfi_packed_stride(pass->k) * pass->kernels->element_bytes;
    const double lines = (double)nmfi_sparse_minor(given) * (double)nmfi_sparse_lines(given);
    const double least = SEGMENT * lines / ((double)nmfi_sparse_stored(given) + 1);
    const double fitting = floor((double)BLOCK_BYTES / (double)row_bytes / NMFI_CHAIN_SPAN);
    const double chains = fmax(fmax(ceil(least / NMFI_CHAIN_SPAN), fitting), 1);
    return pass->sides.whole_lines || chains * NMFI_CHAIN_SPAN >= (double)nmfi_sparse_lines(given)
               ? 0
               : (int64_t)chains * NMFI_CHAIN_SPAN;
}

static nmfi_lines lines_of(const nmfi_sparse_side *side, int64_t block)
{
    const nmf_sparse *s = &side->lines;
    const nmfi_lines lines = {s->pointers + block * nmfi_sparse_lines(s), s->indices, s->values};
    return lines;
}

/* --- sides ---------------------------------------------------------------------------------- */

/* Lines count beside their entries: empty ones take time too. */
static double weight_before(const nmfi_sparse_side *side, int64_t line)
{
    double entries = 0;
    for (int64_t b = 0; b < side->blocks; b++) {
        const int64_t *pointers = lines_of(side, b).pointers;
        entries += (double)(pointers[line] - pointers[0]);
    }
    return entries + (double)line;
}

static void cut_shares(nmfi_sparse_side *side)
{
    const int64_t lines = nmfi_sparse_lines(&side->lines);
    const double all = weight_before(side, lines);
    side->shares = lines < NMFI_SHARES_MOST ? lines : NMFI_SHARES_MOST;
    side->bounds[0] = 0;
    side->bounds[side->shares] = lines;
    for (int64_t share = 1; share < side->shares; share++) {
        const double wanted = all * (double)share / (double)side->shares;
        int64_t low = side->bounds[share - 1], high = lines;
        while (low < high) {
            const int64_t middle = low + (high - low) / 2;
            if (weight_before(side, middle) < wanted)
                low = middle + 1;
            else
                high = middle;
        }
        side->bounds[share] = low;
    }
}

/* The side X is given by. */
static int given_side(const nmfi_pass *pass)
{
    return pass->source.sparse.by_columns ? COLUMNS : ROWS;
}

/* A side's lines; the one that is not given is built when it is first asked for. */
nmfi_sparse_side *nmfi_side_of(nmfi_pass *pass, int which)
{
    nmfi_sparse_side *side = &pass->sides.side[which];
    nmfi_pass *shared = pass->sides.shared;
    if (side->lines.pointers) return side;
    if (shared) { /* what runs along its columns runs along these rows */
        *side = *nmfi_side_of(shared, !which);
        side->lines = nmfi_sparse_transposed(&side->lines);
        return side;
    }
    const int given = which == given_side(pass);
    side->lines = given ? pass->source.sparse
                        : nmfi_sparse_transpose(&pass->source.sparse, &pass->sides.other,
                                                pass->source.ascends ? pass->team : NULL);
    side->blocks = given ? 1 : pass->sides.other.blocks;
    cut_shares(side);
    return side;
}

static const nmfi_partition *partition_of(const nmfi_pass *pass, int which)
{
    return which == ROWS ? &pass->rows : &pass->columns;
}

/* --- memory --------------------------------------------------------------------------------- */

static void layout_sparse(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int accumulates)
{
    nmfi_sparse_sides *sides = &pass->sides;
    const int64_t bytes = pass->kernels->element_bytes, k = pass->k;
    const nmf_sparse *given = &pass->source.sparse;
    const size_t row_bytes = nmfi_product(nmfi_packed_stride(k), bytes);
    const int64_t longer =
        pass->rows.count > pass->columns.count ? pass->rows.count : pass->columns.count;
    const int64_t f64_tile = k * NMFI_LANES_MAX * (int64_t)sizeof(double);
    pass->scratch_bytes = nmfi_rule_scratch_bytes(pass);
    pass->scratch_bytes = pass->scratch_bytes > f64_tile ? pass->scratch_bytes : f64_tile;
    pass->products_bytes = k * NMFI_LANES_MAX * bytes;
    pass->products = nmfi_take(arena, threads, (size_t)pass->products_bytes);
    sides->packed = nmfi_take(arena, longer, row_bytes);
    sides->products = nmfi_take(arena, accumulates ? longer : pass->rows.count, row_bytes);
    sides->share_sums = nmfi_take(arena, NMFI_SHARES_MOST, sizeof(double));
    sides->gram[ROWS] = nmfi_take(arena, k * k, sizeof(double));
    sides->gram[COLUMNS] = nmfi_take(arena, k * k, sizeof(double));
    /* Else only the given side is visited, or another pass has both. */
    if ((accumulates || given->by_columns || sides->is_shared) && !sides->shared)
        nmfi_sparse_take(&sides->other, arena, nmfi_sparse_minor(given), nmfi_sparse_lines(given),
                         nmfi_sparse_stored(given), given->dtype, block_span(pass));
}

/* --- factors packed and unpacked ------------------------------------------------------------ */

typedef struct pack_job {
    const nmfi_pass *pass;
    const nmfi_partition *partition;
    const void *factor;
    void *rows;
    int64_t k;
} pack_job;

static void pack_slot(void *context, int64_t slot, int64_t thread)
{
    (void)thread;
    const pack_job *job = context;
    const nmfi_kernels *kernels = job->pass->kernels;
    const int64_t stride = nmfi_packed_stride(job->k);
    const int64_t first = nmfi_partition_slot_begin(job->partition, slot) * job->partition->lanes;
    const int64_t last =
        nmfi_lesser(nmfi_partition_slot_begin(job->partition, slot + 1) * job->partition->lanes,
                    job->partition->count);
    kernels->pack(nmfi_factor_at(job->pass, job->factor, first), job->partition->ld, job->k,
                  last - first, (char *)job->rows + first * stride * kernels->element_bytes,
                  stride);
}

void nmfi_pack_factor(const nmfi_pass *pass, int which, const void *factor, int64_t k, void *rows)
{
    pack_job job = {pass, partition_of(pass, which), factor, rows, k};
    nmfi_team_run(pass->team, job.partition->slots, pack_slot, &job);
}

/* --- products and rules --------------------------------------------------------------------- */

/* One half: the factor along side `which`, with the other one packed. */
typedef struct half_job {
    nmfi_pass *pass;
    int which;
    const nmfi_sparse_side *side;
    const nmfi_partition *partition;
    nmfi_sums *slots;
    int64_t k, runs;       /* of shares, gathered one by one */
    const nmfi_rule *rule; /* NULL: no products */
    const void *gram_of;   /* NULL: no Gram matrix */
} half_job;

static void gather_run(void *context, int64_t run, int64_t thread)
{
    (void)thread;
    const half_job *job = context;
    nmfi_pass *pass = job->pass;
    const nmf_sparse *s = &job->side->lines;
    const int64_t begin = job->side->bounds[job->side->shares * run / job->runs];
    const int64_t end = job->side->bounds[job->side->shares * (run + 1) / job->runs];
    const int64_t stride = nmfi_packed_stride(job->k);
    char *P = (char *)pass->sides.products + begin * stride * pass->kernels->element_bytes;
    for (int64_t b = 0; b < job->side->blocks && begin < end; b++) {
        const nmfi_lines lines = lines_of(job->side, b);
        pass->kernels->gather[s->dtype][s->index_bytes == 8](&lines, begin, end, pass->sides.packed,
                                                             stride, P, b > 0);
    }
}

static void improve_tile(const half_job *job, int64_t tile, int64_t thread, nmfi_sums *sums)
{
    const nmfi_pass *pass = job->pass;
    const nmfi_kernels *kernels = pass->kernels;
    const int64_t first = tile * job->partition->lanes, lanes = job->partition->lanes;
    const int64_t count = nmfi_lesser(lanes, job->partition->count - first);
    const int64_t stride = nmfi_packed_stride(job->k);
    char *P = pass->products + thread * pass->products_bytes;
    if (count < lanes) memset(P, 0, (size_t)(job->k * lanes * kernels->element_bytes));
    kernels->unpack((const char *)pass->sides.products + first * stride * kernels->element_bytes,
                    stride, job->k, count, P, lanes);
    nmfi_to_scale(pass, P, job->k * lanes);
    nmfi_improve_tiles(pass, job->rule, job->partition, tile, tile + 1, P, lanes, thread, sums);
}

static void improve_slot(void *context, int64_t slot, int64_t thread)
{
    const half_job *job = context;
    nmfi_sums *sums = &job->slots[slot];
    const int64_t begin = nmfi_partition_slot_begin(job->partition, slot);
    const int64_t end = nmfi_partition_slot_begin(job->partition, slot + 1);
    nmfi_pass_clear_sums(job->pass, sums);
    for (int64_t t = begin; t < end && job->rule; t++) improve_tile(job, t, thread, sums);
    if (job->gram_of)
        nmfi_gram_tiles(job->pass, job->gram_of, job->partition, begin, end, job->k, sums);
}

static void run_half(nmfi_pass *pass, int which, int64_t k, const void *other,
                     const nmfi_rule *rule, const void *gram_of)
{
    half_job job = {.pass = pass,
                    .which = which,
                    .partition = partition_of(pass, which),
                    .slots = pass->slot_sums + (which == ROWS ? 0 : pass->rows.slots),
                    .k = k,
                    .rule = rule,
                    .gram_of = gram_of};
    if (rule) {
        job.side = nmfi_side_of(pass, which);
        nmfi_pack_factor(pass, !which, other, k, pass->sides.packed);
        /* A block is fetched into the cache once for each run: as few as keep all threads busy. */
        const int64_t few = job.side->blocks > 1 ? 4 * nmfi_team_threads(pass->team) : INT64_MAX;
        job.runs = nmfi_lesser(job.side->shares, few);
        nmfi_team_run(pass->team, job.runs, gather_run, &job);
        pass->passes++;
    }
    nmfi_team_run(pass->team, job.partition->slots, improve_slot, &job);
    nmfi_pass_total_sums(pass, job.slots, job.partition->slots);
}

/* --- the distance --------------------------------------------------------------------------- */

typedef struct distance_job {
    nmfi_pass *pass;
    const nmfi_sparse_side *side;
    int64_t k;
    /* Of one factor, for its Gram matrix. */
    const void *factor;
    const nmfi_partition *partition;
} distance_job;

static void residual_share(void *context, int64_t share, int64_t thread)
{
    (void)thread;
    const distance_job *job = context;
    const nmfi_pass *pass = job->pass;
    const nmf_sparse *s = &job->side->lines;
    double *sum = &pass->sides.share_sums[share];
    *sum = 0;
    for (int64_t b = 0; b < job->side->blocks; b++) {
        const nmfi_lines lines = lines_of(job->side, b);
        *sum += pass->kernels->residual[s->dtype][s->index_bytes == 8](
            &lines, job->side->bounds[share], job->side->bounds[share + 1], pass->sides.products,
            pass->sides.packed, nmfi_packed_stride(job->k), pass->scale);
    }
}

static void exact_gram_slot(void *context, int64_t slot, int64_t thread)
{
    const distance_job *job = context;
    const nmfi_pass *pass = job->pass;
    const nmfi_partition *partition = job->partition;
    const nmfi_kernels *f64 = nmfi_kernels_for(NMF_F64, NULL);
    double *tile = (double *)(pass->scratch + thread * pass->scratch_bytes);
    const int64_t end = nmfi_partition_slot_begin(partition, slot + 1);
    nmfi_pass_clear_sums(pass, &pass->slot_sums[slot]);
    for (int64_t t = nmfi_partition_slot_begin(partition, slot); t < end; t++) {
        const char *from = nmfi_factor_at(pass, job->factor, t * partition->lanes);
        for (int64_t j = 0; j < job->k; j++)
            pass->kernels->to_f64(from + j * partition->ld * pass->kernels->element_bytes,
                                  tile + j * partition->lanes, partition->lanes);
        f64->gram(tile, partition->lanes, job->k, partition->lanes, pass->slot_sums[slot].gram);
    }
}

/* The Gram matrix of one factor in f64, whatever the arithmetic. */
static void take_exact_gram(distance_job *job, int which, const void *factor)
{
    nmfi_pass *pass = job->pass;
    const int64_t count = job->k * job->k;
    double *gram = pass->sides.gram[which];
    job->factor = factor;
    job->partition = partition_of(pass, which);
    nmfi_team_run(pass->team, job->partition->slots, exact_gram_slot, job);
    memset(gram, 0, (size_t)count * sizeof *gram);
    for (int64_t s = 0; s < job->partition->slots; s++)
        for (int64_t i = 0; i < count; i++) gram[i] += pass->slot_sums[s].gram[i];
}

/* ||X - R'C||^2 = sum over stored entries of (x - v)^2 - v^2, plus <RR', CC'>, all in f64: what the
 * entries that are not stored add, sum v^2, is all of ||R'C||^2 less the stored ones' part. */
static double distance(nmfi_pass *pass, const nmfi_visit *visit)
{
    distance_job job = {.pass = pass, .side = nmfi_side_of(pass, ROWS), .k = visit->k};
    nmfi_pack_factor(pass, COLUMNS, visit->C, visit->k, pass->sides.packed);
    nmfi_pack_factor(pass, ROWS, visit->R, visit->k, pass->sides.products);
    nmfi_team_run(pass->team, job.side->shares, residual_share, &job);
    take_exact_gram(&job, ROWS, visit->R);
    take_exact_gram(&job, COLUMNS, visit->C);
    double sum = 0, product = 0;
    for (int64_t s = 0; s < job.side->shares; s++) sum += pass->sides.share_sums[s];
    for (int64_t i = 0; i < visit->k * visit->k; i++)
        product += pass->sides.gram[ROWS][i] * pass->sides.gram[COLUMNS][i];
    return sum + product > 0 ? sum + product : 0.0;
}

/* --- the contract of pass.h ----------------------------------------------------------------- */

static void visit_sparse(nmfi_pass *pass, const nmfi_visit *visit)
{
    run_half(pass, ROWS, visit->k, visit->C, visit->rule, visit->accumulate ? visit->R : NULL);
    if (visit->accumulate) pass->sides.visited = visit->R;
    if (!visit->distance) return;
    /* Trap: the totals are kept first, since the distance adds up in the same slots. */
    pass->total.value[NMFI_SUM_LOSS] = distance(pass, visit);
}

static void columns_sparse(nmfi_pass *pass, int64_t k, const nmfi_rule *rule,
                           const void *C_for_gram)
{
    run_half(pass, COLUMNS, k, pass->sides.visited, rule, C_for_gram);
}

typedef struct scan_job {
    const nmfi_pass *pass;
    const nmfi_sparse_side *side;
    int signed_ok;
    nmfi_scan shares[NMFI_SHARES_MOST];
} scan_job;

static void scan_share(void *context, int64_t share, int64_t thread)
{
    (void)thread;
    scan_job *job = context;
    const nmfi_pass *pass = job->pass;
    const nmf_sparse *s = &job->side->lines;
    const int64_t begin = s->pointers[job->side->bounds[share]];
    const int64_t end = s->pointers[job->side->bounds[share + 1]];
    const char *values = s->values;
    const nmfi_rows stored = {.data = values + begin * (int64_t)nmf_dtype_bytes(s->dtype),
                              .rows = begin < end,
                              .columns = end - begin};
    job->shares[share] = nmfi_scan_nothing();
    pass->kernels->scan[s->dtype](&stored, job->signed_ok, pass->scale, &job->shares[share]);
}

static nmfi_scan scan_sparse(nmfi_pass *pass, int signed_ok)
{
    scan_job job = {
        .pass = pass, .side = nmfi_side_of(pass, given_side(pass)), .signed_ok = signed_ok};
    nmfi_team_run(pass->team, job.side->shares, scan_share, &job);
    nmfi_scan total = nmfi_scan_nothing();
    for (int64_t s = 0; s < job.side->shares; s++) nmfi_add_scan(&total, &job.shares[s]);
    const double entries = (double)pass->rows.count * (double)pass->columns.count;
    if ((double)nmfi_sparse_stored(&job.side->lines) < entries) { /* zeros that are not stored */
        total.lowest = total.lowest < 0 ? total.lowest : 0.0;
        total.highest = total.highest > 0 ? total.highest : 0.0;
    }
    pass->passes++;
    return total;
}

static void transposed_sparse(nmfi_pass *transposed, nmfi_pass *pass, int tiles)
{
    transposed->sides.shared = pass;
    pass->sides.is_shared = 1;
    pass->sides.whole_lines = tiles;
}

const struct nmfi_backend nmfi_backend_sparse = {.layout_tiles = nmfi_layout_tiles_sparse,
                                                 .tiles = nmfi_tiles_sparse,
                                                 .most_entries = nmfi_most_entries_sparse,
                                                 .transposed = transposed_sparse,

                                                 .layout = layout_sparse,
                                                 .visit = visit_sparse,
                                                 .columns = columns_sparse,
                                                 .scan = scan_sparse};
