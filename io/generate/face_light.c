/* Light and camera of the built-in faces: surface normals from the relief, one broad lamp with soft
 * cast shadows, sky light dimmed in hollows, a highlight; then glasses, lens blur, grain and film
 * response. */
#include "face_model.h"

#include <stdlib.h>

enum {
    SIDE = FACE_SIDE * FACE_SAMPLES,
    HOLLOW_RADIUS = 7, /* samples: about the size of an eye socket */
    SHADOW_STEPS = 12
};

struct face_work {
    face_surface surface[SIDE][SIDE];
    double corner[FACE_SIDE + 1][FACE_SIDE + 1][2]; /* (u, v) seen at the pixels' corners */
    double hollow[SIDE][SIDE];                      /* the mean height around each sample */
    double row_mean[SIDE][SIDE];
    double shadow[FACE_SIDE][FACE_SIDE];
    double light[SIDE][SIDE];
};

face_work *nmfi_face_work_new(void)
{
    return malloc(sizeof(face_work));
}

/* Where a sample lies, in face lengths from the eyes' midpoint: the face fills the picture. */
static void place_of(const face_view *w, double row, double column, double *x, double *y)
{
    *x = ((column + 0.5) / FACE_SAMPLES - 0.5 * FACE_SIDE) / w->unit - w->shift_x;
    *y = ((row + 0.5) / FACE_SAMPLES - 0.405 * FACE_SIDE) / w->unit - w->shift_y;
}

/* The way from picture to head is smooth: solved at the pixels' corners, straight lines between. */
static void meet_surfaces(const face *f, face_work *work)
{
    double x, y;
    for (int row = 0; row <= FACE_SIDE; row++)
        for (int column = 0; column <= FACE_SIDE; column++) {
            place_of(f->view, row * FACE_SAMPLES - 0.5, column * FACE_SAMPLES - 0.5, &x, &y);
            nmfi_face_locate(f, x, y, &work->corner[row][column][0], &work->corner[row][column][1]);
        }
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            const int r = row / FACE_SAMPLES, c = column / FACE_SAMPLES;
            const double t = (row % FACE_SAMPLES + 0.5) / FACE_SAMPLES;
            const double s = (column % FACE_SAMPLES + 0.5) / FACE_SAMPLES;
            double at[2];
            for (int i = 0; i < 2; i++)
                at[i] = face_mix(
                    face_mix(work->corner[r][c][i], work->corner[r][c + 1][i], s),
                    face_mix(work->corner[r + 1][c][i], work->corner[r + 1][c + 1][i], s), t);
            place_of(f->view, row, column, &x, &y);
            work->surface[row][column] = nmfi_face_paint(f, x, y, at[0], at[1]);
        }
}

static int inside(int at)
{
    return at < 0 ? 0 : at >= SIDE ? SIDE - 1 : at;
}

/* The far backdrop must not count as a pit. */
static double near_height(const face_surface *line, int at)
{
    const double z = line[inside(at)].height;
    return z < -0.4 ? -0.4 : z;
}

/* Box means along rows, then columns, by running sums; edges repeat. */
static void average_heights(face_work *work)
{
    const double share = 1.0 / (2 * HOLLOW_RADIUS + 1);
    for (int row = 0; row < SIDE; row++) {
        const face_surface *const line = work->surface[row];
        double sum = 0.0;
        for (int at = -HOLLOW_RADIUS - 1; at < HOLLOW_RADIUS; at++) sum += near_height(line, at);
        for (int column = 0; column < SIDE; column++) {
            sum += near_height(line, column + HOLLOW_RADIUS) -
                   near_height(line, column - HOLLOW_RADIUS - 1);
            work->row_mean[row][column] = sum * share;
        }
    }
    double sums[SIDE] = {0.0};
    for (int at = -HOLLOW_RADIUS - 1; at < HOLLOW_RADIUS; at++)
        for (int column = 0; column < SIDE; column++)
            sums[column] += work->row_mean[inside(at)][column];
    for (int row = 0; row < SIDE; row++) {
        const double *const enters = work->row_mean[inside(row + HOLLOW_RADIUS)];
        const double *const leaves = work->row_mean[inside(row - HOLLOW_RADIUS - 1)];
        for (int column = 0; column < SIDE; column++) {
            sums[column] += enters[column] - leaves[column];
            work->hollow[row][column] = sums[column] * share;
        }
    }
}

/* Walks from each pixel towards the lamp; what rises above the ray darkens it, softly. */
static void cast_shadows(const face_view *w, face_work *work)
{
    const double flat = sqrt(w->light[0] * w->light[0] + w->light[1] * w->light[1]) + 1e-9;
    const double step_x = 2.6 * w->light[0] / flat, step_y = 2.6 * w->light[1] / flat;
    const double rise = 2.6 / (w->unit * FACE_SAMPLES) * w->light[2] / flat;
    for (int row = 0; row < FACE_SIDE; row++)
        for (int column = 0; column < FACE_SIDE; column++) {
            const face_surface *from = &work->surface[row * FACE_SAMPLES][column * FACE_SAMPLES];
            double worst = 0.0;
            for (int i = 1; i <= SHADOW_STEPS && from->layer != FACE_BACKDROP; i++) {
                const int r = (int)(row * FACE_SAMPLES + i * step_y + 0.5);
                const int c = (int)(column * FACE_SAMPLES + i * step_x + 0.5);
                if (r < 0 || c < 0 || r >= SIDE || c >= SIDE) break;
                const double above = work->surface[r][c].height - from->height - i * rise;
                const double depth = above / (0.02 + 0.015 * i);
                if (depth > worst) worst = depth;
            }
            work->shadow[row][column] = 1.0 - 0.70 * face_step(0.0, 1.6, worst);
        }
}

static double shadow_at(const face_work *work, int row, int column)
{
    const int up = (row - 1) / 2, left = (column - 1) / 2;
    const int down = up + 1 < FACE_SIDE ? up + 1 : up,
              right = left + 1 < FACE_SIDE ? left + 1 : left;
    const double t = row & 1 ? 0.25 : 0.75, s = column & 1 ? 0.25 : 0.75;
    return face_mix(face_mix(work->shadow[up][left], work->shadow[up][right], s),
                    face_mix(work->shadow[down][left], work->shadow[down][right], s), t);
}

/* The rise from a sample to its neighbour, none across the border of two layers: an outline is not
 * a cliff that catches light. */
static double rise_to(const face_surface *from, const face_surface *to)
{
    const int bare = from->layer == to->layer;
    return bare ? to->height - from->height : 0.0;
}

static double shade(const face_view *w, const face_work *work, int row, int column)
{
    const face_surface *s = &work->surface[row][column];
    if (s->layer == FACE_BACKDROP) return s->tone;
    const face_surface *left = column > 0 ? s - 1 : s, *right = column + 1 < SIDE ? s + 1 : s;
    const face_surface *up = row > 0 ? s - SIDE : s, *down = row + 1 < SIDE ? s + SIDE : s;
    const double scale = 0.5 * w->unit * FACE_SAMPLES;
    const double nx = -(rise_to(s, right) - rise_to(s, left)) * scale;
    const double ny = -(rise_to(s, down) - rise_to(s, up)) * scale;
    const double inverse = 1.0 / sqrt(nx * nx + ny * ny + 1.0);
    const double facing = (nx * w->light[0] + ny * w->light[1] + w->light[2]) * inverse;
    const double wrap = (facing + 0.18) / 1.18; /* a broad lamp reaches a little around the edge */
    const double open = face_clamp(1.0 + 3.6 * (s->height - work->hollow[row][column]));
    const double shadow = shadow_at(work, row, column);
    const double sky = w->ambient * (0.45 + 0.55 * open) * (1.0 - 0.25 * ny * inverse);
    const double lamp = wrap <= 0.0 ? 0.0 : w->key * wrap * shadow * (0.7 + 0.3 * open);
    const double half = (nx * w->half[0] + ny * w->half[1] + w->half[2]) * inverse;
    const double h2 = half * half, h4 = h2 * h2, h8 = h4 * h4;
    const double shine = half <= 0.0 ? 0.0 : s->gloss * w->key * h8 * h8 * shadow;
    return s->tone * (sky + lamp) + shine;
}

/* Frames, the thin shadow they throw on the cheeks, and what the lenses mirror. */
static double put_on_glasses(const face *f, double x, double y, double light)
{
    const face_view *w = f->view;
    double inside, unused;
    const double frame = nmfi_face_frame(f, x, y, &inside);
    const double shadow = nmfi_face_frame(f, x + 0.06 * w->light[0], y - 0.055, &unused);
    light *= 1.0 - 0.30 * shadow;
    const double band = x * 0.8 + y * 1.6 - 0.5 * w->light[0] - 0.15;
    const double mirrored =
        w->glare > 0.45 ? 0.16 * w->glare * face_hill(band, 0.0, 0.30, 1.0) : 0.0;
    light += inside * (0.012 + mirrored);
    const double metal = f->person->frame_tone * (0.7 + 1.2 * face_hill(y + 0.12, 0.0, 0.15, 1.0));
    return face_mix(light, metal, frame);
}

static void light_surfaces(const face *f, face_work *work)
{
    for (int row = 0; row < SIDE; row++)
        for (int column = 0; column < SIDE; column++) {
            double light = shade(f->view, work, row, column), x, y;
            place_of(f->view, row, column, &x, &y);
            if (f->view->glasses && y > -0.6 && y < 0.7) light = put_on_glasses(f, x, y, light);
            work->light[row][column] = light * f->view->exposure;
        }
}

/* Film darkens its extremes gently: about the square root, with a shoulder below white. */
static double develop(double light)
{
    const double x = light < 0.0 ? 0.0 : light;
    return 262.0 * sqrt(x / (1.0 + 0.28 * x * x));
}

static void expose(const face *f, uint64_t grain, const face_work *work, uint8_t *pixels)
{
    static const double lens[4] /* blur about a pixel wide, along and across */ = {0.16, 0.34, 0.34,
                                                                                   0.16};
    const double gu = (double)(grain & 1023), gv = (double)((grain >> 10) & 1023);
    for (int row = 0; row < FACE_SIDE; row++)
        for (int column = 0; column < FACE_SIDE; column++) {
            double sum = 0.0;
            for (int i = 0; i < 4; i++) {
                const double *const line = work->light[inside(2 * row - 1 + i)];
                const int c = 2 * column;
                sum += lens[i] * (lens[0] * (line[inside(c - 1)] + line[inside(c + 2)]) +
                                  lens[1] * (line[c] + line[c + 1]));
            }
            const double noise = face_noise_at(f->noise, 3.37 * column + gu, 3.73 * row + gv);
            const double grey = develop(sum) + 2.2 * noise;
            pixels[row * FACE_SIDE + column] = (uint8_t)(grey < 0.0     ? 0.0
                                                         : grey > 242.0 ? 242.0
                                                                        : grey + 0.5);
        }
}

void nmfi_face_photograph(const face *f, uint64_t grain, face_work *work, uint8_t *pixels)
{
    meet_surfaces(f, work);
    average_heights(work);
    cast_shadows(f->view, work);
    light_surfaces(f, work);
    expose(f, grain, work, pixels);
}
