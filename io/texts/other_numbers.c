/* Numbers as people and older programs write them: see other_numbers.h. */
#include "other_numbers.h"

#include <string.h>

static size_t digits_at(const char *at, const char *end)
{
    size_t count = 0;
    while (at + count < end && at[count] >= '0' && at[count] <= '9') {
        count++;
    }
    return count;
}

/* The bytes of the first sign of the list (NULL ends it) that stands at `at`; 0: none. */
static size_t sign_at(const char *at, const char *end, const char *const *signs)
{
    for (; *signs != NULL; signs++) {
        const size_t bytes = strlen(*signs);
        if ((size_t)(end - at) >= bytes && memcmp(at, *signs, bytes) == 0) {
            return bytes;
        }
    }
    return 0;
}

/* Blanks: also those that do not break a line, as spreadsheets put them between digits. */
static const char *const blanks[] = {" ", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89", NULL};
static const char *const currencies[] = {"$", "\xE2\x82\xAC", "\xC2\xA3", NULL};
static const char *const groups[] = {
    ",", ".", "'", "\xE2\x80\x99", " ", "\xC2\xA0", "\xE2\x80\xAF", "\xE2\x80\x89", NULL};

/* "234" behind each separator, always the same one: how many groups; *at moves behind them. */
static int take_groups(const char **at, const char *end)
{
    const size_t bytes = sign_at(*at, end, groups);
    const char *const separator = *at;
    int count = 0;
    while (bytes > 0 && (size_t)(end - *at) >= bytes + 3 && memcmp(*at, separator, bytes) == 0 &&
           digits_at(*at + bytes, end) == 3) {
        *at += bytes + 3;
        count++;
    }
    return count;
}

/* ".5" or ",5"; *comma: that a comma stood there. */
static void take_decimals(const char **at, const char *end, int *comma)
{
    const size_t digits =
        end - *at > 1 && (**at == '.' || **at == ',') ? digits_at(*at + 1, end) : 0;
    *comma = digits > 0 && **at == ',';
    *at += digits > 0 ? 1 + digits : 0;
}

/* Fortran's double precision: "1.5D+03". A well of a plate ("1D3") has neither point nor sign. */
static int take_exponent(const char **at, const char *end, int decimals)
{
    const char *digits = *at + 1;
    if (end - *at < 2 || (**at != 'D' && **at != 'd')) {
        return 0;
    }
    const int sign = *digits == '+' || *digits == '-';
    if (!sign && !decimals) {
        return 0;
    }
    digits += sign;
    const size_t count = digits_at(digits, end);
    *at = count > 0 ? digits + count : *at;
    return count > 0;
}

/* "%", "EUR" as a sign, with or without a blank before it. */
static int take_unit(const char **at, const char *end)
{
    const char *sign = *at + sign_at(*at, end, blanks);
    const size_t bytes = sign < end && *sign == '%' ? 1 : sign_at(sign, end, currencies);
    *at = bytes > 0 ? sign + bytes : *at;
    return bytes > 0;
}

int nmfi_is_number_otherwise(const char *text, size_t length)
{
    const char *at = text, *end = text + length;
    int comma = 0;
    at += length > 0 && (*at == '-' || *at == '+');
    const size_t currency = sign_at(at, end, currencies);
    at += currency;
    at += currency > 0 ? sign_at(at, end, blanks) : 0;
    const size_t digits = digits_at(at, end);
    if (digits == 0) {
        return 0;
    }
    at += digits;
    const char *const behind = at;
    const int grouped = digits <= 3 ? take_groups(&at, end) : 0;
    /* "1.234" is a number as it is. */
    const int thousands = grouped > 1 || (grouped == 1 && *behind != '.');
    take_decimals(&at, end, &comma);
    const int doubled = take_exponent(&at, end, at != behind), unit = take_unit(&at, end);
    return at == end && (thousands || comma || doubled || unit || currency > 0);
}
