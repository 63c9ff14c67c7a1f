/* What is inside an nmf_model: its content and the memory the content points into. */
#ifndef NMFI_MODEL_MODEL_H
#define NMFI_MODEL_MODEL_H

#include <nmfkit/model.h>

struct nmf_model {
    nmf_model_content content;
    nmf_matrix *W, *H;
    double *numbers; /* mean, singular values, explained variance and its ratio, in one block */
    nmf_trace_point *trace;
    double *idf;
    double *stability; /* and the bounds of H, in one block */
};

/* Makes a model that takes W and H over (also on failure); everything else is copied. Checks
 * nothing. */
nmf_status nmfi_model_adopt(const nmf_model_content *content, nmf_matrix *W, nmf_matrix *H,
                            nmf_model **model, nmf_error *error);

/* The weighting of the options that a fit was given, with its idf, and the memory limit that was
 * less during the fit by what the weighted data took. Errors: MEMORY. */
nmf_status nmfi_model_keep_input(nmf_model *model, const nmf_options *given, const double *idf,
                                 nmf_error *error);

/* A factor's entries are finite (and, unless signed_ok, >= 0). Errors: DATA, with the place. */
nmf_status nmfi_model_check_factor(const nmf_matrix *matrix, const char *name, int signed_ok,
                                   nmf_error *error);

#endif
