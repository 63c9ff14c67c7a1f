/* Natural order of names. */
#include "io/files/natural_order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Each stands before all that follow. */
static const char *const sorted[] = {"",
                                     "0",
                                     "1",
                                     "01",
                                     "2",
                                     "10",
                                     "99999999999999999999999998",
                                     "99999999999999999999999999",
                                     "100000000000000000000000000",
                                     "A",
                                     "a",
                                     "a/1.pgm",
                                     "a/2.pgm",
                                     "a/10.pgm",
                                     "a/b/1",
                                     "a-1",
                                     "a1",
                                     "a1b2",
                                     "a1b10",
                                     "a01b20",
                                     "a2",
                                     "b",
                                     "s1/5.pgm",
                                     "s2/1.pgm",
                                     "s2/1.png",
                                     "s2/01.png",
                                     "s10/1.pgm",
                                     "s10a",
                                     "\xc3\xa9"};

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void digits_compare_by_value_and_folders_stay_together(void **state)
{
    (void)state;
    const int count = (int)(sizeof sorted / sizeof *sorted);
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++) {
            if (sign(nmfi_natural_compare(sorted[i], sorted[j])) != sign(i - j))
                fail_msg("\"%s\" against \"%s\"", sorted[i], sorted[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_compare_by_value_and_folders_stay_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
