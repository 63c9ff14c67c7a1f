/* Matrices of cells x genes in several files: see cell_files.h. */
#include "cell_files.h"
#include "names_beside.h"

#include "io/arrays/feature_types.h"
#include "io/files/text_window.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* How each program names its files: PREFIX END.mtx goes with PREFIX cells and PREFIX features. */
static const struct {
    const char *end;   /* of the matrix's name, without .mtx */
    const char *cells; /* what stands for `end` in the other names */
    const char *features;
    int cells_are_rows, is_named;
    char divider;
    int headings, name_column;
} layouts[] = {
    {"matrix", "barcodes.tsv", "features.tsv", 0, 1, '\t', 0, 1},
    {"matrix", "barcodes.tsv", "genes.tsv", 0, 1, '\t', 0, 1},
    {"matrix", "barcodes.txt", "features.txt", 0, 1, '\t', 0, 1},
    {"matrix", "barcodes.txt", "genes.txt", 0, 1, '\t', 0, 1},
    {"", ".barcodes.txt", ".genes.names.txt", 1, 1, '\t', 0, 0},
    {"", ".barcodes.txt", ".genes.txt", 1, 1, '\t', 0, 0},
    {"DGE", "cell_metadata.csv", "all_genes.csv", 1, 1, ',', 1, 1},
    {"DGE", "cell_metadata.csv", "genes.csv", 1, 1, ',', 1, 1},
    {"count_matrix", "cell_metadata.csv", "all_genes.csv", 1, 1, ',', 1, 1},
    {"", "_rows.txt", "_cols.txt", 1, 1, '\t', 0, 0},
};

/* prefix + name, or that with .gz, whichever is there; NULL: neither, or memory is out. */
static char *find_file(const char *prefix, size_t length, const char *name)
{
    char *path = malloc(length + strlen(name) + sizeof ".gz");
    if (path == NULL) {
        return NULL;
    }
    memcpy(path, prefix, length);
    strcpy(path + length, name);
    if (nmfi_is_file(path) || nmfi_is_file(strcat(path, ".gz"))) {
        return path;
    }
    free(path);
    return NULL;
}

int nmfi_cell_files_find(const char *path, nmfi_cell_files *files)
{
    size_t length = strlen(path);
    memset(files, 0, sizeof *files);
    length -= length > 3 && strcmp(path + length - 3, ".gz") == 0 ? 3 : 0;
    if (length < 4 || strncmp(path + length - 4, ".mtx", 4) != 0) {
        return 0;
    }
    length -= 4;
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        const size_t end = strlen(layouts[i].end);
        if (length < end || strncmp(path + length - end, layouts[i].end, end) != 0) {
            continue;
        }
        nmfi_cell_files_free(files);
        files->cells = find_file(path, length - end, layouts[i].cells);
        files->features = find_file(path, length - end, layouts[i].features);
        files->cells_are_rows = layouts[i].cells_are_rows;
        files->is_named = layouts[i].is_named;
        files->divider = layouts[i].divider;
        files->headings = layouts[i].headings;
        files->name_column = layouts[i].name_column;
        if (files->cells != NULL && files->features != NULL) {
            return 1;
        }
    }
    nmfi_cell_files_free(files);
    return 0;
}

void nmfi_cell_files_free(nmfi_cell_files *files)
{
    free(files->cells);
    free(files->features);
    files->cells = files->features = NULL;
}

static nmf_status count_lines(const char *path, int64_t *lines, nmf_error *error)
{
    nmfi_text_reader *text;
    const char *at, *end;
    *lines = 0;
    nmf_status status = nmfi_text_reader_open(path, &text, error);
    if (status != NMF_OK) {
        return status;
    }
    while ((status = nmfi_text_reader_next(text, &at, &end, error)) == NMF_OK && at < end) {
        for (; at < end; at++) {
            *lines += *at == '\n';
        }
    }
    nmfi_text_reader_close(text);
    return status;
}

/* Some programs write these files the other way round; the numbers of lines tell. */
nmf_status nmfi_cell_files_rows(const nmfi_cell_files *files, int64_t rows, int64_t columns,
                                int *cells_are_rows, nmf_error *error)
{
    int64_t cells = 0, features = 0;
    *cells_are_rows = files->cells_are_rows;
    nmf_status status = files->cells != NULL ? count_lines(files->cells, &cells, error) : NMF_OK;
    if (status == NMF_OK && files->features != NULL) {
        status = count_lines(files->features, &features, error);
    }
    if (status != NMF_OK || files->cells == NULL || files->features == NULL || rows == columns) {
        return status;
    }
    cells -= files->headings;
    features -= files->headings;
    if (rows == cells && columns == features) {
        *cells_are_rows = 1;
    } else if (rows == features && columns == cells) {
        *cells_are_rows = 0;
    }
    return NMF_OK;
}

nmf_status nmfi_cell_files_name(const nmfi_read_request *request, const nmfi_cell_files *files,
                                nmf_matrix **matrix, nmf_error *error)
{
    int cells_are_rows;
    nmfi_name_column names = {.divider = files->divider, .headings = files->headings};
    nmf_status status = nmfi_cell_files_rows(files, nmf_matrix_rows(*matrix),
                                             nmf_matrix_columns(*matrix), &cells_are_rows, error);
    if (status == NMF_OK && cells_are_rows) {
        nmf_matrix_transpose(*matrix); /* features are rows until their types are chosen */
    }
    if (status == NMF_OK && files->features != NULL) {
        names.column = files->name_column;
        status = nmfi_names_from_column(files->features, &names, *matrix, NMF_SAMPLE_NAMES, request,
                                        error);
        names.column = 2;
        names.exact = 1;
        if (status == NMF_OK && files->divider == '\t') {
            status = nmfi_names_from_column(files->features, &names, *matrix, NMF_LABELS, request,
                                            error);
        }
    }
    if (status == NMF_OK) {
        status = nmfi_keep_feature_type(request, matrix, error);
    }
    if (status == NMF_OK) {
        nmf_matrix_transpose(*matrix);
        names.column = names.exact = 0;
        status = files->cells != NULL ? nmfi_names_from_column(files->cells, &names, *matrix,
                                                               NMF_SAMPLE_NAMES, request, error)
                                      : NMF_OK;
    }
    return status;
}
