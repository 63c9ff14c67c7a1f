/* Writes a ZIP archive of stored members, one after the other, as zip and Python's zipfile read it: of a fixed date, so
 * that equal members give equal files; with 64-bit sizes (zip64) where one needs them and only there. */
#ifndef NMFI_IO_ZIP_WRITER_H
#define NMFI_IO_ZIP_WRITER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct nmfi_zip_writer nmfi_zip_writer;

/* Functions here return 1; or 0 with the reason in errno (ENOMEM among them), and then all that follow do. */

/* An archive from the beginning of `stream`, which can be sought in and stays the caller's. NULL where memory is out. */
nmfi_zip_writer *nmfi_zip_begin(FILE *stream);

/* A member of so many bytes (UTF-8 name), which follow in pieces, all of them before the next member. */
int nmfi_zip_member(nmfi_zip_writer *zip, const char *name, uint64_t bytes);
int nmfi_zip_put(nmfi_zip_writer *zip, const void *data, size_t bytes);

/* Where in the file the next bytes go; and on behind `bytes` that somebody else wrote there, of this CRC-32. */
uint64_t nmfi_zip_place(const nmfi_zip_writer *zip);
int nmfi_zip_pass(nmfi_zip_writer *zip, uint64_t bytes, uint32_t crc);

/* Writes the list of members behind them. */
int nmfi_zip_end(nmfi_zip_writer *zip);

void nmfi_zip_free(nmfi_zip_writer *zip); /* NULL is fine */

#endif
