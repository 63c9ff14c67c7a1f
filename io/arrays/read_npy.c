/* Reads .npy files. Numbers that a matrix can look at are lent from the file's bytes as they lie
 * (mapped where the file is large); other types and byte orders are copied. What is too large for that
 * stays on disk. */
#include "disk_array.h"
#include "npy.h"
#include "readers.h"

#include "io/files/file_view.h"
#include "io/files/on_disk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static nmf_status explain_dimensions(const nmfi_npy_header *header, const char *path,
                                     nmf_error *error)
{
    switch (header->dimensions) {
    case 0: return nmf_fail(error, NMF_ERROR_SHAPE, "%s: is a single number, not a matrix", path);
    case 1:
        return nmf_fail(
            error, NMF_ERROR_SHAPE,
            "%s: has 1 dimension, (%" PRId64 ",), but samples x features has 2: save "
            "x.reshape(1, -1) if it is one sample, x.reshape(-1, 1) if it is one feature",
            path, header->shape[0]);
    default:
        return nmf_fail(
            error, NMF_ERROR_SHAPE,
            "%s: has %d dimensions; 2 (samples x features) or 3 (grey pictures: count x "
            "height x width) can be read",
            path, header->dimensions);
    }
}

/* Where the indices of a checked 2- or 3-dimensional array point. */
static nmfi_raw_array describe(const nmfi_npy_header *header)
{
    const int pictures = header->dimensions == 3;
    nmfi_raw_array raw = {.kind = header->kind,
                          .item_bytes = (int)header->item_bytes,
                          .big_endian = header->big_endian,
                          .pictures = pictures,
                          .rows = header->shape[0],
                          .height = pictures ? header->shape[1] : 1,
                          .width = header->shape[pictures ? 2 : 1]};
    if (header->fortran) {
        raw.row_stride = 1;
        raw.height_stride = raw.rows;
        raw.width_stride = raw.rows * raw.height;
    } else {
        raw.width_stride = 1;
        raw.height_stride = raw.width;
        raw.row_stride = raw.width * raw.height;
    }
    return raw;
}

/* Numbers of a shape that a matrix can have, which *raw then describes, its data apart. */
static nmf_status check_array(nmfi_npy_header *header, const char *path, nmfi_npy_use use,
                              nmfi_raw_array *raw, nmf_error *error)
{
    if (strchr("US", header->kind) != NULL) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED, "%s: holds text, not numbers", path);
    }
    if (header->dimensions == 1 && use != NMFI_NPY_DATA) {
        header->shape[1] = header->shape[0];
        header->shape[0] = 1;
        header->dimensions = 2;
    }
    if (header->dimensions != 2 && header->dimensions != 3) {
        return explain_dimensions(header, path, error);
    }
    /* Trap: 10^18 x 0 values are no bytes, but whoever loops over the rows never ends. */
    if (header->data_bytes == 0 && (use != NMFI_NPY_ANY || header->shape[0] != 0)) {
        return nmf_fail(error, NMF_ERROR_SHAPE, "%s: is empty: %" PRId64 " x %" PRId64 " values",
                        path, header->shape[0], header->shape[1]);
    }
    *raw = describe(header);
    return NMF_OK;
}

nmf_status nmfi_npy_matrix(const unsigned char *bytes, size_t count, const char *path,
                           nmfi_npy_use use, void (*release)(void *context), void *context,
                           nmf_matrix **matrix, nmf_error *error)
{
    nmfi_npy_header header;
    nmfi_raw_array raw;
    *matrix = NULL;
    nmf_status status = nmfi_npy_parse_whole(bytes, count, path, &header, error);
    if (status == NMF_OK) {
        status = check_array(&header, path, use, &raw, error);
    }
    if (status != NMF_OK) {
        release(context);
        return status;
    }
    raw.data = bytes + header.data_offset;
    return nmfi_raw_to_matrix(&raw, release, context, matrix, error);
}

nmfi_npy_use nmfi_npy_use_of(const nmf_io_read_options *options)
{
    return options->vectors ? NMFI_NPY_VECTORS : NMFI_NPY_DATA;
}

nmf_status nmfi_npy_on_disk(nmfi_disk_file *file, uint64_t offset, uint64_t count, const char *path,
                            nmfi_npy_use use, nmf_matrix **matrix, nmf_error *error)
{
    unsigned char head[NMFI_NPY_LONGEST_HEADER + 12];
    const size_t some = count < sizeof head ? (size_t)count : sizeof head;
    nmfi_npy_header header;
    nmfi_raw_array raw;
    *matrix = NULL;
    nmf_status status = nmfi_disk_file_read(file, offset, head, some, error);
    if (status == NMF_OK) {
        status = nmfi_npy_parse_of(head, some, count, path, &header, error);
    }
    if (status == NMF_OK) {
        status = check_array(&header, path, use, &raw, error);
    }
    if (status != NMF_OK) {
        nmfi_disk_file_close(file);
        return status;
    }
    return nmfi_disk_array_matrix(file, offset + header.data_offset, &raw, matrix, error);
}

static int recognise(const unsigned char *head, size_t bytes)
{
    return bytes >= 6 && memcmp(head, "\x93NUMPY", 6) == 0;
}

/* Compressed, it has no rows to read in place. */
static int is_plain(const char *path)
{
    unsigned char head[6];
    FILE *file = fopen(path, "rb");
    const int good =
        file != NULL && fread(head, sizeof head, 1, file) == 1 && recognise(head, sizeof head);
    if (file != NULL) {
        (void)fclose(file);
    }
    return good;
}

static nmf_status read_npy(const nmfi_read_request *request, nmf_matrix **matrix, nmf_error *error)
{
    const char *path = request->path;
    const nmfi_npy_use use = nmfi_npy_use_of(request->options);
    nmfi_disk_file *file;
    *matrix = NULL;
    if (nmfi_stays_on_disk(request, nmfi_file_bytes(path)) && is_plain(path)) {
        const nmf_status status = nmfi_open_on_disk(request, &file, error);
        return status != NMF_OK ? status
                                : nmfi_npy_on_disk(file, 0, nmfi_disk_file_bytes(file), path, use,
                                                   matrix, error);
    }
    nmfi_file_view *view;
    const nmf_status status = nmfi_file_view_open(path, &view, error);
    if (status != NMF_OK) {
        return status;
    }
    return nmfi_npy_matrix(view->bytes, view->count, path, use, nmfi_file_view_close, view, matrix,
                           error);
}

const nmfi_reader nmfi_reader_npy = {".npy", "npy", 1, 0, recognise, read_npy};
