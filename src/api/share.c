/* See share.h. What can go wrong in one process alone is agreed upon before the others wait for it. */
#include "api/share.h"

#include "api/alike.h"
#include "api/spread.h"
#include "base/machine.h"
#include "base/options.h"
#include "data/matrix.h"
#include "fit/constraints.h"
#include "fit/fit.h"
#include "fit/transform.h"
#include "model/input.h"
#include "model/model.h"
#include "pass/pass.h"

#include <string.h>

/* --- before anything is shared --------------------------------------------------------------------- */

static nmf_status check_all(const nmf_comm *comm, const nmf_matrix *X, const nmf_options *options,
                            nmfi_uses uses, uint64_t wishes, nmf_error *error)
{
    const nmf_status status = nmfi_check_alike(X, options, uses, wishes, error);
    if (status != NMF_OK) return status;
    if (options->init == NMF_INIT_SPA || options->init == NMF_INIT_SNPA)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "init = %s looks for the purest of all samples in one process: start one",
                        options->init == NMF_INIT_SPA ? "spa" : "snpa");
    return nmfi_comm_status(comm, nmfi_compare_all_names(X, options, error), error);
}

/* --- X shared out ---------------------------------------------------------------------------------- */

/* Divergences, and rows with Gram matrices of their own, go along each factor's own lines of a sparse X. */
static int wants_columns(const nmf_matrix *X, const nmf_options *options)
{
    const nmf_solver solver = options->solver;
    const int by_products =
        options->loss == NMF_LOSS_FROBENIUS &&
        (solver == NMF_SOLVER_AUTO || solver == NMF_SOLVER_HALS || solver == NMF_SOLVER_CD);
    return !by_products || nmf_matrix_missing(X) == NMF_MISSING_UNSTORED;
}

/* Bytes of the rows that are here where a function reads them and they fit into memory, 0 elsewhere: they are then
 * read once. As many processes as there are processors may have this machine's memory together. */
static int64_t loaded_bytes(const nmf_comm *comm, const nmf_matrix *X, const nmf_options *options)
{
    const nmfi_partition rows = nmfi_partition_spread(nmf_matrix_rows(X), comm);
    const double bytes = (double)rows.count * (double)nmf_matrix_columns(X) *
                         (double)nmf_dtype_bytes(nmf_matrix_dtype(X));
    const int64_t processors = nmfi_processors();
    const double beside = (double)(comm->size < processors ? comm->size : processors);
    const double memory = (double)nmfi_memory_bytes() * 0.75 / beside;
    const double limit = (double)options->memory_limit_bytes / 2;
    if (nmf_matrix_is_in_memory(X) || nmf_matrix_is_sparse(X)) return 0;
    return bytes <= memory && (!(limit > 0) || bytes <= limit) ? (int64_t)bytes : 0;
}

static nmf_status part_of(const nmf_comm *comm, const nmf_matrix *X, const nmf_options *options,
                          int columns_too, nmf_matrix **part, nmf_error *error)
{
    const nmfi_partition rows = nmfi_partition_spread(nmf_matrix_rows(X), comm);
    const nmfi_partition columns = nmfi_partition_spread(nmf_matrix_columns(X), comm);
    const nmfi_share share = {.comm = comm,
                              .first = rows.first_row,
                              .rows = rows.count,
                              .all_rows = rows.all,
                              .first_column = columns.first_row,
                              .columns = columns.count,
                              .wants_columns = columns_too,
                              .loads = loaded_bytes(comm, X, options) > 0,
                              .all_stored = nmf_matrix_stored(X)};
    return nmfi_comm_status(comm, nmfi_matrix_part(X, &share, part, error), error);
}

nmf_status nmfi_agree_to_learn(const nmf_matrix *X, nmf_options *options, uint64_t wishes,
                               nmf_status so_far, nmfi_input *input, nmf_error *error)
{
    const nmf_comm *comm = nmfi_comm_shared();
    nmf_status status = nmfi_comm_status(comm, so_far, error);
    if (status == NMF_OK) status = nmfi_check_alike(X, options, NMFI_USES_ALL, wishes, error);
    if (status != NMF_OK) return status;
    status = nmfi_comm_status(comm, nmfi_input_to_learn(X, options, input, error), error);
    if (status == NMF_OK) nmfi_take_of_limit(options, input->bytes);
    return status;
}

/* --- W brought together ---------------------------------------------------------------------------- */

/* All rows at rank 0, in *W's place. */
static nmf_status gather(const nmf_comm *comm, const nmf_matrix *X, nmf_matrix **W,
                         nmf_error *error)
{
    const int64_t m = nmf_matrix_rows(X), k = nmf_matrix_columns(*W);
    const nmf_dtype dtype = nmf_matrix_dtype(*W);
    const size_t row_bytes = (size_t)k * nmf_dtype_bytes(dtype);
    const nmfi_partition own = nmfi_partition_spread(m, comm);
    nmf_matrix *all = NULL;
    nmf_status status = comm->rank == 0 ? nmf_matrix_new(dtype, m, k, &all, error) : NMF_OK;
    if (status == NMF_OK && all) status = nmfi_matrix_inherit_rows(all, X, error);
    status = nmfi_comm_status(comm, status, error);
    if (status != NMF_OK) {
        nmf_matrix_free(all);
        return status;
    }
    char *const rows = nmf_matrix_writable(*W), *const to = nmf_matrix_writable(all);
    if (comm->rank != 0) {
        if (own.count > 0) comm->send(comm->context, 0, rows, (size_t)own.count * row_bytes);
        return NMF_OK;
    }
    memcpy(to + (size_t)own.first_row * row_bytes, rows, (size_t)own.count * row_bytes);
    for (int64_t r = 1; r < comm->size; r++) {
        const nmfi_partition theirs = nmfi_partition_of_rank(m, comm, r);
        if (theirs.count > 0)
            comm->receive(comm->context, r, to + (size_t)theirs.first_row * row_bytes,
                          (size_t)theirs.count * row_bytes);
    }
    nmf_matrix_free(*W);
    *W = all;
    return NMF_OK;
}

/* Or left where they are, where all want that. */
static nmf_status bring_together(const nmf_comm *comm, const nmf_matrix *X, nmf_matrix **W,
                                 nmf_error *error)
{
    return nmfi_comm_leaves_W(comm) ? nmfi_comm_status(comm, nmfi_spread(comm, X, W, error), error)
                                    : gather(comm, X, W, error);
}

static nmf_status gather_model(const nmf_comm *comm, const nmf_matrix *X, nmf_model *model,
                               nmf_error *error)
{
    nmf_status status =
        nmfi_comm_status(comm, nmfi_matrix_inherit_columns(model->H, X, error), error);
    if (status == NMF_OK) status = bring_together(comm, X, &model->W, error);
    model->content.W = model->W;
    model->content.samples = nmf_matrix_rows(model->W);
    return status;
}

/* H is everywhere, and each made it for itself: with the same bits, unless their processors or libraries differ. */
static nmf_status check_H(const nmf_comm *comm, const nmf_model *model, nmf_error *error)
{
    if (nmfi_comm_same(comm, (int64_t)(nmf_matrix_fingerprint(model->H) >> 2))) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_NUMERICAL,
                    "the %lld processes came to different H: their processors or their linear "
                    "algebra round otherwise; with OpenBLAS set OPENBLAS_CORETYPE to one that all "
                    "have",
                    (long long)comm->size);
}

/* --- together -------------------------------------------------------------------------------------- */

nmf_status nmfi_learn_together(nmfi_learner *learn, const nmf_matrix *X, const nmf_options *options,
                               nmf_model **model, nmf_error *error)
{
    const nmf_comm *comm = nmfi_comm_shared();
    nmf_matrix *part = NULL;
    if (!comm) return learn(X, options, model, error);
    const int columns_too = wants_columns(X, options);
    nmf_status status =
        check_all(comm, X, options, columns_too ? NMFI_USES_LINES : NMFI_USES_ROWS, 0, error);
    if (status == NMF_OK) status = part_of(comm, X, options, columns_too, &part, error);
    if (status != NMF_OK) {
        nmf_matrix_free(part);
        return status;
    }
    nmf_options own = *options;
    nmfi_take_of_limit(&own, (size_t)loaded_bytes(comm, X, options));
    status = nmfi_comm_status(comm, learn(part, &own, model, error), error);
    if (status == NMF_OK) status = check_H(comm, *model, error);
    if (status == NMF_OK) status = gather_model(comm, X, *model, error);
    if (status != NMF_OK) {
        nmf_model_free(*model);
        *model = NULL;
    }
    nmf_matrix_free(part);
    return status;
}

/* Whether starts are shared rather than rows. A start for each process makes up for reading all of X in
 * each. */
static int spreads_fits(const nmf_comm *comm, const nmf_matrix *X, const nmf_options *options)
{
    static const double small = 1e8; /* entries */
    if (options->starts == 1 || options->spread == NMF_SPREAD_ROWS) return 0;
    if (options->checkpoints && options->spread == NMF_SPREAD_AUTO)
        return 0; /* of one start after the other */
    if (options->spread == NMF_SPREAD_FITS) return 1;
    return options->starts >= comm->size && nmf_matrix_is_in_memory(X) &&
           (double)nmf_matrix_stored(X) <= small;
}

static int is_mine(const void *comm, int64_t start)
{
    return nmfi_turn_is_mine(comm, start);
}

static void tell(const void *comm, int64_t start, void *data, size_t bytes)
{
    nmfi_turn_tell(comm, start, data, bytes);
}

static nmf_status agree(const void *comm, nmf_status status, nmf_error *error)
{
    return nmfi_comm_status(comm, status, error);
}

nmf_status nmfi_fit_together(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                             nmf_error *error)
{
    const nmf_comm *comm = nmfi_comm_shared();
    if (!comm || !spreads_fits(comm, X, options))
        return nmfi_learn_together(nmfi_fit_model, X, options, model, error);
    nmf_status status = check_all(comm, X, options, NMFI_USES_ALL, 0, error);
    if (status == NMF_OK && options->checkpoints)
        status =
            nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                     "checkpoints are kept of starts that follow each other: spread = fits lets "
                     "%lld processes take turns; rows spreads each start",
                     (long long)comm->size);
    if (status != NMF_OK) return status;
    const nmfi_turns turns = {comm, is_mine, tell, agree};
    status = nmfi_fit_in_turns(&turns, X, options, model, error);
    status = nmfi_comm_status(comm, status, error);
    if (status != NMF_OK) {
        nmf_model_free(*model);
        *model = NULL;
    }
    return status;
}

nmf_status nmfi_transform_together(const nmf_model_content *model, const nmf_matrix *X,
                                   const nmf_options *options, nmf_matrix **W, nmf_error *error)
{
    const nmf_comm *comm = nmfi_comm_shared();
    nmf_matrix *part = NULL;
    if (!comm) return nmfi_transform(model, X, options, W, error);
    nmf_status status =
        check_all(comm, X, options, NMFI_USES_ROWS, nmf_matrix_fingerprint(model->H), error);
    if (status == NMF_OK) status = part_of(comm, X, options, 0, &part, error);
    if (status == NMF_OK) {
        status = nmfi_comm_status(comm, nmfi_transform(model, part, options, W, error), error);
        if (status == NMF_OK) status = bring_together(comm, X, W, error);
    }
    nmf_matrix_free(part);
    return status;
}
