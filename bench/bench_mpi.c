/* What scale.py measures, by as many processes as mpirun started:
 *   bench_mpi mpi ping                     seconds of a small message, bytes a second of a large one
 *   bench_mpi mpi rounds M N K ROUNDS      a line for each round, of fits of M x N random numbers (f32) one right after
 *                                          the other, since a machine is not always as fast: seconds of an iteration
 *                                          by all processes of one thread, by the first alone with one, with two, and of
 *                                          those with one what H takes */
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

static nmf_matrix *made(int64_t m, int64_t n, int of_parts)
{
    nmf_matrix *X = NULL;
    nmf_error error;
    const nmf_row_reader rows = {
        .dtype = NMF_F32, .rows = m, .columns = n, .read = make_rows, .context = NULL};
    if ((of_parts ? nmf_matrix_from_rows(&rows, &X, &error)
                  : nmf_matrix_new(NMF_F32, m, n, &X, &error)) != NMF_OK)
        fail(&error);
    if (!of_parts) (void)make_rows(NULL, 0, m, nmf_matrix_writable(X), NULL);
    return X;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median step from one line of the trace to the next; the last line is that of the last visit. */
static double median_step(const nmf_model_content *c)
{
    enum { MOST = 16 };
    double steps[MOST];
    const int64_t count = c->trace_count - 2 < MOST ? c->trace_count - 2 : MOST;
    for (int64_t i = 0; i < count; i++) steps[i] = c->trace[i + 1].seconds - c->trace[i].seconds;
    if (count < 1) return 0;
    qsort(steps, (size_t)count, sizeof *steps, by_size);
    return steps[count / 2];
}

static double fit(const nmf_matrix *X, int64_t k, int64_t threads)
{
    enum { ITERATIONS = 8 };
    nmf_options options = NMF_OPTIONS_INIT;
    nmf_model *model = NULL;
    nmf_error error;
    options.k = k;
    options.threads = threads;
    options.init = NMF_INIT_RANDOM;
    options.solver = NMF_SOLVER_HALS;
    options.sketch = 0;
    options.tol = 0;
    options.max_iter = ITERATIONS;
    if (nmf_fit(X, &options, &model, &error) != NMF_OK) fail(&error);
    const double seconds = median_step(nmf_model_view(model));
    nmf_model_free(model);
    return seconds;
}

/* Alone. The others sleep meanwhile, and do not wait for a message: who looks for one wants a processor for it. */
static double fit_alone(const nmf_comm *comm, const nmf_matrix *X, int64_t k, int64_t threads)
{
    double seconds = 0;
    if (nmf_comm_attach(NULL, NULL) != NMF_OK) exit(1);
    if (comm->rank == 0) seconds = fit(X, k, threads);
    if (!comm->all_here(comm->context, 1e6)) exit(1);
    if (nmf_comm_attach(comm, NULL) != NMF_OK) exit(1);
    comm->broadcast(comm->context, 0, &seconds, sizeof seconds);
    return seconds;
}

/* What is not a pass over X: an iteration of so few rows that there is little else. */
static double time_H(const nmf_comm *comm, int64_t n, int64_t k)
{
    enum { FEW = 64 };
    nmf_matrix *X = comm->rank == 0 ? made(FEW, n, 0) : NULL;
    const double seconds = fit_alone(comm, X, k, 1);
    nmf_matrix_free(X);
    return seconds;
}

static void measure_rounds(const nmf_comm *comm, int64_t m, int64_t n, int64_t k, int64_t rounds)
{
    nmf_matrix *parts = made(m, n, 1), *whole = comm->rank == 0 ? made(m, n, 0) : NULL;
    for (int64_t r = 0; r < rounds; r++) {
        const double together = fit(parts, k, 1), one = fit_alone(comm, whole, k, 1);
        const double two = fit_alone(comm, whole, k, 2), H = time_H(comm, n, k);
        if (comm->rank == 0) printf("%.6f %.6f %.6f %.6f\n", together, one, two, H);
    }
    nmf_matrix_free(parts);
    nmf_matrix_free(whole);
}

int main(int argc, char **argv)
{
    nmf_comm comm = {.size = 0};
    nmf_error error;
    int64_t numbers[4] = {0, 0, 0, 1};
    if (argc < 3 || strcmp(argv[1], "mpi") != 0) return 2;
    for (int i = 3; i < argc && i < 7; i++) numbers[i - 3] = strtoll(argv[i], NULL, 10);
    if (nmf_mpi_open(&comm, &error) != NMF_OK) fail(&error);
    if (nmf_comm_attach(&comm, &error) != NMF_OK) fail(&error);
    columns = numbers[1];
    if (strcmp(argv[2], "ping") == 0 && comm.size > 1) measure_messages(&comm);
    if (strcmp(argv[2], "rounds") == 0)
        measure_rounds(&comm, numbers[0], numbers[1], numbers[2], numbers[3]);
    fflush(stdout);
    nmf_mpi_close();
    return 0;
}
