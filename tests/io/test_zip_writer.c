/* Archives that are written member by member: what libzip reads of them; members beyond 4 GB, most of which is a hole; a
 * part that somebody else wrote; writing that fails. */
#include "io/arrays/zip_writer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>
#include <zlib.h>

#include <cmocka.h>

/* The CRC-32 of so many zeros, from that of one by doubling. */
static uint32_t crc_of_zeros(uint64_t count)
{
    uLong all = 0, of_some = crc32(0, (const Bytef *)"", 1);
    for (uint64_t some = 1; some <= count; some *= 2) {
        if ((count & some) != 0) {
            all = crc32_combine(all, of_some, (z_off_t)some);
        }
        of_some = crc32_combine(of_some, of_some, (z_off_t)some);
    }
    return (uint32_t)all;
}

/* A member as libzip finds it; its content is read, and its CRC-32 judged, unless it is large. */
static void member_is(zip_t *zip, const char *name, uint64_t bytes, const char *content)
{
    zip_stat_t stat;
    assert_int_equal(zip_stat(zip, name, 0, &stat), 0);
    assert_true(stat.size == bytes && stat.comp_size == bytes);
    assert_int_equal(stat.comp_method, ZIP_CM_STORE);
    if (content == NULL) {
        assert_true(stat.crc == crc_of_zeros(bytes));
        return;
    }
    char found[64];
    zip_file_t *file = zip_fopen(zip, name, 0);
    assert_non_null(file);
    assert_int_equal(zip_fread(file, found, sizeof found), (int)bytes);
    assert_memory_equal(found, content, bytes);
    assert_int_equal(zip_fread(file, found, 1), 0); /* -1 where the CRC-32 is another */
    assert_int_equal(zip_fclose(file), 0);
}

static zip_t *open_whole(const char *path)
{
    int code = 0;
    zip_t *zip = zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, &code);
    assert_non_null(zip);
    return zip;
}

static void members_are_read_back(void **state)
{
    (void)state;
    FILE *file = fopen("small.zip", "w+b");
    nmfi_zip_writer *zip = nmfi_zip_begin(file);
    assert_non_null(zip);
    assert_true(nmfi_zip_member(zip, "empty", 0));
    assert_true(nmfi_zip_member(zip, "pieces", 9) && nmfi_zip_put(zip, "in ", 3));
    assert_true(nmfi_zip_put(zip, "", 0) && nmfi_zip_put(zip, "pieces", 6));
    assert_true(nmfi_zip_member(zip, "pr\xc3\xa9nom", 1) && nmfi_zip_put(zip, "x", 1));
    assert_true(nmfi_zip_end(zip));
    nmfi_zip_free(zip);
    assert_int_equal(fclose(file), 0);
    zip_t *read = open_whole("small.zip");
    assert_int_equal(zip_get_num_entries(read, 0), 3);
    member_is(read, "empty", 0, "");
    member_is(read, "pieces", 9, "in pieces");
    member_is(read, "pr\xc3\xa9nom", 1, "x");
    zip_discard(read);
    unlink("small.zip");
}

static void somebody_else_writes_a_part(void **state)
{
    (void)state;
    FILE *file = fopen("part.zip", "w+b");
    nmfi_zip_writer *zip = nmfi_zip_begin(file);
    assert_true(nmfi_zip_member(zip, "both", 10) && nmfi_zip_put(zip, "mine,", 5));
    const uint64_t place = nmfi_zip_place(zip);
    assert_int_equal(fflush(file), 0);
    assert_int_equal(pwrite(fileno(file), "yours", 5, (off_t)place), 5);
    assert_true(nmfi_zip_pass(zip, 5, (uint32_t)crc32(0, (const Bytef *)"yours", 5)));
    assert_true(nmfi_zip_member(zip, "after", 1) && nmfi_zip_put(zip, "!", 1));
    assert_true(nmfi_zip_end(zip));
    nmfi_zip_free(zip);
    fclose(file);
    zip_t *read = open_whole("part.zip");
    member_is(read, "both", 10, "mine,yours");
    member_is(read, "after", 1, "!");
    zip_discard(read);
    unlink("part.zip");
}

static void members_beyond_4_GB(void **state)
{
    (void)state;
    const uint64_t large = UINT64_C(5000000000), below = UINT64_C(0xfffffffe),
                   just = UINT64_C(0xffffffff);
    FILE *file = fopen("large.zip", "w+b");
    nmfi_zip_writer *zip = nmfi_zip_begin(file);
    assert_true(nmfi_zip_member(zip, "below", below) &&
                nmfi_zip_pass(zip, below, crc_of_zeros(below)));
    assert_true(nmfi_zip_member(zip, "just", just) && nmfi_zip_pass(zip, just, crc_of_zeros(just)));
    assert_true(nmfi_zip_member(zip, "large", large) &&
                nmfi_zip_pass(zip, large, crc_of_zeros(large)));
    assert_true(nmfi_zip_member(zip, "far", 7) && nmfi_zip_put(zip, "far off", 7));
    assert_true(nmfi_zip_end(zip));
    nmfi_zip_free(zip);
    assert_int_equal(fclose(file), 0);
    zip_t *read = open_whole("large.zip");
    member_is(read, "below", below, NULL);
    member_is(read, "just", just, NULL);
    member_is(read, "large", large, NULL);
    member_is(read, "far", 7, "far off");
    zip_discard(read);
    unlink("large.zip");
}

static void what_fails_stays_failed(void **state)
{
    (void)state;
    FILE *file = fopen("/dev/full", "w+b");
    char *const much = calloc(1, 1 << 20);
    assert_non_null(file);
    nmfi_zip_writer *zip = nmfi_zip_begin(file);
    assert_true(nmfi_zip_member(zip, "much", 1 << 20));
    assert_false(nmfi_zip_put(zip, much, 1 << 20));
    assert_int_equal(errno, ENOSPC);
    assert_false(nmfi_zip_end(zip));
    assert_int_equal(errno, ENOSPC);
    nmfi_zip_free(zip);
    fclose(file);
    file = fopen("short.zip", "w+b");
    zip = nmfi_zip_begin(file);
    assert_true(nmfi_zip_member(zip, "short", 2) && nmfi_zip_put(zip, "1", 1));
    assert_false(nmfi_zip_member(zip, "next", 1)); /* a byte is missing */
    assert_false(nmfi_zip_end(zip));
    nmfi_zip_free(zip);
    fclose(file);
    unlink("short.zip");
    free(much);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_read_back), cmocka_unit_test(somebody_else_writes_a_part),
        cmocka_unit_test(members_beyond_4_GB), cmocka_unit_test(what_fails_stays_failed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
