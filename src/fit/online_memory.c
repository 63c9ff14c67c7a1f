/* The memory of what is learned from rows (online_state.h), once the type of the arithmetic is known. */
#include "base/options.h"
#include "fit/online_state.h"

static void layout_sums(nmf_online *o, nmfi_online_sums *s)
{
    const size_t line = nmfi_product(o->columns.ld, o->kernels->element_bytes);
    s->H = nmfi_take(&o->arena, o->k, line);
    s->Q = nmfi_take(&o->arena, o->k, line);
    s->S = nmfi_take(&o->arena, o->k * o->k, sizeof(double));
}

static void layout(nmf_online *o)
{
    const int64_t k = o->k, bytes = o->kernels->element_bytes;
    const size_t line = nmfi_product(o->columns.ld, bytes);
    layout_sums(o, &o->now);
    layout_sums(o, &o->kept);
    o->share = nmfi_take(&o->arena, k, line);
    o->spare = nmfi_take(&o->arena, k, line);
    o->share_S = nmfi_take(&o->arena, k * k, sizeof(double));
    o->gram_f64 = nmfi_take(&o->arena, k * k, sizeof(double));
    o->gram = nmfi_take(&o->arena, k * k, (size_t)bytes);
    o->inverse = nmfi_take(&o->arena, k, (size_t)bytes);
}

nmf_status nmfi_online_take_memory(nmf_online *o, nmf_dtype dtype, nmf_error *error)
{
    if (o->kernels) return NMF_OK;
    o->precision = o->options.precision != NMF_PRECISION_AUTO ? o->options.precision
                   : dtype == NMF_F64                         ? NMF_PRECISION_F64
                                                              : NMF_PRECISION_F32;
    o->kernels = nmfi_kernels_for(o->precision == NMF_PRECISION_F64 ? NMF_F64 : NMF_F32, NULL);
    o->columns = nmfi_partition_make(o->n);
    layout(o);
    nmf_status status = nmfi_arena_allocate(&o->arena, nmfi_memory_limit_of(&o->options), error);
    if (status == NMF_OK) layout(o);
    if (status != NMF_OK) {
        o->arena = (nmfi_arena){0};
        o->kernels = NULL;
    }
    return status;
}
