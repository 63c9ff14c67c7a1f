/* libFuzzer: any bytes as a packed file (gzip, xz, Zstandard) of any format that is read packed give a
 * matrix, or a sentence. */
#include "scratch.h"

#include <nmfkit/io.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nmf_matrix *matrix;
    nmf_error error;
    const char *path = scratch_write("x.gz", data, size);
    const nmf_status status = nmf_io_read(path, NULL, &matrix, &error);
    if (status == NMF_OK) {
        (void)nmf_matrix_fingerprint(matrix);
    } else if (matrix != NULL || error.message[0] == '\0' || strchr(error.message, '\n') != NULL) {
        abort();
    }
    nmf_matrix_free(matrix);
    scratch_remove("x.gz");
    return 0;
}
