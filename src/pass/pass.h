/* The pass: one visit of X, or of some slots of it, in blocks of rows, and the sums it leaves behind.
 *
 * For each block: the products P = X_b C' with the column factor C, or the rows of X themselves; the
 * rule, which turns them into the block's rows of the row factor R; the block's share of what the
 * column factor needs, Q = X'R and R'R, into the sums of its slot. Slots are runs of rows fixed by
 * the shape of the problem, a power of two of them, and their sums are added along a binary tree, so
 * the result has the same bits for any number of threads, any block size and any split of the slots
 * into runs (sums.c). Then nmfi_pass_columns lets a rule improve the column factor from the sums, on
 * tiles and threads likewise.
 *
 * "Rows" are what the source stores side by side: samples, or features where X lies column by
 * column. */
#ifndef NMFI_PASS_PASS_H
#define NMFI_PASS_PASS_H

#include "base/comm.h"
#include "base/memory.h"
#include "base/stop.h"
#include "base/threads.h"
#include "data/source.h"
#include "rule/rule.h"

/* How a long side is divided: into slots of tiles of `lanes`. Depends on the shape only. Several processes
 * may have a side together, each a run of whole slots: slots are then counted through all of them, rows and
 * tiles from the first that is here. */
typedef struct nmfi_partition {
    int64_t count; /* rows (or columns) that are here */
    int64_t ld;    /* the stride of a factor: whole tiles, and a little more (partition.c) */
    int64_t lanes; /* of a tile: 16, 32 or 64 */
    int64_t tiles; /* here */
    int64_t slots; /* in all */
    int64_t first_slot, own_slots; /* that are here */
    const nmf_comm *comm;          /* NULL: all of it is here */
    int64_t all, first_row;        /* rows in all; before those here */
} nmfi_partition;
nmfi_partition nmfi_partition_make(int64_t count);
/* Of `all` rows those that process `rank` has; with comm NULL it is nmfi_partition_make. */
nmfi_partition nmfi_partition_of_rank(int64_t all, const nmf_comm *comm, int64_t rank);
nmfi_partition nmfi_partition_spread(int64_t all, const nmf_comm *comm);
/* More slots, as many as wanted and tiles allow, for visits of few of them at a time; all of it is here. */
void nmfi_partition_refine(nmfi_partition *partition, int64_t wanted);
/* The first tile of a slot that is here; its first row; the row behind its last. */
int64_t nmfi_partition_slot_begin(const nmfi_partition *partition, int64_t slot);
int64_t nmfi_partition_first_row(const nmfi_partition *partition, int64_t slot);
/* The process that has a slot. */
int64_t nmfi_partition_owner(const nmfi_partition *partition, int64_t slot);

/* Numbers [first, first + count) of one slot. */
typedef void nmfi_slot_numbers(const void *context, int64_t slot, int64_t first, int64_t count,
                               double *numbers);
/* `count` numbers of each slot, added up along the tree of slots, on all processes; in the same order where all are here. */
void nmfi_slots_add_up(const nmfi_partition *partition, nmfi_slot_numbers *of_slot,
                       const void *context, int64_t count, double *sums);

/* The sums of the slots of one side, added up to whole subtrees (sums.c). */
typedef struct nmfi_sum_tree nmfi_sum_tree;

typedef struct nmfi_pass {
    nmfi_source source;
    const struct nmfi_backend *backend; /* the functions for its kind (backend.h) */
    void *state;                        /* the backend's own */
    const nmfi_kernels *kernels;
    nmfi_team *team;
    nmfi_stop *stop; /* looked at on the way; NULL: nothing stops it */
    nmfi_partition rows, columns;
    /* Columns are all here, as their factor is; where several processes have X together, those whose lines
     * are here, or whose update is made here for all. */
    nmfi_partition own_columns;
    int64_t k;                /* the most components a visit may have */
    int64_t block_tiles;      /* visited together */
    double scale;             /* what X is multiplied by on the way, a power of two */
    int64_t passes;           /* passes over X so far */
    struct nmfi_pass *shared; /* a pass over the same X the other way round, whose memory this one
                                 uses; or NULL */
    int is_shared;            /* another one uses this one's */
    int visits_parts;         /* set before the layout: there will be visits of some slots only */
    int whole_lines;          /* visits of tiles want the lines of a sparse X in one piece */
    int adds_up;   /* set before the plan: the column factor follows from what visits add up */
    int own_grams; /* set before the layout: rules give rows Gram matrices of their own */
    int lean;      /* set before the layout: as few sums of slots at a time as will do */
    int64_t span;  /* columns whose sums of products a visit takes at a time; 0: all */
    nmfi_scratch *spilled; /* the scratch file that factors lie in; NULL where they are in memory */
    nmfi_sums total;       /* of the last visit or column update */
    int digests;           /* scans sum up the fingerprint's parts (source.h) of a dense X */
    uint64_t digest;       /* of the last scan */
    /* Memory, from the fit's arena. */
    nmfi_sum_tree *row_sums, *column_sums;
    int64_t Qs;                   /* sums of the column factor that there is memory for */
    struct nmfi_slot_scan *scans; /* of slots, or of shares (sparse_lines.c) */
    int64_t scan_count;           /* memory for so many */
    /* For each thread: P of a block; what rules need (rule.h); what a rule works in that has X at
     * hand (nmfi_pass_layout_workspace). */
    char *products, *scratch, *workspace;
    int64_t products_bytes, scratch_bytes, workspace_bytes;
    int64_t
        least_dealt; /* entries of a column factor that processes share the update of; 0: not yet known */
    void *whole; /* k x columns.ld: a column factor of which others have rows (factor.h) */
    void *wire;  /* k components of the most rows or columns that one of several processes has */
} nmfi_pass;

/* What a visit is to do; zero what is not wanted. A rule that needs no more than products gets them
 * from `fixed`; one that needs rows of X finds them in its tiles (rule.h: needs). */
enum { NMFI_SUMS_OF_PRODUCTS = -1, NMFI_SUMS_OF_GRAM = -2, NMFI_CARRIED = 3 };
typedef struct nmfi_visit {
    int64_t first_slot, slots;     /* slots 0: all there are */
    int64_t first_column, columns; /* of X'R, and then no R'R; columns 0: all (nmfi_pass_spans) */
    int64_t k;
    const void *fixed; /* column factor, k x columns.ld; NULL: no products (then no rule) */
    int64_t fixed_first,
        fixed_columns;     /* outside of these it is zero; fixed_columns 0: not known */
    const nmfi_rule *rule; /* NULL: only sums */
    const void *updated;   /* row factor after the rule, k x rows.ld */
    /* Row factors that the rule reads or writes; NULL. Of those that lie in a scratch file the disk is asked in time. */
    const void *carried[NMFI_CARRIED];
    /* NMFI_SUMS_OF_PRODUCTS: X'R and R'R of `updated`; NMFI_SUMS_OF_GRAM: R'R alone. 1, 2: so many sums
     * that the rule, which needs rows, adds up itself (nmfi_tile.Q). */
    int sums;
    int loss; /* ||X - R'C||_F^2 into the sums */
} nmfi_visit;

/* And the update of the column factor from the sums of the last visit that had some. */
typedef struct nmfi_column_visit {
    int64_t first_column, columns; /* as in the visit */
    int64_t k;
    const nmfi_rule *rule; /* NULL: only the Gram matrix */
    const void *fixed;     /* the row factor those sums are of; NULL where the rule added them up */
    const void *updated;   /* after the rule: its Gram matrix goes into the sums; or NULL */
    int sums;              /* as in the visit */
    void *written[2];      /* what the rule writes, k x columns.ld each; or NULL */
} nmfi_column_visit;

/* Errors: MEMORY where the working memory of k components of such a matrix could not be counted in
 * 64 bits. */
nmf_status nmfi_pass_countable(const nmfi_source *source, int64_t k, nmf_error *error);

/* Fills in shapes and partitions (block_rows 0: by the cache), then takes the memory from the arena;
 * called twice with the same arguments, as arenas are. Without `accumulates` there is no memory for
 * the sums of products. */
void nmfi_pass_plan(nmfi_pass *pass, const nmfi_source *source, const nmfi_kernels *kernels,
                    int64_t k, int64_t block_rows);
void nmfi_pass_layout(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int accumulates);
/* For rules that need rows: a workspace of `bytes` for each thread; `dense_rows`: some of them want
 * zeros too. */
void nmfi_pass_layout_workspace(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int64_t bytes,
                                int dense_rows);
/* For rules that add up `sums` sums of their own; after the workspace. */
void nmfi_pass_layout_tile_sums(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int64_t sums);

/* The sums of products X'R of a row factor that is known need not be there for all columns at once: each
 * column has its own. Where X is dense, in memory and all here, visits of a span of columns each lead to the
 * same bits, and nodes of the tree take as much less; X is read once more in all, since what a visit makes of
 * R cannot be added up in it. nmfi_pass_spans tells the pass so, after the plan, where nodes of all columns
 * take much memory or it is lean; then `span` columns is what visits take at a time. Its layout is without
 * sums: nmfi_pass_layout_sums takes the memory for those of k components and `columns` columns, of which
 * nothing is kept from visit to visit. */
void nmfi_pass_spans(nmfi_pass *pass, int64_t threads);
void nmfi_pass_layout_sums(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int64_t k,
                           int64_t columns);

/* `transposed` becomes a pass over the same X along its columns, beside `pass`, in whose memory it
 * finds what it needs; `tiles`: there will be visits whose rules need rows. Between plan and
 * layout. */
void nmfi_pass_transposed(nmfi_pass *transposed, nmfi_pass *pass, int tiles);

/* What a pass reads where `copy` holds its rows, packed: in another type, or in another unit. */
nmfi_source nmfi_pass_source_along(const nmfi_pass *pass, nmf_dtype dtype, const void *copy);

/* What a pass over the same X along its columns reads: X itself, or rows packed in `copy` where `copies` is
 * set. */
nmfi_source nmfi_pass_source_across(const nmfi_pass *pass, int copies, const void *copy);

/* Once, with the memory and the team there, before the first visit: the other orientation of a
 * sparse X. */
void nmfi_pass_prepare(nmfi_pass *pass);

/* Validation and norms, on the pass's scale: one pass over X. Errors: DATA, naming the entry that
 * comes first in the order of the samples; what the source fails with. */
nmf_status nmfi_pass_scan(nmfi_pass *pass, int signed_ok, nmfi_scan *scan,
                          nmf_error *error) NMF_MUST_CHECK;

/* One pass over X; pass->total holds the sums afterwards. Errors: what the source fails with, the
 * first in slot order whatever the threads; INTERRUPTED where pass->stop says so, or has said so since the
 * visit before. What was updated and the sums are then undefined. */
nmf_status nmfi_pass_visit(nmfi_pass *pass, const nmfi_visit *visit,
                           nmf_error *error) NMF_MUST_CHECK;

/* The sums of `other`, a pass of the same shape that visited slots this one did not, beside this
 * one's: what follows is as if this one had visited them too. They stay where they are. Before the column
 * update of either. */
void nmfi_pass_join(nmfi_pass *pass, const nmfi_pass *other, int64_t k);

/* The column factor; pass->total holds its sums afterwards. It is undefined where pass->stop says so. */
void nmfi_pass_columns(nmfi_pass *pass, const nmfi_column_visit *visit);

/* The most entries of a tile in visits that need no zeros; 0 where these come all the same. */
int64_t nmfi_pass_most_entries(const nmfi_pass *pass);

/* 1 where rules that need no zeros add up sums of the column factor all the same (nmfi_visit.sums). */
int nmfi_pass_scatters(const nmfi_pass *pass);

/* Rows [first, first + k) of a dense X, on the pass's scale, as components along its columns, k x columns.ld, for all
 * who have X together. Errors: what the source fails with. */
nmf_status nmfi_pass_take_rows(nmfi_pass *pass, int64_t first, int64_t k, void *to,
                               nmf_error *error) NMF_MUST_CHECK;

/* Visits without sums of the column factor may begin later than at the first slot even where visits_parts is not set: at
 * this one, the last that has the row or lies before it. All rows are here. */
int64_t nmfi_pass_slot_to_begin_at(const nmfi_pass *pass, int64_t row);

/* A dense X the other way round, packed into `to`: columns x rows of the stored type. One pass over
 * X. Errors: what the source fails with. */
nmf_status nmfi_pass_copy_transposed(nmfi_pass *pass, void *to, nmf_error *error) NMF_MUST_CHECK;

/* The k components of a factor become k others, in place: component j is sum_l rotation[j,l]
 * component l, with rotation a packed k x k matrix of T. No pass over X. */
void nmfi_pass_combine(nmfi_pass *pass, int64_t k, const void *rotation, void *factor,
                       const nmfi_partition *partition);

#endif
