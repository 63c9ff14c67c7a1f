/* nmf info: what a file holds; without a file, this program: version, arithmetic, libraries in
 * use. */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "data.h"
#include "report.h"
#include "streams.h"
#include "words.h"

#include <link.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the program ---- */

/* Says which file is behind a library that decides about results or speed: BLAS is a link to one of
 * several implementations. */
static int print_library(struct dl_phdr_info *info, size_t size, void *context)
{
    static const char *const interesting[] = {"libnmfkit", "blas",    "lapack",
                                              "libgomp",   "libomp",  "libcairo.",
                                              "libpango-", "libcurl", "libhdf5"};
    (void)size;
    (void)context;
    const char *const slash = strrchr(info->dlpi_name, '/');
    const char *const name = slash != NULL ? slash + 1 : info->dlpi_name;
    for (size_t i = 0; i < sizeof interesting / sizeof *interesting; i++) {
        if (strstr(name, interesting[i]) != NULL) {
            char *const path = realpath(info->dlpi_name, NULL);
            printf("  %s\n", path != NULL ? path : info->dlpi_name);
            free(path);
            return 0;
        }
    }
    return 0;
}

static int print_program(void)
{
    const nmf_kernel_info kernel = nmf_kernel();
    char *cached = NULL;
    printf("nmf %s\n", nmf_version());
    printf("kernels: %s (%s; %lld-byte vectors)\n", kernel.name, kernel.reason,
           (long long)kernel.vector_bytes);
    printf("processors: %lld\n", (long long)kernel.processors);
    if (cli_olivetti_path(&cached, NULL) == NMF_OK) {
        FILE *const file = fopen(cached, "rb");
        printf("olivetti faces: %s%s\n", cached,
               file != NULL ? "" : " (not there: nmf fetch olivetti)");
        if (file != NULL) fclose(file);
        free(cached);
    }
    printf("libraries:\n");
    dl_iterate_phdr(print_library, NULL);
    return CLI_DONE;
}

/* ---- data ---- */

typedef struct entry_summary {
    double lowest, highest, sum;
    int64_t zeros, not_finite;
} entry_summary;

static void add_entries(const double *entries, int64_t count, entry_summary *summary)
{
    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(entries[i])) {
            summary->not_finite++;
            continue;
        }
        summary->lowest = fmin(summary->lowest, entries[i]);
        summary->highest = fmax(summary->highest, entries[i]);
        summary->sum += entries[i];
        summary->zeros += entries[i] == 0.0;
    }
}

/* The stored entries, a block at a time, and one 0 for the others where there are some. */
static void summarize_stored(const nmf_matrix *matrix, entry_summary *summary)
{
    const nmf_sparse sparse = nmf_matrix_sparse(matrix);
    const int64_t stored = nmf_matrix_stored(matrix);
    for (int64_t i = 0; i < stored; i++) {
        const double entry = nmf_matrix_stored_at(matrix, i);
        add_entries(&entry, 1, summary);
    }
    if ((double)stored < (double)sparse.rows * (double)sparse.columns) {
        summary->lowest = fmin(summary->lowest, 0.0);
        summary->highest = fmax(summary->highest, 0.0);
    }
}

static nmf_status summarize_entries(const nmf_matrix *matrix, entry_summary *summary,
                                    nmf_error *error)
{
    const entry_summary nothing = {INFINITY, -INFINITY, 0.0, 0, 0};
    const int64_t columns = nmf_matrix_columns(matrix);
    *summary = nothing;
    if (nmf_matrix_is_sparse(matrix)) {
        summarize_stored(matrix, summary);
        return NMF_OK;
    }
    double *const row = calloc((size_t)columns + 1, sizeof *row);
    nmf_status status = NMF_OK;
    if (row == NULL)
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a row of %lld numbers",
                        (long long)columns);
    for (int64_t i = 0; i < nmf_matrix_rows(matrix) && status == NMF_OK; i++) {
        status = nmf_matrix_copy_rows(matrix, i, 1, NMF_F64, row, error);
        if (status == NMF_OK) add_entries(row, columns, summary);
    }
    free(row);
    return status;
}

static void print_names(const nmf_matrix *matrix, nmf_names which, const char *heading)
{
    const int64_t count =
        which == NMF_FEATURE_NAMES ? nmf_matrix_columns(matrix) : nmf_matrix_rows(matrix);
    if (!nmf_matrix_has_names(matrix, which) || count == 0) return;
    cli_text text = {NULL, 0, 0, 0};
    cli_text_add(&text, "%s: ", heading);
    cli_text_add_name(&text, nmf_matrix_name(matrix, which, 0));
    if (count > 1) {
        cli_text_add(&text, count > 2 ? ", ..., " : ", ");
        cli_text_add_name(&text, nmf_matrix_name(matrix, which, count - 1));
    }
    puts(text.bytes != NULL ? text.bytes : heading);
    free(text.bytes);
}

static void print_entries(const nmf_matrix *matrix, const entry_summary *summary, double entries)
{
    const double finite = entries - (double)summary->not_finite;
    const double left_out =
        nmf_matrix_is_sparse(matrix) ? entries - (double)nmf_matrix_stored(matrix) : 0.0;
    if (nmf_matrix_is_sparse(matrix))
        printf("stored: %lld entries, %.3g%% of all, %.3g a sample\n",
               (long long)nmf_matrix_stored(matrix),
               100.0 * (double)nmf_matrix_stored(matrix) / entries,
               (double)nmf_matrix_stored(matrix) / (double)nmf_matrix_rows(matrix));
    if (finite > 0.0)
        printf("entries: %g to %g, mean %.6g, %.3g%% zeros\n", summary->lowest, summary->highest,
               summary->sum / finite, 100.0 * ((double)summary->zeros + left_out) / entries);
}

static void add_number(cli_text *text, const char *key, double value)
{
    if (isfinite(value))
        cli_text_add(text, ",\n  \"%s\": %.17g", key, value);
    else
        cli_text_add(text, ",\n  \"%s\": null", key);
}

static nmf_status print_json(const char *path, const nmf_matrix *matrix,
                             const entry_summary *summary, nmf_error *error)
{
    static const char *const names[] = {"sample_names", "feature_names", "labels"};
    const double rows = (double)nmf_matrix_rows(matrix);
    const double entries = rows * (double)nmf_matrix_columns(matrix);
    const double stored = (double)nmf_matrix_stored(matrix);
    const double finite = entries - (double)summary->not_finite;
    cli_text text = {NULL, 0, 0, 0};
    cli_text_add(&text, "{\n  \"path\": ");
    cli_text_add_json(&text, path);
    cli_text_add(&text, ",\n  \"kind\": \"data\"");
    add_number(&text, "samples", rows);
    add_number(&text, "features", (double)nmf_matrix_columns(matrix));
    cli_text_add(&text, ",\n  \"type\": \"%s\",\n  \"sparse\": %s",
                 nmf_dtype_name(nmf_matrix_dtype(matrix)),
                 nmf_matrix_is_sparse(matrix) ? "true" : "false");
    add_number(&text, "stored", stored);
    add_number(&text, "lowest", summary->lowest);
    add_number(&text, "highest", summary->highest);
    add_number(&text, "mean", summary->sum / finite);
    add_number(&text, "zeros", (double)summary->zeros + entries - stored);
    add_number(&text, "not_finite", (double)summary->not_finite);
    if (nmf_matrix_image_height(matrix) > 0)
        cli_text_add(&text, ",\n  \"image_shape\": [%lld, %lld]",
                     (long long)nmf_matrix_image_height(matrix),
                     (long long)nmf_matrix_image_width(matrix));
    for (int which = 0; which < 3; which++)
        cli_text_add(&text, ",\n  \"has_%s\": %s", names[which],
                     nmf_matrix_has_names(matrix, (nmf_names)which) ? "true" : "false");
    cli_text_add(&text, ",\n  \"fingerprint\": \"%016llx\"\n}\n",
                 (unsigned long long)nmf_matrix_fingerprint(matrix));
    return cli_text_write(&text, NULL, error);
}

static nmf_status print_data(const cli_args *args, nmf_error *error)
{
    nmf_matrix *matrix = NULL;
    entry_summary summary;
    char shape[160], name[4096];
    cli_show_streams(args->operands[0], name, sizeof name);
    nmf_status status = cli_read_data(args, args->operands, args->operand_count, &matrix, error);
    if (status == NMF_OK) status = nmf_weigh(&matrix, (nmf_weighting)args->weighting, NULL, error);
    if (status == NMF_OK) status = summarize_entries(matrix, &summary, error);
    if (status == NMF_OK) {
        const double entries = (double)nmf_matrix_rows(matrix) * (double)nmf_matrix_columns(matrix);
        if (args->as_json) {
            status = print_json(name, matrix, &summary, error);
            nmf_matrix_free(matrix);
            return status;
        }
        cli_describe_matrix(matrix, shape, sizeof shape);
        printf("%s: %s\n", name, shape);
        print_entries(matrix, &summary, entries);
        if (summary.not_finite > 0)
            printf("not finite: %lld entries\n", (long long)summary.not_finite);
        print_names(matrix, NMF_SAMPLE_NAMES, "samples");
        print_names(matrix, NMF_FEATURE_NAMES, "features");
        print_names(matrix, NMF_LABELS, "labels");
    }
    nmf_matrix_free(matrix);
    return status;
}

/* ---- a model ---- */

static void print_trace(const nmf_model_content *content)
{
    if (content->trace_count == 0) return;
    const nmf_trace_point *const first = &content->trace[0];
    const nmf_trace_point *const last = &content->trace[content->trace_count - 1];
    printf("loss: %.7g after iteration %lld, %.7g after iteration %lld\n", first->loss,
           (long long)first->iteration, last->loss, (long long)last->iteration);
}

/* Of several starts: how far apart they were when they were compared. */
static void print_starts(const nmf_model_content *content)
{
    enum { MOST = 20 };
    if (content->start_count < 2) return;
    printf("starts, as they were compared:");
    for (int64_t s = 0; s < content->start_count && s < MOST; s++)
        if (isnan(content->start_losses[s]))
            printf(" -");
        else
            printf(" %.6g%s", content->start_losses[s], s == content->winning_start ? "*" : "");
    if (content->start_count > MOST)
        printf(" and %lld more", (long long)content->start_count - MOST);
    printf("\n");
}

static void print_nmf(const nmf_model_content *content)
{
    char how[128];
    cli_describe_stop(content, how, sizeof how);
    static const char *const solvers[] = {NMF_SOLVER_NAMES};
    printf("start: %s, seed %llu", content->init, (unsigned long long)content->winning_seed);
    if (content->start_count > 1)
        printf(", number %lld of %lld", (long long)content->winning_start + 1,
               (long long)content->start_count);
    else if (content->options.starts > 1) /* of a file that is older than the losses */
        printf(", the best of %lld", (long long)content->options.starts);
    if (content->options.solver == NMF_SOLVER_AUTO)
        printf("\n");
    else
        printf("; solver: %s\n", solvers[content->options.solver]);
    if (content->iterations > 0 || isfinite(content->kkt)) /* a consensus is no fit of its own */
        printf("stopped: %s, KKT residual %.2g (tol %g)\n", how, content->kkt,
               content->options.tol);
    print_trace(content);
    print_starts(content);
    if (content->stability != NULL) {
        printf("stability of the components:");
        for (int64_t j = 0; j < content->k; j++) printf(" %.2f", content->stability[j]);
        printf("\n");
    }
}

static void print_pca(const nmf_model_content *content)
{
    printf("explained variance ratios:");
    for (int64_t i = 0; i < content->k && i < 10; i++)
        printf(" %.4f", content->explained_variance_ratio[i]);
    printf("%s\n%s", content->k > 10 ? " ..." : "", content->options.whiten ? "whitened\n" : "");
}

static nmf_status print_model(const cli_args *args, nmf_error *error)
{
    nmf_model *model = NULL;
    char name[4096];
    nmf_status status = nmf_io_load_model(args->operands[0], &model, error);
    if (status != NMF_OK) return status;
    cli_show_streams(args->operands[0], name, sizeof name);
    if (args->as_json) {
        status = cli_report_json("-", model, error);
        nmf_model_free(model);
        return status;
    }
    const nmf_model_content *const content = nmf_model_view(model);
    const int64_t height = nmf_matrix_image_height(content->H);
    printf("%s: %s model, k = %lld, of %lld samples x %lld features", name,
           content->kind == NMF_MODEL_PCA ? "PCA" : "NMF", (long long)content->k,
           (long long)content->samples, (long long)content->features);
    if (height > 0)
        printf(", pictures of %lld x %lld", (long long)height,
               (long long)nmf_matrix_image_width(content->H));
    if (content->weighting != NMF_WEIGHTING_NONE)
        printf("\nweighting: %s%s", cli_weighting_name(content->weighting),
               content->idf != NULL ? ", with the idf of these samples" : "");
    printf("\nrelative error: %.6g (error %.6g)\n", content->relative_error, content->error);
    if (content->kind == NMF_MODEL_PCA)
        print_pca(content);
    else
        print_nmf(content);
    printf("cost: %lld pass%s, %.3g s, %lld thread%s, %s kernels, %s\n", (long long)content->passes,
           content->passes == 1 ? "" : "es", content->seconds, (long long)content->threads,
           content->threads == 1 ? "" : "s", content->kernel,
           nmf_dtype_name(nmf_matrix_dtype(content->H)));
    if (content->fingerprint != 0)
        printf("data: fingerprint %016llx\n", (unsigned long long)content->fingerprint);
    nmf_model_free(model);
    return NMF_OK;
}

int cli_run_info(const cli_args *args)
{
    nmf_error error = {NMF_OK, ""};
    if (args->operand_count == 0) return print_program();
    int is_model = 0;
    nmf_status status = NMF_OK;
    if (args->operand_count == 1)
        status = nmf_io_recognise_model(args->operands[0], &is_model, &error);
    if (status == NMF_OK) status = is_model ? print_model(args, &error) : print_data(args, &error);
    return status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
}
