/* What scale.py measures, by as many processes as mpirun started:
 *   bench_mpi mpi ping                           seconds of a small message, bytes a second of a large one
 *   bench_mpi alone|mpi fit M N K THREADS        seconds of an iteration of a fit of M x N random numbers (f32) */
#include <nmfkit/mpi.h>
#include <nmfkit/nmfkit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void fail(const nmf_error *error)
{
    fprintf(stderr, "bench_mpi: %s\n", error->message);
    exit(1);
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* --- messages ---------------------------------------------------------------------------------- */

/* There and back, from the first process to the second. */
static double ping(const nmf_comm *comm, void *data, size_t bytes, int rounds)
{
    const double began = now();
    for (int i = 0; i < rounds; i++) {
        if (comm->rank == 0) comm->send(comm->context, 1, data, bytes);
        if (comm->rank == 0) comm->receive(comm->context, 1, data, bytes);
        if (comm->rank == 1) comm->receive(comm->context, 0, data, bytes);
        if (comm->rank == 1) comm->send(comm->context, 0, data, bytes);
    }
    return (now() - began) / (2 * rounds);
}

static void measure_messages(const nmf_comm *comm)
{
    enum { LARGE = 1 << 20 };
    char *data = calloc(LARGE, 1);
    if (!data) exit(1);
    (void)ping(comm, data, LARGE, 20);
    const double small = ping(comm, data, 8, 2000), large = ping(comm, data, LARGE, 100);
    if (comm->rank == 0) printf("%.9f %.0f\n", small, LARGE / (large - small));
    free(data);
}

/* --- fits -------------------------------------------------------------------------------------- */

static int64_t columns;

/* Five parts and noise; each row by itself, so that whoever has it makes it. */
static nmf_status make_rows(void *context, int64_t first, int64_t count, void *rows,
                            nmf_error *error)
{
    (void)context;
    (void)error;
    for (int64_t i = 0; i < count; i++) {
        uint64_t state = (uint64_t)(first + i) * 2862933555777941757u + 3037000493u;
        float *const row = (float *)rows + i * columns;
        for (int64_t j = 0; j < columns; j++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            row[j] = (float)(state >> 40) * 0x1p-24f + (j % 5 == (first + i) % 5 ? 1.0f : 0.0f);
        }
    }
    return NMF_OK;
}

/* In memory; of several processes the library has each keep its own rows there. */
static nmf_matrix *made(int64_t m, int64_t n, int is_alone)
{
    nmf_matrix *X = NULL;
    nmf_error error;
    const nmf_row_reader rows = {
        .dtype = NMF_F32, .rows = m, .columns = n, .read = make_rows, .context = NULL};
    if ((is_alone ? nmf_matrix_new(NMF_F32, m, n, &X, &error)
                  : nmf_matrix_from_rows(&rows, &X, &error)) != NMF_OK)
        fail(&error);
    if (is_alone) (void)make_rows(NULL, 0, m, nmf_matrix_writable(X), NULL);
    return X;
}

static nmf_model *fit(const nmf_matrix *X, int64_t k, int64_t threads, int64_t iterations)
{
    nmf_options options = NMF_OPTIONS_INIT;
    nmf_model *model = NULL;
    nmf_error error;
    options.k = k;
    options.threads = threads;
    options.init = NMF_INIT_RANDOM;
    options.solver = NMF_SOLVER_HALS;
    options.sketch = 0;
    options.tol = 0;
    options.max_iter = iterations;
    if (nmf_fit(X, &options, &model, &error) != NMF_OK) fail(&error);
    return model;
}

/* The median step from one line of the trace to the next. */
static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure_fit(int64_t m, int64_t n, int64_t k, int64_t threads)
{
    enum { ITERATIONS = 8 };
    nmf_matrix *X = made(m, n, !nmf_comm_attached());
    nmf_model *model = fit(X, k, threads, ITERATIONS);
    const nmf_model_content *c = nmf_model_view(model);
    double steps[ITERATIONS];
    const int64_t count = c->trace_count - 2; /* the last line is that of the last visit */
    for (int64_t i = 0; i < count; i++) steps[i] = c->trace[i + 1].seconds - c->trace[i].seconds;
    if (count > 0) qsort(steps, (size_t)count, sizeof *steps, by_size);
    const nmf_comm *comm = nmf_comm_attached();
    if (count > 0 && (!comm || comm->rank == 0)) printf("%.6f\n", steps[count / 2]);
    nmf_model_free(model);
    nmf_matrix_free(X);
}

int main(int argc, char **argv)
{
    nmf_comm comm = {.size = 0};
    nmf_error error;
    int64_t numbers[4] = {0, 0, 0, 1};
    if (argc < 3) return 2;
    for (int i = 3; i < argc && i < 7; i++) numbers[i - 3] = strtoll(argv[i], NULL, 10);
    const int together = strcmp(argv[1], "mpi") == 0;
    if (together && nmf_mpi_open(&comm, &error) != NMF_OK) fail(&error);
    if (together && nmf_comm_attach(&comm, &error) != NMF_OK) fail(&error);
    columns = numbers[1];
    if (strcmp(argv[2], "ping") == 0 && comm.size > 1) measure_messages(&comm);
    if (strcmp(argv[2], "fit") == 0) measure_fit(numbers[0], numbers[1], numbers[2], numbers[3]);
    fflush(stdout);
    if (together) nmf_mpi_close();
    return 0;
}
