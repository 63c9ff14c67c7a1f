/* Text made from the table of commands and the list of flags: help, manual pages, completion. */
#ifndef NMF_CLI_HELP_H
#define NMF_CLI_HELP_H

#include "cli.h"

void cli_help_commands(void);                      /* nmf help */
void cli_help_command(const cli_command *command); /* nmf help fit */
void cli_help_man(const cli_command *command);     /* nmf help --man [COMMAND]; NULL: nmf.1 */

/* nmf help --completion SHELL: commands, each command's flags, the values of flags that have a list
 * of them, and file names everywhere else. */
void cli_help_bash(void);
void cli_help_zsh(void);
void cli_help_fish(void);

/* "-k, --components K" */
struct cli_flag;
void cli_flag_heading(const struct cli_flag *flag, char *text, size_t bytes);

#endif
