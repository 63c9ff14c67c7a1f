/* See draw.h: the public functions that draw hand their arguments to the plug-in. */
#include "draw.h"

#include "io/files/plugin.h"

static nmf_status find_room(const nmfi_draw_room **room, nmf_error *warning, nmf_error *error)
{
    const void *table;
    if (warning != NULL) *warning = (nmf_error){.status = NMF_OK};
    const nmf_status status = nmfi_plugin("draw", "drawings", &table, error);
    *room = table;
    return status;
}

nmf_status nmf_render(const nmf_render_gallery *galleries, int64_t count, int64_t across,
                      const char *title, const char *path, nmf_error *warning, nmf_error *error)
{
    const nmfi_draw_room *room;
    const nmf_status status = find_room(&room, warning, error);
    return status == NMF_OK ? room->gallery(galleries, count, across, title, path, warning, error)
                            : status;
}

nmf_status nmf_render_draw_bars(const nmf_render_bars *bars, const char *title, const char *path,
                                nmf_error *warning, nmf_error *error)
{
    const nmfi_draw_room *room;
    const nmf_status status = find_room(&room, warning, error);
    return status == NMF_OK ? room->bars(bars, title, path, warning, error) : status;
}

nmf_status nmf_render_components(const nmf_render_bars *bars, const char *kind, const char *title,
                                 const char *path, nmf_error *warning, nmf_error *error)
{
    const nmfi_draw_room *room;
    const nmf_status status = find_room(&room, warning, error);
    return status == NMF_OK ? room->components(bars, kind, title, path, warning, error) : status;
}

nmf_status nmf_render_rank(const nmf_rank_result *result, const char *title, const char *path,
                           nmf_error *error)
{
    const nmfi_draw_room *room;
    const nmf_status status = find_room(&room, NULL, error);
    return status == NMF_OK ? room->rank(result, title, path, error) : status;
}

nmf_status nmf_render_plot(const nmf_model *model, nmf_render_figure figure,
                           const char *const *labels, const char *path, nmf_error *warning,
                           nmf_error *error)
{
    const nmfi_draw_room *room;
    const nmf_status status = find_room(&room, warning, error);
    return status == NMF_OK ? room->plot(model, figure, labels, path, warning, error) : status;
}
