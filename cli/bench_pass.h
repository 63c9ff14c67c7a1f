/* The time of one pass over X, as a user of the library can see it: from the trace of a fit. */
#ifndef NMF_CLI_BENCH_PASS_H
#define NMF_CLI_BENCH_PASS_H

#include <nmfkit/nmfkit.h>

/* rows x columns numbers of this type, row-major: every row mixes four of 64 planted parts and has
 * noise added; 0 to 255, or 0 to 1 in f32 and f64. The same for every run. Errors: MEMORY. */
nmf_status cli_bench_data(nmf_dtype dtype, int64_t rows, int64_t columns, nmf_matrix **matrix,
                          nmf_error *error);

typedef struct cli_pass_time {
    double median, lowest, highest; /* seconds a pass, the row and column updates included */
    int64_t passes;                 /* behind the median */
    int64_t disturbed;              /* left out */
} cli_pass_time;

/* Fits of k components from random starts, without a tolerance, until the measured passes took
 * a quarter of a second (`quick`: no time at all) and are at least five. The first two passes of each
 * fit are left out: they warm the caches, and their updates need more sweeps than all later ones. So is what a machine
 * that was not whole made (bench_limits.h): a pass counts where `most`, the multiply-adds a second that these threads
 * have together, were there right before and right after it. `most` becomes what was seen, if that is more. Where too
 * few such passes come within ten seconds, all count and `disturbed` is -1. Errors: those of nmf_fit. */
nmf_status cli_time_pass(const nmf_matrix *X, nmf_loss loss, int64_t k, int64_t threads, int quick,
                         double *most, cli_pass_time *time, nmf_error *error);

#endif
