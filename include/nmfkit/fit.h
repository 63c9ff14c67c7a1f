/* Learning and using additive parts: fit, transform, reconstruct, and PCA to compare with.
 *
 * All functions are thread-safe for distinct outputs, take their working memory before the first
 * pass over X, and leave *output NULL on failure. Example: examples/faces.c. */
#ifndef NMFKIT_FIT_H
#define NMFKIT_FIT_H

#include <nmfkit/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* NMF: minimizes over W, H >= 0
 *
 *   D(X || W H) + a_W l1 n ||W||_1 + a_H l1 m ||H||_1
 *                       + 1/2 a_W (1 - l1) n ||W||_F^2 + 1/2 a_H (1 - l1) m ||H||_F^2
 *
 * (a penalty on one of W and H alone has no minimum, and is refused but for the solvers cd and mu)
 *
 * with D of options.loss: half the squared Frobenius distance, or a divergence (options.h). X is
 * m x n, any dtype and strides, and is read in place. options NULL means defaults (but k is
 * required). The result does not depend on the number of threads or the block size.
 *
 * Components come by their share (nmf_model_component_shares) before the last solution for W, largest first; neighbours whose
 * shares differ by less than 0.2 % come by the mean place of their entries in a row of H. So the order
 * hangs neither on the kernels nor on how X is stored. The order stays the start's where there is
 * one (init custom), where bounds or known parts say which component is which (those come first, the
 * others by their share), and with the solvers cd and mu, which follow scikit-learn. Of several
 * starts the first wins, unless a later one is better by more than rounding and the iterations'
 * end make of one minimum.
 *
 * A divergence's report: error = sqrt(2 D), relative_error = D / D(X || r c' / s), r, c and s the row,
 * column and total sums of X. beta <= 0 needs entries > 0. Zeros count fully where beta > 0.
 *
 * Cost: Frobenius: one reading of X and 4 m n k flops an iteration, plus (m + n) k^2 a sweep; in a sketch
 * (options.sketch) 4 (m + n) r k and no reading. Kullback-Leibler: two passes and 12 m n k; others: two passes, 8
 * to 12 m n k and powers, and 2 m n k^2 for a Newton step of each row and column. Of a sparse X its stored entries
 * take the place of m n.
 *
 * Working memory beside X and the model, in numbers of 4 or 8 bytes (options.precision); n is the side along which X is
 * stored, the features of a row-major one, and T the threads:
 *   3 k (m + n)            both factors; 4 k (m + n) with several starts
 *   s max(k, r) n          sums over runs of rows that wait for their neighbours, of a dense X, unless a divergence is
 *                          fitted without a sketch: s = R + T log2(slots / R) with R = 1 for one thread, else the power
 *                          of two from 4 T on; slots, the most R can be, are the power of two below m / 1024, at least 4,
 *                          at most 32, and beyond that below m / 4096. Where X is stored by columns the last reading
 *                          goes by rows, with s k n of its own
 *   (s + l) max(k, r)^2    in 8 bytes each, their Gram matrices, l = log2(slots) + 1 and s of the longer side
 *   2 r (m + n) + k n      a sketch of r columns, and what is fitted in it: about 3.5 k, for a divergence 2.5 k; a
 *                          start from singular triplets without one: r (m + n), r = k + 10
 *   2 max(k, r) max(m, n)  of a sparse X, and its stored entries once more, each with its index
 *   k max(m, n)            of a divergence, and for each thread strips of 16 rows of X and two arrays like them, of both
 *                          sides where zeros are wanted: 48 T (m + n)
 * Where sums of all columns of a sketch would take more than 64 MB, of a dense X in memory and in one process, the sketch
 * reads X twice as often, the second time a span of columns after the other, with R from 2 T on; and with one start the
 * sketch and what comes after it lie in one place: k (m + n) + max(s k n + 2 k (m + n), 2 r (m + n) + k n).
 * And for a divergence of a dense X that is read along both sides (all solvers but jmm and incremental) X once more, in
 * its own type; in f64 for a dense X of at most 250,000 entries that has no sketch, under the Frobenius loss, 4 m n bytes. options.memory_limit_bytes makes s, the threads and what stays in memory less.
 * Errors: ARGUMENT, SHAPE, DATA (nmf_matrix_validate), MEMORY, UNSUPPORTED.
 * Source: Gillis & Glineur 2012 (HALS with inner sweeps); Cichocki & Phan 2009; Fevotte & Idier
 * 2011 (multiplicative updates); Kim & Park 2011 (the minimum of a row's quadratic model, by
 * pivoting); examples: examples/notes.c, examples/signatures.c. */
NMF_API NMF_MUST_CHECK nmf_status nmf_fit(const nmf_matrix *X, const nmf_options *options,
                                          nmf_model **model, nmf_error *error);

/* PCA: the k leading right singular vectors of X - 1 mean'. whiten scales the scores to unit
 * variance (W = U sqrt(m - 1)). X may have any finite entries. Working memory beside X and the model: with
 * r = k + 10 (at most the smaller side) r (m + n) numbers and sums of runs as those of nmf_fit, s r n; where the
 * Gram matrix of the smaller side l is taken instead (options.pca_solver) m n + l^2 + l k numbers of 8 bytes. Errors as nmf_fit, and ARGUMENT if k
 * > min(samples, features). Source: Halko, Martinsson & Tropp 2011 (randomized). */
NMF_API NMF_MUST_CHECK nmf_status nmf_pca(const nmf_matrix *X, const nmf_options *options,
                                          nmf_model **model, nmf_error *error);

/* W for the rows of X with the model's H: for NMF each row's own problem (least squares, or its
 * divergence) solved to its end, whatever tol is, so a row's answer does not depend on the other rows of
 * the batch, and transform of the fitted X is the fit's own W (not for the solvers cd and mu, whose
 * W is left as their rule makes it; where beta is below 1 or above 2 a row may have several
 * minima); for PCA (X - 1 mean') H' (whitened if the model is). Reads alpha_W, l1_ratio and threads
 * of options (NULL: the model's own). *W is new, row-major, of the model's precision, owned by the caller.
 * X is weighed as the model's own data were (options.weighting of its fit), from a copy.
 * Where X and the model have feature names, columns are matched by them (options.match): put into
 * the model's order, surplus ones left out; features that X lacks are refused by name, or taken as
 * options.missing_features says. So a copy of X is read, unless names and order are the model's.
 * Cost: one reading of X, 2 m n k flops and each row's own solution. Working memory beside X and *W: k (m + n) numbers,
 * where a divergence decides k n and 48 T n more (T threads), and the copies that are named above.
 * Errors: SHAPE (columns other than the model's features), DATA. */
NMF_API NMF_MUST_CHECK nmf_status nmf_transform(const nmf_model *model, const nmf_matrix *X,
                                                const nmf_options *options, nmf_matrix **W,
                                                nmf_error *error);

/* The same W as a matrix whose rows are solved for whenever they are asked for, so that neither X nor W need
 * be in memory: nmf_io_write writes it as it goes. Model and X must outlive *W; options are copied. Errors of
 * rows come when those are asked for. */
NMF_API NMF_MUST_CHECK nmf_status nmf_transform_on_demand(const nmf_model *model,
                                                          const nmf_matrix *X,
                                                          const nmf_options *options,
                                                          nmf_matrix **W, nmf_error *error);

/* How the columns of X stand to the features of a model: what nmf_transform will do with them. */
typedef struct nmf_feature_match {
    nmf_match how;               /* NAME: by name; POSITION: in their order */
    int data_named, model_named; /* whether the one and the other have feature names */
    int reordered;               /* columns stand in another order than the model's */
    int64_t shared;              /* features that both have */
    int64_t missing, surplus;    /* that X lacks; that the model does not know, and leaves out */
} nmf_feature_match;

/* Pairs as nmf_transform does (options NULL: the model's own; match and missing_features count),
 * for whoever wants to say what it will do. Errors: as nmf_transform where features do not fit. */
NMF_API NMF_MUST_CHECK nmf_status nmf_match_features(const nmf_model *model, const nmf_matrix *X,
                                                     const nmf_options *options,
                                                     nmf_feature_match *match, nmf_error *error);

/* W for the rows of X with components that come from no model: H is k x features, finite and >= 0,
 * of any type and layout, and read. Minimizes each row's D(x || w H) + penalties as nmf_transform
 * does. Of options (NULL: defaults) the loss, beta, alpha_W, l1_ratio, precision (auto: H's),
 * weighting (not TFIDF, whose idf only a model has), threads, block_rows and memory_limit count; k
 * is 0 or H's rows. *W is new, samples x k, row-major, the caller's. Errors: ARGUMENT, SHAPE
 * (columns other than H's), DATA (entries of H or X), MEMORY. Thread-safe. */
NMF_API NMF_MUST_CHECK nmf_status nmf_transform_with(const nmf_matrix *H, const nmf_matrix *X,
                                                     const nmf_options *options, nmf_matrix **W,
                                                     nmf_error *error);

/* W H (PCA: un-whitened, plus the mean) for W of nmf_transform, or the model's own W if W is NULL. Columns of W that
 * are named by component (a row name of H, or a number from 0 or from 1) are taken by name.
 * *X is new, row-major, of the model's precision, with H's feature names and image shape. Cost: 2 m n k flops; no working
 * memory beside it. */
NMF_API NMF_MUST_CHECK nmf_status nmf_reconstruct(const nmf_model *model, const nmf_matrix *W,
                                                  nmf_matrix **X, nmf_error *error);

/* The arithmetic this process uses and why, "avx2: the processor has AVX2 and FMA": for `nmf
 * info`. */
typedef struct nmf_kernel_info {
    char name[16];
    char reason[128];
    int64_t vector_bytes;
    int64_t processors;
} nmf_kernel_info;
NMF_API nmf_kernel_info nmf_kernel(void);

/* Bytes of memory that this process may use: the machine's, or fewer where its control group or a limit of
 * its own (ulimit -v, -d) says so. Data that take more than three quarters of them are left on disk by
 * nmf_io_read, and what is learned from those is learned within as much. */
NMF_API int64_t nmf_memory_bytes(void);

/* A new file for what does not fit into memory: empty, without a name, and so gone with its descriptor, however the
 * process ends. It lies in the directory that NMFKIT_SCRATCH names, else TMPDIR, else /var/tmp, which *where becomes
 * (until the environment changes). Returns the descriptor, which the caller closes; -1 with errno where there can be
 * none. Thread-safe as long as nobody changes the environment. */
NMF_API int nmf_scratch_file(const char **where);

#ifdef __cplusplus
}
#endif
#endif
