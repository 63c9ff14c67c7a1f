/* The files of a command line: outputs compared with every input and with each other, and looked at
 * before the work, so that no data are replaced and a long fit does not end with "No such file or
 * directory". */
#ifndef NMF_CLI_FILES_H
#define NMF_CLI_FILES_H

#include "cli.h"

typedef enum cli_output_kind {
    CLI_MODEL_OUT,
    CLI_MATRIX_OUT,
    CLI_PICTURE_OUT,
    CLI_PAGE_OUT,
    CLI_TEXT_OUT
} cli_output_kind;

typedef struct cli_output {
    const char *flag; /* "-o", as messages have it */
    const char *path; /* NULL: not asked for */
    cli_output_kind kind;
} cli_output;

/* Fails if an output cannot be written in the end (folder, permissions, extension), is one of the
 * files that the command reads (the same file under whatever name, links included), lies among them
 * in a folder of data, or is an output twice. Errors: ARGUMENT, FILE, UNSUPPORTED, MEMORY. */
nmf_status cli_check_files(const cli_args *args, const cli_output *outputs, int64_t count,
                           nmf_error *error);

#endif
