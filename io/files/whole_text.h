/* A whole text file in memory: plain or packed (packed.h), as UTF-8 or UTF-16. */
#ifndef NMFI_IO_WHOLE_TEXT_H
#define NMFI_IO_WHOLE_TEXT_H

#include <nmfkit/status.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nmfi_whole_text {
    const char *bytes; /* without a byte-order mark */
    size_t count;
    void *view;   /* the file's own bytes, or NULL */
    char *memory; /* what was recoded, or NULL */
} nmfi_whole_text;

/* `most`: bytes of the file that are held in memory; beyond, it is a scratch file that is mapped. Errors: FILE, FORMAT
 * (damaged packed data), MEMORY. */
nmf_status nmfi_whole_text_open(const char *path, uint64_t most, nmfi_whole_text *text,
                                nmf_error *error);

/* What comes before `until` need not stay in memory: it is fetched again where it is looked at. */
void nmfi_whole_text_let_go(const nmfi_whole_text *text, const char *until);
void nmfi_whole_text_close(nmfi_whole_text *text);

#endif
