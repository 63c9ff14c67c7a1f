/* Features matched by name: a table of the data's names, open addressing, asked for each of the
 * model's. A name that stands twice would be matched by guessing, and is refused where it is asked for. */
#include "model/features.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct name_table {
    const nmf_matrix *matrix;
    int64_t *
        slots; /* number of a column + 1; 0: free; negative: of one whose name stood there before */
    size_t mask;
} name_table;

static uint64_t hash(const char *name) /* FNV-1a */
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++) h = (h ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return h ^ h >> 29;
}

/* The slot of `name`, or the free one where it would be. */
static int64_t *find(const name_table *table, const char *name)
{
    size_t at = (size_t)hash(name) & table->mask;
    while (table->slots[at] != 0 &&
           strcmp(nmf_matrix_name(table->matrix, NMF_FEATURE_NAMES, llabs(table->slots[at]) - 1),
                  name) != 0)
        at = (at + 1) & table->mask;
    return &table->slots[at];
}

static nmf_status refuse_doubled(const nmf_matrix *matrix, int64_t column, const char *whose,
                                 nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_SHAPE,
                    "the feature name '%s' stands twice in %s (column %lld has it again), so "
                    "features cannot be matched by name; match = position goes by their order",
                    nmf_matrix_name(matrix, NMF_FEATURE_NAMES, column), whose, (long long)column);
}

/* A name that stands twice is refused at once where `all` names are matched. */
static nmf_status fill(name_table *table, const nmf_matrix *matrix, int all, const char *whose,
                       nmf_error *error)
{
    const int64_t count = nmf_matrix_columns(matrix);
    size_t size = 16;
    while (size < 2 * (size_t)count) size *= 2;
    *table = (name_table){matrix, calloc(size, sizeof(int64_t)), size - 1};
    if (!table->slots)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a table of %zu names", size);
    for (int64_t c = 0; c < count; c++) {
        const char *name = nmf_matrix_name(matrix, NMF_FEATURE_NAMES, c);
        int64_t *slot = find(table, name);
        if (*slot != 0 && all) return refuse_doubled(matrix, c, whose, error);
        *slot = *slot == 0 ? c + 1 : -(c + 1);
    }
    return NMF_OK;
}

static int same_names(const nmf_matrix *a, const nmf_matrix *b)
{
    if (nmf_matrix_columns(a) != nmf_matrix_columns(b)) return 0;
    for (int64_t c = 0; c < nmf_matrix_columns(a); c++)
        if (strcmp(nmf_matrix_name(a, NMF_FEATURE_NAMES, c),
                   nmf_matrix_name(b, NMF_FEATURE_NAMES, c)) != 0)
            return 0;
    return 1;
}

/* Whether the rows of X are called as the model's features are. */
static int lies_across(const nmf_matrix *X, const name_table *model)
{
    int64_t known = 0;
    for (int64_t i = 0; i < nmf_matrix_rows(X); i++) {
        const char *name = nmf_matrix_name(X, NMF_SAMPLE_NAMES, i);
        if (name && *find(model, name) != 0) known++;
    }
    return known > 0 && 2 * known >= nmf_matrix_columns(model->matrix);
}

static nmf_status refuse_foreign(const nmf_matrix *H, const nmf_matrix *X, const name_table *model,
                                 nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_SHAPE,
                    "none of the data's %lld feature names ('%.40s', ...) is one of the model's "
                    "%lld ('%.40s', ...)%s",
                    (long long)nmf_matrix_columns(X), nmf_matrix_name(X, NMF_FEATURE_NAMES, 0),
                    (long long)nmf_matrix_columns(H), nmf_matrix_name(H, NMF_FEATURE_NAMES, 0),
                    lies_across(X, model) ? ", but its sample names are: transpose it"
                                          : "; match = position pairs them in their order");
}

static nmf_status refuse_missing(const nmf_matrix *H, const nmfi_feature_map *map, nmf_error *error)
{
    char names[256] = "";
    size_t used = 0;
    int64_t named = 0;
    for (int64_t j = 0; j < nmf_matrix_columns(H) && named < 3; j++)
        if (map->columns[j] < 0) {
            const int written =
                snprintf(names + used, sizeof names - used, "%s'%.60s'", named++ ? ", " : "",
                         nmf_matrix_name(H, NMF_FEATURE_NAMES, j));
            used += written > 0 ? (size_t)written : 0;
        }
    return nmf_fail(error, NMF_ERROR_SHAPE,
                    "the data lack %lld of the model's %lld features: %s%s; missing-features = "
                    "zero or ignore goes on without",
                    (long long)map->found.missing, (long long)nmf_matrix_columns(H), names,
                    map->found.missing > named ? ", ..." : "");
}

/* The feature of each of X's columns looked up; what is in order afterwards needs no map. */
static nmf_status pair(const nmf_matrix *H, const nmf_matrix *X, const name_table *data,
                       const name_table *model, const nmf_options *options, nmfi_feature_map *map,
                       nmf_error *error)
{
    const int64_t features = nmf_matrix_columns(H);
    nmf_feature_match *found = &map->found;
    int64_t before = -1;
    for (int64_t j = 0; j < features; j++) {
        const int64_t column = *find(data, nmf_matrix_name(H, NMF_FEATURE_NAMES, j)) - 1;
        if (column < -1) return refuse_doubled(X, -column - 2, "the data", error);
        map->columns[j] = column;
        found->shared += column >= 0;
        found->reordered |= column >= 0 && column < before;
        before = column >= 0 ? column : before;
    }
    found->missing = features - found->shared;
    found->surplus = nmf_matrix_columns(X) - found->shared;
    if (found->shared == 0) return refuse_foreign(H, X, model, error);
    if (found->missing > 0 && options->missing_features == NMF_FEATURES_REFUSE)
        return refuse_missing(H, map, error);
    return NMF_OK;
}

static nmf_status map_by_name(const nmf_matrix *H, const nmf_matrix *X, const nmf_options *options,
                              nmfi_feature_map *map, nmf_error *error)
{
    name_table data = {0}, model = {0};
    map->columns = malloc(((size_t)nmf_matrix_columns(H) + 1) * sizeof *map->columns);
    nmf_status status =
        map->columns ? fill(&data, X, 0, "the data", error)
                     : nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: a map of %lld features",
                                (long long)nmf_matrix_columns(H));
    if (status == NMF_OK) status = fill(&model, H, 1, "the model", error);
    if (status == NMF_OK) status = pair(H, X, &data, &model, options, map, error);
    free(data.slots);
    free(model.slots);
    return status;
}

nmf_status nmfi_map_features(const nmf_matrix *H, const nmf_matrix *X, const nmf_options *options,
                             nmfi_feature_map *map, nmf_error *error)
{
    const int64_t features = nmf_matrix_columns(H), columns = nmf_matrix_columns(X);
    *map = (nmfi_feature_map){.found = {.how = NMF_MATCH_POSITION, .shared = features}};
    map->found.data_named = nmf_matrix_has_names(X, NMF_FEATURE_NAMES);
    map->found.model_named = nmf_matrix_has_names(H, NMF_FEATURE_NAMES);
    const int both = map->found.data_named && map->found.model_named;
    if (both && options->match == NMF_MATCH_NAME) {
        map->found.how = NMF_MATCH_NAME;
        if (same_names(H, X)) return NMF_OK;
        map->found.shared = 0;
        const nmf_status status = map_by_name(H, X, options, map, error);
        if (status != NMF_OK) nmfi_feature_map_free(map);
        return status;
    }
    if (columns == features) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_SHAPE, "X has %lld features; the model was fitted to %lld%s",
                    (long long)columns, (long long)features,
                    nmf_matrix_rows(X) == features ? "; its rows would fit: transpose it" : "");
}

nmf_status nmfi_map_known(const nmf_matrix *X, const nmf_matrix *known, int64_t **columns,
                          nmf_error *error)
{
    const int64_t n = nmf_matrix_columns(X);
    name_table table = {0}, data = {0};
    *columns = NULL;
    if (!nmf_matrix_has_names(X, NMF_FEATURE_NAMES) ||
        !nmf_matrix_has_names(known, NMF_FEATURE_NAMES)) {
        if (nmf_matrix_columns(known) == n) return NMF_OK;
        return nmf_fail(
            error, NMF_ERROR_SHAPE, "the known components have %lld features; X has %lld%s",
            (long long)nmf_matrix_columns(known), (long long)n,
            nmf_matrix_rows(known) == n ? "; their rows would fit: transpose them" : "");
    }
    if (same_names(known, X)) return NMF_OK;
    int64_t *const map = malloc(((size_t)n + 1) * sizeof *map);
    nmf_status status = map ? fill(&table, known, 0, "the known components", error)
                            : nmf_fail(error, NMF_ERROR_MEMORY,
                                       "out of memory: a map of %lld features", (long long)n);
    if (status == NMF_OK) status = fill(&data, X, 1, "the data", error);
    for (int64_t j = 0; j < n && status == NMF_OK; j++) {
        const char *const name = nmf_matrix_name(X, NMF_FEATURE_NAMES, j);
        map[j] = *find(&table, name) - 1;
        if (map[j] < -1)
            status = refuse_doubled(known, -map[j] - 2, "the known components", error);
        else if (map[j] < 0)
            status =
                nmf_fail(error, NMF_ERROR_SHAPE,
                         "the known components have no feature '%.80s', which the data have", name);
    }
    free(table.slots);
    free(data.slots);
    if (status == NMF_OK)
        *columns = map;
    else
        free(map);
    return status;
}

void nmfi_feature_map_free(nmfi_feature_map *map)
{
    free(map->columns);
    map->columns = NULL;
}
