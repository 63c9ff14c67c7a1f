/* Sparse matrices in .npz archives: see npz_sparse.h. Indices and values stay in the memory that
 * the members were read into; only pointers, of which there are few, are always 64 bits wide. */
#include "npz_sparse.h"
#include "disk_lines.h"
#include "sparse_parts.h"
#include "triplets.h"
#include "zip_place.h"

#include "io/files/on_disk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_BYTES 256

int nmfi_npz_is_sparse(const nmfi_npz *npz)
{
    return nmfi_npz_find(npz, "format") >= 0 && nmfi_npz_find(npz, "shape") >= 0 &&
           nmfi_npz_find(npz, "data") >= 0;
}

/* One member in memory. */
typedef struct array {
    unsigned char *bytes;
    nmfi_npy_header header;
    char label[LABEL_BYTES];
    nmfi_raw_array values; /* of one dimension */
    int64_t count;
} array;

static nmf_status load(nmfi_npz *npz, const char *path, const char *name, array *a,
                       nmf_error *error)
{
    const int64_t index = nmfi_npz_find(npz, name);
    size_t bytes;
    memset(a, 0, sizeof *a);
    if (index < 0) {
        return nmf_fail(error, NMF_ERROR_FORMAT, "%s: is no complete sparse matrix: it has no '%s'",
                        path, name);
    }
    nmfi_npz_label(npz, index, a->label, sizeof a->label);
    nmf_status status = nmfi_npz_bytes(npz, index, &a->bytes, &bytes, error);
    if (status == NMF_OK) {
        status = nmfi_npy_parse_whole(a->bytes, bytes, a->label, &a->header, error);
    }
    if (status == NMF_OK) {
        a->count = a->header.dimensions == 1 ? a->header.shape[0] : -1;
        a->values.data = a->bytes + a->header.data_offset;
        a->values.kind = a->header.kind;
        a->values.item_bytes = (int)a->header.item_bytes;
        a->values.big_endian = a->header.big_endian;
        return NMF_OK;
    }
    free(a->bytes);
    a->bytes = NULL;
    return status;
}

/* An array of whole numbers (or, for data, of any numbers) in one dimension. */
static nmf_status load_list(nmfi_npz *npz, const char *path, const char *name, int numbers,
                            array *a, nmf_error *error)
{
    const nmf_status status = load(npz, path, name, a, error);
    if (status != NMF_OK) {
        return status;
    }
    if (a->count < 0 || strchr(numbers ? "biuf" : "iu", a->header.kind) == NULL) {
        free(a->bytes);
        a->bytes = NULL;
        return nmf_fail(error, NMF_ERROR_FORMAT, "%s: is not a list of %snumbers", a->label,
                        numbers ? "" : "whole ");
    }
    return NMF_OK;
}

static int64_t whole_at(const array *a, int64_t index)
{
    return nmfi_raw_whole(&a->values, index);
}

/* The word in "format", ended by a zero; longer ones are cut. */
static nmf_status load_format(nmfi_npz *npz, const char *path, char format[8], nmf_error *error)
{
    array a;
    const nmf_status status = load(npz, path, "format", &a, error);
    if (status != NMF_OK) {
        return status;
    }
    const int unit = a.header.kind == 'U' ? 4 : 1; /* of UTF-32 ASCII one byte is enough */
    const int offset = unit == 4 && a.header.big_endian ? 3 : 0;
    memset(format, 0, 8);
    for (int64_t i = 0; i < 7 && (i + 1) * unit <= a.header.item_bytes &&
                        (size_t)((i + 1) * unit) <= a.header.data_bytes;
         i++) {
        const unsigned char letter = a.bytes[a.header.data_offset + (size_t)(i * unit + offset)];
        format[i] = letter >= ' ' && letter < 127 ? (char)letter : '\0';
    }
    free(a.bytes);
    return NMF_OK;
}

static nmf_status load_shape(nmfi_npz *npz, const char *path, int64_t shape[2], nmf_error *error)
{
    array a;
    const nmf_status status = load_list(npz, path, "shape", 0, &a, error);
    if (status != NMF_OK) {
        return status;
    }
    const int good = a.count == 2;
    for (int i = 0; i < 2 && good; i++) {
        shape[i] = whole_at(&a, i);
    }
    free(a.bytes);
    if (!good || shape[0] < 0 || shape[1] < 0) {
        return nmf_fail(error, NMF_ERROR_FORMAT, "%s: is not two sizes", a.label);
    }
    return shape[0] > 0 && shape[1] > 0
               ? NMF_OK
               : nmf_fail(error, NMF_ERROR_SHAPE, "%s: is empty: %" PRId64 " x %" PRId64 " values",
                          path, shape[0], shape[1]);
}

static nmf_status fail_counts(const char *path, const char *first, int64_t one, const char *second,
                              int64_t other, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_FORMAT,
                    "%s: has %" PRId64 " entries in '%s', but %" PRId64 " in '%s'", path, one,
                    first, other, second);
}

/* Pointers as 64-bit numbers, in new memory. */
static nmf_status load_pointers(nmfi_npz *npz, const char *path, int64_t majors, int64_t **pointers,
                                nmf_error *error)
{
    array a;
    *pointers = NULL;
    nmf_status status = load_list(npz, path, "indptr", 0, &a, error);
    if (status != NMF_OK) {
        return status;
    }
    if (a.count - 1 != majors) {
        status = nmf_fail(error, NMF_ERROR_FORMAT,
                          "%s: has %" PRId64 " pointers; the shape asks for %" PRId64 " + 1",
                          a.label, a.count, majors);
    } else if ((*pointers = malloc((size_t)a.count * sizeof **pointers)) == NULL) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", a.label);
    }
    for (int64_t i = 0; status == NMF_OK && i < a.count; i++) {
        (*pointers)[i] = whole_at(&a, i);
    }
    free(a.bytes);
    return status;
}

/* Indices as they lie where they are signed and 4 or 8 bytes wide, as SciPy's always are. */
static nmf_status check_indices(const array *indices, nmf_error *error)
{
    const nmfi_raw_array *v = &indices->values;
    if (v->kind != 'i' || v->item_bytes < 4 || v->big_endian != NMFI_HOST_BIG_ENDIAN ||
        (uintptr_t)v->data % (uintptr_t)v->item_bytes != 0) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s: indices of type '%c%d' are not read; int32 and int64 of this "
                        "machine's byte order are",
                        indices->label, v->kind, v->item_bytes);
    }
    return NMF_OK;
}

static nmf_status read_compressed(nmfi_npz *npz, const char *path, const int64_t shape[2],
                                  int by_columns, nmf_matrix **matrix, nmf_error *error)
{
    array indices = {.bytes = NULL}, data = {.bytes = NULL};
    int64_t *pointers = NULL;
    nmf_status status = load_pointers(npz, path, shape[by_columns], &pointers, error);
    if (status == NMF_OK) {
        status = load_list(npz, path, "indices", 0, &indices, error);
    }
    if (status == NMF_OK) {
        status = check_indices(&indices, error);
    }
    if (status == NMF_OK) {
        status = load_list(npz, path, "data", 1, &data, error);
    }
    if (status == NMF_OK && data.count != indices.count) {
        status = fail_counts(path, "data", data.count, "indices", indices.count, error);
    }
    nmfi_sparse_parts arrays = {.rows = shape[0],
                                .columns = shape[1],
                                .by_columns = by_columns,
                                .stored = data.count,
                                .pointers = pointers,
                                .indices = indices.values.data,
                                .index_bytes = indices.values.item_bytes,
                                .values = data.values,
                                .memory = {pointers, indices.bytes, data.bytes, NULL}};
    if (status != NMF_OK) {
        nmfi_sparse_parts_free(&arrays);
        return status;
    }
    return nmfi_sparse_parts_matrix(&arrays, path, matrix, error);
}

static nmf_status collect_triplets(const array list[3], const char *path, const int64_t shape[2],
                                   nmfi_triplets *entries, nmf_error *error)
{
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < list[2].count && status == NMF_OK; i++) {
        const int64_t row = whole_at(&list[0], i), column = whole_at(&list[1], i);
        if (row < 0 || row >= shape[0] || column < 0 || column >= shape[1]) {
            return nmf_fail(error, NMF_ERROR_FORMAT,
                            "%s: entry %" PRId64 " lies at (%" PRId64 ", %" PRId64
                            "), outside of %" PRId64 " x %" PRId64,
                            path, i, row, column, shape[0], shape[1]);
        }
        status = nmfi_triplets_add(entries, (int32_t)row, (int32_t)column,
                                   nmfi_raw_value(&list[2].values, i), path, error);
    }
    return status;
}

static nmf_status read_coordinates(nmfi_npz *npz, const char *path, const int64_t shape[2],
                                   nmf_matrix **matrix, nmf_error *error)
{
    static const char *const names[] = {"row", "col", "data"};
    array list[3] = {{.bytes = NULL}, {.bytes = NULL}, {.bytes = NULL}};
    nmfi_triplets entries = {.request = NULL};
    nmf_status status = NMF_OK;
    if (shape[0] > NMFI_LARGEST_SIDE || shape[1] > NMFI_LARGEST_SIDE) {
        status = nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                          "%s: is %" PRId64 " x %" PRId64 "; coo is read up to %" PRId64
                          " rows and columns, csr and csc beyond",
                          path, shape[0], shape[1], NMFI_LARGEST_SIDE);
    } else if (!nmfi_side_fits(shape[0], "rows", path, error) ||
               !nmfi_side_fits(shape[1], "columns", path, error)) {
        status = NMF_ERROR_MEMORY;
    }
    for (int i = 0; i < 3 && status == NMF_OK; i++) {
        status = load_list(npz, path, names[i], i == 2, &list[i], error);
        if (status == NMF_OK && list[i].count != list[0].count) {
            status = fail_counts(path, names[0], list[0].count, names[i], list[i].count, error);
        }
    }
    if (status == NMF_OK) {
        status = collect_triplets(list, path, shape, &entries, error);
    }
    const int integral = list[2].bytes != NULL && list[2].values.kind != 'f';
    for (int i = 0; i < 3; i++) {
        free(list[i].bytes);
    }
    if (status != NMF_OK) {
        nmfi_triplets_free(&entries);
        return status;
    }
    return nmfi_triplets_matrix(&entries, shape[0], shape[1], integral, path, matrix, error);
}

nmf_status nmfi_npz_sparse_matrix(nmfi_npz *npz, const char *path, nmf_matrix **matrix,
                                  nmf_error *error)
{
    char format[8];
    int64_t shape[2] = {0, 0};
    *matrix = NULL;
    nmf_status status = load_format(npz, path, format, error);
    if (status == NMF_OK) {
        status = load_shape(npz, path, shape, error);
    }
    if (status != NMF_OK) {
        return status;
    }
    if (strcmp(format, "coo") == 0) {
        return read_coordinates(npz, path, shape, matrix, error);
    }
    if (strcmp(format, "csr") == 0 || strcmp(format, "csc") == 0) {
        return read_compressed(npz, path, shape, format[2] == 'c', matrix, error);
    }
    return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                    "%s: is a sparse matrix in the layout '%s'; csr, csc and coo are read: save "
                    "its .tocsr()",
                    path, format);
}

/* --- left on disk ------------------------------------------------------------------------------ */

/* The header of the member's array, and where its numbers lie; `stored` 0: it is compressed. */
static nmf_status look_at_list(nmfi_disk_file *file, const char *path, const char *member,
                               nmfi_zip_place *place, nmfi_npy_header *header, nmf_error *error)
{
    unsigned char head[NMFI_NPY_LONGEST_HEADER + 12];
    nmf_status status = nmfi_zip_find_place(file, member, place, error);
    if (status != NMF_OK || !place->stored) {
        return status;
    }
    const size_t some = place->bytes < sizeof head ? (size_t)place->bytes : sizeof head;
    status = nmfi_disk_file_read(file, place->offset, head, some, error);
    if (status == NMF_OK) {
        status = nmfi_npy_parse_of(head, some, place->bytes, path, header, error);
    }
    if (status == NMF_OK && (header->dimensions != 1 || strchr("biuf", header->kind) == NULL)) {
        status = nmf_fail(error, NMF_ERROR_FORMAT, "%s:%s: is not a list of numbers", path, member);
    }
    return status;
}

/* The list of numbers in a member that is stored; *stored 0: it is compressed. */
static nmf_status open_list(const nmfi_read_request *request, const char *member,
                            nmfi_disk_list *list, int *stored, nmf_error *error)
{
    nmfi_zip_place place;
    nmfi_npy_header header;
    nmfi_disk_file *file = NULL;
    memset(list, 0, sizeof *list);
    nmf_status status = nmfi_disk_file_open(request->path, request->options->watch,
                                            request->options->watch_context, &file, error);
    if (status == NMF_OK) {
        status = look_at_list(file, request->path, member, &place, &header, error);
    }
    if (status != NMF_OK || !place.stored) {
        *stored = 0;
        nmfi_disk_file_close(file);
        return status;
    }
    const nmfi_raw_array kind = {
        .kind = header.kind, .item_bytes = (int)header.item_bytes, .big_endian = header.big_endian};
    return nmfi_disk_list_in(file, place.offset + header.data_offset, header.shape[0], &kind,
                             request->path, list, error);
}

static nmf_status leave_rows(nmfi_npz *npz, const nmfi_read_request *request,
                             const int64_t shape[2], const nmfi_disk_list lists[2],
                             nmf_matrix **matrix, nmf_error *error)
{
    int64_t *pointers;
    const nmf_status status = load_pointers(npz, request->path, shape[0], &pointers, error);
    if (status != NMF_OK) {
        lists[0].release(lists[0].context);
        lists[1].release(lists[1].context);
        return status;
    }
    nmfi_say_on_disk(request, request->path, nmfi_file_bytes(request->path));
    return nmfi_disk_lines_matrix(shape[0], shape[1], pointers, &lists[0], &lists[1], request->path,
                                  matrix, error);
}

nmf_status nmfi_npz_sparse_on_disk(nmfi_npz *npz, const nmfi_read_request *request,
                                   nmf_matrix **matrix, nmf_error *error)
{
    char format[8];
    int64_t shape[2] = {0, 0};
    int stored = 1;
    nmfi_disk_list lists[2];
    *matrix = NULL;
    if (!nmfi_stays_on_disk(request, nmfi_file_bytes(request->path))) {
        return NMF_OK;
    }
    nmf_status status = load_format(npz, request->path, format, error);
    if (status != NMF_OK || strcmp(format, "csr") != 0) {
        return status;
    }
    status = load_shape(npz, request->path, shape, error);
    if (status != NMF_OK) {
        return status;
    }
    memset(lists, 0, sizeof lists);
    status = open_list(request, "indices.npy", &lists[0], &stored, error);
    if (status == NMF_OK) {
        status = open_list(request, "data.npy", &lists[1], &stored, error);
    }
    if (status == NMF_OK && stored) {
        return leave_rows(npz, request, shape, lists, matrix, error);
    }
    for (int i = 0; i < 2; i++) {
        if (lists[i].release != NULL) {
            lists[i].release(lists[i].context);
        }
    }
    return status;
}
