/* Weights of what a sparse X stores (observed.h). They lie beside the entries of either side: who turns X turns them,
 * and an entry's place in its line is the same. */
#include "data/matrix.h"
#include "data/sparse.h"
#include "data/value.h"
#include "pass/observed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int64_t count_kept(const nmf_sparse *w)
{
    int64_t kept = 0;
    for (int64_t e = 0; e < nmfi_sparse_stored(w); e++)
        kept += nmfi_value(w->dtype, w->values, e) > 0;
    return kept;
}

/* Entries of X whose weight is not 0, in their order, and these weights beside them. */
typedef struct kept {
    int64_t *pointers, *indices;
    void *values;
    double *weights;
} kept;

static kept cut(void *memory, int64_t lines, int64_t count)
{
    kept k = {.pointers = memory};
    k.indices = k.pointers + lines + 1;
    k.weights = (double *)(void *)(k.indices + count);
    k.values = k.weights + count;
    return k;
}

/* *weights is NULL where X has no entry of weight 0; else of the entries that are kept, in the memory of `kept`. */
static nmf_status leave_out(const nmf_matrix *X, nmf_matrix **without, const double **weights,
                            nmf_error *error)
{
    const nmf_sparse *x = &X->sparse, *w = &X->weights->sparse;
    const int64_t lines = nmfi_sparse_lines(x), count = count_kept(w);
    const size_t entry = nmf_dtype_bytes(x->dtype);
    *weights = NULL;
    if (count == 0) return nmf_fail(error, NMF_ERROR_DATA, "no entry of X was observed");
    if (count == nmfi_sparse_stored(w)) return NMF_OK;
    void *const memory = malloc((size_t)(lines + 1 + 2 * count) * 8 + (size_t)count * entry);
    if (!memory)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: %lld weighted entries",
                        (long long)count);
    const kept k = cut(memory, lines, count);
    int64_t at = 0;
    for (int64_t line = 0; line < lines; line++) {
        k.pointers[line] = at;
        for (int64_t e = x->pointers[line]; e < x->pointers[line + 1]; e++) {
            const double weight = nmfi_value(w->dtype, w->values, e);
            if (!(weight > 0)) continue;
            k.indices[at] = nmfi_sparse_index(x, e);
            k.weights[at] = weight;
            memcpy((char *)k.values + (size_t)at * entry,
                   (const char *)x->values + (size_t)e * entry, entry);
            at++;
        }
    }
    k.pointers[lines] = at;
    const nmf_sparse s = {k.values,   x->dtype,  x->rows, x->columns,
                          k.pointers, k.indices, 8,       x->by_columns};
    *weights = k.weights;
    return nmf_matrix_adopt_sparse(&s, free, memory, without, error);
}

/* weight^(1 / beta) of each entry of `lines`, and the weighted squares. */
static nmf_status take_roots(const nmf_matrix *X, const nmf_sparse *lines, const double *weights,
                             nmf_dtype type, double beta, nmfi_stored_weights *made,
                             nmf_error *error)
{
    const nmf_sparse *w = &X->weights->sparse;
    const int64_t count = nmfi_sparse_stored(lines);
    made->u = nmfi_allocate(nmfi_product(count, (int64_t)nmf_dtype_bytes(type)));
    if (!made->u)
        return nmf_fail(error, NMF_ERROR_MEMORY, "out of memory: weights of %lld entries",
                        (long long)count);
    for (int64_t e = 0; e < count; e++) {
        const double weight = weights ? weights[e] : nmfi_value(w->dtype, w->values, e);
        const double x = nmfi_value(lines->dtype, lines->values, e);
        if (beta == 0 && weight != 1)
            return nmf_fail(error, NMF_ERROR_DATA,
                            "a weight is %g: with loss is (beta = 0), which does not see the scale "
                            "of an entry, "
                            "weights are 0 or 1",
                            weight);
        made->weighted_squares += weight * x * x;
        nmfi_set_value(type, made->u, e, beta == 0 || beta == 1 ? weight : pow(weight, 1 / beta));
    }
    return NMF_OK;
}

nmf_status nmfi_stored_weights_make(const nmf_matrix *X, nmf_dtype type, double beta,
                                    nmfi_stored_weights *made, nmf_error *error)
{
    memset(made, 0, sizeof *made);
    const double *weights = NULL;
    nmf_status status = leave_out(X, &made->kept, &weights, error);
    if (status == NMF_OK) {
        const nmf_sparse *const lines = made->kept ? &made->kept->sparse : &X->sparse;
        status = take_roots(X, lines, weights, type, beta, made, error);
        nmf_sparse *const there = &made->along[lines->by_columns],
                          *const across = &made->along[!lines->by_columns];
        *there = *lines;
        there->values = made->u;
        there->dtype = type;
        if (status == NMF_OK)
            status = nmfi_sparse_transpose_alone(there, across, &made->across, error);
    }
    if (status != NMF_OK) nmfi_stored_weights_free(made);
    return status;
}

void nmfi_stored_weights_free(nmfi_stored_weights *made)
{
    nmf_matrix_free(made->kept);
    nmfi_release(made->u);
    nmfi_release(made->across);
    memset(made, 0, sizeof *made);
}
