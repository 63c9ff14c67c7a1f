/* Questions that many fits answer: how many components, how sure, which come back.
 *
 * All functions are thread-safe for distinct outputs and leave *output NULL on failure. The answer does
 * not depend on the number of threads. */
#ifndef NMFKIT_SELECT_H
#define NMFKIT_SELECT_H

#include <nmfkit/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- how many components ---------------------------------------------------------------------- */

/* How far nmf_rank has come, after each fit. */
typedef struct nmf_rank_progress {
    int64_t k;                       /* the rank whose fit has just ended */
    int64_t fits_done, fits_planned; /* of the ranks that are tried now; more may follow */
    double seconds;
} nmf_rank_progress;

/* Called from the thread that called nmf_rank, now and then; non-zero stops, and what is known is
 * returned. */
typedef int (*nmf_rank_progress_fn)(const nmf_rank_progress *progress, void *context);

typedef struct nmf_rank_result nmf_rank_result;

/* What is tried; zero everywhere (NMF_RANK_OPTIONS_INIT) is the default. */
typedef struct nmf_rank_options {
    size_t struct_bytes;
    const int64_t
        *ks; /* the ranks to try, ascending, k = 1 beside them; NULL: found by themselves */
    int64_t ks_count;
    int64_t max_k;   /* where ks is NULL: the largest; 0: 64, or what the shape allows */
    int64_t folds;   /* 0: 10, each holds out about a tenth; at least 2 */
    int64_t repeats; /* 0: 5, so many of the folds are held out, one after the other */
    int64_t starts;  /* 0: 3 random starts each, of which the best is gone on with */
    const nmf_rank_result
        *known; /* an earlier answer to the same question: its ranks are not fitted again */
    nmf_rank_progress_fn progress;
    void *progress_context;
} nmf_rank_options;

static inline nmf_rank_options nmf_rank_options_init(void)
{
    const nmf_rank_options defaults = {
        sizeof(nmf_rank_options), NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL};
    return defaults;
}
#define NMF_RANK_OPTIONS_INIT nmf_rank_options_init()

/* One rank that was tried. */
typedef struct nmf_rank_row {
    int64_t k;
    double loss;  /* D of the held-out entries from their predictions, all folds */
    double error; /* frobenius: sqrt(2 loss / sum of their squares); others: loss / that of k = 1 */
    double difference;     /* of the loss from the best one */
    double standard_error; /* of the difference, paired */
    double p_best;         /* how often it wins when rows and folds are drawn again */
    double
        worst_silhouette; /* of the components of the fits without each fold, matched; k = 1: 1 */
    double mean_silhouette;
    int64_t returning;    /* components whose mean cosine between two fits is at least 0.9 */
    double training_loss; /* D of what the fits saw, all folds */
    double
        dispersion; /* kl: 2 training_loss / degrees of freedom, 1 for Poisson counts; else NaN */
    int64_t fits, iterations;
    int in_set; /* cannot be told from the best: p_best >= 0.05 or difference <= 2 errors */
    int stable; /* worst_silhouette >= 0.8 */
    const double *silhouettes, *cosines; /* k each: of every component */
    const double
        *losses; /* repeats x table_rows: the loss of each fold's entries in each row, or run
                              * of rows where there are more than 2000 */
} nmf_rank_row;

typedef struct nmf_rank_content {
    size_t struct_bytes;
    nmf_options options; /* as used */
    int64_t samples, features, folds, repeats, starts, max_k, table_rows;
    uint64_t fingerprint;     /* nmf_matrix_fingerprint of X */
    double held_out_squares;  /* the sum of the held-out entries' squares, all folds */
    double tie;               /* losses no further apart are equal: 1e-6 of what there is to lose */
    const nmf_rank_row *rows; /* ascending in k */
    int64_t row_count;
    int64_t best;                    /* the k whose held-out loss is smallest */
    int64_t predicts;                /* the smallest k within one standard error of it */
    int64_t set_lowest, set_highest; /* of those that cannot be told from the best */
    int64_t largest_stable;          /* the largest k that returns; at least 1 */
    int has_structure;               /* 0: predicts is 1 */
    int open_ended;                  /* the largest k that was tried is in the set */
    int agree;                       /* predicts is stable too, and alone in the set */
    int are_counts;                  /* every entry of X is an integer */
    double dispersion;               /* of `predicts` */
    int64_t fits;
    double seconds;
    nmf_stopped
        stopped; /* CONVERGED: all is known; INTERRUPTED, TIME_LIMIT: rows are what was known */
    const char *prediction, *stability,
        *advice; /* the answer in words, a sentence or two each; advice may be "" */
} nmf_rank_content;

/* How many components X has, by Latin-block cross-validation: fold r holds out the entries whose groups of
 * row and column sum to r modulo `folds`; every rank is fitted without each of `repeats` folds and predicts
 * what it has not seen. options: loss, beta, seed, threads, precision, max_iter, time_limit_seconds,
 * memory_limit_bytes are read (k is not); NULL: the defaults.
 *
 * What it says: which numbers of components predict unseen entries best and cannot be told apart, with
 * paired standard errors and a bootstrap over rows and folds; which return from other parts of the data.
 * On real data these often differ, and neither is "the" number.
 *
 * Cost: ranks x repeats fits (and 20 iterations of each other start) at the price of plain ones. Memory: 1.3
 * copies of X in its own type (two for losses other than frobenius and for sparse X), and five pairs of
 * factors a thread. Errors: ARGUMENT, SHAPE (fewer than 2 rows or columns), DATA, MEMORY,
 * INTERRUPTED (before any rank was known).
 * Source: Owen & Perry 2009 (held-out entries); Efron & Tibshirani 1993 (bootstrap); Alexandrov et al.
 * 2013 (silhouettes of matched components). */
NMF_API NMF_MUST_CHECK nmf_status nmf_rank(const nmf_matrix *X, const nmf_options *options,
                                           const nmf_rank_options *rank_options,
                                           nmf_rank_result **result, nmf_error *error);

/* Everything in a result; it lives as long as the result does. */
NMF_API const nmf_rank_content *nmf_rank_view(const nmf_rank_result *result);

/* A result from what is known of its ranks: options, samples, features, folds, repeats, starts, max_k,
 * table_rows, fingerprint, held_out_squares, tie, are_counts, fits, seconds, stopped and the rows' k, losses, training_loss, silhouettes, cosines, fits, iterations of
 * `content` are read and copied, the rest follows from them. For readers of files. Errors: ARGUMENT, MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_rank_result_new(const nmf_rank_content *content,
                                                      nmf_rank_result **result, nmf_error *error);

NMF_API void nmf_rank_free(nmf_rank_result *result); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
