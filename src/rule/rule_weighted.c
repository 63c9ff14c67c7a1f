/* A rule for rows of X whose entries have weights: each row alone, with its own share of the other
 * factor, is an ordinary row that the rule within improves. Where w = u^beta,
 *     w d(x, v) = d(u x, u v),   u v = x_row (F diag(u)),
 * for every beta but 0, and for beta 0 where weights are 0 and 1. What has weight 0 is left out. */
#include "rule/divergence.h"

static int64_t padded(int64_t count)
{
    return (count + NMFI_LANES_MIN - 1) / NMFI_LANES_MIN * NMFI_LANES_MIN;
}

/* Components lie that much further apart than a full row has entries (as a sparse line's do). */
static int64_t spread(int64_t columns)
{
    return padded(columns) + NMFI_LANES_MIN;
}

static int64_t aligned(int64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

int64_t nmfi_weighted_workspace_bytes(int64_t k, int64_t columns, int64_t bytes)
{
    return aligned(nmfi_strip_line_bytes(k, spread(columns), bytes)) +
           aligned((k + 1) * spread(columns) * bytes) + aligned(k * (int64_t)sizeof(double)) +
           aligned(columns * (int64_t)sizeof(int32_t));
}

/* Where things lie in a tile's scratch, behind what the rule within works in. */
typedef struct workspace {
    void *a, *B;
    double *F_sums;
    int32_t *indices;
} workspace;

static workspace cut(const nmfi_weighted_rule *rule, const nmfi_tile *tile)
{
    const nmfi_divergence_step *step = rule->step;
    const int64_t bytes = step->kernels->element_bytes, ld = spread(rule->columns);
    char *at = (char *)tile->scratch + aligned(nmfi_strip_line_bytes(step->k, ld, bytes));
    workspace w = {.a = at, .B = at + ld * bytes};
    at += aligned((step->k + 1) * ld * bytes);
    w.F_sums = (double *)(void *)at;
    w.indices = (int32_t *)(void *)(at + aligned(step->k * (int64_t)sizeof(double)));
    return w;
}

/* Row `row` of the factor: its `columns` entries x with weights u, beside F. */
typedef struct weighted_row {
    int64_t row, columns;
    const char *x, *u;
    const void *F;
    int64_t ldf;
} weighted_row;

static void improve_row(const nmfi_weighted_rule *rule, const nmfi_tile *tile,
                        const weighted_row *of)
{
    const nmfi_divergence_step *step = rule->step;
    const nmfi_kernels *kernels = step->kernels;
    const int64_t bytes = kernels->element_bytes;
    const workspace w = cut(rule, tile);
    const int64_t count = kernels->observed(of->u, of->columns, w.indices);
    if (count == 0) {
        nmfi_strip_unseen(step, of->row, tile->sums);
        return;
    }
    /* As short as the row is: its components stay in the first-level cache where they fit. */
    const int64_t ld = spread(count);
    kernels->weigh_row(of->x, of->u, count < of->columns ? w.indices : NULL, count, of->F, of->ldf,
                       step->k, w.a, w.B, ld);
    for (int64_t j = 0; j < step->k; j++)
        w.F_sums[j] = kernels->sum((const char *)w.B + j * ld * bytes, ld, 1, count);
    const nmfi_tile row = {.first = of->row,
                           .rows = 1,
                           .lanes = NMFI_LANES_MIN,
                           .scratch = tile->scratch,
                           .sums = tile->sums,
                           .stop = tile->stop,
                           .X = {w.a, ld, 1, count},
                           .dtype = bytes == 4 ? NMF_F32 : NMF_F64,
                           .F = w.B,
                           .ldf = ld,
                           .F_sums = w.F_sums};
    rule->inner.improve(rule->inner.context, &row);
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_weighted_rule *rule = context;
    const int64_t bytes = rule->step->kernels->element_bytes;
    for (int64_t i = 0; i < tile->rows && !nmfi_stop_now(tile->stop); i++) {
        const weighted_row of = {
            .row = tile->first + i,
            .columns = rule->columns,
            .x = (const char *)tile->X.data + i * tile->X.row_stride * bytes,
            .u = (const char *)rule->u + (tile->first + i) * rule->ldu * bytes,
            .F = rule->step->F,
            .ldf = rule->step->ldf,
        };
        improve_row(rule, tile, &of);
    }
}

/* A row of a sparse X with what it stores: nothing else was observed. */
static void improve_stored(const void *context, const nmfi_tile *tile)
{
    const nmfi_weighted_rule *rule = context;
    const nmfi_divergence_step *step = rule->step;
    nmfi_tile row = *tile;
    if (tile->X.columns == 0) {
        nmfi_strip_unseen(step, tile->first, tile->sums);
        return;
    }
    if (rule->stored) {
        const int64_t first = rule->stored->pointers[tile->first];
        const weighted_row of = {.row = tile->first,
                                 .columns = tile->X.columns,
                                 .x = tile->X.data,
                                 .u = (const char *)rule->stored->values +
                                      first * step->kernels->element_bytes,
                                 .F = tile->F,
                                 .ldf = tile->ldf};
        improve_row(rule, tile, &of);
        return;
    }
    const workspace w = cut(rule, tile);
    for (int64_t j = 0; j < step->k; j++)
        w.F_sums[j] =
            step->kernels->sum((const char *)tile->F + j * tile->ldf * step->kernels->element_bytes,
                               tile->ldf, 1, tile->X.columns);
    row.F_sums = w.F_sums;
    rule->inner.improve(rule->inner.context, &row);
}

nmfi_rule nmfi_rule_weighted(const nmfi_weighted_rule *context)
{
    const nmfi_rule rule = {.improve = context->u ? improve : improve_stored,
                            .context = context,
                            .needs = NMFI_NEEDS_ROWS | (context->u ? NMFI_NEEDS_ZEROS : 0)};
    return rule;
}
