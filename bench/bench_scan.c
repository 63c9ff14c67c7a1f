/* How fast a fit's first reading of X is, which validates it and sums it up, for bench/run.py: an X
 * whose last entry is NaN is refused after just that reading.
 *
 *   bench_scan ROWS COLUMNS f32|f64 THREADS
 *
 * prints one line of JSON: the seconds of the quickest try, and the bytes that are read. */
#include <nmfkit/nmfkit.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TRIES = 7 };

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void fill(void *entries, int64_t count, nmf_dtype dtype)
{
    for (int64_t i = 0; i < count; i++) {
        const double x = i < count - 1 ? (double)(i % 251) : NAN;
        if (dtype == NMF_F32)
            ((float *)entries)[i] = (float)x;
        else
            ((double *)entries)[i] = x;
    }
}

static nmf_status measure(const nmf_matrix *X, int64_t threads, double *best, nmf_error *error)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = 1;
    options.threads = threads;
    options.init = NMF_INIT_RANDOM;
    options.sketch = 0;
    *best = 1e9;
    for (int i = 0; i < TRIES; i++) {
        nmf_model *model = NULL;
        const double begin = seconds_now();
        const nmf_status status = nmf_fit(X, &options, &model, error);
        const double seconds = seconds_now() - begin;
        nmf_model_free(model);
        if (status != NMF_ERROR_DATA)
            return nmf_fail(error, NMF_ERROR_NUMERICAL, "a fit took an entry that is NaN");
        *best = seconds < *best ? seconds : *best;
    }
    return NMF_OK;
}

static nmf_status run(int64_t rows, int64_t columns, nmf_dtype dtype, int64_t threads,
                      nmf_error *error)
{
    nmf_matrix *X = NULL;
    double seconds = 0;
    nmf_status status = nmf_matrix_new(dtype, rows, columns, &X, error);
    if (status != NMF_OK) return status;
    fill(nmf_matrix_writable(X), rows * columns, dtype);
    status = measure(X, threads, &seconds, error);
    if (status == NMF_OK)
        printf("{\"seconds\": %.9g, \"bytes\": %.17g}\n", seconds,
               (double)rows * (double)columns * (double)nmf_dtype_bytes(dtype));
    nmf_matrix_free(X);
    return status;
}

int main(int argc, char **argv)
{
    nmf_error error = {NMF_OK, ""};
    const int64_t rows = argc == 5 ? strtoll(argv[1], NULL, 10) : 0;
    const int64_t columns = argc == 5 ? strtoll(argv[2], NULL, 10) : 0;
    const int64_t threads = argc == 5 ? strtoll(argv[4], NULL, 10) : 0;
    nmf_status status = NMF_OK;
    if (rows < 1 || columns < 1 || threads < 1 ||
        (strcmp(argv[3], "f32") != 0 && strcmp(argv[3], "f64") != 0))
        status = nmf_fail(&error, NMF_ERROR_ARGUMENT,
                          "usage: bench_scan ROWS COLUMNS f32|f64 THREADS");
    else
        status = run(rows, columns, strcmp(argv[3], "f64") == 0 ? NMF_F64 : NMF_F32, threads, &error);
    if (status != NMF_OK) fprintf(stderr, "bench_scan: %s\n", error.message);
    return status == NMF_OK ? 0 : 1;
}
