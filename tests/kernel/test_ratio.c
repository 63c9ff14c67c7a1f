/* What divergences need of X and its model, against naive loops in f64: each variant, each storage
 * type, tails of rows and columns, betas by reciprocals, by roots and by the C library. Bounds come
 * from the lengths of sums and from how often a value is rounded. */
#include "support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double betas[] = {-1, 0, 0.5, 1, 1.3, 1.5, 2, 3};
enum { BETAS = sizeof betas / sizeof *betas };
static const double scale = 0.25, least = 1e-9;

typedef struct ratio_case {
    nmf_dtype dtype;
    nmfi_rows X;
    int64_t rows, columns, k, ldx, ld;
    double *x, *F; /* k x ldx, k x ld */
    double *V;     /* the naive model, rows x ld */
    const nmfi_kernels *tables[KERNEL_TABLES];
    int table_count;
} ratio_case;

/* Entries of X >= 0, some of them 0; a model that is nowhere 0. */
static ratio_case make_case(nmf_dtype dtype, int64_t rows, int64_t columns, int64_t k)
{
    ratio_case c = {.dtype = dtype, .rows = rows, .columns = columns, .k = k};
    c.X = kernel_rows(dtype, rows, columns, columns + kernel_integer(0, 3));
    for (int64_t i = 0; dtype >= NMF_F32 && i < (rows - 1) * c.X.row_stride + columns; i++) {
        if (dtype == NMF_F32)
            ((float *)(uintptr_t)c.X.data)[i] = fabsf(((const float *)c.X.data)[i]);
        else
            ((double *)(uintptr_t)c.X.data)[i] = fabs(((const double *)c.X.data)[i]);
    }
    memset((void *)(uintptr_t)c.X.data, 0, nmf_dtype_bytes(dtype));
    c.ldx = kernel_padded(rows);
    c.ld = kernel_padded(columns);
    c.x = kernel_factor(k, rows, c.ldx, 0.1, 2);
    c.F = kernel_factor(k, columns, c.ld, 0.1, 2);
    c.V = kernel_doubles(rows * c.ld);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < columns; i++)
            for (int64_t j = 0; j < k; j++)
                c.V[r * c.ld + i] += c.x[j * c.ldx + r] * c.F[j * c.ld + i];
    c.table_count = kernel_tables(c.tables);
    return c;
}

static void free_case(ratio_case *c)
{
    free((void *)(uintptr_t)c->X.data);
    free(c->x);
    free(c->F);
    free(c->V);
}

typedef void check(const ratio_case *c, const nmfi_kernels *t, const nmfi_ratio *ratio);

/* The kernel's inputs in T, panels with room for whole tiles. */
static void with_ratio(const ratio_case *c, const nmfi_kernels *t, double beta, check *check_it)
{
    void *x = kernel_block(t, c->x, c->k * c->ldx), *F = kernel_block(t, c->F, c->k * c->ld);
    const size_t panel = (size_t)(c->rows * c->ld * t->element_bytes);
    void *V = kernel_memory(panel), *R = kernel_memory(panel), *S = kernel_memory(panel);
    const nmfi_ratio ratio = {.X = &c->X,
                              .scale = scale,
                              .beta = beta,
                              .least = least,
                              .instead = least,
                              .x = x,
                              .ldx = c->ldx,
                              .F = F,
                              .ldf = c->ld,
                              .k = c->k,
                              .V = V,
                              .ldv = c->ld,
                              .R = R,
                              .S = S,
                              .ldr = c->ld};
    t->ratio[c->dtype](&ratio);
    check_it(c, t, &ratio);
    free(x);
    free(F);
    free(V);
    free(R);
    free(S);
}

/* x_r[i] in the scale, and the relative error that the model, k products of numbers >= 0, may have.
 */
static double entry_of(const ratio_case *c, int64_t r, int64_t i)
{
    return scale * kernel_entry(&c->X, c->dtype, r, i);
}

static double model_error(const ratio_case *c, const nmfi_kernels *t)
{
    return kernel_bound(t, c->k + 2);
}

/* A power multiplies relative errors; a reciprocal and a root add a few roundings of their own. */
static void check_panels(const ratio_case *c, const nmfi_kernels *t, const nmfi_ratio *ratio)
{
    const double error = (fabs(ratio->beta) + 3) * (model_error(c, t) + 8 * kernel_roundoff(t));
    for (int64_t r = 0; r < c->rows; r++)
        for (int64_t i = 0; i < c->columns; i++) {
            const int64_t at = r * c->ld + i;
            const double v = c->V[at], x = entry_of(c, r, i);
            const double wanted_R = x * pow(v, ratio->beta - 2), wanted_S = pow(v, ratio->beta - 1);
            kernel_near(t, "V", kernel_get(t, ratio->V, at), v, model_error(c, t) * v);
            kernel_near(t, "R", kernel_get(t, ratio->R, at), wanted_R, error * wanted_R);
            kernel_near(t, "S", kernel_get(t, ratio->S, at), wanted_S, error * wanted_S);
        }
}

static double term(double x, double y, double beta)
{
    if (beta == 1) return x > 0 ? x * log(x / y) - x + y : y;
    if (beta == 0) return x > 0 ? x / y - log(x / y) - 1 : -1;
    if (x == 0) return pow(y, beta) / beta;
    return (pow(x, beta) - beta * x * pow(y, beta - 1) + (beta - 1) * pow(y, beta)) /
           (beta * (beta - 1));
}

/* An entry's term moves with the model by |v dD/dv| = v^(beta-1) |v - x| for each relative error of
 * it, and is rounded as a difference of its parts. */
static void check_divergence(const ratio_case *c, const nmfi_kernels *t, const nmfi_ratio *ratio)
{
    double *totals = kernel_doubles(c->rows);
    t->divergence[c->dtype](ratio, totals);
    const double u = kernel_roundoff(t) * (double)(c->k + 40);
    for (int64_t r = 0; r < c->rows; r++) {
        double wanted = 0, bound = 0;
        for (int64_t i = 0; i < c->columns; i++) {
            const double x = entry_of(c, r, i), v = c->V[r * c->ld + i];
            wanted += term(x, v, ratio->beta);
            bound +=
                u * (fabs(term(x, v, ratio->beta)) + pow(v, ratio->beta - 1) * (v + x) +
                     (ratio->beta != 1 && ratio->beta != 0 ? pow(fmax(x, v), ratio->beta) : 1));
        }
        kernel_near(t, "D", totals[r], wanted, bound);
    }
    free(totals);
}

/* The model that the kernel made may be off; given that, the rest is a reciprocal and a sum. */
static void check_curvature(const ratio_case *c, const nmfi_kernels *t, const nmfi_ratio *ratio)
{
    if (ratio->beta != 1) return;
    double *steps = kernel_doubles(c->rows), *totals = kernel_doubles(c->rows);
    double *values = kernel_doubles(c->rows * c->ld);
    for (int64_t r = 0; r < c->rows; r++) {
        steps[r] = r % 2 ? 0.5 : 1;
        for (int64_t i = 0; i < c->columns; i++)
            values[r * c->ld + i] = kernel_uniform(-0.5, 1) * c->V[r * c->ld + i];
    }
    void *U = kernel_block(t, values, c->rows * c->ld);
    t->curvature[c->dtype](ratio, U, steps, totals);
    for (int64_t r = 0; r < c->rows; r++) {
        double wanted = 0;
        for (int64_t i = 0; i < c->columns; i++) {
            const double v = kernel_get(t, ratio->V, r * c->ld + i);
            const double u = kernel_get(t, U, r * c->ld + i);
            wanted += entry_of(c, r, i) * u * u / (v * (v + steps[r] * u));
        }
        kernel_near(t, "curvature", totals[r], wanted, wanted * kernel_bound(t, c->columns + 16));
    }
    free(U);
    free(values);
    free(steps);
    free(totals);
}

/* A direction z whose U is a part of the model: V + steps U stays positive. */
static void check_direction(const ratio_case *c, const nmfi_kernels *t, const nmfi_ratio *ratio)
{
    if (ratio->beta != 1) return;
    double *steps = kernel_doubles(c->rows);
    double *divergences = kernel_doubles(c->rows), *directions = kernel_doubles(c->k * c->ldx);
    for (int64_t r = 0; r < c->rows; r++) steps[r] = r % 2 ? 0.5 : 1;
    for (int64_t j = 0; j < c->k; j++)
        for (int64_t r = 0; r < c->rows; r++)
            directions[j * c->ldx + r] = kernel_uniform(-0.5, 1) * c->x[j * c->ldx + r];
    void *z = kernel_block(t, directions, c->k * c->ldx);
    void *U = kernel_memory((size_t)(c->rows * c->ld * t->element_bytes));
    t->model(z, c->ldx, c->rows, ratio->F, c->ld, c->k, c->columns, U, c->ld);
    t->divergence_along[c->dtype](ratio, U, steps, divergences);
    const double u = kernel_roundoff(t) * (double)(c->k + 40);
    for (int64_t r = 0; r < c->rows; r++) {
        double divergence = 0, bound = 0;
        for (int64_t i = 0; i < c->columns; i++) {
            const int64_t at = r * c->ld + i;
            const double x = entry_of(c, r, i), v = kernel_get(t, ratio->V, at);
            const double made = kernel_get(t, U, at), there = v + steps[r] * made;
            double wanted = 0;
            for (int64_t j = 0; j < c->k; j++)
                wanted += kernel_get(t, z, j * c->ldx + r) * c->F[j * c->ld + i];
            kernel_near(t, "U", made, wanted, model_error(c, t) * v);
            divergence += term(x, there, 1);
            bound += u * (fabs(term(x, there, 1)) + there + x + 1);
        }
        kernel_near(t, "D along U", divergences[r], divergence, bound);
    }
    free(z);
    free(U);
    free(steps);
    free(divergences);
    free(directions);
}

static void check_hessian(const ratio_case *c, const nmfi_kernels *t, const nmfi_ratio *ratio)
{
    double *H = kernel_doubles(c->k * c->k), *w = kernel_doubles(c->columns);
    for (int64_t i = 0; i < c->columns; i++)
        w[i] = (0.5 * kernel_get(t, ratio->R, i) + 0.25 * kernel_get(t, ratio->S, i)) /
               kernel_get(t, ratio->V, i);
    t->hessian(ratio, 0.5, 0.25, H);
    for (int64_t j = 0; j < c->k; j++)
        for (int64_t l = 0; l < c->k; l++) {
            double wanted = 0;
            for (int64_t i = 0; i < c->columns; i++)
                wanted += w[i] * c->F[j * c->ld + i] * c->F[l * c->ld + i];
            kernel_near(t, "H", H[j * c->k + l], wanted, wanted * kernel_bound(t, c->columns + 12));
        }
    free(H);
    free(w);
}

static void for_all_cases(check *check_it)
{
    static const int64_t shapes[][3] = {
        {1, 1, 1}, {3, 17, 2}, {7, 64, 5}, {16, 70, 13}, {5, 1100, 3}};
    kernel_seed(11);
    for (int s = 0; s < 5; s++)
        for (nmf_dtype dtype = NMF_U8; dtype <= NMF_F64; dtype = (nmf_dtype)(dtype + 1)) {
            ratio_case c = make_case(dtype, shapes[s][0], shapes[s][1], shapes[s][2]);
            for (int b = 0; b < BETAS; b++)
                for (int t = 0; t < c.table_count; t++)
                    with_ratio(&c, c.tables[t], betas[b], check_it);
            free_case(&c);
        }
}

static void ratios_are_those_of_the_model(void **state)
{
    (void)state;
    for_all_cases(check_panels);
}

static void divergences_are_sums_of_their_terms(void **state)
{
    (void)state;
    for_all_cases(check_divergence);
}

static void curvatures_are_sums_of_their_terms(void **state)
{
    (void)state;
    for_all_cases(check_curvature);
}

static void divergences_along_a_direction_are_sums_of_their_terms(void **state)
{
    (void)state;
    for_all_cases(check_direction);
}

static void hessians_are_weighted_gram_matrices(void **state)
{
    (void)state;
    for_all_cases(check_hessian);
}

/* delta - log(1 + delta) by its series, whose terms cancel nothing worth mentioning. */
static double small_phi(double delta)
{
    double sum = 0;
    for (int n = 200; n >= 2; n--) sum += (n % 2 ? -1 : 1) * pow(delta, n) / n;
    return sum;
}

/* Where X and its model nearly agree the divergence is not a difference of large numbers: it is
 * right to a few roundings of itself and of the model's relative distance. */
static void small_divergences_are_precise(void **state)
{
    (void)state;
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int t = 0; t < count; t++)
        for (int beta = 0; beta < 2; beta++)
            for (int e = 1; e < 12; e++) {
                const double ratio = 1 + ldexp(1, -e); /* exact in f32 */

                float stored[1] = {1};
                const nmfi_rows X = {stored, 1, 1, 1};
                double padded[16] = {0}, total = 0;
                padded[0] = ratio;
                void *V = kernel_block(tables[t], padded, 16);
                const nmfi_ratio r = {.X = &X,
                                      .scale = 1,
                                      .beta = beta,
                                      .least = least,
                                      .instead = least,
                                      .V = V,
                                      .ldv = 16};
                tables[t]->divergence[NMF_F32](&r, &total);
                const double delta = beta ? ratio - 1 : 1 / ratio - 1;
                const double wanted = small_phi(delta);
                const double roundings = beta ? 16 : 16 + 8 / fabs(delta);
                kernel_near(tables[t], "phi", total, wanted,
                            roundings * kernel_roundoff(tables[t]) * wanted);
                free(V);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ratios_are_those_of_the_model),
        cmocka_unit_test(divergences_are_sums_of_their_terms),
        cmocka_unit_test(curvatures_are_sums_of_their_terms),
        cmocka_unit_test(divergences_along_a_direction_are_sums_of_their_terms),
        cmocka_unit_test(hessians_are_weighted_gram_matrices),
        cmocka_unit_test(small_divergences_are_precise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
