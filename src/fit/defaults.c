/* Defaults by the kind of data (defaults.h). */
#include "fit/defaults.h"

#include <math.h>

/* Coordinate descent looks at each row's own curvature, sum F F' x / v^2; the metric that all rows
 * share at what it is expected to be, sum F F' / v. Where entries are mostly zero, or far from what
 * rows and columns say by themselves (counts: D of that, 2 D / sum, is their mean squared relative
 * distance), expectation is a poor guide, and dear since it looks at zeros too. Between pictures
 * (0.06 to 0.12) and counts, spectra and expressions (0.3 and more) there is a wide gap. */
static nmfi_defaults sparse(const nmfi_source *source)
{
    static const double few = 0.3, far = 0.2;
    const double entries = (double)source->rows * (double)source->columns;
    const nmfi_defaults defaults = {
        .sketches = 0, /* the spectrum is flat: a sketch would leave out most of it */
        .scd = (double)source->stored < few * entries,
        .scd_above = far / 2,
        .scd_below = INFINITY,
        .exact_bytes = -INFINITY, /* nothing is made dense unless that is asked for */
        .copy_bytes = 4e9,        /* others are told before their machine starts to swap */
    };
    return defaults;
}

/* Where rows are dense the metric is cheaper and holds longer: notes and signatures (0.26 of the
 * sum) are still its own, genes (0.32), cells (0.35) and digits (0.38) are not. What is mostly zeros
 * is further still; from the start that it usually has, coordinates end in a corner there (swimmer),
 * and the fit itself finds out which is better. */
static const nmfi_defaults dense = {
    .sketches = 1,
    .scd_above = 0.3,
    .scd_below = 0.6,
    .exact_bytes = 512e6,
    .copy_bytes = INFINITY,
};

nmfi_defaults nmfi_defaults_for(const nmfi_source *source)
{
    return source->kind == NMFI_SOURCE_SPARSE ? sparse(source) : dense;
}
