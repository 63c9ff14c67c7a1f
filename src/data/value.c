/* The types that entries are stored in; one stored element as a double, and back. */
#include "data/value.h"

#include <float.h>
#include <math.h>

size_t nmf_dtype_bytes(nmf_dtype dtype)
{
    static const size_t bytes[] = {1, 2, 4, 8, 4};
    return (size_t)dtype <= NMF_I32 ? bytes[dtype] : 0;
}

const char *nmf_dtype_name(nmf_dtype dtype)
{
    static const char *const names[] = {"uint8", "uint16", "float32", "float64", "int32"};
    return (size_t)dtype <= NMF_I32 ? names[dtype] : "unknown";
}

double nmfi_value(nmf_dtype dtype, const void *data, int64_t at)
{
    switch (dtype) {
    case NMF_U8: return ((const uint8_t *)data)[at];
    case NMF_U16: return ((const uint16_t *)data)[at];
    case NMF_F32: return (double)((const float *)data)[at];
    case NMF_F64: return ((const double *)data)[at];
    case NMF_I32: return ((const int32_t *)data)[at];
    }
    return 0.0;
}

static double clamp(double value, double lowest, double highest)
{
    if (isnan(value)) return 0.0;
    return value >= highest ? highest : value <= lowest ? lowest : value;
}

void nmfi_set_value(nmf_dtype dtype, void *data, int64_t at, double value)
{
    switch (dtype) {
    case NMF_U8: ((uint8_t *)data)[at] = (uint8_t)clamp(value, 0.0, 255.0); break;
    case NMF_U16: ((uint16_t *)data)[at] = (uint16_t)clamp(value, 0.0, 65535.0); break;
    case NMF_F32: /* NaN and infinities stay what they are */
        ((float *)data)[at] = isfinite(value) && fabs(value) > (double)FLT_MAX
                                  ? (value < 0 ? -FLT_MAX : FLT_MAX)
                                  : (float)value;
        break;
    case NMF_F64: ((double *)data)[at] = value; break;
    case NMF_I32:
        ((int32_t *)data)[at] = (int32_t)clamp(value, (double)INT32_MIN, (double)INT32_MAX);
        break;
    }
}
