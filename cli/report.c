/* See report.h. */
#include "report.h"

#include "data.h"
#include "words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *cli_weighting_name(nmf_weighting weighting)
{
    static const char *const names[] = {NMF_WEIGHTING_NAMES};
    return names[weighting];
}

static void count_of(int64_t count, const char *noun, char *text, size_t bytes)
{
    snprintf(text, bytes, "%lld %s%s", (long long)count, noun, count == 1 ? "" : "s");
}

/* "12 iterations", "105 iterations in a sketch and 2 on X" */
static void count_iterations(const nmf_model_content *content, char *text, size_t bytes)
{
    count_of(content->iterations, "iteration", text, bytes);
    if (content->sketch_iterations > 0)
        snprintf(text, bytes, "%lld iterations in a sketch and %lld on X",
                 (long long)content->sketch_iterations, (long long)content->iterations);
}

void cli_describe_stop(const nmf_model_content *content, char *text, size_t bytes)
{
    char iterations[80];
    count_iterations(content, iterations, sizeof iterations);
    switch (content->stopped) {
    case NMF_STOPPED_CONVERGED: snprintf(text, bytes, "converged after %s", iterations); return;
    case NMF_STOPPED_STALLED:
        snprintf(text, bytes,
                 "stalled after %s: the loss no longer falls, though the residual is %.2g",
                 iterations, content->kkt);
        return;
    case NMF_STOPPED_MAX_ITER:
        snprintf(text, bytes, "not converged at the limit of %s (--max-iter)", iterations);
        return;
    case NMF_STOPPED_TIME_LIMIT:
        snprintf(text, bytes, "not converged at the time limit, after %s", iterations);
        return;
    case NMF_STOPPED_INTERRUPTED: snprintf(text, bytes, "interrupted after %s", iterations); return;
    }
    snprintf(text, bytes, "stopped after %s", iterations);
}

static void say_cost(const cli_args *args, const nmf_model_content *content, const char *how)
{
    char passes[48], threads[48];
    count_of(content->passes, "pass", passes, sizeof passes);
    if (content->passes != 1)
        snprintf(passes, sizeof passes, "%lld passes", (long long)content->passes);
    count_of(content->threads, "thread", threads, sizeof threads);
    cli_say(args, "%s: %s, %.3g s, %s, %s kernels", how, passes, content->seconds, threads,
            content->kernel);
    char size[NMF_IO_SIZE_TEXT];
    if (cli_disk_bytes() > 0 && content->seconds > 0)
        cli_say(args, "read %s from disk, %.0f MB/s",
                nmf_io_size_text((double)cli_disk_bytes(), size),
                1e-6 * (double)cli_disk_bytes() / content->seconds);
}

static void summarize_pca(const cli_args *args, const nmf_model_content *content)
{
    double explained = 0.0;
    for (int64_t i = 0; i < content->k; i++) explained += content->explained_variance_ratio[i];
    cli_say(args, "PCA, k = %lld%s: %.4g%% of the variance, relative error %.4g",
            (long long)content->k, content->options.whiten ? " (whitened)" : "", 100.0 * explained,
            content->relative_error);
    say_cost(args, content, "done");
}

static void summarize_nmf(const cli_args *args, const nmf_model_content *content)
{
    char how[128];
    cli_describe_stop(content, how, sizeof how);
    cli_say(args, "NMF, k = %lld, init %s: relative error %.4g, error %.6g", (long long)content->k,
            content->init, content->relative_error, content->error);
    if (content->shrink > 0)
        cli_say(
            args,
            "few entries are observed: W and H are drawn towards their mean rows (--shrink 0 does "
            "not)");
    if (content->volume > 0) cli_say(args, "the volume of H is kept small (--volume 0 does not)");
    say_cost(args, content, how);
}

/* Which side was taken for samples, where names on both sides let a reader see that it was the wrong one. */
static void say_sides(const cli_args *args, const nmf_matrix *X)
{
    cli_text text = {NULL, 0, 0, 0};
    if (!nmf_matrix_has_names(X, NMF_SAMPLE_NAMES) || !nmf_matrix_has_names(X, NMF_FEATURE_NAMES) ||
        nmf_matrix_rows(X) == 0 || nmf_matrix_columns(X) == 0)
        return;
    cli_text_add(&text, "samples are ");
    cli_text_add_name(&text, nmf_matrix_name(X, NMF_SAMPLE_NAMES, 0));
    cli_text_add(&text, ", ...; features are ");
    cli_text_add_name(&text, nmf_matrix_name(X, NMF_FEATURE_NAMES, 0));
    cli_text_add(&text, ", ...%s",
                 args->transpose < 0 ? " (--transpose: the other way round)" : "");
    if (text.bytes != NULL) cli_say(args, "%s", text.bytes);
    free(text.bytes);
}

void cli_report_summary(const cli_args *args, const nmf_model *model, const nmf_matrix *X)
{
    const nmf_model_content *const content = nmf_model_view(model);
    char data[160];
    cli_describe_matrix(X, data, sizeof data);
    cli_say(args, "%s: %s", args->operands[0], data);
    say_sides(args, X);
    if (content->weighting == NMF_WEIGHTING_SUM)
        cli_say(args, "samples are divided by their sums (--weighting raw does not)");
    else if (content->weighting != NMF_WEIGHTING_NONE)
        cli_say(args, "weighted by %s", cli_weighting_name(content->weighting));
    if (content->kind == NMF_MODEL_PCA)
        summarize_pca(args, content);
    else
        summarize_nmf(args, content);
}

nmf_status cli_report_json(const char *path, const nmf_model *model, nmf_error *error)
{
    char *const json = nmf_io_model_json(model);
    const size_t bytes = json != NULL ? strlen(json) + 2 : 0;
    char *const text =
        json != NULL ? malloc(bytes) : NULL; /* with a line end, as text files have */
    nmf_status status = NMF_OK;
    if (text == NULL)
        status = nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the report");
    else
        snprintf(text, bytes, "%s\n", json);
    if (status == NMF_OK && strcmp(path, "-") != 0)
        status = nmf_io_write_text(path, text, error);
    else if (status == NMF_OK && (fputs(text, stdout) < 0 || fflush(stdout) != 0))
        status =
            nmf_fail(error, NMF_ERROR_FILE, "cannot write to standard output: %s", strerror(errno));
    free(text);
    free(json);
    return status;
}
