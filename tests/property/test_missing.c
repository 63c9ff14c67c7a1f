/* Entries that were not observed: nothing of them is seen, they are predicted, and where most are missing rows are drawn
 * to their mean. */
#include "weighted.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What lies where nothing was observed makes no difference to any bit. */
static void what_was_not_observed_is_not_seen(void **state)
{
    (void)state;
    static const double garbage[] = {0, -3, 1e30, NAN, INFINITY};
    for (int64_t l = 0; l < LOSSES; l++) {
        nmf_model *first = NULL;
        nmf_matrix *first_rows = NULL;
        for (int64_t g = 0; g <= COUNT(garbage); g++) {
            weighted of;
            nmf_error error;
            draw_weighted(&of, 0.7, 0, 11);
            for (int i = 0; i < M * N; i++)
                if (!(of.w[i] > 0)) of.x[i] = g < COUNT(garbage) ? garbage[g] : NAN;
            take_weights(&of, NMF_F64);
            if (g == COUNT(garbage)) { /* NaN by itself says so too */
                assert_int_equal(nmf_matrix_set_weights(of.X, NULL, &error), NMF_OK);
                assert_int_equal(nmf_matrix_set_missing(of.X, NMF_MISSING_NAN, &error), NMF_OK);
            }
            const nmf_options options = weighted_options(l);
            nmf_model *model = fit(of.X, &options);
            nmf_matrix *rows = transform(model, of.X, NULL);
            if (first) {
                expect_same_entries(nmf_model_view(first)->W, nmf_model_view(model)->W);
                expect_same_entries(nmf_model_view(first)->H, nmf_model_view(model)->H);
                expect_same_entries(first_rows, rows);
            }
            nmf_model_free(first);
            nmf_matrix_free(first_rows);
            first = model;
            first_rows = rows;
            drop_weighted(&of);
        }
        nmf_model_free(first);
        nmf_matrix_free(first_rows);
    }
}

static void missing_entries_are_predicted(void **state)
{
    (void)state;
    weighted of;
    draw_weighted(&of, 0.7, 0, 21);
    take_weights(&of, NMF_F64);
    nmf_options options = weighted_options(0);
    options.starts = 4;
    nmf_model *model = fit(of.X, &options);
    double missed = 0, size = 0;
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            if (of.w[i * N + j] > 0) continue;
            const double off = of.x[i * N + j] - model_at(nmf_model_view(model), i, j);
            missed += off * off;
            size += of.x[i * N + j] * of.x[i * N + j];
        }
    if (missed > 0.0025 * size)
        fail_msg("entries that were not observed are missed by %g", sqrt(missed / size));
    nmf_model_free(model);
    drop_weighted(&of);
}

/* Of a dense and of a sparse fit of the same entries; the sparse one's is their sum. */
static void expect_same_loss(const weighted *of, int64_t l, const nmf_model *dense,
                             const nmf_model *sparse, double within)
{
    const double one = nmf_model_view(dense)->loss, other = nmf_model_view(sparse)->loss;
    if (fabs(other - loss_of(of, nmf_model_view(sparse), weighted_losses[l].beta)) >
        1e-8 * (1 + other))
        fail_msg("%s: loss %g of stored entries is not their sum", weighted_losses[l].name, other);
    if (fabs(one - other) > within * one)
        fail_msg("%s: dense %.9g, sparse %.9g", weighted_losses[l].name, one, other);
}

/* A sparse matrix of what was observed, and a dense one with NaN elsewhere, are one problem. */
static void unstored_is_as_nan(void **state)
{
    (void)state;
    for (int64_t l = 0; l < 2; l++)
        for (layout how = SPARSE_ROWS; how < LAYOUT_COUNT; how++) {
            weighted of;
            nmf_error error;
            draw_weighted(&of, 0.5, 0, 61);
            for (int i = 0; i < M * N; i++)
                if (!(of.w[i] > 0)) of.x[i] = 0;
            take_weights(&of, NMF_F64);
            nmf_matrix *sparse = matrix_from(of.x, M, N, NMF_F64, how);
            assert_int_equal(nmf_matrix_set_missing(sparse, NMF_MISSING_UNSTORED, &error), NMF_OK);
            nmf_options options = weighted_options(l);
            options.starts = 4;
            options.tol = 1e-5;
            nmf_model *a = fit(of.X, &options), *b = fit(sparse, &options);
            expect_same_loss(&of, l, a, b, 0.05);
            nmf_model_free(a);
            nmf_model_free(b);
            nmf_matrix_free(sparse);
            drop_weighted(&of);
        }
}

static void place_of(const nmf_sparse *s, int64_t line, int64_t e, int64_t *i, int64_t *j)
{
    const int64_t index =
        s->index_bytes == 4 ? ((const int32_t *)s->indices)[e] : ((const int64_t *)s->indices)[e];
    *i = s->by_columns ? index : line;
    *j = s->by_columns ? line : index;
}

/* Weights from w for what X stores, in its order; 0 where w is `left_out`. */
static nmf_matrix *weights_beside(const nmf_matrix *X, const double *w, double left_out)
{
    nmf_error error;
    nmf_matrix *weights = NULL;
    nmf_sparse s = nmf_matrix_sparse(X);
    double *values = malloc((size_t)nmf_matrix_stored(X) * sizeof *values);
    for (int64_t line = 0; line < (s.by_columns ? s.columns : s.rows); line++)
        for (int64_t e = s.pointers[line]; e < s.pointers[line + 1]; e++) {
            int64_t i, j;
            place_of(&s, line, e, &i, &j);
            values[e] = w[i * N + j] == left_out ? 0 : w[i * N + j];
        }
    s.values = values;
    s.dtype = NMF_F64;
    assert_int_equal(nmf_matrix_adopt_sparse(&s, free, values, &weights, &error), NMF_OK);
    return weights;
}

static nmf_matrix *weighted_sparse(const weighted *of, const double *x, layout how, double left_out)
{
    nmf_error error;
    nmf_matrix *X = matrix_from(x, M, N, NMF_F64, how);
    assert_int_equal(nmf_matrix_set_missing(X, NMF_MISSING_UNSTORED, &error), NMF_OK);
    assert_int_equal(nmf_matrix_set_weights(X, weights_beside(X, of->w, left_out), &error), NMF_OK);
    return X;
}

/* What a sparse X stores with weights, and a dense X with these weights and 0 elsewhere, are one problem from one
 * start; transform gives the fit's W. */
static void stored_entries_have_weights(void **state)
{
    (void)state;
    for (int64_t l = 0; l < LOSSES; l++)
        for (layout how = SPARSE_ROWS; how < LAYOUT_COUNT; how++) {
            weighted of;
            draw_weighted(&of, 0.5, 1, 61);
            for (int i = 0; i < M * N; i++)
                if (!(of.w[i] > 0)) of.x[i] = 0;
            take_weights(&of, NMF_F64);
            nmf_matrix *sparse = weighted_sparse(&of, of.x, how, -1);
            double W[M * K], H[K * N];
            uint64_t next = 5;
            for (int e = 0; e < M * K; e++) W[e] = 0.1 + next_uniform(&next);
            for (int e = 0; e < K * N; e++) H[e] = 0.1 + next_uniform(&next);
            nmf_options options = weighted_options(l);
            options.init = NMF_INIT_CUSTOM;
            options.start_W = matrix_from(W, M, K, NMF_F64, BY_ROWS);
            options.start_H = matrix_from(H, K, N, NMF_F64, BY_ROWS);
            options.tol = 1e-7;
            options.max_iter = 5000;
            nmf_model *a = fit(of.X, &options), *b = fit(sparse, &options);
            expect_same_loss(&of, l, a, b, 0.02);
            expect_factors(b, weighted_losses[l].name);
            nmf_matrix *again = transform(b, sparse, NULL);
            /* Below 1 the loss is not convex in a row, which then may have several minima. */
            for (int64_t e = 0; e < M * K && weighted_losses[l].beta >= 1; e++)
                if (fabs(nmf_matrix_at(again, e / K, e % K) -
                         nmf_matrix_at(nmf_model_view(b)->W, e / K, e % K)) > 1e-6)
                    fail_msg("%s: transform %g, W %g", weighted_losses[l].name,
                             nmf_matrix_at(again, e / K, e % K),
                             nmf_matrix_at(nmf_model_view(b)->W, e / K, e % K));
            nmf_matrix_free((nmf_matrix *)(uintptr_t)options.start_W);
            nmf_matrix_free((nmf_matrix *)(uintptr_t)options.start_H);
            nmf_matrix_free(again);
            nmf_model_free(a);
            nmf_model_free(b);
            nmf_matrix_free(sparse);
            drop_weighted(&of);
        }
}

static nmf_model *learn(const nmf_matrix *X, const nmf_options *options)
{
    return fit(X, options);
}

/* An entry of weight 0 is one that is not stored, whatever it is; and the bits are the same for threads and blocks. */
static void stored_entries_of_weight_0_are_not_seen(void **state)
{
    (void)state;
    static const double garbage[] = {1e30, -3, NAN};
    for (int64_t l = 0; l < 2; l++) {
        weighted of;
        draw_weighted(&of, 0.6, 1, 63);
        double without[M * N], dirty[M * N];
        for (int e = 0; e < M * N; e++) {
            without[e] = of.w[e] > 0 ? of.x[e] : 0;
            if (e % 7 == 0 && of.w[e] > 0) of.w[e] = 9;
        }
        nmf_options options = weighted_options(l);
        options.max_iter = 20;
        for (int e = 0; e < M * N; e++) dirty[e] = without[e];
        for (int e = 0; e < M * N; e++)
            if (of.w[e] == 9) without[e] = 0;
        nmf_matrix *clean = weighted_sparse(&of, without, SPARSE_ROWS, -1);
        nmf_model *expected = fit(clean, &options);
        for (int64_t g = 0; g < COUNT(garbage); g++) {
            for (int e = 0; e < M * N; e++)
                if (of.w[e] == 9) dirty[e] = garbage[g];
            nmf_matrix *X = weighted_sparse(&of, dirty, SPARSE_ROWS, 9);
            nmf_model *model = fit(X, &options);
            expect_same_entries(nmf_model_view(expected)->W, nmf_model_view(model)->W);
            expect_same_entries(nmf_model_view(expected)->H, nmf_model_view(model)->H);
            nmf_model_free(model);
            if (g == 0) expect_same_bits(learn, X, options);
            nmf_matrix_free(X);
        }
        nmf_model_free(expected);
        nmf_matrix_free(clean);
    }
}

static void wrong_weights_of_sparse_data_are_refused(void **state)
{
    (void)state;
    nmf_error error;
    weighted of;
    draw_weighted(&of, 0.5, 1, 65);
    for (int i = 0; i < M * N; i++)
        if (!(of.w[i] > 0)) of.x[i] = 0;
    nmf_matrix *X = matrix_from(of.x, M, N, NMF_F64, SPARSE_ROWS);
    nmf_matrix *dense = matrix_from(of.w, M, N, NMF_F64, BY_ROWS);
    nmf_matrix *by_columns = matrix_from(of.w, M, N, NMF_F64, SPARSE_COLUMNS);
    assert_int_equal(nmf_matrix_set_weights(X, dense, &error), NMF_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "store the same entries"));
    assert_int_equal(nmf_matrix_set_weights(X, by_columns, &error), NMF_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "compress both alike"));
    of.x[0] = of.x[0] > 0 ? 0 : 1;
    nmf_matrix *other = matrix_from(of.x, M, N, NMF_F64, SPARSE_ROWS);
    assert_int_equal(nmf_matrix_set_weights(X, other, &error), NMF_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "row 0 of them"));
    nmf_matrix *weights = weights_beside(X, of.w, -1);
    assert_int_equal(nmf_matrix_set_weights(X, weights, &error), NMF_OK);
    nmf_options options = weighted_options(0);
    nmf_model *model = NULL;
    nmf_rank_result *rank = NULL;
    assert_int_equal(nmf_fit(X, &options, &model, &error), NMF_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "missing = unstored"));
    assert_int_equal(nmf_rank(X, &options, NULL, &rank, &error), NMF_ERROR_ARGUMENT);
    assert_int_equal(nmf_matrix_set_missing(X, NMF_MISSING_UNSTORED, &error), NMF_OK);
    options.weighting = NMF_WEIGHTING_TFIDF;
    assert_int_equal(nmf_fit(X, &options, &model, &error), NMF_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "weighting"));
    nmf_matrix *const all[] = {X, dense, by_columns, other};
    for (int64_t i = 0; i < COUNT(all); i++) nmf_matrix_free(all[i]);
}

/* Few entries observed: rows are drawn to their mean, one of which nothing is known lies there, and the loss is
 * that of the entries and of the penalty. */
static void few_entries_draw_rows_to_their_mean(void **state)
{
    (void)state;
    for (int sparse = 0; sparse < 2; sparse++) {
        weighted of;
        nmf_error error;
        draw_weighted(&of, 0.2, 0, 111);
        for (int j = 0; j < N; j++) of.w[3 * N + j] = 0;
        for (int i = 0; i < M * N; i++)
            if (!(of.w[i] > 0)) of.x[i] = 0;
        take_weights(&of, NMF_F64);
        nmf_matrix *unstored = matrix_from(of.x, M, N, NMF_F64, SPARSE_ROWS);
        assert_int_equal(nmf_matrix_set_missing(unstored, NMF_MISSING_UNSTORED, &error), NMF_OK);
        const nmf_matrix *X = sparse ? unstored : of.X;
        nmf_options options = weighted_options(0);
        options.shrink = -1;
        options.tol = 1e-6;
        nmf_model *model = fit(X, &options);
        const nmf_model_content *content = nmf_model_view(model);
        assert_true(content->shrink > 0);
        double penalty = 0, mean_W[K] = {0}, mean_H[K] = {0};
        for (int c = 0; c < K; c++) {
            for (int i = 0; i < M; i++) mean_W[c] += nmf_matrix_at(content->W, i, c) / M;
            for (int j = 0; j < N; j++) mean_H[c] += nmf_matrix_at(content->H, c, j) / N;
            for (int i = 0; i < M; i++)
                penalty +=
                    0.5 * content->shrink * pow(nmf_matrix_at(content->W, i, c) - mean_W[c], 2);
            for (int j = 0; j < N; j++)
                penalty +=
                    0.5 * content->shrink * pow(nmf_matrix_at(content->H, c, j) - mean_H[c], 2);
            if (fabs(nmf_matrix_at(content->W, 3, c) - mean_W[c]) > 1e-3 * mean_W[c])
                fail_msg("row 3 is %g and the mean %g", nmf_matrix_at(content->W, 3, c), mean_W[c]);
        }
        const double loss = loss_of(&of, content, 2) + penalty;
        if (fabs(content->loss - loss) > 1e-8 * (1 + loss))
            fail_msg("loss %.12g, by its definition %.12g", content->loss, loss);
        for (int64_t t = 1; t < content->trace_count; t++)
            if (content->trace[t].loss > content->trace[t - 1].loss * (1 + 1e-9))
                fail_msg("loss %.12g after %.12g", content->trace[t].loss,
                         content->trace[t - 1].loss);
        nmf_matrix *W = transform(model, X, NULL);
        for (int64_t e = 0; e < M * K; e++)
            if (fabs(nmf_matrix_at(W, e / K, e % K) - nmf_matrix_at(content->W, e / K, e % K)) >
                1e-9)
                fail_msg("transform %g, W %g", nmf_matrix_at(W, e / K, e % K),
                         nmf_matrix_at(content->W, e / K, e % K));
        nmf_matrix_free(W);
        nmf_model_free(model);
        nmf_matrix_free(unstored);
        drop_weighted(&of);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_not_observed_is_not_seen),
        cmocka_unit_test(missing_entries_are_predicted),
        cmocka_unit_test(unstored_is_as_nan),
        cmocka_unit_test(stored_entries_have_weights),
        cmocka_unit_test(stored_entries_of_weight_0_are_not_seen),
        cmocka_unit_test(wrong_weights_of_sparse_data_are_refused),
        cmocka_unit_test(few_entries_draw_rows_to_their_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
