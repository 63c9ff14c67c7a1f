/* libFuzzer: any bytes as an .npy file give a matrix whose every entry can be read, or a
 * sentence. */
#include "io/arrays/npy.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void keep(void *context)
{
    (void)context; /* the input belongs to libFuzzer */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nmf_matrix *matrix;
    nmf_error error;
    const nmfi_npy_use use = size > 0 && data[size - 1] % 2 == 1 ? NMFI_NPY_ANY : NMFI_NPY_DATA;
    const nmf_status status =
        nmfi_npy_matrix(data, size, "fuzz.npy", use, keep, NULL, &matrix, &error);
    if (status == NMF_OK) {
        (void)nmf_matrix_fingerprint(matrix);
    } else if (matrix != NULL || error.message[0] == '\0') {
        abort();
    }
    nmf_matrix_free(matrix);
    return 0;
}
