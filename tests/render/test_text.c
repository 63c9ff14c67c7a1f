/* nmf_render: which texts are drawn and which are warned about. */
#include <fontconfig/fontconfig.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "render/draw/text.h"
#include "support.h"

static const char *self; /* this program, to start it again without fonts */

static void expect_warning(const char *title, const char *const *captions, const char *expected)
{
    const double values[] = {0.0, 1.0};
    nmf_matrix *pictures = pictures_of(values, 1, 1, 2);
    nmf_render_gallery gallery = gallery_of(pictures, 1, 1);
    gallery.title = title;
    gallery.captions = captions;
    nmf_error warning = {NMF_ERROR_DATA, "left from an earlier call"};
    draw(&gallery, "text.png", &warning);
    assert_int_equal(unlink(in_folder("text.png")), 0);
    if (expected[0] == '\0') {
        assert_string_equal(warning.message, "");
        assert_int_equal(warning.status, NMF_OK);
    } else if (strstr(warning.message, expected) == NULL) {
        fail_msg("'%s' does not say '%s'", warning.message, expected);
    }
    nmf_matrix_free(pictures);
}

static int has_chinese_font(void)
{
    FcPattern *chinese = FcNameParse((const FcChar8 *)":lang=zh-cn");
    FcObjectSet *family = FcObjectSetBuild(FC_FAMILY, (char *)NULL);
    FcFontSet *fonts = FcFontList(NULL, chinese, family);
    const int found = fonts != NULL && fonts->nfont > 0;
    FcFontSetDestroy(fonts);
    FcObjectSetDestroy(family);
    FcPatternDestroy(chinese);
    return found;
}

static void plain_titles_give_no_warning(void **state)
{
    (void)state;
    expect_warning("Non-negative components (NMF), k = 6", NULL, "");
    expect_warning("", NULL, "");
    expect_warning(NULL, NULL, "");
    expect_warning("two\nlines\tand\ra\ntab", NULL, "");
}

static void a_chinese_title_gives_no_warning_where_a_font_has_it(void **state)
{
    (void)state;
    if (!has_chinese_font()) {
        print_message("no Chinese font here: skipped\n");
        skip();
    }
    expect_warning("奥利维蒂人脸:非负矩阵分解的 6 个部分", NULL, "");
}

static void a_character_without_glyph_is_named(void **state)
{
    (void)state;
    expect_warning("a\xf4\x8f\xbf\xbe", NULL,
                   "no installed font has the character U+10FFFE of the title of gallery 1");
    const char *const captions[] = {"\x01"};
    expect_warning("fine", captions, "U+0001 of the caption of picture 1");
}

static void a_row_label_is_warned_about_as_such(void **state)
{
    (void)state;
    const double values[] = {0.0, 1.0};
    const char *const labels[] = {"original", "\x02"};
    nmf_matrix *pictures = pictures_of(values, 2, 1, 1);
    nmf_render_gallery gallery = gallery_of(pictures, 2, 1);
    gallery.row_labels = labels;
    nmf_error warning = {.status = NMF_OK};
    draw(&gallery, "text.png", &warning);
    assert_int_equal(unlink(in_folder("text.png")), 0);
    assert_non_null(strstr(warning.message, "U+0002 of the label of row 2"));
    nmf_matrix_free(pictures);
}

/* Drawn as '?': the same ink as a title that has a question mark there. */
static void a_character_without_glyph_is_drawn_as_a_question_mark(void **state)
{
    (void)state;
    const double values[] = {0.0, 1.0};
    nmf_matrix *pictures = pictures_of(values, 1, 1, 2);
    nmf_render_gallery gallery = gallery_of(pictures, 1, 1);
    static char missing[1 << 16], mark[1 << 16];
    gallery.title = "a \xf4\x8f\xbf\xbe \xff b";
    draw(&gallery, "a.png", NULL);
    const size_t count = file_bytes("a.png", missing, sizeof missing);
    gallery.title = "a ? ? b";
    draw(&gallery, "a.png", NULL);
    assert_int_equal(file_bytes("a.png", mark, sizeof mark), count);
    assert_memory_equal(missing, mark, count);
    nmf_matrix_free(pictures);
}

static void bytes_that_are_not_utf8_are_named(void **state)
{
    (void)state;
    expect_warning("caf\xe9", NULL,
                   "the title of gallery 1 is not valid UTF-8: byte 0xe9 at position 3");
    expect_warning("\xe5\xa5", NULL, "byte 0xe5 at position 0"); /* a character cut short */
    expect_warning("\xed\xa0\x80", NULL, "byte 0xed");           /* half a surrogate pair */
    expect_warning("\xc0\x80", NULL, "byte 0xc0");               /* an overlong NUL */
}

static void texts_of_any_length_are_drawn(void **state)
{
    (void)state;
    const size_t length = 1 << 20;
    char *title = malloc(length + 1);
    assert_non_null(title);
    memset(title, 'w', length);
    title[length] = '\0';
    const char *const captions[] = {title};
    expect_warning(title, captions, "");
    memset(title, '\n', length);
    expect_warning(title, captions, "");
    free(title);
}

static void valid_copies_end_between_characters(void **state)
{
    (void)state;
    char copy[6];
    assert_int_equal(nmfi_typesetter_valid_copy("ab\xe5\xa5\xa5z", copy, 5), -1);
    assert_string_equal(copy, "ab");
    assert_int_equal(nmfi_typesetter_valid_copy("ab\xe5\xa5\xa5z", copy, 6), -1);
    assert_string_equal(copy, "ab\xe5\xa5\xa5");
    assert_int_equal(nmfi_typesetter_valid_copy("\xff\xfe", copy, sizeof copy), 0);
    assert_string_equal(copy, "??");
}

/* Run in a process of its own (see main): fontconfig reads its configuration once. */
static int draw_without_fonts(void)
{
    const double values[] = {0.0, 1.0};
    nmf_matrix *pictures = pictures_of(values, 1, 1, 2);
    nmf_render_gallery gallery = gallery_of(pictures, 1, 1);
    gallery.title = "A title";
    nmf_error warning = {.status = NMF_OK};
    const nmf_status status = nmf_render(&gallery, 1, 0, NULL, "no-fonts.svg", &warning, NULL);
    nmf_matrix_free(pictures);
    return status == NMF_OK && strstr(warning.message, "no font is installed") != NULL &&
                   unlink("no-fonts.svg") == 0
               ? 0
               : 1;
}

static void without_any_font_the_pictures_are_drawn_and_the_warning_says_so(void **state)
{
    (void)state;
    const char *path = in_folder("fonts.conf");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("<fontconfig></fontconfig>", file);
    fclose(file);
    const pid_t child = fork();
    if (child == 0) {
        char absolute[PATH_MAX]; /* fontconfig looks for other names in its own directory */
        setenv("FONTCONFIG_FILE", realpath(path, absolute) != NULL ? absolute : path, 1);
        execl(self, self, "without-fonts", (char *)NULL);
        _exit(2);
    }
    int ended = 0;
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_int_equal(unlink(path), 0);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), 0);
}

int main(int count, char **arguments)
{
    if (count > 1 && strcmp(arguments[1], "without-fonts") == 0) {
        return draw_without_fonts();
    }
    self = arguments[0];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_titles_give_no_warning),
        cmocka_unit_test(a_chinese_title_gives_no_warning_where_a_font_has_it),
        cmocka_unit_test(a_character_without_glyph_is_named),
        cmocka_unit_test(a_row_label_is_warned_about_as_such),
        cmocka_unit_test(a_character_without_glyph_is_drawn_as_a_question_mark),
        cmocka_unit_test(bytes_that_are_not_utf8_are_named),
        cmocka_unit_test(texts_of_any_length_are_drawn),
        cmocka_unit_test(valid_copies_end_between_characters),
        cmocka_unit_test(without_any_font_the_pictures_are_drawn_and_the_warning_says_so),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
