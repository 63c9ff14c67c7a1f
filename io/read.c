/* nmf_io_read: finds out what a path is (a file, "file:member", a directory), which reader it
 * belongs to by content, then by extension, and arranges what that returns. */
#include "arrange.h"

#include "io/arrays/readers.h"
#include "io/files/foreign_files.h"
#include "io/files/packed.h"
#include "io/pictures/readers.h"
#include "io/texts/readers.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* Every format. The content decides; where none is recognised, the extension does. */
static const nmfi_reader *const readers[] = {
    &nmfi_reader_npy,  &nmfi_reader_npz,     &nmfi_reader_mat,      &nmfi_reader_mtx,
    &nmfi_reader_hdf5, &nmfi_reader_docword, &nmfi_reader_svmlight, &nmfi_reader_ldac,
    &nmfi_reader_png,  &nmfi_reader_jpeg,    &nmfi_reader_pnm,      &nmfi_reader_list,
    &nmfi_reader_csv};
#define READER_COUNT (sizeof readers / sizeof readers[0])

/* The beginning of a file, of what is inside where it is packed. */
typedef struct file_head {
    unsigned char bytes[NMFI_HEAD_BYTES];
    size_t count;
    nmfi_packing packing;
} file_head;

/* 1 if the word list ("csv tsv") has the path's extension, ".gz" and the like aside. */
static int has_extension(const char *path, const char *extensions)
{
    size_t end;
    (void)nmfi_packing_named(path, &end);
    size_t dot = end;
    while (dot > 0 && path[dot - 1] != '.' && path[dot - 1] != '/') {
        dot--;
    }
    if (dot == 0 || path[dot - 1] != '.') {
        return 0;
    }
    for (const char *at = extensions; *at != '\0';) {
        const size_t word = strcspn(at, " ");
        if (word == end - dot && strncasecmp(at, path + dot, word) == 0) {
            return 1;
        }
        at += word + strspn(at + word, " ");
    }
    return 0;
}

static nmf_status read_head(const char *path, file_head *head, nmf_error *error)
{
    struct stat info;
    nmfi_unpacker *unpacker;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: is neither a file nor a directory", path);
    }
    nmf_status status = nmfi_unpacker_open(path, &unpacker, error);
    size_t got = 1;
    while (status == NMF_OK && got > 0 && head->count < sizeof head->bytes) {
        status = nmfi_unpacker_read(unpacker, head->bytes + head->count,
                                    sizeof head->bytes - head->count, &got, error);
        head->count += got;
    }
    if (status == NMF_ERROR_FORMAT && head->count > 0) {
        status = NMF_OK; /* damage is found, and said, by who reads it all */
    }
    const int is_plain = status == NMF_OK && nmfi_unpacker_packing(unpacker) == NMFI_UNPACKED;
    if (is_plain && head->count == 0) { /* of packed nothing the reader says what is missing */
        status = nmf_fail(error, NMF_ERROR_FORMAT, "%s: is empty (0 bytes)", path);
    }
    head->packing = status == NMF_OK ? nmfi_unpacker_packing(unpacker) : NMFI_UNPACKED;
    nmfi_unpacker_close(unpacker);
    return status;
}

static nmf_status explain_unknown(const char *path, nmf_error *error)
{
    char names[400];
    size_t used = 0;
    names[0] = '\0';
    for (size_t i = 0; i < READER_COUNT && used < sizeof names; i++) {
        const int more = snprintf(names + used, sizeof names - used, "%s, ", readers[i]->name);
        used += more > 0 ? (size_t)more : 0;
    }
    return nmf_fail(
        error, NMF_ERROR_UNSUPPORTED,
        "%s: is of no kind that can be read: %sa directory of pictures or of cellranger's", path,
        names);
}

/* The content decides; where none is recognised, the extension does; any other text is a table. */
static const nmfi_reader *choose_reader(const char *path, const file_head *head)
{
    for (size_t i = 0; i < READER_COUNT; i++) {
        if (readers[i]->recognise != NULL && readers[i]->recognise(head->bytes, head->count)) {
            /* MATLAB's version 7.3 is HDF5 too, which other programs write without its header; LDA-C looks like
             * SVMlight, all the more where all documents have as many words. */
            const int is_mat =
                readers[i] == &nmfi_reader_hdf5 && has_extension(path, nmfi_reader_mat.extensions);
            const int is_ldac = readers[i] == &nmfi_reader_svmlight &&
                                has_extension(path, nmfi_reader_ldac.extensions);
            return is_mat ? &nmfi_reader_mat : is_ldac ? &nmfi_reader_ldac : readers[i];
        }
    }
    for (size_t i = 0; i < READER_COUNT; i++) {
        if (has_extension(path, readers[i]->extensions)) {
            return readers[i];
        }
    }
    return nmfi_is_text(head->bytes, head->count) ? &nmfi_reader_csv : NULL;
}

/* The one that the caller named. */
static nmf_status find_format(const char *format, const nmfi_reader **reader, nmf_error *error)
{
    for (size_t i = 0; i < READER_COUNT; i++) {
        const size_t length = strcspn(readers[i]->extensions, " ");
        if (strlen(format) == length && strncasecmp(format, readers[i]->extensions, length) == 0) {
            *reader = readers[i];
            return NMF_OK;
        }
    }
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "there is no format '%s'; there are: %s", format,
                    nmf_io_formats());
}

static nmf_status find_reader(const nmfi_read_request *request, const nmfi_reader **reader,
                              nmf_error *error)
{
    const char *path = request->path;
    if (request->options->format != NULL) {
        return find_format(request->options->format, reader, error);
    }
    file_head head = {.count = 0};
    const nmf_status status = read_head(path, &head, error);
    if (status != NMF_OK) {
        return status;
    }
    const nmfi_foreign_kind *kind = nmfi_foreign_file(head.bytes, head.count, path);
    if (kind != NULL) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED, "%s: %s%s%s%s, which is not read: %s", path,
                        kind->is, head.packing ? " (packed by " : "",
                        head.packing ? nmfi_packing_name(head.packing) : "",
                        head.packing ? ")" : "", kind->advice);
    }
    *reader = choose_reader(path, &head);
    if (*reader == NULL) {
        return explain_unknown(path, error);
    }
    return head.packing == NMFI_UNPACKED || (*reader)->unzips
               ? NMF_OK
               : nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                          "%s: is packed by %s, which is read for text formats and .npy, not for "
                          "%s: unpack it first",
                          path, nmfi_packing_name(head.packing), (*reader)->name);
}

/* Divides "file:member" where there is no file of the whole name but one of the first part.
 * *file is to be freed; *member points into it, or is NULL. */
static nmf_status split_member(const char *path, char **file, const char **member, nmf_error *error)
{
    struct stat info;
    *member = NULL;
    *file = strdup(path);
    if (*file == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    if (stat(path, &info) == 0) {
        return NMF_OK;
    }
    const int reason = errno;
    for (char *colon = strrchr(*file, ':'); colon != NULL && colon > *file;) {
        *colon = '\0';
        if (stat(*file, &info) == 0) {
            *member = colon + 1;
            return NMF_OK;
        }
        char *earlier = strrchr(*file, ':');
        *colon = ':'; /* a member's name may have colons too */
        colon = earlier;
    }
    return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be opened: %s", path, strerror(reason));
}

static nmf_status read_directory(const nmfi_read_request *request, nmf_matrix **matrix,
                                 nmf_error *error)
{
    if (request->member != NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s: is a directory, which has no member '%s'",
                        request->path, request->member);
    }
    return nmfi_is_cell_folder(request->path)
               ? nmfi_read_cell_folder(request, matrix, error)
               : nmfi_read_pictures(request->options, &request->path, 1, matrix, error);
}

static nmf_status read_file(const nmfi_read_request *request, nmf_matrix **matrix, nmf_error *error)
{
    const nmfi_reader *reader;
    const nmf_status status = find_reader(request, &reader, error);
    if (status == NMF_OK && request->member != NULL && !reader->has_members) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s: is read as %s, which has no member '%s'",
                        request->path, reader->name, request->member);
    }
    return status == NMF_OK ? reader->read(request, matrix, error) : status;
}

static nmf_status read_path(const char *path, const nmf_io_read_options *options,
                            nmf_matrix **matrix, nmf_error *error)
{
    char *file;
    nmfi_read_request request = {.options = options};
    struct stat info;
    nmf_status status = split_member(path, &file, &request.member, error);
    request.path = file;
    if (status == NMF_OK) {
        status = stat(file, &info) == 0 && S_ISDIR(info.st_mode)
                     ? read_directory(&request, matrix, error)
                     : read_file(&request, matrix, error);
    }
    free(file);
    return status;
}

/* The options of a caller who may have been compiled with an older, shorter struct. */
static nmf_status copy_options(const nmf_io_read_options *options, nmf_io_read_options *copy,
                               nmf_error *error)
{
    *copy = NMF_IO_READ_INIT;
    if (options == NULL) {
        return NMF_OK;
    }
    if (options->struct_bytes < sizeof options->struct_bytes) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "read options with struct_bytes = %zu: begin with NMF_IO_READ_INIT",
                        options->struct_bytes);
    }
    const size_t known = sizeof *copy;
    memcpy(copy, options, options->struct_bytes < known ? options->struct_bytes : known);
    return NMF_OK;
}

nmf_status nmf_io_read_list(const char *const *paths, int64_t count,
                            const nmf_io_read_options *options, nmf_matrix **matrix,
                            nmf_error *error)
{
    nmf_io_read_options wanted;
    if (matrix == NULL) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "reading needs a place for the matrix");
    }
    *matrix = NULL;
    if (paths == NULL || count < 1) {
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "reading needs at least one path");
    }
    for (int64_t i = 0; i < count; i++) {
        if (paths[i] == NULL || paths[i][0] == '\0') {
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "reading needs a path, but got an empty one");
        }
    }
    nmf_status status = copy_options(options, &wanted, error);
    if (status == NMF_OK) {
        status = count == 1 ? read_path(paths[0], &wanted, matrix, error)
                            : nmfi_read_pictures(&wanted, paths, count, matrix, error);
    }
    return status == NMF_OK ? nmfi_arrange(paths[0], &wanted, matrix, error) : status;
}

nmf_status nmf_io_read(const char *path, const nmf_io_read_options *options, nmf_matrix **matrix,
                       nmf_error *error)
{
    return nmf_io_read_list(&path, 1, options, matrix, error);
}

/* The first of a reader's extensions is its format's name. */
static char format_names[READER_COUNT * 16];
static pthread_once_t formats_named = PTHREAD_ONCE_INIT;

static void name_formats(void)
{
    size_t used = 0;
    for (size_t i = 0; i < READER_COUNT && used < sizeof format_names; i++) {
        const char *names = readers[i]->extensions;
        const int added = snprintf(format_names + used, sizeof format_names - used, "%s%.*s",
                                   i > 0 ? ", " : "", (int)strcspn(names, " "), names);
        used += added > 0 ? (size_t)added : 0;
    }
}

const char *nmf_io_formats(void)
{
    (void)pthread_once(&formats_named, name_formats);
    return format_names;
}

void nmf_io_read_like(nmf_io_read_options *options, const nmf_model *model)
{
    if (options == NULL || model == NULL || nmf_model_view(model)->H == NULL) {
        return;
    }
    const nmf_matrix *H = nmf_model_view(model)->H;
    options->features = nmf_matrix_columns(H);
    if (nmf_matrix_has_names(H, NMF_FEATURE_NAMES)) {
        const char *first = nmf_matrix_name(H, NMF_FEATURE_NAMES, 0);
        options->first_index = strcmp(first, "0") == 0 ? 1 : strcmp(first, "1") == 0 ? 2 : 0;
    }
}
