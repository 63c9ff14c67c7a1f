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

typedef enum nmf_io_header {
    NMF_IO_HEADER_AUTO = 0,
    NMF_IO_HEADER_YES = 1,
    NMF_IO_HEADER_NO = 2
} nmf_io_header;

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
    /* The format's name (nmf_io_formats lists them) where neither content nor extension tell; NULL:
     * they do. */
    const char *format;
    /* Tables (.csv, .tsv and other delimited text). NULL and 0: found out from the records. */
    nmf_io_header header;  /* whether the first record has names */
    const char *index;     /* the column of sample names: its name, its number from 1, or "none" */
    const char *delimiter; /* one character, "tab" or "space" (any run of blanks) */
    const char *decimal;   /* "." or "," */
    const char *comment;   /* lines that begin with this text are left out */
    int is_long;           /* 1: one entry a line: sample, feature, value */
    /* Cells x genes (.h5ad, cellranger's): features of this type; "all"; NULL: genes, where there
     * are several types. */
    const char *feature_type;
    /* Formats that do not say how many features there are (SVMlight, LDA-C, bags of words): at
     * least so many. 0: up to the largest that occurs. nmf_io_read_like sets both. */
    int64_t features;
    int first_index; /* of SVMlight's features: 1 for 0, 2 for 1; 0: 0 where a 0 occurs, else 1 */
    /* Gets a sentence for each thing that reading decided: which variable, which delimiter, what
     * was left out. Called from the thread that reads. NULL: nobody listens. */
    void (*note)(const char *sentence, void *context);
    void *note_context;
    /* Data of more bytes than these stay on disk and are read whenever rows are asked for, where the format
     * allows for it: .npy and stored members of .npz, compressed rows, pictures; what a text holds
     * goes into a scratch file. 0: three quarters of the memory there is for this
     * process; negative: none stay. */
    int64_t most_bytes;
    /* Of data on disk: called after each reading with the bytes read so far, from whichever thread read,
     * as long as the matrix lives. NULL: nobody watches. */
    void (*watch)(int64_t bytes, void *context);
    void *watch_context;
    /* What an array of one dimension is (.npy, members of .npz): 1: one row, for what is one number for each row or
     * column of something else, as weights are; 0: refused, since it may be a sample as well as a feature. */
    int vectors;
} nmf_io_read_options;

static inline nmf_io_read_options nmf_io_read_init(void)
{
    nmf_io_read_options defaults = {sizeof(nmf_io_read_options),
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    0,
                                    NULL,
                                    NULL,
                                    NULL,
                                    NULL,
                                    NMF_IO_HEADER_AUTO,
                                    NULL,
                                    NULL,
                                    NULL,
                                    NULL,
                                    0,
                                    NULL,
                                    0,
                                    0,
                                    NULL,
                                    NULL,
                                    0,
                                    NULL,
                                    NULL,
                                    0};
    return defaults;
}
#define NMF_IO_READ_INIT nmf_io_read_init()

/* Reads a matrix from `path`: .npy, .npz or .mat (one array; "file.npz:name" chooses), .csv/.tsv, a
 * picture, a directory of pictures, or a text file listing pictures. Sparse: .mtx and SciPy's .npz
 * (csr, csc, coo), cells x genes from .h5ad (X, or "file.h5ad:layers/NAME"), cellranger's .h5 and
 * folders, bags of words (docword.NAME.txt with vocab.NAME.txt), SVMlight; texts and .npy
 * packed or not (gzip, xz, Zstandard).
 * Applied in this order: transpose, names, image shape and order, shuffle. options NULL: defaults.
 * *matrix is the caller's. Errors: FILE, FORMAT (with the place in the file), UNSUPPORTED, SHAPE,
 * MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_read(const char *path, const nmf_io_read_options *options,
                                              nmf_matrix **matrix, nmf_error *error);

/* The names of the formats that nmf_io_read_options.format takes, "npy, npz, mat, ...". */
NMF_API const char *nmf_io_formats(void);

/* Reads new data as wide as the model's: sets `features`, and `first_index` from the names that a
 * model of SVMlight data has. Does nothing to other formats. */
NMF_API void nmf_io_read_like(nmf_io_read_options *options, const nmf_model *model);

/* The same for several paths: pictures, or directories of pictures, one matrix. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_read_list(const char *const *paths, int64_t count,
                                                   const nmf_io_read_options *options,
                                                   nmf_matrix **matrix, nmf_error *error);

/* Writes by extension: .npy, .npz (member "X" and names; a sparse matrix as SciPy's save_npz does,
 * and names), .mtx, .csv, .tsv, .mat (variable "X"), all but .npz and .mat also packed (.csv.gz,
 * .npy.xz, .mtx.zst), or, for matrices with an image shape, a directory path ending in '/' (one PNG a row). Formats that have no other way get a sparse
 * matrix with all its entries. The file is written to a temporary name beside it, synced and
 * renamed. Errors: FILE, UNSUPPORTED (unknown extension), MEMORY (all entries would be too many).
 */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_write(const nmf_matrix *matrix, const char *path,
                                               nmf_error *error);

/* The same in the format of that extension ("csv", "npy", ...), whatever the path's is; to a pipe or a
 * terminal too, "/dev/stdout" say, into which a finished file is copied. Errors: also ARGUMENT (no such format). */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_write_as(const nmf_matrix *matrix, const char *path,
                                                  const char *format, nmf_error *error);

/* The names of the formats that nmf_io_write_as takes, "npy, npz, csv, ...". */
NMF_API const char *nmf_io_write_formats(void);

/* Writes `text` (UTF-8, ended by a zero) as it is. Written as nmf_io_write. Errors: ARGUMENT, FILE,
 * MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_write_text(const char *path, const char *text,
                                                    nmf_error *error);

/* A number of bytes as people say it, "340 MB" or "12.3 GB", three digits of it, in units of 1000; returns
 * `text`. No errors; may be called from any thread. */
enum { NMF_IO_SIZE_TEXT = 32 };
NMF_API const char *nmf_io_size_text(double bytes, char text[NMF_IO_SIZE_TEXT]);

/* Whether nmf_io_write knows the extension of `path` (1, 0), so that a long computation need not end
 * with a name that it cannot be written under. Looks at no file. */
NMF_API int nmf_io_can_write(const char *path);

/* What nmf_io_write keeps beside the numbers in a file of this name, or in this format ("csv"): NMF_IO_KEEPS_ bits;
 * -1 where it does not know the extension. Looks at no file. */
enum {
    NMF_IO_KEEPS_NAMES =
        1, /* of samples and features; in a folder of pictures those of samples name the files */
    NMF_IO_KEEPS_LABELS = 2,
    NMF_IO_KEEPS_IMAGE_SHAPE = 4
};
NMF_API int nmf_io_keeps(const char *path);

/* Removes the temporary files of everything that is being written at the moment. For the handler of
 * a signal that ends the process: may be called there, and whatever is written afterwards fails. */
NMF_API void nmf_io_remove_temporaries(void);

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

/* Processes that have rows of a matrix which the first one reads or writes (nmfkit/spread.h): gives them, and writes them
 * into the file where this process sees it, until the first one calls nmf_spread_end. A process that cannot write says
 * so to the first one, whose writing then fails. Returns at once where `own` is not spread. */
NMF_API void nmf_io_spread_serve(const nmf_matrix *own);

/* 1 if the file at `path` is a model file (an .npz with manifest.json), 0 if not or unreadable. */
NMF_API int nmf_io_is_model(const char *path);

/* The same, for whoever must know whether the answer 0 is only because memory is out. Errors:
 * ARGUMENT, MEMORY; a file that cannot be read is no model. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_recognise_model(const char *path, int *is_model,
                                                         nmf_error *error);

/* Rows that come one after the other, from a pipe or a file that is read once: an .npy (2 dimensions, or
 * pictures in 3) or text, numbers between tabs, commas, semicolons or blanks, one sample a line; a first line
 * that is no numbers has the features' names, and lines that begin with # are left out. For nmf_online_push. */
typedef struct nmf_io_rows nmf_io_rows;

/* `path`, or standard input for "-". `stop` (may be NULL) is asked while rows are waited for, some five times a
 * second; non-zero is taken as the end of them. Errors: FILE, FORMAT, UNSUPPORTED, SHAPE, MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_rows_open(const char *path, int (*stop)(void *context),
                                                   void *context, nmf_io_rows **rows,
                                                   nmf_error *error);
NMF_API int64_t nmf_io_rows_columns(const nmf_io_rows *rows);
NMF_API int64_t nmf_io_rows_bytes(const nmf_io_rows *rows); /* read so far */
/* The next ones, at most `most`, as a new matrix of the caller's; *X is NULL at their end. Errors: FILE, FORMAT
 * (with the line or row), MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_rows_next(nmf_io_rows *rows, int64_t most, nmf_matrix **X,
                                                   nmf_error *error);
NMF_API void nmf_io_rows_close(nmf_io_rows *rows); /* NULL is fine */

/* A fit's checkpoint in a file (nmfkit/checkpoint.h): at any time the last one that was written whole.
 *
 *     nmf_io_checkpoint_options wishes = NMF_IO_CHECKPOINT_INIT;
 *     wishes.path = "faces.checkpoint";
 *     status = nmf_io_checkpoint_open(&wishes, &file, &error);
 *     options.checkpoints = nmf_io_checkpoint_hook(file);
 *     status = nmf_fit(X, &options, &model, &error);
 *     if (status == NMF_OK && the fit has ended) nmf_io_checkpoint_remove(file);
 *     nmf_io_checkpoint_close(file);
 *
 * `path`: where it is kept. `resume`: the checkpoint that the fit goes on from (it may be `path`, and is
 * where `path` is NULL), or NULL. A file at `path` that the fit does not go on from is not replaced.
 * While it is open no other process may keep one there: PATH.lock tells them. Of processes that share fits
 * (nmfkit/comm.h) all open it, and the first one has the file. */
typedef struct nmf_io_checkpoint nmf_io_checkpoint;
typedef struct nmf_io_checkpoint_options {
    size_t struct_bytes;
    const char *path, *resume;
    double every_seconds;
    /* Whether one is wanted now, beside those that time brings; NULL: never. */
    int (*wanted)(void *context);
    void *wanted_context;
    /* Gets a sentence where one could not be written (a full disk): the fit goes on, and the one
     * before stays. NULL: that ends the fit. */
    void (*note)(const char *sentence, void *context);
    void *note_context;
} nmf_io_checkpoint_options;

static inline nmf_io_checkpoint_options nmf_io_checkpoint_init(void)
{
    nmf_io_checkpoint_options defaults = {
        sizeof(nmf_io_checkpoint_options), NULL, NULL, 60.0, NULL, NULL, NULL, NULL};
    return defaults;
}
#define NMF_IO_CHECKPOINT_INIT nmf_io_checkpoint_init()

/* Errors: ARGUMENT (no path, a negative time), FILE (another run keeps its checkpoint there, a file is
 * there already, `resume` cannot be read, the folder cannot be written), MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_checkpoint_open(const nmf_io_checkpoint_options *options,
                                                         nmf_io_checkpoint **file,
                                                         nmf_error *error);
/* For options.checkpoints; lives as long as the file is open. */
NMF_API const nmf_checkpoints *nmf_io_checkpoint_hook(const nmf_io_checkpoint *file);
/* How many were written. */
NMF_API int64_t nmf_io_checkpoint_count(const nmf_io_checkpoint *file);
/* The fit has ended: there is nothing to go on with. Takes away what is at the path, whether this fit
 * wrote it or went on from it. */
NMF_API void nmf_io_checkpoint_remove(nmf_io_checkpoint *file);
NMF_API void nmf_io_checkpoint_close(nmf_io_checkpoint *file); /* NULL is fine */

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

/* parts: samples x features u8 of any size, which take no memory: rows are made whenever they are asked
 * for. Each is a mixture of `rank` smooth parts with a little noise, the same ones for a seed. Errors:
 * ARGUMENT, MEMORY. */
NMF_API NMF_MUST_CHECK nmf_status nmf_io_generate_parts(int64_t samples, int64_t features,
                                                        int64_t rank, uint64_t seed,
                                                        nmf_matrix **matrix, nmf_error *error);

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
