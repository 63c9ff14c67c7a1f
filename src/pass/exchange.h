/* What processes that have a side of X together tell each other beside the sums of a visit: nothing
 * where a partition is all here (comm is NULL), so that nobody need come here then. */
#ifndef NMFI_PASS_EXCHANGE_H
#define NMFI_PASS_EXCHANGE_H

#include "pass/pass.h"

/* `of_a_slot` items of each slot, of which each process has those of its own, come to all. */
void nmfi_slots_share(const nmfi_partition *partition, void *items, int64_t of_a_slot,
                      int64_t bytes);

/* Rows of all processes, side by side, of which each has its own. */
void nmfi_rows_share(const nmfi_partition *partition, void *rows, int64_t row_bytes);
/* And where `rows` holds rows [first, first + count) of all. */
void nmfi_rows_share_some(const nmfi_partition *partition, int64_t first, int64_t count, void *rows,
                          int64_t row_bytes);
/* The same of k components: `own` is where this one's first row lies, `all` where the first of all
 * goes; buffer: k x nmfi_most_rows_of_a_rank elements of `bytes`. */
void nmfi_components_share(const nmfi_partition *partition, int64_t k, int64_t bytes,
                           const void *own, int64_t own_ld, void *all, int64_t all_ld,
                           void *buffer);
int64_t nmfi_most_rows_of_a_rank(const nmfi_partition *partition);

#endif
