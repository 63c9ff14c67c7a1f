/* See single.h. Every kernel takes every storage type, so X is read as it lies, but for a small dense one. */
#include "fit/single.h"

#include "fit/constraints.h"
#include "fit/method.h"

#include "data/source.h"

#include <stdlib.h>
#include <string.h>

/* What is known stays to the bit, and so does a start that was given; who asks for iterations and no tolerance gets
 * them in the fit's arithmetic. */
static int may(const nmfi_fit *fit)
{
    const nmfi_choice *choice = &fit->choice;
    return fit->on_X.method->begins_single && (choice->beta == 1 || choice->beta == 2) &&
           !choice->weighted && !nmfi_is_constrained(fit) && !(choice->options.volume > 0) &&
           choice->options.init != NMF_INIT_CUSTOM && choice->options.tol > 0;
}

/* Under the Frobenius loss a dense X has a sketch for that. Where it is too small for one, it is copied once, on the fit's
 * scale: to convert it in every iteration takes as long as f32 saves, and a unit that f32 does not hold is fitted as any. */
static int is_copied(const nmfi_fit *fit)
{
    static const double most_entries = 2.5e5;
    const nmfi_source *source = &fit->work.source;
    return !source->is_sparse && fit->choice.beta == 2 && fit->choice.sketch_rank == 0 &&
           (double)fit->facts.m * (double)fit->facts.n <= most_entries && may(fit);
}

void nmfi_single_layout(nmfi_fit *fit, nmfi_arena *arena)
{
    const nmfi_source *source = &fit->work.pass.source;
    fit->work.single_X = NULL;
    if (is_copied(fit))
        fit->work.single_X = nmfi_take(arena, source->rows,
                                       nmfi_product(source->columns, sizeof *fit->work.single_X));
}

/* f32 holds X and what is made of it: entries as they are stored, which kernels round, and on the fit's scale. */
static int holds(const nmfi_fit *fit)
{
    static const double most = 1e15;
    const nmfi_facts *facts = &fit->facts;
    const int as_stored =
        facts->highest / facts->scale <= most && facts->scale <= most && facts->scale >= 1 / most;
    return (fit->work.single_X || as_stored) && facts->highest <= most;
}

/* What passes read from here on is the copy, or X itself. */
static void turn_to(nmfi_fit *fit, int copy)
{
    nmfi_work *work = &fit->work;
    work->pass.source = copy ? work->single_source : work->own_source;
    work->pass.scale = copy ? 1 : fit->facts.scale;
}

/* Row r, on the fit's scale. */
static nmf_status copy_row(nmfi_fit *fit, int64_t r, void *room, double *row, float *to,
                           nmf_error *error)
{
    const nmfi_source *own = &fit->work.own_source;
    nmfi_block block;
    const nmf_status status = own->read(own, r, 1, room, &block, error);
    if (status != NMF_OK) return status;
    nmfi_widen(fit->work.kernels, block.dtype, &block.X, row, own->columns);
    for (int64_t c = 0; c < own->columns; c++) to[c] = (float)(row[c] * fit->facts.scale);
    return NMF_OK;
}

static nmf_status copy_X(nmfi_fit *fit, nmf_error *error)
{
    nmfi_work *work = &fit->work;
    const nmfi_source *own = &work->own_source;
    work->own_source = work->pass.source;
    double *const row = calloc((size_t)own->columns, 2 * sizeof *row); /* and behind it as stored */
    nmf_status status = row ? NMF_OK
                            : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a row of %lld",
                                       (long long)own->columns);
    for (int64_t r = 0; r < own->rows && status == NMF_OK; r++)
        status =
            copy_row(fit, r, row + own->columns, row, work->single_X + r * own->columns, error);
    free(row);
    work->pass.passes++;
    work->single_source = nmfi_pass_source_along(&work->pass, NMF_F32, work->single_X);
    return nmfi_source_agree(own, status, error);
}

void nmfi_single_use(nmfi_fit *fit, int single)
{
    nmfi_work *work = &fit->work;
    const nmfi_stage on_X = fit->on_X;
    work->kernels = work->pass.kernels = nmfi_kernels_for(single ? NMF_F32 : NMF_F64, NULL);
    if (work->transposed.kernels) work->transposed.kernels = work->kernels;
    if (work->single_X) turn_to(fit, single);
    if (on_X.method->change_kernels) on_X.method->change_kernels(fit, on_X.state);
}

nmf_status nmfi_single_open(nmfi_fit *fit, nmf_error *error)
{
    nmfi_choice *choice = &fit->choice;
    const int is_read_so = fit->work.source.is_sparse || choice->beta == 1 || fit->work.single_X;
    choice->begins_single = may(fit) && is_read_so && fit->facts.lowest >= 0 && holds(fit);
    if (!choice->begins_single) return NMF_OK;
    const nmf_status status = fit->work.single_X ? copy_X(fit, error) : NMF_OK;
    if (status == NMF_OK) nmfi_single_use(fit, 1);
    return status;
}

void nmfi_single_begin(nmfi_fit *fit)
{
    /* Trap: a start writes the entries alone, and where the padding is in f32 lie those of an earlier start in f64. */
    memset(fit->W.incumbent, 0, nmfi_factor_bytes(fit, &fit->W));
    memset(fit->H.incumbent, 0, nmfi_factor_bytes(fit, &fit->H));
    nmfi_single_use(fit, 1);
    fit->place.single = 1;
}

void nmfi_single_end(nmfi_fit *fit)
{
    nmfi_widen_factor(fit, &fit->W);
    nmfi_widen_factor(fit, &fit->H);
    fit->place.single = 0;
    nmfi_single_use(fit, 0);
    /* Trap: the last visit begins from what the others hold, where no iteration follows. */
    nmfi_back_to_incumbent(fit, &fit->W);
    nmfi_back_to_incumbent(fit, &fit->H);
}
