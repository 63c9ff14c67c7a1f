/* Features of several types: see feature_types.h. What 10x Genomics, scanpy and muon write. */
#include "feature_types.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_TYPES 32

typedef struct type_count {
    const char *name;
    int64_t count;
} type_count;

/* The types and how many features each has; 0 where there are more than a file of types has: then
 * it is something else. */
static int count_types(const nmf_matrix *features, type_count types[MOST_TYPES])
{
    int count = 0;
    for (int64_t i = 0; i < nmf_matrix_rows(features); i++) {
        const char *name = nmf_matrix_name(features, NMF_LABELS, i);
        int at = 0;
        while (at < count && strcmp(types[at].name, name) != 0) {
            at++;
        }
        if (at == MOST_TYPES) {
            return 0;
        }
        if (at == count) {
            types[count++] = (type_count){name, 0};
        }
        types[at].count++;
    }
    return count;
}

/* "12 Gene Expression, 5 Antibody Capture", without number `except`. */
static void list_types(const type_count *types, int count, int except, char *text, size_t bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < count && used + 1 < bytes; i++) {
        if (i != except) {
            const int more = snprintf(text + used, bytes - used, "%s%" PRId64 " of '%.60s'",
                                      used > 0 ? ", " : "", types[i].count, types[i].name);
            used += more > 0 ? (size_t)more : 0;
        }
    }
}

/* The type that is wanted; -1: none of them. */
static int choose_type(const type_count *types, int count, const char *wanted)
{
    static const char *const genes[] = {"Gene Expression", "gene", "genes", "GEX", "RNA"};
    for (int i = 0; i < count; i++) {
        if (wanted != NULL && strcasecmp(types[i].name, wanted) == 0) {
            return i;
        }
    }
    for (size_t g = 0; wanted == NULL && g < sizeof genes / sizeof genes[0]; g++) {
        for (int i = 0; i < count; i++) {
            if (strcasecmp(types[i].name, genes[g]) == 0) {
                return i;
            }
        }
    }
    return -1;
}

static nmf_status keep_rows(nmf_matrix **features, const type_count *type, nmf_error *error)
{
    int64_t *rows = malloc(((size_t)type->count + 1) * sizeof *rows);
    int64_t count = 0;
    nmf_matrix *kept;
    if (rows == NULL) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory for %" PRId64 " features",
                        type->count);
    }
    for (int64_t i = 0; i < nmf_matrix_rows(*features); i++) {
        if (strcmp(nmf_matrix_name(*features, NMF_LABELS, i), type->name) == 0) {
            rows[count++] = i;
        }
    }
    const nmf_status status = nmf_matrix_select(*features, rows, count, &kept, error);
    free(rows);
    if (status == NMF_OK) {
        nmf_matrix_free(*features);
        *features = kept;
    }
    return status;
}

static nmf_status keep_type(const nmfi_read_request *request, nmf_matrix **features,
                            nmf_error *error)
{
    type_count types[MOST_TYPES];
    const char *wanted = request->options->feature_type;
    const int count = count_types(*features, types);
    char text[800];
    if (count == 0 || (wanted == NULL && count == 1) ||
        (wanted != NULL && strcasecmp(wanted, "all") == 0)) {
        return NMF_OK;
    }
    const int chosen = choose_type(types, count, wanted);
    if (chosen < 0) {
        list_types(types, count, -1, text, sizeof text);
        return wanted != NULL
                   ? nmf_fail(error, NMF_ERROR_ARGUMENT,
                              "%s: has no features of type '%s'; it has %s", request->path, wanted,
                              text)
                   : nmf_fail(error, NMF_ERROR_ARGUMENT,
                              "%s: has features of several types: %s; choose one, or all, with "
                              "--feature-type",
                              request->path, text);
    }
    if (count > 1) {
        list_types(types, count, chosen, text, sizeof text);
        nmfi_note(request,
                  "%s: took its %" PRId64 " features of type '%s' and left out %s "
                  "(--feature-type TYPE or all takes others)",
                  request->path, types[chosen].count, types[chosen].name, text);
    }
    return keep_rows(features, &types[chosen], error);
}

nmf_status nmfi_keep_feature_type(const nmfi_read_request *request, nmf_matrix **features,
                                  nmf_error *error)
{
    nmf_status status = NMF_OK;
    if (nmf_matrix_has_names(*features, NMF_LABELS)) {
        status = keep_type(request, features, error);
    }
    return status == NMF_OK ? nmf_matrix_set_names(*features, NMF_LABELS, NULL, error) : status;
}
