/* What a file is that no reader reads, so that the message can say it. */
#ifndef NMFI_IO_FOREIGN_FILES_H
#define NMFI_IO_FOREIGN_FILES_H

#include <stddef.h>

typedef struct nmfi_foreign_kind {
    const char *is;     /* "is an Excel workbook" */
    const char *advice; /* what to do: "save the sheet as CSV" */
} nmfi_foreign_kind;

/* The kind of a file that begins so and whose name is `path`; NULL: not known here. */
const nmfi_foreign_kind *nmfi_foreign_file(const unsigned char *head, size_t bytes,
                                           const char *path);

/* What the file at `path` is, for a sentence in which it is not what is wanted: "an .npy array", "text, such as a
 * table", "a TIFF picture". Looks at its first bytes. */
const char *nmfi_what_is(const char *path);

/* 1 if the bytes can be the beginning of a text: no zeros, few control characters; or UTF-16. */
int nmfi_is_text(const unsigned char *head, size_t bytes);

#endif
