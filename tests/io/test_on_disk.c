/* Data that stay on disk: what is read and learned from them is what is read and learned from the same
 * file in memory, bit for bit; a file that is cut short, written to, or cannot be read while a fit goes on
 * ends that with one sentence. */
#include "array_support.h"

#include "io/files/disk_file.h"
#include "io/files/file_view.h"

#include <errno.h>
#include <fcntl.h>
#include <nmfkit/nmfkit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* --- readings that fail, or give little at a time ------------------------------------------------ */

static atomic_long readings_left = -1; /* negative: any number */
static atomic_long most_at_once = 0;   /* 0: all that is wanted */

/* In place of the C library's, for the library under test. */
ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset)
{
    const long most = atomic_load(&most_at_once);
    if (atomic_load(&readings_left) >= 0 && atomic_fetch_sub(&readings_left, 1) <= 0) {
        atomic_store(&readings_left, 0);
        errno = EIO;
        return -1;
    }
    if (most > 0 && count > (size_t)most) count = (size_t)most;
    return (ssize_t)syscall(SYS_pread64, descriptor, bytes, count, offset);
}

/* How far the system was told to fetch, beyond what was read; how much it was told to forget, and from where. */
static atomic_long fetched_to = 0, fetches = 0, forgotten = 0, forgotten_from = 0;

int posix_fadvise(int descriptor, off_t offset, off_t count, int advice)
{
    if (advice == POSIX_FADV_WILLNEED) {
        atomic_fetch_add(&fetches, 1);
        if (offset + count > atomic_load(&fetched_to)) atomic_store(&fetched_to, offset + count);
    }
    if (advice == POSIX_FADV_DONTNEED) {
        if (atomic_fetch_add(&forgotten, count) == 0) atomic_store(&forgotten_from, offset);
    }
    return (int)syscall(SYS_fadvise64, descriptor, offset, count, advice);
}

/* --- files and matrices --------------------------------------------------------------------------- */

static nmf_status read_at(const char *path, int64_t most_bytes, int transpose, nmf_matrix **matrix,
                          nmf_error *error)
{
    nmf_io_read_options options = NMF_IO_READ_INIT;
    options.most_bytes = most_bytes;
    options.transpose = transpose;
    return nmf_io_read(path, &options, matrix, error);
}

static nmf_matrix *read_there(const char *path, int on_disk, int transpose)
{
    nmf_matrix *matrix = NULL;
    nmf_error error = {NMF_OK, ""};
    if (read_at(path, on_disk ? 1 : -1, transpose, &matrix, &error) != NMF_OK)
        fail_msg("%s: %s", path, error.message);
    assert_int_equal(nmf_matrix_is_in_memory(matrix), !on_disk);
    return matrix;
}

static void expect_same(const nmf_matrix *a, const nmf_matrix *b, const char *what)
{
    const int64_t rows = nmf_matrix_rows(a), columns = nmf_matrix_columns(a);
    assert_int_equal(nmf_matrix_rows(b), rows);
    assert_int_equal(nmf_matrix_columns(b), columns);
    assert_int_equal(nmf_matrix_dtype(b), nmf_matrix_dtype(a));
    assert_int_equal(nmf_matrix_image_height(b), nmf_matrix_image_height(a));
    assert_int_equal(nmf_matrix_image_width(b), nmf_matrix_image_width(a));
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++) {
            const double x = nmf_matrix_at(a, i, j), y = nmf_matrix_at(b, i, j);
            if (memcmp(&x, &y, sizeof x) != 0)
                fail_msg("%s: (%d, %d) is %g in memory and %g on disk", what, (int)i, (int)j, x, y);
        }
    assert_true(nmf_matrix_fingerprint(a) == nmf_matrix_fingerprint(b));
}

/* Entries of rank 3 and a little more, 0 to 250. */
static double entry(int64_t i, int64_t j)
{
    const double parts = (double)(i % 7) * (double)(j % 5) + (double)(i % 3) * (double)(j % 11) +
                         (double)(i % 11) * (double)(j % 3);
    return 3 * parts + (double)((i * 31 + j * 17) % 13);
}

/* An .npy of `descr` ("|u1", "<f4", "<i4"), in C or Fortran order. */
static void write_npy(const char *path, const char *descr, int fortran, int64_t rows,
                      int64_t columns)
{
    char text[128], head[128];
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    const int length =
        snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': %s, 'shape': (%d, %d), }",
                 descr, fortran ? "True" : "False", (int)rows, (int)columns);
    memset(head, ' ', sizeof head);
    memcpy(head, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(head + 10, text, (size_t)length);
    head[sizeof head - 1] = '\n';
    assert_int_equal(fwrite(head, sizeof head, 1, file), 1);
    for (int64_t at = 0; at < rows * columns; at++) {
        const double value =
            fortran ? entry(at % rows, at / rows) : entry(at / columns, at % columns);
        const uint8_t byte = (uint8_t)value;
        const float single = (float)value;
        const int32_t whole = (int32_t)value;
        const void *from = descr[1] == 'u'   ? (const void *)&byte
                           : descr[1] == 'f' ? (const void *)&single
                                             : (const void *)&whole;
        assert_int_equal(fwrite(from, (size_t)(descr[2] - '0'), 1, file), 1);
    }
    assert_int_equal(fclose(file), 0);
}

/* --- what is read --------------------------------------------------------------------------------- */

static void every_array_that_is_read_is_read_on_disk(void **state)
{
    (void)state;
    static const char *const names[] = {"real_f8.npy",
                                        "real_f4_fortran.npy",
                                        "real_f4_big_endian_fortran.npy",
                                        "real_f2.npy",
                                        "real_f8_big_endian.npy",
                                        "whole_u1.npy",
                                        "whole_u2.npy",
                                        "whole_u2_big_endian.npy",
                                        "whole_i1.npy",
                                        "whole_i4.npy",
                                        "whole_i8.npy",
                                        "large_u4.npy",
                                        "huge_i8.npy",
                                        "negative_i2.npy",
                                        "bool.npy",
                                        "pictures_u1.npy",
                                        "pictures_u1_fortran.npy",
                                        "real_version_2.npy"};
    for (int n = 0; n < COUNT(names); n++)
        for (int transpose = 0; transpose < 2; transpose++) {
            nmf_matrix *there = read_there(array_golden(names[n]), 0, transpose);
            nmf_matrix *here = read_there(array_golden(names[n]), 1, transpose);
            expect_same(there, here, names[n]);
            nmf_matrix_free(there);
            nmf_matrix_free(here);
        }
}

static void what_is_no_array_is_refused_alike(void **state)
{
    (void)state;
    static const char *const names[] = {"complex.npy", "empty.npy",   "four_dimensions.npy",
                                        "text.npy",    "records.npy", "one_dimension.npy"};
    for (int n = 0; n < COUNT(names); n++) {
        nmf_matrix *matrix = NULL;
        nmf_error there = {NMF_OK, ""}, here = {NMF_OK, ""};
        const nmf_status expected = read_at(array_golden(names[n]), -1, 0, &matrix, &there);
        assert_int_not_equal(expected, NMF_OK);
        assert_int_equal(read_at(array_golden(names[n]), 1, 0, &matrix, &here), expected);
        assert_string_equal(here.message, there.message);
        assert_null(matrix);
    }
}

static void a_file_shorter_than_its_header_says_is_refused(void **state)
{
    (void)state;
    nmf_matrix *matrix = NULL;
    nmf_error error = {NMF_OK, ""};
    write_npy("short.npy", "<f4", 0, 20, 30);
    assert_int_equal(truncate("short.npy", 128 + 20 * 30 * 4 - 1), 0);
    assert_int_equal(read_at("short.npy", 1, 0, &matrix, &error), NMF_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "2400 bytes of values, but 2399"));
    assert_null(matrix);
}

/* What is compressed is read as ever: it has no rows to read in place. */
static void compressed_arrays_are_read_into_memory(void **state)
{
    (void)state;
    nmf_matrix *matrix = NULL, *plain = NULL;
    nmf_error error = {NMF_OK, ""};
    write_npy("zipped.npy", "<f4", 0, 20, 30);
    plain = read_there("zipped.npy", 0, 0);
    assert_int_equal(system("gzip -kf zipped.npy"), 0);
    if (read_at("zipped.npy.gz", 1, 0, &matrix, &error) != NMF_OK) fail_msg("%s", error.message);
    assert_true(nmf_matrix_is_in_memory(matrix));
    expect_same(plain, matrix, "gzipped");
    nmf_matrix_free(matrix);
    nmf_matrix_free(plain);
}

/* Three quarters of the memory there is: such a file is in nobody's test, but the rule is. */
static void small_files_are_in_memory_unless_told_otherwise(void **state)
{
    (void)state;
    nmf_matrix *matrix = NULL;
    nmf_error error;
    write_npy("small.npy", "|u1", 0, 20, 30);
    assert_int_equal(nmf_io_read("small.npy", NULL, &matrix, &error), NMF_OK);
    assert_true(nmf_matrix_is_in_memory(matrix));
    nmf_matrix_free(matrix);
    assert_int_equal(read_at("small.npy", 20 * 30 + 128, 0, &matrix, &error), NMF_OK);
    assert_true(nmf_matrix_is_in_memory(matrix));
    nmf_matrix_free(matrix);
    assert_int_equal(read_at("small.npy", 20 * 30 + 127, 0, &matrix, &error), NMF_OK);
    assert_false(nmf_matrix_is_in_memory(matrix));
    nmf_matrix_free(matrix);
    assert_true(nmf_memory_bytes() > 1 << 20);
}

/* --- what is learned ------------------------------------------------------------------------------ */

static void expect_same_model(const nmf_model *a, const nmf_model *b)
{
    const nmf_model_content *x = nmf_model_view(a), *y = nmf_model_view(b);
    expect_same(x->W, y->W, "W");
    expect_same(x->H, y->H, "H");
    assert_true(x->loss == y->loss && x->kkt == y->kkt);
    assert_int_equal(x->iterations, y->iterations);
}

static nmf_options wishes(nmf_loss loss, nmf_solver solver)
{
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = 3;
    options.loss = loss;
    options.solver = solver;
    options.max_iter = 10;
    options.threads = 2;
    return options;
}

static void fits_and_transforms_have_the_bits_of_memory(void **state)
{
    (void)state;
    static const struct {
        const char *descr;
        int fortran;
    } kinds[] = {{"|u1", 0}, {"<f4", 0}, {"<i4", 0}, {"|u1", 1}, {"<f4", 1}};
    static const struct {
        nmf_loss loss;
        nmf_solver solver;
    } methods[] = {{NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO},
                   {NMF_LOSS_KL, NMF_SOLVER_SCD},
                   {NMF_LOSS_KL, NMF_SOLVER_JMM},
                   {NMF_LOSS_KL, NMF_SOLVER_INCREMENTAL},
                   {NMF_LOSS_FROBENIUS, NMF_SOLVER_INCREMENTAL}};
    for (int f = 0; f < COUNT(kinds); f++) {
        write_npy("data.npy", kinds[f].descr, kinds[f].fortran, 150, 90);
        nmf_matrix *there = read_there("data.npy", 0, 0), *here = read_there("data.npy", 1, 0);
        for (int m = 0; m < COUNT(methods); m++) {
            const nmf_options options = wishes(methods[m].loss, methods[m].solver);
            nmf_model *first = NULL, *second = NULL;
            nmf_matrix *W = NULL, *again = NULL;
            nmf_error error = {NMF_OK, ""};
            assert_int_equal(nmf_fit(there, &options, &first, &error), NMF_OK);
            if (nmf_fit(here, &options, &second, &error) != NMF_OK)
                fail_msg("%s %d %d: %s", kinds[f].descr, kinds[f].fortran, m, error.message);
            expect_same_model(first, second);
            assert_int_equal(nmf_transform(first, there, NULL, &W, &error), NMF_OK);
            assert_int_equal(nmf_transform(second, here, NULL, &again, &error), NMF_OK);
            expect_same(W, again, "transform");
            nmf_matrix_free(W);
            nmf_matrix_free(again);
            nmf_model_free(first);
            nmf_model_free(second);
        }
        nmf_matrix_free(there);
        nmf_matrix_free(here);
    }
}

static void pca_has_the_bits_of_memory(void **state)
{
    (void)state;
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = 3;
    options.pca_solver = NMF_PCA_SOLVER_RANDOMIZED;
    for (int fortran = 0; fortran < 2; fortran++) {
        write_npy("data.npy", "<f4", fortran, 150, 90);
        nmf_matrix *there = read_there("data.npy", 0, 0), *here = read_there("data.npy", 1, 0);
        nmf_model *first = NULL, *second = NULL;
        nmf_error error = {NMF_OK, ""};
        assert_int_equal(nmf_pca(there, &options, &first, &error), NMF_OK);
        if (nmf_pca(here, &options, &second, &error) != NMF_OK) fail_msg("%s", error.message);
        expect_same_model(first, second);
        nmf_model_free(first);
        nmf_model_free(second);
        nmf_matrix_free(there);
        nmf_matrix_free(here);
    }
}

static void readings_that_give_little_at_a_time_are_whole(void **state)
{
    (void)state;
    write_npy("data.npy", "<f4", 0, 150, 90);
    nmf_matrix *there = read_there("data.npy", 0, 0);
    atomic_store(&most_at_once, 1000);
    nmf_matrix *here = read_there("data.npy", 1, 0);
    assert_true(nmf_matrix_fingerprint(here) == nmf_matrix_fingerprint(there));
    atomic_store(&most_at_once, 0);
    nmf_matrix_free(here);
    nmf_matrix_free(there);
}

/* A sparse matrix as SciPy keeps it, its rows left on disk. */
static void sparse_archives_are_read_by_their_rows(void **state)
{
    (void)state;
    nmf_matrix *there = read_there(array_golden("sparse.npz"), 0, 0), *X = NULL;
    nmf_error error = {NMF_OK, ""};
    nmf_matrix_free(there);
    static const char *const names[] = {"sparse_csr.npz", "sparse_whole_csr.npz"};
    for (int n = 0; n < COUNT(names); n++) {
        /* Written anew: savez_compressed made the golden ones. */
        there = read_there(array_golden(names[n]), 0, 0);
        assert_int_equal(nmf_io_write(there, "rows.npz", &error), NMF_OK);
        if (read_at("rows.npz", 1, 0, &X, &error) != NMF_OK) fail_msg("%s", error.message);
        assert_false(nmf_matrix_is_in_memory(X));
        assert_true(nmf_matrix_is_sparse(X));
        expect_same(there, X, names[n]);
        nmf_matrix_free(X);
        static const char *const copies[] = {"copy.npz", "copy.mtx", "copy.npy"};
        for (int w = 0; w < COUNT(copies); w++) { /* and written as it is read */
            nmf_matrix *copy = NULL;
            assert_int_equal(read_at("rows.npz", 1, 0, &X, &error), NMF_OK);
            if (nmf_io_write(X, copies[w], &error) != NMF_OK) fail_msg("%s", error.message);
            nmf_matrix_free(X);
            if (read_at(copies[w], -1, 0, &copy, &error) != NMF_OK) fail_msg("%s", error.message);
            assert_int_equal(nmf_matrix_rows(copy), nmf_matrix_rows(there));
            for (int64_t i = 0; i < nmf_matrix_rows(there); i++)
                for (int64_t j = 0; j < nmf_matrix_columns(there); j++)
                    assert_true(nmf_matrix_at(copy, i, j) == nmf_matrix_at(there, i, j));
            nmf_matrix_free(copy);
        }
        assert_int_equal(read_at("rows.npz", 1, 1, &X, &error), NMF_ERROR_UNSUPPORTED);
        assert_non_null(strstr(error.message, "transposed"));
        nmf_matrix_free(there);
    }
}

/* Cells by genes, in chunks that are compressed and in one piece: through HDF5 or past it. */
static void cells_are_read_by_their_rows(void **state)
{
    (void)state;
    static const char *const names[] = {"new.h5ad", "old.h5ad", "cellranger2.h5", "cellranger3.h5"};
    for (int n = 0; n < COUNT(names); n++) {
        nmf_matrix *there = read_there(array_golden(names[n]), 0, 0);
        nmf_matrix *here = read_there(array_golden(names[n]), 1, 0);
        expect_same(there, here, names[n]);
        assert_string_equal(nmf_matrix_name(here, NMF_FEATURE_NAMES, 1),
                            nmf_matrix_name(there, NMF_FEATURE_NAMES, 1));
        assert_string_equal(nmf_matrix_name(here, NMF_SAMPLE_NAMES, 1),
                            nmf_matrix_name(there, NMF_SAMPLE_NAMES, 1));
        nmf_matrix_free(there);
        nmf_matrix_free(here);
    }
}

/* A table of genes for each cell, not compressed. */
static void tables_in_hdf5_are_read_by_their_rows(void **state)
{
    (void)state;
    nmf_matrix *there = read_there(array_golden("dense.h5ad"), 0, 0);
    nmf_matrix *here = read_there(array_golden("dense.h5ad"), 1, 0);
    assert_false(nmf_matrix_is_sparse(here));
    expect_same(there, here, "dense.h5ad");
    assert_string_equal(nmf_matrix_name(here, NMF_FEATURE_NAMES, 1),
                        nmf_matrix_name(there, NMF_FEATURE_NAMES, 1));
    nmf_matrix_free(there);
    nmf_matrix_free(here);
}

/* --- bad days ------------------------------------------------------------------------------------- */

static nmf_status fit_of(const nmf_matrix *X, nmf_error *error)
{
    const nmf_options options = wishes(NMF_LOSS_FROBENIUS, NMF_SOLVER_AUTO);
    nmf_model *model = NULL;
    const nmf_status status = nmf_fit(X, &options, &model, error);
    assert_true((status == NMF_OK) == (model != NULL));
    nmf_model_free(model);
    return status;
}

static void a_reading_that_fails_ends_the_fit_in_a_sentence(void **state)
{
    (void)state;
    write_npy("data.npy", "|u1", 0, 300, 90);
    nmf_matrix *X = read_there("data.npy", 1, 0);
    nmf_error error = {NMF_OK, ""};
    int failed = 0;
    for (long calls = 0;; calls += 1 + calls / 4) {
        atomic_store(&readings_left, calls);
        const nmf_status status = fit_of(X, &error);
        atomic_store(&readings_left, -1);
        if (status == NMF_OK) break;
        assert_int_equal(status, NMF_ERROR_FILE);
        assert_non_null(strstr(error.message, "data.npy: byte "));
        assert_non_null(strstr(error.message, strerror(EIO)));
        failed++;
    }
    assert_true(failed > 5);
    assert_int_equal(fit_of(X, &error), NMF_OK); /* and the next one is none the worse */
    nmf_matrix_free(X);
}

/* What happens to the file while a fit goes on: at its second iteration on X. */
typedef struct misfortune {
    void (*strike)(void);
    int struck;
} misfortune;

static int strike_once(const nmf_trace_point *point, void *context)
{
    misfortune *what = context;
    if (!what->struck && point->iteration >= 1) {
        what->strike();
        what->struck = 1;
    }
    return 0;
}

static void cut_short(void)
{
    assert_int_equal(truncate("data.npy", 20000), 0);
}

static void write_to(void)
{
    FILE *file = fopen("data.npy", "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, 5000, SEEK_SET), 0);
    assert_int_equal(fputc(1, file), 1);
    assert_int_equal(fclose(file), 0);
    struct timeval later[2] = {{2000000000, 0}, {2000000000, 0}}; /* whatever the clock's grain */
    assert_int_equal(utimes("data.npy", later), 0);
}

static void expect_end(void (*strike)(void), const char *sentence)
{
    nmf_options options = wishes(NMF_LOSS_FROBENIUS, NMF_SOLVER_HALS);
    misfortune what = {strike, 0};
    nmf_model *model = NULL;
    nmf_error error = {NMF_OK, ""};
    write_npy("data.npy", "|u1", 0, 300, 90);
    nmf_matrix *X = read_there("data.npy", 1, 0);
    options.progress = strike_once;
    options.progress_context = &what;
    options.tol = 0;
    assert_int_equal(nmf_fit(X, &options, &model, &error), NMF_ERROR_FILE);
    assert_true(what.struck);
    assert_null(model);
    if (!strstr(error.message, sentence)) fail_msg("\"%s\"", error.message);
    nmf_matrix_free(X);
}

static void a_file_cut_short_while_it_is_read_is_a_sentence(void **state)
{
    (void)state;
    expect_end(cut_short, "was cut short while it was read, from 27128 to 20000 bytes");
}

static void a_file_written_to_while_it_is_read_is_a_sentence(void **state)
{
    (void)state;
    expect_end(write_to, "was written to while it was read");
}

static void watch(int64_t bytes, void *context)
{
    atomic_long *seen = context;
    if (bytes > atomic_load(seen)) atomic_store(seen, (long)bytes);
}

static void who_watches_sees_the_bytes(void **state)
{
    (void)state;
    nmf_io_read_options options = NMF_IO_READ_INIT;
    atomic_long seen = 0;
    nmf_matrix *X = NULL;
    nmf_error error;
    write_npy("data.npy", "|u1", 0, 300, 90);
    options.most_bytes = 1;
    options.watch = watch;
    options.watch_context = &seen;
    assert_int_equal(nmf_io_read("data.npy", &options, &X, &error), NMF_OK);
    const long before = atomic_load(&seen);
    (void)nmf_matrix_fingerprint(X);
    assert_int_equal(atomic_load(&seen) - before, 300 * 90);
    nmf_matrix_free(X);
}

/* Too large for the memory it may have, it is a copy that is looked at. */
static void a_file_cut_short_while_it_is_looked_at_is_there_still(void **state)
{
    (void)state;
    enum { BYTES = 3 << 20 };
    nmfi_file_view *view = NULL;
    nmf_error error = {NMF_OK, ""};
    unsigned char *bytes = malloc(BYTES);
    assert_non_null(bytes);
    for (int i = 0; i < BYTES; i++) bytes[i] = (unsigned char)(i * 7 + i / 1000);
    FILE *file = fopen("cut.bin", "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, BYTES, 1, file), 1);
    assert_int_equal(fclose(file), 0);
    if (nmfi_file_view_open_within("cut.bin", 1 << 20, &view, &error) != NMF_OK)
        fail_msg("%s", error.message);
    assert_true(view->mapped);
    assert_int_equal(view->count, BYTES);
    assert_int_equal(truncate("cut.bin", 10), 0);
    assert_memory_equal(view->bytes, bytes, BYTES);
    nmfi_file_view_let_go(view, view->bytes + BYTES / 2);
    assert_memory_equal(view->bytes, bytes, BYTES);
    nmfi_file_view_close(view);
    free(bytes);
}

/* What comes next is fetched while what was read is computed with: all but the last megabytes of the file, in order. */
static void what_comes_next_is_fetched_ahead(void **state)
{
    (void)state;
    enum { ROWS = 6000, COLUMNS = 4096 }; /* 24.6 MB, of which 8 lie ahead */
    write_npy("ahead.npy", "|u1", 0, 1, COLUMNS);
    FILE *file = fopen("ahead.npy", "r+b");
    assert_non_null(file);
    char head[128];
    assert_int_equal(fread(head, sizeof head, 1, file), 1);
    char *const shape = strstr(head + 10, "(1, 4096)");
    assert_non_null(shape);
    memcpy(shape, "(6000, 4096)", 12);
    memcpy(shape + 12, ", }", 3);
    assert_int_equal(fseek(file, 0, SEEK_SET), 0);
    assert_int_equal(fwrite(head, sizeof head, 1, file), 1);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(truncate("ahead.npy", 128 + (off_t)ROWS * COLUMNS), 0);
    nmf_matrix *X = read_there("ahead.npy", 1, 0);
    atomic_store(&fetches, 0);
    atomic_store(&fetched_to, 0);
    assert_true(nmf_matrix_fingerprint(X) != 0);
    assert_true(atomic_load(&fetches) > 4);
    assert_in_range(atomic_load(&fetched_to), 20 << 20, 128 + ROWS * COLUMNS + (8 << 20));
    nmf_matrix_free(X);
}

/* 3 MB at byte 1 MB of a file of so many, all zeros without a place on the disk: how much of them memory need not keep. */
static long forgotten_of(int64_t bytes)
{
    enum { MEGABYTE = 1 << 20, READ = 3 * MEGABYTE };
    nmfi_disk_file *file = NULL;
    nmf_error error = {NMF_OK, ""};
    const int made = open("zeros.bin", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(made >= 0);
    const int too_large = ftruncate(made, (off_t)bytes) != 0;
    assert_int_equal(close(made), 0);
    if (too_large) return -1;
    char *const read = malloc(READ);
    assert_non_null(read);
    memset(read, 1, READ);
    assert_int_equal(nmfi_disk_file_open("zeros.bin", NULL, NULL, &file, &error), NMF_OK);
    atomic_store(&forgotten, 0);
    assert_int_equal(nmfi_disk_file_read(file, MEGABYTE, read, READ, &error), NMF_OK);
    nmfi_disk_file_close(file);
    int others = 0;
    for (int i = 0; i < READ; i++) others += read[i] != 0;
    assert_int_equal(others, 0);
    free(read);
    assert_int_equal(remove("zeros.bin"), 0);
    return atomic_load(&forgotten);
}

/* So that it takes no room from what is soon used again. What fits stays for the next reading. */
static void what_memory_cannot_hold_is_forgotten_once_read(void **state)
{
    (void)state;
    assert_int_equal(forgotten_of(8 << 20), 0);
    const long of_large = forgotten_of(nmf_memory_bytes() + 1);
    if (of_large < 0) {
        printf("not tried: no file may be larger than memory here\n");
        return;
    }
    assert_int_equal(of_large, 3 << 20);
    assert_int_equal(atomic_load(&forgotten_from), 1 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_array_that_is_read_is_read_on_disk),
        cmocka_unit_test(what_is_no_array_is_refused_alike),
        cmocka_unit_test(a_file_shorter_than_its_header_says_is_refused),
        cmocka_unit_test(compressed_arrays_are_read_into_memory),
        cmocka_unit_test(small_files_are_in_memory_unless_told_otherwise),
        cmocka_unit_test(fits_and_transforms_have_the_bits_of_memory),
        cmocka_unit_test(pca_has_the_bits_of_memory),
        cmocka_unit_test(sparse_archives_are_read_by_their_rows),
        cmocka_unit_test(cells_are_read_by_their_rows),
        cmocka_unit_test(tables_in_hdf5_are_read_by_their_rows),
        cmocka_unit_test(readings_that_give_little_at_a_time_are_whole),
        cmocka_unit_test(a_reading_that_fails_ends_the_fit_in_a_sentence),
        cmocka_unit_test(a_file_cut_short_while_it_is_read_is_a_sentence),
        cmocka_unit_test(a_file_written_to_while_it_is_read_is_a_sentence),
        cmocka_unit_test(a_file_cut_short_while_it_is_looked_at_is_there_still),
        cmocka_unit_test(what_comes_next_is_fetched_ahead),
        cmocka_unit_test(what_memory_cannot_hold_is_forgotten_once_read),
        cmocka_unit_test(who_watches_sees_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
