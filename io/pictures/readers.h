/* The readers of this room: pictures, lists of pictures and directories of pictures. */
#ifndef NMFI_IO_PICTURES_READERS_H
#define NMFI_IO_PICTURES_READERS_H

#include "io/files/reader.h"

extern const nmfi_reader nmfi_reader_png, nmfi_reader_jpeg,
    nmfi_reader_pnm;                       /* one picture: one row. load_picture.c */
extern const nmfi_reader nmfi_reader_list; /* a text file that lists pictures */

/* Pictures named one by one or by directories (searched recursively, natural order): one matrix,
 * one row a picture, with sample names (paths relative to the directory; as given where there are
 * several paths), labels (sub-folder names; the directory's own where there are several) and the
 * image shape. Lives in read_pictures.c. */
nmf_status nmfi_read_pictures(const nmf_io_read_options *options, const char *const *paths,
                              int64_t count, nmf_matrix **matrix, nmf_error *error);

#endif
