/* What every backend does with tiles (backend.h): rules on a block's, Gram matrices of a slot's, the
 * column factor's from the sums. */
#include "pass/exchange.h"
#include "pass/sum_tree.h"
#include "rule/downdated.h"

#include <assert.h>

int64_t nmfi_rule_scratch_bytes(const nmfi_pass *pass)
{
    const int64_t k = pass->k, bytes = pass->kernels->element_bytes;
    const int64_t shared =
        3 * k * NMFI_LANES_MAX * bytes + 6 * k * (int64_t)sizeof(double) + nmfi_pivot_work_bytes(k);
    const int64_t own = pass->own_grams ? nmfi_downdated_scratch_bytes(k, bytes) : 0;
    return own > shared ? own : shared;
}

void nmfi_to_scale(const nmfi_pass *pass, void *products, int64_t count)
{
    if (pass->scale != 1.0) pass->kernels->scale(products, count, pass->scale);
}

void nmfi_improve_tiles(const nmfi_pass *pass, const nmfi_rule *rule,
                        const nmfi_partition *partition, int64_t begin, int64_t end, const char *P,
                        int64_t ldp, const nmfi_leaf *leaf)
{
    const int64_t lanes = partition->lanes;
    for (int64_t t = begin; t < end; t++) {
        const int64_t first = t * lanes;
        const nmfi_tile tile = {
            .first = first,
            .rows = nmfi_lesser(lanes, partition->count - first),
            .lanes = lanes,
            .P = P + (t - begin) * lanes * pass->kernels->element_bytes,
            .ldp = ldp,
            .scratch = nmfi_of_thread(pass->scratch, pass->scratch_bytes, leaf->thread),
            .sums = leaf->sums,
            .stop = pass->stop};
        rule->improve(rule->context, &tile);
    }
}

void nmfi_gram_tiles(const nmfi_pass *pass, const void *factor, const nmfi_partition *partition,
                     int64_t k, const nmfi_leaf *leaf)
{
    const int64_t begin = nmfi_partition_slot_begin(partition, leaf->index);
    const int64_t end = nmfi_partition_slot_begin(partition, leaf->index + 1);
    const void *at = nmfi_factor_at(pass, factor, begin * partition->lanes);
    const int64_t count = (end - begin) * partition->lanes;
    pass->kernels->gram(at, partition->ld, k, count, leaf->sums->gram);
    leaf->sums->value[NMFI_SUM_ENTRIES] += pass->kernels->sum(at, partition->ld, k, count);
}

void nmfi_lend_sums(const nmfi_pass *pass, const nmfi_leaf *leaf, nmfi_tile *tile)
{
    for (int s = 0; s < NMFI_TILE_SUMS; s++) tile->Q[s] = leaf->Q[s];
    tile->ldq = pass->columns.ld;
}

/* --- the column factor ------------------------------------------------------------------------- */

typedef struct columns_job {
    nmfi_pass *pass;
    const nmfi_column_visit *visit;
} columns_job;

/* A tile of the sums that rules added up themselves has their scale. */
static void improve_column_tile(const columns_job *job, int64_t t, const nmfi_leaf *leaf)
{
    const nmfi_pass *pass = job->pass;
    const nmfi_column_visit *visit = job->visit;
    const nmfi_partition *partition = &pass->columns;
    const int64_t first = t * partition->lanes, k = visit->k;
    char *const P = nmfi_of_thread(pass->products, pass->products_bytes, leaf->thread);
    char *const P2 = nmfi_of_thread(pass->workspace, pass->workspace_bytes, leaf->thread);
    nmfi_sums_tile(pass, 0, k, first, partition->lanes, P);
    if (visit->sums == NMFI_SUMS_OF_PRODUCTS) nmfi_to_scale(pass, P, k * partition->lanes);
    if (visit->sums == 2) nmfi_sums_tile(pass, 1, k, first, partition->lanes, P2);
    const nmfi_tile tile = {.first = first,
                            .rows = nmfi_lesser(partition->lanes, partition->count - first),
                            .lanes = partition->lanes,
                            .P = P,
                            .ldp = partition->lanes,
                            .P2 = visit->sums == 2 ? P2 : NULL,
                            .scratch =
                                nmfi_of_thread(pass->scratch, pass->scratch_bytes, leaf->thread),
                            .sums = leaf->sums,
                            .stop = pass->stop};
    visit->rule->improve(visit->rule->context, &tile);
}

static int is_visited(const columns_job *job, int64_t t)
{
    const nmfi_column_visit *visit = job->visit;
    const int64_t first = t * job->pass->columns.lanes;
    return visit->rule && (visit->columns == 0 || (first >= visit->first_column &&
                                                   first < visit->first_column + visit->columns));
}

static nmf_status column_slot(void *context, const nmfi_leaf *leaf, nmf_error *error)
{
    const columns_job *job = context;
    const nmfi_partition *partition = &job->pass->columns;
    const int64_t end = nmfi_partition_slot_begin(partition, leaf->index + 1);
    for (int64_t t = nmfi_partition_slot_begin(partition, leaf->index); t < end; t++) {
        if (!is_visited(job, t)) continue;
        if (nmfi_stop_now(job->pass->stop)) return nmfi_fail_stopped(error);
        improve_column_tile(job, t, leaf);
    }
    if (job->visit->updated)
        nmfi_gram_tiles(job->pass, job->visit->updated, partition, job->visit->k, leaf);
    return NMF_OK;
}

/* Of the column factor's entries so many for each thread take some two milliseconds, by 7 ns each: the most threads that
 * a process has, which all must know alike. */
static int64_t worth_dealing(nmfi_pass *pass)
{
    enum { ENTRIES = 1 << 18 };
    if (pass->least_dealt == 0)
        pass->least_dealt =
            ENTRIES * nmfi_comm_most(pass->rows.comm, nmfi_team_threads(pass->team));
    return pass->least_dealt;
}

/* Whether each of several processes improves its own columns only, and they tell each other: 8 k flops, for a
 * few sweeps, against some bytes of the network for each entry, and a message of each to all. Rows with Gram matrices
 * of their own have what these are made of in one process only. */
static int is_dealt(nmfi_pass *pass, const nmfi_column_visit *visit)
{
    enum { DEAR = 8 };
    if (!pass->rows.comm || !visit->rule || visit->sums != NMFI_SUMS_OF_PRODUCTS ||
        !visit->written[0])
        return 0;
    return pass->own_grams ||
           (visit->k >= DEAR && visit->k * pass->columns.count >= worth_dealing(pass));
}

/* What each made of its own columns, for all. */
void nmfi_columns_share(const nmfi_pass *pass, const nmfi_column_visit *visit)
{
    const nmfi_partition *own = &pass->own_columns;
    const int64_t bytes = pass->kernels->element_bytes, ld = pass->columns.ld;
    for (int w = 0; w < 2; w++) {
        char *const written = visit->written[w];
        if (written)
            nmfi_components_share(own, visit->k, bytes, written + own->first_row * bytes, ld,
                                  written, ld, pass->wire);
    }
}

void nmfi_columns_from_sums(nmfi_pass *pass, const nmfi_column_visit *visit)
{
    columns_job job = {pass, visit};
    const int dealt = is_dealt(pass, visit);
    const nmfi_partition *side = dealt ? &pass->own_columns : &pass->columns;
    if (pass->rows.comm && visit->rule)
        (dealt ? nmfi_sums_deal : nmfi_sums_complete)(pass, visit->k);
    const nmfi_adding adding = {.side = side,
                                .leaves = side->slots,
                                .first = side->first_slot,
                                .count = side->own_slots,
                                .k = visit->k,
                                .task = column_slot,
                                .context = &job};
    assert(visit->sums != 2 ||
           pass->workspace_bytes >= visit->k * NMFI_LANES_MAX * pass->kernels->element_bytes);
    (void)nmfi_sums_add_up(pass, pass->column_sums, &adding,
                           NULL); /* told to stop, or no failure */
    if (dealt) nmfi_columns_share(pass, visit);
}
