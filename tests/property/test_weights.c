/* Weights: what a fit then minimizes is the weighted loss, whoever is asked. */
#include "weighted.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double observed_share[] = {0.95, 0.7, 0.3};

static void the_loss_is_the_weighted_sum_and_never_rises(void **state)
{
    (void)state;
    for (int64_t l = 0; l < LOSSES; l++)
        for (int64_t s = 0; s < COUNT(observed_share); s++)
            for (int real = 0; real < 2; real++) {
                weighted of;
                draw_weighted(&of, observed_share[s], real, 7 + (uint64_t)s);
                take_weights(&of, NMF_F64);
                const nmf_options options = weighted_options(l);
                nmf_model *model = fit(of.X, &options);
                const nmf_model_content *content = nmf_model_view(model);
                const double loss = loss_of(&of, content, weighted_losses[l].beta);
                if (fabs(content->loss - loss) > 1e-8 * (1 + loss))
                    fail_msg("%s, %g observed: loss %.12g, by its definition %.12g",
                             weighted_losses[l].name, observed_share[s], content->loss, loss);
                for (int64_t t = 1; t < content->trace_count; t++)
                    if (content->trace[t].loss > content->trace[t - 1].loss * (1 + 1e-9) + 1e-10)
                        fail_msg("%s: loss %.12g after %.12g", weighted_losses[l].name,
                                 content->trace[t].loss, content->trace[t - 1].loss);
                expect_factors(model, weighted_losses[l].name);
                nmf_model_free(model);
                drop_weighted(&of);
            }
}

/* Central differences of the loss along every entry of W and H: at a minimum over W, H >= 0 slopes are 0
 * where the entry is positive, and not negative where it is 0. */
static void slopes_vanish_where_a_fit_has_converged(void **state)
{
    (void)state;
    for (int64_t l = 0; l < 3; l++) {
        weighted of;
        draw_weighted(&of, 0.7, 1, 3);
        take_weights(&of, NMF_F64);
        nmf_options options = weighted_options(l);
        options.tol = 1e-6;
        nmf_model *model = fit(of.X, &options);
        const nmf_model_content *content = nmf_model_view(model);
        double largest = 0, scale = 0;
        for (int64_t i = 0; i < M; i++)
            for (int64_t c = 0; c < K; c++) {
                double slope = 0, size = 0;
                const double w = nmf_matrix_at(content->W, i, c);
                for (int64_t j = 0; j < N; j++) {
                    const double weight = of.w[i * N + j], h = nmf_matrix_at(content->H, c, j);
                    const double x = of.x[i * N + j], v = model_at(content, i, j);
                    if (!(weight > 0)) continue;
                    const double step = 1e-6 * v;
                    slope += weight * h *
                             (loss_of_entry(x, v + step, weighted_losses[l].beta) -
                              loss_of_entry(x, v - step, weighted_losses[l].beta)) /
                             (2 * step);
                    size += weight * h * x * pow(v, weighted_losses[l].beta - 2);
                }
                largest = fmax(largest, fabs(w > 0 ? slope : fmin(slope, 0)));
                scale = fmax(scale, size);
            }
        if (largest > 1e-3 * scale)
            fail_msg("%s: a slope of %g, where gradients are made of %g", weighted_losses[l].name,
                     largest, scale);
        nmf_model_free(model);
        drop_weighted(&of);
    }
}

static void weights_of_one_are_no_weights(void **state)
{
    (void)state;
    weighted of;
    draw_weighted(&of, 1, 0, 5);
    take_weights(&of, NMF_F32);
    nmf_matrix *plain = matrix_from(of.x, M, N, NMF_F32, BY_ROWS);
    for (int64_t l = 0; l < LOSSES; l++) {
        const nmf_options options = weighted_options(l);
        nmf_model *a = fit(of.X, &options), *b = fit(plain, &options);
        expect_same_model(a, b);
        nmf_model_free(a);
        nmf_model_free(b);
    }
    nmf_matrix_free(plain);
    drop_weighted(&of);
}

static void transform_of_what_was_fitted_is_W(void **state)
{
    (void)state;
    for (int64_t l = 0; l < 3; l++) {
        weighted of;
        draw_weighted(&of, 0.7, 1, 31);
        take_weights(&of, NMF_F64);
        const nmf_options options = weighted_options(l);
        nmf_model *model = fit(of.X, &options);
        nmf_matrix *W = transform(model, of.X, NULL);
        for (int64_t i = 0; i < M; i++)
            for (int64_t c = 0; c < K; c++) {
                const double a = nmf_matrix_at(W, i, c),
                             b = nmf_matrix_at(nmf_model_view(model)->W, i, c);
                if (fabs(a - b) > 1e-6 * (1 + fabs(b)))
                    fail_msg("%s: W[%d,%d] = %.12g, transform gives %.12g", weighted_losses[l].name,
                             (int)i, (int)c, b, a);
            }
        nmf_matrix_free(W);
        nmf_model_free(model);
        drop_weighted(&of);
    }
}

/* Of a start that both have. */
static nmf_model *fit_from(const nmf_matrix *X, nmf_options options, nmf_matrix *W, nmf_matrix *H)
{
    options.init = NMF_INIT_CUSTOM;
    options.start_W = W;
    options.start_H = H;
    nmf_model *model = fit(X, &options);
    nmf_matrix_free(W);
    nmf_matrix_free(H);
    return model;
}

/* Zeros where they pin W and H down: another pair with that product has some below 0. (With all of X above 0 minima are
 * no single points, and where a fit ends is rounding's.) */
static void draw_pinned(weighted *of, uint64_t seed)
{
    uint64_t state = seed;
    double W[M * K], H[K * N];
    for (int i = 0; i < M * K; i++) W[i] = next_uniform(&state) < 0.6 ? 0 : next_uniform(&state);
    for (int i = 0; i < K * N; i++) H[i] = next_uniform(&state) < 0.6 ? 0 : next_uniform(&state);
    for (int i = 0; i < K; i++)
        for (int l = 0; l < K; l++) W[i * K + l] = H[l * N + i] = i == l;
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            double v = 0;
            for (int l = 0; l < K; l++) v += W[i * K + l] * H[l * N + j];
            of->x[i * N + j] = v * (1 + 0.2 * next_uniform(&state));
        }
}

static double draw_entry(uint64_t *state)
{
    return 0.2 + next_uniform(state);
}

/* Rows counted three times are rows that stand there three times: from one start, one H. */
static void whole_weights_repeat_rows(void **state)
{
    (void)state;
    for (int64_t l = 0; l < LOSSES; l++) {
        weighted of;
        static double repeated[3 * M * N], W[M * K], repeated_W[3 * M * K], H[K * N];
        uint64_t next = 17;
        int64_t rows = 0;
        draw_pinned(&of, 41);
        for (int e = 0; e < M * K; e++) W[e] = draw_entry(&next);
        for (int e = 0; e < K * N; e++) H[e] = draw_entry(&next);
        for (int i = 0; i < M; i++) {
            const int times = 1 + i % 3;
            for (int j = 0; j < N; j++) of.w[i * N + j] = times;
            for (int t = 0; t < times; t++, rows++) {
                memcpy(repeated + rows * N, of.x + i * N, N * sizeof *repeated);
                memcpy(repeated_W + rows * K, W + i * K, K * sizeof *repeated_W);
            }
        }
        take_weights(&of, NMF_F64);
        nmf_matrix *plain = matrix_from(repeated, rows, N, NMF_F64, BY_ROWS);
        nmf_options options = weighted_options(l);
        options.tol = 1e-10;
        options.max_iter = 20000;
        nmf_model *a = fit_from(of.X, options, matrix_from(W, M, K, NMF_F64, BY_ROWS),
                                matrix_from(H, K, N, NMF_F64, BY_ROWS));
        nmf_model *b = fit_from(plain, options, matrix_from(repeated_W, rows, K, NMF_F64, BY_ROWS),
                                matrix_from(H, K, N, NMF_F64, BY_ROWS));
        double size = 0;
        for (int e = 0; e < K * N; e++)
            size = fmax(size, nmf_matrix_at(nmf_model_view(b)->H, e / N, e % N));
        for (int e = 0; e < K * N; e++) {
            const double one = nmf_matrix_at(nmf_model_view(a)->H, e / N, e % N);
            const double other = nmf_matrix_at(nmf_model_view(b)->H, e / N, e % N);
            if (fabs(one - other) > 1e-6 * size)
                fail_msg("%s: H[%d] = %.12g, with rows repeated %.12g", weighted_losses[l].name, e,
                         one, other);
        }
        nmf_model_free(a);
        nmf_model_free(b);
        nmf_matrix_free(plain);
        drop_weighted(&of);
    }
}

/* Weights r_i c_j are those of X with its rows and columns scaled, at the price of such a fit; some of them 0. */
static void weights_of_rows_and_columns_scale_them(void **state)
{
    (void)state;
    for (int64_t l = 0; l < LOSSES; l++)
        for (int zeros = 0; zeros < 2; zeros++) {
            weighted of;
            static double scaled[M * N];
            double r[M], c[N];
            uint64_t next = 19;
            const double beta = weighted_losses[l].beta;
            draw_weighted(&of, 1, 0, 43);
            for (int i = 0; i < M; i++) r[i] = zeros && i == 4 ? 0 : 0.1 + 5 * next_uniform(&next);
            for (int j = 0; j < N; j++) c[j] = zeros && j == 7 ? 0 : 0.1 + 5 * next_uniform(&next);
            for (int i = 0; i < M; i++)
                for (int j = 0; j < N; j++) {
                    of.w[i * N + j] = r[i] * c[j];
                    scaled[i * N + j] = pow(r[i] * c[j], 1 / beta) * of.x[i * N + j];
                    if (of.w[i * N + j] == 0) of.x[i * N + j] = NAN;
                }
            take_weights(&of, NMF_F64);
            nmf_matrix *plain = matrix_from(scaled, M, N, NMF_F64, BY_ROWS);
            nmf_options options = weighted_options(l);
            options.max_iter = 100;
            nmf_model *a = fit(of.X, &options), *b = fit(plain, &options);
            const int same = !zeros || beta == 2 || beta == 1;
            if (fabs(nmf_model_view(a)->loss - nmf_model_view(b)->loss) >
                    1e-5 * nmf_model_view(b)->loss &&
                same)
                fail_msg("%s: loss %.9g, of scaled data %.9g", weighted_losses[l].name,
                         nmf_model_view(a)->loss, nmf_model_view(b)->loss);
            /* Rounding may add some iterations, but none of them reads X more often. */
            const double passes = (double)nmf_model_view(b)->passes;
            if (same && fabs((double)nmf_model_view(a)->passes - passes) > 0.1 * passes)
                fail_msg("%s: %lld passes, of scaled data %g", weighted_losses[l].name,
                         (long long)nmf_model_view(a)->passes, passes);
            for (int i = 0; i < M; i++)
                for (int j = 0; j < N && same; j++) {
                    const double v = pow(r[i] * c[j], 1 / beta) * model_at(nmf_model_view(a), i, j);
                    const double expected = model_at(nmf_model_view(b), i, j);
                    if (of.w[i * N + j] > 0 && fabs(v - expected) > 1e-5 * (1 + expected))
                        fail_msg("%s: the model is %.9g, of scaled data %.9g",
                                 weighted_losses[l].name, v, expected);
                }
            const double by_hand = loss_of(&of, nmf_model_view(a), beta);
            if (fabs(by_hand - nmf_model_view(a)->loss) > 1e-8 * (1 + by_hand))
                fail_msg("%s: loss %.12g, by its definition %.12g", weighted_losses[l].name,
                         nmf_model_view(a)->loss, by_hand);
            expect_factors(a, weighted_losses[l].name);
            nmf_model_free(a);
            nmf_model_free(b);
            nmf_matrix_free(plain);
            drop_weighted(&of);
        }
}

static nmf_model *learn(const nmf_matrix *X, const nmf_options *options)
{
    return fit(X, options);
}

static void same_bits_however_the_work_is_divided(void **state)
{
    (void)state;
    for (int64_t l = 0; l < LOSSES; l++) {
        weighted of;
        draw_weighted(&of, 0.7, 1, 71);
        take_weights(&of, NMF_F32);
        nmf_options options = weighted_options(l);
        options.max_iter = 12;
        expect_same_bits(learn, of.X, options);
        drop_weighted(&of);
    }
}

static void name_features(nmf_matrix *X, int backwards)
{
    static char words[N][8];
    const char *names[N];
    nmf_error error;
    for (int j = 0; j < N; j++) {
        snprintf(words[j], sizeof words[j], "f%d", backwards ? N - 1 - j : j);
        names[j] = words[j];
    }
    assert_int_equal(nmf_matrix_set_names(X, NMF_FEATURE_NAMES, names, &error), NMF_OK);
}

/* Features in another order bring their weights along. */
static void weights_follow_their_features(void **state)
{
    (void)state;
    for (int64_t l = 0; l < 2; l++) {
        weighted of, turned;
        draw_weighted(&of, 0.7, 1, 91);
        turned = of;
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++) {
                turned.x[i * N + j] = of.x[i * N + N - 1 - j];
                turned.w[i * N + j] = of.w[i * N + N - 1 - j];
            }
        take_weights(&of, NMF_F64);
        take_weights(&turned, NMF_F64);
        name_features(of.X, 0);
        name_features(turned.X, 1);
        const nmf_options options = weighted_options(l);
        nmf_model *model = fit(of.X, &options);
        nmf_matrix *a = transform(model, of.X, NULL), *b = transform(model, turned.X, NULL);
        expect_same_entries(a, b);
        nmf_matrix_free(a);
        nmf_matrix_free(b);
        nmf_model_free(model);
        drop_weighted(&of);
        drop_weighted(&turned);
    }
}

static void expect_refusal(nmf_status status, const nmf_error *error, nmf_status expected,
                           const char *words)
{
    assert_int_equal(status, expected);
    if (!strstr(error->message, words)) fail_msg("'%s' lacks '%s'", error->message, words);
}

static void wrong_weights_are_refused(void **state)
{
    (void)state;
    nmf_error error;
    weighted of;
    draw_weighted(&of, 0.7, 0, 81);
    nmf_matrix *X = matrix_from(of.x, M, N, NMF_F32, BY_ROWS);
    nmf_matrix *small = matrix_from(of.w, M, N - 1, NMF_F32, BY_ROWS);
    expect_refusal(nmf_matrix_set_weights(X, small, &error), &error, NMF_ERROR_SHAPE, "60 x 44");
    of.w[2 * N + 5] = -1;
    nmf_matrix *weights = matrix_from(of.w, M, N, NMF_F64, BY_ROWS);
    expect_refusal(nmf_matrix_set_weights(X, weights, &error), &error, NMF_ERROR_DATA,
                   "weight[2,5] = -1");
    expect_refusal(nmf_matrix_set_missing(X, NMF_MISSING_UNSTORED, &error), &error,
                   NMF_ERROR_ARGUMENT, "sparse");
    nmf_matrix_free(weights); /* still ours: they were refused */
    memset(of.w, 0, sizeof of.w);
    weights = matrix_from(of.w, M, N, NMF_F64, BY_ROWS);
    assert_int_equal(nmf_matrix_set_weights(X, weights, &error), NMF_OK);
    nmf_options options = weighted_options(0);
    nmf_model *model = NULL;
    expect_refusal(nmf_fit(X, &options, &model, &error), &error, NMF_ERROR_DATA,
                   "no entry of X was observed");
    of.w[0] = of.w[1] = of.w[N] =
        1; /* no product of weights of rows and of columns, which any solver takes */
    weights = matrix_from(of.w, M, N, NMF_F64, BY_ROWS);
    assert_int_equal(nmf_matrix_set_weights(X, weights, &error), NMF_OK);
    options.solver = NMF_SOLVER_CD;
    expect_refusal(nmf_fit(X, &options, &model, &error), &error, NMF_ERROR_ARGUMENT, "solver = cd");
    expect_refusal(nmf_pca(X, &options, &model, &error), &error, NMF_ERROR_ARGUMENT, "PCA");
    nmf_matrix_free(small);
    nmf_matrix_free(X);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loss_is_the_weighted_sum_and_never_rises),
        cmocka_unit_test(slopes_vanish_where_a_fit_has_converged),
        cmocka_unit_test(weights_of_one_are_no_weights),
        cmocka_unit_test(transform_of_what_was_fitted_is_W),
        cmocka_unit_test(whole_weights_repeat_rows),
        cmocka_unit_test(weights_of_rows_and_columns_scale_them),
        cmocka_unit_test(same_bits_however_the_work_is_divided),
        cmocka_unit_test(weights_follow_their_features),
        cmocka_unit_test(wrong_weights_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
