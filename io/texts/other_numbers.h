/* Numbers as people write them for people, and no reader of numbers reads them. */
#ifndef NMFI_IO_OTHER_NUMBERS_H
#define NMFI_IO_OTHER_NUMBERS_H

#include <stddef.h>

/* 1 for a number with separators of thousands ("1,234.5", "1'234", "1 234", "1.234,5"), a decimal comma, a percent
 * sign, a currency's, or Fortran's exponent ("1.5D+03"): what names of samples hardly look like. */
int nmfi_is_number_otherwise(const char *text, size_t length);

#endif
