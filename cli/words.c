/* See words.h. */
#include "words.h"

#include "data.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int make_room(cli_text *text, size_t more)
{
    if (text->capacity - text->used <= more) {
        const size_t wanted = 2 * text->capacity + more + 1024;
        char *const grown = realloc(text->bytes, wanted);
        if (grown == NULL) {
            text->failed = 1;
            return 0;
        }
        text->bytes = grown;
        text->capacity = wanted;
    }
    return 1;
}

static void add_bytes(cli_text *text, const char *bytes, size_t count)
{
    if (text->failed || !make_room(text, count)) return;
    memcpy(text->bytes + text->used, bytes, count);
    text->used += count;
    text->bytes[text->used] = '\0';
}

void cli_text_add(cli_text *text, const char *format, ...)
{
    char line[512];
    va_list values;
    va_start(values, format);
    const int length = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (length > 0)
        add_bytes(text, line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
}

static int is_control(const char *at)
{
    const unsigned char first = (unsigned char)at[0], second = (unsigned char)at[1];
    /* U+0080 to U+009F too: some terminals obey them. */
    return first < ' ' || first == 0x7F || (first == 0xC2 && second >= 0x80 && second < 0xA0);
}

/* Bytes of the character at `at`; 1 where they are no UTF-8. */
static size_t character_bytes(const char *at)
{
    const unsigned char first = (unsigned char)*at;
    const size_t count = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
    for (size_t i = 1; i < count; i++)
        if (((unsigned char)at[i] & 0xC0) != 0x80) return 1;
    return count;
}

static int64_t character_columns(const char *at, size_t bytes)
{
    uint32_t c = (unsigned char)at[0];
    if (bytes > 1) c &= 0x7Fu >> bytes;
    for (size_t i = 1; i < bytes; i++) c = c << 6 | ((unsigned char)at[i] & 0x3Fu);
    if (c >= 0x0300 && c <= 0x036F) return 0; /* accents that join the letter before them */
    const int wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) ||
                     (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0xF900 && c <= 0xFAFF) ||
                     (c >= 0xFE30 && c <= 0xFE6F) || (c >= 0xFF00 && c <= 0xFF60) ||
                     (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
    return wide ? 2 : 1;
}

/* Up to `most` columns; returns those used. */
static int64_t add_cut(cli_text *text, const char *name, int64_t most)
{
    int64_t columns = 0;
    for (const char *at = name; *at != '\0';) {
        const size_t bytes = character_bytes(at);
        const int64_t more = character_columns(at, bytes);
        if (columns + more > most) break;
        if (is_control(at))
            add_bytes(text, "?", 1);
        else
            add_bytes(text, at, bytes);
        columns += more;
        at += bytes;
    }
    return columns;
}

void cli_text_add_name(cli_text *text, const char *name)
{
    (void)add_cut(text, name, INT64_MAX / 2);
}

void cli_text_add_cell(cli_text *text, const char *name, char divider)
{
    if (divider != ',' || strpbrk(name, ",\"") == NULL) {
        cli_text_add_name(text, name);
        return;
    }
    add_bytes(text, "\"", 1);
    for (const char *quote; (quote = strchr(name, '"')) != NULL; name = quote + 1) {
        add_bytes(text, name, (size_t)(quote - name));
        add_bytes(text, "\"\"", 2);
    }
    cli_text_add_name(text, name);
    add_bytes(text, "\"", 1);
}

void cli_text_add_padded(cli_text *text, const char *name, int64_t columns)
{
    for (int64_t used = add_cut(text, name, columns); used < columns; used++)
        add_bytes(text, " ", 1);
}

int64_t cli_text_columns(const char *name)
{
    int64_t columns = 0;
    for (size_t bytes; *name != '\0'; name += bytes) {
        bytes = character_bytes(name);
        columns += character_columns(name, bytes);
    }
    return columns;
}

void cli_text_add_json(cli_text *text, const char *string)
{
    add_bytes(text, "\"", 1);
    for (size_t bytes; *string != '\0'; string += bytes) {
        bytes = character_bytes(string);
        const unsigned char c = (unsigned char)*string;
        if (c < ' ' || c == '"' || c == '\\')
            cli_text_add(text, c < ' ' ? "\\u%04x" : "\\%c", (unsigned)c);
        else if (bytes == 1 && c >= 0x80) /* JSON is UTF-8 throughout */
            add_bytes(text, "?", 1);
        else
            add_bytes(text, string, bytes);
    }
    add_bytes(text, "\"", 1);
}

nmf_status cli_text_write(cli_text *text, const char *path, nmf_error *error)
{
    nmf_status status = NMF_OK;
    const char *const bytes = text->bytes != NULL ? text->bytes : "";
    if (text->failed)
        status = nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the text");
    else if (path != NULL && strcmp(path, "-") != 0)
        status = nmf_io_write_text(path, bytes, error);
    else if (fputs(bytes, stdout) < 0 || fflush(stdout) != 0)
        status =
            nmf_fail(error, NMF_ERROR_FILE, "cannot write to standard output: %s", strerror(errno));
    free(text->bytes);
    memset(text, 0, sizeof *text);
    return status;
}

const char *cli_name_or_number(const nmf_matrix *matrix, nmf_names which, int64_t index,
                               char number[24])
{
    const char *const name = nmf_matrix_name(matrix, which, index);
    if (name != NULL) return name;
    snprintf(number, 24, "%lld", (long long)index);
    return number;
}
