/* nmf_model: made from its content, looked at, freed. */
#include "model/model.h"

#include "base/memory.h"
#include "base/options.h"
#include "data/matrix.h"

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MOST_STARTS 1000000 /* as many as options.starts may be */

const nmf_model_content *nmf_model_view(const nmf_model *model)
{
    return model ? &model->content : NULL;
}

void nmf_model_set_fingerprint(nmf_model *model, uint64_t fingerprint)
{
    if (model) model->content.fingerprint = fingerprint;
}

void nmf_model_set_reading(nmf_model *model, int transposed, int column_order)
{
    if (!model) return;
    model->content.data_transposed = transposed != 0;
    model->content.data_column_order = column_order != 0;
}

const float *nmf_model_components_f32(const nmf_model *model)
{
    const nmf_dense H = nmf_matrix_dense(model ? model->H : NULL);
    return H.dtype == NMF_F32 ? H.data : NULL;
}

const double *nmf_model_components_f64(const nmf_model *model)
{
    const nmf_dense H = nmf_matrix_dense(model ? model->H : NULL);
    return H.dtype == NMF_F64 ? H.data : NULL;
}

void nmf_model_free(nmf_model *model)
{
    if (!model) return;
    nmf_matrix_free(model->W);
    nmf_matrix_free(model->H);
    free(model->numbers);
    free(model->trace);
    free(model->idf);
    free(model->stability);
    free(model);
}

/* Copies `count` doubles to *room and moves it on; NULL stays NULL. */
static const double *put(double **room, const double *from, int64_t count)
{
    if (!from) return NULL;
    double *to = *room;
    memcpy(to, from, (size_t)count * sizeof *to);
    *room += count;
    return to;
}

nmf_status nmfi_model_adopt(const nmf_model_content *content, nmf_matrix *W, nmf_matrix *H,
                            nmf_model **model, nmf_error *error)
{
    *model = NULL;
    const int64_t k = content->k, n = content->features, lines = content->trace_count;
    nmf_model *made = calloc(1, sizeof *made);
    const int64_t starts = content->start_losses ? content->start_count : 0;
    double *numbers = malloc((size_t)(n + 4 * k + starts + 1) * sizeof *numbers);
    nmf_trace_point *trace = malloc((size_t)(lines + 1) * sizeof *trace);
    if (!made || !numbers || !trace) {
        free(made);
        free(numbers);
        free(trace);
        nmf_matrix_free(W);
        nmf_matrix_free(H);
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a model of %lld x %lld",
                        (long long)k, (long long)n);
    }
    double *room = numbers;
    made->content = *content;
    made->content.struct_bytes = sizeof made->content;
    made->content.mean = put(&room, content->mean, n);
    made->content.singular_values = put(&room, content->singular_values, k);
    made->content.explained_variance = put(&room, content->explained_variance, k);
    made->content.explained_variance_ratio = put(&room, content->explained_variance_ratio, k);
    made->content.start_losses = put(&room, content->start_losses, starts);
    made->content.start_count = starts;
    made->content.shrink_to = put(&room, content->shrink_to, k);
    if (content->shrink > 0 && !content->shrink_to && W) {
        for (int64_t j = 0; j < k; j++) {
            room[j] = 0;
            for (int64_t i = 0; i < content->samples; i++) room[j] += nmf_matrix_at(W, i, j);
            room[j] /= (double)content->samples;
        }
        made->content.shrink_to = room;
    }
    if (lines > 0) memcpy(trace, content->trace, (size_t)lines * sizeof *trace);
    made->content.trace = trace;
    made->content.idf =
        NULL; /* nmf_model_set_weighting keeps a copy, nmf_model_set_stability the others */
    made->content.stability = made->content.H_low = made->content.H_high = NULL;
    made->content.options.start_W = made->content.options.start_H = NULL;
    made->content.options.constraints = NULL;
    made->content.options.progress = NULL;
    made->content.options.memory_taken_bytes = 0;
    made->content.options.progress_context = NULL;
    made->content.options.checkpoints = NULL;
    made->numbers = numbers;
    made->trace = trace;
    made->content.W = made->W = W;
    made->content.H = made->H = H;
    *model = made;
    return NMF_OK;
}

static nmf_status check_numbers(const double *numbers, int64_t count, const char *name,
                                double least, nmf_error *error)
{
    for (int64_t i = 0; numbers && i < count; i++)
        if (!(numbers[i] >= least && numbers[i] <= DBL_MAX))
            return nmf_fail(error, NMF_ERROR_DATA, "%s[%lld] = %g: must be finite%s", name,
                            (long long)i, numbers[i], least < 0 ? "" : " and >= 0");
    return NMF_OK;
}

nmf_status nmf_model_set_weighting(nmf_model *model, nmf_weighting weighting, const double *idf,
                                   nmf_error *error)
{
    if (!model) return nmf_fail(error, NMF_ERROR_ARGUMENT, "model is NULL");
    const int64_t n = model->content.features;
    double *copy = NULL;
    if ((unsigned)weighting > NMF_WEIGHTING_RAW || (weighting == NMF_WEIGHTING_TFIDF && !idf))
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "weighting %d is unknown or lacks its idf",
                        (int)weighting);
    if (weighting == NMF_WEIGHTING_TFIDF) {
        const nmf_status status = check_numbers(idf, n, "idf", 0, error);
        if (status != NMF_OK) return status;
        copy = malloc((size_t)n * sizeof *copy);
        if (!copy)
            return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: the idf of %lld features",
                            (long long)n);
        memcpy(copy, idf, (size_t)n * sizeof *copy);
    }
    free(model->idf);
    model->content.idf = model->idf = copy;
    model->content.weighting = model->content.options.weighting = weighting;
    return NMF_OK;
}

static nmf_status check_stability(const nmf_model_content *c, const double *stability,
                                  const double *low, const double *high, nmf_error *error)
{
    nmf_status status = check_numbers(stability, c->k, "stability", -1, error);
    if (status == NMF_OK) status = check_numbers(low, c->k * c->features, "H_low", 0, error);
    if (status == NMF_OK) status = check_numbers(high, c->k * c->features, "H_high", 0, error);
    for (int64_t j = 0; status == NMF_OK && j < c->k; j++)
        if (stability[j] > 1)
            return nmf_fail(error, NMF_ERROR_ARGUMENT, "stability[%lld] = %g: must be at most 1",
                            (long long)j, stability[j]);
    for (int64_t i = 0; status == NMF_OK && i < c->k * c->features; i++)
        if (low[i] > high[i])
            return nmf_fail(error, NMF_ERROR_ARGUMENT, "H_low[%lld,%lld] = %g is above H_high, %g",
                            (long long)(i / c->features), (long long)(i % c->features), low[i],
                            high[i]);
    return status;
}

nmf_status nmf_model_set_stability(nmf_model *model, const double *stability, const double *H_low,
                                   const double *H_high, nmf_error *error)
{
    if (!model) return nmf_fail(error, NMF_ERROR_ARGUMENT, "model is NULL");
    nmf_model_content *const c = &model->content;
    const int known = stability && H_low && H_high;
    double *block = NULL;
    if (!known && (stability || H_low || H_high))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "stability, H_low and H_high are given together or not at all");
    if (known) {
        const nmf_status status = check_stability(c, stability, H_low, H_high, error);
        if (status != NMF_OK) return status;
        block = malloc((size_t)(c->k + 2 * c->k * c->features) * sizeof *block);
        if (!block)
            return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: the bounds of %lld x %lld",
                            (long long)c->k, (long long)c->features);
    }
    free(model->stability);
    model->stability = block;
    c->stability = put(&block, stability, c->k);
    c->H_low = put(&block, H_low, c->k * c->features);
    c->H_high = put(&block, H_high, c->k * c->features);
    return NMF_OK;
}

nmf_status nmfi_model_keep_input(nmf_model *model, const nmf_options *given, const double *idf,
                                 nmf_error *error)
{
    model->content.options.memory_limit_bytes = given->memory_limit_bytes;
    return nmf_model_set_weighting(model, given->weighting, idf, error);
}

/* A copy that is dense, packed, row-major and owns its memory, names and image shape included. */
static nmf_status copy_matrix(const nmf_matrix *from, nmf_matrix **copy, nmf_error *error)
{
    const int64_t rows = nmf_matrix_rows(from);
    const nmf_dtype dtype = nmf_matrix_dtype(from);
    nmf_status status = nmf_matrix_new(dtype, rows, nmf_matrix_columns(from), copy, error);
    if (status == NMF_OK)
        status = nmf_matrix_copy_rows(from, 0, rows, dtype, nmf_matrix_writable(*copy), error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_rows(*copy, from, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_columns(*copy, from, error);
    if (status == NMF_OK) return NMF_OK;
    nmf_matrix_free(*copy);
    *copy = NULL;
    return status;
}

nmf_status nmfi_model_check_factor(const nmf_matrix *matrix, const char *name, int signed_ok,
                                   nmf_error *error)
{
    for (int64_t i = 0; i < nmf_matrix_rows(matrix); i++)
        for (int64_t j = 0; j < nmf_matrix_columns(matrix); j++) {
            const double value = nmf_matrix_at(matrix, i, j);
            if (!isfinite(value) || (!signed_ok && value < 0))
                return nmf_fail(error, NMF_ERROR_DATA,
                                "%s[%lld,%lld] = %g: entries must be finite%s", name, (long long)i,
                                (long long)j, value, signed_ok ? "" : " and >= 0");
        }
    return NMF_OK;
}

static nmf_status check_shapes(const nmf_model_content *c, nmf_error *error)
{
    if (!c->H) return nmf_fail(error, NMF_ERROR_ARGUMENT, "a model needs H");
    if (!c->W && c->samples != 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a model of %lld samples needs their W",
                        (long long)c->samples);
    const nmf_dense H = nmf_matrix_dense(c->H), W = c->W ? nmf_matrix_dense(c->W) : H;
    if (W.dtype != H.dtype || (W.dtype != NMF_F32 && W.dtype != NMF_F64))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "W is %s and H %s; both must be float32 or float64",
                        nmf_dtype_name(W.dtype), nmf_dtype_name(H.dtype));
    /* What was learned from rows that came and went has none of them. */
    const int64_t least = c->kind == NMF_MODEL_PCA ? 1 : 0;
    const int W_fits = !c->W || (c->samples >= least && W.rows == c->samples && W.columns == c->k);
    if (c->features < 1 || c->k < 1 || !W_fits || H.rows != c->k || H.columns != c->features)
        return nmf_fail(
            error, NMF_ERROR_SHAPE,
            "W is %lld x %lld and H %lld x %lld; they do not fit %lld samples, %lld components "
            "and %lld features",
            (long long)(c->W ? W.rows : 0), (long long)(c->W ? W.columns : 0), (long long)H.rows,
            (long long)H.columns, (long long)c->samples, (long long)c->k, (long long)c->features);
    return NMF_OK;
}

/* One thing said twice, in the content and in its options. */
static nmf_status check_twice(const char *name, double said, double in_options, nmf_error *error)
{
    if (said == in_options) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s is %g, but %g in the options", name, said,
                    in_options);
}

/* What a model says of itself against its arrays, against its options, and against what there is.
 * Arithmetic goes by these words: a wrong one would read beyond the arrays, or give other weights. */
static nmf_status check_words(const nmf_model_content *c, nmf_error *error)
{
    const nmf_precision precision =
        nmf_matrix_dtype(c->H) == NMF_F32 ? NMF_PRECISION_F32 : NMF_PRECISION_F64;
    nmf_options said = c->options, checked;
    if (said.k == 0) said.k = c->k; /* not said */
    if ((unsigned)c->kind > NMF_MODEL_PCA || (unsigned)c->stopped > NMF_STOPPED_INTERRUPTED)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "kind %d or stopped %d is unknown", (int)c->kind,
                        (int)c->stopped);
    if (c->precision != NMF_PRECISION_AUTO && c->precision != precision)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "precision is %d, but W and H are %s (%d): they must agree",
                        (int)c->precision, nmf_dtype_name(nmf_matrix_dtype(c->H)), (int)precision);
    nmf_status status = nmfi_options_check_bounds(
        &said, c->kind == NMF_MODEL_PCA ? NMF_SCOPE_PCA : NMF_SCOPE_FIT, &checked, error);
    if (status == NMF_OK) status = check_twice("k", (double)c->k, (double)said.k, error);
    if (status == NMF_OK && c->kind == NMF_MODEL_NMF)
        status = check_twice("loss", c->loss_kind, said.loss, error);
    if (status == NMF_OK && (c->error < 0 || c->relative_error < 0 || c->kkt < 0))
        status = nmf_fail(error, NMF_ERROR_DATA,
                          "error %g, relative error %g, residual %g: none can be below 0", c->error,
                          c->relative_error, c->kkt);
    int exponent = 1;
    if (status == NMF_OK && c->unit != 0 &&
        (!(c->unit > 0 && c->unit <= DBL_MAX) || frexp(c->unit, &exponent) != 0.5 ||
         exponent % 2 == 0))
        status = nmf_fail(error, NMF_ERROR_DATA, "unit = %g: must be 0 or a power of 4", c->unit);
    return status;
}

static nmf_status check_vectors(const nmf_model_content *c, nmf_error *error)
{
    if (c->kind == NMF_MODEL_PCA && (!c->mean || !c->singular_values || !c->explained_variance))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "a PCA model needs mean, singular values and explained variance");
    if (c->trace_count < 0 || (c->trace_count > 0 && !c->trace))
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a trace of %lld lines is missing",
                        (long long)c->trace_count);
    if (c->start_count < 0 || c->start_count > MOST_STARTS || c->winning_start < 0 ||
        c->winning_start >= (c->start_count > 0 ? c->start_count : 1))
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "start %lld of %lld: there is no such one",
                        (long long)c->winning_start, (long long)c->start_count);
    if ((c->start_count > 0) != (c->start_losses != NULL))
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "the losses of %lld starts are missing",
                        (long long)c->start_count);
    nmf_status status = check_numbers(c->mean, c->features, "mean", -DBL_MAX, error);
    for (int64_t s = 0; status == NMF_OK && s < c->start_count; s++) /* NaN: not come to */
        if (c->start_losses[s] < 0 || c->start_losses[s] > DBL_MAX)
            return nmf_fail(error, NMF_ERROR_DATA,
                            "start_losses[%lld] = %g: must be finite and >= 0", (long long)s,
                            c->start_losses[s]);
    if (status == NMF_OK) status = check_numbers(&c->shrink, 1, "shrink", 0, error);
    if (status == NMF_OK) status = check_numbers(&c->volume, 1, "volume", 0, error);
    if (status == NMF_OK) status = check_numbers(&c->volume_delta, 1, "volume_delta", 0, error);
    if (status == NMF_OK) status = check_numbers(c->shrink_to, c->k, "shrink_to", 0, error);
    if (status == NMF_OK)
        status = check_numbers(c->singular_values, c->k, "singular_values", 0, error);
    if (status == NMF_OK)
        status = check_numbers(c->explained_variance, c->k, "explained_variance", 0, error);
    if (status == NMF_OK)
        status =
            check_numbers(c->explained_variance_ratio, c->k, "explained_variance_ratio", 0, error);
    return status;
}

static nmf_status check_content(const nmf_model_content *c, nmf_error *error)
{
    const int is_pca = c->kind == NMF_MODEL_PCA;
    nmf_status status = check_shapes(c, error);
    if (status == NMF_OK) status = check_words(c, error);
    if (status == NMF_OK) status = check_vectors(c, error);
    if (status == NMF_OK && c->W) status = nmfi_model_check_factor(c->W, "W", is_pca, error);
    if (status == NMF_OK) status = nmfi_model_check_factor(c->H, "H", is_pca, error);
    return status;
}

/* A caller built against an older header has a shorter struct: the rest is as if it were zero.
 * Trap: what lies behind the options moves when they grow, so those must be as long as ours. */
static nmf_status take_content(const nmf_model_content *given, nmf_model_content *content,
                               nmf_error *error)
{
    const size_t bytes = given->struct_bytes, least = offsetof(nmf_model_content, iterations);
    *content = (nmf_model_content){0};
    if (bytes < least || bytes > 65536)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "content with struct_bytes = %zu: set it to sizeof(nmf_model_content)",
                        bytes);
    memcpy(content, given, bytes < sizeof *content ? bytes : sizeof *content);
    if (content->options.struct_bytes != sizeof content->options)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "content with options of %zu bytes, and this library's have %zu: begin "
                        "with its NMF_OPTIONS_INIT",
                        content->options.struct_bytes, sizeof content->options);
    return NMF_OK;
}

nmf_status nmf_model_new(const nmf_model_content *given, nmf_model **model, nmf_error *error)
{
    if (!model) return nmf_fail(error, NMF_ERROR_ARGUMENT, "model is NULL");
    *model = NULL;
    if (!given) return nmf_fail(error, NMF_ERROR_ARGUMENT, "content is NULL");
    nmf_model_content taken;
    const nmf_model_content *const content = &taken;
    nmf_status status = take_content(given, &taken, error);
    nmf_matrix *W = NULL, *H = NULL;
    if (status == NMF_OK) status = check_content(content, error);
    taken.options.k = taken.k;
    if (status == NMF_OK && taken.W) status = copy_matrix(content->W, &W, error);
    if (status == NMF_OK) /* AUTO: by the arrays */
        taken.precision =
            nmf_matrix_dtype(taken.H) == NMF_F32 ? NMF_PRECISION_F32 : NMF_PRECISION_F64;
    if (status == NMF_OK) status = copy_matrix(content->H, &H, error);
    if (status != NMF_OK) {
        nmf_matrix_free(W);
        return status;
    }
    status = nmfi_model_adopt(content, W, H, model, error);
    if (status == NMF_OK)
        status = nmf_model_set_weighting(*model, content->weighting, content->idf, error);
    if (status == NMF_OK)
        status = nmf_model_set_stability(*model, content->stability, content->H_low,
                                         content->H_high, error);
    if (status != NMF_OK) {
        nmf_model_free(*model);
        *model = NULL;
    }
    return status;
}
