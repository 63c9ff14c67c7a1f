/* Fits of small data by as many processes as mpirun started, or by one: a line for each, its name and a
 * hash of every bit of W, H, the loss and the trace. test_bits.py compares what different numbers of
 * processes print.
 *   usage: test_mpi_fits PLUGIN|alone WORDS
 *     fits            all of them
 *     cut FOLDER      each is stopped and leaves a checkpoint there
 *     resume FOLDER   goes on from those, to what `fits` prints
 * Several words are done one after the other, as starting processes takes longer than some fits. */
#include "random_numbers.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <math.h>
#include <nmfkit/nmfkit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures;
static int64_t threads;
static const char *cut_into, *resumed_from; /* folders */

/* --- data -------------------------------------------------------------------------------------- */

/* Parts, and noise on them: between 0 and about 200. */
static nmf_matrix *dense(nmf_dtype dtype, int64_t m, int64_t n)
{
    enum { PARTS = 6 };
    nmf_matrix *X = NULL;
    nmf_error error;
    if (nmf_matrix_new(dtype, m, n, &X, &error) != NMF_OK) exit(1);
    double *H = malloc((size_t)(PARTS * n) * sizeof *H);
    state = 88172645463325252u;
    for (int64_t i = 0; i < PARTS * n; i++) H[i] = uniform() < 0.4 ? 40 * uniform() : 0;
    void *const data = nmf_matrix_writable(X);
    for (int64_t i = 0; i < m; i++) {
        double w[PARTS];
        for (int p = 0; p < PARTS; p++) w[p] = uniform() < 0.5 ? uniform() : 0;
        for (int64_t j = 0; j < n; j++) {
            double x = 1 + 3 * uniform();
            for (int p = 0; p < PARTS; p++) x += w[p] * H[p * n + j];
            if (dtype == NMF_U8) ((uint8_t *)data)[i * n + j] = (uint8_t)(x > 255 ? 255 : x);
            if (dtype == NMF_F32) ((float *)data)[i * n + j] = (float)x;
            if (dtype == NMF_F64) ((double *)data)[i * n + j] = x;
        }
    }
    free(H);
    return X;
}

/* Counts, a twelfth of them not 0; feature 3 and sample 5 have none. */
static nmf_matrix *sparse(int64_t m, int64_t n)
{
    static int64_t pointers[4096];
    static int32_t indices[400000];
    static float values[400000];
    int64_t stored = 0;
    state = 362436069521288629u;
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            if (uniform() > (i % 7 == j % 7 ? 0.3 : 0.05) || i == 5 || j == 3) continue;
            indices[stored] = (int32_t)j;
            values[stored++] = (float)(1 + floor(4 * uniform()));
        }
        pointers[i + 1] = stored;
    }
    const nmf_sparse s = {values, NMF_F32, m, n, pointers, indices, 4, 0};
    nmf_matrix *X = NULL;
    nmf_error error;
    if (nmf_matrix_borrow_sparse(&s, &X, &error) != NMF_OK) exit(1);
    return X;
}

/* --- fits -------------------------------------------------------------------------------------- */

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t bytes)
{
    const unsigned char *at = data;
    for (size_t i = 0; i < bytes; i++) hash = (hash ^ at[i]) * 1099511628211u;
    return hash;
}

static uint64_t hash_matrix(uint64_t hash, const nmf_matrix *matrix)
{
    const nmf_dense d = nmf_matrix_dense(matrix);
    return hash_bytes(hash, d.data, (size_t)(d.rows * d.columns) * nmf_dtype_bytes(d.dtype));
}

static int speaks(void)
{
    return !nmf_comm_attached() || nmf_comm_attached()->rank == 0;
}

/* --- checkpoints ------------------------------------------------------------------------------- */

static FILE *checkpoint;

/* 0 where there is none: each process looks, and the first one alone is asked for it. */
static int open_checkpoint(const char *name, const char *mode)
{
    char path[512];
    const int reads = mode[0] == 'r';
    snprintf(path, sizeof path, "%s/%s", reads ? resumed_from : cut_into, name);
    if (!reads && !speaks()) return 1;
    checkpoint = fopen(path, mode);
    if (!checkpoint && !reads) {
        perror(path);
        exit(1);
    }
    return checkpoint != NULL;
}

static nmf_status write_checkpoint(void *context, const nmf_checkpoint_piece *pieces, int64_t count,
                                   nmf_error *error)
{
    (void)context;
    rewind(checkpoint);
    for (int64_t i = 0; i < count; i++)
        if (fwrite(pieces[i].data, 1, pieces[i].bytes, checkpoint) != pieces[i].bytes)
            return nmf_fail(error, NMF_ERROR_FILE, "cannot write");
    return NMF_OK;
}

static nmf_status read_checkpoint(void *context, void *to, size_t bytes, nmf_error *error)
{
    (void)context;
    return fread(to, 1, bytes, checkpoint) == bytes
               ? NMF_OK
               : nmf_fail(error, NMF_ERROR_FILE, "cannot read");
}

/* Says stop at the fourth time it is asked. */
static int64_t asked;
static int stop_soon(const nmf_trace_point *point, void *context)
{
    (void)point;
    (void)context;
    return ++asked > 3;
}

static nmf_checkpoints wishes(void)
{
    const nmf_checkpoints made = {.struct_bytes = sizeof made,
                                  .write = cut_into && speaks() ? write_checkpoint : NULL,
                                  .every_seconds = 1e9,
                                  .read = resumed_from && speaks() ? read_checkpoint : NULL};
    return made;
}

/* --- one fit ----------------------------------------------------------------------------------- */

typedef nmf_status learner(const nmf_matrix *X, const nmf_options *options, nmf_model **model,
                           nmf_error *error);

static void say(const char *name, learner *learn, const nmf_matrix *X, nmf_options options)
{
    nmf_model *model = NULL;
    nmf_matrix *W = NULL;
    nmf_error error = {NMF_OK, ""};
    if (options.k == 0) options.k = 5;
    options.threads = threads;
    options.max_iter = 8;
    const nmf_checkpoints kept = wishes();
    asked = 0;
    if (cut_into || resumed_from) options.checkpoints = &kept;
    if (cut_into) options.progress = stop_soon;
    if (cut_into) open_checkpoint(name, "wb");
    if (resumed_from && !open_checkpoint(name, "rb")) return;
    nmf_status status = learn(X, &options, &model, &error);
    if (checkpoint) fclose(checkpoint);
    checkpoint = NULL;
    if (cut_into) { /* there need be no result yet */
        nmf_model_free(model);
        return;
    }
    if (status == NMF_OK) status = nmf_transform(model, X, NULL, &W, &error);
    if (status != NMF_OK) failures++;
    if (status != NMF_OK && speaks()) printf("%-28s  %s\n", name, error.message);
    if (status == NMF_OK && speaks()) {
        const nmf_model_content *c = nmf_model_view(model);
        uint64_t hash = hash_matrix(hash_matrix(14695981039346656037u, c->W), c->H);
        for (int64_t i = 0; i < c->trace_count; i++) hash = hash_bytes(hash, &c->trace[i].loss, 8);
        hash = hash_bytes(hash_bytes(hash, &c->loss, 8), &c->kkt, 8);
        printf("%-28s %016" PRIx64 " %016" PRIx64 " loss %.12g, %" PRId64 " iterations, %s\n", name,
               hash, hash_matrix(14695981039346656037u, W), c->loss, c->iterations, c->init);
    }
    nmf_matrix_free(W);
    nmf_model_free(model);
}

static nmf_options with(nmf_loss loss, nmf_solver solver, nmf_init init)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.loss = loss;
    options.solver = solver;
    options.init = init;
    return options;
}

static void fit_dense(nmf_dtype dtype, int64_t m, int64_t n)
{
    nmf_matrix *X = dense(dtype, m, n);
    char name[64];
    snprintf(name, sizeof name, "frobenius %s %" PRId64 " t%" PRId64, nmf_dtype_name(dtype), m,
             threads);
    say(name, nmf_fit, X, with(NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_AUTO));
    snprintf(name, sizeof name, "kl %s %" PRId64 " t%" PRId64, nmf_dtype_name(dtype), m, threads);
    say(name, nmf_fit, X, with(NMF_LOSS_KL, NMF_SOLVER_AUTO, NMF_INIT_AUTO));
    nmf_matrix_free(X);
}

/* So many that each process updates some of H. */
static void fit_wide(void)
{
    nmf_matrix *X = dense(NMF_F32, 64, 66000);
    nmf_options options = with(NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_AUTO);
    options.k = 16;
    say("many features", nmf_fit, X, options);
    options = with(NMF_LOSS_FROBENIUS, NMF_SOLVER_HALS, NMF_INIT_RANDOM);
    options.k = 16;
    options.sketch = 0;
    say("many features, no sketch", nmf_fit, X, options);
    nmf_matrix_free(X);
}

/* Starts that the processes take turns with, and that they make together. Checkpoints are of the latter only. */
static void fit_starts(const nmf_matrix *X)
{
    nmf_options options = with(NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_RANDOM);
    options.starts = 7;
    options.spread = NMF_SPREAD_FITS;
    if (!cut_into && !resumed_from) say("7 starts in turns", nmf_fit, X, options);
    options.loss = NMF_LOSS_KL;
    if (!cut_into && !resumed_from) say("7 starts in turns, kl", nmf_fit, X, options);
    options.spread = NMF_SPREAD_ROWS;
    options.starts = 3;
    say("3 starts of rows, kl", nmf_fit, X, options);
}

/* All ways through the pass, of one matrix. */
static void fit_all_ways(void)
{
    nmf_matrix *X = dense(NMF_F32, 1500, 70);
    nmf_options options;
    options = with(NMF_LOSS_FROBENIUS, NMF_SOLVER_HALS, NMF_INIT_RANDOM);
    options.starts = 3;
    say("hals, 3 starts", nmf_fit, X, options);
    fit_starts(X);
    options = with(NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_NNDSVDAR);
    options.alpha_W = 1e-3;
    options.l1_ratio = 0.5;
    say("penalties, nndsvdar", nmf_fit, X, options);
    options = with(NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_LRC);
    options.sketch = 12;
    options.precision = NMF_PRECISION_F64;
    say("sketch 12, lrc, f64", nmf_fit, X, options);
    say("cd", nmf_fit, X, with(NMF_LOSS_FROBENIUS, NMF_SOLVER_CD, NMF_INIT_NNDSVD));
    say("mu", nmf_fit, X, with(NMF_LOSS_KL, NMF_SOLVER_MU, NMF_INIT_NNDSVDA));
    say("scd", nmf_fit, X, with(NMF_LOSS_KL, NMF_SOLVER_SCD, NMF_INIT_RANDOM));
    say("is", nmf_fit, X, with(NMF_LOSS_IS, NMF_SOLVER_AUTO, NMF_INIT_RANDOM));
    say("jmm kl", nmf_fit, X, with(NMF_LOSS_KL, NMF_SOLVER_JMM, NMF_INIT_RANDOM));
    say("jmm frobenius", nmf_fit, X, with(NMF_LOSS_FROBENIUS, NMF_SOLVER_JMM, NMF_INIT_RANDOM));
    nmf_matrix_free(X);
}

static void fit_sparse(void)
{
    nmf_matrix *X = sparse(2100, 300);
    say("sparse frobenius", nmf_fit, X, with(NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_AUTO));
    say("sparse kl", nmf_fit, X, with(NMF_LOSS_KL, NMF_SOLVER_AUTO, NMF_INIT_AUTO));
    say("sparse jmm", nmf_fit, X, with(NMF_LOSS_KL, NMF_SOLVER_JMM, NMF_INIT_RANDOM));
    if (nmf_matrix_set_missing(X, NMF_MISSING_UNSTORED, NULL) != NMF_OK) exit(1);
    say("unstored is missing", nmf_fit, X,
        with(NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_AUTO));
    nmf_matrix_free(X);
}

/* Weights that are products of numbers of rows and of columns; some rows, the first among them, count nothing. */
static void fit_products(nmf_matrix *X)
{
    const int64_t m = nmf_matrix_rows(X), n = nmf_matrix_columns(X);
    nmf_matrix *weights = NULL;
    if (nmf_matrix_new(NMF_F64, m, n, &weights, NULL) != NMF_OK) exit(1);
    double *const w = nmf_matrix_writable(weights);
    for (int64_t j = 0; j < n; j++) w[j] = 0.5 + uniform();
    for (int64_t i = m - 1; i >= 0; i--) {
        const double of_row = i % 500 == 0 ? 0 : 0.5 + uniform();
        for (int64_t j = 0; j < n; j++) w[i * n + j] = of_row * w[j];
    }
    if (nmf_matrix_set_weights(X, weights, NULL) != NMF_OK) exit(1);
    say("weights, products", nmf_fit, X, with(NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_AUTO));
    say("weights, products, kl", nmf_fit, X, with(NMF_LOSS_KL, NMF_SOLVER_AUTO, NMF_INIT_AUTO));
}

/* A share of the entries of X unknown; then weights on the others, too. */
static void fit_weighted(void)
{
    const int64_t m = 1500, n = 70;
    nmf_matrix *X = dense(NMF_F32, m, n), *weights = NULL;
    float *const x = nmf_matrix_writable(X);
    const nmf_options frobenius = with(NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_AUTO);
    const nmf_options kl = with(NMF_LOSS_KL, NMF_SOLVER_AUTO, NMF_INIT_AUTO);
    if (nmf_matrix_set_missing(X, NMF_MISSING_NAN, NULL) != NMF_OK) exit(1);
    for (int64_t i = 0; i < m * n; i++) x[i] = uniform() < 0.04 ? NAN : x[i];
    say("few missing", nmf_fit, X, frobenius);
    say("few missing, kl", nmf_fit, X, kl);
    for (int64_t i = 0; i < m * n; i++) x[i] = uniform() < 0.4 ? NAN : x[i];
    say("some missing", nmf_fit, X, frobenius);
    for (int64_t i = 0; i < m * n; i++) x[i] = uniform() < 0.4 ? NAN : x[i];
    for (int64_t j = 0; j < n; j++) x[7 * n + j] = NAN; /* a row of nothing */
    say("most missing", nmf_fit, X, frobenius);
    say("most missing, kl", nmf_fit, X, kl);
    if (nmf_matrix_new(NMF_F64, m, n, &weights, NULL) != NMF_OK) exit(1);
    for (int64_t i = 0; i < m * n; i++) ((double *)nmf_matrix_writable(weights))[i] = 4 * uniform();
    if (nmf_matrix_set_weights(X, weights, NULL) != NMF_OK) exit(1);
    say("weights", nmf_fit, X, frobenius);
    if (nmf_matrix_set_missing(X, NMF_MISSING_NONE, NULL) != NMF_OK) exit(1);
    for (int64_t i = 0; i < m * n; i++) x[i] = isnan(x[i]) ? 1 : x[i];
    say("weights, all seen", nmf_fit, X, frobenius);
    fit_products(X);
    nmf_matrix_free(X);
}

/* Known components, some of their entries open; bounds of all rows of W, and of each; rows that sum to one. */
static void fit_known(void)
{
    const int64_t m = 1500, n = 70, k = 5;
    nmf_matrix *X = dense(NMF_F32, m, n), *H = NULL, *upper = NULL;
    nmf_constraints known = {.struct_bytes = sizeof known};
    nmf_options frobenius = with(NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_AUTO);
    nmf_options kl = with(NMF_LOSS_KL, NMF_SOLVER_AUTO, NMF_INIT_AUTO);
    if (nmf_matrix_new(NMF_F64, 2, n, &H, NULL) != NMF_OK) exit(1);
    if (nmf_matrix_new(NMF_F64, m, k, &upper, NULL) != NMF_OK) exit(1);
    for (int64_t i = 0; i < 2 * n; i++)
        ((double *)nmf_matrix_writable(H))[i] = i % 9 == 4 ? NAN : 20 * uniform();
    for (int64_t i = 0; i < m * k; i++) ((double *)nmf_matrix_writable(upper))[i] = 1 + uniform();
    known.H = H;
    frobenius.constraints = kl.constraints = &known;
    say("known parts", nmf_fit, X, frobenius);
    say("known parts, kl", nmf_fit, X, kl);
    known.H = NULL;
    known.upper_W = upper;
    say("bounds", nmf_fit, X, frobenius);
    say("bounds, kl", nmf_fit, X, kl);
    known.upper_W = NULL;
    frobenius.constraints = kl.constraints = NULL;
    frobenius.simplex = kl.simplex = NMF_SIMPLEX_W;
    say("rows of W sum to one", nmf_fit, X, frobenius);
    say("rows of W sum to one, kl", nmf_fit, X, kl);
    nmf_matrix_free(X);
    nmf_matrix_free(H);
    nmf_matrix_free(upper);
}

/* --- the processes ----------------------------------------------------------------------------- */

static void (*close_mpi)(void);

static void join(const char *plugin)
{
    nmf_status (*open_mpi)(nmf_comm *, nmf_error *);
    nmf_comm comm;
    nmf_error error;
    void *const library = dlopen(plugin, RTLD_NOW | RTLD_GLOBAL);
    void *const opens = library ? dlsym(library, "nmf_mpi_open") : NULL;
    void *const closes = library ? dlsym(library, "nmf_mpi_close") : NULL;
    if (!opens || !closes) {
        fprintf(stderr, "test_mpi_fits: %s\n", dlerror());
        exit(1);
    }
    memcpy(&open_mpi, &opens, sizeof opens);
    memcpy(&close_mpi, &closes, sizeof closes);
    if (open_mpi(&comm, &error) != NMF_OK || nmf_comm_attach(&comm, &error) != NMF_OK) {
        fprintf(stderr, "test_mpi_fits: %s\n", error.message);
        exit(1);
    }
}

static void fit_all(void)
{
    static const nmf_dtype dtypes[] = {NMF_F32, NMF_F64, NMF_U8};
    for (threads = 1; threads <= 2 && !cut_into && !resumed_from; threads++)
        for (int d = 0; d < 3; d++) fit_dense(dtypes[d], 1500, 70);
    threads = 1;
    fit_dense(NMF_F32, 9000, 24);
    fit_wide();
    fit_all_ways();
    fit_sparse();
    fit_weighted();
    fit_known();
}

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    if (strcmp(argv[1], "alone") != 0) join(argv[1]);
    for (int i = 2; i < argc; i++) {
        const int wants_folder = strcmp(argv[i], "fits") != 0;
        if (wants_folder && i + 1 == argc) return 2;
        cut_into = strcmp(argv[i], "cut") == 0 ? argv[i + 1] : NULL;
        resumed_from = strcmp(argv[i], "resume") == 0 ? argv[i + 1] : NULL;
        i += wants_folder;
        fit_all();
    }
    fflush(stdout);
    if (close_mpi) close_mpi();
    return failures > 0;
}
