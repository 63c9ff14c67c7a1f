/* `-` and pipes, such as <(zcat x.csv.gz), as files to read: what they hold is first copied into a file without a
 * name, since readers look at a file more than once. */
#ifndef NMF_CLI_STREAMS_H
#define NMF_CLI_STREAMS_H

#include "cli.h"

/* Every file that is to be read: operands, and options that name one. Errors: ARGUMENT where standard input is named
 * twice, FILE. */
nmf_status cli_take_streams(cli_args *args, nmf_error *error);

/* 1 if the path stands for a stream that was taken. */
int cli_is_stream(const char *path);

/* Text for people, in which streams have the names they were given by. */
void cli_show_streams(const char *text, char *shown, size_t bytes);

#endif
