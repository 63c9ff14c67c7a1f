/* Names from text files: see names_beside.h. */
#include "names_beside.h"
#include "names_table.h"

#include "io/arrays/hdf5.h"
#include "io/arrays/names_array.h"
#include "io/arrays/npz_archive.h"
#include "io/arrays/readers.h"
#include "io/files/file_view.h"
#include "io/files/text_window.h"
#include "io/files/utf8.h"

#include <inttypes.h>
#include <nmfkit/io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* The names read so far, one after the other in `text`, each ended by a zero. */
typedef struct name_text {
    char *text;
    size_t used, capacity;
    int64_t count;
    int64_t latin1; /* names that were no UTF-8 */
    size_t first;   /* where the first name begins: behind a heading */
} name_text;

static int64_t wanted_names(const nmf_matrix *matrix, nmf_names which)
{
    return which == NMF_FEATURE_NAMES ? nmf_matrix_columns(matrix) : nmf_matrix_rows(matrix);
}

static nmf_status add_name(name_text *names, const char *name, size_t length, const char *path,
                           nmf_error *error)
{
    const size_t most = NMFI_UTF8_GROWTH * length;
    if (names->capacity - names->used <= most) {
        const size_t wanted = 2 * names->capacity + most + 4096;
        char *grown = realloc(names->text, wanted);
        if (grown == NULL) {
            return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for %zu bytes of names",
                            path, wanted);
        }
        names->text = grown;
        names->capacity = wanted;
    }
    char *begin = names->text + names->used;
    if (nmfi_is_utf8(name, length)) {
        memcpy(begin, name, length);
    } else {
        length = nmfi_utf8_from_latin1(name, length, begin);
        names->latin1++;
    }
    for (size_t i = 0; i < length; i++) { /* a zero inside would cut the name in two */
        begin[i] = begin[i] != '\0' ? begin[i] : '?';
    }
    names->used += length;
    names->text[names->used++] = '\0';
    names->count++;
    return NMF_OK;
}

/* The cell that holds the name, without the blanks and quotes around it. */
static const char *find_cell(const char *at, const char *end, const nmfi_name_column *column,
                             size_t *length)
{
    const char *tab;
    int cell = column->column;
    for (; cell > 0 && (tab = memchr(at, column->divider, (size_t)(end - at))) != NULL; cell--) {
        at = tab + 1;
    }
    if ((tab = memchr(at, column->divider, (size_t)(end - at))) != NULL) {
        end = tab;
    }
    if (cell > 0 && column->exact) {
        at = end;
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

/* At most two names more than wanted, so that a long file of something else costs nothing. */
static nmf_status collect(nmfi_text_reader *text, const nmfi_name_column *column, int64_t wanted,
                          name_text *names, nmf_error *error)
{
    const char *at, *end;
    int skipped = 0;
    nmf_status status;
    while ((status = nmfi_text_reader_next(text, &at, &end, error)) == NMF_OK && at < end) {
        at += names->count == 0 ? nmfi_utf8_mark(at, (size_t)(end - at)) : 0;
        while (at < end && names->count <= wanted + 1) {
            const char *line = memchr(at, '\n', (size_t)(end - at));
            size_t length;
            const char *name = find_cell(at, line, column, &length);
            if (skipped < column->headings) {
                skipped++;
                at = line + 1;
                continue;
            }
            status = add_name(names, name, length, nmfi_text_reader_path(text), error);
            if (status != NMF_OK) {
                return status;
            }
            at = line + 1;
        }
        if (names->count > wanted + 1) {
            break;
        }
    }
    return status;
}

/* A blank last line, or a first line that is only a heading: one name too many. */
static void drop_surplus(name_text *names, const char *path, const nmfi_read_request *request)
{
    static const char *const headings[] = {
        "x",       "v1",       "name",      "names",    "label",    "labels",
        "class",   "cluster",  "barcode",   "cell",     "cells",    "gene",
        "genes",   "id",       "gene_id",   "feature",  "sample",   "barcodes",
        "word",    "words",    "term",      "features", "samples",  "gene_name",
        "index",   "bc_wells", "cell_type", "",         "celltype", "sample_id",
        "cell_id", "clusters", "classes",   "vocab",    "terms",    "symbol"};
    const char *last = names->text;
    for (int64_t i = 1; i < names->count; i++) {
        last += strlen(last) + 1;
    }
    if (last[0] == '\0') {
        names->count--;
        return;
    }
    for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++) {
        if (strcasecmp(names->text, headings[i]) == 0) {
            nmfi_note(request,
                      "%s: the first line, '%s', is taken as a heading: there is one line "
                      "more than names are needed",
                      path, names->text);
            names->first = strlen(names->text) + 1;
            names->count--;
            return;
        }
    }
}

static nmf_status set_names(const name_text *names, const char *path, nmf_matrix *matrix,
                            nmf_names which, nmf_error *error)
{
    const char **list = calloc((size_t)names->count + 1, sizeof *list);
    if (list == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for %" PRId64 " names", path,
                        names->count);
    }
    const char *at = names->text + names->first;
    for (int64_t i = 0; i < names->count; i++) {
        list[i] = at;
        at += strlen(at) + 1;
    }
    const nmf_status status = nmf_matrix_set_names(matrix, which, list, error);
    free(list);
    return status;
}

nmf_status nmfi_names_from_column(const char *path, const nmfi_name_column *column,
                                  nmf_matrix *matrix, nmf_names which,
                                  const nmfi_read_request *request, nmf_error *error)
{
    static const char *const of[] = {"samples", "features", "samples"};
    const int64_t wanted = wanted_names(matrix, which);
    nmfi_text_reader *text;
    name_text names = {NULL, 0, 0, 0, 0, 0};
    nmf_status status = nmfi_text_reader_open(path, &text, error);
    if (status != NMF_OK) {
        return status;
    }
    status = collect(text, column, wanted, &names, error);
    nmfi_text_reader_close(text);
    if (status == NMF_OK && names.count == wanted + 1) {
        drop_surplus(&names, path, request);
    }
    if (status == NMF_OK && names.count != wanted) {
        status = nmf_fail(error, NMF_ERROR_SHAPE,
                          "%s: has %s%" PRId64 " lines; there are %" PRId64 " %s", path,
                          names.count > wanted + 1 ? "more than " : "",
                          names.count > wanted + 1 ? wanted : names.count, wanted,
                          column->of != NULL ? column->of : of[which]);
    }
    if (status == NMF_OK && names.latin1 > 0) {
        nmfi_note(request, "%s: is not UTF-8; its letters are taken as Latin-1 (Windows-1252)",
                  path);
    }
    if (status == NMF_OK && (!column->exact || names.used > (size_t)names.count)) {
        status = set_names(&names, path, matrix, which, error);
    }
    free(names.text);
    return status;
}

/* "FILE:PATH" of an HDF5 file, such as "cells.h5ad:obs/cell_type". */
static nmf_status names_from_hdf5(const char *path, const char *colon, nmf_matrix *matrix,
                                  nmf_names which, nmf_error *error)
{
    char *name = strndup(path, (size_t)(colon - path));
    const nmf_status status = name != NULL
                                  ? nmfi_hdf5_names_of(name, colon + 1, matrix, which, error)
                                  : nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    free(name);
    return status;
}

/* The numbers of one array in a MATLAB file or an archive. */
static nmf_status names_from_numbers(const nmfi_reader *reader, const char *path, const char *colon,
                                     nmf_matrix *matrix, nmf_names which, nmf_error *error)
{
    const nmf_io_read_options options = NMF_IO_READ_INIT;
    nmf_matrix *numbers = NULL;
    char *name = strndup(path, (size_t)(colon - path));
    if (name == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    }
    const nmfi_read_request request = {name, colon + 1, &options};
    nmf_status status = reader->read(&request, &numbers, error);
    if (status == NMF_OK) {
        status = nmfi_names_from_numbers(numbers, path, matrix, which, error);
        nmf_matrix_free(numbers);
    }
    free(name);
    return status;
}

static nmf_status names_from_archive(const char *path, const char *colon, nmf_matrix *matrix,
                                     nmf_names which, nmf_error *error)
{
    nmfi_npz *archive = NULL;
    char *name = strndup(path, (size_t)(colon - path));
    nmf_status status = name != NULL ? nmfi_npz_open(name, &archive, error)
                                     : nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    if (status == NMF_OK && nmfi_npz_find(archive, colon + 1) < 0) {
        status = nmf_fail(error, NMF_ERROR_ARGUMENT, "%s: has no array '%s'", name, colon + 1);
    }
    if (status == NMF_OK) {
        status = nmfi_npz_attach_names(archive, colon + 1, matrix, which, error);
    }
    nmfi_npz_close(archive);
    free(name);
    return status;
}

static nmf_status names_from_table(const char *path, const char *colon, nmf_matrix *matrix,
                                   nmf_names which, const nmfi_read_request *request,
                                   nmf_error *error)
{
    int taken;
    char *name = strndup(path, (size_t)(colon - path));
    const nmf_status status =
        name != NULL ? nmfi_names_from_table(name, colon + 1, matrix, which, request, &taken, error)
                     : nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    free(name);
    return status;
}

/* "FILE:NAME": of a file with several lists, as its first bytes say of what kind. */
static nmf_status names_from_member(const char *path, const char *colon, nmf_matrix *matrix,
                                    nmf_names which, const nmfi_read_request *request,
                                    nmf_error *error)
{
    unsigned char head[16] = {0};
    char *name = strndup(path, (size_t)(colon - path));
    FILE *file = name != NULL ? fopen(name, "rb") : NULL;
    const size_t count = file != NULL ? fread(head, 1, sizeof head, file) : 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    free(name);
    if (nmfi_reader_mat.recognise(head, count)) {
        return names_from_numbers(&nmfi_reader_mat, path, colon, matrix, which, error);
    }
    if (nmfi_reader_npz.recognise(head, count)) {
        return names_from_archive(path, colon, matrix, which, error);
    }
    return count == 0 || nmfi_reader_hdf5.recognise(head, count)
               ? names_from_hdf5(path, colon, matrix, which, error)
               : names_from_table(path, colon, matrix, which, request, error);
}

static int is_npy(const char *path)
{
    const size_t length = strlen(path);
    return length >= 4 && strcmp(path + length - 4, ".npy") == 0;
}

nmf_status nmfi_names_from_file(const char *path, int cell, nmf_matrix *matrix, nmf_names which,
                                const nmfi_read_request *request, nmf_error *error)
{
    const char *colon = strrchr(path, ':');
    if (colon != NULL && !nmfi_is_file(path)) {
        return names_from_member(path, colon, matrix, which, request, error);
    }
    if (!is_npy(path)) {
        const nmfi_name_column column = {.column = cell, .divider = '\t'};
        return nmfi_names_from_column(path, &column, matrix, which, request, error);
    }
    nmfi_file_view *view;
    nmf_status status = nmfi_file_view_open(path, &view, error);
    if (status == NMF_OK) {
        status = nmfi_names_decode(view->bytes, view->count, path, matrix, which, error);
        nmfi_file_view_close(view);
    }
    return status;
}

nmf_status nmfi_names_told(const char *path, nmf_matrix *matrix, nmf_names which,
                           const nmfi_read_request *request, nmf_error *error)
{
    int taken = 0;
    nmf_status status = NMF_OK;
    if (nmfi_is_file(path) && !is_npy(path)) {
        status = nmfi_names_from_table(path, NULL, matrix, which, request, &taken, error);
    }
    return status != NMF_OK || taken ? status
                                     : nmfi_names_from_file(path, 0, matrix, which, request, error);
}

nmf_status nmf_io_read_names(const char *path, nmf_matrix *matrix, nmf_names which,
                             nmf_error *error)
{
    if (path == NULL || matrix == NULL || (unsigned)which > NMF_LABELS) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "reading names needs a path and a matrix");
    }
    return nmfi_names_told(path, matrix, which, NULL, error);
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
                             nmf_names which, const nmfi_read_request *request, nmf_error *error)
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
    nmf_status status = nmfi_is_file(path)
                            ? nmfi_names_from_file(path, 0, matrix, which, request, &reason)
                            : NMF_OK;
    free(path);
    if (status == NMF_ERROR_SHAPE) {
        return NMF_OK;
    }
    return status == NMF_OK ? NMF_OK : nmf_fail(error, status, "%s", reason.message);
}
