/* The kernel table (table.h) and which of them this process uses. The kernels themselves see the table alone: they are
 * compiled for minutes, and no public header is a reason to do it again. */
#ifndef NMFI_KERNEL_KERNEL_H
#define NMFI_KERNEL_KERNEL_H

#include "kernel/table.h"

#include <nmfkit/matrix.h>

/* The table for this process, chosen once by what the processor has or by NMFKIT_KERNELS; `reason`
 * (may be NULL) says why. Never NULL. */
const nmfi_kernels *nmfi_kernels_for(nmf_dtype compute, const char **reason);

/* Rows of X in T: to[r * stride + c] = X[r,c]. For a few rows; a pass converts in registers. */
void nmfi_widen(const nmfi_kernels *kernels, nmf_dtype dtype, const nmfi_rows *X, void *to,
                int64_t stride);

#endif
