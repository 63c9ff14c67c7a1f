/* Between the kernels' component-major factors and the row-major matrices that users see; the model of a fit. */
#ifndef NMFI_FIT_RESULT_H
#define NMFI_FIT_RESULT_H

#include "kernel/kernel.h"

#include <nmfkit/model.h>

typedef struct nmfi_fit nmfi_fit;

nmf_dtype nmfi_dtype_of(const nmfi_kernels *kernels);

/* W: samples x k, row-major, from a k x ld factor; H: k x features. Packed, of the kernels' type. */
void nmfi_pack_W(const nmfi_kernels *kernels, const void *factor, int64_t ld, int64_t samples,
                 int64_t k, void *W);
void nmfi_pack_H(const nmfi_kernels *kernels, const void *factor, int64_t ld, int64_t k,
                 int64_t features, void *H);

/* W as a new matrix. */
nmf_status nmfi_factor_to_W(const nmfi_kernels *kernels, const void *factor, int64_t ld,
                            int64_t samples, int64_t k, nmf_matrix **W, nmf_error *error);

/* The other way: a packed row-major matrix of the kernels' type into a zeroed k x ld factor. */
void nmfi_factor_from_H(const nmfi_kernels *kernels, const nmf_matrix *H, void *factor, int64_t ld);

/* The facts that every model of X starts with. */
void nmfi_content_begin(nmf_model_content *content, const nmf_matrix *X, const nmf_options *options,
                        const nmfi_kernels *kernels);
/* Names and image shape of X onto W and H. */
nmf_status nmfi_inherit_names(const nmf_matrix *X, nmf_matrix *W, nmf_matrix *H, nmf_error *error);

/* The model from the finished fit. */
nmf_status nmfi_result(const nmfi_fit *fit, nmf_model **model, nmf_error *error);

#endif
