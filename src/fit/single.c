/* See single.h. Every kernel takes every storage type, so X is read as it lies: there is no copy of it. */
#include "fit/single.h"

#include "fit/constraints.h"
#include "fit/method.h"

#include <string.h>

/* f32 holds X and what is made of it: entries as they are stored, which kernels round, and on the fit's scale. */
static int holds(const nmfi_facts *facts)
{
    static const double most = 1e15;
    return facts->highest <= most && facts->highest * facts->scale <= most &&
           facts->scale <= most && facts->scale >= 1 / most;
}

void nmfi_single_use(nmfi_fit *fit, int single)
{
    nmfi_work *work = &fit->work;
    const nmfi_stage on_X = fit->on_X;
    work->kernels = work->pass.kernels = nmfi_kernels_for(single ? NMF_F32 : NMF_F64, NULL);
    if (work->transposed.kernels) work->transposed.kernels = work->kernels;
    if (on_X.method->change_kernels) on_X.method->change_kernels(fit, on_X.state);
}

/* What is known stays to the bit, and so does a start that was given; who asks for iterations and no tolerance gets
 * them in the fit's arithmetic. A dense X has a sketch for that, where the loss is the sketch's. */
void nmfi_single_open(nmfi_fit *fit)
{
    nmfi_choice *choice = &fit->choice;
    const int has_sketch = !fit->work.source.is_sparse && choice->beta == 2;
    choice->begins_single = fit->on_X.method->begins_single && !has_sketch &&
                            (choice->beta == 1 || choice->beta == 2) && !choice->weighted &&
                            !nmfi_is_constrained(fit) && !(choice->options.volume > 0) &&
                            choice->options.init != NMF_INIT_CUSTOM && choice->options.tol > 0 &&
                            fit->facts.lowest >= 0 && holds(&fit->facts);
    if (choice->begins_single) nmfi_single_use(fit, 1);
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
