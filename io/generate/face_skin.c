/* The drawing on the skin of the built-in faces: eyes with lids, lashes and a spark, brows,
 * nostrils, lips and teeth, beards, and the frames of glasses. */
#include "face_model.h"

/* Soft cover of the band between two edges, about a pixel of blur. */
static double between(double low, double high, double x)
{
    const double edge = 0.025;
    return face_step(low - edge, low + edge, x) * (1.0 - face_step(high - edge, high + edge, x));
}

static double eyeball(const face *f, double u, double v, double top, double *gloss)
{
    const face_person *p = f->person;
    const face_view *w = f->view;
    const double side = u < 0.0 ? -1.0 : 1.0;
    const double du = u - side * p->eye_distance - w->gaze_u, dv = v + 0.012 - w->gaze_v;
    const double r = sqrt(du * du + dv * dv);
    double tone = 0.42 + 0.25 * p->skin;
    tone = face_mix(p->iris, tone, face_step(0.078, 0.108, r));
    tone = face_mix(0.008, tone, face_step(0.030, 0.055, r));
    tone *= 1.0 - 0.55 * (1.0 - face_step(0.0, 0.07, v - top)); /* the upper lid's shade */
    const double su = du - 0.045 * w->light[0], sv = dv + 0.038;
    tone += 0.65 * face_hill(su, sv, 0.048, 0.048);
    *gloss = 0.0;
    return tone;
}

static double eyes(const face *f, double u, double v, double tone, double *gloss)
{
    const face_person *p = f->person;
    const double out = face_abs(u) - p->eye_distance, s = out / p->eye_width;
    if (s < -1.35 || s > 1.5 || v < -0.30 || v > 0.30) return tone;
    const double tilted = v + p->eye_slant * out;
    const double arc = s * s >= 1.0 ? 0.0 : 1.0 - s * s;
    const double lift = arc * (1.0 - 0.15 * s), squeeze = 1.0 - 0.25 * face_clamp(f->view->smile);
    const double bottom = 0.055 * arc * squeeze;
    const double high = -p->eye_height * lift;
    const double top = face_mix(bottom - 0.012, high, f->view->eyes_open);
    const double crease = high - 0.055 - 0.02 * arc;
    const double fade = face_step(-1.3, -0.8, s) * (1.0 - face_step(0.9, 1.45, s));
    tone *= 1.0 - 0.38 * fade * between(crease - 0.012, crease + 0.012, tilted);
    if (arc > 0.0) {
        const double open = between(top, bottom, tilted) * face_step(0.0, 0.2, arc);
        if (open > 0.0) tone = face_mix(tone, eyeball(f, u, tilted, top, gloss), open);
    }
    const double lashes = between(top - 0.020, top + 0.012, tilted) * face_step(-1.1, -0.7, s) *
                          (1.0 - face_step(0.95, 1.2, s));
    tone = face_mix(tone, 0.02, 0.85 * lashes);
    const double rim = between(bottom - 0.004, bottom + 0.010, tilted) * face_step(0.02, 0.3, arc);
    return tone * (1.0 - 0.40 * rim);
}

static double brows(const face *f, double u, double v, double tone)
{
    const face_person *p = f->person;
    const double t = (face_abs(u) - p->eye_distance + 0.31) / 0.62;
    if (t < -0.1 || t > 1.1) return tone;
    const double arch = p->brow_arch * 4.0 * (t - 0.10 * t * t) * (1.0 - 0.75 * t);
    const double middle = -p->brow_height + 0.05 - arch - f->view->brow_raise * (1.0 - 0.4 * t);
    const double half = p->brow_thickness * (t < 0.25 ? 0.8 + 0.8 * t : 1.25 - 1.0 * t);
    const double d = face_abs(v - middle) / (half > 0.012 ? half : 0.012);
    if (d >= 1.35) return tone;
    const double hairs =
        face_noise_at(f->noise, 26.0 * u + 9.0 * v + p->noise_u, 10.0 * v + p->noise_v);
    const double cover = (1.0 - face_step(0.55, 1.35, d)) * face_step(-0.08, 0.08, t) *
                         (1.0 - face_step(0.92, 1.08, t));
    const double strength = p->brow_tone > 0.15 ? 0.55 : 0.85;
    return face_mix(tone, p->brow_tone * 0.8, face_clamp(cover * (strength + 0.25 * hairs)));
}

static double nostrils(const face *f, double u, double v, double tone)
{
    const face_person *p = f->person;
    const double a = face_abs(u), base = v - p->nose_length;
    const double hole =
        face_hill(a - p->nose_width * 0.50 - 0.4 * base, base - 0.045, 0.072, 0.050);
    const double wing = face_hill(a - p->nose_width - 0.055, base + 0.01, 0.045, 0.11);
    const double under = face_hill(a, base - 0.085, 0.20, 0.06);
    return tone * (1.0 - 0.80 * face_clamp(1.4 * hole)) * (1.0 - 0.16 * wing) *
           (1.0 - 0.12 * under);
}

static double mouth(const face *f, double u, double v, double tone, double *gloss)
{
    const face_person *p = f->person;
    double upper, lower;
    const double gap = nmfi_face_lip_line(f, u, &upper, &lower);
    const double half = p->mouth_width * (1.0 + 0.20 * f->view->smile - 0.10 * f->view->mouth_open);
    const double s = u / half, e = s * s >= 1.0 ? 0.0 : 1.0 - s * s;
    const double corner = face_hill(face_abs(s) - 1.0, v - 0.5 * (upper + lower), 0.16, 0.05);
    tone *= 1.0 - 0.55 * corner;
    if (e <= 0.0) return tone;
    const double lips = between(upper, lower, v) * face_step(0.0, 0.12, e);
    const double line = p->mouth_v - 0.085 * f->view->smile * (s * s - 0.35) + 0.012 * e;
    tone = face_mix(tone, p->skin * p->lip_tone * (v < line ? 0.86 : 1.0), lips);
    *gloss += 0.05 * lips;
    const double top = line - 0.25 * gap, bottom = line + 0.75 * gap;
    if (gap > 0.02) {
        const double teeth = f->view->teeth * (1.0 - face_step(0.075, 0.11, v - top));
        const double tooth = 8.0 * face_abs(u), nearest = (double)(int)(tooth + 0.5);
        const double gaps = 1.0 - 0.12 * face_hill(tooth - nearest, 0.0, 0.3, 1.0);
        const double inside = face_mix(0.022, 0.62 * gaps * (0.45 + 0.55 * e), teeth);
        return face_mix(tone, inside, between(top, bottom, v) * face_step(0.0, 0.1, e));
    }
    return tone * (1.0 - 0.72 * between(line - 0.012, line + 0.012, v) * face_step(0.0, 0.15, e));
}

static double beard(const face *f, double u, double v, double tone)
{
    const face_person *p = f->person;
    const double a = face_abs(u), base = p->nose_length + 0.06;
    if (p->stubble <= 0.0 && p->moustache <= 0.0) return tone;
    const double highest = p->mouth_v - 0.12 - 0.55 * (a - 0.45) - 0.13; /* of the beard's edge */
    if (v < highest && v < base - 0.05) return tone;
    double upper, lower;
    (void)nmfi_face_lip_line(f, u, &upper, &lower);
    const double hairs =
        face_noise_at(f->noise, 15.0 * u + p->noise_u, 8.0 * v + p->noise_v) * 0.6 +
        face_noise_at(f->noise, 31.0 * u + p->noise_v, 17.0 * v + p->noise_u) * 0.4;
    const double lips = face_step(upper - 0.03, upper + 0.02, v) *
                        (1.0 - face_step(lower - 0.02, lower + 0.03, v)) *
                        (1.0 - face_step(0.7, 1.0, a / p->mouth_width));
    const double cheek_line = p->mouth_v - 0.12 - 0.55 * (a - 0.45) + 0.05 * hairs;
    const double jaw =
        face_step(cheek_line - 0.08, cheek_line + 0.10, v) *
        (a < 0.42 ? face_step(p->mouth_v - 0.02, p->mouth_v + 0.16, v + 0.6 * a * a) : 1.0);
    const double lip_top = upper - base, over = (v - base) / (lip_top > 0.05 ? lip_top : 0.05);
    const double wide = p->mouth_width * (0.75 + 0.45 * face_clamp(over));
    const double moustache = face_step(-0.1, 0.35, over) *
                             (1.0 - face_step(wide - 0.06, wide + 0.08, a)) *
                             (1.0 - face_step(p->mouth_v + 0.05, p->mouth_v + 0.14, v));
    const double either = jaw > moustache ? jaw : moustache;
    const double thick =
        (jaw * p->beard > moustache * p->moustache ? jaw * p->beard : moustache * p->moustache);
    const double full = face_clamp(thick * (0.88 + 0.35 * hairs)) * (1.0 - lips);
    tone *= 1.0 - p->stubble * either * (1.0 - lips) * (0.9 + 0.3 * hairs);
    return face_mix(tone, p->beard_tone * (1.0 + 0.5 * hairs), full);
}

double nmfi_face_skin_tone(const face *f, double u, double v, double *gloss)
{
    const face_person *p = f->person;
    const double blotch = face_noise_at(f->noise, 6.0 * u + p->noise_v, 6.0 * v + p->noise_u) +
                          face_noise_at(f->noise, 19.0 * u + p->noise_u, 19.0 * v + p->noise_v);
    double tone = p->skin * (1.0 + p->freckles * blotch);
    const double a = face_abs(u);
    tone *= 1.0 - 0.10 * face_hill(a - 0.55, v - 0.50, 0.35, 0.30);                   /* flush */
    tone *= 1.0 - (0.10 + 0.14 * p->age) * face_hill(a - 0.40, v - 0.12, 0.26, 0.12); /* rings */
    *gloss =
        0.05 + 0.05 * face_hill(u, v - 0.45, 0.2, 0.3) + 0.04 * face_hill(u, v + 0.5, 0.6, 0.3);
    if (v < 0.32) return brows(f, u, v, eyes(f, u, v, tone, gloss));
    tone = nostrils(f, u, v, tone);
    if (v > p->mouth_v - 0.35) tone = mouth(f, u, v, tone, gloss);
    return beard(f, u, v, tone);
}

/* Squared distance, in lens radii, from the lens's centre: 1 on the rim. */
static double lens_outline(const face_person *p, double s, double t)
{
    if (p->lens == FACE_LENS_AVIATOR) {
        const double wide = 1.0 + 0.16 * t - 0.05 * s * t;
        s = (s - 0.05 * t) * wide;
    }
    const double s2 = s * s, t2 = t * t;
    if (p->lens == FACE_LENS_ROUND) return sqrt(s2 * s2 + t2 * t2 + 1.4 * s2 * t2);
    return sqrt(s2 * s2 + t2 * t2);
}

double nmfi_face_frame(const face *f, double x, double y, double *inside_lens)
{
    const face_person *p = f->person;
    const face_view *w = f->view;
    const double x0 = w->cos_tilt * x + w->sin_tilt * y, y0 = w->cos_tilt * y - w->sin_tilt * x;
    const double z = p->depth + 0.12; /* the frame stands flat before the eyes */
    const double u = (x0 - z * w->sin_yaw) / w->cos_yaw,
                 v = (y0 - (z - 0.5) * w->sin_pitch) / w->cos_pitch;
    const double a = face_abs(u), thick = p->frame_thickness, soft = 0.028;
    const double s = (a - p->eye_distance - 0.01) / p->lens_width, t = (v - 0.05) / p->lens_height;
    const double r = sqrt(lens_outline(p, s, t)), d = (r - 1.0) * p->lens_height;
    double cover = 1.0 - face_step(thick, thick + soft, face_abs(d));
    *inside_lens = 1.0 - face_step(-thick - soft, -thick, d);
    const double inner = p->eye_distance + 0.01 - p->lens_width,
                 outer = p->eye_distance + p->lens_width;
    const double bridge = v + 0.06 - 0.25 * a * a;
    if (a < inner + 0.02) cover += 1.0 - face_step(thick, thick + soft, face_abs(bridge));
    if (a > outer && a < p->width + 0.02)
        cover += 0.9 * (1.0 - face_step(thick, thick + soft, face_abs(v + 0.05)));
    return face_clamp(cover);
}
