/* The manual page nmf(1), in man(7) macros. No date in it, so that builds are reproducible. */
#include "help.h"

#include "args.h"

#include <stdio.h>
#include <string.h>

/* Text for roff: a hyphen stays the ASCII one, a backslash is doubled, and a line never begins with
 * a control character (a dot or an apostrophe). */
static void print_roff(const char *text)
{
    int at_line_start = 1;
    for (const char *c = text; *c != '\0'; c++) {
        if (at_line_start && (*c == '.' || *c == '\'')) fputs("\\&", stdout);
        at_line_start = *c == '\n';
        if (*c == '\\')
            fputs("\\e", stdout);
        else if (*c == '-')
            fputs("\\-", stdout);
        else if (*c == '\'')
            fputs("\\(aq", stdout);
        else
            putchar(*c);
    }
    putchar('\n');
}

static void print_flag(const cli_flag *flag)
{
    char heading[256], help[512];
    const int is_list = strchr(flag->value, '|') != NULL;
    cli_flag_heading(flag, heading, sizeof heading);
    printf(".TP\n.B ");
    print_roff(heading);
    snprintf(help, sizeof help, "%s%s%s.%s%s%s", flag->help, is_list ? ": " : "",
             is_list ? flag->value : "", flag->standard[0] != '\0' ? " Default: " : "",
             flag->standard, flag->standard[0] != '\0' ? "." : "");
    print_roff(help);
}

static void print_command(const cli_command *command)
{
    cli_flag flag;
    printf(".SS nmf %s \\- %s\n.B nmf %s\n", command->name, command->summary, command->name);
    print_roff(command->usage);
    printf(".PP\n");
    print_roff(command->text);
    for (int64_t cursor = 0; cli_flag_next(command, &cursor, &flag);) print_flag(&flag);
    printf(".PP\nFor example:\n.PP\n.nf\n.RS\n");
    print_roff(command->example);
    printf(".RE\n.fi\n");
}

void cli_help_man(void)
{
    printf(".TH NMF 1 \"\" \"nmfkit %s\" \"User Commands\"\n", nmf_version());
    printf(".SH NAME\nnmf \\- learn additive parts from non\\-negative data\n"
           ".SH SYNOPSIS\n.B nmf\n.I COMMAND\n[arguments]\n"
           ".SH DESCRIPTION\n"
           "Non\\-negative matrix factorization writes a matrix X (samples x features) as a "
           "product W H\n"
           "of two small matrices, all entries >= 0. The rows of H are parts that add up to the "
           "samples.\n"
           ".SH COMMANDS\n");
    for (const cli_command *command = cli_commands; command->name != NULL; command++)
        print_command(command);
    printf(
        ".SH EXIT STATUS\n0: done. 1: failed. 2: wrong usage. A command that was interrupted dies "
        "of\n"
        "the signal after it wrote its best result, which a shell shows as 130.\n"
        ".SH ENVIRONMENT\n.TP\n.B XDG_CACHE_HOME\n"
        "Fetched data lives in nmfkit there; default: ~/.cache.\n"
        ".TP\n.B NMFKIT_KERNELS\nUse these kernels instead of the best that the processor has.\n");
}
