/* The kernels for arithmetic in f32, once for each instruction set: kernel_isa.h. */
#include "kernel/kernel_isa.h"

#define REAL float
#define REAL_IS_F32 1
#define NAME(base) NMFI_GLUE(base, _f32)
#include "kernel/bodies.inc"
