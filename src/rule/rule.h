/* The rule contract: given one tile's products with the other factor, improve the tile.
 *
 * A rule knows a tile, not X: the same rule serves W, whose tiles the pass meets as it reads X, and
 * H, whose tiles come from the sums of the pass. Tiles are independent of each other. */
#ifndef NMFI_RULE_RULE_H
#define NMFI_RULE_RULE_H

#include "base/stop.h"
#include "kernel/kernel.h"

/* What tiles add up, per slot; then per component: Gram matrix, squared projected gradients and
 * their scale. */
enum nmfi_sum {
    NMFI_SUM_DECREASE,  /* of the objective by this half step */
    NMFI_SUM_VIOLATION, /* scikit-learn's measure: sum of |projected gradient| */
    NMFI_SUM_OBJECTIVE, /* 1/2 x'Gx - (p - l1)'x at the result */
    NMFI_SUM_ENTRIES,   /* sum of the result's entries, for the L1 penalty */
    NMFI_SUM_LOSS,      /* ||X - W H||_F^2, where asked for */
    NMFI_SUM_COUNT
};

typedef struct nmfi_sums {
    double value[NMFI_SUM_COUNT];
    double *gram; /* k x k, of what is accumulated */
    double *pg2;  /* k: squared projected gradients */
    double *ref2; /* k: squared products, their natural scale */
} nmfi_sums;

enum { NMFI_TILE_SUMS = 2 };

typedef struct nmfi_tile {
    int64_t first; /* row of the factor */
    int64_t rows;  /* real ones; lanes - rows more are padding */
    int64_t lanes;
    const void *P; /* k x lanes products, stride ldp */
    int64_t ldp;
    const void *P2; /* likewise, where tiles add up two sums (pass.h); else NULL */
    /* 3 k x NMFI_LANES_MAX elements, then the work of a pivot; or the rule's workspace. Of the thread.
     */
    void *scratch;
    nmfi_sums *sums;
    nmfi_stop *stop; /* looked at before a row that costs much; then rows may stay as they are */
    /* For a rule that needs rows: no products, but the tile's rows of X themselves. */
    nmfi_rows X;
    nmf_dtype dtype; /* they are stored in */
    /* Where zeros are left out: the column factor beside the entries that X has, k x ldf; else
     * NULL. */
    const void *F;
    int64_t ldf;
    /* k: the sums of that F where what is left out does not count (rule_weighted.c); NULL: what is
     * left out is 0. */
    const double *F_sums;
    /* Where such a visit has sums for the column factor, k x columns each, the rule adds the tile's
     * share to them; else NULL. */
    void *Q[NMFI_TILE_SUMS];
    int64_t ldq;
} nmfi_tile;

/* What a rule finds in a tile: the rows' products with the other factor, or the rows of X themselves,
 * with their zeros where those are needed too (else a sparse X has a tile for each row, with what it
 * stores). */
enum nmfi_needs { NMFI_NEEDS_PRODUCTS = 1, NMFI_NEEDS_ROWS = 2, NMFI_NEEDS_ZEROS = 4 };

typedef struct nmfi_rule {
    void (*improve)(const void *context, const nmfi_tile *tile);
    const void *context;
    /* Where zeros are left out, rows [first, first + count) of which X has no entry, all together:
     * what improve would do with each. NULL: it is asked. */
    void (*nothing)(const void *context, int64_t first, int64_t count);
    int needs; /* nmfi_needs */
    /* The same as improve with each of at most NMFI_LINES_TOGETHER tiles that are a row each, zeros left out, and have
     * no more than NMFI_ENTRIES_TOGETHER entries; the first one's scratch is that of all. NULL: one after the other. */
    void (*improve_lines)(const void *context, const nmfi_tile *tiles, int64_t count);
} nmfi_rule;

/* What the entries of a factor may be: lower <= x <= upper, k x ld of T like the factor itself, equal where an
 * entry is fixed; NULL: 0 and infinity. `sum`: what the k entries of each row add up to; 0: anything. */
typedef struct nmfi_allowed {
    const void *lower, *upper;
    double sum;
} nmfi_allowed;

/* HALS in a tile's scratch, towards its products; gram and inverse are of the other factor
 * (rule_hals.c). */
nmfi_hals nmfi_hals_on(const nmfi_tile *tile, int64_t k, const void *gram, const void *inverse,
                       double l1);

/* HALS with inner sweeps, and the extrapolated point beside it (rule_hals.c). Arrays are k x ld.
 * `ahead` may be `start`, `result` may be `older`. */
typedef struct nmfi_hals_rule {
    const nmfi_kernels *kernels;
    int64_t k, ld;
    const void *gram, *inverse; /* of the other factor, T, with the L2 penalty */
    double l1, accuracy, momentum;
    int64_t sweeps;
    const void *start, *older; /* where the tile starts; the result of the step before */
    void *ahead;               /* max(0, result + momentum (result - older)) */
    void *result;
    int measure_start, measure_result; /* add the KKT sums there; the objective at the result */
    nmfi_allowed allowed;              /* with a sum rows are solved exactly, whatever `sweeps` */
    const double *gram_f64;            /* then: the same Gram matrix */
} nmfi_hals_rule;
nmfi_rule nmfi_rule_hals(const nmfi_hals_rule *context);

/* Each row's non-negative least squares problem to its own end, from zero (rule_solve.c). */
typedef struct nmfi_solve_rule {
    const nmfi_kernels *kernels;
    int64_t k, ld;
    const void *gram, *inverse;
    const double *gram_f64; /* the same Gram matrix, for the rows that need the exact solver */
    double l1, accuracy;
    void *result;
    nmfi_allowed allowed;
} nmfi_solve_rule;
nmfi_rule nmfi_rule_solve(const nmfi_solve_rule *context);
/* How precisely a row of W is solved: one place for a fit's last visit and for transform. */
nmfi_solve_rule nmfi_solving(const nmfi_kernels *kernels, int64_t k, int64_t ld, const void *gram,
                             const void *inverse, const double *gram_f64, double l1,
                             nmfi_allowed allowed, void *result);

/* rows = products, less a number for each component: what a range finder and PCA need
 * (rule_project.c). */
typedef struct nmfi_project_rule {
    const nmfi_kernels *kernels;
    int64_t k, ld;
    const double *offset; /* k numbers to subtract, or NULL */
    void *result;
} nmfi_project_rule;
nmfi_rule nmfi_rule_project(const nmfi_project_rule *context);

/* Products with those of rows seen before (rule_running.c). */
typedef struct nmfi_running_rule {
    const nmfi_kernels *kernels;
    int64_t k, ld;
    void *total;            /* k x ld, T: the products so far; those of the tile are added */
    double decay;           /* what those so far are multiplied by */
    void *share;            /* likewise, of this visit alone; may be NULL */
    int replaces;           /* the same rows were there just now: their share is taken out first */
    int takes_out;          /* the products are taken out instead */
    const nmfi_rule *inner; /* then improves the tile by the total; NULL: nothing does */
} nmfi_running_rule;
nmfi_rule nmfi_rule_running(const nmfi_running_rule *context);

/* Shares that groups of rows have in the products, the newest of them those of the tile (rule_shares.c). */
typedef struct nmfi_shares {
    const nmfi_kernels *kernels;
    int64_t k, ld;
    char *shares; /* `known` of them, k x ld each, T */
    int64_t known, newest;
    void *total; /* k x ld, T */
} nmfi_shares;
/* Component j of the tile: what the newest share is, and the sum of all in their order. */
void nmfi_shares_keep(const nmfi_shares *shares, const nmfi_tile *tile, int64_t j,
                      const void *newest);
void nmfi_shares_total(const nmfi_shares *shares, const nmfi_tile *tile, int64_t j);
typedef struct nmfi_shares_rule {
    nmfi_shares shares;
    const nmfi_rule *inner; /* improves the tile by the total */
} nmfi_shares_rule;
nmfi_rule nmfi_rule_shares(const nmfi_shares_rule *context);

/* One row's problem min 1/2 x'Gx - p'x, x >= 0, exactly, by block principal pivoting (block_pivoting.c). x:
 * in, a start whose positive entries are guessed free; out, the solution. `work` has room for
 * nmfi_pivot_work_bytes(k), aligned for double; `rounding` is the relative accuracy of G. */
int64_t nmfi_pivot_work_bytes(int64_t k); /* for nmfi_row_solve too */
void nmfi_pivot(const double *gram, const double *p, int64_t k, double rounding, double *x,
                void *work);

#endif
