/* The compression that h5py and anndata call "lzf", which HDF5 itself does not have: its unpacking. */
#ifndef NMFI_IO_LZF_H
#define NMFI_IO_LZF_H

#include <stddef.h>

/* Unpacks `count` bytes into at most `room`. Returns the bytes written, 0 where they are damaged or need more. */
size_t nmfi_lzf_unpack(const unsigned char *from, size_t count, unsigned char *to, size_t room);

/* Makes it known to HDF5, unless somebody did (h5py, whose filter packs too). Any number of times, from any thread. */
void nmfi_lzf_register(void);

#endif
