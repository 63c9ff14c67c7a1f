/* Inputs that nobody made in good faith, for every reader at once: each is refused in one
 * sentence. */
#include "array_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const extensions[] = {"npy", "npz", "mat", "csv", "tsv",    "txt",  "png",
                                         "pgm", "lst", "xyz", "mtx", "mtx.gz", "h5ad", "svm"};
#define EXTENSION_COUNT (sizeof extensions / sizeof extensions[0])

static void nothing_is_read_from_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXTENSION_COUNT; i++) {
        array_bytes_fail(extensions[i], "", 0, NMF_ERROR_FORMAT, "is empty (0 bytes)");
    }
}

static nmf_status read_bytes(const char *extension, const void *bytes, size_t count)
{
    char path[64];
    nmf_matrix *matrix;
    nmf_error error = {NMF_OK, ""};
    snprintf(path, sizeof path, "hostile-%ld.%s", (long)getpid(), extension);
    array_write_file(path, bytes, count);
    const nmf_status status = nmf_io_read(path, NULL, &matrix, &error);
    if (status != NMF_OK) {
        assert_null(matrix);
        assert_true(strlen(error.message) > 10);
        assert_null(strchr(error.message, '\n'));
    }
    nmf_matrix_free(matrix);
    unlink(path);
    return status;
}

static void bare_signatures_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t count;
    } heads[] = {{"\x93NUMPY", 6},
                 {"\x93NUMPY\1\0", 8},
                 {"\x93NUMPY\x09\0\0\0", 10},
                 {"\x93NUMPY\2\0\xFF\xFF\xFF\xFF", 12},
                 {"PK\3\4", 4},
                 {"PK\5\6", 4},
                 {"MATLAB 5.0", 10},
                 {"MATLAB 7.3", 10},
                 {"MATLAB 9.9 MAT-file", 19},
                 {"\x89HDF\r\n\x1a\n", 8},
                 {"\0", 1}};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        for (size_t j = 0; j < EXTENSION_COUNT; j++) {
            assert_int_not_equal(read_bytes(extensions[j], heads[i].bytes, heads[i].count), NMF_OK);
        }
    }
}

static void noise_is_refused(void **state)
{
    (void)state;
    unsigned char noise[3000];
    uint64_t random = 88172645463325252u;
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < sizeof noise; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            noise[i] = (unsigned char)(random >> 32);
        }
        for (size_t j = 0; j < EXTENSION_COUNT; j++) {
            assert_int_not_equal(read_bytes(extensions[j], noise, sizeof noise), NMF_OK);
        }
    }
}

static void eight_terabytes_in_three_kilobytes_are_refused(void **state)
{
    (void)state;
    array_golden_fails("v73_huge.mat", NMF_ERROR_FORMAT,
                       "claims 1000000 x 1000000 values, but only 0 bytes are stored");
    char npy[128] = "\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, "
                    "'shape': (1000000000000, 1000), }";
    for (size_t i = 10 + strlen(npy + 10); i < sizeof npy; i++) {
        npy[i] = ' ';
    }
    array_bytes_fail("npy", npy, sizeof npy, NMF_ERROR_FORMAT,
                     "promises 8000000000000000 bytes of values, but 0 bytes follow");
}

static void members_of_what_has_none_are_refused(void **state)
{
    (void)state;
    array_golden_fails("bare.csv:X", NMF_ERROR_ARGUMENT, "no member 'X'");
    array_golden_fails("single.npz:", NMF_ERROR_ARGUMENT, "has no array ''");
    array_golden_fails("single.npz:a:b", NMF_ERROR_ARGUMENT, "has no array 'a:b'");
    array_golden_fails("no-such.npz:a", NMF_ERROR_FILE, "no-such.npz:a: cannot be opened");
    assert_int_equal(mkdir("folder", 0777), 0);
    array_read_fails("folder:x", NMF_ERROR_ARGUMENT, "is a directory, which has no member 'x'");
    assert_int_equal(rmdir("folder"), 0);
}

static void what_is_no_file_is_not_waited_for(void **state)
{
    (void)state;
    assert_int_equal(mkfifo("pipe.npy", 0600), 0);
    array_read_fails("pipe.npy", NMF_ERROR_FILE, "is neither a file nor a directory");
    unlink("pipe.npy");
    array_read_fails("/dev/zero", NMF_ERROR_FILE, "is neither a file nor a directory");
}

static void missing_arguments_are_refused(void **state)
{
    (void)state;
    nmf_matrix *matrix;
    nmf_error error;
    nmf_io_read_options unset;
    memset(&unset, 0, sizeof unset);
    assert_int_equal(nmf_io_read(NULL, NULL, &matrix, &error), NMF_ERROR_ARGUMENT);
    assert_int_equal(nmf_io_read("", NULL, &matrix, &error), NMF_ERROR_ARGUMENT);
    assert_int_equal(nmf_io_read("x.npy", NULL, NULL, &error), NMF_ERROR_ARGUMENT);
    assert_int_equal(nmf_io_read_list(NULL, 0, NULL, &matrix, &error), NMF_ERROR_ARGUMENT);
    assert_int_equal(nmf_io_read("x.npy", &unset, &matrix, NULL), NMF_ERROR_ARGUMENT);
    assert_int_equal(nmf_io_write(NULL, "x.npy", &error), NMF_ERROR_ARGUMENT);
}

static void read_cut_mat(void)
{
    array_prefixes_are_safe("v73_real.mat", 397, 0);
    array_prefixes_are_safe("v5_real.mat", 97, 0);
}

static void nothing_is_printed(void **state)
{
    (void)state;
    array_reads_in_silence(read_cut_mat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_read_from_nothing),
        cmocka_unit_test(bare_signatures_are_refused),
        cmocka_unit_test(noise_is_refused),
        cmocka_unit_test(eight_terabytes_in_three_kilobytes_are_refused),
        cmocka_unit_test(members_of_what_has_none_are_refused),
        cmocka_unit_test(what_is_no_file_is_not_waited_for),
        cmocka_unit_test(missing_arguments_are_refused),
        cmocka_unit_test(nothing_is_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
