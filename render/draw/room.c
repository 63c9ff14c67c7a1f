/* The table by which libnmfkit-io reaches cairo and pango (io/files/plugin.h). */
#include "room.h"

extern NMF_API const nmfi_draw_room nmf_plugin_draw;
const nmfi_draw_room nmf_plugin_draw = {nmfi_draw_gallery, nmfi_draw_bars, nmfi_draw_components,
                                        nmfi_draw_rank, nmfi_draw_plot};
