/* The .npy header: "\x93NUMPY", version, length, and a Python dictionary
 *   {'descr': '<f8', 'fortran_order': False, 'shape': (400, 4096), }
 * whose three entries may come in any order. Source: NumPy's NEP 1 and numpy.lib.format. */
#include "npy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef struct cursor {
    const char *at, *end;
    const char *path;
    nmf_error *error;
} cursor;

static nmf_status bad_header(const cursor *c, const char *what)
{
    return nmf_fail(c->error, NMF_ERROR_FORMAT, "%s: the .npy header is damaged: %s", c->path,
                    what);
}

static void skip_spaces(cursor *c)
{
    while (c->at < c->end &&
           (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r')) {
        c->at++;
    }
}

/* Takes `text` if it comes next. */
static int take(cursor *c, const char *text)
{
    skip_spaces(c);
    const size_t length = strlen(text);
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, text, length) != 0) {
        return 0;
    }
    c->at += length;
    return 1;
}

/* Takes a Python string without escapes into `out`; 0 if there is none or it is too long. */
static int take_string(cursor *c, char *out, size_t bytes)
{
    skip_spaces(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"')) {
        return 0;
    }
    const char quote = *c->at;
    const char *start = c->at + 1;
    const char *stop = memchr(start, quote, (size_t)(c->end - start));
    if (stop == NULL || (size_t)(stop - start) >= bytes) {
        return 0;
    }
    memcpy(out, start, (size_t)(stop - start));
    out[stop - start] = '\0';
    c->at = stop + 1;
    return 1;
}

/* Takes a non-negative integer; -1 if there is none, -2 if it does not fit. */
static int64_t take_integer(cursor *c)
{
    skip_spaces(c);
    int64_t value = -1;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        const int64_t before = value < 0 ? 0 : value;
        if (__builtin_mul_overflow(before, 10, &value) ||
            __builtin_add_overflow(value, *c->at - '0', &value)) {
            return -2;
        }
        c->at++;
    }
    return value;
}

static nmf_status take_shape(cursor *c, nmfi_npy_header *header)
{
    if (!take(c, "(")) {
        return bad_header(c, "no tuple after 'shape'");
    }
    header->dimensions = 0;
    while (!take(c, ")")) {
        if (take(c, "-")) {
            return bad_header(c, "a negative size in 'shape'");
        }
        const int64_t size = take_integer(c);
        if (size < 0) {
            return bad_header(c, size == -2 ? "a size in 'shape' is beyond 2^63"
                                            : "'shape' is no tuple of sizes");
        }
        (void)take(c, "L"); /* Python 2 wrote long integers so */
        if (header->dimensions < NMFI_NPY_DIMENSIONS) {
            header->shape[header->dimensions] = size;
        }
        header->dimensions++;
        if (!take(c, ",")) {
            if (!take(c, ")")) {
                return bad_header(c, "'shape' does not end");
            }
            break;
        }
    }
    return NMF_OK;
}

/* '<f8', '|u1', '>i4', '<U12': byte order, kind, bytes (U: characters of 4 bytes). */
static nmf_status take_type(cursor *c, nmfi_npy_header *header)
{
    char text[32];
    if (!take_string(c, text, sizeof text)) {
        skip_spaces(c);
        if (c->at < c->end && *c->at == '[') {
            return nmf_fail(c->error, NMF_ERROR_UNSUPPORTED,
                            "%s: holds records (a structured dtype), not one matrix of numbers",
                            c->path);
        }
        return bad_header(c, "no type after 'descr'");
    }
    header->big_endian = text[0] == '>' || (text[0] == '=' && NMFI_HOST_BIG_ENDIAN);
    const char *kind = strchr("<>|=", text[0]) != NULL && text[0] != '\0' ? text + 1 : text;
    cursor number = {kind, kind + strlen(kind), c->path, c->error};
    if (number.at < number.end) {
        number.at++;
    }
    header->kind = *kind;
    header->item_bytes = take_integer(&number);
    const int64_t bytes = header->item_bytes;
    if (*kind == 'U' && number.at == number.end && bytes >= 0 && bytes <= INT32_MAX) {
        header->item_bytes = 4 * bytes;
        return NMF_OK;
    }
    const int power = bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
    const int known = *kind == 'S'   ? bytes >= 0 && bytes <= INT32_MAX
                      : *kind == 'b' ? bytes == 1
                      : *kind == 'f' ? power && bytes > 1
                                     : (*kind == 'u' || *kind == 'i') && power;
    if (!known || number.at != number.end) {
        return nmf_fail(
            c->error, NMF_ERROR_UNSUPPORTED,
            "%s: holds values of type '%s'; real numbers (u1 u2 u4 u8 i1 i2 i4 i8 f2 f4 f8, "
            "bool) can be read",
            c->path, text);
    }
    return NMF_OK;
}

static nmf_status take_dictionary(cursor *c, nmfi_npy_header *header)
{
    int seen = 0;
    if (!take(c, "{")) {
        return bad_header(c, "it is no dictionary");
    }
    while (!take(c, "}")) {
        char key[32];
        nmf_status status = NMF_OK;
        if (!take_string(c, key, sizeof key) || !take(c, ":")) {
            return bad_header(c, "a key is missing");
        }
        if (strcmp(key, "descr") == 0) {
            seen |= 1;
            status = take_type(c, header);
        } else if (strcmp(key, "fortran_order") == 0) {
            seen |= 2;
            header->fortran = take(c, "True");
            if (!header->fortran && !take(c, "False")) {
                return bad_header(c, "'fortran_order' is neither True nor False");
            }
        } else if (strcmp(key, "shape") == 0) {
            seen |= 4;
            status = take_shape(c, header);
        } else {
            return bad_header(c, "it has an unknown key");
        }
        if (status != NMF_OK) {
            return status;
        }
        if (!take(c, ",")) {
            if (!take(c, "}")) {
                return bad_header(c, "the dictionary does not end");
            }
            break;
        }
    }
    return seen == 7 ? NMF_OK : bad_header(c, "'descr', 'fortran_order' or 'shape' is missing");
}

/* Where the dictionary lies: version 1 has a 2-byte length, versions 2 and 3 have 4 bytes. */
static nmf_status find_dictionary(const unsigned char *bytes, size_t count, cursor *c,
                                  nmfi_npy_header *header)
{
    if (count < 10 || memcmp(bytes, "\x93NUMPY", 6) != 0) {
        return bad_header(c, "it does not begin with \\x93NUMPY");
    }
    if (bytes[6] < 1 || bytes[6] > 3) {
        return nmf_fail(c->error, NMF_ERROR_UNSUPPORTED,
                        "%s: is .npy version %d.%d; versions 1 to 3 can be read", c->path, bytes[6],
                        bytes[7]);
    }
    const size_t prefix = bytes[6] == 1 ? 10 : 12;
    size_t length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (prefix == 12 && count >= prefix) {
        length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    }
    if (length > NMFI_NPY_LONGEST_HEADER || prefix + length > count) {
        return nmf_fail(
            c->error, NMF_ERROR_FORMAT,
            "%s: the .npy header says it has %zu bytes, but %zu follow (at most %d are read)",
            c->path, length, count < prefix ? 0 : count - prefix, NMFI_NPY_LONGEST_HEADER);
    }
    c->at = (const char *)bytes + prefix;
    c->end = c->at + length;
    header->data_offset = prefix + length;
    return NMF_OK;
}

nmf_status nmfi_npy_parse(const unsigned char *bytes, size_t count, const char *path,
                          nmfi_npy_header *header, nmf_error *error)
{
    cursor c = {NULL, NULL, path, error};
    memset(header, 0, sizeof *header);
    nmf_status status = find_dictionary(bytes, count, &c, header);
    if (status == NMF_OK) {
        status = take_dictionary(&c, header);
    }
    if (status != NMF_OK) {
        return status;
    }
    int64_t sizes[3] = {1, 1, 1};
    for (int i = 0; i < header->dimensions && i < 3; i++) {
        sizes[i] = header->shape[i];
    }
    if (!nmfi_array_bytes(sizes[0], sizes[1], sizes[2], header->item_bytes, &header->data_bytes)) {
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%s: the header promises %" PRId64 " x %" PRId64 " x %" PRId64
                        " values of %" PRId64 " bytes, more than any memory holds",
                        path, sizes[0], sizes[1], sizes[2], header->item_bytes);
    }
    return NMF_OK;
}

nmf_status nmfi_npy_parse_of(const unsigned char *bytes, size_t some, uint64_t count,
                             const char *path, nmfi_npy_header *header, nmf_error *error)
{
    const nmf_status status = nmfi_npy_parse(bytes, some, path, header, error);
    if (status != NMF_OK) {
        return status;
    }
    /* With more than three dimensions the size is not known, and nobody will use it. */
    if (header->dimensions <= 3 && header->data_bytes != count - header->data_offset) {
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%s: the header promises %zu bytes of values, but %" PRIu64
                        " bytes follow it",
                        path, header->data_bytes, count - header->data_offset);
    }
    return NMF_OK;
}

nmf_status nmfi_npy_parse_whole(const unsigned char *bytes, size_t count, const char *path,
                                nmfi_npy_header *header, nmf_error *error)
{
    return nmfi_npy_parse_of(bytes, count, count, path, header, error);
}

void nmfi_npy_format(char kind, int64_t item_bytes, int64_t rows, int64_t columns,
                     char out[NMFI_NPY_HEADER_BYTES])
{
    const char order = item_bytes == 1 || kind == 'S' ? '|' : NMFI_HOST_BIG_ENDIAN ? '>' : '<';
    const int64_t number = kind == 'U' ? item_bytes / 4 : item_bytes;
    char text[NMFI_NPY_HEADER_BYTES];
    int length = snprintf(text, sizeof text,
                          "{'descr': '%c%c%" PRId64 "', 'fortran_order': False, 'shape': (", order,
                          kind, number);
    if (rows >= 0) {
        length += snprintf(text + length, sizeof text - (size_t)length, "%" PRId64 ",", rows);
    }
    if (rows >= 0 && columns >= 0) {
        length += snprintf(text + length, sizeof text - (size_t)length, " %" PRId64, columns);
    }
    length += snprintf(text + length, sizeof text - (size_t)length, "), }");
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = NMFI_NPY_HEADER_BYTES - 10;
    out[9] = 0;
    memset(out + 10, ' ', NMFI_NPY_HEADER_BYTES - 10);
    memcpy(out + 10, text, (size_t)length);
    out[NMFI_NPY_HEADER_BYTES - 1] = '\n';
}

char nmfi_npy_kind(nmf_dtype dtype)
{
    return dtype == NMF_I32 ? 'i' : dtype == NMF_U8 || dtype == NMF_U16 ? 'u' : 'f';
}
