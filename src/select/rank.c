/* How many components: masked fits of one rank after the other, in parallel, and what they predict
 * (nmf_rank in <nmfkit/select.h>). A task is one rank and one fold, a fit in one thread; which ranks are
 * tried follows from what is known of others, never from how long something took. */
#include "select/bracket.h"
#include "select/loss_by_data.h"
#include "select/rank_result.h"
#include "select/select.h"
#include "select/stability.h"

#include "base/comm.h"
#include "base/options.h"
#include "base/stop.h"
#include "base/threads.h"
#include "data/matrix.h"
#include "data/observed.h"
#include "fit/latin_fit.h"
#include "model/input.h"
#include "pass/observed.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

/* Of what a component of no meaning takes from the loss: below it a fit is done. Iterations at most; rows of the
 * table of losses. */
#define TOLERANCE 0.1
enum { MAX_ITER = 300, TABLE_ROWS = 2000, BATCH = 64 };
#define PART 0.2 /* of the longer side's lines, in which fits begin */
#define TIE \
    1e-5 /* of what there is to lose: the ridge alone leaves some 3e-6 of data without noise */

typedef struct ranking {
    const nmf_matrix *X;
    const nmf_options *options;
    const nmf_rank_options *wishes;
    nmf_rank_result *result;
    nmfi_latin latin;
    nmfi_team *team;
    nmfi_latin part;       /* where fits begin, if it has rows */
    nmfi_latin_plan plan;  /* without stop */
    const nmf_comm *turns; /* the processes that take turns; NULL: one */
    double began;
    atomic_int stop; /* an nmf_stopped, or 0 */
    atomic_int_fast64_t done;
    int64_t planned;
} ranking;

/* What one rank's fits leave: folds side by side. */
typedef struct trial {
    int64_t k;
    double *components;             /* repeats x k x features */
    double *losses;                 /* repeats x samples */
    double *training;               /* repeats */
    int64_t *iterations, *complete; /* repeats */
} trial;

typedef struct batch {
    ranking *ranking;
    trial *trials;
    int64_t count;
    nmfi_latin_fit *fits; /* one a worker */
    nmfi_latin_plan *plans;
    struct asker {
        ranking *ranking;
        int64_t thread, k;
    } * askers;
    atomic_int_fast64_t next; /* task */
} batch;

/* --- when to stop ----------------------------------------------------------------------------- */

/* Asked by each thread once an iteration; the caller's own thread asks the caller. */
static int ask(void *context)
{
    const struct asker *asker = context;
    ranking *r = asker->ranking;
    if (atomic_load(&r->stop)) return 1;
    if (asker->thread != 0) return 0;
    const double seconds = nmfi_seconds() - r->began;
    if (r->options->time_limit_seconds > 0 && seconds > r->options->time_limit_seconds)
        atomic_store(&r->stop, NMF_STOPPED_TIME_LIMIT);
    if (r->wishes->progress) {
        const nmf_rank_progress progress = {asker->k, (int64_t)atomic_load(&r->done), r->planned,
                                            seconds};
        if (r->wishes->progress(&progress, r->wishes->progress_context))
            atomic_store(&r->stop, NMF_STOPPED_INTERRUPTED);
    }
    return atomic_load(&r->stop) != 0;
}

/* --- a batch of ranks -------------------------------------------------------------------------- */

/* Task `task` with the memory of worker `worker`. The largest ranks come first, so that no long fit is left
 * for the end. */
static void run_task(batch *b, int64_t task, int64_t worker)
{
    ranking *r = b->ranking;
    const int64_t repeats = r->latin.repeats, fold = task % repeats;
    trial *t = &b->trials[b->count - 1 - task / repeats];
    nmfi_latin_fit *fit = &b->fits[worker];
    b->askers[worker].k = t->k;
    if (ask(&b->askers[worker])) return;
    nmfi_latin_fit_run(fit, t->k, fold, (uint64_t)r->options->seed);
    if (fit->stopped) return;
    nmfi_latin_fit_losses(fit, t->losses + fold * r->latin.group[0].count);
    nmfi_latin_fit_components(fit, t->components + fold * t->k * r->latin.group[1].count);
    t->training[fold] = nmfi_latin_fit_loss(fit);
    t->iterations[fold] = fit->iterations;
    t->complete[fold] = 1;
    atomic_fetch_add(&r->done, 1);
}

/* A worker takes tasks in their order until there are none. */
static void work(void *context, int64_t worker, int64_t thread)
{
    batch *b = context;
    b->askers[worker].thread = thread;
    for (;;) {
        const int64_t task = (int64_t)atomic_fetch_add(&b->next, 1);
        if (task >= b->count * b->ranking->latin.repeats) return;
        if (nmfi_turn_is_mine(b->ranking->turns, task)) run_task(b, task, worker);
    }
}

/* Rows of the table are runs of rows in the order of their groups, which is random. */
static void fold_table(const ranking *r, const trial *t, double *table)
{
    const int64_t samples = r->latin.group[0].count, rows = r->result->content.table_rows;
    memset(table, 0, (size_t)(r->latin.repeats * rows) * sizeof *table);
    for (int64_t fold = 0; fold < r->latin.repeats; fold++)
        for (int64_t i = 0; i < samples; i++)
            table[fold * rows + i * rows / samples] += t->losses[fold * samples + i];
}

/* One rank's fits judged and added to what is known. `numbers` has room for the table, the silhouettes
 * and cosines of k components, and the table of cosines between all. */
static nmf_status conclude(ranking *r, const trial *t, double *numbers, nmf_error *error)
{
    const int64_t repeats = r->latin.repeats, k = t->k, columns = r->latin.group[1].count;
    double *const silhouettes = numbers + repeats * r->result->content.table_rows;
    double *const cosines = silhouettes + k, *const between = cosines + k;
    int64_t *const cluster = (int64_t *)(void *)(between + repeats * k * repeats * k);
    nmfi_stability found = {.cluster = cluster, .silhouette = silhouettes, .cosine = cosines};
    nmf_rank_row row = {.k = k, .losses = numbers, .silhouettes = silhouettes, .cosines = cosines};
    nmfi_unit_rows(t->components, repeats * k, columns);
    nmfi_row_cosines(t->components, repeats * k, columns, between);
    nmf_status status = nmfi_match_components(between, repeats, k, &found, error);
    if (status != NMF_OK) return status;
    fold_table(r, t, numbers);
    for (int64_t fold = 0; fold < repeats; fold++) {
        row.training_loss += t->training[fold];
        row.iterations += t->iterations[fold];
    }
    row.fits = repeats;
    r->result->content.fits += repeats;
    return nmfi_rank_add(r->result, &row, error);
}

static int is_complete(const ranking *r, const trial *t)
{
    for (int64_t fold = 0; fold < r->latin.repeats; fold++)
        if (!t->complete[fold]) return 0;
    return 1;
}

static void lay_out(ranking *r, batch *b, double **numbers, nmfi_arena *arena, int64_t threads)
{
    const int64_t repeats = r->latin.repeats, most = b->trials[b->count - 1].k;
    const int64_t samples = r->latin.group[0].count, columns = r->latin.group[1].count;
    b->fits = nmfi_take(arena, threads, sizeof *b->fits);
    b->plans = nmfi_take(arena, threads, sizeof *b->plans);
    b->askers = nmfi_take(arena, threads, sizeof *b->askers);
    nmfi_latin_plan plan = r->plan;
    plan.most_k = most;
    for (int64_t t = 0; t < threads; t++) {
        nmfi_latin_fit laid_out = {.plan = NULL};
        nmfi_latin_fit_layout(&laid_out, &plan, arena);
        if (!arena->base) continue;
        b->fits[t] = laid_out;
        b->plans[t] = plan;
        b->askers[t] = (struct asker){r, t, 0};
        b->plans[t].stop = ask;
        b->plans[t].stop_context = &b->askers[t];
        b->fits[t].plan = &b->plans[t];
    }
    for (int64_t i = 0; i < b->count; i++) {
        trial *t = &b->trials[i];
        t->components = nmfi_take(arena, repeats * t->k, nmfi_product(columns, sizeof(double)));
        t->losses = nmfi_take(arena, repeats, nmfi_product(samples, sizeof(double)));
        t->training = nmfi_take(arena, repeats, sizeof(double));
        t->iterations = nmfi_take(arena, repeats, sizeof(int64_t));
        t->complete = nmfi_take(arena, repeats, sizeof(int64_t));
    }
    const int64_t all = repeats * most;
    *numbers = nmfi_take(arena, repeats * r->result->content.table_rows + 3 * all + all * all,
                         sizeof(double));
}

/* As many threads as the memory allows, at least one. */
static nmf_status take_memory(ranking *r, batch *b, double **numbers, nmfi_arena *arena,
                              int64_t *threads, nmf_error *error)
{
    const nmfi_memory_limit limit = nmfi_limit_beside(nmfi_memory_limit_of(r->options),
                                                      r->latin.arena.used + r->part.arena.used);
    for (*threads = nmfi_team_threads(r->team);; (*threads)--) {
        *arena = (nmfi_arena){0};
        lay_out(r, b, numbers, arena, *threads);
        if (*threads == 1 || !nmfi_exceeds(limit, arena->used)) break;
    }
    const nmf_status status = nmfi_arena_allocate(arena, limit, error);
    if (status == NMF_OK) lay_out(r, b, numbers, arena, *threads);
    return status;
}

/* What each process's fits left, for all, and whether any was told to stop. */
static void tell_all(batch *b)
{
    ranking *r = b->ranking;
    const int64_t repeats = r->latin.repeats;
    const int64_t samples = r->latin.group[0].count, columns = r->latin.group[1].count;
    for (int64_t task = 0; r->turns && task < b->count * repeats; task++) {
        const int64_t fold = task % repeats;
        trial *t = &b->trials[b->count - 1 - task / repeats];
        nmfi_turn_tell(r->turns, task, &t->complete[fold], sizeof *t->complete);
        if (!t->complete[fold]) continue;
        nmfi_turn_tell(r->turns, task, t->losses + fold * samples,
                       (size_t)samples * sizeof *t->losses);
        nmfi_turn_tell(r->turns, task, t->components + fold * t->k * columns,
                       (size_t)(t->k * columns) * sizeof *t->components);
        nmfi_turn_tell(r->turns, task, &t->training[fold], sizeof *t->training);
        nmfi_turn_tell(r->turns, task, &t->iterations[fold], sizeof *t->iterations);
    }
    atomic_store(&r->stop, (int)nmfi_comm_most(r->turns, atomic_load(&r->stop)));
}

static nmf_status run_batch(ranking *r, trial *trials, int64_t count, nmf_error *error)
{
    batch b = {.ranking = r, .trials = trials, .count = count};
    nmfi_arena arena;
    double *numbers = NULL;
    int64_t threads;
    nmf_status status = take_memory(r, &b, &numbers, &arena, &threads, error);
    status = nmfi_comm_status(r->turns, status, error);
    if (status != NMF_OK) {
        nmfi_release(arena.base);
        return status;
    }
    r->planned += count * r->latin.repeats;
    nmfi_team_run(r->team, threads, work, &b);
    tell_all(&b);
    for (int64_t i = 0; i < count && status == NMF_OK; i++)
        if (is_complete(r, &trials[i])) status = conclude(r, &trials[i], numbers, error);
    nmfi_release(arena.base);
    return status;
}

/* --- which ranks ------------------------------------------------------------------------------ */

static int is_known(const nmf_rank_result *result, int64_t k)
{
    for (int64_t i = 0; i < result->content.row_count; i++)
        if (result->rows[i].k == k) return 1;
    return 0;
}

/* The next ranks, ascending, that are not known yet: those wished for, or those of the bracket. */
static int64_t choose(const ranking *r, int64_t next[BATCH])
{
    const nmf_rank_content *content = &r->result->content;
    int64_t found = 0;
    if (r->wishes->ks) {
        if (!is_known(r->result, 1)) next[found++] = 1;
        for (int64_t i = 0; i < r->wishes->ks_count && found < 8; i++)
            if (r->wishes->ks[i] != 1 && !is_known(r->result, r->wishes->ks[i]))
                next[found++] = r->wishes->ks[i];
        return found;
    }
    nmfi_candidate candidates[4 * BATCH];
    const int64_t count = content->row_count < 4 * BATCH ? content->row_count : 4 * BATCH;
    for (int64_t i = 0; i < count; i++)
        candidates[i] = (nmfi_candidate){.k = content->rows[i].k,
                                         .difference = content->rows[i].difference,
                                         .standard_error = content->rows[i].standard_error,
                                         .in_set = content->rows[i].in_set};
    found = nmfi_next_ranks(candidates, count, content->max_k, next, BATCH);
    for (int64_t i = 1; i < found; i++) /* few: by insertion */
        for (int64_t j = i; j > 0 && next[j - 1] > next[j]; j--) {
            const int64_t kept = next[j];
            next[j] = next[j - 1];
            next[j - 1] = kept;
        }
    return found;
}

static nmf_status try_ranks(ranking *r, nmf_error *error)
{
    nmf_status status = NMF_OK;
    if (r->result->content.row_count > 0) status = nmfi_rank_judge(r->result, error);
    while (status == NMF_OK && !atomic_load(&r->stop)) {
        int64_t next[BATCH];
        trial trials[BATCH];
        const int64_t count = choose(r, next);
        if (count == 0) break;
        memset(trials, 0, sizeof trials);
        for (int64_t i = 0; i < count; i++) trials[i].k = next[i];
        status = run_batch(r, trials, count, error);
        if (status == NMF_OK && r->result->content.row_count > 0)
            status = nmfi_rank_judge(r->result, error);
    }
    if (status == NMF_OK && r->result->content.row_count == 0)
        return nmf_fail(error, NMF_ERROR_INTERRUPTED, "stopped before any k was known");
    return status;
}

/* --- beginning and end ------------------------------------------------------------------------- */

/* What there is to lose: all fits share it, so it decides nothing but ties and the unit of errors. */
static void measure_held_out(ranking *r)
{
    nmf_rank_content *content = &r->result->content;
    const nmfi_latin *latin = &r->latin;
    double held_out_sum = 0;
    content->held_out_squares = 0;
    for (int64_t fold = 0; fold < latin->repeats; fold++) {
        content->held_out_squares += latin->whole_squares - latin->squares[fold];
        held_out_sum += latin->whole_sum - latin->sum[fold];
    }
    content->tie = TIE * (r->plan.beta == 2 ? 0.5 * content->held_out_squares : held_out_sum);
}

static nmf_status take_known(ranking *r, nmf_error *error)
{
    const nmf_rank_content *content = &r->result->content;
    if (!r->wishes->known) return NMF_OK;
    const nmf_rank_content *known = &r->wishes->known->content;
    const int same = known->samples == content->samples && known->features == content->features &&
                     known->folds == content->folds && known->repeats == content->repeats &&
                     known->starts == content->starts && known->table_rows == content->table_rows &&
                     known->fingerprint == content->fingerprint &&
                     known->options.seed == content->options.seed &&
                     known->options.precision == content->options.precision &&
                     nmfi_beta(&known->options) == nmfi_beta(&content->options);
    if (!same)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "what is known answers another question: its data, loss, seed, folds, "
                        "repeats or starts differ");
    for (int64_t i = 0; i < known->row_count; i++) {
        const nmf_status status = nmfi_rank_add(r->result, &known->rows[i], error);
        if (status != NMF_OK) return status;
        r->result->content.fits += known->rows[i].fits;
    }
    return NMF_OK;
}

/* Where each group of the part has some lines. Weights are not dealt twice. */
static int part_is_worth_it(const nmfi_latin *latin)
{
    enum { LINES = 4 };
    const int64_t lines = latin->group[nmfi_latin_longer(latin)].count;
    return !latin->is_weighted && PART * (double)lines >= (double)(LINES * latin->folds);
}

static nmf_status open_ranking(ranking *r, nmf_error *error)
{
    const nmf_options *o = r->options;
    nmf_rank_content *content;
    r->result = nmfi_allocate(sizeof *r->result);
    if (!r->result) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a rank result");
    content = &r->result->content;
    content->struct_bytes = sizeof *content;
    content->options = *o;
    content->samples = nmf_matrix_rows(r->X);
    content->features = nmf_matrix_columns(r->X);
    content->folds = r->wishes->folds;
    content->repeats = r->wishes->repeats;
    content->starts = r->wishes->starts;
    content->max_k = r->wishes->max_k;
    content->table_rows = content->samples < TABLE_ROWS ? content->samples : TABLE_ROWS;
    content->fingerprint = nmf_matrix_fingerprint(r->X);
    if (nmf_matrix_has_weights(r->X))
        content->fingerprint += 3 * nmf_matrix_fingerprint(r->X->weights);
    content->are_counts = !nmfi_matrix_is_weighted(r->X) && nmfi_are_whole_numbers(r->X);
    content->loss_by_data =
        content->are_counts && o->loss == NMF_LOSS_FROBENIUS && !r->wishes->keep_loss;
    const double beta = nmfi_beta(o);
    const int f64 = o->precision == NMF_PRECISION_F64 ||
                    (o->precision == NMF_PRECISION_AUTO && nmf_matrix_dtype(r->X) == NMF_F64);
    const nmfi_kernels *kernels = nmfi_kernels_for(f64 ? NMF_F64 : NMF_F32, NULL);
    nmfi_observed observed = {.filled = NULL};
    nmf_status status =
        nmfi_matrix_is_weighted(r->X)
            ? nmfi_observed_make(r->X, f64 ? NMF_F64 : NMF_F32, beta, &observed, error)
            : NMF_OK;
    /* Frobenius reads dense rows only; else each factor's lines come from a side of its own. */
    const nmfi_latin_wishes wishes = {.folds = content->folds,
                                      .repeats = content->repeats,
                                      .seed = (uint64_t)o->seed,
                                      .both = beta != 2 || nmf_matrix_is_sparse(r->X) ||
                                              content->loss_by_data || observed.filled,
                                      .dense = beta != 1 && beta != 2,
                                      .u = observed.u,
                                      .beta = beta,
                                      .limit = nmfi_memory_limit_of(o)};
    const nmf_matrix *const X = observed.filled ? observed.filled : r->X;
    if (status == NMF_OK && nmfi_matrix_is_weighted(r->X)) status = nmf_matrix_validate(X, error);
    if (status == NMF_OK) status = nmfi_latin_open(&r->latin, X, &wishes, error);
    const int has_part = status == NMF_OK && part_is_worth_it(&r->latin);
    if (has_part) status = nmfi_latin_open_part(&r->part, &r->latin, r->X, PART, &wishes, error);
    nmfi_observed_free(&observed);
    r->plan = (nmfi_latin_plan){.latin = &r->latin,
                                .part = has_part ? &r->part : NULL,
                                .kernels = kernels,
                                .beta = beta,
                                .starts = content->starts,
                                .max_iter = MAX_ITER,
                                .tol = TOLERANCE};
    if (status == NMF_OK) status = nmfi_team_start(o->threads, &r->team, error);
    return status;
}

static void judge_by(ranking *r, nmf_loss loss)
{
    r->result->content.options.loss = loss;
    r->plan.beta = nmfi_beta(&r->result->content.options);
    measure_held_out(r);
}

/* What whole numbers spread like, by pilots of k components. */
static nmf_status ask_data(ranking *r, int64_t k, int *counts, nmf_error *error)
{
    nmfi_latin_plan pilot = r->plan;
    struct asker asker = {r, 0, k};
    pilot.stop = ask;
    pilot.stop_context = &asker;
    const size_t taken = r->latin.arena.used + r->part.arena.used;
    nmf_status status = nmfi_loss_by_data(
        &pilot, k, (uint64_t)r->options->seed,
        nmfi_limit_beside(nmfi_memory_limit_of(r->options), taken), counts, error);
    status = nmfi_comm_status(r->turns, status, error);
    atomic_store(&r->stop, (int)nmfi_comm_most(r->turns, atomic_load(&r->stop)));
    return status;
}

/* Whole numbers whose loss was left open are judged as what they behave like; what an earlier answer found of that
 * holds. */
static nmf_status choose_loss(ranking *r, nmf_error *error)
{
    enum { PILOT_K = 8 };
    const nmf_rank_content *content = &r->result->content;
    const nmf_rank_result *known = r->wishes->known;
    int counts = 0;
    nmf_status status = NMF_OK;
    if (content->loss_by_data && known && known->content.loss_by_data)
        counts = known->content.options.loss == NMF_LOSS_KL;
    else if (content->loss_by_data)
        status = ask_data(r, content->max_k < PILOT_K ? content->max_k : PILOT_K, &counts, error);
    judge_by(r, counts ? NMF_LOSS_KL : content->options.loss);
    return status;
}

/* The same question to another loss; where it is stopped before anything is known of that, the answer there is stays. */
static nmf_status judge_anew(ranking *r, nmf_loss loss, nmf_error *error)
{
    nmf_rank_result *const earlier = r->result, *const anew = nmfi_allocate(sizeof *anew);
    if (!anew) return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a rank result");
    anew->content = earlier->content;
    anew->content.rows = NULL;
    anew->content.row_count = anew->content.fits = 0;
    r->result = anew;
    judge_by(r, loss);
    const nmf_status status = try_ranks(r, error);
    const int nothing = status == NMF_ERROR_INTERRUPTED;
    r->result = nothing ? earlier : anew;
    nmf_rank_free(nothing ? anew : earlier);
    return nothing ? NMF_OK : status;
}

/* What a poor fit leaves grows with what it foretells, whatever the noise does: few components may take pictures for
 * counts. So counts are asked again with as many as they speak for, and where these leave something else, squares judge. */
static nmf_status review_loss(ranking *r, nmf_error *error)
{
    const nmf_rank_content *content = &r->result->content;
    int counts = 0;
    if (!content->loss_by_data || content->options.loss != NMF_LOSS_KL || atomic_load(&r->stop))
        return NMF_OK;
    const nmf_status status = ask_data(r, content->predicts, &counts, error);
    if (status != NMF_OK || counts || atomic_load(&r->stop)) return status;
    return judge_anew(r, NMF_LOSS_FROBENIUS, error);
}

nmf_status nmfi_rank(const nmf_matrix *X, const nmf_options *options,
                     const nmf_rank_options *rank_options, nmf_rank_result **result,
                     nmf_error *error)
{
    ranking r = {.X = X,
                 .options = options,
                 .wishes = rank_options,
                 .turns = nmfi_comm_shared(),
                 .began = nmfi_seconds()};
    nmf_status status = nmfi_comm_status(r.turns, open_ranking(&r, error), error);
    if (status == NMF_OK) status = choose_loss(&r, error);
    if (status == NMF_OK) status = take_known(&r, error);
    if (status == NMF_OK) status = try_ranks(&r, error);
    if (status == NMF_OK) status = review_loss(&r, error);
    nmfi_team_stop(r.team);
    nmfi_latin_close(&r.latin);
    nmfi_latin_close(&r.part);
    if (status != NMF_OK) {
        nmf_rank_free(r.result);
        return status;
    }
    r.result->content.stopped = (nmf_stopped)atomic_load(&r.stop);
    r.result->content.seconds = nmfi_seconds() - r.began;
    *result = r.result;
    return NMF_OK;
}
