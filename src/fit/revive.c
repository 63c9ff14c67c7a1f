/* A component with nothing in W or in H adds nothing to WH and, where both are empty, never will
 * again: for HALS such a point is stationary. It comes back with a random w and an empty h: WH
 * stays what it was, so the loss does too, and the next half step of H gives h = max(0, R'w) /
 * ||w||^2 with R = X - WH, which lowers it. W and H in turn then are power iterations on the
 * positive side of what is left. */
#include "fit/problem.h"

#include "base/rng.h"

#include <math.h>
#include <string.h>

static void *component(const nmfi_problem *problem, const nmfi_factor *factor, void *array,
                       int64_t j)
{
    return (char *)array + j * factor->partition.ld * problem->kernels->element_bytes;
}

static int empty(const nmfi_problem *problem, const nmfi_factor *factor, void *array, int64_t j)
{
    double square = 0; /* a Gram matrix of one component is its squared norm */
    problem->kernels->gram(component(problem, factor, array, j), factor->partition.ld, 1,
                           factor->partition.ld, &square);
    return !(square > 0);
}

/* Trap: H's Gram matrix is that of the point ahead of the incumbent, where a component may be empty
 * that the incumbent has. */
static int dead(const nmfi_problem *problem, int64_t j)
{
    const nmfi_factor *W = &problem->W, *H = &problem->H;
    const int64_t diagonal = j * problem->k + j;
    if (W->gram[diagonal] > 0 && H->gram[diagonal] > 0) return 0;
    return empty(problem, W, W->y, j) || empty(problem, H, H->latest, j);
}

int nmfi_revive(nmfi_problem *problem, int64_t draw)
{
    const nmfi_factor *W = &problem->W, *H = &problem->H;
    /* A divergence cannot start from an empty h, and a penalty may want the component empty. */
    if (problem->divergence.wanted || W->l1 > 0 || W->l2 > 0 || H->l1 > 0 || H->l2 > 0) return 0;
    int64_t j = 0;
    while (j < problem->k && !dead(problem, j)) j++;
    if (j == problem->k) return 0;
    const nmfi_start_factor w = {W->y, problem->m, W->partition.ld};
    nmfi_random_component(problem->kernels, w, problem->k, j,
                          sqrt(problem->mean / (double)problem->k), problem->seed + draw,
                          NMFI_STREAM_FILL_W);
    memset(component(problem, H, H->latest, j), 0,
           (size_t)(H->partition.ld * problem->kernels->element_bytes));
    nmfi_reject(problem); /* to the incumbent as it is now */
    return 1;
}
