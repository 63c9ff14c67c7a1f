/* What the tests of fits share: matrices of every temper, storage type and layout, fits that must
 * succeed, and exact comparisons of what they give. */
#ifndef TESTS_PROPERTY_SUPPORT_H
#define TESTS_PROPERTY_SUPPORT_H

#include <nmfkit/nmfkit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) ((int64_t)(sizeof(array) / sizeof *(array)))

/* Where the entries lie: row by row, column by column, with gaps everywhere, or from the end
 * backwards; then only those that are not zero, in compressed rows (32-bit indices) or columns
 * (64-bit ones). */
typedef enum layout {
    BY_ROWS,
    BY_COLUMNS,
    WITH_GAPS,
    BACKWARDS,
    DENSE_LAYOUTS,
    SPARSE_ROWS = DENSE_LAYOUTS,
    SPARSE_COLUMNS,
    LAYOUT_COUNT
} layout;

/* Writes the m x n entries, row by row; some depend on no random numbers. */
typedef void temper(double *x, int64_t m, int64_t n);
temper fill_random;     /* uniform in 0 to 200 */
temper fill_parts;      /* rank 5 in 0 to 200, and a little noise */
temper fill_exact_rank; /* rank 3 exactly */
temper fill_duplicates; /* each row three times over */
temper fill_holes;      /* fill_parts; every fifth row and seventh column zero */
temper fill_sparse;     /* 99 % zeros */
temper fill_spike;      /* fill_parts and one entry of 1e6 */
temper fill_tiny;       /* fill_parts times 1e-30 */
temper fill_huge;       /* fill_parts times 1e30 */

typedef struct problem {
    const char *name;
    temper *fill;
    int64_t m, n, k;
} problem;

/* The next of a fixed sequence of numbers in [0, 1). */
double next_uniform(uint64_t *state);

/* An m x n matrix of its own memory. matrix_from copies `values` (row by row), rounding down to
 * integers where the type has only those; matrix_like copies another matrix. */
nmf_matrix *matrix_from(const double *values, int64_t m, int64_t n, nmf_dtype dtype, layout how);
nmf_matrix *matrix_of(const problem *what, nmf_dtype dtype, layout how);
nmf_matrix *matrix_like(const nmf_matrix *other, double factor, nmf_dtype dtype, layout how);

/* Entries as f64, row by row; free() them. */
double *entries_of(const nmf_matrix *A);

/* These must succeed. */
nmf_model *fit(const nmf_matrix *X, const nmf_options *options);
/* `from`'s factors are the start, its options the others. */
nmf_model *fit_further(const nmf_matrix *X, const nmf_model_content *from, int64_t iterations);
nmf_model *pca(const nmf_matrix *X, const nmf_options *options);
nmf_matrix *transform(const nmf_model *model, const nmf_matrix *X, const nmf_options *options);

/* W and H of the model hold finite numbers >= 0; `name` is said where they do not. */
void expect_factors(const nmf_model *model, const char *name);

/* What a loss is of one entry x whose model is v, by its definition: half the square (beta = 2), Kullback-Leibler (1),
 * Itakura-Saito (0), any other beta-divergence. */
double loss_of_entry(double x, double v, double beta);

/* ||X - W H||_F from the entries, in f64, and ||X||_F. */
double distance(const nmf_matrix *X, const nmf_matrix *W, const nmf_matrix *H);
double norm(const nmf_matrix *X);
double rounding_of(const nmf_model *model); /* half an ulp of 1 in the model's arithmetic */

/* The residual by its definition (src/fit/stop.c), from the entries, in f64; and how far rounding
 * may move the one that the model tells. */
double kkt_residual(const nmf_matrix *X, const nmf_matrix *W, const nmf_matrix *H);
double kkt_rounding(const nmf_model *model);

/* Bit for bit: entries; everything that a fit gives but seconds and the number of threads. */
void expect_same_entries(const nmf_matrix *a, const nmf_matrix *b);
void expect_same_model(const nmf_model *a, const nmf_model *b);

/* Ways to divide the work, on which no result may depend. */
enum { DIVISIONS = 5 };
extern const struct division {
    int64_t threads, block_rows;
} divisions[DIVISIONS];

/* The model that `learn` makes of X is the same however the work is divided. */
typedef nmf_model *learner(const nmf_matrix *X, const nmf_options *options);
void expect_same_bits(learner *learn, const nmf_matrix *X, nmf_options options);

#endif
