/* The built-in faces as a matrix: 40 people x 10 pictures of 64 x 64 grey pixels, one picture a
 * row, after the plan of the ORL faces (Samaria & Harter 1994). Deterministic from the seed, bit
 * for bit. */
#include "face_model.h"

#include <nmfkit/io.h>
#include <stdio.h>
#include <stdlib.h>

enum { PICTURES = FACE_PEOPLE * FACE_VIEWS, PIXELS = FACE_SIDE * FACE_SIDE, NAME_BYTES = 16 };

static void photograph_everyone(uint64_t seed, const face_noise *noise, face_work *work,
                                uint8_t *pixels)
{
    for (int i = 0; i < FACE_PEOPLE; i++) {
        face_person person;
        nmfi_face_draw_person(seed, i, &person);
        for (int j = 0; j < FACE_VIEWS; j++) {
            face_view view;
            nmfi_face_draw_view(seed, i, j, &person, &view);
            const face f = {&person, &view, noise};
            const int picture = i * FACE_VIEWS + j;
            nmfi_face_photograph(&f, (uint64_t)picture * 7919u, work,
                                 pixels + (size_t)picture * PIXELS);
        }
    }
}

/* "person-07" labels the rows of a person, "person-07/03" names one of them. */
static nmf_status name_pictures(nmf_matrix *matrix, nmf_error *error)
{
    char text[PICTURES][NAME_BYTES];
    const char *names[PICTURES];
    for (int i = 0; i < PICTURES; i++) {
        (void)snprintf(text[i], NAME_BYTES, "person-%02d/%02d", (i / FACE_VIEWS + 1) % 100,
                       (i % FACE_VIEWS + 1) % 100);
        names[i] = text[i];
    }
    const nmf_status status = nmf_matrix_set_names(matrix, NMF_SAMPLE_NAMES, names, error);
    if (status != NMF_OK) return status;
    for (int i = 0; i < PICTURES; i++) text[i][sizeof "person-00" - 1] = '\0';
    return nmf_matrix_set_names(matrix, NMF_LABELS, names, error);
}

nmf_status nmf_io_generate_faces(uint64_t seed, nmf_matrix **matrix, nmf_error *error)
{
    if (matrix == NULL)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "generating needs a place for the matrix");
    *matrix = NULL;
    nmf_matrix *made = NULL;
    nmf_status status = NMF_OK;
    face_noise *const noise = malloc(sizeof *noise);
    face_work *const work = nmfi_face_work_new();
    if (noise == NULL || work == NULL) {
        status = nmf_fail(error, NMF_ERROR_MEMORY, "out of memory for drawing faces");
        goto cleanup;
    }
    status = nmf_matrix_new(NMF_U8, PICTURES, PIXELS, &made, error);
    if (status == NMF_OK) status = nmf_matrix_set_image_shape(made, FACE_SIDE, FACE_SIDE, error);
    if (status == NMF_OK) status = name_pictures(made, error);
    if (status != NMF_OK) goto cleanup;
    nmfi_face_draw_noise(seed, noise);
    photograph_everyone(seed, noise, work, nmf_matrix_writable(made));
    *matrix = made;
    made = NULL;
cleanup:
    nmf_matrix_free(made);
    free(work);
    free(noise);
    return status;
}
