/* The options that say what was observed and how much each entry counts. */
#ifndef NMF_CLI_OBSERVED_H
#define NMF_CLI_OBSERVED_H

#include "cli.h"

/* --missing, --observed, --weights, --uncertainty, --row-weights and --column-weights together: what they
 * say is set on X. The files lie as DATA does, and are turned and shuffled as `reading` turned and shuffled that.
 * Errors: those of reading the files; SHAPE; DATA; ARGUMENT. */
nmf_status cli_set_observed(const cli_args *args, const nmf_io_read_options *reading, nmf_matrix *X,
                            nmf_error *error);

#endif
