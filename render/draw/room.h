/* What this room exports: nmfkit/render.h says what each does. */
#ifndef NMFI_RENDER_DRAW_ROOM_H
#define NMFI_RENDER_DRAW_ROOM_H

#include "render/draw.h"

nmf_status nmfi_draw_gallery(const nmf_render_gallery *galleries, int64_t count, int64_t across,
                             const char *title, const char *path, nmf_error *warning,
                             nmf_error *error);
nmf_status nmfi_draw_bars(const nmf_render_bars *bars, const char *title, const char *path,
                          nmf_error *warning, nmf_error *error);
nmf_status nmfi_draw_components(const nmf_render_bars *bars, const char *kind, const char *title,
                                const char *path, nmf_error *warning, nmf_error *error);
nmf_status nmfi_draw_rank(const nmf_rank_result *result, const char *title, const char *path,
                          nmf_error *error);
nmf_status nmfi_draw_plot(const nmf_model *model, nmf_render_figure figure,
                          const char *const *labels, const char *path, nmf_error *warning,
                          nmf_error *error);

#endif
