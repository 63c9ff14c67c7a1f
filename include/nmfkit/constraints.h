/* What a fit knows beforehand of W and H: parts of them that are known, and bounds of the others.
 *
 * Numbers that bound all of W or of H, and rows that sum to one, are options (options.def: lower_W, upper_W,
 * lower_H, upper_H, simplex), which the model remembers and nmf_transform keeps to. */
#ifndef NMFKIT_CONSTRAINTS_H
#define NMFKIT_CONSTRAINTS_H

#include <nmfkit/matrix.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Goes into nmf_options.constraints. NULL: nothing of the kind. Matrices are dense, of any dtype and layout, and
 * borrowed for the call. Entries of H and W that are known stay what they are, to the bit of the arithmetic
 * (whose precision auto is f64 where they are); where all of H is known a fit is nmf_transform. */
typedef struct nmf_constraints {
    size_t struct_bytes; /* sizeof(nmf_constraints) */

    /* Known components, f x features, f <= k: the first f rows of H; the other k - f are learned. Columns are
     * matched with X's by feature names where both have them. NaN: this entry is not known. */
    const nmf_matrix *H;
    const nmf_matrix
        *keep_H; /* of the shape of H: 0 where its entry is not known; NULL: as above */
    /* Known columns of W, samples x f, f <= k: the first f. NaN: not known. */
    const nmf_matrix *W;

    /* Bounds of single entries, beside the numbers of the options: 1 x 1, a row for all rows (1 x k for W, 1 x
     * features for H), or of the factor's shape (samples x k, k x features). 0 <= lower <= upper; an upper one may
     * be infinite. Where bounds and X have names of features (of samples, for W) these are the same, in the same
     * order. Those of W are read by nmf_transform too, and not kept by the model. */
    const nmf_matrix *lower_W, *upper_W, *lower_H, *upper_H;
} nmf_constraints;

#ifdef __cplusplus
}
#endif
#endif
