/* libFuzzer: any bytes as MatrixMarket text give a matrix, or a sentence. */
#include "scratch.h"

#include "io/texts/mtx.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nmfi_text_reader *text;
    nmf_matrix *matrix = NULL;
    nmf_error error;
    if (has_long_number(data, size)) {
        return 0;
    }
    nmf_status status = nmfi_text_reader_open_memory(data, size, "fuzz.mtx", &text, &error);
    if (status == NMF_OK) {
        status = nmfi_mtx_matrix(text, NULL, NULL, &matrix, &error);
        if (status == NMF_OK) {
            (void)nmf_matrix_fingerprint(matrix);
        }
        nmfi_text_reader_close(text);
    }
    if (status != NMF_OK && (matrix != NULL || error.message[0] == '\0')) {
        abort();
    }
    nmf_matrix_free(matrix);
    return 0;
}
