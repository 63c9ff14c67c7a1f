/* Latin-block folds and fits to what they leave: nothing held out reaches a fit, the loss is the masked
 * one, and what is held out is predicted where it can be. */
#include "fit/latin_fit.h"

#include "base/rng.h"
#include "data/matrix.h"
#include "data/value.h"
#include "pass/observed.h"

#include <math.h>
#include <nmfkit/nmfkit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 61, COLUMNS = 47, FOLDS = 7, REPEATS = 4, K = 3 };

static double uniform(int64_t i)
{
    return nmfi_uniform(11, NMFI_STREAM_CLUSTERS, 0, (uint64_t)i);
}

/* A product of rank 3 with many zeros in its factors; `noise` scatters it. */
static void fill(double *X, double noise)
{
    double W[ROWS][K], H[K][COLUMNS];
    int64_t at = 0;
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < K; j++, at++)
            W[i][j] = uniform(at) < 0.4 ? 0 : 5 * uniform(at + 100000);
    for (int j = 0; j < K; j++)
        for (int c = 0; c < COLUMNS; c++, at++)
            H[j][c] = uniform(at) < 0.4 ? 0 : 2 * uniform(at + 100000);
    for (int i = 0; i < ROWS; i++)
        for (int c = 0; c < COLUMNS; c++, at++) {
            X[i * COLUMNS + c] = 0;
            for (int j = 0; j < K; j++) X[i * COLUMNS + c] += W[i][j] * H[j][c];
            X[i * COLUMNS + c] *= 1 + noise * (uniform(at) - 0.5);
        }
}

static nmf_matrix *dense(const double *X, nmf_dtype dtype)
{
    nmf_matrix *matrix = NULL;
    assert_int_equal(nmf_matrix_new(dtype, ROWS, COLUMNS, &matrix, NULL), NMF_OK);
    for (int64_t i = 0; i < (int64_t)ROWS * COLUMNS; i++)
        nmfi_set_value(dtype, nmf_matrix_writable(matrix), i, X[i]);
    return matrix;
}

/* Compressed rows of what is not 0 in `shape`, with the values of X. */
typedef struct csr {
    int64_t pointers[ROWS + 1];
    int32_t indices[ROWS * COLUMNS];
    float values[ROWS * COLUMNS];
} csr;

static nmf_matrix *sparse(const double *X, const double *shape, csr *store)
{
    nmf_matrix *matrix = NULL;
    int64_t stored = 0;
    for (int i = 0; i < ROWS; i++) {
        store->pointers[i] = stored;
        for (int c = 0; c < COLUMNS; c++)
            if (shape[i * COLUMNS + c] != 0) {
                store->indices[stored] = c;
                store->values[stored++] = (float)X[i * COLUMNS + c];
            }
    }
    store->pointers[ROWS] = stored;
    const nmf_sparse layout = {store->values,   NMF_F32,        ROWS, COLUMNS,
                               store->pointers, store->indices, 4,    0};
    assert_int_equal(nmf_matrix_borrow_sparse(&layout, &matrix, NULL), NMF_OK);
    return matrix;
}

/* The same with rows and columns changed over. */
static nmf_matrix *turned(const double *X, nmf_dtype dtype)
{
    nmf_matrix *matrix = NULL;
    assert_int_equal(nmf_matrix_new(dtype, COLUMNS, ROWS, &matrix, NULL), NMF_OK);
    for (int64_t i = 0; i < ROWS; i++)
        for (int64_t c = 0; c < COLUMNS; c++)
            nmfi_set_value(dtype, nmf_matrix_writable(matrix), c * ROWS + i, X[i * COLUMNS + c]);
    return matrix;
}

typedef struct run {
    nmfi_latin latin, part;
    nmfi_latin_plan plan;
    nmfi_latin_fit fit;
    nmfi_arena arena;
} run;

static void open_run(run *r, const nmf_matrix *X, double beta, nmf_dtype compute, int64_t starts)
{
    const int weighted = nmfi_matrix_is_weighted(X);
    nmfi_observed observed = {.filled = NULL};
    memset(r, 0, sizeof *r);
    if (weighted) assert_int_equal(nmfi_observed_make(X, compute, beta, &observed, NULL), NMF_OK);
    const nmfi_latin_wishes wishes = {.folds = FOLDS,
                                      .repeats = REPEATS,
                                      .seed = 5,
                                      .both = beta != 2 || nmf_matrix_is_sparse(X) || weighted,
                                      .dense = beta != 1 && beta != 2,
                                      .u = observed.u,
                                      .beta = beta};
    assert_int_equal(nmfi_latin_open(&r->latin, weighted ? observed.filled : X, &wishes, NULL),
                     NMF_OK);
    if (!weighted)
        assert_int_equal(nmfi_latin_open_part(&r->part, &r->latin, X, 0.3, &wishes, NULL), NMF_OK);
    nmfi_observed_free(&observed);
    r->plan = (nmfi_latin_plan){.latin = &r->latin,
                                .part = weighted ? NULL : &r->part,
                                .kernels = nmfi_kernels_for(compute, NULL),
                                .beta = beta,
                                .most_k = 5,
                                .starts = starts,
                                .max_iter = 500,
                                .tol = 1e-6};
    nmfi_latin_fit_layout(&r->fit, &r->plan, &r->arena);
    assert_int_equal(nmfi_arena_allocate(&r->arena, NMFI_NO_LIMIT, NULL), NMF_OK);
    nmfi_latin_fit_layout(&r->fit, &r->plan, &r->arena);
}

static void close_run(run *r)
{
    nmfi_release(r->arena.base);
    nmfi_latin_close(&r->latin);
    nmfi_latin_close(&r->part);
}

static int64_t fold_of(const nmfi_latin *latin, int64_t row, int64_t column)
{
    int64_t of[2] = {latin->group[0].place[row], latin->group[1].place[column]};
    for (int side = 0; side < 2; side++) {
        int64_t g = 0;
        while (latin->group[side].begin[g + 1] <= of[side]) g++;
        of[side] = g;
    }
    return (of[0] + of[1]) % latin->folds;
}

static void a_fold_takes_its_share_of_every_row_and_column(void **state)
{
    (void)state;
    static double X[ROWS * COLUMNS];
    run r;
    fill(X, 0.5);
    nmf_matrix *matrix = dense(X, NMF_F32);
    open_run(&r, matrix, 2, NMF_F32, 1);
    for (int64_t fold = 0; fold < FOLDS; fold++) {
        int of_columns[COLUMNS] = {0};
        for (int i = 0; i < ROWS; i++) {
            int of_row = 0;
            for (int c = 0; c < COLUMNS; c++) {
                of_row += fold_of(&r.latin, i, c) == fold;
                of_columns[c] += fold_of(&r.latin, i, c) == fold;
            }
            assert_in_range(of_row, COLUMNS / FOLDS, COLUMNS / FOLDS + 1);
        }
        for (int c = 0; c < COLUMNS; c++)
            assert_in_range(of_columns[c], ROWS / FOLDS, ROWS / FOLDS + 1);
    }
    close_run(&r);
    nmf_matrix_free(matrix);
}

/* Weights from 0 to 3, a third of them 0. */
static void weigh(nmf_matrix *X)
{
    nmf_matrix *weights = NULL;
    assert_int_equal(nmf_matrix_new(NMF_F64, ROWS, COLUMNS, &weights, NULL), NMF_OK);
    double *w = nmf_matrix_writable(weights);
    for (int64_t i = 0; i < (int64_t)ROWS * COLUMNS; i++)
        w[i] = uniform(i + 500000) < 0.33 ? 0 : 3 * uniform(i + 600000);
    assert_int_equal(nmf_matrix_set_weights(X, weights, NULL), NMF_OK);
}

static double weight_of(const nmf_matrix *X, int i)
{
    return nmf_matrix_has_weights(X) ? nmf_matrix_at(X->weights, i / COLUMNS, i % COLUMNS) : 1;
}

/* The same fits, of few components, which begin in a part of the lines, and of more. */
static void assert_same_fits(run *clean, run *dirty, int64_t fold)
{
    for (int64_t k = 1; k <= 4; k += 3) {
        nmfi_latin_fit_run(&clean->fit, k, fold, 3);
        nmfi_latin_fit_run(&dirty->fit, k, fold, 3);
        assert_true(clean->fit.loss > 0 && isfinite(clean->fit.loss));
        if (clean->plan.part && k == 1) assert_true(clean->fit.beginning->iterations > 0);
        assert_memory_equal(&clean->fit.loss, &dirty->fit.loss, sizeof(double));
        assert_int_equal(clean->fit.iterations, dirty->fit.iterations);
        assert_memory_equal(clean->fit.W.best, dirty->fit.W.best,
                            (size_t)(k * clean->fit.W.ld) * sizeof(float));
        assert_memory_equal(clean->fit.H.best, dirty->fit.H.best,
                            (size_t)(k * clean->fit.H.ld) * sizeof(float));
    }
}

/* Of X and of X with garbage in place of what the fold holds out, and of what has no weight. */
enum how { DENSE, TURNED, SPARSE, WEIGHTED };
static nmf_matrix *made(enum how how, const double *X, const double *shape, nmf_dtype dtype,
                        csr *store)
{
    nmf_matrix *matrix = how == SPARSE   ? sparse(X, shape, store)
                         : how == TURNED ? turned(X, dtype)
                                         : dense(X, dtype);
    if (how == WEIGHTED) weigh(matrix);
    return matrix;
}

static void assert_no_leak(double beta, enum how how, nmf_dtype dtype, double garbage)
{
    static double X[ROWS * COLUMNS], spoilt[ROWS * COLUMNS];
    static csr stores[2];
    fill(X, 0.5);
    if (beta <= 0)
        for (int i = 0; i < ROWS * COLUMNS; i++) X[i] += 0.1;
    for (int64_t fold = 0; fold < REPEATS; fold++) {
        run clean, dirty;
        nmf_matrix *first = made(how, X, X, dtype, &stores[0]);
        open_run(&clean, first, beta, NMF_F32, 2);
        for (int i = 0; i < ROWS * COLUMNS; i++) {
            const int row = i / COLUMNS, column = i % COLUMNS;
            const int held_out = fold_of(&clean.latin, how == TURNED ? column : row,
                                         how == TURNED ? row : column) == fold;
            spoilt[i] = held_out || weight_of(first, i) == 0 ? garbage : X[i];
        }
        nmf_matrix *second = made(how, spoilt, X, dtype, &stores[1]);
        open_run(&dirty, second, beta, NMF_F32, 2);
        assert_same_fits(&clean, &dirty, fold);
        close_run(&clean);
        close_run(&dirty);
        nmf_matrix_free(first);
        nmf_matrix_free(second);
    }
}

static void nothing_held_out_reaches_a_fit(void **state)
{
    (void)state;
    assert_no_leak(2, DENSE, NMF_F32, NAN);
    assert_no_leak(2, DENSE, NMF_F64, 1e300);
    assert_no_leak(2, TURNED, NMF_F32, NAN);
    assert_no_leak(2, SPARSE, NMF_F32, NAN);
    assert_no_leak(1, DENSE, NMF_F32, NAN);
    assert_no_leak(1, TURNED, NMF_F32, NAN);
    assert_no_leak(1, SPARSE, NMF_F32, 1e30);
    assert_no_leak(1.5, DENSE, NMF_F32, NAN);
    assert_no_leak(0, DENSE, NMF_F32, 1e30);
    assert_no_leak(2, WEIGHTED, NMF_F32, 1e30);
    assert_no_leak(1, WEIGHTED, NMF_F32, 1e30);
    assert_no_leak(1.5, WEIGHTED, NMF_F32, 1e30);
}

static double divergence(double x, double v, double beta)
{
    if (beta == 2) return 0.5 * (x - v) * (x - v);
    if (beta == 1) return (x > 0 ? x * log(x / v) : 0) - x + v;
    if (beta == 0) return x / v - log(x / v) - 1;
    return (pow(x, beta) + (beta - 1) * pow(v, beta) - beta * x * pow(v, beta - 1)) /
           (beta * (beta - 1));
}

/* D over what the fold leaves, entry by entry, each as often as it weighs (`weighed` NULL: once). */
static double masked_loss(const run *r, const double *X, const nmf_matrix *weighed, int64_t k,
                          int64_t fold)
{
    double sum = 0;
    for (int64_t i = 0; i < ROWS; i++)
        for (int64_t c = 0; c < COLUMNS; c++) {
            if (fold_of(&r->latin, i, c) == fold) continue;
            double v = 0;
            for (int64_t j = 0; j < k; j++)
                v += ((const double *)r->fit.W.best)[j * r->fit.W.ld + r->latin.group[0].place[i]] *
                     ((const double *)r->fit.H.best)[j * r->fit.H.ld + r->latin.group[1].place[c]];
            sum += (weighed ? weight_of(weighed, (int)(i * COLUMNS + c)) : 1) *
                   divergence(X[i * COLUMNS + c], fmax(v / r->fit.scale, 1e-12), r->plan.beta);
        }
    return sum;
}

static void the_loss_is_that_of_what_the_fold_leaves(void **state)
{
    (void)state;
    static double X[ROWS * COLUMNS];
    static csr store;
    const double betas[] = {2, 1, 1.5, 0};
    for (int b = 0; b < 4; b++)
        for (int is_sparse = 0; is_sparse < (b < 2 ? 2 : 1); is_sparse++) {
            run r;
            fill(X, 0.8);
            for (int i = 0; i < ROWS * COLUMNS; i++)
                X[i] = (double)(float)(b == 3 ? X[i] + 0.1 : X[i]); /* as the sparse one stores */
            nmf_matrix *matrix = is_sparse ? sparse(X, X, &store) : dense(X, NMF_F64);
            open_run(&r, matrix, betas[b], NMF_F64, 1);
            for (int64_t fold = 0; fold < REPEATS; fold++) {
                nmfi_latin_fit_run(&r.fit, 4, fold, 9);
                const double loss = nmfi_latin_fit_loss(&r.fit);
                assert_true(fabs(loss - masked_loss(&r, X, NULL, 4, fold)) < 1e-8 * loss);
            }
            close_run(&r);
            nmf_matrix_free(matrix);
        }
}

static void weights_count_in_the_loss(void **state)
{
    (void)state;
    static double X[ROWS * COLUMNS];
    const double betas[] = {2, 1, 1.5};
    fill(X, 0.8);
    for (int b = 0; b < 3; b++) {
        run r;
        nmf_matrix *matrix = dense(X, NMF_F64);
        weigh(matrix);
        open_run(&r, matrix, betas[b], NMF_F64, 1);
        for (int64_t fold = 0; fold < REPEATS; fold++) {
            nmfi_latin_fit_run(&r.fit, 4, fold, 9);
            const double loss = nmfi_latin_fit_loss(&r.fit);
            assert_true(fabs(loss - masked_loss(&r, X, matrix, 4, fold)) < 1e-8 * loss);
        }
        close_run(&r);
        nmf_matrix_free(matrix);
    }
}

/* Lines by themselves and lines that share what they lack have one minimum: every entry weighs 2. */
static void equal_weights_change_nothing(void **state)
{
    (void)state;
    static double X[ROWS * COLUMNS], losses[2][ROWS];
    fill(X, 0.3);
    for (int b = 0; b < 2; b++) {
        const double beta = b == 0 ? 2 : 1;
        double sums[2] = {0, 0};
        for (int weighted = 0; weighted < 2; weighted++) {
            run r;
            nmf_matrix *matrix = dense(X, NMF_F64), *weights = NULL;
            if (weighted) {
                assert_int_equal(nmf_matrix_new(NMF_F64, ROWS, COLUMNS, &weights, NULL), NMF_OK);
                for (int i = 0; i < ROWS * COLUMNS; i++)
                    ((double *)nmf_matrix_writable(weights))[i] = 2;
                assert_int_equal(nmf_matrix_set_weights(matrix, weights, NULL), NMF_OK);
            }
            open_run(&r, matrix, beta, NMF_F64, 3);
            r.plan.max_iter = 2000;
            nmfi_latin_fit_run(&r.fit, 3, 1, 9);
            nmfi_latin_fit_losses(&r.fit, losses[weighted]);
            for (int i = 0; i < ROWS; i++) sums[weighted] += losses[weighted][i];
            close_run(&r);
            nmf_matrix_free(matrix);
        }
        /* Beside a line's own there is one entry more in what is mixed in where beta < 2: that counts once. */
        assert_true(fabs(sums[1] - 2 * sums[0]) < (b == 0 ? 1e-3 : 1e-2) * sums[1]);
    }
}

/* No entry of a factor can be moved to lower the masked loss by more than rounding and the ridge. */
static void a_fit_ends_in_a_minimum(void **state)
{
    (void)state;
    static double X[ROWS * COLUMNS];
    const double betas[] = {2, 1};
    for (int b = 0; b < 2; b++) {
        run r;
        fill(X, 0.8);
        nmf_matrix *matrix = dense(X, NMF_F64);
        open_run(&r, matrix, betas[b], NMF_F64, 1);
        r.plan.tol = 1e-9;
        r.plan.max_iter = 3000;
        nmfi_latin_fit_run(&r.fit, 3, 1, 9);
        const double loss = masked_loss(&r, X, NULL, 3, 1);
        for (int64_t i = 0; i < 3 * 40; i++) {
            double *entry = (double *)r.fit.H.best + i % 3 * r.fit.H.ld + i / 3, kept = *entry;
            for (int up = 0; up < 2; up++) {
                *entry = up ? kept * 1.02 + 1e-3 : kept * 0.98;
                assert_true(masked_loss(&r, X, NULL, 3, 1) >= loss * (1 - 1e-6));
            }
            *entry = kept;
        }
        close_run(&r);
        nmf_matrix_free(matrix);
    }
}

static void what_is_held_out_is_predicted(void **state)
{
    (void)state;
    static double X[ROWS * COLUMNS], losses[ROWS];
    static csr store;
    const double betas[] = {2, 1, 1.5};
    for (int b = 0; b < 3; b++)
        for (int is_sparse = 0; is_sparse < 2; is_sparse++) {
            run r;
            double none = 0, lost = 0;
            fill(X, 0);
            nmf_matrix *matrix = is_sparse ? sparse(X, X, &store) : dense(X, NMF_F32);
            open_run(&r, matrix, betas[b], NMF_F32, 5);
            for (int64_t fold = 0; fold < REPEATS; fold++)
                for (int64_t k = 1; k <= 3; k += 2) {
                    nmfi_latin_fit_run(&r.fit, k, fold, 0);
                    nmfi_latin_fit_losses(&r.fit, losses);
                    for (int i = 0; i < ROWS; i++) *(k == 1 ? &none : &lost) += losses[i];
                }
            assert_true(lost < 0.03 * none); /* beta < 2 mixes the margins in */
            close_run(&r);
            nmf_matrix_free(matrix);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fold_takes_its_share_of_every_row_and_column),
        cmocka_unit_test(nothing_held_out_reaches_a_fit),
        cmocka_unit_test(the_loss_is_that_of_what_the_fold_leaves),
        cmocka_unit_test(weights_count_in_the_loss),
        cmocka_unit_test(equal_weights_change_nothing),
        cmocka_unit_test(a_fit_ends_in_a_minimum),
        cmocka_unit_test(what_is_held_out_is_predicted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
