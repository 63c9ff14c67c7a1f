/* Several processes that mpirun (or srun) started together: they make one fit, not as many copies of it.
 * The plug-in libnmfkit-mpi is loaded then, and only then. */
#ifndef NMF_CLI_TOGETHER_H
#define NMF_CLI_TOGETHER_H

#include <nmfkit/status.h>
#include <stdint.h>

/* How many processes the launcher says there are, and which of them this is; 1 and 0 without one. */
int64_t cli_together_size(void);
int64_t cli_together_rank(void);

/* This process is the one that writes files and talks. */
int cli_together_speaks(void);

/* Loads the plug-in and attaches all processes to each other; from here on only the first one's standard
 * output is seen. Does nothing where there is one process. Errors: UNSUPPORTED (no plug-in, or one for
 * another MPI). */
nmf_status cli_together_join(nmf_error *error);

/* 1 once joined: sentences are kept for cli_together_end. */
int cli_together_joined(void);

/* ARGUMENT, on all of them, where the processes have different numbers; `what`: of what these are. All call it at the
 * same point. */
nmf_status cli_together_same(int64_t number, const char *what, nmf_error *error);

/* What came of something that each process did for itself, on all of them: the status and the sentence of
 * the first that failed. All call it at the same point; alone it gives back what it is given. */
nmf_status cli_together_agree(nmf_status status, nmf_error *error);

/* The sentence that a failure is to be told with, until it is known who else failed. */
void cli_together_keep(const char *sentence);

/* Agrees with the other processes how this ends. Where all come here, those that failed say one sentence
 * between them and *code becomes the greatest; where one that failed waits in vain for the others, it says
 * its own and ends them all. */
void cli_together_end(int *code);

#endif
