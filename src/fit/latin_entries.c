/* Half steps of the Kullback-Leibler divergence under a fold: coordinate descent line by line
 * (kernel/scd.inc). What a line lacks is lacking from the sums of the other factor too, and
 * these a group shares. A sparse line is its entries alone; zeros are in the sums. */
#include "fit/latin_fit.h"

#include <string.h>

/* A model entry below this, where entries are near 1, is taken as this to divide by. */
#define SMALLEST 1e-12

/* The line's entries on the fit's scale, the other factor beside them, and how many they are. */
static int64_t open_line(nmfi_latin_fit *fit, const nmfi_latin_factor *U,
                         const nmfi_latin_factor *O, int64_t line, const nmfi_latin_run *run,
                         const void **beside, int64_t *ld)
{
    const nmfi_kernels *kernels = fit->plan->kernels;
    const nmfi_latin *latin = fit->plan->latin;
    if (latin->is_sparse) {
        int64_t bounds[2];
        const nmfi_lines one = nmfi_latin_line(fit, U->side, line, run, bounds);
        /* As short as the line is: its components stay in the first-level cache where they fit. */
        *beside = fit->beside;
        *ld = (bounds[1] - bounds[0] + 2 * NMFI_LANES_MIN - 1) / NMFI_LANES_MIN * NMFI_LANES_MIN;
        const int64_t count = kernels->gather_row[latin->dtype][0](
            &one, 0, O->packed, nmfi_packed_stride(fit->k), fit->k, fit->beside, *ld, fit->entries);
        kernels->scale(fit->entries, count, fit->scale);
        return count;
    }
    const nmfi_rows row = nmfi_latin_rows(fit, U->side, line, 1, run);
    *beside = nmfi_latin_at(fit, O->around, run->first);
    *ld = O->ld_around;
    nmfi_widen(kernels, latin->dtype, &row, fit->entries, fit->panel_ld);
    memset(nmfi_latin_at(fit, fit->entries, run->count), 0,
           (size_t)((fit->panel_ld - run->count) * kernels->element_bytes));
    kernels->scale(fit->entries, run->count, fit->scale);
    return run->count;
}

/* The model beside the entries, zeros behind: the kernels sum whole vectors. */
static void form_model(nmfi_latin_fit *fit, const void *beside, int64_t ld, int64_t count)
{
    const nmfi_kernels *kernels = fit->plan->kernels;
    const int64_t padded = (count + NMFI_LANES_MIN - 1) / NMFI_LANES_MIN * NMFI_LANES_MIN;
    kernels->model(fit->tile[0], NMFI_LANES_MIN, 1, beside, ld, fit->k, count, fit->model,
                   fit->panel_ld);
    memset(nmfi_latin_at(fit, fit->model, count), 0,
           (size_t)((padded - count) * kernels->element_bytes));
}

/* Entries that are not stored add their model: all of it, x'sums, less what has been seen. */
static double divergence(nmfi_latin_fit *fit, const void *beside, int64_t ld, int64_t count)
{
    const nmfi_kernels *kernels = fit->plan->kernels;
    const nmf_dtype own = kernels->element_bytes == 4 ? NMF_F32 : NMF_F64;
    const nmfi_rows row = {fit->entries, fit->panel_ld, 1, count};
    double total = 0, left_out = 0;
    form_model(fit, beside, ld, count);
    const nmfi_ratio ratio = {.X = &row,
                              .scale = 1,
                              .beta = 1,
                              .least = SMALLEST,
                              .instead = SMALLEST,
                              .V = fit->model,
                              .ldv = fit->panel_ld};
    kernels->divergence[own](&ratio, &total);
    if (!fit->plan->latin->is_sparse) return total;
    for (int64_t j = 0; j < fit->k; j++) {
        double x;
        kernels->to_f64(nmfi_latin_at(fit, fit->tile[0], j * NMFI_LANES_MIN), &x, 1);
        left_out += x * fit->shared[j];
    }
    return total + left_out - kernels->sum(fit->model, fit->panel_ld, 1, count);
}

static double improve_line(nmfi_latin_fit *fit, nmfi_latin_factor *U, const nmfi_latin_factor *O,
                           int64_t line, const nmfi_latin_run *run, double extrapolation,
                           int measure)
{
    enum { SWEEPS = 2 };
    const void *beside;
    int64_t ld;
    nmfi_latin_load(fit, U, line, 1, fit->tile[0], NMFI_LANES_MIN);
    const int64_t count = open_line(fit, U, O, line, run, &beside, &ld);
    form_model(fit, beside, ld, count);
    const nmfi_scd by = {.a = fit->entries,
                         .B = beside,
                         .v = fit->model,
                         .count = count,
                         .ldb = ld,
                         .k = fit->k,
                         .x = fit->tile[0],
                         .ldx = NMFI_LANES_MIN,
                         .F_sums = fit->shared,
                         .least = SMALLEST,
                         .accuracy = 1e-3,
                         .sweeps = SWEEPS,
                         .active = fit->active};
    fit->plan->kernels->scd(&by, 1);
    const double loss = measure ? divergence(fit, beside, ld, count) : 0;
    nmfi_latin_store(fit, U, line, 1, fit->tile[0], NMFI_LANES_MIN, extrapolation, 1);
    return loss;
}

double nmfi_latin_entries(nmfi_latin_fit *fit, nmfi_latin_factor *U, nmfi_latin_factor *O,
                          double extrapolation, int measure)
{
    const nmfi_latin *latin = fit->plan->latin;
    double loss = 0;
    nmfi_latin_refresh(fit, O);
    nmfi_latin_group_sums(fit, O);
    for (int64_t a = 0; a < latin->folds; a++) {
        const nmfi_latin_run run = nmfi_latin_run_of(latin, U->side, a, fit->fold, 0);
        nmfi_latin_share_sums(fit, O, a);
        for (int64_t line = U->groups->begin[a]; line < U->groups->begin[a + 1]; line++)
            loss += improve_line(fit, U, O, line, &run, extrapolation, measure);
    }
    return loss;
}
