/* What is inside an nmf_model: its content and the memory the content points into. */
#ifndef NMFI_DATA_MODEL_H
#define NMFI_DATA_MODEL_H

#include <nmfkit/model.h>

struct nmf_model {
    nmf_model_content content;
    nmf_matrix *W, *H;
    double *numbers; /* mean, singular values, explained variance and its ratio, in one block */
    nmf_trace_point *trace;
    double *idf;
};

/* Makes a model that takes W and H over (also on failure); everything else is copied. Checks
 * nothing. */
nmf_status nmfi_model_adopt(const nmf_model_content *content, nmf_matrix *W, nmf_matrix *H,
                            nmf_model **model, nmf_error *error);

#endif
