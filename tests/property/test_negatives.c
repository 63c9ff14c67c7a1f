/* Entries of X below 0: errors, taken for 0, or data like any others (the Frobenius loss, which asks only W and H to
 * be 0 or more). */
#include "constrained.h"

#include <math.h>
#include <string.h>

static void negative_entries_can_be_allowed_or_clipped(void **state)
{
    (void)state;
    static drawn of;
    static slopes at;
    draw(&of, 0, 105);
    double clipped[M * N], weights[M * N];
    uint64_t next = 1;
    for (int e = 0; e < M * N; e++) {
        of.x[e] -= 0.4 * next_uniform(&next);
        clipped[e] = fmax(of.x[e], 0);
        weights[e] = next_uniform(&next) < 0.7;
    }
    for (layout how = BY_ROWS; how < LAYOUT_COUNT; how++) {
        nmf_matrix *X = matrix_from(of.x, M, N, NMF_F64, how),
                   *zeros = matrix_from(clipped, M, N, NMF_F64, how);
        nmf_options options = options_for(0);
        options.tol = 1e-6;
        options.max_iter = 2000;
        options.negatives = NMF_NEGATIVES_ALLOW;
        nmf_model *model = fit(X, &options);
        const nmf_model_content *content = nmf_model_view(model);
        expect_factors(model, "allow");
        expect_fall(content, "allow");
        find_slopes(of.x, NULL, content, 2, &at);
        for (int64_t e = 0; e < M * K; e++)
            if (fabs(counted(at.W[e], nmf_matrix_at(content->W, e / K, e % K), 0, HUGE_VAL)) >
                1e-3 * at.W_size)
                fail_msg("a slope of %g", at.W[e]);
        nmf_matrix *W = transform(model, X, NULL); /* the model remembers */
        for (int64_t e = 0; e < M * K; e++)
            assert_true(fabs(nmf_matrix_at(W, e / K, e % K) -
                             nmf_matrix_at(content->W, e / K, e % K)) < 1e-8);
        nmf_matrix_free(W);
        nmf_model_free(model);
        for (int64_t l = 0; l < LOSSES && how == BY_ROWS; l++) {
            if (losses[l].beta == 0) continue;
            options = options_for(l);
            options.max_iter = 5;
            nmf_model *b = fit(zeros, &options);
            options.negatives = NMF_NEGATIVES_CLIP;
            nmf_model *a = fit(X, &options);
            expect_same_entries(nmf_model_view(a)->W, nmf_model_view(b)->W);
            expect_same_entries(nmf_model_view(a)->H, nmf_model_view(b)->H);
            nmf_model_free(a);
            nmf_model_free(b);
        }
        nmf_matrix_free(X);
        nmf_matrix_free(zeros);
    }
    nmf_error error;
    nmf_matrix *X = matrix_from(of.x, M, N, NMF_F64, BY_ROWS);
    assert_int_equal(
        nmf_matrix_set_weights(X, matrix_from(weights, M, N, NMF_F64, BY_ROWS), &error), NMF_OK);
    nmf_options options = options_for(0);
    options.negatives = NMF_NEGATIVES_ALLOW;
    nmf_model *model = fit(X, &options);
    expect_factors(model, "allow, some missing");
    expect_fall(nmf_model_view(model), "allow, some missing");
    nmf_model_free(model);
    options.negatives = NMF_NEGATIVES_ERROR;
    model = NULL;
    assert_int_equal(nmf_fit(X, &options, &model, &error), NMF_ERROR_DATA);
    options = options_for(1);
    options.negatives = NMF_NEGATIVES_ALLOW;
    assert_int_equal(nmf_fit(X, &options, &model, &error), NMF_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "only the frobenius loss"));
    nmf_matrix_free(X);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negative_entries_can_be_allowed_or_clipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
