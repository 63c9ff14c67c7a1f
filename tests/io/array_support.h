/* What the tests of array files share: golden files, scratch files, and the two matrices that every
 * golden file holds (see make_golden.py). */
#ifndef TESTS_IO_ARRAY_SUPPORT_H
#define TESTS_IO_ARRAY_SUPPORT_H

#include <nmfkit/io.h>
#include <stddef.h>

/* Path of a file in tests/io/golden/arrays; valid until the next call. */
const char *array_golden(const char *name);

/* A whole file; free() it. Fails the test if it cannot be read. */
unsigned char *array_bytes(const char *path, size_t *count);
void array_write_file(const char *path, const void *bytes, size_t count);

/* Reads with default options, or with some; fails the test if that fails. */
nmf_matrix *array_read(const char *path);
nmf_matrix *array_read_golden(const char *name);
nmf_matrix *array_read_text(const char *extension, const char *text);

/* Reading must fail with this status and a sentence that has `fragment`. */
void array_read_fails(const char *path, nmf_status status, const char *fragment);
void array_golden_fails(const char *name, nmf_status status, const char *fragment);
void array_text_fails(const char *extension, const char *text, nmf_status status,
                      const char *fragment);
void array_bytes_fail(const char *extension, const void *bytes, size_t count, nmf_status status,
                      const char *fragment);

/* 3 x 4 with 1.25 (4 i + j) + 0.5, or 7 (4 i + j) + offset. */
void array_is_real(const nmf_matrix *matrix, nmf_dtype dtype);
void array_is_whole(const nmf_matrix *matrix, nmf_dtype dtype, double offset);
void array_golden_is_real(const char *name, nmf_dtype dtype);
void array_golden_is_whole(const char *name, nmf_dtype dtype, double offset);

/* Each prefix of the golden file, `step` bytes apart, fails with one sentence or, where
 * `may_succeed`, gives a matrix. */
void array_prefixes_are_safe(const char *name, size_t step, int may_succeed);

/* HDF5 likes to explain itself on the terminal; the library must not: nothing comes
 * from `read`. */
void array_reads_in_silence(void (*read)(void));

/* Each of `count` copies with a few bytes changed at random (the same ones each time) does one or
 * the other. */
void array_mutations_are_safe(const char *name, int count);

/* A new matrix of 3 x 4 with value(i, j) = 1.25 (4 i + j) + 0.5, names and labels, image shape 2 x
 * 2. */
nmf_matrix *array_named_matrix(nmf_dtype dtype);

#endif
