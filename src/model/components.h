/* Which column of a W that comes from elsewhere is which component. */
#ifndef NMFI_MODEL_COMPONENTS_H
#define NMFI_MODEL_COMPONENTS_H

#include <nmfkit/model.h>

/* *ordered: W with a column for each component, in their order, where its columns' names say that they stand in
 * another, or among others; NULL where W is right as it is. A column's name is a component's own (a row name of H) or
 * its number, from 0 or from 1; names that say nothing of that kind are not looked at. The caller frees it. Errors:
 * SHAPE (some components have a column and others none; another number of columns), MEMORY. */
nmf_status nmfi_order_components(const nmf_model_content *model, const nmf_matrix *W,
                                 nmf_matrix **ordered, nmf_error *error);

#endif
