/* NNDSVD: W and H from the positive or the negative parts of the singular vectors, whichever pair carries
 * more. First pair sqrt(s) |u|, sqrt(s) |v|; then, with u+ = max(u, 0), u- = max(-u, 0) and the sign whose
 * mu = ||u||.||v|| is larger, w = sqrt(s mu) u / ||u||, h = sqrt(s mu) v / ||v||.
 * Source: Boutsidis & Gallopoulos 2008; variants a and ar as in scikit-learn, on the factors' scale. */
#include "base/rng.h"
#include "start/start.h"

#include <math.h>

static double get(const nmfi_kernels *kernels, const void *factor, int64_t at)
{
    double value;
    kernels->to_f64((const char *)factor + at * kernels->element_bytes, &value, 1);
    return value;
}

static void put(const nmfi_kernels *kernels, void *factor, int64_t at, double value)
{
    kernels->from_f64(&value, (char *)factor + at * kernels->element_bytes, 1);
}

/* The norms of the positive and negative parts of one vector. */
static void part_norms(const nmfi_kernels *kernels, const void *vector, int64_t at, int64_t count,
                       double norms[2])
{
    double squares[2] = {0, 0};
    for (int64_t i = 0; i < count; i++) {
        const double value = get(kernels, vector, at + i);
        squares[value < 0] += value * value;
    }
    norms[0] = sqrt(squares[0]);
    norms[1] = sqrt(squares[1]);
}

/* Component j of a factor: scale * part of the vector, `negative` 0, 1, or -1 for the absolute value. */
static void write_part(const nmfi_kernels *kernels, nmfi_start_factor factor, int64_t j,
                       const void *vector, int negative, double scale, double threshold)
{
    for (int64_t i = 0; i < factor.count; i++) {
        const double value = get(kernels, vector, j * factor.ld + i);
        const double part = negative < 0 ? fabs(value) : negative ? -value : value;
        put(kernels, factor.data, j * factor.ld + i, scale * part >= threshold ? scale * part : 0.0);
    }
}

static void fill_zeros(const nmfi_kernels *kernels, nmfi_start_factor factor, int64_t k, double scale,
                       nmf_init init, int64_t seed, uint32_t stream)
{
    for (int64_t j = 0; j < k; j++)
        for (int64_t i = 0; i < factor.count; i++) {
            if (get(kernels, factor.data, j * factor.ld + i) != 0) continue;
            const double noise = init == NMF_INIT_NNDSVDAR
                                     ? fabs(nmfi_normal((uint64_t)seed, stream, (uint64_t)(i * k + j))) / 100
                                     : 1.0;
            put(kernels, factor.data, j * factor.ld + i, scale * noise);
        }
}

void nmfi_start_nndsvd(const nmfi_kernels *kernels, nmfi_start_factor W, nmfi_start_factor H, int64_t k,
                       const void *U, const void *V, const double *sigma, double mean, nmf_init init,
                       int64_t seed)
{
    const double scale = sqrt(mean / (double)k);
    const double threshold = 1e-6 * scale; /* scikit-learn's 1e-6, made free of the data's scale */
    for (int64_t j = 0; j < k; j++) {
        double u[2], v[2];
        part_norms(kernels, U, j * W.ld, W.count, u);
        part_norms(kernels, V, j * H.ld, H.count, v);
        const int negative = j == 0 ? -1 : u[1] * v[1] >= u[0] * v[0];
        const double mu = negative < 0 ? 1.0 : u[negative] * v[negative];
        const double length = sqrt(sigma[j] * mu);
        const double u_norm = negative < 0 ? 1.0 : u[negative], v_norm = negative < 0 ? 1.0 : v[negative];
        write_part(kernels, W, j, U, negative, u_norm > 0 ? length / u_norm : 0.0, threshold);
        write_part(kernels, H, j, V, negative, v_norm > 0 ? length / v_norm : 0.0, threshold);
    }
    if (init == NMF_INIT_NNDSVD) return;
    fill_zeros(kernels, W, k, scale, init, seed, NMFI_STREAM_FILL_W);
    fill_zeros(kernels, H, k, scale, init, seed, NMFI_STREAM_FILL_H);
}
