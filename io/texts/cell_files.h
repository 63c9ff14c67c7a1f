/* Matrices of cells x genes that lie in several files: which files belong together, whose rows are
 * the cells, and reading them. */
#ifndef NMFI_IO_CELL_FILES_H
#define NMFI_IO_CELL_FILES_H

#include "io/files/reader.h"

/* The files beside a matrix; a path is NULL where there is none. */
typedef struct nmfi_cell_files {
    char *cells, *features;
    int cells_are_rows;
    int is_named;    /* the matrix is called as one program calls it: cells and genes for certain */
    char divider;    /* between the cells of a line: a tab, or a comma */
    int headings;    /* the files begin with a line of headings */
    int name_column; /* of the features' file, from 0 */
} nmfi_cell_files;

/* What lies beside the MatrixMarket file `path`: by cellranger and STARsolo (matrix.mtx, barcodes.tsv,
 * features.tsv or genes.tsv; with a prefix, as GEO has them), kallisto bustools
 * (NAME.mtx, NAME.barcodes.txt, NAME.genes.txt), Parse Biosciences (DGE.mtx, cell_metadata.csv,
 * all_genes.csv) or alevin (quants_mat.mtx, quants_mat_rows.txt, quants_mat_cols.txt). Returns 1
 * where there are cells and features. nmfi_cell_files_free in any case. */
int nmfi_cell_files_find(const char *path, nmfi_cell_files *files);
void nmfi_cell_files_free(nmfi_cell_files *files);

/* Whether the cells are the rows of a matrix of this shape: the numbers of lines tell where they can. */
nmf_status nmfi_cell_files_rows(const nmfi_cell_files *files, int64_t rows, int64_t columns,
                                int *cells_are_rows, nmf_error *error);

/* Names the matrix, which was just read from `path`, and turns it so that cells are its rows. */
nmf_status nmfi_cell_files_name(const nmfi_read_request *request, const nmfi_cell_files *files,
                                nmf_matrix **matrix, nmf_error *error);

#endif
