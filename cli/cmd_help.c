/* nmf help: the commands, one command, the manual pages, the completion scripts. */
#include "args.h"
#include "help.h"

#include <stddef.h>

static void (*const print_completion[])(const cli_command *commands) = {
    NULL, cli_help_bash, cli_help_zsh, cli_help_fish};

static int fail_unknown(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    cli_suggestion suggestion = {NULL, 0};
    for (const cli_command *other = args->commands; other->name != NULL; other++)
        cli_suggest(args->operands[0], other->name, &suggestion);
    (void)nmf_fail(&error, NMF_ERROR_ARGUMENT, "unknown command %s%s%s%s", args->operands[0],
                   suggestion.best != NULL ? "; did you mean " : "",
                   suggestion.best != NULL ? suggestion.best : "",
                   suggestion.best != NULL ? "?" : "");
    return cli_fail(args, &error);
}

int cli_run_help(const cli_args *args)
{
    const cli_command *command = NULL;
    if (args->operand_count > 0) {
        command = cli_command_find(args->commands, args->operands[0]);
        if (command == NULL) return fail_unknown(args);
    }
    if (args->completion != 0)
        print_completion[args->completion](args->commands);
    else if (args->man)
        cli_help_man(args->commands, command);
    else if (command != NULL)
        cli_help_command(command);
    else
        cli_help_commands(args->commands);
    return CLI_DONE;
}
