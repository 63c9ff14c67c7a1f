/* See known.h. Files are read as they lie and turned where only the other way fits X: tables of signatures have
 * their features down the rows as often as across. */
#include "known.h"

#include <stdlib.h>
#include <string.h>

int cli_knows_components(const cli_args *args)
{
    return args->fix_H != NULL || args->fix_W != NULL;
}

static nmf_status read_file(cli_known *known, const char *path, nmf_matrix **matrix,
                            nmf_error *error)
{
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.vectors = 1; /* one component, or a bound for each */
    const nmf_status status = nmf_io_read(path, &options, matrix, error);
    int free_place = 0;
    while (known->matrices[free_place] != NULL) free_place++;
    if (status == NMF_OK) known->matrices[free_place] = *matrix;
    return status;
}

static int is_among(const nmf_matrix *matrix, nmf_names which, const char *name)
{
    const int64_t count =
        which == NMF_SAMPLE_NAMES ? nmf_matrix_rows(matrix) : nmf_matrix_columns(matrix);
    for (int64_t i = 0; nmf_matrix_has_names(matrix, which) && i < count; i++)
        if (strcmp(nmf_matrix_name(matrix, which, i), name) == 0) return 1;
    return 0;
}

/* Features of X run down the rows of H. */
static int lies_across(const nmf_matrix *H, const nmf_matrix *X)
{
    const char *const first = nmf_matrix_name(X, NMF_FEATURE_NAMES, 0);
    const int64_t n = nmf_matrix_columns(X);
    if (first != NULL && is_among(H, NMF_FEATURE_NAMES, first)) return 0;
    if (first != NULL && is_among(H, NMF_SAMPLE_NAMES, first)) return 1;
    return nmf_matrix_columns(H) != n && nmf_matrix_rows(H) == n;
}

static nmf_status read_H(const cli_args *args, const nmf_matrix *X, cli_known *known,
                         nmf_error *error)
{
    nmf_matrix *H = NULL, *keep = NULL;
    if (args->fix_H == NULL) {
        return args->keep_H == NULL ? NMF_OK
                                    : nmf_fail(error, NMF_ERROR_ARGUMENT,
                                               "--keep-H says which entries of --fix-H are known, "
                                               "and that is not given");
    }
    nmf_status status = read_file(known, args->fix_H, &H, error);
    if (status == NMF_OK && args->keep_H != NULL)
        status = read_file(known, args->keep_H, &keep, error);
    if (status != NMF_OK) return status;
    const int turned = lies_across(H, X);
    const int alike = keep != NULL && nmf_matrix_rows(keep) == nmf_matrix_rows(H) &&
                      nmf_matrix_columns(keep) == nmf_matrix_columns(H);
    if (turned) nmf_matrix_transpose(H);
    if (turned && alike) nmf_matrix_transpose(keep);
    known->constraints.H = H;
    known->constraints.keep_H = keep;
    return NMF_OK;
}

static nmf_status read_W(const cli_args *args, const nmf_matrix *X, cli_known *known,
                         nmf_error *error)
{
    nmf_matrix *W = NULL;
    if (args->fix_W == NULL) return NMF_OK;
    const nmf_status status = read_file(known, args->fix_W, &W, error);
    if (status != NMF_OK) return status;
    if (nmf_matrix_rows(W) != nmf_matrix_rows(X) && nmf_matrix_columns(W) == nmf_matrix_rows(X))
        nmf_matrix_transpose(W);
    known->constraints.W = W;
    return NMF_OK;
}

/* --- bounds ------------------------------------------------------------------------------------ */

static const nmf_option_info *row_of(const char *flag)
{
    int64_t count = 0;
    const nmf_option_info *const table = nmf_option_table(&count);
    for (int64_t i = 0; i < count; i++)
        if (strcmp(table[i].flag, flag) == 0) return &table[i];
    return NULL;
}

static int is_number(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "+-.0123456789eE")] == '\0';
}

/* A number into options, or the entries of a file; numbers one below the other are a row too. */
static nmf_status read_bound(const char *flag, const char *text, nmf_options *options,
                             cli_known *known, const nmf_matrix **bound, nmf_error *error)
{
    nmf_matrix *file = NULL;
    const nmf_option_info *const row = row_of(flag);
    if (text == NULL || row == NULL) return NMF_OK;
    if (is_number(text)) return nmf_option_set(options, row, text, error);
    const nmf_status status = read_file(known, text, &file, error);
    if (status != NMF_OK) return status;
    if (nmf_matrix_columns(file) == 1) nmf_matrix_transpose(file);
    *bound = file;
    return NMF_OK;
}

/* --- all --------------------------------------------------------------------------------------- */

/* How many components there are in all, where that is not said by -k. */
static nmf_status count_components(const cli_args *args, const cli_known *known,
                                   nmf_options *options, nmf_error *error)
{
    const nmf_constraints *const c = &known->constraints;
    int64_t parts = c->H != NULL ? nmf_matrix_rows(c->H) : 0;
    if (c->W != NULL && nmf_matrix_columns(c->W) > parts) parts = nmf_matrix_columns(c->W);
    if (args->free_components > 0 && parts == 0)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "--free %lld: that many beside the components of --fix-H or --fix-W, and "
                        "neither is given",
                        (long long)args->free_components);
    if (parts == 0) return NMF_OK;
    const int64_t all = parts + args->free_components;
    if (options->k != 0 && args->free_components > 0 && options->k != all)
        return nmf_fail(error, NMF_ERROR_ARGUMENT,
                        "-k %lld, but %lld known components and --free %lld are %lld",
                        (long long)options->k, (long long)parts, (long long)args->free_components,
                        (long long)all);
    if (options->k == 0) options->k = all;
    return NMF_OK;
}

nmf_status cli_read_known(const cli_args *args, const nmf_matrix *X, nmf_options *options,
                          cli_known *known, nmf_error *error)
{
    nmf_constraints *const c = &known->constraints;
    c->struct_bytes = sizeof *c;
    nmf_status status = read_H(args, X, known, error);
    if (status == NMF_OK) status = read_W(args, X, known, error);
    if (status == NMF_OK)
        status = read_bound("lower-W", args->lower_W, options, known, &c->lower_W, error);
    if (status == NMF_OK)
        status = read_bound("upper-W", args->upper_W, options, known, &c->upper_W, error);
    if (status == NMF_OK)
        status = read_bound("lower-H", args->lower_H, options, known, &c->lower_H, error);
    if (status == NMF_OK)
        status = read_bound("upper-H", args->upper_H, options, known, &c->upper_H, error);
    if (status == NMF_OK) status = count_components(args, known, options, error);
    if (known->matrices[0] != NULL) options->constraints = c;
    return status;
}

void cli_known_free(cli_known *known)
{
    for (int i = 0; i < CLI_KNOWN_MATRICES; i++) nmf_matrix_free(known->matrices[i]);
}
