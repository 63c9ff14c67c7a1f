/* The option table against options.def, options as text, and what the api floor accepts. */
#include "base/options.h"
#include "support.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* options.def once more, as what a test needs to know. `highest` of a flag is 1, of an enum its
 * last. */
typedef struct expected {
    const char *field, *flag, *help;
    nmf_option_kind kind;
    int scope;
    double value, lowest, highest;
    size_t offset, bytes;
} expected;

#define NAME_COUNT(...) (sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
#define NMF_OPTION_INT(field, flag, value, low, high, scope, metavar, help) \
    { \
        #field, \
        flag, \
        help, \
        NMF_OPTION_KIND_INT, \
        scope, \
        (double)(value), \
        (double)(low), \
        (double)(high), \
        offsetof(nmf_options, field), \
        sizeof(int64_t)},
#define NMF_OPTION_REAL(field, flag, value, low, high, scope, metavar, help) \
    {#field, flag, help, NMF_OPTION_KIND_REAL,         scope, \
     value,  low,  high, offsetof(nmf_options, field), sizeof(double)},
#define NMF_OPTION_FLAG(field, flag, value, scope, help) \
    {#field, flag, help, NMF_OPTION_KIND_FLAG,         scope, \
     value,  0,    1,    offsetof(nmf_options, field), sizeof(int)},
#define NMF_OPTION_ENUM(field, flag, value, type, names, scope, help) \
    {#field, \
     flag, \
     help, \
     NMF_OPTION_KIND_ENUM, \
     scope, \
     value, \
     0, \
     (double)(NAME_COUNT(names) - 1), \
     offsetof(nmf_options, field), \
     sizeof(type)},
#define NMF_OPTION_HOOK(field, type)
static const expected definition[] = {
#include <nmfkit/options.def>
};
enum { OPTIONS = sizeof definition / sizeof definition[0] };

static const nmf_option_info *find(const char *field)
{
    int64_t count = 0;
    const nmf_option_info *table = nmf_option_table(&count);
    for (int64_t i = 0; i < count; i++)
        if (strcmp(table[i].field, field) == 0) return &table[i];
    fail_msg("no option %s", field);
    return NULL;
}

/* Field by field: what pads a struct may be anything. */
static void check_same(const nmf_options *a, const nmf_options *b)
{
    for (int i = 0; i < OPTIONS; i++)
        assert_memory_equal((const char *)a + definition[i].offset,
                            (const char *)b + definition[i].offset, definition[i].bytes);
    assert_ptr_equal(a->start_W, b->start_W);
    assert_ptr_equal(a->start_H, b->start_H);
    assert_true(a->progress == b->progress && a->progress_context == b->progress_context);
    assert_int_equal(a->struct_bytes, b->struct_bytes);
}

static void the_table_is_the_definition(void **state)
{
    (void)state;
    int64_t count = 0;
    const nmf_option_info *table = nmf_option_table(&count);
    assert_int_equal(count, OPTIONS);
    assert_ptr_equal(nmf_option_table(NULL), table);
    for (int i = 0; i < OPTIONS; i++) {
        const expected *e = &definition[i];
        assert_string_equal(table[i].field, e->field);
        assert_string_equal(table[i].flag, e->flag);
        assert_string_equal(table[i].help, e->help);
        assert_int_equal(table[i].kind, e->kind);
        assert_int_equal(table[i].scope, e->scope);
        assert_int_equal(table[i].offset, e->offset);
        assert_true(table[i].value == e->value && table[i].lowest == e->lowest);
        assert_true(table[i].highest == e->highest);
        assert_int_equal(table[i].names != NULL, e->kind == NMF_OPTION_KIND_ENUM);
        if (e->kind == NMF_OPTION_KIND_ENUM)
            assert_true((double)table[i].name_count == e->highest + 1);
    }
}

static void every_option_can_be_told_from_the_others(void **state)
{
    (void)state;
    for (int i = 0; i < OPTIONS; i++) {
        const expected *a = &definition[i];
        assert_true(a->flag[0] && a->help[0] && strcmp(a->flag, "help") != 0);
        assert_true(a->scope != 0 &&
                    !(a->scope & ~(NMF_SCOPE_FIT | NMF_SCOPE_PCA | NMF_SCOPE_TRANSFORM |
                                   NMF_SCOPE_SELECT | NMF_SCOPE_BOUNDS)));
        for (int j = 0; j < i; j++) {
            const expected *b = &definition[j];
            assert_string_not_equal(a->field, b->field);
            assert_string_not_equal(a->flag, b->flag);
            assert_true(a->offset >= b->offset + b->bytes);
        }
    }
}

static void every_default_is_inside_its_bounds(void **state)
{
    (void)state;
    for (int i = 0; i < OPTIONS; i++) {
        const expected *e = &definition[i];
        assert_true(e->lowest <= e->highest);
        if (strcmp(e->field, "k") == 0) continue; /* has none: the caller must say it */
        assert_true(e->value >= e->lowest && e->value <= e->highest);
    }
    assert_true(definition[0].value < definition[0].lowest &&
                strcmp(definition[0].field, "k") == 0);
}

static void set_text(nmf_options *options, const nmf_option_info *option, const char *text)
{
    nmf_error error = {0};
    if (nmf_option_set(options, option, text, &error) != NMF_OK) fail_msg("%s", error.message);
}

/* Text -> option -> text -> another option struct: the same text and the same bytes. */
static void check_round_trip(const nmf_option_info *option, const char *text)
{
    nmf_options one = NMF_OPTIONS_INIT, two = NMF_OPTIONS_INIT;
    char first[64], second[64];
    set_text(&one, option, text);
    nmf_option_get(&one, option, first, sizeof first);
    set_text(&two, option, first);
    nmf_option_get(&two, option, second, sizeof second);
    assert_string_equal(first, second);
    check_same(&one, &two);
}

static void every_option_can_be_written_and_read_back(void **state)
{
    (void)state;
    const nmf_option_info *table = nmf_option_table(NULL);
    uint64_t seed = 1;
    for (int i = 0; i < OPTIONS; i++)
        for (int trial = 0; trial < 50; trial++) {
            char text[64];
            const double share = trial == 0 ? 0 : trial == 1 ? 1 : unit_uniform(&seed, 0, 1);
            const double value = table[i].lowest + share * (table[i].highest - table[i].lowest);
            switch (table[i].kind) {
            case NMF_OPTION_KIND_INT:
                snprintf(text, sizeof text, "%lld",
                         value >= 0x1p63 ? (long long)INT64_MAX : (long long)value);
                break;
            case NMF_OPTION_KIND_REAL: snprintf(text, sizeof text, "%.17g", value); break;
            case NMF_OPTION_KIND_FLAG:
                snprintf(text, sizeof text, "%s", trial % 2 ? "yes" : "no");
                break;
            case NMF_OPTION_KIND_ENUM:
                snprintf(text, sizeof text, "%s", table[i].names[trial % table[i].name_count]);
                break;
            }
            check_round_trip(&table[i], text);
        }
}

static void setting_one_option_leaves_the_others_alone(void **state)
{
    (void)state;
    const nmf_option_info *table = nmf_option_table(NULL);
    for (int i = 0; i < OPTIONS; i++) {
        nmf_options options;
        memset(&options, 0xA5, sizeof options);
        const char *text = table[i].kind == NMF_OPTION_KIND_ENUM ? table[i].names[0] : "1";
        set_text(&options, &table[i], text);
        const unsigned char *bytes = (const unsigned char *)&options;
        for (size_t b = 0; b < sizeof options; b++)
            if (b < table[i].offset || b >= table[i].offset + definition[i].bytes)
                assert_int_equal(bytes[b], 0xA5);
    }
}

static void a_flag_is_yes_or_no(void **state)
{
    (void)state;
    static const char *const yes[] = {"yes", "1", "true"}, *const no[] = {"no", "0", "false"};
    const nmf_option_info *whiten = find("whiten");
    for (int i = 0; i < 3; i++) {
        nmf_options options = NMF_OPTIONS_INIT;
        set_text(&options, whiten, yes[i]);
        assert_int_equal(options.whiten, 1);
        set_text(&options, whiten, no[i]);
        assert_int_equal(options.whiten, 0);
    }
}

static void what_the_library_can_decide_has_words(void **state)
{
    (void)state;
    nmf_options options = NMF_OPTIONS_INIT;
    set_text(&options, find("sketch"), "off");
    assert_int_equal(options.sketch, 0);
    set_text(&options, find("sketch"), "24");
    assert_int_equal(options.sketch, 24);
    set_text(&options, find("sketch"), "auto");
    assert_int_equal(options.sketch, -1);
}

/* Refused with a sentence that has the flag, the text, and `limits`; the option stays as it is. */
static void check_bad(const char *field, const char *text, const char *limits)
{
    const nmf_option_info *option = find(field);
    nmf_options options = NMF_OPTIONS_INIT, before = NMF_OPTIONS_INIT;
    nmf_error error = {0};
    const nmf_status status = nmf_option_set(&options, option, text, &error);
    unit_failed(status, &error, NMF_ERROR_ARGUMENT, option->flag);
    unit_failed(status, &error, NMF_ERROR_ARGUMENT, text);
    unit_failed(status, &error, NMF_ERROR_ARGUMENT, limits);
    check_same(&options, &before);
}

static void words_of_other_programs_mean_what_is_said_of_them(void **state)
{
    (void)state;
    int64_t count = 0;
    int words = 0;
    const nmf_option_info *const table = nmf_option_table(&count);
    const char *theirs, *ours;
    for (int64_t o = 0; o < count; o++)
        for (int64_t i = 0; (theirs = nmf_option_other_word(&table[o], i, &ours)) != NULL; i++) {
            char value[64];
            nmf_options options = NMF_OPTIONS_INIT;
            set_text(&options, &table[o], theirs);
            nmf_option_get(&options, &table[o], value, sizeof value);
            assert_string_equal(value, ours);
            words++;
        }
    assert_in_range(words, 10, 100);
    assert_null(nmf_option_other_word(find("tol"), 0, NULL));
    assert_null(nmf_option_other_word(NULL, 0, NULL));
    assert_null(nmf_option_other_word(find("loss"), -1, NULL));
}

static void words_have_no_case_and_sizes_have_units(void **state)
{
    (void)state;
    nmf_options options = NMF_OPTIONS_INIT;
    set_text(&options, find("init"), "Random");
    assert_int_equal(options.init, NMF_INIT_RANDOM);
    set_text(&options, find("loss"), "Kullback-Leibler");
    assert_int_equal(options.loss, NMF_LOSS_KL);
    set_text(&options, find("loss"), "lee");
    assert_int_equal(options.loss, NMF_LOSS_FROBENIUS);
    set_text(&options, find("loss"), "brunet");
    assert_int_equal(options.loss, NMF_LOSS_KL);
    set_text(&options, find("sketch"), "OFF");
    assert_int_equal(options.sketch, 0);
    static const struct {
        const char *text;
        int64_t bytes;
    } sizes[] = {{"512", 512},
                 {"4k", 4096},
                 {"512M", INT64_C(512) << 20},
                 {"1.5GiB", INT64_C(3) << 29},
                 {"2Tb", INT64_C(2) << 40}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        set_text(&options, find("memory_limit_bytes"), sizes[i].text);
        assert_true(options.memory_limit_bytes == sizes[i].bytes);
    }
}

static void bad_text_is_refused_with_the_limits(void **state)
{
    (void)state;
    static const char *const not_integers[] = {"x", "3x", "1.5", "1e3", "0x10", "-", "nan", "--3"};
    for (int i = 0; i < 8; i++) check_bad("max_iter", not_integers[i], "from 1 to 2147483648");
    check_bad("max_iter", "0", "from 1 to 2147483648");
    check_bad("max_iter", "-1", "from 1 to 2147483648");
    check_bad("max_iter", "2147483649", "from 1 to 2147483648");
    check_bad("threads", "auto", "from 0 to 4096");
    check_bad("sketch", "of", "auto, off or an integer from 1 to 2147483648");
    check_bad("sketch", "-2", "auto, off or an integer from 1");
    check_bad("threads", "4097", "from 0 to 4096");
    check_bad("seed", "9223372036854775808", "from 0 to 9223372036854775807");
    check_bad("seed", "-9223372036854775809", "from 0");
    static const char *const not_numbers[] = {"x",   "1e-4x", "nan", "-nan",
                                              "inf", "-inf",  "1,5", "1e"};
    for (int i = 0; i < 8; i++) check_bad("tol", not_numbers[i], "from 0 to 1");
    check_bad("tol", "-1e-300", "from 0 to 1");
    check_bad("tol", "1.0000000000000002", "from 0 to 1");
    check_bad("alpha_W", "1e301", "1e+300");
    check_bad("init", "svd", "auto, random, nndsvd, nndsvda, nndsvdar, custom");
    for (int i = 0; i < OPTIONS; i++)
        check_bad(definition[i].field, "", "needs a value, not an empty text");
    check_bad("memory_limit_bytes", "1.5X", "from 0");
    check_bad("memory_limit_bytes", "-1G", "from 0");
    check_bad("memory_limit_bytes", "2Q", "such as 2G");
    check_bad("max_iter", "1K", "from 1");
    check_bad("whiten", "maybe", "yes or no");
    check_bad("whiten", "2", "yes or no");
}

static void text_is_cut_to_the_room_there_is(void **state)
{
    (void)state;
    nmf_options options = NMF_OPTIONS_INIT;
    set_text(&options, find("init"), "nndsvdar");
    for (size_t bytes = 1; bytes < 12; bytes++) {
        char text[16];
        memset(text, '#', sizeof text);
        nmf_option_get(&options, find("init"), text, bytes);
        assert_int_equal(strlen(text), bytes - 1 < 8 ? bytes - 1 : 8);
        assert_true(text[bytes] == '#');
    }
}

static nmf_status check(const nmf_options *given, int scope, nmf_options *checked, nmf_error *error)
{
    memset(error, 0, sizeof *error);
    return nmfi_options_check(given, scope, checked, error);
}

static void no_options_are_the_defaults(void **state)
{
    (void)state;
    nmf_options checked, defaults = NMF_OPTIONS_INIT;
    nmf_error error;
    assert_int_equal(check(NULL, NMF_SCOPE_TRANSFORM, &checked, &error), NMF_OK);
    check_same(&checked, &defaults);
    /* but a fit needs k */
    unit_failed(check(NULL, NMF_SCOPE_FIT, &checked, &error), &error, NMF_ERROR_ARGUMENT,
                "components = 0");
}

/* A caller of an older header: what his struct ends before keeps its default, and is not even read.
 * */
static void a_shorter_struct_is_completed_with_defaults(void **state)
{
    (void)state;
    for (int i = 0; i < OPTIONS; i++) {
        nmf_options given = NMF_OPTIONS_INIT, checked, defaults = NMF_OPTIONS_INIT;
        given.k = 5;
        given.threads = 3;
        const size_t end = definition[i].offset;
        memset((char *)&given + end, 0xFF, sizeof given - end); /* NaN, -1, nonsense */
        given.struct_bytes = end;
        nmf_error error;
        if (end <= definition[0].offset) {
            unit_failed(check(&given, NMF_SCOPE_FIT, &checked, &error), &error, NMF_ERROR_ARGUMENT,
                        "components");
            continue;
        }
        if (check(&given, NMF_SCOPE_FIT, &checked, &error) != NMF_OK) fail_msg("%s", error.message);
        defaults.k = 5;
        if (end > offsetof(nmf_options, threads)) defaults.threads = 3;
        check_same(&checked, &defaults);
    }
}

static void a_longer_struct_is_read_as_far_as_it_is_known(void **state)
{
    (void)state;
    struct {
        nmf_options options;
        char future[100];
    } given;
    memset(&given, 0xFF, sizeof given);
    given.options = NMF_OPTIONS_INIT;
    given.options.k = 5;
    given.options.struct_bytes = sizeof given;
    nmf_options checked;
    nmf_error error;
    assert_int_equal(check(&given.options, NMF_SCOPE_FIT, &checked, &error), NMF_OK);
    assert_int_equal(checked.k, 5);
    assert_int_equal(checked.struct_bytes, sizeof checked);
}

static void a_struct_that_nobody_initialized_is_refused(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, sizeof(size_t) - 1, 1000000, SIZE_MAX};
    for (int i = 0; i < 5; i++) {
        nmf_options given = NMF_OPTIONS_INIT, checked;
        nmf_error error;
        given.struct_bytes = sizes[i];
        unit_failed(check(&given, NMF_SCOPE_FIT, &checked, &error), &error, NMF_ERROR_ARGUMENT,
                    "NMF_OPTIONS_INIT");
    }
}

/* Field `field` of the defaults with k = 5, changed by its bytes, is refused with `fragment` in
 * scope FIT and PCA alike where it is read, and of no interest where it is not. */
static void check_field(const char *field, const void *value, const char *fragment)
{
    const nmf_option_info *option = find(field);
    for (int scope = NMF_SCOPE_FIT; scope <= NMF_SCOPE_BOUNDS; scope *= 2) {
        nmf_options given = NMF_OPTIONS_INIT, checked;
        nmf_error error;
        given.k = 5;
        const size_t bytes = definition[option - nmf_option_table(NULL)].bytes;
        memcpy((char *)&given + option->offset, value, bytes);
        const nmf_status status = check(&given, scope, &checked, &error);
        if (option->scope & scope) {
            unit_failed(status, &error, NMF_ERROR_ARGUMENT, option->flag);
            unit_failed(status, &error, NMF_ERROR_ARGUMENT, fragment);
        } else {
            assert_int_equal(status, NMF_OK);
        }
    }
}

static void values_outside_their_bounds_and_nan_are_refused_where_they_are_read(void **state)
{
    (void)state;
    const nmf_option_info *table = nmf_option_table(NULL);
    static const double bad_reals[] = {NAN, -INFINITY, INFINITY};
    static const char *const real_texts[] = {"nan", "-inf", "inf"};
    for (int i = 0; i < OPTIONS; i++) {
        if (table[i].kind != NMF_OPTION_KIND_REAL) continue;
        for (int b = 0; b < 3; b++) check_field(table[i].field, &bad_reals[b], real_texts[b]);
    }
    const int64_t minus = -1, many = INT64_MAX;
    check_field("k", &minus, "-1");
    check_field("k", &many, "9223372036854775807");
    check_field("seed", &minus, "from 0 to 9223372036854775807");
    check_field("block_rows", &minus, "-1");
    const double above = 1.5, below = -1.5;
    check_field("tol", &above, "1.5");
    check_field("l1_ratio", &above, "from 0 to 1");
    check_field("alpha_H", &below, "-1.5");
}

/* An enum or a flag set to a number that is none of its values: the sentence has the number. */
static void enums_and_flags_outside_their_values_are_refused(void **state)
{
    (void)state;
    const int seven = 7, minus = -3;
    for (int i = 0; i < OPTIONS; i++) { /* the first number without a name */
        const nmf_option_info *option = find(definition[i].field);
        if (option->kind != NMF_OPTION_KIND_ENUM) continue;
        const int beyond = (int)option->name_count;
        char text[16];
        snprintf(text, sizeof text, "%d", beyond);
        check_field(option->field, &beyond, text);
    }
    check_field("init", &minus, "-3");
    check_field("whiten", &seven, "7");
    check_field("whiten", &minus, "-3");
}

/* An exponent beside a loss that has its own would be forgotten. */
static void beta_goes_with_its_loss(void **state)
{
    (void)state;
    static const double own[] = {2, 1, 0};
    nmf_options options = NMF_OPTIONS_INIT, checked;
    nmf_error error;
    options.k = 1;
    for (int loss = NMF_LOSS_FROBENIUS; loss <= NMF_LOSS_BETA; loss++) {
        options.loss = (nmf_loss)loss;
        options.beta = 1; /* the default */
        assert_int_equal(nmfi_options_check(&options, NMF_SCOPE_FIT, &checked, &error), NMF_OK);
        if (loss < NMF_LOSS_BETA) options.beta = own[loss];
        assert_int_equal(nmfi_options_check(&options, NMF_SCOPE_SELECT, &checked, &error), NMF_OK);
        options.beta = 1.5;
        assert_int_equal(nmfi_options_check(&options, NMF_SCOPE_PCA, &checked, &error), NMF_OK);
        assert_int_equal(nmfi_options_check(&options, NMF_SCOPE_FIT, &checked, &error),
                         loss == NMF_LOSS_BETA ? NMF_OK : NMF_ERROR_ARGUMENT);
        if (loss == NMF_LOSS_KL)
            assert_string_equal(error.message,
                                "beta = 1.5 is the exponent of loss = beta, and the loss is kl");
        assert_int_equal(nmfi_options_check_bounds(&options, NMF_SCOPE_FIT, &checked, &error),
                         NMF_OK); /* models of earlier versions */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_the_definition),
        cmocka_unit_test(every_option_can_be_told_from_the_others),
        cmocka_unit_test(every_default_is_inside_its_bounds),
        cmocka_unit_test(every_option_can_be_written_and_read_back),
        cmocka_unit_test(setting_one_option_leaves_the_others_alone),
        cmocka_unit_test(a_flag_is_yes_or_no),
        cmocka_unit_test(what_the_library_can_decide_has_words),
        cmocka_unit_test(words_have_no_case_and_sizes_have_units),
        cmocka_unit_test(words_of_other_programs_mean_what_is_said_of_them),
        cmocka_unit_test(bad_text_is_refused_with_the_limits),
        cmocka_unit_test(text_is_cut_to_the_room_there_is),
        cmocka_unit_test(no_options_are_the_defaults),
        cmocka_unit_test(a_shorter_struct_is_completed_with_defaults),
        cmocka_unit_test(a_longer_struct_is_read_as_far_as_it_is_known),
        cmocka_unit_test(a_struct_that_nobody_initialized_is_refused),
        cmocka_unit_test(values_outside_their_bounds_and_nan_are_refused_where_they_are_read),
        cmocka_unit_test(enums_and_flags_outside_their_values_are_refused),
        cmocka_unit_test(beta_goes_with_its_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
