/* The storage types of entries. */
#include <nmfkit/matrix.h>

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
