/* SigProfilerExtractor's table of solutions, All_solutions_stat.csv: how stable the components of each number of
 * them are, and how near the model comes to each sample. */
#ifndef NMF_CLI_SIGPROFILER_H
#define NMF_CLI_SIGPROFILER_H

#include "words.h"

#include <nmfkit/nmfkit.h>

typedef struct cli_solution {
    int64_t k;
    double stability, least_stability; /* silhouettes of the components of matched replicates */
    double frobenius;                  /* |X - WH| / |X| */
    /* Over samples x with model v: |x - v|_1 / |x|_1, |x - v| / |x|, the Kullback-Leibler divergence of x / sum x from v /
     * sum v, 1 - cosine, correlation. */
    double mean_l1, most_l1, mean_l2, most_l2, mean_kl, most_kl, mean_cosine, most_cosine,
        mean_correlation, least_correlation;
} cli_solution;

/* Errors: MEMORY and what a reconstruction has. Samples without entries are left out. */
nmf_status cli_judge_solution(const nmf_matrix *X, const nmf_consensus_content *content,
                              cli_solution *solution, nmf_error *error);

/* The table of `count` solutions; the largest k with stability >= 0.8, least stability >= 0.2 and a sum of at least 1
 * has a star. Source: Islam et al. 2022, SigProfilerExtractor's defaults. */
void cli_add_solutions(const cli_solution *solutions, int64_t count, cli_text *text);

#endif
