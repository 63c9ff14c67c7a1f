/* MATLAB v7.3 files, which are HDF5: datasets with their sizes in reverse, sparse matrices as
 * groups of data, ir and jc. MATLAB writes what a variable is into the attribute MATLAB_class; other
 * programs write it otherwise or not at all, and then the type of the dataset tells. */
#include "hdf5_file.h"
#include "room.h"

#include "io/arrays/mat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The class by its name; 0: none of those that matter. */
static int class_by_name(const char *name)
{
    static const char *const names[] = {"",       "cell",   "struct", "object", "char",   "",
                                        "double", "single", "int8",   "uint8",  "int16",  "uint16",
                                        "int32",  "uint32", "int64",  "uint64", "logical"};
    for (int i = 1; i < (int)(sizeof names / sizeof names[0]); i++) {
        if (strcmp(name, names[i]) == 0 && name[0] != '\0') {
            return i == 16 ? NMFI_MAT_UINT8 : i;
        }
    }
    return 0;
}

/* The class that numbers of this type would have. */
static int class_by_type(const nmfi_hdf5_about *about)
{
    switch (about->kind) {
    case 'f': return about->item_bytes <= 4 ? NMFI_MAT_SINGLE : NMFI_MAT_DOUBLE;
    case 'c': return NMFI_MAT_DOUBLE;
    case 'b': return NMFI_MAT_UINT8;
    case 'i':
    case 'u': {
        const int power = about->item_bytes <= 1   ? 0
                          : about->item_bytes <= 2 ? 1
                          : about->item_bytes <= 4 ? 2
                                                   : 3;
        return NMFI_MAT_INT8 + 2 * power + (about->kind == 'u');
    }
    default: return NMFI_MAT_OBJECT;
    }
}

static void describe_dataset(const nmfi_hdf5 *file, nmfi_mat_variable *to)
{
    nmfi_hdf5_about about;
    char name[32] = "";
    int64_t empty = 0;
    nmfi_hdf5_describe(file, to->name, &about);
    (void)nmfi_hdf5_text_attribute(file, to->name, "MATLAB_class", name, sizeof name);
    const int named = class_by_name(name), typed = class_by_type(&about);
    /* What is stored as something else (a text's characters are integers) is what its name says. */
    to->matlab_class =
        named != 0 && (named < NMFI_MAT_DOUBLE || typed >= NMFI_MAT_DOUBLE) ? named : typed;
    to->is_complex = about.kind == 'c';
    to->is_logical = strcmp(name, "logical") == 0;
    to->rank = about.dimensions < 2 ? 2 : about.dimensions;
    (void)nmfi_hdf5_whole_attribute(file, to->name, "MATLAB_empty", &empty, 1);
    for (int i = 0; i < about.dimensions && i < 3; i++) {
        to->sizes[i] = about.shape[about.dimensions - 1 - i];
    }
    if (about.dimensions < 2) { /* of h5py's lists: a column */
        to->sizes[0] = about.dimensions == 1 ? about.shape[0] : 1;
        to->sizes[1] = 1;
    }
    if (empty != 0 || about.dimensions > 3) {
        to->sizes[0] = empty != 0 ? 0 : to->sizes[0];
    }
}

/* A group: a sparse matrix, or a structure. */
static void describe_group(const nmfi_hdf5 *file, nmfi_mat_variable *to)
{
    nmfi_hdf5_about pointers, values;
    char path[128], name[32] = "";
    to->matlab_class = NMFI_MAT_STRUCT;
    if (!nmfi_hdf5_whole_attribute(file, to->name, "MATLAB_sparse", &to->sizes[0], 1)) {
        return;
    }
    snprintf(path, sizeof path, "%s/jc", to->name);
    nmfi_hdf5_describe(file, path, &pointers);
    snprintf(path, sizeof path, "%s/data", to->name);
    nmfi_hdf5_describe(file, path, &values);
    (void)nmfi_hdf5_text_attribute(file, to->name, "MATLAB_class", name, sizeof name);
    to->is_sparse = 1;
    to->is_complex = values.kind == 'c';
    to->is_logical = strcmp(name, "logical") == 0;
    to->matlab_class = NMFI_MAT_DOUBLE;
    to->rank = 2;
    to->sizes[1] = pointers.dimensions == 1 ? pointers.shape[0] - 1 : -1;
}

static nmf_status list_variables(const nmfi_hdf5 *file, nmfi_mat_list *list, nmf_error *error)
{
    nmf_status status = NMF_OK;
    char name[64];
    for (int64_t i = 0; status == NMF_OK && nmfi_hdf5_name(file, i, name, sizeof name); i++) {
        const nmfi_hdf5_kind kind = nmfi_hdf5_look(file, "", name);
        nmfi_mat_variable variable = {.rank = 0};
        if (name[0] == '#' || kind == NMFI_HDF5_NOTHING) { /* #refs#: MATLAB's own */
            continue;
        }
        snprintf(variable.name, sizeof variable.name, "%s", name);
        if (kind == NMFI_HDF5_DATASET) {
            describe_dataset(file, &variable);
        } else {
            describe_group(file, &variable);
        }
        status = nmfi_mat_list_add(list, &variable, error);
    }
    return status;
}

static nmf_status read_full(const nmfi_hdf5 *file, const nmfi_mat_variable *chosen,
                            nmf_matrix **matrix, nmf_error *error)
{
    nmfi_hdf5_numbers numbers;
    const nmf_status status =
        nmfi_hdf5_read(file, "", chosen->name, NMFI_HDF5_AS_STORED, &numbers, error);
    if (status != NMF_OK) {
        return status;
    }
    const nmfi_raw_array raw = nmfi_mat_describe(chosen, numbers.memory, numbers.values.kind,
                                                 numbers.values.item_bytes, NMFI_HOST_BIG_ENDIAN);
    return nmfi_raw_to_matrix(&raw, free, numbers.memory, matrix, error);
}

/* A matrix without entries may lack data and ir. */
static nmf_status read_part(const nmfi_hdf5 *file, const char *group, const char *name,
                            nmfi_hdf5_as as, nmfi_hdf5_numbers *part, nmf_error *error)
{
    if (nmfi_hdf5_look(file, group, name) == NMFI_HDF5_NOTHING) {
        memset(part, 0, sizeof *part);
        part->dimensions = 1;
        part->values.kind = 'f';
        part->values.item_bytes = as == NMFI_HDF5_AS_STORED ? 8 : (int)as;
        part->memory = calloc(1, 8);
        part->values.data = part->memory;
        return part->memory != NULL ? NMF_OK : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    return nmfi_hdf5_read(file, group, name, as, part, error);
}

static nmf_status read_sparse(const nmfi_hdf5 *file, const nmfi_mat_variable *chosen,
                              nmf_matrix **matrix, nmf_error *error)
{
    nmfi_hdf5_numbers pointers = {.memory = NULL}, rows = {.memory = NULL}, data = {.memory = NULL};
    const char *name = chosen->name;
    nmf_status status = nmfi_hdf5_read(file, name, "jc", NMFI_HDF5_AS_INT64, &pointers, error);
    if (status == NMF_OK) {
        status = read_part(file, name, "ir", NMFI_HDF5_AS_INT64, &rows, error);
    }
    if (status == NMF_OK) {
        status = read_part(file, name, "data", NMFI_HDF5_AS_STORED, &data, error);
    }
    nmfi_sparse_parts parts = {.stored = data.shape[0],
                               .pointers = (int64_t *)(void *)pointers.memory,
                               .indices = rows.memory,
                               .index_bytes = 8,
                               .values = data.values,
                               .memory = {pointers.memory, rows.memory, data.memory, NULL}};
    if (status == NMF_OK && (pointers.shape[0] - 1 != chosen->sizes[1] || data.dimensions != 1 ||
                             rows.dimensions != 1 || rows.shape[0] != data.shape[0])) {
        status = nmf_fail(error, NMF_ERROR_FORMAT,
                          "%s: '%s' has %" PRId64 " row numbers and %" PRId64
                          " values, which do not belong together",
                          nmfi_hdf5_path(file), name, rows.shape[0], data.shape[0]);
    }
    if (status != NMF_OK) {
        nmfi_sparse_parts_free(&parts);
        return status;
    }
    return nmfi_mat_sparse(chosen, &parts, nmfi_hdf5_path(file), matrix, error);
}

nmf_status nmfi_hdf5_read_mat73(const nmfi_read_request *request, nmf_matrix **matrix,
                                nmf_error *error)
{
    nmfi_hdf5 *file;
    nmfi_mat_list list = {NULL, 0, 0};
    int64_t index = -1;
    *matrix = NULL;
    nmf_status status = nmfi_hdf5_open(request->path, &file, error);
    if (status != NMF_OK) {
        return status;
    }
    status = list_variables(file, &list, error);
    if (status == NMF_OK) {
        status = nmfi_mat_choose(&list, request, &index, error);
    }
    if (status == NMF_OK) {
        status = list.variables[index].is_sparse
                     ? read_sparse(file, &list.variables[index], matrix, error)
                     : read_full(file, &list.variables[index], matrix, error);
    }
    free(list.variables);
    nmfi_hdf5_close(file);
    return status;
}
