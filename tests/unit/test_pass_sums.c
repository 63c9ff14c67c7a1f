/* The sums of a visit: whichever run of slots a pass visits, joined they are those of the whole, bit
 * for bit; a source that fails says which rows it failed at, the first of them for any team. */
#include "support.h"

#include "pass/pass.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 20000, COLUMNS = 33, K = 5, SLOTS = 16, RUNS = 5 };

/* A pass over X with a rule that projects rows, and what it leaves: Q in f32. */
typedef struct visitor {
    nmfi_pass pass;
    nmfi_arena arena;
    nmfi_team *team;
    float *V, *U, *Q;
} visitor;

static void layout(visitor *v, int64_t threads)
{
    nmfi_pass_layout(&v->pass, &v->arena, threads, 1);
    v->V = nmfi_take(&v->arena, K * v->pass.columns.ld, sizeof *v->V);
    v->U = nmfi_take(&v->arena, K * v->pass.rows.ld, sizeof *v->U);
    v->Q = nmfi_take(&v->arena, K * v->pass.columns.ld, sizeof *v->Q);
}

static visitor open_visitor(const nmfi_source *source, int64_t threads, int64_t block_rows)
{
    visitor v = {.team = NULL};
    nmf_error error;
    assert_int_equal(nmfi_team_start(threads, &v.team, &error), NMF_OK);
    nmfi_pass_plan(&v.pass, source, nmfi_kernels_for(NMF_F32, NULL), K, block_rows);
    v.pass.visits_parts = 1;
    v.pass.team = v.team;
    assert_int_equal(v.pass.rows.slots, SLOTS);
    layout(&v, nmfi_team_threads(v.team));
    assert_int_equal(nmfi_arena_allocate(&v.arena, NMFI_NO_LIMIT, &error), NMF_OK);
    layout(&v, nmfi_team_threads(v.team));
    nmfi_pass_prepare(&v.pass);
    uint64_t seed = 7;
    for (int64_t j = 0; j < K; j++)
        for (int64_t i = 0; i < COLUMNS; i++)
            v.V[j * v.pass.columns.ld + i] = (float)unit_uniform(&seed, 0, 1);
    return v;
}

static void close_visitor(visitor *v)
{
    nmfi_team_stop(v->team);
    nmfi_release(v->arena.base);
}

static nmf_status visit(visitor *v, int64_t first, int64_t slots, nmf_error *error)
{
    const nmfi_project_rule project = {v->pass.kernels, K, v->pass.rows.ld, NULL, v->U};
    const nmfi_rule rule = nmfi_rule_project(&project);
    const nmfi_visit visit = {.first_slot = first,
                              .slots = slots,
                              .k = K,
                              .fixed = v->V,
                              .rule = &rule,
                              .updated = v->U,
                              .sums = NMFI_SUMS_OF_PRODUCTS,
                              .loss = 1};
    return nmfi_pass_visit(&v->pass, &visit, error);
}

static void take_Q(visitor *v)
{
    const nmfi_project_rule project = {v->pass.kernels, K, v->pass.columns.ld, NULL, v->Q};
    const nmfi_rule rule = nmfi_rule_project(&project);
    const nmfi_column_visit visit = {
        .k = K, .rule = &rule, .fixed = v->U, .sums = NMFI_SUMS_OF_PRODUCTS};
    nmfi_pass_columns(&v->pass, &visit);
}

/* Gram matrix, numbers, and (of a dense X, whose columns come from the sums) Q. */
static void expect_same_sums(visitor *a, visitor *b, int dense)
{
    assert_memory_equal(a->pass.total.gram, b->pass.total.gram, K * K * sizeof(double));
    assert_memory_equal(a->pass.total.value, b->pass.total.value, sizeof a->pass.total.value);
    if (!dense) return;
    take_Q(a);
    take_Q(b);
    assert_memory_equal(a->Q, b->Q, (size_t)(K * a->pass.columns.ld) * sizeof(float));
}

/* The slots cut at random places, each run visited by another pass; the passes joined in an order that
 * is not theirs. */
static void check_split(const nmfi_source *source, visitor *whole, uint64_t *seed)
{
    int64_t ends[RUNS + 1] = {0};
    visitor runs[RUNS];
    for (int r = 1; r < RUNS; r++) ends[r] = unit_integer(seed, ends[r - 1], SLOTS);
    ends[RUNS] = SLOTS;
    int first = -1;
    for (int i = 0; i < RUNS; i++) {
        const int r = (3 * i + 2) % RUNS;
        runs[r] = open_visitor(source, 1 + r % 3, 100 * (1 + r));
        if (ends[r] == ends[r + 1]) continue;
        assert_int_equal(visit(&runs[r], ends[r], ends[r + 1] - ends[r], NULL), NMF_OK);
        if (first < 0)
            first = r;
        else
            nmfi_pass_join(&runs[first].pass, &runs[r].pass, K);
    }
    assert_int_equal(visit(whole, 0, 0, NULL), NMF_OK);
    expect_same_sums(&runs[first], whole, !source->is_sparse);
    for (int r = 0; r < RUNS; r++) close_visitor(&runs[r]);
}

static float *some_entries(double share)
{
    float *x = calloc((size_t)ROWS * COLUMNS, sizeof *x);
    uint64_t seed = 3;
    assert_non_null(x);
    for (int64_t i = 0; i < ROWS * COLUMNS; i++)
        if (unit_uniform(&seed, 0, 1) < share) x[i] = (float)unit_uniform(&seed, 0, 1);
    return x;
}

static nmf_dense dense_of(const float *x)
{
    const nmf_dense dense = {x, NMF_F32, ROWS, COLUMNS, COLUMNS, 1};
    return dense;
}

static nmf_matrix *sparse_of(const float *x)
{
    int64_t *pointers = calloc(ROWS + 1, sizeof *pointers), stored = 0;
    int32_t *indices = calloc((size_t)ROWS * COLUMNS, sizeof *indices);
    float *values = calloc((size_t)ROWS * COLUMNS, sizeof *values);
    nmf_matrix *matrix = NULL;
    nmf_error error;
    assert_true(pointers && indices && values);
    for (int64_t i = 0; i < ROWS; i++) {
        for (int32_t j = 0; j < COLUMNS; j++)
            if (x[i * COLUMNS + j] > 0) {
                indices[stored] = j;
                values[stored++] = x[i * COLUMNS + j];
            }
        pointers[i + 1] = stored;
    }
    const nmf_sparse lent = {.dtype = NMF_F32,
                             .index_bytes = 4,
                             .rows = ROWS,
                             .columns = COLUMNS,
                             .pointers = pointers,
                             .indices = indices,
                             .values = values};
    const int64_t all = ROWS; /* a copy of its own */
    int64_t *rows = calloc(ROWS, sizeof *rows);
    nmf_matrix *borrowed = NULL;
    assert_non_null(rows);
    for (int64_t i = 0; i < all; i++) rows[i] = i;
    assert_int_equal(nmf_matrix_borrow_sparse(&lent, &borrowed, &error), NMF_OK);
    assert_int_equal(nmf_matrix_select(borrowed, rows, all, &matrix, &error), NMF_OK);
    nmf_matrix_free(borrowed);
    free(rows);
    free(pointers);
    free(indices);
    free(values);
    return matrix;
}

static void sums_are_those_of_any_split_into_runs_of_slots(void **state)
{
    (void)state;
    enum { SPLITS = 5 };
    uint64_t seed = 11;
    float *full = some_entries(1), *some = some_entries(0.2);
    nmf_matrix *sparse = sparse_of(some);
    const nmf_dense dense = dense_of(full);
    const nmfi_source sources[] = {nmfi_source_dense(&dense), nmfi_source_of(sparse)};
    for (int s = 0; s < 2; s++) {
        visitor whole = open_visitor(&sources[s], 2, 0);
        for (int i = 0; i < SPLITS; i++) check_split(&sources[s], &whole, &seed);
        close_visitor(&whole);
    }
    nmf_matrix_free(sparse);
    free(full);
    free(some);
}

/* --- sources that fail ------------------------------------------------------------------------- */

enum { FIRST_LOST = 7000, SECOND_LOST = 12345 };

static int64_t no_bytes(const nmfi_source *source, int64_t rows)
{
    (void)source, (void)rows;
    return 0;
}

static nmf_status read_or_fail(const nmfi_source *source, int64_t first, int64_t count,
                               void *buffer, nmfi_block *block, nmf_error *error)
{
    (void)buffer;
    const int64_t lost[] = {FIRST_LOST, SECOND_LOST};
    for (int i = 0; i < 2; i++)
        if (first <= lost[i] && lost[i] < first + count)
            return nmf_fail(error, NMF_ERROR_FILE, "row %lld is lost", (long long)lost[i]);
    const float *x = source->dense.data;
    *block = (nmfi_block){.X = {x + first * COLUMNS, COLUMNS, count, COLUMNS}, .dtype = NMF_F32};
    return NMF_OK;
}

static void the_first_failure_is_named_whatever_the_team(void **state)
{
    (void)state;
    float *full = some_entries(1);
    const nmf_dense dense = dense_of(full);
    nmfi_source source = nmfi_source_dense(&dense);
    source.buffer_bytes = no_bytes;
    source.read = read_or_fail;
    for (int64_t threads = 1; threads <= 4; threads++) {
        visitor v = open_visitor(&source, threads, 64);
        nmf_error error;
        nmfi_scan scan;
        for (int i = 0; i < 6; i++)
            unit_failed(visit(&v, 0, 0, &error), &error, NMF_ERROR_FILE, "row 7000 is lost");
        unit_failed(nmfi_pass_scan(&v.pass, 0, &scan, &error), &error, NMF_ERROR_FILE,
                    "row 7000 is lost");
        unit_failed(visit(&v, SLOTS / 2, SLOTS / 2, &error), &error, NMF_ERROR_FILE,
                    "row 12345 is lost");
        close_visitor(&v);
    }
    free(full);
}

static void a_visit_keeps_few_sums_however_many_slots_there_are(void **state)
{
    (void)state;
    enum { LONG = 1 << 22, WIDE = 4000, THREADS = 2 };
    const nmf_dense dense = {"", NMF_U8, LONG, WIDE, WIDE, 1};
    const nmfi_source source = nmfi_source_dense(&dense);
    nmfi_pass with = {.passes = 0}, without = {.passes = 0};
    nmfi_arena more = {0}, less = {0};
    nmfi_pass_plan(&with, &source, nmfi_kernels_for(NMF_F32, NULL), K, 64);
    nmfi_pass_plan(&without, &source, nmfi_kernels_for(NMF_F32, NULL), K, 64);
    nmfi_pass_layout(&with, &more, THREADS, 1);
    nmfi_pass_layout(&without, &less, THREADS, 0);
    const int64_t Q_bytes = K * with.columns.ld * (int64_t)sizeof(float);
    assert_int_equal(with.rows.slots, 1024);
    /* log2(slots) + 1 for each thread. */
    assert_true((int64_t)(more.used - less.used) <= THREADS * 11 * Q_bytes);
}

/* --- spans of columns -------------------------------------------------------------------------- */

enum { FEW = 300, MANY = 2500 };

typedef struct across {
    nmfi_pass pass;
    nmfi_arena arena;
    nmfi_team *team;
    float *U, *Q;
} across;

static void layout_across(across *a)
{
    const int64_t threads = nmfi_team_threads(a->team);
    nmfi_pass_layout(&a->pass, &a->arena, threads, a->pass.span == 0);
    if (a->pass.span > 0) nmfi_pass_layout_sums(&a->pass, &a->arena, threads, K, a->pass.span);
    a->U = nmfi_take(&a->arena, K * a->pass.rows.ld, sizeof *a->U);
    a->Q = nmfi_take(&a->arena, K * a->pass.columns.ld, sizeof *a->Q);
}

/* A pass over X with a row factor U, all of which is known. */
static across open_across(const nmfi_source *X, int64_t threads, int in_spans)
{
    across a = {.team = NULL};
    nmf_error error;
    uint64_t seed = 5;
    assert_int_equal(nmfi_team_start(threads, &a.team, &error), NMF_OK);
    nmfi_pass_plan(&a.pass, X, nmfi_kernels_for(NMF_F32, NULL), K, 0);
    a.pass.team = a.team;
    a.pass.lean = in_spans;
    nmfi_pass_spans(&a.pass, threads);
    assert_int_equal(a.pass.span > 0, in_spans);
    layout_across(&a);
    assert_int_equal(nmfi_arena_allocate(&a.arena, NMFI_NO_LIMIT, &error), NMF_OK);
    layout_across(&a);
    for (int64_t j = 0; j < K; j++)
        for (int64_t i = 0; i < FEW; i++)
            a.U[j * a.pass.rows.ld + i] = (float)unit_uniform(&seed, 0, 1);
    return a;
}

static void multiply(across *a, int64_t first, int64_t columns)
{
    const nmfi_project_rule project = {a->pass.kernels, K, a->pass.columns.ld, NULL, a->Q};
    const nmfi_rule rule = nmfi_rule_project(&project);
    const nmfi_visit visit = {.first_column = first,
                              .columns = columns,
                              .k = K,
                              .updated = a->U,
                              .sums = NMFI_SUMS_OF_PRODUCTS};
    const nmfi_column_visit back = {.first_column = first,
                                    .columns = columns,
                                    .k = K,
                                    .rule = &rule,
                                    .fixed = a->U,
                                    .sums = NMFI_SUMS_OF_PRODUCTS};
    nmf_error error;
    assert_int_equal(nmfi_pass_visit(&a->pass, &visit, &error), NMF_OK);
    nmfi_pass_columns(&a->pass, &back);
}

static void columns_of_a_span_are_those_of_the_whole(void **state)
{
    (void)state;
    float *x = calloc((size_t)FEW * MANY, sizeof *x);
    uint64_t seed = 13;
    assert_non_null(x);
    for (int64_t i = 0; i < FEW * MANY; i++) x[i] = (float)unit_uniform(&seed, 0, 1);
    const nmf_dense dense = {x, NMF_F32, FEW, MANY, MANY, 1};
    const nmfi_source source = nmfi_source_dense(&dense);
    across whole = open_across(&source, 1, 0);
    multiply(&whole, 0, 0);
    for (int64_t threads = 1; threads <= 3; threads++) {
        across apart = open_across(&source, threads, 1);
        const int64_t span = apart.pass.span;
        for (int64_t first = 0; first < MANY; first += span)
            multiply(&apart, first, first + span < MANY ? span : MANY - first);
        assert_true(MANY > 2 * span && MANY % span != 0);
        assert_int_equal(apart.pass.passes, 0);
        assert_memory_equal(apart.Q, whole.Q, (size_t)(K * whole.pass.columns.ld) * sizeof(float));
        nmfi_team_stop(apart.team);
        nmfi_release(apart.arena.base);
    }
    nmfi_team_stop(whole.team);
    nmfi_release(whole.arena.base);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_are_those_of_any_split_into_runs_of_slots),
        cmocka_unit_test(the_first_failure_is_named_whatever_the_team),
        cmocka_unit_test(a_visit_keeps_few_sums_however_many_slots_there_are),
        cmocka_unit_test(columns_of_a_span_are_those_of_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
