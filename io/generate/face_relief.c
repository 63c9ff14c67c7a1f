/* The form of the built-in faces: a head as a flattened superellipsoid with hills and hollows for
 * brow, sockets, nose, cheeks, lips and chin, and the way from a place in the picture to a place on
 * it. */
#include "face_model.h"

#define WIDEST_V 0.12 /* the level of the cheekbones, where the head is widest */

double nmfi_face_outline(const face_person *p, double margin, double u, double v)
{
    const double down = v - WIDEST_V;
    const double t = down < 0.0 ? down / (p->top + margin) : down / (p->chin + margin - WIDEST_V);
    const double square = down < 0.0 ? 0.30 : p->jaw_square;
    const double along = t * t * ((1.0 - square) + square * t * t);
    const double taper = down < 0.0 ? 0.0 : p->jaw_taper * t * t;
    const double s = u / ((p->width + margin) * (1.0 - taper));
    return s * s + along;
}

double nmfi_face_depth(const face_person *p, double outline)
{
    const double e = 1.0 - outline * (1.0 - p->flatness + p->flatness * outline);
    return e <= 0.0 ? 0.0 : p->depth * sqrt(e);
}

/* The head's rough depth at (u, v), with slopes gentle enough for the fixed-point iteration
 * below. */
static double rough_depth(const face_person *p, double u, double v)
{
    const double q = nmfi_face_outline(p, 0.0, u, v);
    const double head = q >= 1.0 ? 0.0 : p->depth * (1.0 - q);
    return head + 0.8 * p->nose_height * face_hill(u, v - p->nose_length, 0.42, 0.5);
}

/* Solves "the head, turned, shows (u, v) at (x, y)". */
void nmfi_face_locate(const face *f, double x, double y, double *u, double *v)
{
    const face_view *w = f->view;
    const double x0 = w->cos_tilt * x + w->sin_tilt * y, y0 = w->cos_tilt * y - w->sin_tilt * x;
    double a = x0, b = y0;
    for (int i = 0; i < 3; i++) {
        const double z = rough_depth(f->person, a, b);
        a = (x0 - z * w->sin_yaw) / w->cos_yaw;
        b = (y0 - (z - 0.5) * w->sin_pitch) / w->cos_pitch;
    }
    *u = a;
    *v = b;
}

static double nose(const face_person *p, double a, double v)
{
    const double root = -0.06, tip = p->nose_length - 0.04;
    const double hang = v + 1.3 * a * a; /* the tip hangs lower than the wings */
    const double t = (hang - root) / (tip - root);
    double height = 0.0;
    if (t > -0.5 && t < 1.0) {
        const double rise = t < 0.0 ? 0.0 : t;
        const double hook = p->nose_hook * rise * (1.0 - rise) * 0.4;
        const double profile = 0.22 + 0.78 * rise * rise * (1.4 - 0.4 * rise) + hook;
        const double half = face_mix(0.13, 0.20, face_clamp(t));
        height = p->nose_height * profile * face_hill(a, 0.0, half * 1.45, 1.0);
        if (t < 0.0) height *= 1.0 - 4.0 * t * t;
    } else if (t >= 1.0) {
        const double under = (hang - tip) / 0.23;
        const double fall = under >= 1.0 ? 0.0 : 1.0 - under * under * (3.0 - 2.0 * under);
        height = p->nose_height * fall * face_hill(a, 0.0, 0.29, 1.0);
    }
    height += 0.07 * face_hill(a, v - tip, 0.15, 0.14);
    return height + 0.13 * face_hill(a - p->nose_width * 0.72, v - tip - 0.01, 0.12, 0.12);
}

/* The line where the lips meet at u (for an open mouth: the upper lip's lower edge), and the lips'
 * outer edges. Returns the gap between the lips there. */
double nmfi_face_lip_line(const face *f, double u, double *upper, double *lower)
{
    const face_person *p = f->person;
    const face_view *w = f->view;
    const double half = p->mouth_width * (1.0 + 0.20 * w->smile - 0.10 * w->mouth_open);
    const double s = u / half, s2 = s * s;
    const double e = s2 >= 1.0 ? 0.0 : 1.0 - s2;
    const double middle = p->mouth_v - 0.085 * w->smile * (s2 - 0.35) + 0.012 * e;
    const double bow = 1.0 - 0.22 * face_hill(s, 0.0, 0.28, 1.0);
    const double gap = (0.24 * w->mouth_open * (1.0 - 0.35 * w->smile)) * e;
    const double thin = 1.0 - 0.25 * face_clamp(w->smile);
    *upper = middle - p->upper_lip * thin * bow * e * (0.55 + 0.45 * e) - 0.25 * gap;
    *lower = middle + p->lower_lip * thin * e * (0.6 + 0.4 * e) + 0.75 * gap;
    return gap;
}

static double mouth_and_chin(const face *f, double u, double v)
{
    const face_person *p = f->person;
    const double a = face_abs(u), below = v - p->mouth_v, smile = face_clamp(f->view->smile);
    double upper, lower;
    const double gap = nmfi_face_lip_line(f, u, &upper, &lower);
    double z = 0.07 * face_hill(u, below, 0.50, 0.36);
    z += 0.055 * face_hill(u, v - (upper + 0.02), p->mouth_width * 1.1, 0.10);
    z += 0.075 * face_hill(u, v - (lower - 0.02), p->mouth_width * 0.95, 0.11);
    z -= 0.05 * face_hill(u, v - lower - 0.11, 0.34, 0.10);
    z -= 0.02 * face_hill(u, below + 0.20, 0.06, 0.12); /* philtrum */
    z += p->chin_bump * face_hill(u, v - (p->chin - 0.13), 0.34, 0.22);
    z -= 0.035 *
         face_hill(a - p->mouth_width * (1.08 + 0.2 * smile), below + 0.05 * smile, 0.09, 0.10);
    return z - 0.3 * gap * face_hill(u, below - 0.3 * gap, p->mouth_width, 0.10);
}

/* The folds from the nostrils past the mouth, and the cheeks that a smile lifts over them. */
static double cheeks(const face *f, double a, double v)
{
    const face_person *p = f->person;
    const double smile = face_clamp(f->view->smile);
    const double t = (v - p->nose_length + 0.06) / (p->mouth_v + 0.08 - p->nose_length);
    double z = p->cheekbones * face_hill(a - 0.62, v - 0.34, 0.40, 0.30);
    z += 0.08 * smile * face_hill(a - 0.52, v - 0.52, 0.30, 0.28);
    z -= (0.03 + 0.03 * p->cheekbones) * face_hill(a - 0.66, v - 0.86, 0.30, 0.36);
    if (t > 0.0 && t < 1.0) {
        const double line = face_mix(p->nose_width + 0.03, p->mouth_width + 0.10, t) + 0.06 * smile;
        const double depth = 0.008 + 0.016 * p->age + 0.022 * smile;
        z -= depth * 4.0 * t * (1.0 - t) * face_hill(a - line, 0.0, 0.13, 1.0);
    }
    return z;
}

static double eyes_and_brow(const face *f, double a, double v)
{
    const face_person *p = f->person;
    const double out = a - p->eye_distance, brow = v + p->brow_height;
    double z = 0.07 * face_hill(out + 0.02, brow, 0.42, 0.17);
    z -= p->socket * face_hill(out + 0.04, v - 0.01, 0.36, 0.24);
    z -= 0.05 * face_hill(a - 0.20, v + 0.02, 0.16, 0.18); /* the inner corners lie deepest */
    z += 0.10 * face_hill(out, v, p->eye_width * 1.15, 0.14);
    z += (0.012 + 0.022 * p->age) * face_hill(out + 0.03, v - 0.15, 0.20, 0.06); /* bags */
    return z - 0.03 * face_hill(a - 0.86, v + 0.12, 0.20, 0.34);                 /* temples */
}

/* Lines across the forehead of the older, deeper under raised brows. */
static double forehead(const face *f, double u, double v)
{
    const double strength = 0.004 * face_clamp(f->person->age * 1.5 - 0.5) +
                            0.10 * f->view->brow_raise * f->view->brow_raise;
    const double over = v + 0.62 + 0.06 * u * u;
    if (over < -0.16 || over > 0.16) return 0.02 * face_hill(u, v + 0.6, 0.6, 0.3);
    const double t = over / 0.105 + 8.0, s = t - (double)(int)t;
    return 0.02 * face_hill(u, v + 0.6, 0.6, 0.3) -
           strength * 16.0 * s * s * (1.0 - s) * (1.0 - s) * face_hill(u, over, 0.6, 0.2);
}

double nmfi_face_features(const face *f, double u, double v)
{
    const double a = face_abs(u);
    double z = eyes_and_brow(f, a, v);
    if (v > -0.4) z += nose(f->person, a, v) + cheeks(f, a, v);
    if (v > 0.4) return z + mouth_and_chin(f, u, v);
    return v < -0.4 ? z + forehead(f, u, v) : z;
}
