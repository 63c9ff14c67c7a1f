/* Text of any origin as UTF-8: byte-order marks, and the letters of Latin-1. */
#ifndef NMFI_IO_UTF8_H
#define NMFI_IO_UTF8_H

#include <stddef.h>

#define NMFI_UTF8_GROWTH 3 /* bytes that one byte of Windows-1252 may become */

/* 1 if the bytes are UTF-8 (ASCII is). */
int nmfi_is_utf8(const char *text, size_t length);

/* Writes `text`, which is Windows-1252 (Latin-1 and a few signs more), as UTF-8 to `out`, which has
 * room for NMFI_UTF8_GROWTH times its length. Returns the bytes written. */
size_t nmfi_utf8_from_latin1(const char *text, size_t length, char *out);

/* The bytes of a UTF-8 byte-order mark at the start of `text`: 3 or 0. */
size_t nmfi_utf8_mark(const char *text, size_t length);

/* The bytes of UTF-16 text (with its mark) as UTF-8 in new memory, ended by a zero that is not
 * counted; half a pair becomes U+FFFD. NULL when memory is out. */
char *nmfi_utf8_from_utf16(const char *text, size_t length, size_t *bytes);

/* 1 if the text begins with a byte-order mark of UTF-16. */
int nmfi_is_utf16(const char *text, size_t length);

#endif
