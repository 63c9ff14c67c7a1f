/* The built-in faces: what a person and a picture of that person are made of, and the steps from
 * there to pixels. traits draws both from random numbers, relief gives the head its form, paint
 * and skin give each visible point its surface, light turns surfaces into a photograph.
 *
 * Face coordinates (u right, v down) have the eyes' midpoint at 0 and the eyes at about
 * (+-0.48, 0), the chin near v = 1.4; z points to the camera. Only + - * / and sqrt, which
 * IEEE 754 defines to the last bit, may touch a number here: the same seed gives the same
 * pictures on every machine. */
#ifndef NMFI_IO_FACE_MODEL_H
#define NMFI_IO_FACE_MODEL_H

#include <math.h> /* sqrt alone: it is exactly rounded */
#include <stdint.h>

#define FACE_PEOPLE 40
#define FACE_VIEWS 10  /* pictures of each person */
#define FACE_SIDE 64   /* pixels of a picture's side */
#define FACE_SAMPLES 2 /* samples a pixel in each direction, before the lens blurs them together */
#define FACE_NOISE_SIDE 64 /* a power of two: the noise repeats after so many cells */

/* FMA would round once where two roundings are meant. gcc ignores this line, but -std=c11 implies
 * -ffp-contract=off there. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

typedef enum face_hair_style {
    FACE_HAIR_SHORT,
    FACE_HAIR_LONG,
    FACE_HAIR_PARTED,
    FACE_HAIR_FRINGE,
    FACE_HAIR_CURLY,
    FACE_HAIR_RECEDING,
    FACE_HAIR_BALD,
    FACE_HAIR_STYLES
} face_hair_style;

typedef enum face_lens_style {
    FACE_LENS_ROUND,
    FACE_LENS_SQUARE,
    FACE_LENS_AVIATOR
} face_lens_style;

/* What stays from picture to picture. Lengths are in face coordinates; tones are reflectances
 * 0..1. */
typedef struct face_person {
    double width, top, chin, depth; /* the head: half width, way up to the crown, chin's v, depth */
    double jaw_taper, jaw_square, flatness;
    double skin, freckles, age; /* age 0..1: folds, lines, bags under the eyes */
    double eye_distance, eye_width, eye_height, eye_slant, iris, socket;
    double brow_height, brow_thickness, brow_arch, brow_tone;
    double nose_length, nose_width, nose_height, nose_hook;
    double mouth_v, mouth_width, upper_lip, lower_lip, lip_tone;
    double cheekbones, chin_bump, ear_size;
    face_hair_style hair;
    double hair_tone, hairline, hair_volume, sideburn, parting, forehead_width;
    double stubble, moustache, beard, beard_tone; /* 0 none .. 1 full */
    int wears_glasses;                            /* 0 never, 1 in some pictures, 2 always */
    face_lens_style lens;
    double lens_width, lens_height, frame_thickness, frame_tone;
    double shirt_tone, collar_tone, collar_open, backdrop;
    double noise_u, noise_v; /* where in the noise this person's textures lie */
} face_person;

/* What one picture adds. Angles are sines and cosines; x, y are samples' places in face lengths. */
typedef struct face_view {
    double sin_yaw, cos_yaw, sin_pitch, cos_pitch, sin_tilt, cos_tilt;
    double shift_x, shift_y, unit; /* unit: pixels of one face length */
    double light[3];               /* unit vector towards the lamp */
    double half[3]; /* unit vector between lamp and camera: Blinn's, for highlights */
    double key, ambient, exposure, backdrop_slope;
    double smile, mouth_open, teeth, brow_raise, eyes_open, gaze_u, gaze_v;
    int glasses;
    double glare;
} face_view;

typedef struct face_noise {
    double cell[FACE_NOISE_SIDE][FACE_NOISE_SIDE]; /* uniform in -1..1 */
} face_noise;

typedef struct face {
    const face_person *person;
    const face_view *view;
    const face_noise *noise;
} face;

typedef enum face_layer {
    FACE_BACKDROP,
    FACE_CLOTHES,
    FACE_NECK,
    FACE_EAR,
    FACE_SKIN,
    FACE_HAIR
} face_layer;

/* What the camera sees at one place. */
typedef struct face_surface {
    face_layer layer;
    double height; /* z towards the camera, of the turned head */
    double tone;   /* reflectance */
    double gloss;  /* strength of the highlight */
} face_surface;

/* traits: random numbers are a function of (seed, person, view, trait) alone. */
void nmfi_face_draw_person(uint64_t seed, int index, face_person *person);
void nmfi_face_draw_view(uint64_t seed, int index, int view_index, const face_person *person,
                         face_view *view);
void nmfi_face_draw_noise(uint64_t seed, face_noise *noise);

/* relief: from a place in the picture to the place on the head that is seen there; how far inside
 * the head's outline a place is (0 centre, 1 outline); the height of the bare head and of its
 * features. */
void nmfi_face_locate(const face *f, double x, double y, double *u, double *v);
double nmfi_face_outline(const face_person *p, double margin, double u, double v);
double nmfi_face_depth(const face_person *p, double outline);
double nmfi_face_features(const face *f, double u, double v);
double nmfi_face_lip_line(const face *f, double u, double *upper, double *lower);

/* paint: the surface at place (x, y) of the picture, where the head shows its (u, v).
 * skin: the tone of bare skin with all that is drawn on it, and how much of the frame of glasses
 * covers a place of the picture (0..1). */
face_surface nmfi_face_paint(const face *f, double x, double y, double u, double v);
double nmfi_face_skin_tone(const face *f, double u, double v, double *gloss);
double nmfi_face_frame(const face *f, double x, double y, double *inside_lens);

/* light: the whole photograph. `work` is scratch, reused from picture to picture. */
typedef struct face_work face_work; /* free() it */
face_work *nmfi_face_work_new(void);
void nmfi_face_photograph(const face *f, uint64_t grain, face_work *work, uint8_t *pixels);

/* Noise in -1..1, smooth between the cells of a unit grid. */
static inline double face_noise_at(const face_noise *noise, double x, double y)
{
    x += 4096.0; /* whole numbers of cells and repeats: truncation is then a floor */
    y += 4096.0;
    const int column = (int)x, row = (int)y;
    const double s = x - column, t = y - row;
    const double a = s * s * (3.0 - 2.0 * s), b = t * t * (3.0 - 2.0 * t);
    const int mask = FACE_NOISE_SIDE - 1;
    const double *upper = noise->cell[row & mask], *lower = noise->cell[(row + 1) & mask];
    const int left = column & mask, right = (column + 1) & mask;
    const double over = upper[left] + (upper[right] - upper[left]) * a;
    const double under = lower[left] + (lower[right] - lower[left]) * a;
    return over + (under - over) * b;
}

static inline double face_clamp(double x)
{
    return x < 0.0 ? 0.0 : x > 1.0 ? 1.0 : x;
}

/* 0 below `from`, 1 above `to`, smooth between. */
static inline double face_step(double from, double to, double x)
{
    if (x <= from) return 0.0;
    if (x >= to) return 1.0;
    const double t = (x - from) / (to - from);
    return t * t * (3.0 - 2.0 * t);
}

static inline double face_mix(double a, double b, double t)
{
    return a + (b - a) * t;
}

/* A smooth hill of height 1 on an ellipse: zero outside, no exp needed. */
static inline double face_hill(double u, double v, double radius_u, double radius_v)
{
    if (u >= radius_u || u <= -radius_u || v >= radius_v || v <= -radius_v) return 0.0;
    const double s = u / radius_u, t = v / radius_v;
    const double e = 1.0 - s * s - t * t;
    return e <= 0.0 ? 0.0 : e * e;
}

static inline double face_abs(double x)
{
    return x < 0.0 ? -x : x;
}

#endif
