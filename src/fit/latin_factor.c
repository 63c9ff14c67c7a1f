/* The memory of a fit to what a fold leaves, and what its half steps share: the factors, their copies that
 * go round, sums of groups, lines of X (latin_fit.h). */
#include "fit/latin_fit.h"

#include "rule/divergence.h"

#include <string.h>

/* --- memory ---------------------------------------------------------------------------------- */

static int64_t whole_vectors(int64_t count)
{
    return (count + NMFI_LANES_MAX - 1) / NMFI_LANES_MAX * NMFI_LANES_MAX;
}

static void layout_factor(nmfi_latin_factor *factor, const nmfi_latin_plan *plan, int side,
                          nmfi_arena *arena)
{
    const nmfi_latin *latin = plan->latin;
    const int64_t k = plan->most_k, bytes = plan->kernels->element_bytes;
    void **const arrays[] = {&factor->y, &factor->now, &factor->before, &factor->best,
                             &factor->kept};
    factor->side = side;
    factor->groups = &latin->group[side];
    factor->count = latin->group[side].count;
    factor->ld = whole_vectors(factor->count) + NMFI_LANES_MAX;
    /* Kernels read whole vectors behind the last member of a run. */
    factor->ld_around = whole_vectors(2 * factor->count) + NMFI_LANES_MAX;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        *arrays[i] = nmfi_take(arena, k, nmfi_product(factor->ld, bytes));
    factor->grams =
        nmfi_take(arena, latin->folds * k, nmfi_product(plan->beta == 2 ? k : 1, sizeof(double)));
    if (latin->is_sparse)
        factor->packed =
            nmfi_take(arena, factor->count + 1, nmfi_product(nmfi_packed_stride(k), bytes));
    else if (plan->beta != 2 || latin->is_weighted)
        factor->around = nmfi_take(arena, k, nmfi_product(factor->ld_around, bytes));
    if (plan->beta == 2 && !latin->is_sparse && side == 1)
        factor->sums = nmfi_take(arena, k, nmfi_product(factor->ld, bytes));
}

/* What rules work in. */
static int64_t workspace_bytes(const nmfi_latin_plan *plan)
{
    const int64_t k = plan->most_k, element = plan->kernels->element_bytes;
    int64_t most = 0;
    for (int side = 0; side < 2; side++) {
        const int64_t count = plan->latin->group[side].count;
        const int64_t bytes =
            plan->latin->is_weighted
                ? nmfi_weighted_workspace_bytes(k, count, element)
                : nmfi_strip_workspace_bytes(k, nmfi_latin_window_ld(count), element);
        most = bytes > most ? bytes : most;
    }
    return most;
}

static void layout_rules(nmfi_latin_fit *fit, const nmfi_latin_plan *plan, nmfi_arena *arena)
{
    const int64_t k = plan->most_k, bytes = plan->kernels->element_bytes;
    const int64_t longer = fit->W.ld > fit->H.ld ? fit->W.ld : fit->H.ld;
    fit->metrics = nmfi_take(arena, plan->latin->folds * k, nmfi_product(k, sizeof(double)));
    fit->unused = nmfi_take(arena, k * k, sizeof(double));
    fit->seen_sums = nmfi_take(arena, k, sizeof(double));
    fit->weight = nmfi_take(arena, longer, (size_t)bytes);
    fit->weighted = nmfi_take(arena, k, nmfi_product(longer, bytes));
    fit->window = nmfi_take(arena, k, nmfi_product(fit->panel_ld, bytes));
    fit->workspace = nmfi_take(arena, workspace_bytes(plan), 1);
    fit->row_sums[0] = nmfi_take(arena, fit->W.ld, (size_t)bytes);
    fit->row_sums[1] = nmfi_take(arena, fit->H.ld, (size_t)bytes);
}

static void layout_beginning(nmfi_latin_fit *fit, const nmfi_latin_plan *plan, nmfi_arena *arena)
{
    nmfi_latin_plan part = *plan;
    nmfi_latin_fit inner = {.plan = NULL};
    part.latin = plan->part;
    part.part = NULL;
    fit->beginning = nmfi_take(arena, 1, sizeof *fit->beginning);
    nmfi_latin_fit_layout(&inner, &part, arena);
    if (arena->base) *fit->beginning = inner; /* its plan is given when it is run */
}

void nmfi_latin_fit_layout(nmfi_latin_fit *fit, const nmfi_latin_plan *plan, nmfi_arena *arena)
{
    const int64_t k = plan->most_k, bytes = plan->kernels->element_bytes;
    const int64_t rows = plan->latin->group[0].count, columns = plan->latin->group[1].count;
    const size_t tile = nmfi_product(NMFI_LANES_MAX, bytes);
    fit->plan = plan;
    layout_factor(&fit->W, plan, 0, arena);
    layout_factor(&fit->H, plan, 1, arena);
    for (int i = 0; i < 3; i++) fit->tile[i] = nmfi_take(arena, k, tile);
    fit->tile[3] = nmfi_take(arena, NMFI_LANES_MAX, nmfi_product(nmfi_packed_stride(k), bytes));
    fit->products = nmfi_take(arena, k, tile);
    fit->gram = nmfi_take(arena, k * k, (size_t)bytes);
    fit->ridged = nmfi_take(arena, k * k, (size_t)bytes);
    fit->inverse = nmfi_take(arena, k, (size_t)bytes);
    fit->shared = nmfi_take(arena, k * k, sizeof(double));
    fit->ignored = nmfi_take(arena, 2 * k, sizeof(double));
    fit->panel_ld = whole_vectors(rows > columns ? rows : columns) + NMFI_LANES_MAX;
    const size_t panel = nmfi_product(fit->panel_ld, bytes);
    fit->model = nmfi_take(arena, NMFI_LATIN_STRIP, panel);
    fit->entries = nmfi_take(arena, 1, panel);
    if (plan->beta != 1 && plan->beta != 2) {
        fit->ratio = nmfi_take(arena, NMFI_LATIN_STRIP, panel);
        fit->power = nmfi_take(arena, NMFI_LATIN_STRIP, panel);
    }
    if (plan->beta == 1 && plan->latin->is_sparse) fit->beside = nmfi_take(arena, k, panel);
    fit->active = nmfi_take(arena, k, sizeof(int32_t));
    fit->held = nmfi_take(arena, 5 * columns, sizeof(double));
    if (plan->latin->is_weighted || (plan->beta == 1 && !plan->latin->is_sparse))
        layout_rules(fit, plan, arena);
    if (plan->part) layout_beginning(fit, plan, arena);
}

/* --- what half steps share -------------------------------------------------------------------- */

void nmfi_latin_refresh(nmfi_latin_fit *fit, nmfi_latin_factor *O)
{
    const nmfi_kernels *kernels = fit->plan->kernels;
    const size_t bytes = (size_t)(O->count * kernels->element_bytes);
    if (O->packed) {
        kernels->pack(O->y, O->ld, fit->k, O->count, O->packed, nmfi_packed_stride(fit->k));
        return;
    }
    for (int64_t j = 0; j < fit->k; j++)
        for (int64_t round = 0; round < 2; round++)
            memcpy(nmfi_latin_at(fit, O->around, j * O->ld_around + round * O->count),
                   nmfi_latin_at(fit, O->y, j * O->ld), bytes);
}

void nmfi_latin_copy_window(nmfi_latin_fit *fit, const nmfi_latin_factor *O,
                            const nmfi_latin_run *run)
{
    const int64_t bytes = fit->plan->kernels->element_bytes, ld = nmfi_latin_window_ld(O->count);
    for (int64_t j = 0; j < fit->k; j++) {
        char *const to = nmfi_latin_at(fit, fit->window, j * ld);
        memcpy(to, nmfi_latin_at(fit, O->around, j * O->ld_around + run->first),
               (size_t)(run->count * bytes));
        memset(to + run->count * bytes, 0, (size_t)((ld - run->count) * bytes));
    }
}

void nmfi_latin_group_sums(nmfi_latin_fit *fit, nmfi_latin_factor *O)
{
    for (int64_t g = 0; g < O->groups->folds; g++)
        for (int64_t j = 0; j < fit->k; j++) {
            const int64_t first = O->groups->begin[g];
            O->grams[g * fit->k + j] =
                fit->plan->kernels->sum(nmfi_latin_at(fit, O->y, j * O->ld + first), O->ld, 1,
                                        O->groups->begin[g + 1] - first);
        }
}

void nmfi_latin_share_sums(nmfi_latin_fit *fit, const nmfi_latin_factor *O, int64_t group)
{
    const int64_t missing = nmfi_latin_missing(fit->plan->latin, group, fit->fold);
    for (int64_t j = 0; j < fit->k; j++) fit->shared[j] = 0;
    for (int64_t g = 0; g < O->groups->folds; g++)
        if (g != missing)
            for (int64_t j = 0; j < fit->k; j++) fit->shared[j] += O->grams[g * fit->k + j];
}

void nmfi_latin_load(const nmfi_latin_fit *fit, const nmfi_latin_factor *U, int64_t first,
                     int64_t count, void *tile, int64_t lanes)
{
    const size_t bytes = (size_t)fit->plan->kernels->element_bytes;
    for (int64_t j = 0; j < fit->k; j++) {
        char *const to = nmfi_latin_at(fit, tile, j * lanes);
        memcpy(to, nmfi_latin_at(fit, U->y, j * U->ld + first), (size_t)count * bytes);
        memset(to + (size_t)count * bytes, 0, (size_t)(lanes - count) * bytes);
    }
}

void nmfi_latin_store(const nmfi_latin_fit *fit, nmfi_latin_factor *U, int64_t first, int64_t count,
                      const void *tile, int64_t lanes, double extrapolation, int positive)
{
    const nmfi_kernels *kernels = fit->plan->kernels;
    for (int64_t j = 0; j < fit->k; j++)
        memcpy(nmfi_latin_at(fit, U->now, j * U->ld + first), nmfi_latin_at(fit, tile, j * lanes),
               (size_t)(count * kernels->element_bytes));
    (positive ? kernels->extrapolate_positive : kernels->extrapolate)(
        nmfi_latin_at(fit, U->y, first), U->ld, nmfi_latin_at(fit, U->now, first), U->ld,
        nmfi_latin_at(fit, U->before, first), U->ld, fit->k, count, extrapolation);
}

nmfi_rows nmfi_latin_rows(const nmfi_latin_fit *fit, int side, int64_t line, int64_t count,
                          const nmfi_latin_run *run)
{
    const nmfi_latin_side *s = &fit->plan->latin->side[side];
    const int64_t bytes = (int64_t)nmf_dtype_bytes(fit->plan->latin->dtype);
    const nmfi_rows rows = {(const char *)s->data + (line * s->stride + run->offset) * bytes,
                            s->stride, count, run->count};
    return rows;
}

nmfi_lines nmfi_latin_line(const nmfi_latin_fit *fit, int side, int64_t line,
                           const nmfi_latin_run *run, int64_t bounds[2])
{
    const nmfi_latin_side *s = &fit->plan->latin->side[side];
    const int64_t *const places = s->bounds + line * (fit->plan->latin->places + 1) + run->place;
    bounds[0] = places[0];
    bounds[1] = places[run->places];
    const nmfi_lines one = {bounds, s->indices, s->values};
    return one;
}
