/* Reads one variable of a MATLAB file: which of the two formats it is. */
#include "hdf5.h"
#include "mat.h"
#include "readers.h"

#include "io/files/file_view.h"

#include <string.h>

static int recognise(const unsigned char *head, size_t bytes)
{
    return bytes >= 10 && memcmp(head, "MATLAB ", 7) == 0 && head[8] == '.';
}

static nmf_status read_mat(const nmfi_read_request *request, nmf_matrix **matrix, nmf_error *error)
{
    const char *path = request->path;
    nmfi_file_view *view;
    *matrix = NULL;
    nmf_status status = nmfi_file_view_open(path, &view, error);
    if (status != NMF_OK) {
        return status;
    }
    const int is_hdf5 = view->count >= 8 && memcmp(view->bytes, "\x89HDF\r\n\x1A\n", 8) == 0;
    if (!is_hdf5 && !recognise(view->bytes, view->count)) {
        status = nmf_fail(
            error, NMF_ERROR_UNSUPPORTED,
            "%s: is no MATLAB file of version 5, 7 or 7.3 (older ones: save again with -v7)", path);
        nmfi_file_view_close(view);
        return status;
    }
    if (!is_hdf5 && view->bytes[7] == '5') {
        return nmfi_mat5_matrix(view->bytes, view->count, request, nmfi_file_view_close, view,
                                matrix, error);
    }
    nmfi_file_view_close(view);
    return nmfi_mat73_read(request, matrix, error);
}

const nmfi_reader nmfi_reader_mat = {".mat", "mat", 0, 1, recognise, read_mat};
