/* What is found out about the indices of compressed lines before a fit: whether they are inside, whether
 * they ascend, whether one comes twice; wherever it happens in arrays longer than what is looked at at
 * once, and at the ends of lines. */
#include "data/sparse.h"

#include "support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { LONG = 1100, ACROSS = 3 * LONG };

/* Odd numbers that ascend, in both index types, cut into two rows or not. */
typedef struct rows {
    int64_t pointers[3], wide[LONG];
    int32_t narrow[LONG];
} rows;

static const uint8_t values[LONG] = {1};

static nmf_sparse ascending(rows *to, int index_bytes, int64_t first_row)
{
    to->pointers[0] = 0;
    to->pointers[1] = first_row;
    to->pointers[2] = LONG;
    for (int64_t e = 0; e < LONG; e++) to->narrow[e] = (int32_t)(to->wide[e] = 2 * e + 1);
    const void *indices = index_bytes == 4 ? (const void *)to->narrow : (const void *)to->wide;
    const nmf_sparse s = {values, NMF_U8, 2, ACROSS, to->pointers, indices, index_bytes, 0};
    return s;
}

static void set(rows *to, int64_t at, int64_t index)
{
    to->wide[at] = index;
    to->narrow[at] = (int32_t)index;
}

static void expect_order(const nmf_sparse *s, int ascends, int distinct, int64_t at)
{
    nmfi_sparse_order order = {-1, -1};
    assert_int_equal(nmfi_sparse_check(s, &order, NULL), NMF_OK);
    if (order.ascends != ascends || order.distinct != distinct)
        fail_msg("entry %lld, %d bytes, rows cut at %lld: ascends %d, distinct %d", (long long)at,
                 s->index_bytes, (long long)s->pointers[1], order.ascends, order.distinct);
}

static const int64_t cuts[] = {0, 1, LONG / 2, LONG};

/* A new row may begin below where the one before it ended, or where it ended. */
static void a_fall_or_a_repeat_is_seen_at_each_entry_of_a_row(void **state)
{
    (void)state;
    rows r;
    for (int bytes = 4; bytes <= 8; bytes += 4)
        for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++)
            for (int64_t at = 1; at < LONG; at++) {
                const nmf_sparse s = ascending(&r, bytes, cuts[c]);
                expect_order(&s, 1, 1, -1);
                const int begins = at == cuts[c];
                set(&r, at, r.wide[at - 1] - 1); /* even: not one of the others */
                expect_order(&s, begins, 1, at);
                set(&r, at, r.wide[at - 1]);
                expect_order(&s, begins, begins, at);
            }
}

static void an_index_outside_is_named_wherever_it_is(void **state)
{
    (void)state;
    static const int64_t outside[] = {-1, ACROSS, INT32_MAX, INT32_MIN};
    rows r;
    for (int bytes = 4; bytes <= 8; bytes += 4)
        for (int64_t at = 0; at < LONG; at++) {
            const nmf_sparse s = ascending(&r, bytes, LONG / 2);
            const int64_t index = outside[at % 4];
            char wanted[96];
            nmfi_sparse_order order;
            nmf_error error = {0};
            set(&r, at, index);
            snprintf(wanted, sizeof wanted, "indices[%d] = %lld, in row %d: must be 0 to %d",
                     (int)at, (long long)index, at >= LONG / 2, ACROSS - 1);
            unit_failed(nmfi_sparse_check(&s, &order, &error), &error, NMF_ERROR_ARGUMENT, wanted);
        }
}

/* All that their type has. */
static void the_largest_indices_are_inside(void **state)
{
    (void)state;
    const int64_t pointers[] = {0, 2}, wide[] = {0, PTRDIFF_MAX / 16 - 1};
    const int32_t narrow[] = {0, INT32_MAX};
    nmf_sparse s = {values, NMF_U8, 1, PTRDIFF_MAX / 16, pointers, narrow, 4, 0};
    expect_order(&s, 1, 1, 0);
    s.columns = (int64_t)INT32_MAX + 1;
    expect_order(&s, 1, 1, 0);
    s.columns = PTRDIFF_MAX / 16;
    s.indices = wide;
    s.index_bytes = 8;
    expect_order(&s, 1, 1, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fall_or_a_repeat_is_seen_at_each_entry_of_a_row),
        cmocka_unit_test(an_index_outside_is_named_wherever_it_is),
        cmocka_unit_test(the_largest_indices_are_inside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
