/* W written by all processes into one file, and by one alone: the files are compared byte by byte. test_written.py starts
 * it in one folder, where each writes its own rows, and in folders of their own, where the first one gets them sent.
 *   usage: test_mpi_written PLUGIN
 * Prints how much all others sent for a model, and how much their rows are. */
#include "random_numbers.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <nmfkit/io.h>
#include <nmfkit/nmfkit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const nmf_comm *comm;
static void (*traffic_of)(int64_t *, int64_t *);
static nmf_error error;

static void must(nmf_status status, const char *what)
{
    if (status == NMF_OK) return;
    fprintf(stderr, "test_mpi_written: %s: %s\n", what, error.message);
    exit(1);
}

static void find(void *library, const char *name, void *function, size_t bytes)
{
    void *const symbol = dlsym(library, name);
    if (!symbol) exit(2);
    memcpy(function, &symbol, bytes);
}

/* The rows of W that a process has are several blocks and no whole number of them: 60 bytes each. */
static nmf_matrix *named_data(void)
{
    enum { M = 21001, N = 18 };
    nmf_matrix *X = NULL;
    static char texts[M][16];
    static const char *names[M];
    must(nmf_matrix_new(NMF_U8, M, N, &X, &error), "data");
    state = 88172645463325252u;
    for (int64_t i = 0; i < (int64_t)M * N; i++)
        ((uint8_t *)nmf_matrix_writable(X))[i] = (uint8_t)(1 + 200 * uniform());
    for (int i = 0; i < M; i++) {
        snprintf(texts[i], sizeof texts[i], "row-%d", i);
        names[i] = texts[i];
    }
    must(nmf_matrix_set_names(X, NMF_SAMPLE_NAMES, names, &error), "names");
    return X;
}

static nmf_model *fit(const nmf_matrix *X)
{
    nmf_options options = NMF_OPTIONS_INIT;
    nmf_model *model = NULL;
    options.k = 15;
    options.threads = 1;
    options.max_iter = 2;
    options.init = NMF_INIT_RANDOM;
    must(nmf_fit(X, &options, &model, &error), "fit");
    return model;
}

static unsigned char *whole(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) exit(3);
    *bytes = (size_t)ftell(file);
    rewind(file);
    unsigned char *const all = malloc(*bytes + 1);
    if (!all || fread(all, 1, *bytes, file) != *bytes) exit(3);
    fclose(file);
    return all;
}

static void same_files(const char *a, const char *b)
{
    size_t a_bytes, b_bytes;
    unsigned char *const of_a = whole(a, &a_bytes), *const of_b = whole(b, &b_bytes);
    if (a_bytes != b_bytes || memcmp(of_a, of_b, a_bytes) != 0) {
        fprintf(stderr, "test_mpi_written: %s and %s differ\n", a, b);
        exit(1);
    }
    free(of_a);
    free(of_b);
}

static int64_t sent_by_others(void)
{
    int64_t bytes, messages, sum = 0;
    traffic_of(&bytes, &messages);
    for (int64_t r = 1; r < comm->size; r++) {
        int64_t theirs = bytes;
        comm->broadcast(comm->context, r, &theirs, sizeof theirs);
        sum += theirs;
        if (r == comm->rank) sum -= (comm->size - 1) * (int64_t)sizeof theirs; /* for this */
    }
    return sum;
}

static const char *const formats[] = {"npy", "npz", "csv", "mat", "npy.gz"};

static void write_all(const nmf_model *model, const char *name)
{
    char path[64];
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        snprintf(path, sizeof path, "%s.%s", name, formats[i]);
        must(nmf_io_write(nmf_model_view(model)->W, path, &error), path);
    }
}

int main(int argc, char **argv)
{
    nmf_status (*open_mpi)(nmf_comm *, nmf_error *);
    void (*close_mpi)(void);
    nmf_comm described;
    void *const library = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL) : NULL;
    if (!library) return 2;
    find(library, "nmf_mpi_open", &open_mpi, sizeof open_mpi);
    find(library, "nmf_mpi_close", &close_mpi, sizeof close_mpi);
    find(library, "nmf_mpi_traffic", &traffic_of, sizeof traffic_of);
    must(open_mpi(&described, &error), "MPI");
    must(nmf_comm_attach(&described, &error), "attaching");
    comm = nmf_comm_attached();

    nmf_matrix *X = named_data();
    nmf_spread_leave(1);
    nmf_model *spread = fit(X);
    const nmf_matrix *W = nmf_model_view(spread)->W;
    if (!nmf_spread_is(W)) return 4;
    const int64_t before = sent_by_others();
    if (comm->rank > 0) nmf_io_spread_serve(W);
    if (comm->rank == 0) {
        must(nmf_io_save_model(spread, "spread.nmf.npz", &error), "model");
        nmf_spread_end(W);
    }
    const int64_t sent = sent_by_others() - before;
    if (comm->rank > 0) nmf_io_spread_serve(W);
    if (comm->rank == 0) {
        must(nmf_matrix_is_in_memory(W) || nmf_matrix_rows(W) != nmf_matrix_rows(X)
                 ? NMF_ERROR_SHAPE
                 : NMF_OK,
             "W of all rows that is not in memory");
        write_all(spread, "spread");
        nmf_spread_end(W);
    }
    nmf_spread_leave(0);
    nmf_model *gathered = fit(X);
    if (nmf_spread_is(nmf_model_view(gathered)->W)) return 5;
    if (comm->rank == 0) {
        nmf_model *read = NULL;
        const nmf_dense all = nmf_matrix_dense(nmf_model_view(gathered)->W);
        const size_t bytes = (size_t)(all.rows * all.columns) * nmf_dtype_bytes(all.dtype);
        must(nmf_io_load_model("spread.nmf.npz", &read, &error), "reading");
        const nmf_dense found = nmf_matrix_dense(nmf_model_view(read)->W);
        if (found.rows != all.rows || memcmp(found.data, all.data, bytes) != 0) return 6;
        must(nmf_io_save_model(read, "again.nmf.npz", &error), "model");
        same_files("spread.nmf.npz", "again.nmf.npz");
        write_all(gathered, "one");
        for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
            char a[64], b[64];
            snprintf(a, sizeof a, "spread.%s", formats[i]);
            snprintf(b, sizeof b, "one.%s", formats[i]);
            same_files(a, b);
        }
        int64_t first, rows;
        nmf_comm_rows(all.rows, 0, comm->size, &first, &rows);
        printf("sent %" PRId64 " rows %zu\n", sent,
               bytes / (size_t)all.rows * (size_t)(all.rows - rows));
        nmf_model_free(read);
    }
    nmf_model_free(spread);
    nmf_model_free(gathered);
    nmf_matrix_free(X);
    fflush(stdout);
    close_mpi();
    return 0;
}
