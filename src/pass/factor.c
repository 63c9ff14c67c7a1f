/* See factor.h. */
#include "pass/factor.h"

#include "pass/exchange.h"

#include <string.h>

typedef struct summing {
    const nmfi_kernels *kernels;
    const nmfi_partition *partition;
    const char *factor;
    int squares;
} summing;

static void sums_of_slot(const void *context, int64_t slot, int64_t first, int64_t count,
                         double *sums)
{
    const summing *s = context;
    const int64_t bytes = s->kernels->element_bytes, ld = s->partition->ld;
    const int64_t row = nmfi_partition_first_row(s->partition, slot);
    const int64_t rows = nmfi_partition_first_row(s->partition, slot + 1) - row;
    for (int64_t j = 0; j < count; j++) {
        const char *at = s->factor + ((first + j) * ld + row) * bytes;
        sums[j] = 0;
        if (s->squares)
            s->kernels->squares(at, ld, 1, rows, &sums[j], 1);
        else
            sums[j] = s->kernels->sum(at, ld, 1, rows);
    }
}

void nmfi_factor_sums(const nmfi_kernels *kernels, const nmfi_partition *partition, int64_t k,
                      const void *factor, double *sums)
{
    const summing s = {kernels, partition, factor, 0};
    nmfi_slots_add_up(partition, sums_of_slot, &s, k, sums);
}

void nmfi_factor_squares(const nmfi_kernels *kernels, const nmfi_partition *partition, int64_t k,
                         const void *factor, double *squares)
{
    const summing s = {kernels, partition, factor, 1};
    nmfi_slots_add_up(partition, sums_of_slot, &s, k, squares);
}

typedef struct multiplying {
    const nmfi_kernels *kernels;
    const nmfi_partition *partition;
    const char *factor;
    int64_t k;
} multiplying;

static void products_of_slot(const void *context, int64_t slot, int64_t first, int64_t count,
                             double *sums)
{
    enum { SPAN = 256 };
    const multiplying *g = context;
    const int64_t bytes = g->kernels->element_bytes, ld = g->partition->ld;
    const int64_t begin = nmfi_partition_first_row(g->partition, slot);
    const int64_t end = nmfi_partition_first_row(g->partition, slot + 1);
    double a[SPAN], b[SPAN];
    for (int64_t e = 0; e < count; e++) {
        const int64_t i = (first + e) / g->k, j = (first + e) % g->k;
        sums[e] = 0;
        for (int64_t row = begin; row < end && j <= i; row += SPAN) {
            const int64_t rows = end - row < SPAN ? end - row : SPAN;
            g->kernels->to_f64(g->factor + (i * ld + row) * bytes, a, rows);
            g->kernels->to_f64(g->factor + (j * ld + row) * bytes, b, rows);
            for (int64_t r = 0; r < rows; r++) sums[e] += a[r] * b[r];
        }
    }
}

void nmfi_factor_gram(const nmfi_kernels *kernels, const nmfi_partition *partition, int64_t k,
                      const void *factor, double *gram)
{
    const multiplying g = {kernels, partition, factor, k};
    nmfi_slots_add_up(partition, products_of_slot, &g, k * k, gram);
    for (int64_t i = 0; i < k; i++)
        for (int64_t j = i + 1; j < k; j++) gram[i * k + j] = gram[j * k + i];
}

void nmfi_factor_layout_whole(nmfi_pass *pass, nmfi_arena *arena)
{
    if (pass->rows.comm)
        pass->whole =
            nmfi_take(arena, pass->k, nmfi_product(pass->columns.ld, pass->kernels->element_bytes));
}

const void *nmfi_factor_whole(const nmfi_pass *pass, const nmfi_partition *partition, int64_t k,
                              const void *factor)
{
    if (!partition->comm) return factor;
    nmfi_components_share(partition, k, pass->kernels->element_bytes, factor, partition->ld,
                          pass->whole, pass->columns.ld, pass->wire);
    return pass->whole;
}

void *nmfi_factor_visited(const nmfi_pass *pass, const nmfi_partition *partition,
                          const void *factor)
{
    const int64_t rows = pass->rows.first_row - partition->first_row;
    return (char *)(uintptr_t)factor + rows * pass->kernels->element_bytes;
}

void nmfi_factor_complete(const nmfi_pass *pass, const nmfi_partition *partition, int64_t k,
                          void *factor)
{
    if (partition->comm || !pass->rows.comm) return;
    nmfi_components_share(&pass->rows, k, pass->kernels->element_bytes,
                          nmfi_factor_visited(pass, partition, factor), partition->ld, factor,
                          partition->ld, pass->wire);
}

int nmfi_pass_decide(const nmfi_pass *pass, int number)
{
    return (int)nmfi_comm_most(pass->rows.comm, number);
}

double nmfi_source_largest(const nmfi_source *source, double own)
{
    const nmf_comm *comm = source->comm;
    const double size = own < 0 ? -own : own;
    double largest = own;
    int64_t bits; /* of positive numbers: in their order */
    memcpy(&bits, &size, sizeof bits);
    const int64_t most = nmfi_comm_most(comm, bits);
    const int64_t who = nmfi_comm_least(comm, bits == most ? nmfi_comm_rank(comm) : INT64_MAX);
    if (comm) comm->broadcast(comm->context, who, &largest, sizeof largest);
    return largest;
}

nmf_status nmfi_source_agree(const nmfi_source *source, nmf_status status, nmf_error *error)
{
    return nmfi_comm_status(source->comm, status, error);
}
