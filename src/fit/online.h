/* Learning from rows that come one after the other, as the floors above see it (nmfkit/online.h). */
#ifndef NMFI_FIT_ONLINE_H
#define NMFI_FIT_ONLINE_H

#include <nmfkit/online.h>

/* Arguments and options are checked. */
nmf_status nmfi_online_open(int64_t features, const nmf_options *options,
                            const nmf_online_options *how, nmf_online **online, nmf_error *error);
nmf_status nmfi_online_push(nmf_online *online, const nmf_matrix *rows, nmf_error *error);
nmf_status nmfi_online_epoch(nmf_online *online, const nmf_matrix *X, nmf_dtype dtype, void *W,
                             nmf_error *error);
nmf_status nmfi_online_model(nmf_online *online, nmf_model **model, nmf_error *error);
int64_t nmfi_online_features(const nmf_online *online);

/* online_mu.c. */
nmf_status nmfi_minibatch_open(const nmf_matrix *H, const nmf_options *options,
                               nmf_minibatch **made, nmf_error *error);
nmf_status nmfi_minibatch_step(nmf_minibatch *batch, const nmf_matrix *X, double *W,
                               const nmf_minibatch_how *how, nmf_minibatch_said *said,
                               nmf_error *error);
int64_t nmfi_minibatch_features(const nmf_minibatch *batch);

#endif
