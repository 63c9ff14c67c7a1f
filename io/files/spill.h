/* A nameless file for what a reader makes and memory has no room for: it lies where NMFKIT_SCRATCH says (else
 * TMPDIR, else /var/tmp), and goes with the process, however that ends. Nobody else can cut it short. */
#ifndef NMFI_IO_SPILL_H
#define NMFI_IO_SPILL_H

#include "disk_file.h"

typedef struct nmfi_spill nmfi_spill;

/* `path`: of the data that it is for, in messages. Errors: FILE, MEMORY. */
nmf_status nmfi_spill_open(const char *path, nmfi_spill **spill, nmf_error *error);
void nmfi_spill_close(nmfi_spill *spill); /* NULL is fine */

/* Bytes behind those that were added before. Errors: FILE (no space, among others). */
nmf_status nmfi_spill_add(nmfi_spill *spill, const void *bytes, size_t count, nmf_error *error);
uint64_t nmfi_spill_bytes(const nmfi_spill *spill);

/* Bytes at any place, which makes the file longer where they end behind it; and back from there. Errors: FILE. */
nmf_status nmfi_spill_put(nmfi_spill *spill, uint64_t offset, const void *bytes, size_t count,
                          nmf_error *error);
nmf_status nmfi_spill_read(nmfi_spill *spill, uint64_t offset, void *bytes, size_t count,
                           nmf_error *error);

/* All of it as memory that the system fetches and takes back, read only; munmap it. Errors: MEMORY, FILE. */
nmf_status nmfi_spill_map(nmfi_spill *spill, const void **bytes, nmf_error *error);

/* As a file that is read in place; takes the spill over, on failure too. Errors: MEMORY, FILE. */
nmf_status nmfi_spill_file(nmfi_spill *spill, void (*watch)(int64_t bytes, void *context),
                           void *context, nmfi_disk_file **file, nmf_error *error);

#endif
