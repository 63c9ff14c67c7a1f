/* The scratch file (base/scratch.h): what is wanted of it comes from the disk, and its entries are what they were. */
#define _GNU_SOURCE /* mincore */
#include "base/scratch.h"
#include "support.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { BYTES = 4 << 20, BUDGET = 1 << 19, STRIDE = 1 << 18, PIECE = 1 << 14, OFFSET = 12345 };

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static unsigned char value_at(size_t at)
{
    return (unsigned char)(at % 251 + at / page_bytes() % 3);
}

/* On the disk, and not in memory any more. */
static void forget(nmfi_scratch *scratch)
{
    nmfi_scratch_touched(scratch, BUDGET);
    assert_int_equal(fsync(scratch->descriptor), 0);
    assert_int_equal(posix_fadvise(scratch->descriptor, 0, 0, POSIX_FADV_DONTNEED), 0);
}

static int64_t pages_in_memory(const nmfi_scratch *scratch, size_t from, size_t bytes)
{
    unsigned char in[BYTES / 4096 + 1];
    const size_t begin = from / page_bytes() * page_bytes();
    int64_t count = 0;
    assert_int_equal(mincore(scratch->base + begin, from + bytes - begin, in), 0);
    for (size_t i = 0; i < (from + bytes - begin + page_bytes() - 1) / page_bytes(); i++)
        count += in[i] & 1;
    return count;
}

static void open_filled(nmfi_scratch *scratch, size_t budget)
{
    nmf_error error;
    assert_int_equal(nmfi_scratch_open(scratch, BYTES, budget, &error), NMF_OK);
    for (size_t i = 0; i < BYTES; i++) scratch->base[i] = (char)value_at(i);
}

static void entries_are_what_they_were(const nmfi_scratch *scratch)
{
    size_t others = 0;
    for (size_t i = 0; i < BYTES; i++) others += (unsigned char)scratch->base[i] != value_at(i);
    assert_int_equal(others, 0);
}

/* The disk is given five seconds. */
static int64_t waited_for(const nmfi_scratch *scratch, int64_t i, int64_t pages)
{
    const struct timespec a_while = {.tv_nsec = 2000000};
    int64_t there = 0;
    for (int round = 0; round < 2500 && there < pages; round++) {
        there = pages_in_memory(scratch, (size_t)i * STRIDE + OFFSET, PIECE);
        if (there < pages) (void)nanosleep(&a_while, NULL);
    }
    return there;
}

static void what_is_wanted_comes_from_the_disk(void **state)
{
    nmfi_scratch scratch;
    (void)state;
    open_filled(&scratch, BUDGET);
    forget(&scratch);
    if (pages_in_memory(&scratch, 0, BYTES) * (int64_t)page_bytes() > BYTES / 8) {
        printf("not tried: this file system keeps what it is told to forget\n");
    } else {
        const int64_t pages =
            (OFFSET % (int64_t)page_bytes() + PIECE - 1) / (int64_t)page_bytes() + 1;
        nmfi_scratch_want(&scratch, scratch.base + OFFSET, BYTES / STRIDE, STRIDE, PIECE);
        for (int64_t i = 0; i < BYTES / STRIDE; i++)
            assert_int_equal(waited_for(&scratch, i, pages), pages);
        assert_true(pages_in_memory(&scratch, 0, BYTES) * (int64_t)page_bytes() < BYTES / 2);
    }
    entries_are_what_they_were(&scratch);
    nmfi_scratch_close(&scratch);
}

static void wishes_beyond_it_are_none(void **state)
{
    nmfi_scratch scratch, none = {0};
    char elsewhere[1];
    (void)state;
    open_filled(&scratch, BUDGET);
    nmfi_scratch_want(NULL, elsewhere, 1, 0, 1);
    nmfi_scratch_want(&none, elsewhere, 1, 0, 1);
    nmfi_scratch_want(&scratch, elsewhere, 1, 0, 1);
    nmfi_scratch_want(&scratch, scratch.base + BYTES, 1, 0, 1);
    nmfi_scratch_want(&scratch, scratch.base + BYTES - 1, 3, STRIDE, (size_t)1 << 40);
    nmfi_scratch_want(&scratch, scratch.base, 0, 0, 1);
    entries_are_what_they_were(&scratch);
    nmfi_scratch_close(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wanted_comes_from_the_disk),
        cmocka_unit_test(wishes_beyond_it_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
