/* Compressed rows in a file that stays on disk: a sparse matrix whose entries are read when they are asked
 * for, in the type that they would have in memory (sparse_parts.h). */
#ifndef NMFI_IO_DISK_LINES_H
#define NMFI_IO_DISK_LINES_H

#include "raw_array.h"

#include "io/files/disk_file.h"

/* A list of numbers that can be read from any of them on: into `values`, as they are stored. */
typedef struct nmfi_disk_list {
    int64_t count;
    nmfi_raw_array kind; /* kind, item_bytes and big_endian are read */
    nmf_status (*read)(void *context, int64_t first, int64_t count, void *values, nmf_error *error);
    void *context;
    void (*release)(void *context); /* may be NULL */
} nmfi_disk_list;

/* One whose numbers lie side by side in a file, from byte `offset` on. Takes the file over, on failure too. `path` is
 * for messages. Errors: MEMORY. */
nmf_status nmfi_disk_list_in(nmfi_disk_file *file, uint64_t offset, int64_t count,
                             const nmfi_raw_array *kind, const char *path, nmfi_disk_list *list,
                             nmf_error *error);

/* pointers: rows + 1, malloc'ed. Takes pointers and lists over, on failure too. Where the type of the
 * values hangs on them all are looked at: one reading. `path` is for messages. Errors: FORMAT (pointers
 * that fall, or fit neither list), UNSUPPORTED (indices of another type than int32 and int64 of this
 * machine), MEMORY. */
NMFI_FOR_PLUGINS nmf_status nmfi_disk_lines_matrix(int64_t rows, int64_t columns, int64_t *pointers,
                                                   const nmfi_disk_list *indices,
                                                   const nmfi_disk_list *values, const char *path,
                                                   nmf_matrix **matrix, nmf_error *error);

#endif
