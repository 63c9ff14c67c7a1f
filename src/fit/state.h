/* The state of one fit, in parts: what was chosen, what is known of X, the two factors, how far the
 * fit has come, and what it works with. Methods keep what is theirs alone (method.h). */
#ifndef NMFI_FIT_STATE_H
#define NMFI_FIT_STATE_H

#include "fit/checkpoint.h"
#include "fit/limits.h"
#include "pass/factor.h"
#include "pass/observed.h"
#include "pass/pass.h"
#include "start/start.h"

#include <nmfkit/model.h>

struct nmfi_method;

/* Coordinate descent for the Kullback-Leibler divergence: where the data say so, or as asked. */
typedef enum nmfi_scd_choice { NMFI_SCD_NEVER, NMFI_SCD_ALWAYS, NMFI_SCD_BY_DATA } nmfi_scd_choice;

/* Fixed before memory is asked for (choose.c), but for what only X itself can tell. */
typedef struct nmfi_choice {
    nmf_options
        options; /* the caller's, checked; loss and solver by the names they turned out to be */
    nmf_precision precision;
    double beta; /* the exponent of the loss */
    int64_t starts;
    int several_starts;  /* they are ours, not the caller's */
    int follows;         /* each of them to its end */
    int64_t sketch_rank; /* of the sketch to converge in; 0: none */
    /* A fit that goes on by another loss or other updates than the sketch's only begins there. */
    int only_begins;
    int begins_single; /* single.h */
    int momentum;      /* steps are extrapolated */
    nmfi_scd_choice scd;
    /* Not every entry of X counts once; where X is sparse, only what it stores was observed. */
    int weighted, stored_only;
} nmfi_choice;

/* What is known of X. Everything but `scale` is of scaled X, whose mean is near 1, as are the
 * factors, penalties and losses of the whole fit. */
typedef struct nmfi_facts {
    int64_t m, n, stored;
    double scale; /* what X is multiplied by: a power of 4, whose root rounds nothing either */
    double mean, norm2;     /* mean entry; ||X||_F^2 */
    double lowest, highest; /* entries */
    double noise;           /* of entries, where few are observed (shrink.h) */
    double baseline;        /* D(X || r c' / sum), where the loss is a divergence */
    uint64_t fingerprint;   /* of X where it is not in memory; else 0 */
} nmfi_facts;

/* W or H. Arrays are k x partition.ld, component-major, of the compute type.
 *
 * The incumbents are the pair whose loss was evaluated last and accepted. `plain` is what an update
 * of a factor gives, `ahead` the point past it that extrapolation leads to. */
typedef struct nmfi_factor {
    nmfi_partition partition;
    int is_W;           /* 1: W, 0: H */
    int along_rows;     /* 1: it runs along the pass's rows, so the pass updates it */
    double l1, l2;      /* its penalties, of scaled X */
    nmfi_limits limits; /* what its entries may be, as it was said; as rules read it */
    nmfi_allowed allowed;
    unsigned char *held; /* k: 1 where the component's scale is not free */
    int all_fixed;       /* no entry may move */
    double shrink;       /* lambda of shrink.h, which l2 has too; 0: none */
    double *toward,
        *mean;      /* k: the mean row that a step draws to; that of the rows last measured */
    double of_mean; /* what the penalty does not count, at the rows last measured */
    void *incumbent, *plain, *ahead;
    void *kept;                   /* the best of several starts; NULL for one */
    double *gram;                 /* k x k, of what the last update added up */
    double *pg2, *ref2;           /* k: last measured projected gradients, and their scale */
    double value[NMFI_SUM_COUNT]; /* what the last update added up */
} nmfi_factor;

/* How far the current start has come: plain data. */
typedef struct nmfi_progress {
    int64_t iterations, sketch_iterations, trace_count;
    int64_t seed, start; /* the start's number, and its seed */
    nmf_init init;
    int rule;     /* which of its rules the method goes by; 0 at first */
    int measured; /* `loss` is that of the incumbents on X */
    nmf_stopped stopped;
    double loss, error, kkt;
} nmfi_progress;

/* How the iterations of a descent go on from where they are (iterate.c): plain data. */
enum { NMFI_WINDOW = 5 };
typedef struct nmfi_descent {
    int wanted;                   /* 0: plain steps throughout */
    int plain;                    /* the next step is a plain one */
    int skip_momentum;            /* the next W is not extrapolated, though its start is */
    int ended;                    /* there is no next step */
    int worn;                     /* since f32 does not tell steps apart: f64 may (single.h) */
    double momentum, limit, back; /* back: the last momentum that was accepted */
    double loss;                  /* of the incumbent */
    double kkt;                   /* of the step before; infinity: nothing to compare with */
    int64_t steps, thrown;        /* so far; which of them was the last to be thrown away */
    int64_t revival;              /* the step after which a dead component may be revived again */
    /* The losses of the last few iterations, in the unit of the arithmetic (the trace's are the
     * caller's, where squares of tiny entries may all be zero). */
    double losses[NMFI_WINDOW];
    int64_t loss_count;
    double fell; /* over the window that ended an iteration ago; 0: none has */
} nmfi_descent;

/* What shrink.h has made of the noise so far. */
typedef struct nmfi_shrinking {
    double lambda, noise, of_mean_W, of_mean_H;
} nmfi_shrinking;

/* Where a fit stands, beside its factors and its method's memory: plain data, what a checkpoint keeps
 * of it (checkpoint.h). */
typedef enum nmfi_phase {
    NMFI_BEGINNING,
    NMFI_IN_SKETCH, /* a start converges in the sketch */
    NMFI_STARTING,  /* its first iterations on X, or all of them */
    NMFI_POLISHING  /* the best start's last ones */
} nmfi_phase;
typedef struct nmfi_place {
    int64_t phase;
    int64_t single; /* the factors are f32 as yet, in a fit in f64 (single.h) */
    int64_t start;  /* which of them is followed */
    int64_t round;  /* of polishing, and its tolerance */
    double tol;
    nmfi_descent descent;
    nmfi_progress progress, best; /* best: of the starts before */
    /* As they were when the checkpoint was made. */
    int64_t sketch_rank, passes, transposed_passes;
    double volume, volume_delta; /* nmfi_volume: what the sketch told */
    nmfi_shrinking shrink;
    double seconds;
} nmfi_place;

typedef struct nmfi_work {
    double began_seconds;
    double earlier_seconds; /* of those since then, so many went by before this run of the fit */
    nmfi_stop stop;         /* every pass looks at it; stop.c says until when it lets them go on */
    const nmfi_kernels *kernels; /* of the factors' type, which in a sketch may be another */
    nmfi_team *team;
    nmfi_arena arena;
    nmfi_source source; /* X as given, or filled where entries have weights: samples x features */
    nmfi_observed observed;     /* then; else empty */
    nmfi_stored_weights stored; /* of a sparse X; else empty */
    nmf_matrix *known_H,
        *known_keep; /* known components in the order of X's features, where theirs is another */
    nmfi_pass pass;  /* along the way X is stored */
    nmfi_pass transposed; /* the other way, where the method asks for one; else no kernels */
    /* X on the fit's scale, where iterations in f32 read that (single.h); else NULL. What `pass` reads then, and
     * what otherwise. */
    float *single_X;
    nmfi_source single_source, own_source;
    int accumulates;    /* `pass` needs room for the sums of products */
    nmfi_sketch sketch; /* for starts and fits that need one, else width 0 */
    /* The Gram matrix that an update works with, as the kernels want it. */
    void *gram, *inverse;
    double *gram_f64;
    double *squares; /* 2 x k: of the components of W, of H */
    double *places;  /* k, and the same number of places: order.c */
    int64_t *order;
    nmf_trace_point *trace, *kept_trace;
    int64_t trace_capacity;
    double *start_losses; /* of each of several starts, when it was compared; NaN: not come to */
} nmfi_work;

/* A method and its own state. */
struct nmfi_stage {
    const struct nmfi_method *method; /* NULL: none */
    void *state;
};

/* The penalty on the volume that H spans (volume.h). */
typedef struct nmfi_volume {
    int wanted;
    double lambda, delta;         /* of scaled X; 0: not known yet */
    double *pull, *factor, *gram; /* k x k: lambda (H H' + delta I)^-1; work */
} nmfi_volume;

struct nmfi_fit {
    const nmf_matrix *X;
    int64_t k;
    nmfi_choice choice;
    nmfi_facts facts;
    nmfi_factor W, H;
    nmfi_volume volume;
    nmfi_progress progress;
    nmfi_place place;
    nmfi_keeper keeper;
    nmfi_work work;
    nmfi_stage in_sketch, on_X;
    const struct nmfi_turns
        *turns; /* starts that are followed elsewhere; NULL: all are this fit's */
};

static inline size_t nmfi_factor_bytes(const nmfi_fit *fit, const nmfi_factor *factor)
{
    return (size_t)(fit->k * factor->partition.ld * fit->work.kernels->element_bytes);
}

/* open.c: shapes, memory, team; the reading that validates X. */
nmf_status nmfi_open(nmfi_fit *fit, const struct nmfi_method *method, const nmf_matrix *X,
                     const nmf_options *options, nmf_error *error);
void nmfi_close(nmfi_fit *fit);

/* weights.c, of an X whose entries do not all count once: work.source becomes what passes read, which is a dense X filled
 * in (unless every entry counts once after all), or what a sparse one stores, with its weights. */
nmf_status nmfi_weigh(nmfi_fit *fit, nmf_error *error);
nmf_status nmfi_weigh_stored(nmfi_fit *fit, nmf_error *error);
void nmfi_weights_close(nmfi_fit *fit);

/* state.c: the new pair's arrays in the incumbents' place; a factor's three arrays made alike. */
void nmfi_take_plain(nmfi_factor *factor);
void nmfi_take_ahead(nmfi_factor *factor);
/* The incumbent of a fit in f64 becomes f32, which its sketch or its beginning is in, and f64 again. The other
 * arrays hold nothing then. */
void nmfi_round_factor(const nmfi_fit *fit, nmfi_factor *factor);
void nmfi_widen_factor(const nmfi_fit *fit, nmfi_factor *factor);
void nmfi_back_to_incumbent(const nmfi_fit *fit, nmfi_factor *factor);
/* What a pass added up, kept with the factor; its gradients; the Gram matrix of the other one for the rule that
 * improves it, with its penalties. */
void nmfi_keep_sums(const nmfi_fit *fit, const nmfi_pass *pass, nmfi_factor *factor);
void nmfi_keep_gradients(const nmfi_fit *fit, const nmfi_pass *pass, nmfi_factor *factor);
void nmfi_set_gram(nmfi_fit *fit, const double *gram, const nmfi_factor *factor);
/* The pass whose rows run along a factor, where there is one each way. */
nmfi_pass *nmfi_pass_along(nmfi_fit *fit, const nmfi_factor *factor);
/* work.squares of the incumbents; 0 where no component's scale is free, so that nobody asks. */
int nmfi_take_squares(const nmfi_fit *fit);
/* ||w_j|| = ||h_j||, where scales are free: the product stays what it is. */
void nmfi_balance(nmfi_fit *fit);
/* Where they have come far apart they are brought together by powers of 2, in all three arrays. */
void nmfi_rebalance(const nmfi_fit *fit);
void nmfi_rewind(nmfi_fit *fit); /* forgets the progress of the start before */
void nmfi_keep_start(nmfi_fit *fit, nmfi_progress *best);
void nmfi_restore_start(nmfi_fit *fit, const nmfi_progress *best);

/* starts.c: number s of the starts, in the incumbents. */
nmf_status nmfi_make_start(nmfi_fit *fit, int64_t s, nmf_error *error);

/* The first component that adds nothing to WH, made able to again; the loss stays what it
 * is. 1 if there was one: the incumbents are then others. `draw` tells its random numbers from those
 * of other times. */
int nmfi_revive(nmfi_fit *fit, int64_t draw);

/* order.c: the incumbents' components that nobody knows by their places, in the order of their sizes; 1 if that moved
 * any. What else depends on the order is made anew by a descent's beginning, or by the last visit. */
int nmfi_sort_components(nmfi_fit *fit);

/* stop.c. How long passes may go on is a matter of what for: a sketch must leave time for iterations;
 * for the last visit there is some time beyond the limit (a tenth of it, and at least half a second). */
typedef enum nmfi_until {
    NMFI_UNTIL_SKETCHED,
    NMFI_UNTIL_CONVERGED_IN_SKETCH,
    NMFI_UNTIL_MEASURED,
    NMFI_UNTIL_LIMIT,
    NMFI_UNTIL_FINISHED
} nmfi_until;
void nmfi_watch(nmfi_fit *fit); /* once, when the fit begins */
void nmfi_go_on(nmfi_fit *fit, nmfi_until until);
/* A status that only says that the fit was told to stop: progress.stopped says why, and 1. */
int nmfi_was_stopped(nmfi_fit *fit, nmf_status status);
/* INTERRUPTED where what a pass left is of no use, since it was told to stop; else the status. */
nmf_status nmfi_unless_stopped(nmfi_fit *fit, nmf_status status, nmf_error *error);
nmf_status nmfi_fail_without_result(nmfi_fit *fit, nmf_error *error);

/* One more line of the trace; 1 if the caller's callback or the time limit says stop
 * (progress.stopped then says which). After the last iteration there may be, the descent has ended. */
int nmfi_trace(nmfi_fit *fit, double loss, double kkt);
int nmfi_poll(nmfi_fit *fit,
              double loss); /* the same in a sketch, where the loss on X is estimated */
int nmfi_told_to_stop(const nmfi_fit *fit);
void nmfi_correct_trace(nmfi_fit *fit); /* its last line: of the pair that is returned */
int64_t nmfi_passes(const nmfi_fit *fit);

#endif
