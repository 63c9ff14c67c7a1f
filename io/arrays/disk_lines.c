/* See disk_lines.h. */
#include "disk_lines.h"

#include "sparse_parts.h"

#include <inttypes.h>
#include <stdlib.h>

#define PIECE 8192 /* values converted at a time */

/* A list of numbers side by side. */
typedef struct list_in_file {
    nmfi_disk_file *file;
    uint64_t offset;
    int64_t item_bytes;
} list_in_file;

static void close_list(void *context)
{
    list_in_file *list = context;
    nmfi_disk_file_close(list->file);
    free(list);
}

static nmf_status read_list(void *context, int64_t first, int64_t count, void *values,
                            nmf_error *error)
{
    const list_in_file *list = context;
    return nmfi_disk_file_read(list->file, list->offset + (uint64_t)(first * list->item_bytes),
                               values, (size_t)(count * list->item_bytes), error);
}

nmf_status nmfi_disk_list_in(nmfi_disk_file *file, uint64_t offset, int64_t count,
                             const nmfi_raw_array *kind, const char *path, nmfi_disk_list *list,
                             nmf_error *error)
{
    list_in_file *made = malloc(sizeof *made);
    if (made == NULL) {
        nmfi_disk_file_close(file);
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    }
    *made = (list_in_file){file, offset, kind->item_bytes};
    *list = (nmfi_disk_list){
        .count = count, .kind = *kind, .read = read_list, .context = made, .release = close_list};
    return NMF_OK;
}

typedef struct disk_lines {
    int64_t *pointers;
    nmfi_disk_list indices, values;
    nmf_dtype dtype;
    int as_kept; /* the values need no other type */
} disk_lines;

static void let_go(const nmfi_disk_list *list)
{
    if (list->release != NULL) {
        list->release(list->context);
    }
}

static void release(void *context)
{
    disk_lines *lines = context;
    let_go(&lines->indices);
    let_go(&lines->values);
    free(lines->pointers);
    free(lines);
}

/* Values [first, first + count) in another type. */
static nmf_status convert(const nmfi_disk_list *list, nmf_dtype dtype, int64_t first, int64_t count,
                          void *out, nmf_error *error)
{
    unsigned char piece[PIECE * 8];
    nmfi_raw_array raw = list->kind;
    raw.data = piece;
    for (int64_t i = 0; i < count; i += PIECE) {
        const int64_t some = count - i < PIECE ? count - i : PIECE;
        const nmf_status status = list->read(list->context, first + i, some, piece, error);
        if (status != NMF_OK) {
            return status;
        }
        for (int64_t e = 0; e < some; e++) {
            nmfi_store_value(out, dtype, i + e, nmfi_raw_value(&raw, e));
        }
    }
    return NMF_OK;
}

static nmf_status read_entries(void *context, int64_t first, int64_t count, void *indices,
                               void *values, nmf_error *error)
{
    const disk_lines *lines = context;
    const nmf_status status =
        lines->indices.read(lines->indices.context, first, count, indices, error);
    if (status != NMF_OK) {
        return status;
    }
    return lines->as_kept ? lines->values.read(lines->values.context, first, count, values, error)
                          : convert(&lines->values, lines->dtype, first, count, values, error);
}

static nmf_status value_range(const nmfi_disk_list *list, double *lowest, double *highest,
                              nmf_error *error)
{
    double some[1024];
    const int64_t most = (int64_t)(sizeof some / sizeof some[0]);
    for (int64_t i = 0; i < list->count; i += most) {
        const int64_t count = list->count - i < most ? list->count - i : most;
        const nmf_status status = convert(list, NMF_F64, i, count, some, error);
        if (status != NMF_OK) {
            return status;
        }
        for (int64_t e = 0; e < count; e++) {
            *lowest = some[e] < *lowest ? some[e] : *lowest;
            *highest = some[e] > *highest ? some[e] : *highest;
        }
    }
    return NMF_OK;
}

static nmf_status choose_dtype(disk_lines *lines, nmf_error *error)
{
    const nmfi_raw_array *kind = &lines->values.kind;
    double lowest = 0.0, highest = 0.0;
    nmf_status status = NMF_OK;
    if (kind->kind != 'f') {
        status = value_range(&lines->values, &lowest, &highest, error);
    }
    lines->dtype = nmfi_sparse_dtype(kind, lowest, highest);
    lines->as_kept = nmfi_sparse_is_as_kept(kind, lines->dtype);
    return status;
}

static nmf_status check(const disk_lines *lines, int64_t rows, const char *path, nmf_error *error)
{
    const nmfi_raw_array *kind = &lines->indices.kind;
    const int64_t *pointers = lines->pointers, stored = lines->values.count;
    if (lines->indices.count != stored) {
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%s: has %" PRId64 " indices, but %" PRId64 " values", path,
                        lines->indices.count, stored);
    }
    if (kind->kind != 'i' || kind->item_bytes < 4 || kind->big_endian != NMFI_HOST_BIG_ENDIAN) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s: indices of type '%c%d' are not read; int32 and int64 of this "
                        "machine's byte order are",
                        path, kind->kind, kind->item_bytes);
    }
    if (pointers[0] != 0 || pointers[rows] != stored) {
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%s: its pointers run from %" PRId64 " to %" PRId64
                        ", but there are %" PRId64 " values",
                        path, pointers[0], pointers[rows], stored);
    }
    for (int64_t i = 0; i < rows; i++) {
        if (pointers[i + 1] < pointers[i]) {
            return nmf_fail(error, NMF_ERROR_FORMAT,
                            "%s: pointers[%" PRId64 "] = %" PRId64 ": must not be below %" PRId64
                            ", the one before it",
                            path, i + 1, pointers[i + 1], pointers[i]);
        }
    }
    return NMF_OK;
}

nmf_status nmfi_disk_lines_matrix(int64_t rows, int64_t columns, int64_t *pointers,
                                  const nmfi_disk_list *indices, const nmfi_disk_list *values,
                                  const char *path, nmf_matrix **matrix, nmf_error *error)
{
    disk_lines *lines = calloc(1, sizeof *lines);
    *matrix = NULL;
    if (lines == NULL) {
        let_go(indices);
        let_go(values);
        free(pointers);
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    }
    *lines = (disk_lines){.pointers = pointers, .indices = *indices, .values = *values};
    nmf_status status = check(lines, rows, path, error);
    if (status == NMF_OK) {
        status = choose_dtype(lines, error);
    }
    if (status != NMF_OK) {
        release(lines);
        return status;
    }
    nmf_reader reader = NMF_READER_INIT;
    reader.dtype = lines->dtype;
    reader.rows = rows;
    reader.columns = columns;
    reader.pointers = pointers;
    reader.index_bytes = lines->indices.kind.item_bytes;
    reader.read_entries = read_entries;
    reader.release = release;
    reader.context = lines;
    return nmf_matrix_from_reader(&reader, matrix, error);
}
