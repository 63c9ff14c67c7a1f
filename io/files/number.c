/* Decimal text to the nearest double, and back. Up to 2^53 and 10^22 both the digits and the power
 * of ten are exact doubles, so one multiplication or division rounds correctly (Clinger 1990); the
 * rest, a few in a thousand, goes to strtod. */
#include "number.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_DIGITS 19        /* that always fit in 64 bits */
#define LONGEST_NUMBER 1100   /* a denormal written out in full has 1077 characters */
#define LARGEST_EXPONENT 9999 /* more saturates: 0 or overflow long before */

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* A number taken apart: digits * 10^exponent. */
typedef struct parts {
    uint64_t digits;
    int count; /* significant digits; over MOST_DIGITS `digits` is incomplete */
    int exponent;
    int any; /* there was a digit */
    int negative;
} parts;

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *take_digits(const char *at, const char *end, parts *number, int after_point)
{
    for (; at < end && is_digit(*at); at++) {
        number->any = 1;
        number->exponent -= after_point;
        if (*at != '0' || number->count > 0) {
            number->count++;
        }
        if (number->count <= MOST_DIGITS) {
            number->digits = 10 * number->digits + (uint64_t)(*at - '0');
        }
    }
    return at;
}

/* "e-5"; leaves `at` alone where the letter is not followed by a digit. */
static const char *take_exponent(const char *at, const char *end, parts *number)
{
    const char *digit = at + 1;
    int negative = 0;
    if (digit < end && (*digit == '-' || *digit == '+')) {
        negative = *digit == '-';
        digit++;
    }
    if (digit == end || !is_digit(*digit)) {
        return at;
    }
    int exponent = 0;
    for (; digit < end && is_digit(*digit); digit++) {
        if (exponent < LARGEST_EXPONENT) {
            exponent = 10 * exponent + (*digit - '0');
        }
    }
    number->exponent += negative ? -exponent : exponent;
    return digit;
}

static nmfi_number parse_word(const char *text, size_t length, double *value)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {
        {"nan", (double)NAN}, {"na", (double)NAN}, {"inf", HUGE_VAL}, {"infinity", HUGE_VAL}};
    const int sign = length > 0 && (text[0] == '-' || text[0] == '+');
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (length - (size_t)sign == strlen(words[i].word) &&
            strncasecmp(text + sign, words[i].word, length - (size_t)sign) == 0) {
            *value = sign && text[0] == '-' ? -words[i].value : words[i].value;
            return NMFI_NUMBER;
        }
    }
    return NMFI_NUMBER_NONE;
}

/* The general case, for text that is known to be a number. */
static nmfi_number parse_slowly(const char *text, size_t length, double *value)
{
    char copy[LONGEST_NUMBER + 1];
    if (length > LONGEST_NUMBER) {
        return NMFI_NUMBER_NONE;
    }
    for (size_t i = 0; i < length; i++) {
        copy[i] = text[i] == ',' ? '.' : text[i];
    }
    copy[length] = '\0';
    *value = strtod(copy, NULL);
    return isinf(*value) ? NMFI_NUMBER_OVERFLOW : NMFI_NUMBER;
}

nmfi_number nmfi_number_parse(const char *text, size_t length, char decimal, double *value)
{
    const char *at = text, *end = text + length;
    parts number = {0, 0, 0, 0, 0};
    if (at < end && (*at == '-' || *at == '+')) {
        number.negative = *at == '-';
        at++;
    }
    at = take_digits(at, end, &number, 0);
    if (at < end && (*at == '.' || *at == decimal)) {
        at = take_digits(at + 1, end, &number, 1);
    }
    if (!number.any) {
        return parse_word(text, length, value);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at = take_exponent(at, end, &number);
    }
    if (at != end) {
        return NMFI_NUMBER_NONE;
    }
    const int exponent = number.exponent;
    if (number.count > MOST_DIGITS || number.digits > (UINT64_C(1) << 53) || exponent > 22 ||
        exponent < -22) {
        return parse_slowly(text, length, value);
    }
    const double digits = (double)number.digits;
    const double size =
        exponent < 0 ? digits / powers_of_ten[-exponent] : digits * powers_of_ten[exponent];
    *value = number.negative ? -size : size;
    return NMFI_NUMBER;
}

int nmfi_number_format(double value, int is_f32, char out[NMFI_NUMBER_BYTES])
{
    if (isnan(value)) {
        return snprintf(out, NMFI_NUMBER_BYTES, "nan");
    }
    if (fabs(value) < 1e15 && value == (double)(int64_t)value &&
        !(value == 0.0 && signbit(value))) {
        return snprintf(out, NMFI_NUMBER_BYTES, "%" PRId64, (int64_t)value);
    }
    const int most = is_f32 ? 9 : 17;
    int length = 0;
    for (int digits = is_f32 ? 6 : 15; digits <= most; digits++) {
        length = snprintf(out, NMFI_NUMBER_BYTES, "%.*g", digits, value);
        const double back = strtod(out, NULL);
        if (is_f32 ? (float)back == (float)value : back == value) {
            break;
        }
    }
    return length;
}

int nmfi_c_locale_enter(nmfi_c_locale *state)
{
    state->own = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (state->own == (locale_t)0) {
        return 0;
    }
    state->previous = uselocale(state->own);
    return 1;
}

void nmfi_c_locale_leave(nmfi_c_locale *state)
{
    uselocale(state->previous);
    freelocale(state->own);
}
