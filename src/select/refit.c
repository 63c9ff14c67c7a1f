/* Usages for spectra and spectra for usages, by the row solver of transform (refit.h). */
#include "select/refit.h"

#include "data/sparse.h"
#include "fit/transform.h"

#include <math.h>
#include <string.h>

/* A model of `H` alone: its W is zeros that nobody reads. */
static nmf_status model_of(const nmf_matrix *H, int64_t samples, const nmf_options *options,
                           nmf_model **model, nmf_error *error)
{
    nmf_matrix *W = NULL;
    nmf_status status = nmf_matrix_new(nmf_matrix_dtype(H), samples, nmf_matrix_rows(H), &W, error);
    if (status != NMF_OK) return status;
    nmf_model_content content = {.struct_bytes = sizeof content,
                                 .kind = NMF_MODEL_NMF,
                                 .loss_kind = options->loss,
                                 .options = *options,
                                 .W = W,
                                 .H = H,
                                 .samples = samples,
                                 .features = nmf_matrix_columns(H),
                                 .k = nmf_matrix_rows(H)};
    content.options.k = content.k;
    content.options.alpha_W = content.options.alpha_H = 0;
    content.options.start_W = content.options.start_H = NULL;
    content.options.progress = NULL;
    content.options.time_limit_seconds = 0;
    content.precision = nmf_matrix_dtype(H) == NMF_F64 ? NMF_PRECISION_F64 : NMF_PRECISION_F32;
    status = nmf_model_new(&content, model, error);
    nmf_matrix_free(W);
    return status;
}

nmf_status nmfi_refit_usages(const nmf_matrix *X, const nmf_matrix *spectra,
                             const nmf_options *options, nmf_matrix **usages, nmf_error *error)
{
    nmf_model *model = NULL;
    *usages = NULL;
    nmf_status status = model_of(spectra, nmf_matrix_rows(X), options, &model, error);
    if (status == NMF_OK)
        status = nmfi_transform(nmf_model_view(model), X, &nmf_model_view(model)->options, usages,
                                error);
    nmf_model_free(model);
    return status;
}

/* X the other way round, in place. */
static nmf_status transposed(const nmf_matrix *X, nmf_matrix **turned, nmf_error *error)
{
    if (nmf_matrix_is_sparse(X)) {
        const nmf_sparse own = nmf_matrix_sparse(X), s = nmfi_sparse_transposed(&own);
        return nmf_matrix_borrow_sparse(&s, turned, error);
    }
    const nmf_dense d = nmf_matrix_dense(X);
    const nmf_dense t = {d.data, d.dtype, d.columns, d.rows, d.column_stride, d.row_stride};
    return nmf_matrix_borrow(&t, turned, error);
}

/* A packed copy with rows and columns changed over. */
static nmf_status turn_packed(const nmf_matrix *from, nmf_matrix **to, nmf_error *error)
{
    const int64_t rows = nmf_matrix_columns(from), columns = nmf_matrix_rows(from);
    const nmf_status status = nmf_matrix_new(nmf_matrix_dtype(from), rows, columns, to, error);
    if (status != NMF_OK) return status;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            const double value = nmf_matrix_at(from, j, i);
            if (nmf_matrix_dtype(from) == NMF_F64)
                ((double *)nmf_matrix_writable(*to))[i * columns + j] = value;
            else
                ((float *)nmf_matrix_writable(*to))[i * columns + j] = (float)value;
        }
    return NMF_OK;
}

nmf_status nmfi_refit_spectra(const nmf_matrix *X, const nmf_matrix *usages,
                              const nmf_options *options, nmf_matrix **spectra, nmf_error *error)
{
    nmf_matrix *turned = NULL, *components = NULL, *solved = NULL;
    *spectra = NULL;
    nmf_status status = transposed(X, &turned, error);
    if (status == NMF_OK) status = turn_packed(usages, &components, error);
    if (status == NMF_OK) status = nmfi_refit_usages(turned, components, options, &solved, error);
    if (status == NMF_OK) status = turn_packed(solved, spectra, error);
    nmf_matrix_free(turned);
    nmf_matrix_free(components);
    nmf_matrix_free(solved);
    return status;
}

static double divergence(double x, double v, double beta)
{
    v = fmax(v, beta < 2 ? 1e-12 : 0);
    if (beta == 2) return 0.5 * (x - v) * (x - v);
    if (beta == 1) return x > 0 ? x * log(x / v) - x + v : v;
    if (beta == 0) return x / v - log(x / v) - 1;
    return (pow(x, beta) - beta * x * pow(v, beta - 1) + (beta - 1) * pow(v, beta)) /
           (beta * (beta - 1));
}

/* Row i of X in f64. */
static void read_row(const nmf_matrix *X, int64_t i, double *row)
{
    nmf_error ignored = {NMF_OK, ""};
    const nmf_status status = nmf_matrix_copy_rows(X, i, 1, NMF_F64, row, &ignored);
    (void)status; /* i is inside */
}

/* `work`: 3 features + samples numbers. */
void nmfi_measure_fit(const nmf_matrix *X, const nmf_matrix *W, const nmf_matrix *H, double beta,
                      double *loss, double *reference, double *work)
{
    const int64_t m = nmf_matrix_rows(X), n = nmf_matrix_columns(X), k = nmf_matrix_rows(H);
    double *const x = work, *const v = x + n, *const columns = v + n, *const rows = columns + n;
    double sum = 0;
    for (int64_t j = 0; j < n; j++) columns[j] = 0;
    *loss = *reference = 0;
    for (int64_t i = 0; i < m; i++) {
        read_row(X, i, x);
        rows[i] = 0;
        for (int64_t j = 0; j < n; j++) v[j] = 0;
        for (int64_t c = 0; c < k; c++) {
            const double w = nmf_matrix_at(W, i, c);
            const nmf_dense h = nmf_matrix_dense(H);
            for (int64_t j = 0; w != 0 && j < n; j++)
                v[j] += w * (h.dtype == NMF_F64 ? ((const double *)h.data)[c * n + j]
                                                : (double)((const float *)h.data)[c * n + j]);
        }
        for (int64_t j = 0; j < n; j++) {
            *loss += divergence(x[j], v[j], beta);
            rows[i] += x[j];
            columns[j] += x[j];
            if (beta == 2) *reference += 0.5 * x[j] * x[j];
        }
        sum += rows[i];
    }
    for (int64_t i = 0; beta != 2 && i < m; i++) {
        read_row(X, i, x);
        for (int64_t j = 0; j < n; j++)
            *reference += divergence(x[j], rows[i] * columns[j] / sum, beta);
    }
}
