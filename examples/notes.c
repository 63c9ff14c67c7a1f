/* Notes of a melody: the spectrogram of an instrument, frequencies x time, is a few spectra (a note
 * each) times when they sound. The Kullback-Leibler loss hears soft partials beside loud ones.
 *
 *   ./notes [SPECTROGRAM [K]]     frequencies x frames; without it E D C D E E E is made up
 *
 * Prints when each component begins to sound, in frames; writes notes.png, the activations over
 * time, and notes.nmf.npz. */
#include <nmfkit/io.h>
#include <nmfkit/nmfkit.h>
#include <nmfkit/render.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { FREQUENCIES = 120, NOTE = 40, NOTES = 7, FRAMES = NOTE * NOTES };

/* Each note is a row of partials that fade, the higher ones sooner. */
static nmf_status make_up(nmf_matrix **spectrogram, nmf_error *error)
{
    static const double melody[NOTES] = {10.5, 9.4, 8.3, 9.4, 10.5, 10.5, 10.5};
    const nmf_status status = nmf_matrix_new(NMF_F32, FREQUENCIES, FRAMES, spectrogram, error);
    if (status != NMF_OK) return status;
    float *entries = nmf_matrix_writable(*spectrogram);
    for (int f = 0; f < FREQUENCIES; f++)
        for (int t = 0; t < FRAMES; t++) {
            const double age = (double)(t % NOTE) / NOTE;
            double sum = 1e-3;
            for (int partial = 1; partial < 10; partial++) {
                const double distance = (f - partial * melody[t / NOTE]) / 0.8;
                sum += exp(-distance * distance - partial * age) / partial;
            }
            entries[f * FRAMES + t] = (float)sum;
        }
    return NMF_OK;
}

/* Where an activation comes to a third of its highest value from below, having been away for a
 * while. */
static void say_beginnings(const nmf_matrix *H, int64_t component)
{
    enum { AWAY = 5 };
    const int64_t frames = nmf_matrix_columns(H);
    double highest = 0;
    for (int64_t t = 0; t < frames; t++) highest = fmax(highest, nmf_matrix_at(H, component, t));
    printf("component %lld begins at", (long long)component);
    int64_t quiet = AWAY;
    for (int64_t t = 0; t < frames; t++) {
        const int sounds = nmf_matrix_at(H, component, t) > highest / 3;
        if (sounds && quiet >= AWAY) printf(" %lld", (long long)t);
        quiet = sounds ? 0 : quiet + 1;
    }
    printf("\n");
}

/* The activations as one picture: a band for each component, time to the right. */
static nmf_status draw(const nmf_matrix *H, nmf_error *error)
{
    enum { BAND = 16 };
    const int64_t k = nmf_matrix_rows(H), frames = nmf_matrix_columns(H);
    nmf_matrix *picture = NULL;
    nmf_status status = nmf_matrix_new(NMF_F32, 1, k * BAND * frames, &picture, error);
    if (status == NMF_OK) status = nmf_matrix_set_image_shape(picture, k * BAND, frames, error);
    for (int64_t i = 0; status == NMF_OK && i < k * BAND * frames; i++)
        ((float *)nmf_matrix_writable(picture))[i] =
            (float)nmf_matrix_at(H, i / frames / BAND, i % frames);
    if (status == NMF_OK) {
        const nmf_render_gallery gallery = {.pictures = picture,
                                            .grid_rows = 1,
                                            .grid_columns = 1,
                                            .scale = NMF_RENDER_ZERO,
                                            .colormap = NMF_RENDER_VIRIDIS,
                                            .pixel_size = 2};
        status = nmf_render(&gallery, 1, 1, "When each component sounds", "notes.png", NULL, error);
    }
    nmf_matrix_free(picture);
    return status;
}

int main(int count, char **arguments)
{
    nmf_error error = {NMF_OK, ""};
    nmf_matrix *spectrogram = NULL;
    nmf_model *model = NULL;
    nmf_options options = NMF_OPTIONS_INIT;
    options.k = count > 2 ? strtol(arguments[2], NULL, 10) : 3;
    options.loss = NMF_LOSS_KL;
    options.starts = 20;

    nmf_status status = count > 1 ? nmf_io_read(arguments[1], NULL, &spectrogram, &error)
                                  : make_up(&spectrogram, &error);
    if (status == NMF_OK) status = nmf_fit(spectrogram, &options, &model, &error);
    if (status == NMF_OK) {
        const nmf_matrix *H = nmf_model_view(model)->H;
        for (int64_t j = 0; j < options.k; j++) say_beginnings(H, j);
        status = draw(H, &error);
    }
    if (status == NMF_OK) status = nmf_io_save_model(model, "notes.nmf.npz", &error);
    if (status != NMF_OK) fprintf(stderr, "%s\n", error.message);
    nmf_model_free(model);
    nmf_matrix_free(spectrogram);
    return status == NMF_OK ? 0 : 1;
}
