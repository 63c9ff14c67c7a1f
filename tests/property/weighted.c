/* See weighted.h. */
#include "weighted.h"

#include <math.h>

void draw_weighted(weighted *of, double share, int real_weights, uint64_t seed)
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

void take_weights(weighted *of, nmf_dtype dtype)
{
    nmf_error error;
    of->X = matrix_from(of->x, M, N, dtype, BY_ROWS);
    nmf_matrix *weights = matrix_from(of->w, M, N, NMF_F64, BY_COLUMNS);
    assert_int_equal(nmf_matrix_set_weights(of->X, weights, &error), NMF_OK);
}

void drop_weighted(weighted *of)
{
    nmf_matrix_free(of->X); /* and its weights */
}

const struct weighted_loss weighted_losses[LOSSES] = {{"frobenius", NMF_LOSS_FROBENIUS, 2},
                                                      {"kl", NMF_LOSS_KL, 1},
                                                      {"beta 1.5", NMF_LOSS_BETA, 1.5},
                                                      {"beta 0.5", NMF_LOSS_BETA, 0.5}};

nmf_options weighted_options(int64_t loss)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = K;
    options.loss = weighted_losses[loss].loss;
    options.beta = weighted_losses[loss].beta;
    options.max_iter = 2000;
    options.shrink = 0; /* but where it is the question */
    return options;
}

double model_at(const nmf_model_content *model, int64_t i, int64_t j)
{
    double v = 0;
    for (int64_t l = 0; l < model->k; l++)
        v += nmf_matrix_at(model->W, i, l) * nmf_matrix_at(model->H, l, j);
    return v;
}

double loss_of(const weighted *of, const nmf_model_content *model, double beta)
{
    double sum = 0;
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++)
            if (of->w[i * N + j] > 0)
                sum +=
                    of->w[i * N + j] * loss_of_entry(of->x[i * N + j], model_at(model, i, j), beta);
    return sum;
}
