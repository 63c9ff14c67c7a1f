/* Fits by as many processes as mpirun started; of each, on a line, what all of them send in an iteration, and what
 * else the formula in docs/scale.md wants to know. test_bytes.py reckons it.
 *   line: NAME;KIND;M;N;K;BYTES */
#include "count_bytes.h"
#include "random_numbers.h"

#include <inttypes.h>
#include <math.h>
#include <nmfkit/mpi.h>
#include <nmfkit/nmfkit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const nmf_error *error)
{
    fprintf(stderr, "test_mpi_sent: %s\n", error->message);
    exit(1);
}

/* --- data -------------------------------------------------------------------------------------- */

/* Random entries, so many of them unknown; the same in each process. */
static nmf_matrix *dense(int64_t m, int64_t n, double unknown)
{
    nmf_matrix *X = NULL;
    nmf_error error;
    if (nmf_matrix_new(NMF_F32, m, n, &X, &error) != NMF_OK) fail(&error);
    float *const x = nmf_matrix_writable(X);
    for (int64_t i = 0; i < m * n; i++) x[i] = (float)(0.1 + uniform());
    for (int64_t i = 0; i < m * n && unknown > 0; i++) x[i] = uniform() < unknown ? NAN : x[i];
    if (unknown > 0 && nmf_matrix_set_missing(X, NMF_MISSING_NAN, &error) != NMF_OK) fail(&error);
    return X;
}

static nmf_matrix *sparse(int64_t m, int64_t n)
{
    enum { A_ROW = 40 };
    nmf_sparse s = {.dtype = NMF_F32, .rows = m, .columns = n, .index_bytes = 4};
    int64_t *const pointers = malloc((size_t)(m + 1) * sizeof *pointers);
    int32_t *const indices = malloc((size_t)(m * A_ROW) * sizeof *indices);
    float *const values = malloc((size_t)(m * A_ROW) * sizeof *values);
    nmf_matrix *borrowed = NULL;
    nmf_error error;
    if (!pointers || !indices || !values) exit(1);
    for (int64_t i = 0; i <= m; i++) pointers[i] = i * A_ROW;
    for (int64_t e = 0; e < m * A_ROW; e++) {
        const int64_t part = n / A_ROW; /* one entry in each, so that they ascend */
        indices[e] = (int32_t)(e % A_ROW * part + (int64_t)(uniform() * (double)part));
        values[e] = (float)(0.1 + uniform());
    }
    s.pointers = pointers;
    s.indices = indices;
    s.values = values;
    if (nmf_matrix_borrow_sparse(&s, &borrowed, &error) != NMF_OK) fail(&error);
    return borrowed; /* the arrays live as long as the program */
}

/* --- fits -------------------------------------------------------------------------------------- */

static const nmf_comm *comm;

/* What all processes have sent in a fit of so many iterations. */
static int64_t sent(const nmf_matrix *X, nmf_options options, int64_t iterations)
{
    nmf_model *model = NULL;
    nmf_error error;
    const int64_t before = counted_bytes();
    options.max_iter = iterations;
    if (nmf_fit(X, &options, &model, &error) != NMF_OK) fail(&error);
    nmf_model_free(model);
    int64_t all = counted_bytes() - before, other;
    for (int64_t r = 1; r < comm->size; r++) {
        if (comm->rank == r) comm->send(comm->context, 0, &all, sizeof all);
        if (comm->rank != 0) continue;
        comm->receive(comm->context, r, &other, sizeof other);
        all += other;
    }
    return all;
}

static void say(const char *name, const char *kind, const nmf_matrix *X, nmf_loss loss,
                nmf_solver solver)
{
    enum { FEW = 3, MANY = 8 }; /* what happens once happens in both */
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = nmf_matrix_rows(X) == 64 ? 16 : 6;
    options.loss = loss;
    options.solver = solver;
    options.init = NMF_INIT_RANDOM;
    options.starts = 1;
    options.sketch = 0;
    options.tol = 0;
    options.threads = 1;
    options.precision = NMF_PRECISION_F32;
    const int64_t many = sent(X, options, MANY), few = sent(X, options, FEW);
    if (comm->rank == 0)
        printf("%s;%s;%" PRId64 ";%" PRId64 ";%" PRId64 ";%.1f\n", name, kind, nmf_matrix_rows(X),
               nmf_matrix_columns(X), options.k, (double)(many - few) / (MANY - FEW));
}

int main(void)
{
    nmf_comm described = {.size = 0};
    nmf_error error;
    if (nmf_mpi_open(&described, &error) != NMF_OK) fail(&error);
    if (nmf_comm_attach(&described, &error) != NMF_OK) fail(&error);
    comm = &described;
    nmf_matrix *X = dense(9000, 120, 0), *stored = sparse(9000, 120);
    nmf_matrix *holes = dense(9000, 120, 0.04), *wide = dense(64, 66000, 0);
    say("frobenius", "frobenius", X, NMF_LOSS_FROBENIUS, NMF_SOLVER_HALS);
    say("frobenius, sparse", "frobenius", stored, NMF_LOSS_FROBENIUS, NMF_SOLVER_HALS);
    say("frobenius, H dealt", "frobenius", wide, NMF_LOSS_FROBENIUS, NMF_SOLVER_HALS);
    say("few missing", "few missing", holes, NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO);
    say("kl", "divergence", X, NMF_LOSS_KL, NMF_SOLVER_SCD);
    say("kl, sparse", "divergence", stored, NMF_LOSS_KL, NMF_SOLVER_SCD);
    say("kl, jmm", "jmm", X, NMF_LOSS_KL, NMF_SOLVER_JMM);
    say("kl, jmm, sparse", "jmm", stored, NMF_LOSS_KL, NMF_SOLVER_JMM);
    nmf_matrix_free(X);
    nmf_matrix_free(stored);
    nmf_matrix_free(holes);
    nmf_matrix_free(wide);
    nmf_mpi_close();
    return 0;
}
