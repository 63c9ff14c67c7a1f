/* The same bits for any number of threads and any block size: fits, PCA and transform, for every
 * storage type, layout, start and solver, on shapes that are odd in every way. */
#include "support.h"

/* Shapes that fill no tile, one tile, several slots, and matrices that starve the arithmetic. */
static const problem problems[] = {
    {"1 x n", fill_random, 1, 40, 1},
    {"m x 1", fill_random, 40, 1, 1},
    {"1 x 1", fill_random, 1, 1, 1},
    {"k > n", fill_random, 5, 3, 7},
    {"k > m", fill_random, 6, 70, 9},
    {"k = m = n", fill_random, 33, 33, 33},
    {"zero rows and columns", fill_holes, 120, 90, 6},
    {"rank-deficient", fill_exact_rank, 150, 130, 11},
    {"duplicated rows", fill_duplicates, 300, 67, 8},
    {"mostly zeros", fill_sparse, 140, 260, 5},
    {"tall", fill_parts, 2081, 30, 5},
    {"wide", fill_parts, 30, 2081, 5},
};

static nmf_options options_of(int64_t k, int64_t turn)
{
    static const nmf_init inits[] = {NMF_INIT_RANDOM,   NMF_INIT_NNDSVD, NMF_INIT_NNDSVDA,
                                     NMF_INIT_NNDSVDAR, NMF_INIT_LRC,    NMF_INIT_SPA};
    static const nmf_solver solvers[] = {NMF_SOLVER_AUTO, NMF_SOLVER_HALS, NMF_SOLVER_CD,
                                         NMF_SOLVER_JMM};
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = k;
    options.init = inits[turn % COUNT(inits)];
    options.solver = solvers[turn / COUNT(inits) % COUNT(solvers)];
    options.max_iter = 7;
    options.tol = 0;
    return options;
}

/* Every problem with every storage type, in two layouts; layouts, starts and solvers take turns. */
static void fits_have_the_same_bits(void **state)
{
    (void)state;
    int64_t turn = 0;
    for (int64_t p = 0; p < COUNT(problems); p++)
        for (nmf_dtype dtype = NMF_U8; dtype <= NMF_F64; dtype++)
            for (int64_t half = 0; half < 2; half++) {
                const layout how = (layout)((p + dtype + 2 * half) % LAYOUT_COUNT);
                nmf_options options = options_of(problems[p].k, turn += 5);
                const int64_t least = problems[p].m < problems[p].n ? problems[p].m : problems[p].n;
                if (options.k > least) options.init = NMF_INIT_RANDOM;
                nmf_matrix *X = matrix_of(&problems[p], dtype, how);
                expect_same_bits(fit, X, options);
                nmf_matrix_free(X);
            }
}

/* One problem of many tiles and slots: every start with every solver, in both arithmetics. */
static void every_start_and_solver_has_the_same_bits(void **state)
{
    (void)state;
    const problem large = {"many slots", fill_parts, 1100, 150, 7};
    for (nmf_dtype dtype = NMF_F32; dtype <= NMF_F64; dtype++) {
        nmf_matrix *X = matrix_of(&large, dtype, dtype == NMF_F32 ? BY_ROWS : BY_COLUMNS);
        for (int64_t turn = 0; turn < 20; turn++)
            expect_same_bits(fit, X, options_of(large.k, turn));
        nmf_options several = options_of(large.k, 0);
        several.starts = 3;
        expect_same_bits(fit, X, several);
        several.alpha_W = 1e-4;
        several.l1_ratio = 0.5;
        expect_same_bits(fit, X, several);
        nmf_matrix_free(X);
    }
}

static void whatever_the_precision(void **state)
{
    (void)state;
    const problem parts = {"parts", fill_parts, 90, 70, 5};
    for (nmf_dtype dtype = NMF_U8; dtype <= NMF_F64; dtype++) {
        nmf_matrix *X = matrix_of(&parts, dtype, BY_ROWS);
        nmf_options options = options_of(parts.k, 2);
        options.precision = NMF_PRECISION_F32;
        expect_same_bits(fit, X, options);
        options.precision = NMF_PRECISION_F64;
        expect_same_bits(fit, X, options);
        nmf_matrix_free(X);
    }
}

static void pca_has_the_same_bits(void **state)
{
    (void)state;
    for (int64_t p = 0; p < COUNT(problems); p++)
        for (nmf_dtype dtype = NMF_U8; dtype <= NMF_F64; dtype++) {
            const layout how = (layout)((p + dtype) % LAYOUT_COUNT);
            nmf_matrix *X = matrix_of(&problems[p], dtype, how);
            const int64_t least = problems[p].m < problems[p].n ? problems[p].m : problems[p].n;
            nmf_options options = NMF_OPTIONS_INIT;
            options.k = problems[p].k < least ? problems[p].k : least;
            options.whiten = p % 2 == 1;
            options.pca_solver = NMF_PCA_SOLVER_EXACT;
            expect_same_bits(pca, X, options);
            options.pca_solver = NMF_PCA_SOLVER_RANDOMIZED;
            expect_same_bits(pca, X, options);
            nmf_matrix_free(X);
        }
}

static void transform_has_the_same_bits(void **state)
{
    (void)state;
    for (int64_t p = 0; p < COUNT(problems); p++) {
        const nmf_dtype dtype = (nmf_dtype)(p % 4);
        nmf_matrix *X = matrix_of(&problems[p], dtype, (layout)(p % LAYOUT_COUNT));
        nmf_options options = options_of(problems[p].k, 0);
        nmf_model *model = fit(X, &options);
        nmf_matrix *first = transform(model, X, &options);
        for (int64_t d = 0; d < DIVISIONS; d++) {
            options.threads = divisions[d].threads;
            options.block_rows = divisions[d].block_rows;
            nmf_matrix *again = transform(model, X, &options);
            expect_same_entries(first, again);
            nmf_matrix_free(again);
        }
        nmf_matrix_free(first);
        nmf_model_free(model);
        nmf_matrix_free(X);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_have_the_same_bits),
        cmocka_unit_test(every_start_and_solver_has_the_same_bits),
        cmocka_unit_test(whatever_the_precision),
        cmocka_unit_test(pca_has_the_same_bits),
        cmocka_unit_test(transform_has_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
