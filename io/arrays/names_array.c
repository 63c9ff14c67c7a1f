/* UTF-8 names to and from NumPy's UTF-32 arrays: see names_array.h. */
#include "names_array.h"
#include "npy.h"

#include "io/files/file_view.h"
#include "io/files/number.h"
#include "io/files/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT 0xFFFDu

/* The next character of `text`, advanced past it; overlong forms, surrogates and stray bytes give
 * the replacement character. */
static uint32_t next_character(const unsigned char **text)
{
    static const uint32_t lowest[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char first = *(*text)++;
    if (first < 0x80) {
        return first;
    }
    const int length = first >= 0xF8 || first < 0xC0 ? 0
                       : first >= 0xF0               ? 4
                       : first >= 0xE0               ? 3
                                                     : 2;
    if (length == 0) {
        return REPLACEMENT;
    }
    uint32_t character = first & (0x7Fu >> length);
    for (int i = 1; i < length; i++) {
        if ((**text & 0xC0) != 0x80) {
            return REPLACEMENT;
        }
        character = character << 6 | (*(*text)++ & 0x3Fu);
    }
    const int good = character >= lowest[length] && character < 0x110000 &&
                     (character < 0xD800 || character > 0xDFFF);
    return good ? character : REPLACEMENT;
}

static int64_t character_count(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    int64_t count = 0;
    while (*at != '\0') {
        (void)next_character(&at);
        count++;
    }
    return count;
}

static int64_t name_count(const nmf_matrix *matrix, nmf_names which)
{
    return which == NMF_FEATURE_NAMES ? nmf_matrix_columns(matrix) : nmf_matrix_rows(matrix);
}

nmf_status nmfi_names_encode(const nmf_matrix *matrix, nmf_names which, unsigned char **bytes,
                             size_t *count, nmf_error *error)
{
    const int64_t names = name_count(matrix, which);
    int64_t longest = 1; /* NumPy has no '<U0' */
    for (int64_t i = 0; i < names; i++) {
        const int64_t length = character_count(nmf_matrix_name(matrix, which, i));
        longest = length > longest ? length : longest;
    }
    size_t size;
    *bytes = NULL;
    *count = 0;
    if (nmfi_array_bytes(1, names, longest, 4, &size) && size < SIZE_MAX - NMFI_NPY_HEADER_BYTES) {
        *bytes = calloc(1, NMFI_NPY_HEADER_BYTES + size);
    }
    if (*bytes == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY,
                        "out of memory for %" PRId64 " names of %" PRId64 " characters", names,
                        longest);
    }
    *count = NMFI_NPY_HEADER_BYTES + size;
    nmfi_npy_format('U', 4 * longest, names, -1, (char *)*bytes);
    for (int64_t i = 0; i < names; i++) {
        const unsigned char *at = (const unsigned char *)nmf_matrix_name(matrix, which, i);
        unsigned char *out = *bytes + NMFI_NPY_HEADER_BYTES + 4 * longest * i;
        while (*at != '\0') {
            const uint32_t character = next_character(&at);
            memcpy(out, &character, sizeof character);
            out += sizeof character;
        }
    }
    return NMF_OK;
}

/* Appends one character to `out`, 4 bytes at most. */
static char *put_character(char *out, uint32_t c)
{
    if (c >= 0x110000 || (c >= 0xD800 && c <= 0xDFFF)) {
        c = REPLACEMENT;
    }
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

/* An integer label as decimal text. */
static char *put_integer(char *out, const unsigned char *from, const nmfi_npy_header *header)
{
    uint64_t bits = 0;
    for (int64_t i = 0; i < header->item_bytes; i++) {
        const int64_t place = header->big_endian ? header->item_bytes - 1 - i : i;
        bits |= (uint64_t)from[place] << (8 * i);
    }
    const uint64_t sign = UINT64_C(1) << (8 * header->item_bytes - 1);
    const int negative = header->kind == 'i' && (bits & sign) != 0;
    const uint64_t size = negative ? (~bits & (sign - 1)) + 1 : bits;
    return out + sprintf(out, "%s%" PRIu64, negative ? "-" : "", size) + 1;
}

/* A text: characters until the padding of zeros begins. */
static char *put_text(char *out, const unsigned char *from, const nmfi_npy_header *header)
{
    const int unit = header->kind == 'U' ? 4 : 1;
    const size_t length = unit == 1 ? strnlen((const char *)from, (size_t)header->item_bytes) : 0;
    if (unit == 1 && !nmfi_is_utf8((const char *)from, length)) {
        out += nmfi_utf8_from_latin1((const char *)from, length, out);
        *out++ = '\0';
        return out;
    }
    for (int64_t i = 0; i + unit <= header->item_bytes; i += unit) {
        uint32_t character = from[i];
        if (unit == 4) {
            memcpy(&character, from + i, sizeof character);
            if (header->big_endian != NMFI_HOST_BIG_ENDIAN) {
                character = __builtin_bswap32(character);
            }
        }
        if (character == 0) {
            break;
        }
        if (unit == 4) {
            out = put_character(out, character);
        } else {
            *out++ = (char)character;
        }
    }
    *out++ = '\0';
    return out;
}

/* Bytes that one name may need, its terminator included: UTF-8 never needs more than UTF-32. */
static size_t longest_name_bytes(const nmfi_npy_header *header)
{
    return (header->kind == 'U'   ? (size_t)header->item_bytes
            : header->kind == 'S' ? NMFI_UTF8_GROWTH * (size_t)header->item_bytes
                                  : 20) +
           1;
}

/* Names that are numbers: value(i, context), as many as the matrix has rows or columns. */
static nmf_status set_numbers(double (*value)(int64_t i, const void *context), const void *context,
                              const char *path, nmf_matrix *matrix, nmf_names which,
                              nmf_error *error)
{
    const int64_t names = name_count(matrix, which);
    char(*text)[NMFI_NUMBER_BYTES] = calloc((size_t)names + 1, sizeof *text);
    const char **list = calloc((size_t)names + 1, sizeof *list);
    nmf_status status = NMF_OK;
    if (text == NULL || list == NULL) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for %" PRId64 " names", path,
                          names);
    }
    for (int64_t i = 0; i < names && status == NMF_OK; i++) {
        const double number = value(i, context);
        list[i] = text[i];
        (void)nmfi_number_format(number + 0.0, 0, text[i]); /* -0 is 0 */
    }
    if (status == NMF_OK) {
        status = nmf_matrix_set_names(matrix, which, list, error);
    }
    free(list);
    free(text);
    return status;
}

static double raw_at(int64_t i, const void *context)
{
    return nmfi_raw_value(context, i);
}

static nmf_status names_from_reals(const unsigned char *data, const nmfi_npy_header *header,
                                   const char *path, nmf_matrix *matrix, nmf_names which,
                                   nmf_error *error)
{
    const nmfi_raw_array raw = {.data = data,
                                .kind = header->kind,
                                .item_bytes = (int)header->item_bytes,
                                .big_endian = header->big_endian};
    return set_numbers(raw_at, &raw, path, matrix, which, error);
}

static double entry_at(int64_t i, const void *context)
{
    const nmf_matrix *numbers = context;
    return nmf_matrix_rows(numbers) == 1 ? nmf_matrix_at(numbers, 0, i)
                                         : nmf_matrix_at(numbers, i, 0);
}

nmf_status nmfi_names_from_numbers(const nmf_matrix *numbers, const char *path, nmf_matrix *matrix,
                                   nmf_names which, nmf_error *error)
{
    const int64_t names = name_count(matrix, which);
    const int64_t rows = nmf_matrix_rows(numbers), columns = nmf_matrix_columns(numbers);
    if ((rows != 1 && columns != 1) || rows * columns != names) {
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "%s: is %" PRId64 " x %" PRId64 ", not a list of %" PRId64 " names", path,
                        rows, columns, names);
    }
    return set_numbers(entry_at, numbers, path, matrix, which, error);
}

nmf_status nmfi_names_decode(const unsigned char *bytes, size_t count, const char *path,
                             nmf_matrix *matrix, nmf_names which, nmf_error *error)
{
    nmfi_npy_header header;
    const int64_t names = name_count(matrix, which);
    nmf_status status = nmfi_npy_parse_whole(bytes, count, path, &header, error);
    if (status != NMF_OK) {
        return status;
    }
    if (header.dimensions == 2 && (header.shape[0] == 1 || header.shape[1] == 1)) {
        header.shape[0] *= header.shape[1]; /* a row or a column, as MATLAB's labels are */
        header.dimensions = 1;
    }
    if (header.dimensions != 1 || header.shape[0] != names) {
        return nmf_fail(error, NMF_ERROR_SHAPE, "%s: is not a list of %" PRId64 " names", path,
                        names);
    }
    if (header.kind == 'f' || header.kind == 'b') {
        return names_from_reals(bytes + header.data_offset, &header, path, matrix, which, error);
    }
    char *text = calloc((size_t)names + 1, longest_name_bytes(&header));
    const char **list = calloc((size_t)names + 1, sizeof *list);
    if (text == NULL || list == NULL) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for %" PRId64 " names", path,
                          names);
        goto done;
    }
    char *out = text;
    for (int64_t i = 0; i < names; i++) {
        list[i] = out;
        const unsigned char *from = bytes + header.data_offset + i * header.item_bytes;
        out = strchr("US", header.kind) != NULL ? put_text(out, from, &header)
                                                : put_integer(out, from, &header);
    }
    status = nmf_matrix_set_names(matrix, which, list, error);
done:
    free(list);
    free(text);
    return status;
}
