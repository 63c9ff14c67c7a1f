/* libFuzzer: any bytes as MatrixMarket text give a matrix, or a sentence. */
#include "io/texts/mtx.h"

#include <stdlib.h>
#include <string.h>

#define LARGEST_SIDE 1000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A size line may declare any number of empty rows, which are then made: no finding, but no memory
 * either. Numbers that long are passed over wherever they stand. */
static int has_long_number(const uint8_t *data, size_t size)
{
    long number = 0;
    for (size_t i = 0; i < size; i++) {
        number = data[i] >= '0' && data[i] <= '9' ? 10 * number + (data[i] - '0') : 0;
        if (number > LARGEST_SIDE) {
            return 1;
        }
    }
    return 0;
}

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
        status = nmfi_mtx_matrix(text, &matrix, &error);
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
