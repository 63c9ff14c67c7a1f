/* Using a model (transform.c, reconstruct.c). Arguments are checked by the api floor. */
#ifndef NMFI_FIT_TRANSFORM_H
#define NMFI_FIT_TRANSFORM_H

#include <nmfkit/model.h>

/* X: as the model reads it, weighed already. W of the content is not looked at. */
nmf_status nmfi_transform(const nmf_model_content *model, const nmf_matrix *X,
                          const nmf_options *options, nmf_matrix **W, nmf_error *error);
nmf_status nmfi_reconstruct(const nmf_model *model, const nmf_matrix *W, nmf_matrix **X,
                            nmf_error *error);

#endif
