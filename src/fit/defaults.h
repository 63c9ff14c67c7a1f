/* What a fit does where the caller leaves it open and the kind of data decides: nothing else in fit/,
 * start/ or pass/ asks whether X is sparse. */
#ifndef NMFI_FIT_DEFAULTS_H
#define NMFI_FIT_DEFAULTS_H

#include "data/source.h"

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

#endif
