/* Behind the contract of pass.h: how one kind of source is visited, and what every backend does with
 * tiles once it has their products, and with the sums of slots. */
#ifndef NMFI_PASS_BACKEND_H
#define NMFI_PASS_BACKEND_H

#include "data/validate.h"
#include "pass/pass.h"

/* The functions behind pass.h's; a NULL has nothing to do. */
typedef struct nmfi_backend {
    /* Memory of its own, of how many leaves the sums of each side are, and how much scratch a thread
     * needs. */
    void (*layout)(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int accumulates);
    void (*layout_tiles)(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int dense_rows);
    void (*prepare)(nmfi_pass *pass);
    nmf_status (*scan)(nmfi_pass *pass, int signed_ok, nmfi_scan *scan, nmf_error *error);
    nmf_status (*visit)(nmfi_pass *pass, const nmfi_visit *visit, nmf_error *error);
    nmf_status (*visit_tiles)(nmfi_pass *pass, const nmfi_visit *visit, nmf_error *error);
    void (*columns)(nmfi_pass *pass, const nmfi_column_visit *visit);
    int64_t (*most_entries)(const nmfi_pass *pass);
    int scatters; /* 1: what entries add to the column factor's sums goes there although zeros are left out */
} nmfi_backend;
extern const nmfi_backend nmfi_backend_dense, nmfi_backend_sparse, nmfi_backend_lines;

static inline int64_t nmfi_lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Where component 0 of row (or column) `first` lies in a factor. */
static inline void *nmfi_factor_at(const nmfi_pass *pass, const void *factor, int64_t first)
{
    return (char *)(uintptr_t)factor + first * pass->kernels->element_bytes;
}

static inline char *nmfi_of_thread(char *memory, int64_t bytes, int64_t thread)
{
    return memory + thread * bytes;
}

/* --- sums.c ------------------------------------------------------------------------------------ */

/* One leaf of the tree of sums: a slot, or a share of one. What it adds up begins at zero. */
typedef struct nmfi_leaf {
    int64_t index, thread;
    nmfi_sums *sums;
    void *Q[NMFI_TILE_SUMS]; /* as many as are asked for */
} nmfi_leaf;
typedef nmf_status nmfi_leaf_task(void *context, const nmfi_leaf *leaf, nmf_error *error);

/* Memory for the sums of so many leaves, a power of two, as many in each slot of a side, beside that of
 * their Gram matrices and other numbers, which several trees may share: it holds nothing from one run of tasks
 * to the next but pass->total. Then for `Qs` sums of the column factor beside those of the rows' slots, where
 * there are none yet. Called twice, as arenas are. */
size_t nmfi_sums_numbers_bytes(const nmfi_pass *pass, int64_t threads, int64_t leaves,
                               const nmfi_partition *side);
nmfi_sum_tree *nmfi_sums_layout(const nmfi_pass *pass, nmfi_arena *arena, int64_t threads,
                                int64_t leaves, const nmfi_partition *side, double *numbers);
void nmfi_sums_layout_Q(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int64_t Qs);

/* Runs the task for leaves [first, first + count) of `leaves`, on all threads, and adds up what they
 * leave, and what those of other processes do that have slots of `side`; pass->total holds the total. The
 * first failure in the order of leaves is returned, whoever had it. */
typedef struct nmfi_adding {
    const nmfi_partition *side;
    int64_t leaves, first, count;
    int64_t k;
    int64_t Qs;
    int64_t first_column, ldq; /* of the Qs: k x ldq each */
    nmfi_leaf_task *task;
    void *context;
    const nmfi_visit *visit; /* of the rows' slots; or NULL */
} nmfi_adding;
nmf_status nmfi_sums_add_up(nmfi_pass *pass, nmfi_sum_tree *tree, const nmfi_adding *adding,
                            nmf_error *error);
void nmfi_sums_join(nmfi_pass *pass, const nmfi_pass *other, int64_t k);

/* A task without sums for each slot of the rows that is here. */
static inline nmfi_adding nmfi_own_slots(const nmfi_pass *pass, nmfi_leaf_task *task, void *context)
{
    const nmfi_partition *rows = &pass->rows;
    return (nmfi_adding){.side = rows,
                         .leaves = rows->slots,
                         .first = rows->first_slot,
                         .count = rows->own_slots,
                         .task = task,
                         .context = context};
}

/* Visits of some slots one after the other are one pass over X: the one that comes to the end of it counts. Those of
 * spans are part of the pass that made what they multiply: the count must not hang on whether there are any. */
static inline void nmfi_count_visit(nmfi_pass *pass, const nmfi_visit *visit)
{
    const nmfi_partition *rows = &pass->rows;
    pass->passes += visit->first_slot + visit->slots == rows->first_slot + rows->own_slots &&
                    visit->columns == pass->columns.count;
}

/* The stride of sums of so many columns, of which a span is whole tiles (partition.c: Trap); where there is memory for
 * all, that of all. */
static inline int64_t nmfi_sums_ld(const nmfi_pass *pass, int64_t columns)
{
    if (columns == pass->columns.count || pass->span == 0) return pass->columns.ld;
    return pass->span / NMFI_LANES_MIN % 2 == 0 ? pass->span + NMFI_LANES_MIN : pass->span;
}

/* A task for each slot that a visit asks for, with so many sums of the column factor. */
static inline nmfi_adding nmfi_visited_slots(const nmfi_pass *pass, const nmfi_visit *visit,
                                             int64_t Qs, nmfi_leaf_task *task, void *context)
{
    const nmfi_partition *rows = &pass->rows;
    return (nmfi_adding){.side = rows,
                         .leaves = rows->slots,
                         .first = visit->first_slot,
                         .count = visit->slots,
                         .k = visit->k,
                         .Qs = Qs,
                         .first_column = visit->first_column,
                         .ldq = nmfi_sums_ld(pass, visit->columns),
                         .task = task,
                         .context = context,
                         .visit = visit};
}

/* Columns [first, first + lanes) of sum s, into P: k x lanes. */
void nmfi_sums_tile(const nmfi_pass *pass, int64_t s, int64_t k, int64_t first, int64_t lanes,
                    void *P);

/* What a leaf's scan found; of its entries that are none the one that is to be named. */
typedef struct nmfi_slot_scan {
    nmfi_scan scan;
    nmfi_bad_entry bad;
    uint64_t digest; /* pass.h */
} nmfi_slot_scan;
nmfi_slot_scan nmfi_scan_nothing(void);
/* The zeros of a sparse X that are not stored are entries too. */
void nmfi_scan_unstored(const nmfi_pass *pass, nmfi_scan *scan);
nmf_status nmfi_scan_total(nmfi_slot_scan *scans, int64_t leaves, nmfi_scan *scan,
                           nmf_error *error);

/* --- tiles.c ----------------------------------------------------------------------------------- */

/* The scratch that rules need (rule.h). */
int64_t nmfi_rule_scratch_bytes(const nmfi_pass *pass);

/* Products of X as it is stored become products of X on the pass's scale. */
void nmfi_to_scale(const nmfi_pass *pass, void *products, int64_t count);

/* Lets the rule improve each tile of a block whose products lie in P. */
void nmfi_improve_tiles(const nmfi_pass *pass, const nmfi_rule *rule,
                        const nmfi_partition *partition, int64_t begin, int64_t end, const char *P,
                        int64_t ldp, const nmfi_leaf *leaf);

/* The Gram matrix and sum of a slot's tiles: of a whole slot at once, so that the sums do not
 * depend on the size of a block. */
void nmfi_gram_tiles(const nmfi_pass *pass, const void *factor, const nmfi_partition *partition,
                     int64_t k, const nmfi_leaf *leaf);

/* Where a tile finds the sums for the column factor. */
void nmfi_lend_sums(const nmfi_pass *pass, const nmfi_leaf *leaf, nmfi_tile *tile);

/* The column factor from the sums that a visit left, and its Gram matrix. */
void nmfi_columns_from_sums(nmfi_pass *pass, const nmfi_column_visit *visit);
/* What each of several processes wrote of its own columns comes to all. */
void nmfi_columns_share(const nmfi_pass *pass, const nmfi_column_visit *visit);

/* --- exact_gram.c: in f64, whatever the arithmetic ---------------------------------------------- */

/* Of the column factor, k x k. */
void nmfi_exact_gram_of_columns(nmfi_pass *pass, const void *fixed, int64_t k, double *gram);
/* ||R'C||_F^2 of the leaf's slot of rows, C given by its Gram matrix. */
double nmfi_squares_of_model(const nmfi_pass *pass, const void *rows, int64_t k,
                             const double *gram_of_columns, const nmfi_leaf *leaf);

/* --- dense.c ------------------------------------------------------------------------------------ */

/* Rows [first, first + count), lent or gathered. */
nmf_status nmfi_dense_rows(const nmfi_pass *pass, int64_t first, int64_t count, int64_t thread,
                           nmfi_block *block, nmf_error *error);

#endif
