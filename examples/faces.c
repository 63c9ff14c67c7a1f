/* Six additive parts of 400 faces, in a page of C: generate (or read) pictures, fit, look, save.
 *
 *   cc faces.c $(pkg-config --cflags --libs nmfkit-io) -o faces && ./faces [FILE] */
#include <nmfkit/io.h>
#include <nmfkit/nmfkit.h>
#include <nmfkit/render.h>

#include <stdio.h>

int main(int count, char **arguments)
{
    nmf_error error = {NMF_OK, ""};
    nmf_matrix *X = NULL;
    nmf_model *model = NULL;
    nmf_options options = NMF_OPTIONS_INIT; /* every default is good; only k is yours to choose */
    options.k = 6;

    nmf_status status = count > 1 ? nmf_io_read(arguments[1], NULL, &X, &error)
                                  : nmf_io_generate_faces(0, &X, &error);
    if (status == NMF_OK) status = nmf_fit(X, &options, &model, &error);
    if (status == NMF_OK) {
        const nmf_model_content *learned = nmf_model_view(model);
        const nmf_render_gallery parts = {
            .pictures = learned->H, .grid_rows = 2, .grid_columns = 3};
        printf("relative error %.4f after %lld passes, %.3f s\n", learned->relative_error,
               (long long)learned->passes, learned->seconds);
        status = nmf_render(&parts, 1, 1, "Parts of faces", "parts.png", NULL, &error);
    }
    if (status == NMF_OK) status = nmf_io_save_model(model, "faces.nmf.npz", &error);
    if (status != NMF_OK) fprintf(stderr, "%s\n", error.message);

    nmf_model_free(model);
    nmf_matrix_free(X);
    return status == NMF_OK ? 0 : 1;
}
