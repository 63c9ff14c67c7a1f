/* Sparse matrices in .npz archives, as scipy.sparse.save_npz lays them out: members format ("csr",
 * "csc", "coo"), shape, data, and indices with indptr, or row with col. */
#ifndef NMFI_IO_NPZ_SPARSE_H
#define NMFI_IO_NPZ_SPARSE_H

#include "npz_archive.h"

/* 1 if the archive has the members of such a matrix. */
int nmfi_npz_is_sparse(const nmfi_npz *npz);

/* The matrix. Errors: FORMAT, SHAPE, UNSUPPORTED (another layout), MEMORY. */
nmf_status nmfi_npz_sparse_matrix(nmfi_npz *npz, const char *path, nmf_matrix **matrix,
                                  nmf_error *error);

/* The same left on disk, where the request's limit says so and it can be: compressed rows in stored members;
 * else *matrix is NULL, and that is no error. */
nmf_status nmfi_npz_sparse_on_disk(nmfi_npz *npz, const nmfi_read_request *request,
                                   nmf_matrix **matrix, nmf_error *error);

#endif
