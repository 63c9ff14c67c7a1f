/* Reading compressed files: see packed.h. One loop feeds a decoder; the three decoders differ only in the
 * calls that they are made of. */
#define _POSIX_C_SOURCE 200809L
#include "packed.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#define INPUT_BYTES ((size_t)1 << 17)
#define DEFLATE_LARGEST_RATIO 1032
#define OTHER_LARGEST_RATIO (1 << 15)
#define MOST_WINDOW_BYTES ((uint64_t)1 << 28) /* of xz: what its highest preset takes, twice over */

static const struct {
    const char *name, *extension, *magic;
    size_t magic_bytes;
} packings[] = {[NMFI_UNPACKED] = {"plain", "", "", 0},
                [NMFI_GZIP] = {"gzip", ".gz", "\x1F\x8B", 2},
                [NMFI_XZ] = {"xz",
                             ".xz",
                             "\xFD"
                             "7zXZ",
                             6},
                [NMFI_ZSTD] = {"Zstandard", ".zst", "\x28\xB5\x2F\xFD", 4}};

nmfi_packing nmfi_packing_of(const void *head, size_t count)
{
    for (int p = NMFI_GZIP; p <= NMFI_ZSTD; p++) {
        if (count >= packings[p].magic_bytes &&
            memcmp(head, packings[p].magic, packings[p].magic_bytes) == 0) {
            return (nmfi_packing)p;
        }
    }
    return NMFI_UNPACKED;
}

nmfi_packing nmfi_packing_named(const char *path, size_t *length)
{
    *length = strlen(path);
    for (int p = NMFI_GZIP; p <= NMFI_ZSTD; p++) {
        const size_t size = strlen(packings[p].extension);
        if (*length > size && strcasecmp(path + *length - size, packings[p].extension) == 0) {
            *length -= size;
            return (nmfi_packing)p;
        }
    }
    return NMFI_UNPACKED;
}

const char *nmfi_packing_name(nmfi_packing packing)
{
    return packings[packing].name;
}

struct nmfi_unpacker {
    char *path;
    int descriptor;
    nmfi_packing packing;
    int64_t size;
    unsigned char *input; /* INPUT_BYTES */
    size_t at, filled;
    int input_ended; /* nothing more comes from the file */
    int open;        /* a decoder is, in the middle of its data */
    int ended;       /* nothing more comes out */
    z_stream gzip;
    lzma_stream xz;
    ZSTD_DStream *zstd;
};

/* --- the file ---------------------------------------------------------------------------------- */

static nmf_status refill(nmfi_unpacker *u, nmf_error *error)
{
    ssize_t got;
    memmove(u->input, u->input + u->at, u->filled - u->at);
    u->filled -= u->at;
    u->at = 0;
    do {
        got = read(u->descriptor, u->input + u->filled, INPUT_BYTES - u->filled);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read: %s", u->path, strerror(errno));
    }
    u->filled += (size_t)got;
    u->input_ended = got == 0;
    return NMF_OK;
}

/* --- decoders ---------------------------------------------------------------------------------- */

/* Ready for a member; 0 where memory is out. */
static int begin_decoder(nmfi_unpacker *u)
{
    const lzma_stream fresh = LZMA_STREAM_INIT;
    switch (u->packing) {
    case NMFI_GZIP:
        memset(&u->gzip, 0, sizeof u->gzip);
        u->open = inflateInit2(&u->gzip, 16 + MAX_WBITS) == Z_OK;
        return u->open;
    case NMFI_XZ:
        u->xz = fresh;
        u->open = lzma_stream_decoder(&u->xz, MOST_WINDOW_BYTES, 0) == LZMA_OK;
        return u->open;
    case NMFI_ZSTD:
        if (u->zstd == NULL) {
            u->zstd = ZSTD_createDStream();
        }
        u->open = u->zstd != NULL && !ZSTD_isError(ZSTD_initDStream(u->zstd));
        return u->open;
    case NMFI_UNPACKED: break;
    }
    return 1;
}

static void end_decoder(nmfi_unpacker *u)
{
    if (u->packing == NMFI_GZIP && u->open) {
        (void)inflateEnd(&u->gzip);
    }
    if (u->packing == NMFI_XZ && u->open) {
        lzma_end(&u->xz);
    }
    u->open = 0;
}

typedef enum decoded { DECODED_SOME, DECODED_ALL, DECODED_DAMAGE, DECODED_NO_MEMORY } decoded;

static decoded decode_gzip(nmfi_unpacker *u, unsigned char *bytes, size_t room, size_t *got,
                           const char **reason)
{
    u->gzip.next_in = u->input + u->at;
    u->gzip.avail_in = (uInt)(u->filled - u->at);
    u->gzip.next_out = bytes;
    u->gzip.avail_out = room < UINT_MAX ? (uInt)room : UINT_MAX;
    const size_t asked = u->gzip.avail_out;
    const int result = inflate(&u->gzip, Z_NO_FLUSH);
    u->at = u->filled - u->gzip.avail_in;
    *got = asked - u->gzip.avail_out;
    *reason = u->gzip.msg != NULL ? u->gzip.msg : "incorrect data";
    return result == Z_STREAM_END                      ? DECODED_ALL
           : result == Z_OK || result == Z_BUF_ERROR   ? DECODED_SOME
           : result == Z_MEM_ERROR                     ? DECODED_NO_MEMORY
                                                       : DECODED_DAMAGE;
}

static decoded decode_xz(nmfi_unpacker *u, unsigned char *bytes, size_t room, size_t *got,
                         const char **reason)
{
    u->xz.next_in = u->input + u->at;
    u->xz.avail_in = u->filled - u->at;
    u->xz.next_out = bytes;
    u->xz.avail_out = room;
    const lzma_ret result = lzma_code(&u->xz, LZMA_RUN);
    u->at = u->filled - u->xz.avail_in;
    *got = room - u->xz.avail_out;
    *reason = result == LZMA_MEMLIMIT_ERROR ? "it asks for more than 256 MB" : "incorrect data";
    return result == LZMA_STREAM_END                     ? DECODED_ALL
           : result == LZMA_OK || result == LZMA_BUF_ERROR ? DECODED_SOME
           : result == LZMA_MEM_ERROR                    ? DECODED_NO_MEMORY
                                                         : DECODED_DAMAGE;
}

static decoded decode_zstd(nmfi_unpacker *u, unsigned char *bytes, size_t room, size_t *got,
                           const char **reason)
{
    ZSTD_inBuffer in = {u->input, u->filled, u->at};
    ZSTD_outBuffer out = {bytes, room, 0};
    const size_t result = ZSTD_decompressStream(u->zstd, &out, &in);
    u->at = in.pos;
    *got = out.pos;
    *reason = ZSTD_isError(result) ? ZSTD_getErrorName(result) : "";
    return ZSTD_isError(result) ? DECODED_DAMAGE : result == 0 ? DECODED_ALL : DECODED_SOME;
}

static decoded decode(nmfi_unpacker *u, unsigned char *bytes, size_t room, size_t *got,
                      const char **reason)
{
    return u->packing == NMFI_GZIP ? decode_gzip(u, bytes, room, got, reason)
           : u->packing == NMFI_XZ ? decode_xz(u, bytes, room, got, reason)
                                   : decode_zstd(u, bytes, room, got, reason);
}

/* --- the loop ---------------------------------------------------------------------------------- */

static nmf_status fail_damage(const nmfi_unpacker *u, const char *reason, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_FORMAT, "%s: its %s data is damaged or cut off: %s", u->path,
                    packings[u->packing].name, reason);
}

/* Members may follow each other, as `cat a.gz b.gz` makes them; what else follows a gzip member is no
 * data (tar's padding, say). 1: there is another. */
static int another_member(const nmfi_unpacker *u)
{
    return nmfi_packing_of(u->input + u->at, u->filled - u->at) == u->packing;
}

static nmf_status next_member(nmfi_unpacker *u, nmf_error *error)
{
    nmf_status status = NMF_OK;
    end_decoder(u);
    if (u->filled - u->at < 6 && !u->input_ended) {
        status = refill(u, error);
    }
    if (status == NMF_OK && !another_member(u)) {
        u->ended = 1;
        if (u->packing != NMFI_GZIP && u->at < u->filled) {
            return fail_damage(u, "something else follows it", error);
        }
    }
    if (status == NMF_OK && !u->ended && !begin_decoder(u)) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", u->path);
    }
    return status;
}

static nmf_status read_plain(nmfi_unpacker *u, void *bytes, size_t room, size_t *got,
                             nmf_error *error)
{
    if (u->at < u->filled) { /* what was looked at to see what it is */
        *got = u->filled - u->at < room ? u->filled - u->at : room;
        memcpy(bytes, u->input + u->at, *got);
        u->at += *got;
        return NMF_OK;
    }
    ssize_t count;
    do {
        count = read(u->descriptor, bytes, room < SSIZE_MAX ? room : SSIZE_MAX);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read: %s", u->path, strerror(errno));
    }
    *got = (size_t)count;
    return NMF_OK;
}

nmf_status nmfi_unpacker_read(nmfi_unpacker *u, void *bytes, size_t room, size_t *got,
                              nmf_error *error)
{
    *got = 0;
    if (u->packing == NMFI_UNPACKED) {
        return read_plain(u, bytes, room, got, error);
    }
    nmf_status status = NMF_OK;
    while (status == NMF_OK && *got == 0 && !u->ended) {
        const size_t before = u->at;
        const char *reason = "";
        const decoded result = decode(u, bytes, room, got, &reason);
        if (result == DECODED_ALL) {
            status = next_member(u, error);
        } else if (result == DECODED_NO_MEMORY) {
            status = nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", u->path);
        } else if (result == DECODED_DAMAGE) {
            status = fail_damage(u, reason, error);
        } else if (*got == 0 && u->at == u->filled && u->input_ended) {
            status = fail_damage(u, "unexpected end of file", error);
        } else if (*got == 0 && (u->at == u->filled || u->at == before)) {
            status = refill(u, error);
        }
    }
    return status;
}

/* --- opening ----------------------------------------------------------------------------------- */

static nmf_status open_file(nmfi_unpacker *u, nmf_error *error)
{
    struct stat info;
    /* O_NONBLOCK: a pipe that nobody writes to must not wait; it has no effect on files. */
    u->descriptor = open(u->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (u->descriptor < 0 || fstat(u->descriptor, &info) != 0) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be opened: %s", u->path,
                        strerror(errno));
    }
    if (!S_ISREG(info.st_mode)) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: is not a regular file", u->path);
    }
    u->size = (int64_t)info.st_size;
    return refill(u, error);
}

nmf_status nmfi_unpacker_open(const char *path, nmfi_unpacker **unpacker, nmf_error *error)
{
    *unpacker = NULL;
    nmfi_unpacker *made = calloc(1, sizeof *made);
    if (made != NULL) {
        made->descriptor = -1;
        made->path = strdup(path);
        made->input = malloc(INPUT_BYTES);
    }
    if (made == NULL || made->path == NULL || made->input == NULL) {
        nmfi_unpacker_close(made);
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    }
    nmf_status status = open_file(made, error);
    if (status == NMF_OK) {
        made->packing = nmfi_packing_of(made->input, made->filled);
        if (!begin_decoder(made)) {
            status = nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
        }
    }
    if (status != NMF_OK) {
        nmfi_unpacker_close(made);
        return status;
    }
    *unpacker = made;
    return NMF_OK;
}

void nmfi_unpacker_close(nmfi_unpacker *u)
{
    if (u == NULL) {
        return;
    }
    end_decoder(u);
    ZSTD_freeDStream(u->zstd);
    if (u->descriptor >= 0) {
        close(u->descriptor);
    }
    free(u->input);
    free(u->path);
    free(u);
}

nmfi_packing nmfi_unpacker_packing(const nmfi_unpacker *u)
{
    return u->packing;
}

int64_t nmfi_unpacker_most_bytes(const nmfi_unpacker *u)
{
    const int64_t ratio = u->packing == NMFI_UNPACKED ? 1
                          : u->packing == NMFI_GZIP   ? DEFLATE_LARGEST_RATIO
                                                      : OTHER_LARGEST_RATIO;
    return u->size < INT64_MAX / ratio ? u->size * ratio : INT64_MAX;
}
