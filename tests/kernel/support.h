/* What the kernel tests share: the tables that this processor can run, numbers from a seed, blocks
 * of exactly the size that a kernel may touch, before a page that nobody may touch (so that one element more ends the
 * test), and the
 * bounds that floating-point arithmetic itself gives (Higham 2002, section 3.1). */
#ifndef TESTS_KERNEL_SUPPORT_H
#define TESTS_KERNEL_SUPPORT_H

#include "kernel/kernel.h"

#include <stddef.h>

enum { KERNEL_TABLES = 6 };

/* Both compute types of each variant that runs here; returns how many. */
int kernel_tables(const nmfi_kernels *tables[KERNEL_TABLES]);

/* Numbers from a seed. Each is a float, so that f32 and f64 kernels get the same ones. */
void kernel_seed(uint64_t seed);
uint64_t kernel_bits(void);
double kernel_uniform(double low, double high);
int64_t kernel_integer(int64_t low, int64_t high); /* both included */

/* The unit roundoff of a table's type; gamma_n = n u / (1 - n u), which bounds the relative error
 * of a sum of n products against the sum of their magnitudes, whatever the order and with or
 * without fusing. */
double kernel_roundoff(const nmfi_kernels *table);
double kernel_gamma(double roundoff, int64_t n);

/* gamma_n of the kernel and of the f64 reference it is compared with. */
double kernel_bound(const nmfi_kernels *table, int64_t n);

/* Fails the test unless |got - wanted| <= bound. */
void kernel_near(const nmfi_kernels *table, const char *what, double got, double wanted,
                 double bound);

/* Memory, zeroed; kernel_free() it. A block of T made from f64 values; one element of it. */
void *kernel_memory(size_t bytes);
void kernel_free(const void *memory);
double *kernel_doubles(int64_t count);
void *kernel_block(const nmfi_kernels *table, const double *values, int64_t count);
double kernel_get(const nmfi_kernels *table, const void *block, int64_t at);
void *kernel_at(const nmfi_kernels *table, const void *block, int64_t at);
int kernel_same(const nmfi_kernels *table, const void *a, const void *b, int64_t count);

int64_t kernel_padded(int64_t count); /* up to a multiple of NMFI_LANES_MIN */

/* Random rows of a storage type; kernel_free(rows.data). Integers are over their whole range, reals
 * signed. */
nmfi_rows kernel_rows(nmf_dtype dtype, int64_t rows, int64_t columns, int64_t row_stride);
double kernel_entry(const nmfi_rows *X, nmf_dtype dtype, int64_t row, int64_t column);

/* A random factor, count x k in component-major order with stride ld, zeros behind each row. */
double *kernel_factor(int64_t k, int64_t count, int64_t ld, double low, double high);

#endif
