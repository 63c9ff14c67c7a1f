/* What is done where the caller leaves it open and the data decide: nothing else in fit/, start/ or
 * pass/ asks whether X is sparse. */
#ifndef NMFI_FIT_DEFAULTS_H
#define NMFI_FIT_DEFAULTS_H

#include "data/source.h"
#include "fit/state.h"

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

/* Singular triplets that an init needs. */
int64_t nmfi_start_triplets(nmf_init init, int64_t k);

/* Whether steps are coordinate descent: as was asked, or by how far X is from its rank-one fit. */
int nmfi_prefers_scd(const nmfi_fit *fit);

/* Whether missing entries are filled in with the model's own rather than left out of each row. */
int nmfi_prefers_filled(const nmfi_fit *fit);

/* Whether so few are that each row's own Gram matrix is the shared one less what they add. */
int nmfi_prefers_downdated(const nmfi_fit *fit);

/* Whether rows share a metric made of mean weights. */
int nmfi_prefers_shared(const nmfi_fit *fit);

/* How many starts there are, once it is known whether there is a sketch; and where it is not
 * converged in after all. */
void nmfi_choose_several_starts(nmfi_fit *fit);
int64_t nmfi_sketch_most_passes(const nmfi_fit *fit); /* readings of X, at most */
void nmfi_drop_sketch(nmfi_fit *fit);

#endif
