/* A sketch only saves time: over spectra that suit one and spectra made to fool one, the fit that
 * converged in it ends where the fit without it does. The spectra are those of non-negative
 * matrices, so that each also has its one large direction, the mean. */
#include "support.h"

#include <math.h>

/* Sum over l of weight^l w_l h_l', each w_l and h_l half zeros, and noise in 0 to `noise`. */
static void add_parts(double *x, int64_t m, int64_t n, int64_t rank, double weight, double noise)
{
    uint64_t state = 7;
    for (int64_t l = 0; l < rank; l++) {
        double w[1200], h[1200];
        assert_true(m <= COUNT(w) && n <= COUNT(h));
        for (int64_t i = 0; i < m; i++) w[i] = fmax(0, 2 * next_uniform(&state) - 1);
        for (int64_t j = 0; j < n; j++) h[j] = fmax(0, 2 * next_uniform(&state) - 1);
        const double size = pow(weight, (double)l);
        for (int64_t i = 0; i < m * n; i++) x[i] += size * w[i / n] * h[i % n];
    }
    for (int64_t i = 0; i < m * n; i++) x[i] += noise * next_uniform(&state);
}

static void fill_flat(double *x, int64_t m, int64_t n) /* 3 % of the entries, anywhere */
{
    uint64_t state = 8;
    for (int64_t i = 0; i < m * n; i++)
        x[i] = next_uniform(&state) < 0.03 ? next_uniform(&state) : 0;
}

static void fill_steep(double *x, int64_t m,
                       int64_t n) /* each part half as large as the one before */
{
    add_parts(x, m, n, 24, 0.5, 0);
}

static void fill_slow(double *x, int64_t m, int64_t n) /* the parts go on far beyond any sketch */
{
    add_parts(x, m, n, 90, 0.97, 0);
}

static void fill_noisy(double *x, int64_t m, int64_t n)
{
    add_parts(x, m, n, 8, 0.9, 1);
}

/* One direction holds all but a thousandth, and what is to be learned beside it is flat noise. */
static void fill_dominated(double *x, int64_t m, int64_t n)
{
    add_parts(x, m, n, 0, 1, 1);
    for (int64_t i = 0; i < m * n; i++) x[i] += 20;
}

/* Parts below a mean a hundred times as large, and below many equal singular values. */
static void fill_hidden(double *x, int64_t m, int64_t n)
{
    add_parts(x, m, n, 6, 1, 0);
    for (int64_t i = 0; i < m; i++) x[i * n + i % n] += 2;
    for (int64_t i = 0; i < m * n; i++) x[i] += 10;
}

/* Sixty blocks of ones on a diagonal, each a part: equal singular values, half of them beyond the
 * sketch. */
static void fill_blocks(double *x, int64_t m, int64_t n)
{
    for (int64_t i = 0; i < m * n; i++) x[i] = 60 * (i / n) / m == 60 * (i % n) / n;
}

/* The same with blocks that differ by less and less: which are the largest matters. */
static void fill_graded_blocks(double *x, int64_t m, int64_t n)
{
    for (int64_t i = 0; i < m * n; i++) {
        const int64_t block = 60 * (i / n) / m;
        x[i] = block == 60 * (i % n) / n ? 1 + 1.0 / (double)(1 + block) : 0;
    }
}

typedef struct spectrum {
    problem of;
    int flat; /* the automatic sketch holds too little, and the fit converges on X instead */
    /* Of which the best counts where a sketch smaller than the automatic one is insisted on. Where
     * there are many valleys, a single seed is a lottery then. */
    int64_t seeds;
} spectrum;

static const spectrum spectra[] = {
    {{"flat", fill_flat, 400, 300, 8}, 1, 1},
    {{"flat and long", fill_flat, 1200, 150, 4}, 1, 1},
    {{"uniform noise", fill_random, 300, 400, 10}, 0, 1},
    {{"steep", fill_steep, 400, 300, 8}, 0, 5},
    {{"steep and wide", fill_steep, 150, 1200, 5}, 0, 1},
    {{"slow", fill_slow, 360, 360, 12}, 0, 1},
    {{"noisy", fill_noisy, 400, 300, 8}, 0, 1},
    {{"noisy, fewer parts than there are", fill_noisy, 900, 200, 5}, 0, 1},
    {{"dominated by one direction", fill_dominated, 400, 300, 6}, 0, 1},
    {{"hidden", fill_hidden, 300, 300, 7}, 0, 1},
    {{"equal blocks", fill_blocks, 480, 300, 8}, 1, 1},
    {{"graded blocks", fill_graded_blocks, 480, 300, 8}, 1, 5},
    {{"99 % zeros", fill_sparse, 500, 400, 12}, 1, 1},
};

enum { SEEDS = 3 };

/* The least relative error of `seeds` fits from options.seed on. */
static double best_of(const spectrum *s, const nmf_matrix *X, nmf_options options, int64_t seeds)
{
    double best = INFINITY;
    for (int64_t end = options.seed + seeds; options.seed < end; options.seed++) {
        nmf_model *model = fit(X, &options);
        const nmf_model_content *c = nmf_model_view(model);
        best = fmin(best, c->relative_error);
        assert_int_equal(c->sketch_iterations > 0,
                         options.sketch > 0 || (options.sketch < 0 && !s->flat));
        nmf_model_free(model);
    }
    return best;
}

/* tol stops a fit where gradients are that small beside X: what is left to gain then may be more
 * than 0.1 % of a tiny error, with a sketch and without. */
static void expect_no_harm(const spectrum *s, const nmf_matrix *X, nmf_options options,
                           int64_t sketch, int64_t seeds)
{
    options.k = s->of.k;
    options.sketch = 0;
    const double without = best_of(s, X, options, seeds);
    options.sketch = sketch;
    const double with = best_of(s, X, options, seeds);
    if (!(with <= 1.001 * without + options.tol))
        fail_msg("%s, sketch %lld, seed %lld: relative error %.7g, and %.7g without", s->of.name,
                 (long long)sketch, (long long)options.seed, with, without);
}

/* Each seed by itself, at the default tol and where fits go on to their end. */
static void the_automatic_sketch_costs_no_quality(void **state)
{
    static const double tols[] = {1e-4, 1e-6};
    (void)state;
    for (int64_t p = 0; p < COUNT(spectra); p++) {
        nmf_matrix *X = matrix_of(&spectra[p].of, NMF_F32, BY_ROWS);
        nmf_options options = NMF_OPTIONS_INIT;
        for (int64_t t = 0; t < COUNT(tols); t++)
            for (options.seed = 0; options.seed < SEEDS; options.seed++) {
                options.tol = tols[t];
                expect_no_harm(&spectra[p], X, options, -1, 1);
            }
        nmf_matrix_free(X);
    }
}

/* A rank that leaves out what matters. */
static void a_sketch_too_small_does_none_where_fits_go_on_to_their_end(void **state)
{
    (void)state;
    for (int64_t p = 0; p < COUNT(spectra); p++) {
        const spectrum *s = &spectra[p];
        nmf_matrix *X = matrix_of(&s->of, NMF_F32, BY_ROWS);
        nmf_options options = NMF_OPTIONS_INIT;
        options.tol = 1e-6;
        for (options.seed = 0; options.seed < SEEDS; options.seed += s->seeds)
            expect_no_harm(s, X, options, s->of.k + 2, s->seeds);
        nmf_matrix_free(X);
    }
}

/* A fit in f64 converges in its sketch in f32, and its end is one of f64 all the same: residuals that f32
 * does not reach, by their definition and from the entries. */
static void a_fit_in_f64_ends_in_f64(void **state)
{
    static const problem noisy = {"noisy", fill_noisy, 300, 400, 8};
    (void)state;
    nmf_matrix *X = matrix_of(&noisy, NMF_F64, BY_ROWS);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = noisy.k;
    options.tol = 1e-10;
    options.max_iter = 20000;
    for (options.sketch = -1; options.sketch < 30; options.sketch += 15) {
        nmf_model *model = fit(X, &options);
        const nmf_model_content *content = nmf_model_view(model);
        if (options.sketch != 0) assert_true(content->sketch_iterations > 0);
        const double residual = kkt_residual(X, content->W, content->H);
        if (!(residual <= 2e-7)) fail_msg("sketch %lld: %g", (long long)options.sketch, residual);
        nmf_model_free(model);
    }
    nmf_matrix_free(X);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_automatic_sketch_costs_no_quality),
        cmocka_unit_test(a_fit_in_f64_ends_in_f64),
        cmocka_unit_test(a_sketch_too_small_does_none_where_fits_go_on_to_their_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
