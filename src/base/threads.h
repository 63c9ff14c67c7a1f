/* A team of threads that lives as long as one call of the library: nothing global, so fits may run
 * side by side and after a fork, whatever the host does with its own threads.
 *
 * Work is a row of items in no order that could be relied on. What an item computes must depend on
 * the item alone; sums over items go into slots, added in item order, so the answer is the same for
 * any team. */
#ifndef NMFI_BASE_THREADS_H
#define NMFI_BASE_THREADS_H

#include <nmfkit/status.h>
#include <stdint.h>

typedef struct nmfi_team nmfi_team;

/* `thread` is in [0, nmfi_team_threads(team)): which private scratch the call may use. */
typedef void (*nmfi_task)(void *context, int64_t item, int64_t thread);

/* threads = 0: as many as nmfi_default_threads() says (machine.h). Where the system refuses a thread the team is smaller.
 * Workers block all signals (handlers run where the host expects them). Errors: MEMORY. */
nmf_status nmfi_team_start(int64_t threads, nmfi_team **team, nmf_error *error);
int64_t nmfi_team_threads(const nmfi_team *team);

/* Runs task(context, i, thread) for i = 0 .. items-1 and returns when all are done. Denormal
 * numbers are taken as zero meanwhile (they would slow arithmetic down a hundredfold and carry
 * nothing). */
void nmfi_team_run(nmfi_team *team, int64_t items, nmfi_task task, void *context);

void nmfi_team_stop(nmfi_team *team); /* NULL is fine */

#endif
