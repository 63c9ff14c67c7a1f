/* libFuzzer: any bytes as a MAT 5 file give a matrix whose every entry can be read, or a
 * sentence. */
#include "io/arrays/mat.h"

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
    const nmf_io_read_options options = NMF_IO_READ_INIT;
    const nmfi_read_request request = {"fuzz.mat", size > 0 && data[size - 1] % 2 == 1 ? "x" : NULL,
                                       &options};
    const nmf_status status = nmfi_mat5_matrix(data, size, &request, keep, NULL, &matrix, &error);
    if (status == NMF_OK) {
        (void)nmf_matrix_fingerprint(matrix);
    } else if (matrix != NULL || error.message[0] == '\0') {
        abort();
    }
    nmf_matrix_free(matrix);
    return 0;
}
