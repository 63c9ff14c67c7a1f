/* The visit of a dense X by rules that need rows: each tile of the row factor has its own rows of X at
 * hand. What a rule adds up goes into the same slots as in any visit. */
#include "pass/backend.h"

typedef struct tiles_job {
    nmfi_pass *pass;
    const nmfi_visit *visit;
} tiles_job;

/* Rows [first, end), which are read together. */
static nmf_status improve_block(const tiles_job *job, int64_t first, int64_t end,
                                const nmfi_leaf *leaf, nmf_error *error)
{
    const nmfi_pass *pass = job->pass;
    const nmfi_rule *rule = job->visit->rule;
    const int64_t lanes = pass->rows.lanes;
    nmfi_block block;
    const nmf_status status =
        nmfi_dense_rows(pass, first, end - first, leaf->thread, &block, error);
    if (status != NMF_OK) return status;
    const int64_t row_bytes = block.X.row_stride * (int64_t)nmf_dtype_bytes(block.dtype);
    for (int64_t row = first; row < end; row += lanes) {
        const char *const data = (const char *)block.X.data + (row - first) * row_bytes;
        const int64_t rows = nmfi_lesser(lanes, end - row);
        nmfi_tile tile = {.first = row,
                          .rows = rows,
                          .lanes = lanes,
                          .scratch =
                              nmfi_of_thread(pass->workspace, pass->workspace_bytes, leaf->thread),
                          .sums = leaf->sums,
                          .stop = pass->stop,
                          .X = {data, block.X.row_stride, rows, block.X.columns},
                          .dtype = block.dtype};
        nmfi_lend_sums(pass, leaf, &tile);
        rule->improve(rule->context, &tile);
    }
    return NMF_OK;
}

static nmf_status improve_slot(void *context, const nmfi_leaf *leaf, nmf_error *error)
{
    const tiles_job *job = context;
    const nmfi_pass *pass = job->pass;
    const int64_t rows = pass->block_tiles * pass->rows.lanes;
    const int64_t end = nmfi_partition_first_row(&pass->rows, leaf->index + 1);
    nmf_status status = NMF_OK;
    int64_t r = nmfi_partition_first_row(&pass->rows, leaf->index);
    for (; r < end && status == NMF_OK; r += rows)
        status = improve_block(job, r, nmfi_lesser(r + rows, end), leaf, error);
    return status;
}

nmf_status nmfi_dense_tiles(nmfi_pass *pass, const nmfi_visit *visit, nmf_error *error)
{
    tiles_job job = {pass, visit};
    const nmfi_adding adding = nmfi_visited_slots(pass, visit, visit->sums, improve_slot, &job);
    nmfi_count_visit(pass, visit);
    return nmfi_sums_add_up(pass, pass->row_sums, &adding, error);
}
