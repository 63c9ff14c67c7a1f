/* Completion in fish: one line for each command, each of its flags and each of its operands. */
#include "help.h"

#include "args.h"

#include <stdio.h>
#include <string.h>

/* 'text' for fish, where a single-quoted word knows two escapes. */
static void print_quoted(const char *text)
{
    putchar('\'');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'' || *c == '\\') putchar('\\');
        putchar(*c);
    }
    putchar('\'');
}

static void print_words(const char *text) /* "auto|random" -> 'auto random' */
{
    putchar('\'');
    for (const char *c = text; *c != '\0'; c++) putchar(*c == '|' ? ' ' : *c);
    putchar('\'');
}

static void print_flag(const cli_command *command, const cli_flag *flag)
{
    printf("complete -c nmf -n '__nmf_is %s' -l %s", command->name, flag->flag);
    if (flag->letter != '\0') printf(" -s %c", flag->letter);
    if (strchr(flag->value, '|') != NULL) {
        printf(" -x -a ");
        print_words(flag->value);
    } else if (flag->takes_value) {
        printf(flag->is_file ? " -r -F" : " -x");
    }
    printf(" -d ");
    print_quoted(flag->help);
    putchar('\n');
}

static void print_operands(const cli_command *commands, const cli_command *command)
{
    if (command->words == NULL) return;
    printf("complete -c nmf -n '__nmf_is %s' -f -a '%s", command->name, command->words);
    if (command->bit == CLI_HELP)
        for (const cli_command *other = commands; other->name != NULL; other++)
            printf(" %s", other->name);
    printf("'\n");
}

void cli_help_fish(const cli_command *commands)
{
    cli_flag flag;
    printf("# fish completion for nmf, printed by 'nmf help --completion fish'\n"
           "function __nmf_is -d 'whether the command line is that of this command of nmf'\n"
           "    set -l words (commandline -opc)\n"
           "    test (count $words) -gt 1; and test \"$words[2]\" = \"$argv[1]\"\n"
           "end\n"
           "complete -c nmf -n __fish_use_subcommand -f -l help -d 'list the commands'\n"
           "complete -c nmf -n __fish_use_subcommand -f -l version -d 'show the version'\n");
    for (const cli_command *command = commands; command->name != NULL; command++) {
        printf("complete -c nmf -n __fish_use_subcommand -f -a %s -d ", command->name);
        print_quoted(command->summary);
        putchar('\n');
    }
    for (const cli_command *command = commands; command->name != NULL; command++) {
        for (int64_t cursor = 0; cli_flag_next(command, &cursor, &flag);)
            print_flag(command, &flag);
        printf("complete -c nmf -n '__nmf_is %s' -l help -s h -d 'explain the command'\n",
               command->name);
        print_operands(commands, command);
    }
}
