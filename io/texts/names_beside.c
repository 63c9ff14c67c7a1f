/* Names from text files: see names_beside.h. */
#include "names_beside.h"

#include "io/arrays/hdf5_file.h"
#include "io/arrays/names_array.h"
#include "io/files/file_view.h"
#include "io/files/text_window.h"

#include <inttypes.h>
#include <nmfkit/io.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The names read so far, one after the other in `text`, each ended by a zero. */
typedef struct name_text {
    char *text;
    size_t used, capacity;
    int64_t count;
} name_text;

static int64_t wanted_names(const nmf_matrix *matrix, nmf_names which)
{
    return which == NMF_FEATURE_NAMES ? nmf_matrix_columns(matrix) : nmf_matrix_rows(matrix);
}

static nmf_status add_name(name_text *names, const char *name, size_t length, const char *path,
                           nmf_error *error)
{
    if (names->capacity - names->used <= length) {
        const size_t wanted = 2 * names->capacity + length + 4096;
        char *grown = realloc(names->text, wanted);
        if (grown == NULL) {
            return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for %zu bytes of names",
                            path, wanted);
        }
        names->text = grown;
        names->capacity = wanted;
    }
    for (size_t i = 0; i < length; i++) { /* a zero inside would cut the name in two */
        names->text[names->used++] = name[i] != '\0' ? name[i] : '?';
    }
    names->text[names->used++] = '\0';
    names->count++;
    return NMF_OK;
}

/* The cell that holds the name, without the blanks and quotes around it. */
static const char *find_cell(const char *at, const char *end, int cell, size_t *length)
{
    const char *tab;
    for (; cell > 0 && (tab = memchr(at, '\t', (size_t)(end - at))) != NULL; cell--) {
        at = tab + 1;
    }
    if ((tab = memchr(at, '\t', (size_t)(end - at))) != NULL) {
        end = tab;
    }
    while (at < end && (*at == ' ' || *at == '\r')) {
        at++;
    }
    while (end > at && (end[-1] == ' ' || end[-1] == '\r')) {
        end--;
    }
    if (end - at >= 2 && *at == '"' && end[-1] == '"') {
        at++;
        end--;
    }
    *length = (size_t)(end - at);
    return at;
}

/* At most one name more than wanted, so that a long file of something else costs nothing. */
static nmf_status collect(nmfi_text_reader *text, int cell, int64_t wanted, name_text *names,
                          nmf_error *error)
{
    const char *at, *end;
    nmf_status status;
    while ((status = nmfi_text_reader_next(text, &at, &end, error)) == NMF_OK && at < end) {
        while (at < end && names->count <= wanted) {
            const char *line = memchr(at, '\n', (size_t)(end - at));
            size_t length;
            const char *name = find_cell(at, line, cell, &length);
            status = add_name(names, name, length, nmfi_text_reader_path(text), error);
            if (status != NMF_OK) {
                return status;
            }
            at = line + 1;
        }
        if (names->count > wanted) {
            break;
        }
    }
    return status;
}

static nmf_status set_names(const name_text *names, const char *path, nmf_matrix *matrix,
                            nmf_names which, nmf_error *error)
{
    const char **list = calloc((size_t)names->count + 1, sizeof *list);
    if (list == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for %" PRId64 " names", path,
                        names->count);
    }
    const char *at = names->text;
    for (int64_t i = 0; i < names->count; i++) {
        list[i] = at;
        at += strlen(at) + 1;
    }
    const nmf_status status = nmf_matrix_set_names(matrix, which, list, error);
    free(list);
    return status;
}

static nmf_status names_from_text(const char *path, int cell, nmf_matrix *matrix, nmf_names which,
                                  nmf_error *error)
{
    static const char *const of[] = {"samples", "features", "samples"};
    const int64_t wanted = wanted_names(matrix, which);
    nmfi_text_reader *text;
    name_text names = {NULL, 0, 0, 0};
    nmf_status status = nmfi_text_reader_open(path, &text, error);
    if (status != NMF_OK) {
        return status;
    }
    status = collect(text, cell, wanted, &names, error);
    nmfi_text_reader_close(text);
    if (status == NMF_OK && names.count != wanted) {
        status = nmf_fail(error, NMF_ERROR_SHAPE,
                          "%s: has %s%" PRId64 " lines; there are %" PRId64 " %s", path,
                          names.count > wanted ? "more than " : "",
                          names.count > wanted ? wanted : names.count, wanted, of[which]);
    }
    if (status == NMF_OK) {
        status = set_names(&names, path, matrix, which, error);
    }
    free(names.text);
    return status;
}

/* "FILE:PATH" of an HDF5 file, such as "cells.h5ad:obs/cell_type". */
static nmf_status names_from_hdf5(const char *path, const char *colon, nmf_matrix *matrix,
                                  nmf_names which, nmf_error *error)
{
    nmfi_hdf5 *file = NULL;
    char *name = strndup(path, (size_t)(colon - path)), *group = strdup(colon + 1);
    nmf_status status = name != NULL && group != NULL
                            ? nmfi_hdf5_open(name, &file, error)
                            : nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    if (status == NMF_OK) {
        char *slash = strrchr(group, '/');
        if (slash != NULL) {
            *slash = '\0';
        }
        status = nmf_matrix_set_names(matrix, which, NULL, error);
        if (status == NMF_OK) {
            status = nmfi_hdf5_names(file, slash != NULL ? group : "",
                                     slash != NULL ? slash + 1 : group, matrix, which, error);
        }
        if (status == NMF_OK && !nmf_matrix_has_names(matrix, which)) {
            status = nmf_fail(error, NMF_ERROR_FORMAT, "%s: is not a list of names", path);
        }
    }
    nmfi_hdf5_close(file);
    free(group);
    free(name);
    return status;
}

nmf_status nmfi_names_from_file(const char *path, int cell, nmf_matrix *matrix, nmf_names which,
                                nmf_error *error)
{
    const size_t length = strlen(path);
    const char *colon = strrchr(path, ':');
    if (colon != NULL && !nmfi_is_file(path)) {
        return names_from_hdf5(path, colon, matrix, which, error);
    }
    if (length < 4 || strcmp(path + length - 4, ".npy") != 0) {
        return names_from_text(path, cell, matrix, which, error);
    }
    nmfi_file_view *view;
    nmf_status status = nmfi_file_view_open(path, &view, error);
    if (status == NMF_OK) {
        status = nmfi_names_decode(view->bytes, view->count, path, matrix, which, error);
        nmfi_file_view_close(view);
    }
    return status;
}

nmf_status nmf_io_read_names(const char *path, nmf_matrix *matrix, nmf_names which,
                             nmf_error *error)
{
    if (path == NULL || matrix == NULL || (unsigned)which > NMF_LABELS) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "reading names needs a path and a matrix");
    }
    return nmfi_names_from_file(path, 0, matrix, which, error);
}

char *nmfi_path_beside(const char *beside, const char *name)
{
    const char *slash = strrchr(beside, '/');
    const size_t directory = slash != NULL ? (size_t)(slash - beside) + 1 : 0;
    const size_t bytes = strlen(name) + 1;
    char *path = malloc(directory + bytes);
    if (path != NULL) {
        memcpy(path, beside, directory);
        memcpy(path + directory, name, bytes);
    }
    return path;
}

int nmfi_is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

nmf_status nmfi_names_beside(const char *beside, const char *name, nmf_matrix *matrix,
                             nmf_names which, nmf_error *error)
{
    char *path = nmfi_path_beside(beside, name);
    if (path != NULL && !nmfi_is_file(path)) {
        char *zipped = realloc(path, strlen(path) + sizeof ".gz");
        if (zipped != NULL) {
            strcat(zipped, ".gz");
            path = zipped;
        }
    }
    if (path == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", beside);
    }
    nmf_error reason;
    nmf_status status =
        nmfi_is_file(path) ? nmfi_names_from_file(path, 0, matrix, which, &reason) : NMF_OK;
    free(path);
    if (status == NMF_ERROR_SHAPE) {
        return NMF_OK;
    }
    return status == NMF_OK ? NMF_OK : nmf_fail(error, status, "%s", reason.message);
}
