/* X as passes read it where entries have weights, or some are missing (state.h). Memory that it takes is the fit's too. */
#include "fit/state.h"

#include "base/options.h"

nmf_status nmfi_weigh(nmfi_fit *fit, nmf_error *error)
{
    nmfi_work *work = &fit->work;
    const nmf_dtype type = fit->choice.precision == NMF_PRECISION_F64 ? NMF_F64 : NMF_F32;
    const nmfi_memory_limit limit = nmfi_memory_limit_of(&fit->choice.options);
    const size_t bytes = nmfi_observed_bytes(fit->X, type);
    nmf_status status = NMF_OK;
    if (nmfi_exceeds(limit, bytes))
        status = nmfi_fail_limit(limit, "the copy of weighted X", bytes, error);
    status = nmfi_source_agree(&work->source, status, error);
    if (status != NMF_OK) return status;
    status = nmfi_observed_make(fit->X, type, fit->choice.beta, &work->observed, error);
    if (status != NMF_OK || !work->observed.filled) return status;
    nmfi_take_of_limit(&fit->choice.options, bytes);
    work->source = nmfi_source_of(work->observed.filled);
    return NMF_OK;
}

nmf_status nmfi_weigh_stored(nmfi_fit *fit, nmf_error *error)
{
    nmfi_work *work = &fit->work;
    const nmf_dtype type = fit->choice.precision == NMF_PRECISION_F64 ? NMF_F64 : NMF_F32;
    if (!nmf_matrix_has_weights(fit->X)) return NMF_OK;
    const nmfi_memory_limit limit = nmfi_memory_limit_of(&fit->choice.options);
    const int64_t stored = nmf_matrix_stored(fit->X);
    const size_t bytes = 2 * nmfi_product(stored, (int64_t)nmf_dtype_bytes(type) + 8);
    if (nmfi_exceeds(limit, bytes))
        return nmfi_fail_limit(limit, "the copy of weighted X", bytes, error);
    const nmf_status status =
        nmfi_stored_weights_make(fit->X, type, fit->choice.beta, &work->stored, error);
    if (status != NMF_OK) return status;
    nmfi_take_of_limit(&fit->choice.options, bytes);
    if (!work->stored.kept) return NMF_OK;
    work->source = nmfi_source_of(work->stored.kept);
    fit->facts.stored = work->source.stored;
    return NMF_OK;
}

void nmfi_weights_close(nmfi_fit *fit)
{
    nmfi_observed_free(&fit->work.observed);
    nmfi_stored_weights_free(&fit->work.stored);
}
