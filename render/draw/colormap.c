/* The colormaps, each as 33 evenly spaced sRGB anchors with straight lines between them.
 *
 * viridis, magma: S. van der Walt and N. Smith, 2015 (CC0). cividis: J. Nunez, C. Anderton and
 * R. Renslow, PLOS ONE 13(7), 2018. Their 256 published entries, read at every 255/32: the
 * lines stay within 2 levels of 255 of the published tables (6 for cividis, whose own table is
 * uneven). diverging: straight lines in CIELAB from white (100, 0, 0) to a blue (33, 16, -46)
 * and to a red (32, 52, 28) of the same lightness, so that +v and -v look equally strong. */
#include "colormap.h"

#define ANCHORS 33

static const uint32_t viridis[ANCHORS] = {
    0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453681, 0x424086, 0x3f4989, 0x3b528b,
    0x375a8d, 0x33638d, 0x2f6a8e, 0x2c728e, 0x297a8e, 0x26818e, 0x23898e, 0x21908c, 0x1f988b,
    0x1f9f88, 0x21a685, 0x28ae80, 0x31b57b, 0x3ebc74, 0x4cc26c, 0x5dc963, 0x6ece58, 0x82d34c,
    0x96d83f, 0xabdc32, 0xc0df24, 0xd5e21a, 0xeae51a, 0xfde725,
};

static const uint32_t magma[ANCHORS] = {
    0x000004, 0x030311, 0x0a0822, 0x130d33, 0x1d1146, 0x28115a, 0x36106a, 0x430f76, 0x50127c,
    0x5d177f, 0x691c81, 0x762181, 0x822681, 0x8f2a81, 0x9c2e7f, 0xa9327d, 0xb63779, 0xc33b75,
    0xcf4170, 0xdb486a, 0xe65163, 0xee5c5e, 0xf5695c, 0xf9785d, 0xfb8761, 0xfd9668, 0xfea571,
    0xfeb47b, 0xfec387, 0xfed194, 0xfde0a2, 0xfceeb0, 0xfcfdbf,
};

static const uint32_t cividis[ANCHORS] = {
    0x00224e, 0x00285b, 0x002e6a, 0x043371, 0x1a386f, 0x273e6e, 0x32436d, 0x3b496c, 0x434e6c,
    0x4b546c, 0x52596d, 0x5a5f6e, 0x61656f, 0x686a71, 0x6f7073, 0x757676, 0x7c7b78, 0x848179,
    0x8b8778, 0x938d78, 0x9b9376, 0xa39a75, 0xaba072, 0xb3a670, 0xbbad6c, 0xc3b469, 0xccba64,
    0xd4c15f, 0xddc958, 0xe6d051, 0xefd748, 0xf8df3c, 0xfee838,
};

static const uint32_t diverging[ANCHORS] = {
    0x294997, 0x3c539d, 0x4b5ea4, 0x5a68aa, 0x6773b1, 0x747db7, 0x8188be, 0x8e94c4, 0x9a9fcb,
    0xa7aad1, 0xb4b6d8, 0xc0c2de, 0xcdcee5, 0xd9daeb, 0xe6e6f2, 0xf2f3f8, 0xffffff, 0xfbf1ef,
    0xf6e2e0, 0xf2d4d1, 0xecc6c2, 0xe7b8b3, 0xe1aaa5, 0xdb9c97, 0xd58e89, 0xce817b, 0xc7736d,
    0xc06560, 0xb85753, 0xb04846, 0xa8393a, 0x9f282e, 0x971223,
};

/* Level `level` of 255 on the line between its two anchors, in integers: the same on every
 * machine. */
static uint32_t between_anchors(const uint32_t anchors[ANCHORS], uint32_t level)
{
    const uint32_t top = NMFI_COLORMAP_LEVELS - 1;
    const uint32_t position = level * (ANCHORS - 1);
    const uint32_t left = position / top, part = position % top;
    if (part == 0) {
        return anchors[left]; /* also keeps left + 1 inside at the last level */
    }
    uint32_t colour = 0;
    for (unsigned shift = 0; shift <= 16; shift += 8) {
        const uint32_t a = anchors[left] >> shift & 255, b = anchors[left + 1] >> shift & 255;
        colour |= (a * (top - part) + b * part + top / 2) / top << shift;
    }
    return colour;
}

/* Trap: the diverging map is read around level 128, not around 127.5: that is the level of the
 * value 0 under symmetric scaling, and 0 must be exactly white. */
static uint32_t around_white(uint32_t level)
{
    const uint32_t middle = NMFI_COLORMAP_LEVELS / 2;
    if (level == middle) {
        return 0xffffff;
    }
    return between_anchors(diverging, level);
}

void nmfi_colormap_levels(nmf_render_colormap colormap, uint32_t levels[NMFI_COLORMAP_LEVELS])
{
    for (uint32_t level = 0; level < NMFI_COLORMAP_LEVELS; level++) {
        switch (colormap) {
        case NMF_RENDER_VIRIDIS: levels[level] = between_anchors(viridis, level); break;
        case NMF_RENDER_MAGMA: levels[level] = between_anchors(magma, level); break;
        case NMF_RENDER_CIVIDIS: levels[level] = between_anchors(cividis, level); break;
        case NMF_RENDER_DIVERGING: levels[level] = around_white(level); break;
        case NMF_RENDER_GRAY:
        default: levels[level] = level * 0x010101; break;
        }
    }
}
