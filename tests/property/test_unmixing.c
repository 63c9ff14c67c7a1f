/* Unmixing: pure samples are found, a dark one too; of all simplices around the data the smallest is sought, and what
 * the fit then says of itself is so. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { M = 240, N = 40, K = 3 };

/* --- scenes -------------------------------------------------------------------------------------- */

typedef struct scene {
    double x[M * N], W[M * K], H[K * N];
    nmf_matrix *X;
} scene;

/* A bright material, one with an edge, and a dark one that looks like a mixture of the two. */
static void draw_spectra(scene *of)
{
    for (int j = 0; j < N; j++) {
        const double b = (double)j / (N - 1);
        of->H[j] = 0.3 + 0.6 * b;
        of->H[N + j] =
            0.05 + 0.7 / (1 + exp(-20 * (b - 0.6))) + 0.1 * exp(-pow((b - 0.3) / 0.05, 2));
        of->H[2 * N + j] = 0.06 - 0.05 * b;
    }
}

/* Shares of at most `purest`; the light that falls on a pixel differs by `light`, and there is noise. */
static void draw(scene *of, double purest, double light, double noise, nmf_dtype dtype,
                 uint64_t seed)
{
    uint64_t state = seed;
    draw_spectra(of);
    for (int i = 0; i < M; i++) {
        double *w = of->W + i * K, sum, most;
        do {
            sum = most = 0;
            for (int c = 0; c < K; c++) sum += w[c] = pow(next_uniform(&state), 4) + 1e-4;
            for (int c = 0; c < K; c++) most = fmax(most, w[c] /= sum);
        } while (most > purest);
        const double shine = 1 + light * (2 * next_uniform(&state) - 1);
        for (int j = 0; j < N; j++) {
            double v = noise * (next_uniform(&state) + next_uniform(&state) - 1);
            for (int c = 0; c < K; c++) v += shine * w[c] * of->H[c * N + j];
            of->x[i * N + j] = fmax(v, 0);
        }
    }
    for (int c = 0; purest >= 1 && c < K; c++) /* a pure sample of each */
        for (int e = 0; e < K; e++) of->W[(50 + c) * K + e] = e == c;
    for (int i = 50; purest >= 1 && i < 50 + K; i++)
        for (int j = 0; j < N; j++) of->x[i * N + j] = of->H[(i - 50) * N + j];
    of->X = matrix_from(of->x, M, N, dtype, BY_ROWS);
}

static nmf_options unmixing(nmf_init init)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = K;
    options.init = init;
    options.simplex = NMF_SIMPLEX_W;
    options.weighting = NMF_WEIGHTING_RAW; /* but where it is the question */
    return options;
}

static double angle(const double *a, const nmf_matrix *H, int64_t row)
{
    double ab = 0, aa = 0, bb = 0;
    for (int j = 0; j < N; j++) {
        const double b = nmf_matrix_at(H, row, j);
        ab += a[j] * b, aa += a[j] * a[j], bb += b * b;
    }
    return bb > 0 ? acos(fmin(1, ab / sqrt(aa * bb))) : 1.6;
}

/* The greatest angle between materials and the found ones that are nearest to them in turn. */
static double worst_angle(const scene *of, const nmf_matrix *H, int64_t *found)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    double best = HUGE_VAL, worst = 0;
    for (int o = 0; o < 6; o++) {
        double sum = 0, most = 0;
        for (int c = 0; c < K; c++) {
            const double a = angle(of->H + c * N, H, orders[o][c]);
            sum += a;
            most = fmax(most, a);
        }
        if (sum >= best) continue;
        best = sum;
        worst = most;
        for (int c = 0; c < K; c++) found[c] = orders[o][c];
    }
    return worst;
}

static double correlation(const scene *of, const nmf_matrix *W, int64_t c, int64_t found)
{
    double a1 = 0, b1 = 0, ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < M; i++) {
        const double a = of->W[i * K + c], b = nmf_matrix_at(W, i, found);
        a1 += a / M, b1 += b / M, ab += a * b / M, aa += a * a / M, bb += b * b / M;
    }
    return (ab - a1 * b1) / sqrt((aa - a1 * a1) * (bb - b1 * b1));
}

/* --- claims -------------------------------------------------------------------------------------- */

/* Without noise the corners are samples, the dark one among them. */
static void pure_samples_are_found(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        static scene of;
        int64_t found[K];
        draw(&of, 1, 0, 0, NMF_F64, 3);
        nmf_options options = unmixing(i ? NMF_INIT_SNPA : NMF_INIT_SPA);
        options.volume = 0;
        options.max_iter = 1;
        options.sketch = 0;
        nmf_model *model = fit(of.X, &options);
        const nmf_model_content *content = nmf_model_view(model);
        assert_string_equal(content->init, i ? "snpa" : "spa");
        const double worst = worst_angle(&of, content->H, found);
        if (worst > 1e-4) fail_msg("%s: a material is missed by %g", content->init, worst);
        nmf_model_free(model);
        nmf_matrix_free(of.X);
    }
}

static void materials_and_shares_are_found(void **state)
{
    static const struct {
        double purest, light, noise;
    } scenes[] = {{1, 0, 0.01}, {1, 0.05, 0.01}, {0.9, 0, 0.01}, {0.85, 0.03, 0.005}};
    (void)state;
    for (int64_t s = 0; s < COUNT(scenes); s++)
        for (uint64_t seed = 1; seed <= (getenv("NMFKIT_ALL_SEEDS") ? 6 : 1); seed++)
            for (int i = 0; i < 2; i++) {
                static scene of;
                int64_t found[K];
                draw(&of, scenes[s].purest, scenes[s].light, scenes[s].noise, i ? NMF_F64 : NMF_F32,
                     seed);
                const nmf_options options = unmixing(i ? NMF_INIT_SNPA : NMF_INIT_SPA);
                nmf_model *model = fit(of.X, &options);
                const nmf_model_content *content = nmf_model_view(model);
                const double worst = worst_angle(&of, content->H, found);
                if (worst > 0.16)
                    fail_msg("scene %d, seed %d: an angle of %g", (int)s, (int)seed, worst);
                for (int64_t c = 0; c < K; c++) {
                    const double r = correlation(&of, content->W, c, found[c]);
                    if (r < 0.97)
                        fail_msg("scene %d, seed %d: shares of material %d agree by %g", (int)s,
                                 (int)seed, (int)c, r);
                }
                nmf_model_free(model);
                nmf_matrix_free(of.X);
            }
}

/* log det(I + H H' / delta), by elimination. */
static double log_volume(const double *H, double delta)
{
    double G[K][K], sum = 0;
    for (int a = 0; a < K; a++)
        for (int b = 0; b < K; b++) {
            G[a][b] = a == b;
            for (int j = 0; j < N; j++) G[a][b] += H[a * N + j] * H[b * N + j] / delta;
        }
    for (int a = 0; a < K; a++) {
        sum += log(G[a][a]);
        for (int b = a + 1; b < K; b++)
            for (int c = K - 1; c >= a; c--) G[b][c] -= G[b][a] / G[a][a] * G[a][c];
    }
    return sum;
}

static double objective(const scene *of, const nmf_model_content *content, const double *H)
{
    double sum = 0;
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            double off = nmf_matrix_at(of->X, i, j);
            for (int c = 0; c < K; c++) off -= nmf_matrix_at(content->W, i, c) * H[c * N + j];
            sum += 0.5 * off * off;
        }
    return sum + 0.5 * content->volume * log_volume(H, content->volume_delta);
}

/* The loss is its definition; no line of the trace is above the one before; and central differences of the objective
 * along entries of H are 0 where these are positive, not below 0 where they are 0. */
static void the_objective_has_the_volume(void **state)
{
    (void)state;
    static const double asked[] = {-1, 0.3, 10};
    for (int64_t a = 0; a < COUNT(asked); a++)
        for (int sketched = 0; sketched < 2; sketched++) {
            static scene of;
            double H[K * N], size = 0;
            draw(&of, 0.9, 0.02, 0.01, NMF_F64, 7);
            nmf_options options = unmixing(NMF_INIT_SNPA);
            options.volume = asked[a];
            options.sketch = sketched ? 16 : 0;
            options.tol = 1e-6;
            options.max_iter = 20000;
            nmf_model *model = fit(of.X, &options);
            const nmf_model_content *content = nmf_model_view(model);
            assert_true(content->volume > 0 && content->volume_delta > 0);
            assert_true(content->kkt < 1e-5);
            for (int64_t e = 0; e < K * N; e++) H[e] = nmf_matrix_at(content->H, e / N, e % N);
            const double by_hand = objective(&of, content, H);
            if (fabs(by_hand - content->loss) > 1e-9 * by_hand)
                fail_msg("the loss is %.12g, by its definition %.12g", content->loss, by_hand);
            for (int64_t t = 1; t < content->trace_count; t++)
                if (content->trace[t].loss > content->trace[t - 1].loss * (1 + 1e-10))
                    fail_msg("loss %.12g after %.12g", content->trace[t].loss,
                             content->trace[t - 1].loss);
            for (int64_t i = 0; i < M; i++) size = fmax(size, nmf_matrix_at(of.X, i, N / 2));
            for (int64_t e = 0; e < K * N; e += 7) {
                const double h = H[e], step = 1e-4;
                H[e] = h + step;
                const double above = objective(&of, content, H);
                H[e] = h - step;
                const double slope = (above - objective(&of, content, H)) / (2 * step);
                H[e] = h;
                if (fabs(h > 0 ? slope : fmin(slope, 0)) > 1e-4 * M * size)
                    fail_msg("volume %g: H[%d] = %g and a slope of %g", asked[a], (int)e, h, slope);
            }
            nmf_model_free(model);
            nmf_matrix_free(of.X);
        }
}

/* More of it, a smaller simplex and a greater distance. */
static void the_penalty_draws_corners_together(void **state)
{
    (void)state;
    static scene of;
    double volume_before = HUGE_VAL, error_before = 0;
    draw(&of, 0.9, 0.02, 0.01, NMF_F64, 9);
    static const double asked[] = {0, 0.1, 1, 10, 100};
    for (int64_t a = 0; a < COUNT(asked); a++) {
        double H[K * N];
        nmf_options options = unmixing(NMF_INIT_SNPA);
        options.volume = asked[a];
        options.max_iter = 5000;
        options.tol = 1e-5;
        nmf_model *model = fit(of.X, &options);
        const nmf_model_content *content = nmf_model_view(model);
        assert_true((content->volume > 0) == (asked[a] > 0));
        for (int64_t e = 0; e < K * N; e++) H[e] = nmf_matrix_at(content->H, e / N, e % N);
        const double volume = log_volume(H, 1e-4);
        if (volume > volume_before + 1e-6 || content->error < error_before * (1 - 1e-6))
            fail_msg("volume %g: log det %g after %g, error %g after %g", asked[a], volume,
                     volume_before, content->error, error_before);
        volume_before = volume;
        error_before = content->error;
        nmf_model_free(model);
    }
    nmf_matrix_free(of.X);
}

static nmf_model *learn(const nmf_matrix *X, const nmf_options *options)
{
    return fit(X, options);
}

static void same_bits_however_the_work_is_divided(void **state)
{
    (void)state;
    static scene of;
    draw(&of, 1, 0.02, 0.01, NMF_F32, 11);
    for (int i = 0; i < 2; i++) {
        nmf_options options = unmixing(i ? NMF_INIT_SNPA : NMF_INIT_SPA);
        options.max_iter = 50;
        expect_same_bits(learn, of.X, options);
    }
    nmf_matrix_free(of.X);
}

/* Whatever the storage type, and however the entries lie. */
static void any_storage_is_one_scene(void **state)
{
    (void)state;
    static scene of;
    static double counts[M * N];
    draw(&of, 1, 0.02, 0.01, NMF_F64, 13);
    for (int64_t e = 0; e < M * N; e++) counts[e] = floor(250 * of.x[e]);
    nmf_options options = unmixing(NMF_INIT_SNPA);
    options.precision = NMF_PRECISION_F64;
    options.sketch = 0;
    options.tol = 1e-6;
    options.max_iter = 5000;
    double first = 0;
    for (nmf_dtype dtype = NMF_U8; dtype <= NMF_F64; dtype += 3)
        for (layout how = BY_ROWS; how < LAYOUT_COUNT; how++) {
            nmf_matrix *X = matrix_from(counts, M, N, dtype, how);
            nmf_model *model = fit(X, &options);
            const double loss = nmf_model_view(model)->loss;
            if (first == 0) first = loss;
            if (fabs(loss - first) > 1e-5 * first)
                fail_msg("loss %.9g, of the first %.9g", loss, first);
            nmf_model_free(model);
            nmf_matrix_free(X);
        }
    nmf_matrix_free(of.X);
}

static void refused(const nmf_matrix *X, const nmf_options *options, const char *words)
{
    nmf_error error;
    nmf_model *model = NULL;
    assert_int_equal(nmf_fit(X, options, &model, &error), NMF_ERROR_ARGUMENT);
    if (!strstr(error.message, words)) fail_msg("'%s' lacks '%s'", error.message, words);
}

static void what_has_no_volume_is_refused(void **state)
{
    (void)state;
    static scene of;
    nmf_error error;
    draw(&of, 1, 0, 0.01, NMF_F64, 15);
    nmf_options options = unmixing(NMF_INIT_AUTO);
    options.volume = 0.5;
    options.simplex = NMF_SIMPLEX_NONE;
    refused(of.X, &options, "simplex = W");
    options.simplex = NMF_SIMPLEX_W;
    options.loss = NMF_LOSS_KL;
    refused(of.X, &options, "frobenius");
    options.loss = NMF_LOSS_FROBENIUS;
    nmf_matrix *weights = matrix_from(of.x, M, N, NMF_F64, BY_ROWS);
    assert_int_equal(nmf_matrix_set_weights(of.X, weights, &error), NMF_OK);
    refused(of.X, &options, "no weights");
    nmf_matrix_free(of.X);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pure_samples_are_found),
        cmocka_unit_test(materials_and_shares_are_found),
        cmocka_unit_test(the_objective_has_the_volume),
        cmocka_unit_test(the_penalty_draws_corners_together),
        cmocka_unit_test(same_bits_however_the_work_is_divided),
        cmocka_unit_test(any_storage_is_one_scene),
        cmocka_unit_test(what_has_no_volume_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
