/* Unpacking what h5py packs as "lzf": the bytes of the format written here by hand, and damage. */
#include "io/hdf5/lzf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void becomes(const char *packed, size_t count, const char *wanted)
{
    unsigned char out[400];
    const size_t length = strlen(wanted);
    assert_int_equal(nmfi_lzf_unpack((const unsigned char *)packed, count, out, sizeof out),
                     length);
    assert_memory_equal(out, wanted, length);
    /* as much room as it needs is enough, and less is not */
    assert_int_equal(nmfi_lzf_unpack((const unsigned char *)packed, count, out, length), length);
    assert_int_equal(nmfi_lzf_unpack((const unsigned char *)packed, count, out, length - 1), 0);
}

static void runs_and_references_are_unpacked(void **state)
{
    (void)state;
    char many[300];
    becomes("\0a", 2, "a");
    becomes("\3abcd", 5, "abcd");
    becomes("\2abc\x20\2", 6, "abcabc");   /* 1 + 2 bytes from 3 back */
    becomes("\0a\x60\0\0b", 6, "aaaaaab"); /* 3 + 2 from 1 back, which it makes itself */
    memset(many, 'x', 270);                /* 1, 7 + 254 + 2 and 6 */
    many[270] = '\0';
    becomes("\0x\xE0\xFE\0\5xxxxxx", 12, many);
}

static void damage_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t count;
    } wrong[] = {{"", 0},           /* nothing */
                 {"\3abc", 4},      /* a run that ends before its end */
                 {"\x20", 1},       /* a reference without its place */
                 {"\xE0", 1},       /* a long one without its length */
                 {"\xE0\5", 2},     /* and without its place */
                 {"\x20\0", 2},     /* back before the beginning */
                 {"\0a\x20\1", 4}}; /* one too far back */
    unsigned char out[400];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(
            nmfi_lzf_unpack((const unsigned char *)wrong[i].bytes, wrong[i].count, out, sizeof out),
            0);
    }
}

/* Against memory of exactly the right size, for the sanitizers. */
static void any_bytes_are_safe(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252u;
    for (int round = 0; round < 20000; round++) {
        unsigned char bytes[24];
        const size_t count = 1 + (size_t)round % sizeof bytes, room = 1 + (size_t)round % 61;
        for (size_t i = 0; i < count; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            bytes[i] = (unsigned char)(random >> 40) & (round % 2 ? 0x23 : 0xFF);
        }
        unsigned char *from = malloc(count), *to = malloc(room);
        assert_true(from != NULL && to != NULL);
        memcpy(from, bytes, count);
        assert_true(nmfi_lzf_unpack(from, count, to, room) <= room);
        free(from);
        free(to);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_and_references_are_unpacked),
        cmocka_unit_test(damage_is_told),
        cmocka_unit_test(any_bytes_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
