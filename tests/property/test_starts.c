/* Where fits start decides where they end: components that X has no singular triplet for, the
 * seed of an SVD start, several starts where X is small, components that start dead. */
#include "support.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* A torso and three limbs, each in one of four places, in all 64 ways: 13 parts that share no
 * pixel, of rank 10. Source of the idea: Donoho & Stodden 2003 (the Swimmer set). */
enum { LIMBS = 3, PLACES = 4, PIXELS = 4, PARTS = 1 + LIMBS * PLACES, FIGURES = 64 };

static void fill_figures(double *x, int64_t m, int64_t n)
{
    assert_true(m == FIGURES && n == (int64_t)PARTS * PIXELS);
    for (int64_t i = 0; i < m; i++) {
        double *figure = x + i * n;
        memset(figure, 0, (size_t)n * sizeof *figure);
        for (int64_t p = 0; p < PIXELS; p++) figure[p] = 1;
        for (int64_t limb = 0, ways = i; limb < LIMBS; limb++, ways /= PLACES) {
            const int64_t part = 1 + limb * PLACES + ways % PLACES;
            for (int64_t p = 0; p < PIXELS; p++) figure[part * PIXELS + p] = 1;
        }
    }
}

static const problem figures = {"figures", fill_figures, FIGURES, (int64_t)PARTS *PIXELS, PARTS};

/* The gradient is a sum of products as large as X H', of which tol is left: an error of about tol.
 */
static void more_parts_than_the_rank_are_all_found(void **state)
{
    (void)state;
    for (int sparse = 0; sparse < 2; sparse++) {
        nmf_matrix *X = matrix_of(&figures, NMF_U8, sparse ? SPARSE_ROWS : BY_ROWS);
        nmf_options options = NMF_OPTIONS_INIT;
        options.k = figures.k;
        for (options.seed = 0; options.seed < 20; options.seed++) {
            nmf_model *model = fit(X, &options);
            const double error = nmf_model_view(model)->relative_error;
            if (!(error <= 10 * options.tol))
                fail_msg("seed %lld: relative error %g", (long long)options.seed, error);
            nmf_model_free(model);
        }
        nmf_matrix_free(X);
    }
}

/* --- the seed of an SVD start
 * ---------------------------------------------------------------------------------- */

enum { TOPICS = 20, WORDS = 500 };

/* Counts of words: a topic prefers a few of them, a document has a few topics. */
static void fill_documents(double *x, int64_t m, int64_t n)
{
    static double topics[TOPICS][WORDS];
    uint64_t state = 7;
    assert_true(n == WORDS);
    for (int64_t t = 0; t < TOPICS; t++)
        for (int64_t j = 0; j < n; j++) topics[t][j] = pow(next_uniform(&state), 20);
    for (int64_t i = 0; i < m; i++) {
        double mixture[TOPICS];
        for (int64_t t = 0; t < TOPICS; t++) mixture[t] = pow(next_uniform(&state), 10);
        for (int64_t j = 0; j < n; j++) {
            double mean = 0;
            for (int64_t t = 0; t < TOPICS; t++) mean += mixture[t] * topics[t][j];
            x[i * n + j] = floor(mean + next_uniform(&state));
        }
    }
}

/* The triplets of such data, whose singular values lie close together, differ from sketch to sketch
 * until they have come to rest; from other ones, fits end in other minima, a thousandth apart. */
static void the_seed_of_an_svd_start_does_not_choose_the_minimum(void **state)
{
    static const problem documents = {"documents", fill_documents, 400, WORDS, 16};
    (void)state;
    nmf_matrix *X = matrix_of(&documents, NMF_F64, SPARSE_ROWS);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = documents.k;
    options.init = NMF_INIT_NNDSVDA;
    double lowest = 1, highest = 0;
    for (options.seed = 0; options.seed < 8; options.seed++) {
        nmf_model *model = fit(X, &options);
        const double error = nmf_model_view(model)->relative_error;
        lowest = fmin(lowest, error);
        highest = fmax(highest, error);
        nmf_model_free(model);
    }
    if (highest - lowest > options.tol) fail_msg("errors from %.7f to %.7f", lowest, highest);
    nmf_matrix_free(X);
}

/* --- several starts
 * ------------------------------------------------------------------------------------- */

static const problem small[] = {
    {"parts", fill_parts, 120, 90, 7},       {"random", fill_random, 70, 50, 12},
    {"99 % zeros", fill_sparse, 150, 90, 8}, {"with a sketch", fill_parts, 240, 180, 7},
    {"holes", fill_holes, 80, 60, 6},
};

/* tol ends both fits, where gradients of that size beside X may be left. */
static void the_contest_ends_no_higher_than_its_first_start(void **state)
{
    (void)state;
    for (int64_t p = 0; p < COUNT(small); p++) {
        nmf_matrix *X = matrix_of(&small[p], NMF_F64, BY_ROWS);
        nmf_options options = NMF_OPTIONS_INIT;
        options.k = small[p].k;
        nmf_model *best = fit(X, &options);
        options.init = NMF_INIT_NNDSVDA;
        nmf_model *first = fit(X, &options);
        const double lost =
            nmf_model_view(best)->relative_error - nmf_model_view(first)->relative_error;
        if (lost > options.tol) fail_msg("%s: %g higher", small[p].name, lost);
        nmf_model_free(best);
        nmf_model_free(first);
        nmf_matrix_free(X);
    }
}

/* Without a sketch the winner's init and seed lead to the same bits alone. */
static void the_winner_can_be_fitted_again(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&small[1], NMF_F64, BY_ROWS);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = small[1].k;
    options.sketch = 0;
    nmf_model *best = fit(X, &options);
    const nmf_model_content *c = nmf_model_view(best);
    assert_string_equal(c->init, "random"); /* else this proves less */
    options.init = NMF_INIT_RANDOM;
    options.seed = (int64_t)c->winning_seed;
    nmf_model *again = fit(X, &options);
    expect_same_entries(nmf_model_view(again)->W, c->W);
    expect_same_entries(nmf_model_view(again)->H, c->H);
    nmf_model_free(best);
    nmf_model_free(again);
    nmf_matrix_free(X);
}

/* Each start has a loss that it has on its way alone too; the one that won has the lowest, and ends below it. */
static void the_losses_of_starts_are_told(void **state)
{
    (void)state;
    enum { STARTS = 4 };
    nmf_matrix *X = matrix_of(&small[1], NMF_F64, BY_ROWS);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = small[1].k;
    options.sketch = 0;
    options.init = NMF_INIT_RANDOM;
    nmf_model *one = fit(X, &options);
    assert_null(nmf_model_view(one)->start_losses);
    assert_int_equal(nmf_model_view(one)->start_count, 0);
    /* Such small data are fitted in f32 first, where starts are compared: by how much a loss is then off. */
    const double rounding = FLT_EPSILON * norm(X) * norm(X);
    options.starts = STARTS;
    options.seed = 5;
    nmf_model *best = fit(X, &options);
    const nmf_model_content *c = nmf_model_view(best);
    assert_int_equal(c->start_count, STARTS);
    assert_int_equal(c->winning_seed, 5 + (uint64_t)c->winning_start);
    options.starts = 1;
    for (int64_t s = 0; s < STARTS; s++) {
        assert_true(c->start_losses[c->winning_start] <= c->start_losses[s] * (1 + 1e-5));
        options.seed = 5 + s;
        nmf_model *alone = fit(X, &options);
        const nmf_model_content *a = nmf_model_view(alone);
        const double first = a->trace[0].loss, last = a->trace[a->trace_count - 1].loss;
        if (!(c->start_losses[s] <= first + rounding && c->start_losses[s] >= last - rounding))
            fail_msg("start %lld: %.12g is not between %.12g and %.12g", (long long)s,
                     c->start_losses[s], first, last);
        nmf_model_free(alone);
    }
    assert_true(c->loss <= c->start_losses[c->winning_start] + rounding);
    nmf_model_free(one);
    nmf_model_free(best);
    nmf_matrix_free(X);
}

/* Iterations that tell starts apart are iterations of the one that wins. */
static void the_limit_of_iterations_holds_with_several_starts(void **state)
{
    static const nmf_loss losses[] = {NMF_LOSS_FROBENIUS, NMF_LOSS_KL};
    (void)state;
    nmf_matrix *X = matrix_of(&small[0], NMF_F64, BY_ROWS);
    for (int64_t l = 0; l < COUNT(losses); l++)
        for (int64_t most = 1; most <= 13; most++)
            for (int64_t starts = 1; starts <= 3; starts += 2) {
                nmf_options options = NMF_OPTIONS_INIT;
                options.k = small[0].k;
                options.loss = losses[l];
                options.init = starts > 1 ? NMF_INIT_RANDOM : NMF_INIT_AUTO;
                options.starts = starts;
                options.max_iter = most;
                nmf_model *model = fit(X, &options);
                const int64_t made = nmf_model_view(model)->iterations;
                if (made > most)
                    fail_msg("loss %d, %lld starts: %lld iterations, at most %lld", (int)losses[l],
                             (long long)starts, (long long)made, (long long)most);
                nmf_model_free(model);
            }
    nmf_matrix_free(X);
}

/* --- dead components
 * --------------------------------------------------------------------------------- */

/* Random factors, but component 2 empty in both, 4 in W and 5 in H. */
static nmf_matrix *start_without(int64_t rows, int64_t columns, const int64_t *empty, int by_rows)
{
    static double values[9000];
    uint64_t state = 11;
    assert_true(rows * columns <= COUNT(values));
    for (int64_t i = 0; i < rows * columns; i++) {
        const int64_t j = by_rows ? i / columns : i % columns;
        values[i] = 10 * next_uniform(&state) * (j != empty[0] && j != empty[1]);
    }
    return matrix_from(values, rows, columns, NMF_F64, BY_ROWS);
}

static int alive(const nmf_model_content *c, int64_t j)
{
    double w = 0, h = 0;
    for (int64_t i = 0; i < c->samples; i++) w += nmf_matrix_at(c->W, i, j);
    for (int64_t f = 0; f < c->features; f++) h += nmf_matrix_at(c->H, j, f);
    return w > 0 && h > 0;
}

static void dead_components_are_revived(void **state)
{
    static const problem noisy = {"noisy parts", fill_random, 150, 60, 7};
    static const int64_t in_W[] = {2, 4}, in_H[] = {2, 5};
    (void)state;
    nmf_matrix *X = matrix_of(&noisy, NMF_F64, BY_ROWS);
    nmf_matrix *W = start_without(noisy.m, noisy.k, in_W, 0);
    nmf_matrix *H = start_without(noisy.k, noisy.n, in_H, 1);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = noisy.k - 1; /* what would be reached with one of them dead, at best */
    options.starts = 5;
    nmf_model *fewer = fit(X, &options);
    options.starts = 1;
    options.k = noisy.k;
    options.init = NMF_INIT_CUSTOM;
    options.start_W = W;
    options.start_H = H;
    for (options.sketch = 0; options.sketch <= 40; options.sketch += 40) {
        nmf_model *model[2];
        for (int t = 0; t < 2; t++) {
            options.threads = 1 + 2 * t;
            model[t] = fit(X, &options);
        }
        const nmf_model_content *c = nmf_model_view(model[0]);
        for (int64_t j = 0; j < c->k; j++) assert_true(alive(c, j));
        assert_true(c->loss < nmf_model_view(fewer)->loss);
        for (int64_t t = 1; t < c->trace_count; t++)
            assert_true(c->trace[t].loss <= c->trace[t - 1].loss * (1 + 1e-12));
        expect_same_model(model[0], model[1]);
        nmf_model_free(model[0]);
        nmf_model_free(model[1]);
    }
    nmf_model_free(fewer);
    nmf_matrix_free(X);
    nmf_matrix_free(W);
    nmf_matrix_free(H);
}

/* A start of a size that squares and products of it leave the range for is as good as one of any other size: the
 * first update sets the size. */
static void a_start_of_any_size_leads_to_the_same_fit(void **state)
{
    static const problem parts = {"parts", fill_parts, 60, 50, 5};
    static const double sizes[][2] = {{1, 1},        {1e-40, 1e-40}, {3e38, 3e38},
                                      {1e-30, 1e30}, {1e30, 1e-30},  {1e-40, 1}};
    enum { K = 4 };
    (void)state;
    for (int loss = NMF_LOSS_FROBENIUS; loss <= NMF_LOSS_KL; loss++)
        for (int f64 = 0; f64 < 2; f64++) {
            nmf_matrix *X = matrix_of(&parts, f64 ? NMF_F64 : NMF_F32, BY_ROWS);
            double ordinary = 0;
            for (int64_t s = 0; s < COUNT(sizes); s++) {
                nmf_matrix *W = NULL, *H = NULL;
                assert_int_equal(nmf_matrix_new(NMF_F64, parts.m, K, &W, NULL), NMF_OK);
                assert_int_equal(nmf_matrix_new(NMF_F64, K, parts.n, &H, NULL), NMF_OK);
                double *w = nmf_matrix_writable(W), *h = nmf_matrix_writable(H);
                for (int64_t i = 0; i < parts.m * K; i++)
                    w[i] = sizes[s][0] * (double)(1 + i * 7 % 13);
                for (int64_t i = 0; i < K * parts.n; i++)
                    h[i] = sizes[s][1] * (double)(1 + i * 5 % 11);
                nmf_options options = NMF_OPTIONS_INIT;
                options.k = K;
                options.loss = (nmf_loss)loss;
                options.init = NMF_INIT_CUSTOM;
                options.start_W = W;
                options.start_H = H;
                nmf_model *model = fit(X, &options);
                const nmf_model_content *c = nmf_model_view(model);
                if (s == 0) ordinary = c->loss;
                if (!(fabs(c->loss - ordinary) <= 2e-3 * ordinary))
                    fail_msg("loss %d, f64 %d: from %g and %g the fit ends at %.9g, from 1 and 1 "
                             "at %.9g",
                             loss, f64, sizes[s][0], sizes[s][1], c->loss, ordinary);
                nmf_model_free(model);
                nmf_matrix_free(W);
                nmf_matrix_free(H);
            }
            nmf_matrix_free(X);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_parts_than_the_rank_are_all_found),
        cmocka_unit_test(the_seed_of_an_svd_start_does_not_choose_the_minimum),
        cmocka_unit_test(the_contest_ends_no_higher_than_its_first_start),
        cmocka_unit_test(the_winner_can_be_fitted_again),
        cmocka_unit_test(the_losses_of_starts_are_told),
        cmocka_unit_test(the_limit_of_iterations_holds_with_several_starts),
        cmocka_unit_test(dead_components_are_revived),
        cmocka_unit_test(a_start_of_any_size_leads_to_the_same_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
