/* What a fit is reported as: a few lines for people, JSON for programs. */
#ifndef NMF_CLI_REPORT_H
#define NMF_CLI_REPORT_H

#include "cli.h"

/* The data, what was learned from it, and why the fit stopped. */
void cli_report_summary(const cli_args *args, const nmf_model *model, const nmf_matrix *X);

/* The model's manifest (nmf_io_model_json) to the file `path`, or to stdout for "-".
 * Errors: FILE, MEMORY. */
nmf_status cli_report_json(const char *path, const nmf_model *model, nmf_error *error);

/* "tfidf" */
const char *cli_weighting_name(nmf_weighting weighting);

/* "converged after 12 iterations" */
void cli_describe_stop(const nmf_model_content *content, char *text, size_t bytes);

#endif
