/* Text that grows: JSON inside an HTML page. Running out of memory is remembered, so that only the
 * end needs a look. */
#ifndef NMFI_RENDER_BUFFER_H
#define NMFI_RENDER_BUFFER_H

#include <nmfkit/status.h>
#include <stddef.h>
#include <stdint.h>

typedef struct nmfi_buffer {
    char *text; /* ended by a zero once anything was added; the owner frees it */
    size_t used, capacity;
    int failed; /* memory was out; what follows is left out */
} nmfi_buffer;

void nmfi_buffer_add(nmfi_buffer *buffer, const char *bytes, size_t count);
void nmfi_buffer_text(nmfi_buffer *buffer, const char *string);
void nmfi_buffer_format(nmfi_buffer *buffer, const char *format, ...) NMF_PRINTF(2, 3);

/* A JSON string in quotes (NULL: null). '<', '>' and '&' are written as \u003c ..., so that no name
 * ends the element that the JSON stands in; bytes that are not UTF-8 become U+FFFD. */
void nmfi_buffer_string(nmfi_buffer *buffer, const char *string);

/* The same characters as text of an HTML element. */
void nmfi_buffer_html(nmfi_buffer *buffer, const char *string);

/* The shortest text that reads back as `value`; null where it is not finite. */
void nmfi_buffer_number(nmfi_buffer *buffer, double value);

/* `count` bytes as base64, in quotes. */
void nmfi_buffer_base64(nmfi_buffer *buffer, const void *bytes, size_t count);

#endif
