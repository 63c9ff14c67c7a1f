/* libFuzzer: any bytes as a model file give a model that can be used (its components as data, its own
 * reconstruction), or a sentence. */
#include "io/model/model_file.h"

#include <nmfkit/fit.h>
#include <nmfkit/io.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small ones only: a fuzzer makes many. */
static void use(const nmf_model *model)
{
    const nmf_model_content *content = nmf_model_view(model);
    nmf_options options = NMF_OPTIONS_INIT;
    nmf_matrix *W = NULL, *X = NULL;
    if (content->k * content->features > 4096 || content->samples * content->features > 65536) {
        return;
    }
    options.threads = 1;
    options.max_iter = 3;
    if (nmf_transform(model, content->H, &options, &W, NULL) == NMF_OK) {
        (void)nmf_matrix_fingerprint(W);
    }
    if (content->samples > 0 && nmf_reconstruct(model, NULL, &X, NULL) == NMF_OK) {
        (void)nmf_matrix_fingerprint(X);
    }
    nmf_matrix_free(W);
    nmf_matrix_free(X);
}

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
        use(model);
    } else if (model != NULL || error.message[0] == '\0') {
        abort();
    }
    nmf_model_free(model);
    return 0;
}
