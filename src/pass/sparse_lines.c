/* The two sides of a sparse X (sparse_lines.h): the one it is given by, and the other one, built once.
 *
 * Work is shared out by entries: shares are runs of lines that depend on the pointers only, a power of
 * two of them in each slot, so that slots are whole subtrees of shares; a line is never divided. */
#include "pass/sparse_lines.h"

#include "pass/exchange.h"

#include <math.h>

/* --- blocks ------------------------------------------------------------------------------------ */

/* Where the factor that a line gathers from is too large for the core's cache, the side that is
 * built here comes in blocks of so many of its rows that they fit, whole chains of the sums so that
 * no bit changes. 0: in one. */
static int64_t block_span(const nmfi_pass *pass)
{
    enum {
        BLOCK_BYTES = 1 << 20, /* most cores have this much, or twice */
        SEGMENT = 8            /* entries of a line in a block: fewer are not worth its beginning */
    };
    const nmf_sparse *given = nmfi_source_lines(&pass->source);
    const int64_t row_bytes = nmfi_packed_stride(pass->k) * pass->kernels->element_bytes;
    const double lines = (double)nmfi_sparse_minor(given) * (double)nmfi_sparse_lines(given);
    const double least = SEGMENT * lines / ((double)nmfi_sparse_stored(given) + 1);
    const double fitting = floor((double)BLOCK_BYTES / (double)row_bytes / NMFI_CHAIN_SPAN);
    const double chains = fmax(fmax(ceil(least / NMFI_CHAIN_SPAN), fitting), 1);
    return pass->whole_lines || chains * NMFI_CHAIN_SPAN >= (double)nmfi_sparse_lines(given)
               ? 0
               : (int64_t)chains * NMFI_CHAIN_SPAN;
}

nmfi_lines nmfi_lines_of(const nmfi_side *side, int64_t block)
{
    const nmf_sparse *s = &side->lines;
    const nmfi_lines lines = {s->pointers + block * nmfi_sparse_lines(s), s->indices, s->values};
    return lines;
}

/* --- shares ------------------------------------------------------------------------------------ */

const nmfi_partition *nmfi_partition_of(const nmfi_pass *pass, int which)
{
    return which == NMFI_ROWS ? &pass->rows : &pass->own_columns;
}

static int64_t shares_of(const nmfi_partition *partition)
{
    enum { LEAST = 256, OF_A_SLOT = 4 };
    const int64_t shares = OF_A_SLOT * partition->slots;
    return shares > LEAST ? shares : LEAST;
}

int64_t nmfi_most_shares(const nmfi_pass *pass)
{
    const int64_t rows = shares_of(&pass->rows), columns = shares_of(&pass->columns);
    return rows > columns ? rows : columns;
}

/* Lines count beside their entries: empty ones take time too. */
static double weight_before(const nmfi_side *side, int64_t line)
{
    double entries = 0;
    for (int64_t b = 0; b < side->blocks; b++) {
        const int64_t *pointers = nmfi_lines_of(side, b).pointers;
        entries += (double)(pointers[line] - pointers[0]);
    }
    return entries + (double)line;
}

/* The first line in [low, high) that lines of weight `wanted` or more (weight_before) come before. */
static int64_t line_at(const nmfi_side *side, int64_t low, int64_t high, double wanted)
{
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (weight_before(side, middle) < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void share_out(nmfi_side *side, const nmfi_partition *partition)
{
    const int64_t each = side->shares / partition->slots;
    const int64_t end = partition->first_slot + partition->own_slots;
    side->bounds[partition->first_slot * each] = 0;
    for (int64_t slot = partition->first_slot; slot < end; slot++) {
        int64_t *const bounds = side->bounds + slot * each;
        bounds[each] = nmfi_partition_first_row(partition, slot + 1);
        const double before = weight_before(side, bounds[0]);
        const double all = weight_before(side, bounds[each]) - before;
        for (int64_t share = 1; share < each; share++)
            bounds[share] = line_at(side, bounds[share - 1], bounds[each],
                                    before + all * (double)share / (double)each);
    }
}

/* --- sides ------------------------------------------------------------------------------------- */

void nmfi_sides_layout(nmfi_pass *pass, nmfi_sparse_state *state, nmfi_arena *arena,
                       int accumulates)
{
    const nmf_sparse *given = nmfi_source_lines(&pass->source);
    if (pass->shared) return; /* the other pass has both */
    for (int which = NMFI_ROWS; which <= NMFI_COLUMNS; which++) {
        nmfi_side *const side = &state->side[which];
        side->shares = shares_of(nmfi_partition_of(pass, which));
        side->bounds = nmfi_take(arena, side->shares + 1, sizeof *side->bounds);
    }
    /* Else only the given side is visited. */
    state->has_other = accumulates || given->by_columns || pass->is_shared;
    if (state->has_other && !pass->rows.comm) /* else the source has it */
        nmfi_sparse_take(&state->other, arena, nmfi_sparse_minor(given), nmfi_sparse_lines(given),
                         nmfi_sparse_stored(given), given->dtype, block_span(pass));
}

void nmfi_sides_prepare(nmfi_pass *pass)
{
    nmfi_sparse_state *state = pass->state;
    if (pass->shared) return;
    const int given = nmfi_source_lines(&pass->source)->by_columns ? NMFI_COLUMNS : NMFI_ROWS;
    nmfi_side *const there = &state->side[given], *const other = &state->side[!given];
    there->lines = *nmfi_source_lines(&pass->source);
    there->blocks = 1;
    share_out(there, nmfi_partition_of(pass, given));
    if (!state->has_other) return;
    if (pass->rows.comm) {
        other->lines = pass->source.across;
        other->blocks = 1;
        share_out(other, nmfi_partition_of(pass, !given));
        return;
    }
    other->lines = nmfi_sparse_transpose(nmfi_source_lines(&pass->source), &state->other,
                                         pass->source.ascends ? pass->team : NULL);
    other->blocks = state->other.blocks;
    share_out(other, nmfi_partition_of(pass, !given));
}

nmfi_side nmfi_side_of(const nmfi_pass *pass, int which)
{
    const nmfi_sparse_state *state = pass->state;
    if (!pass->shared) return state->side[which];
    nmfi_side side = nmfi_side_of(pass->shared, !which); /* what runs along its columns runs along
                                                            these rows */
    side.lines = nmfi_sparse_transposed(&side.lines);
    return side;
}

/* --- factors packed ---------------------------------------------------------------------------- */

void nmfi_pack_slot(const nmfi_pass *pass, const nmfi_partition *partition, const void *factor,
                    int64_t k, int64_t slot, void *rows)
{
    const nmfi_kernels *kernels = pass->kernels;
    const int64_t stride = nmfi_packed_stride(k);
    const int64_t first = nmfi_partition_first_row(partition, slot);
    const int64_t end = nmfi_partition_first_row(partition, slot + 1);
    kernels->pack(nmfi_factor_at(pass, factor, first), partition->ld, k, end - first,
                  (char *)rows + first * stride * kernels->element_bytes, stride);
}

typedef struct pack_job {
    const nmfi_pass *pass;
    const nmfi_partition *partition;
    const void *factor;
    int64_t k;
    void *rows;
} pack_job;

static void pack_slot(void *context, int64_t slot, int64_t thread)
{
    (void)thread;
    const pack_job *job = context;
    nmfi_pack_slot(job->pass, job->partition, job->factor, job->k,
                   job->partition->first_slot + slot, job->rows);
}

void nmfi_pack_factor(const nmfi_pass *pass, int which, const void *factor, int64_t k, void *rows)
{
    const nmfi_partition *partition = which == NMFI_ROWS ? &pass->rows : &pass->columns;
    const int64_t row_bytes = nmfi_packed_stride(k) * pass->kernels->element_bytes;
    pack_job job = {pass, partition, factor, k, (char *)rows + partition->first_row * row_bytes};
    nmfi_team_run(pass->team, partition->own_slots, pack_slot, &job);
    if (partition->comm) nmfi_rows_share(partition, rows, row_bytes);
}
