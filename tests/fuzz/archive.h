/* .npz archives that a fuzz target makes: the bytes of an input go into the types, shapes and entries of members
 * and not into checksums, which fuzz_npz looks after. */
#ifndef TESTS_FUZZ_ARCHIVE_H
#define TESTS_FUZZ_ARCHIVE_H

#include "input.h"

#include <zip.h>

#define ARCHIVE_BYTES 131072 /* the largest that is made; a longer one is cut */

typedef struct archive {
    zip_t *zip;
    zip_source_t *out;
} archive;

void archive_begin(archive *a);

/* An array of the kind, shape and entries that the input says: one dimension (or none), or rows x columns. */
void archive_add_array(archive *a, const char *name, input *in, int dimensions);

void archive_add_text(archive *a, const char *name, const uint8_t *text, size_t bytes);

/* The archive's bytes in memory that is used again; *count: how many. */
const unsigned char *archive_finish(archive *a, size_t *count);

#endif
