/* Ctrl-C (SIGINT), and SIGTERM alike, while there is something worth keeping: the first only sets a
 * flag, so that the fit stops and its best result is written; the second ends the command at
 * once. */
#ifndef NMF_CLI_INTERRUPT_H
#define NMF_CLI_INTERRUPT_H

void cli_interrupt_hold(void); /* from here on the first signal waits; holds nest */
int cli_interrupted(void);     /* 1 once it came */

/* Ends a hold (without one it does nothing). After the last one, if a signal came the command now
 * dies of it, as every shell and make expects of a command that was interrupted (status 130, or 143
 * for SIGTERM), and this does not return. */
void cli_interrupt_release(void);

#endif
