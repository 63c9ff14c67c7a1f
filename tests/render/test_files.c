/* nmf_render: the three formats, and failures: each says why and leaves nothing behind. */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "support.h"

static void every_format_starts_with_its_magic(void **state)
{
    (void)state;
    static const char *const names[] = {"a.png", "a.PNG", "a.svg", "a.pdf"};
    static const char *const magic[] = {"\x89PNG\r\n\x1a\n", "\x89PNG\r\n\x1a\n", "<?xml",
                                        "%PDF-1."};
    const double values[] = {0.0, 1.0};
    nmf_matrix *pictures = pictures_of(values, 1, 1, 2);
    nmf_render_gallery gallery = gallery_of(pictures, 1, 1);
    gallery.title = "Title";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char head[16] = "";
        draw(&gallery, names[i], NULL);
        assert_int_equal(file_bytes(names[i], head, sizeof head), sizeof head);
        assert_memory_equal(head, magic[i], strlen(magic[i]));
    }
    nmf_matrix_free(pictures);
}

/* A second passes between the two drawings, so that a date in the file would differ. */
static void the_same_picture_is_the_same_bytes(void **state)
{
    (void)state;
    static const char *const names[] = {"a.png", "a.pdf"};
    static char first[2][1 << 16], second[1 << 16];
    size_t count[2] = {0};
    const double values[] = {0.0, 1.0, NAN};
    nmf_matrix *pictures = pictures_of(values, 1, 1, 3);
    nmf_render_gallery gallery = gallery_of(pictures, 1, 1);
    gallery.title = "Twice";
    for (int i = 0; i < 2; i++) {
        draw(&gallery, names[i], NULL);
        count[i] = file_bytes(names[i], first[i], sizeof first[i]);
    }
    sleep(1);
    for (int i = 0; i < 2; i++) {
        draw(&gallery, names[i], NULL);
        assert_int_equal(file_bytes(names[i], second, sizeof second), count[i]);
        assert_memory_equal(second, first[i], count[i]);
    }
    nmf_matrix_free(pictures);
}

/* One thread's share: the same gallery a few times into its own file; NULL if all went well. */
typedef struct drawer {
    const nmf_render_gallery *gallery;
    char path[96];
} drawer;

static void *draw_often(void *context)
{
    drawer *own = context;
    for (int i = 0; i < 5; i++) {
        if (nmf_render(own->gallery, 1, 0, NULL, own->path, NULL, NULL) != NMF_OK) {
            return own;
        }
    }
    return NULL;
}

static void threads_may_draw_at_the_same_time(void **state)
{
    (void)state;
    static char first[1 << 16], other[1 << 16];
    static const char *const names[] = {"0.png", "1.png", "2.png", "3.png"};
    const double values[] = {0.0, 1.0, NAN};
    nmf_matrix *pictures = pictures_of(values, 1, 1, 3);
    nmf_render_gallery gallery = gallery_of(pictures, 1, 1);
    gallery.title = "Threads";
    pthread_t threads[4];
    drawer drawers[4];
    for (int i = 0; i < 4; i++) {
        drawers[i].gallery = &gallery;
        snprintf(drawers[i].path, sizeof drawers[i].path, "%s", in_folder(names[i]));
        assert_int_equal(pthread_create(&threads[i], NULL, draw_often, &drawers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    const size_t count = file_bytes(names[0], first, sizeof first);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(file_bytes(names[i], other, sizeof other), count);
        assert_memory_equal(first, other, count);
    }
    nmf_matrix_free(pictures);
}

/* The call fails with this status, the sentence says these words, and no file is left. */
static void expect_failure(const nmf_render_gallery *gallery, const char *name, nmf_status expected,
                           const char *words)
{
    nmf_error error = {.status = NMF_OK};
    assert_int_equal(nmf_render(gallery, 1, 0, NULL, in_folder(name), NULL, &error), expected);
    assert_int_equal(error.status, expected);
    if (strstr(error.message, words) == NULL) {
        fail_msg("'%s' does not say '%s'", error.message, words);
    }
    assert_int_equal(files_in_folder(), 0);
}

static void pictures_without_a_shape_are_refused(void **state)
{
    (void)state;
    nmf_matrix *flat = NULL;
    assert_int_equal(nmf_matrix_new(NMF_F32, 6, 12, &flat, NULL), NMF_OK);
    const nmf_render_gallery gallery = gallery_of(flat, 2, 3);
    expect_failure(&gallery, "a.png", NMF_ERROR_SHAPE, "the 12 features have no image shape");
    nmf_matrix_free(flat);
}

static void more_pictures_than_there_are_is_refused(void **state)
{
    (void)state;
    const double values[10] = {0};
    nmf_matrix *pictures = pictures_of(values, 5, 1, 2);
    nmf_render_gallery gallery = gallery_of(pictures, 2, 3);
    expect_failure(&gallery, "a.png", NMF_ERROR_SHAPE, "wants 2 x 3 pictures");
    gallery = gallery_of(pictures, 1, 1);
    gallery.first = 5;
    expect_failure(&gallery, "a.png", NMF_ERROR_SHAPE, "from picture 5 on, and there are 0");
    gallery = gallery_of(pictures, INT64_MAX, INT64_MAX);
    expect_failure(&gallery, "a.png", NMF_ERROR_SHAPE, "wants 9223372036854775807 x");
    nmf_matrix_free(pictures);
}

static void numbers_outside_their_range_are_refused(void **state)
{
    (void)state;
    const double values[] = {0.0, 1.0};
    nmf_matrix *pictures = pictures_of(values, 1, 1, 2);
    nmf_render_gallery gallery = gallery_of(pictures, 0, 3);
    expect_failure(&gallery, "a.png", NMF_ERROR_ARGUMENT, "grid of 0 x 3");
    gallery = gallery_of(pictures, 1, 1);
    gallery.first = -1;
    expect_failure(&gallery, "a.png", NMF_ERROR_ARGUMENT, "first picture -1");
    gallery = gallery_of(pictures, 1, 1);
    gallery.colormap = (nmf_render_colormap)17;
    expect_failure(&gallery, "a.png", NMF_ERROR_ARGUMENT, "colormap 17");
    gallery = gallery_of(NULL, 1, 1);
    expect_failure(&gallery, "a.png", NMF_ERROR_ARGUMENT, "gallery 1 has no pictures");
    assert_int_equal(nmf_render(&gallery, 0, 0, NULL, "a.png", NULL, NULL), NMF_ERROR_ARGUMENT);
    assert_int_equal(nmf_render(&gallery, 1, -1, NULL, "a.png", NULL, NULL), NMF_ERROR_ARGUMENT);
    assert_int_equal(nmf_render(NULL, 1, 0, NULL, "a.png", NULL, NULL), NMF_ERROR_ARGUMENT);
    assert_int_equal(nmf_render(&gallery, 1, 0, NULL, NULL, NULL, NULL), NMF_ERROR_ARGUMENT);
    nmf_matrix_free(pictures);
}

static void drawings_beyond_the_limits_are_refused(void **state)
{
    (void)state;
    static const double values[16] = {0};
    const nmf_dense huge = {values, NMF_F64, 4, 20000 * 20000, 0, 0}; /* one value, 4e8 pixels */
    nmf_matrix *pictures = NULL;
    assert_int_equal(nmf_matrix_borrow(&huge, &pictures, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_image_shape(pictures, 20000, 20000, NULL), NMF_OK);
    nmf_render_gallery gallery = gallery_of(pictures, 1, 2);
    expect_failure(&gallery, "a.png", NMF_ERROR_SHAPE, "at most 32767 screen pixels a side");
    gallery = gallery_of(pictures, 1, 1);
    expect_failure(&gallery, "a.png", NMF_ERROR_SHAPE, "268435456 in all");
    nmf_matrix_free(pictures);

    pictures = pictures_of(values, 1, 4, 4);
    gallery = gallery_of(pictures, 1, 1);
    gallery.pixel_size = INT64_MAX;
    expect_failure(&gallery, "a.png", NMF_ERROR_SHAPE, "drawn 9223372036854775807 times larger");
    nmf_matrix_free(pictures);
}

static void unknown_extensions_are_told_the_known_ones(void **state)
{
    (void)state;
    const double values[] = {0.0, 1.0};
    nmf_matrix *pictures = pictures_of(values, 1, 1, 2);
    const nmf_render_gallery gallery = gallery_of(pictures, 1, 1);
    expect_failure(&gallery, "a.jpeg", NMF_ERROR_UNSUPPORTED, ".png, .svg or .pdf");
    expect_failure(&gallery, "png", NMF_ERROR_UNSUPPORTED, ".png, .svg or .pdf");
    expect_failure(&gallery, "", NMF_ERROR_UNSUPPORTED, ".png, .svg or .pdf");
    nmf_matrix_free(pictures);
}

static void a_missing_directory_is_named(void **state)
{
    (void)state;
    const double values[] = {0.0, 1.0};
    nmf_matrix *pictures = pictures_of(values, 1, 1, 2);
    const nmf_render_gallery gallery = gallery_of(pictures, 1, 1);
    expect_failure(&gallery, "missing/a.png", NMF_ERROR_FILE, "missing/a.png");
    expect_failure(&gallery, "missing/a.pdf", NMF_ERROR_FILE, "No such file or directory");
    nmf_matrix_free(pictures);
}

/* A limit on the size of files stands for a full disk: writes fail in the middle of the picture. */
static void a_write_that_fails_says_why_and_leaves_no_file(void **state)
{
    (void)state;
    static double values[128 * 128];
    for (int i = 0; i < 128 * 128; i++) {
        values[i] = (double)(i * 7919 % 10007); /* does not compress below the limit */
    }
    nmf_matrix *pictures = pictures_of(values, 1, 128, 128);
    nmf_render_gallery gallery = gallery_of(pictures, 1, 1);
    gallery.title = "Too large";
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = {4096, before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    static const char *const names[] = {"a.png", "a.svg", "a.pdf"};
    for (size_t i = 0; i < 3; i++) {
        expect_failure(&gallery, names[i], NMF_ERROR_FILE, "File too large");
    }
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    nmf_matrix_free(pictures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_starts_with_its_magic),
        cmocka_unit_test(the_same_picture_is_the_same_bytes),
        cmocka_unit_test(threads_may_draw_at_the_same_time),
        cmocka_unit_test(pictures_without_a_shape_are_refused),
        cmocka_unit_test(more_pictures_than_there_are_is_refused),
        cmocka_unit_test(numbers_outside_their_range_are_refused),
        cmocka_unit_test(drawings_beyond_the_limits_are_refused),
        cmocka_unit_test(unknown_extensions_are_told_the_known_ones),
        cmocka_unit_test(a_missing_directory_is_named),
        cmocka_unit_test(a_write_that_fails_says_why_and_leaves_no_file),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
