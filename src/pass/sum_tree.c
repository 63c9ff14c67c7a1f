/* What is added along the tree of slots: the nodes of a visit (sum_tree.h), and numbers that each slot has. */
#include "pass/sum_tree.h"

#include <string.h>

/* --- nodes -------------------------------------------------------------------------------------- */

void nmfi_numbers_clear(nmfi_sums *sums, int64_t k)
{
    memset(sums->value, 0, sizeof sums->value);
    memset(sums->gram, 0, (size_t)(k * k) * sizeof(double));
    memset(sums->pg2, 0, (size_t)k * sizeof(double));
    memset(sums->ref2, 0, (size_t)k * sizeof(double));
}

void nmfi_numbers_add(nmfi_sums *to, const nmfi_sums *from, int64_t k)
{
    for (int i = 0; i < NMFI_SUM_COUNT; i++) to->value[i] += from->value[i];
    for (int64_t i = 0; i < k * k; i++) to->gram[i] += from->gram[i];
    for (int64_t j = 0; j < k; j++) {
        to->pg2[j] += from->pg2[j];
        to->ref2[j] += from->ref2[j];
    }
}

void nmfi_node_add(const nmfi_pass *pass, const nmfi_adding *adding, nmfi_node *left,
                   const nmfi_node *right)
{
    nmfi_numbers_add(&left->sums, &right->sums, adding->k);
    for (int64_t s = 0; s < adding->Qs; s++)
        pass->kernels->add(left->Q[s], right->Q[s], adding->k * adding->ldq);
}

/* --- numbers of slots -------------------------------------------------------------------------- */

enum { MOST = 64 }; /* numbers at once: what a recursion keeps of each level */

typedef struct adding_numbers {
    const nmfi_partition *partition;
    nmfi_slot_numbers *of_slot;
    const void *context;
    int64_t first, count; /* which of the numbers */
} adding_numbers;

static void add(double *to, const double *from, int64_t count)
{
    for (int64_t i = 0; i < count; i++) to[i] += from[i];
}

static void own_numbers(const adding_numbers *a, int64_t first, int64_t count, double *sums)
{
    if (count == 1) {
        a->of_slot(a->context, first, a->first, a->count, sums);
        return;
    }
    double right[MOST];
    own_numbers(a, first, count / 2, sums);
    own_numbers(a, first + count / 2, count / 2, right);
    add(sums, right, a->count);
}

/* The same for all processes' slots; what is left in `sums` counts where the first slot is. */
static void all_numbers(const adding_numbers *a, int64_t first, int64_t count, double *sums)
{
    const nmfi_partition *partition = a->partition;
    const nmf_comm *comm = partition->comm;
    const int64_t half = count / 2, me = comm->rank;
    const int64_t begin = nmfi_partition_owner(partition, first);
    const int64_t end = nmfi_partition_owner(partition, first + count - 1);
    if (me < begin || me > end) return;
    if (begin == end) {
        own_numbers(a, first, count, sums);
        return;
    }
    double right[MOST];
    const size_t bytes = (size_t)a->count * sizeof *right;
    const int64_t other = nmfi_partition_owner(partition, first + half);
    all_numbers(a, first, half, sums);
    all_numbers(a, first + half, half, right);
    if (other != begin && me == other) comm->send(comm->context, begin, right, bytes);
    if (other != begin && me == begin) comm->receive(comm->context, other, right, bytes);
    if (me == begin) add(sums, right, a->count);
}

void nmfi_slots_add_up(const nmfi_partition *partition, nmfi_slot_numbers *of_slot,
                       const void *context, int64_t count, double *sums)
{
    const nmf_comm *comm = partition->comm;
    for (int64_t first = 0; first < count; first += MOST) {
        const adding_numbers a = {partition, of_slot, context, first,
                                  nmfi_lesser(MOST, count - first)};
        if (!comm) {
            own_numbers(&a, 0, partition->slots, sums + first);
            continue;
        }
        all_numbers(&a, 0, partition->slots, sums + first);
        comm->broadcast(comm->context, nmfi_partition_owner(partition, 0), sums + first,
                        (size_t)a.count * sizeof *sums);
    }
}
