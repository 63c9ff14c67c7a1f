/* Files that appear whole or not at all: see atomic_file.h. The temporary file lies beside the
 * target, because rename() is atomic only inside one file system. */
#include "atomic_file.h"

#include "io/files/temporaries.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct nmfi_atomic_file {
    FILE *stream;
    char *target;    /* as the rename needs it, symbolic links resolved */
    char *temporary; /* its name */
    mode_t mode;     /* permissions of the file that is replaced */
    int replaces;    /* there was one */
    int spooled;     /* the target is no regular file: commit copies */
};

static char *join(const char *first, const char *second)
{
    const size_t a = strlen(first), b = strlen(second);
    char *text = malloc(a + b + 1);
    if (text == NULL) {
        return NULL;
    }
    memcpy(text, first, a);
    memcpy(text + a, second, b + 1);
    return text;
}

static void forget(nmfi_atomic_file *file)
{
    nmfi_temporary_forget(file->temporary);
    free(file->target);
    free(file->temporary);
    free(file);
}

static nmf_status system_failure(const char *path, const char *what, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be %s: %s", path, what, strerror(errno));
}

/* What stands at the target now decides: its permissions are kept, a link is followed, and anything
 * that is no regular file (a terminal, a pipe) cannot be replaced by rename. */
static nmf_status look_at_target(nmfi_atomic_file *file, const char *path, nmf_error *error)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        file->target = join(path, "");
        return file->target != NULL ? NMF_OK : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    if (S_ISDIR(info.st_mode)) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be written: it is a directory", path);
    }
    file->spooled = !S_ISREG(info.st_mode);
    file->replaces = !file->spooled;
    file->mode = info.st_mode & 07777;
    file->target = file->spooled ? join(path, "") : realpath(path, NULL);
    if (file->target == NULL) {
        return system_failure(path, "written", error);
    }
    /* Trap: rename() would replace a read-only file without asking; the owner said no. */
    if (file->replaces && access(path, W_OK) != 0) {
        return system_failure(path, "written", error);
    }
    return NMF_OK;
}

/* Creates "BASE.tmp-PID-N", with the permissions the umask leaves, as plain open() would. */
static int create_temporary(nmfi_atomic_file *file, const char *base)
{
    static atomic_uint counter;
    for (int attempt = 0; attempt < 100; attempt++) {
        char suffix[64];
        snprintf(suffix, sizeof suffix, ".tmp-%ld-%u", (long)getpid(),
                 atomic_fetch_add(&counter, 1u));
        free(file->temporary);
        file->temporary = join(base, suffix);
        if (file->temporary == NULL) {
            errno = ENOMEM;
            return -1;
        }
        const int descriptor = open(file->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0 || errno != EEXIST) {
            return descriptor;
        }
    }
    return -1;
}

nmf_status nmfi_atomic_open(const char *path, nmfi_atomic_file **file, nmf_error *error)
{
    *file = NULL;
    nmfi_atomic_file *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    char *spool = NULL;
    nmf_status status = look_at_target(made, path, error);
    if (status != NMF_OK) {
        goto failed;
    }
    if (made->spooled) {
        const char *directory = getenv("TMPDIR");
        spool = join(directory != NULL && directory[0] != '\0' ? directory : "/tmp", "/nmfkit");
        if (spool == NULL) {
            status = nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
            goto failed;
        }
    }
    const int descriptor = create_temporary(made, spool != NULL ? spool : made->target);
    made->stream = descriptor >= 0 ? fdopen(descriptor, "w+b") : NULL;
    if (made->stream == NULL) {
        status = system_failure(path, "written", error);
        if (descriptor >= 0) {
            close(descriptor);
            unlink(made->temporary);
        }
        goto failed;
    }
    nmfi_temporary_remember(made->temporary);
    free(spool);
    *file = made;
    return NMF_OK;
failed:
    free(spool);
    forget(made);
    return status;
}

FILE *nmfi_atomic_stream(nmfi_atomic_file *file)
{
    return file->stream;
}

const char *nmfi_atomic_name(const nmfi_atomic_file *file)
{
    return file->temporary;
}

/* A rename survives a power cut only once the directory is on the disk too. Failure is not an
 * error: the file is complete, and some file systems do not sync directories. */
static void sync_directory(const char *path)
{
    char *directory = join(path, "");
    if (directory == NULL) {
        return;
    }
    char *slash = strrchr(directory, '/');
    if (slash != NULL) {
        slash[slash == directory] = '\0';
    }
    const int descriptor =
        open(slash != NULL ? directory : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0) {
        (void)fsync(descriptor);
        close(descriptor);
    }
    free(directory);
}

static int write_all(int descriptor, const char *bytes, size_t count)
{
    while (count > 0) {
        const ssize_t done = write(descriptor, bytes, count);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return -1;
        }
        bytes += done;
        count -= (size_t)done;
    }
    return 0;
}

/* Into a terminal, a pipe or a device. */
static int copy_to_target(const char *temporary, const char *target)
{
    char buffer[65536];
    const int from = open(temporary, O_RDONLY | O_CLOEXEC);
    const int to = open(target, O_WRONLY | O_CLOEXEC);
    int result = from >= 0 && to >= 0 ? 0 : -1;
    while (result == 0) {
        const ssize_t got = read(from, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        result = got < 0 ? -1 : got > 0 ? write_all(to, buffer, (size_t)got) : 1;
    }
    const int reason = errno;
    if (from >= 0) {
        close(from);
    }
    if (to >= 0 && close(to) != 0 && result > 0) {
        return -1;
    }
    errno = reason;
    return result > 0 ? 0 : -1;
}

/* Trap: opened by name, not through the stream. A library that wrote the file by its name may have
 * put another inode there. */
static int sync_and_rename(const nmfi_atomic_file *file)
{
    const int descriptor = open(file->temporary, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return -1;
    }
    int result = file->replaces ? fchmod(descriptor, file->mode) : 0;
    if (result == 0) {
        result = fsync(descriptor);
    }
    const int reason = errno;
    close(descriptor);
    errno = reason;
    return result == 0 ? rename(file->temporary, file->target) : -1;
}

nmf_status nmfi_atomic_commit(nmfi_atomic_file *file, nmf_error *error)
{
    const int had_failed = ferror(file->stream);
    const int stream_reason = errno;
    int result = fclose(file->stream);
    if (had_failed && result == 0) {
        errno = stream_reason != 0 ? stream_reason : EIO;
        result = -1;
    }
    if (result == 0) {
        result =
            file->spooled ? copy_to_target(file->temporary, file->target) : sync_and_rename(file);
    }
    nmf_status status = NMF_OK;
    if (result != 0) {
        status = system_failure(file->target, "written", error);
    }
    if (result != 0 || file->spooled) {
        unlink(file->temporary);
    } else {
        sync_directory(file->target);
    }
    forget(file);
    return status;
}

void nmfi_atomic_abort(nmfi_atomic_file *file)
{
    if (file == NULL) {
        return;
    }
    (void)fclose(file->stream);
    unlink(file->temporary);
    forget(file);
}
