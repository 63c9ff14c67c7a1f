/* What the camera of the built-in faces meets at each place: backdrop, clothes, neck, ears, skin or
 * hair, its height for the light and its tone. The skin's own drawing (eyes, brows, lips, beard) is
 * in face_skin.c; glasses are laid over the finished light by face_light.c. */
#include "face_model.h"

static double strands(const face *f, double across, double along)
{
    const face_person *p = f->person;
    return 0.65 * face_noise_at(f->noise, 9.0 * across + p->noise_u, 1.6 * along + p->noise_v) +
           0.35 * face_noise_at(f->noise, 21.0 * across + p->noise_v, 3.0 * along + p->noise_u);
}

static double curls(const face *f, double u, double v)
{
    const face_person *p = f->person;
    return 0.7 * face_noise_at(f->noise, 5.5 * u + p->noise_u, 5.5 * v + p->noise_v) +
           0.5 * face_noise_at(f->noise, 12.0 * u + p->noise_v, 12.0 * v + p->noise_u);
}

/* The texture at (u, v): locks run down from the crown, or to the side from a parting. */
static double hair_texture(const face *f, double u, double v)
{
    const face_person *p = f->person;
    if (p->hair == FACE_HAIR_CURLY) return curls(f, u, v);
    const double from = p->hair == FACE_HAIR_PARTED ? p->parting : 0.0;
    const double fan = (u - from) / (v + 2.6);
    return strands(f, 2.4 * fan, v + 0.4 * u * u);
}

/* How far outside the hairless part of the face (u, v) lies, in face lengths or so: above 0 is
 * hair. */
static double hairline(const face *f, double u, double v)
{
    const face_person *p = f->person;
    const double a = face_abs(u), middle = 0.15;
    double line = p->hairline, wide = p->forehead_width;
    if (p->hair == FACE_HAIR_FRINGE) line = 0.46 + 0.06 * u;
    if (p->hair == FACE_HAIR_PARTED) line -= 0.16 * (u * (p->parting > 0.0 ? -1.0 : 1.0) - 0.1);
    if (p->hair == FACE_HAIR_RECEDING) line += 0.30 * face_hill(a - 0.48, 0.0, 0.34, 1.0) - 0.10;
    if (p->hair == FACE_HAIR_BALD) line = 3.0;
    if (p->hair == FACE_HAIR_LONG) wide -= 0.10;
    const double s = u / wide, s2 = s * s, t = v > middle ? 0.0 : (v - middle) / (line + middle);
    return s2 * s2 * (0.6 + 0.4 * s2) + t * t - 1.0;
}

static double hair_cover(const face *f, double u, double v)
{
    const face_person *p = f->person;
    const double beyond = hairline(f, u, v);
    if (beyond < -0.35) return 0.0; /* no lock reaches so far; the texture is the dear part */
    const double texture = hair_texture(f, u, v);
    const double ragged = p->hair == FACE_HAIR_FRINGE  ? 0.22
                          : p->hair == FACE_HAIR_CURLY ? 0.16
                                                       : 0.08;
    double end = p->hair == FACE_HAIR_LONG ? 9.0 : p->sideburn + 0.1 * texture;
    if (p->hair == FACE_HAIR_BALD) end = -0.05;
    const double cover = face_step(-0.06, 0.10, beyond + ragged * texture);
    return v < end - 0.12 ? cover : cover * (1.0 - face_step(end - 0.12, end, v));
}

/* Hair that stands out beyond the head: 1 inside its outline. Long hair falls on beside the
 * neck. */
static int in_hair_volume(const face *f, double u, double v)
{
    const face_person *p = f->person;
    const double rough = p->hair == FACE_HAIR_CURLY ? 0.09 : 0.02;
    const double margin = p->hair_volume + rough * hair_texture(f, u, v);
    if (p->hair == FACE_HAIR_BALD && v < -0.6) return 0;
    if (v < 0.12) return nmfi_face_outline(p, margin, u, v) < 1.0;
    if (p->hair == FACE_HAIR_LONG) return face_abs(u) < p->width + margin + 0.10 * (v - 0.12);
    const double left = (p->sideburn - v) / 0.3;
    return left > 0.0 && face_abs(u) < p->width + margin * face_clamp(left);
}

/* Lies on a slightly larger head; beside the neck it falls straight. */
static face_surface hair(const face *f, double u, double v)
{
    const double outline =
        nmfi_face_outline(f->person, f->person->hair_volume + 0.15, u, v < 0.12 ? v : 0.12);
    const double texture = hair_texture(f, u, v);
    const double relief = f->person->hair == FACE_HAIR_CURLY ? 0.055 : 0.022;
    const face_surface s = {FACE_HAIR, nmfi_face_depth(f->person, outline) + relief * texture,
                            f->person->hair_tone * (1.0 + 0.45 * texture), 0.05 + 0.03 * texture};
    return s;
}

static int in_ear(const face_person *p, double a, double v)
{
    const double s = (a - p->width - 0.02) / (0.13 * p->ear_size),
                 t = (v - 0.14) / (0.30 * p->ear_size);
    return s * s + t * t + 0.5 * s * t < 1.0;
}

static face_surface ear(const face_person *p, double a, double v)
{
    const double s = (a - p->width - 0.03) / (0.13 * p->ear_size),
                 t = (v - 0.14) / (0.30 * p->ear_size);
    const double hollow = face_hill(s, t, 0.75, 0.7);
    const face_surface e = {FACE_EAR, 0.05 - 0.06 * hollow - 0.05 * (s * s + t * t),
                            p->skin * (0.92 - 0.40 * hollow), 0.02};
    return e;
}

/* The body does not turn with the head: it only follows the shift, and it lies behind the chin. */
static face_surface body(const face *f, double x, double y)
{
    const face_person *p = f->person;
    const double a = face_abs(x), half = 0.62 * p->width + 0.3 * (y - 1.2) * (y - 1.2);
    const double collar =
        1.62 - 0.42 * a - (a < p->collar_open ? 0.8 * (p->collar_open - a) - 0.1 : 0.0);
    const double shoulder = 1.30 + 0.42 * (a - 0.55) * (a - 0.55) + 0.18 * a;
    const double weave = face_noise_at(f->noise, 14.0 * x + p->noise_u, 14.0 * y + p->noise_v);
    if (y > shoulder + 0.08 && a > half * 0.9 && y > 1.2) {
        const int on_collar = y < shoulder + 0.30;
        const face_surface cloth = {
            FACE_CLOTHES, -0.2 - 0.25 * a * a + 0.01 * weave,
            (on_collar ? p->collar_tone : p->shirt_tone) * (1.0 + 0.06 * weave), 0.0};
        return cloth;
    }
    if (y > collar + 0.25) {
        const face_surface shirt = {FACE_CLOTHES, -0.25 - 0.2 * a * a + 0.01 * weave,
                                    p->shirt_tone * (1.0 + 0.06 * weave), 0.0};
        return shirt;
    }
    if (a < half && y > 0.6) {
        const double s = a / half, round = 1.0 - s * s;
        const double muscle = 0.03 * face_hill(a - 0.30 + 0.12 * (y - 1.2), 0.0, 0.12, 1.0);
        const face_surface neck = {FACE_NECK,
                                   -0.28 + 0.34 * sqrt(round > 0.0 ? round : 0.0) + muscle,
                                   p->skin * face_mix(0.55, 0.85, face_step(1.15, 1.7, y)), 0.01};
        return neck;
    }
    const double cloud = face_noise_at(f->noise, 1.1 * x + p->noise_v, 1.1 * y + p->noise_u);
    const double slope = 1.0 + f->view->backdrop_slope * 0.5 * x + 0.12 * cloud;
    const face_surface backdrop = {FACE_BACKDROP, -1.5, p->backdrop * slope, 0.0};
    return backdrop;
}

/* Where hair begins to cover the skin, single hairs darken it. */
static face_surface skin(const face *f, double u, double v, double head, double cover)
{
    double gloss;
    const double tone = nmfi_face_skin_tone(f, u, v, &gloss);
    const face_surface s = {FACE_SKIN, head + nmfi_face_features(f, u, v),
                            face_mix(tone, f->person->hair_tone, 1.4 * cover), gloss};
    return s;
}

face_surface nmfi_face_paint(const face *f, double x, double y, double u, double v)
{
    const face_person *p = f->person;
    const face_view *w = f->view;
    const double q = nmfi_face_outline(p, 0.0, u, v);
    face_surface s;
    if (q < 1.0) {
        const double head = nmfi_face_depth(p, q);
        const double cover = hair_cover(f, u, v);
        s = cover > 0.5 ? hair(f, u, v) : skin(f, u, v, head, cover);
    } else if (p->hair != FACE_HAIR_LONG && in_ear(p, face_abs(u), v)) {
        s = ear(p, face_abs(u), v);
    } else if (in_hair_volume(f, u, v) && !(v > 1.0 && face_abs(u) < 0.6 * p->width)) {
        s = hair(f, u, v);
    } else {
        return body(f, x - w->shift_x, y - w->shift_y);
    }
    s.height = s.height * w->cos_yaw * w->cos_pitch - u * w->sin_yaw - v * w->sin_pitch;
    return s;
}
