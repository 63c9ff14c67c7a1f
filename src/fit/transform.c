/* Using a model: W for new rows, and products of the factors. */
#include "fit/transform.h"

#include "base/options.h"
#include "base/stop.h"
#include "data/matrix.h"
#include "fit/choose.h"
#include "fit/constraints.h"
#include "fit/divergence.h"
#include "fit/limits.h"
#include "fit/loss.h"
#include "fit/result.h"
#include "pass/pass.h"

#include <math.h>
#include <string.h>

/* The working state of one transform: a single visit with H held fixed. */
typedef struct transform {
    const nmf_model_content *model;
    const nmf_options *options; /* of this transform: its penalties count, not the fit's */
    const nmfi_kernels *kernels;
    nmfi_team *team;
    nmfi_arena arena;
    nmfi_pass pass;
    void *H, *W, *gram, *inverse;
    double *gram_f64, *offset;
    double beta;        /* of the loss; 2 for PCA too */
    int by_products;    /* beta 2, and every entry counts once: products are enough */
    nmfi_metric metric; /* else */
    nmfi_limits limits; /* of W */
    nmfi_allowed allowed;
    void *row_sums;
    int weighted;
    nmfi_observed observed;     /* of a weighted dense X */
    nmfi_stored_weights stored; /* of a weighted sparse one */
    nmfi_stop stop;
    double began;
} transform;

/* In the middle of a pass. */
static int ask(void *context)
{
    const transform *t = context;
    const nmf_trace_point point = {0, t->pass.passes, nmfi_seconds() - t->began, NAN, NAN};
    return t->options->progress(&point, t->options->progress_context);
}

static nmf_status fail_stopped(transform *t, nmf_error *error)
{
    if (nmfi_stop_said(&t->stop) == NMFI_STOP_ASKED)
        return nmf_fail(error, NMF_ERROR_INTERRUPTED, "interrupted before W was there");
    return nmf_fail(error, NMF_ERROR_TIME_LIMIT,
                    "the time limit of %g s was over before W was there",
                    t->options->time_limit_seconds);
}

static void layout(transform *t)
{
    nmfi_arena *arena = &t->arena;
    const int64_t k = t->model->k, bytes = t->kernels->element_bytes;
    nmfi_pass_layout(&t->pass, arena, nmfi_team_threads(t->team), 0);
    t->H = nmfi_take(arena, k, nmfi_product(t->pass.columns.ld, bytes));
    t->W = nmfi_take(arena, k, nmfi_product(t->pass.rows.ld, bytes));
    t->gram = nmfi_take(arena, k * k, (size_t)bytes);
    t->inverse = nmfi_take(arena, k, (size_t)bytes);
    t->gram_f64 = nmfi_take(arena, k * k, sizeof(double));
    t->offset = nmfi_take(arena, k, sizeof(double));
    if (t->limits.binds) t->allowed = nmfi_limits_layout(arena, k, &t->pass.rows, bytes);
    if (t->by_products) return;
    const int dense_rows = t->beta != 1;
    nmfi_pass_layout_workspace(&t->pass, arena, nmfi_team_threads(t->team),
                               t->weighted
                                   ? nmfi_weighted_workspace_bytes(k, t->pass.columns.count, bytes)
                                   : nmfi_divergence_workspace_bytes(&t->pass, t->beta, dense_rows),
                               dense_rows);
    t->row_sums = nmfi_take(arena, t->pass.rows.ld, (size_t)bytes);
    t->metric.kernels = t->kernels;
    t->metric.k = k;
    nmfi_metric_layout(&t->metric, arena, t->pass.columns.ld);
    t->metric.gram = t->gram;
    t->metric.inverse = t->inverse;
    t->metric.gram_f64 = t->gram_f64;
}

/* X must be what the model can project: the right features, finite, and >= 0 for NMF. */
static nmf_status check(transform *t, const nmf_matrix *X, nmf_error *error)
{
    const int is_pca = t->model->kind == NMF_MODEL_PCA;
    nmfi_scan scan;
    const int signed_ok = is_pca || (t->beta == 2 && t->options->negatives == NMF_NEGATIVES_ALLOW);
    const nmf_status status = nmfi_pass_scan(&t->pass, signed_ok, &scan, error);
    if (status != NMF_OK) return status;
    return t->beta <= 0 && !(scan.lowest > 0) ? nmfi_name_zero(X, t->beta, error) : NMF_OK;
}

static void prepare_gram(transform *t, double l1, double l2)
{
    const int64_t k = t->model->k;
    const nmfi_column_visit visit = {.k = k, .updated = t->H};
    nmfi_pass_columns(&t->pass, &visit);
    memcpy(t->gram_f64, t->pass.total.gram, (size_t)(k * k) * sizeof(double));
    nmfi_gram_for_rule(t->kernels, k, l1, l2, t->gram_f64, t->gram, t->inverse);
}

/* Those of a row of W, as in the fit. */
static nmfi_penalties penalties_of(const transform *t)
{
    return nmfi_penalties_of(t->options, 1, t->model->features, t->pass.scale, t->beta);
}

static nmf_status solve_rows(transform *t, nmf_error *error)
{
    const nmfi_penalties penalties = penalties_of(t);
    prepare_gram(t, penalties.W_l1, penalties.W_l2);
    const nmfi_solve_rule solving =
        nmfi_solving(t->kernels, t->model->k, t->pass.rows.ld, t->gram, t->inverse, t->gram_f64,
                     penalties.W_l1, t->allowed, t->W);
    const nmfi_rule rule = nmfi_rule_solve(&solving);
    const nmfi_visit visit = {.k = t->model->k, .fixed = t->H, .rule = &rule, .updated = t->W};
    return nmfi_pass_visit(&t->pass, &visit, error);
}

/* The nearest rows that are allowed. */
static void clamp_rows(const transform *t)
{
    const int64_t ld = t->pass.rows.ld;
    if (t->allowed.lower)
        t->kernels->clamp(t->W, ld, t->allowed.lower, t->allowed.upper, ld, t->model->k,
                          t->pass.rows.count, t->allowed.sum);
}

/* Another loss: each row to its own end with its entries of X at hand. */
static nmf_status solve_rows_of_divergence(transform *t, nmf_error *error)
{
    const nmfi_penalties penalties = penalties_of(t);
    nmfi_divergence_step step = nmfi_step_bare(t->kernels, t->beta, t->pass.scale, t->model->k);
    step.F = t->H;
    step.ldf = t->pass.columns.ld;
    step.ld = t->pass.rows.ld;
    step.l1 = penalties.W_l1;
    step.l2 = penalties.W_l2;
    step.allowed = t->allowed;
    const int by_rows = t->beta == 2 && t->weighted;
    if (by_rows && t->model->shrink > 0 && t->model->shrink_to) {
        const double root = sqrt(t->pass.scale);
        step.shrink = t->model->shrink * t->pass.scale;
        step.l2 += step.shrink;
        step.toward = t->offset;
        for (int64_t j = 0; j < t->model->k; j++) {
            t->offset[j] = t->model->shrink_to[j] * root;
            /* Rows of which nothing was observed stay there. */
            t->kernels->add_constant((char *)t->W + j * t->pass.rows.ld * t->kernels->element_bytes,
                                     t->pass.rows.count, t->offset[j]);
        }
        clamp_rows(t);
    }
    step.start = step.older = step.ahead = step.result = t->W;
    const nmf_status status = nmfi_row_sums_of_X(&t->metric, &t->pass, t->row_sums, error);
    if (status != NMF_OK) return status;
    const nmfi_solve_divergence_rule solving =
        nmfi_solving_divergence(&t->metric, &t->pass, step, t->row_sums);
    const nmfi_least_squares_rule rows = {.step = step, .exact = 1};
    const nmfi_rule rule =
        by_rows ? nmfi_rule_least_squares(&rows) : nmfi_rule_solve_divergence(&solving);
    return t->weighted ? nmfi_weighted_visit(&t->pass, &step, rule, t->observed.u,
                                             t->stored.u ? &t->stored.along[0] : NULL, error)
                       : nmfi_divergence_visit(&t->pass, &step, rule, 0, error);
}

static nmf_status project_rows(transform *t, nmf_error *error)
{
    const int64_t k = t->model->k, n = t->model->features;
    for (int64_t j = 0; j < k; j++) {
        t->offset[j] = 0;
        for (int64_t i = 0; i < n; i++)
            t->offset[j] += t->model->mean[i] * nmf_matrix_at(t->model->H, j, i);
    }
    const nmfi_project_rule project = {t->kernels, k, t->pass.rows.ld, t->offset, t->W};
    const nmfi_rule rule = nmfi_rule_project(&project);
    const nmfi_visit visit = {.k = k, .fixed = t->H, .rule = &rule, .updated = t->W};
    const nmf_status status = nmfi_pass_visit(&t->pass, &visit, error);
    if (!t->model->options.whiten) return status;
    for (int64_t j = 0; j < k; j++) {
        const double variance = t->model->explained_variance[j];
        char *row = (char *)t->W + j * t->pass.rows.ld * t->kernels->element_bytes;
        t->kernels->scale(row, t->pass.rows.count, variance > 0 ? 1.0 / sqrt(variance) : 0.0);
    }
    return status;
}

/* Where entries have weights X is read as it is filled. */
static nmf_status observe(transform *t, const nmf_matrix *X, nmfi_source *source, nmf_error *error)
{
    const nmf_dtype type = nmfi_dtype_of(t->kernels);
    if (!nmfi_matrix_is_weighted(X)) return NMF_OK;
    if (t->model->kind == NMF_MODEL_PCA)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "PCA takes no weights and no missing entries: NMF does");
    t->weighted = 1;
    nmf_status status = nmfi_weights_check_stored(X, error);
    if (status != NMF_OK) return status;
    if (nmf_matrix_missing(X) == NMF_MISSING_UNSTORED) {
        if (!nmf_matrix_has_weights(X)) return NMF_OK;
        status = nmfi_stored_weights_make(X, type, t->beta, &t->stored, error);
        if (status == NMF_OK && t->stored.kept) *source = nmfi_source_of(t->stored.kept);
        return status;
    }
    status = nmfi_observed_make(X, type, t->beta, &t->observed, error);
    if (status != NMF_OK) return status;
    t->weighted = t->observed.filled != NULL;
    if (t->weighted) *source = nmfi_source_of(t->observed.filled);
    return NMF_OK;
}

/* What the rows of W may be. */
static nmf_status limit(transform *t, const nmf_matrix *X, nmf_error *error)
{
    const nmf_constraints *c = t->options->constraints;
    t->limits.high = HUGE_VAL; /* nothing */
    if (t->model->kind == NMF_MODEL_PCA) return NMF_OK;
    if (c && (c->H || c->W || c->keep_H || c->lower_H || c->upper_H))
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "transform seeks W for the model's H: of constraints it takes bounds of W");
    const nmfi_source source = nmfi_source_of(X);
    t->limits = nmfi_limits_of_W(t->options, nmfi_source_all_rows(&source), t->model->k);
    nmf_status status = NMF_OK;
    if (t->limits.lower)
        status = nmfi_compare_names(X, t->limits.lower, NMF_SAMPLE_NAMES, "lower_W", error);
    if (status == NMF_OK && t->limits.upper)
        status = nmfi_compare_names(X, t->limits.upper, NMF_SAMPLE_NAMES, "upper_W", error);
    return status == NMF_OK && t->limits.binds ? nmfi_limits_check(&t->limits, error) : status;
}

/* The bounds as rules read them; rows that nothing is known of stay where they are put here. */
static void begin_rows(transform *t, double root)
{
    if (!t->limits.binds) return;
    (void)nmfi_limits_fill(&t->limits, t->kernels, t->model->k, &t->pass.rows, root, &t->allowed,
                           NULL);
    clamp_rows(t);
}

nmf_status nmfi_transform(const nmf_model_content *model, const nmf_matrix *X,
                          const nmf_options *options, nmf_matrix **W, nmf_error *error)
{
    transform t = {.model = model, .options = options, .began = nmfi_seconds()};
    nmfi_stop_after(&t.stop, options->progress ? ask : NULL, &t, options->time_limit_seconds);
    nmfi_source source = nmfi_source_of(X);
    t.kernels = nmfi_kernels_for(t.model->precision == NMF_PRECISION_F64 ? NMF_F64 : NMF_F32, NULL);
    nmf_options loss = t.model->options;
    loss.loss = t.model->kind == NMF_MODEL_PCA ? NMF_LOSS_FROBENIUS : t.model->loss_kind;
    t.beta = nmfi_beta(&loss);
    nmf_status status = limit(&t, X, error);
    if (status == NMF_OK) status = observe(&t, X, &source, error);
    t.by_products = t.beta == 2 && !t.weighted;
    if (status == NMF_OK) status = nmfi_pass_countable(&source, t.model->k, error);
    if (status == NMF_OK) status = nmfi_team_start(options->threads, &t.team, error);
    status = nmfi_source_agree(&source, status, error);
    if (status != NMF_OK) {
        nmfi_team_stop(t.team);
        nmfi_observed_free(&t.observed);
        nmfi_stored_weights_free(&t.stored);
        return status;
    }
    nmfi_pass_plan(&t.pass, &source, t.kernels, t.model->k, options->block_rows);
    t.pass.scale = t.model->unit > 0 ? t.model->unit : 1.0;
    layout(&t);
    status = nmfi_arena_allocate(&t.arena, nmfi_memory_limit_of(options), error);
    status = nmfi_source_agree(&source, status, error);
    if (status == NMF_OK) {
        layout(&t);
        t.pass.team = t.team;
        t.pass.stop =
            nmfi_source_is_shared(&source) ? NULL : &t.stop; /* else all would have to agree */
        nmfi_pass_prepare(&t.pass);
        status = check(&t, X, error);
    }
    if (status == NMF_OK) {
        const double root =
            sqrt(t.pass.scale); /* factors of scaled X, as in the fit: the same bits */
        nmfi_factor_from_H(t.kernels, t.model->H, t.H, t.pass.columns.ld);
        t.kernels->scale(t.H, t.model->k * t.pass.columns.ld, root);
        begin_rows(&t, root);
        if (t.model->kind == NMF_MODEL_PCA)
            status = project_rows(&t, error);
        else if (t.by_products)
            status = solve_rows(&t, error);
        else
            status = solve_rows_of_divergence(&t, error);
        t.kernels->scale(t.W, t.model->k * t.pass.rows.ld, 1.0 / root);
        if (status == NMF_OK)
            status =
                nmfi_factor_to_W(t.kernels, t.W, t.pass.rows.ld, source.rows, t.model->k, W, error);
    }
    if (status == NMF_ERROR_INTERRUPTED && nmfi_stop_said(&t.stop))
        status = fail_stopped(&t, error);
    if (status == NMF_OK) status = nmfi_matrix_inherit_rows(*W, X, error);
    nmfi_team_stop(t.team);
    nmfi_release(t.arena.base);
    nmfi_observed_free(&t.observed);
    nmfi_stored_weights_free(&t.stored);
    return status;
}
