/* How well two ways of dividing the same samples into groups agree. */
#ifndef NMF_CLI_AGREEMENT_H
#define NMF_CLI_AGREEMENT_H

#include <nmfkit/status.h>
#include <stdint.h>

typedef struct cli_agreement {
    double nmi;      /* mutual information over the mean of both entropies */
    double ari;      /* Hubert & Arabie 1985: 0 for chance, 1 for equal */
    double accuracy; /* share of samples in their group's partner, groups matched one to one */
    int64_t classes, groups;
} cli_agreement;

/* first[i] and second[i] are sample i's groups, numbers from 0 to classes - 1 and groups - 1. NMI
 * and ARI as scikit-learn defines normalized_mutual_info_score and adjusted_rand_score; the
 * matching is the best there is (Kuhn 1955). Errors: MEMORY. */
nmf_status cli_agree(const int64_t *first, const int64_t *second, int64_t samples, int64_t classes,
                     int64_t groups, cli_agreement *agreement, nmf_error *error);

#endif
