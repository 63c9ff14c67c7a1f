/* nmf report: one page that shows what a model learned and how far to trust it. */
#include "args.h"
#include "data.h"
#include "files.h"
#include "interrupt.h"
#include "labels.h"

#include <nmfkit/render.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct report {
    nmf_model *model;
    nmf_matrix *X;      /* --data, or NULL */
    nmf_matrix *labels; /* a column for --labels, or NULL */
    const char **label_texts;
    char *rank, *title;
} report;

static void free_report(report *r)
{
    nmf_model_free(r->model);
    nmf_matrix_free(r->X);
    nmf_matrix_free(r->labels);
    free(r->label_texts);
    free(r->rank);
    free(r->title);
}

/* A whole text file as a string. */
static nmf_status read_text(const char *path, char **text, nmf_error *error)
{
    FILE *const file = fopen(path, "rb");
    size_t used = 0, capacity = 65536;
    char *bytes = file != NULL ? malloc(capacity) : NULL;
    if (file == NULL) return nmf_fail(error, NMF_ERROR_FILE, "%s: %s", path, strerror(errno));
    while (bytes != NULL) {
        used += fread(bytes + used, 1, capacity - used - 1, file);
        if (feof(file) || ferror(file)) break;
        char *const grown = realloc(bytes, 2 * capacity);
        if (grown == NULL) free(bytes);
        bytes = grown;
        capacity *= 2;
    }
    const int failed = ferror(file), reason = errno;
    fclose(file);
    if (bytes == NULL || failed) {
        free(bytes);
        return failed ? nmf_fail(error, NMF_ERROR_FILE, "%s: %s", path, strerror(reason))
                      : nmf_fail(error, NMF_ERROR_MEMORY, "%s: no memory for the text", path);
    }
    bytes[used] = '\0';
    *text = bytes;
    return NMF_OK;
}

/* Labels are read for themselves: a report may have them without data. */
static nmf_status read_data(const cli_args *args, report *r, nmf_error *error)
{
    cli_args reading = *args;
    if (args->data == NULL) return NMF_OK;
    reading.labels = NULL;
    return cli_read_like(&reading, r->model, &args->data, 1, &r->X, error);
}

/* The data's name, else the model's: "faces.nmf.npz" -> "faces". */
static nmf_status choose_title(const cli_args *args, report *r, nmf_error *error)
{
    const char *const from = args->data != NULL ? args->data : args->operands[0];
    nmf_status status = cli_default_output(from, "", &r->title, error);
    const size_t length = status == NMF_OK ? strlen(r->title) : 0;
    if (length > 4 && strcmp(r->title + length - 4, ".nmf") == 0) r->title[length - 4] = '\0';
    return status;
}

static nmf_status write_page(const cli_args *args, const report *r, nmf_error *error)
{
    static const char *const languages[] = {NULL, "zh"};
    nmf_render_report_options options = NMF_RENDER_REPORT_INIT;
    options.X = r->X;
    options.labels = r->label_texts;
    options.title = args->title != NULL ? args->title : r->title;
    options.rank_json = r->rank;
    options.language = languages[args->language];
    options.kind = args->kind;
    options.most_samples = args->most_samples;
    options.created_seconds = (int64_t)time(NULL);
    cli_interrupt_hold();
    const nmf_status status = nmf_render_report(r->model, &options, args->output, error);
    if (status == NMF_OK) cli_say(args, "wrote %s", args->output);
    if (status == NMF_ERROR_ARGUMENT && args->kind != NULL)
        cli_suggest_of_sentence(args->kind, error);
    cli_interrupt_release();
    return status;
}

int cli_run_report(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    report r = {NULL, NULL, NULL, NULL, NULL, NULL};
    const cli_output output = {"-o", args->output, CLI_PAGE_OUT};
    nmf_status status = cli_require_output(args, &error);
    if (status == NMF_OK) status = cli_check_files(args, &output, 1, &error);
    if (status == NMF_OK) status = cli_load_model(args, &r.model, &error);
    if (status == NMF_OK) status = choose_title(args, &r, &error);
    if (status == NMF_OK && args->rank_file != NULL)
        status = read_text(args->rank_file, &r.rank, &error);
    if (status == NMF_OK) status = read_data(args, &r, &error);
    if (status == NMF_OK)
        status = cli_read_labels(args, r.model, &r.labels, &r.label_texts, &error);
    if (status == NMF_OK) status = write_page(args, &r, &error);
    free_report(&r);
    return status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
}
