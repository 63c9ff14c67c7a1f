/* Converging in a sketch: X ~ U B of rank r = 3.5 k (2.5 k before a divergence), so that an
 * iteration costs 4 (m + n) r k flops instead of 4 m n k and no reading of X. What it loses, the
 * last iterations on X itself win back. Sources: Zhou, Cichocki & Xie 2012; Tepper & Sapiro 2016;
 * Erichson et al. 2018. */
#include "fit/problem.h"

#include <string.h>

/* Whole vectors: the nearest number of them that holds `least`, or just enough halves. */
static int64_t round_to_vectors(int64_t rank, int64_t least)
{
    const int64_t lanes = NMFI_LANES_MIN, half = lanes / 2;
    const int64_t nearest = (rank + half) / lanes * lanes;
    return nearest >= least ? nearest : (least + half - 1) / half * half;
}

int64_t nmfi_sketched_rank(const nmfi_problem *problem)
{
    const nmf_options *o = &problem->options;
    const int64_t least = problem->m < problem->n ? problem->m : problem->n;
    if (o->solver != NMF_SOLVER_AUTO || o->sketch == 0) return 0;
    if (o->sketch > 0)
        return o->sketch > least ? least : o->sketch > problem->k ? o->sketch : problem->k;
    /* Who gives a start is to go on from it: in a sketch its loss is another one. */
    if (!problem->defaults.sketches || o->init == NMF_INIT_CUSTOM) return 0;
    /* For a divergence the sketch only begins: a coarser one begins as well and is quicker. */
    const int64_t halves = problem->divergence.wanted ? 5 : 7;
    const int64_t rank = round_to_vectors(halves * problem->k / 2, problem->k + 16);
    const double cheaper =
        (double)problem->m * (double)problem->n / (double)(problem->m + problem->n);
    return rank < least && cheaper >= 2.0 * (double)rank ? rank : 0;
}

/* Rows of the narrow matrices start on cache lines. */
static int64_t narrow_stride(const nmfi_problem *problem)
{
    const int64_t line = NMFI_ALIGNMENT / problem->kernels->element_bytes;
    return (problem->sketched.rank + line - 1) / line * line;
}

static void plan(nmfi_problem *problem, nmfi_pass *pass, const void *rows, int64_t count)
{
    const nmf_dtype dtype = problem->precision == NMF_PRECISION_F32 ? NMF_F32 : NMF_F64;
    const nmf_dense dense = {rows, dtype, count, narrow_stride(problem), narrow_stride(problem), 1};
    const nmfi_source source = nmfi_source_dense(&dense);
    nmfi_pass_plan(pass, &source, problem->kernels, problem->k, problem->options.block_rows);
    pass->team = problem->team;
}

void nmfi_sketched_layout(nmfi_problem *problem, nmfi_arena *arena)
{
    nmfi_sketched *c = &problem->sketched;
    const int64_t bytes = problem->kernels->element_bytes,
                  threads = nmfi_team_threads(problem->team);
    const size_t row_bytes = nmfi_product(narrow_stride(problem), bytes);
    c->W_rows = nmfi_take(arena, problem->m, row_bytes);
    c->H_rows = nmfi_take(arena, problem->n, row_bytes);
    plan(problem, &c->W_pass, c->W_rows, problem->m);
    plan(problem, &c->H_pass, c->H_rows, problem->n);
    nmfi_pass_layout(&c->W_pass, arena, threads, 1);
    nmfi_pass_layout(&c->H_pass, arena, threads, 1);
    const size_t link_bytes = nmfi_product(c->W_pass.columns.ld, bytes);
    c->to_W = nmfi_take(arena, problem->k, link_bytes);
    c->to_H = nmfi_take(arena, problem->k, link_bytes);
}

/* What a flat tail of the spectrum (noise) adds is not worth its flops: triplets go while all that
 * go hold little beside what the sketch leaves out anyway. */
static int64_t worthwhile(const nmfi_problem *problem, const double *sigma)
{
    static const double share = 0.03;
    const int64_t rank = problem->sketched.rank, least = problem->k + 10;
    double left_out = problem->norm2, gone = 0;
    for (int64_t j = 0; j < rank; j++) left_out -= sigma[j] * sigma[j];
    int64_t kept = rank;
    while (kept > least && gone + sigma[kept - 1] * sigma[kept - 1] <= share * left_out)
        gone += sigma[kept - 1] * sigma[kept - 1], kept--;
    return round_to_vectors(kept, kept) < rank ? round_to_vectors(kept, kept) : rank;
}

int nmfi_sketched_misses(const nmfi_problem *problem)
{
    static const double share = 1.0 / 3;
    const nmfi_sketch *sketch = &problem->sketch;
    double held = 0;
    for (int64_t j = 0; j < sketch->width; j++) held += sketch->sigma[j] * sketch->sigma[j];
    return problem->options.sketch < 0 && !problem->divergence.wanted &&
           problem->norm2 - held > share * problem->norm2;
}

/* The pass again for fewer columns, in the memory it has. */
static void narrow(nmfi_problem *problem, nmfi_pass *pass, const void *rows, int64_t count)
{
    const int64_t block_tiles = pass->block_tiles; /* Trap: its working memory holds no more */
    plan(problem, pass, rows, count);
    pass->block_tiles = block_tiles;
}

void nmfi_sketched_build(nmfi_problem *problem)
{
    nmfi_sketched *c = &problem->sketched;
    const nmfi_sketch *sketch = &problem->sketch;
    const int W_along_rows = problem->W.along_rows;
    if (problem->options.sketch < 0) c->rank = worthwhile(problem, sketch->sigma);
    narrow(problem, &c->W_pass, c->W_rows, problem->m);
    narrow(problem, &c->H_pass, c->H_rows, problem->n);
    const nmfi_kernels *kernels = problem->kernels;
    const int64_t stride = narrow_stride(problem);
    kernels->pack(W_along_rows ? sketch->U : sketch->B, problem->W.partition.ld, c->rank,
                  problem->m, c->W_rows, stride);
    kernels->pack(W_along_rows ? sketch->B : sketch->U, problem->H.partition.ld, c->rank,
                  problem->n, c->H_rows, stride);
    c->norm2 = 0;
    for (int64_t j = 0; j < c->rank; j++) c->norm2 += sketch->sigma[j] * sketch->sigma[j];
}

nmfi_pass *nmfi_sketched_visit(nmfi_problem *problem, const nmfi_factor *factor,
                               const nmfi_rule *rule, const void *R)
{
    nmfi_sketched *c = &problem->sketched;
    nmfi_pass *pass = factor->is_W ? &c->W_pass : &c->H_pass;
    const void *C = factor->is_W ? c->to_W : c->to_H;
    const nmfi_visit visit = {
        .k = problem->k, .fixed = C, .rule = rule, .updated = R, .sums = NMFI_SUMS_OF_PRODUCTS};
    nmfi_note(problem, nmfi_pass_visit(pass, &visit, nmfi_failure(problem)));
    return pass;
}

void nmfi_sketched_link(nmfi_problem *problem, const nmfi_factor *factor)
{
    nmfi_sketched *c = &problem->sketched;
    nmfi_pass *pass = factor->is_W ? &c->W_pass : &c->H_pass;
    void *link = factor->is_W ? c->to_H : c->to_W;
    const nmfi_project_rule project = {problem->kernels, problem->k, pass->columns.ld, NULL, link};
    const nmfi_rule rule = nmfi_rule_project(&project);
    const nmfi_column_visit visit = {.k = problem->k, .rule = &rule, .sums = NMFI_SUMS_OF_PRODUCTS};
    nmfi_pass_columns(pass, &visit);
}
