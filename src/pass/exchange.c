/* Sums over several processes, along the same binary tree as those of one (sums.c), and rows that they tell each
 * other. The sum of a node is left + right, whoever has them. A node all of whose leaves one process has is added
 * up there; of any other the process that has its first leaf gets the right child's sum sent and adds it to the left
 * one's. The root's goes to all; its sums of products when they are asked for, and then each process may get those of
 * its own columns only.
 *
 * So a visit sends, for each node whose children lie with two processes, one message, and one broadcast:
 * each of value, k^2 + 2 k numbers and what sums of products there are, k x ld. */
#include "pass/exchange.h"

#include "pass/sum_tree.h"

#include <assert.h>
#include <string.h>

/* --- nodes of a visit -------------------------------------------------------------------------- */

typedef struct exchange {
    nmfi_pass *pass;
    nmfi_sum_tree *tree;
    const nmfi_adding *adding;
    const nmf_comm *comm;
} exchange;

/* The process that has leaf `leaf`: each slot has as many of them. */
static int64_t owner(const exchange *x, int64_t leaf)
{
    const nmfi_partition *side = x->adding->side;
    return nmfi_partition_owner(side, leaf / (x->adding->leaves / side->slots));
}

static size_t numbers_of(const exchange *x)
{
    const size_t k = (size_t)x->adding->k;
    return NMFI_SUM_COUNT + k * k + 2 * k;
}

static size_t Q_bytes(const exchange *x)
{
    const nmfi_pass *pass = x->pass;
    return (size_t)(x->adding->k * pass->columns.ld * pass->kernels->element_bytes);
}

static void pack(const exchange *x, const nmfi_sums *sums)
{
    const size_t k = (size_t)x->adding->k;
    double *to = x->tree->numbers;
    memcpy(to, sums->value, sizeof sums->value);
    memcpy(to += NMFI_SUM_COUNT, sums->gram, k * k * sizeof *to);
    memcpy(to += k * k, sums->pg2, k * sizeof *to);
    memcpy(to + k, sums->ref2, k * sizeof *to);
}

static void unpack(const exchange *x, nmfi_sums *sums)
{
    const size_t k = (size_t)x->adding->k;
    const double *from = x->tree->numbers;
    memcpy(sums->value, from, sizeof sums->value);
    memcpy(sums->gram, from += NMFI_SUM_COUNT, k * k * sizeof *from);
    memcpy(sums->pg2, from += k * k, k * sizeof *from);
    memcpy(sums->ref2, from + k, k * sizeof *from);
}

static void send_node(const exchange *x, int64_t to, const nmfi_node *node)
{
    pack(x, &node->sums);
    x->comm->send(x->comm->context, to, x->tree->numbers, numbers_of(x) * sizeof(double));
    for (int64_t s = 0; s < x->adding->Qs; s++)
        x->comm->send(x->comm->context, to, node->Q[s], Q_bytes(x));
}

static const nmfi_node *receive_node(const exchange *x, int64_t from)
{
    nmfi_node *const guest = x->tree->guest;
    x->comm->receive(x->comm->context, from, x->tree->numbers, numbers_of(x) * sizeof(double));
    unpack(x, &guest->sums);
    for (int64_t s = 0; s < x->adding->Qs; s++)
        x->comm->receive(x->comm->context, from, guest->Q[s], Q_bytes(x));
    return guest;
}

/* The sum of a subtree all of whose leaves are here; NULL where none of them was visited. */
static nmfi_node *add_up_own(const exchange *x, int64_t first, int64_t count)
{
    for (int64_t i = 0; i < x->tree->count; i++)
        if (x->tree->left[i]->first == first && x->tree->left[i]->count == count)
            return x->tree->left[i];
    if (count == 1) return NULL;
    nmfi_node *const left = add_up_own(x, first, count / 2);
    nmfi_node *const right = add_up_own(x, first + count / 2, count / 2);
    if (left && right) nmfi_node_add(x->pass, x->adding, left, right);
    return left ? left : right;
}

/* The sum of a subtree, where its first leaf is; elsewhere NULL. */
static nmfi_node *add_up_all(const exchange *x, int64_t first, int64_t count)
{
    const int64_t half = count / 2, me = x->comm->rank;
    const int64_t begin = owner(x, first), end = owner(x, first + count - 1);
    if (me < begin || me > end) return NULL;
    if (begin == end) return add_up_own(x, first, count);
    const int64_t other = owner(x, first + half);
    nmfi_node *const left = add_up_all(x, first, half);
    nmfi_node *const right = add_up_all(x, first + half, half);
    if (other != begin && me == other) send_node(x, begin, right);
    if (me != begin) return NULL;
    nmfi_node_add(x->pass, x->adding, left, other == begin ? right : receive_node(x, other));
    return left;
}

void nmfi_sums_exchange(nmfi_pass *pass, nmfi_sum_tree *tree, const nmfi_adding *adding)
{
    const nmf_comm *comm = adding->side->comm;
    const exchange x = {pass, tree, adding, comm};
    const int64_t from = owner(&x, 0);
    nmfi_node *root = add_up_all(&x, 0, adding->leaves);
    assert((root != NULL) == (comm->rank == from));
    if (root)
        pack(&x, &root->sums);
    else
        root = tree->guest;
    comm->broadcast(comm->context, from, tree->numbers, numbers_of(&x) * sizeof(double));
    unpack(&x, &root->sums);
    root->first = 0;
    root->count = adding->leaves;
    tree->left[0] = root;
    tree->count = 1;
    tree->root_at = from;
    tree->Qs = adding->Qs;
}

void nmfi_sums_complete(nmfi_pass *pass, int64_t k)
{
    nmfi_sum_tree *tree = pass->row_sums;
    const nmf_comm *comm = pass->rows.comm;
    const size_t bytes = (size_t)(k * pass->columns.ld * pass->kernels->element_bytes);
    if (!comm) return;
    for (int64_t s = 0; s < tree->Qs; s++)
        comm->broadcast(comm->context, tree->root_at, tree->left[0]->Q[s], bytes);
    tree->Qs = 0;
}

/* Components lie apart: for the way they are put side by side. */
static void send_columns(nmfi_pass *pass, int64_t k, int64_t to, const char *Q)
{
    const nmf_comm *comm = pass->rows.comm;
    const int64_t bytes = pass->kernels->element_bytes, ld = pass->columns.ld * bytes;
    const nmfi_partition theirs = nmfi_partition_of_rank(pass->columns.count, comm, to);
    const size_t run = (size_t)(theirs.count * bytes);
    char *const packed = pass->wire;
    if (run == 0) return;
    for (int64_t j = 0; j < k; j++)
        memcpy(packed + (size_t)j * run, Q + j * ld + theirs.first_row * bytes, run);
    comm->send(comm->context, to, packed, (size_t)k * run);
}

static void receive_columns(nmfi_pass *pass, int64_t k, int64_t from, char *Q)
{
    const nmf_comm *comm = pass->rows.comm;
    const nmfi_partition *own = &pass->own_columns;
    const int64_t bytes = pass->kernels->element_bytes, ld = pass->columns.ld * bytes;
    const size_t run = (size_t)(own->count * bytes);
    const char *const packed = pass->wire;
    if (run == 0) return;
    comm->receive(comm->context, from, pass->wire, (size_t)k * run);
    for (int64_t j = 0; j < k; j++)
        memcpy(Q + j * ld + own->first_row * bytes, packed + (size_t)j * run, run);
}

void nmfi_sums_deal(nmfi_pass *pass, int64_t k)
{
    const nmfi_sum_tree *tree = pass->row_sums;
    const nmf_comm *comm = pass->rows.comm;
    for (int64_t s = 0; comm && s < tree->Qs; s++) {
        char *const Q = tree->left[0]->Q[s];
        if (comm->rank != tree->root_at) receive_columns(pass, k, tree->root_at, Q);
        for (int64_t r = 0; comm->rank == tree->root_at && r < comm->size; r++)
            if (r != comm->rank) send_columns(pass, k, r, Q);
    }
}

/* --- rows of others ---------------------------------------------------------------------------- */

void nmfi_slots_share(const nmfi_partition *partition, void *items, int64_t of_a_slot,
                      int64_t bytes)
{
    const nmf_comm *comm = partition->comm;
    for (int64_t r = 0; comm && r < comm->size; r++) {
        const nmfi_partition theirs = nmfi_partition_of_rank(partition->all, comm, r);
        if (theirs.own_slots == 0) continue;
        comm->broadcast(comm->context, r, (char *)items + theirs.first_slot * of_a_slot * bytes,
                        (size_t)(theirs.own_slots * of_a_slot * bytes));
    }
}

int64_t nmfi_most_rows_of_a_rank(const nmfi_partition *partition)
{
    int64_t most = 0;
    for (int64_t r = 0; r < nmfi_comm_size(partition->comm); r++) {
        const int64_t rows = nmfi_partition_of_rank(partition->all, partition->comm, r).count;
        most = rows > most ? rows : most;
    }
    return most;
}

void nmfi_rows_share_some(const nmfi_partition *partition, int64_t first, int64_t count, void *rows,
                          int64_t row_bytes)
{
    const nmf_comm *comm = partition->comm;
    for (int64_t r = 0; comm && r < comm->size; r++) {
        const nmfi_partition theirs = nmfi_partition_of_rank(partition->all, comm, r);
        const int64_t last = theirs.first_row + theirs.count;
        const int64_t begin = theirs.first_row > first ? theirs.first_row : first;
        const int64_t end = last < first + count ? last : first + count;
        if (begin < end)
            comm->broadcast(comm->context, r, (char *)rows + (begin - first) * row_bytes,
                            (size_t)((end - begin) * row_bytes));
    }
}

void nmfi_rows_share(const nmfi_partition *partition, void *rows, int64_t row_bytes)
{
    nmfi_rows_share_some(partition, 0, partition->all, rows, row_bytes);
}

/* Components lie apart: for the way they are put side by side. */
void nmfi_components_share(const nmfi_partition *partition, int64_t k, int64_t bytes,
                           const void *own, int64_t own_ld, void *all, int64_t all_ld, void *buffer)
{
    const nmf_comm *comm = partition->comm;
    char *const packed = buffer;
    for (int64_t r = 0; comm && r < comm->size; r++) {
        const nmfi_partition theirs = nmfi_partition_of_rank(partition->all, comm, r);
        const size_t run = (size_t)(theirs.count * bytes);
        char *const to = (char *)all + theirs.first_row * bytes;
        if (run == 0) continue;
        for (int64_t j = 0; r == comm->rank && j < k; j++)
            memcpy(packed + (size_t)j * run, (const char *)own + j * own_ld * bytes, run);
        comm->broadcast(comm->context, r, packed, (size_t)k * run);
        for (int64_t j = 0; j < k; j++)
            memmove(to + j * all_ld * bytes, packed + (size_t)j * run, run);
    }
}
