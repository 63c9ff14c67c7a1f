/* MATLAB v7.3 files, which are HDF5, read through matio. Sizes are checked against the file's size
 * before any values are asked for; matio's and HDF5's own messages are kept off the terminal. */
#include "mat.h"

#include <hdf5.h>
#include <inttypes.h>
#include <matio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LARGEST_RATIO 1032 /* of deflate, HDF5's usual compression */

static void release_variable(void *context)
{
    Mat_VarFree(context);
}

static void describe_variable(const matvar_t *from, nmfi_mat_variable *to)
{
    memset(to, 0, sizeof *to);
    snprintf(to->name, sizeof to->name, "%s", from->name != NULL ? from->name : "");
    to->matlab_class = (int)from->class_type;
    to->is_complex = from->isComplex;
    to->rank = from->dims != NULL ? from->rank : 0;
    for (int i = 0; i < to->rank && i < 3; i++) {
        to->sizes[i] = from->dims[i] <= INT64_MAX ? (int64_t)from->dims[i] : -1;
    }
}

static nmf_status list_variables(mat_t *mat, nmfi_mat_list *list, nmf_error *error)
{
    nmf_status status = NMF_OK;
    matvar_t *found;
    while (status == NMF_OK && (found = Mat_VarReadNextInfo(mat)) != NULL) {
        nmfi_mat_variable variable;
        describe_variable(found, &variable);
        Mat_VarFree(found);
        if (variable.name[0] != '\0') {
            status = nmfi_mat_list_add(list, &variable, error);
        }
    }
    return status;
}

static nmf_status check_size(const nmfi_mat_variable *chosen, const char *path, nmf_error *error)
{
    struct stat info;
    size_t values;
    const int64_t third = chosen->rank == 3 ? chosen->sizes[2] : 1;
    if (stat(path, &info) != 0 ||
        !nmfi_array_bytes(chosen->sizes[0], chosen->sizes[1], third, 1, &values) ||
        values / LARGEST_RATIO > (size_t)info.st_size) {
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%s: '%s' claims %" PRId64 " x %" PRId64 " x %" PRId64
                        " values, but the file has only %" PRId64 " bytes",
                        path, chosen->name, chosen->sizes[0], chosen->sizes[1], third,
                        (int64_t)info.st_size);
    }
    return NMF_OK;
}

/* The values in the class's own type, column by column: lent to the matrix where it knows the
 * type. */
static nmf_status adopt(matvar_t *read, const nmfi_mat_variable *chosen, const char *path,
                        nmf_matrix **matrix, nmf_error *error)
{
    static const struct {
        char kind;
        int bytes;
    } classes[] = {{'f', 8}, {'f', 4}, {'i', 1}, {'u', 1}, {'i', 2},
                   {'u', 2}, {'i', 4}, {'u', 4}, {'i', 8}, {'u', 8}};
    const int which = chosen->matlab_class - 6;
    nmfi_mat_variable got;
    if (read != NULL) {
        describe_variable(read, &got);
    }
    if (read == NULL || read->data == NULL || read->data_size != classes[which].bytes ||
        got.matlab_class != chosen->matlab_class || got.rank != chosen->rank ||
        memcmp(got.sizes, chosen->sizes, sizeof got.sizes) != 0) {
        Mat_VarFree(read);
        return nmf_fail(error, NMF_ERROR_FORMAT, "%s: '%s' is damaged: its values cannot be read",
                        path, chosen->name);
    }
    const nmfi_raw_array raw = nmfi_mat_describe(chosen, read->data, classes[which].kind,
                                                 classes[which].bytes, NMFI_HOST_BIG_ENDIAN);
    return nmfi_raw_to_matrix(&raw, release_variable, read, matrix, error);
}

static nmf_status read_chosen(mat_t *mat, const char *path, const char *member, nmf_matrix **matrix,
                              nmf_error *error)
{
    nmfi_mat_list list = {NULL, 0, 0};
    int64_t index = -1;
    nmf_status status = list_variables(mat, &list, error);
    if (status == NMF_OK) {
        status = nmfi_mat_choose(&list, path, member, &index, error);
    }
    if (status == NMF_OK) {
        status = check_size(&list.variables[index], path, error);
    }
    if (status == NMF_OK) {
        matvar_t *read = Mat_VarRead(mat, list.variables[index].name);
        status = adopt(read, &list.variables[index], path, matrix, error);
    }
    free(list.variables);
    return status;
}

nmf_status nmfi_mat73_read(const char *path, const char *member, nmf_matrix **matrix,
                           nmf_error *error)
{
    H5E_auto2_t report;
    void *report_to;
    const int silenced = H5Eget_auto2(H5E_DEFAULT, &report, &report_to) >= 0;
    if (silenced) {
        (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    }
    *matrix = NULL;
    nmf_status status;
    mat_t *mat = Mat_Open(path, MAT_ACC_RDONLY);
    if (mat == NULL) {
        status =
            nmf_fail(error, NMF_ERROR_FORMAT,
                     "%s: cannot be opened as a MATLAB 7.3 (HDF5) file: damaged or cut off", path);
    } else {
        status = read_chosen(mat, path, member, matrix, error);
        (void)Mat_Close(mat);
    }
    if (silenced) {
        (void)H5Eset_auto2(H5E_DEFAULT, report, report_to);
    }
    return status;
}
