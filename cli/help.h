/* Text made from the table of commands and the list of flags: help, manual page, completion. */
#ifndef NMF_CLI_HELP_H
#define NMF_CLI_HELP_H

#include "cli.h"

void cli_help_commands(void);                      /* nmf help */
void cli_help_command(const cli_command *command); /* nmf help fit */
void cli_help_man(void);                           /* nmf help --man: nmf.1 */
void cli_help_completion(void);                    /* nmf help --completion: for bash */

/* "-k, --components K" */
struct cli_flag;
void cli_flag_heading(const struct cli_flag *flag, char *text, size_t bytes);

#endif
