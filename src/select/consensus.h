/* What the parts of a consensus share: the replicates (consensus.c) and the model of what they agree on
 * (consensus_model.c). */
#ifndef NMFI_SELECT_CONSENSUS_H
#define NMFI_SELECT_CONSENSUS_H

#include "base/comm.h"
#include "base/memory.h"
#include "base/threads.h"
#include "select/fold_replicates.h"

#include <nmfkit/select.h>
#include <stdatomic.h>

struct nmf_consensus_result {
    nmf_consensus_content content;
    nmf_model *model;
    nmf_matrix *spectra;
    nmfi_arena arena;
    /* What content shows, writable. */
    double *density, *median, *low, *high, *silhouettes, *stability, *scores, *of_shares;
    int64_t *cluster, *members;
};

typedef struct consensus {
    const nmf_matrix *X;
    const nmf_options *options;
    const nmf_consensus_options *wishes;
    nmf_consensus_result *result;
    const nmf_comm *turns; /* the processes that take turns; NULL: one */
    double began;
    /* The replicates. */
    nmfi_team *team;
    nmf_status *status; /* of each */
    nmf_error *errors;
    int64_t *complete, *unconverged;
    nmfi_fold_replicates folds; /* where each lacks one */
    atomic_int stop;
    atomic_int_fast64_t next, done;
    int64_t dtype;
    double *products; /* replicates k x replicates k: of unit rows */
} consensus;

/* Usages W of X in the medians, spectra H in these usages, usages in the spectra: the model, and what follows
 * from its shares (scores, spectra_of_shares). Components get their order. work: samples + (3 + k) features
 * + k^2 + 2 k numbers; order and shares: k. Errors: MEMORY and those of the solvers. */
nmf_status nmfi_consensus_refit(consensus *c, double *work, int64_t *order, double *shares,
                                nmf_error *error);

#endif
