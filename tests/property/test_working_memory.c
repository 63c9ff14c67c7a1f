/* The bytes of working memory that nmfkit/fit.h says a fit takes, held against what fits of several kinds plan: their
 * sum is not passed by more than blocks of rows and the trace take, and is no more than twice of what is taken. */
#include "support.h"

#include "fit/state.h"

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

/* s of nmfkit/fit.h, for a side of m and T threads. */
static double sums_of(double m, double T)
{
    const double slots = pow(2, floor(log2(fmin(fmax(m / 1024, 4), 32))));
    const double R = T > 1 ? fmin(pow(2, ceil(log2(4 * T))), slots) : 1;
    return R + T * log2(slots / R);
}

/* The lines of nmfkit/fit.h. */
static double said_bytes(const kind *what, const nmfi_fit *fit)
{
    const double m = what->by_columns ? COLUMNS : ROWS, n = ROWS + COLUMNS - m, k = K;
    const double r = (double)fit->work.sketch.width, T = (double)what->threads;
    const double widest = r > k ? r : k, longer = ROWS, stored = (double)nmf_matrix_stored(fit->X);
    const int sums = !what->is_sparse && (!what->copies || r > 0);
    const double numbers =
        (what->starts > 1 ? 4 : 3) * k * (m + n) + (sums ? sums_of(m, T) * widest * n : 0) +
        (what->by_columns ? sums_of(n, T) * k * m : 0) +
        (fit->in_sketch.method ? 3 : 1) * r * (m + n) + (what->is_sparse ? 2 * widest * longer : 0);
    const double own = what->loss == NMF_LOSS_FROBENIUS ? 0 : k * longer + 48 * T * (m + n);
    return (numbers + own) * (what->precision == NMF_PRECISION_F64 ? 8 : 4) +
           (what->copies ? m * n : 0) + (what->is_sparse ? stored * (1 + 4) : 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_fit_takes_what_is_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
