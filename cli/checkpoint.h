/* `nmf fit --checkpoint FILE --every TIME --resume FILE`: the file, when it is written, and what
 * becomes of it when the fit has ended. */
#ifndef NMF_CLI_CHECKPOINT_H
#define NMF_CLI_CHECKPOINT_H

#include "cli.h"

/* What the command line asks for; *file stays NULL where it is nothing. From here on SIGUSR1 has a
 * checkpoint written. Errors: ARGUMENT, and those of nmf_io_checkpoint_open. */
nmf_status cli_checkpoint_open(const cli_args *args, nmf_io_checkpoint **file, nmf_error *error);

/* The file that a fit writes its checkpoints to; NULL: none. */
const char *cli_checkpoint_path(const cli_args *args);

/* The fit's results are written: its checkpoint goes, unless the fit was cut short. Says how to go on
 * then. */
void cli_checkpoint_end(const cli_args *args, nmf_io_checkpoint *file, const nmf_model *model);

#endif
