/* nmf rank: how many components, as a table and a few sentences for people, as lines or JSON for
 * programs, as a figure. */
#include "args.h"
#include "data.h"
#include "files.h"
#include "interrupt.h"
#include "progress.h"
#include "ranks.h"
#include "together.h"
#include "words.h"

#include <errno.h>
#include <nmfkit/render.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- what is said ------------------------------------------------------------------------------ */

/* A loss in the unit of the error beside it. */
static double in_errors(const nmf_rank_content *content, const nmf_rank_row *row, double loss)
{
    const int squared = content->options.loss == NMF_LOSS_FROBENIUS;
    return row->loss > 0 ? row->error * loss / (squared ? 2 * row->loss : row->loss) : 0;
}

static void add_table(const nmf_rank_content *content, cli_text *text)
{
    cli_text_add(text,
                 "  k   held-out error  +- to best  P(best)   worst   mean silhouette   return\n");
    for (int64_t i = 0; i < content->row_count; i++) {
        const nmf_rank_row *row = &content->rows[i];
        cli_text_add(text, "%3lld %c    %10.5f  %10.2g  %7.2f  %6.2f  %6.2f %s   %3lld of %lld\n",
                     (long long)row->k, row->in_set ? '*' : ' ', row->error,
                     in_errors(content, row, row->standard_error), row->p_best,
                     row->worst_silhouette, row->mean_silhouette,
                     row->stable ? "returns" : "       ", (long long)row->returning,
                     (long long)row->k);
    }
    cli_text_add(text, "* cannot be told from the best\n\n");
}

static void add_lines(const nmf_rank_content *content, cli_text *text)
{
    cli_text_add(text, "k\terror\tloss\tdifference\tse\tp_best\tworst_silhouette\tmean_silhouette\t"
                       "returning\tin_set\tstable\tdispersion\tfits\titerations\n");
    for (int64_t i = 0; i < content->row_count; i++) {
        const nmf_rank_row *row = &content->rows[i];
        cli_text_add(text, "%lld\t%.9g\t%.17g\t%.9g\t%.9g\t%.4g\t%.6g\t%.6g\t%lld\t%d\t%d\t",
                     (long long)row->k, row->error, row->loss, row->difference, row->standard_error,
                     row->p_best, row->worst_silhouette, row->mean_silhouette,
                     (long long)row->returning, row->in_set, row->stable);
        if (row->dispersion == row->dispersion) cli_text_add(text, "%.6g", row->dispersion);
        cli_text_add(text, "\t%lld\t%lld\n", (long long)row->fits, (long long)row->iterations);
    }
}

static void add_words(const nmf_rank_content *content, cli_text *text)
{
    cli_text_add(text, "%s\n%s\n", content->prediction, content->stability);
    if (content->advice[0] != '\0') cli_text_add(text, "%s\n", content->advice);
    if (content->are_counts && content->options.loss == NMF_LOSS_FROBENIUS &&
        !content->loss_by_data)
        cli_text_add(
            text,
            "The data are whole numbers: if they are counts, --loss kl weighs them as such.\n");
    cli_text_add(text, "%lld fits without %lld of %lld folds in turn, %.3g s.\n",
                 (long long)content->fits, (long long)content->repeats, (long long)content->folds,
                 content->seconds);
}

static void say_stopped(const cli_args *args, const nmf_rank_content *content)
{
    if (content->stopped == NMF_STOPPED_INTERRUPTED)
        fprintf(stderr, "nmf %s: interrupted; this is what %lld ranks say\n", args->command->name,
                (long long)content->row_count);
    if (content->stopped == NMF_STOPPED_TIME_LIMIT)
        fprintf(stderr, "nmf %s: the time limit ended it; this is what %lld ranks say\n",
                args->command->name, (long long)content->row_count);
}

static nmf_status write_json(const char *path, const nmf_rank_result *result, nmf_error *error)
{
    char *const json = nmf_io_rank_json(result);
    if (json == NULL) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the report");
    nmf_status status = NMF_OK;
    if (strcmp(path, "-") != 0)
        status = nmf_io_write_text(path, json, error);
    else if (puts(json) < 0 || fflush(stdout) != 0)
        status =
            nmf_fail(error, NMF_ERROR_FILE, "cannot write to standard output: %s", strerror(errno));
    free(json);
    return status;
}

static nmf_status say_all(const cli_args *args, const nmf_rank_result *result, nmf_error *error)
{
    const nmf_rank_content *const content = nmf_rank_view(result);
    nmf_status status = NMF_OK;
    cli_text text = {NULL, 0, 0, 0};
    if (args->json != NULL) status = write_json(args->json, result, error);
    if (status == NMF_OK && args->plot != NULL)
        status = nmf_render_rank(result, args->title, args->plot, error);
    if (status == NMF_OK && (args->json == NULL || strcmp(args->json, "-") != 0)) {
        if (args->tsv || !isatty(STDOUT_FILENO)) {
            add_lines(content, &text);
            status = cli_text_write(&text, NULL, error);
            text = (cli_text){NULL, 0, 0, 0};
            if (!args->quiet) add_words(content, &text);
            if (status == NMF_OK && text.bytes != NULL) fputs(text.bytes, stderr);
            free(text.bytes);
        } else {
            add_table(content, &text);
            add_words(content, &text);
            status = cli_text_write(&text, NULL, error);
        }
    }
    say_stopped(args, content);
    return status;
}

/* --- what is done ------------------------------------------------------------------------------ */

static nmf_status look_ahead(const cli_args *args, nmf_error *error)
{
    const cli_output outputs[] = {{"--json", args->json, CLI_TEXT_OUT},
                                  {"--plot", args->plot, CLI_PICTURE_OUT}};
    if (args->ranks != NULL && args->max_k > 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "-k says which ranks are tried, and --max-k leaves that open: give one");
    return cli_check_files(args, outputs, 2, error);
}

static nmf_status answer(const cli_args *args, nmf_rank_options *wishes, nmf_rank_result **result,
                         nmf_error *error)
{
    nmf_matrix *X = NULL;
    nmf_options options = args->options;
    nmf_status status = cli_read_data(args, args->operands, args->operand_count, &X, error);
    if (status == NMF_OK) status = cli_count_data(args, X, &options, error);
    status = cli_together_agree(status, error);
    if (status == NMF_OK) {
        cli_progress progress = cli_progress_begin();
        wishes->progress = cli_progress_rank;
        wishes->progress_context = &progress;
        cli_interrupt_hold();
        status = nmf_rank(X, &options, wishes, result, error);
        cli_progress_end(&progress);
    }
    nmf_matrix_free(X);
    return status;
}

int cli_run_rank(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    nmf_rank_options wishes = NMF_RANK_OPTIONS_INIT;
    nmf_rank_result *known = NULL, *result = NULL;
    int64_t *ks = NULL;
    wishes.max_k = args->max_k;
    wishes.folds = args->folds;
    wishes.repeats = args->repeats;
    wishes.starts = args->starts;
    wishes.keep_loss = cli_was_given(args, "loss");
    nmf_status status = cli_together_speaks() ? look_ahead(args, &error) : NMF_OK;
    if (status == NMF_OK && args->ranks != NULL)
        status = cli_parse_ranks(args->ranks, &ks, &wishes.ks_count, &error);
    if (status == NMF_OK && args->resume != NULL)
        status = nmf_io_read_rank(args->resume, &known, &error);
    status = cli_together_agree(status, &error);
    wishes.ks = ks;
    wishes.known = known;
    if (status == NMF_OK) status = answer(args, &wishes, &result, &error);
    if (status == NMF_OK && cli_together_speaks()) status = say_all(args, result, &error);
    nmf_rank_free(result);
    nmf_rank_free(known);
    free(ks);
    const int code = status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
    cli_interrupt_release();
    return code;
}
