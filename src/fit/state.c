/* Moving between the parts of a fit's state (state.h). */
#include "fit/state.h"

#include "fit/constraints.h"
#include "fit/loss.h"
#include "fit/volume.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void swap(void **a, void **b)
{
    void *const kept = *a;
    *a = *b;
    *b = kept;
}

void nmfi_take_plain(nmfi_factor *factor)
{
    swap(&factor->incumbent, &factor->plain);
}

void nmfi_take_ahead(nmfi_factor *factor)
{
    swap(&factor->incumbent, &factor->ahead);
}

void nmfi_round_factor(const nmfi_fit *fit, nmfi_factor *factor)
{
    const nmfi_kernels *single = nmfi_kernels_for(NMF_F32, NULL);
    single->from_f64(factor->incumbent, factor->plain, fit->k * factor->partition.ld);
    nmfi_take_plain(factor);
}

void nmfi_widen_factor(const nmfi_fit *fit, nmfi_factor *factor)
{
    const nmfi_kernels *single = nmfi_kernels_for(NMF_F32, NULL);
    single->to_f64(factor->incumbent, factor->plain, fit->k * factor->partition.ld);
    nmfi_take_plain(factor);
}

/* In a scratch file piece by piece, so that no more of it lies in memory. */
static void copy_factor(const nmfi_fit *fit, const nmfi_factor *factor, const void *from, void *to)
{
    enum { PIECE = 1 << 20 };
    nmfi_scratch *const scratch = fit->work.pass.spilled;
    const size_t bytes = (size_t)(fit->k * factor->partition.ld * fit->work.kernels->element_bytes);
    if (!scratch) {
        memcpy(to, from, bytes);
        return;
    }
    for (size_t at = 0; at < bytes; at += PIECE) {
        const size_t some = bytes - at < PIECE ? bytes - at : PIECE;
        if (at + some < bytes) {
            nmfi_scratch_want(scratch, (const char *)from + at + some, 1, 0, PIECE);
            nmfi_scratch_want(scratch, (const char *)to + at + some, 1, 0, PIECE);
        }
        memcpy((char *)to + at, (const char *)from + at, some);
        nmfi_scratch_touched(scratch, 2 * some);
    }
}

void nmfi_back_to_incumbent(const nmfi_fit *fit, nmfi_factor *factor)
{
    copy_factor(fit, factor, factor->incumbent, factor->plain);
    copy_factor(fit, factor, factor->incumbent, factor->ahead);
}

void nmfi_keep_sums(const nmfi_fit *fit, const nmfi_pass *pass, nmfi_factor *factor)
{
    memcpy(factor->gram, pass->total.gram, (size_t)(fit->k * fit->k) * sizeof(double));
    memcpy(factor->value, pass->total.value, sizeof factor->value);
}

void nmfi_keep_gradients(const nmfi_fit *fit, const nmfi_pass *pass, nmfi_factor *factor)
{
    memcpy(factor->pg2, pass->total.pg2, (size_t)fit->k * sizeof(double));
    memcpy(factor->ref2, pass->total.ref2, (size_t)fit->k * sizeof(double));
}

void nmfi_set_gram(nmfi_fit *fit, const double *gram, const nmfi_factor *factor)
{
    nmfi_work *work = &fit->work;
    memcpy(work->gram_f64, gram, (size_t)(fit->k * fit->k) * sizeof *gram);
    if (fit->volume.wanted && !factor->is_W) nmfi_volume_pull(fit, factor->gram, work->gram_f64);
    nmfi_gram_for_rule(work->kernels, fit->k, factor->l1, factor->l2, work->gram_f64, work->gram,
                       work->inverse);
}

nmfi_pass *nmfi_pass_along(nmfi_fit *fit, const nmfi_factor *factor)
{
    return factor->along_rows ? &fit->work.pass : &fit->work.transposed;
}

int nmfi_take_squares(const nmfi_fit *fit)
{
    const nmfi_factor *W = &fit->W, *H = &fit->H;
    double *const squares = fit->work.squares;
    int64_t j = 0;
    while (j < fit->k && !nmfi_scale_is_free(fit, j)) j++;
    if (j == fit->k) return 0;
    nmfi_factor_squares(fit->work.kernels, &W->partition, fit->k, W->incumbent, squares);
    nmfi_factor_squares(fit->work.kernels, &H->partition, fit->k, H->incumbent, squares + fit->k);
    return 1;
}

void nmfi_balance(nmfi_fit *fit)
{
    const nmfi_kernels *kernels = fit->work.kernels;
    const nmfi_factor *W = &fit->W, *H = &fit->H;
    if (!nmfi_take_squares(fit)) return;
    for (int64_t j = 0; j < fit->k; j++) {
        if (!nmfi_scale_is_free(fit, j)) continue;
        const double w2 = fit->work.squares[j], h2 = fit->work.squares[fit->k + j];
        if (!(w2 > 0 && h2 > 0)) continue;
        nmfi_factor_scale(kernels, &H->partition, H->incumbent, j, sqrt(sqrt(w2 / h2)));
        nmfi_factor_scale(kernels, &W->partition, W->incumbent, j, sqrt(sqrt(h2 / w2)));
    }
}

/* Extrapolation overshoots in the scale of one factor, the other makes up for it and overshoots in
 * turn: nothing in WH holds the scales, and in a few hundred iterations they would leave the range
 * of a double. Where ||w_j|| and ||h_j|| are far apart they are brought together by a power of 2,
 * which rounds nothing. Penalties hold them by themselves. */
void nmfi_rebalance(const nmfi_fit *fit)
{
    enum { FAR = 8 };
    const nmfi_kernels *kernels = fit->work.kernels;
    const nmfi_factor *W = &fit->W, *H = &fit->H;
    if (!nmfi_take_squares(fit)) return;
    for (int64_t j = 0; j < fit->k; j++) {
        if (!nmfi_scale_is_free(fit, j)) continue;
        const double w2 = fit->work.squares[j], h2 = fit->work.squares[fit->k + j];
        if (!(w2 > 0 && h2 > 0)) continue;
        const int apart = (int)lround(0.25 * (log2(w2) - log2(h2)));
        if (abs(apart) < FAR) continue;
        void *const ws[] = {W->incumbent, W->plain, W->ahead}, *const hs[] = {H->incumbent,
                                                                              H->plain, H->ahead};
        for (int i = 0; i < 3; i++) {
            nmfi_factor_scale(kernels, &W->partition, ws[i], j, ldexp(1.0, -apart));
            nmfi_factor_scale(kernels, &H->partition, hs[i], j, ldexp(1.0, apart));
        }
    }
}

void nmfi_rewind(nmfi_fit *fit)
{
    fit->progress = (nmfi_progress){.stopped = NMF_STOPPED_CONVERGED};
}

void nmfi_keep_start(nmfi_fit *fit, nmfi_progress *best)
{
    *best = fit->progress;
    copy_factor(fit, &fit->W, fit->W.incumbent, fit->W.kept);
    copy_factor(fit, &fit->H, fit->H.incumbent, fit->H.kept);
    memcpy(fit->work.kept_trace, fit->work.trace,
           (size_t)best->trace_count * sizeof *fit->work.trace);
}

void nmfi_restore_start(nmfi_fit *fit, const nmfi_progress *best)
{
    fit->progress = *best;
    copy_factor(fit, &fit->W, fit->W.kept, fit->W.incumbent);
    copy_factor(fit, &fit->H, fit->H.kept, fit->H.incumbent);
    memcpy(fit->work.trace, fit->work.kept_trace,
           (size_t)best->trace_count * sizeof *fit->work.trace);
}
