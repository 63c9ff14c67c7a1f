/* What every fit of a divergence promises, on very different matrices, in both arithmetics: factors
 * one can use, a loss that never rises, figures that are true, transform that gives the fit's own
 * W, the same bits for any number of threads, and one sentence about what cannot be fitted. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Entries from 1e-30 to 1e30 in one matrix. */
static void fill_extremes(double *x, int64_t m, int64_t n)
{
    fill_parts(x, m, n);
    for (int64_t i = 0; i < m * n; i += 7) x[i] = i % 2 ? 1e-30 : 1e30;
}

static const problem problems[] = {
    {"tall", fill_parts, 1500, 20, 4},
    {"wide", fill_parts, 20, 1500, 4},
    {"3 x 2", fill_random, 3, 2, 2},
    {"one component", fill_parts, 80, 60, 1},
    {"more components than rank", fill_exact_rank, 90, 70, 8},
    {"duplicated rows", fill_duplicates, 120, 50, 6},
    {"one huge entry", fill_spike, 80, 60, 4},
    {"1e-30 and 1e30", fill_extremes, 80, 60, 5}, /* in f64 */
    {"99 % zeros", fill_sparse, 200, 150, 6},
    {"exact low rank", fill_exact_rank, 100, 80, 3},
    {"zero rows and columns", fill_holes, 100, 70, 6},
    {"one sample", fill_random, 1, 40, 1},
};

typedef struct variant {
    nmf_loss loss;
    double beta;
    nmf_solver solver;
    double alpha_W, l1_ratio;
} variant;

static const variant variants[] = {
    {NMF_LOSS_KL, 1, NMF_SOLVER_AUTO, 0, 0},      {NMF_LOSS_KL, 1, NMF_SOLVER_MU, 0, 0},
    {NMF_LOSS_IS, 0, NMF_SOLVER_AUTO, 0, 0},      {NMF_LOSS_BETA, 0.5, NMF_SOLVER_AUTO, 0, 0},
    {NMF_LOSS_BETA, 1.5, NMF_SOLVER_AUTO, 0, 0},  {NMF_LOSS_BETA, 3, NMF_SOLVER_AUTO, 0, 0},
    {NMF_LOSS_KL, 1, NMF_SOLVER_AUTO, 1e-3, 0.5}, {NMF_LOSS_KL, 1, NMF_SOLVER_JMM, 0, 0},
    {NMF_LOSS_IS, 0, NMF_SOLVER_JMM, 0, 0},       {NMF_LOSS_BETA, 0.5, NMF_SOLVER_JMM, 1e-3, 0.5},
    {NMF_LOSS_BETA, 1.5, NMF_SOLVER_JMM, 0, 0},   {NMF_LOSS_BETA, 1.5, NMF_SOLVER_JMM, 1e-3, 0},
    {NMF_LOSS_BETA, 3, NMF_SOLVER_JMM, 0, 0},     {NMF_LOSS_KL, 1, NMF_SOLVER_JMM, 1e-3, 0.5},
};
enum { FITS = (int)(sizeof problems / sizeof *problems * sizeof variants / sizeof *variants * 2) };
static int fits; /* of them that are made */

/* Each problem and each variant, but not each with each where a sanitizer makes them slow: it looks at the ways that
 * fits take, which the smallest problems and that of extremes take with each. (With this of the four quarters they take
 * every line of the library that all pairs take.) */
static int is_paired(int64_t p, int64_t v)
{
    return getenv("NMFKIT_SANITIZED") == NULL || problems[p].m * problems[p].n < 100 ||
           problems[p].fill == fill_extremes || (p + v) % 4 == 2;
}

/* What is f64 anyway once. */
static int is_made(int64_t p, int64_t v, int f64)
{
    return (f64 || problems[p].fill != fill_extremes) && is_paired(p, v);
}

typedef struct fitted {
    char name[96];
    const variant *how;
    nmf_matrix *X;
    nmf_model *model;
    double truth, parts; /* the loss by its definition, and what it is measured by */
} fitted;

static nmf_options options_of(int64_t k, const variant *how)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = k;
    options.loss = how->loss;
    options.beta = how->beta;
    options.solver = how->solver;
    options.alpha_W = how->alpha_W;
    options.l1_ratio = how->l1_ratio;
    options.max_iter = 60;
    return options;
}

/* The entries plus one where the loss cannot take zeros. */
static nmf_matrix *data_of(const problem *what, const variant *how, nmf_dtype dtype)
{
    nmf_matrix *X = matrix_of(what, dtype, BY_ROWS);
    if (how->loss != NMF_LOSS_IS) return X;
    const int64_t m = nmf_matrix_rows(X), n = nmf_matrix_columns(X);
    double *values = malloc((size_t)(m * n) * sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < m * n; i++) values[i] = nmf_matrix_at(X, i / n, i % n) + 1;
    nmf_matrix_free(X);
    X = matrix_from(values, m, n, dtype, BY_ROWS);
    free(values);
    return X;
}

/* D from the entries; and how far it moves for roundings of these is measured by `parts`: the sum of what it is a
 * difference of. */
static double divergence(const fitted *f, double *parts)
{
    const nmf_model_content *c = nmf_model_view(f->model);
    const double beta = f->how->beta;
    const int64_t n = c->features, k = c->k;
    double *X = entries_of(f->X), *W = entries_of(c->W), *H = entries_of(c->H), sum = 0;
    *parts = 0;
    for (int64_t i = 0; i < c->samples; i++)
        for (int64_t j = 0; j < n; j++) {
            const double x = X[i * n + j];
            double y = 0;
            for (int64_t l = 0; l < k; l++) y += W[i * k + l] * H[l * n + j];
            if (!(y > 0) && (beta == 1 ? x > 0 : 0)) continue; /* no number; see the guards */
            sum += loss_of_entry(x, y, beta);
            *parts += pow(fmax(x, y), beta);
        }
    free(X);
    free(W);
    free(H);
    return sum;
}

static int fit_all(void **state)
{
    static const char *const losses[] = {NMF_LOSS_NAMES}, *const solvers[] = {NMF_SOLVER_NAMES};
    fitted *all = calloc(FITS, sizeof *all), *next = all;
    for (int64_t p = 0; all && p < COUNT(problems); p++)
        for (int64_t v = 0; v < COUNT(variants); v++)
            for (int f64 = 0; f64 < 2; f64++) {
                if (!is_made(p, v, f64)) continue;
                const nmf_dtype dtype = f64 ? NMF_F64 : NMF_F32;
                const nmf_options options = options_of(problems[p].k, &variants[v]);
                snprintf(next->name, sizeof next->name, "%s, %s %g, %s, alpha %g, %s",
                         problems[p].name, losses[variants[v].loss], variants[v].beta,
                         solvers[variants[v].solver], variants[v].alpha_W,
                         dtype == NMF_F64 ? "f64" : "f32");
                next->how = &variants[v];
                next->X = data_of(&problems[p], &variants[v], dtype);
                next->model = fit(next->X, &options);
                next->truth = divergence(next, &next->parts);
                next++;
            }
    fits = all ? (int)(next - all) : 0;
    *state = all;
    return all ? 0 : -1;
}

static int free_all(void **state)
{
    fitted *all = *state;
    for (int i = 0; i < fits; i++) {
        nmf_matrix_free(all[i].X);
        nmf_model_free(all[i].model);
    }
    free(all);
    return 0;
}

static void factors_are_finite_and_not_negative(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < fits; f++) expect_factors(all[f].model, all[f].name);
}

static void the_error_is_the_divergence_of_WH_from_X(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < fits; f++) {
        const nmf_model_content *c = nmf_model_view(all[f].model);
        const double truth = all[f].truth, given = 0.5 * c->error * c->error;
        const double rounding = 8 * (double)(c->k + 2) * rounding_of(all[f].model) * all[f].parts;
        if (!(fabs(given - truth) <= 1e-5 * truth + rounding))
            fail_msg("%s: D = %.12g, but %.12g by its definition", all[f].name, given, truth);
    }
}

/* Sums of terms that are not negative, each off by some roundings of what it is a difference of. */
static void the_loss_never_rises(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < fits; f++) {
        const nmf_model_content *c = nmf_model_view(all[f].model);
        const double parts = all[f].parts;
        assert_true(c->trace_count > 0);
        for (int64_t t = 1; t < c->trace_count; t++) {
            const double before = c->trace[t - 1].loss, now = c->trace[t].loss;
            const double rounding = 4 * (double)(c->k + 2) * rounding_of(all[f].model);
            if (!(now <= before + rounding * (parts + before)))
                fail_msg("%s: %.17g, then %.17g in line %lld", all[f].name, before, now,
                         (long long)t);
        }
    }
}

/* No iteration of a fit that begins where another ended is above that end: neither a sketch nor what makes
 * other starts fit for multiplication may lose what the caller had. */
static void a_fit_goes_on_from_where_another_ended(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < fits; f++) {
        const nmf_model_content *c = nmf_model_view(all[f].model);
        if (c->precision != NMF_PRECISION_F64) continue;
        nmf_model *further = fit_further(all[f].X, c, 5);
        const double now = nmf_model_view(further)->trace[0].loss;
        if (!(now <= c->loss + 1e-13 * (all[f].parts + c->loss)))
            fail_msg("%s: %.17g, then %.17g", all[f].name, c->loss, now);
        nmf_model_free(further);
    }
}

/* A start whose model vanishes where X does not ends no higher than a tenth above the library's own. */
static void zeros_of_a_given_start_do_not_hold_the_fit(void **state)
{
    enum { M = 60, N = 40, K = 3 };
    static const problem what = {"holes in the start", fill_parts, M, N, K};
    (void)state;
    double w[M * K], h[K * N];
    uint64_t seed = 5;
    for (int i = 0; i < M * K; i++) w[i] = i < 5 * K || i % 2 ? 0 : next_uniform(&seed);
    for (int i = 0; i < K * N; i++) h[i] = i % N < 3 || i % 3 == 0 ? 0 : next_uniform(&seed);
    nmf_matrix *X = matrix_of(&what, NMF_F64, BY_ROWS);
    nmf_matrix *W = matrix_from(w, M, K, NMF_F64, BY_ROWS),
               *H = matrix_from(h, K, N, NMF_F64, BY_ROWS);
    static const double betas[] = {0.5, 1, 1.5, 3};
    for (int b = 0; b < 4; b++) {
        nmf_options options = NMF_OPTIONS_INIT;
        options.k = K;
        options.loss = NMF_LOSS_BETA;
        options.beta = betas[b];
        nmf_model *own = fit(X, &options);
        options.init = NMF_INIT_CUSTOM;
        options.start_W = W;
        options.start_H = H;
        nmf_model *given = fit(X, &options);
        const double least = nmf_model_view(own)->loss, loss = nmf_model_view(given)->loss;
        if (!(loss <= 1.1 * least))
            fail_msg("beta %g: %g, the library's own %g", betas[b], loss, least);
        nmf_model_free(own);
        nmf_model_free(given);
    }
    nmf_matrix_free(X);
    nmf_matrix_free(W);
    nmf_matrix_free(H);
}

static void stopped_is_the_reason(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < fits; f++) {
        const nmf_model_content *c = nmf_model_view(all[f].model);
        if (c->options.solver == NMF_SOLVER_MU) continue; /* its tol is another measure */
        const double flat = 10 * c->options.tol; /* where the loss stands */
        if (c->stopped == NMF_STOPPED_CONVERGED && !(c->kkt <= flat))
            fail_msg("%s: converged, but the residual is %g", all[f].name, c->kkt);
        if (c->stopped == NMF_STOPPED_STALLED && c->kkt <= flat)
            fail_msg("%s: stalled, but the residual is %g", all[f].name, c->kkt);
    }
}

/* Where rows have one minimum each; multiplicative updates are left as they are. */
static void transform_of_the_fitted_data_is_its_W(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < fits; f++) {
        const variant *how = all[f].how;
        if (how->solver == NMF_SOLVER_MU || how->beta < 1 || how->beta > 2) continue;
        nmf_matrix *W = transform(all[f].model, all[f].X, NULL);
        const nmf_matrix *own = nmf_model_view(all[f].model)->W;
        for (int64_t i = 0; i < nmf_matrix_rows(W); i++)
            for (int64_t j = 0; j < nmf_matrix_columns(W); j++)
                if (nmf_matrix_at(W, i, j) != nmf_matrix_at(own, i, j))
                    fail_msg("%s: W[%lld,%lld] = %.9g, transformed %.9g", all[f].name, (long long)i,
                             (long long)j, nmf_matrix_at(own, i, j), nmf_matrix_at(W, i, j));
        nmf_matrix_free(W);
    }
}

static void a_row_alone_is_that_row_in_the_batch(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < fits; f += 3) {
        nmf_matrix *batch = transform(all[f].model, all[f].X, NULL);
        const int64_t rows[] = {nmf_matrix_rows(batch) / 2}, k = nmf_matrix_columns(batch);
        nmf_matrix *one = NULL;
        assert_int_equal(nmf_matrix_select(all[f].X, rows, 1, &one, NULL), NMF_OK);
        nmf_matrix *alone = transform(all[f].model, one, NULL);
        for (int64_t j = 0; j < k; j++)
            if (nmf_matrix_at(alone, 0, j) != nmf_matrix_at(batch, rows[0], j))
                fail_msg("%s: alone %.9g, in the batch %.9g", all[f].name,
                         nmf_matrix_at(alone, 0, j), nmf_matrix_at(batch, rows[0], j));
        nmf_matrix_free(alone);
        nmf_matrix_free(one);
        nmf_matrix_free(batch);
    }
}

/* Layouts and storage types take turns. */
static void fits_have_the_same_bits(void **state)
{
    (void)state;
    for (int64_t p = 0; p < COUNT(problems); p += 2)
        for (int64_t v = 0; v < COUNT(variants); v++) {
            if (variants[v].loss == NMF_LOSS_IS || !is_paired(p, v)) continue;
            const layout how = (layout)((p / 2 + v) % DENSE_LAYOUTS);
            nmf_matrix *X = matrix_of(&problems[p], (nmf_dtype)((p / 2 + v / 3) % 4), how);
            nmf_options options = options_of(problems[p].k, &variants[v]);
            options.max_iter = 5;
            options.starts = 1 + v % 2;
            expect_same_bits(fit, X, options);
            nmf_matrix_free(X);
        }
}

/* Integers and floats, rows and columns: the same numbers, so the same fit to rounding. */
static void storage_does_not_change_the_fit(void **state)
{
    (void)state;
    const problem what = {"parts", fill_parts, 70, 90, 5};
    nmf_matrix *bytes = matrix_of(&what, NMF_U8, BY_ROWS);
    nmf_options options = options_of(what.k, &variants[0]);
    options.precision = NMF_PRECISION_F64;
    nmf_model *first = fit(bytes, &options);
    for (nmf_dtype dtype = NMF_U8; dtype <= NMF_F64; dtype = (nmf_dtype)(dtype + 1)) {
        nmf_matrix *X = matrix_like(bytes, 1, dtype, BY_ROWS);
        nmf_model *model = fit(X, &options);
        expect_same_model(first, model);
        nmf_model_free(model);
        nmf_matrix_free(X);
    }
    nmf_model_free(first);
    nmf_matrix_free(bytes);
}

/* Extrapolation drives the factors' scales apart, out of a double's range in 500 iterations. */
static void a_long_fit_keeps_its_scales(void **state)
{
    (void)state;
    static const variant between = {NMF_LOSS_BETA, 1.5, NMF_SOLVER_AUTO, 0, 0};
    const problem what = {"between", fill_random, 60, 40, 4};
    for (int wide = 0; wide < 2; wide++) {
        nmf_matrix *X = matrix_of(&what, wide ? NMF_F64 : NMF_F32, BY_ROWS);
        nmf_options options = options_of(4, &between);
        options.tol = 0;
        double errors[2];
        for (int is_long = 0; is_long < 2; is_long++) {
            options.max_iter = is_long ? 600 : 60;
            nmf_model *model = NULL;
            nmf_error error = {0};
            assert_int_equal(nmf_fit(X, &options, &model, &error), NMF_OK);
            const nmf_model_content *content = nmf_model_view(model);
            double largest = 0;
            for (int64_t j = 0; j < 4; j++)
                for (int64_t f = 0; f < 40; f++)
                    largest = fmax(largest, nmf_matrix_at(content->H, j, f));
            assert_true(largest > 1e-3 && largest < 1e3);
            errors[is_long] = content->error;
            nmf_model_free(model);
        }
        assert_true(errors[1] > 0 && errors[1] <= errors[0]);
        nmf_matrix_free(X);
    }
}

/* Extrapolation begins after the third reading of X: until then every pair is the plain update of
 * the one before, and only rounding may keep the loss from falling, where nothing is left to gain.
 * (A step that raises it is taken back: the trace then tells the same loss again.) */
static void every_joint_update_lowers_the_loss(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < fits; f++) {
        if (all[f].how->solver != NMF_SOLVER_JMM) continue;
        nmf_options options = nmf_model_view(all[f].model)->options;
        options.init = NMF_INIT_RANDOM;
        options.tol = 0;
        options.max_iter = 4;
        nmf_model *model = fit(all[f].X, &options);
        const nmf_trace_point *trace = nmf_model_view(model)->trace;
        for (int t = 1; t < 3 && t < nmf_model_view(model)->trace_count; t++)
            if (!(trace[t].loss < trace[t - 1].loss) && !(trace[t].kkt <= sqrt(rounding_of(model))))
                fail_msg("%s: update %d does not lower %.9g, where the residual is %g", all[f].name,
                         t, trace[t - 1].loss, trace[t].kkt);
        nmf_model_free(model);
    }
}

/* What the fit works in, in bytes: the sentence about a limit that is too low names it. */
static int64_t working_memory(const nmf_matrix *X, nmf_options options)
{
    nmf_model *model = NULL;
    nmf_error error = {0};
    options.memory_limit_bytes = 1;
    assert_int_equal(nmf_fit(X, &options, &model, &error), NMF_ERROR_MEMORY);
    return strtoll(error.message + strcspn(error.message, "0123456789"), NULL, 10);
}

/* By how much it grows, beside X, where X has twice the rows. */
static double growth(const variant *how, layout stored)
{
    int64_t needed[2];
    const int64_t rows[] = {2000, 4000}, columns = 500;
    for (int i = 0; i < 2; i++) {
        const problem what = {"large", fill_random, rows[i], columns, 3};
        nmf_matrix *X = matrix_of(&what, NMF_F64, stored);
        nmf_options options = options_of(what.k, how);
        options.init = NMF_INIT_RANDOM;
        options.threads = 1;
        needed[i] = working_memory(X, options);
        nmf_matrix_free(X);
    }
    const double X_grows = (double)(rows[1] - rows[0]) * (double)columns * sizeof(double);
    return (double)(needed[1] - needed[0]) / X_grows;
}

static void joint_updates_make_no_copy_of_X(void **state)
{
    (void)state;
    static const variant multiplied = {NMF_LOSS_KL, 1, NMF_SOLVER_MU, 0, 0};
    static const variant joint[] = {{NMF_LOSS_KL, 1, NMF_SOLVER_JMM, 0, 0},
                                    {NMF_LOSS_BETA, 1.5, NMF_SOLVER_JMM, 0, 0}};
    for (layout how = BY_ROWS; how <= BY_COLUMNS; how = (layout)(how + 1)) {
        assert_true(growth(&multiplied, how) > 1);
        for (int v = 0; v < 2; v++) assert_true(growth(&joint[v], how) < 0.25);
    }
}

/* The start and three passes before the first iteration, three for the last visit. */
static void joint_updates_read_X_once_an_iteration(void **state)
{
    (void)state;
    const problem what = {"parts", fill_parts, 70, 90, 5};
    for (int64_t v = 0; v < COUNT(variants); v++)
        for (layout how = BY_ROWS; how <= BY_COLUMNS; how = (layout)(how + 1)) {
            if (variants[v].solver != NMF_SOLVER_JMM || variants[v].loss == NMF_LOSS_IS) continue;
            nmf_matrix *X = matrix_of(&what, NMF_F32, how);
            nmf_options options = options_of(what.k, &variants[v]);
            options.init = NMF_INIT_RANDOM;
            options.tol = 0;
            options.max_iter = 25;
            nmf_model *model = fit(X, &options);
            const nmf_model_content *c = nmf_model_view(model);
            assert_int_equal(c->iterations, 25);
            for (int64_t t = 0; t + 1 < c->trace_count; t++)
                assert_int_equal(c->trace[t].passes, 3 + c->trace[t].iteration);
            assert_in_range(c->passes, 25 + 6, 25 + 7); /* a row of W may be looked at again */
            nmf_model_free(model);
            nmf_matrix_free(X);
        }
}

static void expect_refusal(const nmf_matrix *X, const nmf_options *options, const char *message)
{
    nmf_model *model = NULL;
    nmf_error error = {0};
    assert_int_not_equal(nmf_fit(X, options, &model, &error), NMF_OK);
    assert_null(model);
    assert_string_equal(error.message, message);
}

static void what_cannot_be_fitted_is_said_in_a_sentence(void **state)
{
    (void)state;
    const double values[] = {1, 2, 3, 4, 0, 6};
    nmf_matrix *X = matrix_from(values, 2, 3, NMF_F32, BY_ROWS);
    nmf_options options = options_of(1, &variants[2]);
    expect_refusal(X, &options,
                   "X[1,1] = 0: with beta = 0, entries must be > 0; add a small number to X or "
                   "choose a positive beta");
    options.loss = NMF_LOSS_KL;
    const nmf_options defaults = NMF_OPTIONS_INIT;
    options.beta = defaults.beta;
    options.solver = NMF_SOLVER_CD;
    expect_refusal(X, &options,
                   "solver = cd minimizes the frobenius loss only; loss kl "
                   "needs auto, mu, scd, jmm or incremental");
    options.loss = NMF_LOSS_IS;
    expect_refusal(X, &options,
                   "solver = cd minimizes the frobenius loss only; loss is needs auto, mu or jmm");
    nmf_matrix_free(X);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_are_finite_and_not_negative),
        cmocka_unit_test(the_error_is_the_divergence_of_WH_from_X),
        cmocka_unit_test(the_loss_never_rises),
        cmocka_unit_test(a_fit_goes_on_from_where_another_ended),
        cmocka_unit_test(zeros_of_a_given_start_do_not_hold_the_fit),
        cmocka_unit_test(stopped_is_the_reason),
        cmocka_unit_test(transform_of_the_fitted_data_is_its_W),
        cmocka_unit_test(a_row_alone_is_that_row_in_the_batch),
        cmocka_unit_test(fits_have_the_same_bits),
        cmocka_unit_test(storage_does_not_change_the_fit),
        cmocka_unit_test(a_long_fit_keeps_its_scales),
        cmocka_unit_test(every_joint_update_lowers_the_loss),
        cmocka_unit_test(joint_updates_make_no_copy_of_X),
        cmocka_unit_test(joint_updates_read_X_once_an_iteration),
        cmocka_unit_test(what_cannot_be_fitted_is_said_in_a_sentence),
    };
    return cmocka_run_group_tests(tests, fit_all, free_all);
}
