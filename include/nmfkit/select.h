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
    /* 1: the options' loss is a wish. 0: where it is frobenius, the default, and X holds whole numbers, the data decide
     * between squares and the Kullback-Leibler divergence: what is held out foretells which of the two its spread
     * behaves like (extended quasi-likelihood of two pilot fits; Nelder & Pregibon 1987), and who speaks for counts is
     * asked again with the k that this leads to. */
    int keep_loss;
} nmf_rank_options;

static inline nmf_rank_options nmf_rank_options_init(void)
{
    const nmf_rank_options defaults = {
        sizeof(nmf_rank_options), NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, 0};
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
    int stable;                          /* worst_silhouette >= 0.8 */
    const double *silhouettes, *cosines; /* k each: of every component */
    const double
        *losses; /* repeats x table_rows: the loss of each fold's entries in each row, or run
                              * of rows where there are more than 2000 */
} nmf_rank_row;

typedef struct nmf_rank_content {
    size_t struct_bytes;
    nmf_options options; /* as used, with the loss that judged */
    int64_t samples, features, folds, repeats, starts, max_k, table_rows;
    uint64_t fingerprint;     /* nmf_matrix_fingerprint of X, and of its weights */
    double held_out_squares;  /* the sum of the held-out entries' squares, all folds */
    double tie;               /* losses no further apart are equal: 1e-5 of what there is to lose */
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
        *advice;      /* the answer in words, a sentence or two each; advice may be "" */
    int loss_by_data; /* options.loss, as used, was decided by the data */
} nmf_rank_content;

/* How many components X has, by Latin-block cross-validation: fold r holds out the entries whose groups of
 * row and column sum to r modulo `folds`; every rank is fitted without each of `repeats` folds and predicts
 * what it has not seen. options: loss, beta, seed, threads, precision, max_iter, time_limit_seconds,
 * memory_limit_bytes are read (k is not); NULL: the defaults.
 *
 * Weights and missing entries of a dense X count as in a fit (beta > 0); each row then has sums of its own, which
 * is slower. What weighs 0 or is missing is neither learned from nor foretold.
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
 * table_rows, fingerprint, held_out_squares, tie, are_counts, loss_by_data, fits, seconds, stopped and the rows' k, losses, training_loss, silhouettes, cosines, fits, iterations of
 * `content` are read and copied, the rest follows from them. For readers of files. Errors: ARGUMENT, MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_rank_result_new(const nmf_rank_content *content,
                                                      nmf_rank_result **result, nmf_error *error);

NMF_API void nmf_rank_free(nmf_rank_result *result); /* NULL is fine */

/* --- which components come back ----------------------------------------------------------------- */

/* What differs between the replicates of a consensus, beside their random starts. */
typedef enum nmf_perturbation {
    NMF_PERTURBATION_STARTS = 0,  /* nothing */
    NMF_PERTURBATION_POISSON = 1, /* entries are drawn from Poisson distributions of their means */
    NMF_PERTURBATION_BOOTSTRAP = 2, /* samples are drawn again, with replacement */
    NMF_PERTURBATION_UNIFORM = 3,   /* entries are multiplied by 1 - e to 1 + e, e = 0.03 */
    NMF_PERTURBATION_FOLDS = 4 /* each lacks one of ten Latin-block folds, as nmf_rank's fits do */
} nmf_perturbation;
#define NMF_PERTURBATION_NAMES "starts", "poisson", "bootstrap", "uniform", "folds"

typedef struct nmf_consensus_result nmf_consensus_result;

/* Zero everywhere (NMF_CONSENSUS_OPTIONS_INIT) is the default. */
typedef struct nmf_consensus_options {
    size_t struct_bytes;
    int64_t replicates; /* 0: 100 */
    nmf_perturbation perturbation;
    double density_threshold;      /* 0: 0.5; 2 keeps all */
    double neighborhood;           /* 0: 0.3 of the replicates are a component's neighbours */
    nmf_rank_progress_fn progress; /* its k is the consensus's, its fits are the replicates */
    void *progress_context;
} nmf_consensus_options;

static inline nmf_consensus_options nmf_consensus_options_init(void)
{
    const nmf_consensus_options defaults = {
        sizeof(nmf_consensus_options), 0, NMF_PERTURBATION_STARTS, 0, 0, NULL, NULL};
    return defaults;
}
#define NMF_CONSENSUS_OPTIONS_INIT nmf_consensus_options_init()

/* Arrays belong to the result. Components are in the order of their share in the usages, largest first. */
typedef struct nmf_consensus_content {
    size_t struct_bytes;
    /* W: usages of X in the spectra H, each solved for the other (below). It belongs to the result; how its data were
     * read may be noted (nmf_model_set_reading). */
    nmf_model *model;
    int64_t samples, features, k, replicates;
    nmf_perturbation perturbation;
    double density_threshold, neighborhood;
    const nmf_matrix *spectra; /* (replicates k) x features, f64: the rows of each replicate's H */
    const double *density;     /* replicates k: mean distance to the neighbours */
    const int64_t *
        cluster; /* replicates k: which component each is taken for; -1: left out, too far from others */
    int64_t kept;         /* of replicates k */
    const double *median; /* k x features, each of sum 1: the consensus */
    const double *low,
        *high; /* k x features: 5 % and 95 % quantiles of what was kept, in the unit of `median` */
    const int64_t *members;    /* k: how many replicates' components were taken for each */
    const double *silhouettes; /* k: mean over its members, Euclidean distance between unit rows */
    double silhouette;         /* the mean over all that were kept */
    const double *
        stability; /* k: mean silhouette in cosine distance when all replicates are matched one to one */
    double worst_stability, mean_stability;
    const double
        *scores; /* k x features: z-scored features of X regressed on the usages, rows of sum 1 */
    const double *
        spectra_of_shares; /* k x features: the spectra H of X in the usages of the medians, rows of sum 1 */
    double loss,
        relative_error;  /* D of the model, and what nmf_fit would call its relative error */
    int64_t unconverged; /* replicates whose fit stopped before it had converged */
    double seconds;
    nmf_stopped stopped; /* INTERRUPTED, TIME_LIMIT: fewer replicates than were asked for */
} nmf_consensus_content;

/* The components that come back in many fits of X with options.k components: replicates from other random
 * starts, and of other data where `perturbation` says so; their components with unit norm; those left out
 * whose mean distance to their neighborhood x replicates nearest others is not below density_threshold; the
 * rest in k clusters by k-means (the best of 10 starts); the median of each, divided by its sum. Then usages
 * W of X in the medians; spectra H of X in these usages; W in these spectra: the model. options as for nmf_fit (starts and init are not read).
 *
 * Cost: `replicates` fits, side by side one a thread, and (replicates k)^2 x features multiplications. Memory: a
 * fit's for each thread, replicates k x features numbers, (replicates k)^2 more. Errors: as nmf_fit; DATA
 * where fewer than k components are left; INTERRUPTED before two replicates were known.
 * Source: Kotliar et al. 2019 (cNMF, whose definitions these are); Alexandrov et al. 2013 (stability). */
NMF_API NMF_MUST_CHECK nmf_status nmf_consensus(const nmf_matrix *X, const nmf_options *options,
                                                const nmf_consensus_options *consensus_options,
                                                nmf_consensus_result **result, nmf_error *error);
NMF_API const nmf_consensus_content *nmf_consensus_view(const nmf_consensus_result *result);
NMF_API void nmf_consensus_free(nmf_consensus_result *result); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
