/* Half steps of any other beta-divergence under a fold: multiplicative updates, strip by strip of lines
 * with their model V, R = X V^(beta - 2) and S = V^(beta - 1) (Fevotte & Idier 2011). */
#include "fit/latin_fit.h"

#include <string.h>

#define SMALLEST 1e-12

static nmfi_ratio ratio_of(const nmfi_latin_fit *fit, const nmfi_rows *rows, const void *F,
                           int64_t ldf)
{
    const nmfi_ratio ratio = {.X = rows,
                              .scale = fit->scale,
                              .beta = fit->plan->beta,
                              .least = SMALLEST,
                              .instead = SMALLEST,
                              .x = fit->tile[0],
                              .ldx = NMFI_LATIN_STRIP,
                              .F = F,
                              .ldf = ldf,
                              .k = fit->k,
                              .V = fit->model,
                              .ldv = fit->panel_ld,
                              .R = fit->ratio,
                              .S = fit->power,
                              .ldr = fit->panel_ld};
    return ratio;
}

/* to = panel F' */
static void project(const nmfi_latin_fit *fit, const nmfi_ratio *ratio, const void *panel, void *to)
{
    const nmfi_kernels *kernels = fit->plan->kernels;
    const nmfi_rows rows = {panel, fit->panel_ld, ratio->X->rows, ratio->X->columns};
    memset(to, 0, (size_t)(fit->k * NMFI_LATIN_STRIP * kernels->element_bytes));
    kernels->products[kernels->element_bytes == 4 ? NMF_F32 : NMF_F64](
        &rows, ratio->F, ratio->ldf, fit->k, to, NMFI_LATIN_STRIP);
}

/* The divergence of the strip's rows from their new model. */
static double measured(const nmfi_latin_fit *fit, const nmfi_ratio *ratio)
{
    const nmfi_kernels *kernels = fit->plan->kernels;
    double totals[NMFI_LATIN_STRIP] = {0}, sum = 0;
    const int64_t columns = ratio->X->columns;
    kernels->model(fit->tile[0], NMFI_LATIN_STRIP, ratio->X->rows, ratio->F, ratio->ldf, fit->k,
                   columns, fit->model, fit->panel_ld);
    for (int64_t r = 0; r < ratio->X->rows; r++) /* kernels sum whole vectors */
        memset(nmfi_latin_at(fit, fit->model, r * fit->panel_ld + columns), 0,
               (size_t)((fit->panel_ld - columns) * kernels->element_bytes));
    kernels->divergence[fit->plan->latin->dtype](ratio, totals);
    for (int64_t r = 0; r < ratio->X->rows; r++) sum += totals[r];
    return sum;
}

double nmfi_latin_panels(nmfi_latin_fit *fit, nmfi_latin_factor *U, nmfi_latin_factor *O,
                         double extrapolation, int measure)
{
    const nmfi_latin *latin = fit->plan->latin;
    const nmfi_kernels *kernels = fit->plan->kernels;
    const double beta = fit->plan->beta;
    const double gamma = beta < 1 ? 1 / (2 - beta) : beta > 2 ? 1 / (beta - 1) : 1;
    double loss = 0;
    nmfi_latin_refresh(fit, O);
    for (int64_t a = 0; a < latin->folds; a++) {
        const nmfi_latin_run run = nmfi_latin_run_of(latin, U->side, a, fit->fold, 0);
        const int64_t end = U->groups->begin[a + 1];
        for (int64_t line = U->groups->begin[a]; line < end; line += NMFI_LATIN_STRIP) {
            const int64_t left = end - line,
                          count = left < NMFI_LATIN_STRIP ? left : NMFI_LATIN_STRIP;
            const nmfi_rows rows = nmfi_latin_rows(fit, U->side, line, count, &run);
            nmfi_latin_load(fit, U, line, count, fit->tile[0], NMFI_LATIN_STRIP);
            const nmfi_ratio ratio =
                ratio_of(fit, &rows, nmfi_latin_at(fit, O->around, run.first), O->ld_around);
            kernels->ratio[latin->dtype](&ratio);
            project(fit, &ratio, fit->ratio, fit->tile[1]);
            project(fit, &ratio, fit->power, fit->tile[2]);
            const nmfi_strip strip = {.x = fit->tile[0],
                                      .num = fit->tile[1],
                                      .den = fit->tile[2],
                                      .k = fit->k,
                                      .lanes = NMFI_LATIN_STRIP,
                                      .ld = NMFI_LATIN_STRIP};
            kernels->strip_multiply(&strip, gamma, SMALLEST, 0);
            if (measure) loss += measured(fit, &ratio);
            nmfi_latin_store(fit, U, line, count, fit->tile[0], NMFI_LATIN_STRIP, extrapolation, 1);
        }
    }
    return loss;
}
