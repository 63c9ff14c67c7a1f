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

static nmfi_scd line_of(const nmfi_scd_rule *rule, const nmfi_strip_work *row, int measured)
{
    const nmfi_divergence_step *step = &rule->step;
    return (nmfi_scd){.a = row->R,
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
}

/* Some rows in turn. */
static void descend(const nmfi_scd_rule *rule, const nmfi_strip_work *rows, int64_t count,
                    int measured)
{
    nmfi_scd lines[NMFI_LINES_TOGETHER];
    for (int64_t i = 0; i < count; i++) {
        take_entries(&rows[i]);
        lines[i] = line_of(rule, &rows[i], measured);
    }
    rule->step.kernels->scd(lines, count);
}

/* At the start: the model, and what the first sweep leaves out where that is known. */
static void measure_start(nmfi_strip_work *work)
{
    if (work->measures)
        nmfi_strip_ratios(work);
    else
        nmfi_strip_model(work, work->strip.x, work->V);
}

static void measure_result(const nmfi_scd_rule *rule, nmfi_strip_work *work)
{
    work->measures = 0;
    if (rule->adds)
        nmfi_strip_ratios(work);
    else if (rule->step.measure_result)
        nmfi_strip_model(work, work->strip.x, work->V);
    if (rule->step.measure_result)
        work->tile->sums->value[NMFI_SUM_LOSS] += nmfi_strip_divergence(work);
    if (rule->adds) nmfi_strip_add_up(work, work->R, work->strip.x, 0);
}

static void improve_strip(const void *context, nmfi_strip_work *work)
{
    const nmfi_scd_rule *rule = context;
    nmfi_strip_work rows[NMFI_LINES_TOGETHER];
    const int64_t line = rule->step.k * rule->step.kernels->element_bytes;
    int64_t count = 0;
    measure_start(work);
    for (int64_t i = 0; i < work->rows; i++) {
        rows[count] = nmfi_strip_row(work, i);
        rows[count].z = (char *)work->z + count * line; /* k numbers of its own, side by side */
        count++;
        if (count < NMFI_LINES_TOGETHER && i + 1 < work->rows) continue;
        descend(rule, rows, count, work->measures);
        count = 0;
    }
    measure_result(rule, work);
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_scd_rule *rule = context;
    nmfi_tile alone = *tile;
    if (tile->F && tile->rows == 1) alone.lanes = 1; /* a line: its components lie side by side */
    nmfi_strips(&rule->step, &alone, improve_strip, rule);
}

/* What each adds to a sum comes in the lines' order. */
static void improve_lines(const void *context, const nmfi_tile *tiles, int64_t count)
{
    const nmfi_scd_rule *rule = context;
    const int64_t k = rule->step.k, bytes = rule->step.kernels->element_bytes;
    nmfi_tile lines[NMFI_LINES_TOGETHER];
    nmfi_strip_work works[NMFI_LINES_TOGETHER];
    char *scratch = tiles->scratch;
    int64_t i = 0;
    do {
        lines[i] = tiles[i];
        lines[i].lanes = 1;
        lines[i].scratch = scratch;
        scratch += nmfi_strip_line_bytes(k, tiles[i].ldf, bytes);
        nmfi_strip_begin(&works[i], &rule->step, &lines[i], 0);
        measure_start(&works[i]);
    } while (++i < count);
    descend(rule, works, count, rule->step.measure_start);
    for (i = 0; i < count; i++) {
        measure_result(rule, &works[i]);
        nmfi_strip_end(&works[i]);
    }
}

static void nothing(const void *context, int64_t first, int64_t count)
{
    const nmfi_scd_rule *rule = context;
    nmfi_strip_nothing(&rule->step, first, count);
}

nmfi_rule nmfi_rule_scd(const nmfi_scd_rule *context)
{
    return (nmfi_rule){.improve = improve,
                       .context = context,
                       .nothing = context->step.allowed.lower ? NULL : nothing,
                       .needs = NMFI_NEEDS_ROWS | NMFI_NEEDS_ZEROS,
                       .improve_lines = improve_lines};
}
