/* See nmfkit/spread.h. The first process asks, in words of a fixed length; who serves does nothing of its own, so it does
 * not matter to it what is read, in which order, and whether that failed. */
#include "api/spread.h"

#include "data/matrix.h"

#include <nmfkit/comm.h>
#include <stdlib.h>
#include <string.h>

/* --- asking ------------------------------------------------------------------------------------- */

typedef enum what { END, GIVE, DO } what;
typedef struct order {
    int64_t what;
    int64_t first, count; /* rows, from the first one there; or how many bytes follow */
} order;

/* The rows of the first process, and where the others' are. */
typedef struct spread {
    const nmf_comm *comm;
    nmf_matrix *own;
    int64_t rows;
    size_t row_bytes;
} spread;

static void tell(const nmf_comm *comm, int64_t rank, order said)
{
    comm->send(comm->context, rank, &said, sizeof said);
}

/* The process that has a row, and which rows. */
static int64_t owner_of(const spread *s, int64_t row, int64_t *first, int64_t *count)
{
    int64_t low = 0, high = s->comm->size - 1;
    while (low < high) { /* the first whose rows end behind it */
        const int64_t middle = low + (high - low) / 2;
        nmf_comm_rows(s->rows, middle, s->comm->size, first, count);
        if (*first + *count > row)
            high = middle;
        else
            low = middle + 1;
    }
    nmf_comm_rows(s->rows, low, s->comm->size, first, count);
    return low;
}

static nmf_status read_rows(void *context, int64_t first, int64_t count, void *rows,
                            nmf_error *error)
{
    const spread *s = context;
    char *to = rows;
    nmf_status status = NMF_OK;
    while (status == NMF_OK && count > 0) {
        int64_t their_first, their_count;
        const int64_t rank = owner_of(s, first, &their_first, &their_count);
        const int64_t at = first - their_first, left = their_count - at;
        const int64_t some = left < count ? left : count;
        if (rank == 0) {
            status = nmf_matrix_copy_rows(s->own, at, some, nmf_matrix_dtype(s->own), to, error);
        } else {
            tell(s->comm, rank, (order){GIVE, at, some});
            s->comm->receive(s->comm->context, rank, to, (size_t)some * s->row_bytes);
        }
        to += (size_t)some * s->row_bytes;
        first += some;
        count -= some;
    }
    return status;
}

void nmf_spread_ask(const nmf_matrix *all, int64_t rank, const void *words, size_t bytes)
{
    const nmf_comm *comm = nmfi_comm_shared();
    if (!comm || !nmf_spread_is(all)) return;
    tell(comm, rank, (order){DO, 0, (int64_t)bytes});
    comm->send(comm->context, rank, words, bytes);
}

void nmf_spread_end(const nmf_matrix *all)
{
    const nmf_comm *comm = nmfi_comm_shared();
    for (int64_t r = 1; comm && nmf_spread_is(all) && r < comm->size; r++)
        tell(comm, r, (order){END, 0, 0});
}

static void free_spread(void *context)
{
    spread *s = context;
    nmf_matrix_free(s->own);
    free(s);
}

nmf_status nmfi_spread(const nmf_comm *comm, const nmf_matrix *X, nmf_matrix **W, nmf_error *error)
{
    nmf_matrix *const own = *W, *all = NULL;
    if (comm->rank > 0) {
        nmfi_matrix_note_spread(own);
        return NMF_OK;
    }
    spread *s = malloc(sizeof *s);
    if (!s) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    *s = (spread){comm, NULL, nmf_matrix_rows(X),
                  (size_t)nmf_matrix_columns(own) * nmf_dtype_bytes(nmf_matrix_dtype(own))};
    nmf_reader reader = NMF_READER_INIT;
    reader.dtype = nmf_matrix_dtype(own);
    reader.rows = s->rows;
    reader.columns = nmf_matrix_columns(own);
    reader.read = read_rows;
    reader.context = s;
    reader.release = free_spread;
    nmf_status status = nmf_matrix_from_reader(&reader, &all, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_rows(all, X, error);
    if (status != NMF_OK) {
        nmf_matrix_free(all);
        return status;
    }
    s->own = own;
    nmfi_matrix_note_spread(all);
    *W = all;
    return NMF_OK;
}

/* --- serving ------------------------------------------------------------------------------------ */

/* What was asked is received even where there is no room for it: the first process has sent it. */
static void do_task(const nmf_comm *comm, const nmf_matrix *own, size_t bytes,
                    nmf_spread_task *task, void *context)
{
    void *const words = malloc(bytes + 1);
    if (!words) comm->give_up(comm->context, 1);
    comm->receive(comm->context, 0, words, bytes);
    task(context, own, words, bytes);
    free(words);
}

void nmf_spread_serve(const nmf_matrix *own, nmf_spread_task *task, void *context)
{
    const nmf_comm *comm = nmfi_comm_shared();
    const nmf_dense d = nmf_matrix_dense(own);
    const size_t row_bytes = (size_t)d.columns * nmf_dtype_bytes(d.dtype);
    if (!comm || comm->rank == 0 || !nmf_spread_is(own)) return;
    for (order said = {DO, 0, 0}; said.what != END;) {
        comm->receive(comm->context, 0, &said, sizeof said);
        if (said.what == GIVE)
            comm->send(comm->context, 0, (const char *)d.data + (size_t)said.first * row_bytes,
                       (size_t)said.count * row_bytes);
        if (said.what == DO) do_task(comm, own, (size_t)said.count, task, context);
    }
}
