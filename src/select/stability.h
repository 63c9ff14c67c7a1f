/* Which components come back: those of several fits of one rank, matched by their cosines. */
#ifndef NMFI_SELECT_STABILITY_H
#define NMFI_SELECT_STABILITY_H

#include <nmfkit/status.h>
#include <stdint.h>

/* The rows of `count` rows x `columns` (f64), each divided by its Euclidean norm, in place; a row of
 * zeros stays one. */
void nmfi_unit_rows(double *rows, int64_t count, int64_t columns);

/* cosines[a * count + b] = <row a, row b> for packed unit rows. Cost: count^2 x columns / 2. */
void nmfi_row_cosines(const double *rows, int64_t count, int64_t columns, double *cosines);

/* What was found of the components of `fits` fits of rank k, fit a's component l being row a k + l.
 * All arrays are the caller's. */
typedef struct nmfi_stability {
    int64_t *cluster;   /* fits x k: the component that each one is an instance of */
    double *silhouette; /* k: the mean over the instances of a component, in cosine distance */
    double *cosine;     /* k: the mean cosine of two instances of a component */
    double worst, mean; /* silhouettes; 1 where k = 1 */
    int64_t returning;  /* components whose mean cosine is at least NMFI_RETURNS */
} nmfi_stability;
#define NMFI_RETURNS 0.9

/* Fits are matched one to one to the running means of what was matched before, four rounds, as T-ELF
 * and SigProfilerExtractor do; silhouettes are Rousseeuw's, of clusters with one member from each
 * fit. Source: Alexandrov et al. 2013 (NMFk). Errors: MEMORY. */
nmf_status nmfi_match_components(const double *cosines, int64_t fits, int64_t k,
                                 nmfi_stability *found, nmf_error *error);

/* silhouette[i] of `count` points in clusters[i] in [0, k), from any table of distances; a cluster of
 * one has 0, and so has everything where there is one cluster (scikit-learn's silhouette_samples). A
 * point with cluster < 0 is left out and gets NaN. `work` holds 2 k numbers. */
void nmfi_silhouettes(const double *distances, const int64_t *clusters, int64_t count, int64_t k,
                      double *work, double *silhouette);

#endif
