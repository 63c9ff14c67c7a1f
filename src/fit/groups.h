/* Groups of rows that an incremental method visits one after the other (method_incremental.c), and what each
 * of them added to the sums of the other factor when it was visited last: however dear a reading of X is, that
 * factor is improved many times in it. Kin: incremental EM (Neal & Hinton 1998), MISO (Mairal 2013). */
#ifndef NMFI_FIT_GROUPS_H
#define NMFI_FIT_GROUPS_H

#include "fit/method.h"

typedef struct nmfi_groups {
    int64_t count; /* a power of two: runs of as many slots of the rows of the pass */
    int64_t known; /* so many of them have been visited, the first ones */
    void *shares;  /* count x k x ld of the columns: their products */
    void *total;   /* k x ld */
    double *sums;  /* count x sum_bytes of the method's own */
    int64_t sums_of_each;
    nmfi_factor *along, *across; /* the factors along the rows of the pass, and along its columns */
} nmfi_groups;

/* How many, from shapes alone, `most` beyond which little is won; the pass gets slots for them. `each`: numbers of
 * the method's own. */
void nmfi_groups_plan(nmfi_fit *fit, nmfi_groups *groups, int64_t most, int64_t each);
void nmfi_groups_layout(nmfi_fit *fit, nmfi_groups *groups, nmfi_arena *arena);
void nmfi_groups_forget(nmfi_groups *groups); /* another start */
void nmfi_groups_keep(const nmfi_fit *fit, nmfi_groups *groups, nmfi_pieces *pieces);

/* A visit of these rows only. */
nmfi_visit nmfi_groups_visit(const nmfi_fit *fit, const nmfi_groups *groups, int64_t group);
/* The sums of the components of a factor along the rows, over the rows of a group: k numbers. */
void nmfi_groups_row_sums(const nmfi_fit *fit, const nmfi_groups *groups, int64_t group,
                          const void *factor, double *sums);
/* For rules on what that visit left; the group is known from here on. */
nmfi_shares nmfi_groups_shares(const nmfi_fit *fit, nmfi_groups *groups, int64_t group);
static inline double *nmfi_groups_sums(const nmfi_groups *groups, int64_t group)
{
    return groups->sums + group * groups->sums_of_each;
}
/* total[i] = the sum of number i of all known groups, in their order. */
void nmfi_groups_add_up(const nmfi_groups *groups, int64_t count, double *total);

#endif
