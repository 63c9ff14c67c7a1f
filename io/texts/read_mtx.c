/* Reads MatrixMarket files, plain or gzipped. Names come from files beside the matrix where there are
 * some: those of cells x genes (cell_files.h), whose cells become the samples, or vocab.txt. */
#include "cell_files.h"
#include "mtx.h"
#include "names_beside.h"
#include "readers.h"

#include <string.h>
#include <strings.h>

static int recognise(const unsigned char *head, size_t bytes)
{
    return bytes > 14 && strncasecmp((const char *)head, "%%MatrixMarket", 14) == 0;
}

/* From the files beside it: cells and genes (files; NULL: there are none), or a vocabulary. */
static nmf_status name(const nmfi_read_request *request, const nmfi_cell_files *files,
                       nmf_matrix **matrix, nmf_error *error)
{
    if (files != NULL) {
        nmfi_note(request, "%s: the cells are its samples and the genes its features, as %s says",
                  request->path, files->cells);
        return nmfi_cell_files_name(request, files, matrix, error);
    }
    return nmfi_names_beside(request->path, "vocab.txt", *matrix, NMF_FEATURE_NAMES, request,
                             error);
}

static nmf_status read_mtx(const nmfi_read_request *request, nmf_matrix **matrix, nmf_error *error)
{
    const char *path = request->path;
    nmfi_text_reader *text;
    nmfi_cell_files found;
    *matrix = NULL;
    nmf_status status = nmfi_text_reader_open(path, &text, error);
    if (status != NMF_OK) {
        return status;
    }
    const nmfi_cell_files *const files = nmfi_cell_files_find(path, &found) ? &found : NULL;
    status = nmfi_mtx_matrix(text, request, files, matrix, error);
    nmfi_text_reader_close(text);
    if (status == NMF_OK) {
        status = name(request, files, matrix, error);
    }
    nmfi_cell_files_free(&found);
    if (status != NMF_OK) {
        nmf_matrix_free(*matrix);
        *matrix = NULL;
    }
    return status;
}

const nmfi_reader nmfi_reader_mtx = {".mtx", "mtx mm", 1, 0, recognise, read_mtx};
