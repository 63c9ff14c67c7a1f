/* See hdf5.h; and the reader of .h5ad and .h5, which recognises them without HDF5. */
#include "hdf5.h"
#include "readers.h"

#include "io/files/plugin.h"

#include <string.h>

static nmf_status find_room(const nmfi_hdf5_room **room, nmf_error *error)
{
    const void *table;
    const nmf_status status = nmfi_plugin("hdf5", "HDF5 files", &table, error);
    *room = table;
    return status;
}

static int recognise(const unsigned char *head, size_t bytes)
{
    return bytes >= 8 && memcmp(head, "\x89HDF\r\n\x1a\n", 8) == 0;
}

static nmf_status read_hdf5(const nmfi_read_request *request, nmf_matrix **matrix, nmf_error *error)
{
    const nmfi_hdf5_room *room;
    *matrix = NULL;
    const nmf_status status = find_room(&room, error);
    return status == NMF_OK ? room->read(request, matrix, error) : status;
}

nmf_status nmfi_mat73_read(const nmfi_read_request *request, nmf_matrix **matrix, nmf_error *error)
{
    const nmfi_hdf5_room *room;
    *matrix = NULL;
    const nmf_status status = find_room(&room, error);
    return status == NMF_OK ? room->read_mat73(request, matrix, error) : status;
}

nmf_status nmfi_hdf5_names_of(const char *path, const char *member, nmf_matrix *matrix,
                              nmf_names which, nmf_error *error)
{
    const nmfi_hdf5_room *room;
    const nmf_status status = find_room(&room, error);
    return status == NMF_OK ? room->names(path, member, matrix, which, error) : status;
}

const nmfi_reader nmfi_reader_hdf5 = {".h5ad or .h5", "h5ad h5 hdf5", 0, 1, recognise, read_hdf5};
