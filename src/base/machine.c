/* See machine.h. */
#include "base/machine.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The number in a file of one; UINT64_MAX where there is none ("max"). */
static uint64_t number_in_file(const char *path)
{
    uint64_t value = UINT64_MAX;
    FILE *file = fopen(path, "re");
    if (!file) return UINT64_MAX;
    if (fscanf(file, "%" SCNu64, &value) != 1) value = UINT64_MAX;
    (void)fclose(file);
    return value;
}

/* The least that a group, or one of those above it, allows; `group` is used up. */
static uint64_t number_in_groups(const char *root, char *group, const char *file)
{
    uint64_t least = UINT64_MAX;
    char path[1200];
    for (;;) {
        snprintf(path, sizeof path, "%s%s%s", root, group, file);
        const uint64_t here = number_in_file(path);
        least = here < least ? here : least;
        char *slash = strrchr(group, '/');
        if (!slash) return least;
        *slash = '\0';
    }
}

/* What the control group of this process allows, as containers and batch systems set it: version 2
 * names one group in /proc/self/cgroup ("0::/path"), version 1 one for memory; inside a container the
 * file lies at the root. */
static uint64_t read_group_memory(void)
{
    char line[1024];
    uint64_t least = number_in_file("/sys/fs/cgroup/memory.max");
    const uint64_t old = number_in_file("/sys/fs/cgroup/memory/memory.limit_in_bytes");
    least = old < least ? old : least;
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *memory = strstr(line, ":memory:");
        uint64_t here = UINT64_MAX;
        if (strncmp(line, "0::/", 4) == 0)
            here = number_in_groups("/sys/fs/cgroup", line + 3, "/memory.max");
        else if (memory)
            here = number_in_groups("/sys/fs/cgroup/memory", memory + strlen(":memory:"),
                                    "/memory.limit_in_bytes");
        least = here < least ? here : least;
    }
    if (file) (void)fclose(file);
    return least;
}

/* Asked once: a folder of pictures asks for each of them. */
static uint64_t group_memory(void)
{
    static atomic_uint_fast64_t known; /* 0: not yet */
    uint64_t bytes = atomic_load(&known);
    if (bytes == 0) {
        bytes = read_group_memory();
        atomic_store(&known, bytes);
    }
    return bytes > 0 ? bytes : UINT64_MAX;
}

static uint64_t least_of_limit(int resource, uint64_t most)
{
    struct rlimit limit;
    if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return most;
    return (uint64_t)limit.rlim_cur < most ? (uint64_t)limit.rlim_cur : most;
}

int64_t nmfi_memory_bytes(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    uint64_t most = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : UINT64_MAX;
    const uint64_t group = group_memory();
    if (group < most) most = group;
    most = least_of_limit(RLIMIT_AS, most);
    most = least_of_limit(RLIMIT_DATA, most);
    return most < INT64_MAX ? (int64_t)most : INT64_MAX;
}
