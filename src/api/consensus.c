/* nmf_consensus: arguments checked once, then called down. */
#include "api/alike.h"
#include "base/comm.h"
#include "base/options.h"
#include "data/matrix.h"
#include "data/observed.h"
#include "model/input.h"
#include "select/select.h"

#include <string.h>

enum { REPLICATES = 100 };

static nmf_status fill_in(const nmf_consensus_options *given, nmf_consensus_options *filled,
                          nmf_error *error)
{
    *filled = nmf_consensus_options_init();
    if (given) {
        if (given->struct_bytes < sizeof(size_t))
            return nmf_fail(
                error, NMF_ERROR_ARGUMENT,
                "consensus_options.struct_bytes is %zu: begin with NMF_CONSENSUS_OPTIONS_INIT",
                given->struct_bytes);
        memcpy(filled, given,
               given->struct_bytes < sizeof *filled ? given->struct_bytes : sizeof *filled);
        filled->struct_bytes = sizeof *filled;
    }
    if (filled->replicates == 0) filled->replicates = REPLICATES;
    if (filled->density_threshold == 0) filled->density_threshold = 0.5;
    if (filled->neighborhood == 0) filled->neighborhood = 0.3;
    if (filled->replicates < 2 || filled->replicates > 1000000)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "replicates = %lld: must be from 2 to 1000000",
                        (long long)filled->replicates);
    if (!(filled->density_threshold > 0 && filled->density_threshold <= 1e300))
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "density_threshold = %g: must be above 0",
                        filled->density_threshold);
    if (!(filled->neighborhood > 0 && filled->neighborhood <= 1))
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "neighborhood = %g: must be above 0, up to 1",
                        filled->neighborhood);
    if ((int)filled->perturbation < 0 || filled->perturbation > NMF_PERTURBATION_FOLDS)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "perturbation %d is unknown",
                        (int)filled->perturbation);
    return NMF_OK;
}

/* Fits without a fold are plain ones. */
static nmf_status check_folds(const nmf_matrix *X, const nmf_options *options, nmf_error *error)
{
    const double beta = options->loss == NMF_LOSS_IS     ? 0
                        : options->loss == NMF_LOSS_BETA ? options->beta
                                                         : 1;
    const int64_t rows = nmf_matrix_rows(X), columns = nmf_matrix_columns(X);
    if (options->alpha_W > 0 || options->alpha_H > 0 || beta <= 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "perturbation folds goes with a loss of beta > 0 and without penalties");
    if (rows < 2 || columns < 2)
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "X is %lld x %lld: to hold out entries it needs 2 rows and 2 columns",
                        (long long)rows, (long long)columns);
    return NMF_OK;
}

static uint64_t hash_of(const nmf_consensus_options *wishes)
{
    uint64_t hash = nmfi_stir((uint64_t)wishes->replicates, (uint64_t)wishes->perturbation), bits;
    memcpy(&bits, &wishes->density_threshold, sizeof bits);
    hash = nmfi_stir(hash, bits);
    memcpy(&bits, &wishes->neighborhood, sizeof bits);
    return nmfi_stir(hash, bits);
}

nmf_status nmf_consensus(const nmf_matrix *X, const nmf_options *options,
                         const nmf_consensus_options *consensus_options,
                         nmf_consensus_result **result, nmf_error *error)
{
    nmf_options checked;
    nmf_consensus_options filled;
    if (!result) return nmf_fail(error, NMF_ERROR_ARGUMENT, "result is NULL");
    *result = NULL;
    if (!X) return nmf_fail(error, NMF_ERROR_ARGUMENT, "X is NULL");
    nmf_status status = nmfi_options_check(options, NMF_SCOPE_FIT, &checked, error);
    if (status == NMF_OK) status = fill_in(consensus_options, &filled, error);
    if (status == NMF_OK) status = nmfi_refuse_constraints(&checked, "consensus", error);
    if (status == NMF_OK) status = nmfi_matrix_check_in_memory(X, "consensus", error);
    if (status == NMF_OK && nmfi_matrix_is_weighted(X))
        status = nmf_fail(
            error, NMF_ERROR_ARGUMENT,
            "a consensus takes no weights and no missing entries: nmf_fit and nmf_rank do");
    if (status == NMF_OK) status = nmf_matrix_validate(X, error);
    if (status == NMF_OK && filled.perturbation == NMF_PERTURBATION_FOLDS)
        status = check_folds(X, &checked, error);
    status = nmfi_comm_status(nmfi_comm_shared(), status, error);
    if (status == NMF_OK) status = nmfi_check_alike(X, &checked, NMFI_USES_ALL, hash_of(&filled), error);
    nmfi_input input;
    if (status == NMF_OK)
        status = nmfi_comm_status(nmfi_comm_shared(),
                                  nmfi_input_to_learn(X, &checked, &input, error), error);
    if (status != NMF_OK) return status;
    nmfi_take_of_limit(&checked, input.bytes);
    status = nmfi_consensus(input.X, &checked, &filled, result, error);
    if (status == NMF_OK)
        nmf_model_set_fingerprint(nmf_consensus_view(*result)->model,
                                  nmf_matrix_fingerprint(input.X));
    nmfi_input_free(&input);
    return status;
}
