/* What PCA promises: orthonormal components with falling variances that add up to the data's, by
 * either solver; scores that transform gives again; the sign rules; the way back. (Against NumPy:
 * tests/parity.) */
#include "support.h"

#include <math.h>
#include <stdlib.h>

static const problem problems[] = {
    {"tall", fill_parts, 400, 30, 6},
    {"wide", fill_parts, 30, 400, 6},
    {"square", fill_random, 60, 60, 5},
    {"all components", fill_random, 25, 20, 20},
    {"rank below k", fill_exact_rank, 50, 40, 6},
    {"duplicated rows", fill_duplicates, 90, 25, 4},
    {"one sample", fill_random, 1, 12, 1},
    {"one feature", fill_random, 12, 1, 1},
    {"large mean", fill_random, 120, 50, 4},
};
enum { LARGE_MEAN = sizeof problems / sizeof *problems - 1 };

static nmf_matrix *data_of(int64_t p, nmf_dtype dtype, layout how)
{
    nmf_matrix *X = matrix_of(&problems[p], NMF_F64, BY_ROWS);
    const nmf_dense dense = nmf_matrix_dense(X);
    double *values = (double *)dense.data; /* matrix_of's own block */
    for (int64_t i = 0; i < dense.rows * dense.columns; i++)
        values[i] += p == LARGE_MEAN ? 20000 : -60; /* PCA knows negative numbers */
    nmf_matrix *stored = matrix_like(X, 1, dtype, how);
    nmf_matrix_free(X);
    return stored;
}

typedef void claim(const nmf_model *model, const nmf_matrix *X, const char *name);

/* Every problem, solver, arithmetic and layout, whitened or not, meets the claim. */
static void for_each_pca(claim *holds)
{
    for (int64_t p = 0; p < COUNT(problems); p++)
        for (int solver = 1; solver <= 2; solver++)
            for (nmf_dtype dtype = NMF_F32; dtype <= NMF_F64; dtype++) {
                const layout how = (layout)((p + solver) % LAYOUT_COUNT);
                nmf_options options = NMF_OPTIONS_INIT;
                options.k = problems[p].k;
                options.pca_solver = (nmf_pca_solver)solver;
                options.pca_sign = (nmf_pca_sign)(p % 2);
                options.whiten = (int)(p + dtype) % 2;
                nmf_matrix *X = data_of(p, dtype, how);
                nmf_model *model = pca(X, &options);
                holds(model, X, problems[p].name);
                nmf_model_free(model);
                nmf_matrix_free(X);
            }
}

/* Rounding of a sum over the larger side; single precision sums at most 4096 entries in a row. */
static double sum_rounding(const nmf_model *model)
{
    const nmf_model_content *c = nmf_model_view(model);
    return (double)(c->samples + c->features + 10) * rounding_of(model);
}

/* A component whose variance is above the rounding of the largest: the others have no direction. */
static int has_direction(const nmf_model_content *c, int64_t j, double rounding)
{
    return c->singular_values[j] > sqrt(rounding) * c->singular_values[0];
}

static void is_orthonormal(const nmf_model *model, const nmf_matrix *X, const char *name)
{
    (void)X;
    const nmf_model_content *c = nmf_model_view(model);
    const double rounding = sum_rounding(model);
    for (int64_t a = 0; a < c->k; a++)
        for (int64_t b = 0; b <= a; b++) {
            if (!has_direction(c, a, rounding) || !has_direction(c, b, rounding)) continue;
            double product = 0;
            for (int64_t j = 0; j < c->features; j++)
                product += nmf_matrix_at(c->H, a, j) * nmf_matrix_at(c->H, b, j);
            /* Small components come out of products with large ones: rounding grows by the ratio.
             */
            const double most = 10 * rounding * c->singular_values[0] / c->singular_values[a];
            if (!(fabs(product - (a == b)) <= most))
                fail_msg("%s: components %lld and %lld: product %.9g", name, (long long)a,
                         (long long)b, product);
        }
}

static void components_are_orthonormal(void **state)
{
    (void)state;
    for_each_pca(is_orthonormal);
}

/* The total variance of X, and its mean. */
static double total_variance(const nmf_matrix *X, double *mean)
{
    const int64_t m = nmf_matrix_rows(X), n = nmf_matrix_columns(X);
    double total = 0;
    for (int64_t j = 0; j < n; j++) {
        mean[j] = 0;
        for (int64_t i = 0; i < m; i++) mean[j] += nmf_matrix_at(X, i, j) / (double)m;
        for (int64_t i = 0; i < m; i++) total += pow(nmf_matrix_at(X, i, j) - mean[j], 2);
    }
    return m > 1 ? total / (double)(m - 1) : total;
}

static void has_true_figures(const nmf_model *model, const nmf_matrix *X, const char *name)
{
    const nmf_model_content *c = nmf_model_view(model);
    double *mean = calloc((size_t)c->features, sizeof *mean), explained = 0;
    assert_non_null(mean);
    const double total = total_variance(X, mean), size = norm(X);
    const double rounding = sum_rounding(model);
    for (int64_t j = 0; j < c->features; j++)
        if (!(fabs(c->mean[j] - mean[j]) <= rounding * size))
            fail_msg("%s: mean of %lld: %.9g and not %.9g", name, (long long)j, c->mean[j],
                     mean[j]);
    for (int64_t j = 0; j < c->k; j++) {
        const double freedom = (double)(c->samples > 1 ? c->samples - 1 : 1);
        const double variance = c->singular_values[j] * c->singular_values[j] / freedom;
        assert_true(c->singular_values[j] >= 0);
        if (j > 0) assert_true(c->singular_values[j] <= c->singular_values[j - 1]);
        assert_true(fabs(c->explained_variance[j] - variance) <= 1e-12 * variance);
        if (total > 0) {
            const double ratio = c->explained_variance[j] / total;
            /* What the exact solver promises, and the randomized one, which never copies and
             * centres X. */
            const double most = c->options.pca_solver == NMF_PCA_SOLVER_EXACT ? 1e-6 : 1e-4;
            if (!(fabs(c->explained_variance_ratio[j] - ratio) <= most))
                fail_msg("%s: ratio %lld: %.9g and not %.9g", name, (long long)j,
                         c->explained_variance_ratio[j], ratio);
        }
        explained += c->explained_variance_ratio[j];
    }
    if (!(explained <= 1 + 1e-6)) fail_msg("%s: ratios add up to %.9g", name, explained);
    free(mean);
}

static void means_and_variances_are_those_of_the_data(void **state)
{
    (void)state;
    for_each_pca(has_true_figures);
}

/* Both solvers: variance explained by the components on the data, against the exact solver's in
 * f64. */
static void both_solvers_agree(void **state)
{
    (void)state;
    for (int64_t p = 0; p < COUNT(problems); p++) {
        nmf_matrix *X = data_of(p, NMF_F64, BY_ROWS);
        nmf_options options = NMF_OPTIONS_INIT;
        options.k = problems[p].k;
        options.pca_solver = NMF_PCA_SOLVER_EXACT;
        nmf_model *exact = pca(X, &options);
        options.pca_solver = NMF_PCA_SOLVER_RANDOMIZED;
        nmf_model *randomized = pca(X, &options);
        const nmf_model_content *a = nmf_model_view(exact), *b = nmf_model_view(randomized);
        for (int64_t j = 0; j < a->k; j++) {
            const double difference =
                a->explained_variance_ratio[j] - b->explained_variance_ratio[j];
            if (!(fabs(difference) <= 1e-4))
                fail_msg("%s: ratio %lld: %.9g and %.9g", problems[p].name, (long long)j,
                         a->explained_variance_ratio[j], b->explained_variance_ratio[j]);
        }
        nmf_model_free(exact);
        nmf_model_free(randomized);
        nmf_matrix_free(X);
    }
}

/* --- scores
 * ------------------------------------------------------------------------------------------ */

static void gives_its_scores_again(const nmf_model *model, const nmf_matrix *X, const char *name)
{
    const nmf_model_content *c = nmf_model_view(model);
    const double rounding = sum_rounding(model);
    nmf_matrix *W = transform(model, X, NULL);
    for (int64_t j = 0; j < c->k; j++) {
        if (!has_direction(c, j, rounding)) continue;
        /* A score is a difference of products as large as X, divided by the deviation where
         * whitened. */
        const double unit = c->options.whiten ? sqrt(c->explained_variance[j]) : 1.0;
        const double most =
            10 * rounding * norm(X) * c->singular_values[0] / c->singular_values[j] / unit;
        for (int64_t i = 0; i < c->samples; i++) {
            const double a = nmf_matrix_at(W, i, j), b = nmf_matrix_at(c->W, i, j);
            if (!(fabs(a - b) <= most))
                fail_msg("%s: score (%lld, %lld): %.9g and %.9g", name, (long long)i, (long long)j,
                         a, b);
        }
    }
    nmf_matrix_free(W);
}

static void transform_gives_the_scores_again(void **state)
{
    (void)state;
    for_each_pca(gives_its_scores_again);
}

static void comes_back(const nmf_model *model, const nmf_matrix *X, const char *name)
{
    const nmf_model_content *c = nmf_model_view(model);
    nmf_matrix *back = NULL;
    assert_int_equal(nmf_reconstruct(model, NULL, &back, NULL), NMF_OK);
    double sum = 0;
    for (int64_t i = 0; i < c->samples; i++)
        for (int64_t j = 0; j < c->features; j++)
            sum += pow(nmf_matrix_at(back, i, j) - nmf_matrix_at(X, i, j), 2);
    const double size = norm(X), rounding = 10 * sum_rounding(model) * size;
    /* error^2 is a difference of variances: near zero only the square root of its rounding is left.
     */
    if (!(fabs(sqrt(sum) - c->error) <= rounding + sqrt(10 * rounding_of(model)) * size))
        fail_msg("%s: |X - back| = %.9g, reported %.9g", name, sqrt(sum), c->error);
    nmf_matrix_free(back);
}

static void reconstruct_comes_back_to_within_the_error(void **state)
{
    (void)state;
    for_each_pca(comes_back);
}

static void whitened_scores_have_unit_variance(void **state)
{
    (void)state;
    for (int solver = 1; solver <= 2; solver++) {
        nmf_matrix *X = data_of(0, NMF_F64, BY_ROWS);
        nmf_options options = NMF_OPTIONS_INIT;
        options.k = problems[0].k;
        options.whiten = 1;
        options.pca_solver = (nmf_pca_solver)solver;
        nmf_model *model = pca(X, &options);
        const nmf_model_content *c = nmf_model_view(model);
        for (int64_t j = 0; j < c->k; j++) {
            double squares = 0;
            for (int64_t i = 0; i < c->samples; i++) squares += pow(nmf_matrix_at(c->W, i, j), 2);
            assert_true(fabs(squares / (double)(c->samples - 1) - 1) <= 1e-6);
        }
        nmf_model_free(model);
        nmf_matrix_free(X);
    }
}

/* --- signs
 * ------------------------------------------------------------------------------------------- */

static void decides_its_signs(const nmf_model *model, const nmf_matrix *X, const char *name)
{
    (void)X;
    const nmf_model_content *c = nmf_model_view(model);
    const int by_U = c->options.pca_sign == NMF_PCA_SIGN_U;
    for (int64_t j = 0; j < c->k; j++) {
        double lowest = 0, highest = 0;
        for (int64_t i = 0; i < (by_U ? c->samples : c->features); i++) {
            const double value = by_U ? nmf_matrix_at(c->W, i, j) : nmf_matrix_at(c->H, j, i);
            lowest = fmin(lowest, value);
            highest = fmax(highest, value);
        }
        if (!(highest >= -lowest))
            fail_msg("%s: component %lld is from %.9g to %.9g", name, (long long)j, lowest,
                     highest);
    }
}

static void the_largest_entry_is_positive(void **state)
{
    (void)state;
    for_each_pca(decides_its_signs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_are_orthonormal),
        cmocka_unit_test(means_and_variances_are_those_of_the_data),
        cmocka_unit_test(both_solvers_agree),
        cmocka_unit_test(transform_gives_the_scores_again),
        cmocka_unit_test(reconstruct_comes_back_to_within_the_error),
        cmocka_unit_test(whitened_scores_have_unit_variance),
        cmocka_unit_test(the_largest_entry_is_positive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
