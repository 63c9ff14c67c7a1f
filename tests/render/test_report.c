/* Reports: what a component is drawn as, names that stay text, matrices packed into a page, numbers
 * that agree with their definitions. What the page does with them is tested in Chromium. */
#include "support.h"

#include <math.h>
#include <nmfkit/nmfkit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/buffer.h"
#include "render/figures.h"
#include "render/pack.h"

static nmf_matrix *matrix_of(int64_t rows, int64_t columns, const double *values)
{
    nmf_matrix *matrix;
    assert_int_equal(nmf_matrix_new(NMF_F64, rows, columns, &matrix, NULL), NMF_OK);
    memcpy(nmf_matrix_writable(matrix), values, (size_t)(rows * columns) * sizeof *values);
    return matrix;
}

static void assert_near(double value, double wanted, double tolerance)
{
    if (!(fabs(value - wanted) <= tolerance)) {
        fail_msg("%.17g is not %.17g", value, wanted);
    }
}

static void name_features(nmf_matrix *matrix, const char *const *names)
{
    assert_int_equal(nmf_matrix_set_names(matrix, NMF_FEATURE_NAMES, names, NULL), NMF_OK);
}

/* --- kinds -------------------------------------------------------------------------------------- */

static void names_and_shapes_tell_the_kind(void **state)
{
    (void)state;
    static const char *const words[] = {"apple", "pear", "wheel", "na\xC3\xAFve"};
    static const char *const genes[] = {"CD3D", "MS4A1", "LYZ", "NKG7"};
    static const char *const waves[] = {"400", "402.5", "405", "410"};
    static const char *const falling[] = {"4", "3", "2.5", "1"};
    static const char *const years[] = {"1990", "1992", "1991", "1993"};
    const double values[4] = {1, 2, 3, 4};
    nmf_matrix *H = matrix_of(1, 4, values);
    assert_string_equal(nmfi_kind_of(H)->name, "features");
    name_features(H, words);
    assert_string_equal(nmfi_kind_of(H)->name, "words");
    name_features(H, genes);
    assert_string_equal(nmfi_kind_of(H)->name, "features");
    name_features(H, waves);
    assert_string_equal(nmfi_kind_of(H)->name, "curves");
    name_features(H, falling);
    assert_string_equal(nmfi_kind_of(H)->name, "curves");
    name_features(H, years); /* not along an axis */
    assert_string_equal(nmfi_kind_of(H)->name, "features");
    assert_int_equal(nmf_matrix_set_image_shape(H, 2, 2, NULL), NMF_OK);
    assert_string_equal(nmfi_kind_of(H)->name, "pictures");
    nmf_matrix_free(H);
}

static void smooth_rows_without_names_are_curves(void **state)
{
    (void)state;
    double values[64];
    for (int j = 0; j < 64; j++) {
        values[j] = exp(-0.02 * (j - 30) * (j - 30));
    }
    nmf_matrix *H = matrix_of(1, 64, values);
    assert_string_equal(nmfi_kind_of(H)->name, "curves");
    nmf_matrix_free(H);
    for (int j = 0; j < 64; j++) {
        values[j] = (j * 37) % 64; /* the same numbers whatever their order */
    }
    H = matrix_of(1, 64, values);
    assert_string_equal(nmfi_kind_of(H)->name, "features");
    nmf_matrix_free(H);
}

/* The 96 channels in another order than the field's. */
static void signatures_are_put_into_the_fields_order(void **state)
{
    (void)state;
    static const char bases[] = "ACGT";
    static const char *const changes[] = {"T>G", "T>C", "T>A", "C>T", "C>G", "C>A"};
    char texts[96][8];
    const char *names[96];
    double values[96] = {1};
    int64_t order[96];
    for (int i = 0; i < 96; i++) {
        snprintf(texts[i], sizeof texts[i], "%c[%s]%c", bases[i / 4 % 4], changes[i / 16],
                 bases[i % 4]);
        names[i] = texts[i];
    }
    nmf_matrix *H = matrix_of(1, 96, values);
    name_features(H, names);
    const nmfi_kind *kind = nmfi_kind_of(H);
    assert_string_equal(kind->name, "signatures");
    kind->arrange(H, order);
    assert_string_equal(names[order[0]], "A[C>A]A");
    assert_string_equal(names[order[1]], "A[C>A]C");
    assert_string_equal(names[order[4]], "C[C>A]A");
    assert_string_equal(names[order[16]], "A[C>G]A");
    assert_string_equal(names[order[95]], "T[T>G]T");
    names[5] = names[4]; /* a channel twice is no catalogue */
    name_features(H, names);
    assert_string_equal(nmfi_kind_of(H)->name, "features");
    nmf_matrix_free(H);
}

/* --- text --------------------------------------------------------------------------------------- */

static void hostile_names_end_nothing(void **state)
{
    (void)state;
    nmfi_buffer buffer = {NULL, 0, 0, 0};
    nmfi_buffer_string(&buffer, "</script><!-- \"\\\n\x01 \xFF\xC0\xAF \xE8\x84\xB8 &");
    assert_string_equal(buffer.text, "\"\\u003c/script\\u003e\\u003c!-- \\\"\\\\\\u000a\\u0001 "
                                     "\\ufffd\\ufffd\\ufffd \xE8\x84\xB8 \\u0026\"");
    buffer.used = 0;
    nmfi_buffer_html(&buffer, "<b>&'\"\xED\xA0\x80");
    assert_string_equal(buffer.text,
                        "&#60;b&#62;&#38;&#39;&#34;\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    free(buffer.text);
}

static void base64_is_what_rfc_4648_says(void **state)
{
    (void)state;
    static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    static const char *const coded[] = {"\"\"",         "\"Zg==\"",     "\"Zm8=\"",    "\"Zm9v\"",
                                        "\"Zm9vYg==\"", "\"Zm9vYmE=\"", "\"Zm9vYmFy\""};
    for (size_t i = 0; i < 7; i++) {
        nmfi_buffer buffer = {NULL, 0, 0, 0};
        nmfi_buffer_base64(&buffer, plain[i], strlen(plain[i]));
        assert_string_equal(buffer.text, coded[i]);
        free(buffer.text);
    }
}

static nmf_status copy_row(const void *context, int64_t row, double *out, nmf_error *error)
{
    (void)error;
    memcpy(out, (const double *)context + row * 8, 8 * sizeof *out);
    return NMF_OK;
}

static void packed_rows_say_their_scale_and_layout(void **state)
{
    (void)state;
    const double counts[16] = {0, 255, 3, 1, 9, 9, 9, 9, 7, 7, 7, 7, 7, 7, 7, 7};
    const double sparse[16] = {0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1.25};
    nmfi_buffer buffer = {NULL, 0, 0, 0};
    const nmfi_packed_rows whole = {2, 8, copy_row, counts};
    assert_int_equal(nmfi_pack_rows(&whole, &buffer, NULL), NMF_OK);
    assert_string_equal(buffer.text, "{\"rows\":2,\"columns\":8,\"bytes\":1,\"scales\":[1,1],"
                                     "\"values\":\"AP8DAQkJCQkHBwcHBwcHBw==\"}");
    buffer.used = 0;
    const nmfi_packed_rows few = {2, 8, copy_row, sparse};
    assert_int_equal(nmfi_pack_rows(&few, &buffer, NULL), NMF_OK);
    assert_non_null(
        strstr(buffer.text, "\"pointers\":[0,1,2],\"index_bytes\":2,\"indices\":\"AwAHAA==\""));
    assert_non_null(strstr(buffer.text, "\"values\":\"/////w==\"")); /* both the largest level */
    free(buffer.text);
}

/* --- numbers ------------------------------------------------------------------------------------ */

/* 4 samples, 2 components, 3 features, an exact product. */
static const double small_W[8] = {1, 0, 2, 0, 0, 3, 0, 0}, small_H[6] = {3, 4, 0, 0, 0, 2};

static nmf_model *small_model(nmf_loss loss)
{
    nmf_matrix *W = matrix_of(4, 2, small_W), *H = matrix_of(2, 3, small_H);
    nmf_model *model;
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = 2;
    options.loss = loss;
    nmf_model_content content = {.struct_bytes = sizeof content,
                                 .loss_kind = loss,
                                 .options = options,
                                 .W = W,
                                 .H = H,
                                 .samples = 4,
                                 .features = 3,
                                 .k = 2,
                                 .relative_error = 0.5,
                                 .precision = NMF_PRECISION_F64,
                                 .init = "random",
                                 .kernel = "portable"};
    nmf_error error;
    assert_int_equal(nmf_model_new(&content, &model, &error), NMF_OK);
    nmf_matrix_free(W);
    nmf_matrix_free(H);
    return model;
}

static void shares_labels_and_errors_follow_their_definitions(void **state)
{
    (void)state;
    static const char *const labels[] = {"10", "10", "9", "9"};
    const double X[12] = {3, 4, 0, 6, 8, 5, 0, 0, 6, 0, 0, 0};
    nmf_model *model = small_model(NMF_LOSS_FROBENIUS);
    nmf_matrix *data = matrix_of(4, 3, X);
    nmf_render_report_options options = NMF_RENDER_REPORT_INIT;
    nmfi_figures f;
    options.X = data;
    options.labels = labels;
    assert_int_equal(nmfi_figures_count(model, &options, &f, NULL), NMF_OK);
    assert_near(f.sizes[0], 5.0, 1e-15); /* the norm of (3, 4, 0) */
    assert_near(f.sizes[1], 2.0, 1e-15);
    assert_near(f.shares[0], 21.0 / 27.0, 1e-15); /* 3 * 7 and 3 * 2 of all entries */
    assert_near(f.cosines[1], 0.0, 0.0);
    assert_int_equal(f.members[0], 2);
    assert_int_equal(f.members[1], 1);
    assert_int_equal(f.without, 1);
    assert_int_equal(f.best[0], 1); /* sample 1 has the larger weight */
    assert_int_equal(f.best[1], 0);
    assert_int_equal(f.best[2], -1);
    assert_near(f.sample_error[0], 0.0, 1e-12);
    assert_near(f.sample_error[1], 5.0 / sqrt(125.0), 1e-12);
    assert_near(f.sample_cosine[1], 100.0 / (sqrt(125.0) * 10.0), 1e-12);
    assert_true(isnan(f.sample_error[3]));
    assert_int_equal(f.empty_rows, 1);
    /* 9 before 10; the groups are {0, 1}, {2}, {3}: MI is log 2, the entropies log 2 and 1.5 log 2. */
    assert_string_equal(f.labels.names[0], "9");
    assert_near(f.labels.nmi, 1.0 / 1.25, 1e-12);
    assert_near(f.labels.ari, (1.0 - 2.0 / 6.0) / (1.5 - 2.0 / 6.0), 1e-12);
    assert_near(f.labels.mean_shares[2], 1.0, 1e-15);
    nmfi_figures_clear(&f);
    nmf_matrix_free(data);
    nmf_model_free(model);
}

/* Errors are over what was observed, by its weights; what was not is never read. */
static void holes_and_weights_count_as_the_fit_counts_them(void **state)
{
    (void)state;
    double X[12] = {3, NAN, 1, 6, 8, NAN, NAN, NAN, NAN, 0, 0, 0};
    const double given[12] = {1, 1, 2, 0, 1, 1, 1, 1, 1, 1, 1, 1};
    nmf_model *model = small_model(NMF_LOSS_FROBENIUS); /* rows (3 4 0), (6 8 0), (0 0 6), 0 */
    nmf_matrix *data = matrix_of(4, 3, X), *weights = matrix_of(4, 3, given);
    nmf_render_report_options options = NMF_RENDER_REPORT_INIT;
    nmfi_figures f;
    options.X = data;
    assert_int_equal(nmf_matrix_set_missing(data, NMF_MISSING_NAN, NULL), NMF_OK);
    assert_int_equal(nmfi_figures_count(model, &options, &f, NULL), NMF_OK);
    assert_int_equal(f.is_partial && !f.has_weights, 1);
    assert_near(f.observed, 7.0, 0.0);
    assert_int_equal(f.unseen_rows, 1);
    assert_int_equal(f.unseen_columns, 0);
    assert_int_equal(f.empty_rows, 1);                       /* the last one, observed and 0 */
    assert_near(f.sample_error[0], 1.0 / sqrt(10.0), 1e-12); /* 3 and 1 by 3 and 0 */
    assert_near(f.sample_error[1], 0.0, 1e-12);
    assert_true(isnan(f.sample_error[2]));
    assert_int_equal(f.has_pca, 0);
    nmfi_figures_clear(&f);
    assert_int_equal(nmf_matrix_set_weights(data, weights, NULL), NMF_OK);
    assert_int_equal(nmfi_figures_count(model, &options, &f, NULL), NMF_OK);
    assert_int_equal(f.has_weights, 1);
    assert_near(f.observed, 6.0, 0.0);
    assert_near(f.sample_error[0], sqrt(2.0 / 11.0), 1e-12);
    nmfi_figures_clear(&f);
    nmf_matrix_free(data);
    nmf_model_free(model);
}

static void packed_rows_keep_holes_and_what_is_below_zero(void **state)
{
    (void)state;
    const double rows[16] = {-1, 0, 2, NAN, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0, 9};
    nmfi_buffer buffer = {NULL, 0, 0, 0};
    const nmfi_packed_rows packed = {2, 8, copy_row, rows};
    assert_int_equal(nmfi_pack_rows(&packed, &buffer, NULL), NMF_OK);
    assert_string_equal(buffer.text,
                        "{\"rows\":2,\"columns\":8,\"bytes\":1,\"scales\":[1,1],\"lows\":[-1,0],"
                        "\"values\":\"AAEDAAQFBgcAAAAAAAAACQ==\",\"seen\":\"9/8=\"}");
    free(buffer.text);
}

static void what_no_report_can_be_made_of_is_refused(void **state)
{
    (void)state;
    const double X[4] = {1, 2, 3, 4};
    nmf_model *model = small_model(NMF_LOSS_KL);
    nmf_matrix *data = matrix_of(2, 2, X);
    nmf_render_report_options options = NMF_RENDER_REPORT_INIT;
    nmf_error error;
    char *html;
    size_t bytes;
    options.X = data;
    assert_int_equal(nmf_render_report_html(model, &options, &html, &bytes, &error),
                     NMF_ERROR_SHAPE);
    assert_non_null(strstr(error.message, "2 samples x 2 features; the model was fitted to 4 x 3"));
    assert_null(html);
    double holes[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3};
    holes[5] = NAN;
    nmf_matrix *missing = matrix_of(4, 3, holes);
    options.X = missing;
    assert_int_equal(nmf_render_report_html(model, &options, &html, &bytes, &error),
                     NMF_ERROR_DATA);
    assert_non_null(strstr(error.message, "X[1,2]"));
    holes[5] = -1.0;
    nmf_matrix *negative = matrix_of(4, 3, holes);
    options.X = negative;
    assert_int_equal(nmf_render_report_html(model, &options, &html, &bytes, &error),
                     NMF_ERROR_DATA);
    assert_non_null(strstr(error.message, "X[1,2] = -1"));
    for (int j = 0; j < 12; j++) {
        holes[j] = NAN;
    }
    nmf_matrix *nothing = matrix_of(4, 3, holes);
    assert_int_equal(nmf_matrix_set_missing(nothing, NMF_MISSING_NAN, &error), NMF_OK);
    options.X = nothing;
    assert_int_equal(nmf_render_report_html(model, &options, &html, &bytes, &error),
                     NMF_ERROR_DATA);
    assert_non_null(strstr(error.message, "no entry of the data was observed"));
    nmf_matrix_free(nothing);
    nmf_matrix_free(negative);
    nmf_matrix_free(missing);
    options = NMF_RENDER_REPORT_INIT;
    options.kind = "pictures";
    assert_int_equal(nmf_render_report(model, &options, in_folder("no.html"), &error),
                     NMF_ERROR_ARGUMENT);
    options.kind = "sounds";
    assert_int_equal(nmf_render_report(model, &options, in_folder("no.html"), &error),
                     NMF_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "kind = 'sounds'"));
    options = NMF_RENDER_REPORT_INIT;
    options.language = "fr";
    assert_int_equal(nmf_render_report(model, &options, in_folder("no.html"), &error),
                     NMF_ERROR_ARGUMENT);
    options = NMF_RENDER_REPORT_INIT;
    options.rank_json = "[1, 2";
    assert_int_equal(nmf_render_report(model, &options, in_folder("no.html"), &error),
                     NMF_ERROR_FORMAT);
    assert_int_equal(files_in_folder(), 0);
    nmf_matrix_free(data);
    nmf_model_free(model);
}

static void the_same_model_gives_the_same_bytes(void **state)
{
    (void)state;
    nmf_model *model = small_model(NMF_LOSS_KL);
    nmf_render_report_options options = NMF_RENDER_REPORT_INIT;
    char *first, *second;
    size_t bytes, again;
    options.title = "</title><script>alert(1)</script>";
    options.rank_json = "{\"verdict\": \"</script><script>alert(2)</script>\"}";
    assert_int_equal(nmf_render_report_html(model, &options, &first, &bytes, NULL), NMF_OK);
    assert_int_equal(nmf_render_report_html(model, &options, &second, &again, NULL), NMF_OK);
    assert_int_equal(bytes, again);
    assert_memory_equal(first, second, bytes);
    assert_int_equal(strlen(first), bytes);
    assert_null(strstr(first, "alert(1)</script>"));
    assert_null(strstr(first, "alert(2)</script>"));
    assert_null(strstr(first, "{{"));
    free(first);
    free(second);
    nmf_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_shapes_tell_the_kind),
        cmocka_unit_test(smooth_rows_without_names_are_curves),
        cmocka_unit_test(signatures_are_put_into_the_fields_order),
        cmocka_unit_test(hostile_names_end_nothing),
        cmocka_unit_test(base64_is_what_rfc_4648_says),
        cmocka_unit_test(packed_rows_say_their_scale_and_layout),
        cmocka_unit_test(shares_labels_and_errors_follow_their_definitions),
        cmocka_unit_test(holes_and_weights_count_as_the_fit_counts_them),
        cmocka_unit_test(packed_rows_keep_holes_and_what_is_below_zero),
        cmocka_unit_test(what_no_report_can_be_made_of_is_refused),
        cmocka_unit_test(the_same_model_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
