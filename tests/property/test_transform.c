/* W for given rows: each row's non-negative least squares problem to its own end. So a row's answer
 * does not depend on its company, transform of the fitted X is the fit's W, and each row meets the
 * KKT conditions. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const problem problems[] = {
    {"parts", fill_parts, 90, 70, 5},
    {"parts, more rows than a tile", fill_parts, 1100, 40, 5},
    {"k = 1", fill_parts, 40, 30, 1},
    {"k = 20", fill_random, 70, 50, 20},
    {"rank-deficient", fill_exact_rank, 60, 50, 9},
    {"very rank-deficient", fill_exact_rank, 60, 50, 20},
    {"zero rows and columns", fill_holes, 80, 60, 6},
    {"mostly zeros", fill_sparse, 70, 120, 5},
    {"one sample", fill_random, 1, 30, 1},
    {"one feature", fill_random, 30, 1, 1},
    {"k > n", fill_random, 40, 5, 8},
};

static nmf_model *model_of(const nmf_matrix *X, int64_t k, nmf_solver solver)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = k;
    options.solver = solver;
    options.max_iter = 30;
    return fit(X, &options);
}

static void transform_of_the_fitted_data_is_its_W(void **state)
{
    (void)state;
    for (int64_t p = 0; p < COUNT(problems); p++)
        for (nmf_dtype dtype = NMF_U8; dtype <= NMF_F64; dtype++)
            for (layout how = BY_ROWS; how < LAYOUT_COUNT; how++) {
                const nmf_solver solver = how % 2 ? NMF_SOLVER_HALS : NMF_SOLVER_AUTO;
                nmf_matrix *X = matrix_of(&problems[p], dtype, how);
                nmf_model *model = model_of(X, problems[p].k, solver);
                nmf_matrix *W = transform(model, X, NULL);
                expect_same_entries(W, nmf_model_view(model)->W);
                nmf_matrix_free(W);
                nmf_model_free(model);
                nmf_matrix_free(X);
            }
}

/* Row `row` of `all`, as a matrix of one row: in the same memory where that is dense. */
static nmf_matrix *row_of(const nmf_matrix *all, int64_t row)
{
    nmf_dense dense = nmf_matrix_dense(all);
    nmf_matrix *one = NULL;
    if (nmf_matrix_is_sparse(all)) {
        assert_int_equal(nmf_matrix_select(all, &row, 1, &one, NULL), NMF_OK);
        return one;
    }
    dense.data =
        (const char *)dense.data + row * dense.row_stride * (int64_t)nmf_dtype_bytes(dense.dtype);
    dense.rows = 1;
    assert_int_equal(nmf_matrix_borrow(&dense, &one, NULL), NMF_OK);
    return one;
}

static void a_row_alone_is_that_row_in_the_batch(void **state)
{
    (void)state;
    nmf_options options = NMF_OPTIONS_INIT;
    options.threads = 1; /* a team for each row would be most of the work */
    const int64_t step = getenv("NMFKIT_SANITIZED") ? 9 : 1;
    for (int64_t p = 0; p < COUNT(problems); p++)
        for (nmf_dtype dtype = NMF_U8; dtype <= NMF_F64; dtype++) {
            const layout how = (layout)((p + dtype) % LAYOUT_COUNT);
            nmf_matrix *X = matrix_of(&problems[p], dtype, how);
            nmf_model *model = model_of(X, problems[p].k, NMF_SOLVER_AUTO);
            nmf_matrix *batch = transform(model, X, NULL);
            for (int64_t i = 0; i < nmf_matrix_rows(X); i += step) {
                nmf_matrix *row = row_of(X, i), *expected = row_of(batch, i);
                nmf_matrix *W = transform(model, row, &options);
                expect_same_entries(W, expected);
                nmf_matrix_free(W);
                nmf_matrix_free(row);
                nmf_matrix_free(expected);
            }
            nmf_matrix_free(batch);
            nmf_model_free(model);
            nmf_matrix_free(X);
        }
}

/* What a transform is asked for counts, not what the fit was: the same W as with the components alone. */
static void penalties_of_a_transform_are_its_own(void **state)
{
    (void)state;
    static const double ratios[] = {0, 1};
    nmf_error error;
    nmf_matrix *X = matrix_of(&problems[0], NMF_F64, BY_ROWS);
    nmf_model *model = model_of(X, problems[0].k, NMF_SOLVER_AUTO);
    nmf_matrix *free_W = transform(model, X, NULL);
    for (int64_t r = 0; r < COUNT(ratios); r++) {
        nmf_options options = NMF_OPTIONS_INIT;
        options.alpha_W = 0.05;
        options.l1_ratio = ratios[r];
        nmf_matrix *W = transform(model, X, &options), *with = NULL;
        assert_int_equal(nmf_transform_with(nmf_model_view(model)->H, X, &options, &with, &error),
                         NMF_OK);
        double sum = 0, free_sum = 0;
        for (int64_t i = 0; i < nmf_matrix_rows(W); i++)
            for (int64_t j = 0; j < nmf_matrix_columns(W); j++) {
                const double w = nmf_matrix_at(W, i, j);
                assert_true(fabs(w - nmf_matrix_at(with, i, j)) <= 1e-6 * (1 + w));
                sum += w;
                free_sum += nmf_matrix_at(free_W, i, j);
            }
        assert_true(sum < 0.999 * free_sum);
        nmf_matrix_free(W);
        nmf_matrix_free(with);
    }
    nmf_matrix_free(free_W);
    nmf_model_free(model);
    nmf_matrix_free(X);
}

/* W of the same rows in layouts [first, end): the same bits. */
static void expect_one_answer(const problem *what, nmf_dtype dtype, layout first, layout end)
{
    nmf_matrix *rows = matrix_of(what, dtype, first);
    nmf_model *model = model_of(rows, what->k, NMF_SOLVER_AUTO);
    nmf_matrix *expected = transform(model, rows, NULL);
    for (layout how = first + 1; how < end; how++) {
        nmf_matrix *X = matrix_of(what, dtype, how);
        nmf_matrix *W = transform(model, X, NULL);
        expect_same_entries(W, expected);
        nmf_matrix_free(W);
        nmf_matrix_free(X);
    }
    nmf_matrix_free(expected);
    nmf_model_free(model);
    nmf_matrix_free(rows);
}

static void the_layout_changes_no_bit(void **state)
{
    (void)state;
    for (int64_t p = 0; p < COUNT(problems); p++)
        for (nmf_dtype dtype = NMF_U8; dtype <= NMF_F64; dtype++) {
            expect_one_answer(&problems[p], dtype, BY_ROWS, DENSE_LAYOUTS);
            expect_one_answer(&problems[p], dtype, SPARSE_ROWS, LAYOUT_COUNT);
        }
}

/* --- the KKT conditions
 * ------------------------------------------------------------------------------ */

/* What a row's problem is made of: its entries, its w, and w H. */
typedef struct row_problem {
    const double *x, *w, *H, *fitted;
    int64_t n, k;
    double l1, l2;
} row_problem;

/* The gradient of 1/2 |x - w H|^2 + l1 sum(w) + 1/2 l2 |w|^2 by w_j, and the sum of sizes it is a
 * difference of: what it can be off by rounding is relative to that. */
static double gradient(const row_problem *r, int64_t j, double *size)
{
    double sum = r->l1 + r->l2 * r->w[j];
    *size = fabs(sum);
    for (int64_t f = 0; f < r->n; f++) {
        sum += (r->fitted[f] - r->x[f]) * r->H[j * r->n + f];
        *size += (r->fitted[f] + r->x[f]) * r->H[j * r->n + f];
    }
    return sum;
}

static void expect_row_kkt(const row_problem *r, double most, const char *name, int64_t row)
{
    double largest = 0, gradients[32], sizes[32];
    for (int64_t j = 0; j < r->k; j++) {
        gradients[j] = gradient(r, j, &sizes[j]);
        largest = fmax(largest, sizes[j]);
    }
    for (int64_t j = 0; j < r->k; j++) {
        const double w = r->w[j], bad = w > 0 ? fabs(gradients[j]) : fmax(-gradients[j], 0);
        if (!(w >= 0 && bad <= most * largest))
            fail_msg("%s: row %lld, w[%lld] = %g: gradient %g, scale %g", name, (long long)row,
                     (long long)j, w, gradients[j], largest);
    }
}

/* Rows end when a sweep changes them by less than about ten roundings (rule_solve.c), or exactly;
 * the products behind them are sums of n, the Gram matrix is one of k. */
static void expect_kkt(const nmf_model *model, const nmf_matrix *X, const nmf_matrix *W,
                       const char *name)
{
    const nmf_model_content *c = nmf_model_view(model);
    const int64_t n = c->features, k = c->k;
    const double most = (20.0 + (double)n + 2 * (double)k) * rounding_of(model);
    const double alpha = (double)n * c->options.alpha_W, l1_ratio = c->options.l1_ratio;
    double *x = entries_of(X), *w = entries_of(W), *H = entries_of(c->H);
    double *fitted = calloc((size_t)n, sizeof *fitted);
    assert_non_null(fitted);
    for (int64_t i = 0; i < nmf_matrix_rows(W); i++) {
        for (int64_t f = 0; f < n; f++) {
            fitted[f] = 0;
            for (int64_t l = 0; l < k; l++) fitted[f] += w[i * k + l] * H[l * n + f];
        }
        const row_problem r = {
            x + i * n, w + i * k, H, fitted, n, k, alpha * l1_ratio, alpha * (1 - l1_ratio)};
        expect_row_kkt(&r, most, name, i);
    }
    free(x);
    free(w);
    free(H);
    free(fitted);
}

static void each_row_meets_the_kkt_conditions(void **state)
{
    (void)state;
    for (int64_t p = 0; p < COUNT(problems); p++)
        for (nmf_dtype dtype = NMF_U8; dtype <= NMF_F64; dtype++) {
            nmf_matrix *X = matrix_of(&problems[p], dtype, BY_ROWS);
            nmf_model *model = model_of(X, problems[p].k, NMF_SOLVER_AUTO);
            expect_kkt(model, X, nmf_model_view(model)->W, problems[p].name);
            nmf_model_free(model);
            nmf_matrix_free(X);
        }
}

static void so_do_rows_that_the_model_never_saw(void **state)
{
    (void)state;
    const problem seen = {"seen", fill_parts, 60, 50, 6},
                  unseen = {"unseen", fill_random, 40, 50, 6};
    nmf_matrix *X = matrix_of(&seen, NMF_F64, BY_ROWS),
               *other = matrix_of(&unseen, NMF_F64, BY_COLUMNS);
    for (int penalized = 0; penalized < 2; penalized++) {
        nmf_options options = NMF_OPTIONS_INIT;
        options.k = seen.k;
        options.max_iter = 30;
        options.alpha_W = penalized ? 0.3 : 0.0;
        options.l1_ratio = 0.5;
        nmf_model *model = fit(X, &options);
        nmf_matrix *W = transform(model, other, NULL);
        expect_kkt(model, other, W, "unseen rows");
        nmf_matrix_free(W);
        nmf_model_free(model);
    }
    nmf_matrix_free(X);
    nmf_matrix_free(other);
}

/* --- other doors
 * ------------------------------------------------------------------------------------- */

/* Data of one type may be transformed by a model of another; the arithmetic is the model's. */
static void storage_is_not_arithmetic(void **state)
{
    (void)state;
    const problem parts = {"parts", fill_parts, 50, 40, 4};
    nmf_matrix *bytes = matrix_of(&parts, NMF_U8, BY_ROWS);
    nmf_model *model = model_of(bytes, parts.k, NMF_SOLVER_AUTO);
    for (nmf_dtype dtype = NMF_U16; dtype <= NMF_F64; dtype++) {
        nmf_matrix *X = matrix_like(bytes, 1, dtype, BY_ROWS);
        nmf_matrix *W = transform(model, X, NULL);
        expect_same_entries(W, nmf_model_view(model)->W);
        nmf_matrix_free(W);
        nmf_matrix_free(X);
    }
    nmf_model_free(model);
    nmf_matrix_free(bytes);
}

static void reconstruct_is_WH(void **state)
{
    (void)state;
    const problem parts = {"parts", fill_parts, 50, 40, 4};
    for (nmf_dtype dtype = NMF_U8; dtype <= NMF_F64; dtype++) {
        nmf_matrix *X = matrix_of(&parts, dtype, BY_ROWS), *back = NULL;
        nmf_model *model = model_of(X, parts.k, NMF_SOLVER_AUTO);
        const nmf_model_content *c = nmf_model_view(model);
        assert_int_equal(nmf_reconstruct(model, NULL, &back, NULL), NMF_OK);
        for (int64_t i = 0; i < c->samples; i++)
            for (int64_t j = 0; j < c->features; j++) {
                double sum = 0;
                for (int64_t l = 0; l < c->k; l++)
                    sum += nmf_matrix_at(c->W, i, l) * nmf_matrix_at(c->H, l, j);
                const double off = fabs(nmf_matrix_at(back, i, j) - sum);
                assert_true(off <= (double)(c->k + 2) * rounding_of(model) * sum);
            }
        nmf_matrix_free(back);
        nmf_model_free(model);
        nmf_matrix_free(X);
    }
}

/* --- every option that a transform reads ------------------------------------------------------- */

/* What `value` does to the transform of what was fitted, where `given` is set in both; and what the data are like. */
typedef enum effect {
    ANOTHER_W,
    SAME_W,
    TAKES,
    REFUSES
} effect; /* TAKES: what was refused without */
typedef enum special { PLAIN, BELOW_ZERO, TURNED, LACKING } special;
typedef struct shown_option {
    const char *field, *value, *given, *given_value;
    special data;
    effect effect;
} shown_option;

static const shown_option shown[] = {
    {"time_limit_seconds", "1e-9", NULL, NULL, PLAIN, REFUSES},
    {"alpha_W", "0.05", NULL, NULL, PLAIN, ANOTHER_W},
    {"l1_ratio", "1", "alpha_W", "0.05", PLAIN, ANOTHER_W},
    {"threads", "3", NULL, NULL, PLAIN, SAME_W},
    {"block_rows", "32", NULL, NULL, PLAIN, SAME_W},
    {"memory_limit_bytes", "1", NULL, NULL, PLAIN, REFUSES},
    {"match", "position", NULL, NULL, TURNED, ANOTHER_W},
    {"missing_features", "zero", NULL, NULL, LACKING, TAKES},
    {"simplex", "W", NULL, NULL, PLAIN, ANOTHER_W},
    {"lower_W", "0.5", NULL, NULL, PLAIN, ANOTHER_W},
    {"upper_W", "0.5", NULL, NULL, PLAIN, ANOTHER_W},
    {"negatives", "allow", NULL, NULL, BELOW_ZERO, TAKES},
};

static const nmf_option_info *option_named(const char *field)
{
    int64_t count;
    const nmf_option_info *table = nmf_option_table(&count);
    for (int64_t i = 0; i < count; i++)
        if (strcmp(table[i].field, field) == 0) return &table[i];
    fail_msg("no option is called %s", field);
    return NULL;
}

static void name_features(nmf_matrix *X, int64_t turned)
{
    enum { MOST = 200 };
    char names[MOST][8];
    const char *list[MOST];
    const int64_t n = nmf_matrix_columns(X);
    assert_true(n <= MOST);
    for (int64_t j = 0; j < n; j++) {
        snprintf(names[j], sizeof names[j], "f%d", (int)((j + turned) % n));
        list[j] = names[j];
    }
    assert_int_equal(nmf_matrix_set_names(X, NMF_FEATURE_NAMES, list, NULL), NMF_OK);
}

/* The fitted data, or these with an entry below 0, under names that are turned by one, without the last column. */
static nmf_matrix *data_for(special which)
{
    const problem *what = &problems[0];
    double *const x = calloc((size_t)(what->m * what->n), sizeof *x);
    assert_non_null(x);
    what->fill(x, what->m, what->n);
    if (which == BELOW_ZERO) x[3] = -1;
    const int64_t n = which == LACKING ? what->n - 1 : what->n;
    for (int64_t i = 0; i < what->m * n; i++) x[i] = x[i / n * what->n + i % n];
    nmf_matrix *const X = matrix_from(x, what->m, n, NMF_F64, BY_ROWS);
    name_features(X, which == TURNED);
    free(x);
    return X;
}

static void set(nmf_options *options, const char *field, const char *value)
{
    nmf_error error;
    assert_int_equal(nmf_option_set(options, option_named(field), value, &error), NMF_OK);
}

static int same_entries(const nmf_matrix *a, const nmf_matrix *b)
{
    for (int64_t i = 0; i < nmf_matrix_rows(a); i++)
        for (int64_t j = 0; j < nmf_matrix_columns(a); j++)
            if (nmf_matrix_at(a, i, j) != nmf_matrix_at(b, i, j)) return 0;
    return 1;
}

static void show(const nmf_model *model, const shown_option *what)
{
    nmf_options before = NMF_OPTIONS_INIT;
    if (what->given) set(&before, what->given, what->given_value);
    nmf_options after = before;
    set(&after, what->field, what->value);
    nmf_matrix *const X = data_for(what->data);
    nmf_matrix *without = NULL, *with = NULL;
    nmf_error error;
    const nmf_status first = nmf_transform(model, X, &before, &without, &error);
    const nmf_status second = nmf_transform(model, X, &after, &with, &error);
    if ((first != NMF_OK) != (what->effect == TAKES) ||
        (second != NMF_OK) != (what->effect == REFUSES))
        fail_msg("%s: status %d without, %d with it", what->field, first, second);
    if (first == NMF_OK && second == NMF_OK &&
        same_entries(without, with) != (what->effect == SAME_W))
        fail_msg("%s changes %s", what->field, what->effect == SAME_W ? "W" : "nothing");
    nmf_matrix_free(without);
    nmf_matrix_free(with);
    nmf_matrix_free(X);
}

static void each_option_of_a_transform_matters(void **state)
{
    (void)state;
    int64_t count;
    const nmf_option_info *table = nmf_option_table(&count);
    nmf_matrix *const X = data_for(PLAIN);
    nmf_model *const model = model_of(X, problems[0].k, NMF_SOLVER_AUTO);
    for (int64_t i = 0; i < count; i++) {
        const int of_H = strstr(table[i].field, "_H") != NULL; /* which a transform is given */
        if (!(table[i].scope & (NMF_SCOPE_TRANSFORM | NMF_SCOPE_BOUNDS)) || of_H) continue;
        int64_t s = 0;
        while (s < COUNT(shown) && strcmp(shown[s].field, table[i].field) != 0) s++;
        if (s == COUNT(shown)) fail_msg("nothing shows what %s does", table[i].field);
        show(model, &shown[s]);
    }
    nmf_model_free(model);
    nmf_matrix_free(X);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(transform_of_the_fitted_data_is_its_W),
        cmocka_unit_test(a_row_alone_is_that_row_in_the_batch),
        cmocka_unit_test(penalties_of_a_transform_are_its_own),
        cmocka_unit_test(each_option_of_a_transform_matters),
        cmocka_unit_test(the_layout_changes_no_bit),
        cmocka_unit_test(each_row_meets_the_kkt_conditions),
        cmocka_unit_test(so_do_rows_that_the_model_never_saw),
        cmocka_unit_test(storage_is_not_arithmetic),
        cmocka_unit_test(reconstruct_is_WH),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
