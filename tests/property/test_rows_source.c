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

static void weights_may_be_given_too(void **state)
{
    (void)state;
    for (int holes = 0; holes < 2; holes++) {
        nmf_matrix *X = matrix_of(&small, NMF_F32, BY_ROWS),
                   *also = matrix_of(&small, NMF_F32, BY_ROWS);
        nmf_matrix *weights = NULL;
        assert_int_equal(nmf_matrix_new(NMF_F32, small.m, small.n, &weights, NULL), NMF_OK);
        float *w = nmf_matrix_writable(weights);
        for (int64_t i = 0; i < small.m * small.n; i++)
            w[i] = holes ? (float)(i % 13 > 0) : (float)(1 + i * 7 % 5) / 4;
        giver of_X = {.X = X, .calls_left = -1}, of_weights = {.X = weights, .calls_left = -1};
        nmf_matrix *given = given_by(&of_X), *too = given_by(&of_weights), *copy = NULL;
        assert_int_equal(nmf_matrix_range(weights, 0, small.m, &copy, NULL), NMF_OK);
        assert_int_equal(nmf_matrix_set_weights(also, copy, NULL), NMF_OK);
        assert_int_equal(nmf_matrix_set_weights(given, too, NULL), NMF_OK);
        const nmf_options options = options_of(&wishes[0]);
        nmf_model *there = fit(also, &options), *here = fit(given, &options);
        expect_same_model(there, here);
        nmf_model_free(there);
        nmf_model_free(here);
        nmf_matrix_free(given);
        nmf_matrix_free(also);

        nmf_error error;
        given = given_by(&of_X);
        too = given_by(&of_weights);
        of_weights.calls_left = 0;
        assert_int_equal(nmf_matrix_set_weights(given, too, &error), NMF_ERROR_FILE);
        assert_string_equal(error.message, "rows 0 and on are not there");
        nmf_matrix_free(too);
        nmf_matrix_free(given);
        nmf_matrix_free(weights);
        nmf_matrix_free(X);
    }
}

static void given_rows_are_weighted_like_rows_in_memory(void **state)
{
    (void)state;
    const nmf_dtype dtypes[] = {NMF_U8, NMF_F32, NMF_F64};
    for (int64_t d = 0; d < COUNT(dtypes); d++)
        for (int w = NMF_WEIGHTING_TFIDF; w <= NMF_WEIGHTING_RAW; w++) {
            nmf_matrix *X = matrix_of(&small, dtypes[d], BY_ROWS),
                       *memory = matrix_of(&small, dtypes[d], BY_ROWS);
            giver g = {.X = X, .calls_left = -1};
            nmf_matrix *given = given_by(&g);
            nmf_options options = options_of(&wishes[0]);
            options.weighting = (nmf_weighting)w;
            nmf_model *there = fit(memory, &options), *here = fit(given, &options);
            expect_same_model(there, here);
            assert_int_equal(nmf_weigh(&memory, (nmf_weighting)w, NULL, NULL), NMF_OK);
            assert_int_equal(nmf_weigh(&given, (nmf_weighting)w, NULL, NULL), NMF_OK);
            assert_false(nmf_matrix_is_in_memory(given));
            assert_int_equal(nmf_matrix_dtype(given), nmf_matrix_dtype(memory));
            double row[70], same[70];
            for (int64_t i = 0; i < small.m; i++) {
                assert_int_equal(nmf_matrix_copy_rows(given, i, 1, NMF_F64, row, NULL), NMF_OK);
                assert_int_equal(nmf_matrix_copy_rows(memory, i, 1, NMF_F64, same, NULL), NMF_OK);
                assert_memory_equal(row, same, sizeof row);
            }
            nmf_model_free(there);
            nmf_model_free(here);
            nmf_matrix_free(given);
            nmf_matrix_free(memory);
            nmf_matrix_free(X);
        }
}

/* --- beyond 2^31 --------------------------------------------------------------------------------- */

enum { MANY_COLUMNS = 1000 };
static const int64_t far = INT64_C(1) << 31;

static double value_of(int64_t i, int64_t j)
{
    return (double)((i % 251) * (j % 3) + i % 7 + j % 5);
}

static nmf_status make_rows(void *context, int64_t first, int64_t count, void *rows,
                            nmf_error *error)
{
    const int64_t columns = *(const int64_t *)context;
    float *to = rows;
    (void)error;
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < columns; j++) *to++ = (float)value_of(first + i, j);
    return NMF_OK;
}

static void rows_beyond_2_to_the_31_are_solved_like_others(void **state)
{
    (void)state;
    enum { COLUMNS = 6, ROWS = 20, K = 2 };
    int64_t columns = COLUMNS;
    const nmf_row_reader reader = {NMF_F32, far + 100, COLUMNS, make_rows, &columns};
    nmf_matrix *endless = NULL, *W = NULL, *last = NULL, *these = NULL, *same = NULL;
    nmf_error error;
    assert_int_equal(nmf_matrix_from_rows(&reader, &endless, &error), NMF_OK);
    assert_true(nmf_matrix_stored(endless) == (far + 100) * COLUMNS);
    assert_int_equal(nmf_matrix_range(endless, far + 100 - ROWS, ROWS, &last, &error), NMF_OK);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = K;
    options.max_iter = 20;
    nmf_model *model = fit(last, &options);
    assert_int_equal(nmf_transform(model, last, NULL, &these, &error), NMF_OK);
    if (nmf_transform_on_demand(model, endless, NULL, &W, &error) != NMF_OK)
        fail_msg("%s", error.message);
    assert_true(nmf_matrix_rows(W) == far + 100);
    assert_int_equal(nmf_matrix_range(W, far + 100 - ROWS, ROWS, &same, &error), NMF_OK);
    double a[ROWS * K], b[ROWS * K];
    assert_int_equal(nmf_matrix_copy_rows(these, 0, ROWS, NMF_F64, a, &error), NMF_OK);
    assert_int_equal(nmf_matrix_copy_rows(same, 0, ROWS, NMF_F64, b, &error), NMF_OK);
    assert_memory_equal(a, b, sizeof a);
    nmf_matrix_free(same);
    nmf_matrix_free(these);
    nmf_matrix_free(W);
    nmf_matrix_free(last);
    nmf_matrix_free(endless);
    nmf_model_free(model);
}

static nmf_status make_entries(void *context, int64_t first, int64_t count, void *indices,
                               void *values, nmf_error *error)
{
    int32_t *const to = indices;
    uint8_t *const bytes = values;
    (void)context, (void)error;
    for (int64_t e = 0; e < count; e++) {
        to[e] = (int32_t)((first + e) % MANY_COLUMNS);
        bytes[e] = (uint8_t)value_of((first + e) / MANY_COLUMNS % 100, to[e]);
    }
    return NMF_OK;
}

static void entries_beyond_2_to_the_31_are_where_they_are(void **state)
{
    (void)state;
    const int64_t rows = far / MANY_COLUMNS + 500;
    int64_t *pointers = malloc(((size_t)rows + 1) * sizeof *pointers);
    assert_non_null(pointers);
    for (int64_t i = 0; i <= rows; i++) pointers[i] = i * MANY_COLUMNS;
    nmf_reader reader = NMF_READER_INIT;
    reader.rows = rows;
    reader.columns = MANY_COLUMNS;
    reader.pointers = pointers;
    reader.index_bytes = 4;
    reader.read_entries = make_entries;
    nmf_matrix *many = NULL, *last = NULL;
    nmf_error error;
    assert_int_equal(nmf_matrix_from_reader(&reader, &many, &error), NMF_OK);
    assert_true(nmf_matrix_stored(many) == rows * MANY_COLUMNS);
    assert_int_equal(nmf_matrix_range(many, rows - 3, 3, &last, &error), NMF_OK);
    assert_int_equal(nmf_matrix_stored(last), 3 * MANY_COLUMNS);
    double row[MANY_COLUMNS], same[MANY_COLUMNS];
    for (int64_t i = 0; i < 3; i++) {
        assert_int_equal(nmf_matrix_copy_rows(many, rows - 3 + i, 1, NMF_F64, row, &error), NMF_OK);
        assert_int_equal(nmf_matrix_copy_rows(last, i, 1, NMF_F64, same, &error), NMF_OK);
        assert_memory_equal(row, same, sizeof row);
        for (int64_t j = 0; j < MANY_COLUMNS; j++)
            assert_true(row[j] == value_of((rows - 3 + i) % 100, j));
        assert_true(nmf_matrix_at(many, rows - 3 + i, 501) == value_of((rows - 3 + i) % 100, 501));
    }
    nmf_matrix_free(last);
    nmf_matrix_free(many);
    free(pointers);
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
        cmocka_unit_test(weights_may_be_given_too),
        cmocka_unit_test(given_rows_are_weighted_like_rows_in_memory),
        cmocka_unit_test(rows_beyond_2_to_the_31_are_solved_like_others),
        cmocka_unit_test(entries_beyond_2_to_the_31_are_where_they_are),
        cmocka_unit_test(what_cannot_be_done_without_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
