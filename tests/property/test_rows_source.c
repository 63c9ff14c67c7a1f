/* A matrix whose rows a function gives: everything that is learned from it is what is learned from the
 * same rows in memory, bit for bit; a function that fails, at whichever call, ends the fit with its own
 * sentence and nothing made. */
#include "support.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of a matrix in memory, until so many calls have been answered; negative: always. */
typedef struct giver {
    const nmf_matrix *X;
    atomic_long calls_left;
    atomic_long rows_read;
    int silent; /* it fails without a sentence */
} giver;

static nmf_status give(void *context, int64_t first, int64_t count, void *rows, nmf_error *error)
{
    giver *g = context;
    if (atomic_load(&g->calls_left) >= 0 && atomic_fetch_sub(&g->calls_left, 1) <= 0) {
        atomic_store(&g->calls_left, 0);
        if (!g->silent)
            snprintf(error->message, sizeof error->message, "rows %lld and on are not there",
                     (long long)first);
        return NMF_ERROR_FILE;
    }
    atomic_fetch_add(&g->rows_read, count);
    return nmf_matrix_copy_rows(g->X, first, count, nmf_matrix_dtype(g->X), rows, error);
}

static nmf_matrix *given_by(giver *g)
{
    const nmf_row_reader reader = {nmf_matrix_dtype(g->X), nmf_matrix_rows(g->X),
                                   nmf_matrix_columns(g->X), give, g};
    nmf_matrix *matrix = NULL;
    nmf_error error;
    assert_int_equal(nmf_matrix_from_rows(&reader, &matrix, &error), NMF_OK);
    return matrix;
}

static const problem small = {"parts", fill_parts, 130, 70, 5};

/* Every method, start and precision that reads X in a way of its own. */
static const struct wish {
    nmf_loss loss;
    nmf_solver solver;
    nmf_init init;
    int64_t sketch;
    nmf_precision precision;
} wishes[] = {
    {NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_NNDSVDA, 0, NMF_PRECISION_AUTO},
    {NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_NNDSVDA, 24, NMF_PRECISION_AUTO},
    {NMF_LOSS_FROBENIUS, NMF_SOLVER_CD, NMF_INIT_RANDOM, 0, NMF_PRECISION_F64},
    {NMF_LOSS_FROBENIUS, NMF_SOLVER_MU, NMF_INIT_RANDOM, 0, NMF_PRECISION_AUTO},
    {NMF_LOSS_FROBENIUS, NMF_SOLVER_JMM, NMF_INIT_RANDOM, 0, NMF_PRECISION_AUTO},
    {NMF_LOSS_FROBENIUS, NMF_SOLVER_INCREMENTAL, NMF_INIT_RANDOM, 0, NMF_PRECISION_AUTO},
    {NMF_LOSS_KL, NMF_SOLVER_SCD, NMF_INIT_NNDSVDA, 0, NMF_PRECISION_AUTO},
    {NMF_LOSS_KL, NMF_SOLVER_INCREMENTAL, NMF_INIT_RANDOM, 0, NMF_PRECISION_AUTO},
    {NMF_LOSS_KL, NMF_SOLVER_JMM, NMF_INIT_RANDOM, 0, NMF_PRECISION_AUTO},
};

static nmf_options options_of(const struct wish *wish)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = small.k;
    options.loss = wish->loss;
    options.solver = wish->solver;
    options.init = wish->init;
    options.sketch = wish->sketch;
    options.precision = wish->precision;
    options.max_iter = 12;
    options.threads = 2;
    return options;
}

static void fits_of_given_rows_have_the_bits_of_rows_in_memory(void **state)
{
    (void)state;
    const nmf_dtype dtypes[] = {NMF_U8, NMF_F32, NMF_F64};
    for (int64_t d = 0; d < COUNT(dtypes); d++)
        for (int64_t w = 0; w < COUNT(wishes); w++) {
            nmf_matrix *X = matrix_of(&small, dtypes[d], BY_ROWS);
            giver g = {.X = X, .calls_left = -1};
            nmf_matrix *given = given_by(&g);
            const nmf_options options = options_of(&wishes[w]);
            nmf_model *there = fit(X, &options), *here = fit(given, &options);
            expect_same_model(there, here);
            nmf_matrix *W = transform(there, X, NULL), *again = transform(here, given, NULL);
            expect_same_entries(W, again);
            nmf_matrix_free(W);
            nmf_matrix_free(again);
            nmf_model_free(there);
            nmf_model_free(here);
            nmf_matrix_free(given);
            nmf_matrix_free(X);
        }
}

static void pca_of_given_rows_has_the_bits_of_rows_in_memory(void **state)
{
    (void)state;
    const nmf_pca_solver solvers[] = {NMF_PCA_SOLVER_EXACT, NMF_PCA_SOLVER_RANDOMIZED};
    nmf_matrix *X = matrix_of(&small, NMF_F32, BY_ROWS);
    giver g = {.X = X, .calls_left = -1};
    nmf_matrix *given = given_by(&g);
    for (int64_t s = 0; s < COUNT(solvers); s++) {
        nmf_options options = NMF_OPTIONS_INIT;
        options.k = 3;
        options.pca_solver = solvers[s];
        nmf_model *there = pca(X, &options), *here = pca(given, &options);
        expect_same_model(there, here);
        nmf_model_free(there);
        nmf_model_free(here);
    }
    nmf_matrix_free(given);
    nmf_matrix_free(X);
}

static void looks_at_given_rows_are_looks_at_memory(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&small, NMF_F32, BY_ROWS);
    giver g = {.X = X, .calls_left = -1};
    nmf_matrix *given = given_by(&g), *picked = NULL, *also = NULL;
    const int64_t rows[] = {7, 0, 129};
    nmf_error error;
    assert_true(nmf_matrix_at(given, 7, 3) == nmf_matrix_at(X, 7, 3));
    assert_true(nmf_matrix_fingerprint(given) == nmf_matrix_fingerprint(X));
    assert_int_equal(nmf_matrix_validate(given, &error), NMF_OK);
    assert_int_equal(nmf_matrix_select(X, rows, 3, &picked, &error), NMF_OK);
    assert_int_equal(nmf_matrix_select(given, rows, 3, &also, &error), NMF_OK);
    expect_same_entries(picked, also);
    nmf_matrix_free(picked);
    nmf_matrix_free(also);
    nmf_matrix_free(given);
    nmf_matrix_free(X);
}

/* The call fails with the function's own sentence, or with one for it. */
static void expect_failure(nmf_status status, const nmf_error *error, const char *sentence)
{
    assert_int_equal(status, NMF_ERROR_FILE);
    assert_int_equal(error->status, NMF_ERROR_FILE);
    if (!strstr(error->message, sentence))
        fail_msg("\"%s\" has no \"%s\"", error->message, sentence);
}

static void a_fit_ends_with_the_sentence_of_a_failure_at_any_call(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&small, NMF_F32, BY_ROWS);
    for (int64_t w = 0; w < COUNT(wishes); w++) {
        long calls = 0, step = 1;
        nmf_status status = NMF_ERROR_FILE;
        for (int tries = 0; status != NMF_OK; tries++) {
            giver g = {.X = X, .calls_left = calls, .silent = tries % 2};
            nmf_matrix *given = given_by(&g);
            const nmf_options options = options_of(&wishes[w]);
            nmf_model *model = NULL;
            nmf_error error;
            status = nmf_fit(given, &options, &model, &error);
            if (status != NMF_OK) {
                expect_failure(status, &error, g.silent ? "could not be read" : "are not there");
                assert_null(model);
            } else {
                assert_true(tries > 5); /* most of what it reads was made to fail */
                nmf_model_free(model);
            }
            nmf_matrix_free(given);
            calls += step;
            step += 1 + step / 3;
        }
    }
    nmf_matrix_free(X);
}

static void transform_and_pca_end_so_too(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&small, NMF_F32, BY_ROWS);
    const struct wish *const wished[] = {&wishes[0], &wishes[6]};
    for (int64_t w = 0; w < COUNT(wished); w++) {
        const nmf_options options = options_of(wished[w]);
        nmf_model *model = fit(X, &options), *none = NULL;
        nmf_options components = NMF_OPTIONS_INIT;
        components.k = 3;
        components.pca_solver = NMF_PCA_SOLVER_RANDOMIZED;
        for (long calls = 0; calls < 12; calls += 3) {
            giver g = {.X = X, .calls_left = calls};
            nmf_matrix *given = given_by(&g), *W = NULL;
            nmf_error error;
            const nmf_status status = nmf_transform(model, given, NULL, &W, &error);
            if (status != NMF_OK) expect_failure(status, &error, "are not there");
            assert_true((status == NMF_OK) == (W != NULL));
            assert_true(calls > 0 || status != NMF_OK);
            nmf_matrix_free(W);
            atomic_store(&g.calls_left, calls);
            expect_failure(nmf_pca(given, &components, &none, &error), &error, "are not there");
            assert_null(none);
            nmf_matrix_free(given);
        }
        nmf_model_free(model);
    }
    nmf_matrix_free(X);
}

static void a_bad_entry_is_named_wherever_it_comes_from(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&small, NMF_F32, BY_ROWS);
    const nmf_dense d = nmf_matrix_dense(X);
    float *entries = (float *)(uintptr_t)d.data; /* the matrix has memory of its own */
    entries[101 * d.row_stride + 9] = -2;
    entries[99 * d.row_stride + 30] = -1;
    giver g = {.X = X, .calls_left = -1};
    nmf_matrix *given = given_by(&g);
    const nmf_options options = options_of(&wishes[0]);
    nmf_model *model = NULL;
    nmf_error error;
    assert_int_equal(nmf_fit(given, &options, &model, &error), NMF_ERROR_DATA);
    assert_non_null(strstr(error.message, "X[99,30] = -1"));
    assert_int_equal(nmf_matrix_validate(given, &error), NMF_ERROR_DATA);
    assert_non_null(strstr(error.message, "X[99,30] = -1"));
    nmf_matrix_free(given);
    nmf_matrix_free(X);
}

/* What needs a layout in memory, or the columns, says so. */
static void what_cannot_be_done_without_memory_is_refused(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&small, NMF_F32, BY_ROWS);
    giver g = {.X = X, .calls_left = -1};
    nmf_matrix *given = given_by(&g);
    const nmf_options options = options_of(&wishes[0]);
    nmf_model *model = NULL;
    nmf_rank_result *rank = NULL;
    nmf_consensus_result *consensus = NULL;
    nmf_error error;
    assert_int_equal(nmf_rank(given, &options, NULL, &rank, &error), NMF_ERROR_UNSUPPORTED);
    assert_int_equal(nmf_consensus(given, &options, NULL, &consensus, &error),
                     NMF_ERROR_UNSUPPORTED);
    nmf_matrix_transpose(given);
    assert_int_equal(nmf_matrix_rows(given), small.n);
    assert_int_equal(nmf_fit(given, &options, &model, &error), NMF_ERROR_UNSUPPORTED);
    nmf_matrix_transpose(given);
    model = fit(given, &options);
    nmf_model_free(model);
    nmf_matrix_free(given);
    nmf_matrix_free(X);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_of_given_rows_have_the_bits_of_rows_in_memory),
        cmocka_unit_test(pca_of_given_rows_has_the_bits_of_rows_in_memory),
        cmocka_unit_test(looks_at_given_rows_are_looks_at_memory),
        cmocka_unit_test(a_fit_ends_with_the_sentence_of_a_failure_at_any_call),
        cmocka_unit_test(transform_and_pca_end_so_too),
        cmocka_unit_test(a_bad_entry_is_named_wherever_it_comes_from),
        cmocka_unit_test(what_cannot_be_done_without_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
