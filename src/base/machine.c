/* See machine.h. Control groups, as containers and batch systems set them: version 2 has one tree, below
 * which a container sees its own part as the root, and any group above may be the narrower one; version 1
 * has trees for processors and for memory, and the files where they are mounted. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "base/machine.h"

#include "base/stop.h"

#include <inttypes.h>
#include <math.h>
#include <nmfkit/fit.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* --- processors -------------------------------------------------------------------------------- */

static int64_t allowed_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? online : 1;
}

/* Processors that time of `quota` out of `period` keeps busy, a part of one counted as one; a huge number where there
 * is no quota. */
static int64_t quota_in(const char *path, const char *period_path)
{
    double quota = 0, period = 0;
    FILE *file = fopen(path, "re");
    if (!file) return INT64_MAX;
    int read =
        fscanf(file, period_path ? "%lf" : "%lf %lf", &quota, &period); /* "max" is no number */
    fclose(file);
    if (period_path && (file = fopen(period_path, "re"))) {
        read += fscanf(file, "%lf", &period);
        fclose(file);
    }
    if (read < 2 || !(quota > 0) || !(period > 0) || quota / period >= 4096) return INT64_MAX;
    return (int64_t)ceil(quota / period);
}

/* The smallest quota of this process's control group and those above it: version 2 has one tree, below which a
 * container sees its own part as the root; version 1 has the file where it is mounted. */
static int64_t quota_processors(void)
{
    static const char mount[] = "/sys/fs/cgroup";
    char line[1024], group[1024] = "", path[2048];
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "0::/", 4) == 0) snprintf(group, sizeof group, "%s", line + 3);
    if (file) fclose(file);
    group[strcspn(group, "\n")] = '\0';
    int64_t least =
        quota_in("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    for (;;) {
        snprintf(path, sizeof path, "%s%s/cpu.max", mount, group);
        const int64_t here = quota_in(path, NULL);
        least = here < least ? here : least;
        char *const parent = strrchr(group, '/');
        if (!parent) return least;
        *parent = '\0';
    }
}

int64_t nmfi_processors(void)
{
    const int64_t allowed = allowed_processors(), quota = quota_processors();
    return quota < allowed ? quota : allowed;
}

/* OMP_NUM_THREADS may be a list, for levels of nesting: the first is for the outermost. */
static int64_t threads_in(const char *variable)
{
    const char *const text = getenv(variable);
    char *end = NULL;
    if (!text || !*text) return 0;
    const long long threads = strtoll(text, &end, 10);
    while (*end == ' ') end++;
    return end != text && (*end == '\0' || *end == ',') && threads >= 1 && threads <= 4096 ? threads
                                                                                           : 0;
}

int64_t nmfi_default_threads(void)
{
    const int64_t own = threads_in("NMFKIT_NUM_THREADS"), common = threads_in("OMP_NUM_THREADS");
    return own > 0 ? own : common > 0 ? common : nmfi_processors();
}

int64_t nmfi_processor(void)
{
    return sched_getcpu();
}

void nmfi_go_beside(int64_t processor, int64_t steps)
{
    cpu_set_t all, one;
    if (processor < 0 || processor >= CPU_SETSIZE) return;
    if (sched_getaffinity(0, sizeof all, &all) != 0 || CPU_COUNT(&all) < 2) return;
    int64_t at = processor;
    while (steps > 0) {
        at = (at + 1) % CPU_SETSIZE;
        steps -= CPU_ISSET((size_t)at, &all) != 0;
    }
    CPU_ZERO(&one);
    CPU_SET((size_t)at, &one);
    if (sched_setaffinity(0, sizeof one, &one) == 0) (void)sched_setaffinity(0, sizeof all, &all);
}

int64_t nmfi_cache_bytes(void)
{
    const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
    return bytes >= 65536 ? bytes : 1048576;
}

int nmfi_cpu_has_avx2(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return 0;
#endif
}

int nmfi_cpu_has_avx512(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#else
    return 0;
#endif
}

/* --- memory ------------------------------------------------------------------------------------ */

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The number in a file; INT64_MAX where there is none ("max"). */
static int64_t number_in(const char *path)
{
    int64_t value = INT64_MAX;
    FILE *const file = fopen(path, "re");
    if (!file) return INT64_MAX;
    if (fscanf(file, "%" SCNd64, &value) != 1) value = INT64_MAX;
    fclose(file);
    return value >= 0 ? value : INT64_MAX;
}

/* The smallest number in `name` of a group and those above it. */
static int64_t least_of_groups(const char *mount, char *group, const char *name)
{
    char path[2048];
    int64_t least = INT64_MAX;
    group[strcspn(group, "\n")] = '\0';
    for (;;) {
        snprintf(path, sizeof path, "%s%s/%s", mount, group, name);
        least = lesser(least, number_in(path));
        char *const parent = strrchr(group, '/');
        if (!parent) return least;
        *parent = '\0';
    }
}

static int64_t look_at_groups(void)
{
    char line[1024];
    int64_t least = INT64_MAX;
    FILE *const file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file)) {
        char *const memory = strstr(line, ":memory:");
        if (strncmp(line, "0::/", 4) == 0)
            least = lesser(least, least_of_groups("/sys/fs/cgroup", line + 3, "memory.max"));
        else if (memory)
            least = lesser(least, least_of_groups("/sys/fs/cgroup/memory", memory + 8,
                                                  "memory.limit_in_bytes"));
    }
    if (file) fclose(file);
    return least;
}

/* A dozen files have to be opened for the answer, and whoever reads small data asks again and again: it is kept for a
 * tenth of a second. */
static int64_t of_groups(void)
{
    static const int64_t kept_for = 100; /* thousandths of a second */
    static atomic_int_fast64_t last = INT64_MAX, asked = -1000;
    const int64_t now = (int64_t)(1e3 * nmfi_seconds());
    const int64_t before = atomic_load(&asked);
    if (before <= now && now - before < kept_for) return atomic_load(&last);
    const int64_t least = look_at_groups();
    atomic_store(&last, least);
    atomic_store(&asked, now);
    return least;
}

static int64_t of_process(void)
{
    static const int resources[] = {RLIMIT_AS, RLIMIT_DATA};
    int64_t least = INT64_MAX;
    for (int i = 0; i < 2; i++) {
        struct rlimit limit;
        if (getrlimit(resources[i], &limit) == 0 && limit.rlim_cur < (rlim_t)INT64_MAX)
            least = lesser(least, (int64_t)limit.rlim_cur);
    }
    return least;
}

int64_t nmfi_memory_bytes(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    const int64_t all = pages > 0 && page > 0 ? (int64_t)pages * page : INT64_MAX;
    return lesser(all, lesser(of_groups(), of_process()));
}

int64_t nmf_memory_bytes(void)
{
    return nmfi_memory_bytes();
}
