/* The rows of a dense X, a block at a time. */
#include "pass/backend.h"

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
