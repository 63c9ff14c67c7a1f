/* Rows that each see entries of their own, under the Frobenius loss (rule_weighted.c): a row's Gram matrix G =
 * F F' over what it sees and its products p = F a, then rounds over its coordinates,
 *   x_j <- the allowed value nearest to x_j + (p_j - l1 - l2 x_j - sum_l G_jl x_l) / (G_jj + l2),
 * with the gradient kept up to date. A row that has a sum is solved exactly. Formulas: Bell & Koren 2007
 * (rows by their own Gram matrices), Cichocki & Phan 2009 (the rounds). */
#include "rule/divergence.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* One row in f64. */
typedef struct row_problem {
    double *G, *x, *g, *p, *lower, *upper, *pg; /* k x k; k each */
    void *rest;
    int64_t k;
} row_problem;

static row_problem cut(const nmfi_strip_work *work)
{
    const int64_t k = work->strip.k;
    row_problem r = {.G = work->small, .k = k};
    double *const numbers = r.G + k * k;
    r.x = numbers;
    r.g = numbers + k;
    r.p = numbers + 2 * k;
    r.lower = numbers + 3 * k;
    r.upper = numbers + 4 * k;
    r.pg = numbers + 5 * k;
    r.rest = numbers + 8 * k;
    return r;
}

static void load(const nmfi_strip_work *work, const void *array, double *to)
{
    const nmfi_kernels *kernels = work->step->kernels;
    for (int64_t j = 0; j < work->strip.k; j++)
        kernels->to_f64((const char *)array + j * work->strip.ld * kernels->element_bytes, to + j,
                        1);
}

static void store(const nmfi_strip_work *work, const double *from, void *array)
{
    const nmfi_kernels *kernels = work->step->kernels;
    for (int64_t j = 0; j < work->strip.k; j++)
        kernels->from_f64(from + j, (char *)array + j * work->strip.ld * kernels->element_bytes, 1);
}

static void find_gradient(const nmfi_divergence_step *step, const row_problem *r)
{
    for (int64_t j = 0; j < r->k; j++) {
        r->g[j] = step->l1 - r->p[j];
        for (int64_t l = 0; l < r->k; l++) r->g[j] += r->G[j * r->k + l] * r->x[l];
    }
}

/* p and G, with the L2 penalty; the gradient where the row starts. */
static void form(const nmfi_strip_work *work, row_problem *r)
{
    const nmfi_divergence_step *step = work->step;
    const nmfi_kernels *kernels = step->kernels;
    const nmf_dtype type = kernels->element_bytes == 4 ? NMF_F32 : NMF_F64;
    const nmfi_rows a = {work->X.data, work->X.row_stride, 1, work->X.columns};
    const int64_t k = r->k;
    nmfi_strip_clear(work, work->num);
    kernels->products[type](&a, work->F, work->ldf, k, work->num, work->strip.ld);
    load(work, work->num, r->p);
    load(work, work->strip.x, r->x);
    memset(r->G, 0, (size_t)(k * k) * sizeof *r->G);
    kernels->gram(work->F, work->ldf, k, work->X.columns, r->G);
    for (int64_t j = 0; j < k; j++) {
        r->p[j] = step->scale * r->p[j];
        if (step->shrink > 0) r->p[j] += step->shrink * step->toward[j];
        r->G[j * k + j] += step->l2;
        r->lower[j] = 0;
        r->upper[j] = HUGE_VAL;
    }
    if (work->strip.lower) {
        load(work, work->strip.lower, r->lower);
        load(work, work->strip.upper, r->upper);
    }
    find_gradient(step, r);
}

static void measure(const nmfi_strip_work *work, const row_problem *r)
{
    nmfi_sums *sums = work->tile->sums;
    const nmfi_row_bounds bounds = {r->lower, r->upper, work->step->allowed.sum, r->k};
    nmfi_row_project_gradient(&bounds, r->x, r->g, r->pg);
    for (int64_t j = 0; j < r->k; j++) {
        sums->pg2[j] += r->pg[j] * r->pg[j];
        sums->ref2[j] += r->p[j] * r->p[j];
    }
}

/* One round over the row's coordinates, each to its minimum between its bounds; by how much that lowered the row's
 * objective 1/2 x'G x - p'x. */
static double round_once(const row_problem *r)
{
    const int64_t k = r->k;
    double decrease = 0;
    for (int64_t j = 0; j < k; j++) {
        const double diagonal = r->G[j * k + j];
        /* What nothing was seen of goes to its bound: any value is as good. */
        const double to = diagonal > 0 ? r->x[j] - r->g[j] / diagonal : 0;
        const double raised = to > r->lower[j] ? to : r->lower[j];
        const double next = raised < r->upper[j] ? raised : r->upper[j], d = next - r->x[j];
        if (d == 0) continue;
        decrease -= d * (r->g[j] + 0.5 * diagonal * d);
        r->x[j] = next;
        for (int64_t l = 0; l < k; l++) r->g[l] += d * r->G[j * k + l];
    }
    return decrease;
}

/* The row's minimum; x is allowed. */
static void solve(const nmfi_strip_work *work, row_problem *r)
{
    const nmfi_divergence_step *step = work->step;
    const double rounding = step->kernels->element_bytes == 4 ? FLT_EPSILON : DBL_EPSILON;
    const nmfi_row_bounds bounds = {r->lower, r->upper, step->allowed.sum, r->k};
    for (int64_t j = 0; j < r->k; j++) r->p[j] -= step->l1;
    if (work->strip.lower)
        nmfi_row_solve(&bounds, r->G, r->p, DBL_EPSILON, r->x, r->rest);
    else
        nmfi_pivot(r->G, r->p, r->k, rounding, r->x, r->rest);
    for (int64_t j = 0; j < r->k; j++) r->p[j] += step->l1;
}

static void go_round(const nmfi_least_squares_rule *rule, row_problem *r)
{
    double first = 0;
    for (int64_t s = 0; s < rule->sweeps; s++) {
        const double decrease = round_once(r);
        if (s == 0) first = decrease;
        if (decrease <= rule->accuracy * rule->accuracy * first) break;
    }
}

static void improve_row(const nmfi_least_squares_rule *rule, nmfi_strip_work *work)
{
    const nmfi_divergence_step *step = work->step;
    row_problem r = cut(work);
    if (rule->exact) { /* from a start of its own */
        nmfi_strip_clear(work, work->strip.x);
        nmfi_strip_clamp(work, work->strip.x);
    }
    form(work, &r);
    if (step->measure_start && !rule->exact) measure(work, &r);
    if (rule->exact || (step->allowed.sum > 0 && rule->sweeps > 0))
        solve(work, &r);
    else
        go_round(rule, &r);
    store(work, r.x, work->strip.x);
    if (step->measure_start && rule->exact) {
        load(work, work->strip.x, r.x); /* as it was rounded */
        find_gradient(step, &r);
        measure(work, &r);
    }
    if (!step->measure_result) return;
    nmfi_strip_model(work, work->strip.x, work->V);
    work->tile->sums->value[NMFI_SUM_LOSS] += nmfi_strip_divergence(work);
}

/* Each tile is a row, with what it sees. */
static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_least_squares_rule *rule = context;
    nmfi_strip_work work;
    nmfi_strip_begin(&work, &rule->step, tile, 0);
    improve_row(rule, &work);
    nmfi_strip_end(&work);
}

nmfi_rule nmfi_rule_least_squares(const nmfi_least_squares_rule *context)
{
    const nmfi_rule rule = {
        .improve = improve, .context = context, .needs = NMFI_NEEDS_ROWS | NMFI_NEEDS_ZEROS};
    return rule;
}
