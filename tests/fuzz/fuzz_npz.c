/* libFuzzer: any bytes as an .npz archive give a matrix with names, or a sentence. */
#include "io/arrays/npz_archive.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nmfi_npz *npz;
    nmf_matrix *matrix = NULL;
    nmf_error error;
    nmf_status status = nmfi_npz_open_memory(data, size, "fuzz.npz", &npz, &error);
    if (status == NMF_OK) {
        nmf_io_read_options options = NMF_IO_READ_INIT;
        options.most_bytes = -1; /* there is no file to leave it in */
        const nmfi_read_request request = {.path = "fuzz.npz", .options = &options};
        status = nmfi_npz_read(npz, &request, &matrix, &error);
        if (status == NMF_OK) {
            (void)nmf_matrix_fingerprint(matrix);
        }
        nmfi_npz_close(npz);
    }
    if (status != NMF_OK && (matrix != NULL || error.message[0] == '\0')) {
        abort();
    }
    nmf_matrix_free(matrix);
    return 0;
}
