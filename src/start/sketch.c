/* The randomized range finder: block power iteration on X'X, one reading of X each, with Rayleigh-Ritz
 * values from the same reading. Source: Halko, Martinsson & Tropp 2011, sections 4.5 and 5.1. */
#include "start/start.h"

#include "base/rng.h"
#include "linalg/linalg.h"

#include <math.h>
#include <string.h>

int64_t nmfi_sketch_width(int64_t rank, int64_t rows, int64_t columns)
{
    const int64_t least = rows < columns ? rows : columns;
    return rank + 10 < least ? rank + 10 : least;
}

void nmfi_sketch_layout(nmfi_sketch *sketch, const nmfi_pass *pass, nmfi_arena *arena, int wants_B)
{
    const int64_t r = sketch->width;
    const size_t row_bytes = nmfi_product(pass->rows.ld, pass->kernels->element_bytes);
    const size_t column_bytes = nmfi_product(pass->columns.ld, pass->kernels->element_bytes);
    sketch->sigma = nmfi_take(arena, r, sizeof(double));
    sketch->values = nmfi_take(arena, r, sizeof(double));
    sketch->offset = nmfi_take(arena, r, sizeof(double));
    sketch->small = nmfi_take(arena, 2 * r * r, sizeof(double));
    sketch->turn = nmfi_take(arena, r * r, (size_t)pass->kernels->element_bytes);
    sketch->U = nmfi_take(arena, r, row_bytes);
    sketch->V = nmfi_take(arena, r, column_bytes);
    if (wants_B) sketch->B = nmfi_take(arena, r, column_bytes);
}

/* Uniform entries: any distribution without a preferred direction finds the range as well. */
static void draw(const nmfi_sketch *sketch, const nmfi_pass *pass)
{
    const nmfi_kernels *kernels = pass->kernels;
    for (int64_t j = 0; j < sketch->width; j++)
        for (int64_t i = 0; i < pass->columns.count; i += 4) {
            double values[4];
            const int64_t left = pass->columns.count - i;
            nmfi_uniform4((uint64_t)sketch->seed, NMFI_STREAM_SKETCH, (uint32_t)j, (uint64_t)i, values);
            kernels->from_f64(values, (char *)sketch->V + (j * pass->columns.ld + i) * kernels->element_bytes,
                              left < 4 ? left : 4);
        }
}

/* Component j of a factor becomes sum_l vectors[l,j] factor[j] component l. */
static void combine(const nmfi_sketch *sketch, nmfi_pass *pass, const double *vectors,
                    const double *factor, void *components, const nmfi_cut *cut)
{
    const int64_t r = sketch->width;
    for (int64_t l = 0; l < r; l++)
        for (int64_t j = 0; j < r; j++) {
            const double value = vectors[l * r + j] * factor[j];
            pass->kernels->from_f64(
                &value, (char *)sketch->turn + (l * r + j) * pass->kernels->element_bytes, 1);
        }
    nmfi_pass_combine(pass, r, sketch->turn, components, cut);
}

/* V <- V (V'V)^-1/2 in its eigenvectors' basis, twice, since the first rounds. Directions that are not there
 * (rank below r) become zero components. */
static nmf_status orthonormalize(nmfi_sketch *sketch, nmfi_pass *pass, nmf_error *error)
{
    const int64_t r = sketch->width;
    double *gram = sketch->small, *vectors = gram + r * r;
    for (int round = 0; round < 2; round++) {
        nmfi_pass_columns(pass, r, NULL, sketch->V);
        memcpy(gram, pass->total.gram, (size_t)(r * r) * sizeof *gram);
        const nmf_status status = nmfi_eigen(gram, r, r, sketch->values, vectors, error);
        if (status != NMF_OK) return status;
        const double tiny = sketch->values[0] * 1e-14;
        for (int64_t j = 0; j < r; j++)
            sketch->values[j] = sketch->values[j] > tiny ? 1.0 / sqrt(sketch->values[j]) : 0.0;
        combine(sketch, pass, vectors, sketch->values, sketch->V, &pass->columns);
    }
    return NMF_OK;
}

/* offset_j = mean' v_j */
static void center(const nmfi_sketch *sketch, const nmfi_pass *pass)
{
    const int64_t bytes = pass->kernels->element_bytes;
    for (int64_t j = 0; j < sketch->width; j++) {
        double sum = 0;
        for (int64_t i = 0; sketch->mean && i < pass->columns.count; i++) {
            double value;
            pass->kernels->to_f64((const char *)sketch->V + (j * pass->columns.ld + i) * bytes, &value, 1);
            sum += sketch->mean[i] * value;
        }
        sketch->offset[j] = sum;
    }
}

/* One reading: U <- (X - mean) V, its Ritz values into sketch->values, vectors behind sketch->small. */
static nmf_status read_once(nmfi_sketch *sketch, nmfi_pass *pass, nmf_error *error)
{
    const int64_t r = sketch->width;
    center(sketch, pass);
    const nmfi_project_rule project = {pass->kernels, r, pass->rows.ld,
                                       sketch->mean ? sketch->offset : NULL, sketch->U};
    const nmfi_rule rule = nmfi_rule_project(&project);
    const nmfi_visit visit = {.k = r, .C = sketch->V, .rule = &rule, .R = sketch->U, .accumulate = 1};
    nmfi_pass_visit(pass, &visit);
    memcpy(sketch->small, pass->total.gram, (size_t)(r * r) * sizeof(double));
    return nmfi_eigen(sketch->small, r, r, sketch->values, sketch->small + r * r, error);
}

/* Keeps the new sigma; 1 if the wanted ones have come to rest. */
static int settled(nmfi_sketch *sketch)
{
    int rest = 1;
    for (int64_t j = 0; j < sketch->width; j++) {
        const double now = sketch->values[j] > 0 ? sketch->values[j] : 0.0;
        const double before = sketch->sigma[j] * sketch->sigma[j];
        if (j < sketch->rank && fabs(now - before) > sketch->accuracy * now) rest = 0;
        sketch->sigma[j] = sqrt(now);
    }
    return rest;
}

/* U <- U Z / sigma, B <- B Z / sigma, V <- V Z, with Z the Ritz vectors. */
static void rotate(nmfi_sketch *sketch, nmfi_pass *pass)
{
    const int64_t r = sketch->width;
    const double *vectors = sketch->small + r * r;
    for (int64_t j = 0; j < r; j++) sketch->values[j] = 1.0;
    combine(sketch, pass, vectors, sketch->values, sketch->V, &pass->columns);
    const double tiny = sketch->sigma[0] * 1e-7;
    for (int64_t j = 0; j < r; j++)
        sketch->values[j] = sketch->sigma[j] > tiny ? 1.0 / sketch->sigma[j] : 0.0;
    combine(sketch, pass, vectors, sketch->values, sketch->U, &pass->rows);
    if (sketch->B) combine(sketch, pass, vectors, sketch->values, sketch->B, &pass->columns);
}

/* X'U of the last reading. */
static void take_sums(const nmfi_sketch *sketch, nmfi_pass *pass, void *to)
{
    const nmfi_project_rule project = {pass->kernels, sketch->width, pass->columns.ld, NULL, to};
    const nmfi_rule rule = nmfi_rule_project(&project);
    nmfi_pass_columns(pass, sketch->width, &rule, NULL);
}

nmf_status nmfi_sketch_run(nmfi_sketch *sketch, nmfi_pass *pass, nmf_error *error)
{
    draw(sketch, pass);
    memset(sketch->sigma, 0, (size_t)sketch->width * sizeof *sketch->sigma);
    for (int64_t visit = 1;; visit++) {
        nmf_status status = orthonormalize(sketch, pass, error);
        if (status == NMF_OK) status = read_once(sketch, pass, error);
        if (status != NMF_OK) return status;
        if (settled(sketch) || visit >= sketch->most_visits) break;
        take_sums(sketch, pass, sketch->V);
    }
    if (sketch->B) take_sums(sketch, pass, sketch->B);
    rotate(sketch, pass);
    return NMF_OK;
}
