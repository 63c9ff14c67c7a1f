/* The contract between nmf_io_read (io/read.c) and the readers, one file each: a reader says
 * whether a file is its own and reads it. Adding a format is a new read_*.c, its declaration in the
 * room's readers.h, and one row in the table of read.c. */
#ifndef NMFI_IO_READER_H
#define NMFI_IO_READER_H

#include <nmfkit/io.h>

#define NMFI_HEAD_BYTES 4096 /* what recognise() gets to see, less where the file is shorter */

typedef struct nmfi_reader {
    const char *name;       /* ".npy file", for messages */
    const char *extensions; /* "npy", or several: "csv tsv"; used only where no content decides */
    int unzips;             /* 1: reads gzipped files too; recognise() then sees the text inside */
    int (*recognise)(const unsigned char *head,
                     size_t bytes); /* 1: certainly this format; may be NULL */
    /* `member` is what stood after "path:" or NULL. */
    nmf_status (*read)(const char *path, const char *member, nmf_matrix **matrix, nmf_error *error);
} nmfi_reader;

#endif
