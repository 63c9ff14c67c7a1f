/* What a fit or a transform really reads: X with its columns in the model's order and weighed as
 * options or model say, X itself left alone. */
#ifndef NMFI_MODEL_INPUT_H
#define NMFI_MODEL_INPUT_H

#include <nmfkit/model.h>

typedef struct nmfi_input {
    const nmf_matrix *X;            /* to read: the caller's, or what was made of it */
    const nmf_model_content *model; /* of a transform: the caller's, or its features that X has */
    nmf_matrix *matched, *clipped, *weighted; /* NULL: as it was */
    double *idf;                    /* what the weighting learned, or NULL */
    size_t bytes;                   /* of what was made */
    nmf_model_content some;         /* of a model whose other features X lacks */
    nmf_matrix *some_H;
    double *some_numbers;
} nmfi_input;

/* X for a fit: weighed by options->weighting, with the idf learned from it. Errors: DATA, MEMORY
 * (also where the copies alone pass the memory limit). */
nmf_status nmfi_input_to_learn(const nmf_matrix *X, const nmf_options *options, nmfi_input *input,
                               nmf_error *error);

/* X for a transform: its columns matched with the model's features (options->match and
 * missing_features), weighed as the model's own data were. Errors as above, and SHAPE, ARGUMENT. */
nmf_status nmfi_input_like(const nmf_model_content *model, const nmf_matrix *X,
                           const nmf_options *options, nmfi_input *input, nmf_error *error);

void nmfi_input_free(nmfi_input *input);

#endif
