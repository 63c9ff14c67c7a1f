/* See archive.h. */
#include "archive.h"

#include "io/arrays/npy.h"

#include <stdlib.h>

void archive_begin(archive *a)
{
    zip_error_t reason;
    zip_error_init(&reason);
    a->out = zip_source_buffer_create(NULL, 0, 0, &reason);
    a->zip = a->out != NULL ? zip_open_from_source(a->out, ZIP_TRUNCATE, &reason) : NULL;
    if (a->zip == NULL) {
        abort();
    }
    zip_source_keep(a->out);
}

/* Takes `bytes`, which free() frees, over. */
static void add(archive *a, const char *name, void *bytes, size_t count)
{
    if (count == 0) { /* which libzip would not free */
        free(bytes);
        bytes = NULL;
    }
    zip_source_t *source = zip_source_buffer(a->zip, bytes, count, bytes != NULL);
    const zip_int64_t index = source != NULL ? zip_file_add(a->zip, name, source, 0) : -1;
    if (index < 0 || zip_set_file_compression(a->zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) != 0) {
        abort();
    }
}

void archive_add_array(archive *a, const char *name, input *in, int dimensions)
{
    static const struct {
        char kind;
        int bytes;
    } kinds[] = {{'i', 4}, {'i', 8}, {'f', 8}, {'u', 1}, {'f', 4}, {'u', 2},
                 {'i', 2}, {'S', 3}, {'u', 8}, {'b', 1}, {'f', 2}, {'U', 12}};
    const unsigned which = take(in) % (sizeof kinds / sizeof kinds[0]);
    /* -1: no dimension */
    const int64_t rows = dimensions == 1 ? (int64_t)take(in) - 1 : (int64_t)(take(in) % 32);
    const int64_t columns = dimensions == 1 ? -1 : (int64_t)(take(in) % 32);
    const size_t items = (size_t)(rows < 0 ? 1 : rows) * (size_t)(columns < 0 ? 1 : columns);
    const size_t bytes = items * (size_t)kinds[which].bytes;
    unsigned char *whole = malloc(NMFI_NPY_HEADER_BYTES + bytes);
    if (whole == NULL) {
        abort();
    }
    nmfi_npy_format(kinds[which].kind, kinds[which].bytes, rows, columns, (char *)whole);
    take_bytes(in, whole + NMFI_NPY_HEADER_BYTES, bytes);
    add(a, name, whole, NMFI_NPY_HEADER_BYTES + bytes);
}

void archive_add_text(archive *a, const char *name, const uint8_t *text, size_t bytes)
{
    unsigned char *copy = malloc(bytes + 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, text, bytes);
    add(a, name, copy, bytes);
}

const unsigned char *archive_finish(archive *a, size_t *count)
{
    static unsigned char bytes[ARCHIVE_BYTES];
    if (zip_close(a->zip) != 0 || zip_source_open(a->out) != 0) {
        abort();
    }
    const zip_int64_t got = zip_source_read(a->out, bytes, sizeof bytes);
    (void)zip_source_close(a->out);
    zip_source_free(a->out);
    *count = got > 0 ? (size_t)got : 0;
    return bytes;
}
