/* Names of samples and features, labels; what of them a matrix made from another one inherits. */
#include "data/matrix.h"

#include <stdlib.h>
#include <string.h>

void nmfi_names_free(nmfi_name_list *list)
{
    free(list->names);
    list->names = NULL;
    list->count = 0;
}

static int64_t names_wanted(const nmf_matrix *matrix, nmf_names which)
{
    return which == NMF_FEATURE_NAMES ? matrix->dense.columns : matrix->dense.rows;
}

nmf_status nmf_matrix_set_names(nmf_matrix *matrix, nmf_names which, const char *const *names,
                                nmf_error *error)
{
    if (!matrix) return nmf_fail(error, NMF_ERROR_ARGUMENT, "the matrix is NULL");
    if ((size_t)which > NMF_LABELS)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "names kind %d is not one of 0 to 2",
                        (int)which);
    if (!names) {
        nmfi_names_free(&matrix->names[which]);
        return NMF_OK;
    }
    const int64_t count = names_wanted(matrix, which);
    size_t text_bytes = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!names[i])
            return nmf_fail(error, NMF_ERROR_ARGUMENT, "name %lld of %lld is NULL", (long long)i,
                            (long long)count);
        text_bytes += strlen(names[i]) + 1;
    }
    char **list = malloc((size_t)(count + 1) * sizeof *list + text_bytes);
    if (!list)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld names of %zu bytes",
                        (long long)count, text_bytes);
    char *text = (char *)(list + count + 1);
    for (int64_t i = 0; i < count; i++) {
        const size_t bytes = strlen(names[i]) + 1;
        memcpy(text, names[i], bytes);
        list[i] = text;
        text += bytes;
    }
    list[count] = NULL;
    nmfi_names_free(&matrix->names[which]);
    matrix->names[which].names = list;
    matrix->names[which].count = count;
    return NMF_OK;
}

const char *nmf_matrix_name(const nmf_matrix *matrix, nmf_names which, int64_t index)
{
    if (!matrix || (size_t)which > NMF_LABELS) return NULL;
    const nmfi_name_list *list = &matrix->names[which];
    return list->names && index >= 0 && index < list->count ? list->names[index] : NULL;
}

int nmf_matrix_has_names(const nmf_matrix *matrix, nmf_names which)
{
    return matrix && (size_t)which <= NMF_LABELS && matrix->names[which].names != NULL;
}

nmf_status nmfi_compare_names(const nmf_matrix *X, const nmf_matrix *other, nmf_names which,
                              const char *whose, nmf_error *error)
{
    const int64_t count = names_wanted(X, which);
    if (!nmf_matrix_has_names(X, which) || !nmf_matrix_has_names(other, which)) return NMF_OK;
    for (int64_t i = 0; i < count && names_wanted(other, which) == count; i++) {
        const char *const a = nmf_matrix_name(X, which, i);
        const char *const b = nmf_matrix_name(other, which, i);
        if (strcmp(a, b) != 0)
            return nmf_fail(error, NMF_ERROR_SHAPE,
                            "%s %lld is '%.80s' in X and '%.80s' in %s: bring them into one order",
                            which == NMF_FEATURE_NAMES ? "column" : "row", (long long)i, a, b,
                            whose);
    }
    return NMF_OK;
}

static nmf_status inherit(nmf_matrix *to, const nmf_matrix *from, nmf_names which, nmf_error *error)
{
    if (!nmf_matrix_has_names(from, which) || from->names[which].count != names_wanted(to, which))
        return NMF_OK;
    return nmf_matrix_set_names(to, which, (const char *const *)from->names[which].names, error);
}

nmf_status nmfi_matrix_inherit_rows(nmf_matrix *to, const nmf_matrix *from, nmf_error *error)
{
    const nmf_status status = inherit(to, from, NMF_SAMPLE_NAMES, error);
    return status == NMF_OK ? inherit(to, from, NMF_LABELS, error) : status;
}

nmf_status nmfi_matrix_inherit_columns(nmf_matrix *to, const nmf_matrix *from, nmf_error *error)
{
    const int fits = to->dense.columns == from->dense.columns && from->image_height > 0;
    if (fits) {
        to->image_height = from->image_height;
        to->image_width = from->image_width;
    }
    return inherit(to, from, NMF_FEATURE_NAMES, error);
}

nmf_status nmf_matrix_copy_names(const nmf_matrix *from, nmf_matrix *to, nmf_names which,
                                 nmf_error *error)
{
    static const char *const kinds[] = {"sample names", "feature names", "labels"};
    if (!from || !to || (size_t)which > NMF_LABELS)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "names of kind %d are copied from one matrix to another, of which one is "
                        "NULL or the kind is not one of 0 to 2",
                        (int)which);
    if (!nmf_matrix_has_names(from, which)) return NMF_OK;
    const int64_t wanted = names_wanted(to, which);
    const nmfi_name_list *list = &from->names[which];
    if (list->count != wanted)
        return nmf_fail(error, NMF_ERROR_SHAPE, "%lld %s do not fit a matrix of %lld x %lld",
                        (long long)list->count, kinds[which], (long long)to->dense.rows,
                        (long long)to->dense.columns);
    return nmf_matrix_set_names(to, which, (const char *const *)list->names, error);
}
