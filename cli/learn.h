/* What `nmf fit` and `nmf pca` have in common: read, learn, save, report. */
#ifndef NMF_CLI_LEARN_H
#define NMF_CLI_LEARN_H

#include "cli.h"

/* nmf_fit or nmf_pca. */
typedef nmf_status (*cli_learn_fn)(const nmf_matrix *X, const nmf_options *options,
                                   nmf_model **model, nmf_error *error);

/* Learns from the operands with `options` (those of args, and what the command adds) and writes all
 * that was asked for, the model first, under args->output or the data's name with `suffix`. Ctrl-C
 * keeps the best result so far, and then does not return. checkpoint: the file that options.checkpoints
 * goes to, or NULL. */
nmf_status cli_learn(const cli_args *args, const nmf_options *options,
                     nmf_io_checkpoint *checkpoint, cli_learn_fn learn, const char *suffix,
                     nmf_error *error);

/* Runs `learn` with the progress line, and Ctrl-C stopping it early; after this the caller writes
 * and then calls cli_interrupt_release. Notes the data's fingerprint in the model. */
nmf_status cli_learn_model(const cli_args *args, const nmf_matrix *X, const nmf_options *options,
                           cli_learn_fn learn, nmf_model **model, nmf_error *error);

#endif
