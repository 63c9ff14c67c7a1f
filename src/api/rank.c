/* nmf_rank: arguments checked once, then called down. */
#include "api/alike.h"
#include "base/comm.h"
#include "base/options.h"
#include "data/matrix.h"
#include "data/observed.h"
#include "model/input.h"
#include "select/select.h"

#include <string.h>

enum { MAX_K = 64, FOLDS = 10, REPEATS = 5, STARTS = 3 };

/* What the caller gave, however short its struct, over the defaults. */
static nmf_status fill_in(const nmf_rank_options *given, nmf_rank_options *filled, nmf_error *error)
{
    *filled = nmf_rank_options_init();
    if (given) {
        if (given->struct_bytes < sizeof(size_t))
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "rank_options.struct_bytes is %zu: begin with NMF_RANK_OPTIONS_INIT",
                            given->struct_bytes);
        memcpy(filled, given,
               given->struct_bytes < sizeof *filled ? given->struct_bytes : sizeof *filled);
        filled->struct_bytes = sizeof *filled;
    }
    const struct {
        int64_t *field;
        int64_t standard, least, most;
        const char *name;
    } fields[] = {{&filled->folds, FOLDS, 2, 1000, "folds"},
                  {&filled->repeats, REPEATS, 2, 1000, "repeats"},
                  {&filled->starts, STARTS, 1, 1000, "starts"},
                  {&filled->max_k, MAX_K, 1, 100000, "max_k"}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (*fields[i].field == 0) *fields[i].field = fields[i].standard;
        if (*fields[i].field < fields[i].least || *fields[i].field > fields[i].most)
            return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s = %lld: must be between %lld and %lld",
                            fields[i].name, (long long)*fields[i].field, (long long)fields[i].least,
                            (long long)fields[i].most);
    }
    if (filled->repeats > filled->folds) {
        if (given && given->repeats)
            return nmf_fail(error, NMF_ERROR_ARGUMENT, "repeats = %lld: there are %lld folds",
                            (long long)filled->repeats, (long long)filled->folds);
        filled->repeats = filled->folds;
    }
    return NMF_OK;
}

/* Folds need a row and a column each; a rank leaves something to learn it from. */
static nmf_status fit_to_shape(const nmf_matrix *X, nmf_rank_options *filled, nmf_error *error)
{
    const int64_t rows = nmf_matrix_rows(X), columns = nmf_matrix_columns(X);
    const int64_t least = rows < columns ? rows : columns;
    if (least < 2)
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "X is %lld x %lld: to hold out entries it needs 2 rows and 2 columns",
                        (long long)rows, (long long)columns);
    if (filled->folds > least) filled->folds = least;
    if (filled->repeats > filled->folds) filled->repeats = filled->folds;
    if (filled->max_k > least - 1) filled->max_k = least - 1;
    if (!filled->ks) return NMF_OK;
    for (int64_t i = 0; i < filled->ks_count; i++) {
        if (filled->ks[i] < 1 || (i > 0 && filled->ks[i] <= filled->ks[i - 1]))
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "ks[%lld] = %lld: ranks must be positive and ascend", (long long)i,
                            (long long)filled->ks[i]);
        if (filled->ks[i] > least)
            return nmf_fail(
                error, NMF_ERROR_ARGUMENT, "k = %lld: X is %lld x %lld, so k is %lld at most",
                (long long)filled->ks[i], (long long)rows, (long long)columns, (long long)least);
    }
    filled->max_k = filled->ks[filled->ks_count - 1];
    return NMF_OK;
}

/* What was not observed of a sparse X is most of it: each of its lines would need a Gram matrix of its own. */
static nmf_status check_missing(const nmf_matrix *X, nmf_error *error)
{
    if (!nmf_matrix_is_sparse(X) || !nmfi_matrix_is_weighted(X)) return NMF_OK;
    return nmf_fail(
        error, NMF_ERROR_ARGUMENT,
        "missing = unstored: the choice of a rank knows missing entries of dense data only; "
        "make X dense, with NaN where nothing was observed");
}

/* Entries that were not observed may be anything: those that were are looked at once they are known. */
static nmf_status validate(const nmf_matrix *X, nmf_error *error)
{
    const nmf_status status = check_missing(X, error);
    return status == NMF_OK && !nmfi_matrix_is_weighted(X) ? nmf_matrix_validate(X, error) : status;
}

/* beta <= 0 has no logarithm, or no quotient, of zeros. */
static nmf_status check_zeros(const nmf_matrix *X, const nmf_options *options, nmf_error *error)
{
    const double beta = nmfi_beta(options);
    if (beta <= 0 && nmfi_matrix_is_weighted(X))
        return nmf_fail(
            error, NMF_ERROR_ARGUMENT,
            "weights and missing entries go with a loss of beta > 0 where a rank is chosen");
    for (int64_t i = 0; beta <= 0 && i < nmf_matrix_rows(X); i++)
        for (int64_t j = 0; j < nmf_matrix_columns(X); j++)
            if (!(nmf_matrix_at(X, i, j) > 0))
                return nmf_fail(error, NMF_ERROR_DATA,
                                "X[%lld,%lld] = 0: a loss with beta <= 0 needs entries > 0",
                                (long long)i, (long long)j);
    return NMF_OK;
}

/* What decides which fits there are to take turns with. */
static uint64_t hash_of(const nmf_rank_options *wishes)
{
    const nmf_rank_content *known = wishes->known ? nmf_rank_view(wishes->known) : NULL;
    uint64_t hash = nmfi_stir((uint64_t)wishes->keep_loss, (uint64_t)wishes->max_k);
    for (int64_t i = 0; wishes->ks && i < wishes->ks_count; i++)
        hash = nmfi_stir(hash, (uint64_t)wishes->ks[i]);
    hash = nmfi_stir(hash, (uint64_t)wishes->folds);
    hash = nmfi_stir(hash, (uint64_t)wishes->repeats);
    hash = nmfi_stir(hash, (uint64_t)wishes->starts);
    if (known) hash = nmfi_stir(hash, (uint64_t)known->options.loss);
    for (int64_t i = 0; known && i < known->row_count; i++)
        hash = nmfi_stir(hash, (uint64_t)known->rows[i].k);
    return hash;
}

nmf_status nmf_rank(const nmf_matrix *X, const nmf_options *options,
                    const nmf_rank_options *rank_options, nmf_rank_result **result,
                    nmf_error *error)
{
    nmf_options checked;
    nmf_rank_options filled;
    if (!result) return nmf_fail(error, NMF_ERROR_ARGUMENT, "result is NULL");
    *result = NULL;
    if (!X) return nmf_fail(error, NMF_ERROR_ARGUMENT, "X is NULL");
    nmf_status status = nmfi_options_check(options, NMF_SCOPE_SELECT, &checked, error);
    if (status == NMF_OK) status = fill_in(rank_options, &filled, error);
    if (status == NMF_OK && filled.ks && filled.ks_count < 1)
        status = nmf_fail(error, NMF_ERROR_ARGUMENT, "ks_count = %lld: no rank to try",
                          (long long)filled.ks_count);
    if (status == NMF_OK) status = nmfi_refuse_constraints(&checked, "the choice of a rank", error);
    if (status == NMF_OK) status = nmfi_matrix_check_in_memory(X, "the choice of a rank", error);
    if (status == NMF_OK) status = validate(X, error);
    if (status == NMF_OK) status = fit_to_shape(X, &filled, error);
    if (status == NMF_OK) status = check_zeros(X, &checked, error);
    status = nmfi_comm_status(nmfi_comm_shared(), status, error);
    if (status == NMF_OK) status = nmfi_check_alike(X, &checked, NMFI_USES_ALL, hash_of(&filled), error);
    nmfi_input input;
    if (status == NMF_OK)
        status = nmfi_comm_status(nmfi_comm_shared(),
                                  nmfi_input_to_learn(X, &checked, &input, error), error);
    if (status != NMF_OK) return status;
    nmfi_take_of_limit(&checked, input.bytes);
    status = nmfi_rank(input.X, &checked, &filled, result, error);
    nmfi_input_free(&input);
    return status;
}
