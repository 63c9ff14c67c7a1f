/* A sparse X has two sides, lines along its rows and lines along its columns: each factor's products
 * come from the side along it, so nothing is ever added into other rows. The work on a side is shared
 * out by entries (sparse_lines.c). */
#ifndef NMFI_PASS_SPARSE_LINES_H
#define NMFI_PASS_SPARSE_LINES_H

#include "data/sparse.h"
#include "pass/backend.h"

enum { NMFI_ROWS, NMFI_COLUMNS };

typedef struct nmfi_side {
    nmf_sparse lines; /* pointers NULL until it is built */
    int64_t blocks;   /* as in nmfi_sparse_arrays; the given side is whole, 1 */
    int64_t shares;   /* a power of two, as many in each slot */
    int64_t *bounds;  /* of the shares: runs of lines with about as many entries each in a slot */
} nmfi_side;

typedef struct nmfi_sparse_state {
    nmfi_side side[2];        /* lines along the rows, along the columns */
    nmfi_sparse_arrays other; /* for the side that is not given, from the arena */
    int has_other;
    void *packed, *products; /* longer side x packed stride, T: the fixed factor; P */
    double *gram;            /* k x k: of the fixed factor, in f64 */
    nmfi_sum_tree *share_sums;
    char *gathered; /* threads x a tile's rows, or a line's entries and what they name */
    int64_t gathered_bytes;
} nmfi_sparse_state;

/* A side's lines, where another pass has them too; their blocks. */
nmfi_side nmfi_side_of(const nmfi_pass *pass, int which);
nmfi_lines nmfi_lines_of(const nmfi_side *side, int64_t block);
/* The lines of a side that are here. */
const nmfi_partition *nmfi_partition_of(const nmfi_pass *pass, int which);

/* The most shares of a side, a power of two. */
int64_t nmfi_most_shares(const nmfi_pass *pass);

void nmfi_sides_layout(nmfi_pass *pass, nmfi_sparse_state *state, nmfi_arena *arena,
                       int accumulates);
void nmfi_sides_prepare(nmfi_pass *pass);

/* Rows of a factor along a side, packed (kernel pack): all of them, those of other processes too; or
 * those of one slot that is here, counted from the first row here. */
void nmfi_pack_factor(const nmfi_pass *pass, int which, const void *factor, int64_t k, void *rows);
void nmfi_pack_slot(const nmfi_pass *pass, const nmfi_partition *partition, const void *factor,
                    int64_t k, int64_t slot, void *rows);

/* sparse_tiles.c */
void nmfi_sparse_layout_tiles(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int dense_rows);
nmf_status nmfi_sparse_tiles(nmfi_pass *pass, const nmfi_visit *visit, nmf_error *error);
int64_t nmfi_sparse_most_entries(const nmfi_pass *pass);

#endif
