/* The variables of a MATLAB file, whatever its format: listing them, choosing one, and saying how
 * its values lie. See mat.h. */
#include "mat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

nmf_status nmfi_mat_list_add(nmfi_mat_list *list, const nmfi_mat_variable *variable,
                             nmf_error *error)
{
    if (list->count == list->capacity) {
        const int64_t capacity = list->capacity > 0 ? 2 * list->capacity : 16;
        nmfi_mat_variable *grown = realloc(list->variables, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory for a list of variables");
        }
        list->variables = grown;
        list->capacity = capacity;
    }
    list->variables[list->count++] = *variable;
    return NMF_OK;
}

/* 0: no matrix of real numbers; 1: a number or a vector; 2: two or three sizes above one. */
static int usefulness(const nmfi_mat_variable *v)
{
    const int numeric = v->matlab_class >= 6 && v->matlab_class <= 15 && !v->is_complex;
    if (!numeric || v->rank < 2 || v->rank > 3) {
        return 0;
    }
    return v->sizes[0] > 1 && v->sizes[1] > 1 ? 2 : 1;
}

static void list_names(const nmfi_mat_list *list, char *text, size_t bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (int64_t i = 0; i < list->count && used + 1 < bytes; i++) {
        const int more = snprintf(text + used, bytes - used, "%s%s", used > 0 ? ", " : "",
                                  list->variables[i].name);
        used += more > 0 ? (size_t)more : 0;
    }
}

static nmf_status explain_useless(const nmfi_mat_variable *v, const char *path, nmf_error *error)
{
    static const char *const classes[] = {"empty", "cell", "struct", "object", "char", "sparse"};
    if (v->is_complex) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s: '%s' is complex; only real numbers can be read", path, v->name);
    }
    if (v->matlab_class == 5) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s: '%s' is sparse; save full(%s) to read it", path, v->name, v->name);
    }
    if (v->matlab_class < 6 || v->matlab_class > 15) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s: '%s' is no matrix of numbers but of class %s", path, v->name,
                        v->matlab_class >= 0 && v->matlab_class < 5 ? classes[v->matlab_class]
                                                                    : "other");
    }
    return nmf_fail(
        error, NMF_ERROR_SHAPE,
        "%s: '%s' has %d dimensions; 2 (a matrix) or 3 (pictures: height x width x count) can "
        "be read",
        path, v->name, v->rank);
}

static nmf_status check_chosen(const nmfi_mat_variable *v, const char *path, nmf_error *error)
{
    if (usefulness(v) == 0) {
        return explain_useless(v, path, error);
    }
    size_t bytes;
    const int64_t third = v->rank == 3 ? v->sizes[2] : 1;
    if (!nmfi_array_bytes(v->sizes[0], v->sizes[1], third, 8, &bytes)) {
        return nmf_fail(error, NMF_ERROR_FORMAT,
                        "%s: '%s' claims %" PRId64 " x %" PRId64 " x %" PRId64
                        " values, more than any memory holds",
                        path, v->name, v->sizes[0], v->sizes[1], third);
    }
    return bytes > 0 ? NMF_OK
                     : nmf_fail(error, NMF_ERROR_SHAPE,
                                "%s: '%s' is empty: %" PRId64 " x %" PRId64 " values", path,
                                v->name, v->sizes[0], v->sizes[1]);
}

static nmf_status choose_by_name(const nmfi_mat_list *list, const char *path, const char *member,
                                 int64_t *index, nmf_error *error)
{
    char names[256];
    for (int64_t i = 0; i < list->count; i++) {
        if (strcmp(list->variables[i].name, member) == 0) {
            *index = i;
            return check_chosen(&list->variables[i], path, error);
        }
    }
    list_names(list, names, sizeof names);
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s: has no variable '%s'; it has: %s", path, member,
                    names);
}

nmf_status nmfi_mat_choose(const nmfi_mat_list *list, const char *path, const char *member,
                           int64_t *index, nmf_error *error)
{
    *index = -1;
    if (list->count == 0) {
        return nmf_fail(error, NMF_ERROR_FORMAT, "%s: has no variables", path);
    }
    if (member != NULL) {
        return choose_by_name(list, path, member, index, error);
    }
    int best = 0;
    int64_t equals = 0;
    for (int64_t i = 0; i < list->count; i++) {
        const int useful = usefulness(&list->variables[i]);
        if (useful > best) {
            best = useful;
            equals = 0;
            *index = i;
        }
        equals += useful == best;
    }
    if (best == 0) {
        return explain_useless(&list->variables[0], path, error);
    }
    if (equals > 1) {
        char names[256];
        list_names(list, names, sizeof names);
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%s: has several variables; choose one as %s:NAME from: %s", path, path,
                        names);
    }
    return check_chosen(&list->variables[*index], path, error);
}

nmfi_raw_array nmfi_mat_describe(const nmfi_mat_variable *variable, const unsigned char *data,
                                 char kind, int item_bytes, int big_endian)
{
    const int64_t *sizes = variable->sizes;
    nmfi_raw_array raw = {
        .data = data, .kind = kind, .item_bytes = item_bytes, .big_endian = big_endian};
    /* MATLAB stores small whole numbers of class double as bytes; they are doubles all the same. */
    raw.real_bytes = variable->matlab_class == 6 ? 8 : variable->matlab_class == 7 ? 4 : 0;
    raw.pictures = variable->rank == 3;
    if (raw.pictures) {
        raw.rows = sizes[2];
        raw.height = sizes[0];
        raw.width = sizes[1];
        raw.row_stride = sizes[0] * sizes[1];
        raw.height_stride = 1;
        raw.width_stride = sizes[0];
    } else {
        raw.rows = sizes[0];
        raw.height = 1;
        raw.width = sizes[1];
        raw.row_stride = 1;
        raw.width_stride = sizes[0];
    }
    return raw;
}
