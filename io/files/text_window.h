/* Text files of any size, plain or packed (packed.h), as windows of whole lines. Every line of a window ends
 * in '\n' (the file's last one too), so that who scans digits or words needs no other bound. */
#ifndef NMFI_IO_TEXT_WINDOW_H
#define NMFI_IO_TEXT_WINDOW_H

#include <nmfkit/status.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nmfi_text_reader nmfi_text_reader;

/* Errors: FILE, MEMORY. */
nmf_status nmfi_text_reader_open(const char *path, nmfi_text_reader **text, nmf_error *error);
/* `bytes` (plain text) must outlive the text; `path` is for messages. */
nmf_status nmfi_text_reader_open_memory(const void *bytes, size_t count, const char *path,
                                        nmfi_text_reader **text, nmf_error *error);
void nmfi_text_reader_close(nmfi_text_reader *text); /* NULL is fine */

/* The next window, from *at to *end; *at == *end behind the last one. What the window before held
 * is gone. Errors: FILE, FORMAT (damaged packed data, or a line longer than 2^28 bytes), MEMORY. */
nmf_status nmfi_text_reader_next(nmfi_text_reader *text, const char **at, const char **end,
                                 nmf_error *error);

/* The most bytes that this file can hold as text (nmfi_unpacker_most_bytes), so that counts in a header can
 * be judged before they are believed. */
int64_t nmfi_text_reader_most_bytes(const nmfi_text_reader *text);

/* "PATH:LINE: 'the word at `place`' WHAT" as FORMAT; `place` lies in the present window. */
nmf_status nmfi_text_reader_fail(const nmfi_text_reader *text, const char *place, const char *what,
                                 nmf_error *error);

const char *nmfi_text_reader_path(const nmfi_text_reader *text);

/* Blanks inside a line; '\r' is one of them, so that lines may end in "\r\n". */
static inline const char *nmfi_skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\r') {
        at++;
    }
    return at;
}

/* Behind the digits at `at`; *value is what they say, or UINT64_MAX for more than 18 of them. */
static inline const char *nmfi_scan_whole(const char *at, uint64_t *value)
{
    const char *begin = at;
    uint64_t number = 0;
    for (unsigned digit; (digit = (unsigned)(unsigned char)*at - '0') < 10; at++) {
        number = 10 * number + digit;
    }
    *value = at - begin <= 18 ? number : UINT64_MAX;
    return at;
}

/* Behind a word: at the next blank or line end. */
static inline const char *nmfi_skip_word(const char *at)
{
    while (*at != ' ' && *at != '\t' && *at != '\r' && *at != '\n') {
        at++;
    }
    return at;
}

#endif
