/* What the unit tests share: numbers from a seed, and sentences that an error must have. */
#ifndef TESTS_UNIT_SUPPORT_H
#define TESTS_UNIT_SUPPORT_H

#include <nmfkit/status.h>
#include <stdint.h>

/* SplitMix64; unit_uniform is in [low, high). */
uint64_t unit_bits(uint64_t *state);
double unit_uniform(uint64_t *state, double low, double high);
int64_t unit_integer(uint64_t *state, int64_t low, int64_t high); /* both included */

/* The call failed with this status (returned and recorded) and one line that has `fragment`. */
void unit_failed(nmf_status returned, const nmf_error *error, nmf_status wanted,
                 const char *fragment);

#endif
