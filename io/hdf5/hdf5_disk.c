/* See hdf5_disk.h. */
#include "hdf5_disk.h"
#include "hdf5_inside.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* HDF5 keeps the chunk that it unpacked last; two threads go through the file in places of their own. */
#define CHUNK_CACHE_BYTES ((size_t)32 << 20)
#define MOST_CACHE_BYTES ((size_t)64 << 20)

static pthread_mutex_t hdf5_lock = PTHREAD_MUTEX_INITIALIZER;

typedef struct hdf5_list {
    nmfi_disk_file *file; /* notices what becomes of the file; reads what lies in one piece */
    nmfi_hdf5 hdf5;       /* open as long as the list is; says nothing on the terminal */
    hid_t dataset, type;
    char name[NMFI_HDF5_PATH_BYTES];
    int64_t row; /* values of a row of a table; 1 of a list */
    int item_bytes;
    uint64_t offset; /* in the file, of what lies in one piece; else 0 */
} hdf5_list;

static void close_handles(hdf5_list *list)
{
    H5E_BEGIN_TRY
    {
        (void)H5Dclose(list->dataset);
        (void)H5Fclose(list->hdf5.file);
    }
    H5E_END_TRY
}

static void release(void *context)
{
    hdf5_list *list = context;
    pthread_mutex_lock(&hdf5_lock);
    close_handles(list);
    pthread_mutex_unlock(&hdf5_lock);
    nmfi_disk_file_close(list->file);
    free(list);
}

/* Rows [first, first + count), through HDF5. */
static int read_hyperslab(const hdf5_list *list, int64_t first, int64_t count, void *values)
{
    const hsize_t start[2] = {(hsize_t)first, 0};
    const hsize_t counts[2] = {(hsize_t)count, (hsize_t)list->row};
    const hsize_t all = (hsize_t)(count * list->row);
    const hid_t there = H5Dget_space(list->dataset), here = H5Screate_simple(1, &all, NULL);
    const int good = there >= 0 && here >= 0 &&
                     H5Sselect_hyperslab(there, H5S_SELECT_SET, start, NULL, counts, NULL) >= 0 &&
                     H5Dread(list->dataset, list->type, here, there, H5P_DEFAULT, values) >= 0;
    (void)H5Sclose(here);
    (void)H5Sclose(there);
    return good;
}

static nmf_status read_list(void *context, int64_t first, int64_t count, void *values,
                            nmf_error *error)
{
    hdf5_list *list = context;
    const size_t bytes = (size_t)(count * list->item_bytes);
    if (list->offset > 0) {
        return nmfi_disk_file_read(list->file, list->offset + (uint64_t)(first * list->item_bytes),
                                   values, bytes, error);
    }
    int good = 0;
    pthread_mutex_lock(&hdf5_lock);
    H5E_BEGIN_TRY
    {
        good = read_hyperslab(list, first / list->row, count / list->row, values);
    }
    H5E_END_TRY
    pthread_mutex_unlock(&hdf5_lock);
    const nmf_status status = nmfi_disk_file_unchanged(list->file, bytes, error);
    if (status != NMF_OK) {
        return status;
    }
    return good ? NMF_OK
                : nmf_fail(error, NMF_ERROR_FILE, "%s: '%s' cannot be read at value %" PRId64,
                           nmfi_disk_file_path(list->file), list->name, first);
}

/* Where a dataset of the very type that is wanted lies in one piece. */
static uint64_t place_of(const hdf5_list *list)
{
    const hid_t plan = H5Dget_create_plist(list->dataset), stored = H5Dget_type(list->dataset);
    const int plain = plan >= 0 && H5Pget_layout(plan) == H5D_CONTIGUOUS &&
                      H5Pget_nfilters(plan) == 0 && H5Tequal(stored, list->type) > 0;
    const haddr_t at = plain ? H5Dget_offset(list->dataset) : HADDR_UNDEF;
    (void)H5Tclose(stored);
    (void)H5Pclose(plan);
    return at == HADDR_UNDEF ? 0 : (uint64_t)at;
}

/* Chunks that rows of a table lie in side by side, for two threads that go through it in places of their
 * own; so much and no more. */
static size_t cache_bytes(const hdf5_list *list, hid_t checked)
{
    const hid_t plan = H5Dget_create_plist(checked);
    hsize_t chunk[2] = {0, 0};
    size_t bytes = CHUNK_CACHE_BYTES;
    if (plan >= 0 && H5Pget_layout(plan) == H5D_CHUNKED && H5Pget_chunk(plan, 2, chunk) == 2 &&
        chunk[1] > 0) {
        const double across = (double)list->row / (double)chunk[1] + 1;
        const double wanted =
            2 * across * (double)chunk[0] * (double)chunk[1] * (double)list->item_bytes;
        bytes = wanted > (double)MOST_CACHE_BYTES ? MOST_CACHE_BYTES
                : wanted > (double)bytes          ? (size_t)wanted
                                                  : bytes;
    }
    (void)H5Pclose(plan);
    return bytes;
}

/* A dataset with a larger cache of chunks. */
static hid_t open_dataset(const hdf5_list *list, size_t cache)
{
    const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    (void)H5Pset_chunk_cache(access, H5D_CHUNK_CACHE_NSLOTS_DEFAULT, cache, 1.0);
    const hid_t opened = H5Dopen2(list->hdf5.file, list->name, access);
    (void)H5Pclose(access);
    return opened;
}

static nmf_status open_list(hdf5_list *list, nmfi_hdf5_as as, nmfi_disk_list *out, nmf_error *error)
{
    int dimensions = 0;
    int64_t shape[3] = {0, 0, 0};
    hid_t checked;
    list->hdf5.file = H5Fopen(list->hdf5.path, H5F_ACC_RDONLY, H5P_DEFAULT);
    nmf_status status = nmfi_hdf5_dataset(&list->hdf5, list->name, &checked, error);
    if (status != NMF_OK) {
        return status;
    }
    status = nmfi_hdf5_shape(&list->hdf5, checked, list->name, &dimensions, shape, error);
    const hid_t stored = H5Dget_type(checked);
    list->type = nmfi_hdf5_memory_type(stored, as, &out->kind);
    (void)H5Tclose(stored);
    list->item_bytes = out->kind.item_bytes;
    list->row = dimensions == 2 ? shape[1] : 1;
    const size_t cache = list->item_bytes > 0 ? cache_bytes(list, checked) : CHUNK_CACHE_BYTES;
    (void)H5Dclose(checked);
    if (status != NMF_OK) {
        return status;
    }
    list->dataset = open_dataset(list, cache);
    if (list->type < 0 || dimensions > 2 || list->dataset < 0) {
        return nmf_fail(error, NMF_ERROR_FORMAT, "%s: '%s' does not hold %s", list->hdf5.path,
                        list->name, as == NMFI_HDF5_AS_STORED ? "numbers" : "integers");
    }
    out->kind.big_endian = NMFI_HOST_BIG_ENDIAN;
    list->offset = place_of(list);
    out->count = shape[0] * list->row;
    return NMF_OK;
}

nmf_status nmfi_hdf5_disk_list(const nmfi_read_request *request, const char *group,
                               const char *name, nmfi_hdf5_as as, nmfi_disk_list *out,
                               nmf_error *error)
{
    memset(out, 0, sizeof *out);
    hdf5_list *list = calloc(1, sizeof *list);
    if (list == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", request->path);
    }
    list->dataset = list->hdf5.file = -1;
    nmf_status status = nmfi_disk_file_open(request->path, request->options->watch,
                                            request->options->watch_context, &list->file, error);
    if (status == NMF_OK && !nmfi_hdf5_join(group, name, list->name)) {
        status = nmf_fail(error, NMF_ERROR_FORMAT, "%s: has no dataset of such a long name",
                          request->path);
    }
    if (status == NMF_OK) {
        list->hdf5.path = (char *)(uintptr_t)nmfi_disk_file_path(list->file); /* lives as long */
        list->hdf5.bytes = (int64_t)nmfi_disk_file_bytes(list->file);
        pthread_mutex_lock(&hdf5_lock);
        H5E_BEGIN_TRY
        {
            status = open_list(list, as, out, error);
        }
        H5E_END_TRY
        pthread_mutex_unlock(&hdf5_lock);
    }
    if (status != NMF_OK) {
        release(list);
        return status;
    }
    out->read = read_list;
    out->context = list;
    out->release = release;
    return NMF_OK;
}
