/* libFuzzer: any texts as the files of a folder of cells (the matrix, behind a zero the cells, behind
 * another the features), called as one of the programs calls them, give a matrix with names, or a
 * sentence. */
#include "scratch.h"

#include <nmfkit/io.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const layouts[][3] = {
    {"matrix.mtx", "barcodes.tsv", "features.tsv"},
    {"GSM1_A_matrix.mtx", "GSM1_A_barcodes.tsv", "GSM1_A_genes.tsv"},
    {"cells_x_genes.mtx", "cells_x_genes.barcodes.txt", "cells_x_genes.genes.txt"},
    {"DGE.mtx", "cell_metadata.csv", "all_genes.csv"},
    {"quants_mat.mtx", "quants_mat_rows.txt", "quants_mat_cols.txt"},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {NULL, "all", "Gene Expression", "Peaks"};
    nmf_matrix *matrix;
    nmf_error error;
    nmf_io_read_options options = NMF_IO_READ_INIT;
    const unsigned choice = size > 0 ? data[size - 1] : 0; /* the options, by the last byte */
    const char *const *names = layouts[choice % 5];
    if (size == 0 || has_long_number(data, size)) {
        return 0;
    }
    size--;
    for (int i = 0; i < 3; i++) {
        const uint8_t *zero = size > 0 ? memchr(data, 0, size) : NULL;
        const size_t part = zero != NULL && i < 2 ? (size_t)(zero - data) : size;
        if (i == 0 || part > 0) { /* a file that is not there is a case too */
            (void)scratch_write(names[i], data, part);
        }
        data += zero != NULL ? part + 1 : part;
        size -= zero != NULL && i < 2 ? part + 1 : part;
    }
    options.feature_type = types[choice / 5 % 4];
    const char *path = scratch_path(choice / 20 % 2 ? names[0] : "");
    const nmf_status status = nmf_io_read(path, &options, &matrix, &error);
    if (status == NMF_OK) {
        (void)nmf_matrix_fingerprint(matrix);
    } else if (matrix != NULL || error.message[0] == '\0' || strchr(error.message, '\n') != NULL) {
        abort();
    }
    nmf_matrix_free(matrix);
    for (int i = 0; i < 3; i++) {
        scratch_remove(names[i]);
    }
    return 0;
}
