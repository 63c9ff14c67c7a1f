/* Matrices, fits and comparisons of support.h. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double next_uniform(uint64_t *state)
{
    /* SplitMix64: Steele, Lea & Flood 2014. */
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static void *allocate(size_t count, size_t bytes)
{
    void *block = calloc(count ? count : 1, bytes);
    assert_non_null(block);
    return block;
}

static double store_one(nmf_dtype dtype, void *data, int64_t at, double value)
{
    switch (dtype) {
    case NMF_U8: return ((uint8_t *)data)[at] = (uint8_t)fmin(fmax(value, 0), 255);
    case NMF_U16: return ((uint16_t *)data)[at] = (uint16_t)fmin(fmax(value, 0), 65535);
    case NMF_F32: return (double)(((float *)data)[at] = (float)value);
    case NMF_F64: return ((double *)data)[at] = value;
    case NMF_I32: return ((int32_t *)data)[at] = (int32_t)fmin(fmax(value, INT32_MIN), INT32_MAX);
    }
    return 0;
}

static nmf_matrix *sparse_from(const double *values, int64_t m, int64_t n, nmf_dtype dtype,
                               int by_columns)
{
    const size_t bytes = nmf_dtype_bytes(dtype), most = (size_t)(m * n) + 1;
    const int64_t lines = by_columns ? n : m, across = by_columns ? m : n;
    /* One block for adoption: pointers, indices, values. */
    char *block = allocate((size_t)(lines + 1) * 8 + most * 8 + most * bytes, 1);
    int64_t *pointers = (int64_t *)(void *)block, *wide = pointers + lines + 1, count = 0;
    int32_t *narrow = (int32_t *)(void *)wide;
    char *stored = (char *)(wide + most);
    for (int64_t line = 0; line < lines; line++) {
        for (int64_t index = 0; index < across; index++) {
            const double value = by_columns ? values[index * n + line] : values[line * n + index];
            if (value == 0) continue;
            if (by_columns)
                wide[count] = index;
            else
                narrow[count] = (int32_t)index;
            store_one(dtype, stored, count++, value);
        }
        pointers[line + 1] = count;
    }
    const nmf_sparse sparse = {stored, dtype, m, n, pointers, wide, by_columns ? 8 : 4, by_columns};
    nmf_matrix *matrix = NULL;
    assert_int_equal(nmf_matrix_adopt_sparse(&sparse, free, block, &matrix, NULL), NMF_OK);
    return matrix;
}

nmf_matrix *matrix_from(const double *values, int64_t m, int64_t n, nmf_dtype dtype, layout how)
{
    if (how >= DENSE_LAYOUTS) return sparse_from(values, m, n, dtype, how == SPARSE_COLUMNS);
    const int64_t strides[DENSE_LAYOUTS][2] = {{n, 1}, {1, m}, {2 * n + 3, 2}, {-n, -1}};
    nmf_dense dense = {.dtype = dtype,
                       .rows = m,
                       .columns = n,
                       .row_stride = strides[how][0],
                       .column_stride = strides[how][1]};
    const size_t bytes = nmf_dtype_bytes(dtype);
    char *block = allocate((size_t)((m + 1) * (2 * n + 3)), bytes);
    const int64_t first = how == BACKWARDS ? m * n - 1 : 0;
    char *origin = block + first * (int64_t)bytes;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            store_one(dtype, origin, i * dense.row_stride + j * dense.column_stride,
                      values[i * n + j]);
    dense.data = origin;
    nmf_matrix *matrix = NULL;
    assert_int_equal(nmf_matrix_adopt(&dense, free, block, &matrix, NULL), NMF_OK);
    return matrix;
}

nmf_matrix *matrix_of(const problem *what, nmf_dtype dtype, layout how)
{
    double *values = allocate((size_t)(what->m * what->n), sizeof *values);
    what->fill(values, what->m, what->n);
    nmf_matrix *matrix = matrix_from(values, what->m, what->n, dtype, how);
    free(values);
    return matrix;
}

nmf_matrix *matrix_like(const nmf_matrix *other, double factor, nmf_dtype dtype, layout how)
{
    const int64_t m = nmf_matrix_rows(other), n = nmf_matrix_columns(other);
    double *values = allocate((size_t)(m * n), sizeof *values);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) values[i * n + j] = factor * nmf_matrix_at(other, i, j);
    nmf_matrix *matrix = matrix_from(values, m, n, dtype, how);
    free(values);
    return matrix;
}

/* --- tempers
 * --------------------------------------------------------------------------------------- */

void fill_random(double *x, int64_t m, int64_t n)
{
    uint64_t state = 1;
    for (int64_t i = 0; i < m * n; i++) x[i] = 200 * next_uniform(&state);
}

static void fill_rank(double *x, int64_t m, int64_t n, int64_t rank, double noise)
{
    uint64_t state = 2;
    double *w = allocate((size_t)(m * rank), sizeof *w),
           *h = allocate((size_t)(rank * n), sizeof *h);
    for (int64_t i = 0; i < m * rank; i++) w[i] = fmax(0, 2 * next_uniform(&state) - 1);
    for (int64_t i = 0; i < rank * n; i++) h[i] = fmax(0, 60 * next_uniform(&state) - 20);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = noise * next_uniform(&state);
            for (int64_t l = 0; l < rank; l++) sum += w[i * rank + l] * h[l * n + j];
            x[i * n + j] = sum;
        }
    free(w);
    free(h);
}

void fill_parts(double *x, int64_t m, int64_t n)
{
    fill_rank(x, m, n, 5, 4);
}

void fill_exact_rank(double *x, int64_t m, int64_t n)
{
    fill_rank(x, m, n, 3, 0);
    x[0] += m * n == 1; /* a single entry must not be zero by chance */
}

void fill_duplicates(double *x, int64_t m, int64_t n)
{
    fill_parts(x, m, n);
    for (int64_t i = 0; i < m; i++) memcpy(x + i * n, x + i / 3 * 3 * n, (size_t)n * sizeof *x);
}

void fill_holes(double *x, int64_t m, int64_t n)
{
    fill_parts(x, m, n);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            if (i % 5 == 4 || j % 7 == 6) x[i * n + j] = 0;
}

void fill_sparse(double *x, int64_t m, int64_t n)
{
    uint64_t state = 3;
    for (int64_t i = 0; i < m * n; i++)
        x[i] = next_uniform(&state) < 0.01 || i == 0 ? 1 + 100 * next_uniform(&state) : 0;
}

void fill_spike(double *x, int64_t m, int64_t n)
{
    fill_parts(x, m, n);
    x[m * n / 2] = 1e6;
}

static void scale(double *x, int64_t count, double by)
{
    for (int64_t i = 0; i < count; i++) x[i] *= by;
}

void fill_tiny(double *x, int64_t m, int64_t n)
{
    fill_parts(x, m, n);
    scale(x, m * n, 1e-30);
}

void fill_huge(double *x, int64_t m, int64_t n)
{
    fill_parts(x, m, n);
    scale(x, m * n, 1e30);
}

/* --- fits
 * ------------------------------------------------------------------------------------------ */

nmf_model *fit(const nmf_matrix *X, const nmf_options *options)
{
    nmf_model *model = NULL;
    nmf_error error = {0};
    if (nmf_fit(X, options, &model, &error) != NMF_OK) fail_msg("nmf_fit: %s", error.message);
    return model;
}

nmf_model *fit_further(const nmf_matrix *X, const nmf_model_content *from, int64_t iterations)
{
    nmf_options options = from->options;
    options.init = NMF_INIT_CUSTOM;
    options.start_W = from->W;
    options.start_H = from->H;
    options.max_iter = iterations;
    return fit(X, &options);
}

nmf_model *pca(const nmf_matrix *X, const nmf_options *options)
{
    nmf_model *model = NULL;
    nmf_error error = {0};
    if (nmf_pca(X, options, &model, &error) != NMF_OK) fail_msg("nmf_pca: %s", error.message);
    return model;
}

nmf_matrix *transform(const nmf_model *model, const nmf_matrix *X, const nmf_options *options)
{
    nmf_matrix *W = NULL;
    nmf_error error = {0};
    if (nmf_transform(model, X, options, &W, &error) != NMF_OK)
        fail_msg("nmf_transform: %s", error.message);
    return W;
}

double distance(const nmf_matrix *X, const nmf_matrix *W, const nmf_matrix *H)
{
    const int64_t m = nmf_matrix_rows(X), n = nmf_matrix_columns(X), k = nmf_matrix_columns(W);
    double *x = entries_of(X), *w = entries_of(W), *h = entries_of(H), sum = 0;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double difference = x[i * n + j];
            for (int64_t l = 0; l < k; l++) difference -= w[i * k + l] * h[l * n + j];
            sum += difference * difference;
        }
    free(x);
    free(w);
    free(h);
    return sqrt(sum);
}

double norm(const nmf_matrix *X)
{
    double *x = entries_of(X), sum = 0;
    for (int64_t i = 0; i < nmf_matrix_rows(X) * nmf_matrix_columns(X); i++) sum += x[i] * x[i];
    free(x);
    return sqrt(sum);
}

double rounding_of(const nmf_model *model)
{
    return nmf_model_view(model)->precision == NMF_PRECISION_F32 ? (double)FLT_EPSILON / 2
                                                                 : DBL_EPSILON / 2;
}

/* --- the residual
 * ---------------------------------------------------------------------------------- */

double *entries_of(const nmf_matrix *A)
{
    const int64_t m = nmf_matrix_rows(A), n = nmf_matrix_columns(A);
    double *entries = allocate((size_t)(m * n), sizeof *entries);
    for (int64_t i = 0; i < m * n; i++) entries[i] = nmf_matrix_at(A, i / n, i % n);
    return entries;
}

/* Sums of squares over one component of W (or, its strides exchanged, of H): of its projected
 * gradient, of the products X H' that this is a difference of, and of its entries. R = WH - X. */
typedef struct side {
    const double *own, *other;
    int64_t count, own_step, across, other_step, row_step, column_step;
} side;

static void component_sums(const double *X, const double *R, const side *s, double sums[3])
{
    memset(sums, 0, 3 * sizeof *sums);
    for (int64_t i = 0; i < s->count; i++) {
        double gradient = 0, product = 0;
        for (int64_t a = 0; a < s->across; a++) {
            const int64_t at = i * s->row_step + a * s->column_step;
            gradient += R[at] * s->other[a * s->other_step];
            product += X[at] * s->other[a * s->other_step];
        }
        const double value = s->own[i * s->own_step];
        if (!(value > 0)) gradient = fmin(gradient, 0);
        sums[0] += gradient * gradient;
        sums[1] += product * product;
        sums[2] += value * value;
    }
}

double kkt_residual(const nmf_matrix *X, const nmf_matrix *W, const nmf_matrix *H)
{
    const int64_t m = nmf_matrix_rows(X), n = nmf_matrix_columns(X), k = nmf_matrix_columns(W);
    double *x = entries_of(X), *w = entries_of(W), *h = entries_of(H), residual = 0, reference = 0;
    double *r = allocate((size_t)(m * n), sizeof *r);
    for (int64_t i = 0; i < m * n; i++) {
        for (int64_t l = 0; l < k; l++) r[i] += w[i / n * k + l] * h[l * n + i % n];
        r[i] -= x[i];
    }
    for (int64_t j = 0; j < k; j++) {
        const side of_W = {w + j, h + j * n, m, k, n, 1, n, 1};
        const side of_H = {h + j * n, w + j, n, 1, m, k, 1, n};
        double W_sums[3], H_sums[3];
        component_sums(x, r, &of_W, W_sums);
        component_sums(x, r, &of_H, H_sums);
        const double c2 = W_sums[2] > 0 && H_sums[2] > 0 ? sqrt(H_sums[2] / W_sums[2]) : 1.0;
        residual += W_sums[0] / c2 + H_sums[0] * c2;
        reference += W_sums[1] / c2 + H_sums[1] * c2;
    }
    free(x);
    free(w);
    free(h);
    free(r);
    return reference > 0 ? sqrt(residual / reference) : 0.0;
}

/* A gradient is the difference of two products of positive numbers, each a sum no deeper than m + n
 * + 2k. Roundings are independent, so such a sum is off by more than 4 sqrt(depth) u of itself
 * about once in a thousand entries (Higham & Mary 2019), and the residual, a mean over all, less
 * often than that. */
double kkt_rounding(const nmf_model *model)
{
    const nmf_model_content *c = nmf_model_view(model);
    return 2 * 4 * sqrt((double)(c->samples + c->features + 2 * c->k)) * rounding_of(model);
}

/* --- comparisons
 * ----------------------------------------------------------------------------------- */

void expect_same_entries(const nmf_matrix *a, const nmf_matrix *b)
{
    const nmf_dense x = nmf_matrix_dense(a), y = nmf_matrix_dense(b);
    assert_int_equal(x.dtype, y.dtype);
    assert_int_equal(x.rows, y.rows);
    assert_int_equal(x.columns, y.columns);
    const size_t bytes = nmf_dtype_bytes(x.dtype);
    for (int64_t i = 0; i < x.rows; i++)
        for (int64_t j = 0; j < x.columns; j++) {
            const char *p =
                (const char *)x.data + (i * x.row_stride + j * x.column_stride) * (int64_t)bytes;
            const char *q =
                (const char *)y.data + (i * y.row_stride + j * y.column_stride) * (int64_t)bytes;
            if (memcmp(p, q, bytes) != 0)
                fail_msg("entry (%lld, %lld): %.17g and %.17g", (long long)i, (long long)j,
                         nmf_matrix_at(a, i, j), nmf_matrix_at(b, i, j));
        }
}

static void expect_same_numbers(const double *a, const double *b, int64_t count)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a) assert_memory_equal(a, b, (size_t)count * sizeof *a);
}

void expect_same_model(const nmf_model *first, const nmf_model *second)
{
    const nmf_model_content *a = nmf_model_view(first), *b = nmf_model_view(second);
    expect_same_entries(a->W, b->W);
    expect_same_entries(a->H, b->H);
    const double a_numbers[] = {a->loss, a->error, a->relative_error, a->kkt};
    const double b_numbers[] = {b->loss, b->error, b->relative_error, b->kkt};
    assert_memory_equal(a_numbers, b_numbers, sizeof a_numbers);
    assert_int_equal(a->iterations, b->iterations);
    assert_int_equal(a->passes, b->passes);
    assert_int_equal(a->stopped, b->stopped);
    assert_int_equal(a->trace_count, b->trace_count);
    for (int64_t t = 0; t < a->trace_count; t++) {
        assert_memory_equal(&a->trace[t].loss, &b->trace[t].loss, sizeof(double));
        assert_memory_equal(&a->trace[t].kkt, &b->trace[t].kkt, sizeof(double));
    }
    assert_int_equal(a->start_count, b->start_count);
    assert_int_equal(a->winning_start, b->winning_start);
    expect_same_numbers(a->start_losses, b->start_losses, a->start_count);
    expect_same_numbers(a->mean, b->mean, a->features);
    expect_same_numbers(a->singular_values, b->singular_values, a->k);
    expect_same_numbers(a->explained_variance, b->explained_variance, a->k);
    expect_same_numbers(a->explained_variance_ratio, b->explained_variance_ratio, a->k);
}

void expect_factors(const nmf_model *model, const char *name)
{
    const nmf_model_content *c = nmf_model_view(model);
    const nmf_matrix *factors[] = {c->W, c->H};
    for (int w = 0; w < 2; w++)
        for (int64_t i = 0; i < nmf_matrix_rows(factors[w]); i++)
            for (int64_t j = 0; j < nmf_matrix_columns(factors[w]); j++) {
                const double value = nmf_matrix_at(factors[w], i, j);
                if (!(value >= 0 && isfinite(value)))
                    fail_msg("%s: %s[%lld,%lld] = %g", name, w ? "H" : "W", (long long)i,
                             (long long)j, value);
            }
}

double loss_of_entry(double x, double v, double beta)
{
    if (beta == 2) return 0.5 * (x - v) * (x - v);
    if (beta == 1) return x > 0 ? x * log(x / v) - x + v : v;
    if (beta == 0) return x / v - log(x / v) - 1;
    if (x == 0) return v > 0 ? pow(v, beta) / beta : 0;
    return (pow(x, beta) + (beta - 1) * pow(v, beta) - beta * x * pow(v, beta - 1)) /
           (beta * (beta - 1));
}

const struct division divisions[DIVISIONS] = {
    {1, 0}, {2, 100}, {3, 0}, {8, 1}, {2, INT64_C(1) << 31}};

void expect_same_bits(learner *learn, const nmf_matrix *X, nmf_options options)
{
    nmf_model *first = NULL;
    for (int64_t d = 0; d < DIVISIONS; d++) {
        options.threads = divisions[d].threads;
        options.block_rows = divisions[d].block_rows;
        nmf_model *model = learn(X, &options);
        if (first) expect_same_model(first, model);
        if (first)
            nmf_model_free(model);
        else
            first = model;
    }
    nmf_model_free(first);
}
