/* Reads a folder as cellranger leaves it: matrix.mtx (genes x cells), barcodes.tsv, and
 * features.tsv or, before version 3, genes.tsv; each plain or gzipped. Cells become the samples. */
#include "mtx.h"
#include "names_beside.h"
#include "readers.h"

#include <stdlib.h>
#include <string.h>

/* "FOLDER/NAME" or "FOLDER/NAME.gz", whichever is there, in *path (to be freed); NULL: neither. */
static nmf_status find_file(const char *folder, const char *name, char **path, nmf_error *error)
{
    const size_t length = strlen(folder);
    const size_t bytes = length + strlen(name) + sizeof "/.gz";
    *path = malloc(bytes);
    if (*path == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", folder);
    }
    strcpy(*path, folder);
    if (length > 0 && folder[length - 1] != '/') {
        strcat(*path, "/");
    }
    strcat(*path, name);
    if (!nmfi_is_file(*path) && !nmfi_is_file(strcat(*path, ".gz"))) {
        free(*path);
        *path = NULL;
    }
    return NMF_OK;
}

int nmfi_is_cell_folder(const char *path)
{
    char *matrix = NULL;
    const int found = find_file(path, "matrix.mtx", &matrix, NULL) == NMF_OK && matrix != NULL;
    free(matrix);
    return found;
}

/* Names from the first of the two files that is there. */
static nmf_status read_names(const char *folder, const char *name, const char *older, int cell,
                             nmf_matrix *matrix, nmf_names which, nmf_error *error)
{
    char *path;
    nmf_status status = find_file(folder, name, &path, error);
    if (status == NMF_OK && path == NULL) {
        status = find_file(folder, older, &path, error);
    }
    if (status == NMF_OK && path != NULL) {
        status = nmfi_names_from_file(path, cell, matrix, which, NULL, error);
    }
    free(path);
    return status;
}

static nmf_status read_matrix(const char *folder, nmf_matrix **matrix, nmf_error *error)
{
    char *path;
    nmfi_text_reader *text = NULL;
    nmf_status status = find_file(folder, "matrix.mtx", &path, error);
    if (status == NMF_OK && path == NULL) {
        status = nmf_fail(error, NMF_ERROR_FILE, "%s: has no matrix.mtx", folder);
    }
    if (status == NMF_OK) {
        status = nmfi_text_reader_open(path, &text, error);
    }
    if (status == NMF_OK) {
        status = nmfi_mtx_matrix(text, matrix, error);
    }
    nmfi_text_reader_close(text);
    free(path);
    return status;
}

nmf_status nmfi_read_cell_folder(const nmfi_read_request *request, nmf_matrix **matrix,
                                 nmf_error *error)
{
    const char *path = request->path;
    *matrix = NULL;
    nmf_status status = read_matrix(path, matrix, error);
    if (status != NMF_OK) {
        return status;
    }
    nmf_matrix_transpose(*matrix);
    status = read_names(path, "barcodes.tsv", "barcodes.tsv", 0, *matrix, NMF_SAMPLE_NAMES, error);
    if (status == NMF_OK) { /* the first cell is the gene's identifier, the second its name */
        status =
            read_names(path, "features.tsv", "genes.tsv", 1, *matrix, NMF_FEATURE_NAMES, error);
    }
    if (status != NMF_OK) {
        nmf_matrix_free(*matrix);
        *matrix = NULL;
    }
    return status;
}
