/* Epochs over rows that are at hand and are seen again (online_state.h). */
#include "fit/online_state.h"

#include "fit/result.h"

#include "data/matrix.h"

#include <math.h>
#include <stdlib.h>

static nmf_status select_rows(const nmf_matrix *X, int64_t first, int64_t count,
                              nmf_matrix **block_X, nmf_error *error)
{
    int64_t *rows = malloc((size_t)count * sizeof *rows + 1);
    if (!rows)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld rows", (long long)count);
    for (int64_t i = 0; i < count; i++) rows[i] = first + i;
    const nmf_status status = nmf_matrix_select(X, rows, count, block_X, error);
    free(rows);
    return status;
}

/* W of these rows, samples x k in the caller's unit, into the block's factor, or back. */
static void move_W(const nmf_online *o, nmfi_online_block *b, void *W, int64_t first, int back)
{
    const int64_t bytes = o->kernels->element_bytes, count = b->pass.rows.count;
    char *const rows = (char *)W + first * o->k * bytes;
    if (back)
        o->kernels->pack(b->W, b->pass.rows.ld, o->k, count, rows, o->k);
    else
        o->kernels->unpack(rows, o->k, o->k, count, b->W, b->pass.rows.ld);
    const double root = sqrt(o->scale);
    for (int64_t j = 0; j < o->k && !back; j++)
        o->kernels->scale((char *)b->W + j * b->pass.rows.ld * bytes, count, root);
    if (back) o->kernels->scale(rows, count * o->k, 1 / root);
}

static nmf_status learn_again(nmf_online *o, const nmf_matrix *X, int64_t first, int64_t count,
                              void *W, int known, nmf_error *error)
{
    nmf_matrix *part = NULL;
    nmfi_online_block b;
    nmf_status status = select_rows(X, first, count, &part, error);
    if (status != NMF_OK) return status;
    status = nmfi_online_open_block(o, part, &b, error);
    if (status == NMF_OK) {
        if (known) move_W(o, &b, W, first, 0);
        b.has_W = known;
        status = nmfi_online_learn(o, &b, 1, known, error);
        if (status == NMF_OK) move_W(o, &b, W, first, 1);
        nmfi_online_close_block(&b);
    }
    nmf_matrix_free(part);
    return status;
}

nmf_status nmfi_online_epoch(nmf_online *o, const nmf_matrix *X, nmf_dtype dtype, void *W,
                             nmf_error *error)
{
    const int64_t m = nmf_matrix_rows(X), most = nmfi_online_block_rows(o);
    const int known = o->state.learned > 0;
    nmf_status status = nmfi_matrix_check_entries(X, 0, error);
    if (status == NMF_OK) status = nmfi_online_note_names(o, X, error);
    if (status == NMF_OK && !o->has_begun) {
        nmf_matrix *first = NULL;
        const int64_t count = nmfi_online_first_rows(o) < m ? nmfi_online_first_rows(o) : m;
        status = select_rows(X, 0, count, &first, error);
        if (status == NMF_OK) status = nmfi_online_begin(o, first, error);
        nmf_matrix_free(first);
    }
    if (status == NMF_OK && dtype != nmfi_dtype_of(o->kernels))
        status = nmf_fail(error, NMF_ERROR_ARGUMENT, "W is of type %s; the arithmetic is %s",
                          nmf_dtype_name(dtype), nmf_dtype_name(nmfi_dtype_of(o->kernels)));
    o->loss_sum = o->rows_measured = 0;
    for (int64_t at = 0; at < m && status == NMF_OK; at += most) {
        const int64_t count = m - at < most ? m - at : most;
        status = learn_again(o, X, at, count, W, known, error);
    }
    if (status == NMF_OK) o->state.rows = o->state.learned = m;
    return status;
}
