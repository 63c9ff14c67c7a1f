/* The two products of a pass, P = X F' and Q += R X, against the naive ones in f64: each variant,
 * each storage type, each tail of rows, columns and components, within the bound that their length
 * gives. */
#include "support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct product_case {
    nmf_dtype dtype;
    nmfi_rows X;
    int64_t k, ldr, ldf;
    double *R, *F;              /* k x ldr, k x ldf */
    double *wanted, *magnitude; /* of the product at hand: the sum, and that of absolute values */
    const nmfi_kernels *tables[KERNEL_TABLES];
    int table_count;
} product_case;

static product_case make_case(nmf_dtype dtype, int64_t rows, int64_t columns, int64_t k)
{
    const int64_t stride = columns + kernel_integer(0, 3);
    product_case c = {.dtype = dtype, .X = kernel_rows(dtype, rows, columns, stride), .k = k};
    c.ldr = kernel_padded(rows);
    c.ldf = kernel_padded(columns);
    c.R = kernel_factor(k, rows, c.ldr, -1, 2);
    c.F = kernel_factor(k, columns, c.ldf, -1, 2);
    c.table_count = kernel_tables(c.tables);
    const int64_t largest = c.ldr > c.ldf ? c.ldr : c.ldf;
    c.wanted = kernel_doubles(k * largest);
    c.magnitude = kernel_doubles(k * largest);
    return c;
}

static void free_case(product_case *c)
{
    kernel_free(c->X.data);
    kernel_free(c->R);
    kernel_free(c->F);
    kernel_free(c->wanted);
    kernel_free(c->magnitude);
}

/* wanted[j,r] = sum_c X[r,c] F[j,c]. */
static void naive_products(product_case *c)
{
    for (int64_t r = 0; r < c->X.rows; r++)
        for (int64_t j = 0; j < c->k; j++) {
            double sum = 0, magnitude = 0;
            for (int64_t i = 0; i < c->X.columns; i++) {
                const double term = kernel_entry(&c->X, c->dtype, r, i) * c->F[j * c->ldf + i];
                sum += term;
                magnitude += fabs(term);
            }
            c->wanted[j * c->ldr + r] = sum;
            c->magnitude[j * c->ldr + r] = magnitude;
        }
}

/* A row visited alone has the bits that it has among its neighbours. */
static void check_rows_alone(const product_case *c, const nmfi_kernels *t, const void *F,
                             const void *P)
{
    void *alone = kernel_memory((size_t)(c->k * t->element_bytes));
    const int64_t step = c->X.rows > 9 ? 7 : 1;
    for (int64_t r = 0; r < c->X.rows; r += step) {
        nmfi_rows row = c->X;
        row.data = (const char *)row.data + r * row.row_stride * (int64_t)nmf_dtype_bytes(c->dtype);
        row.rows = 1;
        memset(alone, 0, (size_t)(c->k * t->element_bytes));
        t->products[c->dtype](&row, F, c->ldf, c->k, alone, 1);
        for (int64_t j = 0; j < c->k; j++)
            if (!kernel_same(t, kernel_at(t, alone, j), kernel_at(t, P, j * c->ldr + r), 1))
                fail_msg("%s f%d: row %d of %d differs when alone", t->name,
                         (int)(8 * t->element_bytes), (int)r, (int)c->X.rows);
    }
    kernel_free(alone);
}

static void check_products(nmf_dtype dtype, int64_t rows, int64_t columns, int64_t k)
{
    product_case c = make_case(dtype, rows, columns, k);
    naive_products(&c);
    double *before = kernel_doubles(k * c.ldr);
    for (int64_t i = 0; i < k * c.ldr; i++) before[i] = i % c.ldr < rows ? 0 : 7.5;
    for (int i = 0; i < c.table_count; i++) {
        const nmfi_kernels *t = c.tables[i];
        void *F = kernel_block(t, c.F, k * c.ldf), *P = kernel_block(t, before, k * c.ldr);
        t->products[dtype](&c.X, F, c.ldf, k, P, c.ldr);
        const double bound = kernel_bound(t, columns + 2);
        for (int64_t j = 0; j < k; j++)
            for (int64_t r = 0; r < c.ldr; r++) {
                const double got = kernel_get(t, P, j * c.ldr + r);
                if (r < rows)
                    kernel_near(t, "products", got, c.wanted[j * c.ldr + r],
                                bound * c.magnitude[j * c.ldr + r]);
                else
                    assert_true(got == 7.5);
            }
        check_rows_alone(&c, t, F, P);
        kernel_free(F);
        kernel_free(P);
    }
    kernel_free(before);
    free_case(&c);
}

/* wanted[j,c] = before[j,c] + sum_r R[j,r] X[r,c]. */
static void naive_accumulate(product_case *c, const double *before)
{
    for (int64_t j = 0; j < c->k; j++)
        for (int64_t i = 0; i < c->X.columns; i++) {
            const int64_t at = j * c->ldf + i;
            double sum = before[at], magnitude = fabs(sum);
            for (int64_t r = 0; r < c->X.rows; r++) {
                const double term = c->R[j * c->ldr + r] * kernel_entry(&c->X, c->dtype, r, i);
                sum += term;
                magnitude += fabs(term);
            }
            c->wanted[at] = sum;
            c->magnitude[at] = magnitude;
        }
}

/* Rows are added in order, so two calls for some rows and the rest give the bits of one call. */
static void check_split(const product_case *c, const nmfi_kernels *t, const double *before,
                        const void *R, const void *Q)
{
    void *split = kernel_block(t, before, c->k * c->ldf);
    const int64_t first = kernel_integer(0, c->X.rows);
    nmfi_rows X = c->X;
    X.rows = first;
    t->accumulate[c->dtype](&X, R, c->ldr, c->k, split, c->ldf);
    X.rows = c->X.rows - first;
    /* An empty rest starts behind the block, where a pointer may stand only up to one element. */
    if (X.rows > 0) {
        X.data = (const char *)X.data + first * X.row_stride * (int64_t)nmf_dtype_bytes(c->dtype);
        t->accumulate[c->dtype](&X, kernel_at(t, R, first), c->ldr, c->k, split, c->ldf);
    }
    assert_true(kernel_same(t, split, Q, c->k * c->ldf));
    kernel_free(split);
}

static void check_accumulate(nmf_dtype dtype, int64_t rows, int64_t columns, int64_t k)
{
    product_case c = make_case(dtype, rows, columns, k);
    double *before = kernel_factor(k, columns, c.ldf, -100, 100);
    naive_accumulate(&c, before);
    for (int i = 0; i < c.table_count; i++) {
        const nmfi_kernels *t = c.tables[i];
        void *R = kernel_block(t, c.R, k * c.ldr), *Q = kernel_block(t, before, k * c.ldf);
        t->accumulate[dtype](&c.X, R, c.ldr, k, Q, c.ldf);
        const double bound = kernel_bound(t, rows + 2);
        for (int64_t at = 0; at < k * c.ldf;
             at++) /* the padding stays zero: wanted and bound are 0 */
            kernel_near(t, "accumulate", kernel_get(t, Q, at), c.wanted[at],
                        bound * c.magnitude[at]);
        check_split(&c, t, before, R, Q);
        kernel_free(R);
        kernel_free(Q);
    }
    kernel_free(before);
    free_case(&c);
}

typedef void checker(nmf_dtype dtype, int64_t rows, int64_t columns, int64_t k);

static const int64_t some_rows[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 63, 64, 65, 66};
enum { SOME_ROWS = sizeof some_rows / sizeof some_rows[0] };

/* All rows x all columns with every k in turn, then long rows, then many components. */
static void sweep_shapes(checker *check)
{
    int64_t k = 0;
    for (int i = 0; i < SOME_ROWS; i++)
        for (int64_t columns = 1; columns <= 70; columns++, k = (k + 7) % 20)
            check((nmf_dtype)((columns + i) % 4), some_rows[i], columns, k + 1);
    static const int64_t long_rows[] = {1023, 1024, 1025, 1040, 4095, 4096, 4097, 4099};
    for (int i = 0; i < 8; i++)
        for (int dtype = 0; dtype < 4; dtype++, k = (k + 7) % 20)
            check((nmf_dtype)dtype, some_rows[(i + dtype) % 9], long_rows[i], k + 1);
    static const int64_t many[] = {33, 64, 65, 127, 128, 130};
    for (int i = 0; i < 6; i++)
        for (int dtype = 0; dtype < 4; dtype++) check((nmf_dtype)dtype, 5 + dtype, 37 + i, many[i]);
}

/* Every k up to 20 with every storage type, at sizes around a vector and around a register tile. */
static void sweep_components(checker *check)
{
    for (int64_t k = 1; k <= 20; k++)
        for (int dtype = 0; dtype < 4; dtype++)
            for (int64_t columns = 15; columns <= 17; columns++)
                for (int64_t rows = 3; rows <= 5; rows++) check((nmf_dtype)dtype, rows, columns, k);
}

static void products_are_those_of_f64_to_rounding_and_rows_stand_alone(void **state)
{
    (void)state;
    kernel_seed(1);
    sweep_shapes(check_products);
    sweep_components(check_products);
}

static void accumulate_adds_to_what_is_there_in_row_order(void **state)
{
    (void)state;
    kernel_seed(2);
    sweep_shapes(check_accumulate);
    sweep_components(check_accumulate);
}

static void no_rows_leave_everything_as_it_is(void **state)
{
    (void)state;
    kernel_seed(3);
    for (int dtype = 0; dtype < 4; dtype++) {
        check_products((nmf_dtype)dtype, 0, 5, 3);
        check_accumulate((nmf_dtype)dtype, 0, 5, 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_those_of_f64_to_rounding_and_rows_stand_alone),
        cmocka_unit_test(accumulate_adds_to_what_is_there_in_row_order),
        cmocka_unit_test(no_rows_leave_everything_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
