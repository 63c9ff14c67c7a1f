/* Products with sparse lines, against the same sums in f64: every storage type, both index types,
 * every number of components that the registers could leave a rest of. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const nmf_dtype dtypes[] = {NMF_U8, NMF_U16, NMF_F32, NMF_F64, NMF_I32};
enum { DTYPES = 5, LINES = 23 };

/* Lines of random length, some empty, one with every index; exactly as much memory as they have. */
typedef struct sparse_lines {
    int64_t pointers[LINES + 1];
    nmfi_rows values; /* one row of them, for kernel_entry */
    int64_t *wide;
    int32_t *narrow;
    int64_t across;
} sparse_lines;

static sparse_lines make_lines(nmf_dtype dtype, int64_t across)
{
    sparse_lines made = {.across = across};
    int64_t *all = kernel_memory((size_t)(LINES * across) * sizeof *all), count = 0;
    for (int64_t i = 0; i < LINES; i++) {
        const double share = i == 3 ? 1.0 : i % 4 == 1 ? 0.0 : kernel_uniform(0, 0.6);
        for (int64_t index = 0; index < across; index++)
            if (kernel_uniform(0, 1) < share) all[count++] = index;
        made.pointers[i + 1] = count;
    }
    made.values = kernel_rows(dtype, 1, count, count);
    made.wide = kernel_memory((size_t)count * sizeof *made.wide);
    made.narrow = kernel_memory((size_t)count * sizeof *made.narrow);
    memcpy(made.wide, all, (size_t)count * sizeof *all);
    for (int64_t e = 0; e < count; e++) made.narrow[e] = (int32_t)all[e];
    kernel_free(all);
    return made;
}

static void free_lines(sparse_lines *lines)
{
    kernel_free(lines->values.data);
    kernel_free(lines->wide);
    kernel_free(lines->narrow);
}

static nmfi_lines view(const sparse_lines *lines, int index_type)
{
    const nmfi_lines made = {lines->pointers,
                             index_type ? (const void *)lines->wide : (const void *)lines->narrow,
                             lines->values.data};
    return made;
}

/* A packed factor: random entries, zeros behind the k components of each row. */
static double *packed_factor(int64_t count, int64_t k, int64_t stride)
{
    double *made = kernel_doubles(count * stride);
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = 0; j < k; j++) made[i * stride + j] = kernel_uniform(-1, 2);
    return made;
}

static void check_gather(const nmfi_kernels *t, nmf_dtype dtype, int64_t across, int64_t k)
{
    sparse_lines lines = make_lines(dtype, across);
    const int64_t stride = nmfi_packed_stride(k);
    double *f = packed_factor(across, k, stride);
    void *F = kernel_block(t, f, across * stride);
    void *P = kernel_memory((size_t)(LINES * stride * t->element_bytes));
    void *Q = kernel_memory((size_t)(LINES * stride * t->element_bytes));
    const nmfi_lines narrow = view(&lines, 0), wide = view(&lines, 1);
    t->gather[dtype][0](&narrow, 0, LINES, F, stride, P, 0);
    /* Lines do not depend on their company, nor on the type of their indices, nor on being
     * cut between chains. */
    t->gather[dtype][1](&wide, 0, 5, F, stride, Q, 0);
    t->gather[dtype][1](&wide, 5, LINES, F, stride, kernel_at(t, Q, 5 * stride), 0);
    assert_true(kernel_same(t, P, Q, LINES * stride));
    for (int64_t i = 0; i < LINES; i++) {
        int64_t cut[] = {lines.pointers[i], lines.pointers[i], lines.pointers[i + 1]};
        while (cut[1] < cut[2] && lines.wide[cut[1]] < NMFI_CHAIN_SPAN) cut[1]++;
        for (int piece = 0; piece < 2; piece++) {
            const nmfi_lines part = {cut + piece, lines.narrow, lines.values.data};
            t->gather[dtype][0](&part, 0, 1, F, stride, kernel_at(t, Q, i * stride), piece);
        }
    }
    assert_true(kernel_same(t, P, Q, LINES * stride));
    for (int64_t i = 0; i < LINES; i++)
        for (int64_t j = 0; j < stride; j++) {
            double wanted = 0, magnitude = 0;
            for (int64_t e = lines.pointers[i]; e < lines.pointers[i + 1]; e++) {
                const double term =
                    kernel_entry(&lines.values, dtype, 0, e) * f[lines.wide[e] * stride + j];
                wanted += term;
                magnitude += fabs(term);
            }
            const int64_t count = lines.pointers[i + 1] - lines.pointers[i];
            kernel_near(t, "gather", kernel_get(t, P, i * stride + j), wanted,
                        kernel_bound(t, count + 2) * magnitude);
        }
    kernel_free(f);
    kernel_free(F);
    kernel_free(P);
    kernel_free(Q);
    free_lines(&lines);
}

/* Against the sums in f64, after what is there; the type of the indices changes no bit. */
static void check_scatter(const nmfi_kernels *t, nmf_dtype dtype, int64_t across, int64_t k)
{
    sparse_lines lines = make_lines(dtype, across);
    const int64_t stride = nmfi_packed_stride(k);
    double *r = packed_factor(LINES, k, stride), *q = packed_factor(across, k, stride);
    void *R = kernel_block(t, r, LINES * stride), *Q = kernel_block(t, q, across * stride);
    void *also = kernel_block(t, q, across * stride);
    const nmfi_lines narrow = view(&lines, 0), wide = view(&lines, 1);
    t->scatter[dtype][0](&narrow, 0, LINES, R, stride, Q);
    t->scatter[dtype][1](&wide, 0, 9, R, stride, also);
    t->scatter[dtype][1](&wide, 9, LINES, kernel_at(t, R, 9 * stride), stride, also);
    assert_true(kernel_same(t, Q, also, across * stride));
    double *magnitude = kernel_doubles(across * stride);
    for (int64_t e = 0; e < across * stride; e++) magnitude[e] = fabs(q[e]);
    for (int64_t i = 0; i < LINES; i++)
        for (int64_t e = lines.pointers[i]; e < lines.pointers[i + 1]; e++)
            for (int64_t j = 0; j < stride; j++) {
                const double term = kernel_entry(&lines.values, dtype, 0, e) * r[i * stride + j];
                q[lines.wide[e] * stride + j] += term;
                magnitude[lines.wide[e] * stride + j] += fabs(term);
            }
    for (int64_t e = 0; e < across * stride; e++)
        kernel_near(t, "scatter", kernel_get(t, Q, e), q[e],
                    kernel_bound(t, LINES + 2) * magnitude[e]);
    kernel_free(r);
    kernel_free(q);
    kernel_free(R);
    kernel_free(Q);
    kernel_free(also);
    kernel_free(magnitude);
    free_lines(&lines);
}

static void gathered_products_are_sums_over_the_entries_of_a_line(void **state)
{
    (void)state;
    kernel_seed(21);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int d = 0; d < DTYPES; d++) {
            for (int64_t k = 1; k <= 41; k++) check_gather(tables[i], dtypes[d], 1 + 3 * k, k);
            static const int64_t large[] = {64, 104, 130, 192, 200, 208, 384, 512};
            for (int l = 0; l < 8; l++) check_gather(tables[i], dtypes[d], 40, large[l]);
            check_gather(tables[i], dtypes[d], 2 * NMFI_CHAIN_SPAN + 100, 9);
        }
}

static void scattered_rows_add_up_where_entries_say(void **state)
{
    (void)state;
    kernel_seed(24);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int d = 0; d < DTYPES; d++) {
            static const int64_t ks[] = {1, 7, 8, 9, 16, 20, 24, 33, 64};
            for (int l = 0; l < 9; l++) check_scatter(tables[i], dtypes[d], 60, ks[l]);
        }
}

static void check_residual(const nmfi_kernels *t, nmf_dtype dtype, int64_t across, int64_t k)
{
    sparse_lines lines = make_lines(dtype, across);
    const int64_t stride = nmfi_packed_stride(k);
    double *f = packed_factor(across, k, stride), *r = packed_factor(LINES, k, stride);
    void *F = kernel_block(t, f, across * stride), *R = kernel_block(t, r, LINES * stride);
    const double scale = 0.25;
    double wanted = 0, magnitude = 0;
    for (int64_t i = 0; i < LINES; i++)
        for (int64_t e = lines.pointers[i]; e < lines.pointers[i + 1]; e++) {
            const double x = scale * kernel_entry(&lines.values, dtype, 0, e);
            double v = 0, size = fabs(x);
            for (int64_t j = 0; j < k; j++) {
                const double term =
                    kernel_get(t, R, i * stride + j) * kernel_get(t, F, lines.wide[e] * stride + j);
                v += term;
                size += fabs(term);
            }
            wanted += (x - v) * (x - v) - v * v;
            magnitude += 3 * size * size;
        }
    for (int index_type = 0; index_type < 2; index_type++) {
        const nmfi_lines X = view(&lines, index_type);
        const double got = t->residual[dtype][index_type](&X, 0, LINES, R, F, stride, scale);
        const int64_t terms = lines.pointers[LINES] + k + 8;
        /* In f64 whatever the table's type. */
        kernel_near(t, "residual", got, wanted,
                    2 * kernel_gamma(DBL_EPSILON / 2, terms) * magnitude);
    }
    kernel_free(f);
    kernel_free(F);
    kernel_free(r);
    kernel_free(R);
    free_lines(&lines);
}

static void residuals_are_summed_in_f64(void **state)
{
    (void)state;
    kernel_seed(22);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int d = 0; d < DTYPES; d++)
            for (int64_t k = 1; k <= 40; k += 3) check_residual(tables[i], dtypes[d], 30, k);
}

static void packing_turns_components_into_rows_and_back(void **state)
{
    (void)state;
    kernel_seed(23);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int tables_count = kernel_tables(tables);
    for (int i = 0; i < tables_count; i++)
        for (int64_t count = 1; count <= 40; count += 3)
            for (int64_t k = 1; k <= 20; k++) {
                const nmfi_kernels *t = tables[i];
                const int64_t ld = kernel_padded(count), stride = nmfi_packed_stride(k);
                double *f = kernel_factor(k, count, ld, -1, 2);
                void *F = kernel_block(t, f, k * ld), *back = kernel_block(t, f, k * ld);
                void *rows = kernel_memory((size_t)(count * stride * t->element_bytes));
                memset(rows, 0xFF, (size_t)(count * stride * t->element_bytes));
                t->pack(F, ld, k, count, rows, stride);
                for (int64_t r = 0; r < count; r++)
                    for (int64_t j = 0; j < stride; j++)
                        assert_true(kernel_get(t, rows, r * stride + j) ==
                                    (j < k ? kernel_get(t, F, j * ld + r) : 0.0));
                for (int64_t j = 0; j < k; j++)
                    memset(kernel_at(t, back, j * ld), 0, (size_t)(count * t->element_bytes));
                t->unpack(rows, stride, k, count, back, ld);
                assert_true(kernel_same(t, back, F, k * ld));
                kernel_free(f);
                kernel_free(F);
                kernel_free(back);
                kernel_free(rows);
            }
}

/* A line's entries, and beside them the components of the rows that they name; whole rows with
 * zeros. */
static void lines_are_collected_and_spread(void **state)
{
    (void)state;
    enum { ACROSS = 37 };
    kernel_seed(25);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int tables_count = kernel_tables(tables);
    for (int n = 0; n < tables_count * DTYPES * 2; n++) {
        const nmfi_kernels *t = tables[n / (DTYPES * 2)];
        const nmf_dtype dtype = dtypes[n / 2 % DTYPES];
        const int64_t k = 1 + n % 11, stride = nmfi_packed_stride(k), ldb = kernel_padded(ACROSS);
        sparse_lines lines = make_lines(dtype, ACROSS);
        const nmfi_lines X = view(&lines, n % 2);
        double *f = packed_factor(ACROSS, k, stride);
        void *F = kernel_block(t, f, ACROSS * stride);
        void *B = kernel_memory((size_t)(k * ldb * t->element_bytes));
        void *a = kernel_memory((size_t)(ldb * t->element_bytes));
        void *rows = kernel_memory((size_t)(LINES * ACROSS * t->element_bytes));
        t->densify[dtype][n % 2](&X, 0, LINES, ACROSS, rows, ACROSS);
        for (int64_t i = 0; i < LINES; i++) {
            const int64_t begin = lines.pointers[i], count = lines.pointers[i + 1] - begin;
            int64_t e = 0;
            assert_int_equal(t->gather_row[dtype][n % 2](&X, i, F, stride, k, B, ldb, a), count);
            for (int64_t c = 0; c < ACROSS; c++) {
                const int stored = e < count && lines.wide[begin + e] == c;
                const double value = stored ? kernel_entry(&lines.values, dtype, 0, begin + e) : 0;
                kernel_near(t, "densify", kernel_get(t, rows, i * ACROSS + c), value,
                            kernel_bound(t, 1) * fabs(value));
                if (!stored) continue;
                kernel_near(t, "entry", kernel_get(t, a, e), value,
                            kernel_bound(t, 1) * fabs(value));
                for (int64_t j = 0; j < k; j++)
                    assert_true(kernel_get(t, B, j * ldb + e) == kernel_get(t, F, c * stride + j));
                e++;
            }
            for (e = count; e < kernel_padded(count); e++)
                for (int64_t j = 0; j < k; j++)
                    assert_true(kernel_get(t, a, e) == 0 && kernel_get(t, B, j * ldb + e) == 0);
        }
        kernel_free(f);
        kernel_free(F);
        kernel_free(B);
        kernel_free(a);
        kernel_free(rows);
        free_lines(&lines);
    }
}

/* One row's problem: sum over entries of v - a log v, and the sums of F for the zeros. */
enum { ENTRIES = 45, COORDINATES = 7 };
typedef struct row_problem {
    double a[48], B[COORDINATES * 48], sums[COORDINATES], x[COORDINATES];
} row_problem;

static row_problem make_row(void)
{
    row_problem row = {{0}, {0}, {0}, {0}};
    for (int e = 0; e < ENTRIES; e++) row.a[e] = (double)kernel_integer(1, 30);
    for (int j = 0; j < COORDINATES; j++) {
        for (int e = 0; e < ENTRIES; e++) {
            row.B[j * 48 + e] = kernel_uniform(0, 1) < 0.4 ? 0 : kernel_uniform(0, 1);
            row.sums[j] += row.B[j * 48 + e];
        }
        row.sums[j] += kernel_uniform(1, 20);
        row.x[j] = kernel_uniform(0.01, 2);
    }
    return row;
}

static double row_loss(const row_problem *row, const double *x, double l1, double l2)
{
    double loss = 0;
    for (int j = 0; j < COORDINATES; j++)
        loss += x[j] * (row->sums[j] + l1) + 0.5 * l2 * x[j] * x[j];
    for (int e = 0; e < ENTRIES; e++) {
        double v = 0;
        for (int j = 0; j < COORDINATES; j++) v += x[j] * row->B[j * 48 + e];
        loss -= row->a[e] * log(v);
    }
    return loss;
}

typedef struct open_row {
    nmfi_scd line;
    void *A, *B, *V, *X, *N;
    int32_t active[COORDINATES];
} open_row;

/* The row's first `entries` entries at x, for `sweeps` sweeps; told: of the gradient there. */
static void open_row_at(const nmfi_kernels *t, const row_problem *row, const double *x,
                        int64_t entries, int64_t sweeps, int told, open_row *open)
{
    double v[48] = {0}, num[COORDINATES] = {0}, a[48] = {0}, B[COORDINATES * 48] = {0};
    for (int e = 0; e < entries; e++) {
        a[e] = row->a[e];
        for (int j = 0; j < COORDINATES; j++) v[e] += x[j] * (B[j * 48 + e] = row->B[j * 48 + e]);
        for (int j = 0; j < COORDINATES; j++) num[j] += B[j * 48 + e] * a[e] / fmax(v[e], 1e-15);
    }
    open->N = kernel_block(t, num, COORDINATES);
    open->A = kernel_block(t, a, 48);
    open->B = kernel_block(t, B, COORDINATES * 48);
    open->V = kernel_block(t, v, 48);
    open->X = kernel_block(t, x, COORDINATES);
    open->line = (nmfi_scd){.a = open->A,
                            .B = open->B,
                            .v = open->V,
                            .count = entries,
                            .ldb = 48,
                            .k = COORDINATES,
                            .x = open->X,
                            .ldx = 1,
                            .num = told ? open->N : NULL,
                            .F_sums = row->sums,
                            .least = 1e-15,
                            .sweeps = sweeps,
                            .active = open->active};
}

static void close_row(const nmfi_kernels *t, open_row *open, double *x)
{
    for (int j = 0; j < COORDINATES; j++) x[j] = kernel_get(t, open->X, j);
    kernel_free(open->A);
    kernel_free(open->B);
    kernel_free(open->V);
    kernel_free(open->X);
    kernel_free(open->N);
}

/* Runs `sweeps` sweeps from x; x becomes the result. */
static void run_scd(const nmfi_kernels *t, const row_problem *row, double *x, int64_t sweeps,
                    int monotone, double l1, double l2, int told)
{
    open_row open;
    open_row_at(t, row, x, ENTRIES, sweeps, told, &open);
    open.line.l1 = l1;
    open.line.l2 = l2;
    open.line.concordance = monotone ? 1 : 0;
    t->scd(&open.line, 1);
    close_row(t, &open, x);
}

/* Lines of other lengths and with other numbers of sweeps beside it change no bit of a line. */
static void lines_in_turn_are_each_as_if_alone(void **state)
{
    (void)state;
    kernel_seed(29);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int n = 0; n < 60; n++) {
            open_row together[NMFI_LINES_TOGETHER];
            nmfi_scd lines[NMFI_LINES_TOGETHER];
            row_problem rows[NMFI_LINES_TOGETHER];
            double alone[NMFI_LINES_TOGETHER][COORDINATES], result[COORDINATES];
            const int some = 1 + n % NMFI_LINES_TOGETHER;
            for (int r = 0; r < some; r++) {
                const int64_t entries = kernel_integer(1, ENTRIES), sweeps = kernel_integer(0, 6);
                open_row single;
                rows[r] = make_row();
                memcpy(alone[r], rows[r].x, sizeof alone[r]);
                if (n % 5 == 0) alone[r][r] = 0;
                open_row_at(tables[i], &rows[r], alone[r], entries, sweeps, n % 3 == 0,
                            &together[r]);
                open_row_at(tables[i], &rows[r], alone[r], entries, sweeps, n % 3 == 0, &single);
                together[r].line.accuracy = single.line.accuracy = n % 2 ? 0.1 : 0;
                tables[i]->scd(&single.line, 1);
                close_row(tables[i], &single, alone[r]);
                lines[r] = together[r].line;
            }
            tables[i]->scd(lines, some);
            for (int r = 0; r < some; r++) {
                close_row(tables[i], &together[r], result);
                assert_memory_equal(result, alone[r], sizeof result);
            }
        }
}

static void strict_coordinate_steps_never_raise_the_loss(void **state)
{
    (void)state;
    kernel_seed(26);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int n = 0; n < 100; n++) {
            const row_problem row = make_row();
            const double l1 = n % 2 ? 0.5 : 0, l2 = n % 4 > 1 ? 0.3 : 0;
            double x[COORDINATES];
            memcpy(x, row.x, sizeof x);
            for (int sweep = 0; sweep < 6; sweep++) {
                const double before = row_loss(&row, x, l1, l2);
                run_scd(tables[i], &row, x, 1, 1, l1, l2, n % 3 == 0);
                const double after = row_loss(&row, x, l1, l2);
                const double slack = 1e3 * kernel_roundoff(tables[i]) * fabs(before);
                if (!(after <= before + slack))
                    fail_msg("%s: %.17g after %.17g", tables[i]->name, after, before);
            }
        }
}

/* What the gradient holds at 0 stays there, whatever others do in the same call; what it does not hold leaves. */
static void coordinates_that_the_gradient_holds_are_left_alone(void **state)
{
    (void)state;
    kernel_seed(28);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int n = 0; n < 40; n++) {
            const row_problem row = make_row();
            double x[COORDINATES], g[COORDINATES];
            for (int j = 0; j < COORDINATES; j++) x[j] = j % 2 ? row.x[j] : 0;
            for (int j = 0; j < COORDINATES; j++) {
                g[j] = row.sums[j];
                for (int e = 0; e < ENTRIES; e++) {
                    double v = 0;
                    for (int l = 0; l < COORDINATES; l++) v += x[l] * row.B[l * 48 + e];
                    g[j] -= row.B[j * 48 + e] * row.a[e] / fmax(v, 1e-15);
                }
            }
            double after[COORDINATES];
            memcpy(after, x, sizeof x);
            run_scd(tables[i], &row, after, 1, 0, 0, 0, 1);
            for (int j = 0; j < COORDINATES; j += 2)
                if (fabs(g[j]) > 1e-3 * row.sums[j])
                    assert_true(g[j] > 0 ? after[j] == 0 : after[j] >= 0);
            if (g[0] < -1e-3 * row.sums[0])
                assert_true(after[0] > 0); /* it is the first to be looked at */
        }
}

static void coordinates_come_to_rest_at_the_kkt_conditions(void **state)
{
    (void)state;
    kernel_seed(27);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int n = 0; n < 40; n++) {
            const row_problem row = make_row();
            const double l1 = n % 2 ? 0.5 : 0, l2 = n % 4 > 1 ? 0.3 : 0;
            double x[COORDINATES];
            memcpy(x, row.x, sizeof x);
            for (int call = 0; call < 100; call++)
                run_scd(tables[i], &row, x, 10, 0, l1, l2, n % 3 == 0);
            for (int j = 0; j < COORDINATES; j++) {
                double num = 0;
                for (int e = 0; e < ENTRIES; e++) {
                    double v = 0;
                    for (int l = 0; l < COORDINATES; l++) v += x[l] * row.B[l * 48 + e];
                    num += row.B[j * 48 + e] * row.a[e] / v;
                }
                const double g = row.sums[j] + l1 + l2 * x[j] - num;
                /* A thousandfold of rounding: each sweep's model is a sum of steps. */
                const double slack = 1e3 * kernel_roundoff(tables[i]) * (num + row.sums[j]);
                if (x[j] > 0 ? fabs(g) > slack : g < -slack)
                    fail_msg("%s: x[%d] = %g, gradient %g of %g", tables[i]->name, j, x[j], g, num);
            }
        }
}

static void stored_integers_are_scanned_like_a_row(void **state)
{
    (void)state;
    kernel_seed(24);
    const nmfi_kernels *tables[KERNEL_TABLES];
    const int count = kernel_tables(tables);
    for (int i = 0; i < count; i++)
        for (int64_t columns = 1; columns < 40; columns++) {
            nmfi_rows X = kernel_rows(NMF_I32, 1, columns, columns);
            nmfi_scan scan = {.lowest = DBL_MAX, .highest = -DBL_MAX};
            double sum = 0, squares = 0, low = DBL_MAX, high = -DBL_MAX;
            for (int64_t c = 0; c < columns; c++) {
                const double value = kernel_entry(&X, NMF_I32, 0, c); /* sums of these are exact */
                sum += value;
                squares += value * value;
                low = fmin(low, value);
                high = fmax(high, value);
            }
            tables[i]->scan[NMF_I32](&X, 0, 1.0, &scan);
            assert_true(scan.sum == sum && scan.sum_of_squares == squares);
            assert_true(scan.lowest == low && scan.highest == high);
            assert_true((scan.bad > 0) == (low < 0));
            kernel_free(X.data);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gathered_products_are_sums_over_the_entries_of_a_line),
        cmocka_unit_test(scattered_rows_add_up_where_entries_say),
        cmocka_unit_test(residuals_are_summed_in_f64),
        cmocka_unit_test(packing_turns_components_into_rows_and_back),
        cmocka_unit_test(lines_are_collected_and_spread),
        cmocka_unit_test(lines_in_turn_are_each_as_if_alone),
        cmocka_unit_test(strict_coordinate_steps_never_raise_the_loss),
        cmocka_unit_test(coordinates_that_the_gradient_holds_are_left_alone),
        cmocka_unit_test(coordinates_come_to_rest_at_the_kkt_conditions),
        cmocka_unit_test(stored_integers_are_scanned_like_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
