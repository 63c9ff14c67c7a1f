/* Model files: what is saved is loaded the same, numpy opens it, and nothing that is damaged or
 * lies gets in. */
#include "array_support.h"

#include "io/arrays/npz_writer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SAMPLES 3
#define FEATURES 4
#define K 2

static const double mean[FEATURES] = {0.5, 1.0 / 3.0, 2.0, 1e-300};
static const double values[K] = {3.0, 0.1};
static const nmf_trace_point trace[] = {{1, 2, 0.25, 100.0 / 3.0, NAN}, {2, 3, 0.5, 30.0, 1e-5}};

static nmf_matrix *factor(nmf_dtype dtype, int64_t rows, int64_t columns)
{
    nmf_matrix *matrix;
    assert_int_equal(nmf_matrix_new(dtype, rows, columns, &matrix, NULL), NMF_OK);
    for (int64_t i = 0; i < rows * columns; i++) {
        const double value = (double)(i + 1) / 3.0;
        if (dtype == NMF_F32) {
            ((float *)nmf_matrix_writable(matrix))[i] = (float)value;
        } else {
            ((double *)nmf_matrix_writable(matrix))[i] = value;
        }
    }
    return matrix;
}

static const double start_losses[] = {0.5, NAN, 1.0 / 3.0}; /* the second was not come to */

/* A model with everything in it; W and H must live until nmf_model_new has copied them. */
static nmf_model *new_model(nmf_model_kind kind, nmf_precision precision)
{
    static const char *const samples[] = {"a", "bü", "臉"};
    static const char *const labels[] = {"x", "x", "y"};
    static const char *const features[] = {"p", "q", "r", "s"};
    const nmf_dtype dtype = precision == NMF_PRECISION_F32 ? NMF_F32 : NMF_F64;
    nmf_matrix *W = factor(dtype, SAMPLES, K), *H = factor(dtype, K, FEATURES);
    assert_int_equal(nmf_matrix_set_names(W, NMF_SAMPLE_NAMES, samples, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_names(W, NMF_LABELS, labels, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_names(H, NMF_FEATURE_NAMES, features, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_image_shape(H, 2, 2, NULL), NMF_OK);
    nmf_model_content content = {.struct_bytes = sizeof content,
                                 .kind = kind,
                                 .options = NMF_OPTIONS_INIT,
                                 .W = W,
                                 .H = H,
                                 .trace = trace,
                                 .trace_count = 2,
                                 .samples = SAMPLES,
                                 .features = FEATURES,
                                 .k = K,
                                 .iterations = 2,
                                 .passes = 3,
                                 .seconds = 0.1 + 0.2,
                                 .loss = 1.0 / 3.0,
                                 .error = 2.0 / 3.0,
                                 .relative_error = 0.1,
                                 .kkt = NAN,
                                 .stopped = NMF_STOPPED_MAX_ITER,
                                 .threads = 8,
                                 .precision = precision,
                                 .kernel = "portable",
                                 .init = "nndsvda",
                                 .fingerprint = UINT64_C(0xFEDCBA9876543210),
                                 .winning_seed = INT64_MAX,
                                 .start_count = 3,
                                 .winning_start = 2,
                                 .start_losses = start_losses};
    content.options.k = K;
    content.options.tol = 1.0 / 7.0;
    content.options.seed = INT64_MAX;
    content.options.whiten = 1;
    content.options.init = NMF_INIT_NNDSVDAR;
    if (kind == NMF_MODEL_PCA) {
        content.mean = mean;
        content.singular_values = content.explained_variance = content.explained_variance_ratio =
            values;
    }
    nmf_model *model;
    nmf_error error;
    if (nmf_model_new(&content, &model, &error) != NMF_OK) {
        fail_msg("%s", error.message);
    }
    nmf_matrix_free(W);
    nmf_matrix_free(H);
    return model;
}

static void save(const nmf_model *model, const char *path)
{
    nmf_error error;
    if (nmf_io_save_model(model, path, &error) != NMF_OK) {
        fail_msg("%s", error.message);
    }
}

static nmf_model *load(const char *path)
{
    nmf_model *model;
    nmf_error error;
    if (nmf_io_load_model(path, &model, &error) != NMF_OK) {
        fail_msg("%s", error.message);
    }
    return model;
}

static void have_equal_matrices(const nmf_matrix *a, const nmf_matrix *b)
{
    assert_int_equal(nmf_matrix_dtype(a), nmf_matrix_dtype(b));
    assert_int_equal(nmf_matrix_fingerprint(a), nmf_matrix_fingerprint(b));
}

static void have_equal_results(const nmf_model_content *a, const nmf_model_content *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->loss_kind, b->loss_kind);
    assert_int_equal(a->samples, b->samples);
    assert_int_equal(a->features, b->features);
    assert_int_equal(a->k, b->k);
    assert_int_equal(a->iterations, b->iterations);
    assert_int_equal(a->passes, b->passes);
    assert_true(a->seconds == b->seconds && a->loss == b->loss && a->error == b->error);
    assert_true(a->relative_error == b->relative_error && isnan(a->kkt) && isnan(b->kkt));
    assert_int_equal(a->stopped, b->stopped);
    assert_int_equal(a->threads, b->threads);
    assert_int_equal(a->precision, b->precision);
    assert_string_equal(a->kernel, b->kernel);
    assert_string_equal(a->init, b->init);
    assert_true(a->fingerprint == b->fingerprint);
    assert_true(a->winning_seed == b->winning_seed);
    assert_int_equal(b->start_count, 3);
    assert_int_equal(b->winning_start, 2);
    assert_memory_equal(b->start_losses, start_losses, sizeof start_losses);
    assert_int_equal(a->trace_count, b->trace_count);
    for (int64_t i = 0; i < a->trace_count; i++) {
        assert_int_equal(a->trace[i].passes, b->trace[i].passes);
        assert_true(a->trace[i].loss == b->trace[i].loss);
        assert_true(isnan(a->trace[i].kkt) == isnan(b->trace[i].kkt));
    }
}

static void have_equal_options(const nmf_options *a, const nmf_options *b)
{
    int64_t count;
    const nmf_option_info *table = nmf_option_table(&count);
    for (int64_t i = 0; i < count; i++) {
        const size_t bytes =
            table[i].kind == NMF_OPTION_KIND_INT || table[i].kind == NMF_OPTION_KIND_REAL
                ? 8
                : sizeof(int);
        assert_memory_equal((const char *)a + table[i].offset, (const char *)b + table[i].offset,
                            bytes);
    }
}

static void comes_back_whole(nmf_model_kind kind, nmf_precision precision)
{
    nmf_model *model = new_model(kind, precision);
    save(model, "model.npz");
    nmf_model *back = load("model.npz");
    const nmf_model_content *a = nmf_model_view(model), *b = nmf_model_view(back);
    have_equal_results(a, b);
    have_equal_options(&a->options, &b->options);
    have_equal_matrices(a->W, b->W);
    have_equal_matrices(a->H, b->H);
    assert_string_equal(nmf_matrix_name(b->W, NMF_SAMPLE_NAMES, 2), "臉");
    assert_string_equal(nmf_matrix_name(b->W, NMF_LABELS, 2), "y");
    assert_string_equal(nmf_matrix_name(b->H, NMF_FEATURE_NAMES, 3), "s");
    assert_int_equal(nmf_matrix_image_height(b->H), 2);
    if (kind == NMF_MODEL_PCA) {
        assert_memory_equal(b->mean, mean, sizeof mean);
        assert_memory_equal(b->singular_values, values, sizeof values);
        assert_memory_equal(b->explained_variance_ratio, values, sizeof values);
    } else {
        assert_null(b->mean);
    }
    nmf_model_free(back);
    nmf_model_free(model);
    unlink("model.npz");
}

static void models_come_back_whole(void **state)
{
    (void)state;
    comes_back_whole(NMF_MODEL_NMF, NMF_PRECISION_F32);
    comes_back_whole(NMF_MODEL_NMF, NMF_PRECISION_F64);
    comes_back_whole(NMF_MODEL_PCA, NMF_PRECISION_F32);
    comes_back_whole(NMF_MODEL_PCA, NMF_PRECISION_F64);
}

static void a_model_file_is_known_as_one(void **state)
{
    (void)state;
    nmf_model *model = new_model(NMF_MODEL_NMF, NMF_PRECISION_F64);
    save(model, "known.npz");
    assert_int_equal(nmf_io_is_model("known.npz"), 1);
    assert_int_equal(nmf_io_is_model(array_golden("single.npz")), 0);
    assert_int_equal(nmf_io_is_model(array_golden("real_f8.npy")), 0);
    assert_int_equal(nmf_io_is_model("no-such-file.npz"), 0);
    nmf_matrix *H = array_read("known.npz:H"); /* its arrays are data too */
    assert_int_equal(nmf_matrix_image_height(H), 2);
    assert_string_equal(nmf_matrix_name(H, NMF_FEATURE_NAMES, 0), "p");
    nmf_matrix_free(H);
    nmf_model_free(model);
    unlink("known.npz");
}

static void json_has_what_is_promised(void **state)
{
    (void)state;
    nmf_model *model = new_model(NMF_MODEL_NMF, NMF_PRECISION_F64);
    char *text = nmf_io_model_json(model);
    assert_non_null(text);
    static const char *const wanted[] = {"\"samples\":\t3",
                                         "\"features\":\t4",
                                         "\"k\":\t2",
                                         "\"loss\":\t\"frobenius\"",
                                         "\"init\":\t\"nndsvda\"",
                                         "\"error\":\t0.6666666666666666",
                                         "\"relative_error\":\t0.1",
                                         "\"iterations\":\t2",
                                         "\"passes\":\t3",
                                         "\"seconds\":\t0.30000000000000004",
                                         "\"stopped\":\t\"max-iter\"",
                                         "\"threads\":\t8",
                                         "\"kernel\":\t\"portable\"",
                                         "\"kkt\":\tnull",
                                         "\"winning_seed\":\t\"9223372036854775807\"",
                                         "\"fingerprint\":\t\"fedcba9876543210\"",
                                         "\"seed\":\t\"9223372036854775807\"",
                                         "\"whiten\":\ttrue"};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (strstr(text, wanted[i]) == NULL) {
            fail_msg("%s is not in %s", wanted[i], text);
        }
    }
    free(text);
    nmf_model_free(model);
}

static void numpy_opens_it_without_pickle(void **state)
{
    (void)state;
    const char *python = getenv("NMFKIT_PYTHON");
    char command[2048];
    nmf_model *model = new_model(NMF_MODEL_PCA, NMF_PRECISION_F32);
    save(model, "numpy.npz");
    nmf_model_free(model);
    snprintf(command, sizeof command, "%s -c 'import numpy' 2>/dev/null",
             python ? python : "python3");
    if (system(command) != 0) {
        print_message("skipped: no numpy here\n");
    } else {
        snprintf(
            command, sizeof command,
            "%s -c 'import json, numpy as n\n"
            "f = n.load(\"numpy.npz\", allow_pickle=False)\n"
            "assert f[\"W\"].shape == (3, 2) and f[\"W\"].dtype == n.float32\n"
            "assert f[\"H\"].tolist()[1][3] == n.float32(8 / 3)\n"
            "assert f[\"sample_names\"].tolist() == [\"a\", \"b\\u00fc\", \"\\u81c9\"]\n"
            "assert f[\"labels\"].tolist() == [\"x\", \"x\", \"y\"]\n"
            "assert f[\"feature_names\"].shape == (4,) and f[\"image_shape\"].tolist() == [2, 2]\n"
            "assert f[\"mean\"].shape == (4,) and f[\"singular_values\"].tolist() == [3, 0.1]\n"
            "assert f[\"trace\"].shape == (2, 5)\n"
            "assert json.loads(f[\"manifest.json\"])[\"kind\"] == \"pca\"\n"
            "assert json.loads(f[\"manifest.json\"])[\"options\"][\"tol\"] == 1 / 7'",
            python ? python : "python3");
        assert_int_equal(system(command), 0);
    }
    unlink("numpy.npz");
}

static void load_fails(const char *path, const char *fragment)
{
    nmf_model *model = (nmf_model *)&model;
    nmf_error error = {NMF_OK, ""};
    assert_int_not_equal(nmf_io_load_model(path, &model, &error), NMF_OK);
    assert_null(model);
    if (strstr(error.message, fragment) == NULL || strchr(error.message, '\n') != NULL) {
        fail_msg("message '%s' (wanted '%s')", error.message, fragment);
    }
}

/* A model file with one member replaced: text for the manifest, else a 3 x 2 array of `value`. */
static void write_altered(const nmf_model *model, const char *find, const char *replacement,
                          int64_t rows, double value)
{
    const nmf_model_content *content = nmf_model_view(model);
    nmfi_npz_writer *writer;
    nmf_error error;
    double W[16];
    for (int i = 0; i < 16; i++) {
        W[i] = value;
    }
    char *manifest = nmf_io_model_json(model);
    assert_non_null(manifest);
    char altered[8192];
    char *at = find != NULL ? strstr(manifest, find) : NULL;
    assert_true(find == NULL || at != NULL);
    snprintf(altered, sizeof altered, "%.*s%s%s", at != NULL ? (int)(at - manifest) : 0, manifest,
             at != NULL ? replacement : "", at != NULL ? at + strlen(find) : manifest);
    assert_int_equal(nmfi_npz_create("altered.npz", &writer, &error), NMF_OK);
    nmf_status status = nmfi_npz_add_text(writer, "manifest.json", altered, &error);
    assert_int_equal(status, NMF_OK);
    assert_int_equal(nmfi_npz_add_array(writer, "W", 'f', 8, rows, K, W, &error), NMF_OK);
    assert_int_equal(nmfi_npz_add_matrix(writer, "H", content->H, &error), NMF_OK);
    assert_int_equal(nmfi_npz_add_array(writer, "trace", 'f', 8, 0, 5, W, &error), NMF_OK);
    assert_int_equal(
        nmfi_npz_add_array(writer, "start_losses", 'f', 8, 3, -1, start_losses, &error), NMF_OK);
    assert_int_equal(nmfi_npz_finish(writer, NMF_OK, &error), NMF_OK);
    free(manifest);
}

static void lies_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *find, *replacement, *fragment;
    } cases[] = {
        {"\"samples\":\t3", "\"samples\":\t4", "W is float64, 3 x 2, but the manifest asks for"},
        {"\"samples\":\t3", "\"samples\":\t-3", "\"samples\" is missing or has no valid value"},
        {"\"samples\":\t3", "\"samples\":\t1e300", "\"samples\""},
        {"\"samples\":\t3", "\"samples\":\t3.5", "\"samples\""},
        {"\"k\":\t2", "\"k\":\t\"two\"", "\"k\""},
        {"\"kind\":\t\"nmf\"", "\"kind\":\t\"svm\"", "\"kind\""},
        {"\"kind\":\t\"nmf\"", "\"kind\":\t\"pca\"", "it has no mean"},
        {"\"winning_start\":\t2", "\"winning_start\":\t3", "start 3 of 3: there is no such one"},
        {"\"format\":\t1", "\"format\":\t99", "is a model of format 99, written by nmfkit "},
        {"\"kernel\":\t\"portable\"", "\"kernel\":\t\"much-longer-than-16-bytes\"", "\"kernel\""},
        {"\"fingerprint\":\t\"fe", "\"fingerprint\":\t\"-e", "\"fingerprint\""},
        {"\"max_iter\":\t1000", "\"max_iter\":\t-5", "\"max_iter\""},
        {"\"options\"", "\"other\"", "\"options\""},
        {"{", "[", "not JSON"}};
    nmf_model *model = new_model(NMF_MODEL_NMF, NMF_PRECISION_F64);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_altered(model, cases[i].find, cases[i].replacement, SAMPLES, 1.0);
        load_fails("altered.npz", cases[i].fragment);
    }
    write_altered(model, NULL, NULL, SAMPLES, 1.0);
    nmf_model_free(load("altered.npz")); /* unaltered, it is a model */
    write_altered(model, NULL, NULL, SAMPLES + 1, 1.0);
    load_fails("altered.npz", "W is float64, 4 x 2");
    write_altered(model, NULL, NULL, SAMPLES, (double)NAN);
    load_fails("altered.npz", "altered.npz: ");
    write_altered(model, NULL, NULL, SAMPLES, -1.0);
    load_fails("altered.npz", "-1");
    nmf_model_free(model);
    unlink("altered.npz");
}

static void what_is_no_model_is_called_by_its_name(void **state)
{
    (void)state;
    static const char a_model[] =
        "; a model is the .npz file that 'nmf fit' or nmfkit.save_model writes";
    static const struct {
        const char *name, *what;
    } others[] = {{"single.npz", "an archive of arrays without a manifest.json"},
                  {"real_f8.npy", "an .npy array"},
                  {"real_f8.npy.gz", "packed by gzip"},
                  {"pandas.csv", "text, such as a table"},
                  {"real.mtx", "text, such as a table"},
                  {"v5_real.mat", "a MATLAB file"},
                  {"dense.h5ad", "an HDF5 file (.h5ad, .h5, .mat)"}};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        char sentence[200];
        snprintf(sentence, sizeof sentence, ": is no model but %s%s", others[i].what, a_model);
        load_fails(array_golden(others[i].name), sentence);
    }
    array_write_file("cut.npz", "PK\3\4rest", 8);
    load_fails("cut.npz", "is no model but a zip archive that is damaged or cut off; a model is");
    array_write_file("cut.npz", "", 0);
    load_fails("cut.npz", "is no model but an empty file; a model is");
    array_write_file("cut.npz", "II*\0........", 12);
    load_fails("cut.npz", "is no model but a TIFF picture; a model is");
    unlink("cut.npz");
    load_fails(".", "is no model but a directory; a model is");
    load_fails("no-such-file.npz", "No such file");
}

static void every_prefix_and_many_mutations_are_safe(void **state)
{
    (void)state;
    nmf_model *model = new_model(NMF_MODEL_PCA, NMF_PRECISION_F32);
    save(model, "whole.npz");
    nmf_model_free(model);
    size_t count;
    unsigned char *bytes = array_bytes("whole.npz", &count);
    for (size_t i = 0; i < count; i += 7) {
        array_write_file("cut.npz", bytes, i);
        load_fails("cut.npz", "cut.npz: ");
    }
    uint64_t random = 88172645463325252u;
    for (int round = 0; round < 3000; round++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        const size_t place = random % count;
        const unsigned char kept = bytes[place];
        bytes[place] = (unsigned char)(random >> 40);
        array_write_file("cut.npz", bytes, count);
        nmf_error error = {NMF_OK, ""};
        if (nmf_io_load_model("cut.npz", &model, &error) != NMF_OK) {
            assert_true(strlen(error.message) > 10);
        }
        nmf_model_free(model);
        bytes[place] = kept;
    }
    free(bytes);
    unlink("cut.npz");
    unlink("whole.npz");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_come_back_whole),
        cmocka_unit_test(a_model_file_is_known_as_one),
        cmocka_unit_test(json_has_what_is_promised),
        cmocka_unit_test(numpy_opens_it_without_pickle),
        cmocka_unit_test(lies_are_found),
        cmocka_unit_test(what_is_no_model_is_called_by_its_name),
        cmocka_unit_test(every_prefix_and_many_mutations_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
