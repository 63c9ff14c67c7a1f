/* What is attached, and agreements (comm.h). One process alone is the case where there is nothing to
 * do. */
#include "base/comm.h"

#include <nmfkit/spread.h>

static nmf_comm attached; /* size 0: none */
static int leaves_W;      /* nmf_spread_leave */

nmf_status nmf_comm_attach(const nmf_comm *comm, nmf_error *error)
{
    leaves_W = 0;
    if (!comm) {
        attached.size = 0;
        return NMF_OK;
    }
    if (comm->struct_bytes != sizeof *comm)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "a communicator of %zu bytes: this library's has %zu", comm->struct_bytes,
                        sizeof *comm);
    if (comm->size < 1 || comm->rank < 0 || comm->rank >= comm->size)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "rank %lld of %lld processes: there is none",
                        (long long)comm->rank, (long long)comm->size);
    if (!comm->send || !comm->receive || !comm->broadcast || !comm->least || !comm->all_here ||
        !comm->give_up)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a function of the communicator is NULL");
    attached = *comm;
    return NMF_OK;
}

const nmf_comm *nmf_comm_attached(void)
{
    return attached.size > 0 ? &attached : NULL;
}

const nmf_comm *nmfi_comm_shared(void)
{
    return attached.size > 1 ? &attached : NULL;
}

int64_t nmfi_comm_least(const nmf_comm *comm, int64_t value)
{
    return comm ? comm->least(comm->context, value) : value;
}

int64_t nmfi_comm_most(const nmf_comm *comm, int64_t value)
{
    return comm ? -comm->least(comm->context, -value) : value;
}

int nmfi_comm_same(const nmf_comm *comm, int64_t value)
{
    return nmfi_comm_least(comm, value) == nmfi_comm_most(comm, value);
}

void nmf_spread_leave(int leaves)
{
    leaves_W = leaves != 0;
}

int nmfi_comm_leaves_W(const nmf_comm *comm)
{
    return nmfi_comm_least(comm, leaves_W) != 0;
}

/* From pairs to the first process, which tells all. */
uint64_t nmfi_comm_sum(const nmf_comm *comm, uint64_t value)
{
    if (!comm) return value;
    for (int64_t apart = 1; apart < comm->size; apart *= 2) {
        uint64_t other = 0;
        if (comm->rank % (2 * apart) == apart) {
            comm->send(comm->context, comm->rank - apart, &value, sizeof value);
            break;
        }
        if (comm->rank + apart < comm->size)
            comm->receive(comm->context, comm->rank + apart, &other, sizeof other);
        value += other;
    }
    comm->broadcast(comm->context, 0, &value, sizeof value);
    return value;
}

nmf_status nmfi_comm_status_by(const nmf_comm *comm, int64_t order, nmf_status status,
                               nmf_error *error)
{
    if (!comm) return status;
    nmf_error said = {.status = NMF_OK};
    const int64_t first = nmfi_comm_least(comm, status == NMF_OK ? INT64_MAX : order);
    if (first == INT64_MAX) return NMF_OK;
    const int mine = status != NMF_OK && order == first;
    const int64_t who = nmfi_comm_least(comm, mine ? comm->rank : INT64_MAX);
    if (who == comm->rank) {
        if (error) said = *error;
        said.status = status;
    }
    comm->broadcast(comm->context, who, &said, sizeof said);
    if (error) *error = said;
    return said.status;
}

nmf_status nmfi_comm_status(const nmf_comm *comm, nmf_status status, nmf_error *error)
{
    return nmfi_comm_status_by(comm, nmfi_comm_rank(comm), status, error);
}

void nmfi_turn_tell(const nmf_comm *comm, int64_t task, void *data, size_t bytes)
{
    if (comm) comm->broadcast(comm->context, task % comm->size, data, bytes);
}

void nmfi_comm_swap(const nmf_comm *comm, int64_t other, const void *out, size_t out_bytes,
                    void *in, size_t in_bytes)
{
    if (comm->rank < other) comm->send(comm->context, other, out, out_bytes);
    comm->receive(comm->context, other, in, in_bytes);
    if (comm->rank > other) comm->send(comm->context, other, out, out_bytes);
}
