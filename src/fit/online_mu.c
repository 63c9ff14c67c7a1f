/* scikit-learn's rule for mini-batches, for parity (nmfkit/online.h): after a multiplicative step of the
 * batch's W, with R = X V^(b - 2), S = V^(b - 1), V = W H, g the exponent of rule_mu.c,
 *
 *   A <- rho A + H^(1/g) (W'R),   B <- rho B + W'S + l1 + l2 H,   H <- (A / B)^g,
 *
 * from A = H, B = 1. Guards and order of operations are scikit-learn's, in f64 and in the caller's
 * unit. Sources: Lefevre, Bach & Fevotte 2011; Fevotte & Idier 2011. */
#include "fit/online.h"

#include "base/options.h"
#include "fit/loss.h"
#include "fit/metric.h"

#include "data/matrix.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Its EPSILON, and the size below which entries become 0. */
static const double peer_epsilon = 1.1920928955078125e-7, peer_cut = DBL_EPSILON;

struct nmf_minibatch {
    nmf_options options;
    double beta, gamma;
    int64_t k, n;
    const nmfi_kernels *kernels; /* f64 */
    nmfi_team *team;
    nmfi_partition columns;
    nmfi_arena arena;
    double *H, *A, *B, *before; /* k x columns.ld */
    double *H_sums, *W_sums;    /* k */
};

typedef struct batch {
    nmfi_arena arena;
    nmfi_pass pass;
    double *W, *W_before; /* k x pass.rows.ld */
    nmfi_penalties penalties;
    double mean; /* of X */
} batch;

/* --- memory ------------------------------------------------------------------------------------ */

static void layout(nmf_minibatch *m)
{
    const size_t line = nmfi_product(m->columns.ld, sizeof(double));
    m->H = nmfi_take(&m->arena, m->k, line);
    m->A = nmfi_take(&m->arena, m->k, line);
    m->B = nmfi_take(&m->arena, m->k, line);
    m->before = nmfi_take(&m->arena, m->k, line);
    m->H_sums = nmfi_take(&m->arena, m->k, sizeof(double));
    m->W_sums = nmfi_take(&m->arena, m->k, sizeof(double));
}

/* H, A = H and B = 1. */
static nmf_status begin(nmf_minibatch *m, const nmf_matrix *H, nmf_error *error)
{
    const int64_t ld = m->columns.ld;
    for (int64_t j = 0; j < m->k; j++) {
        const nmf_status status = nmf_matrix_copy_rows(H, j, 1, NMF_F64, m->H + j * ld, error);
        if (status != NMF_OK) return status;
        memcpy(m->A + j * ld, m->H + j * ld, (size_t)m->n * sizeof(double));
        for (int64_t i = 0; i < m->n; i++) m->B[j * ld + i] = 1;
    }
    return NMF_OK;
}

nmf_status nmfi_minibatch_open(const nmf_matrix *H, const nmf_options *options,
                               nmf_minibatch **made, nmf_error *error)
{
    nmf_minibatch *m = calloc(1, sizeof *m);
    if (!m) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes", sizeof *m);
    m->options = *options;
    m->beta = nmfi_beta(options);
    m->gamma = nmfi_mu_gamma(m->beta);
    m->k = nmf_matrix_rows(H);
    m->n = nmf_matrix_columns(H);
    m->kernels = nmfi_kernels_for(NMF_F64, NULL);
    m->columns = nmfi_partition_make(m->n);
    layout(m);
    nmf_status status = nmfi_team_start(options->threads, &m->team, error);
    if (status == NMF_OK) {
        status = nmfi_arena_allocate(&m->arena, nmfi_memory_limit_of(options), error);
        if (status != NMF_OK) m->arena.base = NULL;
    }
    if (status == NMF_OK) {
        layout(m);
        status = begin(m, H, error);
    }
    if (status == NMF_OK)
        *made = m;
    else
        nmf_minibatch_free(m);
    return status;
}

void nmf_minibatch_free(nmf_minibatch *m)
{
    if (!m) return;
    nmfi_team_stop(m->team);
    nmfi_release(m->arena.base);
    free(m);
}

int64_t nmfi_minibatch_features(const nmf_minibatch *m)
{
    return m->n;
}

void nmf_minibatch_components(const nmf_minibatch *m, double *H)
{
    for (int64_t j = 0; m && H && j < m->k; j++)
        memcpy(H + j * m->n, m->H + j * m->columns.ld, (size_t)m->n * sizeof *H);
}

static int sums_of(const nmf_minibatch *m)
{
    return m->beta == 1 ? 1 : 2;
}

static void layout_batch(const nmf_minibatch *m, batch *b)
{
    const int64_t threads = nmfi_team_threads(m->team);
    const size_t line = nmfi_product(b->pass.rows.ld, sizeof(double));
    nmfi_pass_layout(&b->pass, &b->arena, threads, 0);
    nmfi_pass_layout_workspace(&b->pass, &b->arena, threads,
                               nmfi_divergence_workspace_bytes(&b->pass, m->beta, 1), 1);
    nmfi_pass_layout_tile_sums(&b->pass, &b->arena, threads, sums_of(m));
    b->W = nmfi_take(&b->arena, m->k, line);
    b->W_before = nmfi_take(&b->arena, m->k, line);
}

/* The pass over X, and what is known of it. */
static nmf_status open_batch(const nmf_minibatch *m, const nmf_matrix *X, batch *b,
                             nmf_error *error)
{
    const nmfi_source source = nmfi_source_of(X);
    nmfi_scan scan;
    memset(b, 0, sizeof *b);
    nmfi_pass_plan(&b->pass, &source, m->kernels, m->k, 0);
    layout_batch(m, b);
    nmf_status status = nmfi_arena_allocate(&b->arena, NMFI_NO_LIMIT, error);
    if (status != NMF_OK) {
        b->arena.base = NULL;
        return status;
    }
    layout_batch(m, b);
    b->pass.team = m->team;
    nmfi_pass_prepare(&b->pass);
    status = nmfi_pass_scan(&b->pass, 0, &scan, error);
    b->mean = scan.sum / ((double)source.rows * (double)source.columns);
    b->penalties = nmfi_penalties_of(&m->options, source.rows, source.columns, 1, m->beta);
    return status;
}

/* --- W ----------------------------------------------------------------------------------------- */

static void add_up(const nmf_minibatch *m, const double *factor, const nmfi_partition *partition,
                   double *sums)
{
    for (int64_t j = 0; j < m->k; j++)
        sums[j] = m->kernels->sum(factor + j * partition->ld, partition->ld, 1, partition->count);
}

static nmfi_divergence_step describe(const nmf_minibatch *m, const batch *b)
{
    nmfi_divergence_step step = nmfi_step_bare(m->kernels, m->beta, 1, m->k);
    step.least = 0;
    step.instead = step.ignored = peer_epsilon;
    step.F = m->H;
    step.ldf = m->columns.ld;
    step.F_sums = m->H_sums;
    step.ld = b->pass.rows.ld;
    step.l1 = b->penalties.W_l1;
    step.l2 = b->penalties.W_l2;
    step.start = step.older = step.ahead = step.result = b->W;
    return step;
}

/* One step of W, or none; D there. */
static nmf_status step_W(nmf_minibatch *m, batch *b, int measure_only, double *divergence,
                         nmf_error *error)
{
    nmfi_mu_rule mu = {.step = describe(m, b),
                       .measure_only = measure_only,
                       .gamma = m->gamma,
                       .no_den = peer_epsilon,
                       .cut = m->beta < 1 ? peer_cut : 0};
    mu.step.measure_result = 1;
    const nmf_status status =
        nmfi_divergence_visit(&b->pass, &mu.step, nmfi_rule_mu(&mu), 1, error);
    if (status == NMF_OK) *divergence = b->pass.total.value[NMFI_SUM_LOSS];
    return status;
}

static double norm(const nmf_minibatch *m, const double *factor, const double *other,
                   const nmfi_partition *partition)
{
    double squares = 0;
    for (int64_t j = 0; j < m->k; j++)
        for (int64_t i = 0; i < partition->count; i++) {
            const double left = other ? other[j * partition->ld + i] : 0;
            const double by = factor[j * partition->ld + i] - left;
            squares += by * by;
        }
    return sqrt(squares);
}

/* W from nothing, every row alike. */
static nmf_status solve_W(nmf_minibatch *m, batch *b, const nmf_minibatch_how *how,
                          double *divergence, nmf_error *error)
{
    const nmfi_partition *rows = &b->pass.rows;
    const double average = sqrt(b->mean / (double)m->k);
    nmf_status status = NMF_OK;
    for (int64_t j = 0; j < m->k; j++)
        for (int64_t i = 0; i < rows->count; i++) b->W[j * rows->ld + i] = average;
    for (int64_t i = 0; i < how->solve_iterations && status == NMF_OK; i++) {
        memcpy(b->W_before, b->W, (size_t)(m->k * rows->ld) * sizeof(double));
        status = step_W(m, b, 0, divergence, error);
        const double change = norm(m, b->W, b->W_before, rows) / norm(m, b->W, NULL, rows);
        if (how->solve_tol > 0 && change <= how->solve_tol) break;
    }
    return status;
}

/* --- H ----------------------------------------------------------------------------------------- */

typedef struct running {
    nmf_minibatch *m;
    double rho, l1, l2;
} running;

static double take_one(const running *r, double *A, double *B, double h, double num, double den)
{
    const nmf_minibatch *m = r->m;
    den += r->l1 + r->l2 * h;
    if (den == 0) den = peer_epsilon;
    *A = r->rho * *A + num * (m->gamma != 1 ? pow(h, 1 / m->gamma) : h);
    *B = r->rho * *B + den;
    const double next = m->gamma != 1 ? pow(*A / *B, m->gamma) : *A / *B;
    return m->beta <= 1 && next < peer_cut ? 0 : next;
}

static void improve_columns(const void *context, const nmfi_tile *tile)
{
    const running *r = context;
    nmf_minibatch *m = r->m;
    for (int64_t j = 0; j < m->k; j++) {
        const double *const num = (const double *)tile->P + j * tile->ldp;
        const double *const den = tile->P2 ? (const double *)tile->P2 + j * tile->ldp : NULL;
        const int64_t at = j * m->columns.ld + tile->first;
        for (int64_t i = 0; i < tile->rows; i++)
            m->H[at + i] = take_one(r, &m->A[at + i], &m->B[at + i], m->H[at + i], num[i],
                                    den ? den[i] : m->W_sums[j]);
    }
}

static nmf_status step_H(nmf_minibatch *m, batch *b, double rho, nmf_error *error)
{
    nmfi_jmm_rule jmm = {.step = describe(m, b), .measure_only = 1};
    const nmfi_rule adding = nmfi_rule_jmm(&jmm);
    const nmfi_visit visit = {.rule = &adding, .fixed = m->H, .k = m->k, .sums = sums_of(m)};
    const nmf_status status = nmfi_pass_visit(&b->pass, &visit, error);
    if (status != NMF_OK) return status;
    running r = {m, rho, b->penalties.H_l1, b->penalties.H_l2};
    const nmfi_rule rule = {
        .improve = improve_columns, .context = &r, .needs = NMFI_NEEDS_PRODUCTS};
    const nmfi_column_visit columns = {.k = m->k, .rule = &rule, .sums = sums_of(m)};
    nmfi_pass_columns(&b->pass, &columns);
    return NMF_OK;
}

/* --- a batch ----------------------------------------------------------------------------------- */

/* Squares of the entries, as scikit-learn counts them here: not halved. */
static double penalty(const nmf_minibatch *m, const double *factor, const nmfi_partition *partition,
                      double l1, double l2)
{
    const double length = norm(m, factor, NULL, partition);
    const double sum = m->kernels->sum(factor, partition->ld, m->k, partition->count);
    return l1 * sum + l2 * length * length;
}

static nmf_status learn(nmf_minibatch *m, batch *b, const nmf_minibatch_how *how,
                        nmf_minibatch_said *said, nmf_error *error)
{
    const nmfi_partition *rows = &b->pass.rows;
    const nmfi_penalties *p = &b->penalties;
    double divergence = 0;
    add_up(m, m->H, &m->columns, m->H_sums);
    nmf_status status = how->solve_iterations > 0
                            ? solve_W(m, b, how, &divergence, error)
                            : step_W(m, b, how->keeps_H == 2, &divergence, error);
    if (status != NMF_OK) return status;
    said->cost = (divergence + penalty(m, b->W, rows, p->W_l1, p->W_l2) +
                  penalty(m, m->H, &m->columns, p->H_l1, p->H_l2)) /
                 (double)rows->count;
    said->change = 0;
    if (how->keeps_H) return NMF_OK;
    add_up(m, b->W, rows, m->W_sums);
    for (int64_t j = 0; j < m->k; j++) /* as scikit-learn has it: H then becomes smaller */
        if (m->W_sums[j] == 0) m->W_sums[j] = 1;
    memcpy(m->before, m->H, (size_t)(m->k * m->columns.ld) * sizeof(double));
    status = step_H(m, b, how->rho, error);
    said->change = norm(m, m->H, m->before, &m->columns) / norm(m, m->H, NULL, &m->columns);
    return status;
}

nmf_status nmfi_minibatch_step(nmf_minibatch *m, const nmf_matrix *X, double *W,
                               const nmf_minibatch_how *how, nmf_minibatch_said *said,
                               nmf_error *error)
{
    batch b;
    nmf_status status = open_batch(m, X, &b, error);
    if (status == NMF_OK && how->solve_iterations == 0)
        m->kernels->unpack(W, m->k, m->k, b.pass.rows.count, b.W, b.pass.rows.ld);
    if (status == NMF_OK) status = learn(m, &b, how, said, error);
    if (status == NMF_OK && W)
        m->kernels->pack(b.W, b.pass.rows.ld, m->k, b.pass.rows.count, W, m->k);
    nmfi_release(b.arena.base);
    return status;
}
