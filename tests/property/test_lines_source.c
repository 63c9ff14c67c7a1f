/* A sparse matrix whose entries a function reads: what is learned along its rows alone is what is learned
 * from both its sides in memory, but for rounding; rows solved for are the same bit for bit, and so is all
 * of it for any threads. Entries that cannot be read, or lie where they may not, are a sentence. */
#include "support.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct giver {
    nmf_sparse lines;
    atomic_long calls_left; /* negative: any number */
    atomic_long entries_read;
} giver;

static nmf_status give(void *context, int64_t first, int64_t count, void *indices, void *values,
                       nmf_error *error)
{
    giver *g = context;
    const size_t bytes = nmf_dtype_bytes(g->lines.dtype), index = (size_t)g->lines.index_bytes;
    if (atomic_load(&g->calls_left) >= 0 && atomic_fetch_sub(&g->calls_left, 1) <= 0) {
        atomic_store(&g->calls_left, 0);
        snprintf(error->message, sizeof error->message, "entry %lld is not there",
                 (long long)first);
        return NMF_ERROR_FILE;
    }
    memcpy(indices, (const char *)g->lines.indices + (size_t)first * index, (size_t)count * index);
    memcpy(values, (const char *)g->lines.values + (size_t)first * bytes, (size_t)count * bytes);
    atomic_fetch_add(&g->entries_read, count);
    return NMF_OK;
}

static nmf_matrix *given_by(giver *g, const nmf_matrix *X)
{
    nmf_reader reader = NMF_READER_INIT;
    nmf_matrix *matrix = NULL;
    nmf_error error;
    *g = (giver){.lines = nmf_matrix_sparse(X), .calls_left = -1};
    reader.dtype = g->lines.dtype;
    reader.rows = g->lines.rows;
    reader.columns = g->lines.columns;
    reader.pointers = g->lines.pointers;
    reader.index_bytes = g->lines.index_bytes;
    reader.read_entries = give;
    reader.context = g;
    assert_int_equal(nmf_matrix_from_reader(&reader, &matrix, &error), NMF_OK);
    assert_false(nmf_matrix_is_in_memory(matrix));
    assert_true(nmf_matrix_is_sparse(matrix));
    return matrix;
}

static const problem some = {"holes", fill_holes, 300, 130, 4};

static nmf_options wishes(nmf_loss loss, int64_t iterations)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = some.k;
    options.loss = loss;
    options.solver = loss == NMF_LOSS_KL ? NMF_SOLVER_JMM : NMF_SOLVER_HALS;
    options.init = NMF_INIT_RANDOM;
    options.max_iter = iterations;
    options.tol = 0;
    options.threads = 2;
    return options;
}

static void expect_same_at(const nmf_matrix *a, const nmf_matrix *b, int64_t step)
{
    const int64_t m = nmf_matrix_rows(a), n = nmf_matrix_columns(a);
    for (int64_t at = 0; at < m * n; at += step) {
        const double x = nmf_matrix_at(a, at / n, at % n), y = nmf_matrix_at(b, at / n, at % n);
        if (x != y)
            fail_msg("entry (%lld, %lld): %.17g and %.17g", (long long)(at / n),
                     (long long)(at % n), x, y);
    }
}

/* Bit for bit, also where entries do not lie in memory: there, where each entry alone is a reading of its row, all are
 * read at once, and of the entries alone only some of each row. */
static void expect_same(const nmf_matrix *a, const nmf_matrix *b)
{
    enum { STEP = 31 };
    assert_int_equal(nmf_matrix_rows(a), nmf_matrix_rows(b));
    assert_int_equal(nmf_matrix_columns(a), nmf_matrix_columns(b));
    assert_int_equal(nmf_matrix_dtype(a), nmf_matrix_dtype(b));
    if (nmf_matrix_is_in_memory(b)) {
        expect_same_at(a, b, 1);
        return;
    }
    nmf_matrix *all = NULL;
    int64_t rows[300];
    assert_in_range(nmf_matrix_rows(b), 1, COUNT(rows));
    for (int64_t i = 0; i < nmf_matrix_rows(b); i++) rows[i] = i;
    assert_int_equal(nmf_matrix_select(b, rows, nmf_matrix_rows(b), &all, NULL), NMF_OK);
    assert_true(nmf_matrix_is_in_memory(all));
    expect_same_at(a, all, 1);
    nmf_matrix_free(all);
    expect_same_at(a, b, STEP);
}

static void looks_at_entries_are_looks_at_memory(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&some, NMF_U8, SPARSE_ROWS), *range = NULL, *also = NULL;
    giver g;
    nmf_matrix *given = given_by(&g, X);
    nmf_error error;
    expect_same(X, given);
    assert_true(nmf_matrix_fingerprint(given) == nmf_matrix_fingerprint(X));
    assert_int_equal(nmf_matrix_stored(given), nmf_matrix_stored(X));
    assert_true(nmf_matrix_stored_at(given, 77) == nmf_matrix_stored_at(X, 77));
    assert_int_equal(nmf_matrix_validate(given, &error), NMF_OK);
    assert_int_equal(nmf_matrix_range(X, 31, 50, &range, &error), NMF_OK);
    assert_int_equal(nmf_matrix_range(given, 31, 50, &also, &error), NMF_OK);
    expect_same(range, also);
    nmf_matrix_free(range);
    nmf_matrix_free(also);
    nmf_matrix_free(given);
    nmf_matrix_free(X);
}

/* The first trace lines tell of the same descent, each summed in another order. */
static void weightings_are_those_of_memory(void **state)
{
    (void)state;
    const nmf_dtype dtypes[] = {NMF_U8, NMF_F64, NMF_F32};
    for (int t = 0; t < 3; t++)
        for (int w = NMF_WEIGHTING_TFIDF; w <= NMF_WEIGHTING_RAW; w++) {
            nmf_matrix *X = matrix_of(&some, dtypes[t], SPARSE_ROWS), *memory = NULL, *range = NULL;
            double idf[130], other[130];
            giver g;
            nmf_matrix *given = given_by(&g, X);
            memory = matrix_of(&some, dtypes[t], SPARSE_ROWS);
            assert_int_equal(nmf_weighting_idf(memory, idf, NULL), NMF_OK);
            assert_int_equal(nmf_weighting_idf(given, other, NULL), NMF_OK);
            assert_memory_equal(other, idf, sizeof idf);
            assert_int_equal(nmf_weigh(&memory, (nmf_weighting)w, NULL, NULL), NMF_OK);
            assert_int_equal(nmf_weigh(&given, (nmf_weighting)w, NULL, NULL), NMF_OK);
            assert_false(nmf_matrix_is_in_memory(given));
            expect_same(memory, given);
            assert_int_equal(nmf_matrix_range(given, 37, 5, &range, NULL), NMF_OK);
            assert_true(nmf_matrix_at(range, 3, 7) == nmf_matrix_at(memory, 40, 7));
            nmf_matrix_free(range);
            nmf_matrix_free(given);
            nmf_matrix_free(memory);
            nmf_matrix_free(X);
        }
}

static void descents_are_those_in_memory(void **state)
{
    (void)state;
    const nmf_loss losses[] = {NMF_LOSS_FROBENIUS, NMF_LOSS_KL};
    const nmf_dtype dtypes[] = {NMF_U8, NMF_F64};
    for (int64_t d = 0; d < COUNT(dtypes); d++)
        for (int64_t l = 0; l < COUNT(losses); l++) {
            nmf_matrix *X = matrix_of(&some, dtypes[d], SPARSE_ROWS);
            giver g;
            nmf_matrix *given = given_by(&g, X);
            const nmf_options options = wishes(losses[l], 8);
            nmf_model *there = fit(X, &options), *here = fit(given, &options);
            const nmf_model_content *a = nmf_model_view(there), *b = nmf_model_view(here);
            const double near = dtypes[d] == NMF_F64 ? 1e-9 : 1e-4;
            assert_int_equal(a->trace_count, b->trace_count);
            for (int64_t i = 0; i < a->trace_count; i++)
                if (fabs(a->trace[i].loss - b->trace[i].loss) > near * a->trace[i].loss)
                    fail_msg("loss %d, line %d: %.10g and %.10g", (int)losses[l], (int)i,
                             a->trace[i].loss, b->trace[i].loss);
            assert_true(fabs(a->error - b->error) <= near * a->error);
            assert_true(fabs(a->relative_error - b->relative_error) <= near);
            if (losses[l] == NMF_LOSS_FROBENIUS) { /* and by definition */
                const double by_entries = distance(X, b->W, b->H);
                assert_true(fabs(by_entries - b->error) <= 10 * near * by_entries);
            }
            nmf_model_free(there);
            nmf_model_free(here);
            nmf_matrix_free(given);
            nmf_matrix_free(X);
        }
}

/* Each iteration is one reading of all entries, beside the validating and the last one. */
static void an_iteration_is_one_reading(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&some, NMF_F32, SPARSE_ROWS);
    giver g;
    nmf_matrix *given = given_by(&g, X);
    const nmf_options options = wishes(NMF_LOSS_FROBENIUS, 5);
    nmf_model *model = fit(given, &options);
    const nmf_model_content *content = nmf_model_view(model);
    assert_int_equal(content->iterations, 5);
    assert_int_equal(content->passes, 7);
    assert_int_equal(atomic_load(&g.entries_read), 7 * nmf_matrix_stored(X));
    assert_true(content->fingerprint == nmf_matrix_fingerprint(X));
    nmf_model_free(model);
    nmf_matrix_free(given);
    nmf_matrix_free(X);
}

static void transforms_have_the_bits_of_memory(void **state)
{
    (void)state;
    const nmf_loss losses[] = {NMF_LOSS_FROBENIUS, NMF_LOSS_KL};
    nmf_matrix *X = matrix_of(&some, NMF_U16, SPARSE_ROWS);
    giver g;
    nmf_matrix *given = given_by(&g, X);
    for (int64_t l = 0; l < COUNT(losses); l++) {
        const nmf_options options = wishes(losses[l], 20);
        nmf_model *model = fit(X, &options);
        nmf_matrix *there = transform(model, X, NULL), *here = transform(model, given, NULL);
        expect_same(there, here);
        nmf_matrix_free(here);
        nmf_error error;
        assert_int_equal(nmf_transform_on_demand(model, given, NULL, &here, &error), NMF_OK);
        expect_same(there, here);
        nmf_matrix_free(there);
        nmf_matrix_free(here);
        nmf_model_free(model);
    }
    nmf_matrix_free(given);
    nmf_matrix_free(X);
}

static void fits_are_the_same_for_any_threads(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&some, NMF_U8, SPARSE_ROWS);
    giver g;
    nmf_matrix *given = given_by(&g, X);
    expect_same_bits(fit, given, wishes(NMF_LOSS_FROBENIUS, 6));
    expect_same_bits(fit, given, wishes(NMF_LOSS_KL, 6));
    nmf_matrix_free(given);
    nmf_matrix_free(X);
}

/* Lines in memory are read as those that are not. */
static void incremental_fits_have_the_bits_of_memory(void **state)
{
    (void)state;
    const nmf_loss losses[] = {NMF_LOSS_FROBENIUS, NMF_LOSS_KL};
    nmf_matrix *X = matrix_of(&some, NMF_U16, SPARSE_ROWS);
    giver g;
    nmf_matrix *given = given_by(&g, X);
    for (int64_t l = 0; l < COUNT(losses); l++) {
        nmf_options options = wishes(losses[l], 6);
        options.solver = NMF_SOLVER_INCREMENTAL;
        nmf_model *there = fit(X, &options);
        options.solver = NMF_SOLVER_AUTO;
        nmf_model *here = fit(given, &options);
        const nmf_model_content *a = nmf_model_view(there), *b = nmf_model_view(here);
        expect_same(a->W, b->W);
        expect_same(a->H, b->H);
        assert_int_equal(b->options.solver, NMF_SOLVER_INCREMENTAL);
        assert_int_equal(a->passes, b->passes);
        nmf_model_free(there);
        nmf_model_free(here);
        expect_same_bits(fit, given, options);
    }
    nmf_matrix_free(given);
    nmf_matrix_free(X);
}

static void pca_is_that_of_memory(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&some, NMF_F64, SPARSE_ROWS);
    giver g;
    nmf_matrix *given = given_by(&g, X);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = 3;
    options.pca_solver = NMF_PCA_SOLVER_RANDOMIZED;
    nmf_model *there = pca(X, &options), *here = pca(given, &options);
    for (int64_t j = 0; j < 3; j++) {
        const double a = nmf_model_view(there)->singular_values[j];
        const double b = nmf_model_view(here)->singular_values[j];
        assert_true(fabs(a - b) <= 1e-8 * a);
    }
    nmf_model_free(there);
    nmf_model_free(here);
    nmf_matrix_free(given);
    nmf_matrix_free(X);
}

static void readings_that_fail_end_a_fit_in_their_sentence(void **state)
{
    (void)state;
    const nmf_loss losses[] = {NMF_LOSS_FROBENIUS, NMF_LOSS_KL};
    nmf_matrix *X = matrix_of(&some, NMF_F32, SPARSE_ROWS);
    for (int64_t l = 0; l < COUNT(losses); l++) {
        giver g;
        nmf_matrix *given = given_by(&g, X);
        const nmf_options options = wishes(losses[l], 5);
        int failed = 0;
        const long step = getenv("NMFKIT_SANITIZED") ? 5 : 3;
        for (long calls = 0;; calls += step) {
            nmf_model *model = NULL;
            nmf_error error = {NMF_OK, ""};
            atomic_store(&g.calls_left, calls);
            const nmf_status status = nmf_fit(given, &options, &model, &error);
            nmf_model_free(model);
            if (status == NMF_OK) break;
            assert_int_equal(status, NMF_ERROR_FILE);
            assert_null(model);
            assert_non_null(strstr(error.message, "is not there"));
            failed++;
        }
        assert_true(failed > 4);
        nmf_matrix_free(given);
    }
    nmf_matrix_free(X);
}

/* The first wrong index of what is read is named with the rows it lies in. */
static void indices_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const int32_t wrong[] = {130, -1};
    nmf_matrix *X = matrix_of(&some, NMF_F32, SPARSE_ROWS);
    const nmf_options options = wishes(NMF_LOSS_FROBENIUS, 5);
    int32_t *indices = (int32_t *)(uintptr_t)nmf_matrix_sparse(X).indices; /* its own memory */
    const int64_t at = nmf_matrix_sparse(X).pointers[251] + 1;
    nmf_model *model = NULL;
    nmf_error error;
    giver g;
    nmf_matrix *given = given_by(&g, X);
    const int32_t before = indices[at];
    for (int64_t i = 0; i < COUNT(wrong); i++) {
        indices[at] = wrong[i];
        assert_int_equal(nmf_fit(given, &options, &model, &error), NMF_ERROR_DATA);
        assert_non_null(strstr(error.message, "of X: "));
    }
    indices[at] = indices[at - 1];
    assert_int_equal(nmf_fit(given, &options, &model, &error), NMF_ERROR_DATA);
    assert_non_null(strstr(error.message, "do not ascend"));
    indices[at] = before;
    model = fit(given, &options);
    nmf_model_free(model);
    float *values = (float *)(uintptr_t)nmf_matrix_sparse(X).values;
    values[at] = -3;
    assert_int_equal(nmf_fit(given, &options, &model, &error), NMF_ERROR_DATA);
    assert_non_null(strstr(error.message, "X[251,"));
    nmf_matrix_free(given);
    nmf_matrix_free(X);
}

static void what_needs_another_side_is_refused(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&some, NMF_F32, SPARSE_ROWS), *made = NULL;
    giver g;
    nmf_matrix *given = given_by(&g, X);
    nmf_options options = wishes(NMF_LOSS_FROBENIUS, 5);
    nmf_model *model = NULL;
    nmf_error error;
    const int64_t rows[] = {1, 2, 3, 251, 7};
    options.loss = NMF_LOSS_IS;
    assert_int_equal(nmf_fit(given, &options, &model, &error), NMF_ERROR_UNSUPPORTED);
    options.loss = NMF_LOSS_KL;
    options.solver = NMF_SOLVER_SCD;
    assert_int_equal(nmf_fit(given, &options, &model, &error), NMF_ERROR_UNSUPPORTED);
    nmf_matrix *same = NULL;
    assert_int_equal(nmf_matrix_select(given, rows, COUNT(rows), &made, &error), NMF_OK);
    assert_int_equal(nmf_matrix_select(X, rows, COUNT(rows), &same, &error), NMF_OK);
    assert_true(nmf_matrix_is_in_memory(made));
    expect_same(same, made);
    nmf_matrix_free(same);
    nmf_matrix_free(made);
    assert_int_equal(nmf_matrix_select_columns(given, rows, 1, &made, &error),
                     NMF_ERROR_UNSUPPORTED);
    options = wishes(NMF_LOSS_FROBENIUS, 5);
    options.weighting = NMF_WEIGHTING_SQRT;
    nmf_matrix_transpose(given);
    assert_int_equal(nmf_fit(given, &options, &model, &error), NMF_ERROR_UNSUPPORTED);
    options.weighting = NMF_WEIGHTING_NONE;
    assert_int_equal(nmf_matrix_select(given, rows, 1, &made, &error), NMF_ERROR_UNSUPPORTED);
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
        cmocka_unit_test(looks_at_entries_are_looks_at_memory),
        cmocka_unit_test(weightings_are_those_of_memory),
        cmocka_unit_test(descents_are_those_in_memory),
        cmocka_unit_test(an_iteration_is_one_reading),
        cmocka_unit_test(transforms_have_the_bits_of_memory),
        cmocka_unit_test(fits_are_the_same_for_any_threads),
        cmocka_unit_test(incremental_fits_have_the_bits_of_memory),
        cmocka_unit_test(pca_is_that_of_memory),
        cmocka_unit_test(readings_that_fail_end_a_fit_in_their_sentence),
        cmocka_unit_test(indices_that_cannot_be_are_refused),
        cmocka_unit_test(what_needs_another_side_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
