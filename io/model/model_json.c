/* The manifest (manifest.json in a model file, and the core of `--json`): written and read from one
 * table of results, and from the table of options, so that what is written can be read.
 *
 * Whole numbers that a double cannot hold (seeds beyond 2^53) are written as strings, as is the
 * data's fingerprint (hexadecimal); numbers that are not finite are null. */
#include "model_json.h"

#include "io/files/number.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <nmfkit/io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FORMAT_VERSION 1
#define EXACT_INTEGERS 0x1p53

typedef enum result_kind { WHOLE, REAL, WORD, TEXT, SEED, HEX } result_kind;

static const char *const model_kinds[] = {"nmf", "pca"};
static const char *const losses[] = {NMF_LOSS_NAMES};
static const char *const stops[] = {NMF_STOPPED_NAMES};
static const char *const precisions[] = {NMF_PRECISION_NAMES};
static const char *const weightings[] = {NMF_WEIGHTING_NAMES};
static const char *const yes_or_no[] = {"no", "yes"};
static const char *const pixel_orders[] = {"row", "column"};

/* One scalar of nmf_model_content. `bytes` is the size of a text; `words` names an enum's
 * values. */
typedef struct result {
    const char *key;
    result_kind kind;
    size_t offset, bytes;
    const char *const *words;
    int word_count;
} result;

#define AT(field) offsetof(nmf_model_content, field)
#define WORDS(list) list, (int)(sizeof list / sizeof list[0])
static const result results[] = {
    {"kind", WORD, AT(kind), 0, WORDS(model_kinds)},
    {"samples", WHOLE, AT(samples), 0, NULL, 0},
    {"features", WHOLE, AT(features), 0, NULL, 0},
    {"k", WHOLE, AT(k), 0, NULL, 0},
    {"loss", WORD, AT(loss_kind), 0, WORDS(losses)},
    {"init", TEXT, AT(init), sizeof((nmf_model_content *)NULL)->init, NULL, 0},
    {"error", REAL, AT(error), 0, NULL, 0},
    {"relative_error", REAL, AT(relative_error), 0, NULL, 0},
    {"objective", REAL, AT(loss), 0, NULL, 0},
    {"kkt", REAL, AT(kkt), 0, NULL, 0},
    {"iterations", WHOLE, AT(iterations), 0, NULL, 0},
    {"passes", WHOLE, AT(passes), 0, NULL, 0},
    {"seconds", REAL, AT(seconds), 0, NULL, 0},
    {"stopped", WORD, AT(stopped), 0, WORDS(stops)},
    {"threads", WHOLE, AT(threads), 0, NULL, 0},
    {"kernel", TEXT, AT(kernel), sizeof((nmf_model_content *)NULL)->kernel, NULL, 0},
    {"precision", WORD, AT(precision), 0, WORDS(precisions)},
    {"sketch_iterations", WHOLE, AT(sketch_iterations), 0, NULL, 0},
    {"unit", REAL, AT(unit), 0, NULL, 0},
    {"winning_seed", SEED, AT(winning_seed), 0, NULL, 0},
    {"fingerprint", HEX, AT(fingerprint), 0, NULL, 0},
    /* Older files do not have these: 0. */
    {"weighting", WORD, AT(weighting), 0, WORDS(weightings)},
    {"transposed", WORD, AT(data_transposed), 0, WORDS(yes_or_no)},
    {"image_order", WORD, AT(data_column_order), 0, WORDS(pixel_orders)},
    {"shrink", REAL, AT(shrink), 0, NULL, 0},
    {"winning_start", WHOLE, AT(winning_start), 0, NULL, 0},
    {"volume", REAL, AT(volume), 0, NULL, 0},
    {"volume_delta", REAL, AT(volume_delta), 0, NULL, 0}};
#define RESULT_COUNT (sizeof results / sizeof results[0])

/* Trap: enums are read and written through int, which C leaves to the compiler but all of ours
 * choose (as unsigned int, of the same size and alignment) for enums of small values. */
_Static_assert(sizeof(nmf_loss) == sizeof(int) && sizeof(nmf_stopped) == sizeof(int) &&
                   sizeof(nmf_precision) == sizeof(int) && sizeof(nmf_model_kind) == sizeof(int) &&
                   sizeof(nmf_weighting) == sizeof(int),
               "enums have the size of int");

/* --- writing
 * ------------------------------------------------------------------------------------- */

static int add_whole(cJSON *object, const char *key, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    return (fabs((double)value) < EXACT_INTEGERS
                ? cJSON_AddRawToObject(object, key, text)
                : cJSON_AddStringToObject(object, key, text)) != NULL;
}

/* Trap: cJSON_AddNumberToObject stops at 15 digits that are nearly the number; this is exact. */
static int add_real(cJSON *object, const char *key, double value)
{
    char text[32];
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    return (isfinite(value) ? cJSON_AddRawToObject(object, key, text)
                            : cJSON_AddNullToObject(object, key)) != NULL;
}

static int add_unsigned(cJSON *object, const char *key, uint64_t value, int hexadecimal)
{
    char text[24];
    if (!hexadecimal && value <= INT64_MAX) {
        return add_whole(object, key, (int64_t)value);
    }
    if (hexadecimal) {
        snprintf(text, sizeof text, "%016" PRIx64, value);
    } else {
        snprintf(text, sizeof text, "%" PRIu64, value);
    }
    return cJSON_AddStringToObject(object, key, text) != NULL;
}

static int add_result(cJSON *object, const result *r, const nmf_model_content *content)
{
    const char *at = (const char *)content + r->offset;
    int64_t whole;
    uint64_t seed;
    double real;
    int word;
    switch (r->kind) {
    case WHOLE: memcpy(&whole, at, sizeof whole); return add_whole(object, r->key, whole);
    case REAL: memcpy(&real, at, sizeof real); return add_real(object, r->key, real);
    case SEED:
    case HEX:
        memcpy(&seed, at, sizeof seed);
        return add_unsigned(object, r->key, seed, r->kind == HEX);
    case TEXT: return cJSON_AddStringToObject(object, r->key, at) != NULL;
    case WORD: break;
    }
    memcpy(&word, at, sizeof word);
    const char *name = word >= 0 && word < r->word_count ? r->words[word] : "unknown";
    return cJSON_AddStringToObject(object, r->key, name) != NULL;
}

static int add_option(cJSON *object, const nmf_options *options, const nmf_option_info *option)
{
    const char *at = (const char *)options + option->offset;
    int64_t whole;
    double real;
    int flag;
    char text[64];
    switch (option->kind) {
    case NMF_OPTION_KIND_INT:
        memcpy(&whole, at, sizeof whole);
        return add_whole(object, option->field, whole);
    case NMF_OPTION_KIND_REAL:
        memcpy(&real, at, sizeof real);
        return add_real(object, option->field, real);
    case NMF_OPTION_KIND_FLAG:
        memcpy(&flag, at, sizeof flag);
        return cJSON_AddBoolToObject(object, option->field, flag) != NULL;
    case NMF_OPTION_KIND_ENUM: break;
    }
    nmf_option_get(options, option, text, sizeof text);
    return cJSON_AddStringToObject(object, option->field, text) != NULL;
}

static int fill_manifest(cJSON *root, const nmf_model_content *content)
{
    int good = cJSON_AddStringToObject(root, "nmfkit", nmf_version()) != NULL &&
               add_whole(root, "format", FORMAT_VERSION);
    for (size_t i = 0; i < RESULT_COUNT && good; i++) {
        good = add_result(root, &results[i], content);
    }
    cJSON *options = good ? cJSON_AddObjectToObject(root, "options") : NULL;
    int64_t count;
    const nmf_option_info *table = nmf_option_table(&count);
    good = options != NULL;
    for (int64_t i = 0; i < count && good; i++) {
        good = add_option(options, &content->options, &table[i]);
    }
    return good;
}

char *nmf_io_model_json(const nmf_model *model)
{
    char *text = NULL;
    nmfi_c_locale locale;
    if (model == NULL || !nmfi_c_locale_enter(&locale)) {
        return NULL;
    }
    cJSON *root = cJSON_CreateObject();
    if (root != NULL && fill_manifest(root, nmf_model_view(model))) {
        text = cJSON_Print(root);
    }
    cJSON_Delete(root);
    nmfi_c_locale_leave(&locale);
    return text;
}

/* --- reading
 * ------------------------------------------------------------------------------------- */

typedef struct reading {
    const char *path;
    nmf_error *error;
} reading;

static nmf_status bad_value(const reading *r, const char *key)
{
    return nmf_fail(r->error, NMF_ERROR_FORMAT,
                    "%s: the manifest's \"%s\" is missing or has no valid value", r->path, key);
}

/* A whole number from 0 on, as a number or, where a double cannot hold it, as a string. */
static int take_unsigned(const cJSON *item, int base, uint64_t *value)
{
    if (cJSON_IsNumber(item)) {
        const double number = item->valuedouble;
        if (base != 10 || !(number >= 0.0 && number <= EXACT_INTEGERS) || number != floor(number)) {
            return 0;
        }
        *value = (uint64_t)number;
        return 1;
    }
    const char *text = cJSON_GetStringValue(item);
    if (text == NULL || text[0] == '\0' || strlen(text) > 20 ||
        strspn(text, base == 16 ? "0123456789abcdefABCDEF" : "0123456789") != strlen(text)) {
        return 0;
    }
    *value = strtoull(text, NULL, base);
    return 1;
}

static int take_word(const cJSON *item, const char *const *words, int count, int *value)
{
    const char *text = cJSON_GetStringValue(item);
    for (int i = 0; i < count && text != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            *value = i;
            return 1;
        }
    }
    return 0;
}

static int take_text(const cJSON *item, char *out, size_t bytes)
{
    const char *text = cJSON_GetStringValue(item);
    if (text == NULL || strlen(text) >= bytes) {
        return 0;
    }
    strcpy(out, text);
    return 1;
}

static int take_result(const cJSON *root, const result *r, nmf_model_content *content)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, r->key);
    char *at = (char *)content + r->offset;
    uint64_t whole;
    double real;
    int word;
    switch (r->kind) {
    case TEXT: return take_text(item, at, r->bytes);
    case REAL:
        if (!cJSON_IsNumber(item) && !cJSON_IsNull(item)) {
            return 0;
        }
        real = cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
        memcpy(at, &real, sizeof real);
        return 1;
    case WORD:
        if (!take_word(item, r->words, r->word_count, &word)) {
            return 0;
        }
        memcpy(at, &word, sizeof word);
        return 1;
    case WHOLE:
    case SEED:
    case HEX: break;
    }
    if (!take_unsigned(item, r->kind == HEX ? 16 : 10, &whole) ||
        (r->kind == WHOLE && whole > INT64_MAX)) {
        return 0;
    }
    memcpy(at, &whole, sizeof whole);
    return 1;
}

/* Through nmf_option_set, so that bounds and names are checked where they are defined. */
static nmf_status take_option(const reading *r, const cJSON *item, const nmf_option_info *option,
                              nmf_options *options)
{
    char number[40];
    /* A default may lie outside the bounds: k has none, but must be given. */
    if (cJSON_IsNumber(item) && item->valuedouble == option->value) {
        return NMF_OK;
    }
    const char *text = cJSON_GetStringValue(item);
    if (cJSON_IsBool(item)) {
        text = cJSON_IsTrue(item) ? "yes" : "no";
    } else if (cJSON_IsNumber(item)) {
        const int whole =
            option->kind == NMF_OPTION_KIND_INT && fabs(item->valuedouble) <= EXACT_INTEGERS;
        snprintf(number, sizeof number, whole ? "%.0f" : "%.17g", item->valuedouble);
        text = number;
    }
    nmf_error reason;
    if (text == NULL || nmf_option_set(options, option, text, &reason) != NMF_OK) {
        return bad_value(r, option->field);
    }
    return NMF_OK;
}

static nmf_status take_options(const reading *r, const cJSON *root, nmf_options *options)
{
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(root, "options");
    int64_t count;
    const nmf_option_info *table = nmf_option_table(&count);
    *options = NMF_OPTIONS_INIT;
    if (!cJSON_IsObject(object)) {
        return bad_value(r, "options");
    }
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < count && status == NMF_OK; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, table[i].field);
        if (item !=
            NULL) { /* a version that did not have the option used what is its default now */
            status = take_option(r, item, &table[i], options);
        }
    }
    return status;
}

static nmf_status take_manifest(const reading *r, const cJSON *root, nmf_model_content *content)
{
    uint64_t format;
    if (!take_unsigned(cJSON_GetObjectItemCaseSensitive(root, "format"), 10, &format)) {
        return bad_value(r, "format");
    }
    if (format != FORMAT_VERSION) {
        const cJSON *const by = cJSON_GetObjectItemCaseSensitive(root, "nmfkit");
        return nmf_fail(r->error, NMF_ERROR_UNSUPPORTED,
                        "%s: is a model of format %" PRIu64 ", written by nmfkit %.40s; this one, "
                        "%s, reads format %d: a newer one reads both",
                        r->path, format,
                        cJSON_IsString(by) ? by->valuestring : "of another version", nmf_version(),
                        FORMAT_VERSION);
    }
    for (size_t i = 0; i < RESULT_COUNT; i++) {
        const int newer = results[i].offset >= AT(weighting);
        const int missing = newer && cJSON_GetObjectItemCaseSensitive(root, results[i].key) == NULL;
        if (!missing && !take_result(root, &results[i], content)) {
            return bad_value(r, results[i].key);
        }
    }
    const nmf_status status = take_options(r, root, &content->options);
    if (status == NMF_OK && content->options.k != content->k) {
        return nmf_fail(r->error, NMF_ERROR_FORMAT,
                        "%s: the manifest says k = %" PRId64 ", but %" PRId64 " in its options",
                        r->path, content->k, content->options.k);
    }
    return status;
}

nmf_status nmfi_model_from_json(const char *text, const char *path, nmf_model_content *content,
                                nmf_error *error)
{
    const reading r = {path, error};
    nmfi_c_locale locale; /* cJSON and nmf_option_set read numbers with strtod */
    if (!nmfi_c_locale_enter(&locale)) {
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory");
    }
    cJSON *root = cJSON_Parse(text);
    const nmf_status status = cJSON_IsObject(root) ? take_manifest(&r, root, content)
                                                   : nmf_fail(error, NMF_ERROR_FORMAT,
                                                              "%s: the manifest is not JSON", path);
    cJSON_Delete(root);
    nmfi_c_locale_leave(&locale);
    return status;
}
