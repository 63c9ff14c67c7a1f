/* The H that learning from rows begins with (online_state.h): the caller's, or that of a fit of the first rows. */
#include "fit/online_state.h"

#include "fit/result.h"

#include "data/matrix.h"

#include <math.h>
#include <string.h>

/* H of `factor`, which is in the caller's unit. */
static void begin_with(nmf_online *o, const nmf_matrix *H, double scale)
{
    const int64_t bytes = o->kernels->element_bytes;
    o->scale = scale;
    nmfi_factor_from_H(o->kernels, H, o->now.H, o->columns.ld);
    for (int64_t j = 0; j < o->k; j++)
        o->kernels->scale((char *)o->now.H + j * o->columns.ld * bytes, o->n, sqrt(scale));
    o->has_begun = 1;
}

static double scale_of(const nmf_online *o, double mean)
{
    const int most = o->precision == NMF_PRECISION_F32 ? 120 : 1000;
    int exponent;
    (void)frexp(mean, &exponent);
    exponent += exponent & 1;
    exponent = exponent > most ? most : exponent < -most ? -most : exponent;
    return ldexp(1.0, -exponent);
}

/* The caller's H, packed in the type of the arithmetic. */
static nmf_status begin_custom(nmf_online *o, const nmf_matrix *X, nmf_error *error)
{
    nmf_matrix *H = NULL;
    nmfi_scan scan = {0};
    nmfi_online_block b;
    o->scale = 1;
    nmf_status status = nmfi_online_open_block(o, X, &b, error);
    if (status != NMF_OK) return status;
    status = nmfi_pass_scan(&b.pass, 0, &scan, error);
    nmfi_online_close_block(&b);
    if (status == NMF_OK && !(scan.sum > 0))
        status = nmf_fail(error, NMF_ERROR_DATA, "the first %lld rows are all zero",
                          (long long)nmf_matrix_rows(X));
    if (status == NMF_OK) status = nmf_matrix_new(nmfi_dtype_of(o->kernels), o->k, o->n, &H, error);
    if (status == NMF_OK)
        status = nmf_matrix_copy_rows(o->options.start_H, 0, o->k, nmf_matrix_dtype(H),
                                      nmf_matrix_writable(H), error);
    if (status == NMF_OK)
        begin_with(o, H, scale_of(o, scan.sum / ((double)nmf_matrix_rows(X) * (double)o->n)));
    nmf_matrix_free(H);
    return status;
}

/* H of a fit of the first rows alone. */
nmf_status nmfi_online_begin(nmf_online *o, const nmf_matrix *X, nmf_error *error)
{
    nmf_options options = o->options;
    nmf_model *model = NULL;
    nmf_status status = nmfi_online_take_memory(o, nmf_matrix_dtype(X), error);
    if (status != NMF_OK) return status;
    if (options.init == NMF_INIT_CUSTOM) return begin_custom(o, X, error);
    options.precision = o->precision;
    options.checkpoints = NULL;
    options.progress = NULL;
    options.memory_limit_bytes = 0;
    status = nmfi_fit_model(X, &options, &model, error);
    if (status != NMF_OK) return status;
    const nmf_model_content *c = nmf_model_view(model);
    begin_with(o, c->H, c->unit);
    nmf_model_free(model);
    return NMF_OK;
}
