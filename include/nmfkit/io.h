/* Reading and writing what users have: matrices, pictures, models, generated and fetched data.
 * Library libnmfkit-io. A file is recognised by its content, then by its extension. */
#ifndef NMFKIT_IO_H
#define NMFKIT_IO_H

#include <nmfkit/matrix.h>
#include <nmfkit/model.h>
#include <nmfkit/select.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a file is read; zero everywhere (NMF_IO_READ_INIT) is the default. */
typedef struct nmf_io_read_options {
    size_t struct_bytes;
    int64_t image_height,
        image_width;        /* pictures' shape where the file cannot know it; 0: from the file */
    int image_order_column; /* 1: a row's pixels run down the picture's columns (MATLAB) */
    int transpose;          /* 1: the file's rows are features */
    int shuffle;            /* 1: permute samples as NumPy's RandomState(shuffle_seed) does */
    uint32_t shuffle_seed;
    /* Names from files of their own, one a line (.gz too) or an .npy, in place of those that the
     * file itself has; NULL: none. */
    const char *sample_names, *feature_names, *labels;
} nmf_io_read_options;

static inline nmf_io_read_options nmf_io_read_init(void)
{
    const nmf_io_read_options defaults = {
        sizeof(nmf_io_read_options), 0, 0, 0, 0, 0, 0, NULL, NULL, NULL};
    return defaults;
}
#define NMF_IO_READ_INIT nmf_io_read_init()

/* Reads a matrix from `path`: .npy, .npz or .mat (one array; "file.npz:name" chooses), .csv/.tsv, a
 * picture, a directory of pictures, or a text file listing pictures. Sparse: .mtx and SciPy's .npz
 * (csr, csc, coo), cells x genes from .h5ad (X, or "file.h5ad:layers/NAME"), cellranger's .h5 and
 * folders, bags of words (docword.NAME.txt with vocab.NAME.txt), SVMlight; texts gzipped or not.
 * Applied in this order: transpose, names, image shape and order, shuffle. options NULL: defaults.
 * *matrix is the caller's. Errors: FILE, FORMAT (with the place in the file), UNSUPPORTED, SHAPE,
 * MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_read(const char *path, const nmf_io_read_options *options,
                                              nmf_matrix **matrix, nmf_error *error);

/* The same for several paths: pictures, or directories of pictures, one matrix. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_read_list(const char *const *paths, int64_t count,
                                                   const nmf_io_read_options *options,
                                                   nmf_matrix **matrix, nmf_error *error);

/* Writes by extension: .npy, .npz (member "X" and names; a sparse matrix as SciPy's save_npz does,
 * and names), .mtx, .mtx.gz, .csv, .tsv, .mat (variable "X"), or, for matrices with an image shape,
 * a directory path ending in '/' (one PNG a row). Formats that have no other way get a sparse
 * matrix with all its entries. The file is written to a temporary name beside it, synced and
 * renamed. Errors: FILE, UNSUPPORTED (unknown extension), MEMORY (all entries would be too many).
 */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_write(const nmf_matrix *matrix, const char *path,
                                               nmf_error *error);

/* Writes `text` (UTF-8, ended by a zero) as it is. Written as nmf_io_write. Errors: ARGUMENT, FILE,
 * MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_write_text(const char *path, const char *text,
                                                    nmf_error *error);

/* Gives `matrix` names from a file of their own: one a line (.gz too; of tab-separated cells the
 * first), or an .npy of texts or integers. Errors: FILE, FORMAT, SHAPE (not one for each row or
 * column), MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_read_names(const char *path, nmf_matrix *matrix,
                                                    nmf_names which, nmf_error *error);

/* Writes an .npz with the arrays shares (samples x components), component (one for each sample),
 * and the names and labels that `shares` has. Written as nmf_io_write. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_write_shares(const nmf_matrix *shares,
                                                      const int64_t *components, const char *path,
                                                      nmf_error *error);

/* The model file: an .npz that numpy.load opens, with manifest.json inside. Written as
 * nmf_io_write. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_save_model(const nmf_model *model, const char *path,
                                                    nmf_error *error);
NMF_API NMF_MUST_CHECK nmf_status nmf_io_load_model(const char *path, nmf_model **model,
                                                    nmf_error *error);

/* 1 if the file at `path` is a model file (an .npz with manifest.json), 0 if not or unreadable. */
NMF_API int nmf_io_is_model(const char *path);

/* The manifest as JSON text (also the core of `--json`); free() it. NULL only when memory is
 * out. */
NMF_API char *nmf_io_model_json(const nmf_model *model);

/* The answer of nmf_rank as JSON text, with all that is needed to go on from it; free() it. NULL only when
 * memory is out. Fields: kind "rank"; loss, folds, repeats, starts, ...; ranks, an array of {k, error,
 * loss, difference, se, p_best, stability (worst silhouette), mean_silhouette, returning, in_set, stable,
 * ...}; best, predictive, set, stable, at_edge, has_structure, agree; verdict, stability, advice in words.
 * nmf_io_read_rank reads it back. Errors: FILE, FORMAT, ARGUMENT, MEMORY. */
NMF_API char *nmf_io_rank_json(const nmf_rank_result *result);
NMF_API NMF_MUST_CHECK nmf_status nmf_io_read_rank(const char *path, nmf_rank_result **result,
                                                   nmf_error *error);

/* Built-in data. faces: 400 x 4096 u8, 40 people x 10 variations of light, pose, expression,
 * glasses and hair, deterministic from `seed`, labels "person-01".. ; swimmer: 256 x 1024 u8
 * (Donoho & Stodden 2003). */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_generate_faces(uint64_t seed, nmf_matrix **matrix,
                                                        nmf_error *error);
NMF_API NMF_MUST_CHECK nmf_status nmf_io_generate_swimmer(nmf_matrix **matrix, nmf_error *error);

/* The permutation of 0..count-1 that numpy.random.RandomState(seed).permutation(count) gives
 * (MT19937, legacy bounded integers). `order` has `count` entries, the caller's. */
NMF_API void nmf_io_numpy_permutation(uint32_t seed, int64_t count, int64_t *order);

/* Downloads the Olivetti faces as scikit-learn's fetch_olivetti_faces does, verifies the checksum,
 * and writes an upright u8 400 x 4096 olivetti.npz into the cache, with the pictures' shape and the
 * labels "person-01" to "person-40", ten faces each. */
typedef struct nmf_io_fetch_options {
    size_t struct_bytes;
    const char *url;    /* NULL: the published address */
    const char *sha256; /* NULL: the published checksum, 64 hex digits */
    const char *from;   /* a local .mat instead of the network, or NULL */
    const char *output; /* NULL: nmf_io_cache_path("olivetti.npz") */
    /* bytes done and total (-1 if unknown); non-zero stops. May be NULL. */
    int (*progress)(int64_t done, int64_t total, void *context);
    void *progress_context;
} nmf_io_fetch_options;
NMF_API NMF_MUST_CHECK nmf_status nmf_io_fetch_olivetti(const nmf_io_fetch_options *options,
                                                        nmf_error *error);

/* Where fetched data lives: $XDG_CACHE_HOME/nmfkit/NAME or ~/.cache/nmfkit/NAME. free() it.
 * Errors: FILE when neither variable is set. Does not create or look for anything. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_cache_path(const char *name, char **path,
                                                    nmf_error *error);

#ifdef __cplusplus
}
#endif
#endif
