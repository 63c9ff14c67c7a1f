/* A dense X the other way round (pass.h). Where several processes have its rows together, each gets its own
 * columns from all others: pieces of a few rows go from everyone to everyone, so that X is read once and
 * little more than the copy is held. */
#include "pass/backend.h"

#include <stdlib.h>
#include <string.h>

/* --- alone ------------------------------------------------------------------------------------- */

typedef struct copy_job {
    nmfi_pass *pass;
    void *to;
} copy_job;

static nmf_status copy_slot(void *context, const nmfi_leaf *leaf, nmf_error *error)
{
    const copy_job *job = context;
    const nmfi_pass *pass = job->pass;
    const int64_t rows = pass->block_tiles * pass->rows.lanes;
    const int64_t end = nmfi_partition_first_row(&pass->rows, leaf->index + 1);
    for (int64_t r = nmfi_partition_first_row(&pass->rows, leaf->index); r < end; r += rows) {
        nmfi_block block;
        const nmf_status status =
            nmfi_dense_rows(pass, r, nmfi_lesser(rows, end - r), leaf->thread, &block, error);
        if (status != NMF_OK) return status;
        nmfi_block_transpose(&block, r, job->to, pass->rows.count);
    }
    return NMF_OK;
}

/* --- together ---------------------------------------------------------------------------------- */

typedef struct sharing {
    nmfi_pass *pass;
    const nmf_comm *comm;
    char *to, *out, *in;
    int64_t piece; /* rows at a time */
    int64_t bytes; /* of an entry */
} sharing;

static nmfi_partition rows_of(const sharing *s, int64_t rank)
{
    return nmfi_partition_of_rank(s->pass->rows.all, s->comm, rank);
}

static nmfi_partition columns_of(const sharing *s, int64_t rank)
{
    return nmfi_partition_of_rank(s->pass->columns.count, s->comm, rank);
}

/* How many rows piece `number` of a process has. */
static int64_t rows_in_piece(const sharing *s, int64_t rank, int64_t number)
{
    const int64_t left = rows_of(s, rank).count - number * s->piece;
    return left < 0 ? 0 : nmfi_lesser(left, s->piece);
}

/* The columns of another process, out of a block of rows, one after the other. */
static void pack(const sharing *s, const nmfi_block *block, const nmfi_partition *columns)
{
    nmfi_block theirs = *block;
    theirs.X.data = (const char *)block->X.data + columns->first_row * s->bytes;
    theirs.X.columns = columns->count;
    nmfi_block_transpose(&theirs, 0, s->out, block->X.rows);
}

static void unpack(const sharing *s, int64_t rank, int64_t number, int64_t rows, const char *from)
{
    const int64_t first = rows_of(s, rank).first_row + number * s->piece;
    const int64_t columns = columns_of(s, s->comm->rank).count, stride = s->pass->rows.all;
    for (int64_t j = 0; j < columns; j++)
        memcpy(s->to + (j * stride + first) * s->bytes, from + j * rows * s->bytes,
               (size_t)(rows * s->bytes));
}

static void share_piece(const sharing *s, int64_t number, const nmfi_block *block)
{
    const nmf_comm *comm = s->comm;
    const int64_t mine = columns_of(s, comm->rank).count;
    for (int64_t round = 0; round < comm->size; round++) {
        const int64_t other = (round - comm->rank + comm->size) % comm->size;
        const nmfi_partition theirs = columns_of(s, other);
        const int64_t rows = rows_in_piece(s, other, number);
        const size_t out = (size_t)(block->X.rows * theirs.count * s->bytes);
        const size_t in = (size_t)(rows * mine * s->bytes);
        if (out > 0) pack(s, block, &theirs);
        if (other != comm->rank) nmfi_comm_swap(comm, other, s->out, out, s->in, in);
        if (in > 0) unpack(s, other, number, rows, other == comm->rank ? s->out : s->in);
    }
}

static nmf_status share_pieces(const sharing *s, nmf_error *error)
{
    const nmfi_pass *pass = s->pass;
    const int64_t pieces = (nmfi_comm_most(s->comm, pass->rows.count) + s->piece - 1) / s->piece;
    nmf_status status = NMF_OK;
    for (int64_t number = 0; number < pieces; number++) {
        nmfi_block block = {.X = {0}};
        const int64_t rows = rows_in_piece(s, s->comm->rank, number);
        /* Who cannot read sends none of it, and says so to all below. */
        if (rows > 0 && status == NMF_OK)
            status = nmfi_dense_rows(pass, number * s->piece, rows, 0, &block, error);
        status = nmfi_comm_status(s->comm, status, error);
        if (status != NMF_OK) return status;
        share_piece(s, number, &block);
    }
    return NMF_OK;
}

static nmf_status copy_together(nmfi_pass *pass, void *to, nmf_error *error)
{
    enum { PIECE_BYTES = 1 << 20 };
    const nmf_comm *comm = pass->rows.comm;
    sharing s = {.pass = pass, .comm = comm, .to = to};
    s.bytes = (int64_t)nmf_dtype_bytes(pass->source.dtype);
    int64_t most = 1; /* columns of a process */
    for (int64_t r = 0; r < comm->size; r++)
        most = columns_of(&s, r).count > most ? columns_of(&s, r).count : most;
    /* The scratch that a source reads into holds a block. */
    const int64_t block = pass->block_tiles * pass->rows.lanes;
    const int64_t fits = PIECE_BYTES / (most * s.bytes);
    s.piece = -nmfi_comm_most(comm, -nmfi_lesser(block, fits > 0 ? fits : 1));
    const size_t piece_bytes = (size_t)(s.piece * most * s.bytes);
    s.out = malloc(2 * piece_bytes);
    s.in = s.out ? s.out + piece_bytes : NULL;
    nmf_status status =
        s.out ? NMF_OK
              : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes", 2 * piece_bytes);
    status = nmfi_comm_status(comm, status, error);
    if (status == NMF_OK) status = share_pieces(&s, error);
    free(s.out);
    return status;
}

nmf_status nmfi_pass_copy_transposed(nmfi_pass *pass, void *to, nmf_error *error)
{
    copy_job job = {pass, to};
    const nmfi_adding adding = nmfi_own_slots(pass, copy_slot, &job);
    pass->passes++;
    return pass->rows.comm ? copy_together(pass, to, error)
                           : nmfi_sums_add_up(pass, pass->row_sums, &adding, error);
}
