/* How much memory this process may have. */
#ifndef NMFI_BASE_MACHINE_H
#define NMFI_BASE_MACHINE_H

#include <stdint.h>

/* Bytes: the machine's, or less where a container, a batch system (control groups) or ulimit -v or -d says so;
 * INT64_MAX where nothing says. What the control group allows is asked once. Thread-safe. */
int64_t nmfi_memory_bytes(void);

#endif
