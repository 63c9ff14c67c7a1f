/* What is decided before memory is asked for: method, start, sketch rank, precision. Nothing else in
 * fit/ names a solver or a loss, or asks what kind of data X is. */
#ifndef NMFI_FIT_CHOOSE_H
#define NMFI_FIT_CHOOSE_H

#include "data/source.h"
#include "fit/state.h"

/* What is done where the caller leaves it open and the kind of data decides. */
typedef struct nmfi_defaults {
    /* A Frobenius fit converges in a sketch. */
    int sketches;
    /* A fit under KL goes by coordinates: always, or where the rank-one fit's divergence is between
     * these parts of the sum of X. */
    int scd;
    double scd_above, scd_below;
    /* PCA takes the exact solver by itself where its copy of X in f64 has at most so many bytes, and
     * refuses a larger copy than the second number where no memory limit is set. */
    double exact_bytes, copy_bytes;
} nmfi_defaults;
nmfi_defaults nmfi_defaults_for(const nmfi_source *source);

/* fit->choice and the methods of both stages, from the options and the shape of X. Errors: ARGUMENT,
 * SHAPE. */
nmf_status nmfi_choose(nmfi_fit *fit, const nmf_options *options, nmf_error *error);

/* Whether a fit of its loss steps by coordinate descent: by what was asked for, and, once that is
 * known, by how far X is from its rank-one fit. The second makes it so, so that the model says it. */
int nmfi_prefers_scd(const nmfi_fit *fit);
void nmfi_choose_scd(nmfi_fit *fit);
/* Whether missing entries are filled in with the model's own rather than left out of each row. */
int nmfi_prefers_filled(const nmfi_fit *fit);

/* The sketch is not converged in after all; how many starts is then another question. */
void nmfi_drop_sketch(nmfi_fit *fit);

/* Singular triplets that an init needs. */
int64_t nmfi_start_triplets(nmf_init init, int64_t k);

/* The exponent of the loss, by its name. */
double nmfi_beta(const nmf_options *options);

#endif
