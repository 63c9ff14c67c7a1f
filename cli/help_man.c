/* The manual pages nmf(1) and nmf-COMMAND(1), in man(7) macros, from the table of commands and the
 * list of flags. No date in them, so that builds are reproducible. */
#include "help.h"

#include "args.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Text for roff: a hyphen stays the ASCII one, a backslash is doubled, and a line never begins with
 * a control character (a dot or an apostrophe). Lists of values may be broken at their bars. */
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
        else if (*c == '|')
            fputs("|\\:", stdout);
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

static void print_heading(const char *name, const char *summary)
{
    printf(".TH ");
    for (const char *c = name; *c != '\0'; c++)
        if (*c == '-')
            fputs("\\-", stdout);
        else
            putchar(toupper((unsigned char)*c));
    printf(" 1 \"\" \"nmfkit %s\" \"User Commands\"\n.SH NAME\n", nmf_version());
    for (const char *c = name; *c != '\0'; c++)
        if (*c == '-')
            fputs("\\-", stdout);
        else
            putchar(*c);
    printf(" \\- ");
    print_roff(summary);
}

static void print_environment(void)
{
    printf(".SH EXIT STATUS\n0: done. 1: failed. 2: wrong usage. A command that was interrupted "
           "dies of\nthe signal after it wrote its best result, which a shell shows as 130.\n"
           ".SH ENVIRONMENT\n.TP\n.B XDG_CACHE_HOME\n"
           "Fetched data lives in nmfkit there; default: ~/.cache.\n"
           ".TP\n.B NMFKIT_KERNELS\nUse these kernels instead of the best that the processor has: "
           "portable, avx2\nor avx512.\n");
}

static void print_page_of(const cli_command *command)
{
    char name[64];
    cli_flag flag;
    snprintf(name, sizeof name, "nmf-%s", command->name);
    print_heading(name, command->summary);
    printf(".SH SYNOPSIS\n.B nmf %s\n", command->name);
    print_roff(command->usage);
    printf(".SH DESCRIPTION\n");
    print_roff(command->text);
    printf(".SH OPTIONS\n");
    const char *title;
    for (int64_t shown = -1; cli_flag_next_in_help(command, &shown, &flag, &title);) {
        if (title != NULL) {
            printf(".SS ");
            print_roff(title);
        }
        print_flag(&flag);
    }
    printf(".TP\n.B \\-h, \\-\\-help\nshow a summary of this page.\n.SH EXAMPLES\n.nf\n");
    print_roff(command->example);
    printf(".fi\n");
    print_environment();
    printf(".SH SEE ALSO\n.BR nmf (1)\n");
}

static void print_overview(const cli_command *commands)
{
    print_heading("nmf", "learn additive parts from non-negative data");
    printf(".SH SYNOPSIS\n.B nmf\n.I COMMAND\n[arguments]\n"
           ".SH DESCRIPTION\n"
           "Non\\-negative matrix factorization writes a matrix X (samples x features) as a "
           "product W H\n"
           "of two small matrices, all entries >= 0. The rows of H are parts that add up to the "
           "samples.\n.PP\nEach command has a page of its own.\n"
           ".SH COMMANDS\n");
    for (const cli_command *command = commands; command->name != NULL; command++) {
        printf(".TP\n.BR nmf\\-%s (1)\n", command->name);
        print_roff(command->summary);
    }
    print_environment();
    printf(".SH SEE ALSO\n");
    for (const cli_command *command = commands; command->name != NULL; command++)
        printf(".BR nmf\\-%s (1)%s\n", command->name, command[1].name != NULL ? "," : "");
}

void cli_help_man(const cli_command *commands, const cli_command *command)
{
    if (command == NULL)
        print_overview(commands);
    else
        print_page_of(command);
}
