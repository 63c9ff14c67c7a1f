/* Mutational signatures: the mutations of tumours, counted in 96 kinds, are explained by a few
 * processes that each leave a signature of their own. Counts call for the Kullback-Leibler loss, and
 * for many starts.
 *
 *   ./signatures [COUNTS [K]]     COUNTS: 96 kinds x tumours; without it tumours are made up
 *
 * Writes signatures.png, each signature as six rows of sixteen, and signatures.nmf.npz. */
#include <nmfkit/io.h>
#include <nmfkit/nmfkit.h>
#include <nmfkit/render.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { KINDS = 96, TUMOURS = 60, PROCESSES = 3 };

static double uniform(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(*state >> 11) * 0x1p-53;
}

/* Three processes, each at home in a third of the kinds; every tumour has a share of each. */
static nmf_status make_up(nmf_matrix **counts, nmf_error *error)
{
    uint64_t state = 1;
    const nmf_status status = nmf_matrix_new(NMF_U16, KINDS, TUMOURS, counts, error);
    if (status != NMF_OK) return status;
    uint16_t *entries = nmf_matrix_writable(*counts);
    double mixture[TUMOURS][PROCESSES];
    for (int t = 0; t < TUMOURS; t++)
        for (int p = 0; p < PROCESSES; p++) mixture[t][p] = 200 * uniform(&state) * uniform(&state);
    for (int kind = 0; kind < KINDS; kind++) {
        double share[PROCESSES];
        for (int p = 0; p < PROCESSES; p++)
            share[p] = uniform(&state) * (kind * PROCESSES / KINDS == p ? 1 : 0.05);
        for (int t = 0; t < TUMOURS; t++) {
            double expected = 0;
            for (int p = 0; p < PROCESSES; p++) expected += share[p] * mixture[t][p];
            entries[kind * TUMOURS + t] = (uint16_t)(expected + uniform(&state));
        }
    }
    return NMF_OK;
}

/* The columns of W are the signatures: turned around, each is a picture of 6 x 16. */
static nmf_status draw(const nmf_model *model, nmf_error *error)
{
    const nmf_dense W = nmf_matrix_dense(nmf_model_view(model)->W);
    const nmf_dense turned = {W.data, W.dtype, W.columns, W.rows, W.column_stride, W.row_stride};
    nmf_matrix *signatures = NULL;
    nmf_status status = nmf_matrix_borrow(&turned, &signatures, error);
    if (status == NMF_OK) status = nmf_matrix_set_image_shape(signatures, 6, KINDS / 6, error);
    if (status == NMF_OK) {
        const nmf_render_gallery gallery = {.pictures = signatures,
                                            .grid_rows = nmf_matrix_rows(signatures),
                                            .grid_columns = 1,
                                            .scale = NMF_RENDER_ZERO,
                                            .colormap = NMF_RENDER_MAGMA,
                                            .pixel_size = 16};
        status = nmf_render(&gallery, 1, 1, "Signatures", "signatures.png", NULL, error);
    }
    nmf_matrix_free(signatures);
    return status;
}

int main(int count, char **arguments)
{
    nmf_error error = {NMF_OK, ""};
    nmf_matrix *counts = NULL;
    nmf_model *model = NULL;
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = count > 2 ? strtol(arguments[2], NULL, 10) : PROCESSES;
    options.loss = NMF_LOSS_KL;
    options.starts = 50; /* of each only the first iterations; the best goes on */

    nmf_status status =
        count > 1 ? nmf_io_read(arguments[1], NULL, &counts, &error) : make_up(&counts, &error);
    if (status == NMF_OK && nmf_matrix_rows(counts) != KINDS)
        status = NMF_ERROR_SHAPE, snprintf(error.message, sizeof error.message,
                                           "the rows must be the %d kinds of mutation", KINDS);
    if (status == NMF_OK) status = nmf_fit(counts, &options, &model, &error);
    if (status == NMF_OK) {
        const nmf_model_content *learned = nmf_model_view(model);
        printf("%lld signatures of %lld tumours explain %.1f %% of what one leaves, %.3f s\n",
               (long long)learned->k, (long long)learned->features,
               100 * (1 - learned->relative_error), learned->seconds);
        status = draw(model, &error);
    }
    if (status == NMF_OK) status = nmf_io_save_model(model, "signatures.nmf.npz", &error);
    if (status != NMF_OK) fprintf(stderr, "%s\n", error.message);
    nmf_model_free(model);
    nmf_matrix_free(counts);
    return status == NMF_OK ? 0 : 1;
}
