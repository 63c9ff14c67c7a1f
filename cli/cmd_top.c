/* nmf top: the top features of each component, as columns for people, as lines or JSON for
 * programs. */
#include "data.h"
#include "files.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDEST_NAME 28 /* columns of a terminal; longer names are cut */
#define WEIGHT_COLUMNS 8
#define GAP 2

/* The top features of every component: component c has found[c] of them, from [c * count] on. */
typedef struct top_lists {
    const nmf_matrix *H;
    int64_t k, count;
    int64_t *features, *found;
    double *weights;
    double *shares;          /* of each component in what the model explains */
    const double *stability; /* the model's, or NULL */
} top_lists;

static void free_lists(top_lists *lists)
{
    free(lists->features);
    free(lists->found);
    free(lists->weights);
    free(lists->shares);
}

static nmf_status make_lists(const nmf_model *model, int64_t count, top_lists *lists,
                             nmf_error *error)
{
    const nmf_model_content *const content = nmf_model_view(model);
    lists->H = content->H;
    lists->k = content->k;
    lists->stability = content->stability;
    lists->count = count < content->features ? count : content->features;
    const size_t places = (size_t)(lists->k * lists->count);
    lists->features = calloc(places, sizeof *lists->features);
    lists->weights = calloc(places, sizeof *lists->weights);
    lists->found = calloc((size_t)lists->k, sizeof *lists->found);
    lists->shares = calloc((size_t)lists->k, sizeof *lists->shares);
    if (lists->features == NULL || lists->weights == NULL || lists->found == NULL ||
        lists->shares == NULL)
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %zu features", places);
    nmf_status status = nmf_model_component_shares(model, lists->shares, error);
    for (int64_t c = 0; c < lists->k && status == NMF_OK; c++)
        status = nmf_matrix_top(lists->H, c, lists->count, lists->features + c * lists->count,
                                lists->weights + c * lists->count, &lists->found[c], error);
    return status;
}

static const char *feature_name(const top_lists *lists, int64_t place, char number[24])
{
    return cli_name_or_number(lists->H, NMF_FEATURE_NAMES, lists->features[place], number);
}

static void add_lines(const top_lists *lists, cli_text *text)
{
    char number[24];
    cli_text_add(text, "component\trank\tfeature\tweight\n");
    for (int64_t c = 0; c < lists->k; c++)
        for (int64_t i = 0; i < lists->found[c]; i++) {
            const int64_t place = c * lists->count + i;
            cli_text_add(text, "%lld\t%lld\t", (long long)c, (long long)i + 1);
            cli_text_add_name(text, feature_name(lists, place, number));
            cli_text_add(text, "\t%.9g\n", lists->weights[place]);
        }
}

static void add_json(const top_lists *lists, cli_text *text)
{
    char number[24];
    cli_text_add(text, "[");
    for (int64_t c = 0; c < lists->k; c++) {
        cli_text_add(text, "%s\n  {\"component\": %lld, \"share\": %.9g, ", c > 0 ? "," : "",
                     (long long)c, lists->shares[c]);
        if (lists->stability != NULL)
            cli_text_add(text, "\"stability\": %.9g, ", lists->stability[c]);
        cli_text_add(text, "\"features\": [");
        for (int64_t i = 0; i < lists->found[c]; i++) {
            const int64_t place = c * lists->count + i;
            cli_text_add(text, "%s\n    {\"feature\": %lld, \"name\": ", i > 0 ? "," : "",
                         (long long)lists->features[place]);
            cli_text_add_json(text, feature_name(lists, place, number));
            cli_text_add(text, ", \"weight\": %.9g}", lists->weights[place]);
        }
        cli_text_add(text, "]}");
    }
    cli_text_add(text, "\n]\n");
}

/* The width that all columns get: that of the longest name, within reason. */
static int64_t name_columns(const top_lists *lists)
{
    char number[24];
    int64_t widest = lists->stability != NULL ? 16 : 8; /* the column's head */
    for (int64_t c = 0; c < lists->k; c++)
        for (int64_t i = 0; i < lists->found[c]; i++) {
            const int64_t columns =
                cli_text_columns(feature_name(lists, c * lists->count + i, number));
            widest = columns > widest ? columns : widest;
        }
    return widest < WIDEST_NAME ? widest : WIDEST_NAME;
}

/* Components first to last - 1, side by side. */
static void add_band(const top_lists *lists, int64_t first, int64_t last, int64_t width,
                     cli_text *text)
{
    char cell[64];
    for (int64_t c = first; c < last; c++) {
        if (lists->stability != NULL) /* "3 (12.0%), stable .97" */
            snprintf(cell, sizeof cell, "%lld (%.1f%%), stable %.2f", (long long)c,
                     100.0 * lists->shares[c], lists->stability[c]);
        else
            snprintf(cell, sizeof cell, "%lld (%.1f%%)", (long long)c, 100.0 * lists->shares[c]);
        cli_text_add_padded(text, cell, width + WEIGHT_COLUMNS + (c + 1 < last ? GAP : 0));
    }
    cli_text_add(text, "\n");
    for (int64_t i = 0; i < lists->count; i++) {
        for (int64_t c = first; c < last; c++) {
            const int64_t place = c * lists->count + i;
            if (i < lists->found[c]) {
                cli_text_add_padded(text, feature_name(lists, place, cell), width);
                cli_text_add(text, "%*.3g", WEIGHT_COLUMNS, lists->weights[place]);
            } else {
                cli_text_add_padded(text, "", width + WEIGHT_COLUMNS);
            }
            cli_text_add(text, "%*s", c + 1 < last ? GAP : 0, "");
        }
        cli_text_add(text, "\n");
    }
}

static void add_columns(const top_lists *lists, cli_text *text)
{
    struct winsize window = {.ws_col = 0};
    const int known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0;
    const int64_t screen = known ? window.ws_col : 80;
    const int64_t width = name_columns(lists);
    const int64_t fitting = (screen + GAP) / (width + WEIGHT_COLUMNS + GAP);
    const int64_t across = fitting > 1 ? fitting : 1;
    for (int64_t first = 0; first < lists->k; first += across) {
        if (first > 0) cli_text_add(text, "\n");
        add_band(lists, first, first + across < lists->k ? first + across : lists->k, width, text);
    }
}

int cli_run_top(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    nmf_model *model = NULL;
    top_lists lists = {.H = NULL};
    cli_text text = {NULL, 0, 0, 0};
    const cli_output output = {"--json", args->json, CLI_TEXT_OUT};
    nmf_status status = cli_check_files(args, &output, 1, &error);
    if (status == NMF_OK) status = cli_load_model(args, &model, &error);
    if (status == NMF_OK) status = make_lists(model, args->count, &lists, &error);
    if (status == NMF_OK && args->json != NULL) {
        add_json(&lists, &text);
        status = cli_text_write(&text, args->json, &error);
    }
    if (status == NMF_OK && (args->json == NULL || strcmp(args->json, "-") != 0)) {
        if (args->tsv || !isatty(STDOUT_FILENO))
            add_lines(&lists, &text);
        else
            add_columns(&lists, &text);
        status = cli_text_write(&text, NULL, &error);
    }
    free_lists(&lists);
    nmf_model_free(model);
    return status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
}
