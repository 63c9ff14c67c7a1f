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
#include <string.h>

/* Nothing but the loss is said of W and H. */
static int is_plain(const nmf_options *o)
{
    return !o->constraints && o->simplex == NMF_SIMPLEX_NONE && !(o->alpha_W > 0) &&
           !(o->alpha_H > 0) && !(o->lower_W > 0) && !(o->upper_W > 0) && !(o->lower_H > 0) &&
           !(o->upper_H > 0) && !(o->shrink > 0) && !(o->volume > 0);
}

/* `matrix` with row i times rows[i] and column j times columns[j], either of them NULL: 1. */
static nmf_status multiplied(const nmf_matrix *matrix, const double *rows, const double *columns,
                             nmf_matrix **made, nmf_error *error)
{
    const int64_t m = nmf_matrix_rows(matrix), n = nmf_matrix_columns(matrix);
    const nmf_dtype type = nmf_matrix_dtype(matrix) == NMF_F64 ? NMF_F64 : NMF_F32;
    const nmf_status status = nmf_matrix_new(type, m, n, made, error);
    if (status != NMF_OK) return status;
    void *const to = nmf_matrix_writable(*made);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            nmfi_set_value(type, to, i * n + j,
                           nmf_matrix_at(matrix, i, j) * (rows ? rows[i] : 1) *
                               (columns ? columns[j] : 1));
    return NMF_OK;
}

/* The caller's start, if its shapes are right: whoever checks them says so if not. */
static nmf_status scale_start(const nmf_matrix *X, nmfi_scaled_fit *fit, nmf_error *error)
{
    nmf_options *o = &fit->options;
    const nmf_matrix *W = o->start_W, *H = o->start_H;
    if (o->init != NMF_INIT_CUSTOM || !W || !H || nmf_matrix_rows(W) != nmf_matrix_rows(X) ||
        nmf_matrix_columns(H) != nmf_matrix_columns(X))
        return NMF_OK;
    nmf_status status = multiplied(W, fit->by.row_scale, NULL, &fit->start_W, error);
    if (status == NMF_OK) status = multiplied(H, NULL, fit->by.column_scale, &fit->start_H, error);
    o->start_W = fit->start_W;
    o->start_H = fit->start_H;
    return status;
}

nmf_status nmfi_scaled_open(const nmf_matrix *X, const nmf_options *options, nmfi_scaled_fit *fit,
                            nmf_error *error)
{
    memset(fit, 0, sizeof *fit);
    fit->options = *options;
    const nmfi_source source = nmfi_source_of(X);
    const int is_shared = nmfi_source_is_shared(&source);
    if (!nmf_matrix_has_weights(X) || !is_plain(options) || is_shared) return NMF_OK;
    const int64_t limit = options->memory_limit_bytes;
    const int f64 = options->precision == NMF_PRECISION_F64 ||
                    (options->precision == NMF_PRECISION_AUTO && nmf_matrix_dtype(X) == NMF_F64);
    const int signed_ok = options->negatives == NMF_NEGATIVES_ALLOW;
    nmf_status status = nmfi_rank_one_make(X, f64 ? NMF_F64 : NMF_F32, nmfi_beta(options),
                                           signed_ok, &fit->by, error);
    fit->beta = nmfi_beta(options);
    fit->balances = options->solver != NMF_SOLVER_CD && options->solver != NMF_SOLVER_MU;
    if (status == NMF_OK && fit->by.scaled) status = scale_start(X, fit, error);
    if (status == NMF_OK && fit->by.scaled && limit > 0) {
        const size_t bytes = nmfi_product(nmf_matrix_stored(X), f64 ? 8 : 4);
        if (bytes >= (size_t)limit)
            status = nmf_fail(error, NMF_ERROR_MEMORY,
                              "weighted X takes %zu bytes; the memory limit is %lld", bytes,
                              (long long)limit);
        else
            fit->options.memory_limit_bytes -= (int64_t)bytes;
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

/* The sum of squares of component j of a factor, its entries counted as often as their weights say. */
static double squares(const nmfi_scaled_fit *fit, const nmf_matrix *factor, const double *scale,
                      int of_W, int64_t j)
{
    const int64_t count = of_W ? nmf_matrix_rows(factor) : nmf_matrix_columns(factor);
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        const double entry = of_W ? nmf_matrix_at(factor, i, j) : nmf_matrix_at(factor, j, i);
        if (scale[i] > 0) sum += pow(scale[i], fit->beta) * entry * entry;
    }
    return sum;
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
static void balance(const nmfi_scaled_fit *fit, nmf_model *model)
{
    for (int64_t j = 0; j < model->content.k; j++) {
        const double w2 = squares(fit, model->W, fit->by.row_scale, 1, j);
        const double h2 = squares(fit, model->H, fit->by.column_scale, 0, j);
        if (!(w2 > 0 && h2 > 0)) continue;
        multiply(model->W, 1, j, sqrt(sqrt(h2 / w2)));
        multiply(model->H, 0, j, sqrt(sqrt(w2 / h2)));
    }
}

void nmfi_scaled_finish(const nmfi_scaled_fit *fit, nmf_model *model)
{
    divide(model->W, fit->by.row_scale, NULL);
    divide(model->H, NULL, fit->by.column_scale);
    if (fit->balances && fit->beta != 2) balance(fit, model);
}

void nmfi_scaled_close(nmfi_scaled_fit *fit)
{
    nmfi_rank_one_free(&fit->by);
    nmf_matrix_free(fit->start_W);
    nmf_matrix_free(fit->start_H);
    fit->start_W = fit->start_H = NULL;
}
