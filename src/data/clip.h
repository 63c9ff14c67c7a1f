/* A copy of X whose negative entries are 0. */
#ifndef NMFI_DATA_CLIP_H
#define NMFI_DATA_CLIP_H

#include <nmfkit/matrix.h>

/* NaN stays; names, image shape and what was observed are X's, whose weights and whose sparse structure the copy
 * borrows. NULL where X has integers. Errors: MEMORY, UNSUPPORTED where a function gives X's rows. */
nmf_status nmfi_clipped(const nmf_matrix *X, nmf_matrix **clipped, nmf_error *error);
void nmfi_clipped_free(nmf_matrix *clipped);

#endif
