/* nmf help: the commands, one command, the manual page, the completion script. */
#include "args.h"
#include "help.h"

int cli_run_help(const cli_args *args)
{
    if (args->man || args->completion) {
        if (args->man) cli_help_man();
        if (args->completion) cli_help_completion();
        return CLI_DONE;
    }
    if (args->operand_count == 0) {
        cli_help_commands();
        return CLI_DONE;
    }
    const cli_command *const command = cli_command_find(args->operands[0]);
    if (command != NULL) {
        cli_help_command(command);
        return CLI_DONE;
    }
    nmf_error error = {NMF_OK, ""};
    cli_suggestion suggestion = {NULL, 0};
    for (const cli_command *other = cli_commands; other->name != NULL; other++)
        cli_suggest(args->operands[0], other->name, &suggestion);
    const nmf_status status = nmf_fail(
        &error, NMF_ERROR_ARGUMENT, "unknown command %s%s%s%s", args->operands[0],
        suggestion.best != NULL ? "; did you mean " : "",
        suggestion.best != NULL ? suggestion.best : "", suggestion.best != NULL ? "?" : "");
    return status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
}
