/* Natural order of file names: digits by value, everything else by bytes. */
#include "natural_order.h"

#include <stddef.h>
#include <string.h>

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t run_of(const char *text, int (*belongs)(char))
{
    size_t length = 0;
    while (belongs(text[length])) length++;
    return length;
}

static int is_zero(char c)
{
    return c == '0';
}

/* Compares the numbers that *a and *b begin with, by length without leading zeros, then digit by
 * digit (no integer type is long enough), and moves both behind them. */
static int compare_numbers(const char **a, const char **b)
{
    *a += run_of(*a, is_zero);
    *b += run_of(*b, is_zero);
    const size_t a_digits = run_of(*a, is_digit);
    const size_t b_digits = run_of(*b, is_digit);
    if (a_digits != b_digits) return a_digits < b_digits ? -1 : 1;
    const int order = memcmp(*a, *b, a_digits);
    *a += a_digits;
    *b += b_digits;
    return order;
}

static int rank_of(char c)
{
    return c == '\0' ? 0 : c == '/' ? 1 : 2 + (unsigned char)c;
}

int nmfi_natural_compare(const char *a, const char *b)
{
    const char *left = a;
    const char *right = b;
    for (;;) {
        if (is_digit(*left) && is_digit(*right)) {
            const int order = compare_numbers(&left, &right);
            if (order != 0) return order;
            continue;
        }
        if (rank_of(*left) != rank_of(*right)) return rank_of(*left) < rank_of(*right) ? -1 : 1;
        if (*left == '\0') break;
        left++;
        right++;
    }
    /* Equal but for leading zeros: fewer first. */
    const size_t a_length = strlen(a);
    const size_t b_length = strlen(b);
    if (a_length != b_length) return a_length < b_length ? -1 : 1;
    return strcmp(a, b);
}
