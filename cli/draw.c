/* See draw.h. */
#include "draw.h"

#include "args.h"
#include "interrupt.h"

#include <stdio.h>

void cli_choose_grid(int64_t count, int64_t *rows, int64_t *columns)
{
    int64_t width = 1;
    while (width < count / width) width++;
    while (width < count && count % width != 0) width++;
    *columns = width;
    *rows = count / width;
}

nmf_status cli_check_shape(const nmf_matrix *pictures, const char *path, nmf_error *error)
{
    if (nmf_matrix_image_height(pictures) > 0) return NMF_OK;
    return nmf_fail(error, NMF_ERROR_SHAPE,
                    "%s does not say what shape its pictures have; give --image-shape HEIGHTxWIDTH",
                    path);
}

nmf_status cli_draw(const cli_args *args, const nmf_render_gallery *galleries, int64_t count,
                    int64_t across, const char *title, const char *path, nmf_error *error)
{
    nmf_error warning = {NMF_OK, ""};
    cli_interrupt_hold();
    const nmf_status status = nmf_render(galleries, count, across, title, path, &warning, error);
    if (warning.message[0] != '\0') fprintf(stderr, "warning: %s\n", warning.message);
    if (status == NMF_OK) cli_say(args, "wrote %s", path);
    cli_interrupt_release();
    return status;
}

nmf_status cli_draw_bars(const cli_args *args, const nmf_matrix *matrix,
                         const char *const *captions, const char *path, nmf_error *error)
{
    nmf_error warning = {NMF_OK, ""};
    const nmf_render_bars bars = {.matrix = matrix,
                                  .grid_rows = args->grid[0],
                                  .grid_columns = args->grid[1],
                                  .count = args->count,
                                  .captions = captions};
    cli_interrupt_hold();
    const nmf_status status =
        nmf_render_components(&bars, args->kind, args->title, path, &warning, error);
    if (warning.message[0] != '\0') fprintf(stderr, "warning: %s\n", warning.message);
    if (status == NMF_OK) cli_say(args, "wrote %s", path);
    if (status == NMF_ERROR_ARGUMENT && args->kind != NULL)
        cli_suggest_of_sentence(args->kind, error);
    cli_interrupt_release();
    return status;
}

nmf_status cli_draw_components(const cli_args *args, const nmf_model *model, const char *path,
                               nmf_error *error)
{
    const nmf_matrix *const H = nmf_model_view(model)->H;
    if (nmf_matrix_image_height(H) == 0) return cli_draw_bars(args, H, NULL, path, error);
    nmf_render_gallery gallery = {.pictures = H};
    cli_choose_grid(nmf_matrix_rows(H), &gallery.grid_rows, &gallery.grid_columns);
    return cli_draw(args, &gallery, 1, 1, NULL, path, error);
}
