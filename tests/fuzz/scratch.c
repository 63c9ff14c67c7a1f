/* See scratch.h. */
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LARGEST_SIDE = 1000000, PATHS = 4, PATH_BYTES = 256 };

static char folder[64];

static void remove_folder(void)
{
    (void)rmdir(folder);
}

const char *scratch_path(const char *name)
{
    static char paths[PATHS][PATH_BYTES];
    static int next;
    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, "%s/nmfkit-fuzz-%ld",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", (long)getpid());
        if (mkdir(folder, 0700) != 0) {
            abort();
        }
        (void)atexit(remove_folder);
    }
    char *path = paths[next++ % PATHS];
    snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    return path;
}

const char *scratch_write(const char *name, const uint8_t *data, size_t size)
{
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(data, 1, size, file) != size || fclose(file) != 0) {
        abort();
    }
    return path;
}

void scratch_remove(const char *name)
{
    (void)unlink(scratch_path(name));
}

int has_long_number(const uint8_t *data, size_t size)
{
    long number = 0;
    for (size_t i = 0; i < size; i++) {
        number = data[i] >= '0' && data[i] <= '9' ? 10 * number + (data[i] - '0') : 0;
        if (number > LARGEST_SIDE) {
            return 1;
        }
    }
    return 0;
}
