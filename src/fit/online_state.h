/* What is inside an nmf_online, for the files that make it: online_memory.c, online.c (rows as they come),
 * online_block.c (what a block of rows teaches), online_begin.c (the first H),
 * online_epoch.c (rows that are seen again), online_model.c. */
#ifndef NMFI_FIT_ONLINE_STATE_H
#define NMFI_FIT_ONLINE_STATE_H

#include "fit/fit.h"
#include "fit/online.h"

#include "data/waiting.h"
#include "pass/pass.h"

/* What was learned, beside H: of the rows so far, the old ones counting less. */
typedef struct nmfi_online_sums {
    void *H, *Q;  /* k x ld, T */
    double *S;    /* k x k */
    double count; /* of the rows */
} nmfi_online_sums;

struct nmf_online {
    nmf_options options;
    nmf_online_options how;
    int64_t k, n;
    int has_begun; /* there is an H */
    nmf_precision precision;
    const nmfi_kernels *kernels;
    nmfi_team *team;
    nmfi_partition columns;
    double scale; /* what X is multiplied by: of the first rows */
    double began_seconds;
    nmfi_arena arena;
    nmfi_online_sums now, kept; /* kept: while a model is made */
    void *share;                /* k x ld: of Q, of the block that is learned from */
    double *share_S;            /* of S */
    double *gram_f64;
    void *gram, *inverse, *spare;
    nmfi_waiting waiting;
    nmf_matrix *names; /* no rows: feature names and the pictures' shape */
    nmf_online_state state;
    double loss_sum, rows_measured; /* of rows that were not learned from yet */
    nmf_trace_point *trace;
    int64_t trace_room;
};

/* A block of rows. */
typedef struct nmfi_online_block {
    nmfi_arena arena;
    nmfi_pass pass;
    void *W, *spare; /* k x rows.ld */
    int has_W;       /* which is a start */
} nmfi_online_block;

/* online_memory.c. The type of the arithmetic is that of the first rows, where it was left open. Errors: MEMORY. */
nmf_status nmfi_online_take_memory(nmf_online *o, nmf_dtype dtype, nmf_error *error);

/* online.c. */
/* How many rows are a block, and how many the first start with. */
int64_t nmfi_online_block_rows(const nmf_online *o);
int64_t nmfi_online_first_rows(const nmf_online *o);
/* From the rows that wait, all or none. */
nmf_status nmfi_online_learn_waiting(nmf_online *o, nmf_error *error);
nmf_status nmfi_online_note_names(nmf_online *o, const nmf_matrix *rows, nmf_error *error);

/* online_block.c. */
nmf_status nmfi_online_open_block(const nmf_online *o, const nmf_matrix *X, nmfi_online_block *b,
                                  nmf_error *error);
void nmfi_online_close_block(nmfi_online_block *b);
/* Learns from a block. `measures`: its rows are new to H. `known`: they were learned from, with b->W. */
nmf_status nmfi_online_learn(nmf_online *o, nmfi_online_block *b, int measures, int known,
                             nmf_error *error);

/* online_begin.c: the first H, of X or as the caller gave it. */
nmf_status nmfi_online_begin(nmf_online *o, const nmf_matrix *X, nmf_error *error);

#endif
