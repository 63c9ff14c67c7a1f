/* Names from HDF5 files, in the ways that anndata, cellranger and h5py store them: texts of fixed
 * or variable length, integers, categories with codes, values with a mask, and one field of a table
 * (anndata before 0.7). Texts are read a block at a time, so that many references to one long text
 * cannot take more memory than is allowed for all. */
#include "hdf5_inside.h"
#include "room.h"

#include "io/files/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_NAMES 4096
#define MOST_TEXT_BYTES ((size_t)1 << 30)
#define LONGEST_FIXED_TEXT 65536

/* Names one after the other, each ended by a zero. */
typedef struct name_list {
    char *text;
    size_t used, capacity;
    int64_t count;
} name_list;

static int add_name(name_list *list, const char *name, size_t length)
{
    if (list->capacity - list->used <= length) {
        const size_t wanted = 2 * list->capacity + length + 4096;
        char *grown = wanted <= 2 * MOST_TEXT_BYTES ? realloc(list->text, wanted) : NULL;
        if (grown == NULL) {
            return 0;
        }
        list->text = grown;
        list->capacity = wanted;
    }
    memcpy(list->text + list->used, name, length);
    list->used += length;
    list->text[list->used++] = '\0';
    list->count++;
    return 1;
}

/* One block of a list as it lies in memory after reading. */
static int add_block(name_list *list, hid_t type, const unsigned char *block, hsize_t count)
{
    const size_t bytes = H5Tget_size(type);
    for (hsize_t i = 0; i < count; i++) {
        const unsigned char *at = block + i * bytes;
        char number[64];
        int good;
        if (H5Tget_class(type) == H5T_ENUM) { /* truth values: FALSE, TRUE */
            const int named = H5Tenum_nameof(type, at, number, sizeof number) >= 0;
            good = add_name(list, number, named ? strnlen(number, sizeof number - 1) : 0);
        } else if (H5Tget_class(type) == H5T_FLOAT) {
            double value;
            memcpy(&value, at, sizeof value);
            good = add_name(list, number, (size_t)nmfi_number_format(value + 0.0, 0, number));
        } else if (H5Tget_class(type) == H5T_INTEGER) {
            int64_t value;
            memcpy(&value, at, sizeof value);
            const int length = snprintf(number, sizeof number, "%" PRId64, value);
            good = add_name(list, number, (size_t)length);
        } else if (H5Tis_variable_str(type) > 0) {
            const char *text;
            memcpy(&text, at, sizeof text);
            good = add_name(list, text != NULL ? text : "", text != NULL ? strlen(text) : 0);
        } else {
            size_t length = strnlen((const char *)at, bytes);
            while (H5Tget_strpad(type) == H5T_STR_SPACEPAD && length > 0 && at[length - 1] == ' ') {
                length--;
            }
            good = add_name(list, (const char *)at, length);
        }
        if (!good) {
            return 0;
        }
    }
    return 1;
}

/* `type` is what is read, `item` what it is: the same, or its only field. */
static nmf_status read_blocks(const nmfi_hdf5 *file, hid_t dataset, hid_t type, hid_t item,
                              const char *path, hsize_t count, name_list *list, nmf_error *error)
{
    const hid_t space = H5Dget_space(dataset);
    unsigned char *block = calloc(BLOCK_NAMES, H5Tget_size(type));
    nmf_status status = NMF_OK;
    for (hsize_t first = 0; first < count && status == NMF_OK; first += BLOCK_NAMES) {
        hsize_t wanted = count - first < BLOCK_NAMES ? count - first : BLOCK_NAMES;
        const hid_t here = H5Screate_simple(1, &wanted, NULL);
        const int good =
            block != NULL && here >= 0 && space >= 0 &&
            H5Sselect_hyperslab(space, H5S_SELECT_SET, &first, NULL, &wanted, NULL) >= 0 &&
            H5Dread(dataset, type, here, space, H5P_DEFAULT, block) >= 0;
        if (!good) {
            status = nmfi_hdf5_damaged(file, path, error);
        } else if (!add_block(list, item, block, wanted) || list->used > MOST_TEXT_BYTES) {
            status = nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for the names in '%s'",
                              file->path, path);
        }
        if (good && H5Tis_variable_str(item) > 0) {
            (void)H5Dvlen_reclaim(type, here, H5P_DEFAULT, block);
        }
        (void)H5Sclose(here);
    }
    free(block);
    (void)H5Sclose(space);
    return status;
}

/* The type to read names into: a copy to close, or a negative number where they are none. `stored`
 * is that of the dataset or of the field. */
static hid_t name_type(hid_t stored)
{
    switch (H5Tget_class(stored)) {
    case H5T_INTEGER: return H5Tcopy(H5T_NATIVE_INT64);
    case H5T_FLOAT: return H5Tcopy(H5T_NATIVE_DOUBLE);
    case H5T_ENUM: return H5Tget_size(stored) <= sizeof(int64_t) ? H5Tcopy(stored) : -1;
    case H5T_STRING:
        return H5Tis_variable_str(stored) > 0 || H5Tget_size(stored) <= LONGEST_FIXED_TEXT
                   ? H5Tcopy(stored)
                   : -1;
    default: return -1;
    }
}

static hid_t field_type(hid_t table, const char *field)
{
    const int member = H5Tget_class(table) == H5T_COMPOUND ? H5Tget_member_index(table, field) : -1;
    return member >= 0 ? H5Tget_member_type(table, (unsigned)member) : -1;
}

static void close_type(hid_t type)
{
    if (type >= 0) {
        (void)H5Tclose(type);
    }
}

/* A dataset of names, or (field not NULL) one field of a table. What holds no names adds none. */
static nmf_status read_list(const nmfi_hdf5 *file, const char *path, const char *field,
                            name_list *list, nmf_error *error)
{
    int dimensions = 0;
    int64_t shape[3];
    hid_t dataset, item = -1, type = -1;
    nmf_status status = nmfi_hdf5_dataset(file, path, &dataset, error);
    if (status != NMF_OK) {
        return status;
    }
    const hid_t whole = H5Dget_type(dataset);
    const hid_t stored = field != NULL ? field_type(whole, field) : H5Tcopy(whole);
    item = stored >= 0 ? name_type(stored) : -1;
    if (item >= 0) {
        type = field != NULL ? H5Tcreate(H5T_COMPOUND, H5Tget_size(item)) : H5Tcopy(item);
        status = nmfi_hdf5_shape(file, dataset, path, &dimensions, shape, error);
    }
    if (type >= 0 && field != NULL && H5Tinsert(type, field, 0, item) < 0) {
        status = nmfi_hdf5_damaged(file, path, error);
    }
    if (status == NMF_OK && type >= 0 && dimensions == 1) {
        status = read_blocks(file, dataset, type, item, path, (hsize_t)shape[0], list, error);
    }
    close_type(type);
    close_type(item);
    close_type(stored);
    close_type(whole);
    (void)H5Dclose(dataset);
    return status;
}

static nmf_status point_at_names(const name_list *list, const char *path, const char ***names,
                                 nmf_error *error)
{
    *names = calloc((size_t)list->count + 1, sizeof **names);
    if (*names == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for %" PRId64 " names", path,
                        list->count);
    }
    const char *at = list->text;
    for (int64_t i = 0; i < list->count; i++) {
        (*names)[i] = at;
        at += strlen(at) + 1;
    }
    return NMF_OK;
}

/* Turns the categories in `names` into one name for each code; -1 stands for none. */
static nmf_status decode(const nmfi_hdf5 *file, const char *path, int64_t categories,
                         const char ***names, int64_t *count, nmf_error *error)
{
    nmfi_hdf5_numbers codes;
    nmf_status status = nmfi_hdf5_read(file, path, "codes", NMFI_HDF5_AS_INT32, &codes, error);
    if (status != NMF_OK) {
        return status;
    }
    const char **decoded = calloc((size_t)codes.shape[0] + 1, sizeof *decoded);
    const int32_t *code = (const int32_t *)(const void *)codes.memory;
    if (decoded == NULL) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "%s: out of memory for %" PRId64 " names",
                          file->path, codes.shape[0]);
    }
    for (int64_t i = 0; i < codes.shape[0] && status == NMF_OK; i++) {
        if (code[i] < -1 || code[i] >= categories) {
            status =
                nmf_fail(error, NMF_ERROR_FORMAT,
                         "%s: code %" PRId64 " in '%s' is %d; there are %" PRId64 " categories",
                         file->path, i, path, (int)code[i], categories);
        } else {
            decoded[i] = code[i] < 0 ? "" : (*names)[code[i]];
        }
    }
    *count = codes.shape[0];
    free(codes.memory);
    free(*names);
    *names = decoded;
    return status;
}

static nmf_status set_names(const nmfi_hdf5 *file, const char *path, const char *const *names,
                            int64_t count, nmf_matrix *matrix, nmf_names which, nmf_error *error)
{
    const int64_t wanted =
        which == NMF_FEATURE_NAMES ? nmf_matrix_columns(matrix) : nmf_matrix_rows(matrix);
    if (count != wanted) {
        return nmf_fail(error, NMF_ERROR_SHAPE,
                        "%s: '%s' has %" PRId64 " names; there are %" PRId64 " %s", file->path,
                        path, count, wanted, which == NMF_FEATURE_NAMES ? "features" : "samples");
    }
    return nmf_matrix_set_names(matrix, which, names, error);
}

nmf_status nmfi_hdf5_names(const nmfi_hdf5 *file, const char *group, const char *name,
                           nmf_matrix *matrix, nmf_names which, nmf_error *error)
{
    char path[NMFI_HDF5_PATH_BYTES], part[NMFI_HDF5_PATH_BYTES];
    name_list list = {NULL, 0, 0, 0};
    const char **names = NULL;
    nmf_status status = NMF_OK;
    if (!nmfi_hdf5_join(group, name, path)) {
        return NMF_OK;
    }
    const nmfi_hdf5_kind kind = nmfi_hdf5_look(file, group, name);
    const int coded =
        kind == NMFI_HDF5_GROUP && nmfi_hdf5_look(file, path, "categories") == NMFI_HDF5_DATASET;
    if (kind == NMFI_HDF5_DATASET) {
        status = read_list(file, path, NULL, &list, error);
    } else if (kind == NMFI_HDF5_GROUP &&
               nmfi_hdf5_join(path, coded ? "categories" : "values", part) &&
               nmfi_hdf5_look(file, "", part) == NMFI_HDF5_DATASET) {
        status = read_list(file, part, NULL, &list, error);
    } else if (nmfi_hdf5_look(file, "", group) == NMFI_HDF5_DATASET) {
        status = read_list(file, group, name, &list, error);
    }
    int64_t count = list.count;
    if (status == NMF_OK && count > 0) {
        status = point_at_names(&list, file->path, &names, error);
    }
    if (status == NMF_OK && count > 0 && coded) {
        status = decode(file, path, list.count, &names, &count, error);
    }
    if (status == NMF_OK && list.count > 0) {
        status = set_names(file, path, names, count, matrix, which, error);
    }
    free(names);
    free(list.text);
    return status;
}

nmf_status nmfi_hdf5_index(const nmfi_hdf5 *file, const char *table, nmf_matrix *matrix,
                           nmf_names which, nmf_error *error)
{
    static const char *const usual[] = {"_index", "index"};
    char name[128];
    if (nmfi_hdf5_text_attribute(file, table, "_index", name, sizeof name)) {
        return nmfi_hdf5_names(file, table, name, matrix, which, error);
    }
    nmf_status status = NMF_OK;
    for (int i = 0; i < 2 && status == NMF_OK && !nmf_matrix_has_names(matrix, which); i++) {
        status = nmfi_hdf5_names(file, table, usual[i], matrix, which, error);
    }
    return status;
}

static int is_sample(const nmf_matrix *matrix, const char *name)
{
    for (int64_t i = 0; i < nmf_matrix_rows(matrix); i++) {
        if (strcmp(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, i), name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Labels of another file may stand in another order: its table has names too. Names that are none of the data's say
 * nothing. */
static nmf_status compare_samples(const nmfi_hdf5 *file, const char *table,
                                  const nmf_matrix *matrix, nmf_error *error)
{
    const int64_t rows = nmf_matrix_rows(matrix);
    nmf_matrix *own = NULL;
    nmf_status status = nmf_matrix_new(NMF_U8, rows, 1, &own, error);
    if (status == NMF_OK) {
        status = nmfi_hdf5_index(file, table, own, NMF_SAMPLE_NAMES, error);
    }
    const int named = status == NMF_OK && nmf_matrix_has_names(own, NMF_SAMPLE_NAMES);
    for (int64_t i = 0; named && status == NMF_OK && i < rows; i++) {
        const char *a = nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, i);
        const char *b = nmf_matrix_name(own, NMF_SAMPLE_NAMES, i);
        if (strcmp(a, b) == 0) {
            continue;
        }
        if (i == 0 && !is_sample(matrix, b)) {
            break;
        }
        status = nmf_fail(error, NMF_ERROR_SHAPE,
                          "%s: row %" PRId64
                          " of '%s' is '%.80s', and that sample of the data is '%.80s': "
                          "bring them into one order",
                          file->path, i, table, b, a);
    }
    nmf_matrix_free(own);
    return status;
}

nmf_status nmfi_hdf5_names_in(const char *path, const char *member, nmf_matrix *matrix,
                              nmf_names which, nmf_error *error)
{
    nmfi_hdf5 *file = NULL;
    char *group = strdup(member);
    nmf_status status = group != NULL
                            ? nmfi_hdf5_open(path, &file, error)
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
        if (status == NMF_OK && slash != NULL && which == NMF_LABELS &&
            nmf_matrix_has_names(matrix, which) && nmf_matrix_has_names(matrix, NMF_SAMPLE_NAMES)) {
            status = compare_samples(file, group, matrix, error);
        }
        if (status == NMF_OK && !nmf_matrix_has_names(matrix, which)) {
            status =
                nmf_fail(error, NMF_ERROR_FORMAT, "%s:%s: is not a list of names", path, member);
        }
    }
    nmfi_hdf5_close(file);
    free(group);
    return status;
}
