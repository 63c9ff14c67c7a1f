/* The kernels of a divergence's half step on strips of a factor (strip.inc), extrapolate_positive and
 * scale_columns, each against its formula in f64. */
#include "support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* A strip in f64, and the same in T, where its last lane lies before the untouchable page. */
typedef struct sample {
    int64_t k, lanes, ld, count;
    double *x, *num, *den, *lower, *upper; /* lower NULL: 0 and infinity */
    nmfi_strip strip;
} sample;

static double *numbers(int64_t count, double low, double high)
{
    double *made = kernel_doubles(count);
    for (int64_t i = 0; i < count; i++) made[i] = kernel_uniform(low, high);
    return made;
}

/* Every third entry of x lies at its bound. */
static sample make(const nmfi_kernels *t, int64_t k, int64_t lanes, int bounded)
{
    sample s = {.k = k, .lanes = lanes, .ld = lanes + NMFI_LANES_MIN};
    const int64_t count = s.count = (k - 1) * s.ld + lanes;
    s.num = numbers(count, 0, 2);
    s.den = numbers(count, 0.1, 2);
    s.x = numbers(count, 0.5, 1.5);
    if (bounded) s.lower = numbers(count, 0, 0.5), s.upper = numbers(count, 1.5, 2);
    for (int64_t i = 0; i < count; i += 3) s.x[i] = !bounded ? 0 : i % 2 ? s.lower[i] : s.upper[i];
    s.strip = (nmfi_strip){.x = kernel_block(t, s.x, count),
                           .num = kernel_block(t, s.num, count),
                           .den = kernel_block(t, s.den, count),
                           .k = k,
                           .lanes = lanes,
                           .ld = s.ld,
                           .l1 = kernel_uniform(0, 1),
                           .l2 = kernel_uniform(0, 1)};
    if (!bounded) return s;
    s.strip.lower = kernel_block(t, s.lower, count);
    s.strip.upper = kernel_block(t, s.upper, count);
    return s;
}

static void let_go(const sample *s)
{
    const void *const arrays[] = {s->x,           s->num,        s->den,       s->lower,
                                  s->upper,       s->strip.x,    s->strip.num, s->strip.den,
                                  s->strip.lower, s->strip.upper};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) kernel_free(arrays[i]);
}

/* The gradient at `i`; the magnitude of what it is a sum of. */
static double gradient(const sample *s, int64_t i, double *magnitude)
{
    const double down = s->den[i] + s->strip.l1 + s->strip.l2 * s->x[i];
    *magnitude = down + s->num[i];
    return down - s->num[i];
}

static double projected(const sample *s, int64_t i, double *magnitude)
{
    const double g = gradient(s, i, magnitude), low = s->lower ? s->lower[i] : 0;
    if (s->x[i] <= low) return fmin(g, 0);
    return s->upper && s->x[i] >= s->upper[i] ? fmax(g, 0) : g;
}

enum { STEPS = 16 }; /* roundings of a term, at most */

static void check_measures(const nmfi_kernels *t, int64_t k, int64_t lanes, int bounded)
{
    sample s = make(t, k, lanes, bounded);
    double *pg2 = numbers(k, 1, 2), *ref2 = numbers(k, 1, 2);
    double *residual = kernel_doubles(lanes), *reference = kernel_doubles(lanes);
    double *by_lane = kernel_doubles(3 * lanes), *was = kernel_doubles(2 * k);
    for (int64_t j = 0; j < k; j++) was[j] = pg2[j], was[k + j] = ref2[j];
    t->strip_measure(&s.strip, pg2, ref2);
    t->strip_residual(&s.strip, residual, reference);
    for (int64_t j = 0; j < k; j++) {
        double squares = 0, products = 0, magnitudes = 0;
        for (int64_t i = 0; i < lanes; i++) {
            const int64_t at = j * s.ld + i;
            double magnitude;
            const double g = projected(&s, at, &magnitude), num2 = s.num[at] * s.num[at];
            squares += g * g, products += num2, magnitudes += magnitude * magnitude;
            by_lane[3 * i] += g * g, by_lane[3 * i + 1] += num2;
            by_lane[3 * i + 2] += magnitude * magnitude;
        }
        const double bound = kernel_bound(t, lanes + STEPS);
        kernel_near(t, "strip_measure: pg2", pg2[j] - was[j], squares, bound * (magnitudes + 2));
        kernel_near(t, "strip_measure: ref2", ref2[j] - was[k + j], products,
                    bound * (products + 2));
    }
    for (int64_t i = 0; i < lanes; i++) {
        const double bound = kernel_bound(t, k + STEPS), *wanted = by_lane + 3 * i;
        kernel_near(t, "strip_residual", residual[i], wanted[0], bound * wanted[2]);
        kernel_near(t, "strip_residual: reference", reference[i], wanted[1], bound * wanted[1]);
    }
    double *const made[] = {pg2, ref2, residual, reference, by_lane, was};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) kernel_free(made[i]);
    let_go(&s);
}

/* Where nothing is to divide by, `no_den` is; what becomes less than `cut` is 0. */
static void check_multiply(const nmfi_kernels *t, int64_t k, int64_t lanes, double gamma)
{
    static const double no_den = 0.125, cut = 0.0625;
    sample s = make(t, k, lanes, 0);
    s.strip.l1 = s.strip.l2 = 0;
    for (int64_t i = 1; i < s.count; i += 7) s.den[i] = 0;
    kernel_free(s.strip.den);
    s.strip.den = kernel_block(t, s.den, s.count);
    t->strip_multiply(&s.strip, gamma, no_den, cut);
    for (int64_t j = 0; j < k; j++)
        for (int64_t i = 0; i < lanes; i++) {
            const int64_t at = j * s.ld + i;
            const double den = s.den[at] > 0 ? s.den[at] : no_den;
            const double whole = s.x[at] * pow(s.num[at] / den, gamma);
            const double got = kernel_get(t, s.strip.x, at), bound = kernel_bound(t, STEPS) * whole;
            if (fabs(whole - cut) > bound)
                kernel_near(t, "strip_multiply", got, whole < cut ? 0 : whole, bound);
        }
    let_go(&s);
}

static void check_rhs(const nmfi_kernels *t, int64_t k, int64_t lanes)
{
    sample s = make(t, k, lanes, 0);
    double *m = numbers(k * k, -1, 1), *least = numbers(lanes, 0, 2);
    void *M = kernel_block(t, m, k * k), *p = kernel_memory((size_t)(s.count * t->element_bytes));
    const double sum = 3;
    t->strip_quadratic_rhs(&s.strip, M, sum, least, p);
    for (int64_t i = 0; i < lanes; i++) {
        double model = 0;
        for (int64_t j = 0; j < k; j++) model += s.x[j * s.ld + i] * s.den[j * s.ld + i];
        const double scale = fmax(model, least[i]) / sum;
        for (int64_t j = 0; j < k; j++) {
            double magnitude, wanted = -scale * gradient(&s, j * s.ld + i, &magnitude);
            magnitude *= scale;
            for (int64_t l = 0; l < k; l++) {
                const double term = m[j * k + l] * s.x[l * s.ld + i];
                wanted += term, magnitude += fabs(term);
            }
            kernel_near(t, "strip_quadratic_rhs", kernel_get(t, p, j * s.ld + i), wanted,
                        kernel_bound(t, 2 * k + STEPS) * magnitude);
        }
    }
    kernel_free(m);
    kernel_free(least);
    kernel_free(M);
    kernel_free(p);
    let_go(&s);
}

static void check_direction(const nmfi_kernels *t, int64_t k, int64_t lanes)
{
    sample s = make(t, k, lanes, 0);
    double *to = numbers(s.count, 0, 2), *slope = kernel_doubles(lanes),
           *square = kernel_doubles(lanes);
    void *d = kernel_block(t, to, s.count);
    t->strip_direction(&s.strip, d, slope, square);
    for (int64_t i = 0; i < lanes; i++) {
        double along = 0, squares = 0, along_magnitude = 0, square_magnitude = 0;
        for (int64_t j = 0; j < k; j++) {
            const int64_t at = j * s.ld + i;
            const double wanted = to[at] - s.x[at], size = to[at] + s.x[at];
            double magnitude;
            along += gradient(&s, at, &magnitude) * wanted, along_magnitude += magnitude * size;
            squares += wanted * wanted, square_magnitude += size * size;
            kernel_near(t, "strip_direction", kernel_get(t, d, at), wanted,
                        kernel_bound(t, 1) * size);
        }
        kernel_near(t, "strip_direction: slope", slope[i], along,
                    kernel_bound(t, k + STEPS) * along_magnitude);
        kernel_near(t, "strip_direction: square", square[i], squares,
                    kernel_bound(t, k + STEPS) * square_magnitude);
    }
    kernel_free(to);
    kernel_free(slope);
    kernel_free(square);
    kernel_free(d);
    let_go(&s);
}

/* A step of -1 asks for the multiplicative update, the positive root of l2 y^2 + (den + l1) y = num x. */
static void check_step(const nmfi_kernels *t, int64_t k, int64_t lanes)
{
    sample s = make(t, k, lanes, 0);
    double *d = numbers(s.count, -2, 2), *steps = numbers(lanes, 0, 1);
    for (int64_t i = 0; i < lanes; i += 4) steps[i] = -1;
    void *D = kernel_block(t, d, s.count);
    t->strip_take_step(&s.strip, D, steps);
    for (int64_t j = 0; j < k; j++)
        for (int64_t i = 0; i < lanes; i++) {
            const int64_t at = j * s.ld + i;
            const double x = s.x[at], moved = x + steps[i] * d[at], b = s.den[at] + s.strip.l1;
            const double root =
                2 * s.num[at] * x / (b + sqrt(b * b + 4 * s.strip.l2 * s.num[at] * x));
            const double magnitude = steps[i] < 0 ? root : x + fabs(steps[i] * d[at]);
            kernel_near(t, "strip_take_step", kernel_get(t, s.strip.x, at),
                        steps[i] < 0 ? root : fmax(moved, 0), kernel_bound(t, STEPS) * magnitude);
        }
    kernel_free(d);
    kernel_free(steps);
    kernel_free(D);
    let_go(&s);
}

static void strips_are_measured_and_moved_by_their_formulas(void **state)
{
    static const int64_t lanes[] = {16, 32, 64};
    (void)state;
    kernel_seed(11);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int64_t k = 1; k <= 20; k++) {
            const int64_t wide = lanes[k % 3];
            check_measures(tables[i], k, wide, 0);
            check_measures(tables[i], k, wide, 1);
            check_multiply(tables[i], k, wide, 1);
            check_multiply(tables[i], k, wide, 0.5);
            check_rhs(tables[i], k, wide);
            check_direction(tables[i], k, wide);
            check_step(tables[i], k, wide);
        }
}

/* --- rows of a factor -------------------------------------------------------------------------- */

static void check_rows(const nmfi_kernels *t, int64_t k, int64_t columns)
{
    const int64_t ld = columns + 3, count = (k - 1) * ld + columns;
    const double momentum = 0.75;
    double *n = numbers(count, 0, 2), *o = numbers(count, 0, 20), *w = numbers(columns, 0, 2);
    void *N = kernel_block(t, n, count), *O = kernel_block(t, o, count);
    void *weight = kernel_block(t, w, columns),
         *to = kernel_memory((size_t)(count * t->element_bytes));
    t->extrapolate_positive(to, ld, N, ld, O, ld, k, columns, momentum);
    for (int64_t i = 0; i < count; i++)
        if (i % ld < columns)
            kernel_near(t, "extrapolate_positive", kernel_get(t, to, i),
                        fmax(n[i] + momentum * (n[i] - o[i]), 0.1 * n[i]),
                        kernel_bound(t, 5) * (n[i] + momentum * (n[i] + o[i])));
    t->scale_columns(N, ld, k, columns, weight, to);
    for (int64_t i = 0; i < count; i++)
        if (i % ld < columns)
            kernel_near(t, "scale_columns", kernel_get(t, to, i), n[i] * w[i % ld],
                        kernel_bound(t, 1) * n[i] * w[i % ld]);
    kernel_free(n);
    kernel_free(o);
    kernel_free(w);
    kernel_free(N);
    kernel_free(O);
    kernel_free(weight);
    kernel_free(to);
}

static void rows_are_extrapolated_and_scaled(void **state)
{
    (void)state;
    kernel_seed(12);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int64_t columns = 1; columns <= 70; columns++)
            check_rows(tables[i], 1 + columns % 9, columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strips_are_measured_and_moved_by_their_formulas),
        cmocka_unit_test(rows_are_extrapolated_and_scaled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
