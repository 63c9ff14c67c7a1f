/* The answer of nmf_rank as JSON, and read back, so that a run that was cut short goes on and a report
 * can be drawn. Everything that cannot be computed again from the rest is written so that the same bits
 * are read: losses, silhouettes, cosines. */
#include "io/files/number.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <nmfkit/io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_VERSION 1

static const char *const losses[] = {NMF_LOSS_NAMES};
static const char *const stops[] = {NMF_STOPPED_NAMES};
static const char *const precisions[] = {NMF_PRECISION_NAMES};

/* --- writing ---------------------------------------------------------------------------------- */

/* Text that is read back as the same number; null where it is not finite. In the C locale. */
static cJSON *real(double value)
{
    char text[NMFI_NUMBER_BYTES];
    if (!isfinite(value)) return cJSON_CreateNull();
    text[nmfi_number_format(value, 0, text)] = '\0';
    return cJSON_CreateRaw(text);
}

static cJSON *whole(int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    return fabs((double)value) < 0x1p53 ? cJSON_CreateRaw(text) : cJSON_CreateString(text);
}

static int put(cJSON *object, const char *key, cJSON *value)
{
    if (value != NULL && cJSON_AddItemToObject(object, key, value)) return 1;
    cJSON_Delete(value);
    return 0;
}

static cJSON *reals(const double *values, int64_t count)
{
    cJSON *array = cJSON_CreateArray();
    for (int64_t i = 0; array != NULL && i < count; i++) {
        cJSON *item = real(values[i]);
        if (item != NULL && cJSON_AddItemToArray(array, item)) continue;
        cJSON_Delete(item);
        cJSON_Delete(array);
        return NULL;
    }
    return array;
}

static cJSON *ranks_where(const nmf_rank_content *content, int stable)
{
    cJSON *array = cJSON_CreateArray();
    for (int64_t i = 0; array != NULL && i < content->row_count; i++)
        if (stable ? content->rows[i].stable : content->rows[i].in_set)
            cJSON_AddItemToArray(array, whole(content->rows[i].k));
    return array;
}

static cJSON *row_object(const nmf_rank_content *content, const nmf_rank_row *row)
{
    cJSON *object = cJSON_CreateObject();
    const int good =
        object != NULL && put(object, "k", whole(row->k)) &&
        put(object, "error", real(row->error)) && put(object, "loss", real(row->loss)) &&
        put(object, "difference", real(row->difference)) &&
        put(object, "se", real(row->standard_error)) && put(object, "p_best", real(row->p_best)) &&
        put(object, "stability", real(row->worst_silhouette)) &&
        put(object, "mean_silhouette", real(row->mean_silhouette)) &&
        put(object, "returning", whole(row->returning)) &&
        put(object, "in_set", cJSON_CreateBool(row->in_set)) &&
        put(object, "stable", cJSON_CreateBool(row->stable)) &&
        put(object, "dispersion", real(row->dispersion)) &&
        put(object, "training_loss", real(row->training_loss)) &&
        put(object, "fits", whole(row->fits)) &&
        put(object, "iterations", whole(row->iterations)) &&
        put(object, "silhouettes", reals(row->silhouettes, row->k)) &&
        put(object, "cosines", reals(row->cosines, row->k)) &&
        put(object, "losses", reals(row->losses, content->repeats * content->table_rows));
    if (good) return object;
    cJSON_Delete(object);
    return NULL;
}

static cJSON *rows_array(const nmf_rank_content *content)
{
    cJSON *array = cJSON_CreateArray();
    for (int64_t i = 0; array != NULL && i < content->row_count; i++) {
        cJSON *object = row_object(content, &content->rows[i]);
        if (object != NULL && cJSON_AddItemToArray(array, object)) continue;
        cJSON_Delete(object);
        cJSON_Delete(array);
        return NULL;
    }
    return array;
}

static cJSON *fingerprint(uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%016" PRIx64, value);
    return cJSON_CreateString(text);
}

static int put_question(cJSON *o, const nmf_rank_content *c)
{
    return put(o, "format", whole(FORMAT_VERSION)) && put(o, "kind", cJSON_CreateString("rank")) &&
           put(o, "loss", cJSON_CreateString(losses[c->options.loss])) &&
           put(o, "beta", real(c->options.beta)) && put(o, "seed", whole(c->options.seed)) &&
           put(o, "precision", cJSON_CreateString(precisions[c->options.precision])) &&
           put(o, "samples", whole(c->samples)) && put(o, "features", whole(c->features)) &&
           put(o, "folds", whole(c->folds)) && put(o, "repeats", whole(c->repeats)) &&
           put(o, "starts", whole(c->starts)) && put(o, "max_k", whole(c->max_k)) &&
           put(o, "table_rows", whole(c->table_rows)) &&
           put(o, "fingerprint", fingerprint(c->fingerprint)) &&
           put(o, "held_out_squares", real(c->held_out_squares)) && put(o, "tie", real(c->tie)) &&
           put(o, "are_counts", cJSON_CreateBool(c->are_counts)) &&
           put(o, "loss_by_data", cJSON_CreateBool(c->loss_by_data));
}

static int put_answer(cJSON *o, const nmf_rank_content *c)
{
    return put(o, "best", whole(c->best)) && put(o, "predictive", whole(c->predicts)) &&
           put(o, "set", ranks_where(c, 0)) && put(o, "stable", ranks_where(c, 1)) &&
           put(o, "largest_stable", whole(c->largest_stable)) &&
           put(o, "has_structure", cJSON_CreateBool(c->has_structure)) &&
           put(o, "at_edge", cJSON_CreateBool(c->open_ended)) &&
           put(o, "agree", cJSON_CreateBool(c->agree)) &&
           put(o, "dispersion", real(c->dispersion)) &&
           put(o, "verdict", cJSON_CreateString(c->prediction)) &&
           put(o, "stability", cJSON_CreateString(c->stability)) &&
           put(o, "advice", cJSON_CreateString(c->advice)) && put(o, "fits", whole(c->fits)) &&
           put(o, "seconds", real(c->seconds)) &&
           put(o, "stopped", cJSON_CreateString(stops[c->stopped])) &&
           put(o, "ranks", rows_array(c));
}

char *nmf_io_rank_json(const nmf_rank_result *result)
{
    const nmf_rank_content *content = nmf_rank_view(result);
    nmfi_c_locale locale;
    if (!nmfi_c_locale_enter(&locale)) return NULL;
    cJSON *object = cJSON_CreateObject();
    const int good = object != NULL && put_question(object, content) && put_answer(object, content);
    char *text = good ? cJSON_PrintUnformatted(object) : NULL;
    cJSON_Delete(object);
    nmfi_c_locale_leave(&locale);
    return text;
}

/* --- reading ---------------------------------------------------------------------------------- */

typedef struct reading {
    const char *path;
    nmf_error *error;
    nmf_status status;
} reading;

static void complain(reading *r, const char *key)
{
    if (r->status == NMF_OK)
        r->status = nmf_fail(r->error, NMF_ERROR_FORMAT, "%s: no usable \"%s\" for a rank result",
                             r->path, key);
}

static double get_real(reading *r, const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (cJSON_IsNumber(item)) return item->valuedouble;
    complain(r, key);
    return 0;
}

static int64_t get_whole(reading *r, const cJSON *object, const char *key, double most)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (cJSON_IsString(item)) { /* beyond what a double holds */
        char *end = NULL;
        const long long value = strtoll(item->valuestring, &end, 10);
        if (end != item->valuestring && *end == '\0') return value;
    } else if (cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble <= most &&
               item->valuedouble == floor(item->valuedouble)) {
        return (int64_t)item->valuedouble;
    }
    complain(r, key);
    return 0;
}

static int get_word(reading *r, const cJSON *object, const char *key, const char *const *words,
                    size_t count)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    for (size_t i = 0; cJSON_IsString(item) && i < count; i++)
        if (strcmp(item->valuestring, words[i]) == 0) return (int)i;
    complain(r, key);
    return 0;
}
#define GET_WORD(r, object, key, words) \
    get_word(r, object, key, words, sizeof words / sizeof *words)

/* Exactly `count` numbers into `to`. */
static void get_reals(reading *r, const cJSON *object, const char *key, int64_t count, double *to)
{
    const cJSON *array = cJSON_GetObjectItemCaseSensitive(object, key), *item = NULL;
    int64_t found = 0;
    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsNumber(item) || found == count) {
            complain(r, key);
            return;
        }
        to[found++] = item->valuedouble;
    }
    if (found != count) complain(r, key);
}

static void get_question(reading *r, const cJSON *o, nmf_rank_content *c)
{
    enum { MOST_LOSSES = 1 << 26 };
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(o, "kind");
    if (!cJSON_IsString(kind) || strcmp(kind->valuestring, "rank") != 0) complain(r, "kind");
    if (get_whole(r, o, "format", 0x1p31) != FORMAT_VERSION) complain(r, "format");
    c->struct_bytes = sizeof *c;
    c->options = nmf_options_init();
    c->options.loss = (nmf_loss)GET_WORD(r, o, "loss", losses);
    c->options.beta = get_real(r, o, "beta");
    c->options.precision = (nmf_precision)GET_WORD(r, o, "precision", precisions);
    c->options.seed = get_whole(r, o, "seed", 0x1p53);
    c->samples = get_whole(r, o, "samples", 0x1p53);
    c->features = get_whole(r, o, "features", 0x1p53);
    c->folds = get_whole(r, o, "folds", 1000);
    c->repeats = get_whole(r, o, "repeats", 1000);
    c->starts = get_whole(r, o, "starts", 1000);
    c->max_k = get_whole(r, o, "max_k", 0x1p31);
    c->table_rows = get_whole(r, o, "table_rows", MOST_LOSSES / 1000.0);
    c->held_out_squares = get_real(r, o, "held_out_squares");
    c->tie = get_real(r, o, "tie");
    c->are_counts = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "are_counts"));
    c->loss_by_data = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(o, "loss_by_data"));
    c->fits = get_whole(r, o, "fits", 0x1p53);
    c->seconds = get_real(r, o, "seconds");
    c->stopped = (nmf_stopped)GET_WORD(r, o, "stopped", stops);
    const cJSON *print = cJSON_GetObjectItemCaseSensitive(o, "fingerprint");
    char *end = NULL;
    if (cJSON_IsString(print)) c->fingerprint = strtoull(print->valuestring, &end, 16);
    if (end == NULL || *end != '\0' || end == print->valuestring) complain(r, "fingerprint");
}

/* Row `i`, whose numbers lie in a block of its own. */
static double *get_row(reading *r, const cJSON *o, const nmf_rank_content *c, nmf_rank_row *row)
{
    const int64_t table = c->repeats * c->table_rows;
    memset(row, 0, sizeof *row);
    row->k = get_whole(r, o, "k", 0x1p20);
    row->training_loss = get_real(r, o, "training_loss");
    row->fits = get_whole(r, o, "fits", 0x1p53);
    row->iterations = get_whole(r, o, "iterations", 0x1p53);
    if (r->status != NMF_OK) return NULL;
    double *const numbers = calloc((size_t)(table + 2 * row->k) + 1, sizeof *numbers);
    if (numbers == NULL) {
        r->status = nmf_fail(r->error, NMF_ERROR_MEMORY, "%s: no memory for its losses", r->path);
        return NULL;
    }
    get_reals(r, o, "losses", table, numbers);
    get_reals(r, o, "silhouettes", row->k, numbers + table);
    get_reals(r, o, "cosines", row->k, numbers + table + row->k);
    row->losses = numbers;
    row->silhouettes = numbers + table;
    row->cosines = numbers + table + row->k;
    return numbers;
}

static nmf_status read_object(const cJSON *o, const char *path, nmf_rank_result **result,
                              nmf_error *error)
{
    reading r = {path, error, NMF_OK};
    nmf_rank_content content;
    memset(&content, 0, sizeof content);
    get_question(&r, o, &content);
    const cJSON *ranks = cJSON_GetObjectItemCaseSensitive(o, "ranks"), *item = NULL;
    const int count = cJSON_GetArraySize(ranks);
    nmf_rank_row *rows = calloc((size_t)count + 1, sizeof *rows);
    double **blocks = calloc((size_t)count + 1, sizeof *blocks);
    if (rows == NULL || blocks == NULL)
        r.status = nmf_fail(error, NMF_ERROR_MEMORY, "%s: no memory for %d ranks", path, count);
    cJSON_ArrayForEach(item, ranks)
    {
        if (r.status != NMF_OK) break;
        blocks[content.row_count] = get_row(&r, item, &content, &rows[content.row_count]);
        content.row_count++;
    }
    content.rows = rows;
    if (r.status == NMF_OK) r.status = nmf_rank_result_new(&content, result, error);
    for (int i = 0; blocks != NULL && i < count; i++) free(blocks[i]);
    free(blocks);
    free(rows);
    return r.status;
}

static nmf_status read_text(const char *path, char **text, nmf_error *error)
{
    *text = NULL;
    FILE *file = fopen(path, "rb");
    long bytes = -1;
    if (file != NULL && fseek(file, 0, SEEK_END) == 0) bytes = ftell(file);
    if (bytes >= 0 && fseek(file, 0, SEEK_SET) == 0) *text = calloc((size_t)bytes + 1, 1);
    const int good = *text != NULL && fread(*text, 1, (size_t)bytes, file) == (size_t)bytes;
    if (file != NULL) fclose(file);
    if (good) return NMF_OK;
    free(*text);
    *text = NULL;
    return nmf_fail(error, NMF_ERROR_FILE, "%s: cannot be read", path);
}

nmf_status nmf_io_read_rank(const char *path, nmf_rank_result **result, nmf_error *error)
{
    if (path == NULL || result == NULL)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "a rank result needs a path");
    *result = NULL;
    char *text = NULL;
    nmf_status status = read_text(path, &text, error);
    if (status != NMF_OK) return status;
    cJSON *object = cJSON_Parse(text);
    free(text);
    status = object != NULL ? read_object(object, path, result, error)
                            : nmf_fail(error, NMF_ERROR_FORMAT, "%s: not JSON text", path);
    cJSON_Delete(object);
    return status;
}
