/* Who stops a fit: its limits, its caller, or several starts of which the best is kept. Whatever
 * stops it, the best result so far is returned. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <pthread.h>

static const problem parts = {"parts", fill_parts, 120, 90, 7};

static nmf_options options_of_parts(void)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = parts.k;
    options.init = NMF_INIT_NNDSVDA; /* one start, not the best of several */
    options.sketch = 0;              /* each iteration reads X and has its line in the trace */
    options.tol = 0;
    options.max_iter = 40;
    return options;
}

static void expect_best_of_trace(const nmf_model_content *c, double slack)
{
    for (int64_t t = 0; t < c->trace_count; t++)
        if (!(c->loss <= c->trace[t].loss * (1 + slack)))
            fail_msg("the result's loss is %.17g; line %lld had %.17g", c->loss, (long long)t,
                     c->trace[t].loss);
}

static void max_iter_is_obeyed(void **state)
{
    nmf_options options = options_of_parts();
    for (int solver = 0; solver < 3; solver++)
        for (options.max_iter = 1; options.max_iter <= 4; options.max_iter++) {
            options.solver = (nmf_solver)solver;
            nmf_model *model = fit(*state, &options);
            const nmf_model_content *c = nmf_model_view(model);
            assert_int_equal(c->iterations, options.max_iter);
            assert_int_equal(c->trace_count, options.max_iter);
            assert_int_equal(c->stopped, NMF_STOPPED_MAX_ITER);
            expect_best_of_trace(c, 1e-9);
            nmf_model_free(model);
        }
}

static void the_time_limit_is_obeyed(void **state)
{
    nmf_options options = options_of_parts();
    for (int solver = 0; solver < 3; solver++)
        for (int starts = 1; starts <= 3; starts += 2) {
            options.solver = (nmf_solver)solver;
            options.starts = starts;
            options.init = NMF_INIT_RANDOM;
            options.time_limit_seconds = 1e-9; /* over before the first iteration ends */
            nmf_model *model = fit(*state, &options);
            const nmf_model_content *c = nmf_model_view(model);
            assert_int_equal(c->iterations, 1);
            assert_int_equal(c->stopped, NMF_STOPPED_TIME_LIMIT);
            expect_best_of_trace(c, 1e-9);
            nmf_model_free(model);
        }
}

/* --- exact fits
 * ------------------------------------------------------------------------------------- */

/* Where all of X is explained the gradient is within tol of X H' long before the error has come to
 * rest. The loss, a sum of rounded parts whose errors mostly cancel, tells errors apart down to
 * this. */
static void an_exact_fit_goes_on_until_its_error_is_rounding(void **state)
{
    (void)state;
    static const problem problems[] = {{"exact", fill_exact_rank, 100, 80, 3},
                                       {"exact, in a sketch", fill_exact_rank, 300, 200, 3}};
    for (int64_t p = 0; p < COUNT(problems); p++)
        for (int f64 = 0; f64 < 2; f64++) {
            nmf_matrix *X = matrix_of(&problems[p], f64 ? NMF_F64 : NMF_F32, BY_ROWS);
            nmf_options options = NMF_OPTIONS_INIT;
            options.k = problems[p].k;
            options.init = NMF_INIT_RANDOM;
            for (options.seed = 0; options.seed < 5; options.seed++) {
                nmf_model *model = fit(X, &options);
                const nmf_model_content *c = nmf_model_view(model);
                const double rounding = f64 ? DBL_EPSILON : (double)FLT_EPSILON;
                assert_int_equal(c->stopped, NMF_STOPPED_CONVERGED);
                if (!(c->relative_error <= sqrt(0.02 * rounding)))
                    fail_msg("%s, %s, seed %lld: relative error %g", problems[p].name,
                             f64 ? "f64" : "f32", (long long)options.seed, c->relative_error);
                nmf_model_free(model);
            }
            nmf_matrix_free(X);
        }
}

/* --- the progress callback
 * -------------------------------------------------------------------------- */

typedef struct watcher {
    nmf_trace_point seen[64];
    int64_t count, stop_after;
    int wrong_thread;
    pthread_t caller;
} watcher;

static int watch(const nmf_trace_point *point, void *context)
{
    watcher *w = context;
    if (w->count < COUNT(w->seen)) w->seen[w->count] = *point;
    w->wrong_thread |= !pthread_equal(pthread_self(), w->caller);
    return ++w->count == w->stop_after;
}

static nmf_model *watched_fit(const nmf_matrix *X, nmf_options options, watcher *w)
{
    w->caller = pthread_self();
    options.progress = watch;
    options.progress_context = w;
    return fit(X, &options);
}

static void the_callback_sees_each_line_of_the_trace(void **state)
{
    nmf_options options = options_of_parts();
    options.threads = 3;
    for (int solver = 0; solver < 3; solver++) {
        watcher w = {.stop_after = -1};
        options.solver = (nmf_solver)solver;
        nmf_model *model = watched_fit(*state, options, &w);
        const nmf_model_content *c = nmf_model_view(model);
        assert_false(w.wrong_thread);
        assert_int_equal(w.count, c->iterations);
        assert_int_equal(w.count, c->trace_count);
        for (int64_t t = 0; t < w.count - 1;
             t++) /* the last line is replaced by the exact figures */
            assert_memory_equal(&w.seen[t], &c->trace[t], sizeof(nmf_trace_point));
        nmf_model_free(model);
    }
}

static void a_callback_that_says_stop_gets_the_best_so_far(void **state)
{
    nmf_options options = options_of_parts();
    for (int solver = 0; solver < 3; solver++)
        for (int64_t after = 1; after <= 25; after += 8) {
            watcher w = {.stop_after = after};
            options.solver = (nmf_solver)solver;
            nmf_model *model = watched_fit(*state, options, &w);
            const nmf_model_content *c = nmf_model_view(model);
            assert_int_equal(c->stopped, NMF_STOPPED_INTERRUPTED);
            assert_int_equal(c->iterations, after);
            assert_int_equal(w.count, after);
            expect_best_of_trace(c, 1e-9);
            nmf_model_free(model);
        }
}

/* Before the first iteration on X there is no line of a trace yet, but there is a result. */
static void a_fit_in_its_sketch_can_be_stopped_too(void **state)
{
    const problem large = {"large", fill_parts, 300, 200, 5};
    (void)state;
    nmf_matrix *X = matrix_of(&large, NMF_F64, BY_ROWS);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = large.k;
    options.sketch = 20;
    for (int64_t after = 1; after <= 9; after += 4) {
        watcher w = {.stop_after = after};
        nmf_model *model = watched_fit(X, options, &w);
        const nmf_model_content *c = nmf_model_view(model);
        assert_int_equal(c->stopped, NMF_STOPPED_INTERRUPTED);
        assert_int_equal(w.count, after);
        assert_false(w.wrong_thread);
        assert_true(c->relative_error < 0.5);
        assert_true(fabs(c->error - distance(X, c->W, c->H)) <= 1e-9 * norm(X));
        nmf_model_free(model);
    }
    options.time_limit_seconds = 1e-9;
    nmf_model *model = fit(X, &options);
    assert_int_equal(nmf_model_view(model)->stopped, NMF_STOPPED_TIME_LIMIT);
    assert_true(nmf_model_view(model)->relative_error < 0.5);
    nmf_model_free(model);
    nmf_matrix_free(X);
}

static void stopping_a_later_start_keeps_the_best_of_all(void **state)
{
    nmf_options options = options_of_parts();
    options.init = NMF_INIT_RANDOM;
    options.starts = 3;
    options.max_iter = 10;
    watcher w = {.stop_after = 11}; /* the first iteration of the second start */
    nmf_model *model = watched_fit(*state, options, &w);
    const nmf_model_content *c = nmf_model_view(model);
    assert_int_equal(c->stopped, NMF_STOPPED_INTERRUPTED);
    assert_int_equal(c->winning_seed, 0);
    assert_int_equal(c->iterations, 10);
    expect_best_of_trace(c, 1e-9);
    nmf_model_free(model);
}

/* --- several starts
 * --------------------------------------------------------------------------------- */

static void several_starts_give_the_best_of_them(void **state)
{
    nmf_options options = options_of_parts();
    options.init = NMF_INIT_RANDOM;
    options.seed = 5;
    double lowest = INFINITY;
    uint64_t best = 0;
    nmf_model *alone[4];
    for (int s = 0; s < 4; s++) {
        nmf_options one = options;
        one.seed += s;
        alone[s] = fit(*state, &one);
        const double loss = nmf_model_view(alone[s])->loss;
        if (loss < lowest) best = (uint64_t)s;
        lowest = fmin(lowest, loss);
    }
    options.starts = 4;
    nmf_model *model = fit(*state, &options);
    const nmf_model_content *c = nmf_model_view(model);
    assert_int_equal(c->winning_seed, 5 + best);
    const nmf_model_content *winner = nmf_model_view(alone[best]);
    expect_same_entries(c->W, winner->W);
    expect_same_entries(c->H, winner->H);
    assert_int_equal(c->iterations, winner->iterations);
    for (int s = 0; s < 4; s++) nmf_model_free(alone[s]);
    nmf_model_free(model);
}

static void a_seed_is_a_start(void **state)
{
    nmf_options options = options_of_parts();
    options.init = NMF_INIT_RANDOM;
    options.max_iter = 3;
    nmf_model *first = fit(*state, &options), *again = fit(*state, &options);
    options.seed = 1;
    nmf_model *other = fit(*state, &options);
    expect_same_model(first, again);
    assert_true(nmf_model_view(first)->loss != nmf_model_view(other)->loss);
    nmf_model_free(first);
    nmf_model_free(again);
    nmf_model_free(other);
}

static int make(void **state)
{
    *state = matrix_of(&parts, NMF_F64, BY_ROWS);
    return 0;
}

static int unmake(void **state)
{
    nmf_matrix_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(max_iter_is_obeyed),
        cmocka_unit_test(the_time_limit_is_obeyed),
        cmocka_unit_test(an_exact_fit_goes_on_until_its_error_is_rounding),
        cmocka_unit_test(the_callback_sees_each_line_of_the_trace),
        cmocka_unit_test(a_callback_that_says_stop_gets_the_best_so_far),
        cmocka_unit_test(a_fit_in_its_sketch_can_be_stopped_too),
        cmocka_unit_test(stopping_a_later_start_keeps_the_best_of_all),
        cmocka_unit_test(several_starts_give_the_best_of_them),
        cmocka_unit_test(a_seed_is_a_start),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
