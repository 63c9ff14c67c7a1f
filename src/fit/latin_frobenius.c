/* Half steps of the Frobenius loss under a fold: HALS with the Gram matrix of a group of lines.
 *
 *   rows of group a: min 1/2 w'(G_a + ridge) w - p_i'w,  G_a = sum over groups g that a sees of H_g H_g'
 *
 * The ridge, 1e-3 of G's mean diagonal, holds what a group cannot see: a component that lives in the
 * columns it lacks would be anything there. Dense rows add up what H needs while they are in the cache,
 * so an iteration reads X once. */
#include "fit/latin_fit.h"

#include <string.h>

#define RIDGE 1e-3

/* The Gram matrices of O's groups. */
static void group_grams(nmfi_latin_fit *fit, nmfi_latin_factor *O)
{
    const int64_t k = fit->k;
    for (int64_t g = 0; g < O->groups->folds; g++) {
        double *const gram = O->grams + g * k * k;
        const int64_t first = O->groups->begin[g], count = O->groups->begin[g + 1] - first;
        memset(gram, 0, (size_t)(k * k) * sizeof *gram);
        if (count > 0)
            fit->plan->kernels->gram(nmfi_latin_at(fit, O->y, first), O->ld, k, count, gram);
    }
}

/* What lines of `group` see of O: gram, the same with the ridge, and the inverse of its diagonal. Added
 * up group by group, since taking one away from all would leave its rounding behind. */
static void share_gram(nmfi_latin_fit *fit, const nmfi_latin_factor *O, int64_t group)
{
    const nmfi_latin *latin = fit->plan->latin;
    const nmfi_kernels *kernels = fit->plan->kernels;
    const int64_t k = fit->k, missing = nmfi_latin_missing(latin, group, fit->fold);
    double *const shared = fit->shared, trace = 0;
    memset(shared, 0, (size_t)(k * k) * sizeof *shared);
    for (int64_t g = 0; g < latin->folds; g++) {
        const double *const gram = O->grams + g * k * k;
        for (int64_t j = 0; j < k; j++) trace += gram[j * k + j];
        if (g == missing) continue;
        for (int64_t i = 0; i < k * k; i++) shared[i] += gram[i];
    }
    kernels->from_f64(shared, fit->gram, k * k);
    const double ridge = RIDGE * trace / (double)k;
    for (int64_t j = 0; j < k; j++) shared[j * k + j] += ridge;
    kernels->from_f64(shared, fit->ridged, k * k);
    for (int64_t j = 0; j < k; j++)
        fit->ignored[j] = shared[j * k + j] > 0 ? 1 / shared[j * k + j] : 0;
    kernels->from_f64(fit->ignored, fit->inverse, k);
}

static int64_t lanes_for(int64_t count)
{
    return (count + NMFI_LANES_MIN - 1) / NMFI_LANES_MIN * NMFI_LANES_MIN;
}

/* P of sparse lines: packed sums, then component-major. */
static void gather_products(nmfi_latin_fit *fit, const nmfi_latin_factor *U,
                            const nmfi_latin_factor *O, int64_t line, int64_t count,
                            const nmfi_latin_run *run, int64_t lanes)
{
    const nmfi_kernels *kernels = fit->plan->kernels;
    const int64_t stride = nmfi_packed_stride(fit->k);
    for (int64_t i = 0; i < count; i++) {
        int64_t bounds[2];
        const nmfi_lines one = nmfi_latin_line(fit, U->side, line + i, run, bounds);
        void *const sums = nmfi_latin_at(fit, fit->tile[3], i * stride);
        kernels->gather[fit->plan->latin->dtype][0](&one, 0, 1, O->packed, stride, sums, 0);
    }
    kernels->unpack(fit->tile[3], stride, fit->k, count, fit->products, lanes);
}

/* P of members of H from what rows have added up for them. */
static void take_sums(nmfi_latin_fit *fit, const nmfi_latin_factor *U, int64_t first, int64_t count,
                      int64_t lanes)
{
    const size_t bytes = (size_t)(count * fit->plan->kernels->element_bytes);
    for (int64_t j = 0; j < fit->k; j++)
        memcpy(nmfi_latin_at(fit, fit->products, j * lanes),
               nmfi_latin_at(fit, U->sums, j * U->ld + first), bytes);
}

/* A run that goes round is two stretches of members, the second from 0 on. */
typedef struct stretch {
    nmfi_rows rows;
    int64_t first;
} stretch;

static int stretches_of(const nmfi_latin_fit *fit, const nmfi_rows *rows, const nmfi_latin_run *run,
                        int64_t members, stretch found[2])
{
    const int64_t bytes = (int64_t)nmf_dtype_bytes(fit->plan->latin->dtype);
    const int64_t before_end = members - run->first;
    const int64_t here = run->count < before_end ? run->count : before_end;
    found[0] = found[1] = (stretch){*rows, run->first};
    found[0].rows.columns = here;
    found[1].rows.data = (const char *)rows->data + here * bytes;
    found[1].rows.columns = run->count - here;
    found[1].first = 0;
    return here < run->count ? 2 : 1;
}

static void form_products(nmfi_latin_fit *fit, const nmfi_latin_factor *U,
                          const nmfi_latin_factor *O, int64_t line, int64_t count,
                          const nmfi_latin_run *run, int64_t lanes)
{
    const nmfi_kernels *kernels = fit->plan->kernels;
    memset(fit->products, 0, (size_t)(fit->k * lanes * kernels->element_bytes));
    if (fit->plan->latin->is_sparse) {
        gather_products(fit, U, O, line, count, run, lanes);
    } else if (U->side == 1) {
        take_sums(fit, U, line, count, lanes);
    } else {
        const nmfi_rows rows = nmfi_latin_rows(fit, 0, line, count, run);
        stretch parts[2];
        const int many = stretches_of(fit, &rows, run, O->count, parts);
        for (int i = 0; i < many; i++)
            kernels->products[fit->plan->latin->dtype](&parts[i].rows,
                                                       nmfi_latin_at(fit, O->y, parts[i].first),
                                                       O->ld, fit->k, fit->products, lanes);
    }
    kernels->scale(fit->products, fit->k * lanes, fit->scale);
}

/* The block's rows solved; what they add to the objective 1/2 x'Gx - p'x without the ridge. */
static double solve_block(nmfi_latin_fit *fit, const nmfi_latin_factor *U, int64_t line,
                          int64_t count, int64_t lanes, int measure)
{
    enum { FEW = 32 }; /* sweeps cost k^2 a row, products the other side times k */
    const int64_t sweeps = fit->k < FEW ? 8 : 4;
    nmfi_latin_load(fit, U, line, count, fit->tile[0], lanes);
    nmfi_hals tile = {.x = fit->tile[0],
                      .ldx = lanes,
                      .older = fit->tile[1],
                      .ahead = fit->tile[2],
                      .p = fit->products,
                      .ldp = lanes,
                      .gram = fit->ridged,
                      .inverse = fit->inverse,
                      .k = fit->k,
                      .lanes = lanes,
                      .sweeps = sweeps,
                      .accuracy = 0.1};
    fit->plan->kernels->hals(&tile);
    if (!measure) return 0;
    tile.gram = fit->gram;
    return fit->plan->kernels->measure(&tile, fit->ignored, fit->ignored + fit->k);
}

/* What the block's rows add to the products of the other factor's members. */
static void add_to_sums(nmfi_latin_fit *fit, const nmfi_latin_factor *U, nmfi_latin_factor *O,
                        int64_t line, int64_t count, const nmfi_latin_run *run)
{
    const nmfi_latin *latin = fit->plan->latin;
    const nmfi_rows rows = nmfi_latin_rows(fit, 0, line, count, run);
    stretch parts[2];
    const int many = stretches_of(fit, &rows, run, O->count, parts);
    for (int i = 0; i < many; i++)
        fit->plan->kernels->accumulate[latin->dtype](
            &parts[i].rows, nmfi_latin_at(fit, U->y, line), U->ld, fit->k,
            nmfi_latin_at(fit, O->sums, parts[i].first), O->ld);
}

double nmfi_latin_frobenius(nmfi_latin_fit *fit, nmfi_latin_factor *U, nmfi_latin_factor *O,
                            double extrapolation, int measure)
{
    const nmfi_latin *latin = fit->plan->latin;
    const nmfi_kernels *kernels = fit->plan->kernels;
    const int adds_up = !latin->is_sparse && U->side == 0;
    double objective = 0;
    if (latin->is_sparse) nmfi_latin_refresh(fit, O);
    group_grams(fit, O);
    if (adds_up) memset(O->sums, 0, (size_t)(fit->k * O->ld * kernels->element_bytes));
    for (int64_t a = 0; a < latin->folds; a++) {
        const nmfi_latin_run run = nmfi_latin_run_of(latin, U->side, a, fit->fold, 0);
        const int64_t end = U->groups->begin[a + 1];
        share_gram(fit, O, a);
        for (int64_t line = U->groups->begin[a]; line < end; line += NMFI_LATIN_BLOCK) {
            const int64_t left = end - line,
                          count = left < NMFI_LATIN_BLOCK ? left : NMFI_LATIN_BLOCK;
            const int64_t lanes = lanes_for(count);
            form_products(fit, U, O, line, count, &run, lanes);
            objective += solve_block(fit, U, line, count, lanes, measure);
            nmfi_latin_store(fit, U, line, count, fit->tile[0], lanes, extrapolation, 0);
            if (adds_up) add_to_sums(fit, U, O, line, count, &run);
        }
    }
    return objective;
}

void nmfi_latin_add_up(nmfi_latin_fit *fit)
{
    const nmfi_latin *latin = fit->plan->latin;
    nmfi_latin_factor *W = &fit->W, *H = &fit->H;
    if (latin->is_sparse || latin->is_weighted) return;
    memset(H->sums, 0, (size_t)(fit->k * H->ld * fit->plan->kernels->element_bytes));
    for (int64_t a = 0; a < latin->folds; a++) {
        const nmfi_latin_run run = nmfi_latin_run_of(latin, 0, a, fit->fold, 0);
        const int64_t end = W->groups->begin[a + 1];
        for (int64_t line = W->groups->begin[a]; line < end; line += NMFI_LATIN_BLOCK) {
            const int64_t left = end - line;
            add_to_sums(fit, W, H, line, left < NMFI_LATIN_BLOCK ? left : NMFI_LATIN_BLOCK, &run);
        }
    }
}
