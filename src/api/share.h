/* A call that several processes make together: X is shared out among them, and W brought together. */
#ifndef NMFI_API_SHARE_H
#define NMFI_API_SHARE_H

#include "model/input.h"

#include <nmfkit/model.h>

#include <stdint.h>

/* A function that learns a model, with options that are checked. */
typedef nmf_status nmfi_learner(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                                nmf_error *error);
/* A fit: by rows as below, or where X fits into each process and there are several starts to share, those. */
nmf_status nmfi_fit_together(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                             nmf_error *error);

/* Learns alone, or together with the processes that are attached: then each reads its own rows of X, and
 * gets a model whose H is all of it; its W has all samples at rank 0, its own rows elsewhere. */
nmf_status nmfi_learn_together(nmfi_learner *learn, const nmf_matrix *X, const nmf_options *options,
                               nmf_model **model, nmf_error *error);

/* What is asked of many fits of X: its input, where all processes that are attached come here with `so_far` NMF_OK and
 * were asked the same (`wishes`: a hash of what else). The memory limit of the options is then what the input leaves. */
nmf_status nmfi_agree_to_learn(const nmf_matrix *X, nmf_options *options, uint64_t wishes,
                               nmf_status so_far, nmfi_input *input, nmf_error *error);

/* W of new rows, likewise. */
nmf_status nmfi_transform_together(const nmf_model_content *model, const nmf_matrix *X,
                                   const nmf_options *options, nmf_matrix **W, nmf_error *error);

#endif
