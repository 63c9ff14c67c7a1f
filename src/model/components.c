/* See components.h. Tables of weights are written with numbered columns (nmf_io_write, pandas), which other programs
 * may put into another order, or beside other columns. */
#include "model/components.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum naming { BY_NAME, FROM_0, FROM_1, NAMINGS };

static void name_of(const nmf_model_content *model, enum naming naming, int64_t component,
                    char number[24], const char **name)
{
    *name = number;
    if (naming == BY_NAME)
        *name = nmf_matrix_name(model->H, NMF_SAMPLE_NAMES, component);
    else
        snprintf(number, 24, "%lld", (long long)(component + (naming == FROM_1)));
}

/* Into `columns`, -1 where there is none; how many were found. */
static int64_t find(const nmf_model_content *model, const nmf_matrix *W, enum naming naming,
                    int64_t *columns)
{
    int64_t found = 0;
    for (int64_t j = 0; j < model->k; j++) {
        char number[24];
        const char *name;
        name_of(model, naming, j, number, &name);
        columns[j] = -1;
        for (int64_t c = 0; c < nmf_matrix_columns(W) && columns[j] < 0; c++)
            if (strcmp(nmf_matrix_name(W, NMF_FEATURE_NAMES, c), name) == 0) columns[j] = c;
        found += columns[j] >= 0;
    }
    return found;
}

static nmf_status fail_columns(const nmf_model_content *model, const nmf_matrix *W,
                               nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_SHAPE, "W has %lld columns; the model has %lld components",
                    (long long)nmf_matrix_columns(W), (long long)model->k);
}

static nmf_status fail_missing(const nmf_model_content *model, const nmf_matrix *W,
                               enum naming naming, const int64_t *columns, nmf_error *error)
{
    char number[24];
    const char *name;
    int64_t missing = 0;
    while (columns[missing] >= 0) missing++;
    name_of(model, naming, missing, number, &name);
    if (nmf_matrix_columns(W) < model->k) return fail_columns(model, W, error);
    return nmf_fail(error, NMF_ERROR_SHAPE,
                    "W has columns named as some of the model's %lld components, but none '%s'",
                    (long long)model->k, name);
}

static int is_in_order(const int64_t *columns, int64_t k)
{
    int64_t j = 0;
    while (j < k && columns[j] == j) j++;
    return j == k;
}

static nmf_status order(const nmf_model_content *model, const nmf_matrix *W, int64_t *columns,
                        nmf_matrix **ordered, nmf_error *error)
{
    const int names_H = nmf_matrix_has_names(model->H, NMF_SAMPLE_NAMES);
    enum naming best = FROM_0;
    int64_t most = 0;
    for (int naming = names_H ? BY_NAME : FROM_0; naming < NAMINGS; naming++) {
        const int64_t found = find(model, W, (enum naming)naming, columns);
        if (found <= most) continue;
        most = found;
        best = (enum naming)naming;
    }
    if (most == 0)
        return nmf_matrix_columns(W) == model->k ? NMF_OK : fail_columns(model, W, error);
    (void)find(model, W, best, columns);
    if (most < model->k) return fail_missing(model, W, best, columns, error);
    if (nmf_matrix_columns(W) == model->k && is_in_order(columns, model->k)) return NMF_OK;
    return nmf_matrix_select_columns(W, columns, model->k, ordered, error);
}

nmf_status nmfi_order_components(const nmf_model_content *model, const nmf_matrix *W,
                                 nmf_matrix **ordered, nmf_error *error)
{
    *ordered = NULL;
    if (!nmf_matrix_has_names(W, NMF_FEATURE_NAMES))
        return nmf_matrix_columns(W) == model->k ? NMF_OK : fail_columns(model, W, error);
    int64_t *columns = calloc((size_t)model->k, sizeof *columns);
    const nmf_status status =
        columns ? order(model, W, columns, ordered, error)
                : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld components",
                           (long long)model->k);
    free(columns);
    return status;
}
