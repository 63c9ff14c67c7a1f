/* Which samples a report shows, and how well each is described: of a large model a random choice, and
 * the best samples of each component. */
#include <math.h>
#include <nmfkit/io.h>
#include <nmfkit/nmfkit.h>
#include <stdlib.h>
#include <string.h>

#include "figures.h"

#define USUAL_SAMPLES 1000
#define ROWS_AT_ONCE 64
#define LARGEST_PCA 2e9 /* entries times components: about a second */

static int by_number(const void *first, const void *second)
{
    const int64_t a = *(const int64_t *)first, b = *(const int64_t *)second;
    return (a > b) - (a < b);
}

/* A choice that hangs on the number of samples only, in their order. */
static nmf_status draw(nmfi_figures *f, nmf_error *error)
{
    int64_t *order = calloc((size_t)f->m, sizeof *order);
    if (order == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld samples", (long long)f->m);
    }
    nmf_io_numpy_permutation(0, f->m, order);
    memcpy(f->index, order, (size_t)f->drawn * sizeof *order);
    qsort(f->index, (size_t)f->drawn, sizeof *f->index, by_number);
    free(order);
    return NMF_OK;
}

static void add_best(nmfi_figures *f)
{
    for (int64_t place = 0; place < f->k * NMFI_BEST_SAMPLES; place++) {
        const int64_t sample = f->best[place];
        int known = sample < 0 ||
                    bsearch(&sample, f->index, (size_t)f->drawn, sizeof sample, by_number) != NULL;
        for (int64_t i = f->drawn; i < f->shown && !known; i++) {
            known = f->index[i] == sample;
        }
        if (!known) {
            f->index[f->shown++] = sample;
        }
    }
}

nmf_status nmfi_samples_choose(nmfi_figures *f, nmf_error *error)
{
    const int64_t most = f->asked->most_samples > 0 ? f->asked->most_samples : USUAL_SAMPLES;
    f->drawn = f->m < most ? f->m : most;
    const int64_t room = f->drawn + f->k * NMFI_BEST_SAMPLES;
    f->index = calloc((size_t)room, sizeof *f->index);
    f->W = calloc((size_t)(room * f->k), sizeof *f->W);
    f->sample_error = calloc((size_t)room, sizeof *f->sample_error);
    f->sample_cosine = calloc((size_t)room, sizeof *f->sample_cosine);
    if (f->index == NULL || f->W == NULL || f->sample_error == NULL || f->sample_cosine == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld samples", (long long)room);
    }
    if (f->drawn == f->m) {
        for (int64_t i = 0; i < f->m; i++) {
            f->index[i] = i;
        }
    } else {
        const nmf_status status = draw(f, error);
        if (status != NMF_OK) {
            return status;
        }
    }
    f->shown = f->drawn;
    add_best(f);
    for (int64_t i = 0; i < f->shown; i++) {
        const nmf_status status =
            nmf_matrix_copy_rows(f->content->W, f->index[i], 1, NMF_F64, f->W + i * f->k, error);
        if (status != NMF_OK) {
            return status;
        }
    }
    return NMF_OK;
}

/* What the rows come to together. */
typedef struct totals {
    double deviance, observed; /* of counts; entries that were observed */
    double *v, *x, *weights;   /* ROWS_AT_ONCE rows of the model; one of X, and its weights */
} totals;

/* Half the deviance of one row: x log(x / v) - x + v over the entries that were observed. */
static double divergence(const double *x, const double *v, const double *weights, int64_t n)
{
    double sum = 0.0;
    for (int64_t j = 0; j < n; j++) {
        const double model = fmax(v[j], 1e-12);
        const double one = (x[j] > 0.0 ? x[j] * log(x[j] / model) : 0.0) - x[j] + model;
        sum += weights[j] > 0.0 ? one : 0.0;
    }
    return sum;
}

/* Every entry by as much as it counts. */
static void measure_row(nmfi_figures *f, int64_t place, const double *x, const double *v,
                        const double *weights, totals *of)
{
    double xx = 0.0, vv = 0.0, xv = 0.0, rr = 0.0, seen = 0.0;
    for (int64_t j = 0; j < f->n; j++) {
        const double w = weights[j];
        xx += w * x[j] * x[j];
        vv += w * v[j] * v[j];
        xv += w * x[j] * v[j];
        rr += w * (x[j] - v[j]) * (x[j] - v[j]);
        seen += w > 0.0;
        f->is_integral =
            f->is_integral && x[j] == floor(x[j]) && x[j] >= 0.0 && (w == 0.0 || w == 1.0);
    }
    f->sample_error[place] = xx > 0.0 ? sqrt(rr / xx) : (double)NAN;
    f->sample_cosine[place] = xx > 0.0 && vv > 0.0 ? xv / sqrt(xx * vv) : (double)NAN;
    if (place < f->drawn) {
        f->empty_rows += xx == 0.0 && seen > 0.0;
        of->observed += seen;
        of->deviance += 2.0 * divergence(x, v, weights, f->n);
    }
}

/* The reconstruction comes from the library's own kernels. */
static nmf_status measure_rows(nmfi_figures *f, const nmf_model *model, int64_t first,
                               int64_t count, totals *of, nmf_error *error)
{
    nmf_matrix *W = NULL, *V = NULL;
    nmf_status status = nmf_matrix_select(f->content->W, f->index + first, count, &W, error);
    if (status == NMF_OK) {
        status = nmf_reconstruct(model, W, &V, error);
    }
    if (status == NMF_OK) {
        status = nmf_matrix_copy_rows(V, 0, count, NMF_F64, of->v, error);
    }
    for (int64_t i = 0; i < count && status == NMF_OK; i++) {
        status = nmfi_figures_rows(f, f->index[first + i], 1, of->x, of->weights, error);
        if (status == NMF_OK) {
            measure_row(f, first + i, of->x, of->v + i * f->n, of->weights, of);
        }
    }
    nmf_matrix_free(V);
    nmf_matrix_free(W);
    return status;
}

/* PCA with as many components, and ||X||_F from the totals that come with it: the centred squares are
 * (m - 1) times the variance, to which the mean adds m times its own. */
static nmf_status measure_pca(nmfi_figures *f, nmf_error *error)
{
    nmf_model *pca = NULL;
    nmf_options options = NMF_OPTIONS_INIT;
    const int64_t least = f->m < f->n ? f->m : f->n;
    /* Which knows of no holes; and where negative entries were taken as 0 it would see other data. */
    if (f->is_partial || f->content->options.negatives == NMF_NEGATIVES_CLIP) {
        return NMF_OK;
    }
    if (f->k >= least || (double)nmf_matrix_stored(f->X) * (double)f->k > LARGEST_PCA) {
        return NMF_OK;
    }
    options.k = f->k;
    const nmf_status status = nmf_pca(f->X, &options, &pca, error);
    if (status == NMF_ERROR_NUMERICAL || status == NMF_ERROR_DATA) {
        return NMF_OK; /* the page then has none */
    }
    if (status != NMF_OK) {
        return status;
    }
    const nmf_model_content *content = nmf_model_view(pca);
    double explained = 0.0, variance = 0.0, mean2 = 0.0;
    for (int64_t c = 0; c < content->k; c++) {
        explained += content->explained_variance_ratio[c];
        variance += content->explained_variance[c];
    }
    for (int64_t j = 0; j < f->n; j++) {
        mean2 += content->mean[j] * content->mean[j];
    }
    if (explained > 0.0) {
        const double centred = variance / explained * (double)(f->m - 1);
        f->squares_of_X = centred + mean2 * (double)f->m;
        f->pca_explained = fmin(explained, 1.0);
        f->pca_error = sqrt(fmax(1.0 - explained, 0.0) * centred / f->squares_of_X);
        f->has_pca = 1;
    }
    nmf_model_free(pca);
    return NMF_OK;
}

nmf_status nmfi_samples_measure(nmfi_figures *f, const nmf_model *model, nmf_error *error)
{
    totals of = {0.0, 0.0, NULL, NULL, NULL};
    f->deviance = (double)NAN;
    f->is_integral = 1;
    double *buffer = calloc((size_t)((ROWS_AT_ONCE + 2) * f->n), sizeof *buffer);
    nmf_status status =
        buffer != NULL ? NMF_OK
                       : nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %d rows of %lld features",
                                  ROWS_AT_ONCE + 2, (long long)f->n);
    of.v = buffer;
    of.x = buffer != NULL ? buffer + ROWS_AT_ONCE * f->n : NULL;
    of.weights = buffer != NULL ? of.x + f->n : NULL;
    for (int64_t first = 0; first < f->shown && status == NMF_OK; first += ROWS_AT_ONCE) {
        const int64_t left = f->shown - first;
        status =
            measure_rows(f, model, first, left < ROWS_AT_ONCE ? left : ROWS_AT_ONCE, &of, error);
    }
    free(buffer);
    if (status == NMF_OK && f->is_integral && f->content->loss_kind == NMF_LOSS_KL) {
        const double m = (double)f->m, n = (double)f->n, k = (double)f->k;
        const double freedom = of.observed - (double)f->drawn * k * (m + n - k) / m;
        f->deviance = freedom > 0.0 ? of.deviance / freedom : (double)NAN;
    }
    return status == NMF_OK ? measure_pca(f, error) : status;
}
