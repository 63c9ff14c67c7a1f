/* The bytes of working memory that nmfkit/fit.h says a fit takes, held against what fits of several kinds plan: their
 * sum is not passed by more than blocks of rows and the trace take, and is no more than twice of what is taken. */
#include "support.h"

#include "fit/state.h"
#include "rule/divergence.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 12000, COLUMNS = 3000, K = 30 };

typedef struct kind {
    const char *name;
    nmf_solver solver;
    nmf_loss loss;
    int64_t sketch, starts, threads; /* sketch: its columns, -1 for the default */
    nmf_precision precision;
    int is_sparse, by_columns, copies; /* copies: a dense X is read along both sides */
} kind;

static const kind kinds[] = {
    {"default", NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, -1, 1, 1, NMF_PRECISION_F32, 0, 0, 0},
    {"default by columns", NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, -1, 1, 2, NMF_PRECISION_F32, 0, 1,
     0},
    {"two threads", NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, -1, 1, 2, NMF_PRECISION_F32, 0, 0, 0},
    {"eight threads", NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 0, 1, 8, NMF_PRECISION_F32, 0, 0, 0},
    {"f64", NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, -1, 1, 2, NMF_PRECISION_F64, 0, 0, 0},
    {"hals", NMF_SOLVER_HALS, NMF_LOSS_FROBENIUS, 0, 1, 2, NMF_PRECISION_F32, 0, 0, 0},
    {"five starts", NMF_SOLVER_HALS, NMF_LOSS_FROBENIUS, 0, 5, 2, NMF_PRECISION_F32, 0, 0, 0},
    {"kl", NMF_SOLVER_AUTO, NMF_LOSS_KL, -1, 1, 2, NMF_PRECISION_F32, 0, 0, 1},
    {"jmm", NMF_SOLVER_JMM, NMF_LOSS_KL, 0, 1, 2, NMF_PRECISION_F32, 0, 0, 0},
    {"sparse", NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, -1, 1, 2, NMF_PRECISION_F32, 1, 0, 0},
    {"sparse kl", NMF_SOLVER_AUTO, NMF_LOSS_KL, -1, 1, 2, NMF_PRECISION_F32, 1, 0, 0},
};

/* Whole numbers; one in a hundred stored, where it is sparse. */
static nmf_matrix *make(const kind *what)
{
    const int64_t rows = what->by_columns ? COLUMNS : ROWS, columns = ROWS + COLUMNS - rows;
    nmf_matrix *X = NULL;
    if (what->is_sparse) {
        double *const values = calloc((size_t)ROWS * COLUMNS, sizeof *values);
        assert_non_null(values);
        for (int64_t i = 0; i < (int64_t)ROWS * COLUMNS; i += 101)
            values[i] = (double)(1 + i % 200);
        X = matrix_from(values, ROWS, COLUMNS, NMF_U8, SPARSE_ROWS);
        free(values);
        return X;
    }
    assert_int_equal(nmf_matrix_new(NMF_U8, rows, columns, &X, NULL), NMF_OK);
    unsigned char *const values = nmf_matrix_writable(X);
    for (int64_t i = 0; i < rows * columns; i++) values[i] = (unsigned char)(1 + i % 199);
    if (what->by_columns) nmf_matrix_transpose(X);
    return X;
}

static double slots_of(double m)
{
    return pow(2, floor(log2(fmin(fmax(m / 1024, 4), 32))));
}

/* s of nmfkit/fit.h, for a side of m and T threads with `runs` each. */
static double sums_of(double m, double T, double runs)
{
    const double slots = slots_of(m);
    const double R = T > 1 ? fmin(pow(2, ceil(log2(runs * T))), slots) : 1;
    return R + T * log2(slots / R);
}

/* The bytes of Gram matrices of k components. */
static double grams_of(double m, double T, double runs, double k)
{
    return (sums_of(m, T, runs) + log2(slots_of(m)) + 1) * k * k * sizeof(double);
}

/* The lines of nmfkit/fit.h. */
static double said_bytes(const kind *what, const nmfi_fit *fit)
{
    const double m = what->by_columns ? COLUMNS : ROWS, n = ROWS + COLUMNS - m, k = K;
    const double r = (double)fit->work.sketch.width, T = (double)what->threads;
    const double widest = r > k ? r : k, longer = ROWS, stored = (double)nmf_matrix_stored(fit->X);
    const int sums = !what->is_sparse && (!what->copies || r > 0);
    const double numbers = (what->starts > 1 ? 4 : 3) * k * (m + n) +
                           (sums ? sums_of(m, T, 4) * widest * n : 0) +
                           (what->by_columns ? sums_of(n, T, 4) * k * m : 0) +
                           (fit->in_sketch.method ? 2 * r * (m + n) + k * n : r * (m + n)) +
                           (what->is_sparse ? 2 * widest * longer : 0);
    const double own = what->loss == NMF_LOSS_FROBENIUS ? 0 : k * longer + 48 * T * (m + n);
    return (numbers + own) * (what->precision == NMF_PRECISION_F64 ? 8 : 4) +
           grams_of(longer, T, 4, widest) + (what->copies ? m * n : 0) +
           (what->is_sparse ? stored * (1 + 4) : 0);
}

static void a_fit_takes_what_is_said(void **state)
{
    (void)state;
    for (int64_t i = 0; i < COUNT(kinds); i++) {
        nmf_matrix *const X = make(&kinds[i]);
        nmf_options options = NMF_OPTIONS_INIT;
        nmf_error error;
        nmfi_fit fit;
        options.k = K;
        options.solver = kinds[i].solver;
        options.loss = kinds[i].loss;
        options.sketch = kinds[i].sketch;
        options.starts = kinds[i].starts;
        options.threads = kinds[i].threads;
        options.precision = kinds[i].precision;
        assert_int_equal(nmfi_open(&fit, NULL, X, &options, &error), NMF_OK);
        const double taken = (double)fit.work.arena.used, said = said_bytes(&kinds[i], &fit);
        const double blocks = (double)(1 << 20) * (double)kinds[i].threads;
        printf("%-20s sketch %3lld: %6.2f MB taken, %6.2f MB said\n", kinds[i].name,
               (long long)fit.work.sketch.width, taken / 1e6, said / 1e6);
        assert_true(taken <= 1.05 * said + blocks);
        assert_true(2 * taken >= said);
        nmfi_close(&fit);
        nmf_matrix_free(X);
    }
}

/* --- in spans of columns ----------------------------------------------------------------------- */

/* All rows are one and the same, which X need not have room for. */
static void a_large_fit_takes_few_times_what_its_factors_do(void **state)
{
    (void)state;
    enum { M = 20000, N = 30000, PARTS = 50, THREADS = 2, MOST = 16 };
    unsigned char row[N];
    for (int64_t j = 0; j < N; j++) row[j] = (unsigned char)(1 + j % 199);
    const nmf_dense dense = {row, NMF_U8, M, N, 0, 1};
    nmf_options options = NMF_OPTIONS_INIT;
    nmf_matrix *X;
    nmf_error error;
    nmfi_fit fit;
    options.k = PARTS;
    options.threads = THREADS;
    options.precision = NMF_PRECISION_F32;
    assert_int_equal(nmf_matrix_borrow(&dense, &X, &error), NMF_OK);
    assert_int_equal(nmfi_open(&fit, NULL, X, &options, &error), NMF_OK);
    const double Q_bytes = (double)PARTS * N * sizeof(float);
    const double taken = (double)fit.work.arena.used / Q_bytes, sides = (double)(M + N) / N;
    const double r = (double)fit.work.sketch.width / PARTS;
    const double said = /* nmfkit/fit.h */
        sides + fmax(sums_of(M, THREADS, 2) + 2 * sides, 2 * r * sides + 1) +
        grams_of(N, THREADS, 2, r * PARTS) / Q_bytes;
    printf("%d x %d, k = %d: %.2f times k n numbers, %.2f said\n", M, N, PARTS, taken, said);
    assert_true(taken <= MOST && said <= taken && taken <= 1.1 * said);
    nmfi_close(&fit);
    nmf_matrix_free(X);
}

enum { M_IN_SPANS = 700, N_IN_SPANS = 2300, K_IN_SPANS = 8 };

/* The span a fit's sketch reads in, and the bytes it takes. */
static int64_t span_of(const nmf_matrix *X, const nmf_options *options, int64_t *bytes)
{
    nmf_error error;
    nmfi_fit fit;
    assert_int_equal(nmfi_open(&fit, NULL, X, options, &error), NMF_OK);
    const int64_t span = fit.work.pass.span;
    *bytes = (int64_t)fit.work.arena.used;
    nmfi_close(&fit);
    return span;
}

/* Little memory: then the sketch reads X in spans, and arrays lie in one place one after the other. */
static void no_bit_hangs_on_spans(void **state)
{
    (void)state;
    static const struct {
        temper *fill;
        nmf_loss loss;
        nmf_init init;
        nmf_precision precision;
        int64_t starts;
    } cases[] = {{fill_parts, NMF_LOSS_FROBENIUS, NMF_INIT_AUTO, NMF_PRECISION_F32, 1},
                 {fill_parts, NMF_LOSS_FROBENIUS, NMF_INIT_NNDSVD, NMF_PRECISION_F64, 1},
                 {fill_parts, NMF_LOSS_FROBENIUS, NMF_INIT_AUTO, NMF_PRECISION_F32, 3},
                 {fill_sparse, NMF_LOSS_FROBENIUS, NMF_INIT_NNDSVD, NMF_PRECISION_F32, 1},
                 {fill_parts, NMF_LOSS_KL, NMF_INIT_AUTO, NMF_PRECISION_F32, 1}};
    for (int64_t i = 0; i < COUNT(cases); i++) {
        const problem what = {"", cases[i].fill, M_IN_SPANS, N_IN_SPANS, K_IN_SPANS};
        nmf_matrix *const X = matrix_of(&what, NMF_F32, BY_ROWS);
        nmf_options options = NMF_OPTIONS_INIT;
        options.k = K_IN_SPANS;
        options.loss = cases[i].loss;
        options.init = cases[i].init;
        options.precision = cases[i].precision;
        options.starts = cases[i].starts;
        options.max_iter = 12;
        options.threads = 2;
        int64_t bytes, less;
        assert_int_equal(span_of(X, &options, &bytes), 0);
        nmf_model *const whole = fit(X, &options);
        options.memory_limit_bytes = bytes;
        assert_true(span_of(X, &options, &less) > 0 && less < bytes);
        nmf_model *const apart = fit(X, &options);
        expect_same_model(whole, apart);
        nmf_model_free(whole);
        nmf_model_free(apart);
        nmf_matrix_free(X);
    }
}

/* Lines of up to so many entries, as many together as may be: what each needs fits into what is laid out for all. */
static void lines_beside_each_other_have_room(void **state)
{
    (void)state;
    for (int64_t k = 1; k <= 70; k += 3)
        for (int64_t longest = 32; longest <= 1024; longest += NMFI_LANES_MIN)
            for (int64_t each = 32; each <= longest; each += NMFI_LANES_MIN)
                for (int64_t bytes = 4; bytes <= 8; bytes += 4) {
                    int64_t count = NMFI_ENTRIES_TOGETHER / each;
                    if (count < 1) count = 1;
                    if (count > NMFI_LINES_TOGETHER) count = NMFI_LINES_TOGETHER;
                    assert_true(count * nmfi_strip_line_bytes(k, each, bytes) <=
                                nmfi_strip_lines_bytes(k, longest, bytes));
                }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_beside_each_other_have_room),
        cmocka_unit_test(a_fit_takes_what_is_said),
        cmocka_unit_test(a_large_fit_takes_few_times_what_its_factors_do),
        cmocka_unit_test(no_bit_hangs_on_spans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
