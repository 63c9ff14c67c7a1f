/* Directories and lists of pictures as one matrix. */
#include "io/pictures/readers.h"
#include "picture_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

/* As they are read, or left on disk. */
static nmf_status read_at(const char *const *paths, int64_t count, int on_disk, nmf_matrix **matrix,
                          nmf_error *error)
{
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.most_bytes = on_disk ? 1 : -1;
    return nmfi_read_pictures(&options, paths, count, matrix, error);
}

static void assert_same(const nmf_matrix *here, const nmf_matrix *there)
{
    const int64_t rows = nmf_matrix_rows(here), columns = nmf_matrix_columns(here);
    const nmf_dtype dtype = nmf_matrix_dtype(here);
    const size_t bytes = (size_t)(rows * columns) * nmf_dtype_bytes(dtype);
    char *a = malloc(bytes), *b = malloc(bytes);
    assert_int_equal(nmf_matrix_rows(there), rows);
    assert_int_equal(nmf_matrix_columns(there), columns);
    assert_int_equal(nmf_matrix_dtype(there), dtype);
    assert_int_equal(nmf_matrix_image_width(there), nmf_matrix_image_width(here));
    assert_int_equal(nmf_matrix_copy_rows(here, 0, rows, dtype, a, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_copy_rows(there, 0, rows, dtype, b, NULL), NMF_OK);
    assert_memory_equal(a, b, bytes);
    for (int64_t i = 0; i < rows; i++)
        assert_string_equal(nmf_matrix_name(there, NMF_SAMPLE_NAMES, i),
                            nmf_matrix_name(here, NMF_SAMPLE_NAMES, i));
    free(a);
    free(b);
}

/* In memory; what is left on disk is the same. */
static nmf_matrix *read_one(const char *path)
{
    nmf_matrix *matrix = NULL, *there = NULL;
    nmf_error error = {NMF_OK, ""};
    if (read_at(&path, 1, 0, &matrix, &error) != NMF_OK) fail_msg("%s", error.message);
    if (read_at(&path, 1, 1, &there, &error) != NMF_OK) fail_msg("%s", error.message);
    assert_true(nmf_matrix_is_in_memory(matrix));
    assert_int_equal(nmf_matrix_is_in_memory(there), nmf_matrix_columns(matrix) * nmf_matrix_rows(matrix) < 2);
    assert_same(matrix, there);
    nmf_matrix_free(there);
    return matrix;
}

static void assert_row(const nmf_matrix *matrix, int64_t row, const char *name, double value)
{
    assert_string_equal(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, row), name);
    assert_true(nmf_matrix_at(matrix, row, 0) == value);
    assert_true(nmf_matrix_at(matrix, row, nmf_matrix_columns(matrix) - 1) == value);
}

static void a_directory_is_read_in_natural_order_with_labels(void **state)
{
    (void)state;
    char *const directory = new_directory();
    put_pgm(directory, "s10/1.pgm", 3, 2, 101);
    put_pgm(directory, "s2/10.PGM", 3, 2, 30);
    put_pgm(directory, "s2/9.pgm", 3, 2, 29);
    put_pgm(directory, "top.pgm", 3, 2, 200);
    put_pgm(directory, "s2/left/a.pgm", 3, 2, 50);
    nmf_matrix *const matrix = read_one(directory);
    assert_int_equal(nmf_matrix_rows(matrix), 5);
    assert_int_equal(nmf_matrix_columns(matrix), 6);
    assert_int_equal(nmf_matrix_image_height(matrix), 2);
    assert_int_equal(nmf_matrix_image_width(matrix), 3);
    assert_int_equal(nmf_matrix_dtype(matrix), NMF_U8);
    assert_row(matrix, 0, "s2/9.pgm", 29);
    assert_row(matrix, 1, "s2/10.PGM", 30);
    assert_row(matrix, 2, "s2/left/a.pgm", 50);
    assert_row(matrix, 3, "s10/1.pgm", 101);
    assert_row(matrix, 4, "top.pgm", 200);
    static const char *const labels[] = {"s2", "s2", "s2/left", "s10", ""};
    for (int i = 0; i < 5; i++)
        assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, i), labels[i]);
    nmf_matrix_free(matrix);
    remove_directory(directory);
}

static void hidden_and_other_files_are_left_out(void **state)
{
    (void)state;
    char *const directory = new_directory();
    put_pgm(directory, "1.pgm", 1, 1, 1);
    put_pgm(directory, ".2.pgm", 1, 1, 2);
    put_pgm(directory, ".hidden/3.pgm", 1, 1, 3);
    free(put_file(directory, "README.txt", "no picture", 10));
    free(put_file(directory, "pgm", "no picture", 10));
    char pipe_path[4096];
    snprintf(pipe_path, sizeof pipe_path, "%s/pipe.png", directory);
    assert_int_equal(mkfifo(pipe_path, 0600), 0); /* opening it would wait for ever */
    nmf_matrix *const matrix = read_one(directory);
    assert_int_equal(nmf_matrix_rows(matrix), 1);
    assert_row(matrix, 0, "1.pgm", 1);
    assert_false(nmf_matrix_has_names(matrix, NMF_LABELS));
    nmf_matrix_free(matrix);
    remove_directory(directory);
}

static void loops_of_links_end_and_links_are_followed(void **state)
{
    (void)state;
    char *const directory = new_directory();
    put_pgm(directory, "a/1.pgm", 1, 1, 1);
    char link_path[4096];
    snprintf(link_path, sizeof link_path, "%s/a/up", directory);
    assert_int_equal(symlink("..", link_path), 0);
    snprintf(link_path, sizeof link_path, "%s/a/self", directory);
    assert_int_equal(symlink(".", link_path), 0);
    snprintf(link_path, sizeof link_path, "%s/b.pgm", directory);
    assert_int_equal(symlink("a/1.pgm", link_path), 0);
    nmf_matrix *const matrix = read_one(directory);
    assert_int_equal(nmf_matrix_rows(matrix), 2);
    assert_row(matrix, 0, "a/1.pgm", 1);
    assert_row(matrix, 1, "b.pgm", 1);
    nmf_matrix_free(matrix);
    remove_directory(directory);
}

static void several_directories_keep_their_order_and_give_labels(void **state)
{
    (void)state;
    char *const directory = new_directory();
    put_pgm(directory, "happy/1.pgm", 1, 1, 1);
    put_pgm(directory, "angry/1.pgm", 1, 1, 2);
    put_pgm(directory, "angry/left/1.pgm", 1, 1, 3);
    put_pgm(directory, "one.pgm", 1, 1, 4);
    assert_int_equal(chdir(directory), 0);
    static const char *const paths[] = {"one.pgm", "happy/", "angry"};
    nmf_matrix *matrix = NULL;
    assert_int_equal(read_at(paths, 3, 0, &matrix, NULL), NMF_OK);
    assert_int_equal(chdir(".."), 0);
    assert_int_equal(nmf_matrix_rows(matrix), 4);
    assert_row(matrix, 0, "one.pgm", 4);
    assert_row(matrix, 1, "happy/1.pgm", 1);
    assert_row(matrix, 2, "angry/1.pgm", 2);
    assert_row(matrix, 3, "angry/left/1.pgm", 3);
    static const char *const labels[] = {"", "happy", "angry", "angry/left"};
    for (int i = 0; i < 4; i++)
        assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, i), labels[i]);
    nmf_matrix_free(matrix);
    remove_directory(directory);
}

static void one_16_bit_picture_makes_all_16_bit(void **state)
{
    (void)state;
    char *const directory = new_directory();
    put_pgm(directory, "1.pgm", 2, 1, 255);
    free(put_file(directory, "2.pgm", "P5 2 1 65535 \x12\x34\x12\x34", 17));
    put_pgm(directory, "3.pgm", 2, 1, 3);
    nmf_matrix *const matrix = read_one(directory);
    assert_int_equal(nmf_matrix_dtype(matrix), NMF_U16);
    assert_row(matrix, 0, "1.pgm", 65535);
    assert_row(matrix, 1, "2.pgm", 0x1234);
    assert_row(matrix, 2, "3.pgm", 3 * 257);
    nmf_matrix_free(matrix);
    remove_directory(directory);
}

static void assert_refused(const char *path, nmf_status status, const char *sentence)
{
    for (int on_disk = 0; on_disk < 2; on_disk++) {
        nmf_matrix *matrix = NULL;
        nmf_error error = {NMF_OK, ""};
        assert_int_equal(read_at(&path, 1, on_disk, &matrix, &error), status);
        if (strstr(error.message, sentence) == NULL)
            fail_msg("\"%s\" is not in \"%s\"", sentence, error.message);
        assert_null(matrix);
    }
}

static void the_first_picture_of_another_size_is_named(void **state)
{
    (void)state;
    char *const directory = new_directory();
    put_pgm(directory, "1.pgm", 3, 2, 0);
    put_pgm(directory, "2.pgm", 3, 2, 0);
    put_pgm(directory, "3.pgm", 2, 3, 0); /* as many pixels */
    put_pgm(directory, "4.pgm", 9, 9, 0);
    char sentence[200];
    snprintf(sentence, sizeof sentence,
             "%s/3.pgm is 2 x 3 pixels, but %s/1.pgm is 3 x 2: all pictures must have one size",
             directory, directory);
    assert_refused(directory, NMF_ERROR_SHAPE, sentence);
    remove_directory(directory);
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    char *const directory = new_directory();
    assert_refused(directory, NMF_ERROR_FILE, "no picture (PNG, JPEG, PGM, PPM or PBM) in it");
    assert_refused("missing-directory", NMF_ERROR_FILE,
                   "missing-directory: No such file or directory");
    free(put_file(directory, "1.png", "GIF89a..", 8));
    assert_refused(
        directory, NMF_ERROR_FORMAT,
        "/1.png: not a PGM, PPM, PBM, PNG or JPEG picture: the file begins with the bytes 47 49");
    free(put_file(directory, "1.png", "", 0));
    assert_refused(directory, NMF_ERROR_FORMAT, "/1.png: the file is empty");
    char link_path[4096];
    snprintf(link_path, sizeof link_path, "%s/0.png", directory);
    assert_int_equal(symlink("nowhere", link_path), 0);
    assert_refused(directory, NMF_ERROR_FILE, "/0.png: No such file or directory");
    remove_directory(directory);
}

/* On disk, where a row is read when it is wanted. */
static void a_picture_that_changes_is_a_sentence(void **state)
{
    (void)state;
    char *const directory = new_directory();
    nmf_matrix *matrix = NULL;
    nmf_error error = {NMF_OK, ""};
    unsigned char rows[2 * 6];
    const char *const path = directory;
    put_pgm(directory, "1.pgm", 3, 2, 7);
    put_pgm(directory, "2.pgm", 3, 2, 8);
    assert_int_equal(read_at(&path, 1, 1, &matrix, &error), NMF_OK);
    assert_int_equal(nmf_matrix_copy_rows(matrix, 0, 2, NMF_U8, rows, &error), NMF_OK);
    assert_int_equal(rows[0] + rows[11], 15);
    put_pgm(directory, "2.pgm", 3, 3, 8);
    assert_int_equal(nmf_matrix_copy_rows(matrix, 0, 2, NMF_U8, rows, &error), NMF_ERROR_FILE);
    assert_non_null(strstr(error.message, "2.pgm: was written to while it was read"));
    remove_directory(directory);
    assert_int_equal(nmf_matrix_copy_rows(matrix, 0, 1, NMF_U8, rows, &error), NMF_ERROR_FILE);
    nmf_matrix_free(matrix);
}

static void a_single_picture_is_a_matrix_of_one_row(void **state)
{
    (void)state;
    nmf_matrix *matrix = NULL;
    const char *const path = golden_path("png_grey16.png");
    assert_int_equal(nmf_io_read(path, NULL, &matrix, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_rows(matrix), 1);
    assert_int_equal(nmf_matrix_columns(matrix), GOLDEN_PIXELS);
    assert_int_equal(nmf_matrix_image_width(matrix), GOLDEN_WIDTH);
    assert_int_equal(nmf_matrix_dtype(matrix), NMF_U16);
    assert_string_equal(nmf_matrix_name(matrix, NMF_SAMPLE_NAMES, 0), path);
    nmf_matrix_free(matrix);
    nmf_error error;
    char member[5000];
    snprintf(member, sizeof member, "%s:faces", path);
    assert_int_equal(nmf_io_read(member, NULL, &matrix, &error), NMF_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "has no member 'faces'"));
}

static void a_list_names_pictures_relative_to_its_folder(void **state)
{
    (void)state;
    char *const directory = new_directory();
    put_pgm(directory, "b/2.pgm", 1, 1, 2);
    put_pgm(directory, "a/1.pgm", 1, 1, 1);
    put_pgm(directory, "c/3.pgm", 1, 1, 3);
    static const char text[] = "# pictures\r\n\n  b/2.pgm \r\na/1.pgm\nc";
    char *const list = put_file(directory, "pictures.txt", text, sizeof text - 1);
    assert_true(nmfi_reader_list.recognise((const unsigned char *)text, sizeof text - 1));
    nmf_matrix *matrix = NULL;
    nmf_error error = {NMF_OK, ""};
    if (nmf_io_read(list, NULL, &matrix, &error) != NMF_OK) fail_msg("%s", error.message);
    assert_int_equal(nmf_matrix_rows(matrix), 3);
    assert_row(matrix, 0, "b/2.pgm", 2);
    assert_row(matrix, 1, "a/1.pgm", 1);
    assert_row(matrix, 2, "c/3.pgm", 3);
    assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, 0), "b");
    assert_string_equal(nmf_matrix_name(matrix, NMF_LABELS, 2), "c");
    nmf_matrix_free(matrix);
    free(list);
    remove_directory(directory);
}

static void assert_list_refused(const char *text, nmf_status status, const char *sentence)
{
    char *const directory = new_directory();
    char *const list = put_file(directory, "pictures.txt", text, strlen(text));
    nmf_matrix *matrix = NULL;
    nmf_error error = {NMF_OK, ""};
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.format = "list";
    assert_int_equal(nmf_io_read(list, &options, &matrix, &error), status);
    if (strstr(error.message, sentence) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", sentence, error.message);
    free(list);
    remove_directory(directory);
}

static void a_list_that_names_nothing_is_refused(void **state)
{
    (void)state;
    assert_list_refused("# none\n", NMF_ERROR_FORMAT, "the list names no picture");
    assert_list_refused("# \nmissing.pgm\n", NMF_ERROR_FILE, "pictures.txt, line 2: ");
}

static void only_lists_are_recognised_as_lists(void **state)
{
    (void)state;
    static const char *const others[] = {
        "", "1,2\n", "# only a comment", "a,b.png\n", "name\tb.png", "P2 1 1", "\n\n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(
            nmfi_reader_list.recognise((const unsigned char *)others[i], strlen(others[i])));
    assert_false(nmfi_reader_list.recognise((const unsigned char *)"a\0b.png\n", 8));
}

/* s1..s4/1..5.pgm are faces 1 to 5 of the first four people, ten faces each, of olivetti.npy. */
static void real_faces_in_folders_equal_those_in_the_array(void **state)
{
    (void)state;
    const char *const data = getenv("NMFKIT_TEST_DATA");
    if (data == NULL || *data == 0) {
        print_message("skipped: NMFKIT_TEST_DATA is not set\n");
        skip();
    }
    char path[4096];
    snprintf(path, sizeof path, "%s/olivetti/orl_like_pgm", data);
    nmf_matrix *const faces = read_one(path);
    snprintf(path, sizeof path, "%s/olivetti/olivetti.npy", data);
    size_t count;
    unsigned char *const array = bytes_of(path, &count);
    assert_int_equal(nmf_matrix_rows(faces), 20);
    assert_int_equal(nmf_matrix_columns(faces), 64 * 64);
    const unsigned char *const pixels = nmf_matrix_dense(faces).data;
    for (int i = 0; i < 20; i++) {
        char name[32];
        const int known = 10 * (i / 5) + i % 5;
        assert_memory_equal(pixels + 4096 * i, array + 128 + 4096 * known, 4096);
        snprintf(name, sizeof name, "s%d/%d.pgm", i / 5 + 1, i % 5 + 1);
        assert_string_equal(nmf_matrix_name(faces, NMF_SAMPLE_NAMES, i), name);
        name[2] = '\0';
        assert_string_equal(nmf_matrix_name(faces, NMF_LABELS, i), name);
    }
    free(array);
    nmf_matrix_free(faces);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_directory_is_read_in_natural_order_with_labels),
        cmocka_unit_test(hidden_and_other_files_are_left_out),
        cmocka_unit_test(loops_of_links_end_and_links_are_followed),
        cmocka_unit_test(several_directories_keep_their_order_and_give_labels),
        cmocka_unit_test(one_16_bit_picture_makes_all_16_bit),
        cmocka_unit_test(the_first_picture_of_another_size_is_named),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(a_picture_that_changes_is_a_sentence),
        cmocka_unit_test(a_single_picture_is_a_matrix_of_one_row),
        cmocka_unit_test(a_list_names_pictures_relative_to_its_folder),
        cmocka_unit_test(a_list_that_names_nothing_is_refused),
        cmocka_unit_test(only_lists_are_recognised_as_lists),
        cmocka_unit_test(real_faces_in_folders_equal_those_in_the_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
