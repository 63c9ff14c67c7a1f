/* The permutation that NumPy's RandomState(seed).permutation(count) gives, so that "--shuffle 0"
 * shows the samples that scikit-learn's users see.
 *
 * MT19937 (Matsumoto & Nishimura 1998) seeded by its one-word rule, Fisher-Yates from the end,
 * bounded integers by masking and rejection: NumPy's legacy generator, frozen by its compatibility
 * policy (NEP 19). */
#include <nmfkit/io.h>

#define STATE_WORDS 624
#define SHIFT_WORDS 397

typedef struct twister {
    uint32_t state[STATE_WORDS];
    int next; /* STATE_WORDS: the state is used up */
} twister;

static void seed_twister(twister *random, uint32_t seed)
{
    random->state[0] = seed;
    for (uint32_t i = 1; i < STATE_WORDS; i++) {
        const uint32_t previous = random->state[i - 1];
        random->state[i] = 1812433253u * (previous ^ previous >> 30) + i;
    }
    random->next = STATE_WORDS;
}

static void renew_state(twister *random)
{
    uint32_t *const state = random->state;
    for (int i = 0; i < STATE_WORDS; i++) {
        const uint32_t mixed =
            (state[i] & 0x80000000u) | (state[(i + 1) % STATE_WORDS] & 0x7fffffffu);
        state[i] = state[(i + SHIFT_WORDS) % STATE_WORDS] ^ mixed >> 1 ^ (mixed & 1u) * 0x9908b0dfu;
    }
    random->next = 0;
}

static uint32_t next_word(twister *random)
{
    if (random->next == STATE_WORDS) renew_state(random);
    uint32_t word = random->state[random->next++];
    word ^= word >> 11;
    word ^= word << 7 & 0x9d2c5680u;
    word ^= word << 15 & 0xefc60000u;
    return word ^ word >> 18;
}

/* Trap: two statements, as C does not fix which operand of | is evaluated first. */
static uint64_t next_double_word(twister *random)
{
    const uint64_t high = next_word(random);
    const uint64_t low = next_word(random);
    return high << 32 | low;
}

/* Uniform in 0..largest: words cut to the bits of `largest`, those above it thrown away. */
static uint64_t bounded(twister *random, uint64_t largest)
{
    uint64_t mask = largest;
    for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
    for (;;) {
        const uint64_t word = largest <= UINT32_MAX ? next_word(random) : next_double_word(random);
        if ((word & mask) <= largest) return word & mask;
    }
}

void nmf_io_numpy_permutation(uint32_t seed, int64_t count, int64_t *order)
{
    twister random;
    seed_twister(&random, seed);
    for (int64_t i = 0; i < count; i++) order[i] = i;
    for (int64_t i = count - 1; i > 0; i--) {
        const int64_t other = (int64_t)bounded(&random, (uint64_t)i);
        const int64_t kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}
