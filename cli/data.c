/* See data.h. */
#include "data.h"

#include "interrupt.h"
#include "observed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

nmf_status cli_read_data(const cli_args *args, const char *const *paths, int64_t count,
                         nmf_matrix **matrix, nmf_error *error)
{
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.image_height = args->image_shape[0];
    options.image_width = args->image_shape[1];
    options.image_order_column = args->image_order;
    options.transpose = args->transpose;
    options.sample_names = args->sample_names;
    options.feature_names = args->feature_names;
    options.labels = args->labels;
    options.shuffle = args->shuffle >= 0;
    options.shuffle_seed = args->shuffle >= 0 ? (uint32_t)args->shuffle : 0;
    nmf_status status = count == 1 ? nmf_io_read(paths[0], &options, matrix, error)
                                   : nmf_io_read_list(paths, count, &options, matrix, error);
    if (status == NMF_OK) status = cli_set_observed(args, *matrix, error);
    return status;
}

/* The directory that a file of this path goes into, as a new string; NULL when memory is out. */
static char *directory_of(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') /* "pictures/" goes into "." */
        length--;
    while (length > 0 && path[length - 1] != '/') length--;
    return length == 0 ? strdup(".") : strndup(path, length);
}

static nmf_status fail_output(const char *path, int reason, nmf_error *error)
{
    return nmf_fail(error, NMF_ERROR_FILE, "cannot write %s: %s", path, strerror(reason));
}

nmf_status cli_check_output(const char *path, nmf_error *error)
{
    struct stat there;
    if (path == NULL || strcmp(path, "-") == 0) return NMF_OK;
    if (stat(path, &there) == 0) {
        const int is_directory = S_ISDIR(there.st_mode);
        if (is_directory && path[strlen(path) - 1] != '/') return fail_output(path, EISDIR, error);
        if (!S_ISREG(there.st_mode))
            return access(path, W_OK) == 0 ? NMF_OK : fail_output(path, errno, error);
    }
    char *const directory = directory_of(path);
    if (directory == NULL)
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the name %s", path);
    /* A regular file is replaced by a new one, so it is the directory that must be writable. */
    const int reason = access(directory, W_OK | X_OK) == 0 ? 0 : errno;
    free(directory);
    return reason == 0 ? NMF_OK : fail_output(path, reason, error);
}

nmf_status cli_require_output(const cli_args *args, nmf_error *error)
{
    if (args->output == NULL)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "-o is missing; usage: nmf %s %s",
                        args->command->name, args->command->usage);
    return cli_check_output(args->output, error);
}

nmf_status cli_default_output(const char *data_path, const char *suffix, char **path,
                              nmf_error *error)
{
    struct stat there;
    const int exists = stat(data_path, &there) == 0;
    size_t end = strlen(data_path);
    if (!exists && strrchr(data_path, ':') != NULL) /* "file.mat:name" */
        end = (size_t)(strrchr(data_path, ':') - data_path);
    while (end > 0 && data_path[end - 1] == '/') end--;
    if (end > 3 && strncmp(data_path + end - 3, ".gz", 3) == 0) end -= 3; /* "x.mtx.gz" is x too */
    size_t begin = end;
    while (begin > 0 && data_path[begin - 1] != '/') begin--;
    for (size_t dot = end; dot > begin + 1 && !(exists && S_ISDIR(there.st_mode)); dot--) {
        if (data_path[dot - 1] == '.') {
            end = dot - 1;
            break;
        }
    }
    const char *name = data_path + begin;
    size_t length = end - begin;
    if (length == 0 ||
        strspn(name, ".") >= length) { /* "", ".", "..": nothing to name a file after */
        name = "data";
        length = strlen(name);
    }
    const size_t bytes = length + strlen(suffix) + 1;
    *path = malloc(bytes);
    if (*path == NULL)
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for a file name of %zu bytes", bytes);
    snprintf(*path, bytes, "%.*s%s", (int)length, name, suffix);
    return NMF_OK;
}

/* MatrixMarket has no place for names. */
static int loses_names(const nmf_matrix *matrix, const char *path)
{
    const char *const dot = strrchr(path, '.');
    const int is_mtx = dot != NULL && (strcmp(dot, ".mtx") == 0 ||
                                       (dot - path >= 4 && strcmp(dot - 4, ".mtx.gz") == 0));
    return is_mtx && (nmf_matrix_has_names(matrix, NMF_SAMPLE_NAMES) ||
                      nmf_matrix_has_names(matrix, NMF_FEATURE_NAMES) ||
                      nmf_matrix_has_names(matrix, NMF_LABELS));
}

nmf_status cli_write_matrix(const cli_args *args, const nmf_matrix *matrix, const char *path,
                            nmf_error *error)
{
    /* Ctrl-C in the middle would leave the temporary file behind; writing is short. */
    cli_interrupt_hold();
    const nmf_status status = nmf_io_write(matrix, path, error);
    if (status == NMF_OK)
        cli_say(args, "wrote %s: %lld x %lld %s%s", path, (long long)nmf_matrix_rows(matrix),
                (long long)nmf_matrix_columns(matrix), nmf_dtype_name(nmf_matrix_dtype(matrix)),
                loses_names(matrix, path) ? "; names are not kept there, but in .npz" : "");
    cli_interrupt_release();
    return status;
}

void cli_describe_matrix(const nmf_matrix *matrix, char *text, size_t bytes)
{
    char shape[64] = "";
    if (nmf_matrix_image_height(matrix) > 0)
        snprintf(shape, sizeof shape, ", pictures of %lld x %lld",
                 (long long)nmf_matrix_image_height(matrix),
                 (long long)nmf_matrix_image_width(matrix));
    snprintf(text, bytes, "%lld samples x %lld features, %s%s%s",
             (long long)nmf_matrix_rows(matrix), (long long)nmf_matrix_columns(matrix),
             nmf_matrix_is_sparse(matrix) ? "sparse " : "",
             nmf_dtype_name(nmf_matrix_dtype(matrix)), shape);
}

nmf_status cli_olivetti_path(char **path, nmf_error *error)
{
    char *older = NULL;
    nmf_status status = nmf_io_cache_path("olivetti.npz", path, error);
    if (status != NMF_OK || access(*path, R_OK) == 0) return status;
    if (nmf_io_cache_path("olivetti.npy", &older, NULL) == NMF_OK && access(older, R_OK) == 0) {
        free(*path);
        *path = older;
        return NMF_OK;
    }
    free(older);
    return NMF_OK;
}
