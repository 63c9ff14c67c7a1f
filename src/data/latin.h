/* X with held-out folds, as a source of masked fits: rows and columns are dealt into `folds` random
 * groups each, and fold r is every entry with (group of its row + group of its column) mod folds = r.
 * So each fold is a Latin square of blocks, takes about the same share of every row and every column,
 * and all rows of a group miss the same columns: what they share, a Gram matrix or the sums of the other
 * factor, is computed once for the group. No mask is stored, none is asked for an entry.
 *
 * A copy of X is kept in its own type, rows and columns in the order of their groups, and the line of a
 * row of group a begins at the column group that follows fold 0 and goes round the columns: there
 *
 *   place p of a line of group a holds the group (p + 1 - a) mod folds of what runs across,
 *
 * so what fold r leaves to learn from, places r to r + folds - 2, lies side by side for each of the
 * `repeats` folds that are held out, at the price of repeating repeats - 2 groups in the copy. A kernel
 * sees a line without a hole. Along the columns everything is the same with rows and columns changed over. */
#ifndef NMFI_DATA_LATIN_H
#define NMFI_DATA_LATIN_H

#include "base/memory.h"

#include <nmfkit/matrix.h>

/* Members of a side, rows or columns of X: in the order of groups, member i is number at[i] of X;
 * group g has members begin[g] to begin[g + 1] - 1. */
typedef struct nmfi_groups {
    int64_t count, folds;
    int64_t *at;    /* count */
    int64_t *place; /* count: where number i of X is */
    int64_t *begin; /* folds + 1 */
} nmfi_groups;

/* The copy along one side: its lines are the members of `along`. Dense: line i at data + i stride.
 * Sparse: entry e of line i, bounds[i * (places + 1) + p] <= e < bounds[... + p + 1] for place p, is
 * values[e] at member indices[e] of the other side. */
typedef struct nmfi_latin_side {
    const nmfi_groups *along, *across;
    void *data;
    void *
        u; /* where entries have weights: beside data, weight^(1 / beta), 0: not observed; else NULL */
    int64_t stride;
    int64_t *bounds;
    int32_t *indices;
    void *values;
} nmfi_latin_side;

/* What fold r leaves of the lines of a side: weighted sums, sums of weights (numbers of entries where each
 * counts once), largest entries, repeats x count each. Nothing else of X reaches a held-out fit. */
typedef struct nmfi_latin_margins {
    double *sum, *weight, *largest;
} nmfi_latin_margins;

typedef struct nmfi_latin {
    int64_t folds, repeats, places;
    nmf_dtype dtype;
    int is_sparse, is_weighted;
    double beta;             /* of weights */
    int64_t stored;          /* entries of X that are kept */
    nmfi_groups group[2];    /* of rows, of columns */
    nmfi_latin_side side[2]; /* along rows; along columns, where it was asked for */
    nmfi_latin_margins margin[2];
    double *sum, *squares, *weight; /* repeats: of what each fold leaves, weighted */
    double *entries;                /* repeats: how many it leaves, that were observed */
    /* repeats: the Kullback-Leibler divergence of what each fold leaves from the product of its margins over
     * its sum; where X is dense and both sides are there. */
    double *off_margins;
    double whole_sum, whole_squares; /* of all of X: for reports alone, not for fits */
    nmfi_arena arena;
} nmfi_latin;

/* How X is dealt. */
typedef struct nmfi_latin_wishes {
    int64_t folds, repeats;
    uint64_t seed;
    int both, dense; /* both sides; every zero is stored, also of a sparse X */
    /* Beside X, dense and packed, in its type: weight^(1 / beta) of each entry, 0 where it was not observed. NULL:
     * each counts once. */
    const void *u;
    double beta;
    nmfi_memory_limit limit;
    const struct nmfi_latin_part *part; /* whose X is dealt; of nmfi_latin_open_part alone */
} nmfi_latin_wishes;

/* Errors: MEMORY (also X with more than 2^31 - 1 rows or columns where it is sparse). */
nmf_status nmfi_latin_open(nmfi_latin *latin, const nmf_matrix *X, const nmfi_latin_wishes *wishes,
                           nmf_error *error);
/* Folds of a part of X, where fits may begin: of the side of `whole` that has more lines, about `share` of the
 * members of each group, dealt as they are there, so that what a fold holds out of the part it holds out of X. The
 * first members of whole's group g are those of the part's, in order; the other side's are the same. `wishes` as for
 * `whole`. Errors: MEMORY. */
nmf_status nmfi_latin_open_part(nmfi_latin *part, const nmfi_latin *whole, const nmf_matrix *X,
                                double share, const nmfi_latin_wishes *wishes, nmf_error *error);
void nmfi_latin_close(nmfi_latin *latin);

/* The side with more lines. */
static inline int nmfi_latin_longer(const nmfi_latin *latin)
{
    return latin->group[1].count > latin->group[0].count;
}

/* The weight of entry `at` of a side's copy, 0 where it was not observed. */
double nmfi_latin_weight(const nmfi_latin *latin, int side, int64_t at);

/* The run of places of a line of group a that fold r leaves (held 0) or holds out (held 1), in entries of
 * a dense line: from `offset` on, `count` of them; the first is member `first` across, and members go
 * round. Sparse: places [place, place + places). */
typedef struct nmfi_latin_run {
    int64_t offset, count, first, place, places;
} nmfi_latin_run;
nmfi_latin_run nmfi_latin_run_of(const nmfi_latin *latin, int side, int64_t group, int64_t fold,
                                 int held);

/* The group across that lines of group a lack under fold r. */
static inline int64_t nmfi_latin_missing(const nmfi_latin *latin, int64_t group, int64_t fold)
{
    return (fold - group + latin->folds) % latin->folds;
}

#endif
