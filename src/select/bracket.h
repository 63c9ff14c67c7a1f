/* Which ranks to try next. */
#ifndef NMFI_SELECT_BRACKET_H
#define NMFI_SELECT_BRACKET_H

#include "select/statistics.h"

/* Writes the ranks that are worth fitting after those of `candidates` (ascending, compared) into
 * `next` (room for `room`) and returns how many; 0: done. First 1, 2, 3, 4, 6, 8, 11, 16, 22, ...
 * (each about sqrt 2 of the one before), two or four at a time, until two in a row are more than two
 * standard errors above the best, or `most`; then every rank between the neighbours of those that
 * cannot be told from the best, where gaps are halved first while they are wide. Where worse ranks
 * part these (a curve that stays flat), only those joined to one that the answer names have such
 * neighbours: the smallest of them, the smallest within one standard error of the best, the best.
 * What is next depends on the losses alone, not on how many threads there are. */
int64_t nmfi_next_ranks(const nmfi_candidate *candidates, int64_t count, int64_t most,
                        int64_t *next, int64_t room);

#endif
