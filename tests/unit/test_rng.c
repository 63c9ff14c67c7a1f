/* Random numbers: the generator against its published vectors, the normal numbers against their
 * law. */
#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* Known answers for philox4x32-10 from Random123's kat_vectors. */
static void philox_gives_the_published_answers(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], answer[4];
    } known[] = {{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
                 {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                  {0xffffffff, 0xffffffff},
                  {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
                 {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                  {0xa4093822, 0x299f31d0},
                  {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        nmfi_philox(known[i].counter, known[i].key, out);
        for (int w = 0; w < 4; w++) assert_int_equal(out[w], known[i].answer[w]);
    }
}

enum { DRAWS = 200000 };

/* Each moment of N draws is within five standard errors of the normal law's, which chance passes
 * for all of these but once in 100000; the numbers are fixed, so it passes always or never. */
static void check_moments(uint64_t seed, uint32_t stream)
{
    double sum = 0, sum2 = 0, sum3 = 0, sum4 = 0, neighbours = 0, before = 0;
    int64_t beyond_2 = 0, beyond_3 = 0;
    double largest = 0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        const double z = nmfi_normal(seed, stream, i);
        assert_true(isfinite(z));
        sum += z;
        sum2 += z * z;
        sum3 += z * z * z;
        sum4 += z * z * z * z;
        neighbours += z * before;
        before = z;
        beyond_2 += fabs(z) > 2;
        beyond_3 += fabs(z) > 3;
        largest = fmax(largest, fabs(z));
    }
    const double n = DRAWS, allowed = 5 / sqrt(n);
    assert_true(fabs(sum / n) < allowed);                 /* variance of z is 1 */
    assert_true(fabs(sum2 / n - 1) < allowed * sqrt(2));  /* of z^2: 2 */
    assert_true(fabs(sum3 / n) < allowed * sqrt(15));     /* of z^3: 15 */
    assert_true(fabs(sum4 / n - 3) < allowed * sqrt(96)); /* of z^4: 105 - 9 */
    assert_true(fabs(neighbours / n) < allowed);
    const double p2 = erfc(sqrt(2)), p3 = erfc(3 / sqrt(2));
    assert_true(fabs((double)beyond_2 / n - p2) < allowed * sqrt(p2 * (1 - p2)));
    assert_true(fabs((double)beyond_3 / n - p3) < allowed * sqrt(p3 * (1 - p3)));
    assert_true(largest > 4 &&
                largest < 6.5); /* of 200000: below 4 once in 3e5, above 6.5 in 6e4 */
}

static void normal_numbers_are_normal(void **state)
{
    (void)state;
    check_moments(0, NMFI_STREAM_W);
    check_moments(1, NMFI_STREAM_W);
    check_moments(0, NMFI_STREAM_SKETCH);
    check_moments(UINT64_MAX, NMFI_STREAM_H);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov's statistic: sup |empirical - normal| sqrt(n) exceeds 2.2 once in 8000. */
static void the_whole_distribution_is_the_normal_one(void **state)
{
    (void)state;
    enum { N = 50000 };
    double *z = malloc(N * sizeof *z);
    assert_non_null(z);
    for (uint64_t i = 0; i < N; i++) z[i] = nmfi_normal(42, NMFI_STREAM_FILL_W, i);
    qsort(z, N, sizeof *z, ascending);
    double worst = 0;
    for (int i = 0; i < N; i++) {
        const double law = 0.5 * erfc(-z[i] / sqrt(2));
        worst = fmax(worst, fmax(fabs(law - (double)i / N), fabs(law - (double)(i + 1) / N)));
    }
    assert_true(worst * sqrt(N) < 2.2);
    free(z);
}

static void a_number_depends_on_seed_stream_and_index_alone(void **state)
{
    (void)state;
    enum { N = 1000 };
    double forward[N];
    for (int i = 0; i < N; i++) forward[i] = nmfi_normal(7, 1, (uint64_t)i);
    for (int i = N - 1; i >= 0; i--) {
        (void)nmfi_normal((uint64_t)i, 3, 9); /* whoever else draws meanwhile */
        assert_true(nmfi_normal(7, 1, (uint64_t)i) == forward[i]);
    }
}

/* High halves of seed and index count, and streams, seeds and indices are not interchangeable. */
static void neighbours_in_seed_stream_and_index_differ(void **state)
{
    (void)state;
    const uint64_t high = UINT64_C(1) << 32;
    const double z[] = {nmfi_normal(0, 1, 0),         nmfi_normal(1, 1, 0), nmfi_normal(high, 1, 0),
                        nmfi_normal(0, 2, 0),         nmfi_normal(0, 1, 1), nmfi_normal(0, 1, high),
                        nmfi_normal(0, 1, UINT64_MAX)};
    for (int i = 0; i < 7; i++)
        for (int j = 0; j < i; j++) assert_true(z[i] != z[j]);
}

/* nmfi_uniform4 is the generator's four words as numbers of 32 bits in [-1, 1). */
static void uniform_numbers_are_the_words_of_the_generator(void **state)
{
    (void)state;
    double sum = 0, sum2 = 0, products = 0;
    for (uint64_t i = 0; i < DRAWS / 4; i++) {
        const uint64_t seed = UINT64_C(0x123456789abcdef), index = i * 4 + (UINT64_C(7) << 32);
        const uint32_t counter[4] = {(uint32_t)index, (uint32_t)(index >> 32), NMFI_STREAM_SKETCH,
                                     5};
        const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
        uint32_t words[4];
        double u[4];
        nmfi_philox(counter, key, words);
        nmfi_uniform4(seed, NMFI_STREAM_SKETCH, 5, index, u);
        for (int w = 0; w < 4; w++) {
            assert_true(u[w] >= -1 && u[w] < 1 && (u[w] + 1) * 0x1p31 == words[w]);
            sum += u[w];
            sum2 += u[w] * u[w];
            products += u[w] * u[(w + 1) % 4];
        }
    }
    const double n = DRAWS, allowed = 5 / sqrt(n);
    assert_true(fabs(sum / n) < allowed * sqrt(1.0 / 3));             /* variance of u: 1/3 */
    assert_true(fabs(sum2 / n - 1.0 / 3) < allowed * sqrt(4.0 / 45)); /* of u^2: 1/5 - 1/9 */
    assert_true(fabs(products / n) < allowed / 3);                    /* of u v: 1/9 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_published_answers),
        cmocka_unit_test(normal_numbers_are_normal),
        cmocka_unit_test(the_whole_distribution_is_the_normal_one),
        cmocka_unit_test(a_number_depends_on_seed_stream_and_index_alone),
        cmocka_unit_test(uniform_numbers_are_the_words_of_the_generator),
        cmocka_unit_test(neighbours_in_seed_stream_and_index_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
