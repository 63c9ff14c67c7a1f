/* What this room exports (io/arrays/hdf5.h says what these do). */
#ifndef NMFI_IO_HDF5_ROOM_H
#define NMFI_IO_HDF5_ROOM_H

#include "io/arrays/hdf5.h"

nmf_status nmfi_hdf5_read_matrix(const nmfi_read_request *request, nmf_matrix **matrix,
                                 nmf_error *error);
nmf_status nmfi_hdf5_read_mat73(const nmfi_read_request *request, nmf_matrix **matrix,
                                nmf_error *error);
nmf_status nmfi_hdf5_names_in(const char *path, const char *member, nmf_matrix *matrix,
                              nmf_names which, nmf_error *error);

#endif
