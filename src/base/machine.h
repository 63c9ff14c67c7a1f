/* What this process may use of the machine: processors, and what they can do; memory. */
#ifndef NMFI_BASE_MACHINE_H
#define NMFI_BASE_MACHINE_H

#include <stdint.h>

/* Processors that this process may keep busy, at least 1: those that it may run on, or fewer where its control group
 * has a quota of their time. */
int64_t nmfi_processors(void);
/* Threads of a team that nobody chose: NMFKIT_NUM_THREADS, else OMP_NUM_THREADS (so that the workers of a pool that
 * sets it do not multiply), else nmfi_processors(). Values that are no number from 1 to 4096 do not count. */
int64_t nmfi_default_threads(void);
int64_t nmfi_processor(void); /* that the caller runs on now; -1 where that is not known */
/* The caller goes on beside `processor`, on the steps-th after it in the circle of those that it may
 * run on, until the system moves it. */
void nmfi_go_beside(int64_t processor, int64_t steps);
int64_t nmfi_cache_bytes(void); /* a core's own (second level) cache; 1 MiB where unknown */
int nmfi_cpu_has_avx2(void);    /* AVX2 and FMA, and the system saves their registers */
int nmfi_cpu_has_avx512(void);  /* F, DQ, BW and VL */

/* Bytes: of the machine, or fewer where the control group or a limit of the process (ulimit -v, -d) says
 * so; INT64_MAX where nothing says anything. */
int64_t nmfi_memory_bytes(void);

#endif
