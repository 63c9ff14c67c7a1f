/* Files that a fuzz target makes for readers that open them by name: in memory where the system has a place for that,
 * the process's own, the same ones again and again. */
#ifndef TESTS_FUZZ_SCRATCH_H
#define TESTS_FUZZ_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

/* The path of a file of this name in the scratch folder; static memory, until the fourth call after it. */
const char *scratch_path(const char *name);

/* Writes it; returns its path. */
const char *scratch_write(const char *name, const uint8_t *data, size_t size);

void scratch_remove(const char *name);

/* 1 if the text has a number above a million. A size line may declare any number of empty rows, which are then made:
 * no finding, but no memory either. */
int has_long_number(const uint8_t *data, size_t size);

#endif
