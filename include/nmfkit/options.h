/* nmf_options: what a caller may ask of a fit. Generated from options.def, where each option's
 * meaning, default and bounds stand. Usage: `nmf_options options = NMF_OPTIONS_INIT;` */
#ifndef NMFKIT_OPTIONS_H
#define NMFKIT_OPTIONS_H

#include <nmfkit/checkpoint.h>
#include <nmfkit/constraints.h>
#include <nmfkit/matrix.h>
#include <nmfkit/weighting.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Enums start at 0 = default and grow at the end; each has its names in the same order. */
typedef enum nmf_init {
    /* nndsvda where k <= min(samples, features), else random; where X is small (at most a million
     * entries) and k > 5 the best of such a start and random ones */
    NMF_INIT_AUTO = 0,
    NMF_INIT_RANDOM = 1,
    NMF_INIT_NNDSVD = 2,
    NMF_INIT_NNDSVDA = 3,
    NMF_INIT_NNDSVDAR = 4,
    NMF_INIT_CUSTOM = 5, /* start_W and start_H of nmf_options */
    NMF_INIT_LRC = 6,    /* NNSVD-LRC: two components from each of k / 2 + 1 singular triplets */
    /* Successive projections: H begins as the k samples that are most themselves, for data in which some
     * samples are pure (spectra of mixtures; with simplex = W, unmixing) */
    NMF_INIT_SPA = 7,
    /* Successive non-negative projections: likewise, but what is taken away from a sample is the nearest mixture of
     * the samples found before (weights >= 0, with simplex = W of sum one), so that a pure sample that looks like a
     * mixture, or a dark one, is found too. Source: Gillis 2014 */
    NMF_INIT_SNPA = 8
} nmf_init;
#define NMF_INIT_NAMES \
    "auto", "random", "nndsvd", "nndsvda", "nndsvdar", "custom", "lrc", "spa", "snpa"

typedef enum nmf_solver {
    NMF_SOLVER_AUTO = 0,
    NMF_SOLVER_HALS = 1, /* Frobenius only */
    NMF_SOLVER_CD = 2,   /* Frobenius only */
    NMF_SOLVER_MU = 3,   /* multiplicative updates, every loss */
    NMF_SOLVER_SCD = 4,  /* sequential coordinate descent, Kullback-Leibler only */
    /* Joint majorization-minimization, every loss: W and H from one majorizer of D at the pair
     * before, so that an iteration reads a dense X once, along the way it is stored, and no copy
     * of it is made (a sparse X is visited along both factors for kl). What it keeps instead are
     * sums as large as H, 4 to 64 times. Never raises D + penalties.
     * With R = X V^(b - 2), S = V^(b - 1), V = W H, entrywise, where X is stored row by row:
     *
     *   W' = W ((R H^T) / (S H^T))^c                     c = 1 / (max(b, 1) - min(b - 1, 1))
     *   H' = H ((A^T R) / (B^T S))^c     A = W (W'/W)^min(b - 1, 1), B = W (W'/W)^max(b, 1)
     *
     * and with W and H in each other's places where a dense X is stored column by column.
     * Extrapolated; what has raised D is taken back. A line of the trace tells D of the pair that
     * the iteration read X with, the last one that of the result. Zeros in the H of a start that
     * the caller gives stay.
     * Source: Marmin, Goulart & Fevotte 2023, "Joint Majorization-Minimization for Nonnegative
     * Matrix Factorization with the beta-divergence". */
    NMF_SOLVER_JMM = 5,
    /* For data whose reading is dear, Frobenius and Kullback-Leibler: rows are visited in groups, and H is
     * improved after each of them by the sums of all groups, so many times in one reading of X. What it keeps
     * for that are sums as large as H, one for each of up to 32 groups (16 for Kullback-Leibler). auto where
     * X is not in memory and is sparse, or the loss is kl. */
    NMF_SOLVER_INCREMENTAL = 6
} nmf_solver;
#define NMF_SOLVER_NAMES "auto", "hals", "cd", "mu", "scd", "jmm", "incremental"

/* What a fit minimizes: D(X || W H) of one of these kinds, summed over entries x and y of WH.
 *
 * frobenius  (x - y)^2 / 2 kl         x log(x / y) - x + y is         x / y - log(x / y) - 1
 * beta       (x^b - b x y^(b-1) + (b - 1) y^b) / (b (b - 1)), which the others are for b = 2, 1,
 * 0 */
typedef enum nmf_loss {
    NMF_LOSS_FROBENIUS = 0,
    NMF_LOSS_KL = 1, /* generalized Kullback-Leibler */
    NMF_LOSS_IS = 2, /* Itakura-Saito */
    NMF_LOSS_BETA = 3
} nmf_loss;
#define NMF_LOSS_NAMES "frobenius", "kl", "is", "beta"

/* What several processes that are attached to each other (comm.h) share out among them. */
typedef enum nmf_spread {
    NMF_SPREAD_AUTO = 0,
    NMF_SPREAD_ROWS = 1,
    NMF_SPREAD_FITS = 2
} nmf_spread;
#define NMF_SPREAD_NAMES "auto", "rows", "fits"

typedef enum nmf_precision {
    NMF_PRECISION_AUTO = 0,
    NMF_PRECISION_F32 = 1,
    NMF_PRECISION_F64 = 2
} nmf_precision;
#define NMF_PRECISION_NAMES "auto", "f32", "f64"

typedef enum nmf_pca_solver {
    NMF_PCA_SOLVER_AUTO = 0,
    NMF_PCA_SOLVER_EXACT = 1,
    NMF_PCA_SOLVER_RANDOMIZED = 2
} nmf_pca_solver;
#define NMF_PCA_SOLVER_NAMES "auto", "exact", "randomized"

typedef enum nmf_pca_sign { NMF_PCA_SIGN_V = 0, NMF_PCA_SIGN_U = 1 } nmf_pca_sign;
#define NMF_PCA_SIGN_NAMES "v", "u"

/* How the columns of new data are paired with a model's features. */
typedef enum nmf_match {
    NMF_MATCH_NAME = 0,    /* by name where both sides have names, else by position */
    NMF_MATCH_POSITION = 1 /* by position, whatever the names say */
} nmf_match;
#define NMF_MATCH_NAMES "name", "position"

/* Features of the model that new data do not have. */
typedef enum nmf_missing_features {
    NMF_FEATURES_REFUSE = 0,
    NMF_FEATURES_ZERO = 1,  /* as if they were there, and 0 */
    NMF_FEATURES_IGNORE = 2 /* W is sought for the features that are there */
} nmf_missing_features;
#define NMF_MISSING_FEATURES_NAMES "refuse", "zero", "ignore"

/* Whose rows sum to one. Rows of W are brought there by projection in each row's own problem; those of H, which
 * nothing else holds where there are no penalties and no bounds, by their scale. */
typedef enum nmf_simplex { NMF_SIMPLEX_NONE = 0, NMF_SIMPLEX_W = 1, NMF_SIMPLEX_H = 2 } nmf_simplex;
#define NMF_SIMPLEX_NAMES "none", "W", "H"

/* What becomes of entries of X below 0. */
typedef enum nmf_negatives {
    NMF_NEGATIVES_ERROR = 0,
    NMF_NEGATIVES_CLIP = 1, /* 0, in a copy of X */
    NMF_NEGATIVES_ALLOW = 2 /* Frobenius only */
} nmf_negatives;
#define NMF_NEGATIVES_NAMES "error", "clip", "allow"

#define NMF_SCOPE_FIT 1
#define NMF_SCOPE_PCA 2
#define NMF_SCOPE_TRANSFORM 4
#define NMF_SCOPE_SELECT 8  /* nmf_rank, nmf_consensus */
#define NMF_SCOPE_BOUNDS 16 /* as FIT and TRANSFORM */

/* One line of the trace: the state after an iteration on X. */
typedef struct nmf_trace_point {
    int64_t iteration; /* on X, from 1; 0 in the sketch */
    int64_t passes;    /* passes over X so far, start and validation included */
    double seconds;    /* since the fit began */
    /* The objective: divergence plus penalties. In the sketch with what that leaves out of X; NaN there where the fit
     * only begins in it, with the Frobenius loss of all entries (divergences, weights, missing entries). */
    double loss;
    double kkt; /* scale-free KKT residual; NaN where it was not computed */
} nmf_trace_point;

/* Called after each iteration of each start, those in the sketch included, from the thread that called the fit,
 * and while a pass over X lasts some ten times a second with the point of the iteration before (loss and kkt NaN
 * where there is none). Non-zero stops the fit within a second: the best result so far is returned with stopped =
 * NMF_STOPPED_INTERRUPTED, or, before there is one, the error INTERRUPTED (time_limit_seconds: the error TIME_LIMIT).
 * PCA and transform call it only during passes. */
typedef int (*nmf_progress_fn)(const nmf_trace_point *point, void *context);

/* The list of options.def stands last: an option added at its end leaves every offset as it was. */
typedef struct nmf_options {
    size_t struct_bytes;       /* sizeof(nmf_options), set by NMF_OPTIONS_INIT */
    const nmf_matrix *start_W; /* samples x k, for init = custom; borrowed for the call */
    const nmf_matrix *start_H; /* k x features */
    nmf_progress_fn progress;  /* may be NULL */
    void *progress_context;
#define NMF_OPTION_INT(field, flag, value, low, high, scope, metavar, help) int64_t field;
#define NMF_OPTION_REAL(field, flag, value, low, high, scope, metavar, help) double field;
#define NMF_OPTION_FLAG(field, flag, value, scope, help) int field;
#define NMF_OPTION_ENUM(field, flag, value, type, names, scope, help) type field;
#define NMF_OPTION_HOOK(field, type) type field;
#include <nmfkit/options.def>
} nmf_options;

/* The defaults, with the size of the struct the caller was compiled with. */
static inline nmf_options nmf_options_init(void)
{
    const nmf_options defaults = {
        sizeof(nmf_options), NULL, NULL, NULL, NULL,
#define NMF_OPTION_INT(field, flag, value, low, high, scope, metavar, help) value,
#define NMF_OPTION_REAL(field, flag, value, low, high, scope, metavar, help) value,
#define NMF_OPTION_FLAG(field, flag, value, scope, help) value,
#define NMF_OPTION_ENUM(field, flag, value, type, names, scope, help) value,
#define NMF_OPTION_HOOK(field, type) 0,
#include <nmfkit/options.def>
    };
    return defaults;
}
#define NMF_OPTIONS_INIT nmf_options_init()

/* The options as a table, for whoever parses or prints them: the command line, the manual,
 * bindings. `names` lists an enum's values in order. */
typedef enum nmf_option_kind {
    NMF_OPTION_KIND_INT = 0,
    NMF_OPTION_KIND_REAL = 1,
    NMF_OPTION_KIND_FLAG = 2,
    NMF_OPTION_KIND_ENUM = 3
} nmf_option_kind;

typedef struct nmf_option_info {
    const char *field; /* "max_iter": the struct's field and Python's keyword */
    const char *flag;  /* "max-iter": the command's --flag */
    const char *metavar;
    const char *help;
    const char *const *names; /* enum: the values' names, else NULL */
    int64_t name_count;
    nmf_option_kind kind;
    int scope;                               /* NMF_SCOPE_* bits */
    double value, lowest, highest;           /* default and bounds */
    size_t offset;                           /* of the field in nmf_options */
    int64_t lowest_integer, highest_integer; /* the bounds of an integer option, exactly */
} nmf_option_info;

NMF_API const nmf_option_info *nmf_option_table(int64_t *count);

/* Sets one option from text ("1e-3", "nndsvda", "yes"/"no" for a flag). Errors: ARGUMENT with the
 * value and what is allowed. */
NMF_API NMF_MUST_CHECK nmf_status nmf_option_set(nmf_options *options,
                                                 const nmf_option_info *option, const char *text,
                                                 nmf_error *error);

/* What other programs call values of an enum, which nmf_option_set takes too ("kullback-leibler" for kl): the word of
 * number `index` from 0 on, with our name for it in *name (may be NULL); NULL where `option` has no more. */
NMF_API const char *nmf_option_other_word(const nmf_option_info *option, int64_t index,
                                          const char **name);

/* Writes one option's value as text that nmf_option_set reads back; cut at `bytes`. */
NMF_API void nmf_option_get(const nmf_options *options, const nmf_option_info *option, char *text,
                            size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
