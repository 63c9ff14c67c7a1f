/* The processes that share a fit (nmfkit/comm.h): what is attached, and agreements that hold in one
 * process too. A comm that is NULL is one process alone: then every function here gives back what it was
 * given and nothing is sent. */
#ifndef NMFI_BASE_COMM_H
#define NMFI_BASE_COMM_H

#include <nmfkit/comm.h>

/* The one that is attached if it has more than one process; else NULL. */
const nmf_comm *nmfi_comm_shared(void);

static inline int64_t nmfi_comm_size(const nmf_comm *comm)
{
    return comm ? comm->size : 1;
}

static inline int64_t nmfi_comm_rank(const nmf_comm *comm)
{
    return comm ? comm->rank : 0;
}

/* The least and the greatest of what the processes have; 1 if all have the same. */
int64_t nmfi_comm_least(const nmf_comm *comm, int64_t value);
int64_t nmfi_comm_most(const nmf_comm *comm, int64_t value);
int nmfi_comm_same(const nmf_comm *comm, int64_t value);
/* 1 where all processes have said nmf_spread_leave(1). */
int nmfi_comm_leaves_W(const nmf_comm *comm);
/* The sum of what they have, modulo 2^64. */
uint64_t nmfi_comm_sum(const nmf_comm *comm, uint64_t value);

/* One status and one sentence for all: those of the process whose `order` is least among the ones that
 * failed (of the lowest rank where two are equal); OK if none did. */
nmf_status nmfi_comm_status_by(const nmf_comm *comm, int64_t order, nmf_status status,
                               nmf_error *error) NMF_MUST_CHECK;
/* In the order of the ranks. */
nmf_status nmfi_comm_status(const nmf_comm *comm, nmf_status status,
                            nmf_error *error) NMF_MUST_CHECK;

/* Tasks that take turns: number `task` is this process's; what came of it, told to all by whose it was. */
static inline int nmfi_turn_is_mine(const nmf_comm *comm, int64_t task)
{
    return task % nmfi_comm_size(comm) == nmfi_comm_rank(comm);
}
void nmfi_turn_tell(const nmf_comm *comm, int64_t task, void *data, size_t bytes);

/* Sends to one process and receives from it, without either waiting for the other for ever. */
void nmfi_comm_swap(const nmf_comm *comm, int64_t other, const void *out, size_t out_bytes,
                    void *in, size_t in_bytes);

#endif
