/* A fit that goes on from a checkpoint ends with the very bits of one that was not cut short: wherever
 * it was cut, for every method, however X is stored, into whatever threads it is divided. And what is
 * no checkpoint of this fit is refused with a sentence. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

/* A checkpoint in memory; or all that a fit writes. */
typedef struct shelf {
    unsigned char *bytes;
    size_t count, at;
    int64_t written, wanted_number; /* only this one is kept; -1: the last */
    struct shelf *all; /* MOST of them, which are kept in turn, where this is not NULL */
    int fails;
} shelf;
enum { MOST = 2000 };

static nmf_status put(void *context, const nmf_checkpoint_piece *pieces, int64_t count,
                      nmf_error *error)
{
    shelf *s = context;
    if (s->fails) return nmf_fail(error, NMF_ERROR_FILE, "the shelf is full");
    if (s->all) {
        assert_in_range(s->written, 0, MOST - 1);
        return put(&s->all[s->written++], pieces, count, error);
    }
    if (s->written++ != s->wanted_number && s->wanted_number >= 0) return NMF_OK;
    size_t total = 0;
    for (int64_t i = 0; i < count; i++) total += pieces[i].bytes;
    free(s->bytes);
    s->bytes = malloc(total);
    assert_non_null(s->bytes);
    s->count = s->at = 0;
    for (int64_t i = 0; i < count; i++) {
        if (pieces[i].bytes > 0) memcpy(s->bytes + s->count, pieces[i].data, pieces[i].bytes);
        s->count += pieces[i].bytes;
    }
    return NMF_OK;
}

static nmf_status get(void *context, void *to, size_t bytes, nmf_error *error)
{
    shelf *s = context;
    if (bytes > s->count - s->at)
        return nmf_fail(error, NMF_ERROR_FORMAT, "it ends after %zu bytes", s->count);
    if (bytes > 0) memcpy(to, s->bytes + s->at, bytes);
    s->at += bytes;
    return NMF_OK;
}

static nmf_checkpoints onto(shelf *s)
{
    const nmf_checkpoints hook = {.struct_bytes = sizeof hook, .context = s, .write = put};
    return hook;
}

static nmf_checkpoints out_of(shelf *s)
{
    const nmf_checkpoints hook = {.struct_bytes = sizeof hook, .context = s, .read = get};
    s->at = 0;
    return hook;
}

/* --- the same bits ----------------------------------------------------------------------------- */

typedef struct way {
    const char *name;
    nmf_options options;
    layout how;
    nmf_dtype dtype;
    int holes; /* some entries are missing */
} way;

static nmf_matrix *data_of(const way *w)
{
    static const problem parts = {"parts", fill_parts, 120, 90, 6};
    nmf_matrix *X = matrix_of(&parts, w->dtype, w->how);
    if (!w->holes) return X;
    nmf_matrix *weights = NULL;
    nmf_error error;
    assert_int_equal(nmf_matrix_new(NMF_U8, parts.m, parts.n, &weights, &error), NMF_OK);
    uint8_t *entry = nmf_matrix_writable(weights);
    for (int64_t i = 0; i < parts.m * parts.n; i++) entry[i] = i % 11 != 3;
    assert_int_equal(nmf_matrix_set_weights(X, weights, &error), NMF_OK);
    return X;
}

/* Every checkpoint that a fit writes: how many, in all[0] to all[MOST - 1]. */
static int64_t checkpoints_of(const nmf_matrix *X, nmf_options options, shelf *all)
{
    for (int64_t i = 0; i < MOST; i++) all[i] = (shelf){.wanted_number = -1};
    shelf s = {.all = all};
    const nmf_checkpoints hook = onto(&s);
    options.checkpoints = &hook;
    nmf_model_free(fit(X, &options));
    return s.written;
}

/* Gone on with, divided otherwise. */
static nmf_model *resumed_from(shelf *s, const nmf_matrix *X, nmf_options options)
{
    const nmf_checkpoints hook = out_of(s);
    options.checkpoints = &hook;
    options.threads = 3;
    options.block_rows = 16;
    nmf_model *resumed = fit(X, &options);
    assert_int_equal(s->at, s->count);
    return resumed;
}

static void expect_same_end(const way *w)
{
    static shelf all[MOST];
    nmf_matrix *X = data_of(w);
    nmf_model *whole = fit(X, &w->options);
    const int64_t written = checkpoints_of(X, w->options, all);
    const int64_t cuts[] = {0, 2, written / 2, written - 1};
    if (written < 4) fail_msg("%s: only %lld checkpoints", w->name, (long long)written);
    for (int64_t c = 0; c < COUNT(cuts); c++) {
        nmf_model *resumed = resumed_from(&all[cuts[c]], X, w->options);
        expect_same_model(whole, resumed);
        nmf_model_free(resumed);
    }
    for (int64_t i = 0; i < written; i++) free(all[i].bytes);
    nmf_model_free(whole);
    nmf_matrix_free(X);
}

static nmf_options plainly(nmf_solver solver, nmf_loss loss)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = 6;
    options.solver = solver;
    options.loss = loss;
    options.max_iter = 40;
    options.tol = 1e-5;
    return options;
}

static nmf_options with(nmf_options options, int64_t sketch, int64_t starts, nmf_init init)
{
    options.sketch = sketch;
    options.starts = starts;
    options.init = init;
    return options;
}

/* So far that a fit in f64 comes to the iterations that are in f64 too. */
static nmf_options strictly(nmf_options options, double tol)
{
    options.tol = tol;
    options.max_iter = 500;
    return options;
}

static void resumed_fits_end_with_the_same_bits(void **state)
{
    (void)state;
    const nmf_options frobenius = plainly(NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS);
    const nmf_options kl = plainly(NMF_SOLVER_AUTO, NMF_LOSS_KL);
    const way ways[] = {
        {"hals by rows", with(frobenius, 0, 1, NMF_INIT_NNDSVDA), BY_ROWS, NMF_F32, 0},
        {"hals by columns", with(frobenius, 0, 1, NMF_INIT_RANDOM), BY_COLUMNS, NMF_F64, 0},
        {"hals of csr", with(frobenius, 0, 1, NMF_INIT_RANDOM), SPARSE_ROWS, NMF_F32, 0},
        {"hals of csc", with(frobenius, 0, 1, NMF_INIT_RANDOM), SPARSE_COLUMNS, NMF_U8, 0},
        {"sketch", with(frobenius, 24, 1, NMF_INIT_AUTO), BY_ROWS, NMF_U8, 0},
        {"sketch by columns", with(frobenius, 24, 1, NMF_INIT_AUTO), BY_COLUMNS, NMF_F32, 0},
        {"sketch, starts", with(frobenius, 24, 3, NMF_INIT_RANDOM), BY_ROWS, NMF_F32, 0},
        {"sketch of f64", with(frobenius, 8, 3, NMF_INIT_RANDOM), BY_ROWS, NMF_F64, 0},
        {"hals of csr in f64", strictly(frobenius, 1e-7), SPARSE_ROWS, NMF_F64, 0},
        {"hals of csc in f64, starts", strictly(with(frobenius, 0, 3, NMF_INIT_RANDOM), 1e-5),
         SPARSE_COLUMNS, NMF_F64, 0},
        {"starts", with(frobenius, 0, 3, NMF_INIT_RANDOM), BY_ROWS, NMF_F32, 0},
        {"all left open", frobenius, BY_ROWS, NMF_U8, 0},
        {"hals, plain", plainly(NMF_SOLVER_HALS, NMF_LOSS_FROBENIUS), BY_ROWS, NMF_F32, 0},
        {"cd", plainly(NMF_SOLVER_CD, NMF_LOSS_FROBENIUS), BY_ROWS, NMF_F64, 0},
        {"cd by columns", plainly(NMF_SOLVER_CD, NMF_LOSS_FROBENIUS), BY_COLUMNS, NMF_F64, 0},
        {"mu", plainly(NMF_SOLVER_MU, NMF_LOSS_KL), BY_ROWS, NMF_F64, 0},
        {"mu, frobenius", plainly(NMF_SOLVER_MU, NMF_LOSS_FROBENIUS), BY_ROWS, NMF_F32, 0},
        {"kl", with(kl, 0, 1, NMF_INIT_NNDSVDA), BY_ROWS, NMF_F32, 0},
        {"kl, sketch", with(kl, 20, 1, NMF_INIT_AUTO), BY_ROWS, NMF_U8, 0},
        {"kl, sketch of f64", with(kl, 8, 1, NMF_INIT_AUTO), BY_ROWS, NMF_F64, 0},
        {"kl, starts", with(kl, 0, 3, NMF_INIT_RANDOM), BY_ROWS, NMF_F32, 0},
        {"kl of csr", kl, SPARSE_ROWS, NMF_F32, 0},
        {"kl of csr in f64", strictly(kl, 1e-7), SPARSE_ROWS, NMF_F64, 0},
        {"kl of csc in f64, starts", strictly(with(kl, 0, 3, NMF_INIT_RANDOM), 1e-5),
         SPARSE_COLUMNS, NMF_F64, 0},
        {"scd", plainly(NMF_SOLVER_SCD, NMF_LOSS_KL), BY_COLUMNS, NMF_F32, 0},
        {"beta 1.5", plainly(NMF_SOLVER_AUTO, NMF_LOSS_BETA), BY_ROWS, NMF_F32, 0},
        {"jmm, kl", plainly(NMF_SOLVER_JMM, NMF_LOSS_KL), BY_ROWS, NMF_F32, 0},
        {"jmm by columns", plainly(NMF_SOLVER_JMM, NMF_LOSS_KL), BY_COLUMNS, NMF_F32, 0},
        {"jmm of csr", plainly(NMF_SOLVER_JMM, NMF_LOSS_KL), SPARSE_ROWS, NMF_F32, 0},
        {"incremental", plainly(NMF_SOLVER_INCREMENTAL, NMF_LOSS_FROBENIUS), BY_ROWS, NMF_F32, 0},
        {"incremental by columns", plainly(NMF_SOLVER_INCREMENTAL, NMF_LOSS_FROBENIUS), BY_COLUMNS,
         NMF_F32, 0},
        {"incremental of csr", plainly(NMF_SOLVER_INCREMENTAL, NMF_LOSS_FROBENIUS), SPARSE_ROWS,
         NMF_U8, 0},
        {"incremental, kl", plainly(NMF_SOLVER_INCREMENTAL, NMF_LOSS_KL), BY_COLUMNS, NMF_F32, 0},
        {"incremental, kl of csr", plainly(NMF_SOLVER_INCREMENTAL, NMF_LOSS_KL), SPARSE_ROWS,
         NMF_F32, 0},
        {"holes", plainly(NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS), BY_ROWS, NMF_F32, 1},
        {"holes, kl", plainly(NMF_SOLVER_AUTO, NMF_LOSS_KL), BY_ROWS, NMF_F32, 1},
    };
    for (int64_t i = 0; i < COUNT(ways); i++) {
        way w = ways[i];
        if (w.options.loss == NMF_LOSS_BETA) w.options.beta = 1.5;
        expect_same_end(&w);
    }
}

/* Stopped by the caller, whatever happens to the result then. */
typedef struct patience {
    int64_t left;
} patience;

static int stop_soon(const nmf_trace_point *point, void *context)
{
    patience *p = context;
    (void)point;
    return p->left-- <= 0;
}

static void a_fit_that_is_stopped_goes_on_as_if_it_had_not_been(void **state)
{
    (void)state;
    static const problem parts = {"parts", fill_parts, 120, 90, 6};
    nmf_matrix *X = matrix_of(&parts, NMF_F32, BY_ROWS);
    const nmf_options all[] = {
        with(plainly(NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS), 24, 3, NMF_INIT_RANDOM),
        with(plainly(NMF_SOLVER_AUTO, NMF_LOSS_KL), 0, 3, NMF_INIT_RANDOM),
        plainly(NMF_SOLVER_CD, NMF_LOSS_FROBENIUS), plainly(NMF_SOLVER_MU, NMF_LOSS_KL)};
    for (int64_t i = 0; i < COUNT(all); i++) {
        nmf_model *whole = fit(X, &all[i]);
        for (int64_t stop = 0; stop < 40; stop += 3) {
            shelf s = {.wanted_number = -1};
            patience p = {stop};
            nmf_checkpoints hook = onto(&s);
            nmf_options options = all[i];
            hook.every_seconds = 1e9; /* only since it stops */
            options.checkpoints = &hook;
            options.progress = stop_soon;
            options.progress_context = &p;
            nmf_model *part = fit(X, &options);
            const int was_stopped = nmf_model_view(part)->stopped == NMF_STOPPED_INTERRUPTED;
            nmf_model_free(part);
            assert_int_equal(s.written, was_stopped);
            if (!was_stopped) break;
            hook = out_of(&s);
            options.progress = NULL;
            nmf_model *resumed = fit(X, &options);
            expect_same_model(whole, resumed);
            nmf_model_free(resumed);
            free(s.bytes);
        }
        nmf_model_free(whole);
    }
    nmf_matrix_free(X);
}

/* --- refusals ---------------------------------------------------------------------------------- */

static void expect_refused(const nmf_matrix *X, nmf_options options, shelf *s, nmf_status status,
                           const char *words)
{
    nmf_model *model = NULL;
    nmf_error error = {NMF_OK, ""};
    const nmf_checkpoints hook = out_of(s);
    options.checkpoints = &hook;
    assert_int_equal(nmf_fit(X, &options, &model, &error), status);
    assert_null(model);
    if (!strstr(error.message, words)) fail_msg("\"%s\" lacks \"%s\"", error.message, words);
}

static void what_is_no_checkpoint_of_this_fit_is_refused(void **state)
{
    (void)state;
    static const problem parts = {"parts", fill_parts, 60, 40, 4},
                         others = {"others", fill_random, 60, 40, 4},
                         larger = {"larger", fill_parts, 61, 40, 4};
    nmf_matrix *X = matrix_of(&parts, NMF_F32, BY_ROWS), *Y = matrix_of(&others, NMF_F32, BY_ROWS),
               *Z = matrix_of(&larger, NMF_F32, BY_ROWS),
               *T = matrix_of(&parts, NMF_F32, BY_COLUMNS);
    nmf_options options = with(plainly(NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS), 0, 1, NMF_INIT_RANDOM);
    options.k = 4;
    shelf s = {.wanted_number = 3};
    nmf_checkpoints hook = onto(&s);
    options.checkpoints = &hook;
    nmf_model_free(fit(X, &options));
    expect_refused(Y, options, &s, NMF_ERROR_DATA, "of other data");
    expect_refused(Z, options, &s, NMF_ERROR_DATA, "60 samples x 40 features, and X has 61 x 40");
    expect_refused(T, options, &s, NMF_ERROR_ARGUMENT, "X stored as");
    nmf_options other = options;
    other.tol = 1e-3;
    expect_refused(X, other, &s, NMF_ERROR_ARGUMENT, "tol = 1e-05, and this one has tol = 0.001");
    other = options;
    other.seed = 7;
    expect_refused(X, other, &s, NMF_ERROR_ARGUMENT, "seed = 0, and this one has seed = 7");
    other = options;
    other.k = 5;
    expect_refused(X, other, &s, NMF_ERROR_ARGUMENT, "components = 4");
    /* Bytes that are not what they were, wherever. */
    for (size_t at = 0; at < s.count; at += s.count / 97) {
        const unsigned char was = s.bytes[at];
        nmf_model *model = NULL;
        nmf_error error = {NMF_OK, ""};
        s.bytes[at] ^= 0x10;
        hook = out_of(&s);
        assert_int_not_equal(nmf_fit(X, &options, &model, &error), NMF_OK);
        assert_true(strlen(error.message) > 20);
        s.bytes[at] = was;
    }
    const size_t whole = s.count;
    for (size_t count = 0; count < whole; count += whole / 13) {
        s.count = count;
        expect_refused(X, options, &s, NMF_ERROR_FORMAT, "it ends after");
    }
    s.count = whole;
    s.bytes[0] = 'Z';
    expect_refused(X, options, &s, NMF_ERROR_FORMAT, "no checkpoint");
    free(s.bytes);
    nmf_matrix_free(X);
    nmf_matrix_free(Y);
    nmf_matrix_free(Z);
    nmf_matrix_free(T);
}

static void a_writer_that_fails_ends_the_fit_with_its_sentence(void **state)
{
    (void)state;
    static const problem parts = {"parts", fill_parts, 60, 40, 4};
    nmf_matrix *X = matrix_of(&parts, NMF_F32, BY_ROWS);
    nmf_options options = plainly(NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS);
    shelf s = {.fails = 1};
    const nmf_checkpoints hook = onto(&s);
    nmf_model *model = NULL;
    nmf_error error = {NMF_OK, ""};
    options.checkpoints = &hook;
    assert_int_equal(nmf_fit(X, &options, &model, &error), NMF_ERROR_FILE);
    assert_string_equal(error.message, "the shelf is full");
    assert_null(model);
    nmf_matrix_free(X);
}

/* --- what they cost ---------------------------------------------------------------------------- */

static nmf_status weigh(void *context, const nmf_checkpoint_piece *pieces, int64_t count,
                        nmf_error *error)
{
    shelf *s = context;
    (void)error;
    s->written++;
    s->count = 0;
    for (int64_t i = 0; i < count; i++) s->count += pieces[i].bytes;
    return NMF_OK;
}

/* Three times W and H in bytes, and what X is of no matter to; not one reading of X; and none before its time. */
static void checkpoints_cost_three_times_the_factors_and_no_reading(void **state)
{
    (void)state;
    enum {
        M = 3000,
        N = 700,
        K = 4,
        PADDING = 64,
        BESIDE = 1 << 15
    }; /* the trace, options, sums */
    static const problem parts = {"parts", fill_parts, M, N, K};
    nmf_matrix *X = matrix_of(&parts, NMF_F32, BY_ROWS);
    nmf_options all[] = {with(plainly(NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS), -1, 1, NMF_INIT_AUTO),
                         with(plainly(NMF_SOLVER_HALS, NMF_LOSS_FROBENIUS), 0, 1, NMF_INIT_RANDOM),
                         with(plainly(NMF_SOLVER_JMM, NMF_LOSS_KL), 0, 1, NMF_INIT_RANDOM)};
    const size_t factors = (size_t)K * (M + N + 2 * PADDING) * sizeof(float);
    for (int64_t i = 0; i < COUNT(all); i++) {
        shelf s = {.bytes = NULL};
        nmf_checkpoints hook = {.struct_bytes = sizeof hook, .context = &s, .write = weigh};
        all[i].k = K;
        all[i].max_iter = 12;
        nmf_model *plain = fit(X, &all[i]);
        all[i].checkpoints = &hook;
        nmf_model *kept = fit(X, &all[i]);
        assert_int_equal(nmf_model_view(kept)->passes, nmf_model_view(plain)->passes);
        assert_true(s.written >= nmf_model_view(kept)->iterations);
        assert_in_range(s.count, factors / 2, 3 * factors + BESIDE);
        s.written = 0;
        hook.every_seconds = 3600;
        nmf_model *seldom = fit(X, &all[i]);
        assert_int_equal(s.written, 0);
        expect_same_model(plain, kept);
        expect_same_model(plain, seldom);
        nmf_model_free(plain);
        nmf_model_free(kept);
        nmf_model_free(seldom);
    }
    nmf_matrix_free(X);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checkpoints_cost_three_times_the_factors_and_no_reading),
        cmocka_unit_test(resumed_fits_end_with_the_same_bits),
        cmocka_unit_test(a_fit_that_is_stopped_goes_on_as_if_it_had_not_been),
        cmocka_unit_test(what_is_no_checkpoint_of_this_fit_is_refused),
        cmocka_unit_test(a_writer_that_fails_ends_the_fit_with_its_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
