/* Numbers of components on the command line: "7", "2:20", "2,3,5", "2:10,12:20:2". */
#ifndef NMF_CLI_RANKS_H
#define NMF_CLI_RANKS_H

#include "cli.h"

/* As a new ascending array without repeats, which the caller frees. Errors: ARGUMENT, MEMORY. */
nmf_status cli_parse_ranks(const char *text, int64_t **ranks, int64_t *count, nmf_error *error);

#endif
