/* See buffer.h. Numbers are written in the locale that the caller has set, which must be "C". */
#include "buffer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int make_room(nmfi_buffer *buffer, size_t more)
{
    if (buffer->failed) {
        return 0;
    }
    if (buffer->capacity - buffer->used <= more) {
        const size_t wanted = 2 * buffer->capacity + more + 4096;
        char *grown = realloc(buffer->text, wanted);
        if (grown == NULL) {
            buffer->failed = 1;
            return 0;
        }
        buffer->text = grown;
        buffer->capacity = wanted;
    }
    return 1;
}

void nmfi_buffer_add(nmfi_buffer *buffer, const char *bytes, size_t count)
{
    if (!make_room(buffer, count)) {
        return;
    }
    memcpy(buffer->text + buffer->used, bytes, count);
    buffer->used += count;
    buffer->text[buffer->used] = '\0';
}

void nmfi_buffer_text(nmfi_buffer *buffer, const char *string)
{
    nmfi_buffer_add(buffer, string, strlen(string));
}

void nmfi_buffer_format(nmfi_buffer *buffer, const char *format, ...)
{
    char line[256];
    va_list values;
    va_start(values, format);
    const int length = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (length > 0) {
        nmfi_buffer_add(buffer, line,
                        (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
    }
}

/* Bytes of the UTF-8 character at `at`, 0 where there is none: overlong forms, surrogates and numbers
 * beyond U+10FFFF are none. */
static size_t character_bytes(const unsigned char *at)
{
    if (at[0] < 0x80) {
        return 1;
    }
    const size_t count = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    if (at[0] < 0xC2 || at[0] > 0xF4) {
        return 0;
    }
    for (size_t i = 1; i < count; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] >= 0xA0) ||
        (at[0] == 0xF0 && at[1] < 0x90) || (at[0] == 0xF4 && at[1] >= 0x90)) {
        return 0;
    }
    return count;
}

void nmfi_buffer_string(nmfi_buffer *buffer, const char *string)
{
    if (string == NULL) {
        nmfi_buffer_text(buffer, "null");
        return;
    }
    nmfi_buffer_text(buffer, "\"");
    for (size_t bytes; *string != '\0'; string += bytes) {
        const unsigned char c = (unsigned char)*string;
        bytes = character_bytes((const unsigned char *)string);
        /* U+2028 and U+2029 end lines in JavaScript, and U+007F to U+009F are controls. */
        if (bytes == 0) {
            nmfi_buffer_text(buffer, "\\ufffd");
            bytes = 1;
        } else if (c < ' ' || c == 0x7F || c == '<' || c == '>' || c == '&') {
            nmfi_buffer_format(buffer, "\\u%04x", (unsigned)c);
        } else if (c == '"' || c == '\\') {
            nmfi_buffer_format(buffer, "\\%c", c);
        } else {
            nmfi_buffer_add(buffer, string, bytes);
        }
    }
    nmfi_buffer_text(buffer, "\"");
}

void nmfi_buffer_html(nmfi_buffer *buffer, const char *string)
{
    for (size_t bytes; *string != '\0'; string += bytes) {
        const unsigned char c = (unsigned char)*string;
        bytes = character_bytes((const unsigned char *)string);
        if (bytes == 0) {
            nmfi_buffer_text(buffer, "\xEF\xBF\xBD");
            bytes = 1;
        } else if (c < ' ' || c == 0x7F) {
            nmfi_buffer_text(buffer, " ");
        } else if (strchr("<>&\"'", c) != NULL) {
            nmfi_buffer_format(buffer, "&#%u;", (unsigned)c);
        } else {
            nmfi_buffer_add(buffer, string, bytes);
        }
    }
}

void nmfi_buffer_number(nmfi_buffer *buffer, double value)
{
    char text[32] = "null";
    for (int digits = 9; digits <= 17 && isfinite(value); digits += 4) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    nmfi_buffer_text(buffer, text);
}

void nmfi_buffer_base64(nmfi_buffer *buffer, const void *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *from = bytes;
    const size_t length = (count + 2) / 3 * 4;
    nmfi_buffer_text(buffer, "\"");
    if (!make_room(buffer, length + 1)) {
        return;
    }
    char *to = buffer->text + buffer->used;
    for (size_t i = 0; i < count; i += 3) {
        const size_t left = count - i;
        const uint32_t three = (uint32_t)from[i] << 16 |
                               (left > 1 ? (uint32_t)from[i + 1] << 8 : 0) |
                               (left > 2 ? (uint32_t)from[i + 2] : 0);
        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 63];
        *to++ = left > 1 ? digits[three >> 6 & 63] : '=';
        *to++ = left > 2 ? digits[three & 63] : '=';
    }
    buffer->used += length;
    nmfi_buffer_text(buffer, "\"");
}
