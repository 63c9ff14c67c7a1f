/* The Swimmer set (Donoho & Stodden 2003): 256 pictures of 32 x 32 pixels, a torso and four limbs
 * in four positions each, every combination once; X = A P with 17 parts, so that rank 17 is exact.
 *
 * The torso is 12 pixels tall with a joint pixel left and right at each end; from each joint a limb
 * of 5 pixels points away from the body, diagonally out, straight out, or diagonally back along the
 * body. */
#include <nmfkit/io.h>

enum {
    SIDE = 32,
    PIXELS = SIDE * SIDE,
    LIMBS = 4,
    POSITIONS = 4,
    PICTURES = 256, /* POSITIONS to the power of LIMBS */
    LIMB_LENGTH = 5,
    TORSO_TOP = 10,
    TORSO_BOTTOM = 21,
    TORSO_COLUMN = 15,
    NAME_BYTES = 12 /* "a0 b0 c0 d0" */
};

/* Left arm, right arm, left leg, right leg: the joint, and the steps away from the body. */
typedef struct limb {
    int row, column, outward_down, outward_right;
} limb;
static const limb limbs[LIMBS] = {{TORSO_TOP, TORSO_COLUMN - 1, -1, -1},
                                  {TORSO_TOP, TORSO_COLUMN + 1, -1, 1},
                                  {TORSO_BOTTOM, TORSO_COLUMN - 1, 1, -1},
                                  {TORSO_BOTTOM, TORSO_COLUMN + 1, 1, 1}};

/* A position's direction in units of the limb's outward steps: away, diagonal, sideways, diagonal
 * back. */
static const int down_of[POSITIONS] = {1, 1, 0, -1};
static const int right_of[POSITIONS] = {0, 1, 1, 1};

static int position_of(int picture, int which)
{
    for (int later = which + 1; later < LIMBS; later++) picture /= POSITIONS;
    return picture % POSITIONS;
}

static void draw_torso(uint8_t *pixels)
{
    for (int row = TORSO_TOP; row <= TORSO_BOTTOM; row++) pixels[row * SIDE + TORSO_COLUMN] = 1;
    for (int which = 0; which < LIMBS; which++)
        pixels[limbs[which].row * SIDE + limbs[which].column] = 1;
}

static void draw_limb(uint8_t *pixels, const limb *which, int position)
{
    const int down = down_of[position] * which->outward_down;
    const int right = right_of[position] * which->outward_right;
    for (int step = 1; step <= LIMB_LENGTH; step++)
        pixels[(which->row + step * down) * SIDE + which->column + step * right] = 1;
}

static nmf_status name_pictures(nmf_matrix *matrix, nmf_error *error)
{
    char text[PICTURES][NAME_BYTES];
    const char *names[PICTURES];
    for (int i = 0; i < PICTURES; i++) {
        for (int which = 0; which < LIMBS; which++) {
            char *const place = text[i] + 3 * which;
            place[0] = (char)('a' + which);
            place[1] = (char)('0' + position_of(i, which));
            place[2] = which == LIMBS - 1 ? '\0' : ' ';
        }
        names[i] = text[i];
    }
    return nmf_matrix_set_names(matrix, NMF_SAMPLE_NAMES, names, error);
}

nmf_status nmf_io_generate_swimmer(nmf_matrix **matrix, nmf_error *error)
{
    if (matrix == NULL)
        return nmf_fail(error, NMF_ERROR_ARGUMENT, "generating needs a place for the matrix");
    *matrix = NULL;
    nmf_matrix *made = NULL;
    nmf_status status = nmf_matrix_new(NMF_U8, PICTURES, PIXELS, &made, error);
    if (status != NMF_OK) return status;
    uint8_t *const pixels = nmf_matrix_writable(made);
    for (int i = 0; i < PICTURES; i++) {
        draw_torso(pixels + (size_t)i * PIXELS);
        for (int which = 0; which < LIMBS; which++)
            draw_limb(pixels + (size_t)i * PIXELS, &limbs[which], position_of(i, which));
    }
    status = nmf_matrix_set_image_shape(made, SIDE, SIDE, error);
    if (status == NMF_OK) status = name_pictures(made, error);
    if (status != NMF_OK) {
        nmf_matrix_free(made);
        return status;
    }
    *matrix = made;
    return NMF_OK;
}
