/* libFuzzer: any bytes as a bag of words and, behind a zero, its vocabulary give a matrix with
 * names, or a sentence. */
#include "scratch.h"

#include <nmfkit/io.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size > 0 ? memchr(data, 0, size) : NULL;
    const size_t bag = zero != NULL ? (size_t)(zero - data) : size;
    nmf_matrix *matrix;
    nmf_error error;
    nmf_io_read_options options = NMF_IO_READ_INIT;
    if (has_long_number(data, bag)) {
        return 0;
    }
    if (zero != NULL) {
        (void)scratch_write("vocab.x.txt", zero + 1, size - bag - 1);
    }
    options.format = "docword";
    const char *path = scratch_write("docword.x.txt", data, bag);
    const nmf_status status = nmf_io_read(path, &options, &matrix, &error);
    if (status == NMF_OK) {
        (void)nmf_matrix_fingerprint(matrix);
    } else if (matrix != NULL || error.message[0] == '\0' || strchr(error.message, '\n') != NULL) {
        abort();
    }
    nmf_matrix_free(matrix);
    scratch_remove("vocab.x.txt");
    scratch_remove("docword.x.txt");
    return 0;
}
