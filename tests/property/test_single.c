/* A fit in f64 that begins in f32 (fit/single.h) ends as one of f64: with residuals that f32 does not reach, with the loss
 * of the very pair that it returns, along a trace that does not rise where the arithmetic changes, and also where
 * f32 does not hold X. */
#include "support.h"

#include <math.h>
#include <stdlib.h>

static const problem parts = {"parts", fill_parts, 130, 90, 5};
static const layout layouts[] = {BY_ROWS, BY_COLUMNS, SPARSE_ROWS, SPARSE_COLUMNS};

static nmf_options strictly(nmf_loss loss, double tol)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = parts.k;
    options.loss = loss;
    options.tol = tol;
    options.max_iter = 20000;
    options.init = NMF_INIT_RANDOM;
    options.sketch = 0; /* which a dense X is fitted in first, where there is one */
    return options;
}

/* Half the squared distance, or D, in f64. */
static double loss_of(const nmf_matrix *X, const nmf_model_content *c)
{
    double *x = entries_of(X), *w = entries_of(c->W), *h = entries_of(c->H), sum = 0;
    for (int64_t i = 0; i < parts.m * parts.n; i++) {
        double v = 0;
        for (int64_t l = 0; l < parts.k; l++)
            v += w[i / parts.n * parts.k + l] * h[l * parts.n + i % parts.n];
        sum += c->options.loss == NMF_LOSS_FROBENIUS ? 0.5 * (x[i] - v) * (x[i] - v)
               : x[i] > 0                            ? x[i] * log(x[i] / v) - x[i] + v
                                                     : v;
    }
    free(x);
    free(w);
    free(h);
    return sum;
}

static void expect_end_in_f64(const nmf_matrix *X, nmf_loss loss)
{
    static const double least = 2e-7; /* of what f32 does not reach */
    const nmf_options options = strictly(loss, 1e-9);
    nmf_model *model = fit(X, &options);
    const nmf_model_content *c = nmf_model_view(model);
    const double by_hand = loss_of(X, c);
    assert_int_equal(nmf_matrix_dtype(c->W), NMF_F64);
    if (!(c->kkt <= least)) fail_msg("loss %d: residual %g", (int)loss, c->kkt);
    if (loss == NMF_LOSS_FROBENIUS) assert_true(kkt_residual(X, c->W, c->H) <= least);
    if (!(fabs(c->loss - by_hand) <= 1e-10 * by_hand))
        fail_msg("loss %.17g, by hand %.17g", c->loss, by_hand);
    for (int64_t t = 1; t < c->trace_count; t++)
        if (!(c->trace[t].loss <= c->trace[t - 1].loss * (1 + 1e-9)))
            fail_msg("line %lld of the trace rises from %.17g to %.17g", (long long)t,
                     c->trace[t - 1].loss, c->trace[t].loss);
    nmf_model_free(model);
}

static void a_fit_in_f64_ends_in_f64(void **state)
{
    (void)state;
    for (int64_t l = 0; l < COUNT(layouts); l++) {
        nmf_matrix *X = matrix_of(&parts, NMF_F64, layouts[l]);
        expect_end_in_f64(X, NMF_LOSS_FROBENIUS);
        expect_end_in_f64(X, NMF_LOSS_KL);
        nmf_matrix_free(X);
    }
}

/* Of an exact fit f32 soon says that nothing is left, and f64 finds what is. */
static void a_trace_falls_where_the_arithmetic_changes(void **state)
{
    static const problem exact = {"exact rank", fill_exact_rank, 60, 40, 3};
    (void)state;
    for (int64_t l = 0; l < COUNT(layouts); l++) {
        nmf_matrix *X = matrix_of(&exact, NMF_F64, layouts[l]);
        for (int64_t more = 0; more < 3; more++)
            for (int64_t seed = 0; seed < 8; seed++) {
                nmf_options options = NMF_OPTIONS_INIT;
                options.k = exact.k + more;
                options.seed = seed;
                options.init = seed % 2 ? NMF_INIT_RANDOM : NMF_INIT_AUTO;
                nmf_model *model = fit(X, &options);
                const nmf_model_content *c = nmf_model_view(model);
                const double rounding = 1e-12 * norm(X) * norm(X);
                for (int64_t t = 1; t < c->trace_count; t++)
                    if (!(c->trace[t].loss <= c->trace[t - 1].loss + rounding))
                        fail_msg(
                            "k = %lld, seed %lld: line %lld of the trace rises from %.17g to %.17g",
                            (long long)options.k, (long long)seed, (long long)t,
                            c->trace[t - 1].loss, c->trace[t].loss);
                nmf_model_free(model);
            }
        nmf_matrix_free(X);
    }
}

static void expect_units(layout lie, nmf_loss loss)
{
    static const double units[] = {1e-200, 1e-50, 1e-20, 1e20, 1e50, 1e140};
    nmf_matrix *X = matrix_of(&parts, NMF_F64, lie);
    const nmf_options options = strictly(loss, 1e-7);
    nmf_model *model = fit(X, &options);
    const double wanted = nmf_model_view(model)->relative_error;
    nmf_model_free(model);
    for (int64_t u = 0; u < COUNT(units); u++) {
        nmf_matrix *scaled = matrix_like(X, units[u], NMF_F64, lie);
        model = fit(scaled, &options);
        const nmf_model_content *c = nmf_model_view(model);
        if (!(fabs(c->relative_error - wanted) <= 1e-6 * wanted))
            fail_msg("times %g: relative error %.10g, in another unit %.10g", units[u],
                     c->relative_error, wanted);
        nmf_model_free(model);
        nmf_matrix_free(scaled);
    }
    nmf_matrix_free(X);
}

/* Entries that are 0 or infinite in f32, and such whose scale is. */
static void what_f32_does_not_hold_is_fitted_in_f64(void **state)
{
    (void)state;
    for (int64_t l = 0; l < COUNT(layouts); l++) {
        expect_units(layouts[l], NMF_LOSS_FROBENIUS);
        expect_units(layouts[l], NMF_LOSS_KL);
    }
}

/* Entries so far above the others that f32 does not tell these from 0. */
static void what_f32_loses_beside_the_largest_is_fitted_all_the_same(void **state)
{
    static const problem wide = {"wide range", fill_parts, 60, 40, 3};
    (void)state;
    nmf_matrix *plain = matrix_of(&wide, NMF_F64, BY_ROWS);
    double *const x = entries_of(plain);
    for (int64_t i = 0; i < wide.m / 2; i++)
        for (int64_t j = 0; j < wide.n; j++) x[i * wide.n + j] *= 1e-60;
    nmf_matrix *X = matrix_from(x, wide.m, wide.n, NMF_F64, BY_ROWS);
    for (int64_t k = 1; k <= wide.k; k++) {
        nmf_options options = strictly(NMF_LOSS_FROBENIUS, 1e-6);
        options.k = k;
        nmf_model *model = fit(X, &options);
        const nmf_model_content *c = nmf_model_view(model);
        const double truth = kkt_residual(X, c->W, c->H);
        if (c->stopped == NMF_STOPPED_CONVERGED ? !(c->kkt <= options.tol)
                                                : c->stopped != NMF_STOPPED_STALLED)
            fail_msg("k = %lld: residual %g, stopped %d", (long long)k, c->kkt, (int)c->stopped);
        if (!(fabs(c->kkt - truth) <= 1e-6 * truth + 1e-9))
            fail_msg("k = %lld: residual %g, by hand %g", (long long)k, c->kkt, truth);
        double *const w = entries_of(c->W);
        double small = 0;
        for (int64_t i = 0; i < wide.m / 2 * k; i++) small += w[i];
        assert_true(small > 0 && isfinite(small)); /* rows of tiny entries have their weights */
        free(w);
        nmf_model_free(model);
    }
    nmf_matrix_free(X);
    nmf_matrix_free(plain);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fit_in_f64_ends_in_f64),
        cmocka_unit_test(a_trace_falls_where_the_arithmetic_changes),
        cmocka_unit_test(what_f32_does_not_hold_is_fitted_in_f64),
        cmocka_unit_test(what_f32_loses_beside_the_largest_is_fitted_all_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
