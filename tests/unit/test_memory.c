/* Sizes, blocks and the measuring arena. */
#include "base/memory.h"
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void a_product_that_overflows_is_no_size(void **state)
{
    (void)state;
    assert_true(nmfi_product(3, 5) == 15);
    assert_true(nmfi_product(0, INT64_MAX) == 0);
    assert_true(nmfi_product(INT64_MAX, 2) == SIZE_MAX - 1); /* the largest that fits */
    assert_true(nmfi_product(INT64_MAX, 3) == SIZE_MAX);
    assert_true(nmfi_product(INT64_C(1) << 32, INT64_C(1) << 32) == SIZE_MAX);
    assert_true(nmfi_product(-1, 5) == SIZE_MAX);
    assert_true(nmfi_product(5, -1) == SIZE_MAX);
    assert_true(nmfi_product(INT64_MIN, INT64_MIN) == SIZE_MAX);
}

static void is_aligned_and_zero(size_t bytes)
{
    unsigned char *block = nmfi_allocate(bytes);
    assert_non_null(block);
    assert_true((uintptr_t)block % NMFI_ALIGNMENT == 0);
    size_t others = 0;
    for (size_t i = 0; i < bytes; i++) {
        others += block[i] != 0;
        block[i] = 0xFF; /* so that a block used again would show */
    }
    assert_int_equal(others, 0);
    nmfi_release(block);
}

static void blocks_are_aligned_and_zero(void **state)
{
    (void)state;
    for (size_t bytes = 0; bytes < 300; bytes++) is_aligned_and_zero(bytes);
    /* From 4 MiB on large pages are asked for. */
    static const size_t large[] = {4194303, 4194304, 4198465, 9437184};
    for (int i = 0; i < 8; i++) is_aligned_and_zero(large[i % 4]);
    nmfi_release(NULL);
}

static void impossible_blocks_are_null(void **state)
{
    (void)state;
    assert_null(nmfi_allocate(SIZE_MAX));
    assert_null(nmfi_allocate(SIZE_MAX - 1));
    assert_null(nmfi_allocate((size_t)PTRDIFF_MAX + 1));
    assert_null(nmfi_allocate((size_t)PTRDIFF_MAX - 100));
}

enum { PIECES = 40 };

static nmfi_memory_limit of(size_t bytes)
{
    return (nmfi_memory_limit){(int64_t)bytes, 0};
}

/* The same random takes each time it is called, as a layout function does. */
static void lay_out(nmfi_arena *arena, uint64_t seed, char *piece[PIECES], size_t size[PIECES])
{
    for (int i = 0; i < PIECES; i++) {
        const int64_t count = unit_integer(&seed, 0, 99);
        const size_t bytes = (size_t)1 << unit_integer(&seed, 0, 3);
        size[i] = (size_t)count * bytes;
        piece[i] = nmfi_take(arena, count, bytes);
    }
}

static void measuring_and_taking_agree(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        nmfi_arena arena = {0};
        char *piece[PIECES];
        size_t size[PIECES];
        lay_out(&arena, seed, piece, size);
        for (int i = 0; i < PIECES; i++) assert_null(piece[i]);
        const size_t measured = arena.used;
        assert_int_equal(nmfi_arena_allocate(&arena, of(measured), NULL), NMF_OK);
        lay_out(&arena, seed, piece, size);
        assert_true(arena.used == measured);
        for (int i = 0; i < PIECES; i++) {
            assert_true((uintptr_t)piece[i] % NMFI_ALIGNMENT == 0);
            assert_true(piece[i] >= arena.base && piece[i] + size[i] <= arena.base + measured);
            if (i > 0) assert_true(piece[i] >= piece[i - 1] + size[i - 1]);
            for (size_t b = 0; b < size[i]; b++) assert_true(piece[i][b] == 0);
        }
        nmfi_release(arena.base);
    }
}

static void the_limit_is_kept_to_the_byte(void **state)
{
    (void)state;
    nmf_error error = {0};
    nmfi_arena arena = {0};
    (void)nmfi_take(&arena, 1000, 8);
    const size_t measured = arena.used;
    assert_true(measured >= 8000);
    unit_failed(nmfi_arena_allocate(&arena, of(measured - 1), &error), &error, NMF_ERROR_MEMORY,
                "limit");
    assert_null(arena.base);
    assert_int_equal(nmfi_arena_allocate(&arena, NMFI_NO_LIMIT, &error), NMF_OK); /* 0: none */
    nmfi_release(arena.base);
}

/* What others take is within the limit that is named. */
static void what_is_taken_counts_and_is_named(void **state)
{
    (void)state;
    nmf_error error = {0};
    nmfi_arena arena = {0};
    char sentence[160];
    (void)nmfi_take(&arena, 1000, 8);
    const nmfi_memory_limit limit = {(int64_t)arena.used + 500, 0};
    snprintf(sentence, sizeof sentence,
             "the fit needs %zu bytes of memory at least, beside 501 that the data take; the limit "
             "is %lld",
             arena.used, (long long)limit.bytes);
    unit_failed(
        nmfi_arena_allocate(&arena, nmfi_limit_beside(nmfi_limit_beside(limit, 1), 500), &error),
        &error, NMF_ERROR_MEMORY, sentence);
    assert_int_equal(nmfi_arena_allocate(&arena, nmfi_limit_beside(limit, 500), &error), NMF_OK);
    nmfi_release(arena.base);
    assert_true(nmfi_exceeds(nmfi_limit_beside(limit, SIZE_MAX), 1));
    assert_true(nmfi_exceeds(limit, SIZE_MAX));
    assert_false(nmfi_exceeds(nmfi_limit_beside(NMFI_NO_LIMIT, SIZE_MAX), SIZE_MAX));
}

/* However the overflow comes about, later pieces do not make the sum look small again. */
static void an_overflow_is_remembered(void **state)
{
    (void)state;
    static const struct {
        int64_t count;
        size_t bytes;
    } bad[] = {{INT64_MAX, 8}, {-1, 8}, {INT64_MAX, 2}, {INT64_MIN, 1}};
    for (int i = 0; i < 4; i++)
        for (int before = 0; before < 2; before++) {
            nmf_error error = {0};
            nmfi_arena arena = {0};
            if (before) (void)nmfi_take(&arena, 10, 8);
            (void)nmfi_take(&arena, bad[i].count, bad[i].bytes);
            for (int j = 0; j < 5; j++) (void)nmfi_take(&arena, INT64_MAX, 1);
            (void)nmfi_take(&arena, 3, 8);
            unit_failed(nmfi_arena_allocate(&arena, NMFI_NO_LIMIT, &error), &error,
                        NMF_ERROR_MEMORY, "overflow");
        }
}

static void an_arena_too_large_to_be_had_is_refused(void **state)
{
    (void)state;
    nmf_error error = {0};
    nmfi_arena arena = {0};
    (void)nmfi_take(&arena, INT64_MAX / 2, 1);
    unit_failed(nmfi_arena_allocate(&arena, NMFI_NO_LIMIT, &error), &error, NMF_ERROR_MEMORY,
                "out of memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_product_that_overflows_is_no_size),
        cmocka_unit_test(blocks_are_aligned_and_zero),
        cmocka_unit_test(impossible_blocks_are_null),
        cmocka_unit_test(measuring_and_taking_agree),
        cmocka_unit_test(the_limit_is_kept_to_the_byte),
        cmocka_unit_test(what_is_taken_counts_and_is_named),
        cmocka_unit_test(an_overflow_is_remembered),
        cmocka_unit_test(an_arena_too_large_to_be_had_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
