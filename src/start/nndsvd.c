/* NNDSVD: W and H from the positive or the negative parts of the singular vectors, whichever pair
 * carries more. First pair sqrt(s) |u|, sqrt(s) |v|; then, with u+ = max(u, 0), u- = max(-u, 0) and
 * the sign whose mu = ||u||.||v|| is larger, w = sqrt(s mu) u / ||u||, h = sqrt(s mu) v / ||v||.
 * Source: Boutsidis & Gallopoulos 2008; variants a and ar as in scikit-learn, on the factors'
 * scale. */
#include "base/rng.h"
#include "start/start.h"

#include <math.h>

/* Entries pass through f64 a few at a time. */
enum { SPAN = 256 };

static int64_t span_at(int64_t i, int64_t count)
{
    return count - i < SPAN ? count - i : SPAN;
}

static void *at(const nmfi_kernels *kernels, const void *factor, int64_t index)
{
    return (char *)(uintptr_t)factor + index * kernels->element_bytes;
}

/* The norms of the positive and negative parts of component j. */
static void part_norms(const nmfi_kernels *kernels, const void *vectors, nmfi_start_factor factor,
                       int64_t j, double norms[2])
{
    double squares[2] = {0, 0}, values[SPAN];
    for (int64_t i = 0; i < factor.count; i += SPAN) {
        const int64_t span = span_at(i, factor.count);
        kernels->to_f64(at(kernels, vectors, j * factor.ld + i), values, span);
        for (int64_t e = 0; e < span; e++) squares[values[e] < 0] += values[e] * values[e];
    }
    norms[0] = sqrt(squares[0]);
    norms[1] = sqrt(squares[1]);
}

/* What takes the place of zeros: nothing, the factors' scale, or small noise on it. */
typedef struct filling {
    nmf_init init;
    double scale;
    uint64_t seed;
    uint32_t stream;
} filling;

static double fill_value(const filling *fill, uint64_t index)
{
    if (fill->init == NMF_INIT_NNDSVD) return 0.0;
    if (fill->init == NMF_INIT_NNDSVDA) return fill->scale;
    return fill->scale * fabs(nmfi_normal(fill->seed, fill->stream, index)) / 100;
}

/* Component j of a factor: length * part of the vector, `negative` 0, 1, or -1 for the absolute
 * value. */
static void write_part(const nmfi_kernels *kernels, nmfi_start_factor factor, int64_t k, int64_t j,
                       const void *vectors, int negative, double length, const filling *fill)
{
    const double threshold =
        1e-6 * fill->scale; /* scikit-learn's 1e-6, made free of the data's scale */
    double values[SPAN];
    for (int64_t i = 0; i < factor.count; i += SPAN) {
        const int64_t span = span_at(i, factor.count);
        kernels->to_f64(at(kernels, vectors, j * factor.ld + i), values, span);
        for (int64_t e = 0; e < span; e++) {
            const double v = values[e];
            const double part = length * (negative < 0 ? fabs(v) : negative ? -v : v);
            values[e] = part >= threshold ? part : fill_value(fill, (uint64_t)((i + e) * k + j));
        }
        kernels->from_f64(values, at(kernels, factor.data, j * factor.ld + i), span);
    }
}

void nmfi_start_nndsvd(const nmfi_kernels *kernels, nmfi_start_factor W, nmfi_start_factor H,
                       int64_t k, const void *U, const void *V, const double *sigma, double mean,
                       nmf_init init, int64_t seed)
{
    const double scale = sqrt(mean / (double)k);
    const filling fill_W = {init, scale, (uint64_t)seed, NMFI_STREAM_FILL_W};
    const filling fill_H = {init, scale, (uint64_t)seed, NMFI_STREAM_FILL_H};
    for (int64_t j = 0; j < k; j++) {
        double u[2], v[2];
        part_norms(kernels, U, W, j, u);
        part_norms(kernels, V, H, j, v);
        const int negative = j == 0 ? -1 : u[1] * v[1] >= u[0] * v[0];
        const double mu = negative < 0 ? 1.0 : u[negative] * v[negative];
        const double length = sqrt(sigma[j] * mu);
        const double u_norm = negative < 0 ? 1.0 : u[negative],
                     v_norm = negative < 0 ? 1.0 : v[negative];
        write_part(kernels, W, k, j, U, negative, u_norm > 0 ? length / u_norm : 0.0, &fill_W);
        write_part(kernels, H, k, j, V, negative, v_norm > 0 ? length / v_norm : 0.0, &fill_H);
    }
}
