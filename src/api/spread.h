/* W left with the processes that have its rows (nmfkit/spread.h). */
#ifndef NMFI_API_SPREAD_H
#define NMFI_API_SPREAD_H

#include "base/comm.h"

#include <nmfkit/spread.h>

/* Of *W, which has the rows of this process, a spread matrix of X's samples with their names at the first one; elsewhere
 * *W stays what it is, and is spread. Errors: MEMORY; *W is then as it was. */
nmf_status nmfi_spread(const nmf_comm *comm, const nmf_matrix *X, nmf_matrix **W, nmf_error *error);

#endif
