/* L1 and L2 penalties on W and H: the loss that is reported is the one that is documented, it is
 * lowered, and the penalties do what they are for. */
#include "support.h"

#include <math.h>
#include <string.h>

static const problem parts = {"parts", fill_parts, 90, 70, 5};

typedef struct penalties {
    double alpha_W, alpha_H, l1_ratio;
} penalties;

static const penalties some[] = {{0.02, -1, 0},  {0.02, -1, 1},    {0.02, -1, 0.5}, {0.05, 0.001, 0.3},
                                 {0.001, 0.05, 0.3}, {0.01, 0.1, 0.9}, {1, 1, 0},       {0.5, 0.5, 1}};

static nmf_options options_of(const penalties *p, int64_t k)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = k;
    options.alpha_W = p->alpha_W;
    options.alpha_H = p->alpha_H;
    options.l1_ratio = p->l1_ratio;
    options.max_iter = 200;
    return options;
}

static void sums(const nmf_matrix *factor, double *l1, double *l2)
{
    *l1 = *l2 = 0;
    for (int64_t i = 0; i < nmf_matrix_rows(factor); i++)
        for (int64_t j = 0; j < nmf_matrix_columns(factor); j++) {
            const double value = nmf_matrix_at(factor, i, j);
            *l1 += value;
            *l2 += value * value;
        }
}

/* fit.h's objective, term by term. */
static double objective(const nmf_model *model, const nmf_matrix *X)
{
    const nmf_model_content *c = nmf_model_view(model);
    const nmf_options *o = &c->options;
    const double alpha_H = o->alpha_H < 0 ? o->alpha_W : o->alpha_H;
    const double m = (double)c->samples, n = (double)c->features;
    double W1, W2, H1, H2;
    sums(c->W, &W1, &W2);
    sums(c->H, &H1, &H2);
    return 0.5 * pow(distance(X, c->W, c->H), 2) + o->alpha_W * o->l1_ratio * n * W1 +
           alpha_H * o->l1_ratio * m * H1 + 0.5 * o->alpha_W * (1 - o->l1_ratio) * n * W2 +
           0.5 * alpha_H * (1 - o->l1_ratio) * m * H2;
}

static void the_loss_is_the_documented_one(void **state)
{
    for (nmf_dtype dtype = NMF_F32; dtype <= NMF_F64; dtype++) {
        nmf_matrix *X = matrix_like(*state, 1, dtype, BY_ROWS);
        for (int64_t p = 0; p < COUNT(some); p++)
            for (int solver = 0; solver < 3; solver++) {
                nmf_options options = options_of(&some[p], parts.k);
                options.solver = (nmf_solver)solver;
                nmf_model *model = fit(X, &options);
                const nmf_model_content *c = nmf_model_view(model);
                const double truth = objective(model, X), size = norm(X);
                /* An entry of WH has k roundings; it is compared with X in f64. */
                const double most =
                    (double)(2 * c->k + 8) * rounding_of(model) * (truth + size * c->error);
                if (!(fabs(c->loss - truth) <= most))
                    fail_msg("penalties %lld, solver %d: loss %.17g, by its definition %.17g",
                             (long long)p, solver, c->loss, truth);
                nmf_model_free(model);
            }
        nmf_matrix_free(X);
    }
}

static void the_loss_never_rises(void **state)
{
    for (int64_t p = 0; p < COUNT(some); p++)
        for (int solver = 0; solver < 3; solver++) {
            nmf_options options = options_of(&some[p], parts.k);
            options.solver = (nmf_solver)solver;
            nmf_model *model = fit(*state, &options);
            const nmf_model_content *c = nmf_model_view(model);
            const double depth = (double)(c->samples + c->features + 2 * c->k);
            const double size = norm(*state);
            for (int64_t t = 1; t < c->trace_count; t++) {
                const double before = c->trace[t - 1].loss, now = c->trace[t].loss;
                const double most =
                    2 * size + sqrt(2 * before); /* as in test_fit.c, penalties in the loss */
                if (!(now <= before + depth * rounding_of(model) * most * most))
                    fail_msg("penalties %lld, solver %d, line %lld: %.17g, then %.17g",
                             (long long)p, solver, (long long)t, before, now);
            }
            nmf_model_free(model);
        }
}

static void alpha_H_follows_alpha_W(void **state)
{
    const penalties follows = {0.03, -1, 0.4}, says = {0.03, 0.03, 0.4};
    const nmf_options a = options_of(&follows, parts.k), b = options_of(&says, parts.k);
    nmf_model *first = fit(*state, &a), *second = fit(*state, &b);
    expect_same_model(first, second);
    nmf_model_free(first);
    nmf_model_free(second);
}

static int64_t zeros(const nmf_matrix *factor)
{
    int64_t count = 0;
    for (int64_t i = 0; i < nmf_matrix_rows(factor); i++)
        for (int64_t j = 0; j < nmf_matrix_columns(factor); j++)
            count += nmf_matrix_at(factor, i, j) == 0;
    return count;
}

static void more_L1_means_more_zeros_and_more_L2_smaller_factors(void **state)
{
    static const double alphas[] = {0.0, 0.5, 5.0};
    int64_t fewer = -1;
    double larger = INFINITY;
    for (int64_t a = 0; a < COUNT(alphas); a++) {
        const penalties l1 = {alphas[a], -1, 1}, l2 = {alphas[a], -1, 0};
        const nmf_options sparse = options_of(&l1, parts.k), small = options_of(&l2, parts.k);
        nmf_model *first = fit(*state, &sparse), *second = fit(*state, &small);
        const nmf_model_content *c = nmf_model_view(first), *d = nmf_model_view(second);
        const int64_t more = zeros(c->W) + zeros(c->H);
        assert_true(more > fewer);
        double W1, W2, H1, H2;
        sums(d->W, &W1, &W2);
        sums(d->H, &H1, &H2);
        assert_true(W2 + H2 < larger);
        fewer = more;
        larger = W2 + H2;
        nmf_model_free(first);
        nmf_model_free(second);
    }
}

/* A penalty larger than any product leaves nothing; that is an answer, not an error. */
static void a_crushing_penalty_gives_zeros(void **state)
{
    static const double alphas[] = {1e9, 1e150, 1e300};
    for (nmf_dtype dtype = NMF_F32; dtype <= NMF_F64; dtype++) {
        nmf_matrix *X = matrix_like(*state, 1, dtype, BY_ROWS);
        for (int64_t a = 0; a < COUNT(alphas); a++)
            for (int solver = 0; solver < 3; solver++) {
                const penalties all = {alphas[a], -1, 0.5};
                nmf_options options = options_of(&all, parts.k);
                options.solver = (nmf_solver)solver;
                nmf_model *model = fit(X, &options);
                const nmf_model_content *c = nmf_model_view(model);
                double W1, W2, H1, H2;
                sums(c->W, &W1, &W2);
                sums(c->H, &H1, &H2);
                if (!(W1 == 0 || H1 == 0))
                    fail_msg("alpha %g, solver %d: sums %g and %g", alphas[a], solver, W1, H1);
                if (!(fabs(c->relative_error - 1) <= 1e-6))
                    fail_msg("alpha %g, solver %d: relative error %g", alphas[a], solver,
                             c->relative_error);
                nmf_model_free(model);
            }
        nmf_matrix_free(X);
    }
}

/* A penalty larger than anything a component explains: W = H = 0, at half of ||X||^2. What multiplies
 * an empty component has no curvature, and goes to 0 all the same. */
static void pure_L1_that_empties_one_factor_empties_both(void **state)
{
    const double half = 0.5 * norm(*state) * norm(*state);
    for (int64_t p = 0; p < 2; p++)
        for (int solver = 0; solver < 3; solver++) {
            const penalties all = {p ? 1e9 : 1e6, -1, 1};
            nmf_options options = options_of(&all, parts.k);
            options.solver = (nmf_solver)solver;
            nmf_model *model = fit(*state, &options);
            const double value = objective(model, *state);
            if (!(fabs(value - half) <= 1e-6 * half))
                fail_msg("solver %d: objective %.9g; W = H = 0 gives %.9g", solver, value, half);
            nmf_model_free(model);
        }
}

/* W / c and H c give the same product for any c, and an ever smaller penalty on W alone: no minimum. What follows
 * scikit-learn to the letter takes it as scikit-learn does. */
static void a_penalty_on_one_factor_alone_is_refused(void **state)
{
    static const struct {
        nmf_loss loss;
        nmf_solver solver;
        int taken;
    } kinds[] = {{NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO, 0}, {NMF_LOSS_FROBENIUS, NMF_SOLVER_HALS, 0},
                 {NMF_LOSS_FROBENIUS, NMF_SOLVER_CD, 1},   {NMF_LOSS_KL, NMF_SOLVER_AUTO, 0},
                 {NMF_LOSS_KL, NMF_SOLVER_SCD, 0},         {NMF_LOSS_KL, NMF_SOLVER_JMM, 0},
                 {NMF_LOSS_KL, NMF_SOLVER_INCREMENTAL, 0}, {NMF_LOSS_KL, NMF_SOLVER_MU, 1}};
    for (int64_t i = 0; i < COUNT(kinds); i++)
        for (int of_H = 0; of_H < 2; of_H++) {
            const penalties one = {of_H ? 0 : 0.5, of_H ? 0.5 : 0, 1};
            nmf_options options = options_of(&one, parts.k);
            nmf_model *model = NULL;
            nmf_error error = {NMF_OK, ""};
            options.loss = kinds[i].loss;
            options.solver = kinds[i].solver;
            const nmf_status status = nmf_fit(*state, &options, &model, &error);
            assert_int_equal(status, kinds[i].taken ? NMF_OK : NMF_ERROR_ARGUMENT);
            if (!kinds[i].taken)
                assert_non_null(strstr(error.message, of_H ? "alpha_H = 0.5 and alpha_W = 0"
                                                           : "alpha_W = 0.5 and alpha_H = 0"));
            nmf_model_free(model);
        }
}

static void transform_knows_the_penalties(void **state)
{
    for (int64_t p = 0; p < COUNT(some); p++) {
        const nmf_options options = options_of(&some[p], parts.k);
        nmf_model *model = fit(*state, &options);
        nmf_matrix *W = transform(model, *state, NULL);
        expect_same_entries(W, nmf_model_view(model)->W);
        nmf_matrix_free(W);
        nmf_model_free(model);
    }
}

static int make(void **state)
{
    *state = matrix_of(&parts, NMF_F64, BY_ROWS);
    return 0;
}

static int unmake(void **state)
{
    nmf_matrix_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_loss_is_the_documented_one),
        cmocka_unit_test(the_loss_never_rises),
        cmocka_unit_test(alpha_H_follows_alpha_W),
        cmocka_unit_test(more_L1_means_more_zeros_and_more_L2_smaller_factors),
        cmocka_unit_test(a_crushing_penalty_gives_zeros),
        cmocka_unit_test(pure_L1_that_empties_one_factor_empties_both),
        cmocka_unit_test(a_penalty_on_one_factor_alone_is_refused),
        cmocka_unit_test(transform_knows_the_penalties),
    };
    return cmocka_run_group_tests(tests, make, unmake);
}
