/* See bench_pass.h. */
#include "bench_pass.h"
#include "bench_limits.h"

#include <math.h>
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

enum { LEAST = 5, ROOM = 400, WARM = 2, LONGEST = 50, FITS = 40 };
static const double patience = 10.0;    /* seconds for passes of a whole machine */
static const double now_and_then = 0.2; /* seconds from one look at the machine to the next */

/* Passes between two looks at what the machine gives. */
typedef struct sample {
    double seconds;       /* of one pass */
    double before, after; /* multiply-adds a second there; after: 0 until looked at */
} sample;

typedef struct stopwatch {
    sample samples[ROOM];
    int64_t count, looked; /* samples, and those that have their `after` */
    double wanted;         /* seconds of passes */
    double most;           /* multiply-adds a second, of what was seen so far */
    double now;            /* when last looked at */
    double since, began;   /* seconds of that look, and of the first */
    double paused;         /* what the last look took, which is in no pass */
    int64_t threads, seen; /* seen: iterations of this fit */
    int quick;
    nmf_trace_point last;
} stopwatch;

static void look(stopwatch *watch)
{
    const double begin = cli_bench_seconds();
    watch->now = watch->quick ? 0.0 : cli_measure_now(watch->threads, 0);
    if (watch->now > watch->most) watch->most = watch->now;
    for (; watch->looked < watch->count; watch->looked++)
        watch->samples[watch->looked].after = watch->now;
    watch->since = cli_bench_seconds();
    watch->paused = watch->since - begin;
}

/* A quick look at tiny data is no measurement, and takes every pass. */
static int is_undisturbed(const stopwatch *watch, const sample *one)
{
    const double least = watch->quick ? 0.0 : CLI_WHOLE * watch->most;
    return one->before >= least && one->after >= least;
}

/* Those that count, moved to the front. */
static int64_t undisturbed(stopwatch *watch)
{
    int64_t count = 0;
    for (int64_t i = 0; i < watch->looked; i++) {
        const sample one = watch->samples[i];
        if (!is_undisturbed(watch, &one)) continue;
        watch->samples[i] = watch->samples[count];
        watch->samples[count++] = one;
    }
    return count;
}

static int enough(stopwatch *watch)
{
    double total = 0.0;
    if (watch->looked < watch->count) return 0;
    const int64_t count = undisturbed(watch);
    for (int64_t i = 0; i < count; i++) total += watch->samples[i].seconds;
    return watch->count == ROOM || (count >= LEAST && total >= watch->wanted) ||
           (watch->count >= LEAST && watch->since - watch->began > patience);
}

/* Trap: while a pass lasts, the point of the iteration before it comes again, and its time is no pass's. */
static int note_point(const nmf_trace_point *point, void *context)
{
    stopwatch *const watch = context;
    if (point->iteration == watch->last.iteration) return 0;
    const int64_t passes = point->passes - watch->last.passes;
    const double seconds = point->seconds - watch->last.seconds - watch->paused;
    watch->last = *point;
    watch->paused = 0.0;
    if (watch->seen++ < WARM) {
        if (watch->seen == WARM) look(watch);
        return 0;
    }
    if (passes > 0 && watch->count < ROOM)
        watch->samples[watch->count++] = (sample){seconds / (double)passes, watch->now, 0.0};
    const int full = watch->count == ROOM;
    if (full || cli_bench_seconds() - watch->since >= fmin(now_and_then, watch->wanted))
        look(watch);
    return enough(watch);
}

static int ascending(const void *a, const void *b)
{
    const double x = ((const sample *)a)->seconds, y = ((const sample *)b)->seconds;
    return (x > y) - (x < y);
}

static void fill(stopwatch *watch, cli_pass_time *time)
{
    const int64_t count = undisturbed(watch);
    const int64_t counted = count < LEAST ? watch->count : count;
    qsort(watch->samples, (size_t)counted, sizeof *watch->samples, ascending);
    time->median = watch->samples[counted / 2].seconds;
    time->lowest = watch->samples[0].seconds;
    time->highest = watch->samples[counted - 1].seconds;
    time->passes = counted;
    time->disturbed = count < LEAST ? -1 : watch->count - count;
}

nmf_status cli_time_pass(const nmf_matrix *X, nmf_loss loss, int64_t k, int64_t threads, int quick,
                         double *most, cli_pass_time *time, nmf_error *error)
{
    stopwatch watch = {.wanted = quick ? 0.002 : 0.25,
                       .most = *most,
                       .began = cli_bench_seconds(),
                       .threads = threads,
                       .quick = quick};
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
        watch.paused = 0.0;
        status = nmf_fit(X, &options, &model, error);
        nmf_model_free(model);
        look(&watch);
    }
    if (status == NMF_OK && watch.count == 0)
        status =
            nmf_fail(error, NMF_ERROR_NUMERICAL,
                     "no fit of k = %lld went on for more than %d iterations", (long long)k, WARM);
    if (status != NMF_OK) return status;
    fill(&watch, time);
    *most = watch.most;
    return NMF_OK;
}
