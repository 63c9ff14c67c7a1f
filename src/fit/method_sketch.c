/* Converging in a sketch: X ~ U B of rank r = 3.5 k (2.5 k before a divergence), U of orthonormal
 * columns, so that an iteration costs 4 (m + n) r k flops instead of 4 m n k and no pass over X. Each
 * factor has a pass of its own over the narrow matrix along it (U along one, B' along the other, rows
 * packed), and what one accumulates is the column factor of the other's pass: X H' = U (B H'), X'W =
 * B'(U'W). What it loses, the last iterations on X itself win back; so f32 does here, whatever the fit's own
 * arithmetic. Sources: Zhou, Cichocki & Xie 2012; Tepper & Sapiro 2016; Erichson et al. 2018. */
#include "fit/constraints.h"
#include "fit/half_step.h"

typedef struct sketched {
    int64_t rank;
    double norm2;                /* ||U B||_F^2 */
    const nmfi_kernels *kernels; /* of the arithmetic in it; NULL: the fit's */
    nmfi_pass W_pass, H_pass;
    void *W_rows, *H_rows; /* the narrow matrices: samples x stride, features x stride */
    void *to_W, *to_H;     /* k x ld of the narrow side */
} sketched;

static const nmfi_kernels *kernels_of(const nmfi_fit *fit, const sketched *s)
{
    return s->kernels ? s->kernels : fit->work.kernels;
}

/* Rows of the narrow matrices start on cache lines. */
static int64_t stride_of(int64_t rank, const nmfi_kernels *kernels)
{
    const int64_t line = NMFI_ALIGNMENT / kernels->element_bytes;
    return (rank + line - 1) / line * line;
}

static void plan_pass(nmfi_fit *fit, const sketched *s, nmfi_pass *pass, const void *rows,
                      const nmfi_partition *along)
{
    const nmfi_kernels *kernels = kernels_of(fit, s);
    const nmf_dtype dtype = kernels->element_bytes == sizeof(float) ? NMF_F32 : NMF_F64;
    const int64_t stride = stride_of(s->rank, kernels);
    const nmf_dense dense = {rows, dtype, along->count, stride, stride, 1};
    nmfi_source source = nmfi_source_dense(&dense);
    nmfi_source_along(&source, along);
    nmfi_pass_plan(pass, &source, kernels, fit->k, fit->choice.options.block_rows);
    pass->team = fit->work.team;
    pass->stop = &fit->work.stop;
    pass->spilled = fit->work.arena.spills ? &fit->work.arena.scratch : NULL;
}

void nmfi_sketch_layout_rows(nmfi_fit *fit, nmfi_arena *arena)
{
    sketched *s = fit->in_sketch.state;
    const int64_t bytes = fit->work.kernels->element_bytes;
    s->rank = fit->choice.sketch_rank;
    const size_t row_bytes = nmfi_product(stride_of(s->rank, fit->work.kernels), bytes);
    const int wide = fit->facts.n > fit->facts.m;
    s->W_rows = (wide ? nmfi_take : nmfi_take_long)(arena, fit->W.partition.count, row_bytes);
    s->H_rows = (wide ? nmfi_take_long : nmfi_take)(arena, fit->H.partition.count, row_bytes);
}

/* After the rows. */
static void layout(nmfi_fit *fit, void *state, nmfi_arena *arena)
{
    sketched *s = state;
    const int64_t bytes = fit->work.kernels->element_bytes,
                  threads = nmfi_team_threads(fit->work.team);
    plan_pass(fit, s, &s->W_pass, s->W_rows, &fit->W.partition);
    plan_pass(fit, s, &s->H_pass, s->H_rows, &fit->H.partition);
    nmfi_pass_layout(&s->W_pass, arena, threads, 1);
    nmfi_pass_layout(&s->H_pass, arena, threads, 1);
    const size_t link_bytes = nmfi_product(s->W_pass.columns.ld, bytes);
    s->to_W = nmfi_take(arena, fit->k, link_bytes);
    s->to_H = nmfi_take(arena, fit->k, link_bytes);
}

static int64_t whole_vectors(int64_t rank)
{
    const int64_t lanes = NMFI_LANES_MIN, half = lanes / 2;
    const int64_t nearest = (rank + half) / lanes * lanes;
    return nearest >= rank ? nearest : (rank + half - 1) / half * half;
}

/* What a flat tail of the spectrum (noise) adds is not worth its flops: triplets go while all that
 * go hold little beside what the sketch leaves out anyway. */
static int64_t worthwhile(const nmfi_fit *fit, int64_t rank, const double *sigma)
{
    static const double share = 0.03;
    const int64_t least = fit->k + 10;
    double left_out = fit->facts.norm2, gone = 0;
    for (int64_t j = 0; j < rank; j++) left_out -= sigma[j] * sigma[j];
    int64_t kept = rank;
    while (kept > least && gone + sigma[kept - 1] * sigma[kept - 1] <= share * left_out)
        gone += sigma[kept - 1] * sigma[kept - 1], kept--;
    return whole_vectors(kept) < rank ? whole_vectors(kept) : rank;
}

/* A flat spectrum: what the sketch leaves out is as good as what it holds, and a fit that converges
 * in it settles on what it happens to hold. (One that only begins there does not.) */
int nmfi_sketch_misses(const nmfi_fit *fit)
{
    static const double share = 1.0 / 3;
    const nmfi_sketch *sketch = &fit->work.sketch;
    const double norm2 = fit->facts.norm2;
    double held = 0;
    for (int64_t j = 0; j < sketch->width; j++) held += sketch->sigma[j] * sketch->sigma[j];
    return fit->choice.options.sketch < 0 && !fit->choice.only_begins &&
           norm2 - held > share * norm2;
}

double nmfi_sketch_left_out(const nmfi_fit *fit)
{
    const sketched *s = fit->in_sketch.state;
    return 0.5 * (fit->facts.norm2 - s->norm2);
}

/* The pass again for fewer columns, in the memory it has. */
static void narrow(nmfi_fit *fit, const sketched *s, nmfi_pass *pass, const void *rows,
                   const nmfi_partition *along)
{
    const int64_t block_tiles = pass->block_tiles; /* Trap: its working memory holds no more */
    plan_pass(fit, s, pass, rows, along);
    pass->block_tiles = block_tiles;
}

/* What f32 rounds moves a loss by some 1e-9 ||X||^2, and iterations here end where it falls by 1e-5 of
 * itself: what is left out must be so much that no loss comes near that. What is known stays to the bit. */
static int f32_does(const nmfi_fit *fit, const sketched *s)
{
    static const double least = 1e-4;
    return fit->work.kernels->element_bytes == sizeof(double) && !nmfi_is_constrained(fit) &&
           fit->facts.norm2 - s->norm2 > least * fit->facts.norm2;
}

/* Rows of f64 become rows of f32 in the same memory, where none begins behind what it was. */
static void round_rows(const sketched *s, void *rows, int64_t count, int64_t stride,
                       int64_t to_stride)
{
    enum { SOME = 64 };
    double some[SOME];
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < to_stride; j += SOME) {
            const int64_t now = to_stride - j < SOME ? to_stride - j : SOME;
            for (int64_t l = 0; l < now; l++)
                some[l] = j + l < s->rank ? ((double *)rows)[i * stride + j + l] : 0;
            s->kernels->from_f64(some, (float *)rows + i * to_stride + j, now);
        }
}

/* A factor of the sketch by rows, in the arithmetic of the iterations. */
static void pack(nmfi_fit *fit, const sketched *s, const void *factor, const nmfi_partition *along,
                 void *rows)
{
    enum { SOME = 1 << 13 }; /* rows, whose pieces of components are worth a reading each */
    const nmfi_kernels *kernels = fit->work.kernels;
    const int64_t stride = stride_of(s->rank, kernels);
    nmfi_scratch *const scratch = &fit->work.arena.scratch;
    const size_t bytes = (size_t)kernels->element_bytes, line = (size_t)along->ld * bytes;
    for (int64_t i = 0; i < along->count; i += SOME) {
        const int64_t now = along->count - i < SOME ? along->count - i : SOME;
        const char *const from = (const char *)factor + (size_t)i * bytes;
        char *const to = (char *)rows + (size_t)(i * stride) * bytes;
        if (i == 0) nmfi_scratch_want(scratch, from, s->rank, line, SOME * bytes);
        if (i + SOME < along->count)
            nmfi_scratch_want(scratch, from + SOME * bytes, s->rank, line, SOME * bytes);
        kernels->pack(from, along->ld, s->rank, now, to, stride);
        nmfi_scratch_touched(scratch, (size_t)(now * (s->rank + stride)) * bytes);
    }
    if (s->kernels) round_rows(s, rows, along->count, stride, stride_of(s->rank, s->kernels));
}

/* The narrow matrices, from the sketch that was run. */
static nmf_status prepare(nmfi_fit *fit, void *state, nmf_error *error)
{
    sketched *s = state;
    const nmfi_sketch *sketch = &fit->work.sketch;
    const int W_along_rows = fit->W.along_rows;
    (void)error;
    if (fit->choice.options.sketch < 0) s->rank = worthwhile(fit, s->rank, sketch->sigma);
    s->norm2 = 0;
    for (int64_t j = 0; j < s->rank; j++) s->norm2 += sketch->sigma[j] * sketch->sigma[j];
    if (f32_does(fit, s)) s->kernels = nmfi_kernels_for(NMF_F32, NULL);
    narrow(fit, s, &s->W_pass, s->W_rows, &fit->W.partition);
    narrow(fit, s, &s->H_pass, s->H_rows, &fit->H.partition);
    pack(fit, s, W_along_rows ? sketch->U : sketch->B, &fit->W.partition, s->W_rows);
    pack(fit, s, W_along_rows ? sketch->B : sketch->U, &fit->H.partition, s->H_rows);
    return NMF_OK;
}

/* --- its arithmetic ----------------------------------------------------------------------------- */

const nmfi_kernels *nmfi_sketch_kernels(const nmfi_fit *fit)
{
    return kernels_of(fit, fit->in_sketch.state);
}

void nmfi_sketch_enter(nmfi_fit *fit)
{
    const sketched *s = fit->in_sketch.state;
    if (!s->kernels) return;
    if (!fit->keeper.resumes) { /* then the factors come from there */
        nmfi_round_factor(fit, &fit->W);
        nmfi_round_factor(fit, &fit->H);
    }
    fit->work.kernels = s->kernels;
}

void nmfi_sketch_leave(nmfi_fit *fit)
{
    const sketched *s = fit->in_sketch.state;
    if (!s->kernels) return;
    nmfi_widen_factor(fit, &fit->W);
    nmfi_widen_factor(fit, &fit->H);
    fit->work.kernels = nmfi_kernels_for(NMF_F64, NULL);
}

/* A visit of the narrow matrix along the factor; then what it accumulated becomes the other's column
 * factor. */
static nmf_status improve(nmfi_fit *fit, void *state, nmfi_factor *factor, const void *fixed,
                          const nmfi_rule *rule, const void *updated, int measured,
                          nmf_error *error)
{
    sketched *s = state;
    nmfi_pass *pass = factor->is_W ? &s->W_pass : &s->H_pass;
    const nmfi_visit visit = {.k = fit->k,
                              .fixed = factor->is_W ? s->to_W : s->to_H,
                              .rule = rule,
                              .updated = updated,
                              .carried = {factor->incumbent, factor->plain, factor->ahead},
                              .sums = NMFI_SUMS_OF_PRODUCTS};
    (void)fixed;
    const nmf_status status = nmfi_pass_visit(pass, &visit, error);
    if (status != NMF_OK) return status;
    nmfi_keep_sums(fit, pass, factor);
    if (measured) nmfi_keep_gradients(fit, pass, factor);
    void *const link = factor->is_W ? s->to_H : s->to_W;
    const nmfi_project_rule project = {fit->work.kernels, fit->k, pass->columns.ld, NULL, link};
    const nmfi_rule linking = nmfi_rule_project(&project);
    const nmfi_column_visit columns = {
        .k = fit->k, .rule = &linking, .fixed = updated, .sums = NMFI_SUMS_OF_PRODUCTS};
    nmfi_pass_columns(pass, &columns);
    return NMF_OK;
}

static nmf_status step(nmfi_fit *fit, void *state, nmfi_step_wish wish, nmfi_measured *pair,
                       nmf_error *error)
{
    const nmfi_improver by = {improve, state};
    const sketched *s = state;
    return nmfi_step_on_products(fit, by, s->norm2, wish, pair, error);
}

static nmf_status restart(nmfi_fit *fit, void *state, nmf_error *error)
{
    const nmfi_improver by = {improve, state};
    return nmfi_restart_on_products(fit, by, error);
}

static int revive(nmfi_fit *fit, void *state, int64_t draw)
{
    (void)state;
    return fit->choice.only_begins ? 0 : nmfi_revive(fit, draw); /* those start without zeros */
}

extern const nmfi_method nmfi_method_sketch;
const nmfi_method nmfi_method_sketch = {.name = "sketch",
                                        .state_bytes = sizeof(sketched),
                                        .layout = layout,
                                        .prepare = prepare,
                                        .step = step,
                                        .accept = nmfi_accept_alternated,
                                        .restart = restart,
                                        .revive = revive,
                                        .scale = nmfi_scale_of_products};
