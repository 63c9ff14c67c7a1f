/* The residual that a fit tells is made of the gradients that it goes by. Here it is made again of central differences
 * of the loss's terms, for every loss, with weights, penalties and bounds, at pairs that are no minimum yet. */
#include "support.h"

#include <math.h>
#include <string.h>

enum { M = 40, N = 30, K = 3 };

static const double betas[] = {2, 1, 0, 0.5, 1.5, 3};

typedef struct data {
    double x[M * N], w[M * N];
} data;

static void draw(data *of, int real_weights, uint64_t seed)
{
    uint64_t state = seed;
    double W[M * K], H[K * N];
    for (int i = 0; i < M * K; i++) W[i] = 0.1 + next_uniform(&state);
    for (int i = 0; i < K * N; i++) H[i] = pow(next_uniform(&state), 3);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            double v = 0.05 + 0.3 * next_uniform(&state);
            for (int l = 0; l < K; l++) v += W[i * K + l] * H[l * N + j];
            of->x[i * N + j] = v;
            const double seen = next_uniform(&state), weight = next_uniform(&state);
            of->w[i * N + j] = seen < 0.2 ? 0 : real_weights ? 0.2 + 2 * weight : 1;
        }
}

/* --- the residual by its definition -------------------------------------------------------------- */

typedef struct side {
    double slope[(M + N) * K], product[(M + N) * K];
} side;

static double counted(double slope, double x, double low, double high)
{
    if (!(x > low)) slope = fmin(slope, 0);
    return x < high ? slope : fmax(slope, 0);
}

static void find_slopes(const data *of, const nmf_model_content *model, double beta, side *W,
                        side *H)
{
    memset(W, 0, sizeof *W);
    memset(H, 0, sizeof *H);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++) {
            const double weight = of->w[i * N + j], x = of->x[i * N + j];
            double v = 0;
            for (int c = 0; c < K; c++)
                v += nmf_matrix_at(model->W, i, c) * nmf_matrix_at(model->H, c, j);
            if (!(weight > 0)) continue;
            const double step = 1e-5 * v;
            const double slope =
                weight * (loss_of_entry(x, v + step, beta) - loss_of_entry(x, v - step, beta)) /
                (2 * step);
            const double product = weight * x * pow(v, beta - 2);
            for (int c = 0; c < K; c++) {
                const double w = nmf_matrix_at(model->W, i, c), h = nmf_matrix_at(model->H, c, j);
                W->slope[i * K + c] += slope * h;
                W->product[i * K + c] += product * h;
                H->slope[j * K + c] += slope * w;
                H->product[j * K + c] += product * w;
            }
        }
}

/* src/fit/loss.c */
static double residual_of(const data *of, const nmf_model_content *model, double beta,
                          const nmf_options *o)
{
    static side W, H;
    const double high_W = o->upper_W > 0 ? o->upper_W : HUGE_VAL,
                 high_H = o->upper_H > 0 ? o->upper_H : HUGE_VAL;
    const double alpha_H = o->alpha_H < 0 ? o->alpha_W : o->alpha_H;
    double residual = 0, reference = 0;
    find_slopes(of, model, beta, &W, &H);
    for (int c = 0; c < K; c++) {
        double w2 = 0, h2 = 0, sums[4] = {0};
        for (int i = 0; i < M; i++) {
            const double w = nmf_matrix_at(model->W, i, c);
            const double slope =
                W.slope[i * K + c] + N * o->alpha_W * (o->l1_ratio + (1 - o->l1_ratio) * w);
            w2 += w * w;
            sums[0] += pow(counted(slope, w, o->lower_W, high_W), 2);
            sums[1] += pow(W.product[i * K + c], 2);
        }
        for (int j = 0; j < N; j++) {
            const double h = nmf_matrix_at(model->H, c, j);
            const double slope =
                H.slope[j * K + c] + M * alpha_H * (o->l1_ratio + (1 - o->l1_ratio) * h);
            h2 += h * h;
            sums[2] += pow(counted(slope, h, o->lower_H, high_H), 2);
            sums[3] += pow(H.product[j * K + c], 2);
        }
        const double c2 = o->alpha_W > 0 ? 1 : sqrt(h2 / w2);
        residual += sums[0] / c2 + sums[2] * c2;
        reference += sums[1] / c2 + sums[3] * c2;
    }
    return sqrt(residual / reference);
}

/* --- claims -------------------------------------------------------------------------------------- */

typedef struct wish {
    const char *name;
    int weighted, real_weights;
    double alpha, l1_ratio, lower, upper;
} wish;

static const wish wishes[] = {{"plain", 0, 0, 0, 0, 0, 0},
                              {"missing", 1, 0, 0, 0, 0, 0},
                              {"weights", 1, 1, 0, 0, 0, 0},
                              {"penalties", 0, 0, 0.02, 0.4, 0, 0},
                              {"bounds", 0, 0, 0, 0, 0.05, 0.9},
                              {"missing, penalties", 1, 0, 0.02, 0.6, 0, 0},
                              {"weights, bounds", 1, 1, 0, 0, 0.05, 0.9},
                              {"weights, penalties, bounds", 1, 1, 0.03, 0.3, 0.02, 1.2}};

static void compare(const wish *wished, double beta, int64_t iterations, nmf_solver solver)
{
    static data of;
    nmf_error error;
    draw(&of, wished->real_weights && beta != 0, 5);
    nmf_matrix *X = matrix_from(of.x, M, N, NMF_F64, BY_ROWS);
    if (wished->weighted)
        assert_int_equal(
            nmf_matrix_set_weights(X, matrix_from(of.w, M, N, NMF_F64, BY_ROWS), &error), NMF_OK);
    else
        for (int e = 0; e < M * N; e++) of.w[e] = 1;
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = K;
    options.loss = NMF_LOSS_BETA;
    options.beta = beta;
    options.solver = solver;
    options.init = NMF_INIT_RANDOM;
    options.sketch = 0;
    options.tol = 0;
    options.max_iter = iterations;
    options.shrink = 0;
    options.alpha_W = wished->alpha;
    options.l1_ratio = wished->l1_ratio;
    options.lower_W = options.lower_H = wished->lower;
    options.upper_W = options.upper_H = wished->upper;
    nmf_model *model = fit(X, &options);
    const nmf_model_content *content = nmf_model_view(model);
    const double by_hand = residual_of(&of, content, beta, &options);
    /* What differences of terms are off by, and half of what the residual of a pair is. */
    if (fabs(content->kkt - by_hand) > 1e-4 * by_hand + 1e-7)
        fail_msg("%s, beta %g, %d iterations: the residual is %.8g, by differences %.8g",
                 wished->name, beta, (int)iterations, content->kkt, by_hand);
    nmf_model_free(model);
    nmf_matrix_free(X);
}

static void the_residual_is_that_of_finite_differences(void **state)
{
    (void)state;
    for (int64_t b = 0; b < COUNT(betas); b++)
        for (int64_t w = 0; w < COUNT(wishes); w++)
            for (int64_t iterations = 1; iterations <= 9; iterations += 4)
                compare(&wishes[w], betas[b], iterations, NMF_SOLVER_AUTO);
}

/* These leave W as it is: its gradient is not that of solved rows. */
static void it_is_so_where_rows_are_not_solved(void **state)
{
    (void)state;
    for (int64_t b = 0; b < COUNT(betas); b++)
        for (int64_t w = 0; w < COUNT(wishes); w++)
            if (!wishes[w].weighted) compare(&wishes[w], betas[b], 3, NMF_SOLVER_MU);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_residual_is_that_of_finite_differences),
        cmocka_unit_test(it_is_so_where_rows_are_not_solved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
