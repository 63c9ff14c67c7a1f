/* libFuzzer: any bytes as a model file give a model that can be used, or a sentence. */
#include "io/model/model_file.h"

#include <nmfkit/io.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nmfi_npz *npz;
    nmf_model *model = NULL;
    nmf_error error;
    nmf_status status = nmfi_npz_open_memory(data, size, "fuzz.npz", &npz, &error);
    if (status == NMF_OK) {
        status = nmfi_model_from_npz(npz, "fuzz.npz", &model, &error);
        nmfi_npz_close(npz);
    }
    if (status == NMF_OK) {
        free(nmf_io_model_json(model));
    } else if (model != NULL || error.message[0] == '\0') {
        abort();
    }
    nmf_model_free(model);
    return 0;
}
