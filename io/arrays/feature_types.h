/* Features of several types in one matrix (genes, antibodies, peaks): which of them are wanted. */
#ifndef NMFI_IO_FEATURE_TYPES_H
#define NMFI_IO_FEATURE_TYPES_H

#include "io/files/reader.h"

/* The rows of *features are features, their types its labels (none: nothing is done; they are taken
 * away). Where there are several types, keeps the rows of the one that the request names, or genes;
 * says what was left out. Errors: ARGUMENT (no such type, or none that is plainly meant), MEMORY. */
NMFI_FOR_PLUGINS nmf_status nmfi_keep_feature_type(const nmfi_read_request *request,
                                                   nmf_matrix **features, nmf_error *error);

#endif
