/* The options that say what is known of W and H, and what they may be. */
#ifndef NMF_CLI_KNOWN_H
#define NMF_CLI_KNOWN_H

#include "cli.h"

enum { CLI_KNOWN_MATRICES = 7 };

/* Freed by cli_known_free; {0} before. */
typedef struct cli_known {
    nmf_constraints constraints;
    nmf_matrix *matrices[CLI_KNOWN_MATRICES];
} cli_known;

/* --fix-H, --keep-H, --fix-W, --free and the bounds together, into options: numbers where they are numbers, else
 * files, read and turned the way that fits X. Errors: those of reading; ARGUMENT. */
nmf_status cli_read_known(const cli_args *args, const nmf_matrix *X, nmf_options *options,
                          cli_known *known, nmf_error *error);
void cli_known_free(cli_known *known);

/* Whether components are known, so that -k need not be said. */
int cli_knows_components(const cli_args *args);

#endif
