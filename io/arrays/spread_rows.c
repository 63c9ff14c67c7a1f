/* See spread_rows.h. Whether a process sees the same file, and not one of that name on a disk of its own, is told by a
 * mark that the first one writes where its own rows will be.
 *
 * On a file system of a network whose clients keep pages, a page that two of them write may end up with what one of them
 * had read before. So a process writes whole blocks only; what it has before the first and behind the last one goes to
 * the first process, which is the only one to touch the blocks that two share. */
#include "spread_rows.h"

#include <errno.h>
#include <fcntl.h>
#include <nmfkit/comm.h>
#include <nmfkit/io.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <zlib.h>

enum {
    BLOCK = 1 << 16, /* no page is larger */
    EDGES = 2 * BLOCK,
    MARK = 16,
    LONGEST_NAME = 4096
};

/* What a process is asked to write its rows by. */
typedef struct wish {
    uint64_t place; /* of its first row */
    uint64_t mark_place;
    unsigned char mark[MARK];
    char name[LONGEST_NAME];
} wish;

/* What it says when it has; the bytes before the first whole block and behind the last follow. */
typedef struct answer {
    int64_t reason;           /* errno of what failed; 0: nothing */
    uint64_t head, tail, crc; /* bytes; of all its rows */
} answer;

static nmf_status cannot_write(const char *path, int reason, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be written: %s", path,
                    strerror(reason != 0 ? reason : EIO));
}

/* 1, or 0 with errno. */
static int write_at(int descriptor, const void *bytes, size_t count, uint64_t place)
{
    const char *from = bytes;
    while (count > 0) {
        const ssize_t done = pwrite(descriptor, from, count, (off_t)place);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return 0;
        }
        from += done;
        place += (uint64_t)done;
        count -= (size_t)done;
    }
    return 1;
}

/* Some file systems do not sync; the first process's sync tells what the disk says. */
static int sync_file(int descriptor)
{
    int result;
    do {
        result = fsync(descriptor);
    } while (result != 0 && errno == EINTR);
    return result == 0 || errno == EINVAL || errno == ENOTSUP || errno == ENOSYS;
}

/* --- a process that is asked --------------------------------------------------------------------- */

/* Open for writing, or -1. */
static int open_marked(const wish *w)
{
    unsigned char found[MARK];
    const int looks = open(w->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const int is_it = looks >= 0 && pread(looks, found, MARK, (off_t)w->mark_place) == MARK &&
                      memcmp(found, w->mark, MARK) == 0;
    if (looks >= 0) {
        close(looks);
    }
    return is_it ? open(w->name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
}

static void write_own(void *context, const nmf_matrix *own, const void *words, size_t bytes)
{
    (void)context;
    (void)bytes;
    const nmf_comm *comm = nmf_comm_attached();
    const nmf_dense d = nmf_matrix_dense(own);
    const wish *w = words;
    const char *const rows = d.data;
    const uint64_t count = (uint64_t)d.rows * (uint64_t)d.columns * nmf_dtype_bytes(d.dtype);
    const uint64_t begin = (w->place + BLOCK - 1) / BLOCK * BLOCK;
    const uint64_t end = (w->place + count) / BLOCK * BLOCK;
    answer said = {.head = count};
    const int descriptor = open_marked(w);
    const int64_t sees = descriptor >= 0;
    comm->send(comm->context, 0, &sees, sizeof sees);
    if (!sees) {
        return;
    }
    if (begin < end) {
        said.head = begin - w->place;
        said.tail = w->place + count - end;
        if (!write_at(descriptor, rows + said.head, (size_t)(end - begin), begin) ||
            !sync_file(descriptor)) {
            said.reason = errno != 0 ? errno : EIO;
        }
    }
    if (close(descriptor) != 0 && errno != EINTR && said.reason == 0) {
        said.reason = errno;
    }
    said.crc = crc32_z(0, (const Bytef *)rows, (size_t)count);
    comm->send(comm->context, 0, &said, sizeof said);
    comm->send(comm->context, 0, rows, (size_t)said.head);
    comm->send(comm->context, 0, rows + (count - said.tail), (size_t)said.tail);
}

void nmf_io_spread_serve(const nmf_matrix *own)
{
    nmf_spread_serve(own, write_own, NULL);
}

/* --- the first process ------------------------------------------------------------------------------ */

typedef struct writing {
    const nmf_matrix *all;
    const nmf_comm *comm;
    const char *path;
    int descriptor;
    uint64_t place; /* of row 0 */
    uint64_t row_bytes;
    char *sees; /* of each process: it writes itself */
    char *room; /* EDGES bytes */
    uint32_t crc;
    nmf_status status; /* of the first that failed */
    nmf_error *error;
} writing;

static void fail(writing *w, nmf_status status, const char *sentence)
{
    if (w->status == NMF_OK) {
        w->status = nmf_fail(w->error, status, "%s", sentence);
    }
}

static void write_here(writing *w, const void *bytes, uint64_t count, uint64_t place)
{
    if (w->status == NMF_OK && !write_at(w->descriptor, bytes, (size_t)count, place)) {
        w->status = cannot_write(w->path, errno, w->error);
    }
}

/* Bytes of a process, and where they go. */
static uint64_t part_of(const writing *w, int64_t rank, int64_t *first, int64_t *rows)
{
    nmf_comm_rows(nmf_matrix_rows(w->all), rank, w->comm->size, first, rows);
    return (uint64_t)*rows * w->row_bytes;
}

/* All others are told at once, and write while this one does. */
static void ask_all(writing *w, const char *name)
{
    wish asked = {.mark_place = w->place};
    int64_t first, rows;
    memcpy(asked.name, name, strlen(name) + 1);
    if (getentropy(asked.mark, MARK) != 0) {
        fail(w, NMF_ERROR_FILE, "the system has no random numbers");
    }
    write_here(w, asked.mark, MARK, asked.mark_place);
    if (w->status == NMF_OK && !sync_file(w->descriptor)) {
        w->status = cannot_write(w->path, errno, w->error);
    }
    for (int64_t r = 1; r < w->comm->size && w->status == NMF_OK; r++) {
        if (part_of(w, r, &first, &rows) == 0) {
            continue;
        }
        asked.place = w->place + (uint64_t)first * w->row_bytes;
        nmf_spread_ask(w->all, r, &asked, sizeof asked);
        w->sees[r] = 1;
    }
    for (int64_t r = 1; r < w->comm->size; r++) {
        int64_t sees = 0;
        if (w->sees[r]) {
            w->comm->receive(w->comm->context, r, &sees, sizeof sees);
        }
        w->sees[r] = sees != 0;
    }
}

/* What a process that writes itself has left for this one, and what came of it. */
static void take_edges(writing *w, int64_t rank, uint64_t place, uint64_t bytes)
{
    answer said;
    const nmf_comm *comm = w->comm;
    comm->receive(comm->context, rank, &said, sizeof said);
    comm->receive(comm->context, rank, w->room, (size_t)said.head);
    comm->receive(comm->context, rank, w->room + said.head, (size_t)said.tail);
    if (said.reason != 0 && w->status == NMF_OK) {
        w->status = cannot_write(w->path, (int)said.reason, w->error);
    }
    write_here(w, w->room, said.head, place);
    write_here(w, w->room + said.head, said.tail, place + bytes - said.tail);
    w->crc = (uint32_t)crc32_combine(w->crc, said.crc, (z_off_t)bytes);
}

/* Rows of this process, or of one that does not see the file: some at a time. */
static void take_rows(writing *w, int64_t first, int64_t rows)
{
    const int64_t most = w->row_bytes < EDGES ? (int64_t)(EDGES / w->row_bytes) : 1;
    char *const large = w->row_bytes > EDGES ? malloc((size_t)w->row_bytes) : w->room;
    if (large == NULL) {
        fail(w, NMF_ERROR_MEMORY, "out of memory for a row");
    }
    for (int64_t i = first; i < first + rows && w->status == NMF_OK; i += most) {
        const int64_t count = first + rows - i < most ? first + rows - i : most;
        const uint64_t bytes = (uint64_t)count * w->row_bytes;
        w->status =
            nmf_matrix_copy_rows(w->all, i, count, nmf_matrix_dtype(w->all), large, w->error);
        write_here(w, large, bytes, w->place + (uint64_t)i * w->row_bytes);
        w->crc = (uint32_t)crc32_z(w->crc, (const Bytef *)large, (size_t)bytes);
    }
    if (large != w->room) {
        free(large);
    }
}

static void write_all_parts(writing *w, const char *name)
{
    int64_t first, rows;
    const uint64_t own = part_of(w, 0, &first, &rows);
    if (own >= MARK && strlen(name) < LONGEST_NAME) {
        ask_all(w, name);
    }
    for (int64_t r = 0; r < w->comm->size; r++) { /* in the order of the rows, as the CRC-32 goes */
        const uint64_t bytes = part_of(w, r, &first, &rows);
        if (w->sees[r]) {
            take_edges(w, r, w->place + (uint64_t)first * w->row_bytes, bytes);
        } else {
            take_rows(w, first, rows);
        }
    }
}

nmf_status nmfi_spread_write(const nmf_matrix *all, nmfi_atomic_file *file, const char *path,
                             uint64_t place, uint32_t *crc, nmf_error *error)
{
    FILE *const stream = nmfi_atomic_stream(file);
    const char *const name = nmfi_atomic_name(file);
    writing w = {.all = all,
                 .comm = nmf_comm_attached(),
                 .path = path,
                 .descriptor = -1,
                 .place = place,
                 .row_bytes =
                     (uint64_t)nmf_matrix_columns(all) * nmf_dtype_bytes(nmf_matrix_dtype(all)),
                 .error = error};
    w.sees = calloc((size_t)w.comm->size, 1);
    w.room = malloc(EDGES);
    if (w.sees == NULL || w.room == NULL) {
        fail(&w, NMF_ERROR_MEMORY, "out of memory");
    } else if (fflush(stream) != 0 || (w.descriptor = open(name, O_WRONLY | O_CLOEXEC)) < 0) {
        w.status = cannot_write(path, errno, error);
    }
    if (w.status == NMF_OK) {
        write_all_parts(&w, name);
    }
    if (w.descriptor >= 0 && close(w.descriptor) != 0 && errno != EINTR && w.status == NMF_OK) {
        w.status = cannot_write(path, errno, error);
    }
    const uint64_t end = place + (uint64_t)nmf_matrix_rows(all) * w.row_bytes;
    if (w.status == NMF_OK && fseeko(stream, (off_t)end, SEEK_SET) != 0) {
        w.status = cannot_write(path, errno, error);
    }
    free(w.sees);
    free(w.room);
    *crc = w.crc;
    return w.status;
}
