/* The golden values are those of numpy 1.24.2, RandomState(seed).permutation(count); the sum of
 * (i + 1) * order[i] stands for the whole permutation. NumPy promises that they never change
 * (NEP 19). */
#include <nmfkit/io.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIRST 6

static const struct golden {
    uint32_t seed;
    int64_t count;
    int64_t first[FIRST];
    uint64_t sum;
} goldens[] = {
    {0u, 400, {132, 309, 341, 196, 246, 60}, 16215516},
    {1u, 400, {398, 125, 328, 339, 172, 342}, 15722312},
    {42u, 1, {0}, 0},
    {42u, 2, {1, 0}, 1},
    {42u, 3, {0, 1, 2}, 8},
    {123456789u, 10, {7, 0, 6, 3, 4, 5}, 256},
    {4294967295u, 17, {8, 1, 5, 14, 10, 15}, 1105},
    {7u, 255, {132, 247, 224, 24, 57, 65}, 4221045},
    {7u, 256, {132, 248, 139, 24, 57, 65}, 4294219},
    {7u, 257, {133, 249, 161, 24, 57, 65}, 4341641},
    {0u, 65536, {55458, 26836, 34921, 41001, 42101, 53975}, 70255124671352},
    {2026u, 100003, {57548, 22313, 61897, 70649, 13615, 32618}, 250353255304372},
    {5489u, 1000000, {146426, 465850, 335337, 998924, 634258, 190452}, 250151054557769542},
};

static void permutations_are_those_of_numpy(void **state)
{
    (void)state;
    for (size_t g = 0; g < sizeof goldens / sizeof *goldens; g++) {
        const struct golden *const golden = &goldens[g];
        int64_t *const order = malloc((size_t)golden->count * sizeof *order);
        assert_non_null(order);
        nmf_io_numpy_permutation(golden->seed, golden->count, order);
        uint64_t sum = 0;
        for (int64_t i = 0; i < golden->count; i++) {
            if (i < FIRST) assert_int_equal(order[i], golden->first[i]);
            sum += (uint64_t)(i + 1) * (uint64_t)order[i];
        }
        assert_int_equal(sum, golden->sum);
        free(order);
    }
}

static void a_permutation_has_each_number_once(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    int64_t order[COUNT];
    char seen[COUNT] = {0};
    nmf_io_numpy_permutation(3, COUNT, order);
    for (int i = 0; i < COUNT; i++) {
        assert_in_range(order[i], 0, COUNT - 1);
        assert_false(seen[order[i]]++);
    }
}

static void nothing_is_written_for_a_count_of_zero(void **state)
{
    (void)state;
    int64_t order[1] = {-7};
    nmf_io_numpy_permutation(0, 0, order);
    assert_int_equal(order[0], -7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permutations_are_those_of_numpy),
        cmocka_unit_test(a_permutation_has_each_number_once),
        cmocka_unit_test(nothing_is_written_for_a_count_of_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
