/* Text of any origin as UTF-8: see utf8.h. */
#include "utf8.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int nmfi_is_utf8(const char *text, size_t length)
{
    static const uint32_t lowest[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text, *const end = at + length;
    while (at < end) {
        if (*at < 0x80) {
            at++;
            continue;
        }
        const int count = *at >= 0xF8 ? 0 : *at >= 0xF0 ? 4 : *at >= 0xE0 ? 3 : *at >= 0xC2 ? 2 : 0;
        if (count == 0 || end - at < count) {
            return 0;
        }
        uint32_t character = *at & (0x7Fu >> count);
        for (int i = 1; i < count; i++) {
            if ((at[i] & 0xC0) != 0x80) {
                return 0;
            }
            character = character << 6 | (at[i] & 0x3Fu);
        }
        if (character < lowest[count] || character > 0x10FFFF ||
            (character >= 0xD800 && character < 0xE000)) {
            return 0;
        }
        at += count;
    }
    return 1;
}

static char *put(char *out, uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xC0 | c >> 6);
        *out++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *out++ = (char)(0xE0 | c >> 12);
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    } else {
        *out++ = (char)(0xF0 | c >> 18);
        *out++ = (char)(0x80 | (c >> 12 & 0x3F));
        *out++ = (char)(0x80 | (c >> 6 & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    }
    return out;
}

size_t nmfi_utf8_from_latin1(const char *text, size_t length, char *out)
{
    /* 0x80 to 0x9F of Windows-1252; the five that it leaves out stay control characters. */
    static const uint16_t signs[32] = {
        0x20AC, 0x81,   0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021, 0x2C6,  0x2030, 0x160,
        0x2039, 0x152,  0x8D,   0x17D,  0x8F,   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
        0x2013, 0x2014, 0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0x9D,   0x17E,  0x178};
    char *at = out;
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)text[i];
        at = put(at, c >= 0x80 && c < 0xA0 ? signs[c - 0x80] : c);
    }
    return (size_t)(at - out);
}

size_t nmfi_utf8_mark(const char *text, size_t length)
{
    return length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

int nmfi_is_utf16(const char *text, size_t length)
{
    return length >= 2 && (memcmp(text, "\xFF\xFE", 2) == 0 || memcmp(text, "\xFE\xFF", 2) == 0);
}

static uint32_t unit_at(const unsigned char *at, int big_endian)
{
    return big_endian ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
}

char *nmfi_utf8_from_utf16(const char *text, size_t length, size_t *bytes)
{
    const unsigned char *at = (const unsigned char *)text + 2;
    const unsigned char *const end = (const unsigned char *)text + length;
    const int big_endian = (unsigned char)text[0] == 0xFE;
    char *const made = malloc(length / 2 * 3 + 1);
    char *out = made;
    while (made != NULL && end - at >= 2) {
        uint32_t c = unit_at(at, big_endian);
        at += 2;
        const uint32_t low = end - at >= 2 ? unit_at(at, big_endian) : 0;
        if (c >= 0xD800 && c < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
            at += 2;
        } else if (c >= 0xD800 && c < 0xE000) {
            c = 0xFFFD;
        }
        out = put(out, c);
    }
    if (made != NULL) {
        *out = '\0';
        *bytes = (size_t)(out - made);
    }
    return made;
}
