/* NumPy's .npy format (NEP 1, versions 1.0 to 3.0): the header, parsed from memory and written. */
#ifndef NMFI_IO_NPY_H
#define NMFI_IO_NPY_H

#include "raw_array.h"

#include "io/files/disk_file.h"

#include <nmfkit/io.h>

#define NMFI_NPY_DIMENSIONS 4         /* we use three; one more, to be able to say "has 4" */
#define NMFI_NPY_LONGEST_HEADER 10000 /* numpy.load's own limit (max_header_size) */
#define NMFI_NPY_HEADER_BYTES 128     /* of the headers we write */

typedef struct nmfi_npy_header {
    char kind; /* b u i f as in nmfi_raw_array; U: UTF-32 text, S: bytes */
    int big_endian;
    int fortran;    /* the first index varies fastest */
    int dimensions; /* may exceed NMFI_NPY_DIMENSIONS, then shape has the first ones */
    int64_t item_bytes;
    int64_t shape[NMFI_NPY_DIMENSIONS];
    size_t data_offset;
    size_t data_bytes; /* what the header promises */
} nmfi_npy_header;

/* Parses the header at the start of `bytes`; the data need not be there. `path` is for the message.
 * Errors: FORMAT, UNSUPPORTED (objects, structures, complex and extended numbers). */
nmf_status nmfi_npy_parse(const unsigned char *bytes, size_t count, const char *path,
                          nmfi_npy_header *header, nmf_error *error);

/* The header and all it promises, no less and no more, or FORMAT with both numbers. */
nmf_status nmfi_npy_parse_whole(const unsigned char *bytes, size_t count, const char *path,
                                nmfi_npy_header *header, nmf_error *error);

/* The same where only `some` of its `count` bytes are at hand. */
nmf_status nmfi_npy_parse_of(const unsigned char *bytes, size_t some, uint64_t count,
                             const char *path, nmfi_npy_header *header, nmf_error *error);

/* A matrix from a whole .npy in memory, which is taken over as nmf_matrix_adopt does. Two
 * dimensions are samples x features, three are pictures (count x height x width). One dimension,
 * and an empty array, are errors for DATA; for VECTORS, one dimension is one row; for ANY too, and there may be no
 * rows. Errors also: SHAPE. */
typedef enum nmfi_npy_use {
    NMFI_NPY_DATA = 0,
    NMFI_NPY_ANY = 1,
    NMFI_NPY_VECTORS = 2
} nmfi_npy_use;
nmf_status nmfi_npy_matrix(const unsigned char *bytes, size_t count, const char *path,
                           nmfi_npy_use use, void (*release)(void *context), void *context,
                           nmf_matrix **matrix, nmf_error *error);

/* The same of the `count` bytes at `offset` of a file that stays on disk, which is taken over. */
nmf_status nmfi_npy_on_disk(nmfi_disk_file *file, uint64_t offset, uint64_t count, const char *path,
                            nmfi_npy_use use, nmf_matrix **matrix, nmf_error *error);

/* What an array that this asks for is used as: DATA or VECTORS. */
nmfi_npy_use nmfi_npy_use_of(const nmf_io_read_options *options);

/* Writes the header of a C-order array of shape (rows, columns), or (rows,) if columns is -1, or ()
 * if rows is -1 too, into `out` (NMFI_NPY_HEADER_BYTES, all used). kind and item_bytes as above, in
 * the host's byte order. */
void nmfi_npy_format(char kind, int64_t item_bytes, int64_t rows, int64_t columns,
                     char out[NMFI_NPY_HEADER_BYTES]);

/* The kind letter ('u', 'i' or 'f') of a matrix type. */
char nmfi_npy_kind(nmf_dtype dtype);

#endif
