/* Names as NumPy stores text: one-dimensional '<U' arrays of UTF-32, which numpy.load opens without
 * pickle. */
#ifndef NMFI_IO_NAMES_ARRAY_H
#define NMFI_IO_NAMES_ARRAY_H

#include <nmfkit/matrix.h>

/* The `which` names of a matrix that has them, as a whole .npy in memory; free(*bytes).
 * Bytes that are no UTF-8 become U+FFFD. Errors: MEMORY. */
nmf_status nmfi_names_encode(const nmf_matrix *matrix, nmf_names which, unsigned char **bytes,
                             size_t *count, nmf_error *error);

/* Sets the `which` names of `matrix` from a whole .npy in memory, of text (U, S) or of numbers
 * (class labels often are), as a list, a row or a column. Errors: FORMAT, SHAPE (not one name for each row or column), MEMORY. */
nmf_status nmfi_names_decode(const unsigned char *bytes, size_t count, const char *path,
                             nmf_matrix *matrix, nmf_names which, nmf_error *error);

/* The same from the numbers of a matrix of one row or one column: whole ones as integers. */
nmf_status nmfi_names_from_numbers(const nmf_matrix *numbers, const char *path, nmf_matrix *matrix,
                                   nmf_names which, nmf_error *error);

#endif
