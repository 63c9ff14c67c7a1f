/* Non-negative parts of singular vectors, from which the SVD starts build their components. */
#include "start/parts.h"

#include "base/rng.h"

#include <float.h>
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

typedef struct parts {
    const nmfi_kernels *kernels;
    const nmfi_partition *partition;
    const void *component;
} parts;

static void squares_of_slot(const void *context, int64_t slot, int64_t first, int64_t count,
                            double *squares)
{
    (void)first, (void)count; /* both */
    const parts *p = context;
    const int64_t end = nmfi_partition_first_row(p->partition, slot + 1);
    double values[SPAN];
    squares[0] = squares[1] = 0;
    for (int64_t i = nmfi_partition_first_row(p->partition, slot); i < end; i += SPAN) {
        const int64_t span = span_at(i, end);
        p->kernels->to_f64(at(p->kernels, p->component, i), values, span);
        for (int64_t e = 0; e < span; e++) squares[values[e] < 0] += values[e] * values[e];
    }
}

void nmfi_part_norms(const nmfi_kernels *kernels, const void *vectors, nmfi_start_factor factor,
                     int64_t j, double norms[2])
{
    const parts p = {kernels, factor.partition, at(kernels, vectors, j * factor.ld)};
    double squares[2];
    nmfi_slots_add_up(factor.partition, squares_of_slot, &p, 2, squares);
    norms[0] = sqrt(squares[0]);
    norms[1] = sqrt(squares[1]);
}

static double fill_value(const nmfi_filling *fill, uint64_t index)
{
    if (fill->init != NMF_INIT_NNDSVDA && fill->init != NMF_INIT_NNDSVDAR) return 0.0;
    if (fill->init == NMF_INIT_NNDSVDA) return fill->scale;
    return fill->scale * fabs(nmfi_normal(fill->seed, fill->stream, index)) / 100;
}

/* Component `to` of a factor: length * part of vector `from`, `negative` 0, 1, or -1 for the
 * absolute value. */
static void write_part(const nmfi_kernels *kernels, nmfi_start_factor factor, int64_t k, int64_t to,
                       const void *vectors, int64_t from, int negative, double length,
                       const nmfi_filling *fill)
{
    const double threshold =
        1e-6 * fill->scale; /* scikit-learn's 1e-6, made free of the data's scale */
    double values[SPAN];
    for (int64_t i = 0; i < factor.count; i += SPAN) {
        const int64_t span = span_at(i, factor.count);
        kernels->to_f64(at(kernels, vectors, from * factor.ld + i), values, span);
        for (int64_t e = 0; e < span; e++) {
            const double v = values[e];
            const double part = length * (negative < 0 ? fabs(v) : negative ? -v : v);
            const int64_t row = factor.partition->first_row + i + e;
            values[e] = part >= threshold ? part : fill_value(fill, (uint64_t)(row * k + to));
        }
        kernels->from_f64(values, at(kernels, factor.data, to * factor.ld + i), span);
    }
}

/* Ritz values are roots of sums that rounding moves by a few parts of the first one's square. */
static int vanishes(const nmfi_kernels *kernels, const nmfi_start_pair *pair, int64_t j)
{
    const double rounding = kernels->element_bytes == 4 ? (double)FLT_EPSILON : DBL_EPSILON;
    return !(pair->sigma[j] > sqrt(8 * rounding) * pair->sigma[0]);
}

static void draw(const nmfi_kernels *kernels, nmfi_start_factor factor, int64_t k, int64_t to,
                 const nmfi_filling *fill)
{
    nmfi_random_component(kernels, factor, k, to, fill->scale, (int64_t)fill->seed, fill->stream);
}

void nmfi_part_pair(const nmfi_kernels *kernels, const nmfi_start_pair *pair, int64_t to,
                    int64_t from, int negative, const double u[2], const double v[2])
{
    const double u_norm = negative < 0 ? 1.0 : u[negative],
                 v_norm = negative < 0 ? 1.0 : v[negative];
    if (vanishes(kernels, pair, from) || !(u_norm > 0 && v_norm > 0)) {
        draw(kernels, pair->W, pair->k, to, &pair->fill_W);
        draw(kernels, pair->H, pair->k, to, &pair->fill_H);
        return;
    }
    const double length = sqrt(pair->sigma[from] * u_norm * v_norm);
    write_part(kernels, pair->W, pair->k, to, pair->U, from, negative, length / u_norm,
               &pair->fill_W);
    write_part(kernels, pair->H, pair->k, to, pair->V, from, negative, length / v_norm,
               &pair->fill_H);
}
