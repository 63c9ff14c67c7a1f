/* Memory that runs out at any allocation: the call says so, gives nothing and leaks nothing. The
 * library's allocations are counted and made to fail here; the linker sends them (--wrap, see
 * cmake/Tests.cmake). */
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static atomic_long calls_left = -1; /* the allocation that fails, counted down; negative: none */
static atomic_long live_blocks;
static atomic_int thread_calls_left = -1;

static int fails(void)
{
    return atomic_load(&calls_left) >= 0 && atomic_fetch_sub(&calls_left, 1) == 0;
}

static void *counted(void *block)
{
    if (block) atomic_fetch_add(&live_blocks, 1);
    return block;
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void __real_free(void *block);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void __wrap_free(void *block);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument);

void *__wrap_malloc(size_t bytes)
{
    return fails() ? NULL : counted(__real_malloc(bytes));
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return fails() ? NULL : counted(__real_calloc(count, bytes));
}

void __wrap_free(void *block)
{
    if (block) atomic_fetch_sub(&live_blocks, 1);
    __real_free(block);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *argument)
{
    if (atomic_load(&thread_calls_left) >= 0 && atomic_fetch_sub(&thread_calls_left, 1) == 0)
        return EAGAIN;
    return __real_pthread_create(thread, attributes, start, argument);
}

/* --- what is tried ----------------------------------------------------------------------------- */

typedef struct fixture {
    nmf_matrix *by_rows, *by_columns, *weighted;
    nmf_model *nmf, *pca;
} fixture;

/* What a call gives: one of the two; both start as something that is not NULL. */
typedef struct outcome {
    nmf_model *model;
    nmf_matrix *matrix;
} outcome;

/* A fit by one solver with one loss; of an attempt that is none, nothing. */
typedef struct way {
    nmf_solver solver;
    nmf_loss loss;
    double beta;
    int64_t sketch;
} way;

typedef nmf_status attempt(const fixture *f, const way *by, outcome *out, nmf_error *error);

static nmf_options small_options(void)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = 3;
    options.threads = 1;
    options.max_iter = 3;
    return options;
}

static nmf_status fit_default(const fixture *f, const way *by, outcome *out, nmf_error *error)
{
    (void)by;
    const nmf_options options = small_options();
    return nmf_fit(f->by_rows, &options, &out->model, error);
}

static nmf_status fit_by_columns(const fixture *f, const way *by, outcome *out, nmf_error *error)
{
    (void)by;
    const nmf_options options = small_options();
    return nmf_fit(f->by_columns, &options, &out->model, error);
}

static nmf_status fit_several_starts(const fixture *f, const way *by, outcome *out,
                                     nmf_error *error)
{
    (void)by;
    nmf_options options = small_options();
    options.init = NMF_INIT_RANDOM;
    options.starts = 2;
    return nmf_fit(f->by_rows, &options, &out->model, error);
}

static nmf_status fit_custom_cd(const fixture *f, const way *by, outcome *out, nmf_error *error)
{
    (void)by;
    nmf_options options = small_options();
    const nmf_model_content *c = nmf_model_view(f->nmf);
    options.init = NMF_INIT_CUSTOM;
    options.solver = NMF_SOLVER_CD;
    options.start_W = c->W;
    options.start_H = c->H;
    return nmf_fit(f->by_rows, &options, &out->model, error);
}

static nmf_status pca_exact(const fixture *f, const way *by, outcome *out, nmf_error *error)
{
    (void)by;
    nmf_options options = small_options();
    options.pca_solver = NMF_PCA_SOLVER_EXACT;
    return nmf_pca(f->by_rows, &options, &out->model, error);
}

static nmf_status pca_randomized(const fixture *f, const way *by, outcome *out, nmf_error *error)
{
    (void)by;
    nmf_options options = small_options();
    options.pca_solver = NMF_PCA_SOLVER_RANDOMIZED;
    return nmf_pca(f->by_columns, &options, &out->model, error);
}

static nmf_status transform_nmf(const fixture *f, const way *by, outcome *out, nmf_error *error)
{
    (void)by;
    const nmf_options options = small_options();
    return nmf_transform(f->nmf, f->by_columns, &options, &out->matrix, error);
}

static nmf_status transform_pca(const fixture *f, const way *by, outcome *out, nmf_error *error)
{
    (void)by;
    const nmf_options options = small_options();
    return nmf_transform(f->pca, f->by_rows, &options, &out->matrix, error);
}

static nmf_status reconstruct(const fixture *f, const way *by, outcome *out, nmf_error *error)
{
    (void)by;
    return nmf_reconstruct(f->nmf, NULL, &out->matrix, error);
}

static nmf_status copy_model(const fixture *f, const way *by, outcome *out, nmf_error *error)
{
    (void)by;
    return nmf_model_new(nmf_model_view(f->pca), &out->model, error);
}

static nmf_status select_rows(const fixture *f, const way *by, outcome *out, nmf_error *error)
{
    (void)by;
    static const int64_t rows[] = {2, 0, 2};
    return nmf_matrix_select(f->by_rows, rows, COUNT(rows), &out->matrix, error);
}

static nmf_status new_matrix(const fixture *f, const way *by, outcome *out, nmf_error *error)
{
    (void)by;
    (void)f;
    return nmf_matrix_new(NMF_F32, 5, 6, &out->matrix, error);
}

static nmf_status fit_by(const fixture *f, const way *by, outcome *out, nmf_error *error)
{
    nmf_options options = small_options();
    options.solver = by->solver;
    options.loss = by->loss;
    options.beta = by->beta;
    options.sketch = by->sketch;
    return nmf_fit(f->by_rows, &options, &out->model, error);
}

/* Exact rows, as real weights need them. */
static nmf_status fit_weighted(const fixture *f, const way *by, outcome *out, nmf_error *error)
{
    nmf_options options = small_options();
    options.loss = by->loss;
    return nmf_fit(f->weighted, &options, &out->model, error);
}

static nmf_status choose_rank(const fixture *f, const way *by, outcome *out, nmf_error *error)
{
    nmf_rank_options wishes = NMF_RANK_OPTIONS_INIT;
    nmf_options options = small_options();
    const int64_t ranks[] = {1, 2};
    static char something;
    nmf_rank_result *result = (nmf_rank_result *)(void *)&something;
    options.loss = by->loss;
    wishes.ks = ranks;
    wishes.ks_count = COUNT(ranks);
    const nmf_status status = nmf_rank(f->by_rows, &options, &wishes, &result, error);
    if (!result) out->model = NULL; /* as those do that give a model */
    if (status == NMF_OK) nmf_rank_free(result);
    return status;
}

static const struct {
    const char *name;
    attempt *run;
    way by;
} attempts[] = {
    {"fit", fit_default, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 0}},
    {"fit, column-major", fit_by_columns, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 0}},
    {"fit, several starts", fit_several_starts, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 0}},
    {"fit, custom start, cd", fit_custom_cd, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 0}},
    {"fit, sketch", fit_by, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 5}},
    {"fit, mu", fit_by, {NMF_SOLVER_MU, NMF_LOSS_FROBENIUS, 1, 0}},
    {"fit, jmm", fit_by, {NMF_SOLVER_JMM, NMF_LOSS_FROBENIUS, 1, 0}},
    {"fit, incremental", fit_by, {NMF_SOLVER_INCREMENTAL, NMF_LOSS_FROBENIUS, 1, 0}},
    {"fit, kl, incremental", fit_by, {NMF_SOLVER_INCREMENTAL, NMF_LOSS_KL, 1, 0}},
    {"fit, kl", fit_by, {NMF_SOLVER_AUTO, NMF_LOSS_KL, 1, 0}},
    {"fit, kl, mu", fit_by, {NMF_SOLVER_MU, NMF_LOSS_KL, 1, 0}},
    {"fit, kl, jmm", fit_by, {NMF_SOLVER_JMM, NMF_LOSS_KL, 1, 0}},
    {"fit, kl, scd", fit_by, {NMF_SOLVER_SCD, NMF_LOSS_KL, 1, 0}},
    {"fit, beta 1.5", fit_by, {NMF_SOLVER_AUTO, NMF_LOSS_BETA, 1.5, 0}},
    {"fit, weighted", fit_weighted, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 0}},
    {"fit, weighted, kl", fit_weighted, {NMF_SOLVER_AUTO, NMF_LOSS_KL, 1, 0}},
    {"rank", choose_rank, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 0}},
    {"pca, exact", pca_exact, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 0}},
    {"pca, randomized", pca_randomized, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 0}},
    {"transform, nmf", transform_nmf, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 0}},
    {"transform, pca", transform_pca, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 0}},
    {"reconstruct", reconstruct, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 0}},
    {"model from content", copy_model, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 0}},
    {"select", select_rows, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 0}},
    {"new matrix", new_matrix, {NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 1, 0}},
};

/* --- claims ------------------------------------------------------------------------------------ */

/* Runs one attempt with its n-th allocation failing; 0 if it made fewer. */
static int fails_cleanly(const fixture *f, int64_t a, long nth)
{
    static char something;
    outcome out = {(nmf_model *)(void *)&something, (nmf_matrix *)(void *)&something};
    const outcome untouched = out;
    nmf_error error = {0};
    const long before = atomic_load(&live_blocks);
    atomic_store(&calls_left, nth);
    const nmf_status status = attempts[a].run(f, &attempts[a].by, &out, &error);
    const int failed = atomic_load(&calls_left) < 0;
    atomic_store(&calls_left, -1);
    if (status == NMF_OK) {
        if (failed) fail_msg("%s: allocation %ld failed and nobody noticed", attempts[a].name, nth);
        if (out.model != untouched.model) nmf_model_free(out.model);
        if (out.matrix != untouched.matrix) nmf_matrix_free(out.matrix);
    } else {
        if (status != NMF_ERROR_MEMORY || error.status != status ||
            !strstr(error.message, "memory"))
            fail_msg("%s: allocation %ld: status %d, %s", attempts[a].name, nth, (int)status,
                     error.message);
        if (out.model && out.matrix)
            fail_msg("%s: allocation %ld: an output", attempts[a].name, nth);
    }
    const long leaked = atomic_load(&live_blocks) - before;
    if (leaked) fail_msg("%s: allocation %ld: %ld blocks leaked", attempts[a].name, nth, leaked);
    return failed;
}

static void each_failing_allocation_is_survived(void **state)
{
    for (int64_t a = 0; a < COUNT(attempts); a++) {
        long nth = 0;
        while (fails_cleanly(*state, a, nth)) nth++;
        assert_true(nth > 0); /* or the linker does not send the allocations here */
    }
}

/* Threads that cannot be had are done without, and change nothing. */
static void threads_that_cannot_be_had_are_done_without(void **state)
{
    const fixture *f = *state;
    nmf_options options = small_options();
    nmf_model *alone = fit(f->by_rows, &options);
    options.threads = 4;
    for (int had = 0; had < 3; had++) {
        atomic_store(&thread_calls_left, had);
        nmf_model *model = fit(f->by_rows, &options);
        assert_true(atomic_load(&thread_calls_left) < 0);
        assert_int_equal(nmf_model_view(model)->threads, had + 1);
        expect_same_model(alone, model);
        nmf_model_free(model);
    }
    nmf_model_free(alone);
}

/* --- the limit --------------------------------------------------------------------------------- */

typedef nmf_status limited(const fixture *f, const nmf_options *options, outcome *out,
                           nmf_error *error);

static nmf_status limited_fit(const fixture *f, const nmf_options *options, outcome *out,
                              nmf_error *error)
{
    return nmf_fit(f->by_rows, options, &out->model, error);
}

static nmf_status limited_pca(const fixture *f, const nmf_options *options, outcome *out,
                              nmf_error *error)
{
    return nmf_pca(f->by_rows, options, &out->model, error);
}

static nmf_status limited_transform(const fixture *f, const nmf_options *options, outcome *out,
                                    nmf_error *error)
{
    return nmf_transform(f->nmf, f->by_rows, options, &out->matrix, error);
}

/* The sentence names what is needed; that much is enough and a byte less is not. */
static void the_memory_limit_is_what_it_says(void **state)
{
    static limited *const calls[] = {limited_fit, limited_pca, limited_transform};
    for (int64_t c = 0; c < COUNT(calls); c++) {
        nmf_options options = small_options();
        nmf_error error = {0};
        outcome out = {0};
        options.memory_limit_bytes = 100;
        assert_int_equal(calls[c](*state, &options, &out, &error), NMF_ERROR_MEMORY);
        assert_null(out.model);
        assert_null(out.matrix);
        assert_non_null(strstr(error.message, "100"));
        const char *digits = error.message + strcspn(error.message, "0123456789");
        const long long needed = strtoll(digits, NULL, 10);
        assert_true(needed > 100);
        options.memory_limit_bytes = needed - 1;
        assert_int_equal(calls[c](*state, &options, &out, &error), NMF_ERROR_MEMORY);
        options.memory_limit_bytes = needed;
        assert_int_equal(calls[c](*state, &options, &out, &error), NMF_OK);
        nmf_model_free(out.model);
        nmf_matrix_free(out.matrix);
    }
}

/* --- the fixture ------------------------------------------------------------------------------- */

static void name_everything(nmf_matrix *X)
{
    const char *names[64];
    for (int64_t i = 0; i < COUNT(names); i++) names[i] = "name";
    for (int which = NMF_SAMPLE_NAMES; which <= NMF_LABELS; which++)
        assert_int_equal(nmf_matrix_set_names(X, (nmf_names)which, names, NULL), NMF_OK);
}

static int make(void **state)
{
    static fixture f;
    const problem parts = {"parts", fill_parts, 40, 30, 3};
    const nmf_options options = small_options();
    f.by_rows = matrix_of(&parts, NMF_F64, BY_ROWS);
    f.by_columns = matrix_of(&parts, NMF_U8, BY_COLUMNS);
    f.weighted = matrix_of(&parts, NMF_F64, BY_ROWS);
    nmf_matrix *weights = matrix_of(&parts, NMF_F64, BY_ROWS);
    assert_int_equal(nmf_matrix_set_weights(f.weighted, weights, NULL), NMF_OK);
    name_everything(f.by_rows);
    name_everything(f.by_columns);
    f.nmf = fit(f.by_rows, &options);
    f.pca = pca(f.by_rows, &options);
    *state = &f;
    return 0;
}

static int unmake(void **state)
{
    fixture *f = *state;
    nmf_matrix_free(f->by_rows);
    nmf_matrix_free(f->by_columns);
    nmf_matrix_free(f->weighted);
    nmf_model_free(f->nmf);
    nmf_model_free(f->pca);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failing_allocation_is_survived),
        cmocka_unit_test(threads_that_cannot_be_had_are_done_without),
        cmocka_unit_test(the_memory_limit_is_what_it_says),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
