/* Known parts: what is known stays what it is, and what is left is at its own minimum. */
#include "constrained.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void known_components_stay_and_the_rest_converges(void **state)
{
    (void)state;
    static drawn of;
    static slopes at;
    draw(&of, 0, 5);
    for (int64_t l = 0; l < LOSSES; l++)
        for (int masked = 0; masked < 2; masked++)
            for (nmf_dtype type = NMF_F32; type <= NMF_F64; type++) {
                nmf_error error;
                double weights[M * N];
                uint64_t next = 9;
                for (int e = 0; e < M * N; e++) weights[e] = next_uniform(&next) < 0.8;
                if (masked && losses[l].solver != NMF_SOLVER_AUTO &&
                    losses[l].solver != NMF_SOLVER_SCD)
                    continue;
                nmf_matrix *X = matrix_from(of.x, M, N, type, BY_ROWS);
                nmf_matrix *H = matrix_from(of.H, KNOWN, N, type, BY_COLUMNS);
                if (masked)
                    assert_int_equal(nmf_matrix_set_weights(
                                         X, matrix_from(weights, M, N, NMF_F32, BY_ROWS), &error),
                                     NMF_OK);
                nmf_options options = options_for(l);
                nmf_constraints c = constraints();
                c.H = H;
                options.constraints = &c;
                options.tol = type == NMF_F64 ? 1e-5 : 1e-4;
                options.max_iter = 2000;
                nmf_model *model = fit(X, &options);
                const nmf_model_content *content = nmf_model_view(model);
                for (int64_t e = 0; e < KNOWN * N; e++)
                    if (nmf_matrix_at(content->H, e / N, e % N) != nmf_matrix_at(H, e / N, e % N))
                        fail_msg("%s: H[%d,%d] was %.17g and is %.17g", losses[l].name,
                                 (int)(e / N), (int)(e % N), nmf_matrix_at(H, e / N, e % N),
                                 nmf_matrix_at(content->H, e / N, e % N));
                expect_factors(model, losses[l].name);
                expect_fall(content, losses[l].name);
                find_slopes(of.x, masked ? weights : NULL, content, losses[l].beta, &at);
                for (int64_t e = 0; e < M * K && type == NMF_F64 && converges(l); e++) {
                    const double s =
                        counted(at.W[e], nmf_matrix_at(content->W, e / K, e % K), 0, HUGE_VAL);
                    if (fabs(s) > 1e-3 * at.W_size)
                        fail_msg("%s: a slope of %g along W", losses[l].name, s);
                }
                for (int64_t e = KNOWN * N; e < K * N && type == NMF_F64 && converges(l); e++) {
                    const double s =
                        counted(at.H[e], nmf_matrix_at(content->H, e / N, e % N), 0, HUGE_VAL);
                    if (fabs(s) > 2e-3 * at.H_size)
                        fail_msg("%s: a slope of %g along H", losses[l].name, s);
                }
                nmf_model_free(model);
                nmf_matrix_free(H);
                nmf_matrix_free(X);
            }
}

static void with_all_of_H_known_a_fit_is_transform(void **state)
{
    (void)state;
    static drawn of;
    draw(&of, 0, 15);
    for (int64_t l = 0; l < LOSSES; l++)
        for (layout how = BY_ROWS; how < LAYOUT_COUNT; how++) {
            nmf_error error;
            nmf_matrix *transformed = NULL;
            if (losses[l].solver == NMF_SOLVER_CD || losses[l].solver == NMF_SOLVER_MU) continue;
            if (how >= DENSE_LAYOUTS && losses[l].beta == 0) continue; /* it takes no zeros */
            nmf_matrix *X = matrix_from(of.x, M, N, NMF_F32, how);
            nmf_matrix *H = matrix_from(of.H, K, N, NMF_F32, BY_ROWS);
            nmf_options options = options_for(l);
            nmf_constraints c = constraints();
            c.H = H;
            options.constraints = &c;
            nmf_model *model = fit(X, &options);
            const nmf_model_content *content = nmf_model_view(model);
            expect_same_entries(content->H, H);
            options.constraints = NULL;
            assert_int_equal(nmf_transform_with(H, X, &options, &transformed, &error), NMF_OK);
            expect_same_entries(content->W, transformed);
            nmf_matrix *own = transform(model, X, NULL);
            expect_same_entries(content->W, own);
            nmf_matrix_free(own);
            nmf_matrix_free(transformed);
            nmf_model_free(model);
            nmf_matrix_free(H);
            nmf_matrix_free(X);
        }
}

static void known_columns_of_W_stay(void **state)
{
    (void)state;
    static drawn of;
    draw(&of, 0, 25);
    for (int64_t l = 0; l < LOSSES; l++) {
        double known[M * KNOWN];
        for (int i = 0; i < M * KNOWN; i++) known[i] = of.W[i / KNOWN * K + i % KNOWN];
        nmf_matrix *X = matrix_from(of.x, M, N, NMF_F64, BY_ROWS);
        nmf_matrix *W = matrix_from(known, M, KNOWN, NMF_F64, BY_ROWS);
        nmf_options options = options_for(l);
        nmf_constraints c = constraints();
        c.W = W;
        options.constraints = &c;
        nmf_model *model = fit(X, &options);
        const nmf_model_content *content = nmf_model_view(model);
        for (int64_t e = 0; e < M * KNOWN; e++)
            if (nmf_matrix_at(content->W, e / KNOWN, e % KNOWN) != known[e])
                fail_msg("%s: W[%d,%d] was %.17g and is %.17g", losses[l].name, (int)(e / KNOWN),
                         (int)(e % KNOWN), known[e],
                         nmf_matrix_at(content->W, e / KNOWN, e % KNOWN));
        expect_fall(content, losses[l].name);
        nmf_model_free(model);
        nmf_matrix_free(W);
        nmf_matrix_free(X);
    }
}

/* NaN, or 0 in keep_H: an entry that is not known. */
static void single_entries_can_be_known(void **state)
{
    (void)state;
    static drawn of;
    draw(&of, 0, 35);
    double holes[K * N], keep[K * N];
    for (int e = 0; e < K * N; e++) keep[e] = e % 3 != 0, holes[e] = keep[e] != 0 ? of.H[e] : NAN;
    nmf_matrix *X = matrix_from(of.x, M, N, NMF_F64, BY_ROWS);
    nmf_matrix *with_holes = matrix_from(holes, K, N, NMF_F64, BY_ROWS);
    nmf_matrix *whole = matrix_from(of.H, K, N, NMF_F64, BY_ROWS);
    nmf_matrix *kept = matrix_from(keep, K, N, NMF_U8, BY_ROWS);
    for (int64_t l = 0; l < LOSSES; l++) {
        nmf_options options = options_for(l);
        nmf_constraints c = constraints();
        options.constraints = &c;
        options.max_iter = 30;
        c.H = with_holes;
        nmf_model *a = fit(X, &options);
        c.H = whole;
        c.keep_H = kept;
        nmf_model *b = fit(X, &options);
        expect_same_model(a, b);
        int learned = 0;
        for (int64_t e = 0; e < K * N; e++) {
            const double h = nmf_matrix_at(nmf_model_view(a)->H, e / N, e % N);
            if (keep[e] != 0) assert_true(h == of.H[e]);
            learned += keep[e] == 0 && h != of.H[e];
        }
        assert_true(learned > 0);
        nmf_model_free(a);
        nmf_model_free(b);
    }
    nmf_matrix_free(kept);
    nmf_matrix_free(whole);
    nmf_matrix_free(with_holes);
    nmf_matrix_free(X);
}

static void features_are_matched_by_name(void **state)
{
    (void)state;
    static drawn of;
    draw(&of, 0, 45);
    nmf_error error;
    char text[N + 1][16];
    const char *names[N + 1], *turned[N + 1];
    double H[KNOWN * N], reversed[KNOWN * (N + 1)];
    for (int j = 0; j <= N; j++) {
        snprintf(text[j], sizeof text[j], "f%d", j);
        names[j] = text[j];
    }
    for (int j = 0; j <= N; j++) { /* one more than X has */
        turned[j] = text[N - j];
        for (int c = 0; c < KNOWN; c++) {
            reversed[c * (N + 1) + j] = j == 0 ? 77 : of.H[c * N + N - j];
            if (j < N) H[c * N + j] = of.H[c * N + j];
        }
    }
    nmf_matrix *X = matrix_from(of.x, M, N, NMF_F64, BY_ROWS);
    nmf_matrix *in_order = matrix_from(H, KNOWN, N, NMF_F64, BY_ROWS);
    nmf_matrix *backwards = matrix_from(reversed, KNOWN, N + 1, NMF_F64, BY_ROWS);
    assert_int_equal(nmf_matrix_set_names(X, NMF_FEATURE_NAMES, names, &error), NMF_OK);
    assert_int_equal(nmf_matrix_set_names(backwards, NMF_FEATURE_NAMES, turned, &error), NMF_OK);
    nmf_options options = options_for(0);
    nmf_constraints c = constraints();
    options.constraints = &c;
    c.H = in_order;
    nmf_model *a = fit(X, &options);
    c.H = backwards;
    nmf_model *b = fit(X, &options);
    expect_same_model(a, b);
    nmf_model_free(a);
    nmf_model_free(b);
    turned[N] = "another";
    assert_int_equal(nmf_matrix_set_names(backwards, NMF_FEATURE_NAMES, turned, &error), NMF_OK);
    nmf_model *none = NULL;
    assert_int_equal(nmf_fit(X, &options, &none, &error), NMF_ERROR_SHAPE);
    assert_non_null(strstr(error.message, "no feature 'f0'"));
    nmf_matrix_free(in_order);
    nmf_matrix_free(backwards);
    nmf_matrix_free(X);
}

static void wrong_known_parts_are_refused(void **state)
{
    (void)state;
    static drawn of;
    draw(&of, 0, 95);
    double bad[KNOWN * N];
    memcpy(bad, of.H, sizeof bad);
    bad[N + 3] = -1;
    nmf_matrix *X = matrix_from(of.x, M, N, NMF_F64, BY_ROWS);
    nmf_matrix *negative = matrix_from(bad, KNOWN, N, NMF_F64, BY_ROWS);
    nmf_matrix *narrow = matrix_from(of.H, KNOWN, N - 1, NMF_F64, BY_ROWS);
    nmf_matrix *whole = matrix_from(of.H, K, N, NMF_F64, BY_ROWS);
    nmf_options options = options_for(0);
    nmf_constraints c = constraints();
    options.constraints = &c;
    c.H = negative;
    refused(X, &options, NMF_ERROR_DATA, "known H[1,3] = -1");
    c.H = narrow;
    refused(X, &options, NMF_ERROR_SHAPE, "44 features; X has 45");
    c.H = whole;
    options.k = K - 1;
    refused(X, &options, NMF_ERROR_SHAPE, "4 components of H are known; there are 3");
    options.k = K;
    c.keep_H = narrow;
    refused(X, &options, NMF_ERROR_SHAPE, "keep_H is 2 x 44");
    c.H = NULL;
    refused(X, &options, NMF_ERROR_ARGUMENT, "there are none");
    c.keep_H = NULL;
    c.W = whole;
    refused(X, &options, NMF_ERROR_SHAPE, "has 4 samples; X has 60");
    c.W = NULL;
    c.H = whole;
    options.simplex = NMF_SIMPLEX_H;
    refused(X, &options, NMF_ERROR_DATA, "known component 0 sums to");
    options.simplex = NMF_SIMPLEX_NONE;
    options.solver = NMF_SOLVER_JMM;
    refused(X, &options, NMF_ERROR_ARGUMENT, "solver = jmm");
    options.solver = NMF_SOLVER_AUTO;
    options.lower_H = 0.5;
    refused(X, &options, NMF_ERROR_DATA, "is outside its bounds");
    nmf_matrix *const all[] = {X, negative, narrow, whole};
    for (int64_t i = 0; i < COUNT(all); i++) nmf_matrix_free(all[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_components_stay_and_the_rest_converges),
        cmocka_unit_test(with_all_of_H_known_a_fit_is_transform),
        cmocka_unit_test(known_columns_of_W_stay),
        cmocka_unit_test(single_entries_can_be_known),
        cmocka_unit_test(features_are_matched_by_name),
        cmocka_unit_test(wrong_known_parts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
