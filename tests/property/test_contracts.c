/* Every method through the same claims; and a method that is not the library's own, written here
 * against src/fit/method.h as anybody would. */
#include "support.h"

#include "fit/fit.h"
#include "fit/loss.h"
#include "fit/method.h"

#include <math.h>
#include <string.h>

static const problem parts = {"parts", fill_parts, 70, 50, 5};

/* Each solver with each kind of loss that it minimizes. */
static const struct {
    const char *name;
    nmf_solver solver;
    nmf_loss loss;
    double beta;
    int solves; /* W is each row's own solution */
} methods[] = {{"hals with momentum", NMF_SOLVER_AUTO, NMF_LOSS_FROBENIUS, 0, 1},
               {"hals", NMF_SOLVER_HALS, NMF_LOSS_FROBENIUS, 0, 1},
               {"cd", NMF_SOLVER_CD, NMF_LOSS_FROBENIUS, 0, 0},
               {"mu", NMF_SOLVER_MU, NMF_LOSS_FROBENIUS, 0, 0},
               {"mu, kl", NMF_SOLVER_MU, NMF_LOSS_KL, 0, 0},
               {"jmm", NMF_SOLVER_JMM, NMF_LOSS_FROBENIUS, 0, 1},
               {"jmm, kl", NMF_SOLVER_JMM, NMF_LOSS_KL, 0, 1},
               {"divergence, kl", NMF_SOLVER_AUTO, NMF_LOSS_KL, 0, 1},
               {"scd, kl", NMF_SOLVER_SCD, NMF_LOSS_KL, 0, 1},
               {"divergence, beta 1.5", NMF_SOLVER_AUTO, NMF_LOSS_BETA, 1.5, 1},
               {"incremental", NMF_SOLVER_INCREMENTAL, NMF_LOSS_FROBENIUS, 0, 1},
               {"incremental, kl", NMF_SOLVER_INCREMENTAL, NMF_LOSS_KL, 0, 1}};

static nmf_options options_of(int64_t method)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = parts.k;
    options.solver = methods[method].solver;
    options.loss = methods[method].loss;
    if (methods[method].loss == NMF_LOSS_BETA) options.beta = methods[method].beta;
    options.max_iter = 40;
    options.threads = 1;
    options.precision = NMF_PRECISION_F64;
    return options;
}

/* fill_parts has zeros, which only cost a beta above 0 nothing. */
static void loss_never_rises(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&parts, NMF_F64, BY_ROWS);
    for (int64_t i = 0; i < COUNT(methods); i++) {
        const nmf_options options = options_of(i);
        nmf_model *model = fit(X, &options);
        const nmf_model_content *c = nmf_model_view(model);
        assert_true(c->trace_count > 0 && isfinite(c->loss) && isfinite(c->kkt));
        for (int64_t t = 1; t < c->trace_count; t++)
            if (!(c->trace[t].loss <= c->trace[t - 1].loss * (1 + 1e-9)))
                fail_msg("%s: line %lld of the trace rises from %.17g to %.17g", methods[i].name,
                         (long long)t, c->trace[t - 1].loss, c->trace[t].loss);
        expect_factors(model, methods[i].name);
        nmf_model_free(model);
    }
    nmf_matrix_free(X);
}

static void bits_do_not_hang_on_threads_or_blocks(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&parts, NMF_F32, BY_COLUMNS);
    for (int64_t i = 0; i < COUNT(methods); i++) {
        nmf_options options = options_of(i);
        nmf_model *one = fit(X, &options);
        options.threads = 3;
        options.block_rows = 16;
        nmf_model *three = fit(X, &options);
        expect_same_entries(nmf_model_view(one)->W, nmf_model_view(three)->W);
        expect_same_entries(nmf_model_view(one)->H, nmf_model_view(three)->H);
        nmf_model_free(one);
        nmf_model_free(three);
    }
    nmf_matrix_free(X);
}

static void transform_of_X_is_W(void **state)
{
    (void)state;
    for (int64_t n = 0; n < 2 * COUNT(methods); n++) {
        const int64_t i = n / 2;
        nmf_matrix *X = matrix_of(&parts, NMF_F64, n % 2 ? BY_COLUMNS : BY_ROWS);
        const nmf_options options = options_of(i);
        if (methods[i].solves) {
            nmf_model *model = fit(X, &options);
            nmf_matrix *W = transform(model, X, NULL);
            expect_same_entries(W, nmf_model_view(model)->W);
            nmf_matrix_free(W);
            nmf_model_free(model);
        }
        nmf_matrix_free(X);
    }
}

/* --- a method of one's own: projected gradient, W then H, each by a step of 1 / ||Gram|| ---------- */

/* x <- max(0, x - (x G - p) / L), a rule of the user's. */
typedef struct gradient_rule {
    int64_t k, ld;
    const double *gram;
    double step;
    double *from, *to;
} gradient_rule;

static void descend(const void *context, const nmfi_tile *tile)
{
    const gradient_rule *rule = context;
    const double *P = tile->P;
    for (int64_t i = 0; i < tile->rows; i++)
        for (int64_t j = 0; j < rule->k; j++) {
            double slope = -P[j * tile->ldp + i];
            for (int64_t l = 0; l < rule->k; l++)
                slope += rule->gram[j * rule->k + l] * rule->from[l * rule->ld + tile->first + i];
            const double x = rule->from[j * rule->ld + tile->first + i] - rule->step * slope;
            rule->to[j * rule->ld + tile->first + i] = x > 0 ? x : 0;
        }
}

static nmf_status move(nmfi_fit *f, nmfi_factor *factor, const nmfi_factor *other,
                       const void *fixed, nmf_error *error)
{
    double trace = 0; /* bounds the largest eigenvalue */
    for (int64_t j = 0; j < f->k; j++) trace += other->gram[j * f->k + j];
    const gradient_rule context = {.k = f->k,
                                   .ld = factor->partition.ld,
                                   .gram = other->gram,
                                   .step = trace > 0 ? 1 / trace : 0,
                                   .from = factor->incumbent,
                                   .to = factor->plain};
    const nmfi_rule rule = {.improve = descend, .context = &context, .needs = NMFI_NEEDS_PRODUCTS};
    nmfi_pass *pass = &f->work.pass;
    nmf_status status = NMF_OK;
    if (factor->along_rows) {
        const nmfi_visit visit = {.k = f->k,
                                  .fixed = fixed,
                                  .rule = &rule,
                                  .updated = factor->plain,
                                  .sums = NMFI_SUMS_OF_PRODUCTS,
                                  .loss = 1};
        status = nmfi_pass_visit(pass, &visit, error);
    } else {
        const nmfi_column_visit visit = {.k = f->k,
                                         .rule = &rule,
                                         .fixed = fixed,
                                         .updated = factor->plain,
                                         .sums = NMFI_SUMS_OF_PRODUCTS};
        nmfi_pass_columns(pass, &visit);
    }
    if (status == NMF_OK) nmfi_keep_sums(f, pass, factor);
    return status;
}

static void plan_gradient(nmfi_fit *f, void *state)
{
    (void)state;
    f->work.accumulates = 1;
}

static void layout_gradient(nmfi_fit *f, void *state, nmfi_arena *arena)
{
    (void)f, (void)state, (void)arena;
}

static nmf_status restart_gradient(nmfi_fit *f, void *state, nmf_error *error)
{
    const nmfi_column_visit gram = {.k = f->k, .updated = f->H.incumbent};
    (void)state, (void)error;
    nmfi_pass_columns(&f->work.pass, &gram);
    nmfi_keep_sums(f, &f->work.pass, &f->H);
    return NMF_OK;
}

/* The loss is that of the pair before H moves: the pass measures W's with the H it was made for. */
static nmf_status step_gradient(nmfi_fit *f, void *state, nmfi_step_wish wish, nmfi_measured *pair,
                                nmf_error *error)
{
    (void)state, (void)wish;
    nmf_status status = move(f, &f->W, &f->H, f->H.incumbent, error);
    if (status != NMF_OK) return status;
    pair->loss = 0.5 * f->W.value[NMFI_SUM_LOSS];
    pair->gain = 0;
    return move(f, &f->H, &f->W, f->W.plain, error);
}

static void accept_gradient(nmfi_fit *f, void *state)
{
    (void)state;
    nmfi_take_plain(&f->W);
    nmfi_take_plain(&f->H);
}

static nmfi_loss_scale scale_gradient(const nmfi_fit *f, const void *state, double loss)
{
    (void)state;
    return (nmfi_loss_scale){
        .rounding = 1e-12 * f->facts.norm2, .matters = loss, .strict = 1, .nothing = -1};
}

static nmf_status finish_gradient(nmfi_fit *f, void *state, nmf_error *error)
{
    nmfi_measured pair = {0, 0};
    const nmf_status status = step_gradient(f, state, (nmfi_step_wish){0}, &pair, error);
    nmfi_take_plain(&f->W);
    f->progress.loss = pair.loss;
    f->progress.error = sqrt(2 * pair.loss);
    f->progress.kkt = 1; /* not measured: no claim */
    nmfi_correct_trace(f);
    return status;
}

static const nmfi_method gradient = {.name = "projected gradient",
                                     .plan = plan_gradient,
                                     .layout = layout_gradient,
                                     .step = step_gradient,
                                     .accept = accept_gradient,
                                     .restart = restart_gradient,
                                     .scale = scale_gradient,
                                     .finish = finish_gradient};

static void a_method_of_ones_own_fits(void **state)
{
    (void)state;
    nmf_matrix *X = matrix_of(&parts, NMF_F64, BY_ROWS);
    nmf_options options = options_of(1);
    options.init = NMF_INIT_RANDOM;
    options.max_iter = 300;
    options.tol = 0;
    nmf_model *model = NULL;
    nmf_error error = {0};
    if (nmfi_fit_by(&gradient, X, &options, &model, &error) != NMF_OK)
        fail_msg("%s", error.message);
    const nmf_model_content *c = nmf_model_view(model);
    expect_factors(model, gradient.name);
    const double truth = distance(X, c->W, c->H);
    assert_true(fabs(truth - c->error) <= 1e-9 * norm(X));
    assert_true(truth < 0.5 * norm(X)); /* it descends: the start explains next to nothing */
    for (int64_t t = 1; t < c->trace_count; t++)
        assert_true(c->trace[t].loss <= c->trace[t - 1].loss * (1 + 1e-12));
    nmf_model_free(model);
    nmf_matrix_free(X);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loss_never_rises),
        cmocka_unit_test(bits_do_not_hang_on_threads_or_blocks),
        cmocka_unit_test(transform_of_X_is_W),
        cmocka_unit_test(a_method_of_ones_own_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
