/* See support.h. */
#include "support.h"

#include "base/machine.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

extern const nmfi_kernels nmfi_kernels_portable_f32, nmfi_kernels_portable_f64;
#if defined(__x86_64__)
extern const nmfi_kernels nmfi_kernels_avx2_f32, nmfi_kernels_avx2_f64;
extern const nmfi_kernels nmfi_kernels_avx512_f32, nmfi_kernels_avx512_f64;
#endif

int kernel_tables(const nmfi_kernels *tables[KERNEL_TABLES])
{
    int count = 0;
    tables[count++] = &nmfi_kernels_portable_f32;
    tables[count++] = &nmfi_kernels_portable_f64;
#if defined(__x86_64__)
    if (nmfi_cpu_has_avx2()) {
        tables[count++] = &nmfi_kernels_avx2_f32;
        tables[count++] = &nmfi_kernels_avx2_f64;
    }
    if (nmfi_cpu_has_avx512()) {
        tables[count++] = &nmfi_kernels_avx512_f32;
        tables[count++] = &nmfi_kernels_avx512_f64;
    }
#endif
    return count;
}

static uint64_t generator;

void kernel_seed(uint64_t seed)
{
    generator = seed;
}

/* SplitMix64 (Steele, Lea & Flood 2014). */
uint64_t kernel_bits(void)
{
    uint64_t z = generator += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

double kernel_uniform(double low, double high)
{
    return (double)(float)(low + (high - low) * (double)(kernel_bits() >> 40) * 0x1p-24);
}

int64_t kernel_integer(int64_t low, int64_t high)
{
    return low + (int64_t)(kernel_bits() % (uint64_t)(high - low + 1));
}

double kernel_roundoff(const nmfi_kernels *table)
{
    return table->element_bytes == 4 ? 0x1p-24 : 0x1p-53;
}

double kernel_gamma(double roundoff, int64_t n)
{
    return (double)n * roundoff / (1.0 - (double)n * roundoff);
}

double kernel_bound(const nmfi_kernels *table, int64_t n)
{
    return kernel_gamma(kernel_roundoff(table), n) + kernel_gamma(0x1p-53, n);
}

void kernel_near(const nmfi_kernels *table, const char *what, double got, double wanted,
                 double bound)
{
    if (!(fabs(got - wanted) <= bound))
        fail_msg("%s f%d, %s: got %.17g, wanted %.17g, off by %g, bound %g", table->name,
                 (int)(8 * table->element_bytes), what, got, wanted, fabs(got - wanted), bound);
}

/* A page that says how much there is, whole pages of which the memory is the end, a page that nobody may touch. What
 * is freed is kept for the next that needs as many pages: thousands of maps take longer than the kernels. */
typedef struct map_head {
    size_t whole;
    struct map_head *next; /* of those that are free */
} map_head;
enum { KEPT_PAGES = 256 };
static map_head *kept[KEPT_PAGES];

static map_head *new_map(size_t pages, size_t page)
{
    char *const map =
        mmap(NULL, (pages + 1) * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(map != MAP_FAILED);
    assert_int_equal(mprotect(map + pages * page, page, PROT_NONE), 0);
    map_head *const head = (map_head *)(void *)map;
    head->whole = (pages + 1) * page;
    return head;
}

void *kernel_memory(size_t bytes)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = (bytes + page - 1) / page + 1;
    map_head *head = pages < KEPT_PAGES ? kept[pages] : NULL;
    if (head)
        kept[pages] = head->next;
    else
        head = new_map(pages, page);
    return memset((char *)head + pages * page - bytes, 0, bytes);
}

void kernel_free(const void *memory)
{
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at = (uintptr_t)memory;
    if (!memory) return;
    /* Nothing at all begins where the untouchable page does. */
    map_head *const head = (map_head *)(at / page * page - page);
    const size_t pages = head->whole / page - 1;
    if (pages < KEPT_PAGES) {
        head->next = kept[pages];
        kept[pages] = head;
    } else {
        assert_int_equal(munmap(head, head->whole), 0);
    }
}

double *kernel_doubles(int64_t count)
{
    return kernel_memory((size_t)count * sizeof(double));
}

void *kernel_block(const nmfi_kernels *table, const double *values, int64_t count)
{
    void *block = kernel_memory((size_t)(count * table->element_bytes));
    for (int64_t i = 0; i < count; i++) {
        if (table->element_bytes == 4)
            ((float *)block)[i] = (float)values[i];
        else
            ((double *)block)[i] = values[i];
    }
    return block;
}

double kernel_get(const nmfi_kernels *table, const void *block, int64_t at)
{
    return table->element_bytes == 4 ? (double)((const float *)block)[at]
                                     : ((const double *)block)[at];
}

void *kernel_at(const nmfi_kernels *table, const void *block, int64_t at)
{
    return (char *)(uintptr_t)block + at * table->element_bytes;
}

int kernel_same(const nmfi_kernels *table, const void *a, const void *b, int64_t count)
{
    return memcmp(a, b, (size_t)(count * table->element_bytes)) == 0;
}

int64_t kernel_padded(int64_t count)
{
    return (count + NMFI_LANES_MIN - 1) / NMFI_LANES_MIN * NMFI_LANES_MIN;
}

static void set_entry(nmf_dtype dtype, void *data, int64_t at)
{
    switch (dtype) {
    case NMF_U8: ((uint8_t *)data)[at] = (uint8_t)kernel_bits(); break;
    case NMF_U16: ((uint16_t *)data)[at] = (uint16_t)kernel_bits(); break;
    case NMF_F32: ((float *)data)[at] = (float)kernel_uniform(-1, 3); break;
    case NMF_F64: ((double *)data)[at] = kernel_uniform(-1, 3) + kernel_uniform(0, 1e-9); break;
    case NMF_I32: ((int32_t *)data)[at] = (int32_t)kernel_integer(-70000, 70000); break;
    }
}

nmfi_rows kernel_rows(nmf_dtype dtype, int64_t rows, int64_t columns, int64_t row_stride)
{
    /* Nothing lies behind the last row: not even the rest of its stride. */
    const int64_t count = rows > 0 ? (rows - 1) * row_stride + columns : 0;
    void *data = kernel_memory((size_t)count * nmf_dtype_bytes(dtype));
    for (int64_t i = 0; i < count; i++) set_entry(dtype, data, i);
    const nmfi_rows X = {data, row_stride, rows, columns};
    return X;
}

double kernel_entry(const nmfi_rows *X, nmf_dtype dtype, int64_t row, int64_t column)
{
    const int64_t at = row * X->row_stride + column;
    switch (dtype) {
    case NMF_U8: return ((const uint8_t *)X->data)[at];
    case NMF_U16: return ((const uint16_t *)X->data)[at];
    case NMF_F32: return (double)((const float *)X->data)[at];
    case NMF_F64: return ((const double *)X->data)[at];
    case NMF_I32: return ((const int32_t *)X->data)[at];
    }
    return NAN;
}

double *kernel_factor(int64_t k, int64_t count, int64_t ld, double low, double high)
{
    double *factor = kernel_doubles(k * ld);
    for (int64_t j = 0; j < k; j++)
        for (int64_t i = 0; i < count; i++) factor[j * ld + i] = kernel_uniform(low, high);
    return factor;
}
