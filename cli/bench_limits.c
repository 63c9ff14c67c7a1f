/* See bench_limits.h. Multiply-adds on registers for the arithmetic, the sum of an array far
 * larger than the caches for the memory; the best of several tries, since everything that disturbs
 * only slows down. Both loops exist for each vector width that the library's kernels have. */
#include "bench_limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* s * a + b is to become one instruction, which plain C11 does not allow by itself. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT ON
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=fast")
#endif

typedef struct bench_loops {
    int64_t lanes;
    double (*fma)(int64_t rounds, double start);
    double (*read)(const void *from, int64_t bytes);
} bench_loops;

#if defined(__x86_64__)
#define LOOP_REGISTER(value) "x"(value)
#else
#define LOOP_REGISTER(value) "w"(value)
#endif

#define LOOP_NAME(loop) loop##_16_f32
#define LOOP_REAL float
#define LOOP_BYTES 16
#define LOOP_TARGET
#include "bench_loops.inc"
#define LOOP_NAME(loop) loop##_16_f64
#define LOOP_REAL double
#define LOOP_BYTES 16
#define LOOP_TARGET
#include "bench_loops.inc"
#if defined(__x86_64__)
#define LOOP_NAME(loop) loop##_32_f32
#define LOOP_REAL float
#define LOOP_BYTES 32
#define LOOP_TARGET __attribute__((target("avx2,fma")))
#include "bench_loops.inc"
#define LOOP_NAME(loop) loop##_32_f64
#define LOOP_REAL double
#define LOOP_BYTES 32
#define LOOP_TARGET __attribute__((target("avx2,fma")))
#include "bench_loops.inc"
#define LOOP_NAME(loop) loop##_64_f32
#define LOOP_REAL float
#define LOOP_BYTES 64
#define LOOP_TARGET __attribute__((target("avx512f,fma")))
#include "bench_loops.inc"
#define LOOP_NAME(loop) loop##_64_f64
#define LOOP_REAL double
#define LOOP_BYTES 64
#define LOOP_TARGET __attribute__((target("avx512f,fma")))
#include "bench_loops.inc"
#endif

enum { CHAINS = 12, TRIES = 5, LINES = 512 };

/* The loops for float and for double. */
typedef struct width {
    const bench_loops *f32, *f64;
} width;

/* Of the vectors that the kernels in use have: what NMFKIT_KERNELS keeps from wider ones is judged by its own limit. */
static width loops_of_kernels(void)
{
    const width with_16 = {&loops_16_f32, &loops_16_f64};
#if defined(__x86_64__)
    const width with_32 = {&loops_32_f32, &loops_32_f64}, with_64 = {&loops_64_f32, &loops_64_f64};
    const int64_t bytes = nmf_kernel().vector_bytes;
    if (bytes == 64) return with_64;
    if (bytes == 32) return with_32;
#endif
    return with_16;
}

double cli_bench_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int64_t cli_bench_memory(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    return pages > 0 && page > 0 ? (int64_t)pages * page : 0;
}

/* ---- one share of the work, on as many threads as asked for ---- */

typedef struct share {
    const bench_loops *loops;
    int64_t rounds; /* of multiply-adds; 0: read */
    const char *from;
    int64_t bytes;
    double result;
    double seconds; /* its own: a thread that is late to start takes no longer for that */
} share;

static void *run_share(void *context)
{
    share *const own = context;
    const double begin = cli_bench_seconds();
    own->result = own->rounds > 0 ? own->loops->fma(own->rounds, 1.0)
                                  : own->loops->read(own->from, own->bytes);
    own->seconds = cli_bench_seconds() - begin;
    return NULL;
}

/* Seconds until all shares are done; a thread that cannot be had has its share done here. */
static double run_shares(share *shares, pthread_t *threads, int64_t count)
{
    int64_t started = 0;
    const double begin = cli_bench_seconds();
    while (started < count - 1 &&
           pthread_create(&threads[started], NULL, run_share, &shares[started]) == 0)
        started++;
    for (int64_t i = started; i < count; i++) run_share(&shares[i]);
    for (int64_t i = 0; i < started; i++) pthread_join(threads[i], NULL);
    return cli_bench_seconds() - begin;
}

static double best_of(share *shares, pthread_t *threads, int64_t count)
{
    double best = run_shares(shares, threads, count); /* also touches and wakes what sleeps */
    for (int i = 1; i < TRIES; i++) {
        const double seconds = run_shares(shares, threads, count);
        if (seconds < best) best = seconds;
    }
    return best;
}

/* ---- the measurements ---- */

typedef struct bench_room {
    share *shares;
    pthread_t *threads;
    nmf_matrix *array; /* of bytes: in the same kind of pages as a matrix that is factorized */
} bench_room;

/* Operations a second; the tries last `seconds` each. */
static double fma_rate(const bench_room *room, int64_t count, const bench_loops *loops,
                       double seconds)
{
    int64_t rounds = 1 << 16;
    for (;;) {
        const share part = {loops, rounds, NULL, 0, 0.0, 0.0};
        for (int64_t i = 0; i < count; i++) room->shares[i] = part;
        if (run_shares(room->shares, room->threads, count) >= seconds) break;
        rounds *= 2;
    }
    const double best = best_of(room->shares, room->threads, count);
    return 2.0 * (double)(CHAINS * loops->lanes * count) * (double)rounds / best;
}

static double read_rate(const bench_room *room, int64_t count, const bench_loops *loops,
                        int64_t bytes)
{
    const int64_t each = bytes / count / LINES * LINES;
    const char *const from = nmf_matrix_writable(room->array);
    for (int64_t i = 0; i < count; i++) {
        const share part = {loops, 0, from + i * each, each, 0.0, 0.0};
        room->shares[i] = part;
    }
    return (double)(each * count) / best_of(room->shares, room->threads, count);
}

/* Four times the last cache, so that little of it is still there when it is read again. */
static int64_t array_bytes(int quick)
{
    const int64_t least = INT64_C(1) << (quick ? 24 : 28);
    const int64_t memory = cli_bench_memory();
    int64_t bytes = least;
#if defined(_SC_LEVEL3_CACHE_SIZE)
    const long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
    if (!quick && cache > least / 4) bytes = 4 * (int64_t)cache;
#endif
    if (memory > 0 && bytes > memory / 8) bytes = memory / 8;
    return bytes / 4096 * 4096;
}

double cli_measure_now(int64_t threads, int quick)
{
    const bench_loops *const loops = loops_of_kernels().f32;
    const share part = {loops, quick ? 1 << 17 : 1 << 23, NULL, 0, 0.0, 0.0};
    const double operations = 2.0 * (double)(CHAINS * loops->lanes) * (double)part.rounds;
    share *const shares = calloc((size_t)threads, sizeof *shares);
    pthread_t *const ids = calloc((size_t)threads, sizeof *ids);
    double rate = 0.0;
    if (shares != NULL && ids != NULL) {
        for (int64_t i = 0; i < threads; i++) shares[i] = part;
        (void)run_shares(shares, ids, threads);
        for (int64_t i = 0; i < threads; i++) rate += operations / shares[i].seconds;
    }
    free(ids);
    free(shares);
    return rate;
}

nmf_status cli_measure_limits(int quick, cli_limits *limits, nmf_error *error)
{
    const width loops = loops_of_kernels();
    const double seconds = quick ? 0.002 : 0.1;
    const int64_t all = nmf_kernel().processors > 0 ? nmf_kernel().processors : 1;
    const cli_limits nothing = {
        all, loops.f32->lanes * (int64_t)sizeof(float), array_bytes(quick), {0}, {0}, {0}};
    bench_room room = {calloc((size_t)all, sizeof(share)), calloc((size_t)all, sizeof(pthread_t)),
                       NULL};
    nmf_status status = NMF_OK;
    *limits = nothing;
    if (room.shares == NULL || room.threads == NULL)
        status = nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld threads", (long long)all);
    if (status == NMF_OK)
        status = nmf_matrix_new(NMF_U8, 1, nothing.array_bytes, &room.array, error);
    if (status == NMF_OK) /* not zero: zeroed pages may all be the same page of memory */
        memset(nmf_matrix_writable(room.array), 1, (size_t)nothing.array_bytes);
    for (int which = CLI_ONE_THREAD; status == NMF_OK && which <= CLI_ALL_THREADS; which++) {
        const int64_t count = which == CLI_ONE_THREAD ? 1 : all;
        limits->fma_f32[which] = fma_rate(&room, count, loops.f32, seconds);
        limits->fma_f64[which] = fma_rate(&room, count, loops.f64, seconds);
        limits->read[which] = read_rate(&room, count, loops.f32, nothing.array_bytes);
    }
    nmf_matrix_free(room.array);
    free(room.threads);
    free(room.shares);
    return status;
}
