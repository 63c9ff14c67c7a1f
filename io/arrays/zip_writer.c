/* See zip_writer.h. PKWARE's APPNOTE 6.3.9, sections 4.3 and 4.5.3: a header before each member, and at the end the
 * central directory, which says the same once more with the headers' places. A member's CRC-32 is known behind it, and
 * is then put into its header. */
#include "zip_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    FIXED_DATE = 1 << 5 | 1, /* 1980-01-01, the date NumPy gives to members */
    NEEDED = 10,
    NEEDED_64 = 45,
    MADE_BY = 3 << 8 | 63, /* Unix, APPNOTE 6.3 */
    IS_UTF_8 = 1 << 11,
    MOST_HEADER = 64, /* without the name */
    CRC_PLACE = 14
};
#define A_FILE (UINT32_C(0100666) << 16) /* plain, of everybody's */
#define MOST_32 UINT64_C(0xffffffff)

typedef struct entry {
    struct entry *next;
    char *name;
    uint64_t place, bytes; /* of its header; of its content */
    uint32_t crc;
} entry;

struct nmfi_zip_writer {
    FILE *stream;
    entry *first, *last;
    uint64_t place; /* of the next byte */
    uint64_t left;  /* of the member */
    int reason;     /* errno of the first failure */
};

/* --- little-endian numbers ------------------------------------------------------------------------ */

typedef struct header {
    unsigned char bytes[MOST_HEADER];
    size_t count;
} header;

static void add(header *h, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        h->bytes[h->count++] = (unsigned char)(number >> 8 * i);
    }
}

static uint64_t or_most(uint64_t number)
{
    return number < MOST_32 ? number : MOST_32;
}

/* --- writing ------------------------------------------------------------------------------------- */

static int fail(nmfi_zip_writer *zip, int reason)
{
    if (zip->reason == 0) {
        zip->reason = reason != 0 ? reason : EIO;
    }
    errno = zip->reason;
    return 0;
}

static int put(nmfi_zip_writer *zip, const void *data, size_t bytes)
{
    errno = 0;
    if (zip->reason != 0 || (bytes > 0 && fwrite(data, 1, bytes, zip->stream) != bytes)) {
        return fail(zip, errno);
    }
    zip->place += bytes;
    return 1;
}

static int go_to(nmfi_zip_writer *zip, uint64_t place)
{
    errno = 0;
    if (zip->reason != 0 || fseeko(zip->stream, (off_t)place, SEEK_SET) != 0) {
        return fail(zip, errno);
    }
    return 1;
}

nmfi_zip_writer *nmfi_zip_begin(FILE *stream)
{
    nmfi_zip_writer *zip = calloc(1, sizeof *zip);
    if (zip != NULL) {
        zip->stream = stream;
    }
    return zip;
}

void nmfi_zip_free(nmfi_zip_writer *zip)
{
    while (zip != NULL && zip->first != NULL) {
        entry *old = zip->first;
        zip->first = old->next;
        free(old->name);
        free(old);
    }
    free(zip);
}

static entry *new_entry(nmfi_zip_writer *zip, const char *name, uint64_t bytes)
{
    entry *made = calloc(1, sizeof *made);
    char *const copy = strdup(name);
    if (made == NULL || copy == NULL) {
        free(made);
        free(copy);
        return NULL;
    }
    *made = (entry){.name = copy, .place = zip->place, .bytes = bytes, .crc = 0};
    if (zip->last != NULL) {
        zip->last->next = made;
    } else {
        zip->first = made;
    }
    zip->last = made;
    return made;
}

/* What both headers of a member have in common, from the version on. */
static void add_common(header *h, const entry *e, int is_64, size_t extra)
{
    int is_ascii = 1;
    for (const char *at = e->name; *at != '\0'; at++) {
        is_ascii &= (unsigned char)*at < 0x80;
    }
    add(h, is_64 ? NEEDED_64 : NEEDED, 2);
    add(h, is_ascii ? 0 : IS_UTF_8, 2);
    add(h, 0, 2); /* stored */
    add(h, 0, 2); /* midnight */
    add(h, FIXED_DATE, 2);
    add(h, e->crc, 4);
    add(h, or_most(e->bytes), 4);
    add(h, or_most(e->bytes), 4);
    add(h, strlen(e->name), 2);
    add(h, extra, 2);
}

int nmfi_zip_member(nmfi_zip_writer *zip, const char *name, uint64_t bytes)
{
    header h = {{0}, 0}, extra = {{0}, 0};
    if (zip->left > 0 || strlen(name) > 0xffff) {
        return fail(zip, EINVAL);
    }
    const entry *const made = new_entry(zip, name, bytes);
    if (made == NULL) {
        return fail(zip, ENOMEM);
    }
    if (bytes >= MOST_32) {
        add(&extra, 1, 2); /* zip64 */
        add(&extra, 16, 2);
        add(&extra, bytes, 8);
        add(&extra, bytes, 8);
    }
    add(&h, 0x04034b50, 4);
    add_common(&h, made, extra.count > 0, extra.count);
    zip->left = bytes;
    return put(zip, h.bytes, h.count) && put(zip, name, strlen(name)) &&
           put(zip, extra.bytes, extra.count);
}

/* The member has ended: its header gets the CRC-32. */
static int note_crc(nmfi_zip_writer *zip)
{
    const uint64_t end = zip->place;
    header h = {{0}, 0};
    add(&h, zip->last->crc, 4);
    const int done =
        go_to(zip, zip->last->place + CRC_PLACE) && put(zip, h.bytes, h.count) && go_to(zip, end);
    zip->place = end;
    return done;
}

int nmfi_zip_put(nmfi_zip_writer *zip, const void *data, size_t bytes)
{
    if (bytes > zip->left) {
        return fail(zip, EINVAL);
    }
    if (bytes == 0) {
        return zip->reason == 0;
    }
    zip->last->crc = (uint32_t)crc32_z(zip->last->crc, data, bytes);
    zip->left -= bytes;
    return put(zip, data, bytes) && (zip->left > 0 || note_crc(zip));
}

uint64_t nmfi_zip_place(const nmfi_zip_writer *zip)
{
    return zip->place;
}

int nmfi_zip_pass(nmfi_zip_writer *zip, uint64_t bytes, uint32_t crc)
{
    if (bytes > zip->left) {
        return fail(zip, EINVAL);
    }
    zip->last->crc = (uint32_t)crc32_combine(zip->last->crc, crc, (z_off_t)bytes);
    zip->left -= bytes;
    zip->place += bytes;
    return go_to(zip, zip->place) && (zip->left > 0 || note_crc(zip));
}

/* --- the central directory ------------------------------------------------------------------------ */

static int list(nmfi_zip_writer *zip, const entry *e)
{
    header h = {{0}, 0}, extra = {{0}, 0};
    const int large = e->bytes >= MOST_32, far = e->place >= MOST_32;
    if (large || far) {
        add(&extra, 1, 2);
        add(&extra, (large ? 16u : 0u) + (far ? 8u : 0u), 2);
    }
    if (large) {
        add(&extra, e->bytes, 8);
        add(&extra, e->bytes, 8);
    }
    if (far) {
        add(&extra, e->place, 8);
    }
    add(&h, 0x02014b50, 4);
    add(&h, MADE_BY, 2);
    add_common(&h, e, large || far, extra.count);
    add(&h, 0, 2); /* no comment */
    add(&h, 0, 2); /* disk */
    add(&h, 0, 2); /* no text */
    add(&h, A_FILE, 4);
    add(&h, or_most(e->place), 4);
    return put(zip, h.bytes, h.count) && put(zip, e->name, strlen(e->name)) &&
           put(zip, extra.bytes, extra.count);
}

/* The end of an archive beyond 4 GB, and where that is. */
static int end_64(nmfi_zip_writer *zip, uint64_t count, uint64_t begin, uint64_t bytes)
{
    const uint64_t place = zip->place;
    header h = {{0}, 0}, where = {{0}, 0};
    add(&h, 0x06064b50, 4);
    add(&h, 44, 8); /* bytes behind this number */
    add(&h, MADE_BY, 2);
    add(&h, NEEDED_64, 2);
    add(&h, 0, 8); /* disks */
    add(&h, count, 8);
    add(&h, count, 8);
    add(&h, bytes, 8);
    add(&h, begin, 8);
    add(&where, 0x07064b50, 4);
    add(&where, 0, 4);
    add(&where, place, 8);
    add(&where, 1, 4);
    return put(zip, h.bytes, h.count) && put(zip, where.bytes, where.count);
}

int nmfi_zip_end(nmfi_zip_writer *zip)
{
    const uint64_t begin = zip->place;
    uint64_t count = 0;
    header h = {{0}, 0};
    if (zip->left > 0) {
        return fail(zip, EINVAL);
    }
    for (const entry *e = zip->first; e != NULL; e = e->next, count++) {
        if (!list(zip, e)) {
            return 0;
        }
    }
    const uint64_t bytes = zip->place - begin;
    if ((begin >= MOST_32 || bytes >= MOST_32 || count >= 0xffff) &&
        !end_64(zip, count, begin, bytes)) {
        return 0;
    }
    add(&h, 0x06054b50, 4);
    add(&h, 0, 4); /* disks */
    add(&h, count < 0xffff ? count : 0xffff, 2);
    add(&h, count < 0xffff ? count : 0xffff, 2);
    add(&h, or_most(bytes), 4);
    add(&h, or_most(begin), 4);
    add(&h, 0, 2); /* no comment */
    return put(zip, h.bytes, h.count);
}
