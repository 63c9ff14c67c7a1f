/* nmf assign: which components each sample is made of, which one most of all, and how well that
 * agrees with classes that are known. */
#include "data.h"
#include "interrupt.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct assignment {
    nmf_model *model;
    nmf_matrix *W;      /* of new samples, or NULL: the model's own */
    nmf_matrix *shares; /* samples x k, f64, with names and labels; rows sum to 1, or are all 0 */
    int64_t *main;      /* each sample's largest component; -1 where it has none */
} assignment;

static void free_assignment(assignment *a)
{
    nmf_model_free(a->model);
    nmf_matrix_free(a->W);
    nmf_matrix_free(a->shares);
    free(a->main);
}

static nmf_status compute_shares(assignment *a, nmf_error *error)
{
    const nmf_matrix *const W = a->W != NULL ? a->W : nmf_model_view(a->model)->W;
    const int64_t rows = nmf_matrix_rows(W);
    a->main = calloc((size_t)rows + 1, sizeof *a->main);
    if (a->main == NULL)
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld samples", (long long)rows);
    return nmf_model_sample_shares(a->model, W, &a->shares, a->main, error);
}

/* ---- agreement ---- */

static int by_name(const void *first, const void *second)
{
    return strcmp(*(const char *const *)first, *(const char *const *)second);
}

/* classes[i]: the number of sample i's label among the distinct ones. Returns how many those are,
 * or 0 when memory is out. */
static int64_t number_labels(const nmf_matrix *shares, int64_t *classes)
{
    const int64_t rows = nmf_matrix_rows(shares);
    const char **const sorted = calloc((size_t)rows + 1, sizeof *sorted);
    int64_t distinct = 0;
    if (sorted == NULL) return 0;
    for (int64_t i = 0; i < rows; i++) sorted[i] = nmf_matrix_name(shares, NMF_LABELS, i);
    qsort(sorted, (size_t)rows, sizeof *sorted, by_name);
    for (int64_t i = 0; i < rows; i++)
        if (i == 0 || strcmp(sorted[i], sorted[distinct - 1]) != 0) sorted[distinct++] = sorted[i];
    for (int64_t i = 0; i < rows; i++) {
        const char *const label = nmf_matrix_name(shares, NMF_LABELS, i);
        const char **const found =
            bsearch(&label, sorted, (size_t)distinct, sizeof *sorted, by_name);
        classes[i] = found - sorted;
    }
    free(sorted);
    return distinct;
}

typedef struct class_agreement {
    nmf_agreement with;
    int64_t classes;
} class_agreement;

/* Samples without any component are a group of their own. */
static nmf_status agree(const assignment *a, class_agreement *agreement, nmf_error *error)
{
    const int64_t rows = nmf_matrix_rows(a->shares), k = nmf_matrix_columns(a->shares);
    int64_t *const classes = calloc((size_t)rows + 1, sizeof *classes);
    int64_t *const groups = calloc((size_t)rows + 1, sizeof *groups);
    const int64_t distinct =
        classes != NULL && groups != NULL ? number_labels(a->shares, classes) : 0;
    nmf_status status = NMF_OK;
    if (distinct == 0) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "no memory for %lld labels", (long long)rows);
    } else {
        for (int64_t i = 0; i < rows; i++) groups[i] = a->main[i] < 0 ? k : a->main[i];
        agreement->classes = distinct;
        status = nmf_agree(classes, groups, rows, distinct, k + 1, &agreement->with, error);
    }
    free(classes);
    free(groups);
    return status;
}

/* ---- output ---- */

static void add_table(const assignment *a, char divider, cli_text *text)
{
    const int64_t rows = nmf_matrix_rows(a->shares), k = nmf_matrix_columns(a->shares);
    const int labelled = nmf_matrix_has_names(a->shares, NMF_LABELS);
    char number[24];
    cli_text_add(text, "sample%ccomponent%cshare", divider, divider);
    if (labelled) cli_text_add(text, "%clabel", divider);
    for (int64_t c = 0; c < k; c++) cli_text_add(text, "%c%lld", divider, (long long)c);
    cli_text_add(text, "\n");
    for (int64_t i = 0; i < rows; i++) {
        cli_text_add_cell(text, cli_name_or_number(a->shares, NMF_SAMPLE_NAMES, i, number),
                          divider);
        const double share = a->main[i] < 0 ? 0.0 : nmf_matrix_at(a->shares, i, a->main[i]);
        cli_text_add(text, "%c%lld%c%.9g", divider, (long long)a->main[i], divider, share);
        if (labelled) {
            cli_text_add(text, "%c", divider);
            cli_text_add_cell(text, nmf_matrix_name(a->shares, NMF_LABELS, i), divider);
        }
        for (int64_t c = 0; c < k; c++)
            cli_text_add(text, "%c%.9g", divider, nmf_matrix_at(a->shares, i, c));
        cli_text_add(text, "\n");
    }
}

static int ends_in(const char *path, const char *extension)
{
    const size_t length = strlen(path), size = strlen(extension);
    return length > size && strcmp(path + length - size, extension) == 0;
}

static nmf_status write_assignment(const cli_args *args, const assignment *a, nmf_error *error)
{
    const char *const path = args->output;
    cli_text text = {NULL, 0, 0, 0};
    if (path == NULL && args->json != NULL) return NMF_OK; /* the report is what was asked for */
    if (path != NULL && ends_in(path, ".npz")) {
        cli_interrupt_hold();
        const nmf_status status = nmf_io_write_shares(a->shares, a->main, path, error);
        if (status == NMF_OK) cli_say(args, "wrote %s", path);
        cli_interrupt_release();
        return status;
    }
    if (path != NULL && !cli_goes_to_stdout(path) && !ends_in(path, ".tsv") &&
        !ends_in(path, ".csv"))
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "%s: its name should end in .tsv, .csv or .npz", path);
    add_table(a, path != NULL && ends_in(path, ".csv") ? ',' : '\t', &text);
    const nmf_status status = cli_text_write(&text, path, error);
    if (status == NMF_OK && path != NULL) cli_say(args, "wrote %s", path);
    return status;
}

static nmf_status write_report(const cli_args *args, const assignment *a,
                               const class_agreement *agreement, nmf_error *error)
{
    cli_text text = {NULL, 0, 0, 0};
    const int64_t rows = nmf_matrix_rows(a->shares), k = nmf_matrix_columns(a->shares);
    cli_text_add(&text, "{\n  \"samples\": %lld,\n  \"components\": [", (long long)rows);
    for (int64_t c = 0; c < k; c++) {
        int64_t members = 0;
        double mean = 0.0;
        for (int64_t i = 0; i < rows; i++) {
            members += a->main[i] == c;
            mean += nmf_matrix_at(a->shares, i, c) / (double)rows;
        }
        cli_text_add(&text, "%s\n    {\"samples\": %lld, \"mean_share\": %.9g}", c > 0 ? "," : "",
                     (long long)members, mean);
    }
    cli_text_add(&text, "]");
    if (agreement != NULL)
        cli_text_add(&text,
                     ",\n  \"classes\": %lld,\n  \"nmi\": %.9g,\n  \"ari\": %.9g,\n  \"accuracy\": "
                     "%.9g",
                     (long long)agreement->classes, agreement->with.nmi, agreement->with.ari,
                     agreement->with.accuracy);
    cli_text_add(&text, "\n}\n");
    return cli_text_write(&text, args->json, error);
}

/* On standard output, unless a program is to read something there. */
static void say_agreement(const cli_args *args, const class_agreement *agreement)
{
    const int taken = cli_goes_to_stdout(args->json) || cli_goes_to_stdout(args->output) ||
                      (args->output == NULL && args->json == NULL);
    fprintf(taken ? stderr : stdout,
            "NMI %.4f, ARI %.4f, accuracy %.4f (best matching): agreement with %lld labels\n",
            agreement->with.nmi, agreement->with.ari, agreement->with.accuracy,
            (long long)agreement->classes);
}

static nmf_status read_all(const cli_args *args, assignment *a, nmf_error *error)
{
    nmf_status status = nmf_io_load_model(args->operands[0], &a->model, error);
    if (status == NMF_OK && args->operand_count == 2)
        status = nmf_io_read(args->operands[1], NULL, &a->W, error);
    if (status == NMF_OK) status = compute_shares(a, error);
    if (status == NMF_OK && args->labels != NULL)
        status = nmf_io_read_names(args->labels, a->shares, NMF_LABELS, error);
    return status;
}

int cli_run_assign(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    assignment a = {NULL, NULL, NULL, NULL};
    class_agreement agreement = {{0.0, 0.0, 0.0}, 0};
    nmf_status status = cli_check_output(args->output, &error);
    if (status == NMF_OK) status = cli_check_output(args->json, &error);
    if (status == NMF_OK) status = read_all(args, &a, &error);
    const int labelled = status == NMF_OK && nmf_matrix_has_names(a.shares, NMF_LABELS);
    if (labelled) status = agree(&a, &agreement, &error);
    if (status == NMF_OK) status = write_assignment(args, &a, &error);
    if (status == NMF_OK && args->json != NULL)
        status = write_report(args, &a, labelled ? &agreement : NULL, &error);
    if (status == NMF_OK && labelled) say_agreement(args, &agreement);
    free_assignment(&a);
    return status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
}
