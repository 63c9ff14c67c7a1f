/* Nodes of the tree of sums (sum_tree.h): emptied, added. */
#include "pass/sum_tree.h"

#include <string.h>

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
