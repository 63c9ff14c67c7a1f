/* The table by which libnmfkit-io reaches HDF5 (io/files/plugin.h). */
#include "room.h"

extern NMF_API const nmfi_hdf5_room nmf_plugin_hdf5;
const nmfi_hdf5_room nmf_plugin_hdf5 = {nmfi_hdf5_read_matrix, nmfi_hdf5_read_mat73,
                                        nmfi_hdf5_names_in};
