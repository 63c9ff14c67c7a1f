/* Clusters of unit rows, from the table of their cosines alone. */
#ifndef NMFI_SELECT_CLUSTER_H
#define NMFI_SELECT_CLUSTER_H

#include <nmfkit/status.h>
#include <stdint.h>

/* distances[a * count + b] = Euclidean distance between rows a and b, from their products. May be done in
 * place. */
void nmfi_distances(const double *products, int64_t count, double *distances);

/* density[a]: the sum of the distances to the `neighbours` nearest other rows, over their number. `work`
 * holds count numbers. Source: Kotliar et al. 2019. */
void nmfi_local_density(const double *distances, int64_t count, int64_t neighbours, double *work,
                        double *density);

/* k-means of the rows with cluster >= 0, whose clusters are overwritten by 0 .. k - 1; at least k of them.
 * The best of `starts` starts by k-means++ (Arthur & Vassilvitskii 2007), Lloyd's rounds to their end;
 * returns the sum of squared distances from the means. Errors: MEMORY. */
nmf_status nmfi_cluster(const double *products, int64_t count, int64_t k, int64_t starts,
                        uint64_t seed, int64_t *cluster, double *inertia, nmf_error *error);

#endif
