/* Shared by the tests of array files: see array_support.h. */
#include "array_support.h"

#include "io/arrays/mat.h"
#include "io/arrays/npy.h"
#include "io/arrays/npz_sparse.h"
#include "io/texts/csv.h"
#include "io/texts/mtx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#ifndef NMFKIT_SOURCE_DIR
#error "NMFKIT_SOURCE_DIR says where the golden files are"
#endif

const char *array_golden(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/tests/io/golden/arrays/%s", NMFKIT_SOURCE_DIR, name);
    return path;
}

unsigned char *array_bytes(const char *path, size_t *count)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    assert_true(size >= 0);
    rewind(file);
    unsigned char *bytes = malloc((size_t)size + 1);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    *count = (size_t)size;
    return bytes;
}

void array_write_file(const char *path, const void *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

nmf_matrix *array_read(const char *path)
{
    nmf_matrix *matrix = NULL;
    nmf_error error = {NMF_OK, ""};
    if (nmf_io_read(path, NULL, &matrix, &error) != NMF_OK) {
        fail_msg("%s", error.message);
    }
    assert_non_null(matrix);
    return matrix;
}

nmf_matrix *array_read_golden(const char *name)
{
    return array_read(array_golden(name));
}

/* A file of this process's own in the current directory. */
static const char *scratch(const char *extension)
{
    static char path[64];
    snprintf(path, sizeof path, "scratch-%ld.%s", (long)getpid(), extension);
    return path;
}

nmf_matrix *array_read_text(const char *extension, const char *text)
{
    const char *path = scratch(extension);
    array_write_file(path, text, strlen(text));
    nmf_matrix *matrix = array_read(path);
    unlink(path);
    return matrix;
}

static void is_one_sentence(const nmf_error *error)
{
    assert_true(strlen(error->message) > 10);
    assert_null(strchr(error->message, '\n'));
    assert_null(strchr(error->message, '\r'));
}

void array_read_fails(const char *path, nmf_status status, const char *fragment)
{
    nmf_matrix *matrix = (nmf_matrix *)&matrix;
    nmf_error error = {NMF_OK, ""};
    const nmf_status got = nmf_io_read(path, NULL, &matrix, &error);
    if (got != status || strstr(error.message, fragment) == NULL) {
        fail_msg("%s: status %s (wanted %s), message '%s' (wanted '%s')", path,
                 nmf_status_name(got), nmf_status_name(status), error.message, fragment);
    }
    assert_int_equal(error.status, status);
    assert_null(matrix);
    is_one_sentence(&error);
}

void array_golden_fails(const char *name, nmf_status status, const char *fragment)
{
    array_read_fails(array_golden(name), status, fragment);
}

void array_bytes_fail(const char *extension, const void *bytes, size_t count, nmf_status status,
                      const char *fragment)
{
    const char *path = scratch(extension);
    array_write_file(path, bytes, count);
    array_read_fails(path, status, fragment);
    unlink(path);
}

void array_text_fails(const char *extension, const char *text, nmf_status status,
                      const char *fragment)
{
    array_bytes_fail(extension, text, strlen(text), status, fragment);
}

static void is_table(const nmf_matrix *matrix, nmf_dtype dtype, double step, double offset)
{
    assert_int_equal(nmf_matrix_rows(matrix), 3);
    assert_int_equal(nmf_matrix_columns(matrix), 4);
    assert_string_equal(nmf_dtype_name(nmf_matrix_dtype(matrix)), nmf_dtype_name(dtype));
    for (int64_t i = 0; i < 3; i++) {
        for (int64_t j = 0; j < 4; j++) {
            const double wanted = step * (double)(4 * i + j) + offset;
            if (nmf_matrix_at(matrix, i, j) != wanted) {
                fail_msg("entry (%d, %d) is %g, not %g", (int)i, (int)j,
                         nmf_matrix_at(matrix, i, j), wanted);
            }
        }
    }
}

void array_is_real(const nmf_matrix *matrix, nmf_dtype dtype)
{
    is_table(matrix, dtype, 1.25, 0.5);
}

void array_is_whole(const nmf_matrix *matrix, nmf_dtype dtype, double offset)
{
    is_table(matrix, dtype, 7.0, offset);
}

void array_golden_is_real(const char *name, nmf_dtype dtype)
{
    nmf_matrix *matrix = array_read_golden(name);
    array_is_real(matrix, dtype);
    nmf_matrix_free(matrix);
}

void array_golden_is_whole(const char *name, nmf_dtype dtype, double offset)
{
    nmf_matrix *matrix = array_read_golden(name);
    array_is_whole(matrix, dtype, offset);
    nmf_matrix_free(matrix);
}

static void keep(void *context)
{
    (void)context; /* the bytes are is_safe's */
}

/* Bytes in memory by the reader of this extension; 0 where it reads files only. */
static int read_memory(const char *path, const void *bytes, size_t count, nmf_status *status,
                       nmf_matrix **matrix, nmf_error *error)
{
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.most_bytes = -1; /* there is no file to leave anything in */
    const nmfi_read_request request = {path, NULL, &options};
    const char *extension = strrchr(path, '.') + 1;
    nmfi_text_reader *text;
    nmfi_npz *npz;
    if (strcmp(extension, "npy") == 0) {
        *status = nmfi_npy_matrix(bytes, count, path, NMFI_NPY_DATA, keep, NULL, matrix, error);
    } else if (strcmp(extension, "mat") == 0 && count > 8 && memcmp(bytes, "MATLAB 5", 8) == 0) {
        *status = nmfi_mat5_matrix(bytes, count, &request, keep, NULL, matrix, error);
    } else if (strcmp(extension, "csv") == 0) {
        *status = nmfi_csv_matrix(bytes, count, &request, NULL, matrix, error);
    } else if (strcmp(extension, "mtx") == 0) {
        *status = nmfi_text_reader_open_memory(bytes, count, path, &text, error);
        if (*status == NMF_OK) {
            *status = nmfi_mtx_matrix(text, NULL, NULL, matrix, error);
            nmfi_text_reader_close(text);
        }
    } else if (strcmp(extension, "npz") == 0) {
        *status = nmfi_npz_open_memory(bytes, count, path, &npz, error);
        if (*status == NMF_OK) {
            *status = nmfi_npz_read(npz, &request, matrix, error);
            nmfi_npz_close(npz);
        }
    } else {
        return 0;
    }
    return 1;
}

/* A sentence or a matrix, whose every entry can be looked at. Returns 1 for a matrix. One in eight is a file, whose
 * kind is recognised too; the others are bytes at the end of their memory, which is quicker, and a sanitizer sees
 * who reads behind it. */
static int is_safe(const char *path, const void *bytes, size_t count)
{
    static unsigned turn;
    nmf_matrix *matrix = NULL;
    nmf_error error = {NMF_OK, ""};
    nmf_status status = NMF_OK;
    unsigned char *copy = malloc(count > 0 ? count : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, count);
    if (turn++ % 8 == 0 || !read_memory(path, copy, count, &status, &matrix, &error)) {
        array_write_file(path, bytes, count);
        status = nmf_io_read(path, NULL, &matrix, &error);
    }
    if (status != NMF_OK) {
        assert_null(matrix);
        assert_int_equal(error.status, status);
        is_one_sentence(&error);
        free(copy);
        return 0;
    }
    (void)nmf_matrix_fingerprint(matrix);
    nmf_matrix_free(matrix);
    free(copy);
    return 1;
}

static const char *extension_of(const char *name)
{
    return strrchr(name, '.') + 1;
}

void array_prefixes_are_safe(const char *name, size_t step, int may_succeed)
{
    size_t count;
    unsigned char *bytes = array_bytes(array_golden(name), &count);
    const char *path = scratch(extension_of(name));
    for (size_t i = 0; i < count; i += step) {
        if (is_safe(path, bytes, i) && !may_succeed) {
            fail_msg("%s was read although cut to %zu of %zu bytes", name, i, count);
        }
    }
    unlink(path);
    free(bytes);
}

void array_reads_in_silence(void (*read)(void))
{
    struct stat info;
    fflush(stderr);
    const int kept = dup(STDERR_FILENO);
    assert_non_null(freopen("printed.txt", "w", stderr));
    read();
    fflush(stderr);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    close(kept);
    assert_int_equal(stat("printed.txt", &info), 0);
    assert_int_equal(info.st_size, 0);
    unlink("printed.txt");
}

void array_mutations_are_safe(const char *name, int rounds)
{
    size_t count;
    unsigned char *bytes = array_bytes(array_golden(name), &count);
    unsigned char *copy = malloc(count);
    assert_non_null(copy);
    const char *path = scratch(extension_of(name));
    uint64_t random = 88172645463325252u; /* xorshift64 (Marsaglia 2003) */
    /* A sanitizer sees what a release build may survive; fuzzers try millions. NMFKIT_ALL_MUTATIONS: all of them. */
    if (getenv("NMFKIT_ALL_MUTATIONS") == NULL)
        rounds /= getenv("NMFKIT_SANITIZED") != NULL ? 2 : 10;
    for (int round = 0; round < rounds; round++) {
        memcpy(copy, bytes, count);
        for (int change = 0; change <= round % 4; change++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            copy[random % count] = (unsigned char)(random >> 40);
        }
        (void)is_safe(path, copy, count);
    }
    unlink(path);
    free(copy);
    free(bytes);
}

nmf_matrix *array_named_matrix(nmf_dtype dtype)
{
    static const char *const samples[] = {"s1/a.pgm", "with \"quotes\", comma", "臉"};
    static const char *const features[] = {"p", "1990", "r", "s"};
    static const char *const labels[] = {"s1", "s2", "s2"};
    nmf_matrix *matrix;
    assert_int_equal(nmf_matrix_new(dtype, 3, 4, &matrix, NULL), NMF_OK);
    for (int i = 0; i < 12; i++) {
        const double value = 1.25 * i + 0.5;
        void *out = nmf_matrix_writable(matrix);
        switch (dtype) {
        case NMF_U8: ((uint8_t *)out)[i] = (uint8_t)(7 * i); break;
        case NMF_U16: ((uint16_t *)out)[i] = (uint16_t)(7 * i); break;
        case NMF_F32: ((float *)out)[i] = (float)value; break;
        case NMF_F64: ((double *)out)[i] = value; break;
        case NMF_I32: fail_msg("dense matrices are never int32"); break;
        }
    }
    assert_int_equal(nmf_matrix_set_names(matrix, NMF_SAMPLE_NAMES, samples, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_names(matrix, NMF_FEATURE_NAMES, features, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_names(matrix, NMF_LABELS, labels, NULL), NMF_OK);
    assert_int_equal(nmf_matrix_set_image_shape(matrix, 2, 2, NULL), NMF_OK);
    return matrix;
}
