/* A sparse X is the same X: the fit, from the same start, is that of the dense matrix to rounding,
 * whatever the start, the solver and the penalty; how it is stored changes no bit, but for the order
 * of the entries within a row, which is that of the sums. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double largest(const nmf_matrix *a)
{
    double most = 0;
    for (int64_t i = 0; i < nmf_matrix_rows(a); i++)
        for (int64_t j = 0; j < nmf_matrix_columns(a); j++)
            most = fmax(most, fabs(nmf_matrix_at(a, i, j)));
    return most;
}

static void expect_near(const nmf_matrix *a, const nmf_matrix *b, double accuracy, const char *what)
{
    const double most = accuracy * fmax(largest(a), largest(b));
    for (int64_t i = 0; i < nmf_matrix_rows(a); i++)
        for (int64_t j = 0; j < nmf_matrix_columns(a); j++) {
            const double x = nmf_matrix_at(a, i, j), y = nmf_matrix_at(b, i, j);
            if (!(fabs(x - y) <= most))
                fail_msg("%s: entry (%lld, %lld): %.17g and %.17g", what, (long long)i,
                         (long long)j, x, y);
        }
}

/* Iterations multiply a difference in rounding by how badly the problem is conditioned: a
 * thousandfold is seen, a millionfold allowed. */
static void expect_fit_like(const nmf_model *dense, const nmf_matrix *sparse,
                            const nmf_options *options, const char *what)
{
    /* Steps under a divergence end where model entries nearly vanish: worse conditioned. Starts
     * with zeros begin there, and beta < 1 divides by more than their square. */
    const int worst =
        options->loss == NMF_LOSS_BETA && options->beta < 1 && options->init != NMF_INIT_RANDOM;
    const double allowed = options->loss == NMF_LOSS_FROBENIUS ? 1e6 : worst ? 1e10 : 1e8;
    const double accuracy = allowed * DBL_EPSILON;
    nmf_model *of_sparse = fit(sparse, options);
    const nmf_model_content *d = nmf_model_view(dense), *s = nmf_model_view(of_sparse);
    if (d->iterations != s->iterations)
        fail_msg("%s: %d and %d iterations, errors %.17g and %.17g", what, (int)d->iterations,
                 (int)s->iterations, d->relative_error, s->relative_error);
    assert_int_equal(d->trace_count, s->trace_count);
    expect_near(d->W, s->W, accuracy, what);
    expect_near(d->H, s->H, accuracy, what);
    if (!(fabs(d->relative_error - s->relative_error) <= accuracy))
        fail_msg("%s: relative errors %.17g and %.17g", what, d->relative_error, s->relative_error);
    if (!(fabs(d->kkt - s->kkt) <= accuracy * fmax(1, d->kkt)))
        fail_msg("%s: residuals %.17g and %.17g", what, d->kkt, s->kkt);
    nmf_model_free(of_sparse);
}

static void expect_same_fit(const nmf_matrix *dense, const nmf_matrix *sparse,
                            const nmf_options *options, const char *what)
{
    nmf_model *of_dense = fit(dense, options);
    expect_fit_like(of_dense, sparse, options, what);
    nmf_model_free(of_dense);
}

/* Counts with few entries that are not zero, on top of parts; no empty rows or columns. */
static void fill_counts(double *x, int64_t m, int64_t n)
{
    uint64_t state = 17;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            const int part = i % 6 == j % 6 || j % 7 == i % 7;
            const double share = part ? 0.6 : 0.05;
            const double value = floor(1 + 30 * next_uniform(&state));
            x[i * n + j] = next_uniform(&state) < share || i % n == j || j % m == i ? value : 0;
        }
}

/* No entry far from the mean. */
static void fill_even(double *x, int64_t m, int64_t n)
{
    for (int64_t i = 0; i < m * n; i++) x[i] = (double)(10 + i % 7);
}

static const problem counts = {"counts", fill_counts, 130, 90, 6};
static const problem holes = {"holes", fill_holes, 90, 70, 5};
/* Every entry stored; 20 of them are three vectors of the narrowest tile. */
static const problem no_zeros = {"no zeros", fill_random, 20, 10, 5};

static void every_start_solver_and_penalty_gives_the_dense_fit(void **state)
{
    (void)state;
    static const double penalties[][3] = {{0, 0, 0}, {0.002, 0.001, 0}, {0.001, 0.002, 0.6}};
    nmf_matrix *dense = matrix_of(&counts, NMF_F64, BY_ROWS);
    nmf_matrix *sparse[] = {matrix_of(&counts, NMF_F64, SPARSE_ROWS),
                            matrix_of(&counts, NMF_F64, SPARSE_COLUMNS)};
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = counts.k;
    options.sketch = 0;
    options.tol = 0;
    options.max_iter = 12;
    nmf_model *start = fit(dense, &options);
    options.start_W = nmf_model_view(start)->W;
    options.start_H = nmf_model_view(start)->H;
    for (int init = NMF_INIT_RANDOM; init <= NMF_INIT_SPA; init++)
        for (int solver = NMF_SOLVER_AUTO; solver <= NMF_SOLVER_CD; solver++)
            for (int64_t p = 0; p < COUNT(penalties); p++) {
                options.init = (nmf_init)init;
                options.solver = (nmf_solver)solver;
                options.alpha_W = penalties[p][0];
                options.alpha_H = penalties[p][1];
                options.l1_ratio = penalties[p][2];
                nmf_model *of_dense = fit(dense, &options);
                for (int by_columns = 0; by_columns < 2; by_columns++) {
                    char what[128];
                    snprintf(what, sizeof what, "init %d, solver %d, penalty %d, columns %d", init,
                             solver, (int)p, by_columns);
                    expect_fit_like(of_dense, sparse[by_columns], &options, what);
                }
                nmf_model_free(of_dense);
            }
    nmf_model_free(start);
    nmf_matrix_free(dense);
    nmf_matrix_free(sparse[0]);
    nmf_matrix_free(sparse[1]);
}

/* Divergences: with multiplicative updates, with coordinate descent, and where X is dense enough
 * that what is picked for it does not depend on how it is stored. */
static void every_loss_gives_the_dense_fit(void **state)
{
    (void)state;
    static const nmf_init inits[] = {NMF_INIT_RANDOM, NMF_INIT_LRC, NMF_INIT_NNDSVDA,
                                     NMF_INIT_NNDSVDAR};
    static const struct {
        const problem *what;
        nmf_loss loss;
        double beta;
        nmf_solver solver;
    } cases[] = {{&counts, NMF_LOSS_FROBENIUS, 2, NMF_SOLVER_MU},
                 {&counts, NMF_LOSS_KL, 1, NMF_SOLVER_MU},
                 {&no_zeros, NMF_LOSS_KL, 1, NMF_SOLVER_MU},
                 {&counts, NMF_LOSS_KL, 1, NMF_SOLVER_SCD},
                 {&counts, NMF_LOSS_KL, 1, NMF_SOLVER_JMM},
                 {&holes, NMF_LOSS_KL, 1, NMF_SOLVER_JMM},
                 {&counts, NMF_LOSS_BETA, 1.5, NMF_SOLVER_JMM},
                 {&counts, NMF_LOSS_BETA, 0.5, NMF_SOLVER_JMM},
                 {&counts, NMF_LOSS_BETA, 0.5, NMF_SOLVER_AUTO},
                 {&counts, NMF_LOSS_BETA, 1.5, NMF_SOLVER_AUTO},
                 {&holes, NMF_LOSS_KL, 1, NMF_SOLVER_AUTO}};
    static const double penalties[][3] = {{0, 0, 0}, {0.001, 0.002, 0.6}};
    for (int64_t c = 0; c < COUNT(cases); c++)
        for (int64_t i = 0; i < COUNT(inits) * COUNT(penalties); i++) {
            const double *penalty = penalties[i % COUNT(penalties)];
            nmf_options options = NMF_OPTIONS_INIT;
            options.k = cases[c].what->k;
            options.sketch = 0;
            options.tol = 0;
            options.max_iter = 8;
            options.loss = cases[c].loss;
            options.beta = cases[c].beta;
            options.solver = cases[c].solver;
            options.init = inits[i / COUNT(penalties)];
            options.alpha_W = penalty[0];
            options.alpha_H = penalty[1];
            options.l1_ratio = penalty[2];
            nmf_matrix *dense = matrix_of(cases[c].what, NMF_F64, BY_ROWS);
            nmf_model *of_dense = fit(dense, &options);
            for (layout how = SPARSE_ROWS; how < LAYOUT_COUNT; how++) {
                char what[128];
                snprintf(what, sizeof what, "case %d, start and penalty %d, layout %d", (int)c,
                         (int)i, how);
                nmf_matrix *sparse = matrix_of(cases[c].what, NMF_F64, how);
                expect_fit_like(of_dense, sparse, &options, what);
                nmf_matrix_free(sparse);
            }
            nmf_model_free(of_dense);
            nmf_matrix_free(dense);
        }
}

/* What is picked for kl goes by how far X is from what its rows and columns expect, and the model
 * says it. */
static void counts_are_descended_by_coordinates(void **state)
{
    (void)state;
    static const problem even = {"even", fill_even, 60, 40, 3};
    const problem *const what[] = {&counts, &even};
    for (int i = 0; i < 2; i++) {
        nmf_matrix *X = matrix_of(what[i], NMF_F32, SPARSE_ROWS);
        nmf_options options = NMF_OPTIONS_INIT;
        options.k = 3;
        options.loss = NMF_LOSS_KL;
        nmf_model *model = fit(X, &options);
        const nmf_model_content *content = nmf_model_view(model);
        assert_int_equal(content->options.solver, i == 0 ? NMF_SOLVER_SCD : NMF_SOLVER_AUTO);
        nmf_model_free(model);
        nmf_matrix_free(X);
    }
}

static void several_starts_and_an_explicit_sketch_give_the_dense_fit(void **state)
{
    (void)state;
    nmf_matrix *dense = matrix_of(&counts, NMF_F64, BY_ROWS);
    nmf_matrix *sparse = matrix_of(&counts, NMF_F64, SPARSE_ROWS);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = counts.k;
    options.max_iter = 10;
    options.tol = 0;
    options.starts = 3;
    options.sketch = 0;
    expect_same_fit(dense, sparse, &options, "three starts");
    nmf_model *model = NULL;
    options.starts = 1;
    options.sketch = 20; /* where it stops depends on sums that differ by rounding */
    options.max_iter = 500;
    options.tol = 1e-5;
    assert_int_equal(nmf_fit(sparse, &options, &model, NULL), NMF_OK);
    assert_true(nmf_model_view(model)->sketch_iterations > 0);
    nmf_model *other = fit(dense, &options);
    const double error = nmf_model_view(other)->relative_error;
    assert_true(fabs(nmf_model_view(model)->relative_error - error) <= 1e-3 * error);
    nmf_model_free(model);
    nmf_model_free(other);
    nmf_matrix_free(dense);
    nmf_matrix_free(sparse);
}

/* --- storage
 * ----------------------------------------------------------------------------------------- */

/* The same whole numbers as any type, with either index type, by rows or columns: in f64 nothing is
 * rounded on the way in, and every sum has its order from the shape. */
static void expect_same_however_stored(nmf_loss loss)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = counts.k;
    options.loss = loss;
    options.precision = NMF_PRECISION_F64;
    options.max_iter = 15;
    nmf_matrix *first = matrix_of(&counts, NMF_F64, SPARSE_ROWS);
    nmf_model *expected = fit(first, &options);
    for (nmf_dtype dtype = NMF_U8; dtype <= NMF_I32; dtype++)
        for (layout how = SPARSE_ROWS; how < LAYOUT_COUNT; how++) {
            nmf_matrix *X = matrix_of(&counts, dtype, how);
            nmf_model *model = fit(X, &options);
            nmf_matrix *W = transform(model, X, NULL);
            expect_same_entries(nmf_model_view(model)->W, nmf_model_view(expected)->W);
            expect_same_entries(nmf_model_view(model)->H, nmf_model_view(expected)->H);
            expect_same_entries(W, nmf_model_view(expected)->W);
            assert_true(nmf_model_view(model)->error == nmf_model_view(expected)->error);
            nmf_matrix_free(W);
            nmf_model_free(model);
            nmf_matrix_free(X);
        }
    nmf_model_free(expected);
    nmf_matrix_free(first);
}

static void how_it_is_stored_changes_no_bit(void **state)
{
    (void)state;
    expect_same_however_stored(NMF_LOSS_FROBENIUS);
    expect_same_however_stored(NMF_LOSS_KL);
}

/* So many rows that the columns come in blocks of them where X is given by rows. */
static void fill_tall(double *x, int64_t m, int64_t n)
{
    uint64_t state = 5;
    for (int64_t i = 0; i < m * n; i++)
        x[i] = next_uniform(&state) < 0.3 ? floor(1 + 9 * next_uniform(&state)) : 0;
}

static void blocks_of_a_long_side_change_no_bit(void **state)
{
    (void)state;
    static const problem tall = {"tall", fill_tall, 20000, 40, 4};
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = tall.k;
    options.max_iter = 4;
    options.threads = 1;
    nmf_matrix *rows = matrix_of(&tall, NMF_F32, SPARSE_ROWS);
    nmf_matrix *columns = matrix_of(&tall, NMF_F32, SPARSE_COLUMNS);
    nmf_model *expected = fit(rows, &options);
    options.threads = 3;
    nmf_model *model = fit(rows, &options), *turned = fit(columns, &options);
    expect_same_entries(nmf_model_view(model)->H, nmf_model_view(expected)->H);
    expect_same_entries(nmf_model_view(turned)->W, nmf_model_view(expected)->W);
    expect_same_entries(nmf_model_view(turned)->H, nmf_model_view(expected)->H);
    nmf_matrix *W = transform(turned, rows, NULL);
    expect_same_entries(W, nmf_model_view(turned)->W);
    const nmf_model_content *c = nmf_model_view(model);
    assert_true(fabs(c->relative_error - distance(rows, c->W, c->H) / norm(rows)) <= 1e-5);
    nmf_matrix_free(W);
    nmf_model_free(expected);
    nmf_model_free(model);
    nmf_model_free(turned);
    nmf_matrix_free(rows);
    nmf_matrix_free(columns);
}

/* Rows are read in whatever order they are in. With threads too: the other side is then built without
 * the search that shares it out. */
static void the_order_within_a_row_changes_rounding_only(void **state)
{
    (void)state;
    static const nmf_loss losses[] = {NMF_LOSS_FROBENIUS, NMF_LOSS_KL};
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = counts.k;
    options.tol = 0;
    options.max_iter = 12;
    nmf_matrix *tidy = matrix_of(&counts, NMF_F64, SPARSE_ROWS), *wild = NULL;
    nmf_sparse s = nmf_matrix_sparse(tidy);
    int32_t *indices = calloc((size_t)nmf_matrix_stored(tidy), sizeof *indices);
    double *values = calloc((size_t)nmf_matrix_stored(tidy), sizeof *values);
    assert_true(indices && values);
    for (int64_t i = 0; i < s.rows; i++)
        for (int64_t e = s.pointers[i], from = s.pointers[i + 1] - 1; e < s.pointers[i + 1]; e++) {
            indices[e] = ((const int32_t *)s.indices)[from];
            values[e] = ((const double *)s.values)[from--];
        }
    s.indices = indices;
    s.values = values;
    assert_int_equal(nmf_matrix_borrow_sparse(&s, &wild, NULL), NMF_OK);
    for (int64_t l = 0; l < COUNT(losses); l++)
        for (options.init = NMF_INIT_RANDOM; options.init <= NMF_INIT_NNDSVDA; options.init++)
            for (int turned = 0; turned < 2; turned++) {
                options.loss = losses[l];
                options.threads = 1 + 2 * turned;
                expect_same_fit(tidy, wild, &options, "reversed rows");
                nmf_matrix_transpose(tidy);
                nmf_matrix_transpose(wild);
            }
    nmf_matrix_free(tidy);
    nmf_matrix_free(wild);
    free(indices);
    free(values);
}

/* Each entry in two halves, in any order: halves of whole numbers add up exactly. */
static void repeats_in_any_order_change_no_bit(void **state)
{
    (void)state;
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = counts.k;
    options.max_iter = 15;
    nmf_matrix *tidy = matrix_of(&counts, NMF_F64, SPARSE_ROWS), *wild = NULL;
    const nmf_sparse s = nmf_matrix_sparse(tidy);
    const int64_t stored = nmf_matrix_stored(tidy);
    int64_t *pointers = calloc((size_t)s.rows + 1, sizeof *pointers);
    int32_t *indices = calloc(2 * (size_t)stored, sizeof *indices);
    double *values = calloc(2 * (size_t)stored, sizeof *values);
    assert_true(pointers && indices && values);
    for (int64_t i = 0; i < s.rows; i++) {
        int64_t at = 2 * s.pointers[i];
        for (int half = 0; half < 2; half++)
            for (int64_t e = s.pointers[i + 1]; e-- > s.pointers[i]; at++) {
                indices[at] = ((const int32_t *)s.indices)[e];
                values[at] = ((const double *)s.values)[e] / 2;
            }
        pointers[i + 1] = at;
    }
    const nmf_sparse doubled = {values, NMF_F64, s.rows, s.columns, pointers, indices, 4, 0};
    assert_int_equal(nmf_matrix_borrow_sparse(&doubled, &wild, NULL), NMF_OK);
    nmf_model *a = fit(tidy, &options), *b = fit(wild, &options);
    expect_same_model(a, b);
    nmf_model_free(a);
    nmf_model_free(b);
    nmf_matrix_free(tidy);
    nmf_matrix_free(wild);
    free(pointers);
    free(indices);
    free(values);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_start_solver_and_penalty_gives_the_dense_fit),
        cmocka_unit_test(every_loss_gives_the_dense_fit),
        cmocka_unit_test(counts_are_descended_by_coordinates),
        cmocka_unit_test(several_starts_and_an_explicit_sketch_give_the_dense_fit),
        cmocka_unit_test(how_it_is_stored_changes_no_bit),
        cmocka_unit_test(blocks_of_a_long_side_change_no_bit),
        cmocka_unit_test(the_order_within_a_row_changes_rounding_only),
        cmocka_unit_test(repeats_in_any_order_change_no_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
