/* Gram matrices in f64, whatever the arithmetic: the loss of a sparse X is a small difference of what they
 * tell and what its entries do. */
#include "pass/backend.h"

#include <string.h>

/* The thread's scratch holds a tile of either side and a Gram matrix behind it, in f64. */
static double *tile_of(const nmfi_pass *pass, const nmfi_leaf *leaf)
{
    return (double *)(void *)nmfi_of_thread(pass->scratch, pass->scratch_bytes, leaf->thread);
}

static void exact_gram(const nmfi_pass *pass, const nmfi_partition *partition, const void *factor,
                       int64_t k, const nmfi_leaf *leaf, double *gram)
{
    const nmfi_kernels *f64 = nmfi_kernels_for(NMF_F64, NULL);
    const int64_t lanes = partition->lanes, bytes = pass->kernels->element_bytes;
    double *const tile = tile_of(pass, leaf);
    const int64_t end = nmfi_partition_slot_begin(partition, leaf->index + 1);
    for (int64_t t = nmfi_partition_slot_begin(partition, leaf->index); t < end; t++) {
        const char *from = nmfi_factor_at(pass, factor, t * lanes);
        for (int64_t j = 0; j < k; j++)
            pass->kernels->to_f64(from + j * partition->ld * bytes, tile + j * lanes, lanes);
        f64->gram(tile, lanes, k, lanes, gram);
    }
}

double nmfi_squares_of_model(const nmfi_pass *pass, const void *rows, int64_t k,
                             const double *gram_of_columns, const nmfi_leaf *leaf)
{
    double *const gram = tile_of(pass, leaf) + k * NMFI_LANES_MAX;
    double sum = 0;
    memset(gram, 0, (size_t)(k * k) * sizeof *gram);
    exact_gram(pass, &pass->rows, rows, k, leaf, gram);
    for (int64_t i = 0; i < k * k; i++) sum += gram[i] * gram_of_columns[i];
    return sum;
}

typedef struct gram_job {
    const nmfi_pass *pass;
    const void *factor;
    int64_t k;
} gram_job;

static nmf_status gram_slot(void *context, const nmfi_leaf *leaf, nmf_error *error)
{
    (void)error;
    const gram_job *job = context;
    exact_gram(job->pass, &job->pass->columns, job->factor, job->k, leaf, leaf->sums->gram);
    return NMF_OK;
}

void nmfi_exact_gram_of_columns(nmfi_pass *pass, const void *fixed, int64_t k, double *gram)
{
    gram_job job = {pass, fixed, k};
    const nmfi_adding adding = {.side = &pass->columns,
                                .leaves = pass->columns.slots,
                                .count = pass->columns.slots,
                                .k = k,
                                .task = gram_slot,
                                .context = &job};
    (void)nmfi_sums_add_up(pass, pass->column_sums, &adding, NULL); /* no task of it fails */
    memcpy(gram, pass->total.gram, (size_t)(k * k) * sizeof *gram);
}
