/* Reads one array of an .npz file: the only one, the one named ("file.npz:name"), or "X", the name
 * under which nmf_io_write stores a matrix, with the names and the image shape stored beside it; or
 * the sparse matrix that all members together are (npz_sparse.h). */
#include "npz_sparse.h"
#include "readers.h"
#include "zip_place.h"

#include "io/files/on_disk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LABEL_BYTES 256

static int recognise(const unsigned char *head, size_t bytes)
{
    return bytes >= 4 && (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\5\6", 4) == 0);
}

static size_t array_name_length(const char *name)
{
    const size_t length = strlen(name);
    return length > 4 && strcmp(name + length - 4, ".npy") == 0 ? length - 4 : 0;
}

/* "a, b, c" for messages, cut at `bytes`. */
static void list_arrays(const nmfi_npz *npz, char *text, size_t bytes)
{
    const int64_t count = nmfi_npz_count(npz);
    size_t used = 0;
    text[0] = '\0';
    for (int64_t i = 0; i < count && used + 1 < bytes; i++) {
        const char *name = nmfi_npz_name(npz, i);
        const int length = (int)array_name_length(name);
        if (length > 0) {
            const int more =
                snprintf(text + used, bytes - used, "%s%.*s", used > 0 ? ", " : "", length, name);
            used += more > 0 ? (size_t)more : 0;
        }
    }
}

/* Some other zip archive: a download that holds a table, say. */
static nmf_status fail_without_arrays(const nmfi_npz *npz, const char *path, nmf_error *error)
{
    const int64_t count = nmfi_npz_count(npz);
    if (count == 0) {
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%s: is a zip archive without .npy arrays: it is empty", path);
    }
    return nmf_fail(error, NMF_ERROR_FORMAT,
                    "%s: is a zip archive without .npy arrays, of %" PRId64
                    " files (%.100s%s): unpack it, and name the file that is to be read",
                    path, count, nmfi_npz_name(npz, 0), count > 1 ? ", ..." : "");
}

static nmf_status choose(nmfi_npz *npz, const char *path, const char *member, int64_t *index,
                         nmf_error *error)
{
    char names[256];
    list_arrays(npz, names, sizeof names);
    if (member != NULL) {
        *index = nmfi_npz_find(npz, member);
        return *index >= 0 ? NMF_OK
                           : nmf_fail(error, NMF_ERROR_ARGUMENT,
                                      "%s: has no array '%s'; it has: %s", path, member, names);
    }
    if (nmfi_npz_find(npz, "manifest.json") >= 0 && nmfi_npz_find(npz, "W") >= 0) {
        return nmf_fail(
            error, NMF_ERROR_ARGUMENT,
            "%s is a model, and data are wanted here; %s:W or %s:H is one of its factors", path,
            path, path);
    }
    int64_t arrays = 0;
    for (int64_t i = 0; i < nmfi_npz_count(npz); i++) {
        if (array_name_length(nmfi_npz_name(npz, i)) > 0) {
            *index = i;
            arrays++;
        }
    }
    if (arrays == 1) {
        return NMF_OK;
    }
    if (arrays == 0) {
        return fail_without_arrays(npz, path, error);
    }
    *index = nmfi_npz_find(npz, "X");
    return *index >= 0 ? NMF_OK
                       : nmf_fail(error, NMF_ERROR_ARGUMENT,
                                  "%s: has several arrays; choose one as %s:NAME from: %s", path,
                                  path, names);
}

/* Another program's archive may have members of these names that mean something else; then they do
 * not fit the matrix, and are left alone. */
static nmf_status forgive_shape(nmf_status status, nmf_error *error)
{
    if (status != NMF_ERROR_SHAPE) {
        return status;
    }
    if (error != NULL) {
        memset(error, 0, sizeof *error);
    }
    return NMF_OK;
}

/* Names stand for the rows or columns of these members only, in our own files; those of a sparse
 * matrix, which is several members, stand for "X". */
static nmf_status attach_names(nmfi_npz *npz, const char *name, nmf_matrix *matrix,
                               nmf_error *error)
{
    static const struct {
        const char *member;
        nmf_names which;
        const char *of;
    } names[] = {{"sample_names", NMF_SAMPLE_NAMES, "X.npy W.npy"},
                 {"labels", NMF_LABELS, "X.npy W.npy"},
                 {"feature_names", NMF_FEATURE_NAMES, "X.npy H.npy"}};
    if (strlen(name) != strlen("X.npy")) {
        return NMF_OK;
    }
    nmf_status status = NMF_OK;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && status == NMF_OK; i++) {
        if (strstr(names[i].of, name) != NULL) {
            status = nmfi_npz_attach_names(npz, names[i].member, matrix, names[i].which, error);
            status = forgive_shape(status, error);
        }
    }
    if (status == NMF_OK && strstr("X.npy H.npy", name) != NULL) {
        status = forgive_shape(nmfi_npz_attach_image_shape(npz, matrix, error), error);
    }
    return status;
}

/* A stored member that is too large for memory; *matrix stays NULL where this one is not. */
static nmf_status leave_on_disk(const nmfi_npz *npz, int64_t index,
                                const nmfi_read_request *request, nmf_matrix **matrix,
                                nmf_error *error)
{
    char label[LABEL_BYTES];
    nmfi_zip_place place;
    nmfi_disk_file *file;
    if (!nmfi_stays_on_disk(request, nmfi_file_bytes(request->path))) {
        return NMF_OK; /* no member is larger than the file */
    }
    nmf_status status = nmfi_disk_file_open(request->path, request->options->watch,
                                            request->options->watch_context, &file, error);
    if (status != NMF_OK) {
        return status;
    }
    status = nmfi_zip_find_place(file, nmfi_npz_name(npz, index), &place, error);
    if (status != NMF_OK || !place.stored || !nmfi_stays_on_disk(request, place.bytes)) {
        nmfi_disk_file_close(file);
        return status;
    }
    nmfi_npz_label(npz, index, label, sizeof label);
    nmfi_say_on_disk(request, label, place.bytes);
    return nmfi_npy_on_disk(file, place.offset, place.bytes, label,
                            nmfi_npy_use_of(request->options), matrix, error);
}

static nmf_status read_array(nmfi_npz *npz, int64_t index, const nmfi_read_request *request,
                             nmf_matrix **matrix, nmf_error *error)
{
    const nmf_status status = leave_on_disk(npz, index, request, matrix, error);
    return status != NMF_OK || *matrix != NULL
               ? status
               : nmfi_npz_matrix(npz, index, nmfi_npy_use_of(request->options), matrix, error);
}

nmf_status nmfi_npz_read(nmfi_npz *npz, const nmfi_read_request *request, nmf_matrix **matrix,
                         nmf_error *error)
{
    const char *path = request->path, *member = request->member;
    int64_t index = -1;
    *matrix = NULL;
    const int sparse = member == NULL && nmfi_npz_is_sparse(npz);
    nmf_status status = sparse ? nmfi_npz_sparse_on_disk(npz, request, matrix, error)
                               : choose(npz, path, member, &index, error);
    if (status == NMF_OK && sparse && *matrix == NULL) {
        status = nmfi_npz_sparse_matrix(npz, path, matrix, error);
    } else if (status == NMF_OK && !sparse) {
        status = read_array(npz, index, request, matrix, error);
    }
    const char *name = sparse ? "X.npy" : nmfi_npz_name(npz, index);
    if (status == NMF_OK && (status = attach_names(npz, name, *matrix, error)) != NMF_OK) {
        nmf_matrix_free(*matrix);
        *matrix = NULL;
    }
    return status;
}

static nmf_status read_npz(const nmfi_read_request *request, nmf_matrix **matrix, nmf_error *error)
{
    nmfi_npz *npz;
    *matrix = NULL;
    nmf_status status = nmfi_npz_open(request->path, &npz, error);
    if (status == NMF_OK) {
        status = nmfi_npz_read(npz, request, matrix, error);
        nmfi_npz_close(npz);
    }
    return status;
}

const nmfi_reader nmfi_reader_npz = {".npz", "npz", 0, 1, recognise, read_npz};
