/* Weights and missing entries: what a fit then minimizes is the weighted loss of what was observed,
 * and nothing else of X is seen. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { M = 60, N = 45, K = 4 };

/* --- data ---------------------------------------------------------------------------------------- */

typedef struct weighted {
    double x[M * N], w[M * N];
    nmf_matrix *X;
} weighted;

static const double observed_share[] = {0.95, 0.7, 0.3};

/* A matrix of rank K, a little noise, weights: 0 for what is missing, else 1 or any. */
static void draw(weighted *of, double share, int real_weights, uint64_t seed)
{
    uint64_t state = seed;
    double W[M * K], H[K * N];
    for (int i = 0; i < M * K; i++) W[i] = next_uniform(&state) < 0.4 ? 0 : next_uniform(&state);
    for (int i = 0; i < K * N; i++) H[i] = next_uniform(&state) < 0.4 ? 0 : next_uniform(&state);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            double v = 0.01 + 0.02 * next_uniform(&state);
            for (int l = 0; l < K; l++) v += W[i * K + l] * H[l * N + j];
            of->x[i * N + j] = v;
            of->w[i * N + j] = next_uniform(&state) < share
                                   ? (real_weights ? 0.1 + 3 * next_uniform(&state) : 1)
                                   : 0;
        }
}

static void take(weighted *of, nmf_dtype dtype)
{
    nmf_error error;
    of->X = matrix_from(of->x, M, N, dtype, BY_ROWS);
    nmf_matrix *weights = matrix_from(of->w, M, N, NMF_F64, BY_COLUMNS);
    assert_int_equal(nmf_matrix_set_weights(of->X, weights, &error), NMF_OK);
}

static void drop(weighted *of)
{
    nmf_matrix_free(of->X); /* and its weights */
}

static nmf_options options_for(nmf_loss loss, double beta)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = K;
    options.loss = loss;
    options.beta = beta;
    options.max_iter = 2000;
    options.shrink = 0; /* but where it is the question */
    return options;
}

static const struct {
    const char *name;
    nmf_loss loss;
    double beta;
} losses[] = {{"frobenius", NMF_LOSS_FROBENIUS, 2},
              {"kl", NMF_LOSS_KL, 1},
              {"beta 1.5", NMF_LOSS_BETA, 1.5},
              {"beta 0.5", NMF_LOSS_BETA, 0.5}};

static double term(double x, double v, double beta)
{
    if (beta == 2) return 0.5 * (x - v) * (x - v);
    if (beta == 1) return x > 0 ? x * log(x / v) - x + v : v;
    if (beta == 0) return x / v - log(x / v) - 1;
    return (pow(x, beta) + (beta - 1) * pow(v, beta) - beta * x * pow(v, beta - 1)) /
           (beta * (beta - 1));
}

static double model_at(const nmf_model_content *model, int64_t i, int64_t j)
{
    double v = 0;
    for (int64_t l = 0; l < model->k; l++)
        v += nmf_matrix_at(model->W, i, l) * nmf_matrix_at(model->H, l, j);
    return v;
}

/* The loss by its definition. */
static double loss_of(const weighted *of, const nmf_model_content *model, double beta)
{
    double sum = 0;
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++)
            if (of->w[i * N + j] > 0)
                sum += of->w[i * N + j] * term(of->x[i * N + j], model_at(model, i, j), beta);
    return sum;
}

/* --- claims -------------------------------------------------------------------------------------- */

static void the_loss_is_the_weighted_sum_and_never_rises(void **state)
{
    (void)state;
    for (int64_t l = 0; l < COUNT(losses); l++)
        for (int64_t s = 0; s < COUNT(observed_share); s++)
            for (int real = 0; real < 2; real++) {
                weighted of;
                draw(&of, observed_share[s], real, 7 + (uint64_t)s);
                take(&of, NMF_F64);
                const nmf_options options = options_for(losses[l].loss, losses[l].beta);
                nmf_model *model = fit(of.X, &options);
                const nmf_model_content *content = nmf_model_view(model);
                const double loss = loss_of(&of, content, losses[l].beta);
                if (fabs(content->loss - loss) > 1e-8 * (1 + loss))
                    fail_msg("%s, %g observed: loss %.12g, by its definition %.12g", losses[l].name,
                             observed_share[s], content->loss, loss);
                for (int64_t t = 1; t < content->trace_count; t++)
                    if (content->trace[t].loss > content->trace[t - 1].loss * (1 + 1e-9) + 1e-10)
                        fail_msg("%s: loss %.12g after %.12g", losses[l].name,
                                 content->trace[t].loss, content->trace[t - 1].loss);
                expect_factors(model, losses[l].name);
                nmf_model_free(model);
                drop(&of);
            }
}

/* Central differences of the loss along every entry of W and H: at a minimum over W, H >= 0 slopes are 0
 * where the entry is positive, and not negative where it is 0. */
static void slopes_vanish_where_a_fit_has_converged(void **state)
{
    (void)state;
    for (int64_t l = 0; l < 3; l++) {
        weighted of;
        draw(&of, 0.7, 1, 3);
        take(&of, NMF_F64);
        nmf_options options = options_for(losses[l].loss, losses[l].beta);
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
                    slope +=
                        weight * h *
                        (term(x, v + step, losses[l].beta) - term(x, v - step, losses[l].beta)) /
                        (2 * step);
                    size += weight * h * x * pow(v, losses[l].beta - 2);
                }
                largest = fmax(largest, fabs(w > 0 ? slope : fmin(slope, 0)));
                scale = fmax(scale, size);
            }
        if (largest > 1e-3 * scale)
            fail_msg("%s: a slope of %g, where gradients are made of %g", losses[l].name, largest,
                     scale);
        nmf_model_free(model);
        drop(&of);
    }
}

static void weights_of_one_are_no_weights(void **state)
{
    (void)state;
    weighted of;
    draw(&of, 1, 0, 5);
    take(&of, NMF_F32);
    nmf_matrix *plain = matrix_from(of.x, M, N, NMF_F32, BY_ROWS);
    for (int64_t l = 0; l < COUNT(losses); l++) {
        const nmf_options options = options_for(losses[l].loss, losses[l].beta);
        nmf_model *a = fit(of.X, &options), *b = fit(plain, &options);
        expect_same_model(a, b);
        nmf_model_free(a);
        nmf_model_free(b);
    }
    nmf_matrix_free(plain);
    drop(&of);
}

/* What lies where nothing was observed makes no difference to any bit. */
static void what_was_not_observed_is_not_seen(void **state)
{
    (void)state;
    static const double garbage[] = {0, -3, 1e30, NAN, INFINITY};
    for (int64_t l = 0; l < COUNT(losses); l++) {
        nmf_model *first = NULL;
        nmf_matrix *first_rows = NULL;
        for (int64_t g = 0; g <= COUNT(garbage); g++) {
            weighted of;
            nmf_error error;
            draw(&of, 0.7, 0, 11);
            for (int i = 0; i < M * N; i++)
                if (!(of.w[i] > 0)) of.x[i] = g < COUNT(garbage) ? garbage[g] : NAN;
            take(&of, NMF_F64);
            if (g == COUNT(garbage)) { /* NaN by itself says so too */
                assert_int_equal(nmf_matrix_set_weights(of.X, NULL, &error), NMF_OK);
                assert_int_equal(nmf_matrix_set_missing(of.X, NMF_MISSING_NAN, &error), NMF_OK);
            }
            const nmf_options options = options_for(losses[l].loss, losses[l].beta);
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
            drop(&of);
        }
        nmf_model_free(first);
        nmf_matrix_free(first_rows);
    }
}

static void missing_entries_are_predicted(void **state)
{
    (void)state;
    weighted of;
    draw(&of, 0.7, 0, 21);
    take(&of, NMF_F64);
    nmf_options options = options_for(NMF_LOSS_FROBENIUS, 2);
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
    drop(&of);
}

static void transform_of_what_was_fitted_is_W(void **state)
{
    (void)state;
    for (int64_t l = 0; l < 3; l++) {
        weighted of;
        draw(&of, 0.7, 1, 31);
        take(&of, NMF_F64);
        const nmf_options options = options_for(losses[l].loss, losses[l].beta);
        nmf_model *model = fit(of.X, &options);
        nmf_matrix *W = transform(model, of.X, NULL);
        for (int64_t i = 0; i < M; i++)
            for (int64_t c = 0; c < K; c++) {
                const double a = nmf_matrix_at(W, i, c),
                             b = nmf_matrix_at(nmf_model_view(model)->W, i, c);
                if (fabs(a - b) > 1e-6 * (1 + fabs(b)))
                    fail_msg("%s: W[%d,%d] = %.12g, transform gives %.12g", losses[l].name, (int)i,
                             (int)c, b, a);
            }
        nmf_matrix_free(W);
        nmf_model_free(model);
        drop(&of);
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
    for (int64_t l = 0; l < COUNT(losses); l++) {
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
        take(&of, NMF_F64);
        nmf_matrix *plain = matrix_from(repeated, rows, N, NMF_F64, BY_ROWS);
        nmf_options options = options_for(losses[l].loss, losses[l].beta);
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
                fail_msg("%s: H[%d] = %.12g, with rows repeated %.12g", losses[l].name, e, one,
                         other);
        }
        nmf_model_free(a);
        nmf_model_free(b);
        nmf_matrix_free(plain);
        drop(&of);
    }
}

/* Weights r_i c_j are those of X with its rows and columns scaled, at the price of such a fit; some of them 0. */
static void weights_of_rows_and_columns_scale_them(void **state)
{
    (void)state;
    for (int64_t l = 0; l < COUNT(losses); l++)
        for (int zeros = 0; zeros < 2; zeros++) {
            weighted of;
            static double scaled[M * N];
            double r[M], c[N];
            uint64_t next = 19;
            const double beta = losses[l].beta;
            draw(&of, 1, 0, 43);
            for (int i = 0; i < M; i++) r[i] = zeros && i == 4 ? 0 : 0.1 + 5 * next_uniform(&next);
            for (int j = 0; j < N; j++) c[j] = zeros && j == 7 ? 0 : 0.1 + 5 * next_uniform(&next);
            for (int i = 0; i < M; i++)
                for (int j = 0; j < N; j++) {
                    of.w[i * N + j] = r[i] * c[j];
                    scaled[i * N + j] = pow(r[i] * c[j], 1 / beta) * of.x[i * N + j];
                    if (of.w[i * N + j] == 0) of.x[i * N + j] = NAN;
                }
            take(&of, NMF_F64);
            nmf_matrix *plain = matrix_from(scaled, M, N, NMF_F64, BY_ROWS);
            nmf_options options = options_for(losses[l].loss, beta);
            options.max_iter = 100;
            nmf_model *a = fit(of.X, &options), *b = fit(plain, &options);
            const int same = !zeros || beta == 2 || beta == 1;
            if (fabs(nmf_model_view(a)->loss - nmf_model_view(b)->loss) >
                    1e-5 * nmf_model_view(b)->loss &&
                same)
                fail_msg("%s: loss %.9g, of scaled data %.9g", losses[l].name,
                         nmf_model_view(a)->loss, nmf_model_view(b)->loss);
            /* Rounding may add some iterations, but none of them reads X more often. */
            const double passes = (double)nmf_model_view(b)->passes;
            if (same && fabs((double)nmf_model_view(a)->passes - passes) > 0.1 * passes)
                fail_msg("%s: %lld passes, of scaled data %g", losses[l].name,
                         (long long)nmf_model_view(a)->passes, passes);
            for (int i = 0; i < M; i++)
                for (int j = 0; j < N && same; j++) {
                    const double v = pow(r[i] * c[j], 1 / beta) * model_at(nmf_model_view(a), i, j);
                    const double expected = model_at(nmf_model_view(b), i, j);
                    if (of.w[i * N + j] > 0 && fabs(v - expected) > 1e-5 * (1 + expected))
                        fail_msg("%s: the model is %.9g, of scaled data %.9g", losses[l].name, v,
                                 expected);
                }
            const double by_hand = loss_of(&of, nmf_model_view(a), beta);
            if (fabs(by_hand - nmf_model_view(a)->loss) > 1e-8 * (1 + by_hand))
                fail_msg("%s: loss %.12g, by its definition %.12g", losses[l].name,
                         nmf_model_view(a)->loss, by_hand);
            expect_factors(a, losses[l].name);
            nmf_model_free(a);
            nmf_model_free(b);
            nmf_matrix_free(plain);
            drop(&of);
        }
}

/* A sparse matrix of what was observed, and a dense one with NaN elsewhere, are one problem. */
static void unstored_is_as_nan(void **state)
{
    (void)state;
    for (int64_t l = 0; l < 2; l++)
        for (layout how = SPARSE_ROWS; how < LAYOUT_COUNT; how++) {
            weighted of;
            nmf_error error;
            draw(&of, 0.5, 0, 61);
            for (int i = 0; i < M * N; i++)
                if (!(of.w[i] > 0)) of.x[i] = 0;
            take(&of, NMF_F64);
            nmf_matrix *sparse = matrix_from(of.x, M, N, NMF_F64, how);
            assert_int_equal(nmf_matrix_set_missing(sparse, NMF_MISSING_UNSTORED, &error), NMF_OK);
            nmf_options options = options_for(losses[l].loss, losses[l].beta);
            options.starts = 4;
            options.tol = 1e-5;
            nmf_model *a = fit(of.X, &options), *b = fit(sparse, &options);
            const double one = nmf_model_view(a)->loss, other = nmf_model_view(b)->loss;
            if (fabs(other - loss_of(&of, nmf_model_view(b), losses[l].beta)) > 1e-8 * (1 + other))
                fail_msg("%s: loss %g of stored entries is not their sum", losses[l].name, other);
            if (fabs(one - other) > 0.05 * one)
                fail_msg("%s: dense %.9g, sparse %.9g", losses[l].name, one, other);
            nmf_model_free(a);
            nmf_model_free(b);
            nmf_matrix_free(sparse);
            drop(&of);
        }
}

/* Few entries observed: rows are drawn to their mean, one of which nothing is known lies there, and the loss is
 * that of the entries and of the penalty. */
static void few_entries_draw_rows_to_their_mean(void **state)
{
    (void)state;
    for (int sparse = 0; sparse < 2; sparse++) {
        weighted of;
        nmf_error error;
        draw(&of, 0.2, 0, 111);
        for (int j = 0; j < N; j++) of.w[3 * N + j] = 0;
        for (int i = 0; i < M * N; i++)
            if (!(of.w[i] > 0)) of.x[i] = 0;
        take(&of, NMF_F64);
        nmf_matrix *unstored = matrix_from(of.x, M, N, NMF_F64, SPARSE_ROWS);
        assert_int_equal(nmf_matrix_set_missing(unstored, NMF_MISSING_UNSTORED, &error), NMF_OK);
        const nmf_matrix *X = sparse ? unstored : of.X;
        nmf_options options = options_for(NMF_LOSS_FROBENIUS, 2);
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
        drop(&of);
    }
}

static nmf_model *learn(const nmf_matrix *X, const nmf_options *options)
{
    return fit(X, options);
}

static void same_bits_however_the_work_is_divided(void **state)
{
    (void)state;
    for (int64_t l = 0; l < COUNT(losses); l++) {
        weighted of;
        draw(&of, 0.7, 1, 71);
        take(&of, NMF_F32);
        nmf_options options = options_for(losses[l].loss, losses[l].beta);
        options.max_iter = 12;
        expect_same_bits(learn, of.X, options);
        drop(&of);
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
        draw(&of, 0.7, 1, 91);
        turned = of;
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++) {
                turned.x[i * N + j] = of.x[i * N + N - 1 - j];
                turned.w[i * N + j] = of.w[i * N + N - 1 - j];
            }
        take(&of, NMF_F64);
        take(&turned, NMF_F64);
        name_features(of.X, 0);
        name_features(turned.X, 1);
        const nmf_options options = options_for(losses[l].loss, losses[l].beta);
        nmf_model *model = fit(of.X, &options);
        nmf_matrix *a = transform(model, of.X, NULL), *b = transform(model, turned.X, NULL);
        expect_same_entries(a, b);
        nmf_matrix_free(a);
        nmf_matrix_free(b);
        nmf_model_free(model);
        drop(&of);
        drop(&turned);
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
    draw(&of, 0.7, 0, 81);
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
    nmf_options options = options_for(NMF_LOSS_FROBENIUS, 2);
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
        cmocka_unit_test(what_was_not_observed_is_not_seen),
        cmocka_unit_test(missing_entries_are_predicted),
        cmocka_unit_test(transform_of_what_was_fitted_is_W),
        cmocka_unit_test(whole_weights_repeat_rows),
        cmocka_unit_test(weights_of_rows_and_columns_scale_them),
        cmocka_unit_test(unstored_is_as_nan),
        cmocka_unit_test(few_entries_draw_rows_to_their_mean),
        cmocka_unit_test(same_bits_however_the_work_is_divided),
        cmocka_unit_test(weights_follow_their_features),
        cmocka_unit_test(wrong_weights_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
