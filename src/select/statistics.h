/* What a table of held-out losses says about the ranks it was made for.
 *
 * losses[r * rows + i]: what the fit without fold r loses on row i's entries of that fold. All ranks
 * share their folds, so they are compared entry by entry of that table: the spread between rows or
 * folds that all ranks have in common is no uncertainty about which of them predicts better. */
#ifndef NMFI_SELECT_STATISTICS_H
#define NMFI_SELECT_STATISTICS_H

#include <nmfkit/status.h>
#include <stdint.h>

typedef struct nmfi_candidate {
    int64_t k;
    const double *losses; /* folds x rows */
    /* Out: */
    double loss;           /* the sum of losses */
    double difference;     /* from that of the best */
    double standard_error; /* of the difference, paired; 0 for the best itself */
    double p_best;         /* share of the bootstrap's draws that it wins */
    int in_set;            /* cannot be told from the best */
} nmfi_candidate;

typedef struct nmfi_verdict {
    int64_t best;     /* index of the smallest loss; of equal ones the first */
    int64_t predicts; /* index of the smallest k within one standard error of it */
} nmfi_verdict;

/* Candidates come in ascending k. `tie`: losses no further apart than this are equal (data without
 * noise).
 *
 *   difference d = sum over rows and folds of L_k - L_best
 *   standard error = max(sqrt(rows) sd over rows of sum over folds, sqrt(folds) sd over folds of sum over rows)
 *   in the set: the best; and where d > tie, P(best) >= nmfi_share_of_set(folds)
 *
 * P(best) by `draws` bootstrap draws of rows and of folds, with replacement, no refit. Cost: draws x
 * candidates x folds x rows. Errors: MEMORY. */
nmf_status nmfi_compare(nmfi_candidate *candidates, int64_t count, int64_t folds, int64_t rows,
                        double tie, int64_t draws, uint64_t seed, nmfi_verdict *verdict,
                        nmf_error *error);

/* The share of a bootstrap's draws that a rank wins where a one-sided test of 5 % just fails to tell it from the best:
 * Student's t of so many folds, in the bootstrap's own spread, which is (folds - 1) / folds of the variance. Of five folds .009,
 * of very many .05. Trap: two standard errors in its place would keep whatever explodes in one fold, and so has a large one. */
double nmfi_share_of_set(int64_t folds);

/* t such that a share `level` of Student's law with `freedom` degrees of freedom (1 or more) is within +-t.
 * Source: Abramowitz & Stegun 1964, 26.7.3 and 26.7.4. */
double nmfi_student(double level, int64_t freedom);

#endif
