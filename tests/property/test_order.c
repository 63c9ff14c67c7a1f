/* Components come in an order that says something: by their share in what the fit explains, largest
 * first, those that share nearly the same by where in the features they lie. Who gave a start or known
 * parts finds each in its place. And which of several starts wins is no matter of rounding. */
#include "support.h"

#include <math.h>
#include <nmfkit/constraints.h>
#include <nmfkit/shares.h>

enum { MOST = 16 };
static const double nearly = 2e-3; /* src/fit/order.c */

/* --- by share ---------------------------------------------------------------------------------- */

/* The shares by their definition, from the entries. */
static void shares_of(const nmf_model *model, double *shares, double *places)
{
    const nmf_model_content *c = nmf_model_view(model);
    double total = 0;
    assert_true(c->k <= MOST);
    for (int64_t j = 0; j < c->k; j++) {
        double of_W = 0, of_H = 0, moment = 0;
        for (int64_t i = 0; i < c->samples; i++) of_W += nmf_matrix_at(c->W, i, j);
        for (int64_t l = 0; l < c->features; l++) {
            of_H += nmf_matrix_at(c->H, j, l);
            moment += (double)l * nmf_matrix_at(c->H, j, l);
        }
        shares[j] = of_W * of_H;
        places[j] = moment / of_H;
        total += shares[j];
    }
    for (int64_t j = 0; j < c->k; j++) shares[j] /= total;
}

/* Up to what the last solution for W may move them (`loose` beside 1). */
static void expect_order(const nmf_model *model, double loose, const char *name)
{
    double shares[MOST], places[MOST];
    shares_of(model, shares, places);
    for (int64_t j = 1; j < nmf_model_view(model)->k; j++) {
        const double before = shares[j - 1], share = shares[j];
        if (share > before * (1 + nearly + loose))
            fail_msg("%s: component %lld has %g, the one before it %g", name, (long long)j, share,
                     before);
    }
}

static const struct {
    const char *name;
    nmf_loss loss;
    nmf_solver solver;
    nmf_init init;
    int64_t starts, sketch;
    double alpha;
} ways[] = {
    {"as it comes", NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_AUTO, 1, -1, 0},
    {"in a sketch", NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_AUTO, 1, 12, 0},
    {"hals", NMF_LOSS_FROBENIUS, NMF_SOLVER_HALS, NMF_INIT_RANDOM, 1, 0, 0},
    {"six starts", NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_RANDOM, 6, 0, 0},
    {"penalties", NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, NMF_INIT_RANDOM, 1, -1, 1e-3},
    {"jmm", NMF_LOSS_FROBENIUS, NMF_SOLVER_JMM, NMF_INIT_RANDOM, 1, 0, 0},
    {"kl", NMF_LOSS_KL, NMF_SOLVER_AUTO, NMF_INIT_AUTO, 1, -1, 0},
    {"kl, scd", NMF_LOSS_KL, NMF_SOLVER_SCD, NMF_INIT_RANDOM, 2, 0, 0},
    {"kl, jmm", NMF_LOSS_KL, NMF_SOLVER_JMM, NMF_INIT_RANDOM, 1, 0, 0},
    {"beta 1.5", NMF_LOSS_BETA, NMF_SOLVER_AUTO, NMF_INIT_RANDOM, 1, -1, 0},
};

static nmf_options options_of(int64_t way, int64_t k)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = k;
    options.loss = ways[way].loss;
    options.solver = ways[way].solver;
    options.init = ways[way].init;
    options.starts = ways[way].starts;
    options.sketch = ways[way].sketch;
    options.alpha_W = ways[way].alpha;
    if (options.loss == NMF_LOSS_BETA) options.beta = 1.5;
    return options;
}

static void components_come_by_their_share(void **state)
{
    static const problem parts = {"parts", fill_parts, 120, 90, 5};
    static const layout layouts[] = {BY_ROWS, BY_COLUMNS, SPARSE_ROWS, SPARSE_COLUMNS};
    (void)state;
    for (int64_t l = 0; l < COUNT(layouts); l++) {
        nmf_matrix *X = matrix_of(&parts, l % 2 ? NMF_F32 : NMF_F64, layouts[l]);
        for (int64_t w = 0; w < COUNT(ways); w++) {
            nmf_options options = options_of(w, parts.k);
            nmf_model *model = fit(X, &options);
            expect_order(model, 0.01, ways[w].name);
            nmf_model_free(model);
        }
        nmf_matrix_free(X);
    }
}

/* That the last visit has them in the order that they are returned in: transform's bits are the fit's. */
static void transform_is_W_in_that_order_too(void **state)
{
    static const problem parts = {"parts", fill_parts, 120, 90, 5};
    (void)state;
    nmf_matrix *X = matrix_of(&parts, NMF_F64, BY_ROWS);
    for (int64_t w = 0; w < COUNT(ways); w++) {
        if (ways[w].loss != NMF_LOSS_FROBENIUS || ways[w].solver == NMF_SOLVER_JMM ||
            ways[w].alpha > 0)
            continue;
        nmf_options options = options_of(w, parts.k);
        nmf_model *model = fit(X, &options);
        nmf_matrix *W = transform(model, X, NULL);
        expect_same_entries(W, nmf_model_view(model)->W);
        nmf_matrix_free(W);
        nmf_model_free(model);
    }
    nmf_matrix_free(X);
}

/* --- equal shares ------------------------------------------------------------------------------ */

/* Eight parts of five features each, all as large as each other and as often there, in no order. */
enum { EQUAL = 8, WIDTH = 5 };
static void fill_equal_parts(double *x, int64_t m, int64_t n)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            x[i * n + j] = (i >> (j / WIDTH)) % 2 ? 100 : 0; /* each set of parts once */
}

static void equal_components_come_by_where_they_lie(void **state)
{
    static const problem equal = {"equal", fill_equal_parts, 1 << EQUAL, EQUAL * WIDTH, EQUAL};
    static const layout layouts[] = {BY_ROWS, BACKWARDS, SPARSE_ROWS};
    (void)state;
    for (int64_t l = 0; l < COUNT(layouts); l++) {
        nmf_matrix *X = matrix_of(&equal, l == 1 ? NMF_F32 : NMF_F64, layouts[l]);
        nmf_options options = NMF_OPTIONS_INIT;
        options.k = EQUAL;
        for (options.seed = 0; options.seed < 6; options.seed++) {
            double shares[MOST], places[MOST];
            options.init = options.seed % 2 ? NMF_INIT_RANDOM : NMF_INIT_AUTO;
            options.starts = options.seed % 2 ? 8 : 1;
            nmf_model *model = fit(X, &options);
            shares_of(model, shares, places);
            for (int64_t j = 0; j < EQUAL && nmf_model_view(model)->relative_error < 1e-3; j++)
                if (fabs(places[j] - (double)(j * WIDTH + WIDTH / 2)) > 0.1)
                    fail_msg("layout %lld, seed %lld: component %lld lies at %g", (long long)l,
                             (long long)options.seed, (long long)j, places[j]);
            nmf_model_free(model);
        }
        nmf_matrix_free(X);
    }
}

/* --- places that are known --------------------------------------------------------------------- */

/* The matrix with its rows (or columns) in reverse. */
static nmf_matrix *reversed(const nmf_matrix *matrix, int rows)
{
    static double values[16384];
    const int64_t m = nmf_matrix_rows(matrix), n = nmf_matrix_columns(matrix);
    assert_true(m * n <= COUNT(values));
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            values[i * n + j] = nmf_matrix_at(matrix, rows ? m - 1 - i : i, rows ? j : n - 1 - j);
    return matrix_from(values, m, n, NMF_F64, BY_ROWS);
}

static double cosine(const nmf_matrix *a, int64_t i, const nmf_matrix *b, int64_t j)
{
    double ab = 0, aa = 0, bb = 0;
    for (int64_t l = 0; l < nmf_matrix_columns(a); l++) {
        const double x = nmf_matrix_at(a, i, l), y = nmf_matrix_at(b, j, l);
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return ab / sqrt(aa * bb);
}

static void expect_rows(const nmf_matrix *H, const nmf_matrix *expected, int64_t count,
                        const char *name)
{
    for (int64_t j = 0; j < count; j++)
        if (!(cosine(H, j, expected, j) > 0.999))
            fail_msg("%s: component %lld is another one (%g)", name, (long long)j,
                     cosine(H, j, expected, j));
}

static void whoever_knows_components_by_their_places_finds_them_there(void **state)
{
    static const problem parts = {"parts", fill_parts, 120, 90, 5};
    (void)state;
    nmf_matrix *X = matrix_of(&parts, NMF_F64, BY_ROWS);
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = parts.k;
    nmf_model *model = fit(X, &options);
    const nmf_model_content *c = nmf_model_view(model);
    nmf_matrix *W = reversed(c->W, 0), *H = reversed(c->H, 1);

    options.init = NMF_INIT_CUSTOM;
    options.start_W = W;
    options.start_H = H;
    nmf_model *further = fit(X, &options);
    expect_rows(nmf_model_view(further)->H, H, parts.k, "a start");
    nmf_model_free(further);

    options =
        NMF_OPTIONS_INIT; /* the two smallest are known, the others come by share behind them */
    options.k = parts.k;
    nmf_matrix *two = NULL;
    const int64_t rows[] = {0, 1};
    nmf_error error;
    assert_int_equal(nmf_matrix_select(H, rows, 2, &two, &error), NMF_OK);
    const nmf_constraints known = {.struct_bytes = sizeof known, .H = two};
    options.constraints = &known;
    nmf_model *with = fit(X, &options);
    double shares[MOST], places[MOST];
    expect_rows(nmf_model_view(with)->H, H, 2, "known components");
    shares_of(with, shares, places);
    assert_true(shares[0] < shares[2] && shares[1] < shares[2]); /* else this proves less */
    for (int64_t j = 3; j < parts.k; j++) assert_true(shares[j] <= shares[j - 1] * (1 + nearly));
    nmf_model_free(with);

    nmf_matrix_free(two);
    nmf_matrix_free(W);
    nmf_matrix_free(H);
    nmf_model_free(model);
    nmf_matrix_free(X);
}

/* scikit-learn's own rules keep the order of their start, since their users compare component by component. */
static void what_follows_scikit_learn_keeps_the_order_of_its_start(void **state)
{
    static const problem parts = {"parts", fill_parts, 120, 90, 5};
    (void)state;
    nmf_matrix *X = matrix_of(&parts, NMF_F64, BY_ROWS);
    for (int s = 0; s < 2; s++) {
        nmf_options options = NMF_OPTIONS_INIT;
        options.k = parts.k;
        options.solver = s ? NMF_SOLVER_MU : NMF_SOLVER_CD;
        options.init = NMF_INIT_NNDSVDA;
        options.max_iter = 1;
        nmf_model *first = fit(X, &options);
        options.max_iter = 50;
        nmf_model *model = fit(X, &options);
        for (int64_t j = 0; j < parts.k; j++)
            for (int64_t l = 0; l < parts.k; l++)
                if (cosine(nmf_model_view(model)->H, j, nmf_model_view(first)->H, l) >
                    cosine(nmf_model_view(model)->H, j, nmf_model_view(first)->H, j) + 0.05)
                    fail_msg("solver %d: component %lld began as %lld", s, (long long)j,
                             (long long)l);
        nmf_model_free(model);
        nmf_model_free(first);
    }
    nmf_matrix_free(X);
}

/* --- which start wins -------------------------------------------------------------------------- */

static nmf_options start_of(nmf_loss loss, int64_t k, int64_t seed)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = k;
    options.loss = loss;
    options.init = NMF_INIT_RANDOM;
    options.sketch = 0;
    options.seed = seed;
    options.tol = 1e-6; /* or where iterations happened to end is more than rounding */
    return options;
}

/* Of one minimum, reached from everywhere: by its end each start has a loss that rounding, and where iterations happened
 * to end, make a little lower or higher. The first one wins. */
static void of_equal_minima_the_first_start_wins(void **state)
{
    static const problem parts = {"parts", fill_parts, 100, 80, 2};
    enum { STARTS = 6 };
    (void)state;
    int lower = 0;
    for (int f64 = 0; f64 < 2; f64++)
        for (int sparse = 0; sparse < 2; sparse++) {
            nmf_matrix *X =
                matrix_of(&parts, f64 ? NMF_F64 : NMF_F32, sparse ? SPARSE_ROWS : BY_ROWS);
            for (int64_t seed = 0; seed < 30; seed += 10) {
                nmf_options options = start_of(NMF_LOSS_FROBENIUS, parts.k, seed);
                double first = 0;
                for (int64_t s = 0; s < STARTS; s++) {
                    options.seed = seed + s;
                    nmf_model *one = fit(X, &options);
                    const double loss = nmf_model_view(one)->loss;
                    first = s == 0 ? loss : first;
                    if (fabs(loss - first) > 1e-6 * first)
                        fail_msg("%g is another minimum than %g", loss, first);
                    lower += loss < first;
                    nmf_model_free(one);
                }
                options.seed = seed;
                options.starts = STARTS;
                nmf_model *best = fit(X, &options);
                assert_int_equal(nmf_model_view(best)->winning_seed, seed);
                nmf_model_free(best);
            }
            nmf_matrix_free(X);
        }
    assert_true(lower > 0); /* else this proves less */
}

/* Where minima differ the lowest wins, the first of those that are as low. */
static void a_start_that_is_better_wins(void **state)
{
    static const problem rugged = {"random", fill_random, 70, 50, 12};
    enum { STARTS = 6 };
    (void)state;
    int others = 0;
    nmf_matrix *X = matrix_of(&rugged, NMF_F64, BY_ROWS);
    for (int64_t seed = 0; seed < 40; seed += 10) {
        nmf_options options = start_of(NMF_LOSS_FROBENIUS, rugged.k, seed);
        double best = 0;
        int64_t winner = -1;
        for (int64_t s = 0; s < STARTS; s++) {
            options.seed = seed + s;
            nmf_model *one = fit(X, &options);
            const double loss = nmf_model_view(one)->loss;
            if (winner < 0 || loss < best * (1 - 1e-5)) {
                best = loss;
                winner = seed + s;
            }
            nmf_model_free(one);
        }
        options.seed = seed;
        options.starts = STARTS;
        nmf_model *model = fit(X, &options);
        assert_int_equal(nmf_model_view(model)->winning_seed, winner);
        assert_true(fabs(nmf_model_view(model)->loss - best) <= 1e-9 * best);
        others += winner != seed;
        nmf_model_free(model);
    }
    nmf_matrix_free(X);
    assert_true(others > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_come_by_their_share),
        cmocka_unit_test(transform_is_W_in_that_order_too),
        cmocka_unit_test(equal_components_come_by_where_they_lie),
        cmocka_unit_test(whoever_knows_components_by_their_places_finds_them_there),
        cmocka_unit_test(what_follows_scikit_learn_keeps_the_order_of_its_start),
        cmocka_unit_test(of_equal_minima_the_first_start_wins),
        cmocka_unit_test(a_start_that_is_better_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
