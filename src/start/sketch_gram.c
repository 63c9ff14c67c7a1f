/* The sketch of a dense X with one short side, s of them: the Gram matrix G of that side is made in visits of X, as many
 * rows or columns at a time as the sketch has components w; the power iteration is one on G then, and one more reading
 * of X gives the triplets. What squares lose in f32, a reading of X for U and X'U loses too. Cost: some s^2 max(m, n)
 * flops for G and 2 s^2 w for each iteration, which saves the 4 m n w of a reading. */
#include "start/sketch.h"

#include "pass/exchange.h"
#include "pass/factor.h"

#include <string.h>

typedef struct nmfi_gram_work {
    nmfi_pass pass; /* over G */
    nmfi_sketch sketch;
    void *G; /* s x ld, T */
    int64_t ld;
} gram_work;

void nmfi_sketch_choose_gram(nmfi_sketch *sketch, const nmfi_source *source)
{
    enum { TIMES = 8 };                         /* w, with six readings to save */
    static const double most_entries = 1 << 27; /* a few readings more, if they lie on a disk */
    const int64_t rows = nmfi_source_all_rows(source), columns = source->columns;
    const int64_t shorter = rows < columns ? rows : columns;
    const int64_t longer = rows < columns ? columns : rows;
    const int pays = !source->is_sparse && !sketch->mean && shorter > sketch->width &&
                     shorter <= TIMES * sketch->width && 2 * shorter <= longer &&
                     (double)rows * (double)columns <= most_entries;
    sketch->small_side = pays ? shorter : 0;
}

/* Rows are the short side. */
static int is_of_rows(const nmfi_sketch *sketch, const nmfi_pass *pass)
{
    return sketch->small_side == pass->rows.all;
}

void nmfi_sketch_layout_gram(nmfi_sketch *sketch, const nmfi_pass *pass, nmfi_arena *arena,
                             int64_t threads)
{
    const int64_t s = sketch->small_side, bytes = pass->kernels->element_bytes;
    gram_work *const kept = nmfi_take(arena, 1, sizeof *kept);
    gram_work work = {.ld = nmfi_partition_make(s).ld};
    work.G = nmfi_take(arena, s, nmfi_product(work.ld, bytes));
    const nmf_dense dense = {work.G, bytes == sizeof(float) ? NMF_F32 : NMF_F64, s, s, work.ld, 1};
    const nmfi_source source = nmfi_source_dense(&dense);
    nmfi_pass_plan(&work.pass, &source, pass->kernels, sketch->width, 0);
    nmfi_pass_layout(&work.pass, arena, threads, 1);
    work.sketch = (nmfi_sketch){.rank = sketch->rank, .width = sketch->width};
    nmfi_sketch_layout(&work.sketch, &work.pass, arena);
    nmfi_sketch_layout_results(&work.sketch, &work.pass, arena, 0);
    if (kept) *kept = work;
    sketch->gram = kept;
}

/* --- the Gram matrix --------------------------------------------------------------------------- */

/* Components of G from `first` on. */
static void *components_of(const nmfi_pass *pass, const gram_work *work, int64_t first)
{
    return (char *)work->G + (size_t)(first * work->ld) * (size_t)pass->kernels->element_bytes;
}

/* k unit vectors along the columns: component j has its 1 in column first + j. */
static void pick(const nmfi_pass *pass, void *factor, int64_t k, int64_t first)
{
    const double one = 1.0;
    for (int64_t j = 0; j < k; j++) {
        char *const component = nmfi_factor_component(pass->kernels, &pass->columns, factor, j);
        nmfi_factor_clear(pass->kernels, &pass->columns, factor, j);
        pass->kernels->from_f64(&one, component + (first + j) * pass->kernels->element_bytes, 1);
    }
}

/* X'X, k of its rows from `first` on, in columns from there on: U becomes k columns of X, and meets the others in the
 * same visit. */
static nmf_status rows_by_columns(nmfi_sketch *sketch, nmfi_pass *pass, int64_t first, int64_t k,
                                  nmf_error *error)
{
    pick(pass, sketch->V, k, first);
    const nmfi_project_rule project = {pass->kernels, k, pass->rows.ld, NULL, sketch->U};
    const nmfi_rule rule = nmfi_rule_project(&project);
    const nmfi_visit visit = {.first_column = first / pass->columns.lanes * pass->columns.lanes,
                              .k = k,
                              .fixed = sketch->V,
                              .fixed_first = first,
                              .fixed_columns = k,
                              .rule = &rule,
                              .updated = sketch->U,
                              .carried = {sketch->U}};
    return nmfi_sketch_multiply_back(pass, &visit, components_of(pass, sketch->gram, first), error);
}

/* XX', k of its rows from `first` on, in columns from there on (all, where processes have them together): V becomes k
 * rows of X, whose products with the others are next. */
static nmf_status rows_by_rows(nmfi_sketch *sketch, nmfi_pass *pass, int64_t first, int64_t k,
                               nmf_error *error)
{
    const nmfi_partition *rows = &pass->rows;
    const int64_t bytes = pass->kernels->element_bytes;
    const int64_t slot = rows->comm ? 0 : nmfi_pass_slot_to_begin_at(pass, first);
    nmf_status status = nmfi_pass_take_rows(pass, first, k, sketch->V, error);
    if (status != NMF_OK) return status;
    const nmfi_project_rule project = {pass->kernels, k, rows->ld, NULL, sketch->U};
    const nmfi_rule rule = nmfi_rule_project(&project);
    const nmfi_visit visit = {.first_slot = slot,
                              .k = k,
                              .fixed = sketch->V,
                              .rule = &rule,
                              .updated = sketch->U,
                              .carried = {sketch->U}};
    status = nmfi_pass_visit(pass, &visit, error);
    if (status != NMF_OK) return status;
    const int64_t ld = sketch->gram->ld;
    char *const to = components_of(pass, sketch->gram, first);
    if (rows->comm) nmfi_components_share(rows, k, bytes, sketch->U, rows->ld, to, ld, pass->wire);
    const int64_t from = rows->comm ? rows->count : nmfi_partition_first_row(rows, slot);
    for (int64_t j = 0; j < k; j++)
        memcpy(to + (j * ld + from) * bytes,
               (const char *)sketch->U + (j * rows->ld + from) * bytes,
               (size_t)((rows->count - from) * bytes));
    return NMF_OK;
}

/* G is symmetric: what lies below the rows of each group is what lies beside them. */
static void mirror(const nmfi_sketch *sketch, const nmfi_pass *pass)
{
    const gram_work *work = sketch->gram;
    const int64_t s = sketch->small_side, w = sketch->width, bytes = pass->kernels->element_bytes;
    for (int64_t first = 0, next = w; next < s; first = next, next += w) {
        const nmfi_block beside = {
            .X = {(char *)components_of(pass, work, first) + next * bytes, work->ld, w, s - next},
            .dtype = work->pass.source.dtype};
        nmfi_block_transpose(&beside, first, components_of(pass, work, next), work->ld);
    }
}

/* Readings of X that the visits come to: of all rows for each group; of those from a group on, and of its own before. */
static int64_t readings_of(const nmfi_sketch *sketch, int of_rows)
{
    const int64_t s = sketch->small_side, w = sketch->width, groups = (s + w - 1) / w;
    const int64_t rows = groups * s - w * groups * (groups - 1) / 2;
    return of_rows ? 1 + (rows + s - 1) / s : groups;
}

static nmf_status make_gram(nmfi_sketch *sketch, nmfi_pass *pass, int of_rows, nmf_error *error)
{
    const int64_t s = sketch->small_side, w = sketch->width;
    const int64_t passes = pass->passes + readings_of(sketch, of_rows);
    nmf_status status = NMF_OK;
    for (int64_t first = 0; first < s && status == NMF_OK; first += w)
        status = (of_rows ? rows_by_rows : rows_by_columns)(sketch, pass, first,
                                                            first + w < s ? w : s - first, error);
    pass->passes = passes;
    if (status == NMF_OK) mirror(sketch, pass);
    return status;
}

/* --- from it to the sketch --------------------------------------------------------------------- */

/* The eigenvectors of G that are here, as components of a factor along its side. */
static void take_vectors(const nmfi_sketch *sketch, const nmfi_pass *pass,
                         const nmfi_partition *side, void *factor)
{
    const gram_work *work = sketch->gram;
    const int64_t bytes = pass->kernels->element_bytes;
    for (int64_t j = 0; j < sketch->width; j++) {
        nmfi_factor_clear(pass->kernels, side, factor, j);
        memcpy(nmfi_factor_component(pass->kernels, side, factor, j),
               (const char *)work->sketch.V + (j * work->ld + side->first_row) * bytes,
               (size_t)(side->count * bytes));
    }
}

/* The dominant subspace of G, orthonormal in work->sketch.V. */
static nmf_status iterate_on_gram(const nmfi_sketch *sketch, nmf_error *error)
{
    enum { ITERATIONS = 8 };
    nmfi_sketch *const of_G = &sketch->gram->sketch;
    nmfi_pass *const pass = &sketch->gram->pass;
    of_G->seed = sketch->seed;
    nmfi_sketch_draw(of_G, pass);
    nmfi_sketch_orthonormalize(of_G, pass);
    for (int i = 0; i < ITERATIONS; i++) {
        void *const made = of_G->U;
        const nmfi_project_rule project = {pass->kernels, of_G->width, pass->rows.ld, NULL, made};
        const nmfi_rule rule = nmfi_rule_project(&project);
        const nmfi_visit visit = {
            .k = of_G->width, .fixed = of_G->V, .rule = &rule, .updated = made, .carried = {made}};
        const nmf_status status = nmfi_pass_visit(pass, &visit, error);
        if (status != NMF_OK) return status;
        of_G->U = of_G->V; /* whose strides are equal, G being square */
        of_G->V = made;
        nmfi_sketch_orthonormalize(of_G, pass);
    }
    return NMF_OK;
}

/* U is there: B = X'U, whose Gram matrix tells how near U is to the left vectors. */
static nmf_status finish_from_U(nmfi_sketch *sketch, nmfi_pass *pass, nmf_error *error)
{
    const int64_t w = sketch->width;
    const double *vectors = sketch->small + w * w;
    const nmfi_visit visit = {.k = w, .updated = sketch->U, .carried = {sketch->U}};
    const int64_t passes = pass->passes + 1; /* in spans or not */
    nmf_status status = nmfi_sketch_multiply_back(pass, &visit, sketch->B, error);
    pass->passes = passes;
    if (status != NMF_OK) return status;
    const nmfi_column_visit gram = {.k = w, .updated = sketch->B};
    nmfi_pass_columns(pass, &gram);
    status = nmfi_sketch_ritz(sketch, pass, error);
    if (status != NMF_OK) return status;
    (void)nmfi_sketch_settled(sketch);
    for (int64_t j = 0; j < w; j++) sketch->values[j] = 1.0;
    nmfi_sketch_combine(sketch, pass, vectors, sketch->values, sketch->U, &pass->rows);
    nmfi_sketch_combine(sketch, pass, vectors, sketch->values, sketch->B, &pass->columns);
    const double tiny = sketch->sigma[0] * 1e-7;
    for (int64_t j = 0; j < sketch->rank; j++) {
        memcpy(nmfi_factor_component(pass->kernels, &pass->columns, sketch->V, j),
               nmfi_factor_component(pass->kernels, &pass->columns, sketch->B, j),
               (size_t)(pass->columns.ld * pass->kernels->element_bytes));
        nmfi_factor_scale(pass->kernels, &pass->columns, sketch->V, j,
                          sketch->sigma[j] > tiny ? 1.0 / sketch->sigma[j] : 0.0);
    }
    return NMF_OK;
}

nmf_status nmfi_sketch_run_by_gram(nmfi_sketch *sketch, nmfi_pass *pass, nmf_error *error)
{
    gram_work *const work = sketch->gram;
    const int of_rows = is_of_rows(sketch, pass);
    work->pass.team = pass->team;
    work->pass.stop = pass->stop;
    nmfi_sketch_forget(sketch);
    nmf_status status = make_gram(sketch, pass, of_rows, error);
    if (status == NMF_OK) status = iterate_on_gram(sketch, error);
    if (status != NMF_OK) return status;
    take_vectors(sketch, pass, of_rows ? &pass->rows : &pass->columns,
                 of_rows ? sketch->U : sketch->V);
    return of_rows ? finish_from_U(sketch, pass, error)
                   : nmfi_sketch_iterate(sketch, pass, 1, error);
}
