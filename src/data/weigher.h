/* How one entry is weighted: shared by what is weighted in memory (weighting.c) and as it is read
 * (weighting_read.c). Formulas: <nmfkit/weighting.h>. */
#ifndef NMFI_DATA_WEIGHER_H
#define NMFI_DATA_WEIGHER_H

#include <nmfkit/weighting.h>

typedef struct nmfi_weigher {
    nmf_weighting weighting;
    const double *idf;
    double *row_sums; /* what the entries of a row are divided by */
    nmf_dtype dtype;  /* of `out`, the weighted entries */
    void *out;
} nmfi_weigher;

/* One entry's share of its row's sum. */
double nmfi_weigher_summand(const nmfi_weigher *w, int64_t column, double value);
/* Sums become what entries are divided by. */
void nmfi_weigher_finish_sums(const nmfi_weigher *w, int64_t rows);
/* A dense row, whose sum comes to w->row_sums[0], into `out` from entry `first` on. */
void nmfi_weigh_row(const nmfi_weigher *w, const double *row, int64_t columns, int64_t first);
double nmfi_weighted_entry(const nmfi_weigher *w, int64_t row, int64_t column, double value);

/* Whether X is weighted as it is read: its rows come from a function, and are its samples. */
int nmfi_weighs_reading(const nmf_matrix *X);
/* Such an X as a matrix that reads X; it keeps a copy of idf. X must outlive it, or be given to it. Cost: of a sparse
 * one, one reading. Errors: DATA, MEMORY, and those of X. */
nmf_status nmfi_weighted_reading(const nmfi_weigher *w, const nmf_matrix *X, nmf_matrix **weighted,
                                 nmf_error *error);
void nmfi_weighted_reading_take(nmf_matrix *weighted, nmf_matrix *X);
/* Adds 1 to counts[j] for each entry above 0 in column j, of a sparse X that is read. */
nmf_status nmfi_count_reading(const nmf_matrix *X, double *counts, nmf_error *error);

#endif
