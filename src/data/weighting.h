/* Weighting data that stays as it is, for fits and transforms: nmf_weigh (<nmfkit/weighting.h>)
 * without taking the matrix over. */
#ifndef NMFI_DATA_WEIGHTING_H
#define NMFI_DATA_WEIGHTING_H

#include <nmfkit/weighting.h>

/* Bytes that nmfi_weighted takes for entries, or for what they are made of as they are read; 0 for NMF_WEIGHTING_NONE. */
size_t nmfi_weighted_bytes(const nmf_matrix *X, nmf_weighting weighting);

/* The weighted X as a new matrix; where X is sparse it borrows the structure of X, which must
 * outlive it; where a function reads X it is read and weighted whenever its rows are asked for. `idf` is read for TFIDF. Errors: DATA, MEMORY. */
nmf_status nmfi_weighted(const nmf_matrix *X, nmf_weighting weighting, const double *idf,
                         nmf_matrix **weighted, nmf_error *error);

/* For TFIDF the idf of X, a new array to free(); else NULL. Errors: DATA, MEMORY. */
nmf_status nmfi_learn_idf(const nmf_matrix *X, nmf_weighting weighting, double **idf,
                          nmf_error *error);

#endif
