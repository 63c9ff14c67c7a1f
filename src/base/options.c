/* The option table of options.def, and options set from and written as text. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* strtod_l */
#endif
#include "base/options.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define COUNT(array) ((int64_t)(sizeof(array) / sizeof *(array)))
#define NAMES(...) ((const char *const[]){__VA_ARGS__}) /* of an enum, by its list in options.h */

static const nmf_option_info table[] = {
#define NMF_OPTION_INT(field, flag, value, low, high, scope, metavar, help) \
    {#field, \
     flag, \
     metavar, \
     help, \
     NULL, \
     0, \
     NMF_OPTION_KIND_INT, \
     scope, \
     (double)(value), \
     (double)(low), \
     (double)(high), \
     offsetof(nmf_options, field), \
     low, \
     high},
#define NMF_OPTION_REAL(field, flag, value, low, high, scope, metavar, help) \
    {#field, \
     flag, \
     metavar, \
     help, \
     NULL, \
     0, \
     NMF_OPTION_KIND_REAL, \
     scope, \
     value, \
     low, \
     high, \
     offsetof(nmf_options, field), \
     0, \
     0},
#define NMF_OPTION_FLAG(field, flag, value, scope, help) \
    {#field, \
     flag, \
     NULL, \
     help, \
     NULL, \
     0, \
     NMF_OPTION_KIND_FLAG, \
     scope, \
     value, \
     0, \
     1, \
     offsetof(nmf_options, field), \
     0, \
     0},
#define NMF_OPTION_ENUM(field, flag, value, type, names, scope, help) \
    {#field, \
     flag, \
     NULL, \
     help, \
     NAMES(names), \
     COUNT(NAMES(names)), \
     NMF_OPTION_KIND_ENUM, \
     scope, \
     value, \
     0, \
     (double)(COUNT(NAMES(names)) - 1), \
     offsetof(nmf_options, field), \
     0, \
     0},
#define NMF_OPTION_HOOK(field, type) /* nothing that a text could say */
#include <nmfkit/options.def>
};

const nmf_option_info *nmf_option_table(int64_t *count)
{
    if (count) *count = COUNT(table);
    return table;
}

static double get_number(const nmf_options *options, const nmf_option_info *option)
{
    const char *field = (const char *)options + option->offset;
    int64_t integer;
    double real;
    int small;
    switch (option->kind) {
    case NMF_OPTION_KIND_INT: memcpy(&integer, field, sizeof integer); return (double)integer;
    case NMF_OPTION_KIND_REAL: memcpy(&real, field, sizeof real); return real;
    default: memcpy(&small, field, sizeof small); return small; /* flags, and enums (int-sized) */
    }
}

static void list_names(const nmf_option_info *option, char *text, size_t bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (int64_t i = 0; i < option->name_count && used < bytes; i++) {
        const int written =
            snprintf(text + used, bytes - used, "%s%s", i ? ", " : "", option->names[i]);
        used += written > 0 ? (size_t)written : 0;
    }
}

/* A number that may be -1 is one that the library can decide: auto is -1, off is 0. */
static int decides(const nmf_option_info *option)
{
    return option->kind == NMF_OPTION_KIND_INT
               ? option->lowest_integer == -1
               : option->kind == NMF_OPTION_KIND_REAL && option->lowest == -1;
}

static int is_size(const nmf_option_info *option)
{
    return option->kind == NMF_OPTION_KIND_INT && strcmp(option->metavar, "BYTES") == 0;
}

static nmf_status out_of_bounds(const nmf_option_info *option, const char *text, nmf_error *error)
{
    if (is_size(option))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%s = %s: must be a number of bytes from 0 on, or one with K, M, G or T "
                        "behind it, such as 2G",
                        option->flag, text);
    if (option->kind == NMF_OPTION_KIND_INT)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "%s = %s: must be %san integer from %lld to %lld", option->flag, text,
                        decides(option) ? "auto, off or " : "",
                        (long long)(decides(option) ? 1 : option->lowest_integer),
                        (long long)option->highest_integer);
    if (option->kind == NMF_OPTION_KIND_ENUM) {
        char names[256];
        list_names(option, names, sizeof names);
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s = %s: must be one of %s", option->flag, text,
                        names);
    }
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s = %s: must be %sa number from %g to %g",
                    option->flag, text, decides(option) ? "auto, off or " : "",
                    decides(option) ? 0 : option->lowest, option->highest);
}

/* strtod reads "0.5" as 0 where the host's locale has a decimal comma. */
static double read_real(const char *text, char **end)
{
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    const double value = plain ? strtod_l(text, end, plain) : strtod(text, end);
    if (plain) freelocale(plain);
    return value;
}

/* "M", "GiB": what stands behind a number, in bytes; 0 where it is no unit. */
static double unit_of_size(const char *text)
{
    static const char units[] = "KMGT";
    const char *at = *text ? strchr(units, toupper((unsigned char)*text)) : NULL;
    const int known = at && (text[1] == '\0' || strcasecmp(text + 1, "b") == 0 ||
                             strcasecmp(text + 1, "ib") == 0);
    return known ? ldexp(1.0, 10 * (int)(at - units + 1)) : 0;
}

/* Where the option is a number of bytes and the text a size with a unit: those bytes, as text. */
static const char *in_bytes(const nmf_option_info *option, const char *text, char number[32])
{
    char *end = NULL;
    if (!is_size(option)) return text;
    const double count = read_real(text, &end), unit = unit_of_size(end);
    if (end == text || unit == 0 || !(count >= 0 && count * unit < 0x1p62)) return text;
    snprintf(number, 32, "%.0f", count * unit);
    return number;
}

static nmf_status set_integer(char *field, const nmf_option_info *option, const char *text,
                              nmf_error *error)
{
    char *end = NULL, number[32];
    const char *const given = text;
    errno = 0;
    text = in_bytes(option, text, number);
    if (decides(option))
        text = strcasecmp(text, "auto") == 0 ? "-1" : strcasecmp(text, "off") == 0 ? "0" : text;
    const long long value = strtoll(text, &end, 10);
    const int bad = end == text || *end != '\0' || errno == ERANGE;
    if (bad || value < option->lowest_integer || value > option->highest_integer)
        return out_of_bounds(option, given, error);
    const int64_t integer = value;
    memcpy(field, &integer, sizeof integer);
    return NMF_OK;
}

static nmf_status set_real(char *field, const nmf_option_info *option, const char *text,
                           nmf_error *error)
{
    char *end = NULL;
    const char *const given = text;
    if (decides(option))
        text = strcasecmp(text, "auto") == 0 ? "-1" : strcasecmp(text, "off") == 0 ? "0" : text;
    const double value = read_real(text, &end);
    if (end == text || *end != '\0' || !(value >= option->lowest && value <= option->highest))
        return out_of_bounds(option, given, error);
    memcpy(field, &value, sizeof value);
    return NMF_OK;
}

static nmf_status set_flag(char *field, const nmf_option_info *option, const char *text,
                           nmf_error *error)
{
    static const char *const words[] = {"no", "yes", "0", "1", "false", "true"};
    for (int i = 0; i < 6; i++)
        if (strcasecmp(text, words[i]) == 0) {
            const int value = i & 1;
            memcpy(field, &value, sizeof value);
            return NMF_OK;
        }
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s = %s: must be yes or no", option->flag, text);
}

/* What scikit-learn and R's NMF call the same thing: flag, their word, ours. */
static const char *const others[][3] = {
    {"loss", "kullback-leibler", "kl"}, {"loss", "kld", "kl"},
    {"loss", "brunet", "kl"},           {"loss", "itakura-saito", "is"},
    {"loss", "euclidean", "frobenius"}, {"loss", "lee", "frobenius"},
    {"loss", "mse", "frobenius"},       {"precision", "float32", "f32"},
    {"precision", "float64", "f64"},    {"precision", "single", "f32"},
    {"precision", "double", "f64"},     {"pca-solver", "full", "exact"},
    {"weighting", "tf-idf", "tfidf"},
};

const char *nmf_option_other_word(const nmf_option_info *option, int64_t index, const char **name)
{
    if (!option || index < 0) return NULL;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (strcmp(option->flag, others[i][0]) != 0 || index-- > 0) continue;
        if (name) *name = others[i][2];
        return others[i][1];
    }
    return NULL;
}

static const char *our_word(const nmf_option_info *option, const char *text)
{
    const char *ours, *theirs;
    for (int64_t i = 0; (theirs = nmf_option_other_word(option, i, &ours)) != NULL; i++)
        if (strcasecmp(text, theirs) == 0) return ours;
    return text;
}

static nmf_status set_enum(char *field, const nmf_option_info *option, const char *text,
                           nmf_error *error)
{
    const char *const word = our_word(option, text);
    for (int i = 0; i < option->name_count; i++)
        if (strcasecmp(word, option->names[i]) == 0) {
            memcpy(field, &i, sizeof i);
            return NMF_OK;
        }
    return out_of_bounds(option, text, error);
}

nmf_status nmf_option_set(nmf_options *options, const nmf_option_info *option, const char *text,
                          nmf_error *error)
{
    if (!options || !option || !text)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "setting an option needs options, its row of "
                        "the table and a text");
    if (text[0] == '\0')
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s needs a value, not an empty text",
                        option->flag);
    char *field = (char *)options + option->offset;
    switch (option->kind) {
    case NMF_OPTION_KIND_INT: return set_integer(field, option, text, error);
    case NMF_OPTION_KIND_REAL: return set_real(field, option, text, error);
    case NMF_OPTION_KIND_FLAG: return set_flag(field, option, text, error);
    case NMF_OPTION_KIND_ENUM: return set_enum(field, option, text, error);
    }
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "unknown option");
}

void nmf_option_get(const nmf_options *options, const nmf_option_info *option, char *text,
                    size_t bytes)
{
    if (!text || bytes == 0) return;
    text[0] = '\0';
    if (!options || !option) return;
    const double value = get_number(options, option);
    int64_t integer;
    switch (option->kind) {
    case NMF_OPTION_KIND_INT:
        memcpy(&integer, (const char *)options + option->offset, sizeof integer);
        snprintf(text, bytes, "%lld", (long long)integer);
        break;
    case NMF_OPTION_KIND_REAL: snprintf(text, bytes, "%.17g", value); break;
    case NMF_OPTION_KIND_FLAG:
        if (value == 0 || value == 1)
            snprintf(text, bytes, "%s", value != 0 ? "yes" : "no");
        else
            snprintf(text, bytes, "%.0f", value);
        break;
    case NMF_OPTION_KIND_ENUM:
        if (value >= 0 && value < (double)option->name_count)
            snprintf(text, bytes, "%s", option->names[(int)value]);
        else
            snprintf(text, bytes, "%.0f", value);
        break;
    }
}

static int in_bounds(const nmf_options *options, const nmf_option_info *option)
{
    if (option->kind == NMF_OPTION_KIND_INT) {
        int64_t integer;
        memcpy(&integer, (const char *)options + option->offset, sizeof integer);
        return integer >= option->lowest_integer && integer <= option->highest_integer;
    }
    const double value = get_number(options, option);
    return value >= option->lowest && value <= option->highest; /* not NaN */
}

nmf_status nmfi_options_check_bounds(const nmf_options *given, int scope, nmf_options *checked,
                                     nmf_error *error)
{
    *checked = NMF_OPTIONS_INIT;
    if (given) {
        /* A caller built against an older header has a shorter struct: the rest keeps its
         * default. */
        if (given->struct_bytes < sizeof(size_t) || given->struct_bytes > 65536)
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "the options were not initialized with NMF_OPTIONS_INIT");
        const size_t bytes =
            given->struct_bytes < sizeof *checked ? given->struct_bytes : sizeof *checked;
        memcpy(checked, given, bytes);
        checked->struct_bytes = sizeof *checked;
    }
    if (checked->memory_taken_bytes < 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "memory_taken_bytes = %lld: must be 0 or more",
                        (long long)checked->memory_taken_bytes);
    for (int64_t i = 0; i < COUNT(table); i++) {
        const nmf_option_info *option = &table[i];
        if (!(option->scope & scope)) continue;
        if (in_bounds(checked, option)) continue;
        char text[64];
        nmf_option_get(checked, option, text, sizeof text);
        return out_of_bounds(option, text, error);
    }
    return NMF_OK;
}

/* Beside another loss than beta an exponent would be forgotten. Its default, and the loss's own, say nothing. */
static nmf_status check_beta(const nmf_options *options, nmf_error *error)
{
    static const char *const losses[] = {NMF_LOSS_NAMES};
    const nmf_options defaults = NMF_OPTIONS_INIT;
    if (options->beta == defaults.beta || options->beta == nmfi_beta(options)) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_ARGUMENT,
                    "beta = %g is the exponent of loss = beta, and the loss is %s", options->beta,
                    losses[options->loss]);
}

nmf_status nmfi_options_check(const nmf_options *given, int scope, nmf_options *checked,
                              nmf_error *error)
{
    const nmf_status status = nmfi_options_check_bounds(given, scope, checked, error);
    const int read = scope & (NMF_SCOPE_FIT | NMF_SCOPE_SELECT);
    return status == NMF_OK && read ? check_beta(checked, error) : status;
}

nmf_status nmfi_refuse_constraints(const nmf_options *options, const char *what, nmf_error *error)
{
    if (!options->constraints && options->simplex == NMF_SIMPLEX_NONE && !(options->lower_W > 0) &&
        !(options->upper_W > 0) && !(options->lower_H > 0) && !(options->upper_H > 0))
        return NMF_OK;
    return nmf_fail(error, NMF_ERROR_ARGUMENT,
                    "%s takes no known parts, bounds or sums of W and H: fit does", what);
}

double nmfi_beta(const nmf_options *options)
{
    switch (options->loss) {
    case NMF_LOSS_FROBENIUS: return 2;
    case NMF_LOSS_KL: return 1;
    case NMF_LOSS_IS: return 0;
    case NMF_LOSS_BETA: break;
    }
    return options->beta;
}
