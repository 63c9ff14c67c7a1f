/* Known parts, bounds and sums: what is known stays what it is, what is bounded stays within, and what is left
 * is at its own minimum. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { M = 60, N = 45, K = 4, KNOWN = 2 };

/* --- data ---------------------------------------------------------------------------------------- */

typedef struct drawn {
    double x[M * N], W[M * K], H[K * N];
} drawn;

/* Rows of W sum to one where that is asked for. */
static void draw(drawn *of, int sums_to_one, uint64_t seed)
{
    uint64_t state = seed;
    for (int i = 0; i < M; i++) {
        double sum = 0;
        for (int c = 0; c < K; c++) {
            const double w = next_uniform(&state);
            of->W[i * K + c] = w < 0.4 ? 0 : w;
            sum += of->W[i * K + c];
        }
        if (sum == 0) of->W[i * K] = sum = 1;
        for (int c = 0; c < K && sums_to_one; c++) of->W[i * K + c] /= sum;
    }
    for (int i = 0; i < K * N; i++)
        of->H[i] = next_uniform(&state) < 0.4 ? 0.01 : next_uniform(&state);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            double v = 0.01 + 0.05 * next_uniform(&state);
            for (int l = 0; l < K; l++) v += of->W[i * K + l] * of->H[l * N + j];
            of->x[i * N + j] = v;
        }
}

static const struct {
    const char *name;
    nmf_loss loss;
    double beta;
    nmf_solver solver;
} losses[] = {{"frobenius", NMF_LOSS_FROBENIUS, 2, NMF_SOLVER_AUTO},
              {"kl", NMF_LOSS_KL, 1, NMF_SOLVER_AUTO},
              {"is", NMF_LOSS_IS, 0, NMF_SOLVER_AUTO},
              {"beta 1.5", NMF_LOSS_BETA, 1.5, NMF_SOLVER_AUTO},
              {"frobenius by hals", NMF_LOSS_FROBENIUS, 2, NMF_SOLVER_HALS},
              {"frobenius by cd", NMF_LOSS_FROBENIUS, 2, NMF_SOLVER_CD},
              {"kl by scd", NMF_LOSS_KL, 1, NMF_SOLVER_SCD},
              {"kl by mu", NMF_LOSS_KL, 1, NMF_SOLVER_MU},
              {"frobenius by mu", NMF_LOSS_FROBENIUS, 2, NMF_SOLVER_MU}};

static nmf_options options_for(int64_t loss)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = K;
    options.loss = losses[loss].loss;
    options.beta = losses[loss].beta;
    options.solver = losses[loss].solver;
    options.max_iter = 300;
    return options;
}

/* Whether steps lead to a minimum, not just downhill. */
static int converges(int64_t loss)
{
    return losses[loss].solver != NMF_SOLVER_MU && losses[loss].solver != NMF_SOLVER_CD;
}

static double term(double x, double v, double beta)
{
    if (beta == 2) return 0.5 * (x - v) * (x - v);
    if (beta == 1) return x > 0 ? x * log(x / v) - x + v : v;
    if (beta == 0) return x / v - log(x / v) - 1;
    return (pow(x, beta) + (beta - 1) * pow(v, beta) - beta * x * pow(v, beta - 1)) /
           (beta * (beta - 1));
}

/* --- slopes -------------------------------------------------------------------------------------- */

/* The slope of the loss along an entry of W (i, c), or of H (c, j), by central differences; `size`: of what it
 * is made. */
typedef struct slopes {
    double W[M * K], H[K * N], W_size, H_size;
} slopes;

static void find_slopes(const double *x, const double *weights, const nmf_model_content *model,
                        double beta, slopes *of)
{
    memset(of, 0, sizeof *of);
    double W_sizes[M * K] = {0}, H_sizes[K * N] = {0};
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            const double weight = weights ? weights[i * N + j] : 1;
            double v = 0;
            if (!(weight > 0)) continue;
            for (int c = 0; c < K; c++)
                v += nmf_matrix_at(model->W, i, c) * nmf_matrix_at(model->H, c, j);
            const double step = 1e-5 * v, at = x[i * N + j];
            const double slope =
                weight * (term(at, v + step, beta) - term(at, v - step, beta)) / (2 * step);
            const double size = weight * at * pow(v, beta - 2);
            for (int c = 0; c < K; c++) {
                of->W[i * K + c] += slope * nmf_matrix_at(model->H, c, j);
                of->H[c * N + j] += slope * nmf_matrix_at(model->W, i, c);
                W_sizes[i * K + c] += size * nmf_matrix_at(model->H, c, j);
                H_sizes[c * N + j] += size * nmf_matrix_at(model->W, i, c);
            }
        }
    for (int e = 0; e < M * K; e++) of->W_size = fmax(of->W_size, W_sizes[e]);
    for (int e = 0; e < K * N; e++) of->H_size = fmax(of->H_size, H_sizes[e]);
}

/* What of a slope counts between bounds. */
static double counted(double slope, double x, double low, double high)
{
    if (!(x > low)) slope = fmin(slope, 0);
    return x < high ? slope : fmax(slope, 0);
}

/* --- known parts --------------------------------------------------------------------------------- */

static nmf_constraints constraints(void)
{
    nmf_constraints c;
    memset(&c, 0, sizeof c);
    c.struct_bytes = sizeof c;
    return c;
}

static void expect_fall(const nmf_model_content *content, const char *name)
{
    /* Of the Frobenius loss it is that of the squares of X, which are M N / 3 at most. */
    const double rounding = content->precision == NMF_PRECISION_F32 ? 1e-7 * M * N : 1e-9;
    for (int64_t t = 1; t < content->trace_count; t++)
        if (content->trace[t].loss > content->trace[t - 1].loss * (1 + rounding) + rounding)
            fail_msg("%s: loss %.12g after %.12g", name, content->trace[t].loss,
                     content->trace[t - 1].loss);
}

static void known_components_stay_and_the_rest_converges(void **state)
{
    (void)state;
    static drawn of;
    static slopes at;
    draw(&of, 0, 5);
    for (int64_t l = 0; l < COUNT(losses); l++)
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
    for (int64_t l = 0; l < COUNT(losses); l++)
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
    for (int64_t l = 0; l < COUNT(losses); l++) {
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
    for (int64_t l = 0; l < COUNT(losses); l++) {
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
    for (int64_t l = 0; l < COUNT(losses); l++)
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

/* --- bounds and sums ----------------------------------------------------------------------------- */

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
    for (int64_t l = 0; l < COUNT(losses); l++) {
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
                    loss += term(of.x[i * N + j], v, losses[l].beta);
                }
            if (fabs(loss - content->loss) > 1e-8 * loss)
                fail_msg("%s: loss %.12g, by its definition %.12g", losses[l].name, content->loss, loss);
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
    for (int64_t l = 0; l < COUNT(losses); l++) {
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

/* --- entries below 0 ----------------------------------------------------------------------------- */

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
        nmf_matrix *X = matrix_from(of.x, M, N, NMF_F64, how), *zeros = matrix_from(clipped, M, N, NMF_F64, how);
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
            if (fabs(counted(at.W[e], nmf_matrix_at(content->W, e / K, e % K), 0, HUGE_VAL)) > 1e-3 * at.W_size)
                fail_msg("a slope of %g", at.W[e]);
        nmf_matrix *W = transform(model, X, NULL); /* the model remembers */
        for (int64_t e = 0; e < M * K; e++)
            assert_true(fabs(nmf_matrix_at(W, e / K, e % K) - nmf_matrix_at(content->W, e / K, e % K)) < 1e-8);
        nmf_matrix_free(W);
        nmf_model_free(model);
        for (int64_t l = 0; l < COUNT(losses) && how == BY_ROWS; l++) {
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
    assert_int_equal(nmf_matrix_set_weights(X, matrix_from(weights, M, N, NMF_F64, BY_ROWS), &error), NMF_OK);
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

/* --- what cannot be ------------------------------------------------------------------------------ */

static void refused(const nmf_matrix *X, const nmf_options *options, nmf_status status,
                    const char *words)
{
    nmf_error error;
    nmf_model *model = NULL;
    assert_int_equal(nmf_fit(X, options, &model, &error), status);
    assert_null(model);
    if (!strstr(error.message, words)) fail_msg("'%s' lacks '%s'", error.message, words);
}

static void wrong_wishes_are_refused(void **state)
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
    nmf_matrix *column = matrix_from(of.W, M, 1, NMF_F64, BY_ROWS);
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
    options.alpha_W = 0;
    c.H = whole;
    refused(X, &options, NMF_ERROR_DATA, "known component 0 sums to");
    options.simplex = NMF_SIMPLEX_NONE;
    options.solver = NMF_SOLVER_JMM;
    refused(X, &options, NMF_ERROR_ARGUMENT, "solver = jmm");
    options.solver = NMF_SOLVER_AUTO;
    options.lower_H = 0.5;
    refused(X, &options, NMF_ERROR_DATA, "is outside its bounds");
    nmf_matrix *const all[] = {X, negative, narrow, whole, column};
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
        cmocka_unit_test(same_bits_however_the_work_is_divided),
        cmocka_unit_test(bounds_are_kept_and_what_is_within_converges),
        cmocka_unit_test(rows_of_zeros_cost_what_their_bounds_ask),
        cmocka_unit_test(rows_of_W_sum_to_one),
        cmocka_unit_test(rows_of_H_sum_to_one),
        cmocka_unit_test(negative_entries_can_be_allowed_or_clipped),
        cmocka_unit_test(wrong_wishes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
