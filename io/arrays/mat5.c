/* MAT 5 files (MATLAB v5 to v7), read from memory with every size checked before it is believed: a
 * 128-byte header, then elements of an 8-byte tag (type, bytes) and content. An element of type
 * matrix holds sub-elements: flags and class, sizes, name, values; one of type compressed holds a
 * zlib stream of an element of type matrix. Cells and structures are skipped whole, never entered.
 *
 * Source: "MAT-File Format", The MathWorks. */
#include "mat.h"

#include "io/files/file_view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define HEADER_BYTES 128
#define HEAD_BYTES 512     /* flags, sizes and name of any variable that we can use */
#define LARGEST_RATIO 1032 /* of deflate */
enum { MI_INT32 = 5, MI_UINT32 = 6, MI_MATRIX = 14, MI_COMPRESSED = 15, CLASS_SPARSE = 5 };

typedef struct mat5 {
    const unsigned char *bytes;
    size_t count;
    int big_endian;
    const char *path;
    nmf_error *error;
} mat5;

/* A sub-element: what it holds, and where the next one begins. */
typedef struct element {
    uint32_t type;
    size_t bytes;
    const unsigned char *content;
    const unsigned char *next;
} element;

static uint32_t word_at(const mat5 *file, const unsigned char *at)
{
    const int swap = file->big_endian != NMFI_HOST_BIG_ENDIAN;
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return swap ? __builtin_bswap32(word) : word;
}

/* The element at `at`; 0 if its tag does not fit before `end`. Its content may be cut off there, as
 * the values are in a variable's first bytes: the caller compares. */
static int take_element(const mat5 *file, const unsigned char *at, const unsigned char *end,
                        element *out)
{
    if (end - at < 8) {
        return 0;
    }
    const uint32_t first = word_at(file, at);
    if (first >> 16 != 0) { /* small form: bytes and type share a word, the content has 4 bytes */
        out->type = first & 0xFFFF;
        out->bytes = first >> 16;
        out->content = at + 4;
        out->next = at + 8;
        return out->bytes <= 4;
    }
    out->type = first;
    out->bytes = word_at(file, at + 4);
    out->content = at + 8;
    const size_t padded = (out->bytes + 7) / 8 * 8;
    out->next = padded <= (size_t)(end - out->content) ? out->content + padded : end;
    return 1;
}

static int is_whole(const element *e, const unsigned char *end)
{
    return e->bytes <= (size_t)(end - e->content);
}

/* Parses a variable from the start of its matrix element. *values is where its values' element is.
 * 0: damaged. Anything but numbers is a variable of which only class and name matter. */
static int parse_variable(const mat5 *file, const unsigned char *at, const unsigned char *end,
                          nmfi_mat_variable *variable, const unsigned char **values)
{
    element e;
    memset(variable, 0, sizeof *variable);
    if (!take_element(file, at, end, &e) || e.type != MI_MATRIX) {
        return 0;
    }
    at = e.content;
    if (!take_element(file, at, end, &e) || e.type != 6 || e.bytes != 8 || !is_whole(&e, end)) {
        return 0;
    }
    const uint32_t flags = word_at(file, e.content);
    variable->matlab_class = (int)(flags & 0xFF);
    variable->is_complex = (flags & 0x0800) != 0;
    variable->is_logical = (flags & 0x0200) != 0;
    if (variable->matlab_class == CLASS_SPARSE) { /* doubles, or truth values */
        variable->is_sparse = 1;
        variable->matlab_class = NMFI_MAT_DOUBLE;
    }
    if (variable->matlab_class == 17) { /* opaque: a table, a string; it has no sizes */
        strcpy(variable->name, "(object)");
        return 1;
    }
    if (!take_element(file, e.next, end, &e) || e.type != 5 || e.bytes % 4 != 0 ||
        !is_whole(&e, end)) {
        return 0;
    }
    variable->rank = (int)(e.bytes / 4);
    for (int i = 0; i < variable->rank && i < 3; i++) {
        const uint32_t size = word_at(file, e.content + 4 * i);
        variable->sizes[i] =
            size > INT32_MAX ? -1 : (int64_t)size; /* the format's integers are signed */
    }
    if (!take_element(file, e.next, end, &e) || e.type != 1 || !is_whole(&e, end)) {
        return 0;
    }
    const size_t length = e.bytes < sizeof variable->name ? e.bytes : sizeof variable->name - 1;
    memcpy(variable->name, e.content, length);
    *values = e.next;
    return 1;
}

/* Inflates a zlib stream's beginning; returns the bytes written, at most `room`; 0 on damage. With
 * `whole`, all of the stream must be there and fill `room` exactly. */
static size_t inflate_into(const unsigned char *from, size_t count, unsigned char *to, size_t room,
                           int whole)
{
    z_stream stream;
    memset(&stream, 0, sizeof stream);
    if (inflateInit(&stream) != Z_OK) {
        return 0;
    }
    size_t done = 0, used = 0;
    int result = Z_OK;
    while (result == Z_OK && done <= room) {
        const size_t in = count - used, out = room - done;
        stream.next_in = (unsigned char *)(uintptr_t)(from + used);
        stream.avail_in = in < (1u << 30) ? (uInt)in : 1u << 30;
        stream.next_out = to + done;
        stream.avail_out = out < (1u << 30) ? (uInt)out : 1u << 30;
        const uInt in_before = stream.avail_in, out_before = stream.avail_out;
        result = inflate(&stream, Z_NO_FLUSH);
        used += in_before - stream.avail_in;
        done += out_before - stream.avail_out;
        if (in_before == stream.avail_in && out_before == stream.avail_out) {
            break; /* no room or no input left */
        }
    }
    (void)inflateEnd(&stream);
    const int good = whole ? result == Z_STREAM_END && done == room
                           : result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR;
    return good ? done : 0;
}

static nmf_status damaged(const mat5 *file, size_t place, const char *what)
{
    return nmf_fail(file->error, NMF_ERROR_FORMAT, "%s: is damaged at byte %zu: %s", file->path,
                    place, what);
}

/* Lists one top-level element, whose content has been found to lie inside the file. */
static nmf_status list_element(const mat5 *file, const element *e, size_t place,
                               nmfi_mat_list *list)
{
    unsigned char head[HEAD_BYTES];
    nmfi_mat_variable variable;
    const unsigned char *values = NULL;
    int good = 0;
    if (e->type == MI_COMPRESSED) {
        const size_t got = inflate_into(e->content, e->bytes, head, sizeof head, 0);
        good = got > 0 && parse_variable(file, head, head + got, &variable, &values);
    } else if (e->type == MI_MATRIX) {
        good = parse_variable(file, file->bytes + place, e->content + e->bytes, &variable, &values);
    } else {
        return NMF_OK; /* nothing that MATLAB shows as a variable */
    }
    if (!good) {
        return damaged(file, place, "this is no variable");
    }
    variable.place = place;
    return variable.name[0] != '\0' ? nmfi_mat_list_add(list, &variable, file->error)
                                    : NMF_OK; /* nameless: MATLAB's own bookkeeping */
}

static nmf_status list_variables(mat5 *file, nmfi_mat_list *list)
{
    if (file->count < HEADER_BYTES ||
        (memcmp(file->bytes + 126, "IM", 2) != 0 && memcmp(file->bytes + 126, "MI", 2) != 0)) {
        return damaged(file, file->count < 126 ? file->count : 126,
                       "the header has no byte-order mark");
    }
    file->big_endian = file->bytes[126] == 'M';
    size_t place = HEADER_BYTES;
    while (place < file->count) {
        const unsigned char *at = file->bytes + place;
        if (file->count - place < 8) {
            return damaged(file, place, "the file ends inside a tag");
        }
        element e = {word_at(file, at), word_at(file, at + 4), at + 8, NULL};
        if (e.bytes > file->count - place - 8) {
            return nmf_fail(
                file->error, NMF_ERROR_FORMAT,
                "%s: is cut off: the variable at byte %zu has %zu bytes, but only %zu follow",
                file->path, place, e.bytes, file->count - place - 8);
        }
        const nmf_status status = list_element(file, &e, place, list);
        if (status != NMF_OK) {
            return status;
        }
        place += 8 + e.bytes;
    }
    return NMF_OK;
}

/* All bytes of a variable's matrix element: in the file, or inflated into *owned. */
static nmf_status whole_element(const mat5 *file, size_t place, const unsigned char **begin,
                                const unsigned char **end, unsigned char **owned)
{
    const unsigned char *at = file->bytes + place;
    const size_t stored = word_at(file, at + 4);
    *owned = NULL;
    *begin = at;
    *end = at + 8 + stored;
    if (word_at(file, at) == MI_MATRIX) {
        return NMF_OK;
    }
    unsigned char tag[8];
    if (inflate_into(at + 8, stored, tag, sizeof tag, 0) != sizeof tag) {
        return damaged(file, place, "the compressed variable cannot be unpacked");
    }
    const size_t size = 8 + (size_t)word_at(file, tag + 4);
    if (size / LARGEST_RATIO > stored) {
        return nmf_fail(
            file->error, NMF_ERROR_FORMAT,
            "%s: the variable at byte %zu claims %zu bytes, but only %zu are stored for it",
            file->path, place, size, stored);
    }
    *owned = nmfi_file_memory(size);
    if (*owned == NULL) {
        return nmf_fail(file->error, NMF_ERROR_MEMORY, "%s: out of memory for %zu bytes",
                        file->path, size);
    }
    if (inflate_into(at + 8, stored, *owned, size, 1) != size) {
        free(*owned);
        *owned = NULL;
        return damaged(file, place, "the compressed variable cannot be unpacked");
    }
    *begin = *owned;
    *end = *owned + size;
    return NMF_OK;
}

/* The type in which the values are stored, which need not be their class. */
static int storage_type(uint32_t type, char *kind, int *item_bytes)
{
    static const struct {
        char kind;
        int bytes;
    } types[] = {{0, 0},   {'i', 1}, {'u', 1}, {'i', 2}, {'u', 2}, {'i', 4}, {'u', 4},
                 {'f', 4}, {0, 0},   {'f', 8}, {0, 0},   {0, 0},   {'i', 8}, {'u', 8}};
    if (type >= sizeof types / sizeof types[0] || types[type].bytes == 0) {
        return 0;
    }
    *kind = types[type].kind;
    *item_bytes = types[type].bytes;
    return 1;
}

/* Finds the values of a variable and checks that they are all there. */
static nmf_status find_values(const mat5 *file, const nmfi_mat_variable *chosen,
                              const unsigned char *begin, const unsigned char *end,
                              nmfi_raw_array *raw)
{
    nmfi_mat_variable variable;
    const unsigned char *values = NULL;
    element e;
    char kind;
    int item_bytes;
    if (!parse_variable(file, begin, end, &variable, &values) || values == NULL ||
        !take_element(file, values, end, &e) || !storage_type(e.type, &kind, &item_bytes)) {
        return damaged(file, chosen->place, "the variable has no values");
    }
    const int64_t *sizes = chosen->sizes;
    size_t wanted;
    if (!nmfi_array_bytes(sizes[0], sizes[1], chosen->rank == 3 ? sizes[2] : 1, item_bytes,
                          &wanted) ||
        e.bytes != wanted || !is_whole(&e, end)) {
        return nmf_fail(file->error, NMF_ERROR_FORMAT,
                        "%s: '%s' claims %" PRId64 " x %" PRId64
                        " values of %d bytes, but has %zu bytes of values",
                        file->path, chosen->name, sizes[0], sizes[1], item_bytes, e.bytes);
    }
    *raw = nmfi_mat_describe(chosen, e.content, kind, item_bytes, file->big_endian);
    return NMF_OK;
}

/* --- sparse ---------------------------------------------------------------------------------- */

/* A list of 32-bit numbers as 64-bit ones, in new memory; NULL where it is damaged or memory is
 * out. */
static int64_t *take_numbers(const mat5 *file, const element *e, const unsigned char *end)
{
    const size_t count = e->bytes / 4;
    if ((e->type != MI_INT32 && e->type != MI_UINT32) || !is_whole(e, end)) {
        return NULL;
    }
    int64_t *numbers = malloc((count + 1) * sizeof *numbers);
    for (size_t i = 0; numbers != NULL && i < count; i++) {
        numbers[i] = (int32_t)word_at(file, e->content + 4 * i);
    }
    return numbers;
}

/* The values as doubles: MATLAB stores small whole ones as bytes. */
static double *take_values(const mat5 *file, const element *e, const unsigned char *end,
                           int64_t *count)
{
    nmfi_raw_array raw = {.data = e->content, .big_endian = file->big_endian};
    if (!storage_type(e->type, &raw.kind, &raw.item_bytes) || !is_whole(e, end)) {
        return NULL;
    }
    *count = (int64_t)(e->bytes / (size_t)raw.item_bytes);
    double *values = malloc(((size_t)*count + 1) * sizeof *values);
    for (int64_t i = 0; values != NULL && i < *count; i++) {
        values[i] = nmfi_raw_value(&raw, i);
    }
    return values;
}

/* Row numbers, column pointers and values follow the name. */
static nmf_status read_sparse(const mat5 *file, const nmfi_mat_variable *chosen,
                              const unsigned char *begin, const unsigned char *end,
                              nmf_matrix **matrix)
{
    nmfi_mat_variable variable;
    const unsigned char *at = NULL;
    element rows, pointers, values;
    if (!parse_variable(file, begin, end, &variable, &at) || at == NULL ||
        !take_element(file, at, end, &rows) || !take_element(file, rows.next, end, &pointers) ||
        !take_element(file, pointers.next, end, &values)) {
        return damaged(file, chosen->place, "the sparse variable is not whole");
    }
    int64_t count = 0;
    int64_t *const row = take_numbers(file, &rows, end);
    int64_t *const pointer = take_numbers(file, &pointers, end);
    double *const value = take_values(file, &values, end, &count);
    nmfi_sparse_parts parts = {.stored = count,
                               .pointers = pointer,
                               .indices = row,
                               .index_bytes = sizeof *row,
                               .values = {.data = (const unsigned char *)value,
                                          .kind = 'f',
                                          .item_bytes = sizeof *value,
                                          .big_endian = NMFI_HOST_BIG_ENDIAN},
                               .memory = {row, pointer, value, NULL}};
    const int whole = row != NULL && pointer != NULL && value != NULL &&
                      (int64_t)(pointers.bytes / 4) == chosen->sizes[1] + 1 &&
                      pointer[chosen->sizes[1]] <= count &&
                      (int64_t)(rows.bytes / 4) >= pointer[chosen->sizes[1]];
    if (!whole) {
        nmfi_sparse_parts_free(&parts);
        return damaged(file, chosen->place,
                       "the sparse variable's row numbers, pointers and values do not belong "
                       "together");
    }
    return nmfi_mat_sparse(chosen, &parts, file->path, matrix, file->error);
}

nmf_status nmfi_mat5_matrix(const unsigned char *bytes, size_t count,
                            const nmfi_read_request *request, void (*release)(void *context),
                            void *context, nmf_matrix **matrix, nmf_error *error)
{
    mat5 file = {bytes, count, 0, request->path, error};
    nmfi_mat_list list = {NULL, 0, 0};
    const unsigned char *begin, *end;
    unsigned char *owned = NULL;
    nmfi_raw_array raw = {.data = NULL};
    nmfi_mat_variable chosen = {.rank = 0};
    int64_t index;
    *matrix = NULL;
    nmf_status status = list_variables(&file, &list);
    if (status == NMF_OK) {
        status = nmfi_mat_choose(&list, request, &index, error);
    }
    if (status == NMF_OK) {
        chosen = list.variables[index];
        status = whole_element(&file, chosen.place, &begin, &end, &owned);
    }
    if (status == NMF_OK) {
        status = chosen.is_sparse ? read_sparse(&file, &chosen, begin, end, matrix)
                                  : find_values(&file, &chosen, begin, end, &raw);
    }
    free(list.variables);
    if (status != NMF_OK || chosen.is_sparse) {
        free(owned);
        release(context);
        return status;
    }
    if (owned == NULL) { /* the values lie in the file's bytes */
        return nmfi_raw_to_matrix(&raw, release, context, matrix, error);
    }
    status = nmfi_raw_to_matrix(&raw, free, owned, matrix, error);
    release(context);
    return status;
}
