/* What this process may use of the machine's memory. */
#ifndef NMFI_BASE_MACHINE_H
#define NMFI_BASE_MACHINE_H

#include <stdint.h>

/* Bytes: of the machine, or fewer where the control group or a limit of the process (ulimit -v, -d) says
 * so; INT64_MAX where nothing says anything. */
int64_t nmfi_memory_bytes(void);

#endif
