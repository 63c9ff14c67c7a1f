/* Checkpoints: where a fit stands, kept now and then, so that one that was killed goes on from there
 * and ends with the very bits that it would have ended with. The core hands bytes over and takes them
 * back; a file for them is nmf_io_checkpoint of <nmfkit/io.h>. */
#ifndef NMFKIT_CHECKPOINT_H
#define NMFKIT_CHECKPOINT_H

#include <nmfkit/status.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Some bytes of a checkpoint, where they lie in the fit's memory. */
typedef struct nmf_checkpoint_piece {
    const void *data;
    size_t bytes;
} nmf_checkpoint_piece;

/* What nmf_fit does about them (options.checkpoints). All functions are called from the thread that
 * called the fit. Where several processes share it (nmfkit/comm.h) each is given some, but `write` and `read`
 * are called in the first one only, which needs memory for all of what is written; `wanted` is asked in each. A
 * fit goes on with any number of processes from what any number of them, or one alone, has kept of dense X
 * in rows, or of compressed rows.
 *
 * A checkpoint is written between two iterations: after `every_seconds`, when `wanted` says so, and
 * when the fit is stopped by its progress callback or its time limit. It holds the options, which data
 * it is of, the factors, momentum, the trace, which start of how many; in bytes about three times W and
 * H (four times with several starts). It is for the same version of the library, the same kernels (nmf_kernel)
 * and the same byte order.
 *
 * A fit that goes on from one (`read`) must be of the same data, stored alike, and with the same
 * options; threads, block_rows, memory_limit_bytes, time_limit_seconds and the callbacks may be others.
 * The time limit counts anew; the trace's seconds go on. Errors of the fit then also: ARGUMENT (other
 * options, kernels), DATA (of other data), FORMAT (no checkpoint, a damaged one), UNSUPPORTED (of
 * another version). */
typedef struct nmf_checkpoints {
    size_t struct_bytes; /* sizeof(nmf_checkpoints) */
    void *context;
    /* Keeps one: all pieces, one after the other. They may be looked at until this returns. Another
     * status than NMF_OK ends the fit with it. NULL: none is kept. */
    nmf_status (*write)(void *context, const nmf_checkpoint_piece *pieces, int64_t count,
                        nmf_error *error);
    double every_seconds;         /* the least time between two; 0: after every iteration */
    int (*wanted)(void *context); /* non-zero: one is wanted now. NULL: nobody asks */
    /* To go on from one: its next `bytes` bytes, into `to`. NULL: the fit begins at the beginning. */
    nmf_status (*read)(void *context, void *to, size_t bytes, nmf_error *error);
} nmf_checkpoints;

#ifdef __cplusplus
}
#endif
#endif
