/* What the kernel bodies are expanded with, into one table for f32 (kernel_f32.c) and one for f64
 * (kernel_f64.c). Both are built once per instruction set, with NMFI_ISA set to its name and the compiler's
 * flags for it; the bodies are the same for all. */
#ifndef NMFI_KERNEL_ISA_H
#define NMFI_KERNEL_ISA_H
#include "kernel/kernel.h"

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

/* The widest vector the flags allow, and how many rows x components of accumulators its registers
 * hold beside the operands: 32 registers with AVX-512, 16 elsewhere (aarch64 has 32 of 16
 * bytes). */
#if defined(__AVX512F__)
#define NMFI_VECTOR_BYTES 64
#define NMFI_TILE_COMPONENTS 6
#elif defined(__AVX2__)
#define NMFI_VECTOR_BYTES 32
#define NMFI_TILE_COMPONENTS 2
#elif defined(__aarch64__)
#define NMFI_VECTOR_BYTES 16
#define NMFI_TILE_COMPONENTS 6
#else
#define NMFI_VECTOR_BYTES 16
#define NMFI_TILE_COMPONENTS 2
#endif
#define NMFI_TILE_ROWS 4
/* Vectors of lanes that HALS takes side by side, in two chains for each of two coordinates. */
#define NMFI_HALS_VECTORS (NMFI_TILE_COMPONENTS == 6 ? 4 : 2)

/* Calls BODY(J) with j running over groups of J components of nearly the same size, at most
 * NMFI_TILE_COMPONENTS: 16 is 6 + 5 + 5, never 6 + 6 + 4. J is a constant in each call. */
#if NMFI_TILE_COMPONENTS == 6
#define NMFI_LARGE_GROUPS(BODY) \
    case 6: BODY(6); break; \
    case 5: BODY(5); break; \
    case 4: BODY(4); break; \
    case 3: \
        BODY(3); \
        break;
#else
#define NMFI_LARGE_GROUPS(BODY)
#endif
#define NMFI_FOR_GROUPS(k, BODY) \
    for (int64_t j = 0, left = (k + NMFI_TILE_COMPONENTS - 1) / NMFI_TILE_COMPONENTS, size; j < k; \
         j += size, left--) { \
        size = (k - j + left - 1) / left; \
        switch (size) { \
            NMFI_LARGE_GROUPS(BODY) \
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
