/* The model file: an .npz with
 *   W, H           the factors, with sample_names, labels, feature_names and image_shape where
 *                  there are some
 *   mean, singular_values, explained_variance, explained_variance_ratio
 *                  PCA only
 *   idf            of the features, where the data was weighted by tfidf
 *   stability, H_low, H_high
 *                  of a consensus
 *   start_losses   of a fit from several starts
 *   trace          count x 5: iteration, passes, seconds, loss, kkt
 *   manifest.json  all the rest (model_json.c)
 * numpy.load opens it without pickle. Loading believes nothing: shapes must agree with the manifest
 * here, and entries are judged by nmf_model_new. */
#include "model_file.h"
#include "model_json.h"

#include "io/arrays/npz_writer.h"
#include "io/files/foreign_files.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <nmfkit/io.h>
#include <stdlib.h>
#include <string.h>

#define MANIFEST "manifest.json"
#define A_MODEL "a model is the .npz file that 'nmf fit' or nmfkit.save_model writes"
#define TRACE_COLUMNS 5
#define LONGEST_MANIFEST ((size_t)1 << 20)

/* The PCA vectors: k or `features` entries of f64. */
static const struct {
    const char *name;
    size_t offset;
    int of_features;
} vectors[] = {
    {"mean", offsetof(nmf_model_content, mean), 1},
    {"singular_values", offsetof(nmf_model_content, singular_values), 0},
    {"explained_variance", offsetof(nmf_model_content, explained_variance), 0},
    {"explained_variance_ratio", offsetof(nmf_model_content, explained_variance_ratio), 0}};
static const char IDF[] = "idf";
static const char START_LOSSES[] = "start_losses";
static const char STABILITY[] = "stability", H_LOW[] = "H_low", H_HIGH[] = "H_high";
#define VECTOR_COUNT (sizeof vectors / sizeof vectors[0])

/* --- saving
 * -------------------------------------------------------------------------------------- */

static double *trace_table(const nmf_model_content *content)
{
    double *table = calloc((size_t)content->trace_count * TRACE_COLUMNS + 1, sizeof *table);
    for (int64_t i = 0; table != NULL && i < content->trace_count; i++) {
        const nmf_trace_point *point = &content->trace[i];
        double *row = table + i * TRACE_COLUMNS;
        row[0] = (double)point->iteration;
        row[1] = (double)point->passes;
        row[2] = point->seconds;
        row[3] = point->loss;
        row[4] = point->kkt;
    }
    return table;
}

static nmf_status add_factors(nmfi_npz_writer *writer, const nmf_model_content *content,
                              nmf_error *error)
{
    nmf_status status = nmfi_npz_add_matrix(writer, "W", content->W, error);
    if (status == NMF_OK) {
        status = nmfi_npz_add_matrix(writer, "H", content->H, error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_add_names(writer, "sample_names", content->W, NMF_SAMPLE_NAMES, error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_add_names(writer, "labels", content->W, NMF_LABELS, error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_add_names(writer, "feature_names", content->H, NMF_FEATURE_NAMES, error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_add_image_shape(writer, content->H, error);
    }
    return status;
}

static nmf_status add_stability(nmfi_npz_writer *writer, const nmf_model_content *content,
                                nmf_error *error)
{
    nmf_status status = nmfi_npz_add_array(writer, STABILITY, 'f', sizeof(double), content->k, -1,
                                           content->stability, error);
    if (status == NMF_OK) {
        status = nmfi_npz_add_array(writer, H_LOW, 'f', sizeof(double), content->k,
                                    content->features, content->H_low, error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_add_array(writer, H_HIGH, 'f', sizeof(double), content->k,
                                    content->features, content->H_high, error);
    }
    return status;
}

static nmf_status add_all(nmfi_npz_writer *writer, const nmf_model_content *content,
                          const char *manifest, const double *trace, nmf_error *error)
{
    nmf_status status = nmfi_npz_add_text(writer, MANIFEST, manifest, error);
    if (status == NMF_OK) {
        status = add_factors(writer, content, error);
    }
    for (size_t i = 0; i < VECTOR_COUNT && status == NMF_OK; i++) {
        const double *data;
        memcpy(&data, (const char *)content + vectors[i].offset, sizeof data);
        if (data != NULL) {
            const int64_t count = vectors[i].of_features ? content->features : content->k;
            status = nmfi_npz_add_array(writer, vectors[i].name, 'f', sizeof *data, count, -1, data,
                                        error);
        }
    }
    if (status == NMF_OK && content->idf != NULL) {
        status = nmfi_npz_add_array(writer, IDF, 'f', sizeof *content->idf, content->features, -1,
                                    content->idf, error);
    }
    if (status == NMF_OK && content->stability != NULL) {
        status = add_stability(writer, content, error);
    }
    if (status == NMF_OK && content->start_losses != NULL) {
        status = nmfi_npz_add_array(writer, START_LOSSES, 'f', sizeof *content->start_losses,
                                    content->start_count, -1, content->start_losses, error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_add_array(writer, "trace", 'f', sizeof *trace, content->trace_count,
                                    TRACE_COLUMNS, trace, error);
    }
    return status;
}

nmf_status nmf_io_save_model(const nmf_model *model, const char *path, nmf_error *error)
{
    if (model == NULL || path == NULL || path[0] == '\0') {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "saving needs a model and a path");
    }
    const nmf_model_content *content = nmf_model_view(model);
    if (content->W == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s: a model without its W cannot be saved",
                        path);
    }
    nmfi_npz_writer *writer;
    double *trace = trace_table(content);
    char *manifest = nmf_io_model_json(model);
    nmf_status status = trace != NULL && manifest != NULL
                            ? nmfi_npz_create(path, &writer, error)
                            : nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    if (status == NMF_OK) {
        status = add_all(writer, content, manifest, trace, error);
        status = nmfi_npz_finish(writer, status, error);
    }
    free(manifest);
    free(trace);
    return status;
}

/* --- loading
 * ------------------------------------------------------------------------------------- */

/* The parts being put together, all owned. */
typedef struct loading {
    nmfi_npz *npz;
    const char *path;
    nmf_error *error;
    nmf_model_content content;
    nmf_matrix *W, *H;
    nmf_matrix *vectors[VECTOR_COUNT], *idf;
    nmf_matrix *stability, *low, *high, *starts;
    nmf_trace_point *trace;
} loading;

static nmf_status load_manifest(loading *l)
{
    unsigned char *text;
    size_t bytes;
    const int64_t index = nmfi_npz_find(l->npz, MANIFEST);
    if (index < 0) {
        return nmf_fail(l->error, NMF_ERROR_FORMAT,
                        "%s: is no model but an archive of arrays without a %s; " A_MODEL, l->path,
                        MANIFEST);
    }
    nmf_status status = nmfi_npz_bytes(l->npz, index, &text, &bytes, l->error);
    if (status != NMF_OK) {
        return status;
    }
    status =
        bytes <= LONGEST_MANIFEST
            ? nmfi_model_from_json((const char *)text, l->path, &l->content, l->error)
            : nmf_fail(l->error, NMF_ERROR_FORMAT, "%s: its %s has %zu bytes; at most %zu are read",
                       l->path, MANIFEST, bytes, LONGEST_MANIFEST);
    free(text);
    return status;
}

/* Loads an array that must be there, of the given shape (-1: any) and a real type, as a row-major
 * matrix. */
static nmf_status load_array(loading *l, const char *name, int64_t rows, int64_t columns,
                             nmf_matrix **matrix)
{
    const int64_t index = nmfi_npz_find(l->npz, name);
    if (index < 0) {
        return nmf_fail(l->error, NMF_ERROR_FORMAT, "%s: is no complete model file: it has no %s",
                        l->path, name);
    }
    nmf_matrix *found;
    nmf_status status = nmfi_npz_matrix(l->npz, index, NMFI_NPY_ANY, &found, l->error);
    if (status != NMF_OK) {
        return status;
    }
    const nmf_dense dense = nmf_matrix_dense(found);
    if ((rows >= 0 && dense.rows != rows) || (columns >= 0 && dense.columns != columns) ||
        dense.dtype < NMF_F32) {
        status = nmf_fail(
            l->error, NMF_ERROR_FORMAT,
            "%s: %s is %s, %" PRId64 " x %" PRId64 ", but the manifest asks for real numbers, "
            "%" PRId64 " x %" PRId64,
            l->path, name, nmf_dtype_name(dense.dtype), dense.rows, dense.columns, rows, columns);
        nmf_matrix_free(found);
        return status;
    }
    if (dense.column_stride == 1 && dense.row_stride == dense.columns) {
        *matrix = found;
        return NMF_OK;
    }
    status = nmf_matrix_new(dense.dtype, dense.rows, dense.columns, matrix, l->error);
    if (status == NMF_OK && dense.rows > 0) {
        status = nmf_matrix_copy_rows(found, 0, dense.rows, dense.dtype,
                                      nmf_matrix_writable(*matrix), l->error);
    }
    nmf_matrix_free(found);
    return status;
}

static nmf_status load_factors(loading *l)
{
    const nmf_model_content *c = &l->content;
    nmf_status status = load_array(l, "W", c->samples, c->k, &l->W);
    if (status == NMF_OK) {
        status = load_array(l, "H", c->k, c->features, &l->H);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_attach_names(l->npz, "sample_names", l->W, NMF_SAMPLE_NAMES, l->error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_attach_names(l->npz, "labels", l->W, NMF_LABELS, l->error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_attach_names(l->npz, "feature_names", l->H, NMF_FEATURE_NAMES, l->error);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_attach_image_shape(l->npz, l->H, l->error);
    }
    l->content.W = l->W;
    l->content.H = l->H;
    return status;
}

/* rows x columns numbers of type float64, which the content then points to. */
static nmf_status load_numbers(loading *l, const char *name, int64_t rows, int64_t columns,
                               size_t offset, nmf_matrix **vector)
{
    const nmf_status status = load_array(l, name, rows, columns, vector);
    if (status != NMF_OK) {
        return status;
    }
    if (nmf_matrix_dtype(*vector) != NMF_F64) {
        return nmf_fail(l->error, NMF_ERROR_FORMAT, "%s: %s is not of type float64", l->path, name);
    }
    const double *data = nmf_matrix_dense(*vector).data;
    memcpy((char *)&l->content + offset, &data, sizeof data);
    return NMF_OK;
}

static nmf_status load_vector(loading *l, const char *name, int64_t count, size_t offset,
                              nmf_matrix **vector)
{
    return load_numbers(l, name, 1, count, offset, vector);
}

static nmf_status load_stability(loading *l)
{
    const int64_t k = l->content.k, features = l->content.features;
    nmf_status status =
        load_vector(l, STABILITY, k, offsetof(nmf_model_content, stability), &l->stability);
    if (status == NMF_OK) {
        status = load_numbers(l, H_LOW, k, features, offsetof(nmf_model_content, H_low), &l->low);
    }
    if (status == NMF_OK) {
        status =
            load_numbers(l, H_HIGH, k, features, offsetof(nmf_model_content, H_high), &l->high);
    }
    return status;
}

/* As many as there are. */
static nmf_status load_starts(loading *l)
{
    nmf_status status = load_array(l, START_LOSSES, 1, -1, &l->starts);
    if (status == NMF_OK && nmf_matrix_dtype(l->starts) != NMF_F64) {
        status = nmf_fail(l->error, NMF_ERROR_FORMAT, "%s: %s is not of type float64", l->path,
                          START_LOSSES);
    }
    if (status == NMF_OK) {
        l->content.start_losses = nmf_matrix_dense(l->starts).data;
        l->content.start_count = nmf_matrix_columns(l->starts);
    }
    return status;
}

static nmf_status load_vectors(loading *l)
{
    nmf_status status = NMF_OK;
    for (size_t i = 0; i < VECTOR_COUNT && status == NMF_OK && l->content.kind == NMF_MODEL_PCA;
         i++) {
        const int64_t count = vectors[i].of_features ? l->content.features : l->content.k;
        status = load_vector(l, vectors[i].name, count, vectors[i].offset, &l->vectors[i]);
    }
    if (status == NMF_OK && l->content.weighting == NMF_WEIGHTING_TFIDF) {
        status =
            load_vector(l, IDF, l->content.features, offsetof(nmf_model_content, idf), &l->idf);
    }
    if (status == NMF_OK && nmfi_npz_find(l->npz, STABILITY) >= 0) {
        status = load_stability(l);
    }
    if (status == NMF_OK && nmfi_npz_find(l->npz, START_LOSSES) >= 0) {
        status = load_starts(l);
    }
    return status;
}

/* A count from a file, as the trace has it: whole, and within what a double holds exactly. */
static int to_count(double value, int64_t *count)
{
    if (!(value >= 0.0 && value <= 0x1p53) || value != floor(value)) {
        return 0;
    }
    *count = (int64_t)value;
    return 1;
}

static nmf_status load_trace(loading *l)
{
    nmf_matrix *table = NULL;
    nmf_status status = load_array(l, "trace", -1, TRACE_COLUMNS, &table);
    if (status != NMF_OK) {
        return status;
    }
    const int64_t count = nmf_matrix_rows(table);
    l->trace = calloc((size_t)count + 1, sizeof *l->trace);
    if (l->trace == NULL) {
        status = nmf_fail(l->error, NMF_ERROR_MEMORY, "%s: out of memory for the trace", l->path);
    }
    for (int64_t i = 0; i < count && status == NMF_OK; i++) {
        nmf_trace_point *point = &l->trace[i];
        if (!to_count(nmf_matrix_at(table, i, 0), &point->iteration) ||
            !to_count(nmf_matrix_at(table, i, 1), &point->passes)) {
            status = nmf_fail(l->error, NMF_ERROR_FORMAT,
                              "%s: line %" PRId64 " of the trace does not begin with two counts",
                              l->path, i);
        }
        point->seconds = nmf_matrix_at(table, i, 2);
        point->loss = nmf_matrix_at(table, i, 3);
        point->kkt = nmf_matrix_at(table, i, 4);
    }
    nmf_matrix_free(table);
    l->content.trace = l->trace;
    l->content.trace_count = count;
    return status;
}

/* Parts of a model file that come from one fit agree; where a file was made otherwise they need not. */
static nmf_status check_agreement(const loading *l)
{
    const nmf_model_content *c = &l->content;
    const nmf_dtype wanted = c->precision == NMF_PRECISION_F32 ? NMF_F32 : NMF_F64;
    const nmf_matrix *const factors[] = {l->W, l->H};
    if (c->precision == NMF_PRECISION_AUTO) {
        return nmf_fail(l->error, NMF_ERROR_FORMAT,
                        "%s: the manifest's precision is neither f32 nor f64", l->path);
    }
    for (int i = 0; i < 2; i++) {
        if (nmf_matrix_dtype(factors[i]) != wanted) {
            return nmf_fail(l->error, NMF_ERROR_FORMAT,
                            "%s: %s is of type %s, but the manifest's precision is %s", l->path,
                            i == 0 ? "W" : "H", nmf_dtype_name(nmf_matrix_dtype(factors[i])),
                            wanted == NMF_F32 ? "f32" : "f64");
        }
    }
    if (c->options.k != 0 && c->options.k != c->k) {
        return nmf_fail(l->error, NMF_ERROR_FORMAT,
                        "%s: the manifest says k = %" PRId64 ", and k = %" PRId64
                        " among its options",
                        l->path, c->k, c->options.k);
    }
    if (c->kind == NMF_MODEL_NMF && c->options.loss != c->loss_kind) {
        return nmf_fail(l->error, NMF_ERROR_FORMAT,
                        "%s: the manifest's loss is not the one among its options", l->path);
    }
    for (int64_t i = 1; i < c->trace_count; i++) {
        if (c->trace[i].passes < c->trace[i - 1].passes) {
            return nmf_fail(l->error, NMF_ERROR_FORMAT,
                            "%s: line %" PRId64
                            " of the trace has fewer passes than the line above",
                            l->path, i);
        }
    }
    for (int64_t i = 0; c->idf != NULL && i < c->features; i++) {
        if (!(c->idf[i] >= 0.0 && c->idf[i] <= DBL_MAX)) {
            return nmf_fail(l->error, NMF_ERROR_FORMAT,
                            "%s: the idf of feature %" PRId64 " is %g, must be finite and >= 0",
                            l->path, i, c->idf[i]);
        }
    }
    return NMF_OK;
}

nmf_status nmfi_model_from_npz(nmfi_npz *npz, const char *path, nmf_model **model, nmf_error *error)
{
    loading l = {.npz = npz, .path = path, .error = error};
    l.content.struct_bytes = sizeof l.content;
    *model = NULL;
    nmf_status status = load_manifest(&l);
    if (status == NMF_OK) {
        status = load_factors(&l);
    }
    if (status == NMF_OK) {
        status = load_vectors(&l);
    }
    if (status == NMF_OK) {
        status = load_trace(&l);
    }
    if (status == NMF_OK) {
        status = check_agreement(&l);
    }
    nmf_error reason;
    if (status == NMF_OK && (status = nmf_model_new(&l.content, model, &reason)) != NMF_OK) {
        /* Parts of a file that contradict each other are the file's fault, not the caller's. */
        const int contradicts = status == NMF_ERROR_ARGUMENT || status == NMF_ERROR_SHAPE;
        *model = NULL;
        status = nmf_fail(error, contradicts ? NMF_ERROR_FORMAT : status, "%s: %s", path,
                          reason.message);
    }
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        nmf_matrix_free(l.vectors[i]);
    }
    nmf_matrix_free(l.idf);
    nmf_matrix_free(l.stability);
    nmf_matrix_free(l.low);
    nmf_matrix_free(l.high);
    nmf_matrix_free(l.starts);
    free(l.trace);
    nmf_matrix_free(l.W);
    nmf_matrix_free(l.H);
    return status;
}

nmf_status nmf_io_load_model(const char *path, nmf_model **model, nmf_error *error)
{
    nmfi_npz *npz;
    if (path == NULL || model == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "loading needs a path and a place for the model");
    }
    *model = NULL;
    nmf_error reason = {NMF_OK, ""};
    nmf_status status = nmfi_npz_open(path, &npz, &reason);
    if (status == NMF_ERROR_FORMAT) {
        return nmf_fail(error, status, "%s: is no model but %s; " A_MODEL, path,
                        nmfi_what_is(path));
    }
    if (status != NMF_OK) {
        return nmf_fail(error, status, "%s", reason.message);
    }
    status = nmfi_model_from_npz(npz, path, model, error);
    nmfi_npz_close(npz);
    return status;
}

nmf_status nmf_io_recognise_model(const char *path, int *is_model, nmf_error *error)
{
    nmfi_npz *npz;
    nmf_error reason = {NMF_OK, ""};
    if (path == NULL || is_model == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "recognising a model needs a path and a place");
    }
    *is_model = 0;
    const nmf_status status = nmfi_npz_open(path, &npz, &reason);
    if (status == NMF_ERROR_MEMORY) {
        return nmf_fail(error, status, "%s", reason.message);
    }
    if (status != NMF_OK) {
        return NMF_OK; /* no archive, and so no model */
    }
    *is_model = nmfi_npz_find(npz, MANIFEST) >= 0;
    nmfi_npz_close(npz);
    return NMF_OK;
}

int nmf_io_is_model(const char *path)
{
    int is_model = 0;
    return nmf_io_recognise_model(path, &is_model, NULL) == NMF_OK && is_model;
}
