/* What draws with cairo and pango: the folder draw/, a plug-in (io/files/plugin.h) that draw.c loads when the first
 * picture is drawn. The report's page needs neither. */
#ifndef NMFI_RENDER_DRAW_H
#define NMFI_RENDER_DRAW_H

#include <nmfkit/render.h>

/* What the plug-in draw exports, nmf_plugin_draw: the functions of nmfkit/render.h that draw. */
typedef struct nmfi_draw_room {
    nmf_status (*gallery)(const nmf_render_gallery *galleries, int64_t count, int64_t across,
                          const char *title, const char *path, nmf_error *warning,
                          nmf_error *error);
    nmf_status (*bars)(const nmf_render_bars *bars, const char *title, const char *path,
                       nmf_error *warning, nmf_error *error);
    nmf_status (*components)(const nmf_render_bars *bars, const char *kind, const char *title,
                             const char *path, nmf_error *warning, nmf_error *error);
    nmf_status (*rank)(const nmf_rank_result *result, const char *title, const char *path,
                       nmf_error *error);
    nmf_status (*plot)(const nmf_model *model, nmf_render_figure figure, const char *const *labels,
                       const char *path, nmf_error *warning, nmf_error *error);
} nmfi_draw_room;

#endif
