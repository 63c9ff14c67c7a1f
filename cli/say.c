/* What the command says: failures on stderr, lines for people where no program reads. */
#include "cli.h"
#include "together.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int cli_fail(const cli_args *args, const nmf_error *error)
{
    char sentence[NMF_MESSAGE_BYTES + 64];
    fflush(stdout);
    snprintf(sentence, sizeof sentence, "nmf %s: %s\n", args->command->name, error->message);
    if (cli_together_joined())
        cli_together_keep(sentence);
    else if (cli_together_speaks())
        fputs(sentence, stderr);
    return error->status == NMF_ERROR_ARGUMENT ? CLI_USAGE : CLI_FAILED;
}

int cli_goes_to_stdout(const char *path)
{
    return path != NULL && (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0);
}

void cli_say(const cli_args *args, const char *format, ...)
{
    if (args->quiet) return;
    FILE *const stream =
        cli_goes_to_stdout(args->output) || cli_goes_to_stdout(args->json) ? stderr : stdout;
    va_list values;
    va_start(values, format);
    vfprintf(stream, format, values);
    va_end(values);
    fputc('\n', stream);
}
