/* nmf consensus: which components come back in many fits, as a model of what they agree on, a table of how
 * far, and cNMF's files or SigProfilerExtractor's table on request. */
#include "data.h"
#include "files.h"
#include "interrupt.h"
#include "progress.h"
#include "ranks.h"
#include "sigprofiler.h"
#include "together.h"
#include "words.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CNMF = 1, SIGPROFILER = 2 }; /* args->like */

/* --- what is asked ----------------------------------------------------------------------------- */

static nmf_status parse_real(const char *flag, const char *text, double *value, nmf_error *error)
{
    char *end = NULL;
    if (text == NULL) return NMF_OK;
    *value = strtod(text, &end);
    if (end != text && *end == '\0' && *value > 0 && isfinite(*value)) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s = %s: must be a number above 0", flag, text);
}

static nmf_status read_wishes(const cli_args *args, nmf_consensus_options *wishes, nmf_error *error)
{
    wishes->replicates = args->replicates;
    wishes->perturbation = (nmf_perturbation)args->perturb;
    nmf_status status =
        parse_real("density-threshold", args->density, &wishes->density_threshold, error);
    if (status == NMF_OK)
        status = parse_real("neighborhood", args->neighborhood, &wishes->neighborhood, error);
    if (status == NMF_OK && args->options.k == 0 && args->ranks == NULL)
        status =
            nmf_fail(error, NMF_ERROR_ARGUMENT,
                     "-k K, the number of components, is missing (or --ks for a table of several)");
    if (status == NMF_OK && args->options.k > 0 && args->ranks != NULL)
        status = nmf_fail(error, NMF_ERROR_ARGUMENT,
                          "-k makes the consensus of one rank and --ks compares several: give one");
    if (status == NMF_OK && args->ranks != NULL && (args->output != NULL || args->like == CNMF))
        status = nmf_fail(error, NMF_ERROR_ARGUMENT,
                          "--ks writes a table, no model: leave %s out, or choose with -k",
                          args->output != NULL ? "-o" : "--like cnmf");
    return status;
}

static nmf_status agree(const cli_args *args, const nmf_matrix *X, int64_t k,
                        const nmf_consensus_options *wishes, nmf_consensus_result **result,
                        nmf_error *error)
{
    cli_progress progress = cli_progress_begin();
    nmf_options options = args->options;
    nmf_consensus_options watched = *wishes;
    options.k = k;
    watched.progress = cli_progress_rank;
    watched.progress_context = &progress;
    nmf_status status = cli_count_data(args, X, &options, error);
    if (status == NMF_OK) status = nmf_consensus(X, &options, &watched, result, error);
    cli_progress_end(&progress);
    return status;
}

/* --- cNMF's files ------------------------------------------------------------------------------- */

/* PREFIX.what.k_9.dt_0_5.txt */
static void name_file(char *path, size_t bytes, const char *prefix, const char *what,
                      const nmf_consensus_content *content, const char *ending)
{
    char threshold[32];
    snprintf(threshold, sizeof threshold, "%g", content->density_threshold);
    for (char *c = threshold; *c != '\0'; c++)
        if (*c == '.') *c = '_';
    if (strchr(threshold, '_') == NULL) strcat(threshold, "_0");
    snprintf(path, bytes, "%s.%s.k_%lld.dt_%s.%s", prefix, what, (long long)content->k, threshold,
             ending);
}

/* Components as rows, numbered from 1, features as columns. */
static void add_features(cli_text *text, const nmf_matrix *H)
{
    char number[24];
    for (int64_t f = 0; f < nmf_matrix_columns(H); f++) {
        cli_text_add(text, "\t");
        cli_text_add_name(text, cli_name_or_number(H, NMF_FEATURE_NAMES, f, number));
    }
    cli_text_add(text, "\n");
}

static nmf_status write_table(const cli_args *args, const char *path, cli_text *text,
                              nmf_error *error)
{
    const nmf_status status = cli_text_write(text, path, error);
    if (status == NMF_OK) cli_say(args, "wrote %s", path);
    return status;
}

static nmf_status write_features(const cli_args *args, const nmf_consensus_content *content,
                                 const double *values, const char *path, nmf_error *error)
{
    const nmf_matrix *H = nmf_model_view(content->model)->H;
    cli_text text = {NULL, 0, 0, 0};
    add_features(&text, H);
    for (int64_t j = 0; j < content->k; j++) {
        cli_text_add(&text, "%lld", (long long)j + 1);
        for (int64_t f = 0; f < content->features; f++)
            cli_text_add(&text, "\t%.9g", values[j * content->features + f]);
        cli_text_add(&text, "\n");
    }
    return write_table(args, path, &text, error);
}

static nmf_status write_usages(const cli_args *args, const nmf_consensus_content *content,
                               const char *path, nmf_error *error)
{
    const nmf_matrix *W = nmf_model_view(content->model)->W;
    char number[24];
    cli_text text = {NULL, 0, 0, 0};
    for (int64_t j = 0; j < content->k; j++) cli_text_add(&text, "\t%lld", (long long)j + 1);
    cli_text_add(&text, "\n");
    for (int64_t i = 0; i < content->samples; i++) {
        cli_text_add_name(&text, cli_name_or_number(W, NMF_SAMPLE_NAMES, i, number));
        for (int64_t j = 0; j < content->k; j++)
            cli_text_add(&text, "\t%.9g", nmf_matrix_at(W, i, j));
        cli_text_add(&text, "\n");
    }
    return write_table(args, path, &text, error);
}

static nmf_status write_like_cnmf(const cli_args *args, const nmf_consensus_content *content,
                                  const char *prefix, nmf_error *error)
{
    char path[4096];
    name_file(path, sizeof path, prefix, "spectra", content, "consensus.txt");
    nmf_status status = write_features(args, content, content->median, path, error);
    name_file(path, sizeof path, prefix, "usages", content, "consensus.txt");
    if (status == NMF_OK) status = write_usages(args, content, path, error);
    name_file(path, sizeof path, prefix, "gene_spectra_tpm", content, "txt");
    if (status == NMF_OK)
        status = write_features(args, content, content->spectra_of_shares, path, error);
    name_file(path, sizeof path, prefix, "gene_spectra_score", content, "txt");
    if (status == NMF_OK) status = write_features(args, content, content->scores, path, error);
    return status;
}

/* --- SigProfilerExtractor's table ---------------------------------------------------------------- */

static nmf_status write_solutions(const cli_args *args, const cli_solution *solutions,
                                  int64_t count, nmf_error *error)
{
    char *path = NULL;
    cli_text text = {NULL, 0, 0, 0};
    const nmf_status status =
        cli_default_output(args->operands[0], ".All_solutions_stat.csv", &path, error);
    if (status != NMF_OK) return status;
    cli_add_solutions(solutions, count, &text);
    const nmf_status written = write_table(args, path, &text, error);
    free(path);
    return written;
}

/* --- what is said ------------------------------------------------------------------------------ */

static void add_json_array(cli_text *text, const double *values, int64_t count)
{
    cli_text_add(text, "[");
    for (int64_t i = 0; i < count; i++) cli_text_add(text, "%s%.9g", i > 0 ? "," : "", values[i]);
    cli_text_add(text, "]");
}

static void add_json(cli_text *text, const nmf_consensus_content *content)
{
    static const char *const perturbations[] = {NMF_PERTURBATION_NAMES};
    cli_text_add(text,
                 "{\"kind\":\"consensus\",\"k\":%lld,\"replicates\":%lld,\"perturbation\":\"%s\","
                 "\"density_threshold\":%.9g,\"neighborhood\":%.9g,\"kept\":%lld,\"of\":%lld,"
                 "\"silhouette\":%.9g,\"worst_stability\":%.9g,\"mean_stability\":%.9g,"
                 "\"relative_error\":%.9g,\"unconverged\":%lld,\"seconds\":%.9g,\"components\":[",
                 (long long)content->k, (long long)content->replicates,
                 perturbations[content->perturbation], content->density_threshold,
                 content->neighborhood, (long long)content->kept,
                 (long long)(content->replicates * content->k), content->silhouette,
                 content->worst_stability, content->mean_stability, content->relative_error,
                 (long long)content->unconverged, content->seconds);
    for (int64_t j = 0; j < content->k; j++) {
        const int64_t at = j * content->features;
        cli_text_add(text, "%s{\"stability\":%.9g,\"silhouette\":%.9g,\"members\":%lld,\"median\":",
                     j > 0 ? "," : "", content->stability[j], content->silhouettes[j],
                     (long long)content->members[j]);
        add_json_array(text, content->median + at, content->features);
        cli_text_add(text, ",\"low\":");
        add_json_array(text, content->low + at, content->features);
        cli_text_add(text, ",\"high\":");
        add_json_array(text, content->high + at, content->features);
        cli_text_add(text, "}");
    }
    cli_text_add(text, "]}");
}

static void say_components(const cli_args *args, const nmf_consensus_content *content)
{
    cli_say(args, "component   replicates   stability   silhouette");
    for (int64_t j = 0; j < content->k; j++)
        cli_say(args, "%9lld   %10lld   %9.2f   %10.2f", (long long)j,
                (long long)content->members[j], content->stability[j], content->silhouettes[j]);
    cli_say(args,
            "%lld of %lld components of %lld replicates lie within %g of their neighbours; "
            "silhouette %.2f, relative error %.4g, %.3g s",
            (long long)content->kept, (long long)(content->replicates * content->k),
            (long long)content->replicates, content->density_threshold, content->silhouette,
            content->relative_error, content->seconds);
    if (content->unconverged > 0)
        fprintf(stderr, "nmf %s: %lld of %lld replicates had not converged (--max-iter)\n",
                args->command->name, (long long)content->unconverged,
                (long long)content->replicates);
    if (content->stopped == NMF_STOPPED_INTERRUPTED || content->stopped == NMF_STOPPED_TIME_LIMIT)
        fprintf(stderr, "nmf %s: stopped early; this is what %lld replicates agree on\n",
                args->command->name, (long long)content->replicates);
}

/* --- one rank, or several ------------------------------------------------------------------------ */

static nmf_status one_rank(const cli_args *args, nmf_matrix *X, const nmf_consensus_options *wishes,
                           nmf_error *error)
{
    nmf_consensus_result *result = NULL;
    char *output = NULL, *prefix = NULL;
    nmf_status status = NMF_OK;
    if (args->output == NULL)
        status = cli_default_output(args->operands[0], ".consensus.nmf.npz", &output, error);
    if (status == NMF_OK) status = cli_default_output(args->operands[0], "", &prefix, error);
    const cli_output outputs[] = {{"-o", args->output ? args->output : output, CLI_MODEL_OUT},
                                  {"--json", args->json, CLI_TEXT_OUT}};
    if (status == NMF_OK && cli_together_speaks())
        status = cli_check_files(args, outputs, 2, error);
    status = cli_together_agree(status, error);
    if (status == NMF_OK) status = agree(args, X, args->options.k, wishes, &result, error);
    if (status == NMF_OK && cli_together_speaks()) {
        const nmf_consensus_content *content = nmf_consensus_view(result);
        const char *path = args->output ? args->output : output;
        cli_text text = {NULL, 0, 0, 0};
        nmf_model_set_reading(content->model, args->transpose == 1, args->image_order == 1);
        say_components(args, content);
        status = nmf_io_save_model(content->model, path, error);
        if (status == NMF_OK) cli_say(args, "wrote %s", path);
        if (status == NMF_OK && args->like == CNMF)
            status = write_like_cnmf(args, content, prefix, error);
        if (status == NMF_OK && args->like == SIGPROFILER) {
            cli_solution solution;
            status = cli_judge_solution(X, content, &solution, error);
            if (status == NMF_OK) status = write_solutions(args, &solution, 1, error);
        }
        if (status == NMF_OK && args->json != NULL) {
            add_json(&text, content);
            cli_text_add(&text, "\n");
            status = cli_text_write(&text, args->json, error);
        }
    }
    nmf_consensus_free(result);
    free(output);
    free(prefix);
    return status;
}

/* The largest k whose worst stability is at least 0.8: NMFk's rule. */
static void say_choice(const cli_args *args, const int64_t *ks, const double *worst, int64_t count)
{
    int64_t chosen = 0;
    for (int64_t i = 0; i < count; i++)
        if (worst[i] >= 0.8) chosen = ks[i];
    if (chosen > 0)
        cli_say(
            args,
            "The largest k whose components all come back (worst stability at least 0.8): %lld.",
            (long long)chosen);
    else
        cli_say(args, "No k has components that all come back (worst stability at least 0.8).");
}

static nmf_status many_ranks(const cli_args *args, nmf_matrix *X,
                             const nmf_consensus_options *wishes, nmf_error *error)
{
    int64_t *ks = NULL, count = 0;
    cli_text json = {NULL, 0, 0, 0};
    nmf_status status = cli_parse_ranks(args->ranks, &ks, &count, error);
    double *worst = status == NMF_OK ? calloc((size_t)count, sizeof *worst) : NULL;
    cli_solution *solutions = status == NMF_OK ? calloc((size_t)count, sizeof *solutions) : NULL;
    if (status == NMF_OK && (worst == NULL || solutions == NULL))
        status = nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a table");
    cli_text_add(&json, "[");
    if (status == NMF_OK)
        cli_say(args, "k\tworst_stability\tmean_stability\tsilhouette\tkept\trelative_error");
    status = cli_together_agree(status, error);
    int64_t done = 0;
    int stopped = 0; /* Trap: not cli_interrupted(), which only one of several processes may be */
    for (; done < count && status == NMF_OK && !stopped; done++) {
        nmf_consensus_result *result = NULL;
        status = agree(args, X, ks[done], wishes, &result, error);
        if (status != NMF_OK) break;
        const nmf_consensus_content *content = nmf_consensus_view(result);
        worst[done] = content->worst_stability;
        stopped = content->stopped == NMF_STOPPED_INTERRUPTED;
        cli_say(args, "%lld\t%.4f\t%.4f\t%.4f\t%lld/%lld\t%.6g", (long long)ks[done],
                content->worst_stability, content->mean_stability, content->silhouette,
                (long long)content->kept, (long long)(content->replicates * content->k),
                content->relative_error);
        if (done > 0) cli_text_add(&json, ",");
        add_json(&json, content);
        if (args->like == SIGPROFILER)
            status = cli_judge_solution(X, content, &solutions[done], error);
        nmf_consensus_free(result);
    }
    if (status == NMF_ERROR_INTERRUPTED && done > 0) status = NMF_OK;
    if (status == NMF_OK) say_choice(args, ks, worst, done);
    if (status == NMF_OK && args->like == SIGPROFILER && cli_together_speaks())
        status = write_solutions(args, solutions, done, error);
    cli_text_add(&json, "]\n");
    if (status == NMF_OK && args->json != NULL && cli_together_speaks())
        status = cli_text_write(&json, args->json, error);
    else
        free(json.bytes);
    free(solutions);
    free(worst);
    free(ks);
    return status;
}

int cli_run_consensus(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    nmf_matrix *X = NULL;
    nmf_consensus_options wishes = NMF_CONSENSUS_OPTIONS_INIT;
    nmf_status status = read_wishes(args, &wishes, &error);
    if (status == NMF_OK && cli_together_speaks()) status = cli_check_output(args->json, &error);
    if (status == NMF_OK)
        status = cli_read_data(args, args->operands, args->operand_count, &X, &error);
    cli_interrupt_hold();
    status = cli_together_agree(status, &error);
    if (status == NMF_OK)
        status = (args->ranks != NULL ? many_ranks : one_rank)(args, X, &wishes, &error);
    nmf_matrix_free(X);
    const int code = status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
    cli_interrupt_release();
    return code;
}
