/* Denormal numbers are taken as zero inside of a pass: they would slow arithmetic down a hundredfold and
 * carry nothing. Who is called from there is owed the processor as it was. */
#ifndef NMFI_BASE_DENORMALS_H
#define NMFI_BASE_DENORMALS_H

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/* The mode before, for nmfi_denormals_restore. */
static inline unsigned nmfi_denormals_off(void)
{
#if defined(__x86_64__)
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040u); /* flush to zero, denormals are zero */
    return before;
#else
    return 0;
#endif
}

static inline unsigned nmfi_denormals_on(void)
{
#if defined(__x86_64__)
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before & ~0x8040u);
    return before;
#else
    return 0;
#endif
}

static inline void nmfi_denormals_restore(unsigned before)
{
#if defined(__x86_64__)
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

#endif
