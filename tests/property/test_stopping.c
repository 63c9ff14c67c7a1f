/* Who stops a fit: its limits, its caller, or several starts of which the best is kept. Whatever
 * stops it, the best result so far is returned. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

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

static void the_loss_in_a_sketch_is_that_of_the_fit_or_unknown(void **state)
{
    const problem large = {"large", fill_parts, 300, 200, 5};
    const nmf_loss losses[] = {NMF_LOSS_FROBENIUS, NMF_LOSS_KL, NMF_LOSS_BETA};
    (void)state;
    nmf_matrix *X = matrix_of(&large, NMF_F64, BY_ROWS);
    const double rounding = 1e-6 * norm(X) * norm(X);
    for (size_t l = 0; l < COUNT(losses); l++) {
        nmf_options options = NMF_OPTIONS_INIT;
        options.k = large.k;
        options.sketch = 20;
        options.loss = losses[l];
        if (losses[l] == NMF_LOSS_BETA) options.beta = 1.5;
        watcher w = {.stop_after = -1};
        nmf_model *model = watched_fit(X, options, &w);
        const double end = nmf_model_view(model)->loss;
        int64_t in_sketch = 0;
        for (int64_t i = 0; i < w.count && i < (int64_t)COUNT(w.seen); i++) {
            if (w.seen[i].iteration > 0) continue;
            in_sketch++;
            if (losses[l] == NMF_LOSS_FROBENIUS)
                assert_true(w.seen[i].loss >= end - rounding); /* estimated, in f32 */
            else
                assert_true(isnan(w.seen[i].loss));
        }
        assert_true(in_sketch > 0);
        nmf_model_free(model);
    }
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

/* --- in the middle of a pass ------------------------------------------------------------------ */

/* Rows that take their time: a reading of X lasts as long as `rows` naps, whatever the machine. */
typedef struct slow {
    int64_t rows, columns, quick; /* so many readings of a row at once, then naps */
    _Atomic int64_t read;
    struct timespec nap;
} slow;

static nmf_status read_slowly(void *context, int64_t first, int64_t count, void *rows,
                              nmf_error *error)
{
    slow *s = context;
    double *out = rows;
    (void)error;
    for (int64_t i = 0; i < count; i++) {
        if (s->read++ >= s->quick) nanosleep(&s->nap, NULL);
        for (int64_t j = 0; j < s->columns; j++)
            out[i * s->columns + j] =
                (double)(1 + (first + i) * 7 % 11 + j * 5 % 13 + (first + i) * j % 3);
    }
    return NMF_OK;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Half a second, and what a loaded machine takes for a nap and for waking. */
enum { LATE_PERCENT = 120 };
static const double late = LATE_PERCENT / 100.0;

static nmf_options slow_options(double limit)
{
    nmf_options options = options_of_parts();
    options.k = 3;
    options.threads = 1;
    options.block_rows = 32; /* that much is read at a time */
    options.time_limit_seconds = limit;
    return options;
}

static nmf_matrix *slow_matrix(slow *s)
{
    nmf_matrix *X = NULL;
    const nmf_row_reader rows = {.rows = s->rows,
                                 .columns = s->columns,
                                 .dtype = NMF_F64,
                                 .read = read_slowly,
                                 .context = s};
    assert_int_equal(nmf_matrix_from_rows(&rows, &X, NULL), NMF_OK);
    return X;
}

/* A reading takes 4 seconds. */
static void a_first_reading_is_left_when_the_time_is_over(void **state)
{
    (void)state;
    slow s = {.rows = 2000, .columns = 8, .nap = {0, 2000000}};
    nmf_matrix *X = slow_matrix(&s);
    const nmf_options options = slow_options(0.2);
    for (int pca = 0; pca < 2; pca++) {
        nmf_error error = {NMF_OK, ""};
        nmf_model *model = NULL;
        const double began = seconds_now();
        const nmf_status status = (pca ? nmf_pca : nmf_fit)(X, &options, &model, &error);
        assert_int_equal(status, NMF_ERROR_TIME_LIMIT);
        assert_null(model);
        assert_non_null(strstr(error.message, "the time limit of 0.2 s was over"));
        assert_true(seconds_now() - began < 0.2 + late);
    }
    nmf_matrix_free(X);
}

/* The start and the first iterations are quick; from then on a reading takes 4 seconds. */
static void an_iteration_is_left_when_the_time_is_over(void **state)
{
    (void)state;
    static const struct {
        nmf_loss loss;
        nmf_solver solver;
    } kinds[] = {{NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO},
                 {NMF_LOSS_FROBENIUS, NMF_SOLVER_CD},
                 {NMF_LOSS_KL, NMF_SOLVER_AUTO},
                 {NMF_LOSS_KL, NMF_SOLVER_MU},
                 {NMF_LOSS_IS, NMF_SOLVER_JMM}};
    for (int64_t i = 0; i < COUNT(kinds); i++) {
        slow s = {.rows = 2000, .columns = 8, .quick = 2000 * 12, .nap = {0, 2000000}};
        nmf_matrix *X = slow_matrix(&s);
        nmf_options options = slow_options(0.4);
        options.loss = kinds[i].loss;
        options.solver = kinds[i].solver;
        options.init = NMF_INIT_RANDOM;
        if (kinds[i].loss != NMF_LOSS_FROBENIUS) s.quick = 2000 * 14;
        const double began = seconds_now();
        nmf_model *model = fit(X, &options);
        const nmf_model_content *c = nmf_model_view(model);
        assert_true(seconds_now() - began < 0.4 + late);
        assert_int_equal(c->stopped, NMF_STOPPED_TIME_LIMIT);
        assert_true(c->iterations >= 1);
        expect_best_of_trace(c, 1e-9);
        if (kinds[i].loss ==
            NMF_LOSS_FROBENIUS) { /* what is said is of the pair that is returned */
            s.quick = INT64_MAX;
            assert_true(fabs(c->error - distance(X, c->W, c->H)) <= 1e-9 * norm(X));
            assert_true(fabs(c->loss - 0.5 * c->error * c->error) <= 1e-9 * c->loss);
        }
        nmf_model_free(model);
        nmf_matrix_free(X);
    }
}

typedef struct impatient {
    double since;
    int asked;
} impatient;

static int stop_soon(const nmf_trace_point *point, void *context)
{
    impatient *i = context;
    (void)point;
    i->asked++;
    return seconds_now() - i->since > 0.3;
}

/* By the callback, which is asked in the middle of a reading too. */
static void a_caller_is_heard_within_a_reading(void **state)
{
    (void)state;
    for (int pca = 0; pca < 2; pca++) {
        slow s = {.rows = 2000, .columns = 8, .nap = {0, 2000000}};
        nmf_matrix *X = slow_matrix(&s);
        nmf_options options = slow_options(0);
        nmf_error error = {NMF_OK, ""};
        nmf_model *model = NULL;
        impatient i = {seconds_now(), 0};
        options.progress = stop_soon;
        options.progress_context = &i;
        const nmf_status status = (pca ? nmf_pca : nmf_fit)(X, &options, &model, &error);
        assert_int_equal(status, NMF_ERROR_INTERRUPTED);
        assert_non_null(strstr(error.message, "interrupted"));
        assert_true(seconds_now() - i.since < 0.3 + late && i.asked >= 2);
        nmf_matrix_free(X);
    }
}

static void a_transform_can_be_stopped(void **state)
{
    (void)state;
    slow s = {.rows = 2000, .columns = 90, .nap = {0, 2000000}};
    nmf_options options = options_of_parts();
    nmf_model *model = fit(*state, &options);
    nmf_matrix *X = slow_matrix(&s), *W = NULL;
    nmf_error error = {NMF_OK, ""};
    options = slow_options(0.2);
    double began = seconds_now();
    assert_int_equal(nmf_transform(model, X, &options, &W, &error), NMF_ERROR_TIME_LIMIT);
    assert_non_null(strstr(error.message, "the time limit of 0.2 s was over before W was there"));
    assert_true(seconds_now() - began < 0.2 + late);
    impatient i = {seconds_now(), 0};
    options.time_limit_seconds = 0;
    options.progress = stop_soon;
    options.progress_context = &i;
    assert_int_equal(nmf_transform(model, X, &options, &W, &error), NMF_ERROR_INTERRUPTED);
    assert_true(seconds_now() - i.since < 0.3 + late);
    assert_null(W);
    nmf_matrix_free(X);
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
        cmocka_unit_test(the_loss_in_a_sketch_is_that_of_the_fit_or_unknown),
        cmocka_unit_test(stopping_a_later_start_keeps_the_best_of_all),
        cmocka_unit_test(a_first_reading_is_left_when_the_time_is_over),
        cmocka_unit_test(an_iteration_is_left_when_the_time_is_over),
        cmocka_unit_test(a_caller_is_heard_within_a_reading),
        cmocka_unit_test(a_transform_can_be_stopped),
        cmocka_unit_test(several_starts_give_the_best_of_them),
        cmocka_unit_test(a_seed_is_a_start),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
