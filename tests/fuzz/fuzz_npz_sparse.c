/* libFuzzer: the members of a sparse .npz with any content give a matrix whose entries can all be
 * looked at, or a sentence. The archive around them is made here (archive.h). */
#include "archive.h"

#include "io/arrays/npy.h"
#include "io/arrays/npz_sparse.h"

#include <stdlib.h>

#define LARGEST_SHAPE 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    input in = {data, size};
    archive a;
    archive_begin(&a);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        archive_add_array(&a, names[i], &in, 1);
    }
    const unsigned char *bytes = archive_finish(&a, &size);
    if (size > 0) {
        read_archive(bytes, size);
    }
    return 0;
}
