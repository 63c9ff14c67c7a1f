/* nmf_model_new: what it copies, and what it refuses. */
#include <nmfkit/nmfkit.h>

#include "support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 3, FEATURES = 4, K = 2 };

/* Everything a model may have, in memory that the test can spoil. */
typedef struct parts {
    float w[SAMPLES * K], h[K * FEATURES];
    double w64[SAMPLES * K], h64[K * FEATURES];
    double mean[FEATURES], singular[K], variance[K], ratio[K];
    nmf_trace_point trace[2];
    nmf_matrix *W, *H;
    nmf_model_content content;
} parts;

static nmf_matrix *around(const void *data, nmf_dtype dtype, int64_t rows, int64_t columns)
{
    const nmf_dense dense = {data, dtype, rows, columns, columns, 1};
    nmf_matrix *matrix = NULL;
    assert_int_equal(nmf_matrix_borrow(&dense, &matrix, NULL), NMF_OK);
    return matrix;
}

static void make_parts(parts *p, nmf_model_kind kind, nmf_dtype dtype)
{
    memset(p, 0, sizeof *p);
    for (int i = 0; i < SAMPLES * K; i++) p->w[i] = (float)(p->w64[i] = 0.5 * i);
    for (int i = 0; i < K * FEATURES; i++) p->h[i] = (float)(p->h64[i] = 0.25 * i);
    for (int j = 0; j < FEATURES; j++) p->mean[j] = 10 + j;
    for (int j = 0; j < K; j++) {
        p->singular[j] = 20 - j;
        p->variance[j] = 30 - j;
        p->ratio[j] = 0.4 - 0.1 * j;
    }
    for (int i = 0; i < 2; i++) p->trace[i] = (nmf_trace_point){i, 2 + i, 0.5 * i, 100 - i, NAN};
    p->W = around(dtype == NMF_F32 ? (void *)p->w : p->w64, dtype, SAMPLES, K);
    p->H = around(dtype == NMF_F32 ? (void *)p->h : p->h64, dtype, K, FEATURES);
    const int pca = kind == NMF_MODEL_PCA;
    p->content = (nmf_model_content){.struct_bytes = sizeof p->content,
                                     .kind = kind,
                                     .options = NMF_OPTIONS_INIT,
                                     .W = p->W,
                                     .H = p->H,
                                     .mean = pca ? p->mean : NULL,
                                     .singular_values = pca ? p->singular : NULL,
                                     .explained_variance = pca ? p->variance : NULL,
                                     .explained_variance_ratio = pca ? p->ratio : NULL,
                                     .trace = p->trace,
                                     .trace_count = 2,
                                     .samples = SAMPLES,
                                     .features = FEATURES,
                                     .k = K,
                                     .iterations = 7,
                                     .loss = 1.5,
                                     .stopped = NMF_STOPPED_STALLED,
                                     .kernel = "portable",
                                     .init = "random",
                                     .fingerprint = 12345};
}

static void free_parts(parts *p)
{
    nmf_matrix_free(p->W);
    nmf_matrix_free(p->H);
    memset(p, 0xFF, sizeof *p); /* a model that still looked here would show it */
}

static void an_nmf_model_is_a_copy_of_its_content(void **state)
{
    (void)state;
    parts p;
    make_parts(&p, NMF_MODEL_NMF, NMF_F32);
    const char *const names[] = {"a", "b", "c"};
    const char *const features[] = {"p", "q", "r", "s"};
    assert_int_equal(nmf_matrix_set_names(p.W, NMF_SAMPLE_NAMES, names, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_names(p.W, NMF_LABELS, names, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_names(p.H, NMF_FEATURE_NAMES, features, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_image_shape(p.H, 2, 2, NULL), NMF_OK);
    p.content.options.start_W = p.W;
    p.content.options.progress_context = &p;
    nmf_model *model = NULL;
    nmf_error error = {0};
    if (nmf_model_new(&p.content, &model, &error) != NMF_OK) fail_msg("%s", error.message);
    free_parts(&p);

    const nmf_model_content *c = nmf_model_view(model);
    assert_int_equal(c->struct_bytes, sizeof *c);
    assert_true(c->samples == SAMPLES && c->features == FEATURES && c->k == K);
    assert_true(c->iterations == 7 && c->loss == 1.5 && c->stopped == NMF_STOPPED_STALLED);
    assert_string_equal(c->kernel, "portable");
    assert_string_equal(c->init, "random");
    for (int i = 0; i < SAMPLES * K; i++) assert_true(nmf_matrix_at(c->W, i / K, i % K) == 0.5 * i);
    for (int i = 0; i < K * FEATURES; i++)
        assert_true(nmf_matrix_at(c->H, i / FEATURES, i % FEATURES) == 0.25 * i);
    assert_string_equal(nmf_matrix_name(c->W, NMF_SAMPLE_NAMES, 1), "b");
    assert_string_equal(nmf_matrix_name(c->W, NMF_LABELS, 2), "c");
    assert_string_equal(nmf_matrix_name(c->H, NMF_FEATURE_NAMES, 3), "s");
    assert_int_equal(nmf_matrix_image_height(c->H), 2);
    assert_true(c->trace_count == 2 && c->trace[1].iteration == 1 && c->trace[1].loss == 99);
    assert_true(!c->mean && !c->singular_values && !c->explained_variance &&
                !c->explained_variance_ratio);
    assert_true(!c->options.start_W && !c->options.progress_context);
    nmf_model_free(model);
}

static void a_pca_model_keeps_its_numbers(void **state)
{
    (void)state;
    parts p;
    make_parts(&p, NMF_MODEL_PCA, NMF_F64);
    p.w64[0] = -3; /* scores and components have signs */
    p.h64[0] = -1;
    nmf_model *model = NULL;
    assert_int_equal(nmf_model_new(&p.content, &model, NULL), NMF_OK);
    free_parts(&p);
    const nmf_model_content *c = nmf_model_view(model);
    assert_true(nmf_matrix_at(c->W, 0, 0) == -3 && nmf_matrix_at(c->H, 0, 0) == -1);
    for (int j = 0; j < FEATURES; j++) assert_true(c->mean[j] == 10 + j);
    for (int j = 0; j < K; j++) {
        assert_true(c->singular_values[j] == 20 - j && c->explained_variance[j] == 30 - j);
        assert_true(c->explained_variance_ratio[j] == 0.4 - 0.1 * j);
    }
    nmf_model_free(model);
    nmf_model_free(NULL);
}

static void components_come_in_the_models_type(void **state)
{
    (void)state;
    for (int f64 = 0; f64 < 2; f64++) {
        parts p;
        make_parts(&p, NMF_MODEL_NMF, f64 ? NMF_F64 : NMF_F32);
        nmf_matrix_free(p.H); /* column by column in memory: the model has it packed all the same */
        const nmf_dense turned = {
            f64 ? (void *)p.h64 : p.h, f64 ? NMF_F64 : NMF_F32, K, FEATURES, 1, K};
        assert_int_equal(nmf_matrix_borrow(&turned, &p.H, NULL), NMF_OK);
        p.content.H = p.H;
        nmf_model *model = NULL;
        assert_int_equal(nmf_model_new(&p.content, &model, NULL), NMF_OK);
        free_parts(&p);
        const float *as_f32 = nmf_model_components_f32(model);
        const double *as_f64 = nmf_model_components_f64(model);
        assert_true((as_f32 == NULL) == f64 && (as_f64 == NULL) == !f64);
        for (int i = 0; i < K * FEATURES; i++) {
            const double wanted = 0.25 * (i / FEATURES + K * (i % FEATURES));
            assert_true((f64 ? as_f64[i] : (double)as_f32[i]) == wanted);
        }
        nmf_model_free(model);
    }
}

static void the_fingerprint_can_be_noted_later(void **state)
{
    (void)state;
    parts p;
    nmf_model *model = NULL;
    make_parts(&p, NMF_MODEL_NMF, NMF_F32);
    assert_int_equal(nmf_model_new(&p.content, &model, NULL), NMF_OK);
    assert_true(nmf_model_view(model)->fingerprint == 12345);
    nmf_model_set_fingerprint(model, UINT64_MAX);
    assert_true(nmf_model_view(model)->fingerprint == UINT64_MAX);
    nmf_model_free(model);
    free_parts(&p);
}

static void check_refused(const nmf_model_content *content, nmf_status wanted, const char *fragment)
{
    nmf_error error = {0};
    nmf_model *model = (nmf_model *)(uintptr_t)&error;
    unit_failed(nmf_model_new(content, &model, &error), &error, wanted, fragment);
    assert_null(model);
}

/* A caller's struct may be older, and shorter, than this library's: what it does not have is not
 * read. */
static void a_shorter_content_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    parts p;
    make_parts(&p, NMF_MODEL_NMF, NMF_F64);
    const size_t old = offsetof(nmf_model_content, sketch_iterations);
    memset((char *)&p.content + old, 0xFF, sizeof p.content - old); /* whatever lies behind it */
    p.content.struct_bytes = old;
    nmf_model *model = NULL;
    nmf_error error = {0};
    if (nmf_model_new(&p.content, &model, &error) != NMF_OK) fail_msg("%s", error.message);
    const nmf_model_content *c = nmf_model_view(model);
    assert_true(c->struct_bytes == sizeof *c && c->fingerprint == 12345);
    assert_true(c->sketch_iterations == 0 && c->unit == 0 && c->idf == NULL);
    assert_int_equal(c->weighting, NMF_WEIGHTING_NONE);
    nmf_model_free(model);
    free_parts(&p);
}

static void content_of_no_known_size_is_refused(void **state)
{
    (void)state;
    parts p;
    make_parts(&p, NMF_MODEL_NMF, NMF_F64);
    p.content.struct_bytes = 0;
    check_refused(&p.content, NMF_ERROR_ARGUMENT, "struct_bytes = 0: set it to");
    p.content.struct_bytes = SIZE_MAX;
    check_refused(&p.content, NMF_ERROR_ARGUMENT, "set it to");
    p.content.struct_bytes = sizeof p.content;
    p.content.options.struct_bytes -= 8; /* all behind them lies elsewhere */
    check_refused(&p.content, NMF_ERROR_ARGUMENT, "NMF_OPTIONS_INIT");
    free_parts(&p);
}

static void parts_that_are_missing_are_named(void **state)
{
    (void)state;
    parts p;
    make_parts(&p, NMF_MODEL_PCA, NMF_F64);
    nmf_model_content c = p.content;
    c.W = NULL;
    check_refused(&c, NMF_ERROR_ARGUMENT, "W");
    c = p.content;
    c.H = NULL;
    check_refused(&c, NMF_ERROR_ARGUMENT, "H");
    c = p.content;
    c.mean = NULL;
    check_refused(&c, NMF_ERROR_ARGUMENT, "mean");
    c = p.content;
    c.singular_values = NULL;
    check_refused(&c, NMF_ERROR_ARGUMENT, "singular values");
    c = p.content;
    c.explained_variance = NULL;
    check_refused(&c, NMF_ERROR_ARGUMENT, "explained variance");
    c = p.content;
    c.trace = NULL; /* of two lines */
    check_refused(&c, NMF_ERROR_ARGUMENT, "trace");
    c = p.content;
    c.trace_count = -1;
    check_refused(&c, NMF_ERROR_ARGUMENT, "trace");
    free_parts(&p);
}

static void parts_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    parts p;
    make_parts(&p, NMF_MODEL_NMF, NMF_F32);
    int64_t *const sizes[] = {&p.content.samples, &p.content.features, &p.content.k};
    for (int i = 0; i < 3; i++)
        for (int64_t off = -1; off <= 1; off += 2) {
            *sizes[i] += off;
            check_refused(&p.content, NMF_ERROR_SHAPE, "3 x 2");
            *sizes[i] -= off;
        }
    p.content.k = INT64_MAX;
    check_refused(&p.content, NMF_ERROR_SHAPE, "9223372036854775807");
    p.content.k = K;
    nmf_matrix *wrong = around(p.h64, NMF_F64, K, FEATURES);
    p.content.H = wrong;
    check_refused(&p.content, NMF_ERROR_ARGUMENT, "float64");
    nmf_matrix_free(wrong);
    const uint8_t bytes[K * FEATURES] = {0};
    wrong = around(bytes, NMF_U8, K, FEATURES);
    p.content.H = wrong;
    check_refused(&p.content, NMF_ERROR_ARGUMENT, "uint8");
    nmf_matrix_free(wrong);
    free_parts(&p);
}

static void entries_that_cannot_be_are_named_with_their_place(void **state)
{
    (void)state;
    for (int pca = 0; pca < 2; pca++) {
        parts p;
        make_parts(&p, pca ? NMF_MODEL_PCA : NMF_MODEL_NMF, NMF_F64);
        p.w64[2 * K + 1] = NAN;
        check_refused(&p.content, NMF_ERROR_DATA, "W[2,1] = nan");
        p.w64[2 * K + 1] = 1;
        p.h64[FEATURES + 3] = INFINITY;
        check_refused(&p.content, NMF_ERROR_DATA, "H[1,3] = inf");
        p.h64[FEATURES + 3] = -2;
        if (!pca) check_refused(&p.content, NMF_ERROR_DATA, "H[1,3] = -2");
        p.h64[FEATURES + 3] = 2;
        p.mean[1] = NAN;
        if (pca) check_refused(&p.content, NMF_ERROR_DATA, "mean[1] = nan");
        free_parts(&p);
    }
}

/* What a model says of itself is checked against its arrays and against what it says elsewhere. */
static void words_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        int value;
        const char *said;
    } wrong[] = {
        {offsetof(nmf_model_content, precision), NMF_PRECISION_F64, "precision is 2"},
        {offsetof(nmf_model_content, precision), 7, "precision is 7"},
        {offsetof(nmf_model_content, kind), 2, "kind 2"},
        {offsetof(nmf_model_content, stopped), 5, "stopped 5"},
        {offsetof(nmf_model_content, loss_kind), NMF_LOSS_KL, "loss is 1, but 0"},
        {offsetof(nmf_model_content, options.solver), 99, "solver = 99"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        parts p;
        nmf_model *model = NULL;
        nmf_error error;
        make_parts(&p, NMF_MODEL_NMF, NMF_F32);
        memcpy((char *)&p.content + wrong[i].offset, &wrong[i].value, sizeof(int));
        unit_failed(nmf_model_new(&p.content, &model, &error), &error, NMF_ERROR_ARGUMENT,
                    wrong[i].said);
        assert_null(model);
        free_parts(&p);
    }
    static const double units[] = {2, 3, -1, INFINITY, NAN};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        parts p;
        nmf_model *model = NULL;
        nmf_error error;
        make_parts(&p, NMF_MODEL_NMF, NMF_F32);
        p.content.unit = units[i];
        unit_failed(nmf_model_new(&p.content, &model, &error), &error, NMF_ERROR_DATA, "unit = ");
        free_parts(&p);
    }
}

static void sizes_of_errors_below_0_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        parts p;
        nmf_model *model = NULL;
        nmf_error error;
        make_parts(&p, NMF_MODEL_NMF, NMF_F32);
        *(i == 0 ? &p.content.error : i == 1 ? &p.content.relative_error : &p.content.kkt) = -1;
        unit_failed(nmf_model_new(&p.content, &model, &error), &error, NMF_ERROR_DATA,
                    "none can be below 0");
        free_parts(&p);
    }
}

/* Components to transform with: what needs W says so. */
static void a_model_without_W_transforms_and_does_nothing_else(void **state)
{
    (void)state;
    parts p;
    nmf_model *model = NULL;
    nmf_matrix *W = NULL, *X = NULL;
    nmf_error error;
    double shares[K];
    make_parts(&p, NMF_MODEL_NMF, NMF_F32);
    p.content.W = NULL;
    p.content.samples = 0;
    assert_int_equal(nmf_model_new(&p.content, &model, NULL), NMF_OK);
    assert_int_equal(nmf_transform(model, p.H, NULL, &W, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_rows(W), K);
    assert_int_equal(nmf_reconstruct(model, W, &X, NULL), NMF_OK);
    nmf_matrix_free(X);
    unit_failed(nmf_reconstruct(model, NULL, &X, &error), &error, NMF_ERROR_ARGUMENT, "no W");
    unit_failed(nmf_model_component_shares(model, shares, &error), &error, NMF_ERROR_ARGUMENT,
                "no W");
    unit_failed(nmf_model_sample_shares(model, NULL, &X, NULL, &error), &error, NMF_ERROR_ARGUMENT,
                "no W");
    nmf_matrix_free(W);
    nmf_model_free(model);
    p.content.samples = SAMPLES;
    unit_failed(nmf_model_new(&p.content, &model, &error), &error, NMF_ERROR_ARGUMENT, "their W");
    free_parts(&p);
}

/* Of a consensus: kept, copied, and judged. */
static void stability_and_bounds_are_kept_and_judged(void **state)
{
    (void)state;
    parts p;
    nmf_model *model = NULL, *copy = NULL;
    nmf_error error;
    double stability[K], low[K * FEATURES], high[K * FEATURES];
    make_parts(&p, NMF_MODEL_NMF, NMF_F64);
    assert_int_equal(nmf_model_new(&p.content, &model, NULL), NMF_OK);
    assert_null(nmf_model_view(model)->stability);
    for (int j = 0; j < K; j++) stability[j] = 1 - 0.5 * j;
    for (int i = 0; i < K * FEATURES; i++) low[i] = i, high[i] = i + 0.5;
    assert_int_equal(nmf_model_set_stability(model, stability, low, high, NULL), NMF_OK);
    assert_int_equal(nmf_model_new(nmf_model_view(model), &copy, NULL), NMF_OK);
    unit_failed(nmf_model_set_stability(model, stability, NULL, high, &error), &error,
                NMF_ERROR_ARGUMENT, "together");
    unit_failed(nmf_model_set_stability(NULL, stability, low, high, &error), &error,
                NMF_ERROR_ARGUMENT, "NULL");
    low[FEATURES + 1] += 1;
    unit_failed(nmf_model_set_stability(model, stability, low, high, &error), &error,
                NMF_ERROR_ARGUMENT, "H_low[1,1]");
    low[FEATURES + 1] -= 1;
    stability[1] = 1.5;
    unit_failed(nmf_model_set_stability(model, stability, low, high, &error), &error,
                NMF_ERROR_ARGUMENT, "stability[1] = 1.5");
    stability[1] = NAN;
    unit_failed(nmf_model_set_stability(model, stability, low, high, &error), &error,
                NMF_ERROR_DATA, "stability[1]");
    assert_int_equal(nmf_model_set_stability(model, NULL, NULL, NULL, NULL), NMF_OK);
    assert_null(nmf_model_view(model)->H_high);
    nmf_model_free(model);
    const nmf_model_content *c = nmf_model_view(copy);
    for (int j = 0; j < K; j++) assert_true(c->stability[j] == 1 - 0.5 * j);
    for (int i = 0; i < K * FEATURES; i++) assert_true(c->H_low[i] == i && c->H_high[i] == i + 0.5);
    nmf_model_free(copy);
    free_parts(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_nmf_model_is_a_copy_of_its_content),
        cmocka_unit_test(a_pca_model_keeps_its_numbers),
        cmocka_unit_test(components_come_in_the_models_type),
        cmocka_unit_test(the_fingerprint_can_be_noted_later),
        cmocka_unit_test(a_shorter_content_is_read_as_far_as_it_goes),
        cmocka_unit_test(content_of_no_known_size_is_refused),
        cmocka_unit_test(parts_that_are_missing_are_named),
        cmocka_unit_test(parts_that_do_not_fit_are_refused),
        cmocka_unit_test(entries_that_cannot_be_are_named_with_their_place),
        cmocka_unit_test(words_that_contradict_each_other_are_refused),
        cmocka_unit_test(sizes_of_errors_below_0_are_refused),
        cmocka_unit_test(a_model_without_W_transforms_and_does_nothing_else),
        cmocka_unit_test(stability_and_bounds_are_kept_and_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
