/* Files that appear whole or not at all: see atomic_file.h. The temporary file lies beside the
 * target, because rename() is atomic only inside one file system. */
#define _GNU_SOURCE /* fopencookie */
#include "atomic_file.h"

#include "io/files/packed.h"
#include "io/files/temporaries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
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

/* Where a link leads that leads to nothing yet: the file is made there, and the link stays. New; NULL where `path` is no
 * link, or leads round and round. */
static char *behind_links(const char *path)
{
    enum { MOST = 32 };
    char name[4096];
    char *at = NULL;
    for (int links = 0; links < MOST; links++) {
        const char *from = at != NULL ? at : path;
        const ssize_t length = readlink(from, name, sizeof name - 1);
        if (length < 0) {
            return at;
        }
        name[length] = '\0';
        const char *slash = name[0] == '/' ? NULL : strrchr(from, '/');
        char *folder = strndup(from, slash != NULL ? (size_t)(slash - from) + 1 : 0);
        char *next = folder != NULL ? join(folder, name) : NULL;
        free(folder);
        free(at);
        at = next;
        if (at == NULL) {
            return NULL;
        }
    }
    free(at);
    return NULL;
}

/* What stands at the target now decides: its permissions are kept, a link is followed, and anything
 * that is no regular file (a terminal, a pipe) cannot be replaced by rename. */
static nmf_status look_at_target(nmfi_atomic_file *file, const char *path, nmf_error *error)
{
    struct stat info;
    if (strcmp(path, "/dev/stdout") ==
        0) { /* whatever it is: a shell may write to it before and after */
        file->spooled = 1;
        file->target = join(path, "");
        return file->target != NULL ? NMF_OK : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    if (stat(path, &info) != 0) {
        char *const behind = behind_links(path);
        if (behind != NULL) {
            file->target = behind;
            return NMF_OK;
        }
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

/* Locks a new file, so that no other run takes it for one that was left behind; 0 if one did, in the
 * moment before. Where there are no locks, nobody removes anything. */
static int claim(int descriptor)
{
    static const struct timespec moment = {0, 1000000};
    struct stat info;
    for (int tries = 0; tries < 100 && flock(descriptor, LOCK_EX | LOCK_NB) != 0; tries++) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            break;
        }
        nanosleep(&moment, NULL);
    }
    return fstat(descriptor, &info) != 0 || info.st_nlink > 0;
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
        if (descriptor >= 0 && claim(descriptor)) {
            return descriptor;
        }
        if (descriptor < 0 && errno != EEXIST) {
            return -1;
        }
        if (descriptor >= 0) {
            close(descriptor);
        }
    }
    return -1;
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

/* --- a stream that signals do not break ------------------------------------------------------- */

/* stdio gives up at a write that a signal interrupts, and what its buffer held is lost; these go on. */
typedef struct steady {
    int descriptor;
} steady;

static ssize_t steady_read(void *cookie, char *bytes, size_t count)
{
    const steady *file = cookie;
    ssize_t got;
    do {
        got = read(file->descriptor, bytes, count);
    } while (got < 0 && errno == EINTR);
    return got;
}

static ssize_t steady_write(void *cookie, const char *bytes, size_t count)
{
    const steady *file = cookie;
    return write_all(file->descriptor, bytes, count) == 0 ? (ssize_t)count : 0;
}

static int steady_seek(void *cookie, off64_t *offset, int whence)
{
    const steady *file = cookie;
    const off_t place = lseek(file->descriptor, (off_t)*offset, whence);
    *offset = place;
    return place < 0 ? -1 : 0;
}

static int steady_close(void *cookie)
{
    steady *file = cookie;
    const int result = close(file->descriptor);
    free(file);
    return result != 0 && errno == EINTR ? 0 : result; /* Linux: it is closed all the same */
}

/* Takes the descriptor over; NULL (with errno) leaves it open. */
static FILE *open_stream(int descriptor)
{
    const cookie_io_functions_t functions = {steady_read, steady_write, steady_seek, steady_close};
    steady *cookie = malloc(sizeof *cookie);
    if (cookie == NULL) {
        return NULL;
    }
    cookie->descriptor = descriptor;
    FILE *stream = fopencookie(cookie, "w+b", functions);
    if (stream == NULL) {
        free(cookie);
    }
    return stream;
}

/* What goes to a name such as x.csv.gz is packed on its way; 0 where memory is out. */
static int pack(nmfi_atomic_file *file, const char *path)
{
    size_t length;
    const nmfi_packing packing = nmfi_packing_named(path, &length);
    if (packing == NMFI_UNPACKED) {
        return 1;
    }
    FILE *stream = nmfi_packing_stream(file->stream, packing);
    if (stream != NULL) {
        file->stream = stream;
    }
    return stream != NULL;
}

/* --- what killed runs left -------------------------------------------------------------------- */

/* Every temporary file is locked while its writer lives (flock ends with the process), so one that
 * can be locked was left behind. `lock` names the file whose lock tells, `path` what then goes. */
static void remove_unless_in_use(const char *lock, const char *path)
{
    const int descriptor = open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0 && errno != ENOENT) {
        return;
    }
    if (descriptor < 0 || flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
        unlink(path); /* with the lock held, so that its writer would see it */
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
}

/* The numbers behind BASE.tmp-, and libzip's own letters behind those ("BASE.tmp-7-0.a1b2c3"), whose
 * file is in use as long as the one that it will replace. */
static void remove_if_left(const char *path, size_t numbers)
{
    const size_t length = strlen(path), digits = strspn(path + numbers, "0123456789-");
    const int is_own = numbers + digits == length;
    const int is_of_libzip = numbers + digits + 7 == length && path[numbers + digits] == '.';
    char *lock = digits >= 3 && (is_own || is_of_libzip) ? join(path, "") : NULL;
    if (lock == NULL) {
        return;
    }
    lock[numbers + digits] = '\0';
    remove_unless_in_use(lock, path);
    free(lock);
}

/* Those of the same target: BASE.tmp-NUMBER-NUMBER beside it. */
static void remove_left_behind(const char *base)
{
    char *directory = join(base, "");
    char *slash = directory != NULL ? strrchr(directory, '/') : NULL;
    const char *name = strrchr(base, '/') != NULL ? strrchr(base, '/') + 1 : base;
    const size_t length = strlen(name);
    if (slash != NULL) {
        slash[slash == directory] = '\0';
    }
    DIR *opened = directory != NULL ? opendir(slash != NULL ? directory : ".") : NULL;
    for (const struct dirent *entry; opened != NULL && (entry = readdir(opened)) != NULL;) {
        const char *rest = entry->d_name + length;
        if (strncmp(entry->d_name, name, length) != 0 || strncmp(rest, ".tmp-", 5) != 0) {
            continue;
        }
        char *folder = join(slash != NULL ? directory : ".", "/");
        char *path = folder != NULL ? join(folder, entry->d_name) : NULL;
        if (path != NULL) {
            remove_if_left(path, strlen(folder) + length + 5);
        }
        free(path);
        free(folder);
    }
    if (opened != NULL) {
        closedir(opened);
    }
    free(directory);
}

/* --------------------------------------------------------------------------------------------- */

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
    if (spool == NULL) {
        remove_left_behind(made->target);
    }
    const int descriptor = create_temporary(made, spool != NULL ? spool : made->target);
    made->stream = descriptor >= 0 ? open_stream(descriptor) : NULL;
    if (made->stream == NULL) {
        status = system_failure(path, "written", error);
        if (descriptor >= 0) {
            close(descriptor);
            unlink(made->temporary);
        }
        goto failed;
    }
    if (!pack(made, path)) {
        (void)fclose(made->stream);
        unlink(made->temporary);
        status = nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
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

/* Into a terminal, a pipe or a device. */
static int copy_to_target(const char *temporary, const char *target)
{
    char buffer[65536];
    const int from = open(temporary, O_RDONLY | O_CLOEXEC);
    const int to = strcmp(target, "/dev/stdout") == 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                                                      : open(target, O_WRONLY | O_CLOEXEC);
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
    /* Some file systems have no permissions to set; the content is what matters. */
    const int changed = file->replaces ? fchmod(descriptor, file->mode) : 0;
    (void)changed;
    int result;
    do {
        result = fsync(descriptor);
    } while (result != 0 && errno == EINTR);
    if (result != 0 && (errno == EINVAL || errno == ENOTSUP || errno == ENOSYS)) {
        result = 0; /* nor can all of them sync */
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
