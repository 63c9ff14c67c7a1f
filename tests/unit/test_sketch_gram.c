/* The sketch by the Gram matrix of X's short side, against X itself: its singular values, orthonormal vectors, and what
 * X less the sketch has left; on both sides, for all types, however threads and blocks divide the work. */
#include "linalg/linalg.h"
#include "pass/factor.h"
#include "start/start.h"
#include "support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SHORT = 150, LONG = 700, RANK = 4, WIDTH = 32 };

typedef struct made {
    nmfi_team *team;
    nmfi_arena arena;
    nmfi_pass pass;
    nmfi_sketch sketch;
} made;

static void layout(made *s, const nmfi_source *source, const nmfi_kernels *kernels, int64_t threads,
                   int64_t block_rows, int64_t span)
{
    s->sketch = (nmfi_sketch){.rank = RANK, .width = WIDTH, .seed = 3};
    s->pass = (nmfi_pass){.adds_up = 1};
    s->arena.used = 0;
    nmfi_pass_plan(&s->pass, source, kernels, WIDTH, block_rows);
    nmfi_sketch_choose_gram(&s->sketch, source);
    assert_int_equal(s->sketch.small_side, SHORT);
    s->pass.span = span;
    nmfi_pass_layout(&s->pass, &s->arena, threads, span == 0);
    if (span > 0) nmfi_pass_layout_sums(&s->pass, &s->arena, threads, WIDTH, span);
    nmfi_sketch_layout(&s->sketch, &s->pass, &s->arena);
    nmfi_sketch_layout_results(&s->sketch, &s->pass, &s->arena, 1);
    nmfi_sketch_layout_gram(&s->sketch, &s->pass, &s->arena, threads);
}

static made sketch_of(const nmf_dense *X, const nmfi_kernels *kernels, int64_t threads,
                      int64_t block_rows, int64_t span)
{
    made s = {.arena = {0}};
    const nmfi_source source = nmfi_source_dense(X);
    assert_int_equal(nmfi_team_start(threads, &s.team, NULL), NMF_OK);
    layout(&s, &source, kernels, threads, block_rows, span);
    assert_int_equal(nmfi_arena_allocate(&s.arena, NMFI_NO_LIMIT, NULL), NMF_OK);
    layout(&s, &source, kernels, threads, block_rows, span);
    s.pass.team = s.team;
    assert_int_equal(nmfi_sketch_run_by_gram(&s.sketch, &s.pass, NULL), NMF_OK);
    return s;
}

static void release(made *s)
{
    nmfi_team_stop(s->team);
    nmfi_arena_free(&s->arena);
}

/* m x n whole numbers, 0 to 200: a mean, parts that fade, and noise. */
static void fill(double *x, int64_t m, int64_t n)
{
    uint64_t state = 5;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double value = 60 + unit_uniform(&state, 0, 20);
            for (int l = 1; l <= 6; l++)
                value += 60.0 / (l * l) * sin(0.37 * l * (double)i) * cos(0.11 * l * (double)j);
            x[i * n + j] = floor(value);
        }
}

/* The eigenvalues of XX' or X'X, whichever is smaller, largest first. */
static void squares_of(const double *x, int64_t m, int64_t n, double *values)
{
    static double G[SHORT * SHORT], vectors[SHORT * WIDTH];
    const int64_t by_row = m < n ? n : 1, along = m < n ? 1 : n, length = m < n ? n : m;
    for (int64_t a = 0; a < SHORT; a++)
        for (int64_t b = 0; b < SHORT; b++) {
            double sum = 0;
            for (int64_t l = 0; l < length; l++)
                sum += x[a * by_row + l * along] * x[b * by_row + l * along];
            G[a * SHORT + b] = sum;
        }
    assert_int_equal(nmfi_eigen(G, SHORT, WIDTH, values, vectors, NULL), NMF_OK);
}

static double entry(const made *s, const nmfi_partition *side, const void *factor, int64_t j,
                    int64_t i)
{
    double value;
    const char *component = nmfi_factor_component(s->pass.kernels, side, factor, j);
    s->pass.kernels->to_f64(component + i * s->pass.kernels->element_bytes, &value, 1);
    return value;
}

static void expect_orthonormal(const made *s, const nmfi_partition *side, const void *factor,
                               int64_t count, double near)
{
    for (int64_t a = 0; a < count; a++)
        for (int64_t b = 0; b <= a; b++) {
            double sum = 0;
            for (int64_t i = 0; i < side->count; i++)
                sum += entry(s, side, factor, a, i) * entry(s, side, factor, b, i);
            if (fabs(sum - (a == b)) > near)
                fail_msg("components %d and %d: product %g", (int)a, (int)b, sum);
        }
}

static double left_of(const made *s, const double *x, int64_t m, int64_t n)
{
    double left = 0;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double value = x[i * n + j];
            for (int64_t l = 0; l < WIDTH; l++)
                value -= entry(s, &s->pass.rows, s->sketch.U, l, i) *
                         entry(s, &s->pass.columns, s->sketch.B, l, j);
            left += value * value;
        }
    return left;
}

/* X as it is given to the library, in a type of its own, its lines further apart than they are long. */
static void store(const double *x, nmf_dense *X, char *to)
{
    X->data = to;
    for (int64_t i = 0; i < X->rows; i++)
        for (int64_t j = 0; j < X->columns; j++) {
            const double value = x[i * X->columns + j];
            char *at = to + (i * X->row_stride + j) * (int64_t)nmf_dtype_bytes(X->dtype);
            if (X->dtype == NMF_F64) memcpy(at, &value, sizeof value);
            if (X->dtype == NMF_F32) memcpy(at, &(float){(float)value}, sizeof(float));
            if (X->dtype == NMF_U8) *(unsigned char *)at = (unsigned char)value;
            if (X->dtype == NMF_U16) memcpy(at, &(uint16_t){(uint16_t)value}, sizeof(uint16_t));
        }
}

static void each_way_tells_what_X_is(void **state)
{
    static const nmf_dtype types[] = {NMF_F32, NMF_F64, NMF_U8, NMF_U16};
    static double x[SHORT * LONG];
    static char memory[(LONG + 5) * (LONG + 5) * sizeof(double)];
    (void)state;
    for (int tall = 0; tall < 2; tall++) {
        const int64_t m = tall ? LONG : SHORT, n = tall ? SHORT : LONG;
        double squares[WIDTH], norm2 = 0;
        fill(x, m, n);
        squares_of(x, m, n, squares);
        for (int64_t i = 0; i < m * n; i++) norm2 += x[i] * x[i];
        for (int64_t l = 0; l < WIDTH; l++) norm2 -= squares[l];
        for (size_t t = 0; t < 8; t++) {
            nmf_dense X = {NULL, types[t / 2], m, n, n + 5, 1};
            const double near = t % 2 ? 1e-9 : 2e-4;
            store(x, &X, memory);
            made s = sketch_of(&X, nmfi_kernels_for(t % 2 ? NMF_F64 : NMF_F32, NULL), 1, 0, 0);
            for (int64_t l = 0; l < RANK; l++)
                if (fabs(s.sketch.sigma[l] * s.sketch.sigma[l] / squares[l] - 1) > near)
                    fail_msg("%d x %d, type %d: singular value %d is %.9g, not %.9g", (int)m,
                             (int)n, (int)types[t / 2], (int)l, s.sketch.sigma[l],
                             sqrt(squares[l]));
            expect_orthonormal(&s, &s.pass.rows, s.sketch.U, WIDTH, near);
            expect_orthonormal(&s, &s.pass.columns, s.sketch.V, RANK, near);
            /* The noise has no subspace of its own; what is left of it is all that a sketch can miss. */
            assert_true(left_of(&s, x, m, n) <= 1.02 * norm2);
            release(&s);
        }
    }
}

static void no_bit_hangs_on_threads_blocks_or_spans(void **state)
{
    static double x[SHORT * LONG];
    (void)state;
    for (int tall = 0; tall < 2; tall++) {
        const int64_t m = tall ? LONG : SHORT, n = tall ? SHORT : LONG;
        fill(x, m, n);
        const nmf_dense X = {x, NMF_F64, m, n, n, 1};
        const nmfi_kernels *f32 = nmfi_kernels_for(NMF_F32, NULL);
        made one = sketch_of(&X, f32, 1, 0, 0);
        for (int64_t threads = 1; threads <= 5; threads += 2) {
            made s = sketch_of(&X, f32, threads, 16 * threads, threads > 1 ? 64 : 0);
            for (int64_t l = 0; l < WIDTH; l++) {
                assert_memory_equal(nmfi_factor_component(f32, &s.pass.rows, s.sketch.U, l),
                                    nmfi_factor_component(f32, &one.pass.rows, one.sketch.U, l),
                                    (size_t)m * sizeof(float));
                assert_memory_equal(nmfi_factor_component(f32, &s.pass.columns, s.sketch.B, l),
                                    nmfi_factor_component(f32, &one.pass.columns, one.sketch.B, l),
                                    (size_t)n * sizeof(float));
            }
            release(&s);
        }
        release(&one);
    }
}

static void only_a_dense_X_with_a_short_side_is_worth_it(void **state)
{
    static const struct {
        int64_t m, n, side;
    } shapes[] = {{400, 4096, 400}, {4096, 400, 400},  {20, 4096, 0},    {500, 800, 0},
                  {600, 4096, 0},   {100000, 8192, 0}, {512, 1 << 20, 0}};
    (void)state;
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const nmf_dense X = {NULL, NMF_F32, shapes[s].m, shapes[s].n, shapes[s].n, 1};
        const nmfi_source source = nmfi_source_dense(&X);
        nmfi_sketch sketch = {.rank = 16, .width = 64};
        nmfi_sketch_choose_gram(&sketch, &source);
        assert_int_equal(sketch.small_side, shapes[s].side);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_way_tells_what_X_is),
        cmocka_unit_test(no_bit_hangs_on_threads_blocks_or_spans),
        cmocka_unit_test(only_a_dense_X_with_a_short_side_is_worth_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
