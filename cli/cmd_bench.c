/* nmf bench: how near the library's passes come to what this machine can do. First the machine's
 * own limits, then the time of a pass for ranks and storage types, then how it grows with each
 * size.
 *
 * A pass does 4 m n k floating-point operations (both products) and reads X once; the updates of W
 * and H are inside its time and not counted as work. Under the Kullback-Leibler loss it does 6 m n
 * k (the model of one factor's rows, the ratios' product, the model of the step) and the divisions
 * and logarithms are inside its time. */
#include "args.h"
#include "bench_limits.h"
#include "bench_pass.h"
#include "data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct bench_run {
    const cli_args *args;
    cli_limits limits;
    char *csv; /* the file's text so far */
    size_t csv_bytes;
} bench_run;

static const char csv_header[] =
    "part,kernel,rows,columns,k,storage,threads,seconds,seconds_lowest,seconds_highest,passes,"
    "gflops,percent_of_fma,read_gb,percent_of_read,disturbed\n";

/* ---- what is printed ---- */

static nmf_status add_line(bench_run *run, const char *line, nmf_error *error)
{
    const size_t bytes = strlen(line);
    char *const longer = realloc(run->csv, run->csv_bytes + bytes + 1);
    if (longer == NULL) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the table");
    memcpy(longer + run->csv_bytes, line, bytes + 1);
    run->csv = longer;
    run->csv_bytes += bytes;
    return NMF_OK;
}

static nmf_status say_limit(bench_run *run, const char *name, const double *rate, int is_fma,
                            nmf_error *error)
{
    nmf_status status = NMF_OK;
    char line[256];
    cli_say(run->args, "| %s | %.1f | %.1f |", name, 1e-9 * rate[CLI_ONE_THREAD],
            1e-9 * rate[CLI_ALL_THREADS]);
    for (int i = CLI_ONE_THREAD; status == NMF_OK && i <= CLI_ALL_THREADS; i++) {
        const int64_t threads = i == CLI_ONE_THREAD ? 1 : run->limits.threads;
        snprintf(line, sizeof line, "%s,,,,,,%lld,,,,,%.2f,,%.2f,,\n",
                 is_fma ? (strstr(name, "f32") != NULL ? "fma-f32" : "fma-f64") : "read",
                 (long long)threads, is_fma ? 1e-9 * rate[i] : 0.0, is_fma ? 0.0 : 1e-9 * rate[i]);
        status = add_line(run, line, error);
    }
    return status;
}

static nmf_status say_limits(bench_run *run, nmf_error *error)
{
    const cli_limits *const limits = &run->limits;
    char array[64];
    snprintf(array, sizeof array, "read, GB/s, %.0f MB", 1e-6 * (double)limits->array_bytes);
    cli_say(run->args,
            "## Limits of this machine\n\n| limit, %lld-byte vectors | 1 thread | %lld "
            "threads |\n|---|---|---|",
            (long long)limits->vector_bytes, (long long)limits->threads);
    nmf_status status = say_limit(run, "multiply-add f32, GFLOP/s", limits->fma_f32, 1, error);
    if (status == NMF_OK)
        status = say_limit(run, "multiply-add f64, GFLOP/s", limits->fma_f64, 1, error);
    if (status == NMF_OK) status = say_limit(run, array, limits->read, 0, error);
    return status;
}

static void say_heading(const bench_run *run, const char *heading)
{
    cli_say(
        run->args,
        "\n## %s (%s kernels)\n\n| m | n | k | type | threads | ms a pass | lowest - highest | "
        "GFLOP/s | of multiply-add | GB/s | of read |\n|---|---|---|---|---|---|---|---|---|---|"
        "---|",
        heading, nmf_kernel().name);
}

/* ---- measurements ---- */

/* One row of a table; X is the data, `part` its part's name. */
static nmf_status measure(bench_run *run, const char *part, const nmf_matrix *X, int64_t k,
                          int64_t threads, nmf_error *error)
{
    const int all = threads == 1 ? CLI_ONE_THREAD : CLI_ALL_THREADS;
    const nmf_dtype dtype = nmf_matrix_dtype(X);
    const long long m = nmf_matrix_rows(X), n = nmf_matrix_columns(X);
    const double entries = (double)m * (double)n;
    cli_pass_time time = {0};
    char line[512];
    const int is_kl = run->args->loss == 1;
    const nmf_status status =
        cli_time_pass(X, is_kl ? NMF_LOSS_KL : NMF_LOSS_FROBENIUS, k, threads, run->args->quick,
                      &run->limits.fma_f32[all], &time, error);
    if (status != NMF_OK) return status;
    const double peak = dtype == NMF_F64 ? run->limits.fma_f64[all] : run->limits.fma_f32[all];
    const double flops = (is_kl ? 6.0 : 4.0) * entries * (double)k / time.median;
    const double bytes = entries * (double)nmf_dtype_bytes(dtype) / time.median;
    cli_say(
        run->args,
        "| %lld | %lld | %lld | %s | %lld | %.4g | %.4g - %.4g | %.1f | %.1f%% | %.2f | %.1f%% |",
        m, n, (long long)k, nmf_dtype_name(dtype), (long long)threads, 1e3 * time.median,
        1e3 * time.lowest, 1e3 * time.highest, 1e-9 * flops, 100.0 * flops / peak, 1e-9 * bytes,
        100.0 * bytes / run->limits.read[all]);
    fflush(stdout); /* a row takes seconds; whoever reads through a pipe wants it now */
    snprintf(line, sizeof line,
             "%s,%s,%lld,%lld,%lld,%s,%lld,%.6e,%.6e,%.6e,%lld,%.2f,%.2f,%.3f,%.2f,%lld\n", part,
             nmf_kernel().name, m, n, (long long)k, nmf_dtype_name(dtype), (long long)threads,
             time.median, time.lowest, time.highest, (long long)time.passes, 1e-9 * flops,
             100.0 * flops / peak, 1e-9 * bytes, 100.0 * bytes / run->limits.read[all],
             (long long)time.disturbed);
    return add_line(run, line, error);
}

/* The same with one thread and with all of them. */
static nmf_status measure_both(bench_run *run, const char *part, const nmf_matrix *X, int64_t k,
                               nmf_error *error)
{
    nmf_status status = measure(run, part, X, k, 1, error);
    if (status == NMF_OK && run->limits.threads > 1)
        status = measure(run, part, X, k, run->limits.threads, error);
    return status;
}

/* A shape that was asked for is taken or refused; the standard one is made to fit. */
static nmf_status choose_shape(const cli_args *args, nmf_dtype dtype, int64_t *rows,
                               int64_t *columns, nmf_error *error)
{
    const int64_t memory = cli_bench_memory();
    const double limit = memory > 0 ? 0.5 * (double)memory : 1e18;
    *rows = args->shape[0] > 0 ? args->shape[0] : args->quick ? 1000 : 50000;
    *columns = args->shape[1] > 0 ? args->shape[1] : args->quick ? 256 : 4096;
    const double row_bytes = (double)*columns * (double)nmf_dtype_bytes(dtype);
    if ((double)*rows * row_bytes <= limit) return NMF_OK;
    if (args->shape[0] > 0)
        return nmf_fail(error, NMF_ERROR_MEMORY,
                        "shape = %lldx%lld: takes %.0f MB as %s, more than half of this machine's "
                        "%.0f MB",
                        (long long)*rows, (long long)*columns, 1e-6 * (double)*rows * row_bytes,
                        nmf_dtype_name(dtype), 1e-6 * (double)memory);
    *rows = (int64_t)(limit / row_bytes);
    return NMF_OK;
}

static nmf_status bench_storage(bench_run *run, nmf_dtype dtype, nmf_error *error)
{
    static const int64_t standard[] = {1, 2, 4, 16, 64};
    const cli_args *const args = run->args;
    int64_t rows = 0, columns = 0;
    nmf_matrix *X = NULL;
    nmf_status status = choose_shape(args, dtype, &rows, &columns, error);
    if (status == NMF_OK) status = cli_bench_data(dtype, rows, columns, &X, error);
    if (args->rank > 0 && status == NMF_OK)
        status = measure_both(run, "pass", X, args->rank, error);
    for (size_t i = 0; args->rank == 0 && i < sizeof standard / sizeof *standard; i++)
        if (status == NMF_OK) status = measure_both(run, "pass", X, standard[i], error);
    nmf_matrix_free(X);
    return status;
}

/* In the order of --storage's names, which begin with "all". */
static const nmf_dtype types[] = {NMF_F32, NMF_U8, NMF_U16, NMF_F64};
enum { TYPES = sizeof types / sizeof *types };

static int is_wanted(const cli_args *args, int type)
{
    return args->storage == 0 || args->storage == type + 1;
}

static nmf_status bench_pass(bench_run *run, nmf_error *error)
{
    nmf_status status = NMF_OK;
    say_heading(run, "One pass over X");
    for (int i = 0; status == NMF_OK && i < TYPES; i++)
        if (is_wanted(run->args, i)) status = bench_storage(run, types[i], error);
    return status;
}

/* Whether the machine is left to us at this moment. */
static nmf_status bench_now(bench_run *run, nmf_error *error)
{
    const int64_t threads = nmf_kernel().processors;
    const double rate = 1e-9 * cli_measure_now(threads, run->args->quick);
    char line[128];
    cli_say(run->args, "multiply-add f32 now, %lld threads: %.1f GFLOP/s", (long long)threads,
            rate);
    snprintf(line, sizeof line, "now-f32,,,,,,%lld,,,,,%.2f,,0.00,,\n", (long long)threads, rate);
    return add_line(run, line, error);
}

static nmf_status bench_scaling(bench_run *run, nmf_error *error)
{
    static const int64_t ms[] = {1000, 2000, 4000, 8000, 16000},
                         ns[] = {256, 512, 1024, 2048, 4096};
    static const int64_t ks[] = {1, 2, 4, 8, 16, 32, 64, 128, 256};
    const int64_t shrink = run->args->quick ? 8 : 1;
    const int64_t m = 8000 / shrink, n = 2048 / shrink, k = 32;
    nmf_matrix *X = NULL;
    nmf_status status = cli_bench_data(NMF_F32, m, n, &X, error);
    say_heading(run, "Time of a pass as one size grows");
    for (size_t i = 0; status == NMF_OK && i < sizeof ks / sizeof *ks; i++)
        status = measure_both(run, "scaling-k", X, ks[i], error);
    nmf_matrix_free(X);
    for (size_t i = 0; status == NMF_OK && i < sizeof ms / sizeof *ms; i++) {
        status = cli_bench_data(NMF_F32, ms[i] / shrink, n, &X, error);
        if (status == NMF_OK) status = measure_both(run, "scaling-m", X, k, error);
        nmf_matrix_free(X);
    }
    for (size_t i = 0; status == NMF_OK && i < sizeof ns / sizeof *ns; i++) {
        status = cli_bench_data(NMF_F32, m, ns[i] / shrink, &X, error);
        if (status == NMF_OK) status = measure_both(run, "scaling-n", X, k, error);
        nmf_matrix_free(X);
    }
    return status;
}

/* ---- the command ---- */

static const char *const part_names[] = {"limits", "pass", "scaling", "now"};
enum { LIMITS, PASS, SCALING, NOW, PARTS_COUNT };

static nmf_status choose_parts(const cli_args *args, int *wanted, nmf_error *error)
{
    for (int i = 0; i < PARTS_COUNT; i++) wanted[i] = args->operand_count == 0 && i != NOW;
    for (int64_t o = 0; o < args->operand_count; o++) {
        int i = 0;
        while (i < PARTS_COUNT && strcmp(args->operands[o], part_names[i]) != 0) i++;
        if (i == PARTS_COUNT) {
            (void)nmf_fail(error, NMF_ERROR_ARGUMENT,
                           "unknown part %s: must be limits, pass, scaling or now",
                           args->operands[o]);
            cli_suggest_of(args->command->words, args->operands[o], error);
            return NMF_ERROR_ARGUMENT;
        }
        wanted[i] = 1;
    }
    return NMF_OK;
}

/* A shape too large is told before seconds are spent on the limits. */
static nmf_status check_shape(const cli_args *args, nmf_error *error)
{
    int64_t rows = 0, columns = 0;
    nmf_status status = NMF_OK;
    for (int i = 0; status == NMF_OK && i < TYPES; i++)
        if (is_wanted(args, i)) status = choose_shape(args, types[i], &rows, &columns, error);
    return status;
}

int cli_run_bench(const cli_args *args)
{
    bench_run run = {args, {0}, NULL, 0};
    int wanted[PARTS_COUNT];
    nmf_error error = {NMF_OK, ""};
    nmf_status status = choose_parts(args, wanted, &error);
    if (status == NMF_OK && wanted[PASS]) status = check_shape(args, &error);
    if (status == NMF_OK) status = cli_check_output(args->output, &error);
    if (status == NMF_OK) status = add_line(&run, csv_header, &error);
    if (status == NMF_OK && wanted[NOW]) status = bench_now(&run, &error);
    /* Shares of the limits are what the tables tell. */
    const int measures = wanted[LIMITS] || wanted[PASS] || wanted[SCALING];
    if (status == NMF_OK && measures) status = cli_measure_limits(args->quick, &run.limits, &error);
    if (status == NMF_OK && measures) status = say_limits(&run, &error);
    if (status == NMF_OK && wanted[PASS]) status = bench_pass(&run, &error);
    if (status == NMF_OK && wanted[SCALING]) status = bench_scaling(&run, &error);
    if (status == NMF_OK && args->output != NULL)
        status = nmf_io_write_text(args->output, run.csv, &error);
    free(run.csv);
    return status == NMF_OK ? CLI_DONE : cli_fail(args, &error);
}
