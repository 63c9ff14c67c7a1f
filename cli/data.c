/* See data.h. */
#include "data.h"

#include "args.h"
#include "interrupt.h"
#include "observed.h"
#include "streams.h"
#include "together.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What reading decided, for people: on stderr, where it is in no program's way. */
static void tell(const char *sentence, void *context)
{
    const cli_args *const args = context;
    char shown[2048];
    if (args->quiet) return;
    cli_show_streams(sentence, shown, sizeof shown);
    fprintf(stderr, "nmf %s: %s\n", args->command->name, shown);
}

/* Data are expected where a model stands: an .npz like others, of which any array could be read. */
static nmf_status refuse_models(const char *const *paths, int64_t count, nmf_error *error)
{
    for (int64_t i = 0; i < count; i++)
        if (nmf_io_is_model(paths[i]))
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "%s is a model, and data are wanted here; %s:W or %s:H is one of its "
                            "factors",
                            paths[i], paths[i], paths[i]);
    return NMF_OK;
}

static atomic_int_fast64_t disk_bytes;

/* From any thread; readings may end in another order than they were counted. */
static void count_disk_bytes(int64_t bytes, void *context)
{
    (void)context;
    int_fast64_t before = atomic_load(&disk_bytes);
    while (bytes > before && !atomic_compare_exchange_weak(&disk_bytes, &before, bytes)) continue;
}

int64_t cli_disk_bytes(void)
{
    return atomic_load(&disk_bytes);
}

/* --memory-limit of a command that is no fit, as text; else of the fit. */
static nmf_status memory_limit(const cli_args *args, int64_t *bytes, nmf_error *error)
{
    int64_t count = 0;
    const nmf_option_info *const table = nmf_option_table(&count);
    nmf_options options = args->options;
    nmf_status status = NMF_OK;
    for (int64_t i = 0; i < count && args->memory_limit != NULL; i++)
        if (strcmp(table[i].field, "memory_limit_bytes") == 0)
            status = nmf_option_set(&options, &table[i], args->memory_limit, error);
    *bytes = options.memory_limit_bytes;
    return status;
}

/* Commands that read data by rows, so that they may stay on disk. */
static int reads_by_rows(const cli_args *args)
{
    return (args->command->bit & (CLI_FIT | CLI_PCA | CLI_TRANSFORM | CLI_CONVERT)) != 0;
}

nmf_status cli_count_data(const cli_args *args, const nmf_matrix *X, nmf_options *options,
                          nmf_error *error)
{
    const int64_t entry = (int64_t)nmf_dtype_bytes(nmf_matrix_dtype(X));
    const int64_t each = entry + (nmf_matrix_is_sparse(X) ? nmf_matrix_sparse(X).index_bytes : 0);
    const int64_t bytes = nmf_matrix_is_in_memory(X) ? nmf_matrix_stored(X) * each : 0;
    if (options->memory_limit_bytes > 0 && bytes >= options->memory_limit_bytes)
        return nmf_fail(
            error, NMF_ERROR_MEMORY, "the data take %lld bytes of memory; the limit is %lld%s",
            (long long)bytes, (long long)options->memory_limit_bytes,
            reads_by_rows(args) ? ": what 'nmf convert' writes as .npy, or as .npz where "
                                  "they are sparse, can stay on disk"
                                : "");
    options->memory_taken_bytes = bytes;
    return NMF_OK;
}

/* What stays on disk as a whole is in memory by parts: nobody need know. */
static void tell_of_parts(const char *sentence, void *context)
{
    if (strstr(sentence, "stay on disk") == NULL) tell(sentence, context);
}

/* Bytes of data above which they stay on disk, where the command reads them by rows. Half of a limit: the
 * work on them needs memory too. */
static nmf_status most_in_memory(const cli_args *args, int64_t *bytes, nmf_error *error)
{
    enum { SMALL = 64 << 20 };
    const nmf_status status = memory_limit(args, bytes, error);
    if (*bytes > 1) *bytes /= 2;
    /* Of data that several processes have together each keeps its own rows. */
    const int spreads_rows = args->options.spread != NMF_SPREAD_FITS;
    if (cli_together_joined() && spreads_rows && (*bytes == 0 || *bytes > SMALL)) *bytes = SMALL;
    if (!reads_by_rows(args)) *bytes = -1;
    return status;
}

/* Sparse data of several processes: a divergence wants the lines along each factor, which only memory has. */
static int is_wanted_whole(const cli_args *args, const nmf_matrix *X)
{
    const int has_limit = args->memory_limit != NULL || args->options.memory_limit_bytes > 0;
    return cli_together_joined() && !has_limit && nmf_matrix_is_sparse(X) &&
           !nmf_matrix_is_in_memory(X);
}

/* like: whose data's reading counts where the command line says nothing; NULL: none. to_disk: whatever can stay
 * on disk does. */
static nmf_status read_as(const cli_args *args, const nmf_model *like, const char *const *paths,
                          int64_t count, int to_disk, nmf_matrix **matrix, nmf_error *error)
{
    nmf_io_read_options options = NMF_IO_READ_INIT;
    const nmf_model_content *const model = like != NULL ? nmf_model_view(like) : NULL;
    const int transposed = model != NULL && model->data_transposed;
    const int column_order = model != NULL && model->data_column_order;
    options.image_height = args->image_shape[0];
    options.image_width = args->image_shape[1];
    options.image_order_column = args->image_order < 0 ? column_order : args->image_order;
    options.transpose = args->transpose < 0 ? transposed : args->transpose;
    if (options.image_order_column && options.image_height == 0 && model != NULL) {
        options.image_height = nmf_matrix_image_height(model->H);
        options.image_width = nmf_matrix_image_width(model->H);
    }
    if (like != NULL) nmf_io_read_like(&options, like);
    options.sample_names = args->sample_names;
    options.feature_names = args->feature_names;
    options.labels = args->labels;
    options.shuffle = args->shuffle >= 0;
    options.shuffle_seed = args->shuffle >= 0 ? (uint32_t)args->shuffle : 0;
    options.format = args->format;
    options.header = (nmf_io_header)args->header;
    options.index = args->index;
    options.delimiter = args->delimiter;
    options.decimal = args->decimal == 0 ? NULL : args->decimal == 1 ? "." : ",";
    options.comment = args->comment;
    options.is_long = args->is_long;
    options.feature_type = args->feature_type;
    if (args->features > 0) options.features = args->features;
    if (args->first_index > 0) options.first_index = args->first_index;
    options.watch = count_disk_bytes;
    options.note = cli_together_joined() ? tell_of_parts : tell;
    options.note_context = (void *)(uintptr_t)args;
    nmf_status status = refuse_models(paths, count, error);
    if (status == NMF_OK) status = most_in_memory(args, &options.most_bytes, error);
    if (status != NMF_OK) return status;
    if (to_disk) options.most_bytes = 1;
    status = count == 1 ? nmf_io_read(paths[0], &options, matrix, error)
                        : nmf_io_read_list(paths, count, &options, matrix, error);
    if (status == NMF_ERROR_ARGUMENT && args->format != NULL)
        cli_suggest_of(nmf_io_formats(), args->format, error);
    if (status == NMF_OK && is_wanted_whole(args, *matrix)) {
        nmf_matrix_free(*matrix);
        *matrix = NULL;
        options.most_bytes = 0;
        status = nmf_io_read(paths[0], &options, matrix, error);
    }
    if (status == NMF_OK) status = cli_set_observed(args, &options, *matrix, error);
    return status;
}

nmf_status cli_read_data(const cli_args *args, const char *const *paths, int64_t count,
                         nmf_matrix **matrix, nmf_error *error)
{
    return read_as(args, NULL, paths, count, 0, matrix, error);
}

nmf_status cli_read_like(const cli_args *args, const nmf_model *model, const char *const *paths,
                         int64_t count, nmf_matrix **matrix, nmf_error *error)
{
    return read_as(args, model, paths, count, 0, matrix, error);
}

static double now_seconds(void)
{
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

nmf_status cli_read_in_time(const cli_args *args, const nmf_model *like, nmf_options *options,
                            nmf_matrix **matrix, nmf_error *error)
{
    static const double least = 0.5; /* of the limit: with less, reading would have been in vain */
    const double limit = options->time_limit_seconds, began = now_seconds();
    const int64_t before = like != NULL;
    char sentence[160];
    snprintf(sentence, sizeof sentence,
             "nmf %s: the time limit of %g s was over while the data were read\n",
             args->command->name, limit);
    /* As a fit may, a little beyond the limit. */
    if (limit > 0) cli_interrupt_after(limit + (limit > 5 ? 0.1 * limit : 0.5), sentence);
    const nmf_status status = read_as(args, like, args->operands + before,
                                      args->operand_count - before, 0, matrix, error);
    if (limit > 0) cli_interrupt_after(0, NULL);
    const double left = limit - (now_seconds() - began);
    if (limit > 0) options->time_limit_seconds = left > least * limit ? left : least * limit;
    return status;
}

void cli_name_time_limit(const cli_args *args, const nmf_options *options, nmf_error *error)
{
    const double asked = args->options.time_limit_seconds, left = options->time_limit_seconds;
    char of_fit[64], rest[NMF_MESSAGE_BYTES];
    snprintf(of_fit, sizeof of_fit, "time limit of %g s", left);
    char *const at = strstr(error->message, of_fit);
    if (error->status != NMF_ERROR_TIME_LIMIT || at == NULL || left == asked) return;
    snprintf(rest, sizeof rest, "%s", at + strlen(of_fit));
    snprintf(at, sizeof error->message - (size_t)(at - error->message),
             "time limit of %g s, of which reading the data left %.2g s,%s", asked, left, rest);
}

int cli_leave_on_disk(const cli_args *args, nmf_options *options, nmf_matrix **X)
{
    nmf_matrix *there = NULL;
    nmf_error ignored = {NMF_OK, ""};
    if (options->memory_limit_bytes == 0 || !nmf_matrix_is_in_memory(*X) || cli_together_joined())
        return 0;
    if (read_as(args, NULL, args->operands, args->operand_count, 1, &there, &ignored) != NMF_OK ||
        nmf_matrix_is_in_memory(there)) {
        nmf_matrix_free(there);
        return 0;
    }
    nmf_matrix_free(*X);
    *X = there;
    options->memory_taken_bytes = 0;
    return 1;
}

nmf_status cli_load_model(const cli_args *args, nmf_model **model, nmf_error *error)
{
    const char *const path = args->operands[0];
    int is_model = 0;
    nmf_error reason = {NMF_OK, ""};
    nmf_status status = nmf_io_recognise_model(path, &is_model, error);
    if (status != NMF_OK) return status;
    status = nmf_io_load_model(path, model, &reason);
    if (status == NMF_OK || is_model || status == NMF_ERROR_FILE || status == NMF_ERROR_MEMORY)
        return status == NMF_OK ? NMF_OK : nmf_fail(error, status, "%s", reason.message);
    for (int64_t i = 1; i < args->operand_count; i++)
        if (nmf_io_is_model(args->operands[i]))
            return nmf_fail(error, NMF_ERROR_ARGUMENT,
                            "%s is no model, but %s is: the model comes first; usage: nmf %s %s",
                            path, args->operands[i], args->command->name, args->command->usage);
    return nmf_fail(error, status, "%s; usage: nmf %s %s", reason.message, args->command->name,
                    args->command->usage);
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

void cli_scratch_beside(const char *output)
{
    char *const directory = cli_goes_to_stdout(output) ? NULL : directory_of(output);
    if (directory != NULL) (void)setenv("NMFKIT_SCRATCH", directory, 0);
    free(directory);
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
        /* Trap: a regular file is replaced by a new one, which its permissions would not hinder;
         * but its owner said no. */
        if (!is_directory && access(path, W_OK) != 0) return fail_output(path, errno, error);
        if (!S_ISREG(there.st_mode)) return NMF_OK;
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
    return NMF_OK;
}

nmf_status cli_default_name(const cli_args *args, const char *suffix, char **path, nmf_error *error)
{
    const char *const first = args->operands[0], *const slash = strrchr(first, '/');
    struct stat there;
    const int is_folder = stat(first, &there) == 0 && S_ISDIR(there.st_mode);
    if (args->operand_count < 2 || is_folder || slash == NULL || slash == first)
        return cli_default_output(first, suffix, path, error);
    /* Several files: named after the folder they lie in, as s1 for s1/1.pgm and those that follow. */
    char *const folder = strndup(first, (size_t)(slash - first));
    if (folder == NULL)
        return nmf_fail(error, NMF_ERROR_MEMORY, "no memory for the name %s", first);
    const nmf_status status = cli_default_output(folder, suffix, path, error);
    free(folder);
    return status;
}

/* How long ".gz" and the like is at the end of the first `end` bytes. */
static size_t packing_length(const char *path, size_t end)
{
    static const char *const packings[] = {".gz", ".xz", ".zst"};
    for (size_t i = 0; i < sizeof packings / sizeof *packings; i++) {
        const size_t length = strlen(packings[i]);
        if (end > length && strncasecmp(path + end - length, packings[i], length) == 0)
            return length;
    }
    return 0;
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
    end -= packing_length(data_path, end); /* "x.mtx.gz" is x too */
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
    if (length == 0 || cli_is_stream(data_path) ||
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

/* Says on stderr what the matrix has and a file in this format has no place for. */
static void say_what_is_lost(const cli_args *args, const nmf_matrix *matrix, const char *path,
                             const char *format)
{
    const int keeps = nmf_io_keeps(format);
    const int samples = nmf_matrix_has_names(matrix, NMF_SAMPLE_NAMES);
    const int features = nmf_matrix_has_names(matrix, NMF_FEATURE_NAMES);
    const struct {
        int lost;
        const char *what;
    } parts[] = {
        {samples && !(keeps & NMF_IO_KEEPS_NAMES), "sample names"},
        {features && !(keeps & NMF_IO_KEEPS_NAMES), "feature names"},
        {nmf_matrix_has_names(matrix, NMF_LABELS) && !(keeps & NMF_IO_KEEPS_LABELS), "labels"},
        {nmf_matrix_image_height(matrix) > 0 && !(keeps & NMF_IO_KEEPS_IMAGE_SHAPE),
         "the pictures' shape"}};
    char all[128] = "", sentence[512];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const size_t used = strlen(all);
        if (parts[i].lost)
            snprintf(all + used, sizeof all - used, "%s%s", used > 0 ? ", " : "", parts[i].what);
    }
    const int model_keeps_them = (args->command->bit & (CLI_FIT | CLI_PCA)) != 0;
    if (all[0] == '\0' || model_keeps_them) return;
    const int names = parts[0].lost || parts[1].lost;
    snprintf(sentence, sizeof sentence,
             "%.300s keeps the numbers%s; not kept: %s (.npz keeps all%s)", path,
             keeps & NMF_IO_KEEPS_NAMES ? " and names" : "", all,
             names ? ", .csv and .tsv names" : "");
    tell(sentence, (void *)(uintptr_t)args);
}

nmf_status cli_write_matrix(const cli_args *args, const nmf_matrix *matrix, const char *path,
                            nmf_error *error)
{
    cli_interrupt_hold();
    if (path[strlen(path) - 1] == '/') cli_interrupt_keep(); /* all pictures or none */
    const int prints = cli_goes_to_stdout(path);
    const char *const format = args->to != NULL ? args->to : "csv";
    const nmf_status status = prints ? nmf_io_write_as(matrix, "/dev/stdout", format, error)
                                     : nmf_io_write(matrix, path, error);
    if (status == NMF_OK && !prints)
        cli_say(args, "wrote %s: %lld x %lld %s", path, (long long)nmf_matrix_rows(matrix),
                (long long)nmf_matrix_columns(matrix), nmf_dtype_name(nmf_matrix_dtype(matrix)));
    if (status == NMF_OK && !prints) say_what_is_lost(args, matrix, path, path);
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
