/* See constraints.h. */
#include "fit/constraints.h"

#include "data/matrix.h"
#include "fit/loss.h"

#include "model/features.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static nmf_status check_struct(const nmf_constraints *given, nmf_error *error)
{
    const nmf_matrix *const all[] = {given->H,       given->keep_H,  given->W,      given->lower_W,
                                     given->upper_W, given->lower_H, given->upper_H};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] && nmf_matrix_is_sparse(all[i]))
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "known parts and bounds are dense matrices; one of them is sparse");
    return NMF_OK;
}

static double no_bound(double upper)
{
    return upper > 0 ? upper : HUGE_VAL;
}

static nmfi_limits with_binds(nmfi_limits l)
{
    l.binds =
        l.known || l.keep || l.lower || l.upper || l.low > 0 || l.high < HUGE_VAL || l.sums_to_one;
    return l;
}

nmfi_limits nmfi_limits_of_W(const nmf_options *options, int64_t samples, int64_t k)
{
    const nmf_constraints *c = options->constraints;
    const nmfi_limits l = {.name = "W",
                           .is_W = 1,
                           .rows = samples,
                           .columns = k,
                           .known = c ? c->W : NULL,
                           .lower = c ? c->lower_W : NULL,
                           .upper = c ? c->upper_W : NULL,
                           .low = options->lower_W,
                           .high = no_bound(options->upper_W),
                           .sums_to_one = options->simplex == NMF_SIMPLEX_W};
    return with_binds(l);
}

nmfi_limits nmfi_limits_of_H(const nmf_options *options, int64_t k, int64_t features)
{
    const nmf_constraints *c = options->constraints;
    const nmfi_limits l = {.name = "H",
                           .rows = k,
                           .columns = features,
                           .known = c ? c->H : NULL,
                           .keep = c ? c->keep_H : NULL,
                           .lower = c ? c->lower_H : NULL,
                           .upper = c ? c->upper_H : NULL,
                           .low = options->lower_H,
                           .high = no_bound(options->upper_H)};
    return with_binds(l);
}

/* The known components with a column for each of X's. */
static nmf_status match_columns(nmfi_fit *fit, nmf_constraints *c, nmf_error *error)
{
    const int64_t n = fit->facts.n;
    int64_t *columns = NULL;
    nmf_status status = nmfi_map_known(fit->X, c->H, &columns, error);
    if (status != NMF_OK || !columns) return status;
    const int also_keep = c->keep_H && nmf_matrix_columns(c->keep_H) == nmf_matrix_columns(c->H);
    status = nmf_matrix_select_columns(c->H, columns, n, &fit->work.known_H, error);
    if (status == NMF_OK && also_keep)
        status = nmf_matrix_select_columns(c->keep_H, columns, n, &fit->work.known_keep, error);
    free(columns);
    if (status != NMF_OK) return status;
    c->H = fit->work.known_H;
    if (also_keep) c->keep_H = fit->work.known_keep;
    return NMF_OK;
}

nmf_constraints nmfi_constraints_of(const nmf_options *options)
{
    nmf_constraints own = {.struct_bytes = sizeof own};
    const nmf_constraints *given = options->constraints;
    if (given)
        memcpy(&own, given, given->struct_bytes < sizeof own ? given->struct_bytes : sizeof own);
    return own;
}

nmf_status nmfi_compare_all_names(const nmf_matrix *X, const nmf_options *options, nmf_error *error)
{
    const nmf_constraints c = nmfi_constraints_of(options);
    const int custom = options->init == NMF_INIT_CUSTOM;
    const struct {
        const nmf_matrix *matrix;
        nmf_names which;
        const char *name;
    } all[] = {{c.W, NMF_SAMPLE_NAMES, "the known W"},
               {c.lower_W, NMF_SAMPLE_NAMES, "lower_W"},
               {c.upper_W, NMF_SAMPLE_NAMES, "upper_W"},
               {c.lower_H, NMF_FEATURE_NAMES, "lower_H"},
               {c.upper_H, NMF_FEATURE_NAMES, "upper_H"},
               {custom ? options->start_W : NULL, NMF_SAMPLE_NAMES, "start_W"},
               {custom ? options->start_H : NULL, NMF_FEATURE_NAMES, "start_H"}};
    nmf_status status = NMF_OK;
    for (size_t i = 0; i < sizeof all / sizeof *all && status == NMF_OK; i++)
        if (all[i].matrix)
            status = nmfi_compare_names(X, all[i].matrix, all[i].which, all[i].name, error);
    return status;
}

/* Rows of H are brought to their sum by their scale, which therefore nothing else may hold. */
static nmf_status check_simplex_H(const nmfi_fit *fit, const nmf_options *o, nmf_error *error)
{
    static const double slack = 1e-6;
    const nmfi_limits *W = &fit->W.limits, *H = &fit->H.limits;
    if (o->simplex != NMF_SIMPLEX_H) return NMF_OK;
    if (o->alpha_W > 0 || o->alpha_H > 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "simplex = H goes together with no penalty: it would hold the scale of H");
    if (W->binds || H->lower || H->upper || H->low > 0 || H->high < HUGE_VAL || H->keep)
        return nmf_fail(
            error, NMF_ERROR_ARGUMENT,
            "simplex = H goes together with wholly known components, but with no bounds "
            "and no known W, which would hold the scale of H");
    for (int64_t i = 0; H->known && i < nmf_matrix_rows(H->known); i++) {
        double sum = 0;
        for (int64_t j = 0; j < fit->facts.n; j++) sum += nmf_matrix_at(H->known, i, j);
        if (!(fabs(sum - 1) <= slack))
            return nmf_fail(error, NMF_ERROR_DATA,
                            "known component %lld sums to %g; simplex = H wants 1", (long long)i,
                            sum);
    }
    return NMF_OK;
}

nmf_status nmfi_constraints_open(nmfi_fit *fit, const nmf_options *options, nmf_error *error)
{
    nmf_constraints own = nmfi_constraints_of(options);
    nmf_options o = *options;
    nmf_status status = NMF_OK;
    if (options->constraints) {
        const size_t given = options->constraints->struct_bytes;
        if (given < offsetof(nmf_constraints, keep_H) || given > 65536)
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "constraints.struct_bytes is %zu: it must be sizeof(nmf_constraints)",
                            given);
        status = check_struct(&own, error);
        if (status == NMF_OK && own.H) status = match_columns(fit, &own, error);
        o.constraints = &own;
    }
    if (status == NMF_OK) status = nmfi_compare_all_names(fit->X, options, error);
    if (status != NMF_OK) return status;
    fit->W.limits = nmfi_limits_of_W(&o, fit->facts.m, fit->k);
    fit->H.limits = nmfi_limits_of_H(&o, fit->k, fit->facts.n);
    if (fit->W.limits.binds) status = nmfi_limits_check(&fit->W.limits, error);
    if (status == NMF_OK && fit->H.limits.binds) status = nmfi_limits_check(&fit->H.limits, error);
    if (status == NMF_OK) status = check_simplex_H(fit, options, error);
    return status;
}

void nmfi_constraints_close(nmfi_fit *fit)
{
    nmf_matrix_free(fit->work.known_H);
    nmf_matrix_free(fit->work.known_keep);
    fit->work.known_H = fit->work.known_keep = NULL;
}

int nmfi_is_constrained(const nmfi_fit *fit)
{
    return fit->W.limits.binds || fit->H.limits.binds;
}

void nmfi_constraints_layout(nmfi_fit *fit, nmfi_factor *factor, nmfi_arena *arena)
{
    factor->allowed = (nmfi_allowed){NULL, NULL, 0};
    if (factor->limits.binds)
        factor->allowed =
            nmfi_limits_layout(arena, fit->k, &factor->partition, fit->work.kernels->element_bytes);
    factor->held = nmfi_take(arena, fit->k, 1);
    factor->toward = nmfi_take(arena, fit->k, sizeof(double));
    factor->mean = nmfi_take(arena, fit->k, sizeof(double));
}

void nmfi_constraints_fill(nmfi_fit *fit)
{
    nmfi_factor *const factors[] = {&fit->W, &fit->H};
    for (int i = 0; i < 2; i++) {
        nmfi_factor *factor = factors[i];
        if (!factor->limits.binds) continue;
        factor->all_fixed =
            nmfi_limits_fill(&factor->limits, fit->work.kernels, fit->k, &factor->partition,
                             sqrt(fit->facts.scale), &factor->allowed, factor->held);
        if (!nmfi_factor_is_spread(&factor->partition)) continue;
        /* What binds any of the rows binds all. */
        factor->all_fixed = !nmfi_pass_decide(&fit->work.pass, !factor->all_fixed);
        for (int64_t j = 0; j < fit->k; j++)
            factor->held[j] = (unsigned char)nmfi_pass_decide(&fit->work.pass, factor->held[j]);
    }
}

void nmfi_clamp_factors(const nmfi_fit *fit)
{
    const nmfi_factor *const factors[] = {&fit->W, &fit->H};
    for (int i = 0; i < 2; i++) {
        const nmfi_factor *f = factors[i];
        const int64_t ld = f->partition.ld;
        if (!f->allowed.lower) continue;
        fit->work.kernels->clamp(f->incumbent, ld, f->allowed.lower, f->allowed.upper, ld, fit->k,
                                 f->partition.count, f->allowed.sum);
    }
}

int nmfi_scale_is_free(const nmfi_fit *fit, int64_t j)
{
    return nmfi_scales_are_free(fit) && !fit->W.held[j] && !fit->H.held[j];
}

void nmfi_normalize_H(const nmfi_fit *fit)
{
    const nmfi_kernels *kernels = fit->work.kernels;
    const nmfi_factor *W = &fit->W, *H = &fit->H;
    const double one = sqrt(fit->facts.scale); /* as H is scaled here */
    double *const sums = fit->work.squares;
    if (fit->choice.options.simplex != NMF_SIMPLEX_H) return;
    nmfi_factor_sums(kernels, &H->partition, fit->k, H->incumbent, sums);
    for (int64_t j = 0; j < fit->k; j++) {
        if (!nmfi_scale_is_free(fit, j)) continue;
        if (sums[j] > 0) {
            nmfi_factor_scale(kernels, &W->partition, W->incumbent, j, sums[j] / one);
            nmfi_factor_scale(kernels, &H->partition, H->incumbent, j, one / sums[j]);
            continue;
        }
        /* An empty component: any row will do, and w_j is nothing. */
        nmfi_factor_clear(kernels, &W->partition, W->incumbent, j);
        nmfi_factor_add(kernels, &H->partition, H->incumbent, j, one / (double)H->partition.all);
    }
}
