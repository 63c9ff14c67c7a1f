/* Rows that come one after the other: what is learned depends on their order and on nothing else, comes near
 * what a fit of all of them learns, and follows rows that change where it forgets. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const problem parts = {"parts", fill_parts, 900, 60, 5};

static nmf_online *open_for(int64_t features, nmf_options options, nmf_online_options how)
{
    nmf_online *online = NULL;
    nmf_error error;
    if (nmf_online_open(features, &options, &how, &online, &error) != NMF_OK)
        fail_msg("%s", error.message);
    return online;
}

static nmf_matrix *rows_of(const nmf_matrix *X, int64_t first, int64_t count)
{
    int64_t *rows = malloc((size_t)count * sizeof *rows);
    nmf_matrix *some = NULL;
    nmf_error error;
    assert_non_null(rows);
    for (int64_t i = 0; i < count; i++) rows[i] = first + i;
    assert_int_equal(nmf_matrix_select(X, rows, count, &some, &error), NMF_OK);
    free(rows);
    return some;
}

/* So many at a time. */
static void push_all(nmf_online *online, const nmf_matrix *X, int64_t at_a_time)
{
    const int64_t m = nmf_matrix_rows(X);
    nmf_error error;
    for (int64_t at = 0; at < m; at += at_a_time) {
        nmf_matrix *some = rows_of(X, at, m - at < at_a_time ? m - at : at_a_time);
        if (nmf_online_push(online, some, &error) != NMF_OK) fail_msg("%s", error.message);
        nmf_matrix_free(some);
    }
}

static nmf_model *model_of(nmf_online *online)
{
    nmf_model *model = NULL;
    nmf_error error;
    if (nmf_online_model(online, &model, &error) != NMF_OK) fail_msg("%s", error.message);
    return model;
}

static nmf_options five(void)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = parts.k;
    return options;
}

static nmf_online_options small_blocks(void)
{
    nmf_online_options how = NMF_ONLINE_OPTIONS_INIT;
    how.block_rows = 64;
    how.first_rows = 200;
    return how;
}

static nmf_model *learned(const nmf_matrix *X, nmf_options options, nmf_online_options how,
                          int64_t at_a_time)
{
    nmf_online *online = open_for(nmf_matrix_columns(X), options, how);
    push_all(online, X, at_a_time);
    nmf_model *model = model_of(online);
    nmf_online_free(online);
    return model;
}

static void results_do_not_depend_on_batches_or_threads(void **state)
{
    (void)state;
    const layout ways[] = {BY_ROWS, SPARSE_ROWS, SPARSE_COLUMNS};
    for (int64_t w = 0; w < COUNT(ways); w++)
        for (int forgets = 0; forgets < 2; forgets++) {
            nmf_matrix *X = matrix_of(&parts, NMF_F32, ways[w]);
            nmf_options options = five();
            nmf_online_options how = small_blocks();
            how.half_life_rows = forgets ? 300 : 0;
            options.threads = 1;
            nmf_model *whole = learned(X, options, how, parts.m);
            const int64_t sizes[] = {1, 7, 64, 500};
            for (int64_t s = 0; s < COUNT(sizes); s++) {
                options.threads = 1 + s % 3;
                nmf_model *other = learned(X, options, how, sizes[s]);
                expect_same_entries(nmf_model_view(whole)->H, nmf_model_view(other)->H);
                nmf_model_free(other);
            }
            nmf_model_free(whole);
            nmf_matrix_free(X);
        }
}

/* ||X - W H|| of the model's H, with W made for it. */
static double error_of(const nmf_model *model, const nmf_matrix *X)
{
    nmf_matrix *W = transform(model, X, NULL);
    const double error = distance(X, W, nmf_model_view(model)->H);
    nmf_matrix_free(W);
    return error;
}

static void one_reading_comes_near_a_fit_of_all(void **state)
{
    (void)state;
    for (int f64 = 0; f64 < 2; f64++) {
        nmf_matrix *X = matrix_of(&parts, f64 ? NMF_F64 : NMF_F32, BY_ROWS);
        nmf_options options = five();
        nmf_model *all = fit(X, &options);
        nmf_model *once = learned(X, options, small_blocks(), 50);
        const double best = nmf_model_view(all)->error;
        assert_true(error_of(once, X) <= 1.02 * best);
        nmf_model_free(all);
        nmf_model_free(once);
        nmf_matrix_free(X);
    }
}

static void a_model_in_between_changes_nothing(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&parts, NMF_F32, BY_ROWS);
    nmf_online *online = open_for(parts.n, five(), small_blocks());
    nmf_model *whole = learned(X, five(), small_blocks(), parts.m);
    for (int64_t at = 0; at < parts.m; at += 90) {
        nmf_error error;
        nmf_matrix *some = rows_of(X, at, 90);
        assert_int_equal(nmf_online_push(online, some, &error), NMF_OK);
        const nmf_online_state before = nmf_online_view(online);
        nmf_model_free(model_of(online));
        const nmf_online_state after = nmf_online_view(online);
        assert_memory_equal(&before, &after, sizeof before);
        nmf_matrix_free(some);
    }
    nmf_model *model = model_of(online);
    expect_same_entries(nmf_model_view(whole)->H, nmf_model_view(model)->H);
    nmf_model_free(model);
    nmf_model_free(whole);
    nmf_online_free(online);
    nmf_matrix_free(X);
}

static void old_rows_are_forgotten_where_that_is_asked(void **state)
{
    (void)state;
    static const problem before = {"before", fill_parts, 1200, 40, 3};
    nmf_matrix *X = matrix_of(&before, NMF_F32, BY_ROWS);
    /* Later on features stand the other way round. */
    double *turned = malloc((size_t)(1200 * 40) * sizeof *turned);
    assert_non_null(turned);
    for (int64_t i = 0; i < 1200; i++)
        for (int64_t j = 0; j < 40; j++) turned[i * 40 + j] = nmf_matrix_at(X, i, 39 - j);
    nmf_matrix *Y = matrix_from(turned, 1200, 40, NMF_F32, BY_ROWS);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = 3;
    double errors[2];
    for (int forgets = 0; forgets < 2; forgets++) {
        nmf_online_options how = small_blocks();
        how.half_life_rows = forgets ? 150 : 0;
        nmf_online *online = open_for(40, options, how);
        push_all(online, X, 400);
        push_all(online, Y, 400);
        nmf_model *model = model_of(online);
        errors[forgets] = error_of(model, Y);
        nmf_model_free(model);
        nmf_online_free(online);
    }
    assert_true(errors[1] < 0.9 * errors[0]);
    free(turned);
    nmf_matrix_free(X);
    nmf_matrix_free(Y);
}

static void epochs_lead_where_a_fit_does(void **state)
{
    (void)state;
    const layout ways[] = {BY_ROWS, SPARSE_COLUMNS};
    for (int64_t w = 0; w < COUNT(ways); w++) {
        nmf_matrix *X = matrix_of(&parts, NMF_F64, ways[w]);
        nmf_options options = five();
        nmf_online *online = open_for(parts.n, options, small_blocks());
        double *W = calloc((size_t)(parts.m * parts.k), sizeof *W), last = INFINITY;
        nmf_error error;
        assert_non_null(W);
        for (int epoch = 0; epoch < 12; epoch++) {
            if (nmf_online_epoch(online, X, NMF_F64, W, &error) != NMF_OK)
                fail_msg("%s", error.message);
            const double loss = nmf_online_view(online).mean_loss;
            assert_true(epoch < 2 || loss <= last * (1 + 1e-9));
            last = loss;
        }
        nmf_model *model = model_of(online), *all = fit(X, &options);
        assert_true(error_of(model, X) <= 1.005 * nmf_model_view(all)->error);
        nmf_model_free(model);
        nmf_model_free(all);
        nmf_online_free(online);
        free(W);
        nmf_matrix_free(X);
    }
}

static void what_cannot_be_learned_from_is_refused(void **state)
{
    (void)state;
    nmf_error error = {NMF_OK, ""};
    nmf_online *online = NULL;
    nmf_options options = five();
    nmf_model *model = NULL;
    options.loss = NMF_LOSS_KL;
    assert_int_equal(nmf_online_open(60, &options, NULL, &online, &error), NMF_ERROR_ARGUMENT);
    options = five();
    assert_int_equal(nmf_online_open(0, &options, NULL, &online, &error), NMF_ERROR_ARGUMENT);
    assert_int_equal(nmf_online_push(NULL, NULL, &error), NMF_ERROR_ARGUMENT);
    assert_int_equal(nmf_online_model(NULL, &model, &error), NMF_ERROR_ARGUMENT);
    nmf_online_options how = small_blocks();
    how.half_life_rows = -1;
    assert_int_equal(nmf_online_open(60, &options, &how, &online, &error), NMF_ERROR_ARGUMENT);
    online = open_for(60, options, small_blocks());
    assert_int_equal(nmf_online_model(online, &model, &error), NMF_ERROR_DATA);
    nmf_matrix *X = matrix_of(&parts, NMF_F32, BY_ROWS);
    nmf_matrix_transpose(X);
    assert_int_equal(nmf_online_push(online, X, &error), NMF_ERROR_SHAPE);
    nmf_matrix_free(X);
    const double bad[120] = {[61] = -2};
    X = matrix_from(bad, 2, 60, NMF_F64, BY_ROWS);
    assert_int_equal(nmf_online_push(online, X, &error), NMF_ERROR_DATA);
    assert_non_null(strstr(error.message, "X[1,1] = -2"));
    assert_int_equal(nmf_online_view(online).rows, 0);
    nmf_matrix_free(X);
    nmf_online_free(online);
    nmf_online_free(NULL);
    nmf_minibatch_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_do_not_depend_on_batches_or_threads),
        cmocka_unit_test(one_reading_comes_near_a_fit_of_all),
        cmocka_unit_test(a_model_in_between_changes_nothing),
        cmocka_unit_test(old_rows_are_forgotten_where_that_is_asked),
        cmocka_unit_test(epochs_lead_where_a_fit_does),
        cmocka_unit_test(what_cannot_be_learned_from_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
