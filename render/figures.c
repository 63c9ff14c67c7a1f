/* See figures.h. */
#include "figures.h"

#include <math.h>
#include <stdlib.h>

#include <nmfkit/nmfkit.h>

#define ROWS_AT_ONCE 256

const char *nmfi_sample_name(const nmfi_figures *f, int64_t sample)
{
    const nmf_matrix *X = f->asked->X;
    return X != NULL && nmf_matrix_has_names(X, NMF_SAMPLE_NAMES)
               ? nmf_matrix_name(X, NMF_SAMPLE_NAMES, sample)
               : nmf_matrix_name(f->content->W, NMF_SAMPLE_NAMES, sample);
}

const char *nmfi_feature_name(const nmfi_figures *f, int64_t feature)
{
    return nmf_matrix_name(f->content->H, NMF_FEATURE_NAMES, feature);
}

static nmf_status choose_kind(nmfi_figures *f, nmf_error *error)
{
    const nmf_matrix *H = f->content->H;
    if (f->asked->kind != NULL) {
        return nmfi_kind_named(f->asked->kind, H, &f->kind, error);
    }
    f->kind = nmfi_kind_of(H);
    return NMF_OK;
}

static nmf_status take_memory(nmfi_figures *f, nmf_error *error)
{
    const size_t k = (size_t)f->k;
    f->H = calloc(k * (size_t)f->n, sizeof *f->H);
    f->sizes = calloc(k, sizeof *f->sizes);
    f->shares = calloc(k, sizeof *f->shares);
    f->cosines = calloc(k * k, sizeof *f->cosines);
    f->mean_share = calloc(k, sizeof *f->mean_share);
    f->members = calloc(k, sizeof *f->members);
    f->best = calloc(k * NMFI_BEST_SAMPLES, sizeof *f->best);
    if (f->H == NULL || f->sizes == NULL || f->shares == NULL || f->cosines == NULL ||
        f->mean_share == NULL || f->members == NULL || f->best == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld components of %lld features",
                        (long long)f->k, (long long)f->n);
    }
    for (size_t i = 0; i < k * NMFI_BEST_SAMPLES; i++) {
        f->best[i] = -1;
    }
    return nmf_matrix_copy_rows(f->content->H, 0, f->k, NMF_F64, f->H, error);
}

/* Sizes, likeness; shares[c] becomes H's row sum, which the samples' sums of W are multiplied by. */
static void measure_components(nmfi_figures *f)
{
    for (int64_t c = 0; c < f->k; c++) {
        for (int64_t d = c; d < f->k; d++) {
            const double *a = f->H + c * f->n, *b = f->H + d * f->n;
            double product = 0.0;
            for (int64_t j = 0; j < f->n; j++) {
                product += a[j] * b[j];
            }
            f->cosines[c * f->k + d] = product;
        }
        for (int64_t j = 0; j < f->n; j++) {
            f->shares[c] += f->H[c * f->n + j];
        }
    }
    for (int64_t c = 0; c < f->k; c++) {
        const double squares = f->cosines[c * f->k + c];
        f->sizes[c] = f->content->loss_kind == NMF_LOSS_FROBENIUS ? sqrt(squares) : f->shares[c];
    }
    for (int64_t c = 0; c < f->k; c++) {
        for (int64_t d = c + 1; d < f->k; d++) {
            const double both = f->cosines[c * f->k + c] * f->cosines[d * f->k + d];
            const double cosine = both > 0.0 ? f->cosines[c * f->k + d] / sqrt(both) : 0.0;
            f->cosines[c * f->k + d] = f->cosines[d * f->k + c] = fmin(cosine, 1.0);
        }
    }
    for (int64_t c = 0; c < f->k; c++) {
        f->cosines[c * f->k + c] = 1.0;
    }
}

/* Keeps the samples with the largest weights, largest first; ties to the earlier sample. */
static void offer_best(nmfi_figures *f, int64_t component, int64_t sample, double weight,
                       double *weights)
{
    int64_t *best = f->best + component * NMFI_BEST_SAMPLES;
    double *of_best = weights + component * NMFI_BEST_SAMPLES;
    int64_t place = NMFI_BEST_SAMPLES;
    if (!(weight > of_best[NMFI_BEST_SAMPLES - 1])) {
        return;
    }
    while (place > 0 && weight > of_best[place - 1]) {
        place--;
        if (place + 1 < NMFI_BEST_SAMPLES) {
            best[place + 1] = best[place];
            of_best[place + 1] = of_best[place];
        }
    }
    best[place] = sample;
    of_best[place] = weight;
}

/* One sample: its shares go into `row` in place of its weights. Returns its main component. */
static int64_t visit_sample(nmfi_figures *f, int64_t sample, double *row, double *column_sums,
                            double *weights)
{
    double sum = 0.0;
    int64_t main = -1;
    for (int64_t c = 0; c < f->k; c++) {
        column_sums[c] += row[c];
        offer_best(f, c, sample, row[c], weights);
        row[c] *= f->sizes[c];
        sum += row[c];
        if (row[c] > (main < 0 ? 0.0 : row[main])) {
            main = c;
        }
    }
    for (int64_t c = 0; c < f->k; c++) {
        row[c] = sum > 0.0 ? row[c] / sum : 0.0;
        f->mean_share[c] += row[c] / (double)f->m;
    }
    f->without += main < 0;
    f->members[main < 0 ? 0 : main] += main >= 0;
    return main;
}

static void finish_shares(nmfi_figures *f, const double *column_sums)
{
    double total = 0.0;
    for (int64_t c = 0; c < f->k; c++) {
        f->shares[c] *= column_sums[c];
        total += f->shares[c];
    }
    for (int64_t c = 0; c < f->k; c++) {
        f->shares[c] = total > 0.0 ? f->shares[c] / total : 0.0;
    }
}

/* All samples twice where there are labels: the main components first, from which the labels'
 * agreement comes, then the mean shares of each label. */
static nmf_status visit_samples(nmfi_figures *f, nmf_error *error)
{
    const size_t k = (size_t)f->k;
    double *rows = calloc(ROWS_AT_ONCE * k, sizeof *rows);
    double *sums = calloc(k, sizeof *sums),
           *weights = calloc(k * NMFI_BEST_SAMPLES, sizeof *weights);
    int64_t *main = calloc((size_t)f->m, sizeof *main);
    nmf_status status = NMF_OK;
    if (rows == NULL || sums == NULL || weights == NULL || main == NULL) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld samples", (long long)f->m);
    }
    for (int64_t first = 0; first < f->m && status == NMF_OK; first += ROWS_AT_ONCE) {
        const int64_t count = f->m - first < ROWS_AT_ONCE ? f->m - first : ROWS_AT_ONCE;
        status = nmf_matrix_copy_rows(f->content->W, first, count, NMF_F64, rows, error);
        for (int64_t i = 0; i < count && status == NMF_OK; i++) {
            main[first + i] = visit_sample(f, first + i, rows + i * f->k, sums, weights);
        }
    }
    if (status == NMF_OK) {
        finish_shares(f, sums);
        status = nmfi_labels_count(f, main, error);
    }
    free(main);
    free(weights);
    free(sums);
    free(rows);
    return status;
}

static nmf_status visit_labels(nmfi_figures *f, nmf_error *error)
{
    nmfi_labels *labels = &f->labels;
    double *row = calloc((size_t)f->k, sizeof *row);
    labels->mean_shares = calloc((size_t)(labels->count * f->k), sizeof *labels->mean_shares);
    nmf_status status = row != NULL && labels->mean_shares != NULL
                            ? NMF_OK
                            : nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld labels",
                                       (long long)labels->count);
    for (int64_t i = 0; i < f->m && status == NMF_OK; i++) {
        const int64_t label = labels->of_sample[i];
        double sum = 0.0;
        status = nmf_matrix_copy_rows(f->content->W, i, 1, NMF_F64, row, error);
        for (int64_t c = 0; c < f->k; c++) {
            row[c] *= f->sizes[c];
            sum += row[c];
        }
        for (int64_t c = 0; c < f->k && sum > 0.0; c++) {
            labels->mean_shares[label * f->k + c] += row[c] / sum / (double)labels->sizes[label];
        }
    }
    free(row);
    return status;
}

nmf_status nmfi_figures_count(const nmf_model *model, const nmf_render_report_options *options,
                              nmfi_figures *f, nmf_error *error)
{
    const nmf_model_content *content = nmf_model_view(model);
    *f = (nmfi_figures){.content = content,
                        .asked = options,
                        .m = content->samples,
                        .n = content->features,
                        .k = content->k,
                        .deviance = (double)NAN};
    f->relative_error =
        content->loss_kind == NMF_LOSS_FROBENIUS ? content->relative_error : (double)NAN;
    if (content->kind != NMF_MODEL_NMF) {
        return nmf_fail(
            error, NMF_ERROR_UNSUPPORTED,
            "this is a model of PCA; reports are made of NMF models, and show PCA beside "
            "them where the data is given");
    }
    nmf_status status = choose_kind(f, error);
    if (status == NMF_OK) {
        status = nmfi_figures_data(f, error);
    }
    if (status == NMF_OK) {
        status = take_memory(f, error);
    }
    if (status == NMF_OK) {
        measure_components(f);
        status = visit_samples(f, error);
    }
    if (status == NMF_OK && f->labels.count > 0) {
        status = visit_labels(f, error);
    }
    if (status == NMF_OK) {
        status = nmfi_samples_choose(f, error);
    }
    return status == NMF_OK && f->has_X ? nmfi_samples_measure(f, model, error) : status;
}

void nmfi_figures_clear(nmfi_figures *f)
{
    nmfi_labels_clear(&f->labels);
    nmf_matrix_free(f->weighted);
    free(f->H);
    free(f->sizes);
    free(f->shares);
    free(f->cosines);
    free(f->mean_share);
    free(f->members);
    free(f->best);
    free(f->index);
    free(f->W);
    free(f->sample_error);
    free(f->sample_cosine);
}
