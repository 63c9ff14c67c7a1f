/* Entries of a dense matrix that were not observed, listed by rows and by columns, with what is filled in for them
 * (observed.h): for whoever takes them out of sums over whole rows again. */
#ifndef NMFI_DATA_HOLES_H
#define NMFI_DATA_HOLES_H

#include "data/observed.h"

typedef struct nmfi_hole_lines {
    int64_t *pointers; /* lines + 1: line i has entries [pointers[i], pointers[i + 1]) */
    int32_t *indices;  /* ascending in each line */
    void *values;      /* T */
} nmfi_hole_lines;

typedef struct nmfi_holes {
    nmfi_hole_lines of_rows, of_columns;
} nmfi_holes;

/* Of an observed.filled that is there, of type T, in memory of so many bytes. Cost: two looks at the weights. */
size_t nmfi_holes_bytes(const nmfi_observed *observed);
nmfi_holes nmfi_holes_list(const nmfi_observed *observed, void *memory);

#endif
