/* A dense array in a file that stays on disk: a matrix whose rows are read when they are asked for, in the
 * type that it would have in memory (raw_array.h). */
#ifndef NMFI_IO_DISK_ARRAY_H
#define NMFI_IO_DISK_ARRAY_H

#include "raw_array.h"

#include "io/files/disk_file.h"

/* `raw`, its data aside: in C order, or in Fortran's. Its first value lies at byte `offset`; the caller
 * has checked that the file holds the shape. Where the type hangs on the values all are looked at: one
 * reading. Takes the file over, on failure too. Errors: FILE, MEMORY. */
nmf_status nmfi_disk_array_matrix(nmfi_disk_file *file, uint64_t offset, const nmfi_raw_array *raw,
                                  nmf_matrix **matrix, nmf_error *error);

#endif
