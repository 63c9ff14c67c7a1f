/* The contract between nmf_io_read (io/read.c) and the readers, one file each: a reader says
 * whether a file is its own and reads it. Adding a format is a new read_*.c, its declaration in the
 * room's readers.h, and one row in the table of read.c. */
#ifndef NMFI_IO_READER_H
#define NMFI_IO_READER_H

#include "plugin.h"

#include <nmfkit/io.h>

#define NMFI_HEAD_BYTES 4096 /* what recognise() gets to see, less where the file is shorter */

/* What is to be read, and what the caller said about it. */
typedef struct nmfi_read_request {
    const char *path;
    const char *member;                 /* what stood after "path:", or NULL */
    const nmf_io_read_options *options; /* never NULL */
} nmfi_read_request;

/* Tells the caller, where it listens, what the reader decided: one sentence. NULL: nobody does. */
NMFI_FOR_PLUGINS void nmfi_note(const nmfi_read_request *request, const char *format, ...)
    NMF_PRINTF(2, 3);

typedef struct nmfi_reader {
    const char *name;       /* ".npy file", for messages and for nmf_io_read_options.format */
    const char *extensions; /* "npy", or several: "csv tsv"; used only where no content decides */
    int unzips;      /* 1: reads packed files too (packed.h); recognise() sees what is inside */
    int has_members; /* 1: "path:member" chooses one of several matrices */
    int (*recognise)(const unsigned char *head,
                     size_t bytes); /* 1: certainly this format; may be NULL */
    nmf_status (*read)(const nmfi_read_request *request, nmf_matrix **matrix, nmf_error *error);
} nmfi_reader;

#endif
