/* The data that a report shows beside the model: whether they fit it, what of them was observed, and
 * their rows as the fit saw them. */
#include <math.h>
#include <nmfkit/nmfkit.h>
#include <stdlib.h>

#include "figures.h"

/* A copy of X, weighed as the fit weighed it. */
static nmf_status weigh(nmfi_figures *f, nmf_error *error)
{
    if (f->is_partial) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "a weighting of counts goes together with neither weights nor missing "
                        "entries");
    }
    int64_t *rows = calloc((size_t)f->m, sizeof *rows);
    if (rows == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld samples", (long long)f->m);
    }
    for (int64_t i = 0; i < f->m; i++) {
        rows[i] = i;
    }
    nmf_status status = nmf_matrix_select(f->asked->X, rows, f->m, &f->weighted, error);
    if (status == NMF_OK) {
        status = nmf_weigh(&f->weighted, f->content->weighting, f->content->idf, error);
    }
    free(rows);
    f->X = f->weighted;
    return status;
}

nmf_status nmfi_figures_rows(const nmfi_figures *f, int64_t first, int64_t count, double *x,
                             double *weights, nmf_error *error)
{
    const int clips = f->content->options.negatives == NMF_NEGATIVES_CLIP;
    nmf_status status = nmf_matrix_copy_rows(f->X, first, count, NMF_F64, x, error);
    if (status == NMF_OK && f->is_partial) {
        status = nmf_matrix_copy_weights(f->X, first, count, weights, error);
    }
    for (int64_t i = 0; i < count * f->n && status == NMF_OK; i++) {
        if (!f->is_partial) {
            weights[i] = 1.0;
        }
        x[i] = weights[i] > 0.0 ? x[i] : 0.0;
        x[i] = clips ? fmax(x[i], 0.0) : x[i];
    }
    return status;
}

/* What of a row was observed must be what a fit takes: finite, and >= 0 where it asks for that. */
static nmf_status check_row(nmfi_figures *f, int64_t i, const double *x, const double *weights,
                            char *seen_columns, nmf_error *error)
{
    const int signed_ok = f->content->options.negatives != NMF_NEGATIVES_ERROR;
    int64_t seen = 0;
    for (int64_t j = 0; j < f->n; j++) {
        if (!(weights[j] > 0.0)) {
            continue;
        }
        if (!isfinite(x[j]) || (x[j] < 0.0 && !signed_ok)) {
            return nmf_fail(error, NMF_ERROR_DATA, "X[%lld,%lld] = %g: entries must be %s",
                            (long long)i, (long long)j, isnan(x[j]) ? (double)NAN : x[j],
                            isfinite(x[j]) ? ">= 0" : "finite numbers");
        }
        seen_columns[j] = 1;
        seen++;
    }
    f->observed += (double)seen;
    f->unseen_rows += seen == 0;
    return NMF_OK;
}

static nmf_status check_rows(nmfi_figures *f, double *x, char *seen_columns, nmf_error *error)
{
    double *weights = x + f->n;
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < f->m && status == NMF_OK; i++) {
        status = nmfi_figures_rows(f, i, 1, x, weights, error);
        if (status == NMF_OK) {
            status = check_row(f, i, x, weights, seen_columns, error);
        }
    }
    for (int64_t j = 0; j < f->n && status == NMF_OK; j++) {
        f->unseen_columns += !seen_columns[j];
    }
    return status;
}

static nmf_status check_entries(nmfi_figures *f, nmf_error *error)
{
    if (!f->is_partial && f->content->options.negatives == NMF_NEGATIVES_ERROR) {
        return nmf_matrix_validate(f->X, error);
    }
    double *x = calloc((size_t)(2 * f->n), sizeof *x);
    char *seen_columns = calloc((size_t)f->n, 1);
    nmf_status status = x != NULL && seen_columns != NULL
                            ? check_rows(f, x, seen_columns, error)
                            : nmf_fail(error, NMF_ERROR_MEMORY,
                                       "no memory for a row of %lld features", (long long)f->n);
    free(seen_columns);
    free(x);
    if (status == NMF_OK && f->observed == 0.0) {
        status = nmf_fail(error, NMF_ERROR_DATA, "no entry of the data was observed");
    }
    return status;
}

nmf_status nmfi_figures_data(nmfi_figures *f, nmf_error *error)
{
    const nmf_matrix *X = f->asked->X;
    if (X == NULL) {
        return NMF_OK;
    }
    if (nmf_matrix_rows(X) != f->m || nmf_matrix_columns(X) != f->n) {
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "the data has %lld samples x %lld features; the model was fitted to %lld x "
                        "%lld",
                        (long long)nmf_matrix_rows(X), (long long)nmf_matrix_columns(X),
                        (long long)f->m, (long long)f->n);
    }
    f->has_X = 1;
    f->X = X;
    f->has_weights = nmf_matrix_has_weights(X);
    f->is_partial = f->has_weights || nmf_matrix_missing(X) != NMF_MISSING_NONE;
    const nmf_status status = check_entries(f, error);
    if (status != NMF_OK) {
        return status;
    }
    f->is_same_X =
        f->content->fingerprint == 0 || f->content->fingerprint == nmf_matrix_fingerprint(X);
    return f->content->weighting != NMF_WEIGHTING_NONE ? weigh(f, error) : NMF_OK;
}
