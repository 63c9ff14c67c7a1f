/* What the kernel bodies are expanded with, into one table for f32 (kernel_f32.c) and one for f64
 * (kernel_f64.c). Both are built once per instruction set, with NMFI_ISA set to its name and the compiler's
 * flags for it; the bodies are the same for all. */
#ifndef NMFI_KERNEL_ISA_H
#define NMFI_KERNEL_ISA_H
#include "kernel/table.h"

#include <float.h>
#include <math.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#ifndef NMFI_ISA
#define NMFI_ISA portable
#endif

#define NMFI_GLUE_(a, b) a##b
#define NMFI_GLUE(a, b) NMFI_GLUE_(a, b)
#define NMFI_STRING_(a) #a
#define NMFI_STRING(a) NMFI_STRING_(a)

/* The widest vector the flags allow, and the register tiles it makes, by how many registers there are: accumulators,
 * what is read once for several of them, and one operand. */
#if defined(__AVX512F__)
#define NMFI_VECTOR_BYTES 64
#define NMFI_REGISTERS 32
#elif defined(__AVX2__)
#define NMFI_VECTOR_BYTES 32
#define NMFI_REGISTERS 16
#elif defined(__aarch64__)
#define NMFI_VECTOR_BYTES 16
#define NMFI_REGISTERS 32
#else
#define NMFI_VECTOR_BYTES 16
#define NMFI_REGISTERS 16
#endif

#if NMFI_REGISTERS == 32
enum {
    NMFI_TILE_ROWS = 4,
    NMFI_GROUP_MOST = 6,
    NMFI_PRODUCT_COMPONENTS = 6, /* P: beside 4 rows */
    NMFI_SUM_VECTORS = 4,        /* Q: beside 6 components */
    NMFI_NARROW_VECTORS = 16,    /* the same for one component */
    NMFI_MODEL_VECTORS = 4,      /* V: beside 6 rows */
    NMFI_HALS_VECTORS = 4        /* in two chains for each of two coordinates */
};
#else
enum {
    NMFI_TILE_ROWS = 4,
    NMFI_GROUP_MOST = 6,
    NMFI_PRODUCT_COMPONENTS = 3,
    NMFI_SUM_VECTORS = 2,
    NMFI_NARROW_VECTORS = 8,
    NMFI_MODEL_VECTORS = 2,
    NMFI_HALS_VECTORS = 2
};
#endif
/* What a tile of P fetches of X from memory: nothing; what comes a little later in its rows, and at their end the
 * beginning of the rows after them; the rows after them. */
enum { NMFI_FETCH_NOTHING, NMFI_FETCH_AHEAD, NMFI_FETCH_NEXT_ROWS };

/* Where a tile of Q finds X: as it is stored; so, and it leaves it behind in T; there. */
enum { NMFI_STORED, NMFI_STORED_AND_KEPT, NMFI_KEPT };

/* Calls BODY(J) with j running over groups of J of k, of nearly the same size, at most `most` (a constant, up to 6):
 * 16 is 6 + 5 + 5, never 6 + 6 + 4. J is a constant in each call. */
#define NMFI_FOR_GROUPS(most, k, BODY) \
    for (int64_t j = 0, left = (k + most - 1) / most, size; j < k; j += size, left--) { \
        size = (k - j + left - 1) / left; \
        switch (size) { \
        case 6: \
            if (most >= 6) { \
                BODY(6); \
            } \
            break; \
        case 5: \
            if (most >= 5) { \
                BODY(5); \
            } \
            break; \
        case 4: \
            if (most >= 4) { \
                BODY(4); \
            } \
            break; \
        case 3: \
            if (most >= 3) { \
                BODY(3); \
            } \
            break; \
        case 2: BODY(2); break; \
        default: BODY(1); break; \
        } \
    }

/* What the compiler then knows of a vector is only that it is in a register. */
#if defined(__AVX512F__)
#define NMFI_KEEP_IN_REGISTER(value) __asm__("" : "+v"(value))
#elif defined(__x86_64__)
#define NMFI_KEEP_IN_REGISTER(value) __asm__("" : "+x"(value))
#elif defined(__aarch64__)
#define NMFI_KEEP_IN_REGISTER(value) __asm__("" : "+w"(value))
#else
#define NMFI_KEEP_IN_REGISTER(value) (void)(value)
#endif

#define NMFI_INLINE static inline __attribute__((always_inline))

#endif
