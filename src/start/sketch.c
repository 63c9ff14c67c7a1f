/* The randomized range finder: block power iteration on X'X, one reading of X each, with
 * Rayleigh-Ritz values from the same reading. Source: Halko, Martinsson & Tropp 2011, sections 4.5
 * and 5.1. */
#include "start/sketch.h"

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
void nmfi_sketch_draw(const nmfi_sketch *sketch, const nmfi_pass *pass)
{
    draw_job job = {sketch, pass};
    nmfi_team_run(pass->team, sketch->width, draw_component, &job);
}

void nmfi_sketch_combine(const nmfi_sketch *sketch, nmfi_pass *pass, const double *vectors,
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

/* Again where what was left of some component after the ones before is so little that rounding shows. */
void nmfi_sketch_orthonormalize(nmfi_sketch *sketch, nmfi_pass *pass)
{
    const int64_t r = sketch->width;
    double *L = sketch->small, *rotation = L + r * r;
    for (int64_t j = 0; j < r; j++) sketch->values[j] = 1.0;
    for (int round = 0; round < 2; round++) {
        const nmfi_column_visit gram = {.k = r, .updated = sketch->V};
        nmfi_pass_columns(pass, &gram);
        const double least = nmfi_cholesky_turn(pass->total.gram, r, L, rotation);
        nmfi_sketch_combine(sketch, pass, rotation, sketch->values, sketch->V, &pass->columns);
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

nmf_status nmfi_sketch_ritz(nmfi_sketch *sketch, const nmfi_pass *pass, nmf_error *error)
{
    const int64_t r = sketch->width;
    memcpy(sketch->small, pass->total.gram, (size_t)(r * r) * sizeof(double));
    return nmfi_eigen(sketch->small, r, r, sketch->values, sketch->small + r * r, error);
}

/* Errors shrink by about the same factor with each reading, so what a reading changed and the change before it
 * tell what is left. */
int nmfi_sketch_settled(nmfi_sketch *sketch)
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
    nmfi_sketch_combine(sketch, pass, sketch->small + r * r, sketch->values, sketch->V,
                        &pass->columns);
}

/* U <- U Z / sigma, B <- B Z / sigma. */
static void rotate_U(nmfi_sketch *sketch, nmfi_pass *pass)
{
    const int64_t r = sketch->width;
    const double *vectors = sketch->small + r * r;
    const double tiny = sketch->sigma[0] * 1e-7;
    for (int64_t j = 0; j < r; j++)
        sketch->values[j] = sketch->sigma[j] > tiny ? 1.0 / sketch->sigma[j] : 0.0;
    nmfi_sketch_combine(sketch, pass, vectors, sketch->values, sketch->U, &pass->rows);
    if (sketch->B)
        nmfi_sketch_combine(sketch, pass, vectors, sketch->values, sketch->B, &pass->columns);
}

void nmfi_sketch_take_sums(nmfi_pass *pass, const nmfi_visit *visit, void *to)
{
    const nmfi_project_rule project = {pass->kernels, visit->k, pass->columns.ld, NULL, to};
    const nmfi_rule rule = nmfi_rule_project(&project);
    const nmfi_column_visit columns = {.first_column = visit->first_column,
                                       .columns = visit->columns,
                                       .k = visit->k,
                                       .rule = &rule,
                                       .fixed = visit->updated,
                                       .sums = NMFI_SUMS_OF_PRODUCTS,
                                       .written = {to}};
    nmfi_pass_columns(pass, &columns);
}

nmf_status nmfi_sketch_multiply_back(nmfi_pass *pass, const nmfi_visit *visit, void *to,
                                     nmf_error *error)
{
    const int64_t columns = pass->columns.count, span = pass->span > 0 ? pass->span : columns;
    for (int64_t first = visit->first_column; first < columns; first += span) {
        nmfi_visit part = *visit;
        part.first_column = first;
        part.columns = first + span < columns ? span : columns - first;
        part.sums = NMFI_SUMS_OF_PRODUCTS;
        if (first > visit->first_column) part.fixed = NULL, part.rule = NULL; /* R is there */
        const nmf_status status = nmfi_pass_visit(pass, &part, error);
        if (status != NMF_OK) return status;
        nmfi_sketch_take_sums(pass, &part, to);
    }
    return NMF_OK;
}

/* X'U, which is there or is read again, a span of columns after the other. */
static nmf_status multiply_back(const nmfi_sketch *sketch, nmfi_pass *pass, void *to,
                                nmf_error *error)
{
    const nmfi_visit visit = {.k = sketch->width, .updated = sketch->U, .carried = {sketch->U}};
    if (pass->span > 0) return nmfi_sketch_multiply_back(pass, &visit, to, error);
    nmfi_sketch_take_sums(pass, &visit, to);
    return NMF_OK;
}

void nmfi_sketch_forget(nmfi_sketch *sketch)
{
    memset(sketch->sigma, 0, (size_t)sketch->width * sizeof *sketch->sigma);
    memset(sketch->changes, 0, (size_t)sketch->width * sizeof *sketch->changes);
}

nmf_status nmfi_sketch_iterate(nmfi_sketch *sketch, nmfi_pass *pass, int64_t most, nmf_error *error)
{
    for (int64_t visit = 1;; visit++) {
        const int last = visit >= most;
        nmfi_sketch_orthonormalize(sketch, pass);
        nmf_status status = read_once(sketch, pass, error);
        if (status != NMF_OK) return status;
        if (last || sketch->accuracy > 0) {
            status = nmfi_sketch_ritz(sketch, pass, error);
            if (status != NMF_OK) return status;
            if (nmfi_sketch_settled(sketch) || last) break;
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
    nmfi_sketch_forget(sketch);
    nmfi_sketch_draw(sketch, pass);
    return nmfi_sketch_iterate(sketch, pass, sketch->most_passes, error);
}

nmf_status nmfi_sketch_go_on(nmfi_sketch *sketch, nmfi_pass *pass, nmf_error *error)
{
    memmove(sketch->V, sketch->B, /* which overlap */
            (size_t)(sketch->width * pass->columns.ld * pass->kernels->element_bytes));
    return nmfi_sketch_iterate(sketch, pass, sketch->most_passes, error);
}
