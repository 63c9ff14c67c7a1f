/* See machine.h. Control groups, as containers and batch systems set them: version 2 has one tree, below
 * which a container sees its own part as the root, and any group above may be the narrower one; version 1
 * has a tree for memory alone. */
#include "base/machine.h"

#include "base/clock.h"

#include <inttypes.h>
#include <nmfkit/fit.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

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
