/* HDF5 files for the rooms that do not stand on HDF5: what io/hdf5 does, which is loaded when it is first called. */
#ifndef NMFI_IO_HDF5_H
#define NMFI_IO_HDF5_H

#include "io/files/reader.h"

/* What the plug-in hdf5 exports, nmf_plugin_hdf5: its functions, as they are described below. */
typedef struct nmfi_hdf5_room {
    nmf_status (*read)(const nmfi_read_request *request, nmf_matrix **matrix, nmf_error *error);
    nmf_status (*read_mat73)(const nmfi_read_request *request, nmf_matrix **matrix,
                             nmf_error *error);
    nmf_status (*names)(const char *path, const char *member, nmf_matrix *matrix, nmf_names which,
                        nmf_error *error);
} nmfi_hdf5_room;

/* A MATLAB file of version 7.3. Errors: those of readers. */
nmf_status nmfi_mat73_read(const nmfi_read_request *request, nmf_matrix **matrix, nmf_error *error);

/* Gives `matrix` the names that stand in file `path` at `member` ("obs/cell_type"). Errors: FORMAT, SHAPE (not one for
 * each row or column), MEMORY, UNSUPPORTED. */
nmf_status nmfi_hdf5_names_of(const char *path, const char *member, nmf_matrix *matrix,
                              nmf_names which, nmf_error *error);

#endif
