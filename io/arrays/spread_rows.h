/* A matrix whose rows several processes have (nmfkit/spread.h), written by all of them into one file. */
#ifndef NMFI_IO_SPREAD_ROWS_H
#define NMFI_IO_SPREAD_ROWS_H

#include "io/files/atomic_file.h"

#include <nmfkit/spread.h>
#include <stdint.h>

/* The rows of `all` as they are, one behind the other, from byte `place` of `file` on, and their CRC-32; the file's
 * stream is then behind them. Processes that see the temporary file write their rows there themselves; those of others
 * come here in pieces. The file must not pack. `path` is for sentences. Errors: FILE, MEMORY. */
nmf_status nmfi_spread_write(const nmf_matrix *all, nmfi_atomic_file *file, const char *path,
                             uint64_t place, uint32_t *crc, nmf_error *error);

#endif
