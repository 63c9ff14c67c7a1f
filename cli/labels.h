/* The samples' known classes from a file of their own, for commands that have a model but no data. */
#ifndef NMF_CLI_LABELS_H
#define NMF_CLI_LABELS_H

#include "cli.h"

/* *texts: a string for each of the model's samples, in the column *labels; both NULL without --labels.
 * Free both, also after a failure. Errors: FILE, FORMAT, SHAPE (not one for each sample), MEMORY. */
nmf_status cli_read_labels(const cli_args *args, const nmf_model *model, nmf_matrix **labels,
                           const char ***texts, nmf_error *error);

#endif
