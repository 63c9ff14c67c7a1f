/* Looking into HDF5 files, and reading their numbers: see hdf5_file.h. */
#include "hdf5_inside.h"
#include "lzf.h"

#include "io/files/file_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LARGEST_RATIO 1032 /* of deflate, HDF5's usual compression */

nmf_status nmfi_hdf5_open(const char *path, nmfi_hdf5 **file, nmf_error *error)
{
    struct stat info;
    nmfi_hdf5 *made = calloc(1, sizeof *made);
    *file = NULL;
    if (made == NULL || (made->path = strdup(path)) == NULL) {
        free(made);
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory", path);
    }
    made->silenced = H5Eget_auto2(H5E_DEFAULT, &made->report, &made->report_to) >= 0 &&
                     H5Eset_auto2(H5E_DEFAULT, NULL, NULL) >= 0;
    nmfi_lzf_register();
    made->bytes = stat(path, &info) == 0 ? (int64_t)info.st_size : 0;
    made->file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (made->file < 0) {
        nmfi_hdf5_close(made);
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%s: cannot be opened as an HDF5 file: damaged or cut off", path);
    }
    *file = made;
    return NMF_OK;
}

void nmfi_hdf5_close(nmfi_hdf5 *file)
{
    if (file == NULL) {
        return;
    }
    if (file->file >= 0) {
        (void)H5Fclose(file->file);
    }
    if (file->silenced) {
        (void)H5Eset_auto2(H5E_DEFAULT, file->report, file->report_to);
    }
    free(file->path);
    free(file);
}

const char *nmfi_hdf5_path(const nmfi_hdf5 *file)
{
    return file->path;
}

int nmfi_hdf5_join(const char *group, const char *name, char path[NMFI_HDF5_PATH_BYTES])
{
    const int length =
        snprintf(path, NMFI_HDF5_PATH_BYTES, "%s%s%s", group, group[0] != '\0' ? "/" : "", name);
    return length > 0 && length < NMFI_HDF5_PATH_BYTES;
}

/* 1 if every step of the path is there and stays inside this file. */
static int path_exists(const nmfi_hdf5 *file, const char *path)
{
    char step[NMFI_HDF5_PATH_BYTES];
    for (const char *end = path; *end != '\0';) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        H5L_info_t link;
        snprintf(step, sizeof step, "%.*s", (int)(end - path), path);
        if (H5Lexists(file->file, step, H5P_DEFAULT) <= 0 ||
            H5Lget_info(file->file, step, &link, H5P_DEFAULT) < 0 ||
            (link.type != H5L_TYPE_HARD && link.type != H5L_TYPE_SOFT)) {
            return 0;
        }
    }
    return path[0] != '\0';
}

nmfi_hdf5_kind nmfi_hdf5_look(const nmfi_hdf5 *file, const char *group, const char *name)
{
    char path[NMFI_HDF5_PATH_BYTES];
    if (!nmfi_hdf5_join(group, name, path) || !path_exists(file, path)) {
        return NMFI_HDF5_NOTHING;
    }
    const hid_t object = H5Oopen(file->file, path, H5P_DEFAULT);
    const H5I_type_t type = object >= 0 ? H5Iget_type(object) : H5I_BADID;
    if (object >= 0) {
        (void)H5Oclose(object);
    }
    return type == H5I_GROUP     ? NMFI_HDF5_GROUP
           : type == H5I_DATASET ? NMFI_HDF5_DATASET
                                 : NMFI_HDF5_NOTHING;
}

/* Link number `index` of a group in name order; 0 where there is none. */
static int link_name(const nmfi_hdf5 *file, const char *group, hsize_t index, char *name,
                     size_t bytes)
{
    return H5Lget_name_by_idx(file->file, group[0] != '\0' ? group : ".", H5_INDEX_NAME,
                              H5_ITER_INC, index, name, bytes, H5P_DEFAULT) > 0;
}

void nmfi_hdf5_list(const nmfi_hdf5 *file, const char *group, char *text, size_t bytes)
{
    char name[128];
    size_t used = 0;
    text[0] = '\0';
    for (hsize_t i = 0; used + 1 < bytes && link_name(file, group, i, name, sizeof name); i++) {
        const int more = snprintf(text + used, bytes - used, "%s%s", used > 0 ? ", " : "", name);
        used += more > 0 ? (size_t)more : 0;
    }
    for (char *at = text; *at != '\0'; at++) { /* a name may hold anything; a message may not */
        *at = (unsigned char)*at < ' ' ? '?' : *at;
    }
}

int nmfi_hdf5_name(const nmfi_hdf5 *file, int64_t index, char *name, size_t bytes)
{
    return link_name(file, "", (hsize_t)index, name, bytes);
}

int nmfi_hdf5_groups_with(const nmfi_hdf5 *file, const char *child, char *name, size_t bytes)
{
    char candidate[128];
    int count = 0;
    for (hsize_t i = 0; link_name(file, "", i, candidate, sizeof candidate); i++) {
        if (nmfi_hdf5_look(file, "", candidate) == NMFI_HDF5_GROUP &&
            nmfi_hdf5_look(file, candidate, child) != NMFI_HDF5_NOTHING && count++ == 0) {
            snprintf(name, bytes, "%s", candidate);
        }
    }
    return count;
}

/* --- attributes ------------------------------------------------------------------------------ */

static hid_t open_attribute(const nmfi_hdf5 *file, const char *name, const char *attribute)
{
    if (!path_exists(file, name) ||
        H5Aexists_by_name(file->file, name, attribute, H5P_DEFAULT) <= 0) {
        return -1;
    }
    return H5Aopen_by_name(file->file, name, attribute, H5P_DEFAULT, H5P_DEFAULT);
}

/* Reads one text of a type that is known to be one. */
static int read_text(hid_t attribute, hid_t type, char *text, size_t bytes)
{
    const size_t size = H5Tget_size(type);
    if (H5Tis_variable_str(type) > 0) {
        char *found = NULL;
        if (H5Aread(attribute, type, &found) < 0 || found == NULL) {
            return 0;
        }
        snprintf(text, bytes, "%s", found);
        (void)H5free_memory(found);
        return 1;
    }
    char *found = size > 0 && size < 65536 ? calloc(size + 1, 1) : NULL;
    const int good = found != NULL && H5Aread(attribute, type, found) >= 0;
    if (good) {
        snprintf(text, bytes, "%s", found);
    }
    free(found);
    return good;
}

int nmfi_hdf5_text_attribute(const nmfi_hdf5 *file, const char *name, const char *attribute,
                             char *text, size_t bytes)
{
    const hid_t opened = open_attribute(file, name, attribute);
    if (opened < 0) {
        return 0;
    }
    const hid_t type = H5Aget_type(opened), space = H5Aget_space(opened);
    const int good = type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING &&
                     H5Sget_simple_extent_npoints(space) == 1 &&
                     read_text(opened, type, text, bytes);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Aclose(opened);
    return good;
}

int nmfi_hdf5_whole_attribute(const nmfi_hdf5 *file, const char *name, const char *attribute,
                              int64_t *values, int64_t count)
{
    const hid_t opened = open_attribute(file, name, attribute);
    if (opened < 0) {
        return 0;
    }
    const hid_t type = H5Aget_type(opened), space = H5Aget_space(opened);
    const int good = type >= 0 && space >= 0 && H5Tget_class(type) == H5T_INTEGER &&
                     H5Sget_simple_extent_npoints(space) == count &&
                     H5Aread(opened, H5T_NATIVE_INT64, values) >= 0;
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    (void)H5Aclose(opened);
    return good;
}

/* --- datasets -------------------------------------------------------------------------------- */

nmf_status nmfi_hdf5_damaged(const nmfi_hdf5 *file, const char *path, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_FORMAT, "%s: '%s' is damaged: it cannot be read", file->path,
                    path);
}

nmf_status nmfi_hdf5_dataset(const nmfi_hdf5 *file, const char *path, hid_t *handle,
                             nmf_error *error)
{
    if (nmfi_hdf5_look(file, "", path) != NMFI_HDF5_DATASET) {
        return nmf_fail(error, NMF_ERROR_FORMAT, "%s: has no dataset '%s'", file->path, path);
    }
    const hid_t dataset = H5Dopen2(file->file, path, H5P_DEFAULT);
    if (dataset < 0) {
        return nmfi_hdf5_damaged(file, path, error);
    }
    const hid_t plan = H5Dget_create_plist(dataset);
    const int inside =
        plan >= 0 && H5Pget_layout(plan) != H5D_VIRTUAL && H5Pget_external_count(plan) == 0;
    (void)H5Pclose(plan);
    if (!inside) {
        (void)H5Dclose(dataset);
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s: '%s' has its values in other files, which are not followed",
                        file->path, path);
    }
    *handle = dataset;
    return NMF_OK;
}

nmf_status nmfi_hdf5_shape(const nmfi_hdf5 *file, hid_t dataset, const char *path, int *dimensions,
                           int64_t shape[3], nmf_error *error)
{
    hsize_t sizes[3] = {1, 1, 1};
    const hid_t space = H5Dget_space(dataset), type = H5Dget_type(dataset);
    *dimensions = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    const int good = *dimensions >= 1 && *dimensions <= 3;
    if (good) {
        (void)H5Sget_simple_extent_dims(space, sizes, NULL);
    }
    const size_t item = type >= 0 ? H5Tget_size(type) : 0;
    const hsize_t stored = H5Dget_storage_size(dataset);
    (void)H5Tclose(type);
    (void)H5Sclose(space);
    if (!good) {
        return nmf_fail(error, NMF_ERROR_FORMAT, "%s: '%s' is neither a list nor a table",
                        file->path, path);
    }
    size_t bytes = 0;
    const int countable = sizes[0] <= INT64_MAX && sizes[1] <= INT64_MAX && sizes[2] <= INT64_MAX &&
                          item > 0 && item <= INT32_MAX &&
                          nmfi_array_bytes((int64_t)sizes[0], (int64_t)sizes[1], (int64_t)sizes[2],
                                           (int64_t)item, &bytes);
    /* Trap: what was never written is not stored, and reads as zeros without end. */
    if (!countable || bytes / LARGEST_RATIO > stored || (bytes > 0 && stored == 0) ||
        bytes / LARGEST_RATIO > (size_t)file->bytes) {
        char third[32] = "";
        if (*dimensions == 3) {
            snprintf(third, sizeof third, " x %" PRIu64, (uint64_t)sizes[2]);
        }
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%s: '%s' claims %" PRIu64 " x %" PRIu64 "%s values, but only %" PRIu64
                        " bytes are stored for it",
                        file->path, path, (uint64_t)sizes[0], (uint64_t)sizes[1], third,
                        (uint64_t)stored);
    }
    for (int i = 0; i < 3; i++) {
        shape[i] = (int64_t)sizes[i];
    }
    return NMF_OK;
}

hid_t nmfi_hdf5_memory_type(hid_t type, nmfi_hdf5_as as, nmfi_raw_array *values)
{
    const H5T_class_t kind = H5Tget_class(type);
    const size_t bytes = H5Tget_size(type);
    if (as != NMFI_HDF5_AS_STORED) {
        values->kind = 'i';
        values->item_bytes = (int)as;
        return kind != H5T_INTEGER        ? -1
               : as == NMFI_HDF5_AS_INT32 ? H5T_NATIVE_INT32
                                          : H5T_NATIVE_INT64;
    }
    if (kind == H5T_FLOAT) {
        values->kind = 'f';
        values->item_bytes = bytes <= 4 ? 4 : 8;
        return bytes <= 4 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
    }
    if (kind == H5T_ENUM && bytes == 1) { /* h5py's truth values */
        values->kind = 'b';
        values->item_bytes = 1;
        return type;
    }
    if (kind != H5T_INTEGER || bytes > 8) {
        return -1;
    }
    const int is_signed = H5Tget_sign(type) == H5T_SGN_2;
    values->kind = is_signed ? 'i' : 'u';
    values->item_bytes = bytes <= 1 ? 1 : bytes <= 2 ? 2 : bytes <= 4 ? 4 : 8;
    switch (values->item_bytes) {
    case 1: return is_signed ? H5T_NATIVE_INT8 : H5T_NATIVE_UINT8;
    case 2: return is_signed ? H5T_NATIVE_INT16 : H5T_NATIVE_UINT16;
    case 4: return is_signed ? H5T_NATIVE_INT32 : H5T_NATIVE_UINT32;
    default: return is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
    }
}

/* {real, imag}, as MATLAB and h5py write complex numbers. */
static int is_complex(hid_t type)
{
    return H5Tget_class(type) == H5T_COMPOUND && H5Tget_nmembers(type) == 2 &&
           H5Tget_member_class(type, 0) == H5T_FLOAT && H5Tget_member_class(type, 1) == H5T_FLOAT;
}

void nmfi_hdf5_describe(const nmfi_hdf5 *file, const char *name, nmfi_hdf5_about *about)
{
    *about = (nmfi_hdf5_about){.dimensions = -1, .shape = {1, 1, 1}};
    if (nmfi_hdf5_look(file, "", name) != NMFI_HDF5_DATASET) {
        return;
    }
    const hid_t dataset = H5Dopen2(file->file, name, H5P_DEFAULT);
    const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    hsize_t sizes[H5S_MAX_RANK];
    const int dimensions = space >= 0 ? H5Sget_simple_extent_dims(space, sizes, NULL) : -1;
    nmfi_raw_array values = {.kind = 0};
    about->dimensions = dimensions;
    for (int i = 0; i < dimensions && i < 3; i++) {
        about->shape[i] = sizes[i] <= INT64_MAX ? (int64_t)sizes[i] : -1;
    }
    if (type >= 0 && nmfi_hdf5_memory_type(type, NMFI_HDF5_AS_STORED, &values) >= 0) {
        about->kind = values.kind;
        about->item_bytes = values.item_bytes;
    } else if (type >= 0 && is_complex(type)) {
        about->kind = 'c';
    }
    (void)H5Tclose(type);
    (void)H5Sclose(space);
    (void)H5Dclose(dataset);
}

static nmf_status fail_filters(const nmfi_hdf5 *file, hid_t dataset, const char *path,
                               nmf_error *error)
{
    const hid_t plan = H5Dget_create_plist(dataset);
    const int filters = plan >= 0 ? H5Pget_nfilters(plan) : 0;
    int missing = 0;
    for (int i = 0; i < filters && missing == 0; i++) {
        size_t values = 0;
        unsigned flags = 0;
        const H5Z_filter_t filter =
            H5Pget_filter2(plan, (unsigned)i, &flags, &values, NULL, 0, NULL, NULL);
        missing = filter > 0 && H5Zfilter_avail(filter) <= 0 ? (int)filter : 0;
    }
    (void)H5Pclose(plan);
    return missing == 0
               ? nmfi_hdf5_damaged(file, path, error)
               : nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                          "%s: '%s' is compressed by HDF5 filter %d%s, which is not installed; "
                          "save it with compression='gzip'",
                          file->path, path, missing,
                          missing == 32000   ? " (LZF)"
                          : missing == 32001 ? " (Blosc)"
                          : missing == 32015 ? " (Zstandard)"
                                             : "");
}

static nmf_status read_values(const nmfi_hdf5 *file, hid_t dataset, const char *path,
                              nmfi_hdf5_as as, nmfi_hdf5_numbers *numbers, nmf_error *error)
{
    const hid_t type = H5Dget_type(dataset);
    const hid_t memory = nmfi_hdf5_memory_type(type, as, &numbers->values);
    size_t bytes = 0;
    nmf_status status = NMF_OK;
    if (type < 0 || memory < 0) {
        status = nmf_fail(error, NMF_ERROR_FORMAT, "%s: '%s' does not hold %s", file->path, path,
                          as == NMFI_HDF5_AS_STORED ? "numbers" : "integers");
    } else if (!nmfi_array_bytes(numbers->shape[0], numbers->shape[1], numbers->shape[2],
                                 numbers->values.item_bytes, &bytes) ||
               bytes > nmfi_machine_memory() ||
               (numbers->memory = nmfi_file_memory(bytes)) == NULL) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for '%s'", file->path, path);
    } else if (bytes > 0 &&
               H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers->memory) < 0) {
        status = fail_filters(file, dataset, path, error);
    }
    numbers->values.data = numbers->memory;
    numbers->values.big_endian = NMFI_HOST_BIG_ENDIAN;
    (void)H5Tclose(type);
    return status;
}

nmf_status nmfi_hdf5_read(const nmfi_hdf5 *file, const char *group, const char *name,
                          nmfi_hdf5_as as, nmfi_hdf5_numbers *numbers, nmf_error *error)
{
    char path[NMFI_HDF5_PATH_BYTES];
    memset(numbers, 0, sizeof *numbers);
    if (!nmfi_hdf5_join(group, name, path)) {
        return nmf_fail(error, NMF_ERROR_FORMAT, "%s: has no dataset of such a long name",
                        file->path);
    }
    hid_t dataset;
    nmf_status status = nmfi_hdf5_dataset(file, path, &dataset, error);
    if (status != NMF_OK) {
        return status;
    }
    status = nmfi_hdf5_shape(file, dataset, path, &numbers->dimensions, numbers->shape, error);
    if (status == NMF_OK) {
        status = read_values(file, dataset, path, as, numbers, error);
    }
    (void)H5Dclose(dataset);
    if (status != NMF_OK) {
        free(numbers->memory);
        numbers->memory = NULL;
    }
    return status;
}
