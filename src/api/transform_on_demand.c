/* nmf_transform_on_demand: each row of a transform is its own problem, so rows can wait until they are
 * wanted. */
#include "base/options.h"
#include "data/matrix.h"
#include "model/model.h"

#include <nmfkit/comm.h>
#include <nmfkit/fit.h>
#include <stdlib.h>

typedef struct demand {
    const nmf_model *model;
    const nmf_matrix *X;
    nmf_options options;
} demand;

static nmf_status solve(void *context, int64_t first, int64_t count, void *rows, nmf_error *error)
{
    const demand *d = context;
    nmf_matrix *some = NULL, *W = NULL;
    nmf_status status = nmf_matrix_range(d->X, first, count, &some, error);
    if (status == NMF_OK) status = nmf_transform(d->model, some, &d->options, &W, error);
    if (status == NMF_OK)
        status = nmf_matrix_copy_rows(W, 0, count, nmf_matrix_dtype(W), rows, error);
    nmf_matrix_free(W);
    nmf_matrix_free(some);
    return status;
}

static nmf_status check(const nmf_model *model, const nmf_matrix *X, nmf_matrix **W,
                        nmf_error *error)
{
    if (!W) return nmf_fail(error, NMF_ERROR_ARGUMENT, "W is NULL");
    *W = NULL;
    if (!model || !X)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s is NULL", model ? "X" : "model");
    if (nmf_comm_attached() && nmf_comm_attached()->size > 1)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "W on demand is one process's: those that share a transform make all of it");
    if (nmf_matrix_has_weights(X) || nmf_matrix_missing(X) != NMF_MISSING_NONE)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "W on demand knows neither weights nor missing entries");
    return NMF_OK;
}

nmf_status nmf_transform_on_demand(const nmf_model *model, const nmf_matrix *X,
                                   const nmf_options *options, nmf_matrix **W, nmf_error *error)
{
    nmf_options checked;
    nmf_matrix *made = NULL;
    nmf_status status = check(model, X, W, error);
    if (status == NMF_OK)
        status = nmfi_options_check(options ? options : &nmf_model_view(model)->options,
                                    NMF_SCOPE_TRANSFORM, &checked, error);
    if (status != NMF_OK) return status;
    demand *d = malloc(sizeof *d);
    if (!d) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes", sizeof *d);
    *d = (demand){model, X, checked};
    const nmf_model_content *content = nmf_model_view(model);
    nmf_reader reader = NMF_READER_INIT;
    reader.dtype = content->precision == NMF_PRECISION_F64 ? NMF_F64 : NMF_F32;
    reader.rows = nmf_matrix_rows(X);
    reader.columns = content->k;
    reader.read = solve;
    reader.release = free;
    reader.context = d;
    status = nmf_matrix_from_reader(&reader, &made, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_rows(made, X, error);
    if (status != NMF_OK) {
        nmf_matrix_free(made);
        return status;
    }
    *W = made;
    return NMF_OK;
}
