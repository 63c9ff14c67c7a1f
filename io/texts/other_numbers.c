/* Numbers as people write them for people: see other_numbers.h. */
#include "other_numbers.h"

#include <string.h>

static size_t digits_at(const char *text, size_t length)
{
    size_t count = 0;
    while (count < length && text[count] >= '0' && text[count] <= '9') {
        count++;
    }
    return count;
}

/* "$", or the bytes of a euro's or pound's sign. */
static size_t currency_at(const char *text, size_t length)
{
    static const char *const signs[] = {"$", "\xE2\x82\xAC", "\xC2\xA3"};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        const size_t bytes = strlen(signs[i]);
        if (length > bytes && memcmp(text, signs[i], bytes) == 0) {
            return bytes;
        }
    }
    return 0;
}

int nmfi_is_number_otherwise(const char *text, size_t length)
{
    const char *at = text, *end = text + length;
    int otherwise = 0;
    at += length > 0 && (*at == '-' || *at == '+');
    const size_t sign = currency_at(at, (size_t)(end - at));
    at += sign;
    size_t digits = digits_at(at, (size_t)(end - at));
    if (digits == 0) {
        return 0;
    }
    at += digits;
    while (end - at >= 4 && (*at == ',' || *at == '\'') && digits <= 3 &&
           digits_at(at + 1, (size_t)(end - at - 1)) >= 3) {
        digits = digits_at(at + 1, (size_t)(end - at - 1));
        if (digits != 3) {
            return 0;
        }
        at += 4;
        otherwise = 1;
    }
    if (at < end && *at == '.') {
        at += 1 + digits_at(at + 1, (size_t)(end - at - 1));
    }
    if (at < end && *at == '%') {
        at++;
        otherwise = 1;
    }
    return at == end && (otherwise || sign > 0);
}
