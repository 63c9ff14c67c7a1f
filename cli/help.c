/* Help on the terminal: the list of commands, and one command with its options. */
#include "help.h"

#include "args.h"

#include <stdio.h>
#include <string.h>

#define WIDTH 88  /* lines are folded here */
#define INDENT 30 /* where the explanations of options begin */

/* Prints `text` folded at WIDTH, from column `column` on, further lines indented by `indent`. */
static void print_folded(const char *text, int column, int indent)
{
    for (const char *word = text; *word != '\0';) {
        const int length = (int)strcspn(word, " ");
        if (column > indent && column + 1 + length > WIDTH) {
            printf("\n%*s", indent, "");
            column = indent;
        } else if (column > indent) {
            putchar(' ');
            column++;
        }
        printf("%.*s", length, word);
        column += length;
        word += length;
        word += strspn(word, " ");
    }
    putchar('\n');
}

const cli_command *cli_command_find(const cli_command *commands, const char *name)
{
    for (const cli_command *command = commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0) return command;
    return NULL;
}

void cli_help_commands(const cli_command *commands)
{
    printf("usage: nmf COMMAND [arguments]\n\n"
           "Learns additive parts from non-negative data: X ~ W H, all entries >= 0.\n\n");
    for (const cli_command *command = commands; command->name != NULL; command++)
        printf("  %-12s %s\n", command->name, command->summary);
    printf("\n'nmf COMMAND --help' explains a command and its options; 'nmf --version' says which\n"
           "version this is. Exit codes: 0 done, 1 failed, 2 wrong usage.\n");
}

void cli_flag_heading(const cli_flag *flag, char *text, size_t bytes)
{
    char letter[8] = "";
    if (flag->letter != '\0') snprintf(letter, sizeof letter, "-%c, ", flag->letter);
    /* The long lists of names go into the explanation. */
    const int is_list = strchr(flag->value, '|') != NULL;
    snprintf(text, bytes, "%s--%s%s%s", letter, flag->flag, flag->takes_value ? " " : "",
             is_list ? "NAME" : flag->value);
}

static void print_flag(const cli_flag *flag)
{
    char heading[256], help[512];
    cli_flag_heading(flag, heading, sizeof heading);
    const int is_list = strchr(flag->value, '|') != NULL;
    snprintf(help, sizeof help, "%s%s%s%s%s", flag->help, is_list ? ": " : "",
             is_list ? flag->value : "", flag->standard[0] != '\0' ? "; default: " : "",
             flag->standard);
    int column = printf("  %s", heading);
    if (column > INDENT - 2) {
        putchar('\n');
        column = 0;
    }
    printf("%*s", INDENT - column, "");
    print_folded(help, INDENT, INDENT);
}

void cli_help_command(const cli_command *command)
{
    cli_flag flag;
    printf("usage: nmf %s %s\n\n", command->name, command->usage);
    print_folded(command->text, 0, 0);
    const char *title;
    for (int64_t shown = -1; cli_flag_next_in_help(command, &shown, &flag, &title);) {
        if (title != NULL) printf("\n%s:\n", title);
        print_flag(&flag);
    }
    printf("\n  %-*sshow this text\n\nFor example:\n", INDENT - 2, "-h, --help");
    for (const char *line = command->example; *line != '\0';) {
        const int length = (int)strcspn(line, "\n");
        printf("  %.*s\n", length, line);
        line += length + (line[length] == '\n');
    }
}
