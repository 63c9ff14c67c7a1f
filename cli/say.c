/* What the command says: failures on stderr, lines for people where no program reads. */
#include "cli.h"
#include "together.h"

#include "streams.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int cli_fail(const cli_args *args, const nmf_error *error)
{
    char shown[NMF_MESSAGE_BYTES + 64], sentence[NMF_MESSAGE_BYTES + 128];
    fflush(stdout);
    cli_show_streams(error->message, shown, sizeof shown);
    snprintf(sentence, sizeof sentence, "nmf %s: %s\n", args->command->name, shown);
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
    char text[4096], shown[4096];
    va_list values;
    va_start(values, format);
    const int length = vsnprintf(text, sizeof text, format, values);
    va_end(values);
    if (length >= (int)sizeof text) { /* more than a line for people: a list, with no stream in it */
        va_start(values, format);
        vfprintf(stream, format, values);
        va_end(values);
    } else {
        cli_show_streams(text, shown, sizeof shown);
        fputs(shown, stream);
    }
    fputc('\n', stream);
}
