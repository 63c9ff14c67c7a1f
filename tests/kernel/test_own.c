/* The kernels for rows with Gram matrices of their own, against sums and coordinate descent written out in f64. */
#include "support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LANES = NMFI_LANES_MIN, FOUR = 4, ENTRIES = 60 };

/* Sixteen rows, each of which misses some entries of its own: k components, ENTRIES columns. */
typedef struct rows {
    int64_t k, stride, count[LANES];
    int32_t indices[LANES][ENTRIES];
    double *F, *values, *shared, *p, *x; /* ENTRIES x stride; LANES x ENTRIES; k x k; k x LANES each */
    double *G, *q, *size, *q_size;       /* by hand: LANES x k x k, LANES x k, and the sums of magnitudes */
} rows;

static rows make(int64_t k)
{
    rows r = {.k = k, .stride = kernel_padded(k)};
    r.F = kernel_doubles(ENTRIES * r.stride);
    r.values = kernel_doubles(LANES * ENTRIES);
    r.shared = kernel_doubles(k * k);
    r.p = kernel_doubles(k * LANES);
    r.x = kernel_doubles(k * LANES);
    r.G = kernel_doubles(LANES * k * k);
    r.size = kernel_doubles(LANES * k * k);
    r.q = kernel_doubles(LANES * k);
    r.q_size = kernel_doubles(LANES * k);
    for (int64_t e = 0; e < ENTRIES; e++)
        for (int64_t j = 0; j < k; j++) r.F[e * r.stride + j] = kernel_uniform(0, 1);
    for (int64_t j = 0; j < k * k; j++)
        for (int64_t e = 0; e < ENTRIES; e++)
            r.shared[j] += r.F[e * r.stride + j / k] * r.F[e * r.stride + j % k];
    for (int64_t j = 0; j < k * k; j++) r.shared[j] = (double)(float)r.shared[j];
    for (int64_t i = 0; i < k * LANES; i++) {
        r.p[i] = kernel_uniform(0, 20);
        r.x[i] = kernel_integer(0, 2) ? kernel_uniform(0, 1) : 0;
    }
    for (int64_t lane = 0; lane < LANES; lane++) {
        for (int32_t e = 0; e < ENTRIES; e++)
            if (lane > 0 && kernel_integer(0, 4) == 0) r.indices[lane][r.count[lane]++] = e;
        for (int64_t e = 0; e < r.count[lane]; e++) r.values[lane * ENTRIES + e] = kernel_uniform(0, 2);
        for (int64_t j = 0; j < k; j++) {
            double *q = &r.q[lane * k + j], *q_size = &r.q_size[lane * k + j];
            *q_size = fabs(*q = r.p[j * LANES + lane]);
            for (int64_t e = 0; e < r.count[lane]; e++) {
                const double by = r.values[lane * ENTRIES + e] * r.F[r.indices[lane][e] * r.stride + j];
                *q -= by;
                *q_size += fabs(by);
            }
            for (int64_t l = 0; l < k; l++) {
                double *G = &r.G[(lane * k + j) * k + l], *size = &r.size[(lane * k + j) * k + l];
                *size = *G = r.shared[j * k + l];
                for (int64_t e = 0; e < r.count[lane]; e++) {
                    const double *f = r.F + r.indices[lane][e] * r.stride, by = f[j] * f[l];
                    *G -= by;
                    *size += by;
                }
            }
        }
    }
    return r;
}

static void drop(rows *r)
{
    double *const all[] = {r->F, r->values, r->shared, r->p, r->x, r->G, r->size, r->q, r->q_size};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) kernel_free(all[i]);
}

/* What the kernels made of them. */
typedef struct made {
    void *own, *inverse, *p, *x;
} made;

static made form(const nmfi_kernels *t, const rows *r)
{
    const int64_t k = r->k;
    double *const none = kernel_doubles(k * r->stride * LANES);
    void *const F = kernel_block(t, r->F, ENTRIES * r->stride), *const gram = kernel_block(t, r->shared, k * k);
    void *const values = kernel_block(t, r->values, LANES * ENTRIES);
    void *const work = kernel_block(t, none, FOUR * k * r->stride);
    const made m = {kernel_block(t, none, k * k * LANES), kernel_block(t, none, k * LANES),
                    kernel_block(t, r->p, k * LANES), kernel_block(t, r->x, k * LANES)};
    for (int64_t lane = 0; lane < LANES; lane++) {
        const nmfi_own_row row = {.F = F,
                                  .k = k,
                                  .stride = r->stride,
                                  .indices = r->indices[lane],
                                  .values = kernel_at(t, values, lane * ENTRIES),
                                  .count = r->count[lane],
                                  .gram = gram,
                                  .G = kernel_at(t, work, lane % FOUR * k * r->stride),
                                  .inverse = kernel_at(t, m.inverse, lane),
                                  .p = kernel_at(t, m.p, lane),
                                  .ldp = LANES,
                                  .least = 1e-3};
        assert_int_equal(t->own_gram(&row), 0); /* most of every diagonal is left */
        if (lane % FOUR == FOUR - 1)
            t->own_spread(work, k, r->stride, kernel_at(t, m.own, lane - lane % FOUR));
    }
    kernel_free(F);
    kernel_free(gram);
    kernel_free(values);
    kernel_free(work);
    kernel_free(none);
    return m;
}

static nmfi_hals tile_of(const rows *r, const made *m, int64_t sweeps)
{
    return (nmfi_hals){.x = m->x,
                       .ldx = LANES,
                       .p = m->p,
                       .ldp = LANES,
                       .gram = m->own,
                       .inverse = m->inverse,
                       .l1 = 0.25,
                       .k = r->k,
                       .lanes = LANES,
                       .sweeps = sweeps,
                       .accuracy = 0};
}

/* Of the lower triangle. */
static double entry(const nmfi_kernels *t, const made *m, int64_t k, int64_t lane, int64_t j,
                    int64_t l)
{
    return kernel_get(t, m->own, ((j > l ? j : l) * k + (j > l ? l : j)) * LANES + lane);
}

static double residual(const rows *r, const nmfi_kernels *t, const made *m, int64_t lane, int64_t j)
{
    double sum = kernel_get(t, m->p, j * LANES + lane) - 0.25;
    for (int64_t l = 0; l < r->k; l++)
        sum -= entry(t, m, r->k, lane, j, l) * kernel_get(t, m->x, l * LANES + lane);
    return sum;
}

static void check(const nmfi_kernels *t, const rows *r)
{
    const int64_t k = r->k;
    const made m = form(t, r);
    const double bound = kernel_bound(t, 2 * ENTRIES + 4);
    for (int64_t lane = 0; lane < LANES; lane++)
        for (int64_t j = 0; j < k; j++) {
            kernel_near(t, "p", kernel_get(t, m.p, j * LANES + lane), r->q[lane * k + j],
                        bound * r->q_size[lane * k + j]);
            for (int64_t l = 0; l < k; l++)
                kernel_near(t, "G", entry(t, &m, k, lane, j, l), r->G[(lane * k + j) * k + l],
                            bound * r->size[(lane * k + j) * k + l]);
        }
    double *const pg2 = kernel_doubles(k), *const ref2 = kernel_doubles(k);
    nmfi_hals tile = tile_of(r, &m, 400);
    const double before = t->measure_own(&tile, pg2, ref2);
    double wanted = 0;
    for (int64_t j = 0; j < k; j++) {
        double squares = 0;
        for (int64_t lane = 0; lane < LANES; lane++) {
            const double x = kernel_get(t, m.x, j * LANES + lane), g = residual(r, t, &m, lane, j);
            squares += x > 0 || g > 0 ? g * g : 0;
            wanted -= 0.5 * x * (kernel_get(t, m.p, j * LANES + lane) - 0.25 + g);
        }
        kernel_near(t, "pg2", pg2[j], squares, 1e3 * kernel_bound(t, k + LANES) * (squares + ref2[j]));
    }
    kernel_near(t, "objective", before, wanted, 1e3 * kernel_bound(t, k + LANES) * (fabs(wanted) + 1));
    t->hals_own(&tile);
    memset(pg2, 0, (size_t)k * sizeof *pg2);
    memset(ref2, 0, (size_t)k * sizeof *ref2);
    const double after = t->measure_own(&tile, pg2, ref2);
    kernel_near(t, "decrease", tile.decrease, before - after, 1e4 * kernel_bound(t, k + LANES) * (fabs(before) + fabs(after) + 1));
    assert_true(after <= before);
    for (int64_t j = 0; j < k; j++) /* each row is at its end */
        kernel_near(t, "residual", pg2[j], 0, (k > 20 ? 1e-2 : 1e-6) * ref2[j]);
    kernel_free(pg2);
    kernel_free(ref2);
    kernel_free(m.own);
    kernel_free(m.inverse);
    kernel_free(m.p);
    kernel_free(m.x);
}

static void rows_go_by_their_own_matrices(void **state)
{
    static const int64_t components[] = {1, 2, 3, 4, 5, 7, 8, 9, 13, 16, 17, 33};
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    (void)state;
    kernel_seed(31);
    for (size_t i = 0; i < sizeof components / sizeof *components; i++) {
        rows r = make(components[i]);
        for (int t = 0; t < count; t++) check(tables[t], &r);
        drop(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_go_by_their_own_matrices)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
