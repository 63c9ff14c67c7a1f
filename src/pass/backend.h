/* How one kind of source is visited, and what every backend does with tiles once it has their
 * products. */
#ifndef NMFI_PASS_BACKEND_H
#define NMFI_PASS_BACKEND_H

#include "pass/pass.h"

/* The functions behind nmfi_pass_visit and its neighbours (pass.h). */
struct nmfi_backend {
    /* Memory of its own, and how much scratch a thread needs. */
    void (*layout)(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int accumulates);
    void (*visit)(nmfi_pass *pass, const nmfi_visit *visit);
    void (*columns)(nmfi_pass *pass, int64_t k, const nmfi_rule *rule, const void *C_for_gram);
    nmfi_scan (*scan)(nmfi_pass *pass, int signed_ok);
    void (*layout_tiles)(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int dense_rows);
    void (*tiles)(nmfi_pass *pass, const nmfi_tiles_visit *visit);
    int64_t (*most_entries)(const nmfi_pass *pass);
    void (*transposed)(nmfi_pass *transposed, nmfi_pass *pass, int tiles);
};
extern const struct nmfi_backend nmfi_backend_dense, nmfi_backend_sparse;

/* tiles.c; pass_sparse_tiles.c. */
void nmfi_tiles_dense(nmfi_pass *pass, const nmfi_tiles_visit *visit);
void nmfi_layout_tiles_sparse(nmfi_pass *pass, nmfi_arena *arena, int64_t threads, int dense_rows);
void nmfi_tiles_sparse(nmfi_pass *pass, const nmfi_tiles_visit *visit);
int64_t nmfi_most_entries_sparse(const nmfi_pass *pass);

/* The lines of a sparse X along its rows (0) or columns (1), built where they are not given; a
 * column factor (1) or row factor (0) packed. */
nmfi_sparse_side *nmfi_side_of(nmfi_pass *pass, int which);
void nmfi_pack_factor(const nmfi_pass *pass, int which, const void *factor, int64_t k, void *rows);

static inline int64_t nmfi_lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Where component 0 of row (or column) `first` lies in a factor. */
static inline void *nmfi_factor_at(const nmfi_pass *pass, const void *factor, int64_t first)
{
    return (char *)(uintptr_t)factor + first * pass->kernels->element_bytes;
}

/* tile_sums.c: the sums of a slot at zero; where a tile of the slot finds them. */
void nmfi_clear_tile_sums(const nmfi_pass *pass, const nmfi_tiles_visit *visit, int64_t slot);
void nmfi_lend_tile_sums(const nmfi_pass *pass, const nmfi_tiles_visit *visit, int64_t slot,
                         nmfi_tile *tile);

/* The scratch that rules need (rule.h). */
int64_t nmfi_rule_scratch_bytes(const nmfi_pass *pass);

nmfi_scan nmfi_scan_nothing(void);
void nmfi_add_scan(nmfi_scan *total, const nmfi_scan *part);

/* Products of X as it is stored become products of X in the pass's scale. */
void nmfi_to_scale(const nmfi_pass *pass, void *products, int64_t count);

/* Lets the rule improve each tile of a block whose products lie in P. */
void nmfi_improve_tiles(const nmfi_pass *pass, const nmfi_rule *rule,
                        const nmfi_partition *partition, int64_t begin, int64_t end, const char *P,
                        int64_t ldp, int64_t thread, nmfi_sums *sums);

/* The Gram matrix and sum of a slot's tiles: of a whole slot at once, so that the sums do not
 * depend on the size of a block. */
void nmfi_gram_tiles(const nmfi_pass *pass, const void *factor, const nmfi_partition *partition,
                     int64_t begin, int64_t end, int64_t k, nmfi_sums *sums);

#endif
