/* See scaled.h. */
#include "fit/scaled.h"

#include "base/memory.h"
#include "base/options.h"
#include "data/matrix.h"
#include "data/source.h"
#include "data/value.h"
#include "model/model.h"
#include "pass/factor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Nothing but the loss is said of W and H. */
static int is_plain(const nmf_options *o)
{
    return !o->constraints && o->simplex == NMF_SIMPLEX_NONE && !(o->alpha_W > 0) &&
           !(o->alpha_H > 0) && !(o->lower_W > 0) && !(o->upper_W > 0) && !(o->lower_H > 0) &&
           !(o->upper_H > 0) && !(o->shrink > 0) && !(o->volume > 0);
}

/* `matrix` with row i, one of those that are here, times its number of `rows`, or column j times columns[j]; other rows
 * as they are, which nobody here looks at. */
static nmf_status multiplied(const nmf_matrix *matrix, const nmfi_rank_one *rows,
                             const double *columns, nmf_matrix **made, nmf_error *error)
{
    const int64_t m = nmf_matrix_rows(matrix), n = nmf_matrix_columns(matrix);
    const nmf_dtype type = nmf_matrix_dtype(matrix) == NMF_F64 ? NMF_F64 : NMF_F32;
    const nmf_status status = nmf_matrix_new(type, m, n, made, error);
    if (status != NMF_OK) return status;
    void *const to = nmf_matrix_writable(*made);
    for (int64_t i = 0; i < m; i++) {
        const int64_t own = rows ? i - rows->first_row : -1;
        const double of_row = own >= 0 && own < rows->rows ? rows->row_scale[own] : 1;
        for (int64_t j = 0; j < n; j++)
            nmfi_set_value(type, to, i * n + j,
                           nmf_matrix_at(matrix, i, j) * of_row * (columns ? columns[j] : 1));
    }
    return NMF_OK;
}

/* The caller's start, if its shapes are right: whoever checks them says so if not. */
static nmf_status scale_start(const nmf_matrix *X, nmfi_scaled_fit *fit, nmf_error *error)
{
    nmf_options *o = &fit->options;
    const nmf_matrix *W = o->start_W, *H = o->start_H;
    const nmfi_source source = nmfi_source_of(X);
    if (o->init != NMF_INIT_CUSTOM || !W || !H ||
        nmf_matrix_rows(W) != nmfi_source_all_rows(&source) ||
        nmf_matrix_columns(H) != nmf_matrix_columns(X))
        return NMF_OK;
    nmf_status status = multiplied(W, &fit->by, NULL, &fit->start_W, error);
    if (status == NMF_OK) status = multiplied(H, NULL, fit->by.column_scale, &fit->start_H, error);
    o->start_W = fit->start_W;
    o->start_H = fit->start_H;
    return status;
}

/* X' lies beside X. */
static nmf_status keep_to_limit(const nmf_matrix *X, int f64, nmf_options *options,
                                nmf_error *error)
{
    const nmfi_memory_limit limit = nmfi_memory_limit_of(options);
    const size_t bytes =
        nmfi_product(nmf_matrix_rows(X), (int64_t)nmfi_product(nmf_matrix_columns(X), f64 ? 8 : 4));
    if (nmfi_exceeds(limit, bytes)) return nmfi_fail_limit(limit, "weighted X", bytes, error);
    nmfi_take_of_limit(options, bytes);
    return NMF_OK;
}

nmf_status nmfi_scaled_open(const nmf_matrix *X, const nmf_options *options, nmfi_scaled_fit *fit,
                            nmf_error *error)
{
    memset(fit, 0, sizeof *fit);
    fit->options = *options;
    fit->source = nmfi_source_of(X);
    if (!is_plain(options)) return NMF_OK;
    const int f64 = options->precision == NMF_PRECISION_F64 ||
                    (options->precision == NMF_PRECISION_AUTO && nmf_matrix_dtype(X) == NMF_F64);
    const int signed_ok = options->negatives == NMF_NEGATIVES_ALLOW;
    nmf_status status = nmfi_rank_one_make(X, f64 ? NMF_F64 : NMF_F32, nmfi_beta(options),
                                           signed_ok, &fit->by, error);
    fit->beta = nmfi_beta(options);
    fit->balances = options->solver != NMF_SOLVER_CD && options->solver != NMF_SOLVER_MU;
    if (status == NMF_OK && fit->by.scaled) {
        status = scale_start(X, fit, error);
        if (status == NMF_OK) status = keep_to_limit(X, f64, &fit->options, error);
        status = nmfi_source_agree(&fit->source, status, error);
    }
    if (status != NMF_OK) nmfi_scaled_close(fit);
    return status;
}

/* Divided; what nothing is known of is 0. */
static void divide(nmf_matrix *factor, const double *rows, const double *columns)
{
    const int64_t m = nmf_matrix_rows(factor), n = nmf_matrix_columns(factor);
    /* A model's own, which lies in a scratch file at times. */
    void *const data = (void *)(uintptr_t)nmf_matrix_dense(factor).data;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            const double by = rows ? rows[i] : columns[j];
            nmfi_set_value(nmf_matrix_dtype(factor), data, i * n + j,
                           by > 0 ? nmf_matrix_at(factor, i, j) / by : 0);
        }
}

typedef struct squaring {
    const nmfi_scaled_fit *fit;
    const nmf_matrix *factor;
    const double *scale;
    int of_W;
} squaring;

/* The sums of squares of a factor's components, its entries counted as often as their weights say, those of the rows
 * that are here added to what there is. */
static void add_squares(const void *context, int64_t k, double *sums)
{
    const squaring *s = context;
    const nmf_matrix *factor = s->factor;
    const int64_t count = s->of_W ? nmf_matrix_rows(factor) : nmf_matrix_columns(factor);
    for (int64_t j = 0; j < k; j++)
        for (int64_t i = 0; i < count; i++) {
            const double entry =
                s->of_W ? nmf_matrix_at(factor, i, j) : nmf_matrix_at(factor, j, i);
            if (s->scale[i] > 0) sums[j] += pow(s->scale[i], s->fit->beta) * entry * entry;
        }
}

static void multiply(nmf_matrix *factor, int of_W, int64_t j, double by)
{
    const int64_t m = nmf_matrix_rows(factor), n = nmf_matrix_columns(factor);
    void *const data = (void *)(uintptr_t)nmf_matrix_dense(factor).data;
    for (int64_t i = 0; i < (of_W ? m : n); i++) {
        const int64_t at = of_W ? i * n + j : j * n + i;
        nmfi_set_value(nmf_matrix_dtype(factor), data, at,
                       by * nmfi_value(nmf_matrix_dtype(factor), data, at));
    }
}

/* ||w_j|| = ||h_j|| as if rows and columns stood there as often as they count. */
static nmf_status balance(const nmfi_scaled_fit *fit, nmf_model *model, nmf_error *error)
{
    const int64_t k = model->content.k;
    const squaring of_W = {fit, model->W, fit->by.row_scale, 1};
    const squaring of_H = {fit, model->H, fit->by.column_scale, 0};
    double *const w2 = calloc(2 * (size_t)k, sizeof *w2), *const h2 = w2 ? w2 + k : NULL;
    nmf_status status =
        w2 ? NMF_OK : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld sums", (long long)k);
    status = nmfi_source_agree(&fit->source, status, error);
    if (status == NMF_OK) {
        nmfi_source_add_in_order(&fit->source, add_squares, &of_W, k, w2);
        add_squares(&of_H, k, h2);
    }
    for (int64_t j = 0; j < k && status == NMF_OK; j++) {
        if (!(w2[j] > 0 && h2[j] > 0)) continue;
        multiply(model->W, 1, j, sqrt(sqrt(h2[j] / w2[j])));
        multiply(model->H, 0, j, sqrt(sqrt(w2[j] / h2[j])));
    }
    free(w2);
    return status;
}

nmf_status nmfi_scaled_finish(const nmfi_scaled_fit *fit, nmf_model *model, nmf_error *error)
{
    divide(model->W, fit->by.row_scale, NULL);
    divide(model->H, NULL, fit->by.column_scale);
    return fit->balances && fit->beta != 2 ? balance(fit, model, error) : NMF_OK;
}

void nmfi_scaled_close(nmfi_scaled_fit *fit)
{
    nmfi_rank_one_free(&fit->by);
    nmf_matrix_free(fit->start_W);
    nmf_matrix_free(fit->start_H);
    fit->start_W = fit->start_H = NULL;
}
