/* Checkpoints of a fit (nmfkit/checkpoint.h): what is kept, when, and how a fit goes on from one.
 *
 * Kept is what stands at the end of an iteration and could not be made again: the place (state.h), the
 * arrays and sums of both factors, the trace, and what the method names (method.h: keep). The reading
 * of X, the sketch and what passes have added up are made again, to the same bits. */
#ifndef NMFI_FIT_CHECKPOINT_H
#define NMFI_FIT_CHECKPOINT_H

#include <nmfkit/checkpoint.h>

typedef struct nmfi_fit nmfi_fit;
typedef struct nmfi_stage nmfi_stage;

/* Pieces of memory, named once: they are written and read alike. */
enum { NMFI_MOST_PIECES = 48 };
struct nmfi_partition;
typedef struct nmfi_pieces {
    nmf_checkpoint_piece piece[NMFI_MOST_PIECES];
    /* Of an array of a factor not all of whose rows need be here: how they are divided. Its bytes are then
     * those of all rows. */
    const struct nmfi_partition *side[NMFI_MOST_PIECES];
    int64_t element_bytes[NMFI_MOST_PIECES]; /* then */
    int64_t count;
} nmfi_pieces;
void nmfi_add_piece(nmfi_pieces *pieces, void *data, size_t bytes);

typedef struct nmfi_keeper {
    const nmf_checkpoints *wishes; /* NULL: no checkpoints */
    char identity[2048];           /* the options that results hang on, a line each */
    uint64_t X, starts;            /* fingerprints of what was given */
    int knows_X;                   /* that was looked at: the first checkpoint does */
    double last_seconds;           /* when the last one was written */
    int reads, writes;             /* what the wishes are; of one process for all */
    int is_closed;         /* the fit was told to stop: what follows is no place to go on from */
    int resumes;           /* the place is that of a checkpoint, where nothing has moved on yet */
    uint64_t left, digest; /* of the checkpoint that is read: bytes to come, what they add up to */
    uint64_t wanted_digest;
} nmfi_keeper;

/* A fit without wishes comes to none of these, one that does not resume only to the first and the last.
 *
 * Before X is read: who the fit is, and whether the checkpoint that it goes on from is its own. */
nmf_status nmfi_checkpoint_open(nmfi_fit *fit, nmf_error *error);
/* Then the rest of it: the place, and the factors that stand there. */
nmf_status nmfi_checkpoint_load(nmfi_fit *fit, nmf_error *error);

/* Whether the fit goes on from there without its sketch. */
int nmfi_goes_on_without_sketch(const nmfi_fit *fit);
/* In place of beginning to iterate: what the passes had added up is made again. */
nmf_status nmfi_take_up(nmfi_fit *fit, nmfi_stage stage, nmf_error *error);

/* At the end of an iteration: keeps a checkpoint where one is due. `stops`: the fit was told to. */
nmf_status nmfi_keep_place(nmfi_fit *fit, int stops, nmf_error *error);

#endif
