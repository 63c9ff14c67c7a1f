/* Reads a folder that holds one matrix of cells x genes in several files (cell_files.h), or
 * cellranger's matrix.mtx alone. Cells become the samples. */
#include "cell_files.h"
#include "mtx.h"
#include "names_beside.h"
#include "readers.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int is_mtx(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    length -= length > 3 && strcmp(entry->d_name + length - 3, ".gz") == 0 ? 3 : 0;
    return length > 4 && strncmp(entry->d_name + length - 4, ".mtx", 4) == 0 &&
           entry->d_name[0] != '.';
}

static char *path_in(const char *folder, const char *name)
{
    const size_t length = strlen(folder);
    char *path = malloc(length + strlen(name) + 2);
    if (path != NULL) {
        strcpy(path, folder);
        strcpy(path + length, length > 0 && folder[length - 1] != '/' ? "/" : "");
        strcat(path, name);
    }
    return path;
}

static int is_bare_matrix(const char *name)
{
    return strcmp(name, "matrix.mtx") == 0 || strcmp(name, "matrix.mtx.gz") == 0;
}

/* The matrix in the folder: the only one with names of cells and genes beside it; else matrix.mtx.
 * *count: how many there are; *path: the first (NULL: none), to be freed. */
static void find_matrix(const char *folder, char **path, int *count)
{
    struct dirent **entries = NULL;
    const int found = scandir(folder, &entries, is_mtx, alphasort);
    char *bare = NULL;
    *path = NULL;
    *count = 0;
    for (int i = 0; i < found; i++) {
        nmfi_cell_files files;
        char *candidate = path_in(folder, entries[i]->d_name);
        if (candidate != NULL && nmfi_cell_files_find(candidate, &files)) {
            ++*count;
            if (*path == NULL) {
                *path = candidate;
                candidate = NULL;
            }
            nmfi_cell_files_free(&files);
        } else if (candidate != NULL && bare == NULL && is_bare_matrix(entries[i]->d_name)) {
            bare = candidate;
            candidate = NULL;
        }
        free(candidate);
        free(entries[i]);
    }
    free(entries);
    if (*path == NULL) {
        *path = bare;
        *count = bare != NULL;
    } else {
        free(bare);
    }
}

int nmfi_is_cell_folder(const char *path)
{
    char *matrix;
    int count;
    find_matrix(path, &matrix, &count);
    free(matrix);
    return count > 0;
}

/* barcodes.tsv without features.tsv, or the other way round. */
static nmfi_cell_files find_alone(const char *path)
{
    static const char *const features[] = {"features.tsv", "features.tsv.gz", "genes.tsv",
                                           "genes.tsv.gz"};
    static const char *const cells[] = {"barcodes.tsv", "barcodes.tsv.gz"};
    nmfi_cell_files files = {.divider = '\t', .name_column = 1};
    for (size_t i = 0; i < 4; i++) {
        char *name = nmfi_path_beside(path, features[i]);
        if (files.features == NULL && name != NULL && nmfi_is_file(name)) {
            files.features = name;
        } else {
            free(name);
        }
    }
    for (size_t i = 0; i < 2; i++) {
        char *name = nmfi_path_beside(path, cells[i]);
        if (files.cells == NULL && name != NULL && nmfi_is_file(name)) {
            files.cells = name;
        } else {
            free(name);
        }
    }
    return files;
}

static nmf_status read_matrix(const nmfi_read_request *request, const char *path,
                              nmf_matrix **matrix, nmf_error *error)
{
    nmfi_text_reader *text;
    nmfi_cell_files files;
    nmf_status status = nmfi_text_reader_open(path, &text, error);
    if (status != NMF_OK) {
        return status;
    }
    if (!nmfi_cell_files_find(path, &files)) {
        nmfi_cell_files_free(&files);
        files = find_alone(path);
    }
    status = nmfi_mtx_matrix(text, request, &files, matrix, error);
    nmfi_text_reader_close(text);
    if (status == NMF_OK) {
        status = nmfi_cell_files_name(request, &files, matrix, error);
    }
    nmfi_cell_files_free(&files);
    if (status != NMF_OK) {
        nmf_matrix_free(*matrix);
        *matrix = NULL;
    }
    return status;
}

nmf_status nmfi_read_cell_folder(const nmfi_read_request *request, nmf_matrix **matrix,
                                 nmf_error *error)
{
    char *path;
    int count;
    *matrix = NULL;
    find_matrix(request->path, &path, &count);
    if (path == NULL) {
        return nmf_fail(error, NMF_ERROR_FILE, "%s: holds no matrix of cells x genes",
                        request->path);
    }
    const nmf_status status =
        count == 1
            ? read_matrix(request, path, matrix, error)
            : nmf_fail(error, NMF_ERROR_ARGUMENT,
                       "%s: holds %d matrices of cells x genes; name one of them, such as %s",
                       request->path, count, path);
    free(path);
    return status;
}
