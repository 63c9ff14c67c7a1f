/* See observed.h. Each file multiplies the weights that stand so far. */
#include "observed.h"

#include "args.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What an entry of a file makes of a weight. */
typedef double meaning(double value);

static double as_weight(double value)
{
    return value;
}

static double as_observed(double value)
{
    return value != 0;
}

static double as_missing(double value)
{
    return value == 0;
}

static double as_uncertainty(double value)
{
    return 1 / (value * value);
}

/* Where a file speaks of the weight of entry (i, j): an entry each, or one for a whole row or column. */
typedef enum extent { EACH_ENTRY, EACH_ROW, EACH_COLUMN } extent;

/* --- a file that lies as DATA does ------------------------------------------------------------- */

/* `selected` takes the place of *file. */
static nmf_status replace(nmf_status status, nmf_matrix **file, nmf_matrix *selected)
{
    if (status != NMF_OK) return status;
    nmf_matrix_free(*file);
    *file = selected;
    return NMF_OK;
}

/* Its rows in the order that the samples were brought into. */
static nmf_status shuffle(uint32_t seed, nmf_matrix **file, nmf_error *error)
{
    const int64_t rows = nmf_matrix_rows(*file);
    nmf_matrix *selected = NULL;
    int64_t *const order = calloc((size_t)rows + 1, sizeof *order);
    if (order == NULL) return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: an order of rows");
    nmf_io_numpy_permutation(seed, rows, order);
    const nmf_status status = nmf_matrix_select(*file, order, rows, &selected, error);
    free(order);
    return replace(status, file, selected);
}

/* Pixels that run down the columns of height x width pictures, row by row. */
static nmf_status order_by_rows(int64_t height, int64_t width, nmf_matrix **file, nmf_error *error)
{
    nmf_matrix *selected = NULL;
    int64_t *const columns = calloc((size_t)(height * width) + 1, sizeof *columns);
    if (columns == NULL)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: an order of pixels");
    for (int64_t p = 0; p < height * width; p++) columns[p % height * width + p / height] = p;
    const nmf_status status =
        nmf_matrix_select_columns(*file, columns, height * width, &selected, error);
    free(columns);
    return replace(status, file, selected);
}

/* Brought into the order that `reading` brought X into; one number for each sample or feature becomes a column or
 * a row. */
static nmf_status read_beside(const nmf_io_read_options *reading, const char *path, extent of,
                              const nmf_matrix *X, nmf_matrix **file, nmf_error *error)
{
    nmf_io_read_options options = NMF_IO_READ_INIT;
    const int64_t height = nmf_matrix_image_height(X), width = nmf_matrix_image_width(X);
    options.transpose = reading->transpose;
    options.vectors = 1;
    nmf_status status = nmf_io_read(path, &options, file, error);
    if (status != NMF_OK) return status;
    const int64_t rows = nmf_matrix_rows(*file), columns = nmf_matrix_columns(*file);
    if ((of == EACH_ROW && rows == 1) || (of == EACH_COLUMN && columns == 1))
        nmf_matrix_transpose(*file);
    if (of != EACH_COLUMN && reading->shuffle) status = shuffle(reading->shuffle_seed, file, error);
    if (status == NMF_OK && of != EACH_ROW && reading->image_order_column && height > 0 &&
        nmf_matrix_columns(*file) == height * width)
        status = order_by_rows(height, width, file, error);
    return status;
}

/* By position a number would count for another entry than its name says. */
static nmf_status check_names(const char *flag, extent of, const nmf_matrix *file,
                              const nmf_matrix *X, nmf_error *error)
{
    const int rows = of != EACH_COLUMN, columns = of != EACH_ROW;
    const struct {
        int asked;
        nmf_names which;
        int64_t count;
    } sides[] = {{rows, NMF_SAMPLE_NAMES, nmf_matrix_rows(X)},
                 {columns, NMF_FEATURE_NAMES, nmf_matrix_columns(X)}};
    for (int s = 0; s < 2; s++)
        for (int64_t i = 0; sides[s].asked && i < sides[s].count; i++) {
            const char *const a = nmf_matrix_name(X, sides[s].which, i);
            const char *const b = nmf_matrix_name(file, sides[s].which, i);
            if (a != NULL && b != NULL && strcmp(a, b) != 0)
                return nmf_fail(error, NMF_ERROR_SHAPE,
                                "%s: %s %lld is '%.80s' in the data and '%.80s' in the file: bring "
                                "them into one order",
                                flag, s == 0 ? "sample" : "feature", (long long)i, a, b);
        }
    return NMF_OK;
}

static nmf_status check_shape(const char *flag, extent of, const nmf_matrix *file,
                              const nmf_matrix *X, nmf_error *error)
{
    const int64_t rows = nmf_matrix_rows(X), columns = nmf_matrix_columns(X);
    const int64_t r = nmf_matrix_rows(file), c = nmf_matrix_columns(file);
    const int64_t wanted = of == EACH_ROW ? rows : columns;
    if (of == EACH_ENTRY ? r == rows && c == columns : r * c == wanted && (r == 1 || c == 1))
        return NMF_OK;
    return of == EACH_ENTRY
               ? nmf_fail(error, NMF_ERROR_SHAPE, "%s is %lld x %lld; the data is %lld x %lld",
                          flag, (long long)r, (long long)c, (long long)rows, (long long)columns)
               : nmf_fail(error, NMF_ERROR_SHAPE,
                          "%s is %lld x %lld; one number for each of %lld %s", flag, (long long)r,
                          (long long)c, (long long)wanted, of == EACH_ROW ? "samples" : "features");
}

static double entry_of(const nmf_matrix *file, extent of, int64_t i, int64_t j)
{
    if (of == EACH_ENTRY) return nmf_matrix_at(file, i, j);
    const int64_t at = of == EACH_ROW ? i : j;
    return nmf_matrix_rows(file) == 1 ? nmf_matrix_at(file, 0, at) : nmf_matrix_at(file, at, 0);
}

/* A file, and what it says. */
typedef struct source {
    const char *flag, *path;
    const nmf_matrix *file;
    extent of;
    meaning *means;
} source;

static nmf_status multiply_entry(const source *from, int64_t i, int64_t j, double *w,
                                 nmf_error *error)
{
    const double value = entry_of(from->file, from->of, i, j), weight = from->means(value);
    if (!(weight >= 0 && isfinite(weight) && value >= 0))
        return nmf_fail(error, NMF_ERROR_DATA, "%s: entry [%lld,%lld] of %s is %g; %s", from->flag,
                        (long long)i, (long long)j, from->path, value,
                        from->means == as_uncertainty ? "uncertainties must be > 0"
                                                      : "weights must be finite and >= 0");
    *w *= weight;
    return NMF_OK;
}

/* Of what a sparse X stores. */
static nmf_status multiply_stored(const source *from, const nmf_matrix *X, double *w,
                                  nmf_error *error)
{
    const nmf_sparse s = nmf_matrix_sparse(X);
    const int64_t lines = s.by_columns ? s.columns : s.rows;
    nmf_status status = NMF_OK;
    for (int64_t line = 0; line < lines && status == NMF_OK; line++)
        for (int64_t e = s.pointers[line]; e < s.pointers[line + 1] && status == NMF_OK; e++) {
            const int64_t index = s.index_bytes == 4 ? ((const int32_t *)s.indices)[e]
                                                     : ((const int64_t *)s.indices)[e];
            status = multiply_entry(from, s.by_columns ? index : line, s.by_columns ? line : index,
                                    &w[e], error);
        }
    return status;
}

static nmf_status multiply(const nmf_io_read_options *reading, const char *flag, const char *path,
                           extent of, meaning *means, const nmf_matrix *X, double *w,
                           nmf_error *error)
{
    nmf_matrix *file = NULL;
    nmf_status status = read_beside(reading, path, of, X, &file, error);
    if (status == NMF_OK) status = check_shape(flag, of, file, X, error);
    if (status == NMF_OK) status = check_names(flag, of, file, X, error);
    const source from = {flag, path, file, of, means};
    const int64_t rows = nmf_matrix_rows(X), columns = nmf_matrix_columns(X);
    if (status == NMF_OK && nmf_matrix_is_sparse(X)) {
        status = multiply_stored(&from, X, w, error);
    } else {
        for (int64_t i = 0; i < rows && status == NMF_OK; i++)
            for (int64_t j = 0; j < columns && status == NMF_OK; j++)
                status = multiply_entry(&from, i, j, &w[i * columns + j], error);
    }
    nmf_matrix_free(file);
    return status;
}

/* --missing: a word, or a file. */
static nmf_missing missing_word(const char *text)
{
    if (text != NULL && strcmp(text, "nan") == 0) return NMF_MISSING_NAN;
    if (text != NULL && strcmp(text, "unstored") == 0) return NMF_MISSING_UNSTORED;
    return NMF_MISSING_NONE;
}

/* Weights of what was observed, all 1: dense, or for each entry that a sparse X stores (its structure, w of its own). */
static nmf_status start_weights(const nmf_matrix *X, nmf_matrix **weights, double **w,
                                nmf_error *error)
{
    const int64_t count = nmf_matrix_stored(X);
    if (!nmf_matrix_is_sparse(X)) {
        const nmf_status status =
            nmf_matrix_new(NMF_F64, nmf_matrix_rows(X), nmf_matrix_columns(X), weights, error);
        if (status != NMF_OK) return status;
        *w = nmf_matrix_writable(*weights);
    } else if (!nmf_matrix_is_in_memory(X)) {
        return nmf_fail(error, NMF_ERROR_UNSUPPORTED,
                        "a sparse X that is not in memory takes no weights");
    } else {
        nmf_sparse s = nmf_matrix_sparse(X);
        *w = malloc(((size_t)count + 1) * sizeof **w);
        if (*w == NULL)
            return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld weights",
                            (long long)count);
        s.values = *w;
        s.dtype = NMF_F64;
        const nmf_status status = nmf_matrix_adopt_sparse(&s, free, *w, weights, error);
        if (status != NMF_OK) return status;
    }
    for (int64_t e = 0; e < count; e++) (*w)[e] = 1;
    return NMF_OK;
}

nmf_status cli_set_observed(const cli_args *args, const nmf_io_read_options *reading, nmf_matrix *X,
                            nmf_error *error)
{
    const nmf_missing word = missing_word(args->missing);
    const struct {
        const char *flag, *path;
        extent of;
        meaning *means;
    } files[] = {
        {"--missing", word == NMF_MISSING_NONE ? args->missing : NULL, EACH_ENTRY, as_missing},
        {"--observed", args->observed, EACH_ENTRY, as_observed},
        {"--weights", args->weights, EACH_ENTRY, as_weight},
        {"--uncertainty", args->uncertainty, EACH_ENTRY, as_uncertainty},
        {"--row-weights", args->row_weights, EACH_ROW, as_weight},
        {"--column-weights", args->column_weights, EACH_COLUMN, as_weight}};
    nmf_matrix *weights = NULL;
    double *w = NULL;
    nmf_status status = word == NMF_MISSING_NONE ? NMF_OK : nmf_matrix_set_missing(X, word, error);
    for (size_t f = 0; f < sizeof files / sizeof *files && status == NMF_OK; f++) {
        if (files[f].path == NULL) continue;
        if (weights == NULL) status = start_weights(X, &weights, &w, error);
        if (status == NMF_OK)
            status = multiply(reading, files[f].flag, files[f].path, files[f].of, files[f].means, X,
                              w, error);
        if (status == NMF_ERROR_FILE && files[f].path == args->missing)
            cli_suggest_of("nan unstored", args->missing, error);
    }
    if (status == NMF_OK && weights != NULL) status = nmf_matrix_set_weights(X, weights, error);
    if (status != NMF_OK) nmf_matrix_free(weights);
    return status;
}
