/* What nmf_io_write writes is read back the same, appears whole or not at all, and is what the read
 * options start from. */
#include "array_support.h"

#include "io/files/atomic_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void write_or_fail(const nmf_matrix *matrix, const char *path)
{
    nmf_error error;
    if (nmf_io_write(matrix, path, &error) != NMF_OK) {
        fail_msg("%s", error.message);
    }
}

static void have_equal_entries(const nmf_matrix *a, const nmf_matrix *b)
{
    assert_int_equal(nmf_matrix_rows(a), nmf_matrix_rows(b));
    assert_int_equal(nmf_matrix_columns(a), nmf_matrix_columns(b));
    for (int64_t i = 0; i < nmf_matrix_rows(a); i++) {
        for (int64_t j = 0; j < nmf_matrix_columns(a); j++) {
            assert_true(nmf_matrix_at(a, i, j) == nmf_matrix_at(b, i, j));
        }
    }
}

static void have_equal_names(const nmf_matrix *a, const nmf_matrix *b, nmf_names which,
                             int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        assert_string_equal(nmf_matrix_name(a, which, i), nmf_matrix_name(b, which, i));
    }
}

static void every_type_comes_back_from_every_format(void **state)
{
    (void)state;
    static const char *const paths[] = {"out.npy", "out.npz", "out.mat", "out.csv", "out.tsv"};
    for (int dtype = NMF_U8; dtype <= NMF_F64; dtype++) {
        nmf_matrix *matrix = array_named_matrix((nmf_dtype)dtype);
        for (int i = 0; i < 5; i++) {
            write_or_fail(matrix, paths[i]);
            nmf_matrix *back = array_read(paths[i]);
            have_equal_entries(matrix, back);
            assert_int_equal(nmf_matrix_dtype(back), i < 3 ? dtype : NMF_F64);
            nmf_matrix_free(back);
            unlink(paths[i]);
        }
        nmf_matrix_free(matrix);
    }
}

static void names_come_back_from_npz_and_csv(void **state)
{
    (void)state;
    static const char *const paths[] = {"names.npz", "names.csv", "names.tsv"};
    nmf_matrix *matrix = array_named_matrix(NMF_F64);
    for (int i = 0; i < 3; i++) {
        write_or_fail(matrix, paths[i]);
        nmf_matrix *back = array_read(paths[i]);
        have_equal_names(matrix, back, NMF_SAMPLE_NAMES, 3);
        have_equal_names(matrix, back, NMF_FEATURE_NAMES, 4);
        if (i == 0) {
            have_equal_names(matrix, back, NMF_LABELS, 3);
            assert_int_equal(nmf_matrix_image_height(back), 2);
        }
        nmf_matrix_free(back);
        unlink(paths[i]);
    }
    assert_int_equal(nmf_matrix_set_names(matrix, NMF_FEATURE_NAMES, NULL, NULL), NMF_OK);
    write_or_fail(matrix, "rows.csv"); /* row names only */
    nmf_matrix *back = array_read("rows.csv");
    have_equal_entries(matrix, back);
    have_equal_names(matrix, back, NMF_SAMPLE_NAMES, 3);
    assert_false(nmf_matrix_has_names(back, NMF_FEATURE_NAMES));
    nmf_matrix_free(back);
    nmf_matrix_free(matrix);
    unlink("rows.csv");
}

static void what_a_format_says_it_keeps_comes_back(void **state)
{
    (void)state;
    static const char *const paths[] = {"kept.npy", "kept.npz", "kept.mat",    "kept.csv",
                                        "kept.tsv", "kept.mtx", "kept.csv.gz", "kept.npy.xz"};
    nmf_matrix *matrix = array_named_matrix(NMF_F64);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        write_or_fail(matrix, paths[i]);
        nmf_matrix *back = array_read(paths[i]);
        const int keeps = nmf_io_keeps(paths[i]);
        assert_int_equal(nmf_matrix_has_names(back, NMF_SAMPLE_NAMES), keeps & NMF_IO_KEEPS_NAMES);
        assert_int_equal(nmf_matrix_has_names(back, NMF_FEATURE_NAMES), keeps & NMF_IO_KEEPS_NAMES);
        assert_int_equal(nmf_matrix_has_names(back, NMF_LABELS), !!(keeps & NMF_IO_KEEPS_LABELS));
        assert_int_equal(nmf_matrix_image_height(back) > 0, !!(keeps & NMF_IO_KEEPS_IMAGE_SHAPE));
        nmf_matrix_free(back);
        unlink(paths[i]);
    }
    nmf_matrix_free(matrix);
    assert_int_equal(nmf_io_keeps("CSV"), NMF_IO_KEEPS_NAMES);
    assert_int_equal(nmf_io_keeps("pictures/") & NMF_IO_KEEPS_IMAGE_SHAPE,
                     NMF_IO_KEEPS_IMAGE_SHAPE);
    assert_int_equal(nmf_io_keeps("kept.mat.gz"), -1);
    assert_int_equal(nmf_io_keeps("cvs"), -1);
    assert_int_equal(nmf_io_keeps(NULL), -1);
}

static void numbers_in_text_come_back_bit_for_bit(void **state)
{
    (void)state;
    static const double values[] = {
        0.1, 1.0 / 3.0, 1e-310, 1.7976931348623157e308, 123456789012345680.0, 0.0};
    const nmf_dense dense = {values, NMF_F64, 2, 3, 3, 1};
    nmf_matrix *matrix;
    assert_int_equal(nmf_matrix_borrow(&dense, &matrix, NULL), NMF_OK);
    write_or_fail(matrix, "exact.csv");
    nmf_matrix *back = array_read("exact.csv");
    have_equal_entries(matrix, back);
    nmf_matrix_free(back);
    nmf_matrix_free(matrix);
    unlink("exact.csv");
}

static void strided_matrices_are_written_as_seen(void **state)
{
    (void)state;
    static const char *const paths[] = {"t.npy", "t.npz", "t.mat", "t.csv"};
    nmf_matrix *matrix = array_named_matrix(NMF_F32);
    nmf_matrix_transpose(matrix);
    for (int i = 0; i < 4; i++) {
        write_or_fail(matrix, paths[i]);
        nmf_matrix *back = array_read(paths[i]);
        have_equal_entries(matrix, back);
        nmf_matrix_free(back);
        unlink(paths[i]);
    }
    nmf_matrix_free(matrix);
}

static void pictures_are_written_one_a_row(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_named_matrix(NMF_U8);
    write_or_fail(matrix, "pictures/");
    assert_int_equal(access("pictures/s1_a.png", R_OK), 0);
    assert_int_equal(access("pictures/with _quotes_, comma.png", R_OK), 0);
    assert_int_equal(access("pictures/臉.png", R_OK), 0);
    nmf_matrix *back = array_read("pictures/s1_a.png");
    assert_int_equal(nmf_matrix_image_height(back), 2);
    for (int64_t j = 0; j < 4; j++) {
        assert_true(nmf_matrix_at(back, 0, j) == nmf_matrix_at(matrix, 0, j));
    }
    nmf_matrix_free(back);
    nmf_matrix_free(matrix);
    assert_int_equal(system("rm -r pictures"), 0);
}

static void real_pictures_are_scaled_from_smallest_to_largest(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_named_matrix(NMF_F64);
    assert_int_equal(nmf_matrix_set_names(matrix, NMF_SAMPLE_NAMES, NULL, NULL), NMF_OK);
    write_or_fail(matrix, "scaled/");
    nmf_matrix *first = array_read("scaled/1.png"), *last = array_read("scaled/3.png");
    assert_true(nmf_matrix_at(first, 0, 0) == 0.0);
    assert_true(nmf_matrix_at(last, 0, 3) == 255.0);
    assert_true(nmf_matrix_at(first, 0, 3) == 70.0); /* round(255 * 3 / 11) */
    nmf_matrix_free(last);
    nmf_matrix_free(first);
    nmf_matrix_free(matrix);
    assert_int_equal(system("rm -r scaled"), 0);
}

static void names_that_become_equal_are_numbered(void **state)
{
    (void)state;
    static const char *const names[] = {"a/b", "a:b", "../../x"};
    nmf_matrix *matrix = array_named_matrix(NMF_U8);
    assert_int_equal(nmf_matrix_set_names(matrix, NMF_SAMPLE_NAMES, names, NULL), NMF_OK);
    write_or_fail(matrix, "equal/");
    assert_int_equal(access("equal/1-a_b.png", R_OK), 0);
    assert_int_equal(access("equal/2-a_b.png", R_OK), 0);
    assert_int_equal(access("equal/3-_._.._x.png", R_OK), 0);
    nmf_matrix_free(matrix);
    assert_int_equal(system("rm -r equal"), 0);
}

static void write_fails(const nmf_matrix *matrix, const char *path, nmf_status status,
                        const char *fragment)
{
    nmf_error error = {NMF_OK, ""};
    const nmf_status got = nmf_io_write(matrix, path, &error);
    if (got != status || strstr(error.message, fragment) == NULL) {
        fail_msg("%s: status %s, message '%s' (wanted '%s')", path, nmf_status_name(got),
                 error.message, fragment);
    }
}

static int files_here(void)
{
    DIR *directory = opendir(".");
    assert_non_null(directory);
    int count = 0;
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

static void what_cannot_be_written_leaves_nothing(void **state)
{
    (void)state;
    const int before = files_here();
    nmf_matrix *matrix = array_named_matrix(NMF_F64);
    write_fails(matrix, "x.docx", NMF_ERROR_UNSUPPORTED, "should end in .npy");
    write_fails(matrix, "missing/x.npy", NMF_ERROR_FILE,
                "missing/x.npy: cannot be written: No such file");
    write_fails(matrix, "missing/x.npz", NMF_ERROR_FILE, "cannot be written");
    write_fails(matrix, "missing/deep/", NMF_ERROR_FILE, "cannot be made");
    assert_int_equal(mkdir("directory.npy", 0777), 0);
    write_fails(matrix, "directory.npy", NMF_ERROR_FILE, "is a directory");
    assert_int_equal(rmdir("directory.npy"), 0);
    nmf_matrix_transpose(matrix);
    write_fails(matrix, "shapeless/", NMF_ERROR_SHAPE, "no shape");
    nmf_matrix_free(matrix);
    assert_int_equal(files_here(), before);
}

/* A limit on file sizes stands for the full disk: writes fail in the middle. */
static void a_full_disk_is_a_sentence_and_keeps_the_old_file(void **state)
{
    (void)state;
    static const char *const paths[] = {"full.npy", "full.npz", "full.mat", "full.csv"};
    nmf_matrix *small = array_named_matrix(NMF_F64), *large;
    assert_int_equal(nmf_matrix_new(NMF_F64, 300, 300, &large, NULL), NMF_OK);
    for (int i = 0; i < 4; i++) {
        write_or_fail(small, paths[i]);
    }
    const int before = files_here();
    struct rlimit old, tight;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    tight = old;
    tight.rlim_cur = 100000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    nmf_error error[4];
    nmf_status status[4];
    for (int i = 0; i < 4; i++) {
        status[i] = nmf_io_write(large, paths[i], &error[i]);
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(status[i], NMF_ERROR_FILE);
        assert_non_null(strstr(error[i].message, "cannot be written: "));
        nmf_matrix *kept = array_read(paths[i]);
        have_equal_entries(kept, small);
        nmf_matrix_free(kept);
    }
    assert_int_equal(files_here(), before);
    for (int i = 0; i < 4; i++) {
        unlink(paths[i]);
    }
    nmf_matrix_free(large);
    nmf_matrix_free(small);
}

static void packed_files_come_back(void **state)
{
    (void)state;
    static const char *const paths[] = {"p.csv.gz", "p.csv.xz", "p.csv.zst", "p.tsv.gz",
                                        "p.npy.gz", "p.npy.xz", "p.npy.zst"};
    static const unsigned char magic[][2] = {{0x1F, 0x8B}, {0xFD, '7'}, {0x28, 0xB5}};
    static const int packing[] = {0, 1, 2, 0, 0, 1, 2};
    nmf_matrix *matrix = array_named_matrix(NMF_F64);
    for (int i = 0; i < 7; i++) {
        size_t count;
        write_or_fail(matrix, paths[i]);
        unsigned char *bytes = array_bytes(paths[i], &count);
        assert_true(count > 20);
        assert_memory_equal(bytes, magic[packing[i]], 2);
        free(bytes);
        nmf_matrix *back = array_read(paths[i]);
        have_equal_entries(matrix, back);
        nmf_matrix_free(back);
        unlink(paths[i]);
    }
    write_fails(matrix, "x.npz.gz", NMF_ERROR_UNSUPPORTED, "should end in");
    write_fails(matrix, "x.gz", NMF_ERROR_UNSUPPORTED, "should end in");
    nmf_matrix_free(matrix);
}

static void a_format_may_be_named(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_named_matrix(NMF_F64);
    assert_int_equal(nmf_io_write_as(matrix, "as.anything", "csv", NULL), NMF_OK);
    nmf_matrix *back = array_read("as.anything");
    have_equal_entries(matrix, back);
    have_equal_names(matrix, back, NMF_FEATURE_NAMES, 4);
    nmf_matrix_free(back);
    unlink("as.anything");
    assert_int_equal(nmf_io_write_as(matrix, "x", "docx", NULL), NMF_ERROR_ARGUMENT);
    nmf_matrix_free(matrix);
}

/* What a killed run left goes when the name is written again; what another run writes just now stays. */
static void what_killed_runs_left_is_removed(void **state)
{
    (void)state;
    static const char *const left[] = {"left.npy.tmp-1-0", "left.npy.tmp-1-0.a1b2c3",
                                       "left.npy.tmp-999-12"};
    static const char *const others[] = {"left.npy.tmp-1-7", "left.npy.tmp-x", "left.npy.tmp-12",
                                         "other.npy.tmp-1-0"};
    for (int i = 0; i < 3; i++) {
        array_write_file(left[i], "x", 1);
    }
    for (int i = 0; i < 4; i++) {
        array_write_file(others[i], "x", 1);
    }
    const int busy = open(others[0], O_RDWR);
    assert_int_equal(flock(busy, LOCK_EX), 0);
    nmf_matrix *matrix = array_named_matrix(NMF_F64);
    write_or_fail(matrix, "left.npy");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(access(left[i], F_OK), -1);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(access(others[i], F_OK), 0);
        unlink(others[i]);
    }
    close(busy);
    unlink("left.npy");
    nmf_matrix_free(matrix);
}

static void a_replaced_file_keeps_its_permissions_and_its_link(void **state)
{
    (void)state;
    struct stat info;
    nmf_matrix *matrix = array_named_matrix(NMF_F64);
    write_or_fail(matrix, "target.npz");
    assert_int_equal(chmod("target.npz", 0640), 0);
    assert_int_equal(symlink("target.npz", "link.npz"), 0);
    write_or_fail(matrix, "link.npz");
    assert_int_equal(lstat("link.npz", &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(stat("target.npz", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    nmf_matrix_free(matrix);
    unlink("link.npz");
    unlink("target.npz");
}

static void a_pipe_gets_the_whole_file(void **state)
{
    (void)state;
    assert_int_equal(mkfifo("pipe.npz", 0600), 0);
    const int reader = open("pipe.npz", O_RDWR); /* so that opening it for writing does not wait */
    assert_true(reader >= 0);
    nmf_matrix *matrix = array_named_matrix(NMF_F64);
    write_or_fail(matrix, "pipe.npz");
    unsigned char head[4];
    assert_int_equal(read(reader, head, sizeof head), 4);
    assert_memory_equal(head, "PK\3\4", 4);
    nmf_matrix_free(matrix);
    close(reader);
    unlink("pipe.npz");
}

static void equal_data_gives_equal_archives(void **state)
{
    (void)state;
    nmf_matrix *matrix = array_named_matrix(NMF_F64);
    size_t first, second;
    write_or_fail(matrix, "one.npz");
    write_or_fail(matrix, "two.npz");
    unsigned char *a = array_bytes("one.npz", &first), *b = array_bytes("two.npz", &second);
    assert_int_equal(first, second);
    assert_memory_equal(a, b, first);
    free(a);
    free(b);
    nmf_matrix_free(matrix);
    unlink("one.npz");
    unlink("two.npz");
}

static nmf_matrix *read_with(const nmf_io_read_options *options)
{
    nmf_matrix *matrix;
    nmf_error error;
    if (nmf_io_read(array_golden("real_f8.npy"), options, &matrix, &error) != NMF_OK) {
        fail_msg("%s", error.message);
    }
    return matrix;
}

static void reading_transposes_then_shapes_then_orders_then_shuffles(void **state)
{
    (void)state;
    static const int64_t order[] = {2, 3, 1, 0}; /* RandomState(0).permutation(4) */
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.transpose = 1;
    options.image_height = 3;
    options.image_width = 1;
    options.shuffle = 1;
    nmf_matrix *matrix = read_with(&options);
    assert_int_equal(nmf_matrix_rows(matrix), 4);
    for (int64_t i = 0; i < 12; i++) {
        assert_true(nmf_matrix_at(matrix, i / 3, i % 3) ==
                    1.25 * (double)(4 * (i % 3) + order[i / 3]) + 0.5);
    }
    nmf_matrix_free(matrix);
    options = NMF_IO_READ_INIT;
    options.image_height = 2;
    options.image_width = 2;
    options.image_order_column = 1;
    matrix = read_with(&options);
    assert_true(nmf_matrix_at(matrix, 0, 1) == 3.0); /* pixel 2 of the file: top right */
    assert_true(nmf_matrix_at(matrix, 0, 2) == 1.75);
    assert_true(nmf_matrix_at(matrix, 0, 3) == 4.25);
    nmf_matrix_free(matrix);
}

static void read_options_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    nmf_io_read_options options = NMF_IO_READ_INIT;
    nmf_matrix *matrix;
    nmf_error error;
    options.image_height = 3;
    options.image_width = 1;
    assert_int_equal(nmf_io_read(array_golden("real_f8.npy"), &options, &matrix, &error),
                     NMF_ERROR_SHAPE);
    assert_non_null(
        strstr(error.message, "3 x 1 pixels do not fit its 4 columns; its rows would fit"));
    assert_null(matrix);
    options = NMF_IO_READ_INIT;
    options.image_order_column = 1;
    assert_int_equal(nmf_io_read(array_golden("real_f8.npy"), &options, &matrix, &error),
                     NMF_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "needs the pictures' shape"));
    options = NMF_IO_READ_INIT;
    options.image_height = INT64_MAX;
    options.image_width = 2;
    assert_int_equal(nmf_io_read(array_golden("real_f8.npy"), &options, &matrix, &error),
                     NMF_ERROR_SHAPE);
    assert_int_equal(nmf_io_read("no/such/file.npy", NULL, &matrix, &error), NMF_ERROR_FILE);
    assert_non_null(strstr(error.message, "no/such/file.npy: cannot be opened: No such file"));
    assert_int_equal(nmf_io_read("/dev/null", NULL, &matrix, &error), NMF_ERROR_FILE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_comes_back_from_every_format),
        cmocka_unit_test(names_come_back_from_npz_and_csv),
        cmocka_unit_test(what_a_format_says_it_keeps_comes_back),
        cmocka_unit_test(numbers_in_text_come_back_bit_for_bit),
        cmocka_unit_test(strided_matrices_are_written_as_seen),
        cmocka_unit_test(pictures_are_written_one_a_row),
        cmocka_unit_test(real_pictures_are_scaled_from_smallest_to_largest),
        cmocka_unit_test(names_that_become_equal_are_numbered),
        cmocka_unit_test(what_cannot_be_written_leaves_nothing),
        cmocka_unit_test(a_full_disk_is_a_sentence_and_keeps_the_old_file),
        cmocka_unit_test(packed_files_come_back),
        cmocka_unit_test(a_format_may_be_named),
        cmocka_unit_test(what_killed_runs_left_is_removed),
        cmocka_unit_test(a_replaced_file_keeps_its_permissions_and_its_link),
        cmocka_unit_test(a_pipe_gets_the_whole_file),
        cmocka_unit_test(equal_data_gives_equal_archives),
        cmocka_unit_test(reading_transposes_then_shapes_then_orders_then_shuffles),
        cmocka_unit_test(read_options_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
