/* How near the products with a sparse X come to what gathering allows, for bench/run.py. Both
 * products of an iteration, X H' by rows and X'W by columns, name one packed row of k floats for
 * each stored entry: the limit is the time to read these rows in that order and add them up,
 * nothing else. Against it, an iteration of a fit with one inner sweep: its updates are inside its
 * time. One thread on both sides.
 *
 *   bench_gather DATA.npz K...
 *
 * prints one line of JSON for each K. */
#include <nmfkit/io.h>
#include <nmfkit/nmfkit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TRIES = 5, MOST_K = 512 };

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define WIDEST __attribute__((target_clones("arch=x86-64-v4", "avx2", "default"), optimize("O3")))
#else
#define WIDEST
#endif

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Rows of 16 floats at a time, so that sums stay in registers. */
WIDEST static float read_rows(const int32_t *indices, int64_t count, const float *rows, int64_t k)
{
    float sums[16] = {0}, total = 0;
    for (int64_t e = 0; e < count; e++) {
        const float *row = rows + (int64_t)indices[e] * k;
        for (int64_t j = 0; j + 16 <= k; j += 16)
            for (int l = 0; l < 16; l++) sums[l] += row[j + l];
    }
    for (int l = 0; l < 16; l++) total += sums[l];
    return total;
}

static double limit_of(const int32_t *indices, int64_t count, const float *rows, int64_t k)
{
    double best = 1e9;
    static volatile float kept; /* so that nothing is left out */
    for (int i = 0; i < TRIES; i++) {
        const double begin = seconds_now();
        kept = read_rows(indices, count, rows, k);
        const double seconds = seconds_now() - begin;
        best = seconds < best ? seconds : best;
    }
    (void)kept;
    return best;
}

/* The row numbers of X's entries, column by column. */
static void turn(const nmf_sparse *X, int64_t *begins, int32_t *turned)
{
    const int32_t *indices = X->indices;
    const int64_t count = X->pointers[X->rows];
    for (int64_t e = 0; e < count; e++) begins[indices[e] + 1]++;
    for (int64_t c = 0; c < X->columns; c++) begins[c + 1] += begins[c];
    for (int64_t i = 0; i < X->rows; i++)
        for (int64_t e = X->pointers[i]; e < X->pointers[i + 1]; e++)
            turned[begins[indices[e]]++] = (int32_t)i;
}

static nmf_status limit_seconds(const nmf_sparse *X, int64_t k, double *seconds, nmf_error *error)
{
    const int64_t count = X->pointers[X->rows];
    const int64_t longer = X->rows > X->columns ? X->rows : X->columns;
    float *const rows = calloc((size_t)(longer * k), sizeof *rows);
    int32_t *const turned = calloc((size_t)count, sizeof *turned);
    int64_t *const begins = calloc((size_t)X->columns + 1, sizeof *begins);
    nmf_status status = NMF_OK;
    if (rows && turned && begins) {
        for (int64_t i = 0; i < longer * k; i++) rows[i] = (float)(i % 7);
        turn(X, begins, turned);
        *seconds = limit_of(X->indices, count, rows, k) + limit_of(turned, count, rows, k);
    } else {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld entries", (long long)count);
    }
    free(rows);
    free(turned);
    free(begins);
    return status;
}

/* The quickest of a few iterations. */
static nmf_status iteration_seconds(const nmf_matrix *X, int64_t k, double *seconds,
                                    nmf_error *error)
{
    nmf_options options = NMF_OPTIONS_INIT;
    nmf_model *model = NULL;
    options.k = k;
    options.threads = options.inner_sweeps = 1;
    options.init = NMF_INIT_RANDOM;
    options.solver = NMF_SOLVER_HALS;
    options.sketch = 0;
    options.tol = 0;
    options.max_iter = TRIES + 1;
    const nmf_status status = nmf_fit(X, &options, &model, error);
    if (status != NMF_OK) return status;
    const nmf_model_content *const content = nmf_model_view(model);
    *seconds = 1e9;
    for (int64_t t = 1; t < content->trace_count; t++) {
        const double each = content->trace[t].seconds - content->trace[t - 1].seconds;
        *seconds = each < *seconds ? each : *seconds;
    }
    nmf_model_free(model);
    return NMF_OK;
}

static nmf_status measure(const nmf_matrix *X, const char *word, nmf_error *error)
{
    const nmf_sparse sparse = nmf_matrix_sparse(X);
    const long k = strtol(word, NULL, 10);
    double limit = 0, iteration = 0;
    if (k < 16 || k > MOST_K || k % 16 != 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "K = %s: must be a multiple of 16 up to %d",
                        word, (int)MOST_K);
    if (!nmf_matrix_is_sparse(X) || sparse.by_columns || sparse.index_bytes != 4)
        return nmf_fail(error, NMF_ERROR_DATA, "the data must be compressed rows, 32-bit indices");
    nmf_status status = limit_seconds(&sparse, k, &limit, error);
    if (status == NMF_OK) status = iteration_seconds(X, k, &iteration, error);
    if (status == NMF_OK)
        printf("{\"k\": %ld, \"limit\": %.9g, \"iteration\": %.9g}\n", k, limit, iteration);
    return status;
}

int main(int argc, char **argv)
{
    nmf_error error = {NMF_OK, ""};
    nmf_matrix *X = NULL;
    nmf_status status =
        argc < 3 ? nmf_fail(&error, NMF_ERROR_ARGUMENT, "usage: bench_gather DATA.npz K...")
                 : nmf_io_read(argv[1], NULL, &X, &error);
    for (int i = 2; i < argc && status == NMF_OK; i++) status = measure(X, argv[i], &error);
    if (status != NMF_OK) fprintf(stderr, "bench_gather: %s\n", error.message);
    nmf_matrix_free(X);
    return status == NMF_OK ? 0 : 1;
}
