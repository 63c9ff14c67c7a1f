/* The method contract: how one iteration of a fit is made. A method is one file and one row of the
 * table in choose.c; it owns its passes and its memory, and nothing else in fit/ knows its loss.
 * `state` is state_bytes of the method's own, zero before `plan`. What may be NULL is said so. */
#ifndef NMFI_FIT_METHOD_H
#define NMFI_FIT_METHOD_H

#include "fit/state.h"

/* What iterate.c wants of a step. */
typedef struct nmfi_step_wish {
    double momentum;   /* how far a point ahead lies past its result, in steps; 0: plain updates */
    int begins;        /* an early step: the factor that moves first is not extrapolated */
    int plain;         /* from the incumbents, so that the loss can rise by rounding only */
    int skip_momentum; /* the residual rose: the first factor is not extrapolated this once */
} nmfi_step_wish;

typedef struct nmfi_measured {
    double loss; /* of the new pair */
    /* By how much a plain step lowered the loss, where that is summed more precisely than a
     * difference of losses shows; else 0. */
    double gain;
} nmfi_measured;

/* What a loss of this size means to the method that measured it. */
typedef struct nmfi_loss_scale {
    double rounding; /* how far rounding moves it */
    double matters;  /* the smaller of what is left to explain and what is explained */
    double strict;   /* what tol is multiplied by here, and the least that may come of it */
    double least;
    double nothing; /* a loss not above it is that of an exact fit; negative: none is known to be */
} nmfi_loss_scale;

typedef struct nmfi_method {
    const char *name;
    size_t state_bytes;
    /* Whether the factor along the columns of X follows from what visits of its rows add up, where X is sparse
     * too (NULL: no). */
    int (*adds_up)(const nmfi_fit *);
    int reads_lines; /* a sparse X is read line by line, along its rows alone, as where it is not in memory */
    /* Passes it needs, from shapes alone; its memory, called twice (memory.h). */
    void (*plan)(nmfi_fit *, void *state);
    void (*layout)(nmfi_fit *, void *state, nmfi_arena *);
    /* What it must know of X, once; a start made usable; both may be NULL. */
    nmf_status (*prepare)(nmfi_fit *, void *state, nmf_error *);
    nmf_status (*begin)(nmfi_fit *, void *state, nmf_error *);
    /* One iteration. The new pair lies in plain and ahead; `accept` makes it the incumbents;
     * `restart` (may be NULL) makes ready for a step from the incumbents, all arrays being alike. */
    nmf_status (*step)(nmfi_fit *, void *state, nmfi_step_wish, nmfi_measured *, nmf_error *);
    void (*accept)(nmfi_fit *, void *state);
    nmf_status (*restart)(nmfi_fit *, void *state, nmf_error *);
    /* What the method remembers from one iteration to the next, so that a checkpoint keeps it (may be
     * NULL): but for the factors' arrays and sums, which are kept, and what `restart` makes again from
     * the points ahead, whether these are the incumbents or not. */
    void (*keep)(nmfi_fit *, void *state, nmfi_pieces *);
    /* A plain step failed, or steps fail often: 1 if there is another rule to go by (may be NULL).
     * A component that died: nmfi_revive's contract (may be NULL). */
    int (*recover)(nmfi_fit *, void *state);
    int (*revive)(nmfi_fit *, void *state, int64_t draw);
    nmfi_loss_scale (*scale)(const nmfi_fit *, const void *state, double loss);
    /* May begin in f32 where the fit is in f64 (single.h); what else of the state is of the kernels' type is made
     * so when these are others (may be NULL). */
    int begins_single;
    void (*change_kernels)(nmfi_fit *, void *state);
    /* In place of iterate.c, for a stopping rule of its own (may be NULL): begins with nmfi_take_up where the
     * keeper resumes, and keeps its place at the end of each iteration. */
    nmf_status (*iterate)(nmfi_fit *, void *state, nmf_error *);
    /* W solved for H, loss and KKT residual of the pair that is returned. */
    nmf_status (*finish)(nmfi_fit *, void *state, nmf_error *);
    int64_t trial_iterations; /* that tell several starts apart; 0: each is followed to its end */
    double
        flat; /* where the loss has stopped falling, a residual of so many times tol is small enough:
                               * it falls slower than such a loss; 0: as much as tol */
    int slows; /* its steps become ever shorter: where the falls of the loss shrink so that tol of it is more than all that is
                * to come, it stands */
    int watches_residual; /* the loss goes on falling when momentum has begun to swing */
    int deepens; /* `finish` may lead rows into deeper valleys: a stalled fit may go on from there */
} nmfi_method;

/* iterate.c: from the incumbents, until the residual is below tol or nothing is left to gain. */
nmf_status nmfi_iterate(nmfi_fit *fit, nmfi_stage stage, double tol, nmf_error *error);
/* Whether nothing is left to do for it: by the measure of the fit's arithmetic as it is now. */
int nmfi_iterated(const nmfi_fit *fit, nmfi_stage stage, double tol);
/* The same where an iteration costs a fraction of a pass over X, until it has given what it can: the
 * loss, `left_out` of it added, falls by less than `moving` of itself an iteration. */
nmf_status nmfi_iterate_in_sketch(nmfi_fit *fit, nmfi_stage stage, double left_out, double moving,
                                  nmf_error *error);

/* method_sketch.c: memory for X of the fit in the sketch, before the layout of the method; it holds nothing
 * until `prepare`, and is of no use once iterations on X begin. */
void nmfi_sketch_layout_rows(nmfi_fit *fit, nmfi_arena *arena);
/* Whether the sketch that was run holds what a fit needs; what it leaves out of the
 * loss. */
int nmfi_sketch_misses(const nmfi_fit *fit);
double nmfi_sketch_left_out(const nmfi_fit *fit);
/* A fit in f64 may converge in its sketch in f32: between these two its kernels and factors are of that
 * type, which nmfi_sketch_kernels tells before, too. */
const nmfi_kernels *nmfi_sketch_kernels(const nmfi_fit *fit);
void nmfi_sketch_enter(nmfi_fit *fit);
void nmfi_sketch_leave(nmfi_fit *fit);

#endif
