/* nmf_comm: processes that share one fit, on one machine or on many.
 *
 * The contract between the arithmetic and whatever carries bytes from process to process. The library
 * itself runs in one process and has no need of it; libnmfkit-mpi fills it in for MPI (nmfkit/mpi.h), a
 * program of yours may for anything else. Once attached, nmf_fit, nmf_pca and nmf_transform are made by
 * all processes together: each calls the same function with the same arguments, reads its own rows of X
 * and keeps its own rows of W, and H is the same everywhere. How sums are added does not depend on how
 * many processes there are: the sum of each node of a binary tree over runs of rows (slots) is left +
 * right, whoever has them, so a fit of dense X has the same bits for any number of processes. */
#ifndef NMFKIT_COMM_H
#define NMFKIT_COMM_H

#include <nmfkit/status.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* All functions are called from the thread that called the library, by all processes in the same order,
 * with any number of bytes (beyond 2^31 too). They do not fail: what cannot go on ends all processes. */
typedef struct nmf_comm {
    size_t struct_bytes; /* sizeof(nmf_comm) */
    int64_t rank, size;  /* 0 <= rank < size */
    void *context;
    /* From one process to another: the node of a tree of sums, rows of a factor. `send` may return
     * before the other one has received; messages between two arrive in the order they were sent. */
    void (*send)(void *context, int64_t to, const void *data, size_t bytes);
    void (*receive)(void *context, int64_t from, void *data, size_t bytes);
    /* `data` of process `from` comes to all others' `data`. */
    void (*broadcast)(void *context, int64_t from, void *data, size_t bytes);
    /* Agree: the least of the values that the processes have, on all of them. */
    int64_t (*least)(void *context, int64_t value);
    /* 1 if all processes come to this call within `seconds` of this one. */
    int (*all_here)(void *context, double seconds);
    /* Ends all processes at once, with this exit code. Does not return. */
    void (*give_up)(void *context, int code);
} nmf_comm;

/* From now on this process shares its fits with those of *comm, of which a copy is kept; NULL: it is
 * alone again. Not while a function of the library runs. Errors: ARGUMENT (a function that is NULL, a rank
 * outside). */
NMF_API NMF_MUST_CHECK nmf_status nmf_comm_attach(const nmf_comm *comm, nmf_error *error);

/* What was attached; NULL: this process is alone. */
NMF_API const nmf_comm *nmf_comm_attached(void);

/* The rows of a matrix of so many samples that process `rank` of `size` reads and keeps: [*first, *first
 * + *count), whole slots; processes beyond the number of slots have none. */
NMF_API void nmf_comm_rows(int64_t samples, int64_t rank, int64_t size, int64_t *first,
                           int64_t *count);

#ifdef __cplusplus
}
#endif
#endif
