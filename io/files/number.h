/* Numbers as text, read exactly and fast, whatever the process's locale. */
#ifndef NMFI_IO_NUMBER_H
#define NMFI_IO_NUMBER_H

#include <locale.h>
#include <stddef.h>

#include "io/files/plugin.h"

typedef enum nmfi_number {
    NMFI_NUMBER = 0,
    NMFI_NUMBER_NONE = 1,    /* the text is no number */
    NMFI_NUMBER_OVERFLOW = 2 /* it is one, beyond 1.8e308 */
} nmfi_number;

/* Reads all of `text` as a decimal number, or nan, na, inf, infinity in any case. `decimal` is '.',
 * or ',' to accept both. The thread must be in the C locale (below). */
nmfi_number nmfi_number_parse(const char *text, size_t length, char decimal, double *value);

/* Writes `value` with the fewest of 15 to 17 digits (6 to 9 for f32) that read back as the same
 * number, whole ones in full up to 15 digits, and a zero; returns the length. In the C locale. */
#define NMFI_NUMBER_BYTES 32
NMFI_FOR_PLUGINS int nmfi_number_format(double value, int is_f32, char out[NMFI_NUMBER_BYTES]);

/* The C locale for this thread only, as strtod and printf need it to use the point. Leave what was
 * entered. */
typedef struct nmfi_c_locale {
    locale_t own, previous;
} nmfi_c_locale;
int nmfi_c_locale_enter(nmfi_c_locale *state); /* 1, or 0 when memory is out */
void nmfi_c_locale_leave(nmfi_c_locale *state);

#endif
