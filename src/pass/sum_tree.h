/* Inside of the sums of slots: nodes of their tree (sums.c, sum_tree.c), and what several processes do with those that
 * none of them has all leaves of (exchange.c). */
#ifndef NMFI_PASS_SUM_TREE_H
#define NMFI_PASS_SUM_TREE_H

#include "pass/backend.h"

/* A subtree, summed up. */
typedef struct nmfi_node {
    int64_t first, count; /* its leaves */
    nmfi_sums sums;
    void *Q[NMFI_TILE_SUMS];
    nmf_status status;
    nmf_error error;
} nmfi_node;

struct nmfi_sum_tree {
    int64_t run;      /* leaves of a run */
    int64_t levels;   /* of a run, below its node */
    int64_t most;     /* nodes that a visit can leave */
    nmfi_node *nodes; /* those, then `levels` for each thread, then the guest */
    nmfi_node *guest; /* a node of another process; NULL where there is none */
    int64_t nodes_count;
    void *Q[NMFI_TILE_SUMS];   /* memory for the sums of products of all nodes, side by side */
    int64_t first_column, ldq; /* those of the last visit that had some */
    double *numbers;           /* of a node, side by side for the way */
    int64_t root_at;           /* the process that has the root's sums of products */
    int64_t Qs;                /* there are; 0 once all have them */
    /* What the last visit left, in the order of the leaves, and after which of them how many pairs
     * of subtrees become their parents; Qs apart, as kernels read them. */
    int64_t count;
    nmfi_node **left;
    unsigned char *merges;
    const void **left_Q[NMFI_TILE_SUMS];
    nmfi_sums *stack; /* to add them up in */
    int64_t leaves;   /* there were, visited or not */
};

void nmfi_numbers_clear(nmfi_sums *sums, int64_t k);
void nmfi_numbers_add(nmfi_sums *to, const nmfi_sums *from, int64_t k);
/* left += right, all of it. */
void nmfi_node_add(const nmfi_pass *pass, const nmfi_adding *adding, nmfi_node *left,
                   const nmfi_node *right);

/* What this process's visit left and what all others' did become one node, on all of them: the root. */
/* Its sums of products stay where its first leaf is, until they are asked for: */
void nmfi_sums_exchange(nmfi_pass *pass, nmfi_sum_tree *tree, const nmfi_adding *adding);
/* by all, or by each for its own columns. Nothing happens where they are there already. */
void nmfi_sums_complete(nmfi_pass *pass, int64_t k);
void nmfi_sums_deal(nmfi_pass *pass, int64_t k);

#endif
