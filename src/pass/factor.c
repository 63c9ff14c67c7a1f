/* See factor.h. */
#include "pass/factor.h"

#include "pass/exchange.h"

#include <string.h>

void *nmfi_factor_component(const nmfi_kernels *kernels, const nmfi_partition *partition,
                            const void *factor, int64_t j)
{
    return (char *)(uintptr_t)factor + j * partition->ld * kernels->element_bytes;
}

void nmfi_factor_scale(const nmfi_kernels *kernels, const nmfi_partition *partition, void *factor,
                       int64_t j, double by)
{
    kernels->scale(nmfi_factor_component(kernels, partition, factor, j), partition->count, by);
}

void nmfi_factor_add(const nmfi_kernels *kernels, const nmfi_partition *partition, void *factor,
                     int64_t j, double number)
{
    kernels->add_constant(nmfi_factor_component(kernels, partition, factor, j), partition->count,
                          number);
}

void nmfi_factor_clear(const nmfi_kernels *kernels, const nmfi_partition *partition, void *factor,
                       int64_t j)
{
    memset(nmfi_factor_component(kernels, partition, factor, j), 0,
           (size_t)(partition->ld * kernels->element_bytes));
}

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

void nmfi_factor_sums_of_slots(const nmfi_kernels *kernels, const nmfi_partition *partition,
                               int64_t k, const void *factor, int64_t first_slot, int64_t slots,
                               double *sums)
{
    const int64_t bytes = kernels->element_bytes, ld = partition->ld;
    for (int64_t j = 0; j < k; j++) {
        sums[j] = 0;
        for (int64_t s = first_slot; s < first_slot + slots; s++) {
            const int64_t row = nmfi_partition_first_row(partition, s);
            const int64_t rows = nmfi_partition_first_row(partition, s + 1) - row;
            sums[j] += kernels->sum((const char *)factor + (j * ld + row) * bytes, ld, 1, rows);
        }
    }
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

/* --- in one place ------------------------------------------------------------------------------ */

int nmfi_factor_is_spread(const nmfi_partition *partition)
{
    return partition->comm != NULL;
}

static int64_t whole_ld(const nmfi_partition *partition)
{
    return nmfi_partition_make(partition->all).ld;
}

size_t nmfi_factor_whole_bytes(const nmfi_partition *partition, int64_t k, int64_t bytes)
{
    return nmfi_product(k, (int64_t)nmfi_product(whole_ld(partition), bytes));
}

typedef struct moving {
    const nmfi_partition *partition;
    int64_t bytes, own_ld, ld;
} moving;

/* One component, of which each process has the rows of its partition. */
static void gather_component(const moving *m, const char *own, char *whole)
{
    const nmf_comm *comm = m->partition->comm;
    const size_t mine = (size_t)(m->partition->count * m->bytes);
    if (comm->rank > 0) {
        if (mine > 0) comm->send(comm->context, 0, own, mine);
        return;
    }
    memset(whole, 0, (size_t)(m->ld * m->bytes));
    memcpy(whole, own, mine);
    for (int64_t r = 1; r < comm->size; r++) {
        const nmfi_partition theirs = nmfi_partition_of_rank(m->partition->all, comm, r);
        if (theirs.count > 0)
            comm->receive(comm->context, r, whole + theirs.first_row * m->bytes,
                          (size_t)(theirs.count * m->bytes));
    }
}

static void scatter_component(const moving *m, char *own, const char *whole)
{
    const nmf_comm *comm = m->partition->comm;
    const size_t mine = (size_t)(m->partition->count * m->bytes);
    memset(own, 0, (size_t)(m->own_ld * m->bytes));
    if (comm->rank > 0) {
        if (mine > 0) comm->receive(comm->context, 0, own, mine);
        return;
    }
    memcpy(own, whole, mine);
    for (int64_t r = 1; r < comm->size; r++) {
        const nmfi_partition theirs = nmfi_partition_of_rank(m->partition->all, comm, r);
        if (theirs.count > 0)
            comm->send(comm->context, r, whole + theirs.first_row * m->bytes,
                       (size_t)(theirs.count * m->bytes));
    }
}

void nmfi_factor_gather(const nmfi_partition *partition, int64_t k, int64_t bytes, const void *own,
                        void *whole)
{
    const moving m = {partition, bytes, partition->ld, whole_ld(partition)};
    for (int64_t j = 0; j < k; j++)
        gather_component(&m, (const char *)own + j * m.own_ld * bytes,
                         whole ? (char *)whole + j * m.ld * bytes : NULL);
}

void nmfi_factor_scatter(const nmfi_partition *partition, int64_t k, int64_t bytes, void *own,
                         const void *whole)
{
    const moving m = {partition, bytes, partition->ld, whole_ld(partition)};
    for (int64_t j = 0; j < k; j++)
        scatter_component(&m, (char *)own + j * m.own_ld * bytes,
                          whole ? (const char *)whole + j * m.ld * bytes : NULL);
}

/* --- decisions --------------------------------------------------------------------------------- */

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

int nmfi_source_is_shared(const nmfi_source *source)
{
    return source->comm != NULL;
}

void nmfi_source_along(nmfi_source *source, const nmfi_partition *side)
{
    source->comm = side->comm;
    source->all_rows = side->all;
    source->first_row = side->first_row;
}

int nmfi_source_speaks(const nmfi_source *source)
{
    return nmfi_comm_rank(source->comm) == 0;
}

void nmfi_source_tell(const nmfi_source *source, void *data, size_t bytes)
{
    nmfi_turn_tell(source->comm, 0, data, bytes);
}

nmf_status nmfi_source_agree(const nmfi_source *source, nmf_status status, nmf_error *error)
{
    return nmfi_comm_status(source->comm, status, error);
}

void nmfi_source_add_in_order(const nmfi_source *source, nmfi_add_rows *add, const void *context,
                              int64_t count, double *sums)
{
    const nmf_comm *comm = source->comm;
    const size_t bytes = (size_t)count * sizeof *sums;
    if (comm && comm->rank > 0) comm->receive(comm->context, comm->rank - 1, sums, bytes);
    add(context, count, sums);
    if (!comm) return;
    if (comm->rank + 1 < comm->size) comm->send(comm->context, comm->rank + 1, sums, bytes);
    comm->broadcast(comm->context, comm->size - 1, sums, bytes);
}
