/* libFuzzer: any bytes as a model file give a model that can be used (its components as data, its own
 * reconstruction, its JSON), or a sentence. Bytes that begin as an archive does are
 * taken as they are; of any others the members are made, and what is left is the manifest. */
#include "archive.h"

#include "io/model/model_file.h"

#include <nmfkit/fit.h>
#include <nmfkit/io.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The members in the order in which the input has them: a byte that says whether it is there, then what
 * archive.h takes. */
static const struct {
    const char *name;
    int dimensions;
} members[] = {
    {"W.npy", 2},
    {"H.npy", 2},
    {"trace.npy", 2},
    {"sample_names.npy", 1},
    {"labels.npy", 1},
    {"feature_names.npy", 1},
    {"image_shape.npy", 1},
    {"idf.npy", 1},
    {"start_losses.npy", 1},
    {"stability.npy", 1},
    {"H_low.npy", 2},
    {"H_high.npy", 2},
    {"mean.npy", 1},
    {"singular_values.npy", 1},
    {"explained_variance.npy", 1},
    {"explained_variance_ratio.npy", 1},
};

static const unsigned char *make_archive(const uint8_t *data, size_t *size)
{
    input in = {data, *size};
    archive a;
    archive_begin(&a);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (take(&in) % 2) {
            archive_add_array(&a, members[i].name, &in, members[i].dimensions);
        }
    }
    archive_add_text(&a, "manifest.json", in.at, in.left);
    return archive_finish(&a, size);
}

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
    if (size < 2 || memcmp(data, "PK", 2) != 0) {
        data = make_archive(data, &size);
    }
    nmf_status status = nmfi_npz_open_memory(data, size, "fuzz.npz", &npz, &error);
    if (status == NMF_OK) {
        status = nmfi_model_from_npz(npz, "fuzz.npz", &model, &error);
        nmfi_npz_close(npz);
    }
    if (status == NMF_OK) {
        free(nmf_io_model_json(model));
        use(model);
    } else if (model != NULL || error.message[0] == '\0' || strchr(error.message, '\n') != NULL) {
        abort();
    }
    nmf_model_free(model);
    return 0;
}
