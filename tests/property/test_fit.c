/* What every fit promises, on very different matrices, in both arithmetics, with each solver:
 * factors one can use, a loss that never rises, figures that are true, a reason for stopping that
 * is the reason. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const problem problems[] = {
    {"tall", fill_parts, 1500, 20, 4},
    {"wide", fill_parts, 20, 1500, 4},
    {"3 x 2", fill_random, 3, 2, 2},
    {"one component", fill_parts, 80, 60, 1},
    {"more components than rank", fill_exact_rank, 90, 70, 8},
    {"duplicated rows", fill_duplicates, 120, 50, 6},
    {"one huge entry", fill_spike, 80, 60, 4},
    {"times 1e-30", fill_tiny, 80, 60, 5},
    {"times 1e30", fill_huge, 80, 60, 5},
    {"99 % zeros", fill_sparse, 200, 150, 6},
    {"exact low rank", fill_exact_rank, 100, 80, 3},
    {"zero rows and columns", fill_holes, 100, 70, 6},
    {"ordinary, with a sketch", fill_parts, 240, 180, 7},
    {"random, with a sketch", fill_random, 300, 240, 8},
};
enum { PROBLEMS = sizeof problems / sizeof *problems, PRECISIONS = 2, SOLVERS = 3 };
enum { FITS = PROBLEMS * PRECISIONS * SOLVERS };

typedef struct fitted {
    char name[96];
    nmf_matrix *X;
    nmf_model *model;
    double size; /* |X| */
} fitted;

static int fit_all(void **state)
{
    static const char *const solvers[] = {NMF_SOLVER_NAMES};
    fitted *all = calloc(FITS, sizeof *all), *next = all;
    for (int p = 0; all && p < PROBLEMS; p++)
        for (int f64 = 0; f64 < PRECISIONS; f64++)
            for (int solver = 0; solver < SOLVERS; solver++, next++) {
                nmf_options options = NMF_OPTIONS_INIT;
                options.k = problems[p].k;
                options.solver = (nmf_solver)solver;
                snprintf(next->name, sizeof next->name, "%s, %s, %s", problems[p].name,
                         f64 ? "f64" : "f32", solvers[solver]);
                next->X = matrix_of(&problems[p], f64 ? NMF_F64 : NMF_F32, BY_ROWS);
                next->model = fit(next->X, &options);
                next->size = norm(next->X);
            }
    *state = all;
    return all ? 0 : -1;
}

static int free_all(void **state)
{
    fitted *all = *state;
    for (int i = 0; i < FITS; i++) {
        nmf_matrix_free(all[i].X);
        nmf_model_free(all[i].model);
    }
    free(all);
    return 0;
}

static void factors_are_finite_and_not_negative(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < FITS; f++) expect_factors(all[f].model, all[f].name);
}

/* A loss is 1/2 |X|^2 - <X, WH> + 1/2 |WH|^2. Each term is a sum of at most m + n + 2k additions
 * deep of numbers >= 0, so it is off by no more than that many roundings of itself, and together
 * the terms are at most 1/2 (|X| + |WH|)^2 with |WH| <= |X| + sqrt(2 loss). Two losses are
 * compared. */
static double loss_rounding(const fitted *f, double loss)
{
    const nmf_model_content *c = nmf_model_view(f->model);
    const double depth = (double)(c->samples + c->features + 2 * c->k);
    const double most = 2 * f->size + sqrt(2 * fmax(loss, 0));
    return depth * rounding_of(f->model) * most * most;
}

static void the_loss_never_rises(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < FITS; f++) {
        const nmf_model_content *c = nmf_model_view(all[f].model);
        assert_true(c->trace_count > 0);
        for (int64_t t = 1; t < c->trace_count; t++) {
            const double before = c->trace[t - 1].loss, now = c->trace[t].loss;
            if (!(now <= before + loss_rounding(&all[f], before)))
                fail_msg("%s: %.17g, then %.17g in line %lld", all[f].name, before, now,
                         (long long)t);
        }
    }
}

/* No sketch may lose what the caller had. */
static void a_fit_goes_on_from_where_another_ended(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < FITS; f++) {
        const nmf_model_content *c = nmf_model_view(all[f].model);
        nmf_model *further = fit_further(all[f].X, c, 5);
        const nmf_model_content *then = nmf_model_view(further);
        for (int64_t t = 0; t < then->trace_count; t++)
            if (!(then->trace[t].loss <= c->loss + loss_rounding(&all[f], c->loss)))
                fail_msg("%s: %.17g, then %.17g in line %lld", all[f].name, c->loss,
                         then->trace[t].loss, (long long)t);
        nmf_model_free(further);
    }
}

static void the_trace_counts_upwards(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < FITS; f++) {
        const nmf_model_content *c = nmf_model_view(all[f].model);
        const nmf_trace_point *last = &c->trace[c->trace_count - 1];
        for (int64_t t = 1; t < c->trace_count; t++) {
            assert_int_equal(c->trace[t].iteration, t + 1);
            assert_true(c->trace[t].passes > c->trace[t - 1].passes);
            assert_true(c->trace[t].seconds >= c->trace[t - 1].seconds);
        }
        assert_int_equal(last->iteration, c->iterations);
        assert_int_equal(last->passes, c->passes);
        assert_memory_equal(&last->loss, &c->loss, sizeof c->loss);
        assert_true(last->seconds <= c->seconds);
    }
}

/* An entry of WH is a sum of k products in the model's arithmetic; it is subtracted and squared in
 * f64, here and there, and each sum of m n squares has the rounding of f64. */
static void the_error_is_the_distance_of_WH_from_X(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < FITS; f++) {
        const nmf_model_content *c = nmf_model_view(all[f].model);
        const double truth = distance(all[f].X, c->W, c->H), size = all[f].size;
        const double sums = (double)(c->samples * c->features) * DBL_EPSILON * truth;
        const double rounding =
            (double)(c->k + 2) * rounding_of(all[f].model) * (size + truth) + sums;
        if (!(fabs(c->error - truth) <= rounding))
            fail_msg("%s: error %.17g, but |X - WH| = %.17g", all[f].name, c->error, truth);
        assert_true(fabs(c->relative_error - c->error / size) <= 1e-12);
        assert_true(fabs(c->loss - 0.5 * c->error * c->error) <= 1e-12 * c->loss);
    }
}

static void the_kkt_residual_is_that_of_the_factors(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < FITS; f++) {
        const nmf_model_content *c = nmf_model_view(all[f].model);
        const double truth = kkt_residual(all[f].X, c->W, c->H);
        if (!(fabs(c->kkt - truth) <= 1e-6 * truth + kkt_rounding(all[f].model)))
            fail_msg("%s: kkt %.6g, but %.6g by its definition", all[f].name, c->kkt, truth);
    }
}

static void stopped_is_the_reason(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < FITS; f++) {
        const nmf_model_content *c = nmf_model_view(all[f].model);
        const int by_cd = c->options.solver == NMF_SOLVER_CD; /* its tol is another measure */
        if (c->stopped == NMF_STOPPED_MAX_ITER)
            assert_int_equal(c->iterations, c->options.max_iter);
        else
            assert_true(c->stopped == NMF_STOPPED_CONVERGED || c->stopped == NMF_STOPPED_STALLED);
        if (c->stopped == NMF_STOPPED_CONVERGED && !by_cd && !(c->kkt <= c->options.tol))
            fail_msg("%s: converged, but the residual is %g", all[f].name, c->kkt);
        if (c->stopped == NMF_STOPPED_STALLED && !by_cd && c->kkt <= c->options.tol)
            fail_msg("%s: stalled, but the residual is %g", all[f].name, c->kkt);
    }
}

static void the_default_fit_ends_by_itself(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < FITS; f++) {
        const nmf_model_content *c = nmf_model_view(all[f].model);
        if (c->options.solver == NMF_SOLVER_AUTO && c->stopped == NMF_STOPPED_MAX_ITER)
            fail_msg("%s: not done after %lld iterations", all[f].name, (long long)c->iterations);
    }
}

static void converged_means_a_residual_below_tol(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < FITS; f++) {
        const nmf_model_content *c = nmf_model_view(all[f].model);
        if (c->stopped != NMF_STOPPED_CONVERGED || c->options.solver == NMF_SOLVER_CD) continue;
        const double truth = kkt_residual(all[f].X, c->W, c->H);
        if (!(truth <= c->options.tol + kkt_rounding(all[f].model)))
            fail_msg("%s: converged, but the residual is %g", all[f].name, truth);
    }
}

/* An exact factorization exists and must be found; the best rank-5 fit is at least as good as the
 * parts. */
static void fits_are_good(void **state)
{
    const fitted *all = *state;
    for (int f = 0; f < FITS; f++) {
        const nmf_model_content *c = nmf_model_view(all[f].model);
        const int exact = strncmp(all[f].name, "exact low rank", 14) == 0;
        const int parts = strncmp(all[f].name, "times", 5) == 0;
        const double most = exact ? 5e-3 : parts ? 0.05 : 1.0;
        if (!(c->relative_error <= most))
            fail_msg("%s: relative error %g", all[f].name, c->relative_error);
    }
}

/* Squares of such entries are 0 or infinite, and yet the fit is that of the same data in a plain
 * unit: a power of 4 rounds nothing. */
static void units_beyond_the_arithmetic_are_fitted_as_any(void **state)
{
    (void)state;
    static const struct {
        nmf_dtype dtype;
        double unit;
    } cases[] = {
        {NMF_F32, 0x1p-100}, {NMF_F32, 0x1p+100}, {NMF_F64, 0x1p-564}, {NMF_F64, 0x1p+532}};
    const problem parts_problem = {"parts", fill_parts, 80, 60, 5};
    nmf_matrix *parts = matrix_of(&parts_problem, NMF_F64, BY_ROWS);
    for (int64_t u = 0; u < COUNT(cases); u++)
        for (int solver = 0; solver < SOLVERS; solver++) {
            nmf_options options = NMF_OPTIONS_INIT;
            options.k = parts_problem.k;
            options.solver = (nmf_solver)solver;
            nmf_matrix *plain = matrix_like(parts, 1, cases[u].dtype, BY_ROWS);
            nmf_matrix *X = matrix_like(parts, cases[u].unit, cases[u].dtype, BY_ROWS);
            nmf_model *wanted = NULL, *model = NULL;
            assert_int_equal(nmf_fit(plain, &options, &wanted, NULL), NMF_OK);
            assert_int_equal(nmf_fit(X, &options, &model, NULL), NMF_OK);
            const nmf_model_content *c = nmf_model_view(model);
            const double error = nmf_model_view(wanted)->relative_error;
            nmf_matrix *back = matrix_like(X, 1 / cases[u].unit, NMF_F64, BY_ROWS);
            nmf_matrix *H = matrix_like(c->H, 1 / cases[u].unit, NMF_F64, BY_ROWS);
            const double truth = distance(back, c->W, H) / norm(back);
            if (!(fabs(c->relative_error - error) <= 1e-12 && fabs(error - truth) <= 1e-6))
                fail_msg("times %g, solver %d: relative error %g, reported %g, in a plain unit %g",
                         cases[u].unit, solver, truth, c->relative_error, error);
            nmf_matrix_free(H);
            nmf_matrix_free(back);
            nmf_model_free(model);
            nmf_model_free(wanted);
            nmf_matrix_free(X);
            nmf_matrix_free(plain);
        }
    nmf_matrix_free(parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_are_finite_and_not_negative),
        cmocka_unit_test(the_loss_never_rises),
        cmocka_unit_test(a_fit_goes_on_from_where_another_ended),
        cmocka_unit_test(the_trace_counts_upwards),
        cmocka_unit_test(the_error_is_the_distance_of_WH_from_X),
        cmocka_unit_test(the_kkt_residual_is_that_of_the_factors),
        cmocka_unit_test(stopped_is_the_reason),
        cmocka_unit_test(the_default_fit_ends_by_itself),
        cmocka_unit_test(converged_means_a_residual_below_tol),
        cmocka_unit_test(fits_are_good),
        cmocka_unit_test(units_beyond_the_arithmetic_are_fitted_as_any),
    };
    return cmocka_run_group_tests(tests, fit_all, free_all);
}
