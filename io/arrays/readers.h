/* The readers of this room: files of arrays. */
#ifndef NMFI_IO_ARRAYS_READERS_H
#define NMFI_IO_ARRAYS_READERS_H

#include "io/files/reader.h"

extern const nmfi_reader nmfi_reader_npy, nmfi_reader_npz, nmfi_reader_mat, nmfi_reader_hdf5;

#endif
