/* libFuzzer: any text as a .csv file gives a matrix whose every entry can be read, or a
 * sentence. */
#include "io/texts/csv.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const index[] = {NULL, "none", "1", "a"};
    static const char *const delimiters[] = {NULL, NULL, ";", "tab"};
    static const char *const decimals[] = {NULL, NULL, ".", ","};
    nmf_matrix *matrix;
    nmf_error error;
    nmf_io_read_options options = NMF_IO_READ_INIT;
    const unsigned choice = size > 0 ? data[size - 1] : 0; /* the options, by the last byte */
    options.header = (nmf_io_header)(choice % 3);
    options.index = index[choice / 3 % 4];
    options.delimiter = delimiters[choice / 12 % 4];
    options.is_long = choice / 48 % 4 == 3;
    options.comment = choice / 192 == 1 ? "#" : NULL;
    if (size > 1) { /* and by the one before it */
        options.decimal = decimals[data[size - 2] % 4];
    }
    const nmfi_read_request request = {"fuzz.csv", NULL, &options};
    const nmf_status status =
        nmfi_csv_matrix((const char *)data, size, &request, NULL, &matrix, &error);
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
