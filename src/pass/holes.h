/* Entries of a dense matrix that were not observed, listed by rows and by columns, with what is filled in for them
 * (observed.h): for whoever takes them out of sums over whole rows again. */
#ifndef NMFI_PASS_HOLES_H
#define NMFI_PASS_HOLES_H

#include "pass/observed.h"
#include "rule/downdated.h"

typedef struct nmfi_holes {
    nmfi_hole_lines of_rows, of_columns;
} nmfi_holes;

/* Of an observed.filled that is there, of type T, in memory of so many bytes: of the rows that are here, and of the
 * columns that observed.u_transposed has. `across`: those columns of filled, one after the other; NULL where all of it
 * is here. Cost: two looks at the weights. */
size_t nmfi_holes_bytes(const nmfi_observed *observed);
nmfi_holes nmfi_holes_list(const nmfi_observed *observed, const void *across, void *memory);

#endif
