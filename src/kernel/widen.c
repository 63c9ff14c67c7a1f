/* Rows of X in the compute type, as they are or as single values: for what needs them outside of the products. */
#include "kernel/kernel.h"

#define CONVERT(FROM, TO) \
    for (int64_t r = 0; r < X->rows; r++) { \
        const FROM *x = (const FROM *)X->data + r * X->row_stride; \
        TO *row = (TO *)to + r * stride; \
        for (int64_t c = 0; c < X->columns; c++) row[c] = (TO)x[c]; \
    }

#define CONVERT_FROM(FROM) \
    if (kernels->element_bytes == 4) \
        CONVERT(FROM, float) \
    else \
        CONVERT(FROM, double)

void nmfi_widen(const nmfi_kernels *kernels, nmf_dtype dtype, const nmfi_rows *X, void *to, int64_t stride)
{
    switch (dtype) {
    case NMF_U8: CONVERT_FROM(uint8_t) break;
    case NMF_U16: CONVERT_FROM(uint16_t) break;
    case NMF_F32: CONVERT_FROM(float) break;
    case NMF_F64: CONVERT_FROM(double) break;
    case NMF_I32: CONVERT_FROM(int32_t) break;
    }
}
