/* Raw arrays become matrices: see raw_array.h. */
#include "raw_array.h"

#include <math.h>
#include <string.h>

int nmfi_array_bytes(int64_t rows, int64_t height, int64_t width, int64_t item_bytes, size_t *bytes)
{
    int64_t product;
    if (rows < 0 || height < 0 || width < 0 || __builtin_mul_overflow(height, width, &product) ||
        __builtin_mul_overflow(product, rows, &product) ||
        __builtin_mul_overflow(product, item_bytes, &product) || product > PTRDIFF_MAX) {
        return 0;
    }
    *bytes = (size_t)product;
    return 1;
}

static uint64_t load_bits(const unsigned char *from, int bytes, int big_endian)
{
    const int swap = big_endian != NMFI_HOST_BIG_ENDIAN;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (bytes) {
    case 1: return *from;
    case 2: memcpy(&two, from, sizeof two); return swap ? __builtin_bswap16(two) : two;
    case 4: memcpy(&four, from, sizeof four); return swap ? __builtin_bswap32(four) : four;
    default: memcpy(&eight, from, sizeof eight); return swap ? __builtin_bswap64(eight) : eight;
    }
}

static double half_value(uint64_t bits)
{
    const int exponent = (int)(bits >> 10 & 31);
    const int fraction = (int)(bits & 1023);
    const double sign = bits >> 15 ? -1.0 : 1.0;
    if (exponent == 31) {
        return fraction == 0 ? sign * HUGE_VAL : (double)NAN;
    }
    return exponent == 0 ? sign * ldexp(fraction, -24)
                         : sign * ldexp(1024 + fraction, exponent - 25);
}

static int64_t signed_value(uint64_t bits, int bytes)
{
    const uint64_t sign = UINT64_C(1) << (8 * bytes - 1);
    return (bits & sign) == 0 ? (int64_t)bits : -(int64_t)(~bits & (sign - 1)) - 1;
}

static double load_value(const nmfi_raw_array *raw, const unsigned char *from)
{
    const uint64_t bits = load_bits(from, raw->item_bytes, raw->big_endian);
    if (raw->kind == 'i') {
        return (double)signed_value(bits, raw->item_bytes);
    }
    if (raw->kind != 'f') {
        return (double)bits;
    }
    if (raw->item_bytes == 2) {
        return half_value(bits);
    }
    if (raw->item_bytes == 4) {
        const uint32_t word = (uint32_t)bits;
        float value;
        memcpy(&value, &word, sizeof value);
        return (double)value;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double nmfi_raw_value(const nmfi_raw_array *raw, int64_t index)
{
    return load_value(raw, raw->data + index * raw->item_bytes);
}

int64_t nmfi_raw_whole(const nmfi_raw_array *raw, int64_t index)
{
    const uint64_t bits =
        load_bits(raw->data + index * raw->item_bytes, raw->item_bytes, raw->big_endian);
    if (raw->kind == 'i') {
        return signed_value(bits, raw->item_bytes);
    }
    return bits <= INT64_MAX ? (int64_t)bits : INT64_MAX;
}

static const unsigned char *place(const nmfi_raw_array *raw, int64_t row, int64_t y, int64_t x)
{
    return raw->data + (row * raw->row_stride + y * raw->height_stride + x * raw->width_stride) *
                           raw->item_bytes;
}

/* The smallest and largest of the values, as doubles: exact up to 2^53, which is all that
 * matters. */
static void value_range(const nmfi_raw_array *raw, double *lowest, double *highest)
{
    *lowest = 0.0;
    *highest = 0.0;
    for (int64_t row = 0; row < raw->rows; row++) {
        for (int64_t y = 0; y < raw->height; y++) {
            for (int64_t x = 0; x < raw->width; x++) {
                const double value = load_value(raw, place(raw, row, y, x));
                *lowest = value < *lowest ? value : *lowest;
                *highest = value > *highest ? value : *highest;
            }
        }
    }
}

int nmfi_raw_dtype_hangs_on_values(const nmfi_raw_array *raw)
{
    const int is_narrow =
        (raw->item_bytes == 1 && raw->kind != 'i') || (raw->item_bytes == 2 && raw->kind == 'u');
    return raw->real_bytes == 0 && raw->kind != 'f' && !is_narrow;
}

nmf_dtype nmfi_raw_dtype(const nmfi_raw_array *raw, double lowest, double highest)
{
    if (raw->real_bytes != 0) {
        return raw->real_bytes == 8 ? NMF_F64 : NMF_F32;
    }
    if (raw->kind == 'f') {
        return raw->item_bytes == 8 ? NMF_F64 : NMF_F32;
    }
    if (!nmfi_raw_dtype_hangs_on_values(raw)) {
        return raw->item_bytes == 1 ? NMF_U8 : NMF_U16;
    }
    if (lowest < 0.0) {
        return NMF_F64;
    }
    return highest <= UINT8_MAX    ? NMF_U8
           : highest <= UINT16_MAX ? NMF_U16
           : highest <= 0x1p24     ? NMF_F32
                                   : NMF_F64;
}

static nmf_dtype smallest_dtype(const nmfi_raw_array *raw)
{
    double lowest = 0.0, highest = 0.0;
    if (nmfi_raw_dtype_hangs_on_values(raw)) {
        value_range(raw, &lowest, &highest);
    }
    return nmfi_raw_dtype(raw, lowest, highest);
}

void nmfi_store_value(void *out, nmf_dtype dtype, int64_t index, double value)
{
    switch (dtype) {
    case NMF_U8: ((uint8_t *)out)[index] = (uint8_t)value; break;
    case NMF_U16: ((uint16_t *)out)[index] = (uint16_t)value; break;
    case NMF_F32: ((float *)out)[index] = (float)value; break;
    case NMF_F64: ((double *)out)[index] = value; break;
    case NMF_I32: ((int32_t *)out)[index] = (int32_t)value; break;
    }
}

static nmf_status copy(const nmfi_raw_array *raw, nmf_matrix **matrix, nmf_error *error)
{
    const nmf_dtype dtype = smallest_dtype(raw);
    const nmf_status status =
        nmf_matrix_new(dtype, raw->rows, raw->height * raw->width, matrix, error);
    if (status != NMF_OK) {
        return status;
    }
    void *out = nmf_matrix_writable(*matrix);
    int64_t index = 0;
    for (int64_t row = 0; row < raw->rows; row++) {
        for (int64_t y = 0; y < raw->height; y++) {
            for (int64_t x = 0; x < raw->width; x++) {
                nmfi_store_value(out, dtype, index++, load_value(raw, place(raw, row, y, x)));
            }
        }
    }
    return NMF_OK;
}

int nmfi_raw_is_as_kept(const nmfi_raw_array *raw)
{
    const int bytes = raw->item_bytes;
    const int known = raw->kind == 'f'   ? bytes >= 4
                      : raw->kind == 'u' ? bytes <= 2
                                         : raw->kind == 'b';
    const int native = bytes == 1 || raw->big_endian == NMFI_HOST_BIG_ENDIAN;
    const int wanted = raw->real_bytes == 0 || (raw->kind == 'f' && raw->real_bytes == bytes);
    return known && native && wanted;
}

/* 1 and the layout, where a matrix can read the file's bytes as they lie. */
static int lendable(const nmfi_raw_array *raw, nmf_dense *dense)
{
    const int bytes = raw->item_bytes;
    const int even = raw->height <= 1 || raw->height_stride == raw->width * raw->width_stride;
    if (!nmfi_raw_is_as_kept(raw) || !even || (uintptr_t)raw->data % (uintptr_t)bytes != 0) {
        return 0;
    }
    dense->data = raw->data;
    dense->dtype =
        raw->kind == 'f' ? (bytes == 8 ? NMF_F64 : NMF_F32) : (bytes == 2 ? NMF_U16 : NMF_U8);
    dense->rows = raw->rows;
    dense->columns = raw->height * raw->width;
    dense->row_stride = raw->row_stride;
    dense->column_stride = raw->width_stride;
    return 1;
}

nmf_status nmfi_raw_to_matrix(const nmfi_raw_array *raw, void (*release)(void *context),
                              void *context, nmf_matrix **matrix, nmf_error *error)
{
    *matrix = NULL;
    nmf_dense dense;
    nmf_status status;
    if (lendable(raw, &dense)) {
        status = nmf_matrix_adopt(&dense, release, context, matrix, error);
    } else {
        status = copy(raw, matrix, error);
        release(context);
    }
    if (status == NMF_OK && raw->pictures && raw->height > 0 && raw->width > 0) {
        status = nmf_matrix_set_image_shape(*matrix, raw->height, raw->width, error);
        if (status != NMF_OK) {
            nmf_matrix_free(*matrix);
            *matrix = NULL;
        }
    }
    return status;
}
