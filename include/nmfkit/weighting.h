/* Weightings: what counts are usually turned into before they are factorized. */
#ifndef NMFKIT_WEIGHTING_H
#define NMFKIT_WEIGHTING_H

#include <nmfkit/matrix.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum nmf_weighting {
    NMF_WEIGHTING_NONE = 0,
    NMF_WEIGHTING_TFIDF = 1,       /* x_ij idf_j, each row divided by its Euclidean norm */
    NMF_WEIGHTING_LOG1P_CP10K = 2, /* log(1 + 10000 x_ij / the row's sum) */
    NMF_WEIGHTING_SQRT = 3,
    /* x_ij / the row's sum: what a sample is made of, whatever the amount of it, or the light on a pixel */
    NMF_WEIGHTING_SUM = 4,
    /* The entries as they are, also where NONE is not: simplex = W with init = spa or snpa takes SUM by itself */
    NMF_WEIGHTING_RAW = 5
} nmf_weighting;
#define NMF_WEIGHTING_NAMES "none", "tfidf", "log1p-cp10k", "sqrt", "sum", "raw"

/* idf_j = log((1 + samples) / (1 + samples with x_ij > 0)) + 1, as scikit-learn's TfidfTransformer
 * defines it (smooth_idf), for each feature; `idf` has as many entries as X has columns, the
 * caller's. Cost: one pass. Errors: DATA (negative or not finite entries). */
NMF_API NMF_MUST_CHECK nmf_status nmf_weighting_idf(const nmf_matrix *X, double *idf,
                                                    nmf_error *error);

/* Replaces *X by its weighted entries: f64 where they were f64, else f32; sparse where it was
 * sparse, of which it keeps the structure; with its names, labels and image shape. Rows that are
 * all zero stay so. Where a function reads *X (nmf_matrix_from_reader, by rows) so it does the new one: entries are
 * weighted as they are read. `idf` (columns entries >= 0) is read for TFIDF only: those of the samples that
 * were learned from, so that new samples are weighted like them; NULL: those of *X itself. A fit
 * weighs by itself (options.weighting), and so does nmf_transform with its model. On failure *X is as it was. Cost:
 * two passes. Errors: ARGUMENT, DATA (negative or not finite entries), MEMORY. Sources:
 * TfidfTransformer (norm l2) of scikit-learn 1.2; normalize_total with target_sum 10^4, and log1p,
 * of scanpy 1.9. */
NMF_API NMF_MUST_CHECK nmf_status nmf_weigh(nmf_matrix **X, nmf_weighting weighting,
                                            const double *idf, nmf_error *error);

#ifdef __cplusplus
}
#endif
#endif
