/* Text made from the table of commands and the list of flags: help, manual pages, completion. */
#ifndef NMF_CLI_HELP_H
#define NMF_CLI_HELP_H

#include "cli.h"

void cli_help_commands(const cli_command *commands); /* nmf help */
void cli_help_command(const cli_command *command);   /* nmf help fit */
/* nmf help --man [COMMAND]; NULL: nmf.1 */
void cli_help_man(const cli_command *commands, const cli_command *command);

/* nmf help --completion SHELL: commands, each command's flags, the values of flags that have a list
 * of them, and file names everywhere else. */
void cli_help_bash(const cli_command *commands);
void cli_help_zsh(const cli_command *commands);
void cli_help_fish(const cli_command *commands);

/* The command of this name in a table ended by a row without a name; NULL: none. */
const cli_command *cli_command_find(const cli_command *commands, const char *name);

/* Steps through the flags of a command as help shows them, in groups: start with *shown = -1; `title` is the
 * group's where one begins, else NULL. Returns 0 after the last. */
struct cli_flag;
int cli_flag_next_in_help(const cli_command *command, int64_t *shown, struct cli_flag *flag,
                          const char **title);

/* "-k, --components K" */
void cli_flag_heading(const struct cli_flag *flag, char *text, size_t bytes);

#endif
