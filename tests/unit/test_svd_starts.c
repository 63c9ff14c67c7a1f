/* The starts from singular triplets, where X has fewer of them than the start asks for. */
#include "start/start.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 40, LD = 64, K = 7, RANK = 3 };

/* RANK triplets with entries of both signs, then what a sketch leaves beyond the rank: rounding. */
typedef struct triplets {
    double U[K][LD], V[K][LD], sigma[K];
} triplets;

static triplets some_triplets(void)
{
    triplets t;
    memset(&t, 0, sizeof t);
    for (int j = 0; j < RANK; j++) {
        t.sigma[j] = 1.0 / (1 + j);
        for (int i = 0; i < COUNT; i++) {
            t.U[j][i] = j == 0 ? 0.1 : sin(1.0 + i * (j + 1));
            t.V[j][i] = j == 0 ? 0.1 : cos(2.0 + i * (j + 1));
        }
    }
    for (int j = RANK; j < K; j++) t.sigma[j] = 1e-9;
    return t;
}

static double product(const double *a, const double *b)
{
    double sum = 0;
    for (int i = 0; i < COUNT; i++) sum += a[i] * b[i];
    return sum;
}

static void expect_own_directions(double F[K][LD], const char *name)
{
    for (int a = 0; a < K; a++) {
        assert_true(product(F[a], F[a]) > 0);
        for (int i = 0; i < COUNT; i++) assert_true(F[a][i] >= 0);
        for (int b = 0; b < a; b++) {
            const double aa = product(F[a], F[a]), bb = product(F[b], F[b]);
            if (product(F[a], F[b]) > 0.99 * sqrt(aa * bb))
                fail_msg("%s: components %d and %d are alike", name, a, b);
        }
    }
}

/* What starts alike stays alike: the rank of WH would never exceed that of X. */
static void components_without_a_triplet_start_as_their_own(void **state)
{
    static const nmf_init inits[] = {NMF_INIT_NNDSVD, NMF_INIT_NNDSVDA, NMF_INIT_NNDSVDAR};
    const nmfi_kernels *kernels = nmfi_kernels_for(NMF_F64, NULL);
    triplets t = some_triplets();
    static double W[K][LD], H[K][LD];
    const nmfi_partition all = nmfi_partition_make(COUNT);
    const nmfi_start_factor to_W = {W, COUNT, LD, &all}, to_H = {H, COUNT, LD, &all};
    (void)state;
    for (int i = 0; i < 3; i++) {
        nmfi_start_nndsvd(kernels, to_W, to_H, K, t.U, t.V, t.sigma, 1.0, inits[i], 0);
        expect_own_directions(W, "nndsvd");
        expect_own_directions(H, "nndsvd");
    }
    nmfi_start_lrc(kernels, to_W, to_H, K, t.U, t.V, t.sigma, 1.0, 0);
    expect_own_directions(W, "lrc");
    expect_own_directions(H, "lrc");
}

/* Another seed, other random components; those from triplets are what they were. */
static void only_missing_components_depend_on_the_seed(void **state)
{
    const nmfi_kernels *kernels = nmfi_kernels_for(NMF_F64, NULL);
    triplets t = some_triplets();
    static double W[2][K][LD], H[2][K][LD];
    (void)state;
    for (int seed = 0; seed < 2; seed++) {
        const nmfi_partition all = nmfi_partition_make(COUNT);
        const nmfi_start_factor to_W = {W[seed], COUNT, LD, &all},
                                to_H = {H[seed], COUNT, LD, &all};
        nmfi_start_nndsvd(kernels, to_W, to_H, K, t.U, t.V, t.sigma, 1.0, NMF_INIT_NNDSVDA, seed);
    }
    for (int j = 0; j < K; j++) {
        const int same = memcmp(W[0][j], W[1][j], COUNT * sizeof(double)) == 0 &&
                         memcmp(H[0][j], H[1][j], COUNT * sizeof(double)) == 0;
        assert_int_equal(same, j < RANK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_without_a_triplet_start_as_their_own),
        cmocka_unit_test(only_missing_components_depend_on_the_seed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
