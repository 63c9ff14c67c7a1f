/* Chooses the kernel table once: the widest the processor has, or what NMFKIT_KERNELS asks for. */
#include "base/machine.h"
#include "kernel/kernel.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const nmfi_kernels nmfi_kernels_portable_f32, nmfi_kernels_portable_f64;
#if defined(__x86_64__)
extern const nmfi_kernels nmfi_kernels_avx2_f32, nmfi_kernels_avx2_f64;
extern const nmfi_kernels nmfi_kernels_avx512_f32, nmfi_kernels_avx512_f64;
#endif

static int always(void)
{
    return 1;
}

/* Best first. */
static const struct variant {
    const nmfi_kernels *f32, *f64;
    int (*usable)(void);
    const char *has;
} variants[] = {
#if defined(__x86_64__)
    {&nmfi_kernels_avx512_f32, &nmfi_kernels_avx512_f64, nmfi_cpu_has_avx512,
     "the processor has AVX-512 (F, DQ, BW, VL)"},
    {&nmfi_kernels_avx2_f32, &nmfi_kernels_avx2_f64, nmfi_cpu_has_avx2,
     "the processor has AVX2 and FMA"},
#endif
    {&nmfi_kernels_portable_f32, &nmfi_kernels_portable_f64, always, "it runs on every processor"},
};
enum { VARIANTS = sizeof variants / sizeof variants[0] };

static const struct variant *chosen;
static char chosen_reason[128];
static pthread_once_t chosen_once = PTHREAD_ONCE_INIT;

static void choose(void)
{
    const char *wanted = getenv("NMFKIT_KERNELS");
    const struct variant *best = NULL;
    for (int i = VARIANTS - 1; i >= 0; i--)
        if (variants[i].usable()) best = &variants[i];
    chosen = best;
    snprintf(chosen_reason, sizeof chosen_reason, "%s", best->has);
    if (!wanted || !*wanted) return;
    for (int i = 0; i < VARIANTS; i++) {
        if (strcmp(wanted, variants[i].f32->name) != 0) continue;
        if (!variants[i].usable()) break;
        chosen = &variants[i];
        snprintf(chosen_reason, sizeof chosen_reason, "NMFKIT_KERNELS asks for it");
        return;
    }
    snprintf(chosen_reason, sizeof chosen_reason, "%s; NMFKIT_KERNELS=%.32s is not to be had here",
             best->has, wanted);
}

const nmfi_kernels *nmfi_kernels_for(nmf_dtype compute, const char **reason)
{
    pthread_once(&chosen_once, choose);
    if (reason) *reason = chosen_reason;
    return compute == NMF_F64 ? chosen->f64 : chosen->f32;
}
