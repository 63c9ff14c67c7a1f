/* nmf_model: what a fit learned, and everything needed to use it, save it and judge it.
 *
 * NMF:  X ~ W H.          W is samples x k, H is k x features, both >= 0.
 * PCA:  X ~ W H + 1 mean' W holds the scores (whitened if asked), the rows of H are orthonormal. */
#ifndef NMFKIT_MODEL_H
#define NMFKIT_MODEL_H

#include <nmfkit/matrix.h>
#include <nmfkit/options.h>
#include <nmfkit/weighting.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum nmf_model_kind { NMF_MODEL_NMF = 0, NMF_MODEL_PCA = 1 } nmf_model_kind;

/* Why the fit stopped. */
typedef enum nmf_stopped {
    /* KKT residual <= tol; under a divergence also <= 10 tol where the loss has stopped falling, to
     * within tol / 100 of what is left of it an iteration. */
    NMF_STOPPED_CONVERGED = 0,
    NMF_STOPPED_STALLED =
        1, /* the loss has stopped falling, but the residual is larger than that */
    NMF_STOPPED_MAX_ITER = 2,
    NMF_STOPPED_TIME_LIMIT = 3,
    NMF_STOPPED_INTERRUPTED = 4
} nmf_stopped;
#define NMF_STOPPED_NAMES "converged", "stalled", "max-iter", "time-limit", "interrupted"

typedef struct nmf_model nmf_model;

/* Everything in a model, as plain data: one way to look at it and, for readers of model files, one
 * way to make it. Matrices and pointers belong to the model and live as long as it does. */
typedef struct nmf_model_content {
    size_t struct_bytes; /* sizeof(nmf_model_content) */
    nmf_model_kind kind;
    nmf_loss loss_kind;
    nmf_options options; /* as used; start_W, start_H and progress are NULL */

    const nmf_matrix *W; /* samples x k, f32 or f64, row-major; carries sample names and labels */
    const nmf_matrix
        *H; /* k x features, the same type; carries feature names and the image shape */

    /* PCA only, else NULL; f64. k entries but for mean (features entries). */
    const double *mean;
    const double *singular_values;
    const double *explained_variance;       /* singular_value^2 / (samples - 1) */
    const double *explained_variance_ratio; /* of the total variance of X */

    const nmf_trace_point *trace;
    int64_t trace_count;

    int64_t samples, features, k;
    int64_t iterations, passes;
    double seconds;        /* of the fit, data in memory, start included */
    double loss;           /* the final objective, penalties included */
    double error;          /* sqrt(2 D); for Frobenius ||X - WH||_F */
    double relative_error; /* error / ||X||_F; other losses: D / D(X || rank-one fit), see fit.h */
    double kkt;            /* scale-free KKT residual at the end */
    nmf_stopped stopped;
    int64_t threads;
    nmf_precision precision;   /* of the arithmetic: F32 or F64 */
    char kernel[16];           /* "portable", "avx2", "avx512" */
    char init[16];             /* the start that was used, never "auto" */
    uint64_t fingerprint;      /* nmf_matrix_fingerprint of X; 0 where not set */
    uint64_t winning_seed;     /* seed of the start that won */
    int64_t sketch_iterations; /* before `iterations`, in a sketch and without reading X */
    double unit; /* power of 4 that the arithmetic multiplies X by, to suit any unit; 0: 1 */
    nmf_weighting weighting; /* of the samples before the fit; nmf_transform weighs alike */
    const double *idf;       /* for TFIDF, else NULL: `features` entries, f64 */
    /* How the data were read from their file, 0 or 1: its rows were features; a row's pixels ran
     * down the picture's columns. For whoever reads new data for this model. */
    int data_transposed, data_column_order;
    /* Of a consensus (nmf_consensus), else NULL: how well each component comes back, k entries from -1 to
     * 1; what nine tenths of the replicates have for each entry of H, 5 % and 95 % quantiles, k x
     * features, for rows of H's own sums. */
    const double *stability, *H_low, *H_high;
    /* The penalty that draws rows of W towards their mean row, 1/2 shrink |w - shrink_to|^2 each, where the fit had it
     * (options.shrink); nmf_transform of partly observed rows has it too. shrink_to: k entries, the means of W's
     * columns, NULL where shrink is 0; where it is NULL and shrink is not, it is made from W. */
    double shrink;
    const double *shrink_to;
    /* Of a fit from several starts, the caller's or the library's own, else 0 and NULL: the loss of each when
     * they were compared (in the sketch, after its first iterations or at its end; only the best goes on from
     * there), NaN where one was not come to; start number s has the seed options.seed + s. winning_start: the
     * number of the one that won. */
    int64_t start_count, winning_start;
    const double *start_losses;
    /* The penalty on the volume that H spans, 1/2 volume log det(I + H H' / volume_delta), which `loss` has, where the
     * fit had it (options.volume); else 0. */
    double volume, volume_delta;
} nmf_model_content;

NMF_API const nmf_model_content *nmf_model_view(const nmf_model *model);

/* A model from its content, which is copied. Nothing in it is taken on trust: what it says twice must
 * agree (shapes, k, loss, precision, weighting and idf), options must be within their bounds. W may
 * be NULL where samples is 0: a model to transform with, which cannot be saved. precision AUTO is
 * that of the arrays. Errors: SHAPE where parts do not fit each other, DATA for NaN or infinite
 * entries (and negative ones in NMF), ARGUMENT for missing parts and for words that contradict each
 * other, MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_model_new(const nmf_model_content *content, nmf_model **model,
                                                nmf_error *error);

/* Notes which data the model was made from (see nmf_matrix_fingerprint). */
NMF_API void nmf_model_set_fingerprint(nmf_model *model, uint64_t fingerprint);

/* Notes how the data were read from their file (see nmf_model_content). */
NMF_API void nmf_model_set_reading(nmf_model *model, int transposed, int column_order);

/* Says how the data was weighted, and keeps a copy of the idf (features entries; NULL but for
 * TFIDF): nmf_transform weighs new samples alike. A fit with options.weighting has said so itself;
 * this is for data that were weighed before the fit, or, with NONE, to transform data that are
 * weighed already. Errors:
 * ARGUMENT (no idf for TFIDF, an unknown weighting), DATA (an idf that is negative or not finite),
 * MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_model_set_weighting(nmf_model *model, nmf_weighting weighting,
                                                          const double *idf, nmf_error *error);

/* Notes of each component how well it comes back and between which bounds its entries lie (see
 * nmf_model_content), all three copied; all NULL: not known. Errors: ARGUMENT (one of them missing, a
 * stability beyond -1 to 1, a bound above the other), DATA (an entry that is not finite), MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_model_set_stability(nmf_model *model, const double *stability,
                                                          const double *H_low, const double *H_high,
                                                          nmf_error *error);

/* H as packed k x features floats, or NULL if the model is f64 (and the other way round). */
NMF_API const float *nmf_model_components_f32(const nmf_model *model);
NMF_API const double *nmf_model_components_f64(const nmf_model *model);

NMF_API void nmf_model_free(nmf_model *model); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
