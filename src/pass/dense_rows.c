/* The rows of a dense X, a block at a time. */
#include "pass/backend.h"
#include "pass/exchange.h"

#include <string.h>

/* For each thread: a block of rows as stored, where the source does not lend. */
typedef struct dense_state {
    char *gathered;
    int64_t gathered_bytes;
} dense_state;

void nmfi_dense_layout(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int accumulates)
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
    if (status == NMF_OK) nmfi_rows_share_some(rows, first, k, to, line);
    return status;
}
