/* nmf_online_*: arguments checked once, then called down. */
#include "fit/online.h"
#include "base/options.h"
#include "data/matrix.h"
#include "data/observed.h"

#include <math.h>
#include <string.h>

static nmf_status check_how(const nmf_online_options *given, nmf_online_options *how,
                            nmf_error *error)
{
    *how = NMF_ONLINE_OPTIONS_INIT;
    if (given) {
        if (given->struct_bytes < sizeof(size_t) || given->struct_bytes > 65536)
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "how was not initialized with NMF_ONLINE_OPTIONS_INIT");
        memcpy(how, given, given->struct_bytes < sizeof *how ? given->struct_bytes : sizeof *how);
        how->struct_bytes = sizeof *how;
    }
    if (!(how->half_life_rows >= 0) || isinf(how->half_life_rows))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "half_life_rows = %g: must be a number from 0 on", how->half_life_rows);
    if (how->block_rows < 0 || how->first_rows < 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "block_rows = %lld, first_rows = %lld: must be 0 or more",
                        (long long)how->block_rows, (long long)how->first_rows);
    return NMF_OK;
}

static nmf_status check_options(int64_t features, const nmf_options *o, nmf_error *error)
{
    static const char *const losses[] = {NMF_LOSS_NAMES};
    if (features < 1 || features > INT32_MAX)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "features = %lld: must be from 1 to %lld",
                        (long long)features, (long long)INT32_MAX);
    if (o->loss != NMF_LOSS_FROBENIUS && !(o->loss == NMF_LOSS_BETA && o->beta == 2))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "rows that come one after the other are learned from with the frobenius "
                        "loss only, not with %s",
                        losses[o->loss]);
    if (o->weighting != NMF_WEIGHTING_NONE)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "rows that come one after the other are weighted before they are pushed");
    const nmf_status status =
        nmfi_refuse_constraints(o, "learning from rows that come one after the other", error);
    if (status != NMF_OK || o->init != NMF_INIT_CUSTOM) return status;
    if (!o->start_H) return nmf_fail(error, NMF_ERROR_ARGUMENT, "init custom needs start_H");
    if (nmf_matrix_rows(o->start_H) != o->k || nmf_matrix_columns(o->start_H) != features)
        return nmf_fail(error, NMF_ERROR_SHAPE, "start_H is %lld x %lld; it must be %lld x %lld",
                        (long long)nmf_matrix_rows(o->start_H),
                        (long long)nmf_matrix_columns(o->start_H), (long long)o->k,
                        (long long)features);
    return NMF_OK;
}

nmf_status nmf_online_open(int64_t features, const nmf_options *options,
                           const nmf_online_options *how, nmf_online **online, nmf_error *error)
{
    nmf_options checked;
    nmf_online_options checked_how;
    if (!online) return nmf_fail(error, NMF_ERROR_ARGUMENT, "online is NULL");
    *online = NULL;
    nmf_status status = nmfi_options_check(options, NMF_SCOPE_FIT, &checked, error);
    if (status == NMF_OK) status = check_how(how, &checked_how, error);
    if (status == NMF_OK) status = check_options(features, &checked, error);
    if (status != NMF_OK) return status;
    return nmfi_online_open(features, &checked, &checked_how, online, error);
}

static nmf_status check_rows(const nmf_online *online, const nmf_matrix *rows, nmf_error *error)
{
    if (!online || !rows)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s is NULL", online ? "rows" : "online");
    const int64_t wanted = nmfi_online_features(online);
    if (nmfi_matrix_is_weighted(rows))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "rows that come one after the other take no weights and no missing "
                        "entries: nmf_fit does");
    if (nmf_matrix_columns(rows) != wanted)
        return nmf_fail(error, NMF_ERROR_SHAPE, "these rows have %lld features, those before %lld",
                        (long long)nmf_matrix_columns(rows), (long long)wanted);
    return NMF_OK;
}

nmf_status nmf_online_push(nmf_online *online, const nmf_matrix *rows, nmf_error *error)
{
    const nmf_status status = check_rows(online, rows, error);
    return status == NMF_OK ? nmfi_online_push(online, rows, error) : status;
}

nmf_status nmf_online_model(nmf_online *online, nmf_model **model, nmf_error *error)
{
    if (!model) return nmf_fail(error, NMF_ERROR_ARGUMENT, "model is NULL");
    *model = NULL;
    if (!online) return nmf_fail(error, NMF_ERROR_ARGUMENT, "online is NULL");
    return nmfi_online_model(online, model, error);
}

nmf_status nmf_online_epoch(nmf_online *online, const nmf_matrix *X, nmf_dtype dtype, void *W,
                            nmf_error *error)
{
    const nmf_status status = check_rows(online, X, error);
    if (status != NMF_OK) return status;
    if (!W) return nmf_fail(error, NMF_ERROR_ARGUMENT, "W is NULL");
    return nmfi_online_epoch(online, X, dtype, W, error);
}

/* --- scikit-learn's rule ----------------------------------------------------------------------- */

nmf_status nmf_minibatch_open(const nmf_matrix *H, const nmf_options *options, nmf_minibatch **made,
                              nmf_error *error)
{
    nmf_options checked;
    if (!made) return nmf_fail(error, NMF_ERROR_ARGUMENT, "made is NULL");
    *made = NULL;
    if (!H) return nmf_fail(error, NMF_ERROR_ARGUMENT, "H is NULL");
    nmf_status status = nmfi_options_check(options, NMF_SCOPE_FIT, &checked, error);
    if (status == NMF_OK && checked.k != nmf_matrix_rows(H))
        status = nmf_fail(error, NMF_ERROR_SHAPE, "H has %lld rows for %lld components",
                          (long long)nmf_matrix_rows(H), (long long)checked.k);
    if (status == NMF_OK) status = nmfi_matrix_check_entries(H, 0, error);
    return status == NMF_OK ? nmfi_minibatch_open(H, &checked, made, error) : status;
}

nmf_status nmf_minibatch_step(nmf_minibatch *batch, const nmf_matrix *X, double *W,
                              const nmf_minibatch_how *how, nmf_minibatch_said *said,
                              nmf_error *error)
{
    nmf_minibatch_said unheard;
    if (!batch || !X || !how || how->struct_bytes < sizeof *how)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a step needs a batch, its rows and how");
    if (!(how->rho >= 0 && how->rho <= 1) || how->solve_iterations < 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "rho = %g, solve_iterations = %lld: must be from 0 to 1, and 0 or more",
                        how->rho, (long long)how->solve_iterations);
    if (nmf_matrix_columns(X) != nmfi_minibatch_features(batch) || nmf_matrix_rows(X) < 1)
        return nmf_fail(error, NMF_ERROR_SHAPE, "X is %lld x %lld; it must have %lld columns",
                        (long long)nmf_matrix_rows(X), (long long)nmf_matrix_columns(X),
                        (long long)nmfi_minibatch_features(batch));
    if (nmfi_matrix_is_weighted(X))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "a mini-batch takes no weights and no missing entries: nmf_fit does");
    if (!W && how->solve_iterations == 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a step from W needs W");
    return nmfi_minibatch_step(batch, X, W, how, said ? said : &unheard, error);
}
