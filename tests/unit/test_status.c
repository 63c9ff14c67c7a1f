/* Status codes and error records. */
#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void codes_are_frozen_and_have_names(void **state)
{
    (void)state;
    static const struct {
        nmf_status status;
        int code;
        const char *name;
    } all[] = {{NMF_OK, 0, "ok"},
               {NMF_ERROR_ARGUMENT, 1, "argument"},
               {NMF_ERROR_SHAPE, 2, "shape"},
               {NMF_ERROR_DATA, 3, "data"},
               {NMF_ERROR_MEMORY, 4, "memory"},
               {NMF_ERROR_FILE, 5, "file"},
               {NMF_ERROR_FORMAT, 6, "format"},
               {NMF_ERROR_UNSUPPORTED, 7, "unsupported"},
               {NMF_ERROR_NUMERICAL, 8, "numerical"},
               {NMF_ERROR_NETWORK, 9, "network"},
               {NMF_ERROR_INTERRUPTED, 10, "interrupted"},
               {NMF_ERROR_TIME_LIMIT, 11, "time-limit"}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_int_equal(all[i].status, all[i].code);
        assert_string_equal(nmf_status_name(all[i].status), all[i].name);
    }
    assert_string_equal(nmf_status_name((nmf_status)12), "unknown");
    assert_string_equal(nmf_status_name((nmf_status)-1), "unknown");
}

static void fail_records_and_returns(void **state)
{
    (void)state;
    nmf_error error = {0};
    unit_failed(nmf_fail(&error, NMF_ERROR_DATA, "X[%d,%d] = %g", 17, 203, -0.5), &error,
                NMF_ERROR_DATA, "X[17,203] = -0.5");
    assert_int_equal(nmf_fail(NULL, NMF_ERROR_SHAPE, "%s", "nobody listens"), NMF_ERROR_SHAPE);
}

static void a_message_is_one_line_whatever_goes_in(void **state)
{
    (void)state;
    nmf_error error;
    (void)nmf_fail(&error, NMF_ERROR_FILE, "%s: missing", "two\nlines\r\nof a name");
    assert_string_equal(error.message, "two lines  of a name: missing");
}

/* A text of one character over and over is cut behind a whole one, as late as the room allows. */
static void check_cut(const char *character, size_t prefix)
{
    char text[4 * NMF_MESSAGE_BYTES] = "";
    const size_t bytes = strlen(character);
    memset(text, 'x', prefix);
    for (size_t at = prefix; at + bytes < sizeof text; at += bytes) strcpy(text + at, character);
    nmf_error error;
    (void)nmf_fail(&error, NMF_ERROR_FILE, "%s", text);
    const size_t room = NMF_MESSAGE_BYTES - 1 - prefix;
    assert_int_equal(strlen(error.message), prefix + room / bytes * bytes);
    assert_memory_equal(error.message, text, strlen(error.message));
}

static void a_long_message_is_cut_between_characters(void **state)
{
    (void)state;
    static const char *const characters[] = {"a", "\xc3\xa9", "\xe8\x84\xb8", "\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < 4; i++)
        for (size_t prefix = 0; prefix < 9; prefix++) check_cut(characters[i], prefix);
}

static void a_message_that_just_fits_is_whole(void **state)
{
    (void)state;
    char text[NMF_MESSAGE_BYTES];
    memset(text, 'x', sizeof text);
    memcpy(text + sizeof text - 4, "\xe8\x84\xb8", 4);
    nmf_error error;
    (void)nmf_fail(&error, NMF_ERROR_FILE, "%s", text);
    assert_string_equal(error.message, text);
}

static void bytes_that_are_not_utf8_do_no_harm(void **state)
{
    (void)state;
    char text[2 * NMF_MESSAGE_BYTES];
    memset(text, 0x80, sizeof text); /* continuation bytes only: no character begins anywhere */
    text[sizeof text - 1] = '\0';
    nmf_error error;
    (void)nmf_fail(&error, NMF_ERROR_FILE, "%s", text);
    assert_true(strlen(error.message) < NMF_MESSAGE_BYTES);
}

static void the_version_has_three_numbers(void **state)
{
    (void)state;
    int parts = 1;
    for (const char *c = nmf_version(); *c; c++) {
        if (*c == '.')
            parts++;
        else
            assert_in_range(*c, '0', '9');
    }
    assert_int_equal(parts, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_frozen_and_have_names),
        cmocka_unit_test(fail_records_and_returns),
        cmocka_unit_test(a_message_is_one_line_whatever_goes_in),
        cmocka_unit_test(a_long_message_is_cut_between_characters),
        cmocka_unit_test(a_message_that_just_fits_is_whole),
        cmocka_unit_test(bytes_that_are_not_utf8_do_no_harm),
        cmocka_unit_test(the_version_has_three_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
