/* The order in which people number files: s2 before s10. */
#ifndef NMFI_IO_NATURAL_ORDER_H
#define NMFI_IO_NATURAL_ORDER_H

/* < 0, 0, > 0 as strcmp. Runs of digits compare as numbers of any length ("s2" < "s10", "s2" <
 * "s02" < "s3"), '/' stands before all other characters, so that a folder stays together; the rest
 * compares by bytes. A total order: 0 only for equal strings. */
int nmfi_natural_compare(const char *a, const char *b);

#endif
