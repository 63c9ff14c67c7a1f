/* libFuzzer: any bytes as SVMlight or LDA-C text give a matrix whose every entry can be read, or a
 * sentence. */
#include "scratch.h"

#include <nmfkit/io.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const formats[] = {"svmlight", "ldac", NULL, "svmlight"};
    nmf_matrix *matrix;
    nmf_error error;
    nmf_io_read_options options = NMF_IO_READ_INIT;
    const unsigned choice = size > 0 ? data[size - 1] : 0; /* the options, by the last byte */
    if (size == 0 || has_long_number(data, size)) {
        return 0;
    }
    options.format = formats[choice % 4];
    options.first_index = (int)(choice / 4 % 3);
    options.features = choice / 12 % 2 * 40;
    const char *path = scratch_write("x.svm", data, size - 1);
    const nmf_status status = nmf_io_read(path, &options, &matrix, &error);
    if (status == NMF_OK) {
        (void)nmf_matrix_fingerprint(matrix);
    } else if (matrix != NULL || error.message[0] == '\0' || strchr(error.message, '\n') != NULL) {
        abort();
    }
    nmf_matrix_free(matrix);
    scratch_remove("x.svm");
    return 0;
}
