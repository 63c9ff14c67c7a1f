/* What a fit or a transform really reads: X weighed as options or model say, X itself left alone. */
#ifndef NMFI_MODEL_INPUT_H
#define NMFI_MODEL_INPUT_H

#include <nmfkit/model.h>

typedef struct nmfi_input {
    const nmf_matrix *X;  /* to read: the caller's, or what was made of it */
    nmf_matrix *weighted; /* NULL: as it was */
    double *idf;          /* what the weighting learned, or NULL */
    size_t bytes;         /* of what was made */
} nmfi_input;

/* X for a fit: weighed by options->weighting, with the idf learned from it. Errors: DATA, MEMORY
 * (also where the copy alone passes options->memory_limit_bytes). */
nmf_status nmfi_input_to_learn(const nmf_matrix *X, const nmf_options *options, nmfi_input *input,
                               nmf_error *error);

/* X for a transform: weighed as the model's own data were. Errors as above. */
nmf_status nmfi_input_like(const nmf_model_content *model, const nmf_matrix *X,
                           const nmf_options *options, nmfi_input *input, nmf_error *error);

/* What is left of the memory limit beside `bytes` that are taken: 0 where there is none. */
int64_t nmfi_limit_beside(int64_t limit_bytes, size_t bytes);

void nmfi_input_free(nmfi_input *input);

#endif
