/* What samples are made of: shares of the components, and how well they agree with known classes. */
#ifndef NMFKIT_SHARES_H
#define NMFKIT_SHARES_H

#include <nmfkit/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The share of each component in all that the model explains: with NMF the sum of its part of W H
 * over that of all, sum_i w_ic sum_j h_cj / sum_c' sum_i w_ic' sum_j h_c'j; with PCA its explained
 * variance ratio. `shares` has k entries, the caller's; they sum to 1 (PCA: to what is explained),
 * or are all 0 where the model is. Cost: one look at W and H. Errors: ARGUMENT. Thread-safe. */
NMF_API NMF_MUST_CHECK nmf_status nmf_model_component_shares(const nmf_model *model, double *shares,
                                                             nmf_error *error);

/* The share of each component in each sample: |w_ic| s_c / sum_c' |w_ic'| s_c', where s_c, the size
 * of row c of H, makes weights comparable: its Euclidean norm, or its sum for losses other than
 * Frobenius (which keep sums). W: of nmf_transform, samples x k, or NULL: the model's own; columns that
 * are named by component (a row name of H, or a number from 0 or from 1) are taken by name. *shares
 * is new, samples x k, f64, with W's sample names and labels, the caller's; rows sum to 1, or are
 * all 0. largest (samples entries, the caller's, or NULL): each sample's largest component, the
 * first of equal ones; -1 where it has none. Errors: ARGUMENT, SHAPE (columns of W), DATA (an entry
 * of W that is not finite), MEMORY. Thread-safe. */
NMF_API NMF_MUST_CHECK nmf_status nmf_model_sample_shares(const nmf_model *model,
                                                          const nmf_matrix *W, nmf_matrix **shares,
                                                          int64_t *largest, nmf_error *error);

typedef struct nmf_agreement {
    double nmi;      /* mutual information over the mean of both entropies */
    double ari;      /* Hubert & Arabie 1985: 0 for chance, 1 for equal */
    double accuracy; /* share of samples in their group's partner, groups matched one to one */
} nmf_agreement;

/* How well two ways of dividing the same samples into groups agree. first[i] and second[i] are
 * sample i's groups: numbers from 0 to classes - 1 and to groups - 1 (groups may be empty). NMI and
 * ARI as scikit-learn defines normalized_mutual_info_score and adjusted_rand_score; the matching is
 * the best there is. Cost: classes x groups for the table, and nmf_best_matching. Errors: ARGUMENT
 * (no samples, a number outside), MEMORY. Thread-safe. */
NMF_API NMF_MUST_CHECK nmf_status nmf_agree(const int64_t *first, const int64_t *second,
                                            int64_t samples, int64_t classes, int64_t groups,
                                            nmf_agreement *agreement, nmf_error *error);

/* Pairs rows with columns one to one so that the sum of gain[i * columns + j] over the pairs is as
 * large as it can be: partner[i] is row i's column, -1 where there are more rows than columns and
 * it got none. `gain` is rows x columns, finite. Pairs the components of two models by their
 * likeness. Cost: the shorter side squared times the longer. Errors: ARGUMENT, MEMORY. Thread-safe.
 * Source: Kuhn 1955; Jonker & Volgenant 1987. */
NMF_API NMF_MUST_CHECK nmf_status nmf_best_matching(const double *gain, int64_t rows,
                                                    int64_t columns, int64_t *partner,
                                                    nmf_error *error);

#ifdef __cplusplus
}
#endif
#endif
