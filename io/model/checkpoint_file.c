/* A fit's checkpoint in a file (nmfkit/io.h). The file appears by renaming, so that a run that is
 * killed leaves the one before; PATH.lock is locked while a run keeps it, and with the process its
 * lock goes. Of several processes that share the fit the first one has the file. */
#include "io/files/atomic_file.h"
#include "io/files/temporaries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <nmfkit/comm.h>
#include <nmfkit/io.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct nmf_io_checkpoint {
    nmf_checkpoints hook;
    nmf_io_checkpoint_options wishes; /* its strings are below */
    char *path, *resume, *lock_path;
    int lock;    /* a descriptor, -1: none */
    int is_mine; /* and the lock is held */
    FILE *from;  /* what is gone on from */
    int64_t count;
};

/* --- reading and writing ----------------------------------------------------------------------- */

static nmf_status write_pieces(const nmf_io_checkpoint *file, const nmf_checkpoint_piece *pieces,
                               int64_t count, nmf_error *error)
{
    nmfi_atomic_file *out;
    const nmf_status status = nmfi_atomic_open(file->path, &out, error);
    if (status != NMF_OK) {
        return status;
    }
    FILE *stream = nmfi_atomic_stream(out);
    for (int64_t i = 0; i < count; i++) {
        if (fwrite(pieces[i].data, 1, pieces[i].bytes, stream) != pieces[i].bytes) {
            break; /* the commit says why */
        }
    }
    return nmfi_atomic_commit(out, error);
}

static nmf_status write_checkpoint(void *context, const nmf_checkpoint_piece *pieces, int64_t count,
                                   nmf_error *error)
{
    nmf_io_checkpoint *file = context;
    nmf_error reason = {NMF_OK, ""};
    const nmf_status status = write_pieces(file, pieces, count, &reason);
    if (status == NMF_OK) {
        file->count++;
        return NMF_OK;
    }
    nmf_error said;
    (void)nmf_fail(&said, status, "the checkpoint was not kept: %s%s", reason.message,
                   file->count > 0 || file->from != NULL ? "; the one before is still there" : "");
    if (file->wishes.note != NULL) {
        file->wishes.note(said.message, file->wishes.note_context);
        return NMF_OK;
    }
    return nmf_fail(error, status, "%s", said.message);
}

static nmf_status read_checkpoint(void *context, void *to, size_t bytes, nmf_error *error)
{
    const nmf_io_checkpoint *file = context;
    if (fread(to, 1, bytes, file->from) == bytes) {
        return NMF_OK;
    }
    if (ferror(file->from)) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read: %s", file->resume,
                        strerror(errno));
    }
    return nmf_fail(error, NMF_ERROR_FORMAT,
                    "%s: is no whole checkpoint: it ends after %ld bytes, and more are to come",
                    file->resume, ftell(file->from));
}

static int is_wanted(void *context)
{
    const nmf_io_checkpoint *file = context;
    return file->wishes.wanted(file->wishes.wanted_context);
}

/* --- the lock ---------------------------------------------------------------------------------- */

/* The file at the path is still the one that is open here: whoever had it before may have taken it
 * away. */
static int is_there(const nmf_io_checkpoint *file)
{
    struct stat open_one, named_one;
    return fstat(file->lock, &open_one) == 0 && stat(file->lock_path, &named_one) == 0 &&
           open_one.st_dev == named_one.st_dev && open_one.st_ino == named_one.st_ino;
}

static nmf_status held_by_another(const nmf_io_checkpoint *file, nmf_error *error)
{
    char owner[32] = "";
    const ssize_t got = pread(file->lock, owner, sizeof owner - 1, 0);
    owner[got > 0 ? strspn(owner, "0123456789") : 0] = '\0';
    return nmf_fail(error, NMF_ERROR_FILE,
                    "%s: another run keeps its checkpoint there%s%s%s: give this one another name",
                    file->path, owner[0] != '\0' ? " (process " : "", owner,
                    owner[0] != '\0' ? ")" : "");
}

static nmf_status lock(nmf_io_checkpoint *file, nmf_error *error)
{
    for (;;) {
        file->lock = open(file->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (file->lock < 0) {
            return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be written: %s", file->lock_path,
                            strerror(errno));
        }
        if (flock(file->lock, LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK) {
                return held_by_another(file, error);
            }
            return NMF_OK; /* a file system without locks: there is no telling */
        }
        if (is_there(file)) {
            break;
        }
        close(file->lock);
    }
    file->is_mine = 1;
    nmfi_temporary_remember(file->lock_path);
    (void)(ftruncate(file->lock, 0) + dprintf(file->lock, "%ld\n", (long)getpid()));
    return NMF_OK;
}

static void unlock(nmf_io_checkpoint *file)
{
    /* Trap: only what is locked here goes; another run's stays. */
    if (file->is_mine) {
        unlink(file->lock_path);
        nmfi_temporary_forget(file->lock_path);
    }
    if (file->lock >= 0) {
        close(file->lock);
    }
}

/* Runs that were killed while they wrote left PATH.tmp-PROCESS-NUMBER; none of them is writing now. */
static void remove_leftovers(const nmf_io_checkpoint *file)
{
    const char *slash = strrchr(file->path, '/');
    const char *name = slash != NULL ? slash + 1 : file->path;
    char *folder = slash == NULL         ? strdup(".")
                   : slash == file->path ? strdup("/")
                                         : strndup(file->path, (size_t)(slash - file->path));
    DIR *entries = folder != NULL ? opendir(folder) : NULL;
    const size_t length = strlen(name);
    for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
        const char *rest = entry->d_name + length;
        if (strncmp(entry->d_name, name, length) == 0 && strncmp(rest, ".tmp-", 5) == 0 &&
            strspn(rest + 5, "0123456789-") == strlen(rest + 5)) {
            (void)unlinkat(dirfd(entries), entry->d_name, 0);
        }
    }
    if (entries != NULL) {
        closedir(entries);
    }
    free(folder);
}

/* --- opening ----------------------------------------------------------------------------------- */

static char *with_suffix(const char *path, const char *suffix)
{
    char *text = malloc(strlen(path) + strlen(suffix) + 1);
    if (text != NULL) {
        strcpy(text, path);
        strcat(text, suffix);
    }
    return text;
}

/* Nothing to do with the file: the fit asks the first process alone to write and read. */
static int is_anothers(void)
{
    const nmf_comm *comm = nmf_comm_attached();
    return comm != NULL && comm->rank > 0;
}

static nmf_status check(const nmf_io_checkpoint_options *options, nmf_error *error)
{
    if (options->path == NULL && options->resume == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a checkpoint needs a path");
    }
    if (!(options->every_seconds >= 0.0)) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%g seconds between checkpoints: must be a number from 0 on",
                        options->every_seconds);
    }
    return NMF_OK;
}

static nmf_status take_strings(nmf_io_checkpoint *file, nmf_error *error)
{
    const nmf_io_checkpoint_options *o = &file->wishes;
    file->path = strdup(o->path != NULL ? o->path : o->resume);
    file->lock_path = file->path != NULL ? with_suffix(file->path, ".lock") : NULL;
    file->resume = o->resume != NULL ? strdup(o->resume) : NULL;
    const int good = file->lock_path != NULL && (o->resume == NULL || file->resume != NULL);
    return good ? NMF_OK : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
}

static nmf_status open_resumed(nmf_io_checkpoint *file, nmf_error *error)
{
    struct stat info;
    file->from = fopen(file->resume, "rbe");
    if (file->from == NULL) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read: %s", file->resume,
                        strerror(errno));
    }
    if (fstat(fileno(file->from), &info) == 0 && !S_ISREG(info.st_mode)) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: is no file, and so no checkpoint",
                        file->resume);
    }
    return NMF_OK;
}

/* What stands at the path is the checkpoint that is gone on from, or nothing. */
static nmf_status keep_others(const nmf_io_checkpoint *file, nmf_error *error)
{
    struct stat there, from;
    if (stat(file->path, &there) != 0) {
        return NMF_OK;
    }
    if (file->from != NULL && fstat(fileno(file->from), &from) == 0 &&
        there.st_dev == from.st_dev && there.st_ino == from.st_ino) {
        return NMF_OK;
    }
    return nmf_fail(error, NMF_ERROR_FILE,
                    "%s: is there already, and would be replaced: go on from it, if it is the "
                    "checkpoint of this fit, or take it away",
                    file->path);
}

nmf_status nmf_io_checkpoint_open(const nmf_io_checkpoint_options *options,
                                  nmf_io_checkpoint **file, nmf_error *error)
{
    if (file == NULL || options == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a checkpoint needs options and a place");
    }
    *file = NULL;
    nmf_status status = check(options, error);
    if (status != NMF_OK) {
        return status;
    }
    nmf_io_checkpoint *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    made->wishes = *options;
    made->lock = -1;
    status = take_strings(made, error);
    const int is_here = !is_anothers();
    if (status == NMF_OK && is_here) {
        status = lock(made, error);
    }
    if (status == NMF_OK && is_here && made->resume != NULL) {
        status = open_resumed(made, error);
    }
    if (status == NMF_OK && is_here) {
        status = keep_others(made, error);
    }
    if (status != NMF_OK) {
        nmf_io_checkpoint_close(made);
        return status;
    }
    if (is_here) {
        remove_leftovers(made);
    }
    made->hook = (nmf_checkpoints){.struct_bytes = sizeof made->hook,
                                   .context = made,
                                   .write = write_checkpoint,
                                   .every_seconds = options->every_seconds,
                                   .wanted = options->wanted != NULL ? is_wanted : NULL,
                                   .read = made->from != NULL ? read_checkpoint : NULL};
    *file = made;
    return NMF_OK;
}

const nmf_checkpoints *nmf_io_checkpoint_hook(const nmf_io_checkpoint *file)
{
    return file != NULL ? &file->hook : NULL;
}

int64_t nmf_io_checkpoint_count(const nmf_io_checkpoint *file)
{
    return file != NULL ? file->count : 0;
}

void nmf_io_checkpoint_remove(nmf_io_checkpoint *file)
{
    if (file != NULL && !is_anothers()) {
        (void)unlink(file->path);
    }
}

void nmf_io_checkpoint_close(nmf_io_checkpoint *file)
{
    if (file == NULL) {
        return;
    }
    if (file->from != NULL) {
        (void)fclose(file->from);
    }
    unlock(file);
    free(file->path);
    free(file->resume);
    free(file->lock_path);
    free(file);
}
