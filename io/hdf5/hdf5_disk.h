/* Lists and tables of numbers in HDF5 files that stay on disk, read from any place on. What is stored in one
 * piece is read from the file as it lies; what is chunked or compressed goes through HDF5, one thread at a
 * time, since the library serves no more. */
#ifndef NMFI_IO_HDF5_DISK_H
#define NMFI_IO_HDF5_DISK_H

#include "hdf5_file.h"

#include "io/arrays/disk_lines.h"
#include "io/files/on_disk.h"

/* Dataset `name` below `group` of the request's file as a list; a table's values row after row. *list is to
 * be released. Errors: FORMAT, UNSUPPORTED, FILE, MEMORY. */
nmf_status nmfi_hdf5_disk_list(const nmfi_read_request *request, const char *group,
                               const char *name, nmfi_hdf5_as as, nmfi_disk_list *list,
                               nmf_error *error);

#endif
