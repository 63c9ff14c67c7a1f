/* See constrained.h. */
#include "constrained.h"

#include <math.h>
#include <string.h>

void draw(drawn *of, int sums_to_one, uint64_t seed)
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

const struct constrained_loss losses[LOSSES] = {
    {"frobenius", NMF_LOSS_FROBENIUS, 2, NMF_SOLVER_AUTO},
    {"kl", NMF_LOSS_KL, 1, NMF_SOLVER_AUTO},
    {"is", NMF_LOSS_IS, 0, NMF_SOLVER_AUTO},
    {"beta 1.5", NMF_LOSS_BETA, 1.5, NMF_SOLVER_AUTO},
    {"frobenius by hals", NMF_LOSS_FROBENIUS, 2, NMF_SOLVER_HALS},
    {"frobenius by cd", NMF_LOSS_FROBENIUS, 2, NMF_SOLVER_CD},
    {"kl by scd", NMF_LOSS_KL, 1, NMF_SOLVER_SCD},
    {"kl by mu", NMF_LOSS_KL, 1, NMF_SOLVER_MU},
    {"frobenius by mu", NMF_LOSS_FROBENIUS, 2, NMF_SOLVER_MU}};

nmf_options options_for(int64_t loss)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = K;
    options.loss = losses[loss].loss;
    options.beta = losses[loss].beta;
    options.solver = losses[loss].solver;
    options.max_iter = 300;
    return options;
}

int converges(int64_t loss)
{
    return losses[loss].solver != NMF_SOLVER_MU && losses[loss].solver != NMF_SOLVER_CD;
}

void find_slopes(const double *x, const double *weights, const nmf_model_content *model,
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
                weight * (loss_of_entry(at, v + step, beta) - loss_of_entry(at, v - step, beta)) /
                (2 * step);
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

double counted(double slope, double x, double low, double high)
{
    if (!(x > low)) slope = fmin(slope, 0);
    return x < high ? slope : fmax(slope, 0);
}

nmf_constraints constraints(void)
{
    nmf_constraints c;
    memset(&c, 0, sizeof c);
    c.struct_bytes = sizeof c;
    return c;
}

void expect_fall(const nmf_model_content *content, const char *name)
{
    /* Of the Frobenius loss it is that of the squares of X, which are M N / 3 at most. */
    const double rounding = content->precision == NMF_PRECISION_F32 ? 1e-7 * M * N : 1e-9;
    for (int64_t t = 1; t < content->trace_count; t++)
        if (content->trace[t].loss > content->trace[t - 1].loss * (1 + rounding) + rounding)
            fail_msg("%s: loss %.12g after %.12g", name, content->trace[t].loss,
                     content->trace[t - 1].loss);
}

void refused(const nmf_matrix *X, const nmf_options *options, nmf_status status, const char *words)
{
    nmf_error error;
    nmf_model *model = NULL;
    assert_int_equal(nmf_fit(X, options, &model, &error), status);
    assert_null(model);
    if (!strstr(error.message, words)) fail_msg("'%s' lacks '%s'", error.message, words);
}
