/* See observed.h. Each file multiplies the weights that stand so far. */
#include "observed.h"

#include <math.h>
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

/* A file that lies as DATA does. */
static nmf_status read_beside(const cli_args *args, const char *path, nmf_matrix **file,
                              nmf_error *error)
{
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.transpose = args->transpose;
    return nmf_io_read(path, &options, file, error);
}

/* Where a file speaks of the weight of entry (i, j): an entry each, or one for a whole row or column. */
typedef enum extent { EACH_ENTRY, EACH_ROW, EACH_COLUMN } extent;

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

static nmf_status multiply(const cli_args *args, const char *flag, const char *path, extent of,
                           meaning *means, const nmf_matrix *X, nmf_matrix *weights,
                           nmf_error *error)
{
    nmf_matrix *file = NULL;
    nmf_status status = read_beside(args, path, &file, error);
    if (status == NMF_OK) status = check_shape(flag, of, file, X, error);
    double *const w = nmf_matrix_writable(weights);
    const int64_t rows = nmf_matrix_rows(X), columns = nmf_matrix_columns(X);
    for (int64_t i = 0; i < rows && status == NMF_OK; i++)
        for (int64_t j = 0; j < columns && status == NMF_OK; j++) {
            const double value = entry_of(file, of, i, j), weight = means(value);
            if (weight >= 0 && isfinite(weight) && value >= 0)
                w[i * columns + j] *= weight;
            else
                status = nmf_fail(error, NMF_ERROR_DATA, "%s: entry [%lld,%lld] of %s is %g; %s",
                                  flag, (long long)i, (long long)j, path, value,
                                  means == as_uncertainty ? "uncertainties must be > 0"
                                                          : "weights must be finite and >= 0");
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

nmf_status cli_set_observed(const cli_args *args, nmf_matrix *X, nmf_error *error)
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
    nmf_status status = nmf_matrix_set_missing(X, word, error);
    for (size_t f = 0; f < sizeof files / sizeof *files && status == NMF_OK; f++) {
        if (files[f].path == NULL) continue;
        if (weights == NULL) {
            const int64_t entries = nmf_matrix_rows(X) * nmf_matrix_columns(X);
            status =
                nmf_matrix_new(NMF_F64, nmf_matrix_rows(X), nmf_matrix_columns(X), &weights, error);
            for (int64_t e = 0; e < entries && status == NMF_OK; e++)
                ((double *)nmf_matrix_writable(weights))[e] = 1;
        }
        if (status == NMF_OK)
            status = multiply(args, files[f].flag, files[f].path, files[f].of, files[f].means, X,
                              weights, error);
    }
    if (status == NMF_OK && weights != NULL) status = nmf_matrix_set_weights(X, weights, error);
    if (status != NMF_OK) nmf_matrix_free(weights);
    return status;
}
