/* Colours for values: a colormap is 256 levels from the lowest value to the highest. */
#ifndef NMFI_RENDER_COLORMAP_H
#define NMFI_RENDER_COLORMAP_H

#include <nmfkit/render.h>

#define NMFI_COLORMAP_LEVELS 256

/* Fills levels[] with 0xRRGGBB colours. An unknown colormap is the caller's to refuse; it gets
 * gray. */
void nmfi_colormap_levels(nmf_render_colormap colormap, uint32_t levels[NMFI_COLORMAP_LEVELS]);

#endif
