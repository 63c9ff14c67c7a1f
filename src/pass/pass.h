/* The pass: one visit of X, in blocks of rows, and the ordered sums it leaves behind.
 *
 * For each block: the products P = X_b C' with the column factor C; the rule, which turns them into
 * the block's rows of the row factor R; the block's share of Q = X'R and R'R, into the slot of the
 * block. Slots are runs of rows fixed by the shape of the problem and are added in slot order, so
 * the result has the same bits for any number of threads and any block size. Then nmfi_pass_columns
 * lets a rule improve the column factor from Q, on the same tiles and threads.
 *
 * "Rows" are what the source stores side by side: samples, or features where X lies column by
 * column. */
#ifndef NMFI_PASS_PASS_H
#define NMFI_PASS_PASS_H

#include "base/memory.h"
#include "base/threads.h"
#include "data/source.h"
#include "data/sparse.h"
#include "rule/rule.h"

/* How a long side is cut: into slots of tiles of `lanes`. Depends on the shape only. */
typedef struct nmfi_partition {
    int64_t count; /* rows (or columns) */
    int64_t ld;    /* the stride of a factor: whole tiles, and a little more (plan.c) */
    int64_t lanes; /* of a tile: 16, 32 or 64 */
    int64_t tiles, slots;
} nmfi_partition;
nmfi_partition nmfi_partition_make(int64_t count);
int64_t nmfi_partition_slot_begin(const nmfi_partition *partition,
                                  int64_t slot); /* first tile of a slot */

/* A sparse X has two sides, lines along its rows and lines along its columns: each factor's
 * products come from the side along it, so nothing is ever added into other rows
 * (pass_sparse.c). */
enum { NMFI_SHARES_MOST = 256 };
typedef struct nmfi_sparse_side {
    nmf_sparse lines; /* pointers NULL until it is built */
    int64_t blocks;   /* as in nmfi_sparse_arrays; the given side is whole, 1 */
    int64_t shares,
        bounds[NMFI_SHARES_MOST + 1]; /* runs of lines with about as many entries each */
} nmfi_sparse_side;
typedef struct nmfi_sparse_sides {
    struct nmfi_pass *shared; /* the pass whose sides these are, the other way round; or NULL */
    int is_shared;            /* another one finds its sides here */
    int whole_lines;          /* a side is not cut into blocks */
    nmfi_sparse_side side[2]; /* lines along the rows, along the columns */
    nmfi_sparse_arrays other; /* for the side that is not given, from the arena */
    const void *visited;      /* the row factor of the last accumulating visit */
    void *packed, *products;  /* longer side x packed stride, T: the other factor; P */
    double *gram[2];          /* k x k: of both factors, in f64 */
    double *share_sums;       /* of the shares */
} nmfi_sparse_sides;

typedef struct nmfi_pass {
    nmfi_source source;
    const struct nmfi_backend *backend; /* the functions for its kind (backend.h) */
    const nmfi_kernels *kernels;
    nmfi_team *team;
    nmfi_partition rows, columns;
    int64_t k;           /* the most components a visit may have */
    int64_t block_tiles; /* visited together */
    double scale;        /* what X is multiplied by on the way, a power of two */
    int64_t passes;      /* passes over X so far */
    /* Memory, from the fit's arena. */
    void *slot_Q;                    /* rows.slots x k x columns.ld, T */
    int has_Q;                       /* there is one */
    void *tile_sums[NMFI_TILE_SUMS]; /* each like slot_Q, which the first may be */
    nmfi_sums *slot_sums;            /* rows.slots, then columns.slots */
    double *sums_memory;
    char *products; /* threads x k x block rows, T: P of a block */
    char *scratch;  /* threads x (3 k x 64 T + pivot work) */
    char *gather;   /* threads x block of rows as stored, where the source does not lend */
    char *widened;  /* threads x block of rows in T, where integers are converted once a block */
    char *
        workspace; /* threads x what a rule works in that has X at hand (nmfi_pass_layout_workspace) */
    nmfi_sparse_sides sides; /* of a sparse source */
    nmfi_sums total;         /* of the last visit or column update */
    int64_t scratch_bytes, products_bytes, gather_bytes, widened_bytes,
        workspace_bytes; /* for each thread */
} nmfi_pass;

/* What a visit is to do; zero what is not wanted. */
typedef struct nmfi_visit {
    int64_t k;
    const void *C; /* column factor, k x columns.ld; NULL: no products (then no rule) */
    const nmfi_rule *rule;
    const void *R;  /* row factor after the rule, k x rows.ld */
    int accumulate; /* Q and the Gram matrix of R */
    int distance;   /* ||X - R'C||_F^2 into the sums */
} nmfi_visit;

/* Errors: MEMORY where the working memory of k components of such a matrix could not be counted in
 * 64 bits. */
nmf_status nmfi_pass_countable(const nmfi_source *source, int64_t k, nmf_error *error);

/* Fills in shapes and cuts (block_rows 0: by the cache), then takes the memory from the arena;
 * called twice with the same arguments, as arenas are. Without `accumulates` there is no room for
 * Q. */
void nmfi_pass_plan(nmfi_pass *pass, const nmfi_source *source, const nmfi_kernels *kernels,
                    int64_t k, int64_t block_rows);
void nmfi_pass_layout(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int accumulates);

/* Whether a visit of k components converts each block of small integers to T once, beside the
 * cache. */
int nmfi_pass_widens(const nmfi_pass *pass, int64_t k);

/* One reading of X. pass->total holds the sums afterwards. */
void nmfi_pass_visit(nmfi_pass *pass, const nmfi_visit *visit);

/* The other kind of visit: a rule that improves each tile with the tile's rows of X at hand, where
 * products alone do not tell enough (divergences). It works in a workspace of `bytes` for each thread
 * (tiles.c). */
typedef struct nmfi_tiles_visit {
    const nmfi_rule *rule;
    const void *F; /* column factor, k x columns.ld */
    int64_t k;
    /* The rule needs no zeros of X: a sparse X then has a tile for each row, with what it
     * stores. */
    int entries_only;
    int sums; /* how many the rule adds up for the column factor (nmfi_tile.Q): 0, 1 or 2 */
} nmfi_tiles_visit;
/* `dense_rows`: there will be visits that need the zeros too. */
void nmfi_pass_layout_workspace(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int64_t bytes,
                                int dense_rows);
void nmfi_pass_visit_tiles(nmfi_pass *pass, const nmfi_tiles_visit *visit);

/* Sums of tiles (tile_sums.c): their memory, after nmfi_pass_layout_workspace; then the column factor's
 * tiles from those of the last visit, P of the first sum and P2 of the second. They have the scale
 * that rules gave them. */
void nmfi_pass_layout_tile_sums(nmfi_pass *pass, nmfi_arena *arena, int64_t sums);
void nmfi_pass_tile_columns(nmfi_pass *pass, int64_t k, int sums, const nmfi_rule *rule);
/* The most entries of a tile in visits that need no zeros; 0 where these come all the same. */
int64_t nmfi_pass_most_entries(const nmfi_pass *pass);

/* `transposed` becomes a pass over the same X along its columns, beside `pass`, in whose memory it
 * finds what it needs; `tiles`: there will be visits of tiles. */
void nmfi_pass_transposed(nmfi_pass *transposed, nmfi_pass *pass, int tiles);

/* X the other way round, for a visit along the columns: its rows packed into `to`. */
void nmfi_pass_copy_rows(nmfi_pass *pass, void *to);

/* The column factor from the Q of the last accumulating visit: the rule gets its tiles.
 * `C_for_gram` (k x columns.ld, after the rule): its Gram matrix goes into the sums. rule NULL: the
 * Gram matrix alone. */
void nmfi_pass_columns(nmfi_pass *pass, int64_t k, const nmfi_rule *rule, const void *C_for_gram);

/* The k components of a factor become k others, in place: component j is sum_l rotation[j,l] component
 * l, with rotation a packed k x k matrix of T. No reading of X. */
void nmfi_pass_combine(nmfi_pass *pass, int64_t k, const void *rotation, void *factor,
                       const nmfi_partition *partition);

/* Sums at zero, and the slots' added in their order into pass->total: for the files of this
 * folder. */
void nmfi_pass_clear_sums(const nmfi_pass *pass, nmfi_sums *sums);
void nmfi_pass_total_sums(nmfi_pass *pass, const nmfi_sums *slots, int64_t count);

/* Validation and norms, in the pass's scale: one reading. */
nmfi_scan nmfi_pass_scan(nmfi_pass *pass, int signed_ok);

#endif
