/* libFuzzer: any text as a .csv file gives a matrix whose every entry can be read, or a
 * sentence. */
#include "io/texts/csv.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nmf_matrix *matrix;
    nmf_error error;
    const nmf_status status =
        nmfi_csv_matrix((const char *)data, size, "fuzz.csv", &matrix, &error);
    if (status == NMF_OK) {
        (void)nmf_matrix_fingerprint(matrix);
        if (nmf_matrix_rows(matrix) < 1 || nmf_matrix_columns(matrix) < 1) {
            abort();
        }
    } else if (matrix != NULL || error.message[0] == '\0' || strchr(error.message, '\n') != NULL) {
        abort();
    }
    nmf_matrix_free(matrix);
    return 0;
}
