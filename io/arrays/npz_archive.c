/* Reads .npz archives through libzip: see npz_archive.h. The defence against members that lie about
 * their size (deflate bombs) is arithmetic: no member is stored in more bytes than the archive has,
 * stored members have equal sizes, and deflate cannot expand more than 1032-fold (258 bytes from 2
 * bits). */
#include "npz_archive.h"
#include "names_array.h"

#include "io/files/file_view.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zip.h>

#define DEFLATE_LARGEST_RATIO 1032
#define LABEL_BYTES 256

struct nmfi_npz {
    zip_t *zip;
    char *path;
    uint64_t bytes; /* of the whole archive */
};

static nmf_status finish_open(zip_t *zip, zip_error_t *reason, const char *path, uint64_t bytes,
                              nmfi_npz **npz, nmf_error *error)
{
    *npz = NULL;
    if (zip == NULL) {
        if (zip_error_code_zip(reason) == ZIP_ER_NOENT) {
            return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be opened: %s", path,
                            strerror(ENOENT));
        }
        const nmf_status status =
            zip_error_system_type(reason) == ZIP_ET_SYS ? NMF_ERROR_FILE : NMF_ERROR_FORMAT;
        return nmf_fail(error, status, "%s: cannot be opened as an .npz (zip) archive: %s", path,
                        zip_error_strerror(reason));
    }
    nmfi_npz *made = calloc(1, sizeof *made);
    char *name = strdup(path);
    if (made == NULL || name == NULL) {
        free(made);
        free(name);
        zip_discard(zip);
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    made->zip = zip;
    made->path = name;
    made->bytes = bytes;
    *npz = made;
    return NMF_OK;
}

nmf_status nmfi_npz_open(const char *path, nmfi_npz **npz, nmf_error *error)
{
    int code = 0;
    zip_t *zip = zip_open(path, ZIP_RDONLY, &code);
    const int system_reason = errno;
    zip_error_t reason;
    zip_error_init_with_code(&reason, code);
    zip_error_set(&reason, code, system_reason);
    struct stat info;
    const uint64_t bytes = zip != NULL && stat(path, &info) == 0 ? (uint64_t)info.st_size : 0;
    const nmf_status status = finish_open(zip, &reason, path, bytes, npz, error);
    zip_error_fini(&reason);
    return status;
}

nmf_status nmfi_npz_open_memory(const void *bytes, size_t count, const char *path, nmfi_npz **npz,
                                nmf_error *error)
{
    zip_error_t reason;
    zip_error_init(&reason);
    zip_source_t *source = zip_source_buffer_create(bytes, count, 0, &reason);
    zip_t *zip = source != NULL ? zip_open_from_source(source, ZIP_RDONLY, &reason) : NULL;
    if (zip == NULL && source != NULL) {
        zip_source_free(source);
    }
    const nmf_status status = finish_open(zip, &reason, path, count, npz, error);
    zip_error_fini(&reason);
    return status;
}

void nmfi_npz_close(nmfi_npz *npz)
{
    if (npz == NULL) {
        return;
    }
    zip_discard(npz->zip);
    free(npz->path);
    free(npz);
}

int64_t nmfi_npz_count(const nmfi_npz *npz)
{
    return zip_get_num_entries(npz->zip, 0);
}

const char *nmfi_npz_name(const nmfi_npz *npz, int64_t index)
{
    const char *name = zip_get_name(npz->zip, (zip_uint64_t)index, 0);
    return name != NULL ? name : "";
}

int64_t nmfi_npz_find(const nmfi_npz *npz, const char *name)
{
    const size_t length = strlen(name);
    const int64_t count = nmfi_npz_count(npz);
    int64_t found = -1;
    for (int64_t i = 0; i < count; i++) {
        const char *candidate = nmfi_npz_name(npz, i);
        if (strcmp(candidate, name) == 0) {
            return i;
        }
        if (strncmp(candidate, name, length) == 0 && strcmp(candidate + length, ".npy") == 0) {
            found = i;
        }
    }
    return found;
}

void nmfi_npz_label(const nmfi_npz *npz, int64_t index, char *label, size_t bytes)
{
    snprintf(label, bytes, "%s:%s", npz->path, nmfi_npz_name(npz, index));
}

static int is_array_name(const char *name)
{
    const size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".npy") == 0;
}

/* Is the declared size believable, and can we hold it? */
static nmf_status check_stat(const nmfi_npz *npz, int64_t index, const char *label,
                             zip_stat_t *entry, nmf_error *error)
{
    const zip_uint64_t wanted = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    zip_stat_init(entry);
    if (zip_stat_index(npz->zip, (zip_uint64_t)index, 0, entry) != 0 ||
        (entry->valid & wanted) != wanted) {
        return nmf_fail(error, NMF_ERROR_FORMAT, "%s: its entry in the archive is damaged", label);
    }
    if ((entry->valid & ZIP_STAT_ENCRYPTION_METHOD) && entry->encryption_method != ZIP_EM_NONE) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED, "%s: is encrypted", label);
    }
    if (entry->comp_method != ZIP_CM_STORE && entry->comp_method != ZIP_CM_DEFLATE) {
        return nmf_fail(
            error, NMF_ERROR_UNSUPPORTED,
            "%s: is compressed by method %d; NumPy's stored (0) and deflated (8) can be read",
            label, (int)entry->comp_method);
    }
    const uint64_t ratio = entry->comp_method == ZIP_CM_STORE ? 1 : DEFLATE_LARGEST_RATIO;
    const uint64_t stored = entry->comp_size < npz->bytes ? entry->comp_size : npz->bytes;
    if (entry->size / ratio > stored) {
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%s: claims %" PRIu64 " bytes, but the archive holds only %" PRIu64
                        " for it",
                        label, (uint64_t)entry->size, stored);
    }
    if (entry->size > nmfi_machine_memory()) {
        return nmf_fail(error, NMF_ERROR_MEMORY,
                        "%s: needs %" PRIu64 " bytes, this machine has %" PRIu64, label,
                        (uint64_t)entry->size, nmfi_machine_memory());
    }
    return NMF_OK;
}

/* Reads exactly `count` bytes. */
static nmf_status read_bytes(zip_file_t *file, const char *label, unsigned char *bytes,
                             size_t count, nmf_error *error)
{
    size_t done = 0;
    while (done < count) {
        const zip_int64_t got = zip_fread(file, bytes + done, count - done);
        if (got < 0) {
            return nmf_fail(error, NMF_ERROR_FORMAT, "%s: is damaged: %s after %zu of %zu bytes",
                            label, zip_file_strerror(file), done, count);
        }
        if (got == 0) {
            return nmf_fail(error, NMF_ERROR_FORMAT, "%s: ends after %zu of %zu bytes", label, done,
                            count);
        }
        done += (size_t)got;
    }
    return NMF_OK;
}

/* libzip compares the checksum when it meets the end of the member. */
static nmf_status expect_end(zip_file_t *file, const char *label, nmf_error *error)
{
    unsigned char more;
    const zip_int64_t got = zip_fread(file, &more, 1);
    if (got < 0) {
        return nmf_fail(error, NMF_ERROR_FORMAT, "%s: is damaged: %s", label,
                        zip_file_strerror(file));
    }
    return got == 0 ? NMF_OK
                    : nmf_fail(error, NMF_ERROR_FORMAT, "%s: is longer than its entry says", label);
}

static zip_file_t *open_member(nmfi_npz *npz, int64_t index, const char *label, nmf_error *error)
{
    zip_file_t *file = zip_fopen_index(npz->zip, (zip_uint64_t)index, 0);
    if (file == NULL) {
        (void)nmf_fail(error, NMF_ERROR_FORMAT, "%s: cannot be read: %s", label,
                       zip_strerror(npz->zip));
    }
    return file;
}

/* A first look at an array's header, before memory for all of it is asked for. */
static nmf_status check_array_head(nmfi_npz *npz, int64_t index, const char *label, size_t size,
                                   nmf_error *error)
{
    unsigned char head[NMFI_NPY_LONGEST_HEADER + 12];
    const size_t count = size < sizeof head ? size : sizeof head;
    zip_file_t *file = open_member(npz, index, label, error);
    if (file == NULL) {
        return NMF_ERROR_FORMAT;
    }
    nmfi_npy_header header;
    nmf_status status = read_bytes(file, label, head, count, error);
    if (status == NMF_OK) {
        status = nmfi_npy_parse(head, count, label, &header, error);
    }
    (void)zip_fclose(file);
    if (status == NMF_OK && header.dimensions <= 3 &&
        header.data_bytes != size - header.data_offset) {
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%s: the header promises %zu bytes of values, but %zu bytes follow it",
                        label, header.data_bytes, size - header.data_offset);
    }
    return status;
}

nmf_status nmfi_npz_bytes(nmfi_npz *npz, int64_t index, unsigned char **bytes, size_t *count,
                          nmf_error *error)
{
    char label[LABEL_BYTES];
    zip_stat_t entry;
    *bytes = NULL;
    *count = 0;
    nmfi_npz_label(npz, index, label, sizeof label);
    nmf_status status = check_stat(npz, index, label, &entry, error);
    if (status == NMF_OK && is_array_name(nmfi_npz_name(npz, index))) {
        status = check_array_head(npz, index, label, (size_t)entry.size, error);
    }
    if (status != NMF_OK) {
        return status;
    }
    unsigned char *memory = nmfi_file_memory((size_t)entry.size);
    if (memory == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for its %" PRIu64 " bytes",
                        label, (uint64_t)entry.size);
    }
    zip_file_t *file = open_member(npz, index, label, error);
    status = file == NULL ? NMF_ERROR_FORMAT
                          : read_bytes(file, label, memory, (size_t)entry.size, error);
    if (status == NMF_OK) {
        status = expect_end(file, label, error);
    }
    if (file != NULL) {
        (void)zip_fclose(file);
    }
    if (status != NMF_OK) {
        free(memory);
        return status;
    }
    memory[entry.size] = '\0';
    *bytes = memory;
    *count = (size_t)entry.size;
    return NMF_OK;
}

nmf_status nmfi_npz_matrix(nmfi_npz *npz, int64_t index, nmfi_npy_use use, nmf_matrix **matrix,
                           nmf_error *error)
{
    char label[LABEL_BYTES];
    unsigned char *bytes;
    size_t count;
    *matrix = NULL;
    nmfi_npz_label(npz, index, label, sizeof label);
    const nmf_status status = nmfi_npz_bytes(npz, index, &bytes, &count, error);
    return status != NMF_OK ? status
                            : nmfi_npy_matrix(bytes, count, label, use, free, bytes, matrix, error);
}

nmf_status nmfi_npz_attach_names(nmfi_npz *npz, const char *name, nmf_matrix *matrix,
                                 nmf_names which, nmf_error *error)
{
    const int64_t index = nmfi_npz_find(npz, name);
    if (index < 0) {
        return NMF_OK;
    }
    char label[LABEL_BYTES];
    unsigned char *bytes;
    size_t count;
    nmfi_npz_label(npz, index, label, sizeof label);
    nmf_status status = nmfi_npz_bytes(npz, index, &bytes, &count, error);
    if (status == NMF_OK) {
        status = nmfi_names_decode(bytes, count, label, matrix, which, error);
    }
    free(bytes);
    return status;
}

nmf_status nmfi_npz_attach_image_shape(nmfi_npz *npz, nmf_matrix *matrix, nmf_error *error)
{
    const int64_t index = nmfi_npz_find(npz, "image_shape");
    if (index < 0) {
        return NMF_OK;
    }
    char label[LABEL_BYTES];
    unsigned char *bytes;
    size_t count;
    nmfi_npy_header header;
    int64_t shape[2] = {0, 0};
    nmfi_npz_label(npz, index, label, sizeof label);
    nmf_status status = nmfi_npz_bytes(npz, index, &bytes, &count, error);
    if (status == NMF_OK) {
        status = nmfi_npy_parse_whole(bytes, count, label, &header, error);
    }
    if (status == NMF_OK) {
        if (header.kind == 'i' && header.item_bytes == 8 && header.data_bytes == sizeof shape &&
            header.big_endian == NMFI_HOST_BIG_ENDIAN) {
            memcpy(shape, bytes + header.data_offset, sizeof shape);
        }
        status = shape[0] > 0 && shape[1] > 0
                     ? nmf_matrix_set_image_shape(matrix, shape[0], shape[1], error)
                     : nmf_fail(error, NMF_ERROR_SHAPE, "%s: is not a height and a width", label);
    }
    free(bytes);
    return status;
}
