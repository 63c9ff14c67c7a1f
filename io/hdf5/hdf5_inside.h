/* What hdf5_file.c and hdf5_names.c share: HDF5's own handles. */
#ifndef NMFI_IO_HDF5_INSIDE_H
#define NMFI_IO_HDF5_INSIDE_H

#include "hdf5_file.h"

#include <hdf5.h>

#define NMFI_HDF5_PATH_BYTES 512

struct nmfi_hdf5 {
    hid_t file;
    char *path;
    int64_t bytes;
    H5E_auto2_t report; /* the host program's, put back at the end */
    void *report_to;
    int silenced;
};

/* "group/name", or 0 where that is too long. */
int nmfi_hdf5_join(const char *group, const char *name, char path[NMFI_HDF5_PATH_BYTES]);

/* Opens a dataset that lies in this file; H5Dclose it. Errors: FORMAT, UNSUPPORTED. */
nmf_status nmfi_hdf5_dataset(const nmfi_hdf5 *file, const char *path, hid_t *handle,
                             nmf_error *error);

/* Shape of one to three dimensions, and that its values of `item_bytes` can be in the file. Errors:
 * FORMAT. */
nmf_status nmfi_hdf5_shape(const nmfi_hdf5 *file, hid_t dataset, const char *path, int *dimensions,
                           int64_t shape[3], nmf_error *error);

/* The type to read into, and what it is called here; a negative number for what is no number. */
hid_t nmfi_hdf5_memory_type(hid_t type, nmfi_hdf5_as as, nmfi_raw_array *values);

nmf_status nmfi_hdf5_damaged(const nmfi_hdf5 *file, const char *path, nmf_error *error);

#endif
