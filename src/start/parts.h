/* What the SVD starts share: see parts.c. */
#ifndef NMFI_START_PARTS_H
#define NMFI_START_PARTS_H

#include "start/start.h"

/* What takes the place of zeros: nothing, the factors' scale, or small noise on it. */
typedef struct nmfi_filling {
    nmf_init init;
    double scale;
    uint64_t seed;
    uint32_t stream;
} nmfi_filling;

/* The norms of the positive and negative parts of component j. */
void nmfi_part_norms(const nmfi_kernels *kernels, const void *vectors, nmfi_start_factor factor,
                     int64_t j, double norms[2]);

/* Both factors, and the triplets (U for W, V for H) they grow from. */
typedef struct nmfi_start_pair {
    nmfi_start_factor W, H;
    int64_t k;
    const void *U, *V;
    const double *sigma;
    nmfi_filling fill_W, fill_H;
} nmfi_start_pair;

/* Component `to` of both factors: w = sqrt(s mu) u' / ||u'||, h = sqrt(s mu) v' / ||v'||, mu =
 * ||u'|| ||v'||, where u' and v' are the positive (negative: 0) or negative (1) parts of triplet
 * `from` with these norms, or their absolute values (-1). Where there is no such part, random. */
void nmfi_part_pair(const nmfi_kernels *kernels, const nmfi_start_pair *pair, int64_t to,
                    int64_t from, int negative, const double u[2], const double v[2]);

#endif
