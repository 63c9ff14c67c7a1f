/* See checkpoint.h. */
#include "checkpoint.h"

#include "interrupt.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *cli_checkpoint_path(const cli_args *args)
{
    return args->checkpoint != NULL ? args->checkpoint : args->resume;
}

static void tell(const char *sentence, void *context)
{
    const cli_args *const args = context;
    fprintf(stderr, "nmf %s: %s\n", args->command->name, sentence);
}

static int asked(void *context)
{
    (void)context;
    return cli_interrupt_asked();
}

/* "90", "60s", "5m", "1.5h": seconds. */
static nmf_status parse_time(const char *text, double *seconds, nmf_error *error)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}};
    char *end = NULL;
    const int begins = (text[0] >= '0' && text[0] <= '9') || text[0] == '.';
    const double number = strtod(text, &end);
    for (size_t i = 0; begins && i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].unit) == 0 && isfinite(number)) {
            *seconds = number * units[i].seconds;
            return NMF_OK;
        }
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "every = %s: must be a time such as 60s, 5m or 1h",
                    text);
}

/* One command line for all the runs of a job that is cut short again and again: the first of them finds
 * nothing to go on from. */
static int is_first_run(const cli_args *args)
{
    return args->resume != NULL && args->checkpoint != NULL &&
           strcmp(args->resume, args->checkpoint) == 0 && access(args->resume, F_OK) != 0;
}

nmf_status cli_checkpoint_open(const cli_args *args, nmf_io_checkpoint **file, nmf_error *error)
{
    nmf_io_checkpoint_options options = NMF_IO_CHECKPOINT_INIT;
    nmf_status status = NMF_OK;
    *file = NULL;
    if (args->every != NULL) status = parse_time(args->every, &options.every_seconds, error);
    if (status != NMF_OK) return status;
    if (cli_checkpoint_path(args) == NULL)
        return args->every == NULL ? NMF_OK
                                   : nmf_fail(error, NMF_ERROR_ARGUMENT,
                                              "--every needs --checkpoint FILE beside it");
    options.path = cli_checkpoint_path(args);
    options.resume = is_first_run(args) ? NULL : args->resume;
    options.wanted = asked;
    options.note = tell;
    options.note_context = (void *)(uintptr_t)args;
    cli_interrupt_answer();
    return nmf_io_checkpoint_open(&options, file, error);
}

void cli_checkpoint_end(const cli_args *args, nmf_io_checkpoint *file, const nmf_model *model)
{
    const nmf_stopped why = nmf_model_view(model)->stopped;
    if (file == NULL) return;
    if (why != NMF_STOPPED_INTERRUPTED && why != NMF_STOPPED_TIME_LIMIT) {
        nmf_io_checkpoint_remove(file);
        return;
    }
    fprintf(stderr, "nmf %s: the same command with --resume %s goes on from there\n",
            args->command->name, cli_checkpoint_path(args));
}
