/* Sums of slots, along a binary tree: a node is left + right, and a child that was not visited is
 * not added. So the sums have the same bits whichever thread, process or run of slots a leaf came
 * from.
 *
 * A thread takes a run of slots, a whole subtree, and folds it as it goes: two siblings become their
 * parent as soon as both are there, so that beside the run's own node it keeps one more for each
 * level below. There are some runs a thread, taken as threads come free. What a visit leaves is the
 * nodes of its runs: with T threads and R runs the memory is R + T log2(slots / R) nodes, however
 * many slots there are. */
#include "pass/sum_tree.h"

#include <assert.h>
#include <float.h>
#include <stdatomic.h>
#include <string.h>

/* So that a thread that comes late, or is sent away for a while, leaves the others little to wait
 * for. Where nodes are large, fewer. */
enum { RUNS_OF_A_THREAD = 4, RUNS_OF_LARGE_NODES = 2 };

/* --- memory ------------------------------------------------------------------------------------ */

static int64_t levels_of(int64_t leaves)
{
    int64_t levels = 0;
    while (leaves >> levels > 1) levels++;
    return levels;
}

/* Everything but the memory. */
static nmfi_sum_tree shape_of(const nmfi_pass *pass, int64_t threads, int64_t leaves,
                              const nmfi_partition *side)
{
    const int64_t own = leaves / side->slots * side->own_slots;
    const int ragged = pass->visits_parts || side->comm; /* the ends of what is visited */
    const int64_t each = pass->lean ? 1 : pass->span > 0 ? RUNS_OF_LARGE_NODES : RUNS_OF_A_THREAD;
    const int64_t wanted = each * threads;
    int64_t runs = 1, run = 1;
    while (threads > 1 && runs < own && runs < wanted) runs *= 2;
    while (2 * run * runs <= own) run *= 2;
    nmfi_sum_tree tree = {.run = run, .levels = levels_of(run)};
    tree.most = (ragged ? leaves / run : runs) + (ragged ? 2 * tree.levels : 0);
    return tree;
}

static void lend_numbers(nmfi_sums *sums, double **numbers, int64_t k)
{
    sums->gram = *numbers;
    sums->pg2 = sums->gram + k * k;
    sums->ref2 = sums->pg2 + k;
    *numbers = sums->ref2 + k;
}

static int64_t nodes_of(const nmfi_sum_tree *tree, int64_t threads, const nmfi_partition *side)
{
    return tree->most + threads * tree->levels + (side->comm != NULL);
}

/* Gram matrix and squared gradients of a node. */
static size_t numbers_bytes_of(const nmfi_pass *pass)
{
    return nmfi_product(pass->k * pass->k + 2 * pass->k, sizeof(double));
}

size_t nmfi_sums_numbers_bytes(const nmfi_pass *pass, int64_t threads, int64_t leaves,
                               const nmfi_partition *side)
{
    const nmfi_sum_tree tree = shape_of(pass, threads, leaves, side);
    const int64_t nodes = nodes_of(&tree, threads, side) + levels_of(leaves) + 1;
    const size_t bytes = numbers_bytes_of(pass);
    return bytes > INT64_MAX ? SIZE_MAX : nmfi_product(nodes, (int64_t)bytes);
}

nmfi_sum_tree *nmfi_sums_layout(const nmfi_pass *pass, nmfi_arena *arena, int64_t threads,
                                int64_t leaves, const nmfi_partition *side, double *numbers)
{
    nmfi_sum_tree tree = shape_of(pass, threads, leaves, side), *const kept = nmfi_take(
                                                                    arena, 1, sizeof tree);
    const int64_t nodes = nodes_of(&tree, threads, side), stack = levels_of(leaves) + 1;
    const size_t numbers_bytes = numbers_bytes_of(pass);
    tree.nodes = nmfi_take(arena, nodes, sizeof *tree.nodes);
    tree.left = nmfi_take(arena, 2 * tree.most, sizeof *tree.left);
    tree.merges = nmfi_take(arena, 2 * tree.most, sizeof *tree.merges);
    for (int s = 0; s < NMFI_TILE_SUMS; s++)
        tree.left_Q[s] = nmfi_take(arena, 2 * tree.most, sizeof *tree.left_Q[s]);
    tree.stack = nmfi_take(arena, stack, sizeof *tree.stack);
    if (side->comm) tree.numbers = nmfi_take(arena, 1, numbers_bytes + sizeof tree.stack->value);
    if (!kept) return NULL;
    if (side->comm) tree.guest = &tree.nodes[nodes - 1];
    tree.nodes_count = nodes;
    for (int64_t i = 0; i < nodes; i++) lend_numbers(&tree.nodes[i].sums, &numbers, pass->k);
    for (int64_t i = 0; i < stack; i++) lend_numbers(&tree.stack[i], &numbers, pass->k);
    *kept = tree;
    return kept;
}

static int64_t nodes_of_rows(const nmfi_pass *pass, int64_t threads)
{
    const nmfi_sum_tree tree = shape_of(pass, threads, pass->rows.slots, &pass->rows);
    return nodes_of(&tree, threads, &pass->rows);
}

static void *take_Q(const nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int64_t k,
                    int64_t ldq)
{
    const size_t each = nmfi_product(k * ldq, pass->kernels->element_bytes);
    return nmfi_take(arena, nodes_of_rows(pass, threads), each);
}

void nmfi_sums_layout_Q(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int64_t Qs)
{
    for (; pass->Qs < Qs; pass->Qs++) {
        void *const Q = take_Q(pass, arena, threads, pass->k, pass->columns.ld);
        if (Q) pass->row_sums->Q[pass->Qs] = Q;
    }
}

void nmfi_pass_layout_sums(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int64_t k,
                           int64_t columns)
{
    void *const Q = take_Q(pass, arena, threads, k, nmfi_sums_ld(pass, columns));
    if (Q) pass->row_sums->Q[0] = Q;
    pass->Qs = 1;
}

/* A span of all nodes takes about as much as one node of all columns, but rows are read in runs that are worth
 * going to. */
void nmfi_pass_spans(nmfi_pass *pass, int64_t threads)
{
    enum { MUCH = 64 << 20, LEAST = 1024 };
    const nmfi_source *X = &pass->source;
    const int64_t nodes = nodes_of_rows(pass, threads), columns = pass->columns.count;
    const double bytes = (double)nodes * (double)pass->k * (double)pass->columns.ld *
                         (double)pass->kernels->element_bytes;
    pass->span = 0;
    if (X->is_sparse || !X->in_memory || pass->rows.comm || pass->visits_parts) return;
    if (bytes <= MUCH && !pass->lean) return;
    const int64_t even = columns / nodes, wanted = even > LEAST ? even : LEAST;
    const int64_t span = (wanted + NMFI_LANES_MAX - 1) / NMFI_LANES_MAX * NMFI_LANES_MAX;
    if (span < columns) pass->span = span;
}

/* --- one run ----------------------------------------------------------------------------------- */

typedef struct adding_job {
    nmfi_pass *pass;
    nmfi_sum_tree *tree;
    const nmfi_adding *adding;
    int64_t wanted;             /* slots together, from the scratch file; 0: none */
    atomic_int_fast64_t failed; /* the first leaf known to have */
} adding_job;

static int64_t Q_entries(const adding_job *job)
{
    return job->adding->k * job->adding->ldq;
}

static nmf_status fill_leaf(const adding_job *job, nmfi_node *at, int64_t index, int64_t thread,
                            nmf_error *error)
{
    const nmfi_adding *adding = job->adding;
    nmfi_leaf leaf = {.index = index, .thread = thread, .sums = &at->sums};
    nmfi_numbers_clear(&at->sums, adding->k);
    for (int64_t s = 0; s < adding->Qs; s++) {
        memset(at->Q[s], 0, (size_t)(Q_entries(job) * job->pass->kernels->element_bytes));
        leaf.Q[s] = at->Q[s];
    }
    return adding->task(adding->context, &leaf, error);
}

static void note_failure(adding_job *job, int64_t leaf)
{
    int_fast64_t first = atomic_load(&job->failed);
    while (leaf < first && !atomic_compare_exchange_weak(&job->failed, &first, leaf)) continue;
}

/* What a leaf's task has read and written of factors, and of an X that is one itself. */
static size_t used_by_leaf(const adding_job *job)
{
    const nmfi_pass *pass = job->pass;
    const int along_rows = job->tree != pass->column_sums;
    const int64_t lines = (along_rows ? pass->rows.ld : pass->columns.ld) / job->adding->leaves + 1;
    const int64_t row = along_rows && pass->source.in_memory
                            ? pass->columns.count * (int64_t)nmf_dtype_bytes(pass->source.dtype)
                            : 0;
    const int64_t of_factors = 3 * job->adding->k * pass->kernels->element_bytes;
    return (size_t)(lines * (of_factors + row));
}

/* --- what lies in a scratch file --------------------------------------------------------------- */

/* What the visit uses of slots [first, end), from the scratch file. */
static void want_slots(const adding_job *job, int64_t first, int64_t end)
{
    const nmfi_pass *pass = job->pass;
    const nmfi_visit *visit = job->adding->visit;
    const nmf_dense *X = &pass->source.dense;
    const int64_t bytes = pass->kernels->element_bytes,
                  begin = nmfi_partition_first_row(&pass->rows, first),
                  count = nmfi_partition_first_row(&pass->rows, end) - begin;
    for (int c = 0; c < NMFI_CARRIED && visit->carried[c]; c++)
        nmfi_scratch_want(pass->spilled, nmfi_factor_at(pass, visit->carried[c], begin), visit->k,
                          (size_t)(pass->rows.ld * bytes), (size_t)(count * bytes));
    if (!pass->source.in_memory || pass->source.is_sparse || X->column_stride != 1) return;
    const size_t row_bytes = nmfi_product(X->row_stride, (int64_t)nmf_dtype_bytes(X->dtype));
    nmfi_scratch_want(pass->spilled, (const char *)X->data + (size_t)begin * row_bytes, 1, 0,
                      (size_t)count * row_bytes);
}

/* So many slots are wanted together that each piece is worth a reading of the disk, and that what all threads want and have
 * is within the budget. */
static int64_t wanted_together(const adding_job *job)
{
    enum { HELD = 4, MOST = 16 };
    const nmfi_pass *pass = job->pass;
    const nmfi_scratch *scratch = pass->spilled;
    if (!scratch || !scratch->base || !job->adding->visit) return 0;
    if (!pass->source.in_memory)
        return 1; /* rows of X go by for long, and may push out what waits for them */
    const size_t each = used_by_leaf(job) * (size_t)(HELD * nmfi_team_threads(pass->team));
    const size_t slots = each > 0 ? scratch->budget / each : 0;
    return slots < 1 ? 1 : slots > MOST ? MOST : (int64_t)slots;
}

/* Before the leaf with index i of a run: those after the ones that were wanted before, and at first these too. */
static void want_next(const adding_job *job, const nmfi_node *run, int64_t i)
{
    const int64_t some = job->wanted;
    if (some == 0 || i % some != 0) return;
    const int64_t from = i == 0 ? 0 : i + some, to = nmfi_lesser(i + 2 * some, run->count);
    if (from < to) want_slots(job, run->first + from, run->first + to);
}

static void add_up_run(void *context, int64_t run, int64_t thread)
{
    adding_job *job = context;
    nmfi_sum_tree *tree = job->tree;
    nmfi_node *const root = &tree->nodes[run];
    nmfi_node *const own = &tree->nodes[tree->most + thread * tree->levels];
    int64_t open = 0; /* subtrees that wait for their sibling: the root's node, then own ones */
    for (int64_t i = 0; i < root->count; i++) {
        /* What comes after a failure is of no use; what comes before may fail too, and is the one to
         * be reported. */
        if (root->first + i > atomic_load(&job->failed)) return;
        nmfi_node *const at = open == 0 ? root : &own[open - 1];
        want_next(job, root, i);
        root->status = fill_leaf(job, at, root->first + i, thread, &root->error);
        if (root->status != NMF_OK) {
            note_failure(job, root->first + i);
            return;
        }
        if (job->pass->spilled) nmfi_scratch_touched(job->pass->spilled, used_by_leaf(job));
        open++;
        for (int64_t ended = i; ended & 1; ended >>= 1, open--)
            nmfi_node_add(job->pass, job->adding, open == 2 ? root : &own[open - 3],
                          &own[open - 2]);
    }
}

/* --- a visit ----------------------------------------------------------------------------------- */

/* The runs of leaves [first, end): subtrees, as large as fit and no larger than a whole run. */
static void divide(nmfi_sum_tree *tree, int64_t first, int64_t end, int64_t largest)
{
    tree->count = 0;
    while (first < end) {
        int64_t count = largest;
        while (first % count != 0 || first + count > end) count /= 2;
        nmfi_node *run = &tree->nodes[tree->count];
        run->first = first;
        run->count = count;
        run->status = NMF_OK;
        tree->left[tree->count++] = run;
        first += count;
    }
}

/* Which pairs of subtrees become their parents, once node `end - 1` is there: nodes [begin, end) are
 * what there is of the subtree of leaves [first, first + count). */
static void plan_merges(nmfi_sum_tree *tree, int64_t first, int64_t count, int64_t begin,
                        int64_t end)
{
    if (end - begin < 2) return;
    const int64_t half = first + count / 2;
    int64_t middle = begin;
    while (middle < end && tree->left[middle]->first < half) middle++;
    plan_merges(tree, first, count / 2, begin, middle);
    plan_merges(tree, half, count / 2, middle, end);
    if (middle > begin && middle < end) tree->merges[end - 1]++;
}

/* Side by side, for sums of the size that this visit has. */
static void place_Qs(const nmfi_pass *pass, nmfi_sum_tree *tree, const nmfi_adding *adding)
{
    const int64_t each = adding->k * adding->ldq * pass->kernels->element_bytes;
    if (adding->Qs == 0) return;
    tree->first_column = adding->first_column;
    tree->ldq = adding->ldq;
    for (int64_t s = 0; s < adding->Qs; s++)
        for (int64_t i = 0; i < tree->nodes_count; i++)
            tree->nodes[i].Q[s] = (char *)tree->Q[s] + i * each;
}

static void take_total(nmfi_pass *pass, nmfi_sum_tree *tree, int64_t k)
{
    int64_t open = 0;
    memset(tree->merges, 0, (size_t)tree->count);
    plan_merges(tree, 0, tree->leaves, 0, tree->count);
    nmfi_numbers_clear(&pass->total, k);
    for (int64_t i = 0; i < tree->count; i++) {
        nmfi_numbers_clear(&tree->stack[open], k);
        nmfi_numbers_add(&tree->stack[open++], &tree->left[i]->sums, k);
        for (int m = 0; m < tree->merges[i]; m++, open--)
            nmfi_numbers_add(&tree->stack[open - 2], &tree->stack[open - 1], k);
        for (int s = 0; s < NMFI_TILE_SUMS; s++) tree->left_Q[s][i] = tree->left[i]->Q[s];
    }
    if (open > 0) nmfi_numbers_add(&pass->total, &tree->stack[0], k);
}

static nmf_status first_failure(const nmfi_sum_tree *tree, nmf_error *error)
{
    for (int64_t i = 0; i < tree->count; i++)
        if (tree->left[i]->status != NMF_OK) {
            if (error) *error = tree->left[i]->error;
            return tree->left[i]->status;
        }
    return NMF_OK;
}

nmf_status nmfi_sums_add_up(nmfi_pass *pass, nmfi_sum_tree *tree, const nmfi_adding *adding,
                            nmf_error *error)
{
    adding_job job = {.pass = pass, .tree = tree, .adding = adding};
    atomic_store(&job.failed, INT64_MAX);
    job.wanted = wanted_together(&job);
    tree->leaves = adding->leaves;
    divide(tree, adding->first, adding->first + adding->count,
           nmfi_lesser(tree->run, adding->leaves));
    assert(tree->count <= tree->most);
    place_Qs(pass, tree, adding);
    nmfi_team_run(pass->team, tree->count, add_up_run, &job);
    nmf_status status = first_failure(tree, error);
    status = nmfi_comm_status_by(adding->side->comm, atomic_load(&job.failed), status, error);
    if (status != NMF_OK) return status;
    if (adding->side->comm) nmfi_sums_exchange(pass, tree, adding);
    take_total(pass, tree, adding->k);
    return NMF_OK;
}

/* There is a node for each whole run. */
int64_t nmfi_pass_slot_to_begin_at(const nmfi_pass *pass, int64_t row)
{
    const int64_t run = pass->row_sums->run;
    int64_t slot = 0;
    while (slot + run < pass->rows.slots &&
           nmfi_partition_first_row(&pass->rows, slot + run) <= row)
        slot += run;
    return slot;
}

void nmfi_sums_join(nmfi_pass *pass, const nmfi_pass *other, int64_t k)
{
    nmfi_sum_tree *tree = pass->row_sums;
    const nmfi_sum_tree *from = other->row_sums;
    assert(tree->leaves == from->leaves && tree->count + from->count <= 2 * tree->most);
    for (int64_t i = 0; i < from->count; i++) {
        int64_t at = tree->count++;
        for (; at > 0 && tree->left[at - 1]->first > from->left[i]->first; at--)
            tree->left[at] = tree->left[at - 1];
        tree->left[at] = from->left[i];
    }
    take_total(pass, tree, k);
}

void nmfi_sums_tile(const nmfi_pass *pass, int64_t s, int64_t k, int64_t first, int64_t lanes,
                    void *P)
{
    const nmfi_sum_tree *tree = pass->row_sums;
    pass->kernels->sum_slots(tree->left_Q[s], tree->merges, tree->count, first - tree->first_column,
                             tree->ldq, k, lanes, P);
}

/* --- scans ------------------------------------------------------------------------------------- */

nmfi_slot_scan nmfi_scan_nothing(void)
{
    const nmfi_slot_scan nothing = {.scan = {.lowest = DBL_MAX, .highest = -DBL_MAX},
                                    .bad = {.sample = -1}};
    return nothing;
}

static void add_scan(nmfi_slot_scan *to, const nmfi_slot_scan *from)
{
    nmfi_scan *total = &to->scan;
    const nmfi_scan *part = &from->scan;
    total->sum += part->sum;
    total->sum_of_squares += part->sum_of_squares;
    total->lowest = part->lowest < total->lowest ? part->lowest : total->lowest;
    total->highest = part->highest > total->highest ? part->highest : total->highest;
    total->bad += part->bad;
    if (part->bad > 0 && nmfi_bad_entry_before(&from->bad, &to->bad)) to->bad = from->bad;
}

nmf_status nmfi_scan_total(nmfi_slot_scan *scans, int64_t leaves, nmfi_scan *scan, nmf_error *error)
{
    for (int64_t apart = 1; apart < leaves; apart *= 2)
        for (int64_t i = 0; i + apart < leaves; i += 2 * apart)
            add_scan(&scans[i], &scans[i + apart]);
    *scan = scans[0].scan;
    return scan->bad > 0 ? nmfi_bad_entry_name(&scans[0].bad, error) : NMF_OK;
}

void nmfi_scan_unstored(const nmfi_pass *pass, nmfi_scan *scan)
{
    const double entries = (double)pass->rows.all * (double)pass->columns.count;
    if ((double)pass->source.stored >= entries) return;
    scan->lowest = scan->lowest < 0 ? scan->lowest : 0.0;
    scan->highest = scan->highest > 0 ? scan->highest : 0.0;
}
