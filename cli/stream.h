/* `nmf fit - --stream`: parts learned from rows that are seen once. */
#ifndef NMF_CLI_STREAM_H
#define NMF_CLI_STREAM_H

#include "cli.h"

/* Returns an exit code. */
int cli_run_stream(const cli_args *args);

#endif
