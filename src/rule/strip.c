/* A strip of a tile and its rows of X: the model and what is formed from it (divergence.h). */
#include "rule/divergence.h"

#include "base/memory.h"

#include <string.h>

enum { ARRAYS = 9, PANELS = 3 };

/* Columns are taken some at a time: what a kernel wrote of a panel, and F there, are in the cache
 * still when the next one reads them. */
enum { SPAN = 1024 };

int64_t nmfi_strip_lanes(int64_t lanes, int64_t columns_ld, int64_t bytes)
{
    /* Two panels, the other factor and the rows themselves share a second-level cache of 1 MiB or
     * more. Trap: a fixed number, for the same bits on every machine. */
    enum { PANEL_BYTES = 1 << 18 };
    while (lanes > NMFI_LANES_MIN && lanes * columns_ld * bytes > PANEL_BYTES) lanes /= 2;
    return lanes;
}

int64_t nmfi_strip_workspace_bytes(int64_t k, int64_t columns_ld, int64_t bytes)
{
    const int64_t lanes = nmfi_strip_lanes(NMFI_LANES_MAX, columns_ld, bytes);
    return lanes * (ARRAYS * k + PANELS * columns_ld) * bytes +
           (lanes * NMFI_LANE_COUNT + k * k + 8 * k) * (int64_t)sizeof(double) +
           nmfi_pivot_work_bytes(k);
}

int64_t nmfi_strip_line_bytes(int64_t k, int64_t entries, int64_t bytes)
{
    const int64_t needed =
        (NMFI_LANES_MIN * ARRAYS * k + PANELS * (entries + NMFI_LANES_MIN)) * bytes +
        (NMFI_LANES_MIN * NMFI_LANE_COUNT + k * k + 8 * k) * (int64_t)sizeof(double) +
        nmfi_pivot_work_bytes(k);
    return (needed + NMFI_ALIGNMENT - 1) / NMFI_ALIGNMENT * NMFI_ALIGNMENT;
}

/* Of one line of so many entries, or of shorter ones beside each other. */
int64_t nmfi_strip_lines_bytes(int64_t k, int64_t entries, int64_t bytes)
{
    const int64_t all = NMFI_LINES_TOGETHER * entries;
    const int64_t together = all < NMFI_ENTRIES_TOGETHER ? all : NMFI_ENTRIES_TOGETHER;
    const int64_t alone = nmfi_strip_line_bytes(k, entries, bytes);
    const int64_t beside = nmfi_strip_line_bytes(k, together, bytes) +
                           (NMFI_LINES_TOGETHER - 1) * nmfi_strip_line_bytes(k, 0, bytes);
    return alone > beside ? alone : beside;
}

static void copy_strip(const nmfi_strip_work *work, const void *from, int64_t ld_from, void *to,
                       int64_t ld_to)
{
    const nmfi_kernels *kernels = work->step->kernels;
    const int64_t bytes = kernels->element_bytes, k = work->step->k;
    if (work->lanes == 1 && ld_to == 1) {
        kernels->pack(from, ld_from, k, 1, to, k);
        return;
    }
    if (work->lanes == 1 && ld_from == 1) {
        kernels->unpack(from, k, k, 1, to, ld_to);
        return;
    }
    for (int64_t j = 0; j < k; j++)
        memcpy((char *)to + j * ld_to * bytes, (const char *)from + j * ld_from * bytes,
               (size_t)(work->rows * bytes));
}

/* Where the strip begins in a factor. */
static void *factor_at(const nmfi_strip_work *work, const void *factor)
{
    const int64_t first = work->tile->first + work->first;
    return (char *)(uintptr_t)factor + first * work->step->kernels->element_bytes;
}

static void cut_room(nmfi_strip_work *work, char *room)
{
    const int64_t bytes = work->step->kernels->element_bytes;
    const int64_t lines =
        (work->step->k * work->lanes * bytes + NMFI_ALIGNMENT - 1) / NMFI_ALIGNMENT;
    const int64_t array = lines * NMFI_ALIGNMENT;
    const int64_t panel = work->rows * work->ldv * bytes;
    void **const arrays[] = {&work->strip.x, &work->num,   &work->den,   &work->z,    &work->p,
                             &work->older,   &work->ahead, &work->lower, &work->upper};
    void **const panels[] = {&work->V, &work->R, &work->S};
    for (int i = 0; i < PANELS; i++, room += panel) *panels[i] = room;
    for (int i = 0; i < NMFI_LANE_COUNT; i++, room += work->lanes * (int64_t)sizeof(double))
        work->lane[i] = (double *)(void *)room;
    for (int i = 0; i < ARRAYS; i++, room += array) *arrays[i] = room;
    work->small = (double *)(void *)room;
}

/* Padding is held at 0. */
static void copy_bounds(nmfi_strip_work *work)
{
    const nmfi_allowed *allowed = &work->step->allowed;
    const int64_t all = work->step->k * work->lanes * work->step->kernels->element_bytes;
    if (!allowed->lower) return;
    if (work->rows < work->lanes) {
        memset(work->lower, 0, (size_t)all);
        memset(work->upper, 0, (size_t)all);
    }
    copy_strip(work, factor_at(work, allowed->lower), work->step->ld, work->lower, work->lanes);
    copy_strip(work, factor_at(work, allowed->upper), work->step->ld, work->upper, work->lanes);
    work->strip.lower = work->lower;
    work->strip.upper = work->upper;
}

void nmfi_strip_begin(nmfi_strip_work *work, const nmfi_divergence_step *step,
                      const nmfi_tile *tile, int64_t first)
{
    const int64_t bytes = step->kernels->element_bytes, left = tile->rows - first;
    memset(work, 0, sizeof *work);
    work->step = step;
    work->tile = tile;
    work->first = first;
    work->F = tile->F ? tile->F : step->F;
    work->ldv = work->ldf = tile->F ? tile->ldf : step->ldf;
    work->F_sums = tile->F_sums ? tile->F_sums : step->F_sums;
    work->measures = step->measure_start;
    work->lanes = nmfi_strip_lanes(tile->lanes, work->ldv, bytes);
    work->rows = left < work->lanes ? left : work->lanes;
    work->X = tile->X;
    work->X.rows = work->rows;
    work->X.data = (const char *)tile->X.data +
                   first * tile->X.row_stride * (int64_t)nmf_dtype_bytes(tile->dtype);
    cut_room(work, tile->scratch);
    work->strip.num = work->num;
    work->strip.den = work->den;
    work->strip.k = step->k;
    work->strip.lanes = work->strip.ld = work->lanes;
    work->strip.l1 = step->l1;
    work->strip.l2 = step->l2;
    if (work->rows < work->lanes) /* padding is zero */
        memset(work->strip.x, 0, (size_t)(step->k * work->lanes * bytes));
    copy_strip(work, factor_at(work, step->start), step->ld, work->strip.x, work->lanes);
    copy_bounds(work);
}

void nmfi_strip_of_products(nmfi_strip_work *work, const nmfi_divergence_step *step,
                            const nmfi_tile *tile)
{
    const int64_t array = step->k * tile->lanes * step->kernels->element_bytes;
    memset(work, 0, sizeof *work);
    work->step = step;
    work->tile = tile;
    work->rows = tile->rows;
    work->lanes = tile->lanes;
    work->strip = (nmfi_strip){.x = tile->scratch,
                               .num = tile->P,
                               .k = step->k,
                               .lanes = tile->lanes,
                               .ld = tile->ldp,
                               .l1 = step->l1,
                               .l2 = step->l2};
    work->den = (char *)tile->scratch + array; /* to be filled, where there is no P2 */
    work->strip.den = tile->P2 ? tile->P2 : work->den;
    memset(work->strip.x, 0, (size_t)(2 * array)); /* padding is zero */
    copy_strip(work, factor_at(work, step->start), step->ld, work->strip.x, work->lanes);
}

static nmfi_ratio ratio_of(const nmfi_strip_work *work)
{
    const nmfi_divergence_step *step = work->step;
    const nmfi_ratio ratio = {.X = &work->X,
                              .scale = step->scale,
                              .beta = step->beta,
                              .least = step->least,
                              .instead = step->instead,
                              .ignored = step->ignored,
                              .x = work->strip.x,
                              .ldx = work->strip.ld,
                              .F = work->F,
                              .ldf = work->ldf,
                              .k = step->k,
                              .V = work->V,
                              .ldv = work->ldv,
                              .R = work->R,
                              .S = step->beta != 1 ? work->S : NULL,
                              .ldr = work->ldv};
    return ratio;
}

void nmfi_strip_clear(const nmfi_strip_work *work, void *array)
{
    const int64_t bytes = work->step->kernels->element_bytes, k = work->step->k;
    if (work->strip.ld == work->lanes) {
        memset(array, 0, (size_t)(k * work->lanes * bytes));
        return;
    }
    for (int64_t j = 0; j < k; j++)
        memset((char *)array + j * work->strip.ld * bytes, 0, (size_t)(work->lanes * bytes));
}

void nmfi_strip_clamp(const nmfi_strip_work *work, void *array)
{
    const nmfi_strip *strip = &work->strip;
    if (!strip->lower) return;
    work->step->kernels->clamp(array, strip->ld, strip->lower, strip->upper, strip->ld, strip->k,
                               work->rows, work->step->allowed.sum);
}

/* Rows of a factor itself. */
static void clamp(const nmfi_divergence_step *step, void *factor, int64_t first, int64_t count)
{
    const int64_t at = first * step->kernels->element_bytes;
    if (!step->allowed.lower) return;
    step->kernels->clamp((char *)factor + at, step->ld, (const char *)step->allowed.lower + at,
                         (const char *)step->allowed.upper + at, step->ld, step->k, count,
                         step->allowed.sum);
}

/* to += panel F' */
static void project(const nmfi_strip_work *work, const void *panel, void *to)
{
    const nmfi_divergence_step *step = work->step;
    const nmf_dtype dtype = step->kernels->element_bytes == 4 ? NMF_F32 : NMF_F64;
    const nmfi_rows rows = {panel, work->ldv, work->rows, work->X.columns};
    step->kernels->products[dtype](&rows, work->F, work->ldf, step->k, to, work->strip.ld);
}

void nmfi_strip_add_up(const nmfi_strip_work *work, const void *panel, const void *weights, int sum)
{
    const nmfi_kernels *kernels = work->step->kernels;
    const nmf_dtype dtype = kernels->element_bytes == 4 ? NMF_F32 : NMF_F64;
    const nmfi_rows rows = {panel, work->ldv, work->rows, work->X.columns};
    if (!work->tile->Q[sum]) return;
    kernels->accumulate[dtype](&rows, weights, work->strip.ld, work->step->k, work->tile->Q[sum],
                               work->tile->ldq);
}

void nmfi_strip_fill(const nmfi_strip_work *work, const double *sums)
{
    const nmfi_kernels *kernels = work->step->kernels;
    double row[NMFI_LANES_MAX];
    if (work->strip.ld == 1) {
        kernels->from_f64(sums, work->den, work->step->k);
        return;
    }
    for (int64_t j = 0; j < work->step->k; j++) {
        for (int64_t i = 0; i < work->rows; i++) row[i] = sums[j];
        kernels->from_f64(row, (char *)work->den + j * work->strip.ld * kernels->element_bytes,
                          work->rows);
    }
}

static double entry(const nmfi_strip_work *work, const void *array, int64_t j, int64_t i)
{
    const nmfi_kernels *kernels = work->step->kernels;
    double value;
    kernels->to_f64((const char *)array + (j * work->strip.ld + i) * kernels->element_bytes, &value,
                    1);
    return value;
}

/* Rows that have a sum: the residual is what is left beside its multiplier. */
static void measure_rows(const nmfi_strip_work *work)
{
    const nmfi_strip *strip = &work->strip;
    const int64_t k = strip->k;
    nmfi_sums *sums = work->tile->sums;
    double *x = work->small, *g = x + k, *pg = g + k, *lower = pg + k, *upper = lower + k;
    const nmfi_row_bounds bounds = {lower, upper, work->step->allowed.sum, k};
    for (int64_t i = 0; i < work->rows; i++) {
        for (int64_t j = 0; j < k; j++) {
            const double num = entry(work, strip->num, j, i);
            x[j] = entry(work, strip->x, j, i);
            lower[j] = entry(work, strip->lower, j, i);
            upper[j] = entry(work, strip->upper, j, i);
            g[j] = entry(work, strip->den, j, i) + strip->l1 + strip->l2 * x[j] - num;
            sums->ref2[j] += num * num;
        }
        nmfi_row_project_gradient(&bounds, x, g, pg);
        for (int64_t j = 0; j < k; j++) sums->pg2[j] += pg[j] * pg[j];
    }
}

void nmfi_strip_measure(const nmfi_strip_work *work)
{
    if (work->step->allowed.sum > 0)
        measure_rows(work);
    else
        work->step->kernels->strip_measure(&work->strip, work->tile->sums->pg2,
                                           work->tile->sums->ref2);
}

static void set_nothing(const nmfi_divergence_step *step, void *factor, int64_t first,
                        int64_t count)
{
    const int64_t bytes = step->kernels->element_bytes;
    for (int64_t j = 0; j < step->k; j++) {
        const int64_t at = (j * step->ld + first) * bytes;
        if (step->allowed.lower)
            memcpy((char *)factor + at, (const char *)step->allowed.lower + at,
                   (size_t)(count * bytes));
        else
            memset((char *)factor + at, 0, (size_t)(count * bytes));
    }
    for (int64_t i = first; i < first + count && step->shrink > 0; i++)
        for (int64_t j = 0; j < step->k; j++)
            step->kernels->from_f64(step->toward + j, (char *)factor + (j * step->ld + i) * bytes,
                                    1);
    if (step->allowed.sum > 0 || step->shrink > 0) clamp(step, factor, first, count);
}

void nmfi_strip_nothing(const nmfi_divergence_step *step, int64_t first, int64_t count)
{
    set_nothing(step, step->result, first, count);
    set_nothing(step, step->ahead, first, count);
}

static void *offset(const void *array, int64_t elements, int64_t bytes)
{
    return (char *)(uintptr_t)array + elements * bytes;
}

/* The strip's columns from `first` on, a span of them; none from their end. */
static nmfi_strip_work span_of(const nmfi_strip_work *work, int64_t first)
{
    const int64_t bytes = work->step->kernels->element_bytes, left = work->X.columns - first;
    nmfi_strip_work span = *work;
    span.X.columns = left < SPAN ? left : SPAN;
    span.X.data = offset(work->X.data, first, (int64_t)nmf_dtype_bytes(work->tile->dtype));
    span.F = offset(work->F, first, bytes);
    span.V = offset(work->V, first, bytes);
    span.R = offset(work->R, first, bytes);
    span.S = offset(work->S, first, bytes);
    return span;
}

void nmfi_strip_ratios(nmfi_strip_work *work)
{
    const int ones = work->step->beta == 1; /* S */
    nmfi_strip_clear(work, work->num);
    nmfi_strip_clear(work, work->den);
    for (int64_t first = 0; first < work->X.columns; first += SPAN) {
        const nmfi_strip_work span = span_of(work, first);
        const nmfi_ratio ratio = ratio_of(&span);
        work->step->kernels->ratio[work->tile->dtype](&ratio);
        project(&span, span.R, work->num);
        if (!ones) project(&span, span.S, work->den);
    }
    if (ones) nmfi_strip_fill(work, work->F_sums);
    if (work->measures) nmfi_strip_measure(work);
}

void nmfi_strip_model(nmfi_strip_work *work, const void *x, void *panel)
{
    const nmfi_divergence_step *step = work->step;
    step->kernels->model(x, work->strip.ld, work->rows, work->F, work->ldf, step->k,
                         work->X.columns, panel, work->ldv);
}

/* Entries that were left out are 0 and add their model: all of it is x'sums, less what has been
 * seen. */
static double left_out(const nmfi_strip_work *work)
{
    const nmfi_divergence_step *step = work->step;
    const int64_t bytes = step->kernels->element_bytes;
    double sum = -step->kernels->sum(work->V, work->ldv, 1, work->X.columns), x[16];
    enum { SOME = sizeof x / sizeof *x };
    const int64_t some =
        work->strip.ld == 1 ? SOME : 1; /* at a time: there they lie side by side */
    for (int64_t j = 0; j < step->k; j += some) {
        const int64_t now = step->k - j < some ? step->k - j : some;
        step->kernels->to_f64((const char *)work->strip.x + j * work->strip.ld * bytes, x, now);
        for (int64_t i = 0; i < now; i++) sum += x[i] * step->F_sums[j + i];
    }
    return sum;
}

static void add_divergences(nmfi_strip_work *work)
{
    const nmfi_ratio ratio = ratio_of(work);
    work->step->kernels->divergence[work->tile->dtype](&ratio, work->lane[NMFI_LANE_VALUE]);
}

static double sum_of_rows(const nmfi_strip_work *work)
{
    double sum = 0;
    for (int64_t i = 0; i < work->rows; i++) sum += work->lane[NMFI_LANE_VALUE][i];
    return sum;
}

double nmfi_strip_divergence(nmfi_strip_work *work)
{
    memset(work->lane[NMFI_LANE_VALUE], 0, (size_t)work->rows * sizeof(double));
    add_divergences(work);
    const int zeros = work->tile->F && !work->tile->F_sums;
    return (zeros ? left_out(work) : 0) + sum_of_rows(work);
}

void nmfi_strip_curvatures(nmfi_strip_work *work, const void *U, const double *steps,
                           double *growth)
{
    const nmfi_ratio ratio = ratio_of(work);
    memset(growth, 0, (size_t)work->rows * sizeof *growth);
    work->step->kernels->curvature[work->tile->dtype](&ratio, U, steps, growth);
}

void nmfi_strip_direction(nmfi_strip_work *work, const double *steps, double *growth)
{
    memset(growth, 0, (size_t)work->rows * sizeof *growth);
    for (int64_t first = 0; first < work->X.columns; first += SPAN) {
        nmfi_strip_work span = span_of(work, first);
        const nmfi_ratio ratio = ratio_of(&span);
        nmfi_strip_model(&span, work->z, span.R);
        work->step->kernels->curvature[work->tile->dtype](&ratio, span.R, steps, growth);
    }
}

double nmfi_strip_divergence_along(nmfi_strip_work *work, const double *steps)
{
    const nmfi_ratio ratio = ratio_of(work);
    memset(work->lane[NMFI_LANE_VALUE], 0, (size_t)work->rows * sizeof(double));
    work->step->kernels->divergence_along[work->tile->dtype](&ratio, work->R, steps,
                                                             work->lane[NMFI_LANE_VALUE]);
    return sum_of_rows(work);
}

void nmfi_strip_hessian(nmfi_strip_work *work, double of_R, double of_S, double *H)
{
    const nmfi_divergence_step *step = work->step;
    const nmfi_ratio ratio = ratio_of(work);
    step->kernels->hessian(&ratio, of_R, of_S, H);
}

nmfi_strip_work nmfi_strip_row(const nmfi_strip_work *work, int64_t row)
{
    const int64_t bytes = work->step->kernels->element_bytes;
    nmfi_strip_work one = *work;
    one.first += row;
    one.rows = one.lanes = one.X.rows = one.strip.lanes = 1;
    one.X.data = (const char *)work->X.data +
                 row * work->X.row_stride * (int64_t)nmf_dtype_bytes(work->tile->dtype);
    one.strip.x = offset(work->strip.x, row, bytes);
    one.strip.num = one.num = offset(work->num, row, bytes);
    one.strip.den = one.den = offset(work->den, row, bytes);
    one.lower = offset(work->lower, row, bytes);
    one.upper = offset(work->upper, row, bytes);
    if (work->strip.lower) {
        one.strip.lower = one.lower;
        one.strip.upper = one.upper;
    }
    one.z = offset(work->z, row, bytes);
    one.p = offset(work->p, row, bytes);
    one.V = offset(work->V, row * work->ldv, bytes);
    one.R = offset(work->R, row * work->ldv, bytes);
    one.S = offset(work->S, row * work->ldv, bytes);
    one.measures = 0;
    return one;
}

static void count(const nmfi_divergence_step *step, const void *counted, int64_t rows,
                  nmfi_sums *sums)
{
    const nmfi_kernels *kernels = step->kernels;
    sums->value[NMFI_SUM_ENTRIES] += kernels->sum(counted, step->ld, step->k, rows);
    kernels->squares(counted, step->ld, step->k, rows, sums->gram, step->k + 1); /* diagonal */
}

void nmfi_strip_unseen(const nmfi_divergence_step *step, int64_t row, nmfi_sums *sums)
{
    const void *const counted = step->counts == NMFI_COUNTS_START   ? step->start
                                : step->counts == NMFI_COUNTS_AHEAD ? step->ahead
                                                                    : step->result;
    if (step->result != step->start) nmfi_strip_nothing(step, row, 1); /* else only measured */
    count(step, (const char *)counted + row * step->kernels->element_bytes, 1, sums);
}

void nmfi_strip_end(nmfi_strip_work *work)
{
    const nmfi_divergence_step *step = work->step;
    const nmfi_kernels *kernels = step->kernels;
    void *const ahead = factor_at(work, step->ahead), *const result = factor_at(work, step->result);
    if (step->counts == NMFI_COUNTS_START)
        count(step, factor_at(work, step->start), work->rows, work->tile->sums);
    /* Trap: ahead before result, since result may be where older lies. */
    kernels->extrapolate_positive(ahead, step->ld, work->strip.x, work->lanes,
                                  factor_at(work, step->older), step->ld, step->k, work->rows,
                                  step->extrapolation);
    if (step->extrapolation != 0)
        clamp(step, step->ahead, work->tile->first + work->first, work->rows);
    copy_strip(work, work->strip.x, work->lanes, result, step->ld);
    if (step->counts != NMFI_COUNTS_START)
        count(step, step->counts == NMFI_COUNTS_AHEAD ? ahead : result, work->rows,
              work->tile->sums);
}

void nmfi_strips(const nmfi_divergence_step *step, const nmfi_tile *tile,
                 nmfi_improve_strip *improve, const void *rule)
{
    nmfi_strip_work work;
    for (int64_t first = 0; first < tile->rows; first += work.lanes) {
        nmfi_strip_begin(&work, step, tile, first);
        improve(rule, &work);
        nmfi_strip_end(&work);
    }
}
