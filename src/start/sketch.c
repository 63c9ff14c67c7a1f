/* The randomized range finder: block power iteration on X'X, one reading of X each, with
 * Rayleigh-Ritz values from the same reading. Source: Halko, Martinsson & Tropp 2011, sections 4.5
 * and 5.1. */
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

void nmfi_sketch_layout(nmfi_sketch *sketch, const nmfi_pass *pass, nmfi_arena *arena)
{
    const int64_t r = sketch->width;
    sketch->sigma = nmfi_take(arena, r, sizeof(double));
    sketch->values = nmfi_take(arena, r, sizeof(double));
    sketch->offset = nmfi_take(arena, r, sizeof(double));
    sketch->changes = nmfi_take(arena, r, sizeof(double));
    sketch->small = nmfi_take(arena, 2 * r * r, sizeof(double));
    sketch->rotation = nmfi_take(arena, r * r, (size_t)pass->kernels->element_bytes);
}

void nmfi_sketch_layout_results(nmfi_sketch *sketch, const nmfi_pass *pass, nmfi_arena *arena,
                                int wants_B)
{
    const int64_t r = sketch->width, before_B = wants_B ? sketch->rank : 0;
    const size_t row_bytes = nmfi_product(pass->rows.ld, pass->kernels->element_bytes);
    const size_t column_bytes = nmfi_product(pass->columns.ld, pass->kernels->element_bytes);
    const int wide =
        pass->columns.ld > pass->rows.ld; /* the longer side may lie in a scratch file */
    sketch->U = (wide ? nmfi_take : nmfi_take_long)(arena, r, row_bytes);
    sketch->V = (wide ? nmfi_take_long : nmfi_take)(arena, before_B + r, column_bytes);
    if (wants_B && sketch->V) sketch->B = (char *)sketch->V + (size_t)before_B * column_bytes;
}

typedef struct draw_job {
    const nmfi_sketch *sketch;
    const nmfi_pass *pass;
} draw_job;

static void draw_component(void *context, int64_t j, int64_t thread)
{
    const draw_job *job = context;
    const nmfi_pass *pass = job->pass;
    const nmfi_kernels *kernels = pass->kernels;
    char *const component = (char *)job->sketch->V + j * pass->columns.ld * kernels->element_bytes;
    (void)thread;
    for (int64_t i = 0; i < pass->columns.count; i += 4) {
        double values[4];
        const int64_t left = pass->columns.count - i;
        nmfi_uniform4((uint64_t)job->sketch->seed, NMFI_STREAM_SKETCH, (uint32_t)j, (uint64_t)i,
                      values);
        kernels->from_f64(values, component + i * kernels->element_bytes, left < 4 ? left : 4);
    }
}

/* Uniform entries: any distribution without a preferred direction finds the range as well. */
static void draw(const nmfi_sketch *sketch, const nmfi_pass *pass)
{
    draw_job job = {sketch, pass};
    nmfi_team_run(pass->team, sketch->width, draw_component, &job);
}

/* Component j of a factor becomes sum_l vectors[l,j] factor[j] component l. */
static void combine(const nmfi_sketch *sketch, nmfi_pass *pass, const double *vectors,
                    const double *factor, void *components, const nmfi_partition *partition)
{
    const int64_t r = sketch->width;
    for (int64_t j = 0; j < r; j++)
        for (int64_t l = 0; l < r; l++) {
            const double value = vectors[l * r + j] * factor[j];
            pass->kernels->from_f64(
                &value, (char *)sketch->rotation + (j * r + l) * pass->kernels->element_bytes, 1);
        }
    nmfi_pass_combine(pass, r, sketch->rotation, components, partition);
}

/* V <- orth(V); again where what was left of some component after the ones before is so little that
 * rounding shows. */
static void orthonormalize(nmfi_sketch *sketch, nmfi_pass *pass)
{
    const int64_t r = sketch->width;
    double *L = sketch->small, *rotation = L + r * r;
    for (int64_t j = 0; j < r; j++) sketch->values[j] = 1.0;
    for (int round = 0; round < 2; round++) {
        const nmfi_column_visit gram = {.k = r, .updated = sketch->V};
        nmfi_pass_columns(pass, &gram);
        const double least = nmfi_cholesky_turn(pass->total.gram, r, L, rotation);
        combine(sketch, pass, rotation, sketch->values, sketch->V, &pass->columns);
        if (least > 1e-3) break;
    }
}

/* offset_j = mean' v_j: the mean is one more row of X. */
static void center(const nmfi_sketch *sketch, const nmfi_pass *pass)
{
    const nmfi_kernels *kernels = pass->kernels;
    const nmfi_rows mean = {sketch->mean, pass->columns.count, 1, pass->columns.count};
    memset(sketch->rotation, 0, (size_t)(sketch->width * kernels->element_bytes));
    kernels->products[NMF_F64](&mean, sketch->V, pass->columns.ld, sketch->width, sketch->rotation,
                               1);
    kernels->to_f64(sketch->rotation, sketch->offset, sketch->width);
}

/* One reading: U <- (X - mean) V, its Gram matrix, and the sums that X'U is made of, unless that is read again. */
static nmf_status read_once(nmfi_sketch *sketch, nmfi_pass *pass, nmf_error *error)
{
    if (sketch->mean) center(sketch, pass);
    const nmfi_project_rule project = {pass->kernels, sketch->width, pass->rows.ld,
                                       sketch->mean ? sketch->offset : NULL, sketch->U};
    const nmfi_rule rule = nmfi_rule_project(&project);
    const nmfi_visit visit = {.k = sketch->width,
                              .fixed = sketch->V,
                              .rule = &rule,
                              .updated = sketch->U,
                              .carried = {sketch->U},
                              .sums = pass->span ? NMFI_SUMS_OF_GRAM : NMFI_SUMS_OF_PRODUCTS};
    return nmfi_pass_visit(pass, &visit, error);
}

/* Ritz values of the last reading into sketch->values, their vectors behind sketch->small. */
static nmf_status ritz(nmfi_sketch *sketch, const nmfi_pass *pass, nmf_error *error)
{
    const int64_t r = sketch->width;
    memcpy(sketch->small, pass->total.gram, (size_t)(r * r) * sizeof(double));
    return nmfi_eigen(sketch->small, r, r, sketch->values, sketch->small + r * r, error);
}

/* Keeps the new sigma; 1 if the wanted ones have come to rest. Their errors shrink by about the
 * same factor with each reading, so what a reading changed and the change before it tell what is
 * left. */
static int settled(nmfi_sketch *sketch)
{
    double *const changes = sketch->changes;
    int rest = 1;
    for (int64_t j = 0; j < sketch->width; j++) {
        const double now = sketch->values[j] > 0 ? sketch->values[j] : 0.0;
        const double change = fabs(now - sketch->sigma[j] * sketch->sigma[j]);
        const double factor = change < changes[j] ? change / changes[j] : 1.0;
        if (j < sketch->rank && change * factor > sketch->accuracy * now) rest = 0;
        changes[j] = change;
        sketch->sigma[j] = sqrt(now);
    }
    return rest;
}

/* V <- V Z, with Z the Ritz vectors. */
static void rotate_V(nmfi_sketch *sketch, nmfi_pass *pass)
{
    const int64_t r = sketch->width;
    for (int64_t j = 0; j < r; j++) sketch->values[j] = 1.0;
    combine(sketch, pass, sketch->small + r * r, sketch->values, sketch->V, &pass->columns);
}

/* U <- U Z / sigma, B <- B Z / sigma. */
static void rotate_U(nmfi_sketch *sketch, nmfi_pass *pass)
{
    const int64_t r = sketch->width;
    const double *vectors = sketch->small + r * r;
    const double tiny = sketch->sigma[0] * 1e-7;
    for (int64_t j = 0; j < r; j++)
        sketch->values[j] = sketch->sigma[j] > tiny ? 1.0 / sketch->sigma[j] : 0.0;
    combine(sketch, pass, vectors, sketch->values, sketch->U, &pass->rows);
    if (sketch->B) combine(sketch, pass, vectors, sketch->values, sketch->B, &pass->columns);
}

/* X'U of the last reading, of some columns or of all (0). */
static void take_sums(const nmfi_sketch *sketch, nmfi_pass *pass, int64_t first, int64_t columns,
                      void *to)
{
    const nmfi_project_rule project = {pass->kernels, sketch->width, pass->columns.ld, NULL, to};
    const nmfi_rule rule = nmfi_rule_project(&project);
    const nmfi_column_visit visit = {.first_column = first,
                                     .columns = columns,
                                     .k = sketch->width,
                                     .rule = &rule,
                                     .fixed = sketch->U,
                                     .sums = NMFI_SUMS_OF_PRODUCTS,
                                     .written = {to}};
    nmfi_pass_columns(pass, &visit);
}

/* X'U, which is there or is read again, a span of columns after the other. */
static nmf_status multiply_back(const nmfi_sketch *sketch, nmfi_pass *pass, void *to,
                                nmf_error *error)
{
    if (pass->span == 0) take_sums(sketch, pass, 0, 0, to);
    for (int64_t first = 0; pass->span > 0 && first < pass->columns.count; first += pass->span) {
        const int64_t left = pass->columns.count - first;
        const nmfi_visit visit = {.first_column = first,
                                  .columns = left < pass->span ? left : pass->span,
                                  .k = sketch->width,
                                  .updated = sketch->U,
                                  .carried = {sketch->U},
                                  .sums = NMFI_SUMS_OF_PRODUCTS};
        const nmf_status status = nmfi_pass_visit(pass, &visit, error);
        if (status != NMF_OK) return status;
        take_sums(sketch, pass, first, visit.columns, to);
    }
    return NMF_OK;
}

/* From the V that is there. */
static nmf_status iterate(nmfi_sketch *sketch, nmfi_pass *pass, nmf_error *error)
{
    for (int64_t visit = 1;; visit++) {
        const int last = visit >= sketch->most_passes;
        orthonormalize(sketch, pass);
        nmf_status status = read_once(sketch, pass, error);
        if (status != NMF_OK) return status;
        if (last || sketch->accuracy > 0) {
            status = ritz(sketch, pass, error);
            if (status != NMF_OK) return status;
            if (settled(sketch) || last) break;
        }
        status = multiply_back(sketch, pass, sketch->V, error);
        if (status != NMF_OK) return status;
    }
    rotate_V(sketch, pass);
    if (sketch->B) {
        const nmf_status status = multiply_back(sketch, pass, sketch->B, error);
        if (status != NMF_OK) return status;
    }
    rotate_U(sketch, pass);
    return NMF_OK;
}

nmf_status nmfi_sketch_run(nmfi_sketch *sketch, nmfi_pass *pass, nmf_error *error)
{
    draw(sketch, pass);
    memset(sketch->sigma, 0, (size_t)sketch->width * sizeof *sketch->sigma);
    memset(sketch->changes, 0, (size_t)sketch->width * sizeof *sketch->changes);
    return iterate(sketch, pass, error);
}

nmf_status nmfi_sketch_go_on(nmfi_sketch *sketch, nmfi_pass *pass, nmf_error *error)
{
    memmove(sketch->V, sketch->B, /* which overlap */
            (size_t)(sketch->width * pass->columns.ld * pass->kernels->element_bytes));
    return iterate(sketch, pass, error);
}
