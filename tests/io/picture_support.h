/* What the picture tests share: golden files, files of their own, and directories that vanish
 * again. */
#ifndef TESTS_IO_PICTURE_SUPPORT_H
#define TESTS_IO_PICTURE_SUPPORT_H

#include "io/pictures/picture.h"

#include <stddef.h>

#define GOLDEN_WIDTH 13
#define GOLDEN_HEIGHT 9
#define GOLDEN_PIXELS (GOLDEN_WIDTH * GOLDEN_HEIGHT)

/* Path of a file in tests/io/golden/pictures; valid until the next call. */
const char *golden_path(const char *name);

/* A whole file; fails the test if it cannot be read. free() it. */
unsigned char *bytes_of(const char *path, size_t *count);

/* Loads golden picture `name` and compares it with the pixels that the other program saw
 * ("png_x.expected", next to "png_x.png"; little-endian where 16-bit). */
void assert_golden_picture(const char *name, nmf_dtype dtype);

/* A new empty directory in the current one, and its removal with everything in it. */
char *new_directory(void);
void remove_directory(char *directory);

/* Writes directory/name; '/' in the name makes sub-directories. Returns the path; free() it. */
char *put_file(const char *directory, const char *name, const void *bytes, size_t count);

/* The same with a raw 8-bit PGM, all of `value`. */
void put_pgm(const char *directory, const char *name, int width, int height, int value);

#endif
