/* What this process has sent by MPI so far, in bytes. */
#ifndef NMFI_TESTS_COUNT_BYTES_H
#define NMFI_TESTS_COUNT_BYTES_H

#include <stdint.h>

int64_t counted_bytes(void);

#endif
