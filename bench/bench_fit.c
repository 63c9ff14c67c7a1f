/* One measured fit, for bench/run.py: reads DATA, fits something tiny so that nothing is done for
 * the first time afterwards, fits DATA (a short fit several times, of which it takes the median, as
 * peer.py does), and prints what it took as one line of JSON. The clock runs from data in memory to
 * a finished model; reading, writing and the process's start are not in it.
 *
 *   bench_fit DATA.npy [--pca] [--target E] [--target-loss D] [--model FILE.npz]
 *             [--OPTION VALUE...]
 *
 * --target stops the fit at the first iteration whose relative error (of the Frobenius loss) is at
 * most E, --target-loss where the loss is at most D. */
#include <nmfkit/io.h>
#include <nmfkit/nmfkit.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct bench_wish {
    const char *data, *model;
    int pca;
    double target, target_loss; /* 0: none */
    nmf_options options;
} bench_wish;

/* What the progress callback works with. */
typedef struct watcher {
    double loss;      /* of the target; negative: none */
    double in_sketch; /* the same, less what rounding to f32 may take off a loss there */
    nmf_trace_point reached;
    int was_reached;
} watcher;

static nmf_status set_option(nmf_options *options, const char *flag, const char *value,
                             nmf_error *error)
{
    int64_t count = 0;
    const nmf_option_info *const table = nmf_option_table(&count);
    for (int64_t i = 0; i < count; i++)
        if (strcmp(table[i].flag, flag) == 0)
            return nmf_option_set(options, &table[i], value, error);
    return nmf_fail(error, NMF_ERROR_ARGUMENT, "unknown option --%s", flag);
}

static nmf_status parse(int argc, char **argv, bench_wish *wish, nmf_error *error)
{
    nmf_status status = NMF_OK;
    for (int i = 1; i < argc && status == NMF_OK; i++) {
        const char *const word = argv[i], *const value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strncmp(word, "--", 2) != 0) {
            wish->data = word;
            continue;
        }
        if (strcmp(word, "--pca") == 0) {
            wish->pca = 1;
            continue;
        }
        if (value == NULL)
            return nmf_fail(error, NMF_ERROR_ARGUMENT, "%s: a value is missing", word);
        i++;
        if (strcmp(word, "--target") == 0)
            wish->target = strtod(value, NULL);
        else if (strcmp(word, "--target-loss") == 0)
            wish->target_loss = strtod(value, NULL);
        else if (strcmp(word, "--model") == 0)
            wish->model = value;
        else
            status = set_option(&wish->options, word + 2, value, error);
    }
    if (status == NMF_OK && wish->data == NULL)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "usage: bench_fit DATA.npy [--OPTION VALUE...]");
    return status;
}

/* ---- memory: the highest resident set since the fit began ---- */

/* A line of /proc/self/status in bytes, 0 where there is none. */
static int64_t status_bytes(const char *key)
{
    FILE *const file = fopen("/proc/self/status", "r");
    char line[256];
    long long kib = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0) kib = strtoll(line + strlen(key) + 1, NULL, 10);
    if (file != NULL) fclose(file);
    return (int64_t)kib * 1024;
}

static void forget_peak(void) /* without the right to, the peak includes the reading of the file */
{
    FILE *const file = fopen("/proc/self/clear_refs", "w");
    if (file == NULL) return;
    fputs("5", file);
    fclose(file);
}

/* ---- the fit ---- */

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int stop_at_target(const nmf_trace_point *point, void *context)
{
    watcher *const watch = context;
    const double wanted = point->iteration > 0 ? watch->loss : watch->in_sketch;
    if (!(point->loss <= wanted)) return 0; /* NaN: nothing is known about X yet */
    watch->reached = *point;
    watch->was_reached = 1;
    return 1;
}

/* ||X||^2 of a sparse X; other types than these are not in the benchmark. */
static double stored_squares(const nmf_matrix *X)
{
    const nmf_sparse sparse = nmf_matrix_sparse(X);
    double sum = 0.0;
    for (int64_t e = 0; e < nmf_matrix_stored(X); e++) {
        const double value = sparse.dtype == NMF_F64   ? ((const double *)sparse.values)[e]
                             : sparse.dtype == NMF_F32 ? (double)((const float *)sparse.values)[e]
                                                       : 0.0;
        sum += value * value;
    }
    return sum;
}

static nmf_status squares(const nmf_matrix *X, double *norm2, nmf_error *error)
{
    const int64_t columns = nmf_matrix_columns(X);
    if (nmf_matrix_is_sparse(X)) {
        *norm2 = stored_squares(X);
        return NMF_OK;
    }
    double *const row = calloc((size_t)columns, sizeof *row);
    nmf_status status = NMF_OK;
    *norm2 = 0.0;
    if (row == NULL) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a row");
    for (int64_t i = 0; i < nmf_matrix_rows(X) && status == NMF_OK; i++) {
        double sum = 0.0;
        status = nmf_matrix_copy_rows(X, i, 1, NMF_F64, row, error);
        for (int64_t j = 0; j < columns; j++) sum += row[j] * row[j];
        *norm2 += sum;
    }
    free(row);
    return status;
}

/* 1/2 (E ||X||)^2, with the norm in double as the error is judged afterwards. */
static nmf_status target_loss(const nmf_matrix *X, double target, watcher *watch, nmf_error *error)
{
    static const double rounded = 1e-7;
    double norm2 = 0.0;
    if (target <= 0.0) return NMF_OK;
    const nmf_status status = squares(X, &norm2, error);
    watch->loss = 0.5 * target * target * norm2;
    watch->in_sketch = watch->loss - rounded * norm2;
    return status;
}

/* ---- the measured fits ---- */

enum { MOST_FITS = 9 };
static const double enough_seconds = 0.5; /* no further fit after this; peer.py has the same */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static nmf_status learn(const nmf_matrix *X, const bench_wish *wish, const nmf_options *options,
                        nmf_model **model, nmf_error *error)
{
    return wish->pca ? nmf_pca(X, options, model, error) : nmf_fit(X, options, model, error);
}

/* Everything that happens once in a process happens here: libraries' own threads, page tables of
 * the stack, the choice of kernels. */
static nmf_status warm_up(const bench_wish *wish, nmf_error *error)
{
    /* OpenBLAS's own threads spin for about a tenth of a second after the process has started. */
    const struct timespec pause = {0, 200000000};
    nanosleep(&pause, NULL);
    nmf_options options = wish->options;
    nmf_matrix *X = NULL;
    nmf_model *model = NULL;
    options.k = 2;
    nmf_status status = nmf_matrix_new(NMF_F32, 64, 32, &X, error);
    if (status == NMF_OK) {
        float *const entries = nmf_matrix_writable(X);
        for (int i = 0; i < 64 * 32; i++) entries[i] = (float)(1 + (i * 7) % 13);
        status = learn(X, wish, &options, &model, error);
    }
    nmf_model_free(model);
    nmf_matrix_free(X);
    return status;
}

static void report(const nmf_matrix *X, const nmf_model *model, const watcher *watch,
                   double seconds, int64_t fit_bytes)
{
    static const char *const stopped[] = {NMF_STOPPED_NAMES};
    const nmf_model_content *const content = nmf_model_view(model);
    const nmf_sparse sparse = nmf_matrix_sparse(X);
    const int64_t lines = sparse.by_columns ? sparse.columns : sparse.rows;
    const int64_t entry_bytes = (int64_t)nmf_dtype_bytes(nmf_matrix_dtype(X)) + sparse.index_bytes;
    const int64_t x_bytes =
        nmf_matrix_stored(X) * entry_bytes + (nmf_matrix_is_sparse(X) ? 8 * (lines + 1) : 0);
    printf("{\"seconds\": %.9g, \"iterations\": %lld, \"sketch_iterations\": %lld, "
           "\"passes\": %lld, \"stopped\": \"%s\", "
           "\"error\": %.12g, \"kkt\": %.6g, \"reached\": %s, \"threads\": %lld, "
           "\"kernel\": \"%s\", \"init\": \"%s\", \"x_bytes\": %lld, \"fit_bytes\": %lld}\n",
           seconds, (long long)content->iterations, (long long)content->sketch_iterations,
           (long long)content->passes, stopped[content->stopped], content->relative_error,
           isfinite(content->kkt) ? content->kkt : -1.0, watch->was_reached ? "true" : "false",
           (long long)content->threads, content->kernel, content->init, (long long)x_bytes,
           (long long)fit_bytes);
}

/* The last model, and the median of the seconds. */
static nmf_status learn_repeatedly(const nmf_matrix *X, const bench_wish *wish, watcher *watch,
                                   nmf_model **model, double *seconds, int64_t *fit_bytes,
                                   nmf_error *error)
{
    double each[MOST_FITS], spent = 0.0;
    int fits = 0;
    nmf_status status = NMF_OK;
    forget_peak();
    const int64_t before = status_bytes("VmRSS:");
    while (status == NMF_OK && fits < MOST_FITS && spent < enough_seconds) {
        nmf_model_free(*model);
        *model = NULL;
        watch->was_reached = 0;
        const double begin = seconds_now();
        status = learn(X, wish, &wish->options, model, error);
        each[fits] = seconds_now() - begin;
        spent += each[fits++];
    }
    qsort(each, (size_t)fits, sizeof *each, ascending);
    *seconds = each[fits / 2];
    *fit_bytes = status_bytes("VmHWM:") - before;
    return status;
}

static nmf_status run(bench_wish *wish, nmf_error *error)
{
    nmf_matrix *X = NULL;
    nmf_model *model = NULL;
    watcher watch = {.loss = -1.0, .in_sketch = -1.0};
    nmf_status status = nmf_io_read(wish->data, NULL, &X, error);
    if (status == NMF_OK) status = warm_up(wish, error);
    if (status == NMF_OK) status = target_loss(X, wish->target, &watch, error);
    if (wish->target_loss > 0) watch.loss = wish->target_loss;
    if (status == NMF_OK) {
        double seconds = 0.0;
        int64_t fit_bytes = 0;
        wish->options.progress = stop_at_target;
        wish->options.progress_context = &watch;
        status = learn_repeatedly(X, wish, &watch, &model, &seconds, &fit_bytes, error);
        if (status == NMF_OK) report(X, model, &watch, seconds, fit_bytes);
    }
    if (status == NMF_OK && wish->model != NULL)
        status = nmf_io_save_model(model, wish->model, error);
    nmf_model_free(model);
    nmf_matrix_free(X);
    return status;
}

int main(int argc, char **argv)
{
    bench_wish wish = {NULL, NULL, 0, 0.0, 0.0, NMF_OPTIONS_INIT};
    nmf_error error = {NMF_OK, ""};
    nmf_status status = parse(argc, argv, &wish, &error);
    if (status == NMF_OK) status = run(&wish, &error);
    if (status != NMF_OK) fprintf(stderr, "bench_fit: %s\n", error.message);
    return status == NMF_OK ? 0 : 1;
}
