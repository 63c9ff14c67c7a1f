/* libFuzzer: the members of a sparse .npz with any content give a matrix whose entries can all be
 * looked at, or a sentence. The archive around them, which fuzz_npz looks after, is made here, so
 * that the bytes go into shapes, pointers, indices and values instead of checksums. */
#include "io/arrays/npy.h"
#include "io/arrays/npz_sparse.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

#define LARGEST_SHAPE 100000
#define MOST_BYTES 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the input says comes next. */
typedef struct input {
    const uint8_t *at;
    size_t left;
} input;

static unsigned take(input *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->at++;
}

/* One member: a header of some kind and length, then bytes of the input. */
static int add_member(zip_t *zip, const char *name, input *in)
{
    static const struct {
        char kind;
        int bytes;
    } kinds[] = {{'i', 4}, {'i', 8}, {'f', 8}, {'u', 1}, {'f', 4}, {'u', 2},
                 {'i', 2}, {'S', 3}, {'u', 8}, {'b', 1}, {'f', 2}, {'U', 12}};
    const unsigned which = take(in) % (sizeof kinds / sizeof kinds[0]);
    const int64_t count = (int64_t)take(in) - 1; /* -1: no dimension */
    const size_t bytes = (size_t)(count < 0 ? 1 : count) * (size_t)kinds[which].bytes;
    unsigned char *whole = calloc(1, NMFI_NPY_HEADER_BYTES + bytes);
    if (whole == NULL) {
        return 0;
    }
    nmfi_npy_format(kinds[which].kind, kinds[which].bytes, count, -1, (char *)whole);
    const size_t there = bytes < in->left ? bytes : in->left;
    memcpy(whole + NMFI_NPY_HEADER_BYTES, in->at, there);
    in->at += there;
    in->left -= there;
    zip_source_t *source = zip_source_buffer(zip, whole, NMFI_NPY_HEADER_BYTES + bytes, 1);
    const zip_int64_t index = source != NULL ? zip_file_add(zip, name, source, 0) : -1;
    return index >= 0 && zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) == 0;
}

/* Empty rows cost memory that no file pays for: see fuzz_mtx.c. */
static int has_large_shape(nmfi_npz *npz)
{
    unsigned char *bytes = NULL;
    size_t count = 0;
    int large = 0;
    if (nmfi_npz_bytes(npz, nmfi_npz_find(npz, "shape"), &bytes, &count, NULL) == NMF_OK) {
        for (size_t i = NMFI_NPY_HEADER_BYTES; i + 8 <= count; i += 8) {
            uint64_t number;
            memcpy(&number, bytes + i, sizeof number);
            large |= number > LARGEST_SHAPE;
        }
        free(bytes);
    }
    return large;
}

static void read_archive(const void *bytes, size_t count)
{
    nmfi_npz *npz;
    nmf_matrix *matrix = NULL;
    nmf_error error;
    nmf_status status = nmfi_npz_open_memory(bytes, count, "fuzz.npz", &npz, &error);
    if (status == NMF_OK) {
        if (!has_large_shape(npz)) {
            status = nmfi_npz_sparse_matrix(npz, "fuzz.npz", &matrix, &error);
        }
        if (status == NMF_OK && matrix != NULL) {
            (void)nmf_matrix_fingerprint(matrix);
        }
        nmfi_npz_close(npz);
    }
    if (status != NMF_OK && (matrix != NULL || error.message[0] == '\0')) {
        abort();
    }
    nmf_matrix_free(matrix);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"format.npy", "shape.npy", "indptr.npy", "indices.npy",
                                        "data.npy",   "row.npy",   "col.npy"};
    static unsigned char archive[MOST_BYTES];
    input in = {data, size};
    zip_error_t reason;
    zip_error_init(&reason);
    zip_source_t *out = zip_source_buffer_create(NULL, 0, 0, &reason);
    zip_t *zip = out != NULL ? zip_open_from_source(out, ZIP_TRUNCATE, &reason) : NULL;
    if (zip == NULL) {
        abort();
    }
    zip_source_keep(out);
    int good = 1;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && good; i++) {
        good = add_member(zip, names[i], &in);
    }
    if (!good || zip_close(zip) != 0 || zip_source_open(out) != 0) {
        abort();
    }
    const zip_int64_t count = zip_source_read(out, archive, sizeof archive);
    (void)zip_source_close(out);
    zip_source_free(out);
    if (count > 0) {
        read_archive(archive, (size_t)count);
    }
    return 0;
}
