/* The kernels for arithmetic in f64, once for each instruction set: kernel_isa.h. */
#include "kernel/kernel_isa.h"

#define REAL double
#define REAL_IS_F32 0
#define NAME(base) NMFI_GLUE(base, _f64)
#include "kernel/bodies.inc"
