/* The progress line: on a terminal only (stderr), only once a run takes over a second, rewritten in
 * place at most ten times a second, and gone at the end. Also where Ctrl-C reaches a fit or a
 * download: the callbacks answer "stop" once a signal came. */
#ifndef NMF_CLI_PROGRESS_H
#define NMF_CLI_PROGRESS_H

#include <nmfkit/online.h>
#include <nmfkit/options.h>
#include <nmfkit/select.h>

typedef struct cli_progress {
    int on_terminal;
    int drawn;         /* there is a line to erase */
    int verbose;       /* of a fit: every iteration is a line that stays */
    int64_t most;      /* iterations of a fit; 0: not known */
    double time_limit; /* seconds; 0: none */
    int64_t told;      /* the iteration that was told last */
    double began,
        last; /* seconds on the monotonic clock: begin, and when the line was last written */
} cli_progress;

cli_progress cli_progress_begin(void);
void cli_progress_end(cli_progress *progress); /* erases the line */

/* An nmf_progress_fn and nmf_io_fetch_options.progress; context is a cli_progress. */
int cli_progress_fit(const nmf_trace_point *point, void *context);
/* bytes: that the rows were read from, since `progress` began. */
int cli_progress_rows(const nmf_online_state *state, int64_t bytes, cli_progress *progress);
int cli_progress_rank(const nmf_rank_progress *point, void *context);
int cli_progress_download(int64_t done, int64_t total, void *context);

#endif
