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
    const int numeric = v->matlab_class >= NMFI_MAT_DOUBLE && v->matlab_class <= NMFI_MAT_UINT64;
    if (!numeric || v->is_complex || v->rank < 2 || v->rank > 3) {
        return 0;
    }
    return v->sizes[0] > 1 && v->sizes[1] > 1 ? 2 : 1;
}

/* A single number or a text, which nobody would factorize. */
static int is_note(const nmfi_mat_variable *v)
{
    return v->matlab_class == NMFI_MAT_CHAR ||
           (v->matlab_class >= NMFI_MAT_DOUBLE && v->rank == 2 && v->sizes[0] == 1 &&
            v->sizes[1] == 1);
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
    static const char *const classes[] = {"empty", "cell", "struct", "object", "char"};
    if (v->is_complex) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s: '%s' is complex; only real numbers can be read", path, v->name);
    }
    if (v->matlab_class < NMFI_MAT_DOUBLE || v->matlab_class > NMFI_MAT_UINT64) {
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
    /* Of a sparse matrix the entries are few, whatever its sizes. */
    if (v->is_sparse && v->sizes[0] > 0 && v->sizes[1] > 0) {
        return NMF_OK;
    }
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

static nmf_status fail_several(const nmfi_mat_list *list, const char *path, nmf_error *error)
{
    char names[256];
    list_names(list, names, sizeof names);
    return nmf_fail(error, NMF_ERROR_ARGUMENT,
                    "%s: has several variables; choose one as %s:NAME from: %s", path, path, names);
}

/* The only matrix; else, where there is nothing beside it but single numbers and texts, the only
 * vector. -1: none or several. */
static int64_t only_one(const nmfi_mat_list *list, int64_t *best_useful)
{
    int64_t index = -1, equals = 0, others = 0;
    int best = 0;
    for (int64_t i = 0; i < list->count; i++) {
        const nmfi_mat_variable *v = &list->variables[i];
        const int useful = usefulness(v);
        if (useful > best) {
            best = useful;
            equals = 0;
            index = i;
        }
        equals += useful == best;
        others += !is_note(v);
    }
    *best_useful = best;
    if (best == 1 && others > 1) { /* labels beside a structure are not the data */
        return -1;
    }
    if (best == 1 && others == 1) {
        for (int64_t i = 0; i < list->count; i++) {
            index = !is_note(&list->variables[i]) ? i : index;
        }
        return usefulness(&list->variables[index]) > 0 ? index : -1;
    }
    return equals == 1 ? index : -1;
}

/* What was taken, and what beside it has one value for each sample or feature. */
static void tell_choice(const nmfi_mat_list *list, const nmfi_read_request *request, int64_t index)
{
    const nmfi_mat_variable *taken = &list->variables[index];
    char names[256];
    list_names(list, names, sizeof names);
    nmfi_note(request, "%s: took '%s' (%" PRId64 " x %" PRId64 "%s) of: %s", request->path,
              taken->name, taken->sizes[0], taken->sizes[1], taken->is_sparse ? ", sparse" : "",
              names);
    for (int64_t i = 0; i < list->count; i++) {
        const nmfi_mat_variable *v = &list->variables[i];
        const int64_t length = v->sizes[0] * v->sizes[1];
        if (i == index || usefulness(v) != 1 || v->is_sparse || v->rank != 2 || length < 2) {
            continue;
        }
        if (length == taken->sizes[request->options->transpose ? 1 : 0]) {
            nmfi_note(request, "%s: '%s' has a value for each sample; --labels %s:%s takes it",
                      request->path, v->name, request->path, v->name);
        }
    }
}

nmf_status nmfi_mat_choose(const nmfi_mat_list *list, const nmfi_read_request *request,
                           int64_t *index, nmf_error *error)
{
    const char *path = request->path;
    int64_t best = 0;
    *index = -1;
    if (list->count == 0) {
        return nmf_fail(error, NMF_ERROR_FORMAT, "%s: has no variables", path);
    }
    if (request->member != NULL) {
        return choose_by_name(list, path, request->member, index, error);
    }
    *index = only_one(list, &best);
    if (*index < 0) {
        return list->count == 1 || (best == 0 && list->count < 2)
                   ? explain_useless(&list->variables[0], path, error)
                   : fail_several(list, path, error);
    }
    const nmf_status status = check_chosen(&list->variables[*index], path, error);
    if (status == NMF_OK && list->count > 1) {
        tell_choice(list, request, *index);
    }
    return status;
}

nmf_status nmfi_mat_sparse(const nmfi_mat_variable *variable, nmfi_sparse_parts *parts,
                           const char *path, nmf_matrix **matrix, nmf_error *error)
{
    parts->rows = variable->sizes[0];
    parts->columns = variable->sizes[1];
    parts->by_columns = 1;
    parts->integral = variable->is_logical;
    /* The last pointer says how many values count; MATLAB may have room for more. */
    const int64_t used = parts->pointers[parts->columns];
    parts->stored = used >= 0 && used < parts->stored ? used : parts->stored;
    return nmfi_sparse_parts_matrix(parts, path, matrix, error);
}

nmfi_raw_array nmfi_mat_describe(const nmfi_mat_variable *variable, const unsigned char *data,
                                 char kind, int item_bytes, int big_endian)
{
    const int64_t *sizes = variable->sizes;
    nmfi_raw_array raw = {
        .data = data, .kind = kind, .item_bytes = item_bytes, .big_endian = big_endian};
    /* MATLAB stores small whole numbers of class double as bytes; they are doubles all the same. */
    raw.real_bytes = variable->is_logical                        ? 0
                     : variable->matlab_class == NMFI_MAT_DOUBLE ? 8
                     : variable->matlab_class == NMFI_MAT_SINGLE ? 4
                                                                 : 0;
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
