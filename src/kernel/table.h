/* The kernel table: arithmetic on one block, for one compute type and one instruction set.
 *
 * Factors are component-major: component j of sample or feature i is F[j * ld + i], so that 16 or
 * more neighbours lie together in one vector. ld is a multiple of NMFI_LANES_MIN and what pads a
 * row is zero. Element types: T is the table's compute type; the block of X has its own storage
 * type and is converted in registers. Kernels are pure: no memory of their own, no errors, no
 * threads. The sum behind each output element is taken in an order that depends on the shape alone,
 * so a row's result does not depend on which rows are beside it. */
#ifndef NMFI_KERNEL_TABLE_H
#define NMFI_KERNEL_TABLE_H

#include <stdint.h>

enum { NMFI_LANES_MIN = 16, NMFI_LANES_MAX = 64 };

/* The longest chain of additions in the sum of a sparse line, in indices; a power of two. */
enum { NMFI_CHAIN_SPAN = 8192 };

/* Rows of X, columns side by side. */
typedef struct nmfi_rows {
    const void *data;
    int64_t row_stride; /* elements */
    int64_t rows, columns;
} nmfi_rows;

/* Sparse lines (rows of X, or columns): entry e of line i, pointers[i] <= e < pointers[i + 1], is
 * values[e] at indices[e]. */
typedef struct nmfi_lines {
    const int64_t *pointers;
    const void *indices, *values;
} nmfi_lines;

/* The stride of packed rows: k rounded up so that they are read in whole vectors. */
static inline int64_t nmfi_packed_stride(int64_t k)
{
    return (k + 7) / 8 * 8;
}

/* One tile for the HALS kernel: up to NMFI_LANES_MAX rows solved together. All arrays are
 * component-major; see hals.inc for the formula. */
typedef struct nmfi_hals {
    void *x; /* in: the start, out: the result; k x lanes, stride ldx */
    int64_t ldx;
    void *older, *ahead; /* solve: work, each like x */
    const void *p;       /* k x lanes products, stride ldp */
    int64_t ldp;
    const void *gram;    /* k x k, T, the L2 penalty on its diagonal */
    const void *inverse; /* k, T: 1 / gram diagonal, 0 where a component is dead */
    double l1;           /* subtracted from p */
    int64_t k, lanes;
    /* lower <= x <= upper, k x lanes like x with stride ldb, equal where x is fixed. NULL: 0 and infinity.
     * Padding lanes have 0 for both, or 0 and infinity. */
    const void *lower, *upper;
    int64_t ldb;
    int64_t sweeps; /* at most */
    /* hals stops when a sweep lowers the objective by <= accuracy^2 * what the first did, or by
     * what rounding alone could; solve leaves a lane when its projected gradient, over components
     * that live, is <= accuracy * its products. */
    double accuracy;
    /* Out, added to: */
    double decrease; /* of the objective 1/2 x'Gx - (p - l1)'x, summed over lanes, exact */
    double
        violation; /* sum of |projected gradient| met in the first sweep (scikit-learn's measure) */
    double sweeps_done;
    /* `solve` asks after each round and leaves the rest unsolved where this says so; NULL: it never does. */
    int (*enough)(void *context);
    void *context;
} nmfi_hals;

/* One row of a factor that does not see `count` entries of its line of X: see own.inc. */
typedef struct nmfi_own_row {
    const void *F;     /* the other factor by rows (kernel `pack`), zeros behind its k components */
    int64_t k, stride; /* whole vectors: a multiple of NMFI_LANES_MIN */
    const int32_t *indices; /* of the entries; what they are in the X that p was made with, T */
    const void *values;
    int64_t count;
    const void *gram; /* k x k, T: as if all were seen */
    void *G;          /* out: k x stride, of which the lower triangle is it */
    void *inverse;    /* out: 1 / G[j,j] at j NMFI_LANES_MIN, 0 where that is 0 */
    void *p;          /* in and out: the row's products, k with stride ldp */
    int64_t ldp;
    double least; /* of the shared diagonal: less of it is rounding for the most part */
} nmfi_own_row;

/* Some rows of X beside their model V = x'F, for the beta-divergence. Panels (V, R, S) are rows x
 * columns of T; their rows have room for whole vectors. */
typedef struct nmfi_ratio {
    const nmfi_rows *X;
    double scale; /* what X is multiplied by */
    double beta;
    double least, instead; /* a model entry not above `least` is taken as `instead` to divide by */
    double ignored;        /* entries of X not above it have no logarithm */
    const void *x;         /* k x rows, stride ldx */
    int64_t ldx;
    const void *F; /* k x columns, padded with zeros to ldf */
    int64_t ldf, k;
    void *V;
    int64_t ldv;
    void *R, *S; /* X V^(beta - 2) and V^(beta - 1); S NULL: not wanted */
    int64_t ldr;
} nmfi_ratio;

/* Up to NMFI_LANES_MAX rows of a factor in a divergence's half step: the point x and the two
 * parts of its gradient, all k x lanes with stride ld. One lane with ld 1, for the kernels scd and strip_measure: a
 * row alone, of no more memory than its k components. */
typedef struct nmfi_strip {
    void *x;
    const void *num, *den; /* R F' and S F' */
    int64_t k, lanes, ld;
    double l1, l2;             /* the gradient is den + l1 + l2 x - num */
    const void *lower, *upper; /* of x, likewise with stride ld; NULL: 0 and infinity */
} nmfi_strip;

/* One row of X for coordinate descent under the Kullback-Leibler divergence: see scd.inc.
 * Its entries a may leave zeros out. Arrays over entries are padded with zeros to whole vectors. */
typedef struct nmfi_scd {
    const void *a, *B; /* entries, T; k x ldb: the other factor beside them */
    void *v;           /* the model x'B; in: at x, out: near the result */
    int64_t count, ldb, k;
    void *x; /* k, stride ldx: in: the start, out: the result */
    int64_t ldx;
    const void *lower, *upper; /* of x, likewise; NULL: 0 and infinity */
    const void *num;           /* likewise: sum_e B_je a_e / v_e at the start; NULL: not known */
    const double *F_sums;      /* k */
    double l1, l2, least;      /* a model entry that is less is taken as that to divide by */
    double
        concordance; /* 1 / sqrt(least positive entry): no step raises the divergence; 0: Newton */
    double accuracy; /* stop when a sweep changes less of the model's sum, relatively */
    int64_t sweeps;
    int32_t *active; /* work: k */
} nmfi_scd;

/* Lines that may take their steps in turn, and, where a line holds entries alone, how many entries these may have
 * together (at most, but for a line alone): beyond that, waiting for each other's steps gains nothing. */
enum { NMFI_LINES_TOGETHER = 4, NMFI_ENTRIES_TOGETHER = 512 };

typedef struct nmfi_scan {
    double sum, sum_of_squares;
    double lowest, highest; /* of the entries that are not NaN */
    int64_t bad; /* rows * columns, or less: an entry is NaN, infinite or (if asked) negative */
} nmfi_scan;

typedef struct nmfi_kernels {
    const char *name; /* "portable", "avx2", "avx512" */
    int64_t vector_bytes;
    int64_t element_bytes; /* of T */

    /* P[j,r] += sum_c X[r,c] F[j,c]: k x rows, stride ldp. F is padded with zeros to ld. */
    void (*products[4])(const nmfi_rows *X, const void *F, int64_t ldf, int64_t k, void *P,
                        int64_t ldp);

    /* Q[j,c] += sum_r R[j,r] X[r,c], rows in order: k x columns, stride ldq. */
    void (*accumulate[4])(const nmfi_rows *X, const void *R, int64_t ldr, int64_t k, void *Q,
                          int64_t ldq);

    /* *total += (scale X[r,c] - sum_j R[j,r] F[j,c])^2 in f64, row by row. `scratch` holds `columns`
     * elements of T. */
    void (*distance[4])(const nmfi_rows *X, const void *R, int64_t ldr, const void *F, int64_t ldf,
                        int64_t k, void *scratch, double scale, double *total);

    /* One reading for validation and norms, of X times `scale`. The last is for i32, stored entries
     * of a sparse matrix. */
    void (*scan[5])(const nmfi_rows *X, int signed_ok, double scale, nmfi_scan *scan);

    /* A factor by rows, as sparse lines, narrow passes and callers read it: rows[i * stride + j] =
     * F[j,i], zeros behind the k components; and back. */
    void (*pack)(const void *F, int64_t ld, int64_t k, int64_t count, void *rows, int64_t stride);
    void (*unpack)(const void *rows, int64_t stride, int64_t k, int64_t count, void *F, int64_t ld);

    /* For lines [begin, end) of X: P[(i - begin) * stride ..] = sum over the line's entries of
     * value * F[index * stride ..], packed rows both; with `add`, beside what P holds: a line cut
     * at multiples of NMFI_CHAIN_SPAN has the bits of the whole. The second index is 1 for 64-bit
     * indices. */
    void (*gather[5][2])(const nmfi_lines *X, int64_t begin, int64_t end, const void *F,
                         int64_t stride, void *P, int add);

    /* The other way: Q[index * stride ..] += value * R[(i - begin) * stride ..] for each entry of lines
     * [begin, end), in order; packed rows both. */
    void (*scatter[5][2])(const nmfi_lines *X, int64_t begin, int64_t end, const void *R,
                          int64_t stride, void *Q);

    /* Sum over the entries of lines [begin, end) of (x - v)^2 - v^2, with x the value times
     * `scale` and v = <row of line i of R, row index of F>, packed rows both; in f64. */
    double (*residual[5][2])(const nmfi_lines *X, int64_t begin, int64_t end, const void *R,
                             const void *F, int64_t stride, double scale);

    /* V, R and S of nmfi_ratio. */
    void (*ratio[4])(const nmfi_ratio *ratio);

    /* totals[r] += the divergence of row r of X from its model V. */
    void (*divergence[4])(const nmfi_ratio *ratio, double *totals);

    /* The same from V[r,c] + steps[r] U[r,c], U a panel of stride ldv; Kullback-Leibler only. */
    void (*divergence_along[4])(const nmfi_ratio *ratio, const void *U, const double *steps,
                                double *totals);

    /* totals[r] += sum_c X U^2 / (V (V + steps[r] U)), U a panel of stride ldv. */
    void (*curvature[4])(const nmfi_ratio *ratio, const void *U, const double *steps,
                         double *totals);

    /* V[r,c] = sum_j x[j,r] F[j,c]: rows x columns, rounded up to whole vectors. */
    void (*model)(const void *x, int64_t ldx, int64_t rows, const void *F, int64_t ldf, int64_t k,
                  int64_t columns, void *V, int64_t ldv);

    /* to[j,c] = F[j,c] weight[c]; both k x count, stride ld. */
    void (*scale_columns)(const void *F, int64_t ld, int64_t k, int64_t count, const void *weight,
                          void *to);

    /* H = F diag(w) F' for the first row, w = (of_R R + of_S S) / V, all of k x k; R becomes w. */
    void (*hessian)(const nmfi_ratio *ratio, double of_R, double of_S, double *H);

    /* Divergences, on a strip of a factor; formulas in strip.inc. Numbers for each lane are f64. */
    void (*strip_measure)(const nmfi_strip *strip, double *pg2, double *ref2);
    void (*strip_residual)(const nmfi_strip *strip, double *residual, double *reference);
    void (*strip_multiply)(const nmfi_strip *strip, double gamma, double no_den, double cut);
    void (*strip_quadratic_rhs)(const nmfi_strip *strip, const void *M, double sum,
                                const double *least, void *p);
    void (*strip_direction)(const nmfi_strip *strip, void *to, double *slope, double *square);
    void (*strip_take_step)(const nmfi_strip *strip, const void *d, const double *steps);
    void (*strip_jmm_weights)(const nmfi_strip *strip, const void *before, double beta, void *of_R,
                              void *of_S);

    /* y = max(n / 10, n + momentum (n - old)), over k x count. */
    void (*extrapolate_positive)(void *y, int64_t ldy, const void *n, int64_t ldn, const void *old,
                                 int64_t ldo, int64_t k, int64_t count, double momentum);

    /* Lines [begin, end) with every entry, zeros included, in T: rows of `columns`. */
    void (*densify[5][2])(const nmfi_lines *X, int64_t begin, int64_t end, int64_t columns,
                          void *to, int64_t stride);

    /* One line: a[e] = value e in T, B[j,e] = F[index_e, j] from packed rows, zeros behind up to a
     * multiple of NMFI_LANES_MIN. Returns how many entries it has. */
    int64_t (*gather_row[5][2])(const nmfi_lines *X, int64_t line, const void *F, int64_t stride,
                                int64_t k, void *B, int64_t ldb, void *a);
    void (*scd)(const nmfi_scd *lines, int64_t count); /* at most NMFI_LINES_TOGETHER */

    /* Where u[c] > 0, c < columns, in order; returns how many there are. */
    int64_t (*observed)(const void *u, int64_t columns, int32_t *indices);

    /* A row of X and the other factor where they count, each times u: a[e] = x[c] u[c] and B[j,e] =
     * F[j,c] u[c] for c = indices[e], e < count (indices NULL: c = e); zeros behind up to a multiple
     * of NMFI_LANES_MIN. Other entries are not read. */
    void (*weigh_row)(const void *x, const void *u, const int32_t *indices, int64_t count,
                      const void *F, int64_t ldf, int64_t k, void *a, void *B, int64_t ldb);

    /* One row beside its model v, all of T: v[c] becomes u[c]^2 (scale x[c] - v[c]); returns the sum of
     * u^2 (scale x - v)^2. */
    double (*weighted_residual)(const void *x, const void *u, int64_t columns, double scale,
                                void *v);

    /* Returns the sum of (u[c] v[c])^2. */
    double (*weighted_squares)(const void *u, const void *v, int64_t columns);

    /* V[c] = sum_j R[j * ldr] F[j,c], one row of the reconstruction, `columns` elements. */
    void (*model_row)(const void *R, int64_t ldr, const void *F, int64_t ldf, int64_t k,
                      int64_t columns, void *V);

    void (*hals)(nmfi_hals *tile);

    /* Each lane to its own accuracy; returns those that did not get there, a bit each. */
    uint64_t (*solve)(nmfi_hals *tile);

    /* G[j,l] += sum_i F[j,i] F[l,i], all of the symmetric k x k, f64. F is padded with zeros. */
    void (*gram)(const void *F, int64_t ld, int64_t k, int64_t count, double *G);

    /* At x: pg2[j] += sum of squared projected gradients of component j, ref2[j] += sum of p[j]^2.
     * Returns the objective 1/2 x'Gx - (p - l1)'x summed over lanes. */
    double (*measure)(const nmfi_hals *tile, double *pg2, double *ref2);

    /* The row's own Gram matrix and products; 1 where a diagonal entry is less than `least`. */
    int (*own_gram)(const nmfi_own_row *row);
    /* Four of these matrices, k x stride each, one after the other, beside each other in lanes: entry (j, l),
     * l <= j, at (j k + l) NMFI_LANES_MIN. */
    void (*own_spread)(const void *matrices, int64_t k, int64_t stride, void *own);
    /* `hals` and `measure` for NMFI_LANES_MIN lanes whose Gram matrices differ: `gram` k x k x NMFI_LANES_MIN, of
     * which (j, l), l <= j, is read; `inverse` k x NMFI_LANES_MIN. A component that a lane sees nothing of becomes the least that it may be. */
    void (*hals_own)(nmfi_hals *tile);
    double (*measure_own)(const nmfi_hals *tile, double *pg2, double *ref2);

    /* y = max(0, n + momentum (n - old)), over k x count. */
    void (*extrapolate)(void *y, int64_t ldy, const void *n, int64_t ldn, const void *old,
                        int64_t ldo, int64_t k, int64_t count, double momentum);

    /* The nearest to x with lower <= x <= upper, in its place, over k x count; where sum > 0 the k entries
     * of each row add up to it. */
    void (*clamp)(void *x, int64_t ldx, const void *lower, const void *upper, int64_t ldb,
                  int64_t k, int64_t count, double sum);

    /* P[j,c] = the sum of Q[s][j, first + c] over `count` arrays of stride ldq, along a tree: once
     * array s is there, merges[s] times the last two sums become one. P is packed, k x lanes. */
    void (*sum_slots)(const void *const *Q, const unsigned char *merges, int64_t count,
                      int64_t first, int64_t ldq, int64_t k, int64_t lanes, void *P);

    /* to[i] += from[i]. */
    void (*add)(void *to, const void *from, int64_t count);

    /* The sum of k x count entries, in f64; to[j * stride] += the squares of row j, in f64; a
     * constant added to a row; a row scaled. */
    double (*sum)(const void *F, int64_t ld, int64_t k, int64_t count);
    void (*squares)(const void *F, int64_t ld, int64_t k, int64_t count, double *to,
                    int64_t stride);
    void (*add_constant)(void *row, int64_t count, double by);
    void (*scale)(void *row, int64_t count, double by);

    /* Conversions at the factors' borders: f64 to T and back. */
    void (*from_f64)(const double *from, void *to, int64_t count);
    void (*to_f64)(const void *from, double *to, int64_t count);
} nmfi_kernels;

#endif
