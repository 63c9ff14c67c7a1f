/* See share.h. What can go wrong in one process alone is agreed upon before the others wait for it. */
#include "api/share.h"

#include "data/matrix.h"
#include "data/observed.h"
#include "fit/fit.h"
#include "fit/limits.h"
#include "fit/transform.h"
#include "model/model.h"
#include "pass/pass.h"

#include <string.h>

void nmf_comm_rows(int64_t samples, int64_t rank, int64_t size, int64_t *first, int64_t *count)
{
    const nmf_comm shape = {.rank = rank, .size = size};
    const nmfi_partition rows = nmfi_partition_of_rank(samples, &shape, rank);
    *first = rows.first_row;
    *count = rows.count;
}

/* --- are they the same? ---------------------------------------------------------------------------- */

static uint64_t stir(uint64_t hash, uint64_t word)
{
    hash ^= word + 0x9e3779b97f4a7c15u + (hash << 6) + (hash >> 2);
    return hash * 0xbf58476d1ce4e5b9u;
}

static uint64_t bits_of(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

/* What decides how many passes there are, and of what shape. (Not the time limit, of which each process has
 * what reading left: they decide together when it is over.) */
static int64_t signature(const nmf_matrix *X, const nmf_options *o)
{
    const uint64_t words[] = {(uint64_t)nmf_matrix_rows(X),
                              (uint64_t)nmf_matrix_columns(X),
                              (uint64_t)nmf_matrix_dtype(X),
                              (uint64_t)nmf_matrix_is_sparse(X),
                              (uint64_t)nmf_matrix_stored(X),
                              (uint64_t)o->k,
                              (uint64_t)o->loss,
                              (uint64_t)o->solver,
                              (uint64_t)o->init,
                              (uint64_t)o->starts,
                              (uint64_t)o->spread,
                              (uint64_t)o->precision,
                              (uint64_t)o->seed,
                              (uint64_t)o->max_iter,
                              (uint64_t)o->sketch,
                              (uint64_t)o->inner_sweeps,
                              bits_of(o->tol),
                              bits_of(o->beta),
                              bits_of(o->alpha_W),
                              bits_of(o->alpha_H),
                              bits_of(o->l1_ratio)};
    uint64_t hash = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) hash = stir(hash, words[i]);
    return (int64_t)(hash >> 2); /* its negative is there too */
}

static nmf_status check_alike(const nmf_comm *comm, const nmf_matrix *X, const nmf_options *options,
                              nmf_error *error)
{
    if (!nmfi_comm_same(comm, signature(X, options)))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "the %lld processes that share this were given other data or other options "
                        "than each other",
                        (long long)comm->size);
    if (nmfi_matrix_is_weighted(X))
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "weights and missing entries are not shared among processes: start one");
    const nmfi_limits of_W = nmfi_limits_of_W(options, nmf_matrix_rows(X), options->k);
    const nmfi_limits of_H = nmfi_limits_of_H(options, options->k, nmf_matrix_columns(X));
    if (nmfi_limits_bind(&of_W) || nmfi_limits_bind(&of_H) || options->simplex != NMF_SIMPLEX_NONE)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "known parts, bounds and sums are not shared among processes: start one");
    if (options->init == NMF_INIT_SPA || options->init == NMF_INIT_SNPA)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "init = %s looks for the purest of all samples in one process: start one",
                        options->init == NMF_INIT_SPA ? "spa" : "snpa");
    if (options->checkpoints)
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "checkpoints are kept by one process alone, not by %lld that share a fit",
                        (long long)comm->size);
    return NMF_OK;
}

/* --- X shared out ---------------------------------------------------------------------------------- */

static nmf_status part_of(const nmf_comm *comm, const nmf_matrix *X, nmf_matrix **part,
                          nmf_error *error)
{
    const nmfi_partition rows = nmfi_partition_spread(nmf_matrix_rows(X), comm);
    const nmfi_partition columns = nmfi_partition_spread(nmf_matrix_columns(X), comm);
    const nmfi_share share = {.comm = comm,
                              .first = rows.first_row,
                              .rows = rows.count,
                              .all_rows = rows.all,
                              .first_column = columns.first_row,
                              .columns = columns.count,
                              .all_stored = nmf_matrix_stored(X)};
    return nmfi_comm_status(comm, nmfi_matrix_part(X, &share, part, error), error);
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

static nmf_status gather_model(const nmf_comm *comm, const nmf_matrix *X, nmf_model *model,
                               nmf_error *error)
{
    nmf_status status =
        nmfi_comm_status(comm, nmfi_matrix_inherit_columns(model->H, X, error), error);
    if (status == NMF_OK) status = gather(comm, X, &model->W, error);
    model->content.W = model->W;
    model->content.samples = nmf_matrix_rows(model->W);
    return status;
}

/* --- together -------------------------------------------------------------------------------------- */

nmf_status nmfi_learn_together(nmfi_learner *learn, const nmf_matrix *X, const nmf_options *options,
                               nmf_model **model, nmf_error *error)
{
    const nmf_comm *comm = nmfi_comm_shared();
    nmf_matrix *part = NULL;
    if (!comm) return learn(X, options, model, error);
    nmf_status status = check_alike(comm, X, options, error);
    if (status == NMF_OK) status = part_of(comm, X, &part, error);
    if (status != NMF_OK) {
        nmf_matrix_free(part);
        return status;
    }
    status = nmfi_comm_status(comm, learn(part, options, model, error), error);
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
    if (options->spread == NMF_SPREAD_FITS) return 1;
    return options->starts >= comm->size && nmf_matrix_is_in_memory(X) &&
           (double)nmf_matrix_stored(X) <= small;
}

nmf_status nmfi_fit_together(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                             nmf_error *error)
{
    const nmf_comm *comm = nmfi_comm_shared();
    if (!comm || !spreads_fits(comm, X, options))
        return nmfi_learn_together(nmfi_fit_model, X, options, model, error);
    nmf_status status = check_alike(comm, X, options, error);
    if (status != NMF_OK) return status;
    status = nmfi_fit_in_turns(comm, X, options, model, error);
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
    nmf_status status = check_alike(comm, X, options, error);
    if (status == NMF_OK) status = part_of(comm, X, &part, error);
    if (status == NMF_OK) {
        status = nmfi_comm_status(comm, nmfi_transform(model, part, options, W, error), error);
        if (status == NMF_OK) status = gather(comm, X, W, error);
    }
    nmf_matrix_free(part);
    return status;
}
