/* See streams.h. */
#define _GNU_SOURCE /* O_TMPFILE */
#include "streams.h"

#include "together.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 16 };

static struct {
    char path[40]; /* "/proc/self/fd/7" */
    const char *name;
} streams[MOST];
static int count;

int cli_is_stream(const char *path)
{
    for (int i = 0; i < count; i++)
        if (strcmp(streams[i].path, path) == 0) return 1;
    return 0;
}

void cli_show_streams(const char *text, char *shown, size_t bytes)
{
    size_t used = 0;
    while (*text != '\0' && used + 1 < bytes) {
        int found = 0;
        for (int i = 0; i < count && !found; i++) {
            const size_t length = strlen(streams[i].path);
            if (strncmp(text, streams[i].path, length) != 0 ||
                (text[length] >= '0' && text[length] <= '9'))
                continue;
            const int more = snprintf(shown + used, bytes - used, "%s", streams[i].name);
            used += more > 0 ? (size_t)more : 0;
            used = used < bytes ? used : bytes - 1;
            text += length;
            found = 1;
        }
        if (!found) shown[used++] = *text++;
    }
    shown[used] = '\0';
}

/* A file that goes when it is closed, however this process ends. */
static int open_nameless(void)
{
    const char *const wanted = getenv("TMPDIR");
    const char *const folder = wanted != NULL && wanted[0] != '\0' ? wanted : "/tmp";
    char name[4096];
    int file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file >= 0) return file;
    const int length = snprintf(name, sizeof name, "%s/nmfkit-XXXXXX", folder);
    if (length < 0 || (size_t)length >= sizeof name) return -1;
    file = mkstemp(name);
    if (file >= 0) unlink(name);
    return file;
}

static int copy_all(int from, int to)
{
    static char buffer[1 << 16];
    for (;;) {
        ssize_t got = read(from, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return (int)got;
        for (ssize_t done = 0; done < got;) {
            const ssize_t written = write(to, buffer + done, (size_t)(got - done));
            if (written < 0 && errno != EINTR) return -1;
            done += written > 0 ? written : 0;
        }
    }
}

static nmf_status remember(int file, const char *name, const char **path, nmf_error *error)
{
    if (count == MOST)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s: more than %d streams", name, MOST);
    snprintf(streams[count].path, sizeof streams[count].path, "/proc/self/fd/%d", file);
    streams[count].name = name;
    *path = streams[count++].path;
    return NMF_OK;
}

/* A pipe that is open already: opening any other might wait for ever. */
static int is_open_pipe(const char *path)
{
    struct stat there;
    const int by_number = strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/", 6) == 0 ||
                          strcmp(path, "/dev/stdin") == 0;
    return by_number && stat(path, &there) == 0 &&
           (S_ISFIFO(there.st_mode) || S_ISSOCK(there.st_mode));
}

/* What is read once comes to one of several processes only. */
static nmf_status refuse_together(const char *path, nmf_error *error)
{
    struct stat there;
    const int is_stdin = strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0;
    const int passes =
        is_stdin || (stat(path, &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode));
    if (!cli_together_joined() || !passes) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_ARGUMENT,
                    "%s is read once, and %lld processes share this: name a file that all of them "
                    "can read",
                    is_stdin ? "standard input" : path, (long long)cli_together_size());
}

static nmf_status take(const char **path, int *stdin_taken, nmf_error *error)
{
    struct stat there;
    if (*path == NULL) return NMF_OK;
    const nmf_status status = refuse_together(*path, error);
    if (status != NMF_OK) return status;
    const int dash = strcmp(*path, "-") == 0, is_stdin = dash || strcmp(*path, "/dev/stdin") == 0;
    if (!dash && !is_open_pipe(*path)) return NMF_OK;
    const char *const name = is_stdin ? "standard input" : *path;
    if (is_stdin && (*stdin_taken)++)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "standard input is named twice");
    if (is_stdin && fstat(STDIN_FILENO, &there) == 0 && S_ISREG(there.st_mode))
        return remember(STDIN_FILENO, name, path, error);
    const int from = is_stdin ? STDIN_FILENO : open(*path, O_RDONLY | O_CLOEXEC);
    const int file = from >= 0 ? open_nameless() : -1;
    const int failed = file < 0 || copy_all(from, file) != 0;
    const int reason = errno;
    if (from >= 0 && !is_stdin) close(from);
    if (failed)
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read: %s", name, strerror(reason));
    return remember(file, name, path, error);
}

nmf_status cli_take_streams(cli_args *args, nmf_error *error)
{
    const char **const named[] = {&args->data,        &args->start_W,      &args->start_H,
                                  &args->from,        &args->sample_names, &args->feature_names,
                                  &args->labels,      &args->observed,     &args->weights,
                                  &args->uncertainty, &args->row_weights,  &args->column_weights,
                                  &args->missing,     &args->resume,       &args->rank_file};
    const char **const operands = (const char **)(uintptr_t)args->operands;
    int stdin_taken = 0;
    nmf_status status = NMF_OK;
    /* Rows that come one after the other are learned from as they come. */
    const int are_files = args->command->words == NULL && !args->stream;
    for (int64_t i = 0; i < args->operand_count && are_files; i++)
        if (status == NMF_OK) status = take(&operands[i], &stdin_taken, error);
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (status == NMF_OK) status = take(named[i], &stdin_taken, error);
    return status;
}
