/* Ctrl-C (SIGINT), SIGTERM and SIGHUP. Where nothing is worth keeping the first one ends the command
 * at once; while there is something, it only sets a flag, so that the fit stops and its best result
 * is written, and the second ends the command. Either way no temporary file stays behind. */
#ifndef NMF_CLI_INTERRUPT_H
#define NMF_CLI_INTERRUPT_H

/* At the start of the command. A page of a mapped file that its disk does not give is one sentence from
 * here on, and no core. */
void cli_interrupt_begin(void);

/* From here to the release there may be something worth keeping: cli_interrupt_keep says that there
 * is. Holds nest. */
void cli_interrupt_hold(void);
void cli_interrupt_keep(void);
int cli_interrupted(void); /* 1 once a signal came */
void cli_interrupt_kept(void); /* all that was worth keeping is written: the next signal ends */

/* A limit for what cannot be asked to stop, and has nothing to keep, such as reading: after so many
 * seconds the command ends with the sentence and status 1, without a temporary file. 0: no longer. */
void cli_interrupt_after(double seconds, const char *sentence);

/* SIGUSR1 asks for a checkpoint from here on, in place of ending the command; whether it has asked since
 * the last time. */
void cli_interrupt_answer(void);
int cli_interrupt_asked(void);

/* Ends a hold (without one it does nothing). After the last one, if a signal came the command now
 * dies of it, as every shell and make expects of a command that was interrupted (status 130, or 143
 * for SIGTERM), and this does not return. */
void cli_interrupt_release(void);

#endif
