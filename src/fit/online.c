/* Learning from rows that come one after the other (nmfkit/online.h). A block of rows is a pass of its
 * own: W is solved for H, and the update of H goes by the running sums (rule_running.c) instead of this
 * visit's. Kin: Mairal, Bach, Ponce & Sapiro 2010, "Online learning for matrix factorization and sparse
 * coding"; incremental EM (Neal & Hinton 1998) where rows are seen again. */
#include "fit/online.h"

#include "fit/choose.h"
#include "fit/factors.h"
#include "fit/fit.h"
#include "fit/loss.h"

#include "base/clock.h"
#include "data/matrix.h"
#include "data/waiting.h"
#include "model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sweeps over H after a block, and how often the block's W is made again for the H that it led to. */
enum { SWEEPS = 8, AGAIN = 1 };

/* What was learned, beside H: of the rows so far, the old ones counting less. */
typedef struct sums {
    void *H, *Q;  /* k x ld, T */
    double *S;    /* k x k */
    double count; /* of the rows */
} sums;

struct nmf_online {
    nmf_options options;
    nmf_online_options how;
    int64_t k, n;
    int has_begun; /* there is an H */
    nmf_precision precision;
    const nmfi_kernels *kernels;
    nmfi_team *team;
    nmfi_partition columns;
    double scale; /* what X is multiplied by: of the first rows */
    double began_seconds;
    nmfi_arena arena;
    sums now, kept;  /* kept: while a model is made */
    void *share;     /* k x ld: of Q, of the block that is learned from */
    double *share_S; /* of S */
    double *gram_f64;
    void *gram, *inverse, *spare;
    nmfi_waiting waiting;
    nmf_matrix *names; /* no rows: feature names and the pictures' shape */
    nmf_online_state state;
    double loss_sum, rows_measured; /* of rows that were not learned from yet */
    nmf_trace_point *trace;
    int64_t trace_room;
};

/* --- memory ------------------------------------------------------------------------------------ */

static void layout_sums(nmf_online *o, sums *s)
{
    const size_t line = nmfi_product(o->columns.ld, o->kernels->element_bytes);
    s->H = nmfi_take(&o->arena, o->k, line);
    s->Q = nmfi_take(&o->arena, o->k, line);
    s->S = nmfi_take(&o->arena, o->k * o->k, sizeof(double));
}

static void layout(nmf_online *o)
{
    const int64_t k = o->k, bytes = o->kernels->element_bytes;
    const size_t line = nmfi_product(o->columns.ld, bytes);
    layout_sums(o, &o->now);
    layout_sums(o, &o->kept);
    o->share = nmfi_take(&o->arena, k, line);
    o->spare = nmfi_take(&o->arena, k, line);
    o->share_S = nmfi_take(&o->arena, k * k, sizeof(double));
    o->gram_f64 = nmfi_take(&o->arena, k * k, sizeof(double));
    o->gram = nmfi_take(&o->arena, k * k, (size_t)bytes);
    o->inverse = nmfi_take(&o->arena, k, (size_t)bytes);
}

/* The type of the arithmetic is that of the first rows, where it was left open. */
static nmf_status take_memory(nmf_online *o, nmf_dtype dtype, nmf_error *error)
{
    if (o->kernels) return NMF_OK;
    o->precision = o->options.precision != NMF_PRECISION_AUTO ? o->options.precision
                   : dtype == NMF_F64                         ? NMF_PRECISION_F64
                                                              : NMF_PRECISION_F32;
    o->kernels = nmfi_kernels_for(o->precision == NMF_PRECISION_F64 ? NMF_F64 : NMF_F32, NULL);
    o->columns = nmfi_partition_make(o->n);
    layout(o);
    nmf_status status = nmfi_arena_allocate(&o->arena, o->options.memory_limit_bytes, error);
    if (status == NMF_OK) layout(o);
    if (status != NMF_OK) {
        o->arena = (nmfi_arena){0};
        o->kernels = NULL;
    }
    return status;
}

static void copy_sums(const nmf_online *o, sums *to, const sums *from)
{
    const size_t line = (size_t)(o->columns.ld * o->kernels->element_bytes);
    memcpy(to->H, from->H, (size_t)o->k * line);
    memcpy(to->Q, from->Q, (size_t)o->k * line);
    memcpy(to->S, from->S, (size_t)(o->k * o->k) * sizeof(double));
    to->count = from->count;
}

/* Room for this many rows: as many as keep what H costs small beside their products. */
static int64_t rows_of_block(const nmf_online *o)
{
    if (o->how.block_rows > 0) return o->how.block_rows;
    return o->k < 32 ? 256 : 8 * o->k;
}

static int64_t rows_of_first(const nmf_online *o)
{
    const int64_t block = rows_of_block(o);
    if (o->options.init == NMF_INIT_CUSTOM) return block;
    return o->how.first_rows > 0 ? o->how.first_rows : 4 * block;
}

nmf_status nmfi_online_open(int64_t features, const nmf_options *options,
                            const nmf_online_options *how, nmf_online **online, nmf_error *error)
{
    nmf_online *o = calloc(1, sizeof *o);
    if (!o) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %zu bytes", sizeof *o);
    o->options = *options;
    o->how = *how;
    o->k = options->k;
    o->n = features;
    o->began_seconds = nmfi_seconds();
    o->state = (nmf_online_state){
        .struct_bytes = sizeof o->state, .loss = NAN, .relative_error = NAN, .mean_loss = NAN};
    o->waiting = nmfi_waiting_make(features, rows_of_first(o));
    nmf_status status = nmfi_team_start(options->threads, &o->team, error);
    if (status == NMF_OK) status = nmf_matrix_new(NMF_U8, 0, features, &o->names, error);
    if (status == NMF_OK && options->init == NMF_INIT_CUSTOM)
        status = take_memory(o, nmf_matrix_dtype(options->start_H), error);
    if (status != NMF_OK) {
        nmf_online_free(o);
        return status;
    }
    *online = o;
    return NMF_OK;
}

void nmf_online_free(nmf_online *o)
{
    if (!o) return;
    nmfi_team_stop(o->team);
    nmfi_release(o->arena.base);
    nmfi_waiting_free(&o->waiting);
    nmf_matrix_free(o->names);
    free(o->trace);
    free(o);
}

int64_t nmfi_online_features(const nmf_online *o)
{
    return o->n;
}

nmf_online_state nmf_online_view(const nmf_online *o)
{
    const nmf_online_state nothing = {.struct_bytes = sizeof nothing};
    return o ? o->state : nothing;
}

/* --- a block of rows --------------------------------------------------------------------------- */

typedef struct block {
    nmfi_arena arena;
    nmfi_pass pass;
    void *W, *spare; /* k x rows.ld */
    int has_W;       /* which is a start */
} block;

static void layout_block(const nmf_online *o, block *b)
{
    const size_t line = nmfi_product(b->pass.rows.ld, o->kernels->element_bytes);
    nmfi_pass_layout(&b->pass, &b->arena, nmfi_team_threads(o->team), 1);
    b->W = nmfi_take(&b->arena, o->k, line);
    b->spare = nmfi_take(&b->arena, o->k, line);
}

static nmf_status open_block(const nmf_online *o, const nmf_matrix *X, block *b, nmf_error *error)
{
    const nmfi_source source = nmfi_source_of(X);
    memset(b, 0, sizeof *b);
    nmfi_pass_plan(&b->pass, &source, o->kernels, o->k, 0);
    layout_block(o, b);
    const nmf_status status = nmfi_arena_allocate(&b->arena, 0, error);
    if (status != NMF_OK) {
        b->arena.base = NULL;
        return status;
    }
    layout_block(o, b);
    b->pass.team = o->team;
    b->pass.scale = o->scale;
    nmfi_pass_prepare(&b->pass);
    return NMF_OK;
}

static void close_block(block *b)
{
    nmfi_release(b->arena.base);
}

static nmfi_penalties penalties(const nmf_online *o)
{
    const double rows = o->now.count;
    return nmfi_penalties_of(&o->options, (int64_t)ceil(rows), o->n, o->scale, 2);
}

/* W's rows for H as it is, from where they are, if anywhere. Their squared distance, where `distance` is
 * wanted. */
static nmf_status improve_W(nmf_online *o, block *b, double *distance, nmf_error *error)
{
    const nmfi_penalties p = penalties(o);
    const int64_t k = o->k, ld = b->pass.rows.ld;
    const nmfi_column_visit gram = {.k = k, .updated = o->now.H};
    nmfi_pass_columns(&b->pass, &gram);
    memcpy(o->gram_f64, b->pass.total.gram, (size_t)(k * k) * sizeof(double));
    nmfi_gram_for_rule(o->kernels, k, p.W_l1, p.W_l2, o->gram_f64, o->gram, o->inverse);
    nmfi_solve_rule solving = nmfi_solving(o->kernels, k, ld, o->gram, o->inverse, o->gram_f64,
                                           p.W_l1, (nmfi_allowed){.lower = NULL}, b->W);
    solving.accuracy = 1e-3; /* what is left is small beside what the next H changes */
    const nmfi_hals_rule moving = {.kernels = o->kernels,
                                   .k = k,
                                   .ld = ld,
                                   .gram = o->gram,
                                   .inverse = o->inverse,
                                   .l1 = p.W_l1,
                                   .accuracy = 0.03,
                                   .sweeps = 16,
                                   .start = b->W,
                                   .older = b->W,
                                   .ahead = b->spare,
                                   .result = b->W};
    const nmfi_rule rule = b->has_W ? nmfi_rule_hals(&moving) : nmfi_rule_solve(&solving);
    const nmfi_visit visit = {.k = k,
                              .fixed = o->now.H,
                              .rule = &rule,
                              .updated = b->W,
                              .sums = NMFI_SUMS_OF_PRODUCTS,
                              .loss = distance != NULL};
    const nmf_status status = nmfi_pass_visit(&b->pass, &visit, error);
    b->has_W = 1;
    if (status == NMF_OK && distance) *distance = b->pass.total.value[NMFI_SUM_LOSS];
    return status;
}

/* H from the running sums with what this visit adds. `replaces`: the same rows were there just now. */
static void improve_H(nmf_online *o, block *b, double decay, int replaces)
{
    const int64_t k = o->k;
    sums *now = &o->now;
    for (int64_t i = 0; i < k * k; i++) {
        now->S[i] = decay * now->S[i] + b->pass.total.gram[i] - (replaces ? o->share_S[i] : 0);
        o->share_S[i] = b->pass.total.gram[i];
    }
    if (!replaces) now->count = decay * now->count + (double)b->pass.rows.count;
    const nmfi_penalties p = penalties(o);
    memcpy(o->gram_f64, now->S, (size_t)(k * k) * sizeof(double));
    nmfi_gram_for_rule(o->kernels, k, p.H_l1, p.H_l2, o->gram_f64, o->gram, o->inverse);
    const nmfi_hals_rule hals = {.kernels = o->kernels,
                                 .k = k,
                                 .ld = o->columns.ld,
                                 .gram = o->gram,
                                 .inverse = o->inverse,
                                 .l1 = p.H_l1,
                                 .accuracy = 0.03,
                                 .sweeps = SWEEPS,
                                 .start = now->H,
                                 .older = now->H,
                                 .ahead = o->spare,
                                 .result = now->H};
    const nmfi_rule inner = nmfi_rule_hals(&hals);
    const nmfi_running_rule running = {.kernels = o->kernels,
                                       .k = k,
                                       .ld = o->columns.ld,
                                       .total = now->Q,
                                       .decay = decay,
                                       .share = o->share,
                                       .replaces = replaces,
                                       .inner = &inner};
    const nmfi_rule rule = nmfi_rule_running(&running);
    const nmfi_column_visit visit = {
        .k = k, .rule = &rule, .fixed = b->W, .sums = NMFI_SUMS_OF_PRODUCTS};
    nmfi_pass_columns(&b->pass, &visit);
}

/* What these rows have added when they were seen the last time, with the W of then. */
static nmf_status take_out(nmf_online *o, block *b, nmf_error *error)
{
    const nmfi_visit adding = {.k = o->k, .updated = b->W, .sums = NMFI_SUMS_OF_PRODUCTS};
    const nmf_status status = nmfi_pass_visit(&b->pass, &adding, error);
    if (status != NMF_OK) return status;
    const nmfi_running_rule running = {.kernels = o->kernels,
                                       .k = o->k,
                                       .ld = o->columns.ld,
                                       .total = o->now.Q,
                                       .decay = 1,
                                       .share = o->share,
                                       .takes_out = 1};
    const nmfi_rule rule = nmfi_rule_running(&running);
    const nmfi_column_visit visit = {
        .k = o->k, .rule = &rule, .fixed = b->W, .sums = NMFI_SUMS_OF_PRODUCTS};
    for (int64_t i = 0; i < o->k * o->k; i++) o->now.S[i] -= b->pass.total.gram[i];
    o->now.count -= (double)b->pass.rows.count;
    nmfi_pass_columns(&b->pass, &visit);
    return NMF_OK;
}

static nmf_status note(nmf_online *o, nmf_error *error)
{
    enum { MOST = 100000 };
    const int64_t at = o->state.blocks - 1;
    if (at >= MOST) return NMF_OK;
    if (at >= o->trace_room) {
        const int64_t room = o->trace_room > 0 ? 2 * o->trace_room : 64;
        nmf_trace_point *more = realloc(o->trace, (size_t)room * sizeof *more);
        if (!more) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory for the trace");
        o->trace = more;
        o->trace_room = room;
    }
    o->trace[at] = (nmf_trace_point){o->state.blocks, 1, nmfi_seconds() - o->began_seconds,
                                     o->state.loss, NAN};
    return NMF_OK;
}

/* What rows that H did not know were to it. */
static nmf_status measure(nmf_online *o, const block *b, double distance, double norm2,
                          nmf_error *error)
{
    const double rows = (double)b->pass.rows.count, root = sqrt(o->scale);
    const double loss = 0.5 * distance / root / root / root / root;
    o->state.loss = loss / rows;
    o->state.relative_error = norm2 > 0 ? sqrt(distance / norm2) : 0;
    o->loss_sum += loss;
    o->rows_measured += rows;
    o->state.mean_loss = o->loss_sum / o->rows_measured;
    o->state.blocks++;
    return note(o, error);
}

/* Learns from a block. `measures`: its rows are new to H. `known`: they were learned from, with b->W. */
static nmf_status learn(nmf_online *o, block *b, int measures, int known, nmf_error *error)
{
    const double half_life = o->how.half_life_rows;
    const double decay =
        half_life > 0 && !known ? exp2(-(double)b->pass.rows.count / half_life) : 1;
    double distance = 0;
    nmfi_scan scan = {0};
    nmf_status status = nmfi_pass_scan(&b->pass, 0, &scan, error);
    if (status == NMF_OK && known) status = take_out(o, b, error);
    if (status == NMF_OK) status = improve_W(o, b, measures ? &distance : NULL, error);
    if (status == NMF_OK && measures) status = measure(o, b, distance, scan.sum_of_squares, error);
    if (status == NMF_OK) improve_H(o, b, decay, 0);
    for (int again = 0; again < AGAIN && status == NMF_OK; again++) {
        status = improve_W(o, b, NULL, error);
        if (status == NMF_OK) improve_H(o, b, 1, 1);
    }
    return status;
}

/* --- the first rows ---------------------------------------------------------------------------- */

/* H of `factor`, which is in the caller's unit. */
static void begin_with(nmf_online *o, const nmf_matrix *H, double scale)
{
    const int64_t bytes = o->kernels->element_bytes;
    o->scale = scale;
    nmfi_factor_from_H(o->kernels, H, o->now.H, o->columns.ld);
    for (int64_t j = 0; j < o->k; j++)
        o->kernels->scale((char *)o->now.H + j * o->columns.ld * bytes, o->n, sqrt(scale));
    o->has_begun = 1;
}

static double scale_of(const nmf_online *o, double mean)
{
    const int most = o->precision == NMF_PRECISION_F32 ? 120 : 1000;
    int exponent;
    (void)frexp(mean, &exponent);
    exponent += exponent & 1;
    exponent = exponent > most ? most : exponent < -most ? -most : exponent;
    return ldexp(1.0, -exponent);
}

/* The caller's H, packed in the type of the arithmetic. */
static nmf_status begin_custom(nmf_online *o, const nmf_matrix *X, nmf_error *error)
{
    nmf_matrix *H = NULL;
    nmfi_scan scan = {0};
    block b;
    o->scale = 1;
    nmf_status status = open_block(o, X, &b, error);
    if (status != NMF_OK) return status;
    status = nmfi_pass_scan(&b.pass, 0, &scan, error);
    close_block(&b);
    if (status == NMF_OK && !(scan.sum > 0))
        status = nmf_fail(error, NMF_ERROR_DATA, "the first %lld rows are all zero",
                          (long long)nmf_matrix_rows(X));
    if (status == NMF_OK) status = nmf_matrix_new(nmfi_dtype_of(o->kernels), o->k, o->n, &H, error);
    if (status == NMF_OK)
        status = nmf_matrix_copy_rows(o->options.start_H, 0, o->k, nmf_matrix_dtype(H),
                                      nmf_matrix_writable(H), error);
    if (status == NMF_OK)
        begin_with(o, H, scale_of(o, scan.sum / ((double)nmf_matrix_rows(X) * (double)o->n)));
    nmf_matrix_free(H);
    return status;
}

/* H of a fit of the first rows alone. */
static nmf_status begin(nmf_online *o, const nmf_matrix *X, nmf_error *error)
{
    nmf_options options = o->options;
    nmf_model *model = NULL;
    nmf_status status = take_memory(o, nmf_matrix_dtype(X), error);
    if (status != NMF_OK) return status;
    if (options.init == NMF_INIT_CUSTOM) return begin_custom(o, X, error);
    options.precision = o->precision;
    options.checkpoints = NULL;
    options.progress = NULL;
    options.memory_limit_bytes = 0;
    status = nmfi_fit_model(X, &options, &model, error);
    if (status != NMF_OK) return status;
    const nmf_model_content *c = nmf_model_view(model);
    begin_with(o, c->H, c->unit);
    nmf_model_free(model);
    return NMF_OK;
}

/* --- rows that come ---------------------------------------------------------------------------- */

/* From the rows that wait, all or none. */
static nmf_status learn_waiting(nmf_online *o, nmf_error *error)
{
    nmf_matrix *X = NULL;
    block b;
    nmf_status status = nmfi_waiting_matrix(&o->waiting, &X, error);
    const int measures = o->has_begun || o->options.init == NMF_INIT_CUSTOM;
    if (status == NMF_OK && !o->has_begun) status = begin(o, X, error);
    if (status == NMF_OK) status = open_block(o, X, &b, error);
    if (status == NMF_OK) {
        status = learn(o, &b, measures, 0, error);
        close_block(&b);
    }
    nmf_matrix_free(X);
    return status;
}

static nmf_status note_names(nmf_online *o, const nmf_matrix *rows, nmf_error *error)
{
    if (nmf_matrix_has_names(o->names, NMF_FEATURE_NAMES)) return NMF_OK;
    return nmfi_matrix_inherit_columns(o->names, rows, error);
}

nmf_status nmfi_online_push(nmf_online *o, const nmf_matrix *rows, nmf_error *error)
{
    const int64_t count = nmf_matrix_rows(rows);
    nmf_status status = nmfi_matrix_check_entries(rows, 0, error);
    if (status == NMF_OK) status = note_names(o, rows, error);
    for (int64_t at = 0; at < count && status == NMF_OK;) {
        const int64_t wanted = o->has_begun ? rows_of_block(o) : rows_of_first(o);
        const int64_t room = wanted - o->waiting.count, left = count - at;
        const int64_t taken = left < room ? left : room;
        status = nmfi_waiting_take(&o->waiting, rows, at, taken, error);
        if (status != NMF_OK) break;
        at += taken;
        o->state.rows += taken;
        if (o->waiting.count < wanted) break;
        status = learn_waiting(o, error);
        if (status == NMF_OK) o->state.learned += o->waiting.count;
        o->waiting.count = 0;
    }
    return status;
}

/* --- epochs over rows that are at hand --------------------------------------------------------- */

static nmf_status select_rows(const nmf_matrix *X, int64_t first, int64_t count,
                              nmf_matrix **block_X, nmf_error *error)
{
    int64_t *rows = malloc((size_t)count * sizeof *rows + 1);
    if (!rows)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld rows", (long long)count);
    for (int64_t i = 0; i < count; i++) rows[i] = first + i;
    const nmf_status status = nmf_matrix_select(X, rows, count, block_X, error);
    free(rows);
    return status;
}

/* W of these rows, samples x k in the caller's unit, into the block's factor, or back. */
static void move_W(const nmf_online *o, block *b, void *W, int64_t first, int back)
{
    const int64_t bytes = o->kernels->element_bytes, count = b->pass.rows.count;
    char *const rows = (char *)W + first * o->k * bytes;
    if (back)
        o->kernels->pack(b->W, b->pass.rows.ld, o->k, count, rows, o->k);
    else
        o->kernels->unpack(rows, o->k, o->k, count, b->W, b->pass.rows.ld);
    const double root = sqrt(o->scale);
    for (int64_t j = 0; j < o->k && !back; j++)
        o->kernels->scale((char *)b->W + j * b->pass.rows.ld * bytes, count, root);
    if (back) o->kernels->scale(rows, count * o->k, 1 / root);
}

static nmf_status learn_again(nmf_online *o, const nmf_matrix *X, int64_t first, int64_t count,
                              void *W, int known, nmf_error *error)
{
    nmf_matrix *part = NULL;
    block b;
    nmf_status status = select_rows(X, first, count, &part, error);
    if (status != NMF_OK) return status;
    status = open_block(o, part, &b, error);
    if (status == NMF_OK) {
        if (known) move_W(o, &b, W, first, 0);
        b.has_W = known;
        status = learn(o, &b, 1, known, error);
        if (status == NMF_OK) move_W(o, &b, W, first, 1);
        close_block(&b);
    }
    nmf_matrix_free(part);
    return status;
}

nmf_status nmfi_online_epoch(nmf_online *o, const nmf_matrix *X, nmf_dtype dtype, void *W,
                             nmf_error *error)
{
    const int64_t m = nmf_matrix_rows(X), most = rows_of_block(o);
    const int known = o->state.learned > 0;
    nmf_status status = nmfi_matrix_check_entries(X, 0, error);
    if (status == NMF_OK) status = note_names(o, X, error);
    if (status == NMF_OK && !o->has_begun) {
        nmf_matrix *first = NULL;
        const int64_t count = rows_of_first(o) < m ? rows_of_first(o) : m;
        status = select_rows(X, 0, count, &first, error);
        if (status == NMF_OK) status = begin(o, first, error);
        nmf_matrix_free(first);
    }
    if (status == NMF_OK && dtype != nmfi_dtype_of(o->kernels))
        status = nmf_fail(error, NMF_ERROR_ARGUMENT, "W is of type %s; the arithmetic is %s",
                          nmf_dtype_name(dtype), nmf_dtype_name(nmfi_dtype_of(o->kernels)));
    o->loss_sum = o->rows_measured = 0;
    for (int64_t at = 0; at < m && status == NMF_OK; at += most) {
        const int64_t count = m - at < most ? m - at : most;
        status = learn_again(o, X, at, count, W, known, error);
    }
    if (status == NMF_OK) o->state.rows = o->state.learned = m;
    return status;
}

/* --- the model --------------------------------------------------------------------------------- */

static nmf_status make_model(const nmf_online *o, nmf_model **model, nmf_error *error)
{
    nmf_model_content c;
    nmf_matrix *W = NULL, *H = NULL;
    nmf_options options = o->options;
    static const char *const inits[] = {NMF_INIT_NAMES};
    options.checkpoints = NULL;
    nmfi_content_begin(&c, o->names, &options, o->kernels);
    c.kind = NMF_MODEL_NMF;
    c.trace = o->trace;
    c.trace_count = o->state.blocks < o->trace_room ? o->state.blocks : o->trace_room;
    c.iterations = o->state.blocks;
    c.passes = 1;
    c.seconds = nmfi_seconds() - o->began_seconds;
    c.loss = o->loss_sum;
    c.error = sqrt(2 * o->loss_sum);
    c.relative_error = o->state.relative_error;
    c.kkt = NAN;
    c.stopped = NMF_STOPPED_MAX_ITER;
    c.threads = nmfi_team_threads(o->team);
    c.unit = o->scale;
    c.winning_seed = (uint64_t)o->options.seed;
    memcpy(c.init, inits[options.init], strlen(inits[options.init]) + 1);
    nmf_status status = nmf_matrix_new(nmfi_dtype_of(o->kernels), 0, o->k, &W, error);
    if (status == NMF_OK) status = nmf_matrix_new(nmfi_dtype_of(o->kernels), o->k, o->n, &H, error);
    if (status == NMF_OK)
        nmfi_pack_H(o->kernels, o->now.H, o->columns.ld, o->k, o->n, nmf_matrix_writable(H));
    if (status == NMF_OK)
        o->kernels->scale(nmf_matrix_writable(H), o->k * o->n, 1 / sqrt(o->scale));
    if (status == NMF_OK) status = nmfi_matrix_inherit_columns(H, o->names, error);
    if (status == NMF_OK) return nmfi_model_adopt(&c, W, H, model, error);
    nmf_matrix_free(W);
    nmf_matrix_free(H);
    return status;
}

nmf_status nmfi_online_model(nmf_online *o, nmf_model **model, nmf_error *error)
{
    if (o->state.rows == 0) return nmf_fail(error, NMF_ERROR_DATA, "no rows were pushed yet");
    if (o->waiting.count == 0) return make_model(o, model, error);
    /* As if the rows that wait were a block; then as if they had not been one. */
    const nmf_online_state state = o->state;
    const double loss_sum = o->loss_sum, rows_measured = o->rows_measured, scale = o->scale;
    const int had_begun = o->has_begun;
    if (had_begun) copy_sums(o, &o->kept, &o->now);
    nmf_status status = learn_waiting(o, error);
    if (status == NMF_OK) status = make_model(o, model, error);
    if (had_begun) copy_sums(o, &o->now, &o->kept);
    if (!had_begun && o->kernels) {
        const size_t line = (size_t)(o->columns.ld * o->kernels->element_bytes);
        memset(o->now.Q, 0, (size_t)o->k * line);
        memset(o->now.S, 0, (size_t)(o->k * o->k) * sizeof(double));
        o->now.count = 0;
    }
    o->has_begun = had_begun;
    o->scale = scale;
    o->state = state;
    o->loss_sum = loss_sum;
    o->rows_measured = rows_measured;
    return status;
}
