/* Half steps of the Frobenius loss where few entries are missing: HALS with each row's own Gram matrix, which is the
 * one that all rows would share less what its missing entries add, and its products likewise (kernel `own_gram`).
 * Then the loss of what was observed is lowered itself, at the price of the products of a plain step and k^2 for each
 * missing entry. Sixteen rows at a time. */
#include "rule/downdated.h"

#include <math.h>
#include <string.h>

enum { LANES = NMFI_LANES_MIN, TOGETHER = 4 /* rows whose matrices are spread at a time */ };

static int64_t aligned(int64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

int64_t nmfi_downdated_stride(int64_t k)
{
    return (k + LANES - 1) / LANES * LANES;
}

int64_t nmfi_downdated_scratch_bytes(int64_t k, int64_t bytes)
{
    return aligned(k * k * LANES * bytes) + 3 * aligned(k * LANES * bytes) +
           aligned(TOGETHER * k * nmfi_downdated_stride(k) * bytes) +
           aligned((k * k + 2 * k) * (int64_t)sizeof(double));
}

/* Where things lie in a tile's scratch. */
typedef struct workspace {
    void *own, *inverse, *x, *p, *G;
    double *numbers; /* k x k and 2 k */
} workspace;

static workspace cut(const nmfi_downdated_rule *rule, const nmfi_tile *tile)
{
    const int64_t k = rule->hals->k, bytes = rule->hals->kernels->element_bytes;
    char *at = tile->scratch;
    workspace w;
    w.own = at;
    w.inverse = at += aligned(k * k * LANES * bytes);
    w.x = at += aligned(k * LANES * bytes);
    w.p = at += aligned(k * LANES * bytes);
    w.G = at += aligned(k * LANES * bytes);
    w.numbers = (double *)(void *)(at + aligned(TOGETHER * k * rule->stride * bytes));
    return w;
}

static void copy(const nmfi_downdated_rule *rule, const void *from, int64_t ld_from, void *to,
                 int64_t ld_to, int64_t lanes)
{
    const int64_t bytes = rule->hals->kernels->element_bytes;
    for (int64_t j = 0; j < rule->hals->k; j++)
        memcpy((char *)to + j * ld_to * bytes, (const char *)from + j * ld_from * bytes,
               (size_t)(lanes * bytes));
}

/* The row from what it sees, in f64: what is left of the shared matrix is too little of it. */
static void build(const nmfi_downdated_rule *rule, const workspace *w, int64_t row, int64_t lane)
{
    const nmfi_kernels *kernels = rule->hals->kernels;
    const int64_t k = rule->hals->k, bytes = kernels->element_bytes;
    const nmfi_hole_lines *holes = rule->holes;
    double *const G = w->numbers, *const p = G + k * k, *const f = p + k;
    int64_t hole = holes->pointers[row];
    memset(G, 0, (size_t)(k * k + k) * sizeof *G);
    for (int64_t c = 0; c < rule->columns; c++) {
        double x;
        if (hole < holes->pointers[row + 1] && holes->indices[hole] == c) {
            hole++;
            continue;
        }
        kernels->to_f64((const char *)rule->F + c * rule->stride * bytes, f, k);
        kernels->to_f64((const char *)rule->X +
                            (row * rule->row_stride + c * rule->column_stride) * bytes,
                        &x, 1);
        for (int64_t j = 0; j < k; j++) {
            p[j] += rule->scale * x * f[j];
            for (int64_t l = 0; l <= j; l++) G[j * k + l] += f[j] * f[l];
        }
    }
    for (int64_t j = 0; j < k; j++) {
        const double diagonal = G[j * k + j] += rule->l2, inverse = diagonal > 0 ? 1 / diagonal : 0;
        kernels->from_f64(&inverse, (char *)w->inverse + (j * LANES + lane) * bytes, 1);
        kernels->from_f64(&p[j], (char *)w->p + (j * LANES + lane) * bytes, 1);
        for (int64_t l = 0; l <= j; l++) {
            kernels->from_f64(&G[j * k + l], (char *)w->own + ((j * k + l) * LANES + lane) * bytes,
                              1);
        }
    }
}

/* Its matrix into G; 1 where it must be built. */
static int form_row(const nmfi_downdated_rule *rule, const workspace *w, int64_t row, int64_t lane,
                    int is_real, void *G)
{
    const int64_t bytes = rule->hals->kernels->element_bytes;
    const int64_t begin = is_real ? rule->holes->pointers[row] : 0;
    const nmfi_own_row own = {.F = rule->F,
                              .k = rule->hals->k,
                              .stride = rule->stride,
                              .indices = rule->holes->indices + begin,
                              .values = (const char *)rule->holes->values + begin * bytes,
                              .count = is_real ? rule->holes->pointers[row + 1] - begin : 0,
                              .gram = rule->hals->gram,
                              .G = G,
                              .inverse = (char *)w->inverse + lane * bytes,
                              .p = (char *)w->p + lane * bytes,
                              .ldp = LANES,
                              .least = 1e-3};
    return rule->hals->kernels->own_gram(&own) && own.count > 0;
}

/* Lanes [lane, lane + TOGETHER) of the strip, whose rows begin at `first`. */
static void form_rows(const nmfi_downdated_rule *rule, const workspace *w, int64_t first,
                      int64_t rows, int64_t lane)
{
    const nmfi_kernels *kernels = rule->hals->kernels;
    const int64_t k = rule->hals->k, bytes = kernels->element_bytes;
    int cancels[TOGETHER];
    for (int64_t i = 0; i < TOGETHER; i++)
        cancels[i] = form_row(rule, w, first + lane + i, lane + i, lane + i < rows,
                              (char *)w->G + i * k * rule->stride * bytes);
    kernels->own_spread(w->G, k, rule->stride, (char *)w->own + lane * bytes);
    for (int64_t i = 0; i < TOGETHER; i++)
        if (cancels[i]) build(rule, w, first + lane + i, lane + i);
}

/* Rows [first, first + LANES) of the tile, `rows` of which are real. */
static void improve_strip(const nmfi_downdated_rule *rule, const nmfi_tile *tile, int64_t first,
                          int64_t rows)
{
    const nmfi_hals_rule *step = rule->hals;
    const nmfi_kernels *kernels = step->kernels;
    const workspace w = cut(rule, tile);
    const int64_t bytes = kernels->element_bytes, at = (tile->first + first) * bytes;
    nmfi_sums *sums = tile->sums;
    copy(rule, (const char *)step->start + at, step->ld, w.x, LANES, LANES);
    copy(rule, (const char *)tile->P + first * bytes, tile->ldp, w.p, LANES, LANES);
    for (int64_t lane = 0; lane < LANES; lane += TOGETHER)
        form_rows(rule, &w, tile->first - rule->first + first, rows, lane);
    nmfi_hals hals = {.x = w.x,
                      .ldx = LANES,
                      .p = w.p,
                      .ldp = LANES,
                      .gram = w.own,
                      .inverse = w.inverse,
                      .l1 = step->l1,
                      .k = step->k,
                      .lanes = LANES,
                      .sweeps = step->sweeps,
                      .accuracy = step->accuracy};
    if (step->allowed.lower) {
        hals.lower = (const char *)step->allowed.lower + at;
        hals.upper = (const char *)step->allowed.upper + at;
        hals.ldb = step->ld;
    }
    if (step->measure_start) (void)kernels->measure_own(&hals, sums->pg2, sums->ref2);
    kernels->hals_own(&hals);
    if (step->measure_result)
        sums->value[NMFI_SUM_OBJECTIVE] += kernels->measure_own(&hals, sums->pg2, sums->ref2);
    sums->value[NMFI_SUM_DECREASE] += hals.decrease;
    /* Trap: ahead before result, since result may be where older lies. */
    kernels->extrapolate((char *)step->ahead + at, step->ld, w.x, LANES,
                         (const char *)step->older + at, step->ld, step->k, LANES, step->momentum);
    if (step->allowed.lower)
        kernels->clamp((char *)step->ahead + at, step->ld, hals.lower, hals.upper, hals.ldb,
                       step->k, rows, 0);
    copy(rule, w.x, LANES, (char *)step->result + at, step->ld, LANES);
}

static void improve(const void *context, const nmfi_tile *tile)
{
    const nmfi_downdated_rule *rule = context;
    for (int64_t first = 0; first < tile->lanes; first += LANES) {
        const int64_t rows = tile->rows - first;
        improve_strip(rule, tile, first, rows < 0 ? 0 : rows < LANES ? rows : LANES);
    }
}

nmfi_rule nmfi_rule_downdated(const nmfi_downdated_rule *context)
{
    const nmfi_rule rule = {.improve = improve, .context = context, .needs = NMFI_NEEDS_PRODUCTS};
    return rule;
}
