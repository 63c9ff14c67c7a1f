/* A dense array of numbers as a file stores it, and its way into an nmf_matrix: lent where the
 * matrix can look at the file's own bytes, else copied into the smallest type that holds every
 * value. */
#ifndef NMFI_IO_RAW_ARRAY_H
#define NMFI_IO_RAW_ARRAY_H

#include "io/files/plugin.h"

#include <nmfkit/matrix.h>

/* Value (i, y, x) lies at element i*row_stride + y*height_stride + x*width_stride of `data`. An
 * ordinary matrix has height 1, and width columns. */
typedef struct nmfi_raw_array {
    const unsigned char *data; /* any alignment; the caller has checked that it holds the shape */
    char kind;                 /* 'b' bool, 'u' unsigned, 'i' signed, 'f' IEEE floating point */
    int item_bytes;            /* 1, 2, 4, 8 (f: 2, 4, 8; b: 1) */
    int big_endian;
    int pictures;   /* the rows are height x width pictures */
    int real_bytes; /* 4, 8: the result is f32, f64; 0: as nmfi_raw_to_matrix says */
    int64_t rows, height, width;
    int64_t row_stride, height_stride, width_stride; /* in elements */
} nmfi_raw_array;

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define NMFI_HOST_BIG_ENDIAN 1
#else
#define NMFI_HOST_BIG_ENDIAN 0
#endif

/* Bytes of rows x height x width items. Returns 0 where a size is negative or the product fits no
 * memory, else 1. */
NMFI_FOR_PLUGINS int nmfi_array_bytes(int64_t rows, int64_t height, int64_t width,
                                      int64_t item_bytes, size_t *bytes);

/* Value number `index` of a list: the elements as they lie, strides aside. */
double nmfi_raw_value(const nmfi_raw_array *raw, int64_t index);

/* The same for kinds 'i', 'u' and 'b', exactly; those beyond int64_t give INT64_MAX. */
int64_t nmfi_raw_whole(const nmfi_raw_array *raw, int64_t index);

/* 1 where a matrix keeps such values as they are stored; and the type that it keeps them in, which for
 * some kinds hangs on the smallest and largest of them (0 where there is none smaller, larger). */
int nmfi_raw_is_as_kept(const nmfi_raw_array *raw);
int nmfi_raw_dtype_hangs_on_values(const nmfi_raw_array *raw);
nmf_dtype nmfi_raw_dtype(const nmfi_raw_array *raw, double lowest, double highest);

/* Element number `index` of `out`, which is aligned for its type; the value must fit. */
void nmfi_store_value(void *out, nmf_dtype dtype, int64_t index, double value);

/* u8, u16, f32 and f64 keep their type; f16 becomes f32; other integers become u8, u16, f32 or f64,
 * the first that holds all of them exactly (f64 where any is negative, so that validation can name
 * it; integers beyond 2^53 are rounded to the nearest f64, as NumPy's astype does).
 * Takes `data` over: release(context) is called when it is no longer needed, or on failure. */
NMFI_FOR_PLUGINS nmf_status nmfi_raw_to_matrix(const nmfi_raw_array *raw,
                                               void (*release)(void *context), void *context,
                                               nmf_matrix **matrix, nmf_error *error);

#endif
