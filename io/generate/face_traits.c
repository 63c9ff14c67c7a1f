/* Who the people of the built-in faces are, and what changes from picture to picture of a person.
 * Every number is a hash of (seed, person, view, trait), so that adding a trait moves no other, and
 * what should vary surely (hair styles, glasses, beards, directions of light) is dealt out, not
 * diced. */
#include "face_model.h"

#include <string.h>

#define NO_VIEW 255 /* the view number of a person's own traits */

/* Streams: one random number each. New ones go to the end. */
typedef enum trait {
    T_ORDER,
    T_WIDTH,
    T_TOP,
    T_CHIN,
    T_DEPTH,
    T_TAPER,
    T_SQUARE,
    T_FLAT,
    T_SKIN,
    T_FRECKLES,
    T_AGE,
    T_EYE_DISTANCE,
    T_EYE_WIDTH,
    T_EYE_HEIGHT,
    T_EYE_SLANT,
    T_IRIS,
    T_SOCKET,
    T_BROW_HEIGHT,
    T_BROW_THICKNESS,
    T_BROW_ARCH,
    T_NOSE_LENGTH,
    T_NOSE_WIDTH,
    T_NOSE_HEIGHT,
    T_NOSE_HOOK,
    T_MOUTH_V,
    T_MOUTH_WIDTH,
    T_UPPER_LIP,
    T_LOWER_LIP,
    T_LIP_TONE,
    T_CHEEKBONES,
    T_CHIN_BUMP,
    T_EAR,
    T_HAIR_TONE,
    T_HAIRLINE,
    T_VOLUME,
    T_SIDEBURN,
    T_PARTING,
    T_FOREHEAD,
    T_STUBBLE,
    T_BEARD_TONE,
    T_LENS_WIDTH,
    T_LENS_HEIGHT,
    T_FRAME,
    T_FRAME_TONE,
    T_SHIRT,
    T_COLLAR,
    T_COLLAR_OPEN,
    T_BACKDROP,
    T_NOISE_U,
    T_NOISE_V,
    T_YAW,
    T_PITCH,
    T_TILT,
    T_SHIFT_X,
    T_SHIFT_Y,
    T_UNIT,
    T_LIGHT_X,
    T_LIGHT_Y,
    T_KEY,
    T_AMBIENT,
    T_EXPOSURE,
    T_BACKDROP_SLOPE,
    T_SMILE,
    T_OPEN,
    T_BROW_RAISE,
    T_EYES_OPEN,
    T_GAZE_U,
    T_GAZE_V,
    T_GLARE,
    T_ORDER_LIGHT,
    T_ORDER_POSE,
    T_ORDER_FACE,
    T_NOISE,
    T_GLASSES_ON,
    T_LENS_STYLE
} trait;

typedef struct dice {
    uint64_t key;
} dice;

/* splitmix64's finalizer (Steele, Lea & Flood 2014): every input bit reaches every output bit. */
static uint64_t scramble(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static dice dice_for(uint64_t seed, int person, int view)
{
    const dice d = {scramble(scramble(seed) ^ ((uint64_t)person << 32) ^ (uint64_t)view)};
    return d;
}

static double unit_interval(uint64_t bits)
{
    return (double)(bits >> 11) * (1.0 / 9007199254740992.0);
}

static double uniform(dice d, trait t, double low, double high)
{
    return low + (high - low) * unit_interval(scramble(d.key ^ ((uint64_t)t << 40)));
}

/* Around `middle`, within `spread`, mostly near: the mean of three uniforms. */
static double around(dice d, trait t, double middle, double spread)
{
    double sum = 0.0;
    for (uint64_t i = 1; i <= 3; i++)
        sum += unit_interval(scramble(d.key ^ ((uint64_t)t << 40) ^ (i << 56)));
    return middle + spread * (sum * (2.0 / 3.0) - 1.0);
}

/* Place of `index` in a random order of 0..count-1: people get exactly the planned mix of
 * styles. */
static int deal(dice d, trait t, int index, int count)
{
    int place = 0;
    const uint64_t mine = scramble(d.key ^ ((uint64_t)t << 40) ^ (uint64_t)(index + 1));
    for (int other = 0; other < count; other++) {
        const uint64_t theirs = scramble(d.key ^ ((uint64_t)t << 40) ^ (uint64_t)(other + 1));
        place += theirs < mine || (theirs == mine && other < index);
    }
    return place;
}

/* A line of the plan from which forty people are dealt: who is soft of features, how the hair is
 * worn. */
typedef struct role {
    int people;
    int soft; /* 1: finer brows, softer jaw, no beard */
    face_hair_style hair;
} role;

static const role roles[] = {
    {9, 0, FACE_HAIR_SHORT},  {6, 0, FACE_HAIR_PARTED},   {3, 0, FACE_HAIR_FRINGE},
    {3, 0, FACE_HAIR_CURLY},  {3, 0, FACE_HAIR_RECEDING}, {2, 0, FACE_HAIR_BALD},
    {6, 1, FACE_HAIR_LONG},   {3, 1, FACE_HAIR_FRINGE},   {2, 1, FACE_HAIR_CURLY},
    {3, 1, FACE_HAIR_PARTED},
};

static role role_of(int place)
{
    size_t line = 0;
    while (place >= roles[line].people) place -= roles[line++].people;
    return roles[line];
}

static void draw_head(dice d, int soft, face_person *p)
{
    p->width = around(d, T_WIDTH, soft ? 0.96 : 1.0, 0.10);
    p->top = around(d, T_TOP, 1.38, 0.10);
    p->chin = around(d, T_CHIN, soft ? 1.36 : 1.43, 0.12);
    p->depth = around(d, T_DEPTH, 0.92, 0.08);
    p->jaw_taper = around(d, T_TAPER, soft ? 0.16 : 0.09, 0.10);
    p->jaw_square = around(d, T_SQUARE, soft ? 0.35 : 0.62, 0.30);
    p->flatness = around(d, T_FLAT, 0.62, 0.15);
    p->cheekbones = around(d, T_CHEEKBONES, 0.05, 0.04);
    p->chin_bump = around(d, T_CHIN_BUMP, soft ? 0.06 : 0.08, 0.04);
    p->ear_size = around(d, T_EAR, 1.0, 0.25);
    p->age = soft ? uniform(d, T_AGE, 0.0, 0.45) : uniform(d, T_AGE, 0.05, 1.0);
}

static void draw_features(dice d, int soft, face_person *p)
{
    p->eye_distance = around(d, T_EYE_DISTANCE, 0.48, 0.05);
    p->eye_width = around(d, T_EYE_WIDTH, soft ? 0.225 : 0.21, 0.025);
    p->eye_height = around(d, T_EYE_HEIGHT, soft ? 0.095 : 0.080, 0.022);
    p->eye_slant = around(d, T_EYE_SLANT, 0.05, 0.12);
    p->socket = around(d, T_SOCKET, soft ? 0.14 : 0.19, 0.05);
    p->brow_height = around(d, T_BROW_HEIGHT, soft ? 0.285 : 0.235, 0.045);
    p->brow_thickness = around(d, T_BROW_THICKNESS, soft ? 0.046 : 0.064, 0.020);
    p->brow_arch = around(d, T_BROW_ARCH, soft ? 0.07 : 0.04, 0.04);
    p->nose_length = around(d, T_NOSE_LENGTH, soft ? 0.55 : 0.59, 0.08);
    p->nose_width = around(d, T_NOSE_WIDTH, soft ? 0.19 : 0.215, 0.045);
    p->nose_height = around(d, T_NOSE_HEIGHT, soft ? 0.21 : 0.25, 0.06);
    p->nose_hook = around(d, T_NOSE_HOOK, soft ? 0.0 : 0.3, 0.5);
    p->mouth_v = p->nose_length + around(d, T_MOUTH_V, 0.34, 0.05);
    p->mouth_width = around(d, T_MOUTH_WIDTH, soft ? 0.35 : 0.38, 0.06);
    p->upper_lip = around(d, T_UPPER_LIP, soft ? 0.065 : 0.050, 0.022);
    p->lower_lip = around(d, T_LOWER_LIP, soft ? 0.095 : 0.078, 0.028);
}

/* Hair tones follow skin tones loosely: fair hair does not go with the darkest skin. */
static void draw_tones(dice d, int soft, face_person *p)
{
    const double shade = uniform(d, T_SKIN, 0.0, 1.0);
    p->skin = shade < 0.12 ? face_mix(0.15, 0.24, shade / 0.12)
                           : face_mix(0.34, 0.66, (shade - 0.12) / 0.88);
    const double fair = uniform(d, T_HAIR_TONE, 0.0, 1.0);
    p->hair_tone = p->skin < 0.40 ? 0.012 + 0.02 * fair : 0.018 + 0.26 * fair * fair;
    if (p->age > 0.72) p->hair_tone = face_mix(p->hair_tone, 0.40, (p->age - 0.72) / 0.28);
    p->brow_tone = face_mix(p->hair_tone, 0.05, 0.45);
    p->beard_tone = face_mix(p->hair_tone, 0.06, uniform(d, T_BEARD_TONE, 0.1, 0.6));
    p->iris = uniform(d, T_IRIS, 0.02, p->skin < 0.40 ? 0.04 : 0.15);
    p->lip_tone = around(d, T_LIP_TONE, soft ? 0.56 : 0.72, 0.14);
    p->freckles = uniform(d, T_FRECKLES, 0.025, 0.085);
    p->shirt_tone = uniform(d, T_SHIRT, 0.02, 0.55);
    p->collar_tone = uniform(d, T_COLLAR, 0.0, 1.0) < 0.55 ? 0.75 : p->shirt_tone;
    p->collar_open = uniform(d, T_COLLAR_OPEN, 0.1, 0.45);
    p->backdrop = uniform(d, T_BACKDROP, 0.02, 0.15);
    p->noise_u = uniform(d, T_NOISE_U, 0.0, FACE_NOISE_SIDE);
    p->noise_v = uniform(d, T_NOISE_V, 0.0, FACE_NOISE_SIDE);
}

static void draw_hair(dice d, int soft, face_person *p)
{
    const int high = p->hair == FACE_HAIR_RECEDING || p->hair == FACE_HAIR_BALD;
    p->hairline = around(d, T_HAIRLINE, high ? 1.08 : 0.84, 0.09);
    p->hair_volume = around(d, T_VOLUME, soft ? 0.16 : 0.09, 0.05);
    if (p->hair == FACE_HAIR_CURLY) p->hair_volume += 0.10;
    if (high) p->hair_volume = 0.03;
    p->sideburn = around(d, T_SIDEBURN, 0.16, 0.22);
    p->parting = uniform(d, T_PARTING, 0.0, 1.0) < 0.6 ? -0.35 : 0.35;
    p->forehead_width = around(d, T_FOREHEAD, 0.90, 0.04);
}

/* Of the 26 people that may grow one, ten wear a beard or a moustache; the rest have shaved
 * today. */
static void draw_beard(dice d, int soft, int place, face_person *p)
{
    p->moustache = p->beard = 0.0;
    p->stubble = soft ? 0.0 : uniform(d, T_STUBBLE, 0.03, 0.24);
    if (soft) return;
    const int kind = place % 13;
    if (kind == 0 || kind == 4) p->moustache = p->beard = 1.0;
    if (kind == 2 || kind == 10) p->moustache = 1.0;
    if (kind == 7) p->moustache = p->beard = 0.55;
}

static void draw_glasses(dice d, int place, face_person *p)
{
    const int kind = place % 10; /* three in ten always, one in ten sometimes */
    p->wears_glasses = kind < 3 ? 2 : kind == 3 ? 1 : 0;
    p->lens = (face_lens_style)(int)uniform(d, T_LENS_STYLE, 0.0, 2.999);
    p->lens_width = around(d, T_LENS_WIDTH, 0.375, 0.035);
    p->lens_height = around(d, T_LENS_HEIGHT, p->lens == FACE_LENS_SQUARE ? 0.24 : 0.30, 0.05);
    p->frame_thickness = uniform(d, T_FRAME, 0.004, 0.018);
    p->frame_tone = uniform(d, T_FRAME_TONE, 0.0, 1.0) < 0.7 ? 0.02 : 0.10;
}

void nmfi_face_draw_person(uint64_t seed, int index, face_person *person)
{
    const dice everyone = dice_for(seed, FACE_PEOPLE, NO_VIEW), d = dice_for(seed, index, NO_VIEW);
    const int place = deal(everyone, T_ORDER, index, FACE_PEOPLE);
    const role mine = role_of(place);
    memset(person, 0, sizeof *person);
    person->hair = mine.hair;
    draw_head(d, mine.soft, person);
    draw_features(d, mine.soft, person);
    if (person->hair == FACE_HAIR_RECEDING) person->age = face_mix(0.5, 1.0, person->age);
    draw_tones(d, mine.soft, person);
    draw_hair(d, mine.soft, person);
    draw_beard(d, mine.soft, place, person);
    draw_glasses(d, deal(everyone, T_GLASSES_ON, index, FACE_PEOPLE), person);
}

static void turn(double sine, double *sin_angle, double *cos_angle)
{
    *sin_angle = sine;
    *cos_angle = sqrt(1.0 - sine * sine);
}

/* Ten stations of the lamp, from left over frontal to right, in an order of the person's own. */
static void draw_light(dice d, int station, face_view *view)
{
    static const double across[FACE_VIEWS] = {-1.0, -0.6, -0.35, -0.12, 0.0,
                                              0.05, 0.2,  0.4,   0.65,  1.05};
    const double x = around(d, T_LIGHT_X, across[station], 0.12);
    const double y = uniform(d, T_LIGHT_Y, -0.62, -0.12), z = 0.85;
    const double length = sqrt(x * x + y * y + z * z);
    view->light[0] = x / length;
    view->light[1] = y / length;
    view->light[2] = z / length;
    const double middle = sqrt(2.0 + 2.0 * view->light[2]); /* |light + (0, 0, 1)| */
    view->half[0] = view->light[0] / middle;
    view->half[1] = view->light[1] / middle;
    view->half[2] = (view->light[2] + 1.0) / middle;
    view->key = around(d, T_KEY, 1.0, 0.15);
    view->ambient = around(d, T_AMBIENT, 0.24, 0.08);
    view->exposure = around(d, T_EXPOSURE, 0.92, 0.14);
    view->backdrop_slope = around(d, T_BACKDROP_SLOPE, 0.0, 0.5);
}

static void draw_pose(dice d, int station, face_view *view)
{
    static const double side[FACE_VIEWS] = {0.0,   0.0,  0.02,  -0.03, 0.08,
                                            -0.09, 0.15, -0.16, 0.24,  -0.25};
    turn(around(d, T_YAW, side[station], 0.05), &view->sin_yaw, &view->cos_yaw);
    turn(around(d, T_PITCH, 0.0, 0.13), &view->sin_pitch, &view->cos_pitch);
    turn(around(d, T_TILT, 0.0, 0.09), &view->sin_tilt, &view->cos_tilt);
    view->shift_x = around(d, T_SHIFT_X, 0.0, 0.07);
    view->shift_y = around(d, T_SHIFT_Y, 0.0, 0.06);
    view->unit = around(d, T_UNIT, 27.5, 1.2);
}

static void draw_expression(dice d, int station, face_view *view)
{
    static const double smile[FACE_VIEWS] = {0.0, 0.1, 0.9, 0.5, 0.0, 1.0, 0.3, 0.0, 0.7, -0.3};
    static const double open[FACE_VIEWS] = {0.0, 0.0, 0.35, 0.0, 0.7, 0.55, 0.0, 0.25, 0.0, 0.0};
    view->smile = around(d, T_SMILE, smile[station], 0.2);
    view->mouth_open = open[station] > 0.0 ? around(d, T_OPEN, open[station], 0.25) : 0.0;
    view->teeth = face_clamp(view->smile * 1.4);
    view->brow_raise = around(d, T_BROW_RAISE, station == 4 ? 0.05 : 0.0, 0.035);
    const double lids = uniform(d, T_EYES_OPEN, 0.0, 1.0);
    view->eyes_open = lids < 0.07 ? 0.0 : lids < 0.18 ? 0.5 : face_mix(0.85, 1.1, lids);
    view->gaze_u = around(d, T_GAZE_U, -0.25 * view->sin_yaw, 0.03);
    view->gaze_v = around(d, T_GAZE_V, 0.0, 0.015);
}

void nmfi_face_draw_view(uint64_t seed, int index, int view_index, const face_person *person,
                         face_view *view)
{
    const dice own = dice_for(seed, index, NO_VIEW), d = dice_for(seed, index, view_index);
    memset(view, 0, sizeof *view);
    draw_light(d, deal(own, T_ORDER_LIGHT, view_index, FACE_VIEWS), view);
    draw_pose(d, deal(own, T_ORDER_POSE, view_index, FACE_VIEWS), view);
    draw_expression(d, deal(own, T_ORDER_FACE, view_index, FACE_VIEWS), view);
    view->glasses =
        person->wears_glasses == 2 ||
        (person->wears_glasses == 1 && deal(own, T_GLASSES_ON, view_index, FACE_VIEWS) < 5);
    view->glare = uniform(d, T_GLARE, 0.0, 1.0);
}

void nmfi_face_draw_noise(uint64_t seed, face_noise *noise)
{
    const dice d = dice_for(seed, FACE_PEOPLE + 1, NO_VIEW);
    for (uint64_t row = 0; row < FACE_NOISE_SIDE; row++)
        for (uint64_t column = 0; column < FACE_NOISE_SIDE; column++)
            noise->cell[row][column] =
                2.0 * unit_interval(scramble(d.key ^ (row << 20) ^ (column << 8) ^ T_NOISE)) - 1.0;
}
