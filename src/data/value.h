/* One stored element as a double, and back. For readers, writers and messages; loops that must be
 * fast are kernels. */
#ifndef NMFI_DATA_VALUE_H
#define NMFI_DATA_VALUE_H

#include <nmfkit/matrix.h>

double nmfi_value(nmf_dtype dtype, const void *data, int64_t at);

/* Clamped to the type's range; NaN becomes 0 in integers. */
void nmfi_set_value(nmf_dtype dtype, void *data, int64_t at, double value);

#endif
