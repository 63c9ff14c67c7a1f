/* See support.h. */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

uint64_t unit_bits(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

double unit_uniform(uint64_t *state, double low, double high)
{
    return low + (high - low) * (double)(unit_bits(state) >> 11) * 0x1p-53;
}

int64_t unit_integer(uint64_t *state, int64_t low, int64_t high)
{
    return low + (int64_t)(unit_bits(state) % (uint64_t)(high - low + 1));
}

void unit_failed(nmf_status returned, const nmf_error *error, nmf_status wanted,
                 const char *fragment)
{
    if (returned != wanted || error->status != wanted)
        fail_msg("status %s (recorded: %s), wanted %s: %s", nmf_status_name(returned),
                 nmf_status_name(error->status), nmf_status_name(wanted), error->message);
    if (!strstr(error->message, fragment) || strchr(error->message, '\n'))
        fail_msg("\"%s\" has no \"%s\", or a line break", error->message, fragment);
}

/* Tests ask for memory that cannot be had and expect NULL, as malloc gives it; sanitizers would
 * rather end the program. They call this before main. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}
