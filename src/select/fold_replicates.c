/* Fits without one fold after the other (fold_replicates.h). */
#include "select/fold_replicates.h"

#include "base/options.h"
#include "data/matrix.h"
#include "select/rank_result.h"

enum { FOLDS = 10 };
#define TOLERANCE 1e-3 /* nmfi_latin_plan: such fits end before they are compared */

static void lay_out(nmfi_fold_replicates *r, int64_t workers, nmfi_arena *arena)
{
    r->fits = nmfi_take(arena, workers, sizeof *r->fits);
    r->plans = nmfi_take(arena, workers, sizeof *r->plans);
    for (int64_t w = 0; w < workers; w++) {
        nmfi_latin_fit laid_out = {.plan = NULL};
        nmfi_latin_fit_layout(&laid_out, &r->plan, arena);
        if (!arena->base) continue;
        r->plans[w] = r->plan;
        r->fits[w] = laid_out;
        r->fits[w].plan = &r->plans[w];
    }
}

nmf_status nmfi_fold_replicates_open(nmfi_fold_replicates *r, const nmf_matrix *X,
                                     const nmf_options *options, int64_t workers, nmf_error *error)
{
    const double beta = nmfi_beta(options);
    const int64_t rows = nmf_matrix_rows(X), columns = nmf_matrix_columns(X);
    const int64_t least = rows < columns ? rows : columns;
    const int f64 = options->precision == NMF_PRECISION_F64 ||
                    (options->precision == NMF_PRECISION_AUTO && nmf_matrix_dtype(X) == NMF_F64);
    const int64_t folds = least < FOLDS ? least : FOLDS;
    const nmfi_latin_wishes wishes = {.folds = folds,
                                      .repeats = folds,
                                      .seed = (uint64_t)options->seed,
                                      .both = beta != 2 || nmf_matrix_is_sparse(X),
                                      .dense = beta != 1 && beta != 2,
                                      .limit = nmfi_memory_limit_of(options)};
    *r = (nmfi_fold_replicates){.fits = NULL};
    nmf_status status = nmfi_latin_open(&r->latin, X, &wishes, error);
    if (status != NMF_OK) return status;
    r->plan = (nmfi_latin_plan){.latin = &r->latin,
                                .kernels = nmfi_kernels_for(f64 ? NMF_F64 : NMF_F32, NULL),
                                .beta = beta,
                                .most_k = options->k,
                                .starts = 1,
                                .max_iter = options->max_iter,
                                .tol = TOLERANCE};
    lay_out(r, workers, &r->arena);
    status = nmfi_arena_allocate(&r->arena, nmfi_memory_limit_of(options), error);
    if (status == NMF_OK)
        lay_out(r, workers, &r->arena);
    else
        nmfi_latin_close(&r->latin);
    return status;
}

int nmfi_fold_replicates_fit(nmfi_fold_replicates *r, int64_t worker, int64_t i, uint64_t seed,
                             int (*stop)(void *context), void *context, double *spectra,
                             int64_t *unconverged)
{
    nmfi_latin_fit *fit = &r->fits[worker];
    r->plans[worker].stop = stop;
    r->plans[worker].stop_context = context;
    nmfi_latin_fit_run(fit, r->plan.most_k, i % r->latin.repeats, seed + (uint64_t)i);
    if (fit->stopped) return 0;
    *unconverged = !fit->converged;
    nmfi_latin_fit_components(fit, spectra);
    return 1;
}

void nmfi_fold_replicates_close(nmfi_fold_replicates *r)
{
    nmfi_release(r->arena.base);
    nmfi_latin_close(&r->latin);
}
