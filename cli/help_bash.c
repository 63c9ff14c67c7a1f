/* Completion in bash: commands, each command's flags, the values of flags that have a
 * list of them, and file names everywhere else. */
#include "help.h"

#include "args.h"

#include <stdio.h>
#include <string.h>

static void print_words(const char *text) /* "auto|random" -> "auto random" */
{
    for (const char *c = text; *c != '\0'; c++) putchar(*c == '|' ? ' ' : *c);
}

static void print_command_names(const cli_command *commands)
{
    for (const cli_command *command = commands; command->name != NULL; command++)
        printf("%s%s", command == commands ? "" : " ", command->name);
}

static void print_command(const cli_command *commands, const cli_command *command)
{
    cli_flag flag;
    printf("    %s)\n        flags='", command->name);
    for (int64_t cursor = 0; cli_flag_next(command, &cursor, &flag);) printf("--%s ", flag.flag);
    printf("--help'\n        case $before in\n");
    for (int64_t cursor = 0; cli_flag_next(command, &cursor, &flag);) {
        if (strchr(flag.value, '|') != NULL) {
            printf("        --%s) words='", flag.flag);
            print_words(flag.value);
            printf("' ;;\n");
        } else if (flag.takes_value && !flag.is_file) {
            printf("        --%s) return ;;\n", flag.flag);
        }
    }
    if (command->words != NULL) {
        printf("        -*) ;;\n        *) words='");
        if (command->bit == CLI_HELP) print_command_names(commands);
        printf("%s' ;;\n", command->words);
    }
    printf("        esac\n        ;;\n");
}

void cli_help_bash(const cli_command *commands)
{
    printf("# bash completion for nmf, printed by 'nmf help --completion bash'\n"
           "_nmf()\n{\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local flags= words=\n"
           "    COMPREPLY=()\n"
           "    # --flag=value arrives as three words\n"
           "    [[ $word == = ]] && word=\n"
           "    [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD-2]}\n"
           "    if (( COMP_CWORD == 1 )); then\n        COMPREPLY=($(compgen -W '");
    print_command_names(commands);
    printf(" --help --version' -- \"$word\"))\n        return\n    fi\n"
           "    case ${COMP_WORDS[1]} in\n");
    for (const cli_command *command = commands; command->name != NULL; command++)
        print_command(commands, command);
    printf("    esac\n"
           "    if [[ $word == -* ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$flags\" -- \"$word\"))\n"
           "    elif [[ -n $words ]]; then\n"
           "        COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
           "    fi\n}\n"
           "complete -o default -F _nmf nmf\n");
}
