/* See bench_pass.h. */
#include "bench_pass.h"

#include <stdlib.h>
#include <string.h>

/* ---- data ---- */

enum { PARTS = 64, MIXED = 4 };

/* SplitMix64: a number for every index, without a state (Steele, Lea & Flood 2014). */
static uint64_t scramble(uint64_t index)
{
    uint64_t z = (index + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static float uniform(uint64_t bits)
{
    return (float)(bits >> 40) * 0x1p-24f;
}

/* Four parts with weights up to 1/5 and entries up to 1, and noise up to 1/5: never above 1. */
static void fill_row(const float *parts, int64_t row, int64_t columns, float *entries)
{
    const uint64_t own = scramble((uint64_t)row);
    uint64_t noise = own | 1;
    memset(entries, 0, (size_t)columns * sizeof *entries);
    for (int i = 0; i < MIXED; i++) {
        const float *const part = parts + (int64_t)((own >> (6 * i)) % PARTS) * columns;
        const float weight = 0.2f * uniform(scramble(own + (uint64_t)i));
        for (int64_t j = 0; j < columns; j++) entries[j] += weight * part[j];
    }
    for (int64_t j = 0; j < columns; j++) {
        noise = noise * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth */
        entries[j] += 0.2f * uniform(noise);
    }
}

static void store_row(const float *entries, int64_t columns, nmf_dtype dtype, void *to)
{
    for (int64_t j = 0; j < columns; j++) {
        switch (dtype) {
        case NMF_U8: ((uint8_t *)to)[j] = (uint8_t)(255.0f * entries[j]); break;
        case NMF_U16: ((uint16_t *)to)[j] = (uint16_t)(255.0f * entries[j]); break;
        case NMF_F32: ((float *)to)[j] = entries[j]; break;
        case NMF_F64: ((double *)to)[j] = entries[j]; break;
        case NMF_I32: ((int32_t *)to)[j] = (int32_t)entries[j]; break;
        }
    }
}

static float *make_parts(int64_t columns)
{
    float *const parts = calloc((size_t)columns, PARTS * sizeof *parts);
    for (int64_t i = 0; parts != NULL && i < PARTS * columns; i++) {
        const float u = uniform(scramble((uint64_t)i ^ (UINT64_C(1) << 62)));
        parts[i] = u * u * u; /* mostly small, as parts are */
    }
    return parts;
}

nmf_status cli_bench_data(nmf_dtype dtype, int64_t rows, int64_t columns, nmf_matrix **matrix,
                          nmf_error *error)
{
    float *const parts = make_parts(columns);
    float *const entries = calloc((size_t)columns, sizeof *entries);
    const size_t row_bytes = (size_t)columns * nmf_dtype_bytes(dtype);
    nmf_status status = NMF_OK;
    *matrix = NULL;
    if (parts == NULL || entries == NULL)
        status = nmf_fail(error, NMF_ERROR_MEMORY, "no memory for rows of %lld numbers",
                          (long long)columns);
    if (status == NMF_OK) status = nmf_matrix_new(dtype, rows, columns, matrix, error);
    for (int64_t i = 0; status == NMF_OK && i < rows; i++) {
        char *const to = nmf_matrix_writable(*matrix);
        fill_row(parts, i, columns, entries);
        store_row(entries, columns, dtype, to + (size_t)i * row_bytes);
    }
    free(entries);
    free(parts);
    return status;
}

/* ---- time ---- */

enum { LEAST = 5, ROOM = 200, WARM = 2, LONGEST = 50, FITS = 20 };

typedef struct stopwatch {
    double samples[ROOM], total, wanted;
    int64_t count;
    int64_t seen; /* iterations of this fit */
    nmf_trace_point last;
} stopwatch;

static int enough(const stopwatch *watch)
{
    return watch->count == ROOM || (watch->count >= LEAST && watch->total >= watch->wanted);
}

/* Trap: while a pass lasts, the point of the iteration before it comes again, and its time is no pass's. */
static int note_point(const nmf_trace_point *point, void *context)
{
    stopwatch *const watch = context;
    if (point->iteration == watch->last.iteration) return 0;
    const int64_t passes = point->passes - watch->last.passes;
    if (watch->seen++ >= WARM && passes > 0 && watch->count < ROOM) {
        const double seconds = point->seconds - watch->last.seconds;
        watch->samples[watch->count++] = seconds / (double)passes;
        watch->total += seconds;
    }
    watch->last = *point;
    return enough(watch);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

nmf_status cli_time_pass(const nmf_matrix *X, nmf_loss loss, int64_t k, int64_t threads,
                         double seconds, cli_pass_time *time, nmf_error *error)
{
    stopwatch watch = {{0}, 0.0, seconds, 0, 0, {0}};
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = k;
    options.loss = loss;
    options.init = NMF_INIT_RANDOM;
    options.tol = 0.0;
    options.max_iter = LONGEST;
    options.threads = threads;
    options.sketch = 0; /* iterations in a sketch make no passes */
    options.progress = note_point;
    options.progress_context = &watch;
    nmf_status status = NMF_OK;
    for (; status == NMF_OK && !enough(&watch) && options.seed < FITS; options.seed++) {
        nmf_model *model = NULL;
        watch.seen = 0;
        watch.last = (nmf_trace_point){0};
        status = nmf_fit(X, &options, &model, error);
        nmf_model_free(model);
    }
    if (status == NMF_OK && watch.count == 0)
        status =
            nmf_fail(error, NMF_ERROR_NUMERICAL,
                     "no fit of k = %lld went on for more than %d iterations", (long long)k, WARM);
    if (status != NMF_OK) return status;
    qsort(watch.samples, (size_t)watch.count, sizeof *watch.samples, ascending);
    time->median = watch.samples[watch.count / 2];
    time->lowest = watch.samples[0];
    time->highest = watch.samples[watch.count - 1];
    time->passes = watch.count;
    return NMF_OK;
}
