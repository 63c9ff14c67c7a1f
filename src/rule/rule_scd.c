/* Sequential coordinate descent for the Kullback-Leibler divergence: each row's coordinates in
 * turn, each by a Newton step of its own (scd.inc). Where few entries of X are not zero
 * a row's curvature is nothing like that of its neighbours, and this is the quickest way down:
 * Carbonetto, Sarkar, Wang & Stephens 2021. */
#include "rule/divergence.h"

#include <math.h>
#include <string.h>

/* The row's entries on the fit's scale, where T holds all that is made of them, zeros behind, into the panel R. */
static void take_entries(const nmfi_strip_work *row)
{
    const nmfi_kernels *kernels = row->step->kernels;
    const int64_t bytes = kernels->element_bytes, columns = row->X.columns;
    nmfi_widen(kernels, row->tile->dtype, &row->X, row->R, row->ldv);
    kernels->scale(row->R, columns, row->step->scale);
    memset((char *)row->R + columns * bytes, 0, (size_t)((row->ldv - columns) * bytes));
}

/* What bounds how fast the curvature may change: 1 / sqrt of the least positive entry. */
static double concordance(const nmfi_strip_work *row)
{
    enum { SPAN = 256 };
    const nmfi_kernels *kernels = row->step->kernels;
    double values[SPAN], least = HUGE_VAL;
    for (int64_t c = 0; c < row->X.columns; c += SPAN) {
        const int64_t count = row->X.columns - c < SPAN ? row->X.columns - c : SPAN;
        kernels->to_f64((const char *)row->R + c * kernels->element_bytes, values, count);
        for (int64_t i = 0; i < count; i++)
            if (values[i] > 0) least = fmin(least, values[i]);
    }
    return 1 / sqrt(least);
}

static void descend(const nmfi_scd_rule *rule, const nmfi_strip_work *row, int measured)
{
    const nmfi_divergence_step *step = &rule->step;
    take_entries(row);
    nmfi_scd line = {.a = row->R,
                     .B = row->F,
                     .v = row->V,
                     .count = row->X.columns,
                     .ldb = row->ldf,
                     .k = step->k,
                     .x = row->strip.x,
                     .ldx = row->strip.ld,
                     .lower = row->strip.lower,
                     .upper = row->strip.upper,
                     .num = measured ? row->num : NULL,
                     .F_sums = row->F_sums,
                     .l1 = step->l1,
                     .l2 = step->l2,
                     .least = step->least,
                     .concordance = rule->monotone ? concordance(row) : 0,
                     .accuracy = rule->accuracy,
                     .sweeps = rule->sweeps,
                     .active = row->z};
    step->kernels->scd(&line);
}

static void improve_strip(const void *context, nmfi_strip_work *work)
{
    const nmfi_scd_rule *rule = context;
    const int measured = work->measures;
    if (measured)
        nmfi_strip_ratios(work);
    else
        nmfi_strip_model(work, work->strip.x, work->V);
    for (int64_t i = 0; i < work->rows; i++) {
        const nmfi_strip_work row = nmfi_strip_row(work, i);
        descend(rule, &row, measured);
    }
    work->measures = 0;
    if (rule->adds)
        nmfi_strip_ratios(work);
    else if (rule->step.measure_result)
        nmfi_strip_model(work, work->strip.x, work->V);
    if (rule->step.measure_result)
        work->tile->sums->value[NMFI_SUM_LOSS] += nmfi_strip_divergence(work);
    if (rule->adds) nmfi_strip_add_up(work, work->R, work->strip.x, 0);
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_scd_rule *rule = context;
    nmfi_tile alone = *tile;
    if (tile->F && tile->rows == 1) alone.lanes = 1; /* a line: its components lie side by side */
    nmfi_strips(&rule->step, &alone, improve_strip, rule);
}

static void nothing(const void *context, int64_t first, int64_t count)
{
    const nmfi_scd_rule *rule = context;
    nmfi_strip_nothing(&rule->step, first, count);
}

nmfi_rule nmfi_rule_scd(const nmfi_scd_rule *context)
{
    const nmfi_rule rule = {improve, context, context->step.allowed.lower ? NULL : nothing,
                            NMFI_NEEDS_ROWS | NMFI_NEEDS_ZEROS};
    return rule;
}
