/* A fit in f64 begins in f32: its sketch, its start, and iterations as long as f32 tells them apart, for half the
 * memory traffic and twice the entries of a vector. Then the factors become f64, and it goes on from there: what
 * converges, and the pair that is returned, are judged in f64. */
#ifndef NMFI_FIT_SINGLE_H
#define NMFI_FIT_SINGLE_H

#include "fit/state.h"

/* Of fits in f64: memory for a copy of X, where there will be one: of a small dense X under the Frobenius loss. */
void nmfi_single_layout(nmfi_fit *fit, nmfi_arena *arena);

/* Once X was read: whether a fit does (choice.begins_single), and then its sketch is in f32. Errors: those of reading
 * X. */
nmf_status nmfi_single_open(nmfi_fit *fit, nmf_error *error);

/* In one that does: the kernels of f32, or the fit's own; what the factors hold stays as it is. */
void nmfi_single_use(nmfi_fit *fit, int single);

/* So are the factors that a start is written into, which hold nothing as yet. */
void nmfi_single_begin(nmfi_fit *fit);

/* Where they are f32 (place.single) the incumbents become f64; the fit's own kernels from here on. */
void nmfi_single_end(nmfi_fit *fit);

#endif
