/* Bounds and sums: what is bounded stays within, sums are kept, and what is left is at its own minimum. */
#include "constrained.h"

#include <float.h>
#include <math.h>

static void bounds_are_kept_and_what_is_within_converges(void **state)
{
    (void)state;
    static drawn of;
    static slopes at;
    static const double low_W = 0.02, high_W = 0.7, low_H = 0.03;
    draw(&of, 0, 65);
    double row[N];
    for (int j = 0; j < N; j++) row[j] = j % 2 ? 0.5 : HUGE_VAL;
    nmf_matrix *X = matrix_from(of.x, M, N, NMF_F64, BY_ROWS);
    nmf_matrix *upper_H = matrix_from(row, 1, N, NMF_F64, BY_ROWS);
    for (int64_t l = 0; l < LOSSES; l++) {
        nmf_options options = options_for(l);
        nmf_constraints c = constraints();
        options.constraints = &c;
        options.lower_W = low_W;
        options.upper_W = high_W;
        options.lower_H = low_H;
        options.tol = 1e-5;
        options.max_iter = 2000;
        c.upper_H = upper_H;
        nmf_model *model = fit(X, &options);
        const nmf_model_content *content = nmf_model_view(model);
        /* Where D is not convex in a row a fit may say that it stalled. */
        const int settled = converges(l) && content->stopped == NMF_STOPPED_CONVERGED;
        assert_true(settled || !converges(l) || losses[l].beta < 1);
        find_slopes(of.x, NULL, content, losses[l].beta, &at);
        expect_fall(content, losses[l].name);
        for (int64_t e = 0; e < M * K; e++) {
            const double w = nmf_matrix_at(content->W, e / K, e % K);
            const double s = counted(at.W[e], w, low_W, high_W);
            if (!(w >= low_W && w <= high_W)) fail_msg("%s: W = %.17g", losses[l].name, w);
            if (settled && fabs(s) > 1e-3 * at.W_size)
                fail_msg("%s: a slope of %g along W = %g", losses[l].name, s, w);
        }
        for (int64_t e = 0; e < K * N; e++) {
            const double h = nmf_matrix_at(content->H, e / N, e % N);
            const double s = counted(at.H[e], h, low_H, row[e % N]);
            if (!(h >= low_H && h <= row[e % N])) fail_msg("%s: H = %.17g", losses[l].name, h);
            if (settled && fabs(s) > 2e-3 * at.H_size)
                fail_msg("%s: a slope of %g along H = %g", losses[l].name, s, h);
        }
        nmf_matrix *W = transform(model, X, NULL); /* the model remembers the numbers */
        for (int64_t e = 0; e < M * K && converges(l); e++) {
            const double a = nmf_matrix_at(content->W, e / K, e % K),
                         b = nmf_matrix_at(W, e / K, e % K);
            if (fabs(a - b) > 1e-5 * (1 + a))
                fail_msg("%s: W %g, transform %g", losses[l].name, a, b);
        }
        nmf_matrix_free(W);
        nmf_model_free(model);
    }
    nmf_matrix_free(upper_H);
    nmf_matrix_free(X);
}

/* A row of zeros that W may not follow to 0 has a loss; sparse or dense, it is the same. */
static void rows_of_zeros_cost_what_their_bounds_ask(void **state)
{
    (void)state;
    static drawn of;
    draw(&of, 0, 125);
    for (int e = 0; e < M * N; e++)
        if (of.x[e] < 0.4 || e / N % 5 == 3) of.x[e] = 0;
    for (int64_t l = 0; l < 2; l++) {
        nmf_options options = options_for(l);
        options.lower_W = 0.05;
        for (layout how = BY_ROWS; how < LAYOUT_COUNT; how++) {
            nmf_matrix *X = matrix_from(of.x, M, N, NMF_F64, how);
            nmf_model *model = fit(X, &options);
            const nmf_model_content *content = nmf_model_view(model);
            double loss = 0;
            for (int i = 0; i < M; i++)
                for (int j = 0; j < N; j++) {
                    double v = 0;
                    for (int c = 0; c < K; c++)
                        v += nmf_matrix_at(content->W, i, c) * nmf_matrix_at(content->H, c, j);
                    loss += loss_of_entry(of.x[i * N + j], v, losses[l].beta);
                }
            if (fabs(loss - content->loss) > 1e-8 * loss)
                fail_msg("%s: loss %.12g, by its definition %.12g", losses[l].name, content->loss,
                         loss);
            for (int c = 0; c < K; c++) assert_true(nmf_matrix_at(content->W, 3, c) >= 0.05);
            nmf_model_free(model);
            nmf_matrix_free(X);
        }
    }
}

/* Slopes of the entries of a row that lie on no bound are one number, and no other entry's is below it. */
static void rows_of_W_sum_to_one(void **state)
{
    (void)state;
    static drawn of;
    static slopes at;
    draw(&of, 1, 75);
    for (int64_t l = 0; l < 5; l++)
        for (int masked = 0; masked < 2; masked++) {
            nmf_error error;
            double weights[M * N];
            uint64_t next = 3;
            for (int e = 0; e < M * N; e++) weights[e] = next_uniform(&next) < 0.8 && e / N != 7;
            if (masked && losses[l].solver != NMF_SOLVER_AUTO) continue;
            nmf_matrix *X = matrix_from(of.x, M, N, NMF_F64, BY_ROWS);
            if (masked)
                assert_int_equal(
                    nmf_matrix_set_weights(X, matrix_from(weights, M, N, NMF_F64, BY_ROWS), &error),
                    NMF_OK);
            nmf_options options = options_for(l);
            options.simplex = NMF_SIMPLEX_W;
            options.tol = 1e-5;
            options.max_iter = 3000;
            nmf_model *model = fit(X, &options);
            const nmf_model_content *content = nmf_model_view(model);
            expect_fall(content, losses[l].name);
            expect_factors(model, losses[l].name);
            find_slopes(of.x, masked ? weights : NULL, content, losses[l].beta, &at);
            for (int64_t i = 0; i < M; i++) {
                double sum = 0, least = HUGE_VAL, most = -HUGE_VAL;
                for (int64_t k = 0; k < K; k++) {
                    const double w = nmf_matrix_at(content->W, i, k), s = at.W[i * K + k];
                    sum += w;
                    least = fmin(least, s);
                    if (w > 0) most = fmax(most, s);
                }
                if (fabs(sum - 1) > 4 * DBL_EPSILON)
                    fail_msg("%s: row %d sums to %.17g", losses[l].name, (int)i, sum);
                if (most - least > 1e-3 * at.W_size)
                    fail_msg("%s: slopes along row %d from %g to %g", losses[l].name, (int)i, least,
                             most);
            }
            nmf_matrix *W = transform(model, X, NULL);
            for (int64_t e = 0; e < M * K; e++) {
                const double a = nmf_matrix_at(content->W, e / K, e % K),
                             b = nmf_matrix_at(W, e / K, e % K);
                if (fabs(a - b) > 1e-5) fail_msg("%s: W %g, transform %g", losses[l].name, a, b);
            }
            nmf_matrix_free(W);
            nmf_model_free(model);
            nmf_matrix_free(X);
        }
}

static void rows_of_H_sum_to_one(void **state)
{
    (void)state;
    static drawn of;
    draw(&of, 0, 85);
    nmf_matrix *X = matrix_from(of.x, M, N, NMF_F64, BY_ROWS);
    for (int64_t l = 0; l < LOSSES; l++) {
        nmf_options options = options_for(l);
        nmf_model *plain = fit(X, &options);
        options.simplex = NMF_SIMPLEX_H;
        nmf_model *model = fit(X, &options);
        for (int64_t c = 0; c < K; c++) {
            double sum = 0;
            for (int64_t j = 0; j < N; j++) sum += nmf_matrix_at(nmf_model_view(model)->H, c, j);
            if (fabs(sum - 1) > N * DBL_EPSILON) fail_msg("%s: sum %.17g", losses[l].name, sum);
        }
        const double a = nmf_model_view(model)->loss, b = nmf_model_view(plain)->loss;
        if (fabs(a - b) > 1e-6 * b)
            fail_msg("%s: loss %.9g, without sums %.9g", losses[l].name, a, b);
        nmf_model_free(plain);
        nmf_model_free(model);
    }
    nmf_matrix_free(X);
}

static nmf_model *learn(const nmf_matrix *X, const nmf_options *options)
{
    return fit(X, options);
}

static void same_bits_however_the_work_is_divided(void **state)
{
    (void)state;
    static drawn of;
    draw(&of, 1, 55);
    nmf_matrix *X = matrix_from(of.x, M, N, NMF_F32, BY_ROWS);
    nmf_matrix *H = matrix_from(of.H, KNOWN, N, NMF_F32, BY_ROWS);
    for (int64_t l = 0; l < LOSSES; l++)
        for (int sums = 0; sums < 2; sums++) {
            nmf_options options = options_for(l);
            nmf_constraints c = constraints();
            if (sums && losses[l].solver != NMF_SOLVER_AUTO && losses[l].solver != NMF_SOLVER_HALS)
                continue;
            options.simplex = sums ? NMF_SIMPLEX_W : NMF_SIMPLEX_NONE;
            options.constraints = &c;
            options.upper_W = 0.9;
            options.max_iter = 8;
            c.H = H;
            expect_same_bits(learn, X, options);
        }
    nmf_matrix_free(H);
    nmf_matrix_free(X);
}

static void wrong_bounds_are_refused(void **state)
{
    (void)state;
    static drawn of;
    draw(&of, 0, 95);
    nmf_matrix *X = matrix_from(of.x, M, N, NMF_F64, BY_ROWS);
    nmf_matrix *column = matrix_from(of.W, M, 1, NMF_F64, BY_ROWS);
    nmf_options options = options_for(0);
    nmf_constraints c = constraints();
    options.constraints = &c;
    c.lower_W = column;
    refused(X, &options, NMF_ERROR_SHAPE, "lower_W is 60 x 1");
    c.lower_W = NULL;
    options.lower_W = 2;
    options.upper_W = 1;
    refused(X, &options, NMF_ERROR_DATA, "W[0,0] must be at least 2 and at most 1");
    options.lower_W = 0.3;
    options.simplex = NMF_SIMPLEX_W;
    refused(X, &options, NMF_ERROR_DATA,
            "row 0 of W cannot sum to 1: its entries add up to at least 1.2");
    options.lower_W = 0;
    options.upper_W = 0.2;
    refused(X, &options, NMF_ERROR_DATA, "at most 0.8");
    options.upper_W = 0;
    options.simplex = NMF_SIMPLEX_H;
    options.alpha_W = 0.1;
    refused(X, &options, NMF_ERROR_ARGUMENT, "no penalty");
    nmf_matrix_free(column);
    nmf_matrix_free(X);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_are_kept_and_what_is_within_converges),
        cmocka_unit_test(rows_of_zeros_cost_what_their_bounds_ask),
        cmocka_unit_test(rows_of_W_sum_to_one),
        cmocka_unit_test(rows_of_H_sum_to_one),
        cmocka_unit_test(same_bits_however_the_work_is_divided),
        cmocka_unit_test(wrong_bounds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
