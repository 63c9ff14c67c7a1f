/* See zip_place.h. The archive ends with a record that says where its directory lies; where a number does
 * not fit into its 16 or 32 bits it is all ones, and the real one stands in a record of version 64. */
#include "zip_place.h"

#include <stdlib.h>
#include <string.h>

enum {
    END_BYTES = 22,     /* without the comment behind it */
    LOCATOR_BYTES = 20, /* of the end record of version 64, right before the end record */
    END64_BYTES = 56,
    ENTRY_BYTES = 46, /* without name, extra fields and comment */
    LOCAL_BYTES = 30, /* without name and extra fields */
    LONGEST_COMMENT = 65535,
    EXTRA64 = 1 /* the extra field's number */
};
#define LARGEST_DIRECTORY ((uint64_t)64 << 20)

static uint64_t number(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes; i-- > 0;) {
        value = value << 8 | at[i];
    }
    return value;
}

static nmf_status contradicts(const nmfi_disk_file *file, const char *what, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_FORMAT, "%s: the archive is damaged: %s",
                    nmfi_disk_file_path(file), what);
}

typedef struct directory {
    uint64_t offset, bytes;
} directory;

/* From the record of version 64 that ends at `end`, where there is one. */
static nmf_status find_directory64(nmfi_disk_file *file, uint64_t end, directory *found,
                                   nmf_error *error)
{
    unsigned char locator[LOCATOR_BYTES], record[END64_BYTES];
    if (end < LOCATOR_BYTES) {
        return contradicts(file, "its end record says too much", error);
    }
    nmf_status status =
        nmfi_disk_file_read(file, end - LOCATOR_BYTES, locator, sizeof locator, error);
    if (status != NMF_OK) {
        return status;
    }
    const uint64_t at = number(locator + 8, 8);
    if (number(locator, 4) != 0x07064b50 || at > end || end - at < END64_BYTES) {
        return contradicts(file, "it has no end record of version 64", error);
    }
    status = nmfi_disk_file_read(file, at, record, sizeof record, error);
    if (status == NMF_OK && number(record, 4) != 0x06064b50) {
        status = contradicts(file, "its end record of version 64 is none", error);
    }
    found->bytes = number(record + 40, 8);
    found->offset = number(record + 48, 8);
    return status;
}

static nmf_status find_directory(nmfi_disk_file *file, directory *found, nmf_error *error)
{
    const uint64_t all = nmfi_disk_file_bytes(file);
    const uint64_t most = END_BYTES + LONGEST_COMMENT;
    const size_t count = (size_t)(all < most ? all : most);
    unsigned char *tail = malloc(count + 1);
    if (tail == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    nmf_status status = nmfi_disk_file_read(file, all - count, tail, count, error);
    size_t at = count;
    for (size_t i = count; status == NMF_OK && at == count && i >= END_BYTES; i--) {
        const unsigned char *record = tail + i - END_BYTES;
        if (number(record, 4) == 0x06054b50 && number(record + 20, 2) == count - i) {
            at = i - END_BYTES;
        }
    }
    if (status == NMF_OK && at == count) {
        status = contradicts(file, "it has no end record", error);
    }
    if (status == NMF_OK) {
        found->bytes = number(tail + at + 12, 4);
        found->offset = number(tail + at + 16, 4);
        if (found->offset == UINT32_MAX || found->bytes == UINT32_MAX ||
            number(tail + at + 10, 2) == UINT16_MAX) {
            status = find_directory64(file, all - count + at, found, error);
        }
    }
    free(tail);
    if (status == NMF_OK && (found->bytes > LARGEST_DIRECTORY || found->offset > all ||
                             found->bytes > all - found->offset)) {
        status = contradicts(file, "its directory lies outside of it", error);
    }
    return status;
}

/* The numbers of an entry, from the extra field where they do not fit. */
static void read_entry(const unsigned char *entry, const unsigned char *end, uint64_t *packed,
                       uint64_t *bytes, uint64_t *local)
{
    const unsigned char *at = entry + ENTRY_BYTES + number(entry + 28, 2);
    const uint64_t extra = number(entry + 30, 2);
    const unsigned char *const extra_end = (uint64_t)(end - at) < extra ? end : at + extra;
    *packed = number(entry + 20, 4);
    *bytes = number(entry + 24, 4);
    *local = number(entry + 42, 4);
    while (extra_end - at >= 4) {
        const uint64_t size = number(at + 2, 2);
        const unsigned char *field = at + 4;
        if ((uint64_t)(extra_end - field) < size) {
            return;
        }
        uint64_t *const wanted[] = {bytes, packed, local};
        const unsigned char *const field_end = field + size;
        for (int i = 0; number(at, 2) == EXTRA64 && i < 3; i++) {
            if (*wanted[i] == UINT32_MAX && field_end - field >= 8) {
                *wanted[i] = number(field, 8);
                field += 8;
            }
        }
        at = field_end;
    }
}

/* The content begins behind the entry that stands before it. */
static nmf_status find_content(nmfi_disk_file *file, uint64_t local, uint64_t packed,
                               nmfi_zip_place *place, nmf_error *error)
{
    unsigned char head[LOCAL_BYTES];
    const uint64_t all = nmfi_disk_file_bytes(file);
    if (local > all || all - local < LOCAL_BYTES) {
        return contradicts(file, "a member lies outside of it", error);
    }
    const nmf_status status = nmfi_disk_file_read(file, local, head, sizeof head, error);
    if (status != NMF_OK) {
        return status;
    }
    place->offset = local + LOCAL_BYTES + number(head + 26, 2) + number(head + 28, 2);
    if (number(head, 4) != 0x04034b50 || place->offset > all ||
        all - place->offset < place->bytes || packed != place->bytes) {
        return contradicts(file, "a member lies outside of it", error);
    }
    return NMF_OK;
}

static nmf_status search(nmfi_disk_file *file, const unsigned char *entries, uint64_t count,
                         const char *member, nmfi_zip_place *place, nmf_error *error)
{
    const unsigned char *const end = entries + count;
    const size_t length = strlen(member);
    for (const unsigned char *at = entries; end - at >= ENTRY_BYTES;) {
        const uint64_t name = number(at + 28, 2);
        const uint64_t all = ENTRY_BYTES + name + number(at + 30, 2) + number(at + 32, 2);
        if (number(at, 4) != 0x02014b50 || (uint64_t)(end - at) < all) {
            break;
        }
        if (name == length && memcmp(at + ENTRY_BYTES, member, length) == 0) {
            uint64_t packed, local;
            const int encrypted = (number(at + 8, 2) & 1) != 0;
            read_entry(at, end, &packed, &place->bytes, &local);
            place->stored = number(at + 10, 2) == 0 && !encrypted;
            return place->stored ? find_content(file, local, packed, place, error) : NMF_OK;
        }
        at += all;
    }
    return contradicts(file, "its directory does not list what it lists", error);
}

nmf_status nmfi_zip_find_place(nmfi_disk_file *file, const char *member, nmfi_zip_place *place,
                               nmf_error *error)
{
    directory found = {0, 0};
    memset(place, 0, sizeof *place);
    nmf_status status = find_directory(file, &found, error);
    if (status != NMF_OK) {
        return status;
    }
    unsigned char *entries = malloc((size_t)found.bytes + 1);
    if (entries == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    status = nmfi_disk_file_read(file, found.offset, entries, (size_t)found.bytes, error);
    if (status == NMF_OK) {
        status = search(file, entries, found.bytes, member, place, error);
    }
    free(entries);
    return status;
}
