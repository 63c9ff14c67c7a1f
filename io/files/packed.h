/* Compressed files: gzip, xz and Zstandard, told by their first bytes when they are read and by their name
 * when they are written. */
#ifndef NMFI_IO_PACKED_H
#define NMFI_IO_PACKED_H

#include <nmfkit/status.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum nmfi_packing {
    NMFI_UNPACKED = 0,
    NMFI_GZIP = 1,
    NMFI_XZ = 2,
    NMFI_ZSTD = 3
} nmfi_packing;

nmfi_packing nmfi_packing_of(const void *head, size_t count);
/* By the name's end; *length is that of the name without it. */
nmfi_packing nmfi_packing_named(const char *path, size_t *length);
/* "gzip"; static. */
const char *nmfi_packing_name(nmfi_packing packing);

/* What a regular file holds, unpacked where it is packed, from its beginning to its end. */
typedef struct nmfi_unpacker nmfi_unpacker;

/* Errors: FILE (missing, unreadable, not a regular file), MEMORY. */
nmf_status nmfi_unpacker_open(const char *path, nmfi_unpacker **unpacker, nmf_error *error);
void nmfi_unpacker_close(nmfi_unpacker *unpacker); /* NULL is fine */

/* The next bytes, at most `room` > 0; *got is 0 at the end only. Errors: FILE, FORMAT (damaged, or cut
 * off), MEMORY. */
nmf_status nmfi_unpacker_read(nmfi_unpacker *unpacker, void *bytes, size_t room, size_t *got,
                              nmf_error *error);

nmfi_packing nmfi_unpacker_packing(const nmfi_unpacker *unpacker);

/* The most bytes that may come: the file's size, or what its kind of packing can make of that at most (deflate
 * 1032 times as much; the others' blocks of one repeated byte 2^15 times). */
int64_t nmfi_unpacker_most_bytes(const nmfi_unpacker *unpacker);

/* A stream whose bytes are packed and then written to `to`. fclose ends the packing, closes `to` and fails where
 * any write to it did. NULL where memory is out: `to` is then left open. */
FILE *nmfi_packing_stream(FILE *to, nmfi_packing packing);

#endif
