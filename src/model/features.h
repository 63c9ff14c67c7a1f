/* Which column of new data is which feature of a model. */
#ifndef NMFI_MODEL_FEATURES_H
#define NMFI_MODEL_FEATURES_H

#include <nmfkit/fit.h>

typedef struct nmfi_feature_map {
    nmf_feature_match found;
    int64_t *columns; /* X's column of each feature of H, -1: missing. NULL: as they stand */
} nmfi_feature_map;

/* Pairs the features of H with the columns of X, by name where both have names and options do not
 * say otherwise. Errors: SHAPE (no shared name; missing features, unless options take them; another
 * number of columns where there are no names; a name that stands twice), MEMORY. */
nmf_status nmfi_map_features(const nmf_matrix *H, const nmf_matrix *X, const nmf_options *options,
                             nmfi_feature_map *map, nmf_error *error);

/* X's features among those of known components, by name where both have names: *columns becomes the known
 * components' column of each feature of X, the caller's; NULL: as they stand. Features that X lacks are left out.
 * Errors: SHAPE (a feature of X that is not known, another number of columns without names, a name that stands
 * twice), MEMORY. */
nmf_status nmfi_map_known(const nmf_matrix *X, const nmf_matrix *known, int64_t **columns,
                          nmf_error *error);

void nmfi_feature_map_free(nmfi_feature_map *map);

#endif
