/* Completion in zsh: one call of _arguments for each command. */
#include "help.h"

#include "args.h"

#include <stdio.h>
#include <string.h>

/* Text inside '...' and inside [...] of a specification of _arguments. */
static void print_escaped(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\'') {
            fputs("'\\''", stdout);
            continue;
        }
        if (strchr("[]:\\", *c) != NULL) putchar('\\');
        putchar(*c);
    }
}

static void print_value(const cli_flag *flag)
{
    if (!flag->takes_value) return;
    if (strchr(flag->value, '|') == NULL) {
        putchar(':');
        print_escaped(flag->value);
        printf(flag->is_file ? ":_files" : ": ");
        return;
    }
    printf(":value:(");
    for (const char *c = flag->value; *c != '\0'; c++) putchar(*c == '|' ? ' ' : *c);
    putchar(')');
}

/* '(-k --components)'{-k+,--components=}'[help]:K: ' : either spelling, the value apart or joined. */
static void print_flag(const cli_flag *flag)
{
    const char *const joined = flag->takes_value ? "=" : "";
    printf("            ");
    if (flag->letter != '\0')
        printf("'(-%c --%s)'{-%c%s,--%s%s}'[", flag->letter, flag->flag, flag->letter,
               flag->takes_value ? "+" : "", flag->flag, joined);
    else
        printf("'--%s%s[", flag->flag, joined);
    print_escaped(flag->help);
    putchar(']');
    print_value(flag);
    printf("' \\\n");
}

static void print_command(const cli_command *command)
{
    cli_flag flag;
    printf("        %s)\n            _arguments -s -S \\\n", command->name);
    for (int64_t cursor = 0; cli_flag_next(command, &cursor, &flag);) print_flag(&flag);
    printf("            '(- *)'{-h,--help}'[explain the command]' \\\n            ");
    if (command->bit == CLI_HELP)
        printf("'1:command:->command' && return 0\n"
               "            [[ $state == command ]] && _describe command commands\n");
    else if (command->words != NULL)
        printf("'*:%s:(%s)'\n", command->name, command->words);
    else
        printf("'*:file:_files'\n");
    printf("            ;;\n");
}

void cli_help_zsh(const cli_command *commands)
{
    printf("#compdef nmf\n# zsh completion for nmf, printed by 'nmf help --completion zsh'\n"
           "_nmf() {\n"
           "    local curcontext=$curcontext state line\n"
           "    local -a commands\n"
           "    commands=(\n");
    for (const cli_command *command = commands; command->name != NULL; command++) {
        printf("        '%s:", command->name);
        print_escaped(command->summary);
        printf("'\n");
    }
    printf("    )\n"
           "    _arguments -C '(- *)--help[list the commands]' \\\n"
           "        '(- *)--version[show the version]' '1:command:->command' \\\n"
           "        '*:::argument:->argument' && return 0\n"
           "    case $state in\n"
           "    command) _describe command commands ;;\n"
           "    argument)\n"
           "        # _arguments takes the first word for the program's name\n"
           "        words=($line[1] $words)\n"
           "        (( CURRENT++ ))\n"
           "        case $line[1] in\n");
    for (const cli_command *command = commands; command->name != NULL; command++)
        print_command(command);
    printf("        esac\n        ;;\n    esac\n}\n"
           "if [[ $funcstack[1] == _nmf ]]; then _nmf \"$@\"; else compdef _nmf nmf; fi\n");
}
