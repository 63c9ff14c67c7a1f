/* What is asked of a factor, whoever has its rows: its components, sums along the tree of its slots, all rows of one that
 * several processes have together. Where a component lies is known here and below. */
#ifndef NMFI_PASS_FACTOR_H
#define NMFI_PASS_FACTOR_H

#include "pass/pass.h"

/* Component j: the rows that are here. It times a number; a number added to its entries; zeros, what pads it too. */
void *nmfi_factor_component(const nmfi_kernels *kernels, const nmfi_partition *partition,
                            const void *factor, int64_t j);
void nmfi_factor_scale(const nmfi_kernels *kernels, const nmfi_partition *partition, void *factor,
                       int64_t j, double by);
void nmfi_factor_add(const nmfi_kernels *kernels, const nmfi_partition *partition, void *factor,
                     int64_t j, double number);
void nmfi_factor_clear(const nmfi_kernels *kernels, const nmfi_partition *partition, void *factor,
                       int64_t j);

/* The sum of each of k components, and of its squares. Errors of rounding do not depend on who has which
 * rows. */
void nmfi_factor_sums(const nmfi_kernels *kernels, const nmfi_partition *partition, int64_t k,
                      const void *factor, double *sums);
void nmfi_factor_squares(const nmfi_kernels *kernels, const nmfi_partition *partition, int64_t k,
                         const void *factor, double *squares);

/* Of the rows of some slots, all of them here, one slot after the other. */
void nmfi_factor_sums_of_slots(const nmfi_kernels *kernels, const nmfi_partition *partition,
                               int64_t k, const void *factor, int64_t first_slot, int64_t slots,
                               double *sums);

/* Its Gram matrix, k x k. */
void nmfi_factor_gram(const nmfi_kernels *kernels, const nmfi_partition *partition, int64_t k,
                      const void *factor, double *gram);

/* All rows of a factor along the columns of a pass, k x columns.ld: itself where they are all here. */
const void *nmfi_factor_whole(const nmfi_pass *pass, const nmfi_partition *partition, int64_t k,
                              const void *factor);
/* Memory for that, from the arena. */
void nmfi_factor_layout_whole(nmfi_pass *pass, nmfi_arena *arena);

/* Where the rows of a factor that a pass along it visits begin, in an array of its partition. */
void *nmfi_factor_visited(const nmfi_pass *pass, const nmfi_partition *partition,
                          const void *factor);
/* The rows that others' passes visited come into an array that has them all. */
void nmfi_factor_complete(const nmfi_pass *pass, const nmfi_partition *partition, int64_t k,
                          void *factor);

/* The factor in one place, as one process alone has it (k x the stride of the whole): its bytes; from all
 * processes to the first one, whose `whole` is given (NULL elsewhere); and back. */
int nmfi_factor_is_spread(const nmfi_partition *partition);
size_t nmfi_factor_whole_bytes(const nmfi_partition *partition, int64_t k, int64_t bytes);
void nmfi_factor_gather(const nmfi_partition *partition, int64_t k, int64_t bytes, const void *own,
                        void *whole);
void nmfi_factor_scatter(const nmfi_partition *partition, int64_t k, int64_t bytes, void *own,
                         const void *whole);

/* What all who have X together decide: the greatest of their numbers; and of their failures the first. */
int nmfi_pass_decide(const nmfi_pass *pass, int number);
/* Of each one's largest entry in size the largest; of equal ones the first in the order of the rows. */
double nmfi_source_largest(const nmfi_source *source, double own);
/* Others have rows of X too; the rows of a source are those of a side, of which others may have some. */
int nmfi_source_is_shared(const nmfi_source *source);
void nmfi_source_along(nmfi_source *source, const nmfi_partition *side);
/* 1 where this process speaks for all who have X together; what that one has in `data`, for all. */
int nmfi_source_speaks(const nmfi_source *source);
void nmfi_source_tell(const nmfi_source *source, void *data, size_t bytes);
nmf_status nmfi_source_agree(const nmfi_source *source, nmf_status status,
                             nmf_error *error) NMF_MUST_CHECK;
/* `count` sums over the rows of a source, one row added after the other as if all were here; the same on all. */
typedef void nmfi_add_rows(const void *context, int64_t count, double *sums);
void nmfi_source_add_in_order(const nmfi_source *source, nmfi_add_rows *add, const void *context,
                              int64_t count, double *sums);

#endif
